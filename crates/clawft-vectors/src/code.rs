//! Vectors of floats as vectors of small integers, and distances between them.
//!
//! A stored vector `a` is kept as `ã = scale · codes`, eight bits each; a query `q` as `q̃`, with up to
//! sixteen bits. The squared distance |q̃ − ã|² has |a − ã|² too much on average, which is known when
//! `a` is stored and subtracted: what remains is 2 (q̃ − a) · (a − ã), which is as often too much as
//! too little, and nothing where q̃ = a. The cosine distance is half of that between vectors of
//! length one.

use crate::dot::{LANES, bound, dot};
use crate::{Error, Metric, float};
use alloc::vec::Vec;

/// The codes' greatest magnitude; -128 has no opposite.
const STEPS: f64 = 127.0;

/// What a distance consists of: `constant + square · |q − a|²` for `square` other than 0, of which
/// `cross · q · a` is subtracted.
struct Terms {
    constant: f64,
    square: f64,
    cross: f64,
}

impl Metric {
    fn terms(self) -> Terms {
        let (constant, square, cross) = match self {
            Metric::L2 => (0.0, 1.0, 2.0),
            Metric::Cosine => (0.0, 0.5, 1.0),
            Metric::Dot => (1.0, 0.0, 1.0),
        };
        Terms {
            constant,
            square,
            cross,
        }
    }
}

/// The length of `dimensions` codes with their padding.
pub fn padded(dimensions: usize) -> usize {
    dimensions.next_multiple_of(LANES)
}

/// A vector that can be stored and searched for.
pub struct Checked<'a> {
    numbers: &'a [f32],
    /// What the numbers are multiplied with before all else: the length is 1 under Cosine
    unit: f64,
    /// The square of the length, and the largest magnitude, after that
    square: f64,
    largest: f64,
}

pub fn check(vector: &[f32], dimensions: usize, metric: Metric) -> Result<Checked<'_>, Error> {
    if vector.len() != dimensions {
        return Err(Error::Length {
            expected: dimensions,
            found: vector.len(),
        });
    }
    if let Some(position) = vector.iter().position(|number| !number.is_finite()) {
        return Err(Error::NotFinite { position });
    }
    let numbers = || vector.iter().map(|&number| f64::from(number));
    let square = numbers().map(|number| number * number).sum::<f64>();
    let largest = numbers().fold(0.0, |most, number| f64::max(most, number.abs()));
    let unit = if metric == Metric::Cosine {
        if square == 0.0 {
            return Err(Error::ZeroVector);
        }
        1.0 / float::root(square)
    } else if square > f64::from(f32::MAX) / 4.0 {
        return Err(Error::TooLong);
    } else {
        1.0
    };
    Ok(Checked {
        numbers: vector,
        unit,
        square: square * unit * unit,
        largest: largest * unit,
    })
}

/// What stored vectors are compared with.
pub struct Query {
    pub values: Vec<i16>,
    factor: f64,
    base: f64,
    floor: f64,
}

impl Query {
    /// One to be filled by [`Query::set`].
    pub fn empty() -> Query {
        Query {
            values: Vec::new(),
            factor: 0.0,
            base: 0.0,
            floor: 0.0,
        }
    }

    pub fn new(vector: &Checked, metric: Metric) -> Query {
        let dimensions = vector.numbers.len();
        let steps = f64::from(bound(dimensions));
        let inverse = if vector.largest > 0.0 {
            steps / vector.largest
        } else {
            0.0
        };
        let mut query = Query::empty();
        query.values.reserve_exact(padded(dimensions));
        let numbers = vector
            .numbers
            .iter()
            .map(|&number| f64::from(number) * vector.unit);
        query
            .values
            .extend(numbers.map(|number| rounded(number * inverse, steps) as i16));
        query.values.resize(padded(dimensions), 0);
        let numbers = query.values.iter().map(|&value| i64::from(value));
        let square: i64 = numbers.map(|value| value * value).sum();
        query.scale(vector.largest / steps, square as f64, metric);
        query
    }

    /// A stored vector as the query.
    pub fn set(&mut self, stored: &Stored, metric: Metric) {
        self.values.clear();
        let codes = stored.codes.iter();
        self.values
            .extend(codes.map(|code| i16::from(code.cast_signed())));
        let square = dot(&self.values, stored.codes);
        self.scale(stored.scale.into(), square.into(), metric);
    }

    /// Takes what a step is, and the square of the length in steps.
    fn scale(&mut self, scale: f64, length: f64, metric: Metric) {
        let Terms {
            constant,
            square,
            cross,
        } = metric.terms();
        self.factor = cross * scale;
        self.base = constant + square * (scale * scale * length);
        self.floor = if metric == Metric::Dot { f64::MIN } else { 0.0 };
    }

    pub fn distance(&self, stored: &Stored) -> f32 {
        let product = f64::from(dot(&self.values, stored.codes));
        let distance =
            self.base + f64::from(stored.offset) - self.factor * f64::from(stored.scale) * product;
        // NB: written so that it is never -0
        if distance > self.floor {
            distance as f32
        } else {
            self.floor as f32
        }
    }
}

/// A stored vector.
#[derive(PartialEq)]
pub struct Stored<'a> {
    pub codes: &'a [u8],
    pub scale: f32,
    /// What is added to each distance.
    pub offset: f32,
}

/// Writes the codes of a vector, and gives its `scale` and `offset`.
pub fn encode(vector: &Checked, metric: Metric, codes: &mut [u8]) -> (f32, f32) {
    let scale = (vector.largest / STEPS) as f32;
    let inverse = if scale > 0.0 {
        1.0 / f64::from(scale)
    } else {
        0.0
    };
    let mut product = 0.0;
    for (&number, code) in vector.numbers.iter().zip(codes) {
        let number = f64::from(number) * vector.unit;
        let step = rounded(number * inverse, STEPS);
        product += number * step;
        *code = (step as i8).cast_unsigned();
    }
    let offset = metric.terms().square * (2.0 * f64::from(scale) * product - vector.square);
    (scale, offset as f32)
}

fn rounded(number: f64, most: f64) -> f64 {
    // NB: `clamp` would bring the text of floats with it, for its panic
    float::round(number).max(-most).min(most)
}
