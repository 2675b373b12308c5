//! The classes that Python sees: `Array` and `Scalar` on top of [`Values`], and what they hand out.

use pyo3::basic::CompareOp;
use pyo3::exceptions::{PyKeyError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::class::{Object, Values, calculate, new_result};
use crate::dtype::{DtypeExt, dispatch};
use crate::index::Selection;
use crate::literal::{Operand, to_number};
use crate::operation::Binary;
use crate::view::{View, signed, tuple};

/// Elements of one type in a grid of any number of dimensions.
#[pyclass(extends = Values, frozen, module = "pipeline_array")]
#[derive(Debug)]
pub struct Array;

/// A single value that keeps its dtype.
#[pyclass(extends = Values, frozen, module = "pipeline_array")]
#[derive(Debug)]
pub struct Scalar;

/// How the elements of an array lie in memory.
#[pyclass(frozen, get_all, module = "pipeline_array")]
#[derive(Debug)]
pub struct Flags {
    pub(crate) c_contiguous: bool,
    pub(crate) f_contiguous: bool,
    pub(crate) writeable: bool,
}

/// The elements along the first dimension, one after the other.
#[pyclass(module = "pipeline_array")]
#[derive(Debug)]
pub struct Elements {
    pub(crate) view: View,
    pub(crate) next: usize,
}
fn update(array: &Bound<'_, Array>, operation: Binary, other: &Bound<'_, PyAny>) -> PyResult<()> {
    let view = array.as_super().get().view();
    let result = calculate(
        operation,
        Operand::Array(view.clone()),
        Operand::expect(other)?,
    )?;
    if !result.dtype().casts_to(view.dtype()) {
        return Err(PyTypeError::new_err(format!(
            "Cannot cast ufunc '{}' output from dtype('{}') to dtype('{}') with casting rule 'same_kind'",
            operation.name(),
            result.dtype().name(),
            view.dtype().name()
        )));
    }
    if result.shape() != view.shape() {
        return Err(PyValueError::new_err(format!(
            "non-broadcastable output operand with shape {} doesn't match the broadcast shape {}",
            tuple(view.shape()),
            tuple(result.shape())
        )));
    }
    view.assign(&result)
}
#[pymethods]
impl Array {
    fn __setitem__(
        slf: &Bound<'_, Self>,
        index: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let view = slf.as_super().get().view();
        view.check_writeable()?;
        let selection = Selection::new(view, index)?;
        let value = match Operand::expect(value)? {
            Operand::Array(_) if selection.is_element && value.is_instance_of::<PyList>() => {
                return Err(PyTypeError::new_err(
                    "an element is a number, and not a list",
                ));
            }
            Operand::Array(value) => value,
            Operand::Literal(literal) => {
                dispatch!(view.dtype(), T => View::scalar(literal.to::<T>()?))
            }
        };
        selection.set(&value)
    }
    fn __iadd__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        update(slf, Binary::Add, other)
    }
    fn __isub__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        update(slf, Binary::Subtract, other)
    }
    fn __imul__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        update(slf, Binary::Multiply, other)
    }
    fn __itruediv__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        update(slf, Binary::Divide, other)
    }
    fn __ifloordiv__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        update(slf, Binary::FloorDivide, other)
    }
    fn __imod__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        update(slf, Binary::Remainder, other)
    }
    fn __ipow__(
        slf: &Bound<'_, Self>,
        other: &Bound<'_, PyAny>,
        _modulus: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        update(slf, Binary::Power, other)
    }
    fn __iand__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        update(slf, Binary::And, other)
    }
    fn __ior__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        update(slf, Binary::Or, other)
    }
    fn __ixor__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        update(slf, Binary::Xor, other)
    }
    fn __ilshift__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        update(slf, Binary::LeftShift, other)
    }
    fn __irshift__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>) -> PyResult<()> {
        update(slf, Binary::RightShift, other)
    }
}

#[pymethods]
impl Scalar {
    fn __hash__(slf: &Bound<'_, Self>) -> PyResult<isize> {
        to_number(slf.as_super().get().view(), slf.py())?.hash()
    }
    // NB: a class with a hash of its own does not inherit comparisons
    fn __richcmp__(slf: &Bound<'_, Self>, other: &Bound<'_, PyAny>, how: CompareOp) -> Object {
        slf.as_super().get().__richcmp__(slf.py(), other, how)
    }
}

#[pymethods]
impl Flags {
    fn __getitem__(&self, name: &str) -> PyResult<bool> {
        match name {
            "C_CONTIGUOUS" | "C" => Ok(self.c_contiguous),
            "F_CONTIGUOUS" | "F" => Ok(self.f_contiguous),
            "WRITEABLE" | "W" => Ok(self.writeable),
            _ => Err(PyKeyError::new_err("Unknown flag")),
        }
    }
}

#[pymethods]
impl Elements {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }
    fn __next__(&mut self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        if self.next >= self.view.shape()[0] {
            return Ok(None);
        }
        let (shape, strides) = (&self.view.shape()[1..], &self.view.strides()[1..]);
        let offset = signed(self.next) * self.view.strides()[0];
        self.next += 1;
        new_result(
            py,
            self.view.derive(offset, shape.to_vec(), strides.to_vec()),
        )
        .map(Some)
    }
}
