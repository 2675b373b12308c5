//! Python's own values as operands and elements, and what type they take on beside arrays: by NEP 50
//! a Python number is of the kind that it is and of the array's size.

use pipeline::fallible;
use pyo3::basic::CompareOp;
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyFloat, PyInt, PyList, PyRange, PyString, PyTuple,
};

use crate::buffer;
use crate::class::Values;
use crate::dtype::{Dtype, DtypeExt, Kind, dispatch};
use crate::element::Element;
use crate::memory::reserve;
use crate::operation::compare;
use crate::view::{MAX_DIMENSIONS, Order, View, tuple};
use crate::walk::Reader;

/// A Python number.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum Literal {
    Bool(bool),
    Int(i128),
    Float(f64),
}

/// What an operation is done with.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Operand {
    Array(View),
    Literal(Literal),
}

impl Literal {
    /// A bool, int or float; `None` of anything else.
    ///
    /// # Errors
    /// `OverflowError` of an int of more than 128 bits.
    pub fn read(value: &Bound<'_, PyAny>) -> PyResult<Option<Self>> {
        Ok(if let Ok(value) = value.cast::<PyBool>() {
            Some(Self::Bool(value.is_true()))
        } else if value.is_instance_of::<PyInt>() {
            Some(Self::Int(value.extract()?))
        } else if let Ok(value) = value.cast::<PyFloat>() {
            Some(Self::Float(value.value()))
        } else {
            None
        })
    }

    /// The type that it has by itself.
    fn dtype(self) -> Dtype {
        match self {
            Self::Bool(_) => Dtype::Bool,
            Self::Int(value) if i64::try_from(value).is_err() && value > 0 => Dtype::Uint64,
            Self::Int(_) => Dtype::Int64,
            Self::Float(_) => Dtype::Float64,
        }
    }

    /// The type that it has beside another.
    fn dtype_beside(self, other: Dtype) -> Dtype {
        match (self, other.kind()) {
            (Self::Int(_), Kind::Bool) => Dtype::Int64,
            (Self::Float(_), Kind::Bool | Kind::Signed | Kind::Unsigned) => Dtype::Float64,
            _ => other,
        }
    }

    /// As an element.
    ///
    /// # Errors
    /// `OverflowError`: an int that is beyond the type, or infinity as one. `ValueError`: NaN as an
    /// int.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss
    )]
    pub fn to<T: Element>(self) -> PyResult<T> {
        match (self, T::DTYPE.kind()) {
            (Self::Bool(value), _) => Ok(T::from_u64(value.into())),
            (Self::Int(value), Kind::Bool) => Ok(T::from_u64((value != 0).into())),
            (Self::Int(value), Kind::Float) => Ok(T::from_f64(value as f64)),
            (Self::Int(value), _) if fits(value, T::DTYPE) => Ok(if value < 0 {
                T::from_i64(value as i64)
            } else {
                T::from_u64(value as u64)
            }),
            (Self::Int(value), _) => Err(PyOverflowError::new_err(format!(
                "Python integer {value} out of bounds for {}",
                T::DTYPE.name()
            ))),
            (Self::Float(value), Kind::Signed | Kind::Unsigned) if value.is_nan() => {
                Err(PyValueError::new_err("cannot convert float NaN to integer"))
            }
            (Self::Float(value), Kind::Signed | Kind::Unsigned) if value.is_infinite() => Err(
                PyOverflowError::new_err("cannot convert float infinity to integer"),
            ),
            (Self::Float(value), _) => Ok(T::from_f64(value)),
        }
    }

    fn view(self, dtype: Dtype) -> PyResult<View> {
        dispatch!(dtype, T => Ok(View::scalar(self.to::<T>()?)))
    }
}

fn fits(value: i128, dtype: Dtype) -> bool {
    dispatch!(dtype, integer T => T::try_from(value).is_ok(), _ => true)
}

impl Operand {
    /// A number, an array, a nested list, or anything that lends a buffer, but for strings of bytes;
    /// `None` of anything else.
    ///
    /// # Errors
    /// A list that is no array.
    pub fn read(value: &Bound<'_, PyAny>) -> PyResult<Option<Self>> {
        if let Ok(values) = value.cast::<Values>() {
            return Ok(Some(Self::Array(values.get().view().clone())));
        }
        if let Some(literal) = Literal::read(value)? {
            return Ok(Some(Self::Literal(literal)));
        }
        if value.is_instance_of::<PyBytes>() || value.is_instance_of::<PyByteArray>() {
            return Ok(None);
        }
        Ok(read_array(value, None)?.map(Self::Array))
    }

    /// As [`Operand::read`].
    ///
    /// # Errors
    /// `TypeError` besides, instead of `None`.
    pub fn expect(value: &Bound<'_, PyAny>) -> PyResult<Self> {
        Self::read(value)?.ok_or_else(|| not_an_array(value))
    }

    /// The type that several have together.
    #[must_use]
    pub fn common(operands: &[Self]) -> Dtype {
        let arrays = operands.iter().filter_map(|operand| match operand {
            Self::Array(view) => Some(view.dtype()),
            Self::Literal(_) => None,
        });
        let strong = arrays.reduce(Dtype::promote);
        let literals = operands.iter().filter_map(|operand| match operand {
            Self::Array(_) => None,
            Self::Literal(literal) => {
                Some(strong.map_or(literal.dtype(), |strong| literal.dtype_beside(strong)))
            }
        });
        let common = strong.into_iter().chain(literals).reduce(Dtype::promote);
        common.unwrap_or(Dtype::Float64)
    }

    /// As an array; a number is of that type.
    ///
    /// # Errors
    /// `OverflowError`: a number that the type does not have.
    pub fn view(self, dtype: Dtype) -> PyResult<View> {
        match self {
            Self::Array(view) => Ok(view),
            Self::Literal(literal) => literal.view(dtype),
        }
    }

    /// As an array; a number is of its own type.
    ///
    /// # Errors
    /// `OverflowError`: a number that no type has.
    pub fn strong_view(self) -> PyResult<View> {
        let own = Self::common(std::slice::from_ref(&self));
        self.view(own)
    }

    /// Beside others of a type, a whole number that the type does not have is its nearest.
    #[must_use]
    pub fn within(self, dtype: Dtype) -> Self {
        let Self::Literal(Literal::Int(value)) = self else {
            return self;
        };
        let nearest =
            dispatch!(dtype, integer T => value.clamp(T::MIN.into(), T::MAX.into()), _ => value);
        Self::Literal(Literal::Int(nearest))
    }

    /// Compares an array with it. A number that the array's type does not have is beyond all its
    /// elements.
    ///
    /// # Errors
    /// `ValueError`: shapes that do not fit. `MemoryError`.
    pub fn compare(self, how: CompareOp, array: &View) -> PyResult<View> {
        if let Self::Literal(Literal::Int(value)) = self
            && array.dtype().kind() != Kind::Bool
            && !fits(value, array.dtype())
        {
            let always = View::scalar(how.matches(0.cmp(&value)));
            let repeated = always.broadcast_to(array.shape()).unwrap_or(always);
            return repeated.copy(Dtype::Bool, Order::C);
        }
        let operands = [Self::Array(array.clone()), self];
        let dtype = Self::common(&operands);
        let [_, other] = operands;
        compare(how, array, &other.view(dtype)?)
    }
}

/// An array of whatever can be one, of a dtype or of that which it has by itself. What lends a buffer
/// is not copied, unless its type changes.
///
/// # Errors
/// `TypeError`: nothing that can be an array. `ValueError`: a ragged list. As [`Literal::to`].
pub fn to_array(value: &Bound<'_, PyAny>, dtype: Option<Dtype>) -> PyResult<View> {
    if let Ok(values) = value.cast::<Values>() {
        return with_dtype(values.get().view().clone(), dtype);
    }
    read_array(value, dtype)?.ok_or_else(|| not_an_array(value))
}

fn not_an_array(value: &Bound<'_, PyAny>) -> PyErr {
    let name = value
        .get_type()
        .name()
        .map_or_else(|_| "?".to_owned(), |name| name.to_string());
    PyTypeError::new_err(format!(
        "{name} is no array: give numbers, nested lists of numbers, or an object with a buffer"
    ))
}

fn is_sequence(value: &Bound<'_, PyAny>) -> bool {
    value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>()
}

fn with_dtype(view: View, dtype: Option<Dtype>) -> PyResult<View> {
    match dtype {
        Some(dtype) if dtype != view.dtype() => view.copy(dtype, Order::K),
        _ => Ok(view),
    }
}

fn read_array(value: &Bound<'_, PyAny>, dtype: Option<Dtype>) -> PyResult<Option<View>> {
    if value.is_instance_of::<PyString>() {
        return Ok(None);
    }
    if is_sequence(value) || value.is_instance_of::<PyRange>() {
        return Nested::read(value)?.view(dtype).map(Some);
    }
    if let Some(literal) = Literal::read(value)? {
        let view = literal.view(dtype.unwrap_or(literal.dtype()))?;
        return view.copy(view.dtype(), Order::C).map(Some);
    }
    match buffer::borrow(value)? {
        Some(view) => with_dtype(view, dtype).map(Some),
        None => Ok(None),
    }
}

/// A nested list, flattened.
#[derive(Default)]
struct Nested {
    /// Lengths as the first elements have them; that of a level is known once it was entered.
    shape: Vec<usize>,
    leaves: Vec<Literal>,
    dtype: Option<Dtype>,
}

impl Nested {
    fn read(list: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut nested = Self::default();
        nested.enter(list, 0)?;
        Ok(nested)
    }

    fn enter(&mut self, value: &Bound<'_, PyAny>, depth: usize) -> PyResult<()> {
        if let Some(literal) = Literal::read(value)? {
            self.check_depth(depth)?;
            return self.push(literal, literal.dtype());
        }
        if depth > 0 && !is_sequence(value) {
            let view = to_array(value, None)?;
            if view.shape().is_empty() {
                self.check_depth(depth)?;
            }
            for (below, &length) in view.shape().iter().enumerate() {
                self.level(depth + below, length)?;
            }
            return dispatch!(view.dtype(), T => {
                for element in view.to_vec::<T>()? {
                    let element = element.to_python(value.py())?;
                    if let Some(literal) = Literal::read(&element)? {
                        self.push(literal, view.dtype())?;
                    }
                }
                Ok(())
            });
        }
        let length = value.len()?;
        self.level(depth, length)?;
        for element in value.try_iter()? {
            self.enter(&element?, depth + 1)?;
        }
        Ok(())
    }

    /// A list of so many elements at a depth.
    fn level(&mut self, depth: usize, length: usize) -> PyResult<()> {
        if depth >= MAX_DIMENSIONS {
            return Err(PyValueError::new_err(format!(
                "setting an array element with a sequence. The requested array would exceed the \
                 maximum number of dimension of {MAX_DIMENSIONS}."
            )));
        }
        match self.shape.get(depth) {
            Some(&known) if known == length => Ok(()),
            None if self.leaves.is_empty() && self.shape.len() == depth => {
                self.shape.push(length);
                Ok(())
            }
            _ => Err(self.ragged(depth)),
        }
    }

    fn check_depth(&self, depth: usize) -> PyResult<()> {
        if depth == self.shape.len() {
            Ok(())
        } else {
            Err(self.ragged(depth))
        }
    }

    fn ragged(&self, depth: usize) -> PyErr {
        let common = &self.shape[..depth.min(self.shape.len())];
        let s = if common.len() == 1 { "" } else { "s" };
        PyValueError::new_err(format!(
            "setting an array element with a sequence. The requested array has an inhomogeneous \
             shape after {} dimension{s}. The detected shape was {} + inhomogeneous part.",
            common.len(),
            tuple(common)
        ))
    }

    fn push(&mut self, leaf: Literal, dtype: Dtype) -> PyResult<()> {
        fallible(|| self.leaves.try_reserve(1))
            .map_err(|_| pyo3::exceptions::PyMemoryError::new_err(()))?;
        self.leaves.push(leaf);
        self.dtype = Some(self.dtype.map_or(dtype, |so_far| so_far.promote(dtype)));
        Ok(())
    }

    fn view(self, dtype: Option<Dtype>) -> PyResult<View> {
        let dtype = dtype.or(self.dtype).unwrap_or(Dtype::Float64);
        dispatch!(dtype, T => {
            let mut values = reserve::<T>(self.leaves.len())?;
            for leaf in self.leaves {
                values.push(leaf.to()?);
            }
            Ok(View::of(values, self.shape))
        })
    }
}

/// The elements as Python's nested lists, or as one number.
///
/// # Errors
/// `MemoryError`.
pub fn to_list<'py>(view: &View, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
    let mut items = dispatch!(view.dtype(), T => {
        let elements = view.to_vec::<T>()?.into_iter();
        elements.map(|element| element.to_python(py)).collect::<PyResult<Vec<_>>>()?
    });
    let mut count = view.size();
    for (axis, &length) in view.shape().iter().enumerate().rev() {
        count = count
            .checked_div(length)
            .unwrap_or_else(|| view.shape()[..axis].iter().product());
        let mut elements = items.into_iter();
        let lists =
            (0..count).map(|_| PyList::new(py, elements.by_ref().take(length).collect::<Vec<_>>()));
        items = lists
            .map(|list| list.map(Bound::into_any))
            .collect::<PyResult<_>>()?;
    }
    items
        .pop()
        .ok_or_else(|| PyValueError::new_err("an array without elements"))
}

/// A single element as Python's number.
///
/// # Errors
/// `ValueError` if there are none or several.
pub fn to_number<'py>(view: &View, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
    if view.size() != 1 {
        return Err(PyValueError::new_err(
            "can only convert an array of size 1 to a Python scalar",
        ));
    }
    let single = view.reshape(&[], Order::C)?;
    to_list(&single, py)
}

/// The first element; zero if there is none.
pub fn first<T: Element>(view: &View) -> T {
    Reader::<T>::new(view)
        .next()
        .and_then(|block| block.first())
        .copied()
        .unwrap_or_default()
}
