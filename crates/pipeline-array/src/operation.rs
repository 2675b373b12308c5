//! Operations on whole arrays, element by element, with numpy's rules of broadcasting.

use std::fmt::Debug;

use pyo3::basic::CompareOp;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::dtype::{Dtype, DtypeExt, Kind, dispatch};
use crate::element::{Bits, Element, Integer, Number};
use crate::memory::reserve;
use crate::view::{Order, View, axes_by_stride, broadcast_shape, unsupported};
use crate::walk::Reader;

/// Operations on two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Remainder,
    Power,
    And,
    Or,
    Xor,
    LeftShift,
    RightShift,
    Minimum,
    Maximum,
}

/// Operations on one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Unary {
    Positive,
    Negative,
    Absolute,
    Invert,
    SquareRoot,
}

impl Binary {
    /// The name of numpy's function.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Subtract => "subtract",
            Self::Multiply => "multiply",
            Self::Divide => "divide",
            Self::FloorDivide => "floor_divide",
            Self::Remainder => "remainder",
            Self::Power => "power",
            Self::And => "bitwise_and",
            Self::Or => "bitwise_or",
            Self::Xor => "bitwise_xor",
            Self::LeftShift => "left_shift",
            Self::RightShift => "right_shift",
            Self::Minimum => "minimum",
            Self::Maximum => "maximum",
        }
    }

    /// The type in which it is done, for operands of one type.
    ///
    /// # Errors
    /// `TypeError` if there is none.
    pub fn dtype(self, common: Dtype) -> PyResult<Dtype> {
        match (self, common.kind()) {
            (Self::Subtract, Kind::Bool) => Err(PyTypeError::new_err(
                "numpy boolean subtract, the `-` operator, is not supported, use the bitwise_xor, \
                 the `^` operator, or the logical_xor function instead.",
            )),
            (Self::Divide, Kind::Bool | Kind::Signed | Kind::Unsigned) => Ok(Dtype::Float64),
            (
                Self::FloorDivide
                | Self::Remainder
                | Self::Power
                | Self::LeftShift
                | Self::RightShift,
                Kind::Bool,
            ) => Ok(Dtype::Int8),
            (
                Self::And | Self::Or | Self::Xor | Self::LeftShift | Self::RightShift,
                Kind::Float,
            ) => unsupported(self.name()),
            _ => Ok(common),
        }
    }

    /// The result for two arrays, done in a type that [`Binary::dtype`] gave.
    ///
    /// # Errors
    /// `ValueError`: shapes that do not fit, an integer to the power of a negative one.
    /// `MemoryError`.
    pub fn apply(self, a: &View, b: &View, dtype: Dtype) -> PyResult<View> {
        let other = || unsupported(self.name());
        match self {
            Self::Add => dispatch!(dtype, T => map2(a, b, T::add)),
            Self::Multiply => dispatch!(dtype, T => map2(a, b, T::multiply)),
            Self::Minimum => dispatch!(dtype, T => map2(a, b, T::smaller)),
            Self::Maximum => dispatch!(dtype, T => map2(a, b, T::larger)),
            Self::Subtract => dispatch!(dtype, number T => map2(a, b, T::subtract), _ => other()),
            Self::FloorDivide => {
                dispatch!(dtype, number T => map2(a, b, T::floor_divide), _ => other())
            }
            Self::Remainder => dispatch!(dtype, number T => map2(a, b, T::remainder), _ => other()),
            Self::Power => {
                if dtype.kind() == Kind::Signed && any_negative(b) {
                    return Err(PyValueError::new_err(
                        "Integers to negative integer powers are not allowed.",
                    ));
                }
                dispatch!(dtype, number T => map2(a, b, T::power), _ => other())
            }
            Self::Divide => match dtype {
                Dtype::Float32 => map2(a, b, |a: f32, b: f32| a / b),
                _ => map2(a, b, |a: f64, b: f64| a / b),
            },
            Self::And => dispatch!(dtype, bits T => map2(a, b, T::and), _ => other()),
            Self::Or => dispatch!(dtype, bits T => map2(a, b, T::or), _ => other()),
            Self::Xor => dispatch!(dtype, bits T => map2(a, b, T::xor), _ => other()),
            Self::LeftShift => {
                dispatch!(dtype, integer T => map2(a, b, T::shift_left), _ => other())
            }
            Self::RightShift => {
                dispatch!(dtype, integer T => map2(a, b, T::shift_right), _ => other())
            }
        }
    }
}

impl Unary {
    /// The result for an array.
    ///
    /// # Errors
    /// `TypeError`: not for this type. `MemoryError`.
    pub fn apply(self, a: &View) -> PyResult<View> {
        let dtype = a.dtype();
        match self {
            Self::Positive if dtype == Dtype::Bool => Err(PyTypeError::new_err(
                "ufunc 'positive' did not contain a loop with signature matching types \
                 <class 'numpy.dtypes.BoolDType'> -> None",
            )),
            Self::Positive => a.copy(dtype, Order::K),
            Self::Negative => dispatch!(
                dtype,
                number T => map(a, T::negative),
                _ => Err(PyTypeError::new_err(
                    "The numpy boolean negative, the `-` operator, is not supported, use the `~` \
                     operator or the logical_not function instead.",
                ))
            ),
            Self::Absolute => dispatch!(dtype, T => map(a, T::absolute)),
            Self::Invert => {
                dispatch!(dtype, bits T => map(a, T::invert), _ => unsupported("invert"))
            }
            Self::SquareRoot => match dtype {
                Dtype::Float32 => map(a, f32::sqrt),
                Dtype::Float64 => map(a, f64::sqrt),
                _ => unsupported("sqrt"),
            },
        }
    }
}

/// Compares two arrays; the result is one of bool. Integers of any two types are compared by their
/// values.
///
/// # Errors
/// `ValueError`: shapes that do not fit. `MemoryError`.
pub fn compare(how: CompareOp, a: &View, b: &View) -> PyResult<View> {
    match (a.dtype(), b.dtype()) {
        (Dtype::Uint64, other) if other.kind() == Kind::Signed => map2(a, b, |a: u64, b: i64| {
            how.matches(i128::from(a).cmp(&i128::from(b)))
        }),
        (other, Dtype::Uint64) if other.kind() == Kind::Signed => map2(a, b, |a: i64, b: u64| {
            how.matches(i128::from(a).cmp(&i128::from(b)))
        }),
        (one, other) => dispatch!(one.promote(other), T => match how {
            CompareOp::Lt => map2(a, b, |a: T, b: T| a.lt(&b)),
            CompareOp::Le => map2(a, b, |a: T, b: T| a.le(&b)),
            CompareOp::Eq => map2(a, b, |a: T, b: T| a.eq(&b)),
            CompareOp::Ne => map2(a, b, |a: T, b: T| a.ne(&b)),
            CompareOp::Gt => map2(a, b, |a: T, b: T| a.gt(&b)),
            CompareOp::Ge => map2(a, b, |a: T, b: T| a.ge(&b)),
        }),
    }
}

/// Where the condition holds elements of `a`, elsewhere of `b`.
///
/// # Errors
/// `ValueError`: shapes that do not fit. `MemoryError`.
pub fn choose(condition: &View, a: &View, b: &View, dtype: Dtype) -> PyResult<View> {
    let (views, axes) = align([condition, a, b])?;
    let [condition, a, b] = &views;
    let chosen = dispatch!(dtype, T => {
        let mut values = reserve::<T>(a.size())?;
        let mut readers = (Reader::<bool>::new(condition), Reader::<T>::new(a), Reader::<T>::new(b));
        while let (Some(c), Some(a), Some(b)) =
            (readers.0.next(), readers.1.next(), readers.2.next())
        {
            values.extend(c.iter().zip(a.iter().zip(b)).map(|(&c, (&a, &b))| if c { a } else { b }));
        }
        View::of(values, a.shape().to_vec())
    });
    Ok(chosen.unpermute(&axes))
}

fn map<T: Element + Debug>(a: &View, f: impl Fn(T) -> T) -> PyResult<View> {
    let axes = axes_by_stride(&[a]);
    let a = a.permute(&axes);
    let mut values = reserve(a.size())?;
    let mut reader = Reader::<T>::new(&a);
    while let Some(block) = reader.next() {
        values.extend(block.iter().map(|&a| f(a)));
    }
    Ok(View::of(values, a.shape().to_vec()).unpermute(&axes))
}

fn map2<A: Element, B: Element, T: Element + Debug>(
    a: &View,
    b: &View,
    f: impl Fn(A, B) -> T,
) -> PyResult<View> {
    let (views, axes) = align([a, b])?;
    let [a, b] = &views;
    let mut values = reserve(a.size())?;
    let (mut left, mut right) = (Reader::<A>::new(a), Reader::<B>::new(b));
    while let (Some(a), Some(b)) = (left.next(), right.next()) {
        values.extend(a.iter().zip(b).map(|(&a, &b)| f(a, b)));
    }
    Ok(View::of(values, a.shape().to_vec()).unpermute(&axes))
}

/// The operands repeated to one shape, and with their axes in the order of memory.
fn align<const N: usize>(views: [&View; N]) -> PyResult<([View; N], Vec<usize>)> {
    let shape = broadcast_shape(&views)?;
    let repeated = views.map(|view| view.broadcast_to(&shape).unwrap_or_else(|| view.clone()));
    let axes = axes_by_stride(&repeated.each_ref());
    Ok((repeated.map(|view| view.permute(&axes)), axes))
}

fn any_negative(view: &View) -> bool {
    let mut reader = Reader::<i64>::new(view);
    while let Some(block) = reader.next() {
        if block.iter().any(|&value| value.is_negative()) {
            return true;
        }
    }
    false
}
