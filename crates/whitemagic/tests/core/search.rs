use whitemagic::search::{Hit, SearchIndex};

use crate::random::Random;

/// Keys, titles and contents.
fn documents() -> Vec<[&'static str; 3]> {
    include_str!("data/documents.tsv")
        .lines()
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            fields.try_into().expect("three fields")
        })
        .collect()
}

fn index(documents: &[[&'static str; 3]]) -> SearchIndex<&'static str> {
    let mut index = SearchIndex::new();
    for [key, title, content] in documents {
        assert!(!index.add(*key, title, content));
    }
    index
}

fn ask<'a>(
    index: &'a SearchIndex<&'static str>,
    mode: &str,
    query: &str,
    limit: usize,
) -> Vec<Hit<'a, &'static str>> {
    match mode {
        "any" => index.search(query, limit),
        "all" => index.search_all(query, limit),
        "phrase" => index.search_phrase(query, limit),
        _ => {
            let edits = mode.strip_prefix("fuzzy").expect("a mode");
            index.search_fuzzy(query, limit, edits.parse().expect("edits"))
        }
    }
}

/// data/make.py computed the scores.
fn scores_are_expected(index: &SearchIndex<&'static str>) {
    for line in include_str!("data/scores.tsv").lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [mode, query, expected @ ..] = &fields[..] else {
            panic!("a mode and a query: {line}");
        };
        let hits = ask(index, mode, query, usize::MAX);
        let keys: Vec<&str> = hits.iter().map(|hit| *hit.key).collect();
        let expected: Vec<(&str, f64)> = expected
            .iter()
            .map(|hit| hit.split_once('=').expect("a score"))
            .map(|(key, score)| (key, score.parse().expect("a number")))
            .collect();
        let expected_keys: Vec<&str> = expected.iter().map(|hit| hit.0).collect();
        assert_eq!(keys, expected_keys, "{mode} {query}");
        for (hit, (key, score)) in hits.iter().zip(&expected) {
            assert!((hit.score - score).abs() < 1e-9, "{mode} {query}: {key}");
        }
        let first = ask(index, mode, query, 2);
        assert_eq!(first, hits[..hits.len().min(2)]);
    }
}

#[test]
fn scores_are_those_of_the_formula() {
    scores_are_expected(&index(&documents()));
}

#[test]
fn what_was_added_and_removed_leaves_nothing() {
    let documents = documents();
    let mut random = Random(1);
    let mut index = SearchIndex::new();
    let text = |random: &mut Random| documents[random.below(12) as usize][2];
    for _ in 0..500 {
        let key = documents[random.below(12) as usize][0];
        if random.below(3) == 0 {
            index.remove(&key);
        } else {
            let (title, content) = (text(&mut random), text(&mut random));
            index.add(key, title, content);
        }
    }
    for [key, ..] in &documents {
        index.remove(key);
        assert!(!index.remove(key));
    }
    assert!(index.is_empty());
    assert_eq!((index.vocabulary(), index.mean_length().to_bits()), (0, 0));
    for [key, title, content] in &documents {
        // replaced at once
        assert!(!index.add(*key, content, title));
        assert!(index.add(*key, title, content));
    }
    assert_eq!(index.len(), 12);
    scores_are_expected(&index);
    // the first of two equal ones keeps its turn
    assert!(index.add("same-a", "", "equal words equal score"));
    scores_are_expected(&index);
    index.clear();
    assert_eq!(index.search("moon", 1), []);
}
