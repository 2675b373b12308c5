//! What arrays and scalars have in common, as numpy has `ndarray` and its scalars: a scalar is what
//! operations give that have no dimensions left. It has the methods of an array, but no one can change
//! it, and it can be hashed.

use std::ffi::c_int;

use pyo3::basic::CompareOp;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt, PyTuple};

use crate::array::{Array, Elements, Flags, Scalar};
use crate::buffer;
use crate::dtype::{Dtype, DtypeExt, Kind, dispatch};
use crate::dtype_object::{DtypeObject, read_dtype};
use crate::functions::{clip, permutation, read_axes, read_axis, read_shape};
use crate::index::Selection;
use crate::literal::{Operand, first, to_list, to_number};
use crate::operation::{Binary, Unary};
use crate::reduction::Reduction;
use crate::view::{Order, View, signed, tuple};

/// What arrays and scalars have in common.
#[pyclass(subclass, frozen, module = "pipeline_array")]
#[derive(Debug)]
pub struct Values {
    view: View,
    is_scalar: bool,
}

/// What a method returns.
pub type Object = PyResult<Py<PyAny>>;

/// An array as a Python object.
///
/// # Errors
/// `MemoryError`.
pub fn new_array(py: Python<'_>, view: View) -> Object {
    let base = PyClassInitializer::from(Values {
        view,
        is_scalar: false,
    });
    Ok(Py::new(py, base.add_subclass(Array))?.into_any())
}

/// The result of an operation as a Python object: a scalar, if it has no dimensions.
///
/// # Errors
/// `MemoryError`.
pub fn new_result(py: Python<'_>, view: View) -> Object {
    if !view.shape().is_empty() {
        return new_array(py, view);
    }
    let view = dispatch!(view.dtype(), T => View::scalar(first::<T>(&view)));
    let base = PyClassInitializer::from(Values {
        view,
        is_scalar: true,
    });
    Ok(Py::new(py, base.add_subclass(Scalar))?.into_any())
}

impl Values {
    /// The elements.
    #[must_use]
    pub fn view(&self) -> &View {
        &self.view
    }

    /// Whether it is a scalar.
    #[must_use]
    pub fn is_scalar(&self) -> bool {
        self.is_scalar
    }

    /// As a Python object of the same class.
    fn alike(&self, py: Python<'_>, view: View) -> Object {
        if self.is_scalar {
            new_result(py, view)
        } else {
            new_array(py, view)
        }
    }

    fn operand(&self) -> Operand {
        Operand::Array(self.view.clone())
    }

    fn binary(&self, py: Python<'_>, operation: Binary, other: &Bound<'_, PyAny>) -> Object {
        match Operand::read(other)? {
            Some(other) => new_result(py, calculate(operation, self.operand(), other)?),
            None => Ok(py.NotImplemented()),
        }
    }

    fn reflected(&self, py: Python<'_>, operation: Binary, other: &Bound<'_, PyAny>) -> Object {
        match Operand::read(other)? {
            Some(other) => new_result(py, calculate(operation, other, self.operand())?),
            None => Ok(py.NotImplemented()),
        }
    }

    fn reduce(
        &self,
        py: Python<'_>,
        reduction: Reduction,
        axis: Option<&Bound<'_, PyAny>>,
        keepdims: bool,
    ) -> Object {
        let dimensions = self.view.shape().len();
        let axes = read_axes(axis, dimensions)?;
        if reduction == Reduction::Mean
            && dimensions == 0
            && axis.is_some_and(|axis| !axis.is_instance_of::<PyTuple>())
        {
            // NB: numpy's mean is the one that does not pass it for an array of one dimension
            read_axis(py, 0, dimensions)?;
        }
        let mut reduced = reduction.apply(&self.view, &axes)?;
        if keepdims {
            let mut shape = self.view.shape().to_vec();
            for &axis in &axes {
                shape[axis] = 1;
            }
            let shape = shape
                .iter()
                .map(|&length| signed(length))
                .collect::<Vec<_>>();
            reduced = reduced.reshape(&shape, Order::C)?;
        }
        new_result(py, reduced)
    }

    fn number<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if !self.view.shape().is_empty() {
            return Err(PyTypeError::new_err(
                "only 0-dimensional arrays can be converted to Python scalars",
            ));
        }
        to_number(&self.view, py)
    }
}

/// # Errors
/// As of the operation.
pub fn calculate(operation: Binary, a: Operand, b: Operand) -> PyResult<View> {
    let is_bool = matches!(&a, Operand::Array(view) if view.dtype() == Dtype::Bool);
    let exponent = match (operation, &b) {
        (Binary::Power, Operand::Literal(literal)) => literal.to::<f64>().ok(),
        _ => None,
    };
    let operands = [a, b];
    let common = Operand::common(&operands);
    let dtype = operation.dtype(common)?;
    let [a, b] = operands;
    let (a, b) = (a.view(dtype)?, b.view(dtype)?);
    // NB: as numpy does it, because the general power may be off by a bit
    match exponent {
        Some(2.0) if dtype.kind() == Kind::Float => Binary::Multiply.apply(&a, &a, dtype),
        Some(2.0) if dtype == Dtype::Int64 && is_bool => a.copy(Dtype::Int8, Order::K),
        Some(0.5) if dtype.kind() == Kind::Float => {
            Unary::SquareRoot.apply(&a.copy(dtype, Order::K)?)
        }
        Some(-1.0) if dtype.kind() == Kind::Float => {
            Binary::Divide.apply(&View::scalar(1.0_f64), &a, dtype)
        }
        _ => operation.apply(&a, &b, dtype),
    }
}

#[pymethods]
impl Values {
    #[getter]
    fn dtype(&self) -> DtypeObject {
        DtypeObject::from(self.view.dtype())
    }
    #[getter]
    fn shape<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.view.shape())
    }
    #[getter]
    fn strides<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.view.strides())
    }
    #[getter]
    fn ndim(&self) -> usize {
        self.view.shape().len()
    }
    #[getter]
    fn size(&self) -> usize {
        self.view.size()
    }
    #[getter]
    fn itemsize(&self) -> usize {
        self.view.dtype().item_size()
    }
    #[getter]
    fn nbytes(&self) -> usize {
        self.view.size() * self.view.dtype().item_size()
    }
    #[getter]
    fn flags(&self) -> Flags {
        Flags {
            c_contiguous: self.view.is_c_contiguous(),
            f_contiguous: self.view.is_f_contiguous(),
            writeable: self.view.is_writeable(),
        }
    }
    #[getter(T)]
    fn transposed(&self, py: Python<'_>) -> Object {
        self.alike(py, self.view.transpose())
    }

    /// The bytes of the elements, in C or Fortran order.
    #[pyo3(signature = (order = "C"))]
    fn tobytes<'py>(&self, py: Python<'py>, order: &str) -> PyResult<Bound<'py, PyBytes>> {
        let fortran = match Order::parse(order)? {
            Order::F => true,
            Order::C => false,
            Order::A | Order::K => self.view.is_f_contiguous() && !self.view.is_c_contiguous(),
        };
        let view = if fortran {
            &self.view.transpose()
        } else {
            &self.view
        };
        view.with_bytes(|bytes| Ok(PyBytes::new(py, bytes)))
    }

    /// The elements as nested lists, or as one number.
    fn tolist<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_list(&self.view, py)
    }

    /// A single element as a number: the only one, or that of an index.
    #[pyo3(signature = (*index))]
    fn item<'py>(
        &self,
        py: Python<'py>,
        index: &Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if index.is_empty() {
            return to_number(&self.view, py);
        }
        let flat = index.len() == 1 && self.view.shape().len() != 1;
        let view = if flat {
            &self.view.reshape(&[-1], Order::C)?
        } else {
            &self.view
        };
        let selection = Selection::new(view, index)?;
        if !selection.is_element {
            return Err(PyValueError::new_err(
                "incorrect number of indices for array",
            ));
        }
        to_number(&selection.get()?, py)
    }

    /// A copy, in C order unless another is asked for.
    #[pyo3(signature = (order = "C"))]
    fn copy(&self, py: Python<'_>, order: &str) -> Object {
        self.alike(py, self.view.copy(self.view.dtype(), Order::parse(order)?)?)
    }
    fn __copy__(&self, py: Python<'_>) -> Object {
        self.copy(py, "K")
    }
    fn __deepcopy__(&self, py: Python<'_>, _memo: &Bound<'_, PyAny>) -> Object {
        self.copy(py, "K")
    }

    /// The elements as another type.
    #[pyo3(signature = (dtype, order = "K", copy = true))]
    fn astype(&self, py: Python<'_>, dtype: &Bound<'_, PyAny>, order: &str, copy: bool) -> Object {
        let dtype = read_dtype(dtype)?;
        if !copy && dtype == self.view.dtype() {
            return self.alike(py, self.view.clone());
        }
        self.alike(py, self.view.copy(dtype, Order::parse(order)?)?)
    }

    /// With another shape, of which one length may be -1; without a copy where that is possible.
    #[pyo3(signature = (*shape, order = "C"))]
    fn reshape(&self, py: Python<'_>, shape: &Bound<'_, PyTuple>, order: &str) -> Object {
        new_array(
            py,
            self.view
                .reshape(&read_shape(shape)?, Order::parse(order)?)?,
        )
    }

    /// In one dimension; without a copy where that is possible.
    #[pyo3(signature = (order = "C"))]
    fn ravel(&self, py: Python<'_>, order: &str) -> Object {
        let order = match Order::parse(order)? {
            Order::K => Order::A,
            order => order,
        };
        new_array(py, self.view.reshape(&[-1], order)?)
    }

    /// In one dimension, as a copy.
    #[pyo3(signature = (order = "C"))]
    fn flatten(&self, py: Python<'_>, order: &str) -> Object {
        let copy = self.view.copy(self.view.dtype(), Order::K)?;
        new_array(py, copy.reshape(&[-1], Order::parse(order)?)?)
    }

    /// With its axes in another order, in reverse if none is given.
    #[pyo3(signature = (*axes))]
    fn transpose(&self, py: Python<'_>, axes: &Bound<'_, PyTuple>) -> Object {
        let axes = permutation(axes, self.view.shape().len())?;
        self.alike(py, self.view.permute(&axes))
    }

    #[pyo3(signature = (axis = None, keepdims = false))]
    fn sum(&self, py: Python<'_>, axis: Option<&Bound<'_, PyAny>>, keepdims: bool) -> Object {
        self.reduce(py, Reduction::Sum, axis, keepdims)
    }
    #[pyo3(signature = (axis = None, keepdims = false))]
    fn prod(&self, py: Python<'_>, axis: Option<&Bound<'_, PyAny>>, keepdims: bool) -> Object {
        self.reduce(py, Reduction::Product, axis, keepdims)
    }
    #[pyo3(signature = (axis = None, keepdims = false))]
    fn mean(&self, py: Python<'_>, axis: Option<&Bound<'_, PyAny>>, keepdims: bool) -> Object {
        self.reduce(py, Reduction::Mean, axis, keepdims)
    }
    #[pyo3(signature = (axis = None, keepdims = false))]
    fn min(&self, py: Python<'_>, axis: Option<&Bound<'_, PyAny>>, keepdims: bool) -> Object {
        self.reduce(py, Reduction::Minimum, axis, keepdims)
    }
    #[pyo3(signature = (axis = None, keepdims = false))]
    fn max(&self, py: Python<'_>, axis: Option<&Bound<'_, PyAny>>, keepdims: bool) -> Object {
        self.reduce(py, Reduction::Maximum, axis, keepdims)
    }
    #[pyo3(signature = (axis = None, keepdims = false))]
    fn any(&self, py: Python<'_>, axis: Option<&Bound<'_, PyAny>>, keepdims: bool) -> Object {
        self.reduce(py, Reduction::Any, axis, keepdims)
    }
    #[pyo3(signature = (axis = None, keepdims = false))]
    fn all(&self, py: Python<'_>, axis: Option<&Bound<'_, PyAny>>, keepdims: bool) -> Object {
        self.reduce(py, Reduction::All, axis, keepdims)
    }
    /// The index of the least element, in C order if no axis is given.
    #[pyo3(signature = (axis = None, keepdims = false))]
    fn argmin(&self, py: Python<'_>, axis: Option<&Bound<'_, PyInt>>, keepdims: bool) -> Object {
        let axis = axis.map(Bound::as_any);
        self.reduce(py, Reduction::IndexOfMinimum, axis, keepdims)
    }
    /// The index of the greatest element, in C order if no axis is given.
    #[pyo3(signature = (axis = None, keepdims = false))]
    fn argmax(&self, py: Python<'_>, axis: Option<&Bound<'_, PyInt>>, keepdims: bool) -> Object {
        let axis = axis.map(Bound::as_any);
        self.reduce(py, Reduction::IndexOfMaximum, axis, keepdims)
    }

    /// The elements, but for those beyond a limit, which become it.
    #[pyo3(signature = (min = None, max = None))]
    fn clip(
        &self,
        py: Python<'_>,
        min: Option<&Bound<'_, PyAny>>,
        max: Option<&Bound<'_, PyAny>>,
    ) -> Object {
        new_result(py, clip(self.operand(), min, max)?)
    }

    fn __len__(&self) -> PyResult<usize> {
        let length = self.view.shape().first().copied();
        length.ok_or_else(|| PyTypeError::new_err("len() of unsized object"))
    }
    fn __iter__(&self) -> PyResult<Elements> {
        if self.view.shape().is_empty() {
            return Err(PyTypeError::new_err("iteration over a 0-d array"));
        }
        Ok(Elements {
            view: self.view.clone(),
            next: 0,
        })
    }
    fn __getitem__(&self, py: Python<'_>, index: &Bound<'_, PyAny>) -> Object {
        let selection = Selection::new(&self.view, index)?;
        let selected = selection.get()?;
        if selection.is_element {
            new_result(py, selected)
        } else {
            new_array(py, selected)
        }
    }

    pub(crate) fn __richcmp__(
        &self,
        py: Python<'_>,
        other: &Bound<'_, PyAny>,
        how: CompareOp,
    ) -> Object {
        match Operand::read(other)? {
            Some(other) => new_result(py, other.compare(how, &self.view)?),
            None => Ok(py.NotImplemented()),
        }
    }
    fn __contains__(&self, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        let Some(value) = Operand::read(value)? else {
            return Ok(false);
        };
        let equal = value
            .compare(CompareOp::Eq, &self.view)?
            .reshape(&[-1], Order::C)?;
        Ok(first(&Reduction::Any.apply(&equal, &[0])?))
    }
    fn __add__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> Object {
        self.binary(py, Binary::Add, other)
    }
    fn __radd__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> Object {
        self.reflected(py, Binary::Add, other)
    }
    fn __sub__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> Object {
        self.binary(py, Binary::Subtract, other)
    }
    fn __rsub__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> Object {
        self.reflected(py, Binary::Subtract, other)
    }
    fn __mul__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> Object {
        self.binary(py, Binary::Multiply, other)
    }
    fn __rmul__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> Object {
        self.reflected(py, Binary::Multiply, other)
    }
    fn __truediv__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> Object {
        self.binary(py, Binary::Divide, other)
    }
    fn __rtruediv__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> Object {
        self.reflected(py, Binary::Divide, other)
    }
    fn __floordiv__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> Object {
        self.binary(py, Binary::FloorDivide, other)
    }
    fn __rfloordiv__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> Object {
        self.reflected(py, Binary::FloorDivide, other)
    }
    fn __mod__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> Object {
        self.binary(py, Binary::Remainder, other)
    }
    fn __rmod__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> Object {
        self.reflected(py, Binary::Remainder, other)
    }
    fn __pow__(
        &self,
        py: Python<'_>,
        other: &Bound<'_, PyAny>,
        modulus: &Bound<'_, PyAny>,
    ) -> Object {
        if modulus.is_none() {
            self.binary(py, Binary::Power, other)
        } else {
            Ok(py.NotImplemented())
        }
    }
    fn __rpow__(
        &self,
        py: Python<'_>,
        other: &Bound<'_, PyAny>,
        modulus: &Bound<'_, PyAny>,
    ) -> Object {
        if modulus.is_none() {
            self.reflected(py, Binary::Power, other)
        } else {
            Ok(py.NotImplemented())
        }
    }
    fn __and__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> Object {
        self.binary(py, Binary::And, other)
    }
    fn __rand__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> Object {
        self.reflected(py, Binary::And, other)
    }
    fn __or__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> Object {
        self.binary(py, Binary::Or, other)
    }
    fn __ror__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> Object {
        self.reflected(py, Binary::Or, other)
    }
    fn __xor__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> Object {
        self.binary(py, Binary::Xor, other)
    }
    fn __rxor__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> Object {
        self.reflected(py, Binary::Xor, other)
    }
    fn __lshift__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> Object {
        self.binary(py, Binary::LeftShift, other)
    }
    fn __rlshift__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> Object {
        self.reflected(py, Binary::LeftShift, other)
    }
    fn __rshift__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> Object {
        self.binary(py, Binary::RightShift, other)
    }
    fn __rrshift__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> Object {
        self.reflected(py, Binary::RightShift, other)
    }
    fn __neg__(&self, py: Python<'_>) -> Object {
        new_result(py, Unary::Negative.apply(&self.view)?)
    }
    fn __pos__(&self, py: Python<'_>) -> Object {
        new_result(py, Unary::Positive.apply(&self.view)?)
    }
    fn __abs__(&self, py: Python<'_>) -> Object {
        new_result(py, Unary::Absolute.apply(&self.view)?)
    }
    fn __invert__(&self, py: Python<'_>) -> Object {
        new_result(py, Unary::Invert.apply(&self.view)?)
    }

    fn __bool__(&self) -> PyResult<bool> {
        match self.view.size() {
            1 => Ok(first(&self.view)),
            0 => Err(PyValueError::new_err(
                "The truth value of an empty array is ambiguous. Use `array.size > 0` to check that an \
                 array is not empty.",
            )),
            _ => Err(PyValueError::new_err(
                "The truth value of an array with more than one element is ambiguous. Use a.any() or \
                 a.all()",
            )),
        }
    }
    fn __float__(&self, py: Python<'_>) -> PyResult<f64> {
        self.number(py)?.extract()
    }
    fn __int__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.number(py)?.call_method0("__int__")
    }
    fn __index__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self.view.dtype().kind() {
            Kind::Signed | Kind::Unsigned if self.view.shape().is_empty() => self.number(py),
            _ => Err(PyTypeError::new_err(
                "only integer scalar arrays can be converted to a scalar index",
            )),
        }
    }
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        const MOST: usize = 1000;
        let dtype = self.view.dtype().name();
        if self.view.size() > MOST || self.view.size() == 0 {
            return Ok(format!(
                "array(shape={}, dtype={dtype})",
                tuple(self.view.shape())
            ));
        }
        let list = to_list(&self.view, py)?.repr()?;
        Ok(if self.is_scalar {
            format!("{dtype}({list})")
        } else {
            format!("array({list}, dtype={dtype})")
        })
    }
    fn __str__(&self, py: Python<'_>) -> PyResult<String> {
        if !self.view.shape().is_empty() {
            return self.__repr__(py);
        }
        Ok(to_number(&self.view, py)?.str()?.to_string())
    }
    fn __format__(&self, py: Python<'_>, format: &str) -> PyResult<String> {
        if format.is_empty() {
            return self.__str__(py);
        }
        let value = if self.view.shape().is_empty() {
            to_number(&self.view, py)?
        } else {
            return Err(PyTypeError::new_err(
                "unsupported format string passed to Array.__format__",
            ));
        };
        value.call_method1("__format__", (format,))?.extract()
    }

    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        request: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        let owner = slf.clone().into_any();
        // SAFETY: Python's promise; the view lives as long as the object, which is the owner.
        unsafe { buffer::lend(slf.get().view(), owner, request, flags) }
    }
    // NB: the object is Python's to name
    #[allow(clippy::unused_self)]
    unsafe fn __releasebuffer__(&self, buffer: *mut ffi::Py_buffer) {
        // SAFETY: Python's promise.
        unsafe { buffer::release(buffer) }
    }
}
