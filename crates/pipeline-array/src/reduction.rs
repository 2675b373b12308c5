//! Reductions of arrays along axes. Floats are added in numpy's order, so that sums agree to the last
//! bit.

use std::fmt::Debug;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::dtype::{Dtype, DtypeExt, Kind, dispatch};
use crate::element::{Element, Number};
use crate::literal::first;
use crate::memory::reserve;
use crate::operation::Binary;
use crate::view::{Order, View, axes_by_stride, signed};
use crate::walk::{BLOCK, Lane, Reader, coalesce};

/// What many elements become one by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Reduction {
    Sum,
    Product,
    Mean,
    Minimum,
    Maximum,
    IndexOfMinimum,
    IndexOfMaximum,
    Any,
    All,
}

impl Reduction {
    /// The result for an array, along those axes, which it does not have afterwards.
    ///
    /// # Errors
    /// `ValueError`: there is no least or greatest of no elements. `MemoryError`.
    pub fn apply(self, view: &View, axes: &[usize]) -> PyResult<View> {
        let dtype = view.dtype();
        let parts = Parts::new(view, axes);
        match self {
            Self::Any => parts.fold(|part| fold(part, false, |any, x: bool| any | x)),
            Self::All => parts.fold(|part| fold(part, true, |all, x: bool| all & x)),
            Self::Sum => match dtype.kind() {
                Kind::Bool | Kind::Signed => parts.fold(|part| fold(part, 0, i64::add)),
                Kind::Unsigned => parts.fold(|part| fold(part, 0, u64::add)),
                Kind::Float if dtype == Dtype::Float32 => {
                    parts.fold(|part| sum(part, parts.pairs, -0.0_f32))
                }
                Kind::Float => parts.fold(|part| sum(part, parts.pairs, -0.0_f64)),
            },
            Self::Product => match dtype.kind() {
                Kind::Bool | Kind::Signed => parts.fold(|part| fold(part, 1, i64::multiply)),
                Kind::Unsigned => parts.fold(|part| fold(part, 1, u64::multiply)),
                Kind::Float if dtype == Dtype::Float32 => {
                    parts.fold(|part| fold(part, 1.0, f32::multiply))
                }
                Kind::Float => parts.fold(|part| fold(part, 1.0, f64::multiply)),
            },
            Self::Mean => mean(view, axes),
            Self::Minimum | Self::Maximum => {
                parts.check_not_empty(|| {
                    let name = if self == Self::Minimum {
                        "minimum"
                    } else {
                        "maximum"
                    };
                    format!("zero-size array to reduction operation {name} which has no identity")
                })?;
                dispatch!(dtype, T => {
                    let choose = if self == Self::Minimum { T::smaller } else { T::larger };
                    parts.fold(|part| fold(part, first::<T>(part), choose))
                })
            }
            Self::IndexOfMinimum | Self::IndexOfMaximum => {
                parts.check_not_empty(|| {
                    let name = if self == Self::IndexOfMinimum {
                        "argmin"
                    } else {
                        "argmax"
                    };
                    format!("attempt to get {name} of an empty sequence")
                })?;
                let least = self == Self::IndexOfMinimum;
                dispatch!(dtype, T => parts.fold(|part| index_of::<T>(part, least)))
            }
        }
    }
}

/// A view cut into the parts of which each becomes one element.
struct Parts {
    /// The first element of each part, over the axes that stay.
    firsts: View,
    /// The first part.
    part: View,
    pairs: Pairs,
}

/// How numpy adds: its iterator hands out what lies in the innermost dimensions.
#[derive(Clone, Copy)]
enum Pairs {
    /// Neighbours in memory belong to different sums, so one after the other.
    No,
    /// Run by run, each in pairs.
    Runs,
    /// Several runs gathered to so many elements, these in pairs.
    Gathered(usize),
}

impl Pairs {
    /// Elements of numpy's buffer.
    const BUFFER: usize = 8192;

    fn of(view: &View, reduced: &[usize]) -> Self {
        let mut inner = axes_by_stride(&[view]);
        inner.retain(|&axis| view.shape()[axis] > 1);
        let outer = inner.iter().rposition(|axis| !reduced.contains(axis));
        let inner = view.permute(&inner[outer.map_or(0, |outer| outer + 1)..]);
        let runs = coalesce(inner.shape(), inner.strides());
        let whole = runs.iter().rev().scan(1, |count, &(length, _)| {
            *count *= length;
            Some(*count)
        });
        let gathered = whole.take_while(|&count| count <= Self::BUFFER).last();
        match (runs.len(), gathered) {
            (0, _) if view.size() > 1 => Self::No,
            (2.., Some(core)) => Self::Gathered(inner.size().min(Self::BUFFER / core * core)),
            _ => Self::Runs,
        }
    }
}

impl Parts {
    fn new(view: &View, axes: &[usize]) -> Self {
        let stay = (0..view.shape().len())
            .filter(|axis| !axes.contains(axis))
            .collect::<Vec<_>>();
        Self {
            firsts: view.permute(&stay),
            part: view.permute(axes),
            pairs: Pairs::of(view, axes),
        }
    }

    fn check_not_empty(&self, message: impl Fn() -> String) -> PyResult<()> {
        if self.part.size() == 0 && self.firsts.size() > 0 {
            return Err(PyValueError::new_err(message()));
        }
        Ok(())
    }

    fn fold<T: Element + Debug>(&self, f: impl Fn(&View) -> T) -> PyResult<View> {
        let axes = axes_by_stride(&[&self.firsts]);
        let firsts = self.firsts.permute(&axes);
        let mut values = reserve(firsts.size())?;
        let mut walk = firsts.walk();
        while let Some(run) = walk.next(BLOCK) {
            for at in 0..run.length {
                values.push(f(&self.part.at(run.offset + signed(at) * run.stride)));
            }
        }
        Ok(View::of(values, firsts.shape().to_vec()).unpermute(&axes))
    }
}

fn fold<T: Element, A: Copy>(part: &View, from: A, f: impl Fn(A, T) -> A) -> A {
    let mut reader = Reader::<T>::new(part);
    let mut result = from;
    while let Some(block) = reader.next() {
        result = block
            .iter()
            .fold(result, |result, &element| f(result, element));
    }
    result
}

fn index_of<T: Element>(part: &View, least: bool) -> i64 {
    let mut best = None::<(i64, T)>;
    let mut index = 0;
    let mut reader = Reader::<T>::new(part);
    while let Some(block) = reader.next() {
        for &element in block {
            let better = match best {
                None => true,
                Some((_, best)) if best.is_nan() => false,
                Some((_, best)) if least => element < best || element.is_nan(),
                Some((_, best)) => element > best || element.is_nan(),
            };
            if better {
                best = Some((index, element));
            }
            index += 1;
        }
    }
    best.map_or(0, |(index, _)| index)
}

/// `zero` is the one that changes nothing, not even the sign of another zero.
fn sum<T: Number>(part: &View, pairs: Pairs, zero: T) -> T {
    if part.size() == 0 {
        return T::default();
    }
    let ordered = part.permute(&axes_by_stride(&[part]));
    if let Pairs::Gathered(count) = pairs {
        let mut gathered = Vec::with_capacity(count);
        let mut reader = Reader::<T>::new(&ordered);
        let mut sum = zero;
        while let Some(mut block) = reader.next() {
            while !block.is_empty() {
                let (now, later) = block.split_at(block.len().min(count - gathered.len()));
                gathered.extend_from_slice(now);
                block = later;
                if gathered.len() == count {
                    sum = sum.add(sum_in_pairs(&|at| gathered[at], 0, count, zero));
                    gathered.clear();
                }
            }
        }
        return if gathered.is_empty() {
            sum
        } else {
            sum.add(sum_in_pairs(&|at| gathered[at], 0, gathered.len(), zero))
        };
    }
    let mut walk = ordered.walk();
    let mut sum = zero;
    while let Some(run) = walk.next(usize::MAX) {
        let lane = Lane::<T>::new(&ordered, run);
        sum = match pairs {
            Pairs::No => (0..lane.len()).fold(sum, |sum, at| sum.add(lane.get(at))),
            _ => sum.add(sum_in_pairs(&|at| lane.get(at), 0, lane.len(), zero)),
        };
    }
    sum
}

/// The sum by halves, which loses less than one after the other: numpy's `pairwise_sum`, whose
/// smallest parts of up to 128 elements are added in eight columns.
fn sum_in_pairs<T: Number>(get: &impl Fn(usize) -> T, from: usize, count: usize, zero: T) -> T {
    let one_by_one =
        |sum, range: std::ops::Range<usize>| range.fold(sum, |sum: T, at| sum.add(get(from + at)));
    if count < 8 {
        return one_by_one(zero, 0..count);
    }
    if count > 128 {
        let half = count / 2;
        let half = half - half % 8;
        let low = sum_in_pairs(get, from, half, zero);
        return low.add(sum_in_pairs(get, from + half, count - half, zero));
    }
    let mut columns: [T; 8] = std::array::from_fn(|column| get(from + column));
    let whole = count - count % 8;
    for row in (8..whole).step_by(8) {
        for (column, sum) in columns.iter_mut().enumerate() {
            *sum = sum.add(get(from + row + column));
        }
    }
    let pair = |at: usize| columns[at].add(columns[at + 1]);
    let sum = pair(0).add(pair(2)).add(pair(4).add(pair(6)));
    one_by_one(sum, whole..count)
}

/// Integers are added as float64, float32 as it is.
#[allow(clippy::cast_precision_loss)]
fn mean(view: &View, axes: &[usize]) -> PyResult<View> {
    let dtype = if view.dtype() == Dtype::Float32 {
        Dtype::Float32
    } else {
        Dtype::Float64
    };
    let count = axes
        .iter()
        .map(|&axis| view.shape()[axis])
        .product::<usize>() as f64;
    let sum = match view.dtype().kind() {
        Kind::Float => Reduction::Sum.apply(view, axes)?,
        _ => Reduction::Sum.apply(&view.copy(Dtype::Float64, Order::K)?, axes)?,
    };
    Binary::Divide
        .apply(&sum, &View::scalar(count), Dtype::Float64)?
        .copy(dtype, Order::K)
}
