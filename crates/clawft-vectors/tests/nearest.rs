//! What is found, beside all distances computed in f64 from the floats that were given.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "counts are small"
)]

mod vectors;

use clawft_vectors::{Index, Metric, Neighbour, Options};
use vectors::{METRICS, Random, exact, recall};

fn filled(dimensions: usize, metric: Metric, vectors: &[Vec<f32>]) -> Index {
    let mut index = Index::new(dimensions, metric).expect("dimensions in range");
    for (id, vector) in (0..).zip(vectors) {
        index.add(id, vector).expect("a vector that can be added");
    }
    index
}

fn ids(found: &[Neighbour]) -> Vec<u64> {
    found.iter().map(|found| found.id).collect()
}

/// How far a distance may be from that of the floats: what the crate's documentation states, five times.
fn bound(metric: Metric, query: &[f32], vector: &[f32]) -> f64 {
    let length = |vector: &[f32]| {
        vector
            .iter()
            .map(|&x| f64::from(x).powi(2))
            .sum::<f64>()
            .sqrt()
    };
    let largest = |vector: &[f32]| {
        vector
            .iter()
            .fold(0.0, |most: f64, x| most.max(f64::from(x.abs())))
    };
    // standard deviation of a code's rounding, and of a query's
    let steps = (f64::from(i32::MAX) / 127.0 / query.len() as f64).min(32767.0);
    let stored = largest(vector) / 127.0 / 12f64.sqrt();
    let asked = largest(query) / steps / 12f64.sqrt();
    let apart = exact(Metric::L2, query, vector).sqrt();
    let unit = exact(Metric::Cosine, query, vector).max(0.0) * 2.0;
    let rounding = 1e-6;
    5.0 * match metric {
        Metric::L2 => {
            2.0 * apart * (stored + asked) + rounding * (length(vector) + length(query)).powi(2)
        }
        Metric::Cosine => {
            unit.sqrt() * (stored / length(vector) + asked / length(query)) + rounding
        }
        Metric::Dot => {
            length(query) * stored
                + length(vector) * asked
                + rounding * (1.0 + length(query) * length(vector))
        }
    }
}

#[test]
fn the_id_of_the_same_constant_vector_is_first() {
    let vectors: Vec<Vec<f32>> = (0..100u8).map(|i| vec![i.into(); 512]).collect();
    let index = filled(512, Metric::L2, &vectors);
    let found = index.search(&vectors[50], 5).expect("a query in range");
    assert_eq!(found[0].id, 50);
    // |i - 50| squared, for each of 512 numbers
    let expected = [
        (50, 0.0),
        (49, 512.0),
        (51, 512.0),
        (48, 2048.0),
        (52, 2048.0),
    ];
    for (found, (_, distance)) in found.iter().zip(expected) {
        assert!((found.distance - distance).abs() < 1.0, "{found:?}");
    }
    let mut nearest = ids(&found);
    nearest.sort_unstable();
    assert_eq!(nearest, [48, 49, 50, 51, 52]);
}

#[test]
fn distances_are_those_of_the_floats() {
    for metric in METRICS {
        for dimensions in [1, 2, 3, 15, 16, 17, 100, 512, 1536, 4099] {
            let mut random = Random(dimensions as u64);
            let mut vectors: Vec<Vec<f32>> = (0..40).map(|_| random.normal(dimensions)).collect();
            // one that is longer, and one that is shorter
            vectors[0].iter_mut().for_each(|number| *number *= 1000.0);
            vectors[1].iter_mut().for_each(|number| *number *= 0.001);
            let index = filled(dimensions, metric, &vectors);
            for query in [
                random.normal(dimensions),
                vectors[7].clone(),
                vectors[1].clone(),
            ] {
                let found = index.search(&query, 40).expect("a query in range");
                assert_eq!(found.len(), 40);
                for pair in found.windows(2) {
                    assert!((pair[0].distance, pair[0].id) < (pair[1].distance, pair[1].id));
                }
                for Neighbour { id, distance } in found {
                    let vector = &vectors[id as usize];
                    let expected = exact(metric, &query, vector);
                    let apart = (f64::from(distance) - expected).abs();
                    assert!(
                        apart <= bound(metric, &query, vector),
                        "{metric:?} {dimensions} {id}: {distance} for {expected}, off by {apart}"
                    );
                    assert!(distance >= 0.0 || metric == Metric::Dot);
                }
            }
        }
    }
}

#[test]
fn a_vector_is_at_no_distance_from_itself() {
    let mut random = Random(3);
    let vectors: Vec<Vec<f32>> = (0..50).map(|_| random.normal(512)).collect();
    for metric in [Metric::L2, Metric::Cosine] {
        let index = filled(512, metric, &vectors);
        for (id, vector) in (0..).zip(&vectors) {
            let found = index.search(vector, 1).expect("a query in range")[0];
            assert_eq!(found.id, id);
            // lengths are about √512, the largest number about 3.5
            assert!(found.distance < 1e-3, "{found:?}");
        }
    }
}

#[test]
fn most_of_the_nearest_are_found() {
    // measured: 0.98 and more
    for metric in METRICS {
        for (dimensions, count) in [(1, 3000), (3, 3000), (64, 3000), (512, 1500)] {
            let mut random = Random(11);
            let vectors = random.clusters(count + 50, dimensions, 30);
            let (queries, vectors) = vectors.split_at(50);
            let index = filled(dimensions, metric, vectors);
            let found = recall(&index, vectors, queries, 10, |id| id);
            assert!(
                found >= if dimensions == 1 { 0.8 } else { 0.92 },
                "{metric:?} {dimensions}: {found}"
            );
        }
    }
}

#[test]
fn a_greater_breadth_finds_more() {
    let mut random = Random(5);
    let vectors: Vec<Vec<f32>> = (0..4000).map(|_| random.normal(48)).collect();
    let index = filled(48, Metric::L2, &vectors);
    let queries: Vec<Vec<f32>> = (0..50).map(|_| random.normal(48)).collect();
    let hits = |breadth| {
        let hits = |query: &Vec<f32>| {
            let nearest = vectors::nearest(Metric::L2, query, &vectors, 10);
            let found = index
                .search_with(query, 10, breadth)
                .expect("a query in range");
            found
                .iter()
                .filter(|found| nearest.contains(&found.id))
                .count()
        };
        queries.iter().map(hits).sum::<usize>()
    };
    let (few, more, all) = (hits(10), hits(100), hits(1000));
    assert!(few < more && more < all, "{few} {more} {all}");
    assert!(all >= 490, "{all}");
}

#[test]
fn few_are_compared_one_by_one() {
    let mut random = Random(6);
    let vectors: Vec<Vec<f32>> = (0..500).map(|_| random.normal(8)).collect();
    let index = filled(8, Metric::L2, &vectors);
    let queries: Vec<Vec<f32>> = (0..50).map(|_| random.normal(8)).collect();
    assert!(recall(&index, &vectors, &queries, 10, |id| id) > 0.97);
    let all = index
        .search(&queries[0], usize::MAX)
        .expect("a query in range");
    let mut all = ids(&all);
    all.sort_unstable();
    assert_eq!(all, (0..500).collect::<Vec<_>>());
}

#[test]
fn equal_vectors_are_in_the_order_of_their_ids() {
    let mut index = Index::new(4, Metric::Cosine).expect("dimensions in range");
    for id in [u64::MAX, 3, 0, 77] {
        index.add(id, &[1.0, 2.0, 3.0, 4.0]).expect("a vector");
    }
    index.add(5, &[-1.0, 0.0, 0.0, 0.0]).expect("a vector");
    let found = index.search(&[1.0, 2.0, 3.0, 4.0], 5).expect("a query");
    assert_eq!(ids(&found), [0, 3, 77, u64::MAX, 5]);
    assert!(index.contains(u64::MAX) && index.contains(0) && !index.contains(1));
}

#[test]
fn many_equal_vectors_do_not_hide_the_others() {
    let mut index = Index::new(2, Metric::L2).expect("dimensions in range");
    for id in 0..2000 {
        index.add(id, &[1.0, 1.0]).expect("a vector");
    }
    for id in 2000..2200u64 {
        index.add(id, &[(id - 1990) as f32, 1.0]).expect("a vector");
    }
    let found = index.search(&[150.0, 1.0], 3).expect("a query");
    assert_eq!(found[0].id, 2140);
    assert_eq!(index.search(&[1.0, 1.0], 10).expect("a query").len(), 10);
}

#[test]
fn nothing_is_found_in_nothing() {
    let index = Index::new(3, Metric::Dot).expect("dimensions in range");
    assert!(index.is_empty());
    assert_eq!(index.search(&[0.0; 3], 10).expect("a query"), []);
    let index = filled(1, Metric::L2, &[vec![1.0], vec![2.0]]);
    assert_eq!(index.search(&[0.0], 0).expect("a query"), []);
    assert_eq!(index.search(&[0.0], 9).expect("a query").len(), 2);
}

#[test]
fn lengths_at_the_edge_of_f32() {
    let tiny = [f32::from_bits(1), 0.0, 0.0];
    let long = [8e18, 0.0, 0.0];
    for metric in METRICS {
        let index = filled(
            3,
            metric,
            &[tiny.to_vec(), long.to_vec(), vec![0.0, 8e18, 0.0]],
        );
        for query in [tiny, long] {
            for found in index.search(&query, 3).expect("a query") {
                assert!(!found.distance.is_nan(), "{metric:?} {found:?}");
            }
        }
    }
    let index = filled(
        3,
        Metric::Cosine,
        &[vec![0.0, 1.0, 0.0], tiny.to_vec(), vec![3e38, 3e38, 0.0]],
    );
    let found = index.search(&tiny, 3).expect("a query");
    assert_eq!(ids(&found), [1, 2, 0]);
    // 1 - cos 45°
    assert!((found[1].distance - 0.292_893_22).abs() < 1e-5);
}

#[test]
fn ten_thousand_vectors_take_less_than_seven_megabytes() {
    // NB: the graph is not what takes time here
    let options = Options {
        construction: 1,
        ..Options::default()
    };
    let mut index = Index::with_options(512, Metric::L2, options).expect("options in range");
    let mut vector = vec![0.5; 512];
    for id in 0..10_000u16 {
        vector[0] = id.into();
        index.add(id.into(), &vector).expect("a vector");
    }
    assert!(index.memory() > 10_000 * 512, "{}", index.memory());
    assert!(index.memory() < 7_000_000, "{}", index.memory());
}
