use whitemagic::spatial::{AXES, BatchError, Error, Neighbour, Point, SpatialIndex};

use crate::random::Random;

/// Points in the order in which they were added.
type Model = Vec<(u64, Point)>;

/// All points by distance and then by turn.
fn compared(model: &Model, query: &Point, weights: &Point) -> Vec<(u64, f64)> {
    let mut all: Vec<(u64, f64)> = model
        .iter()
        .map(|(key, point)| {
            let terms = (0..5).map(|axis| weights[axis] * (query[axis] - point[axis]).powi(2));
            (*key, terms.sum())
        })
        .collect();
    // NB: a stable sort, so that the first added stays first
    all.sort_by(|a, b| a.1.total_cmp(&b.1));
    all
}

fn pairs(found: &[Neighbour<'_, u64>]) -> Vec<(u64, f64)> {
    found
        .iter()
        .map(|found| (*found.key, found.distance_squared))
        .collect()
}

fn point(random: &mut Random, steps: u64) -> Point {
    std::array::from_fn(|_| random.coordinate(steps))
}

fn agree(index: &SpatialIndex<u64>, model: &Model, random: &mut Random, steps: u64) {
    assert_eq!(index.len(), model.len());
    let points = index.points();
    let held: Model = points.into_iter().map(|(k, p)| (*k, *p)).collect();
    assert_eq!(&held, model);
    for count in [0, 1, 7, model.len() / 2, usize::MAX] {
        let query = point(random, steps);
        let mut expected = compared(model, &query, &[1.0; 5]);
        let radius = expected.get(model.len() / 3).map_or(0.5, |found| found.1);
        let inside = expected.iter().filter(|found| found.1 <= radius).count();
        let within = index.within(&query, radius).expect("a query");
        assert_eq!(pairs(&within), expected[..inside]);
        expected.truncate(count);
        let found = index.nearest(&query, count).expect("a query");
        assert_eq!(pairs(&found), expected);
        let weights = [0.0, 2.0, 1.0, 0.25, 1000.0];
        let mut expected = compared(model, &query, &weights);
        expected.truncate(count);
        let found = index.nearest_weighted(&query, count, &weights);
        assert_eq!(pairs(&found.expect("a query")), expected);
    }
    for (key, point) in model.iter().take(50) {
        assert_eq!(index.get(key), Some(point));
    }
}

#[test]
fn whatever_is_changed_answers_are_those_of_comparing_all() {
    // few steps: most distances are equal
    for (seed, steps) in [(1, 1), (2, 2), (3, 1000), (4, 1 << 40)] {
        let mut random = Random(seed);
        let mut index = SpatialIndex::new();
        let mut model = Model::new();
        for turn in 0..1500 {
            let key = random.below(400);
            let at = model.iter().position(|(other, _)| *other == key);
            let to = point(&mut random, steps);
            match random.below(4) {
                0 | 1 => {
                    let added = index.add(key, to);
                    assert_eq!(added.is_err(), at.is_some());
                    if at.is_none() {
                        model.push((key, to));
                    }
                }
                2 => {
                    assert_eq!(index.update(&key, to), Ok(at.is_some()));
                    if let Some(at) = at {
                        model[at].1 = to;
                    }
                }
                _ => {
                    assert_eq!(index.delete(&key), at.is_some());
                    at.map(|at| model.remove(at));
                }
            }
            if turn % 100 == 99 {
                agree(&index, &model, &mut random, steps);
            }
        }
        index.clear();
        agree(&index, &Model::new(), &mut random, steps);
    }
}

#[test]
fn a_batch_is_the_same_as_its_points() {
    let mut random = Random(5);
    let mut model: Model = (0..1000).map(|key| (key, point(&mut random, 3))).collect();
    let mut index = SpatialIndex::new();
    assert_eq!(index.add_batch(model.clone()), Ok(1000));
    agree(&index, &model, &mut random, 3);
    for last in [(7, [0.0; 5]), (2000, [f64::NAN; 5])] {
        let batch = [(1500, [0.0; 5]), (1501, [1.0; 5]), last];
        let error = index.add_batch(batch).expect_err("the last one");
        assert_eq!(error.position, 2);
        agree(&index, &model, &mut random, 3);
    }
    let twice = index.add_batch([(3000, [0.0; 5]), (3000, [1.0; 5])]);
    let error = Error::Duplicate;
    assert_eq!(twice, Err(BatchError { position: 1, error }));
    index.add(1500, [0.5; 5]).expect("a new key");
    model.push((1500, [0.5; 5]));
    agree(&index, &model, &mut random, 3);
}

#[test]
fn density_counts_the_others_within() {
    let mut random = Random(6);
    let model: Model = (0..300).map(|key| (key, point(&mut random, 4))).collect();
    let mut index = SpatialIndex::new();
    index.add_batch(model.clone()).expect("points");
    for radius in [0.0, 0.25, 1.0, f64::INFINITY] {
        let expected: Vec<(u64, usize)> = model
            .iter()
            .map(|(key, point)| {
                let all = compared(&model, point, &[1.0; 5]);
                (
                    *key,
                    all.iter().filter(|found| found.1 <= radius).count() - 1,
                )
            })
            .collect();
        let density = index.density(radius).expect("a radius");
        let counts: Vec<(u64, usize)> = density.into_iter().map(|(k, n)| (*k, n)).collect();
        assert_eq!(counts, expected);
    }
}

#[test]
fn a_batch_of_queries_is_each_of_them() {
    let mut random = Random(7);
    let mut index = SpatialIndex::new();
    for key in 0..200 {
        index.add(key, point(&mut random, 9)).expect("a point");
    }
    let mut queries: Vec<Point> = (0..20).map(|_| point(&mut random, 9)).collect();
    let answers = index.nearest_batch(&queries, 3).expect("queries");
    assert_eq!(answers.len(), 20);
    for (query, answer) in queries.iter().zip(answers) {
        assert_eq!(index.nearest(query, 3), Ok(answer));
    }
    queries[4][3] = f64::INFINITY;
    let error = Error::NotFinite { axis: "w" };
    let refused = index.nearest_batch(&queries, 3);
    assert_eq!(refused, Err(BatchError { position: 4, error }));
}

#[test]
fn what_cannot_be_computed_names_its_axis() {
    let mut index = SpatialIndex::new();
    index.add(0, [1e150; 5]).expect("the farthest point");
    let farthest = index.nearest(&[-1e150; 5], 1).expect("the farthest query");
    assert!(farthest[0].distance_squared.is_finite());
    for (at, axis) in AXES.into_iter().enumerate() {
        for (value, error) in [
            (f64::NAN, Error::NotFinite { axis }),
            (f64::NEG_INFINITY, Error::NotFinite { axis }),
            (-1.1e150, Error::TooFar { axis }),
        ] {
            let mut wrong = [0.0; 5];
            wrong[at] = value;
            assert_eq!(index.add(1, wrong), Err(error));
            assert_eq!(index.update(&0, wrong), Err(error));
            assert_eq!(index.nearest(&wrong, 1), Err(error));
            assert_eq!(index.within(&wrong, 1.0), Err(error));
        }
        for value in [f64::NAN, -0.1, 1.1e6] {
            let mut weights = [1.0; 5];
            weights[at] = value;
            let found = index.nearest_weighted(&[0.0; 5], 1, &weights);
            assert_eq!(found, Err(Error::Weight { axis }));
        }
    }
    for radius in [f64::NAN, -1.0] {
        assert_eq!(index.within(&[0.0; 5], radius), Err(Error::Radius));
        assert_eq!(index.density(radius), Err(Error::Radius));
    }
    assert_eq!(index.points(), [(&0, &[1e150; 5])]);
}
