use std::collections::BTreeSet;

use whitemagic::minhash::{Pair, Signature, ThresholdError, duplicates};

use crate::random::Random;

/// data/make.py computed them.
#[test]
fn hashes_are_those_of_the_formula() {
    for line in include_str!("data/signatures.tsv").lines() {
        let mut fields = line.split('\t');
        let keywords: Vec<&str> = fields.next().expect("keywords").split(',').collect();
        let expected: Vec<u64> = fields.map(|hash| hash.parse().expect("a hash")).collect();
        assert_eq!(
            Signature::of(&keywords).values()[..],
            expected,
            "{keywords:?}"
        );
        let twice = keywords.iter().rev().chain(&keywords);
        assert_eq!(Signature::of(twice).values()[..], expected);
    }
}

fn sets(random: &mut Random, count: usize) -> Vec<BTreeSet<String>> {
    let mut sets: Vec<BTreeSet<String>> = Vec::new();
    for at in 0..count as u64 {
        // a third changes a set that there is, a few are empty
        let mut set = match random.below(3) {
            0 if at > 0 => sets[random.below(at) as usize].clone(),
            _ => BTreeSet::new(),
        };
        for _ in 0..random.below(9) {
            set.insert(format!("word{}", random.below(60)));
        }
        sets.push(set);
    }
    sets
}

#[test]
fn no_pair_is_missed_at_any_threshold() {
    for (seed, count) in [(1, 0), (2, 1), (3, 30), (4, 150)] {
        let mut random = Random(seed);
        let sets = sets(&mut random, count);
        let signatures: Vec<Signature> = sets.iter().map(Signature::of).collect();
        for threshold in [0.0, 0.01, 0.3, 0.5, 0.7, 0.8, 0.9, 0.99, 1.0] {
            let mut expected = Vec::new();
            for second in 0..count {
                for first in 0..second {
                    let (a, b) = (signatures[first].values(), signatures[second].values());
                    let equal = a.iter().zip(b).filter(|(a, b)| a == b).count();
                    let similarity = equal as f64 / 128.0;
                    let filled = !sets[first].is_empty() && !sets[second].is_empty();
                    if filled && similarity >= threshold {
                        expected.push(Pair {
                            first,
                            second,
                            similarity,
                        });
                    }
                }
            }
            expected.sort_by(|a, b| {
                let by_similarity = b.similarity.total_cmp(&a.similarity);
                by_similarity.then((a.first, a.second).cmp(&(b.first, b.second)))
            });
            assert!(count < 150 || !expected.is_empty());
            for most in [usize::MAX, 5, 0] {
                expected.truncate(most);
                let found = duplicates(&signatures, threshold, most);
                assert_eq!(found.as_ref(), Ok(&expected), "{count} at {threshold}");
            }
        }
    }
}

#[test]
fn estimates_are_near_the_index() {
    let mut random = Random(9);
    let (mut sum, mut cases) = (0.0, 0.0);
    for _ in 0..200 {
        let sets = sets(&mut random, 2);
        let union = sets[0].union(&sets[1]).count();
        if union == 0 {
            continue;
        }
        let index = sets[0].intersection(&sets[1]).count() as f64 / union as f64;
        let estimate = Signature::of(&sets[0]).similarity(&Signature::of(&sets[1]));
        // five standard errors, with what few hashes have more
        assert!((estimate - index).abs() < 0.22, "{estimate} of {index}");
        sum += estimate - index;
        cases += 1.0;
    }
    assert!((sum / cases).abs() < 0.02, "biased by {}", sum / cases);
}

#[test]
fn empty_sets_are_like_nothing() {
    let empty = Signature::of(std::iter::empty::<&str>());
    assert!(empty.is_empty() && !Signature::of([""]).is_empty());
    assert_eq!(empty.values(), &[u64::MAX; 128]);
    assert_eq!(empty.similarity(&empty).to_bits(), 0);
    assert_eq!(duplicates(&vec![empty; 100], 0.0, 10), Ok(vec![]));
    for threshold in [f64::NAN, -0.1, 1.1] {
        assert_eq!(duplicates(&[], threshold, 1), Err(ThresholdError));
    }
}
