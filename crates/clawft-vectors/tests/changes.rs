//! Adding, replacing and deleting, in any order.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "counts are small"
)]

mod vectors;

use std::collections::BTreeMap;

use clawft_vectors::{Error, Index, Metric, Options};
use vectors::{Random, recall};

#[test]
fn what_is_deleted_is_not_found() {
    let mut random = Random(1);
    let mut index = Index::new(8, Metric::L2).expect("dimensions");
    let vectors: Vec<Vec<f32>> = (0..1000).map(|_| random.normal(8)).collect();
    for (id, vector) in (0..).zip(&vectors) {
        index.add(id, vector).expect("a vector");
    }
    for id in (0..1000).filter(|id| id % 3 != 0) {
        assert!(index.delete(id));
        assert!(!index.delete(id));
        assert!(!index.contains(id));
    }
    assert_eq!(index.len(), 334);
    for vector in &vectors {
        let found = index.search_with(vector, 10, 20).expect("a query");
        assert_eq!(found.len(), 10);
        assert!(found.iter().all(|found| found.id % 3 == 0));
    }
    for id in 0..1000 {
        assert_eq!(index.delete(id), id % 3 == 0);
    }
    assert!(index.is_empty());
    assert_eq!(index.search(&vectors[0], 1).expect("a query"), []);
    index.add(9, &vectors[9]).expect("a vector");
    assert_eq!(index.search(&vectors[0], 1).expect("a query")[0].id, 9);
}

#[test]
fn a_vector_takes_the_place_of_the_one_with_its_id() {
    let mut index = Index::new(2, Metric::L2).expect("dimensions");
    for turn in 0..1000u16 {
        for id in [0, u64::MAX] {
            index
                .add(id, &[turn.into(), id as f32 / 1e18])
                .expect("a vector");
            assert!(index.contains(id));
        }
        assert_eq!(index.len(), 2);
    }
    let found = index.search(&[999.0, 0.0], 5).expect("a query");
    assert_eq!(
        found.iter().map(|found| found.id).collect::<Vec<_>>(),
        [0, u64::MAX]
    );
    assert!(found[0].distance < 1.0);
    // a block of records, and what else there always is
    assert!(index.memory() < 50_000, "{}", index.memory());
}

/// Half of 3,000 vectors lasts; changes go on until each of the other half was changed six times.
#[test]
fn changes_cost_neither_memory_nor_recall() {
    let mut random = Random(2);
    let mut index = Index::new(24, Metric::Cosine).expect("dimensions");
    let mut held = BTreeMap::new();
    for id in 0..3000 {
        let vector = random.clusters(1, 24, 1).remove(0);
        index.add(id, &vector).expect("a vector");
        held.insert(id, vector);
    }
    let queries: Vec<Vec<f32>> = (0..60).map(|_| random.normal(24)).collect();
    let measure = |index: &Index, held: &BTreeMap<u64, Vec<f32>>| {
        let ids: Vec<u64> = held.keys().copied().collect();
        let vectors: Vec<Vec<f32>> = held.values().cloned().collect();
        recall(index, &vectors, &queries, 10, |position| {
            ids[position as usize]
        })
    };
    let (memory, before) = (index.memory(), measure(&index, &held));
    for turn in 0..9_000u64 {
        let id = random.below(1500);
        if turn % 3 == 0 {
            assert_eq!(index.delete(id), held.remove(&id).is_some());
        } else {
            let vector = random.normal(24);
            index.add(id, &vector).expect("a vector");
            held.insert(id, vector);
        }
        assert_eq!(index.len(), held.len());
    }
    let after = measure(&index, &held);
    assert!(
        before > 0.95 && after > before - 0.03,
        "{before} before, {after} after"
    );
    // a sixteenth more slots, and lists of the free
    assert!(
        index.memory() < memory * 9 / 8,
        "{memory} before, {} after",
        index.memory()
    );
    for (id, vector) in held {
        let found = index.search(&vector, 1).expect("a query")[0];
        assert!(found.distance < 1e-3, "{id}: {found:?}");
    }
}

#[test]
fn the_limit_is_of_vectors() {
    let options = Options {
        capacity_limit: 3,
        ..Options::default()
    };
    let mut index = Index::with_options(1, Metric::L2, options).expect("options");
    for id in 0..3 {
        index.add(id, &[1.0]).expect("a vector");
    }
    assert_eq!(index.add(3, &[1.0]), Err(Error::Full { limit: 3 }));
    for turn in 0..100u8 {
        index
            .add(2, &[turn.into()])
            .expect("a vector in place of another");
    }
    assert!(index.delete(0));
    index.add(3, &[5.0]).expect("a vector");
    assert_eq!(index.add(4, &[1.0]), Err(Error::Full { limit: 3 }));
    assert_eq!(index.len(), 3);
}

#[test]
fn what_cannot_be_added_changes_nothing() {
    let mut index = Index::new(3, Metric::Cosine).expect("dimensions");
    index.add(1, &[1.0, 2.0, 3.0]).expect("a vector");
    let before = index.save();
    let wrong: [(&[f32], Error); 6] = [
        (
            &[1.0, 2.0],
            Error::Length {
                expected: 3,
                found: 2,
            },
        ),
        (
            &[1.0; 4],
            Error::Length {
                expected: 3,
                found: 4,
            },
        ),
        (
            &[],
            Error::Length {
                expected: 3,
                found: 0,
            },
        ),
        (&[0.0, f32::NAN, 0.0], Error::NotFinite { position: 1 }),
        (
            &[0.0, 1.0, f32::NEG_INFINITY],
            Error::NotFinite { position: 2 },
        ),
        (&[0.0, -0.0, 0.0], Error::ZeroVector),
    ];
    for (vector, error) in wrong {
        assert_eq!(index.add(1, vector), Err(error));
        assert_eq!(index.add(2, vector), Err(error));
        assert_eq!(index.search(vector, 1), Err(error));
        assert!(!error.to_string().is_empty());
    }
    assert_eq!(index.save(), before);
    for metric in [Metric::L2, Metric::Dot] {
        let mut index = Index::new(2, metric).expect("dimensions");
        assert_eq!(index.add(1, &[3e38, 0.0]), Err(Error::TooLong));
        index.add(1, &[0.0, 0.0]).expect("zeros have a place");
    }
}

#[test]
fn options_have_ranges() {
    for (dimensions, right) in [(0, false), (1, true), (65_536, true), (65_537, false)] {
        assert_eq!(Index::new(dimensions, Metric::L2).is_ok(), right);
    }
    let wrong = [
        (
            "links",
            Options {
                links: 1,
                ..Options::default()
            },
        ),
        (
            "links",
            Options {
                links: 101,
                ..Options::default()
            },
        ),
        (
            "construction",
            Options {
                construction: 0,
                ..Options::default()
            },
        ),
        (
            "construction",
            Options {
                construction: 65_536,
                ..Options::default()
            },
        ),
        (
            "breadth",
            Options {
                breadth: 0,
                ..Options::default()
            },
        ),
        (
            "capacity_limit",
            Options {
                capacity_limit: 0,
                ..Options::default()
            },
        ),
        (
            "capacity_limit",
            Options {
                capacity_limit: usize::MAX,
                ..Options::default()
            },
        ),
    ];
    for (name, options) in wrong {
        let result = Index::with_options(3, Metric::L2, options).map(|_| ());
        assert_eq!(result, Err(Error::Option { name }));
    }
    for links in [2, 3, 5, 100] {
        let options = Options {
            links,
            ..Options::default()
        };
        let mut index = Index::with_options(2, Metric::L2, options).expect("options");
        assert_eq!(index.options(), &options);
        for id in 0..700u16 {
            index.add(id.into(), &[id.into(), 1.0]).expect("a vector");
        }
        let found = index.search(&[300.0, 1.0], 1).expect("a query");
        assert_eq!(found[0].id, 300, "{links}");
    }
}
