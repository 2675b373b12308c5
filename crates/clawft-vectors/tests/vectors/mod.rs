//! Vectors to test with, and what is nearest to one, by comparing all in f64.
#![allow(
    dead_code,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "each test uses a part, and counts are small"
)]

use clawft_vectors::{Index, Metric};

pub const METRICS: [Metric; 3] = [Metric::L2, Metric::Cosine, Metric::Dot];

/// A xorshift generator (Marsaglia 2003).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        // NB: a seed of 0 would stay there
        self.0 = self.0.max(1);
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, most: u64) -> u64 {
        (self.next() >> 16) % most
    }

    /// From 0 to 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Numbers of the standard normal distribution, but for its tails: sums of twelve uniform ones.
    pub fn normal(&mut self, dimensions: usize) -> Vec<f32> {
        let mut number = || (0..12).map(|_| self.unit()).sum::<f64>() - 6.0;
        (0..dimensions).map(|_| number() as f32).collect()
    }

    /// Vectors around so many centres, as embeddings are.
    pub fn clusters(&mut self, count: usize, dimensions: usize, centres: usize) -> Vec<Vec<f32>> {
        let centres: Vec<Vec<f32>> = (0..centres).map(|_| self.normal(dimensions)).collect();
        let mut vectors = Vec::new();
        for _ in 0..count {
            let centre = &centres[self.below(centres.len() as u64) as usize];
            let around = self.normal(dimensions);
            vectors.push(
                centre
                    .iter()
                    .zip(around)
                    .map(|(centre, near)| centre + 0.7 * near)
                    .collect(),
            );
        }
        vectors
    }
}

pub fn exact(metric: Metric, one: &[f32], other: &[f32]) -> f64 {
    let pairs = || {
        one.iter()
            .zip(other)
            .map(|(&one, &other)| (f64::from(one), f64::from(other)))
    };
    let product: f64 = pairs().map(|(one, other)| one * other).sum();
    match metric {
        Metric::L2 => pairs().map(|(one, other)| (one - other).powi(2)).sum(),
        Metric::Dot => 1.0 - product,
        Metric::Cosine => {
            let one: f64 = pairs().map(|(one, _)| one * one).sum();
            let other: f64 = pairs().map(|(_, other)| other * other).sum();
            1.0 - product / (one * other).sqrt()
        }
    }
}

/// The positions of the nearest.
pub fn nearest(metric: Metric, query: &[f32], vectors: &[Vec<f32>], count: usize) -> Vec<u64> {
    let distances = vectors.iter().map(|vector| exact(metric, query, vector));
    let mut all: Vec<(f64, u64)> = distances.zip(0..).collect();
    all.sort_by(|one, other| one.partial_cmp(other).expect("numbers"));
    all.into_iter()
        .take(count)
        .map(|(_, position)| position)
        .collect()
}

/// The part of the nearest that a search finds, of vectors whose position has an id.
pub fn recall(
    index: &Index,
    vectors: &[Vec<f32>],
    queries: &[Vec<f32>],
    count: usize,
    id: impl Fn(u64) -> u64,
) -> f64 {
    let mut hits = 0;
    for query in queries {
        let near: Vec<u64> = nearest(index.metric(), query, vectors, count)
            .into_iter()
            .map(&id)
            .collect();
        let found = index.search(query, count).expect("a query in range");
        assert_eq!(found.len(), count.min(index.len()));
        hits += found
            .iter()
            .filter(|found| near.contains(&found.id))
            .count();
    }
    hits as f64 / (queries.len() * count) as f64
}
