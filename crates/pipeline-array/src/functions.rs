//! The functions that make arrays, and how their arguments are read.

use std::collections::HashSet;
use std::sync::Arc;

use pyo3::exceptions::{PyIndexError, PyTypeError, PyValueError, PyZeroDivisionError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{IntoPyDict, PyTuple, PyType};

use crate::buffer;
use crate::class::{Object, Values, new_array, new_result};
use crate::dtype::{Dtype, DtypeExt, Kind, dispatch};
use crate::dtype_object::read_dtype;
use crate::element::{Element, Number};
use crate::literal::{Literal, Operand, to_array, to_number};
use crate::memory::reserve;
use crate::operation::{Binary, Unary, choose};
use crate::view::{Order, View, axes_by_stride, signed};

/// An array of whatever can be one: numbers, nested lists, objects with a buffer. A copy, unless
/// `copy` is false and none is needed.
#[pyfunction]
#[pyo3(signature = (object, dtype = None, *, copy = true, order = "K"))]
pub fn array(
    object: &Bound<'_, PyAny>,
    dtype: Option<&Bound<'_, PyAny>>,
    copy: bool,
    order: &str,
) -> Object {
    let order = Order::parse(order)?;
    let view = to_array(object, dtype.map(read_dtype).transpose()?)?;
    let ordered = match order {
        Order::C => view.is_c_contiguous(),
        Order::F => view.is_f_contiguous(),
        Order::A | Order::K => true,
    };
    let fresh = Arc::strong_count(view.memory()) == 1 && !view.memory().is_lent();
    let view = if ordered && (fresh || !copy) {
        view
    } else {
        view.copy(view.dtype(), order)?
    };
    new_array(object.py(), view)
}

/// An array, without a copy where that is possible.
#[pyfunction]
#[pyo3(signature = (object, dtype = None))]
pub fn asarray(object: &Bound<'_, PyAny>, dtype: Option<&Bound<'_, PyAny>>) -> Object {
    array(object, dtype, false, "K")
}

/// An array of zeros.
#[pyfunction]
#[pyo3(signature = (shape, dtype = None, order = "C"))]
pub fn zeros(shape: &Bound<'_, PyAny>, dtype: Option<&Bound<'_, PyAny>>, order: &str) -> Object {
    new_array(
        shape.py(),
        filled(shape, dtype, order, Literal::Float(0.0))?,
    )
}

/// An array of ones.
#[pyfunction]
#[pyo3(signature = (shape, dtype = None, order = "C"))]
pub fn ones(shape: &Bound<'_, PyAny>, dtype: Option<&Bound<'_, PyAny>>, order: &str) -> Object {
    new_array(
        shape.py(),
        filled(shape, dtype, order, Literal::Float(1.0))?,
    )
}

/// An array of one value, or of an array that is repeated.
#[pyfunction]
#[pyo3(signature = (shape, fill_value, dtype = None, order = "C"))]
pub fn full(
    shape: &Bound<'_, PyAny>,
    fill_value: &Bound<'_, PyAny>,
    dtype: Option<&Bound<'_, PyAny>>,
    order: &str,
) -> Object {
    let dtype = dtype.map(read_dtype).transpose()?;
    // NB: a float is cast to an integer, an int is checked, as in numpy
    let is_int = matches!(Literal::read(fill_value)?, Some(Literal::Int(_)));
    let value = to_array(fill_value, dtype.filter(|_| is_int))?;
    let dtype = dtype.unwrap_or(value.dtype());
    let view = View::zeros(dtype, lengths(shape)?, Order::parse(order)?)?;
    view.assign(&value)?;
    new_array(shape.py(), view)
}

/// Numbers from a start, 0 if there is one argument only, to before a stop, by steps.
#[pyfunction]
#[pyo3(signature = (start, stop = None, step = None, dtype = None))]
pub fn arange(
    start: &Bound<'_, PyAny>,
    stop: Option<&Bound<'_, PyAny>>,
    step: Option<&Bound<'_, PyAny>>,
    dtype: Option<&Bound<'_, PyAny>>,
) -> Object {
    let (start_, stop_) = match stop {
        Some(stop) => (number(start)?, number(stop)?),
        None => (Literal::Int(0), number(start)?),
    };
    let step = step.map_or(Ok(Literal::Int(1)), number)?;
    let common = Operand::common(&[start_, stop_, step].map(Operand::Literal));
    let dtype = dtype.map_or(Ok(common), read_dtype)?;
    let (count, next) = if let (Literal::Int(start), Literal::Int(stop), Literal::Int(step)) =
        (start_, stop_, step)
    {
        if step == 0 {
            return Err(PyZeroDivisionError::new_err("division by zero"));
        }
        let span = stop.saturating_sub(start);
        let partial = i128::from(span % step != 0 && (span < 0) == (step < 0));
        let count = usize::try_from((span / step + partial).max(0)).ok();
        (count, Literal::Int(start.saturating_add(step)))
    } else {
        let (start, stop, step) = (start_.to::<f64>()?, stop_.to::<f64>()?, step.to::<f64>()?);
        if step == 0.0 {
            return Err(PyZeroDivisionError::new_err("float division by zero"));
        }
        (
            count_of(((stop - start) / step).ceil())?,
            Literal::Float(start + step),
        )
    };
    let count = count.ok_or_else(|| PyValueError::new_err("Maximum allowed size exceeded"))?;
    let view = dispatch!(
        dtype,
        number T => {
            let (first, next) = (start_.to::<T>()?, next.to::<T>()?);
            let step = next.subtract(first);
            let mut values = reserve::<T>(count)?;
            values.extend((0..count).map(|at| match at {
                1 => next,
                _ => first.add(T::from_u64(at as u64).multiply(step)),
            }));
            View::of(values, vec![count])
        },
        _ => return Err(PyTypeError::new_err("arange() is only supported for numbers"))
    );
    new_array(start.py(), view)
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss
)]
fn count_of(count: f64) -> PyResult<Option<usize>> {
    if count.is_nan() {
        return Err(PyValueError::new_err("arange: cannot compute length"));
    }
    Ok((count < isize::MAX as f64).then_some(count.max(0.0) as usize))
}

/// `num` numbers at one distance from each other, of which the first is `start`, and the last `stop`
/// unless `endpoint` is false.
#[pyfunction]
#[pyo3(signature = (start, stop, num = 50, endpoint = true, dtype = None))]
#[allow(clippy::cast_precision_loss)]
pub fn linspace(
    start: &Bound<'_, PyAny>,
    stop: &Bound<'_, PyAny>,
    num: isize,
    endpoint: bool,
    dtype: Option<&Bound<'_, PyAny>>,
) -> Object {
    let py = start.py();
    let (start, stop) = (number(start)?.to::<f64>()?, number(stop)?.to::<f64>()?);
    let count = usize::try_from(num).map_err(|_| {
        PyValueError::new_err(format!("Number of samples, {num}, must be non-negative."))
    })?;
    let dtype = dtype.map_or(Ok(Dtype::Float64), read_dtype)?;
    let parts = if endpoint {
        count.saturating_sub(1)
    } else {
        count
    } as f64;
    let step = (stop - start) / parts;
    let mut values = reserve::<f64>(count)?;
    values.extend((0..count).map(|at| {
        let from_start = match at as f64 {
            at if parts > 0.0 && step == 0.0 => at / parts * (stop - start),
            at if parts > 0.0 => at * step,
            at => at * (stop - start),
        };
        from_start + start
    }));
    if endpoint
        && count > 1
        && let Some(last) = values.last_mut()
    {
        *last = stop;
    }
    if matches!(dtype.kind(), Kind::Signed | Kind::Unsigned) {
        for value in &mut values {
            *value = value.floor();
        }
    }
    new_array(py, View::of(values, vec![count]).copy(dtype, Order::C)?)
}

/// The bytes of an object as an array of one dimension, without a copy.
#[pyfunction]
#[pyo3(signature = (buffer, dtype = None, count = -1, offset = 0))]
pub fn frombuffer(
    buffer: &Bound<'_, PyAny>,
    dtype: Option<&Bound<'_, PyAny>>,
    count: isize,
    offset: isize,
) -> Object {
    let dtype = dtype.map_or(Ok(Dtype::Float64), read_dtype)?;
    let lent = buffer::borrow(buffer)?.ok_or_else(|| {
        PyTypeError::new_err("a bytes-like object is required: give one that lends a buffer")
    })?;
    if !lent.is_c_contiguous() {
        return Err(PyValueError::new_err("ndarray is not C-contiguous"));
    }
    let bytes = lent.size() * lent.dtype().item_size();
    let from = usize::try_from(offset)
        .ok()
        .filter(|&offset| offset <= bytes)
        .ok_or_else(|| {
            PyValueError::new_err(format!(
                "offset must be non-negative and no greater than buffer length ({bytes})"
            ))
        })?;
    let left = bytes - from;
    let count = match usize::try_from(count) {
        Ok(count)
            if count
                .checked_mul(dtype.item_size())
                .is_some_and(|needed| needed <= left) =>
        {
            count
        }
        Ok(_) => {
            return Err(PyValueError::new_err(
                "buffer is smaller than requested size",
            ));
        }
        Err(_) if left.is_multiple_of(dtype.item_size()) => left / dtype.item_size(),
        Err(_) => {
            return Err(PyValueError::new_err(
                "buffer size must be a multiple of element size",
            ));
        }
    };
    let (shape, strides) = (vec![count], vec![signed(dtype.item_size())]);
    let view = View::new(lent.memory().clone(), dtype, offset, shape, strides)?;
    new_array(buffer.py(), view)
}

/// Arrays one after the other along an axis, or as they are in C order if it is None.
#[pyfunction]
#[pyo3(signature = (arrays, axis = Some(0)))]
pub fn concatenate(arrays: &Bound<'_, PyAny>, axis: Option<isize>) -> Object {
    let views = arrays.try_iter()?.map(|array| {
        let view = to_array(&array?, None)?;
        if axis.is_none() {
            view.reshape(&[-1], Order::C)
        } else {
            Ok(view)
        }
    });
    let views = views.collect::<PyResult<Vec<_>>>()?;
    let Some(first) = views.first() else {
        return Err(PyValueError::new_err(
            "need at least one array to concatenate",
        ));
    };
    let dimensions = first.shape().len();
    if dimensions == 0 {
        return Err(PyValueError::new_err(
            "zero-dimensional arrays cannot be concatenated",
        ));
    }
    let axis = read_axis(arrays.py(), axis.unwrap_or(0), dimensions)?;
    let mut shape = first.shape().to_vec();
    shape[axis] = 0;
    let mut dtype = first.dtype();
    for (at, view) in views.iter().enumerate() {
        check_beside(first, view, at, axis)?;
        dtype = dtype.promote(view.dtype());
        shape[axis] += view.shape()[axis];
    }
    let axes = axes_by_stride(&views.iter().collect::<Vec<_>>());
    let ordered = axes.iter().map(|&axis| shape[axis]).collect();
    let joined = View::zeros(dtype, ordered, Order::C)?.unpermute(&axes);
    let mut offset = 0;
    for view in &views {
        let part = joined.derive(offset, view.shape().to_vec(), joined.strides().to_vec());
        part.assign(view)?;
        offset += signed(view.shape()[axis]) * joined.strides()[axis];
    }
    new_array(arrays.py(), joined)
}

fn check_beside(first: &View, view: &View, at: usize, axis: usize) -> PyResult<()> {
    let (expected, dimensions) = (first.shape().len(), view.shape().len());
    if dimensions != expected {
        return Err(PyValueError::new_err(format!(
            "all the input arrays must have same number of dimensions, but the array at index 0 has {expected} \
             dimension(s) and the array at index {at} has {dimensions} dimension(s)"
        )));
    }
    let mut lengths = first.shape().iter().zip(view.shape()).enumerate();
    match lengths.find(|(along, (a, b))| *along != axis && a != b) {
        None => Ok(()),
        Some((along, (a, b))) => Err(PyValueError::new_err(format!(
            "all the input array dimensions except for the concatenation axis must match exactly, but \
             along dimension {along}, the array at index 0 has size {a} and the array at index {at} has \
             size {b}"
        ))),
    }
}

/// Elements of `x` where the condition holds, elsewhere of `y`.
#[pyfunction]
pub fn r#where(condition: &Bound<'_, PyAny>, x: &Bound<'_, PyAny>, y: &Bound<'_, PyAny>) -> Object {
    let operands = [Operand::expect(x)?, Operand::expect(y)?];
    let dtype = Operand::common(&operands);
    // NB: numbers are cast and not checked here, as in numpy
    let [x, y] = operands.map(Operand::strong_view);
    new_array(
        condition.py(),
        choose(&to_array(condition, None)?, &x?, &y?, dtype)?,
    )
}

/// The elements, but for those beyond a limit, which become it.
#[pyfunction(name = "clip")]
#[pyo3(signature = (a, min = None, max = None))]
pub fn clip_function(
    a: &Bound<'_, PyAny>,
    min: Option<&Bound<'_, PyAny>>,
    max: Option<&Bound<'_, PyAny>>,
) -> Object {
    new_result(a.py(), clip(Operand::expect(a)?, min, max)?)
}

/// # Errors
/// As of the operations.
pub fn clip(
    array: Operand,
    min: Option<&Bound<'_, PyAny>>,
    max: Option<&Bound<'_, PyAny>>,
) -> PyResult<View> {
    let limit = |limit: Option<&Bound<'_, PyAny>>| limit.map_or(Ok(array.clone()), Operand::expect);
    let operands = [array.clone(), limit(min)?, limit(max)?];
    let dtype = Operand::common(&operands);
    let [view, least, greatest] = operands.map(|operand| operand.within(dtype).view(dtype));
    let mut clipped = view?;
    if min.is_none() && max.is_none() {
        return Unary::Positive.apply(&clipped);
    }
    if min.is_some() {
        clipped = Binary::Maximum.apply(&clipped, &least?, dtype)?;
    }
    if max.is_some() {
        clipped = Binary::Minimum.apply(&clipped, &greatest?, dtype)?;
    }
    Ok(clipped)
}

fn filled(
    shape: &Bound<'_, PyAny>,
    dtype: Option<&Bound<'_, PyAny>>,
    order: &str,
    value: Literal,
) -> PyResult<View> {
    let dtype = dtype.map_or(Ok(Dtype::Float64), read_dtype)?;
    let view = View::zeros(dtype, lengths(shape)?, Order::parse(order)?)?;
    if value.to::<bool>()? {
        view.assign(&dispatch!(dtype, T => View::scalar(value.to::<T>()?)))?;
    }
    Ok(view)
}

fn number(value: &Bound<'_, PyAny>) -> PyResult<Literal> {
    let value = match value.cast::<Values>() {
        Ok(values) => &to_number(values.get().view(), value.py())?,
        Err(_) => value,
    };
    match Literal::read(value)? {
        Some(literal) => Ok(literal),
        None => Ok(Literal::Float(value.extract()?)),
    }
}

fn lengths(shape: &Bound<'_, PyAny>) -> PyResult<Vec<usize>> {
    let shape = read_shape(&PyTuple::new(shape.py(), [shape])?)?;
    let lengths = shape
        .into_iter()
        .map(usize::try_from)
        .collect::<Result<_, _>>();
    lengths.map_err(|_| PyValueError::new_err("negative dimensions are not allowed"))
}

/// A shape as arguments: lengths, or a sequence of them.
///
/// # Errors
/// `TypeError`.
pub fn read_shape(arguments: &Bound<'_, PyTuple>) -> PyResult<Vec<isize>> {
    let integers = |sequence: &Bound<'_, PyAny>| {
        sequence
            .try_iter()?
            .map(|length| length?.extract())
            .collect::<PyResult<Vec<isize>>>()
    };
    match arguments.len() {
        1 => {
            let only = arguments.get_item(0)?;
            only.extract()
                .map(|length| vec![length])
                .or_else(|_| integers(&only))
        }
        _ => integers(arguments),
    }
}

/// An axis, counted from the end if it is negative.
///
/// # Errors
/// `AxisError`.
pub fn read_axis(py: Python<'_>, axis: isize, dimensions: usize) -> PyResult<usize> {
    let counted = if axis < 0 {
        axis.saturating_add_unsigned(dimensions)
    } else {
        axis
    };
    match usize::try_from(counted) {
        Ok(counted) if counted < dimensions => Ok(counted),
        _ => Err(PyErr::from_type(
            axis_error(py)?.clone(),
            format!("axis {axis} is out of bounds for array of dimension {dimensions}"),
        )),
    }
}

/// Axes as an argument: none for all, one, or a tuple.
///
/// # Errors
/// `AxisError`; `ValueError` if one is named twice.
pub fn read_axes(axis: Option<&Bound<'_, PyAny>>, dimensions: usize) -> PyResult<Vec<usize>> {
    let Some(axis) = axis else {
        return Ok((0..dimensions).collect());
    };
    let axes = match axis.cast::<PyTuple>() {
        Ok(axes) => axes.extract::<Vec<isize>>()?,
        // NB: an array without dimensions passes for one of a single dimension
        Err(_) => match axis.extract()? {
            0 | -1 if dimensions == 0 => Vec::new(),
            axis => vec![axis],
        },
    };
    let axes = axes
        .into_iter()
        .map(|one| read_axis(axis.py(), one, dimensions));
    let mut axes = axes.collect::<PyResult<Vec<_>>>()?;
    axes.sort_unstable();
    if axes.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(PyValueError::new_err("duplicate value in 'axis'"));
    }
    Ok(axes)
}

/// The arguments of `transpose`: nothing, None, a sequence of axes, or axes.
///
/// # Errors
/// `ValueError`, `AxisError`.
pub fn permutation(arguments: &Bound<'_, PyTuple>, dimensions: usize) -> PyResult<Vec<usize>> {
    let none = arguments.len() == 1 && arguments.get_item(0)?.is_none();
    if arguments.is_empty() || none {
        return Ok((0..dimensions).rev().collect());
    }
    let axes = read_shape(arguments)?;
    if axes.len() != dimensions {
        return Err(PyValueError::new_err("axes don't match array"));
    }
    let axes = axes
        .into_iter()
        .map(|axis| read_axis(arguments.py(), axis, dimensions));
    let axes = axes.collect::<PyResult<Vec<_>>>()?;
    if axes.iter().collect::<HashSet<_>>().len() < dimensions {
        return Err(PyValueError::new_err("repeated axis in transpose"));
    }
    Ok(axes)
}

/// The exception for an axis that an array does not have: an error of value and of index, as in
/// numpy.
///
/// # Errors
/// `MemoryError`.
pub fn axis_error(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = CLASS.get_or_try_init(py, || {
        let bases = (py.get_type::<PyValueError>(), py.get_type::<PyIndexError>());
        let names = [("__module__", "pipeline_array")].into_py_dict(py)?;
        let class = py.get_type::<PyType>().call1(("AxisError", bases, names))?;
        Ok::<_, PyErr>(class.cast_into::<PyType>()?.unbind())
    })?;
    Ok(class.bind(py))
}
