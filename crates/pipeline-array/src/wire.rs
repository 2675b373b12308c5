//! Arrays as JSON carries them, in the form of [`pipeline::array`]: to and from `Array`, and numpy's own
//! where Python has numpy.

use std::sync::Arc;

use pipeline::Value;
use pipeline::array::{self, Contiguous};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyString};
use serde_json::json;

use crate::buffer;
use crate::class::{Values, new_array};
use crate::literal::to_number;
use crate::memory::Memory;
use crate::view::{Order, View, contiguous};

/// What a Python object is in JSON.
#[derive(Debug)]
pub enum Marshaled<'py> {
    /// An array in its JSON form.
    Array(Value),
    /// A scalar's bool, int or float.
    Number(Bound<'py, PyAny>),
}

/// The JSON form of an `Array` or one of numpy's, and the number of a scalar; `None` of anything
/// else. Elements that lie in C order are not copied before they are encoded.
///
/// # Errors
/// `TypeError`: an array of numpy's with elements of a type that the form does not have.
pub fn marshal<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Marshaled<'py>>> {
    if let Ok(values) = object.cast::<Values>() {
        let view = values.get().view();
        return if values.get().is_scalar() {
            to_number(view, object.py()).map(|number| Some(Marshaled::Number(number)))
        } else {
            encode(view).map(|value| Some(Marshaled::Array(value)))
        };
    }
    let modules = object.py().import("sys")?.getattr("modules")?;
    let Ok(numpy) = modules.get_item("numpy") else {
        return Ok(None);
    };
    if object.is_instance(&numpy.getattr("generic")?)? {
        return Ok(Some(Marshaled::Number(object.call_method0("item")?)));
    }
    if !object.is_instance(&numpy.getattr("ndarray")?)? {
        return Ok(None);
    }
    match buffer::borrow(object)? {
        Some(view) => encode(&view).map(|value| Some(Marshaled::Array(value))),
        None => Ok(None),
    }
}

/// The array of a JSON form: numpy's where it can be imported, otherwise an `Array`; on memory of
/// its own, in C order.
///
/// # Errors
/// `ValueError`: the form is not as it should be. The message names the field.
pub fn unmarshal<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    let array = decode(py, value)?;
    match py.import("numpy") {
        Ok(numpy) => numpy.call_method1("asarray", (array,)),
        Err(_) => Ok(array),
    }
}

fn encode(view: &View) -> PyResult<Value> {
    let contiguous = Contiguous {
        c: view.is_c_contiguous(),
        f: view.is_f_contiguous(),
    };
    view.with_bytes(|bytes| {
        Ok(array::Array::encode(
            view.dtype(),
            view.shape(),
            contiguous,
            bytes,
        ))
    })
}

fn decode<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    let array = array::Array::from_json(value);
    let array = array.map_err(|error| PyValueError::new_err(error.to_string()))?;
    let (dtype, shape) = (array.dtype(), array.shape().to_vec());
    let strides = contiguous(&shape, dtype.item_size(), Order::C);
    let memory = Arc::new(Memory::of(array.into_words(), true));
    Ok(new_array(py, View::new(memory, dtype, 0, shape, strides)?)?.into_bound(py))
}

/// An array as the dictionary that is its JSON form.
#[pyfunction]
pub(crate) fn to_wire<'py>(array: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    let py = array.py();
    let Some(Marshaled::Array(value)) = marshal(array)? else {
        return Err(PyTypeError::new_err(format!(
            "{} is no array",
            array.get_type().name()?
        )));
    };
    let meta = &value["array"]["meta"];
    let wire = PyDict::new(py);
    let (inner, outer) = (PyDict::new(py), PyDict::new(py));
    let shape = meta["shape"]
        .as_array()
        .into_iter()
        .flatten()
        .map(Value::as_u64);
    inner.set_item("shape", shape.collect::<Vec<_>>())?;
    inner.set_item("dtype", meta["dtype"].as_str())?;
    inner.set_item("size", meta["size"].as_u64())?;
    inner.set_item("c_contiguous", meta["c_contiguous"].as_bool())?;
    inner.set_item("f_contiguous", meta["f_contiguous"].as_bool())?;
    outer.set_item("meta", inner)?;
    outer.set_item("data", value["array"]["data"].as_str())?;
    wire.set_item("__numpy__", true)?;
    wire.set_item("array", outer)?;
    Ok(wire)
}

/// The array of a dictionary that is its JSON form.
#[pyfunction]
pub(crate) fn from_wire<'py>(wire: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    decode(wire.py(), &to_value(wire, 5)?)
}

/// A Python value as one of JSON, as far as the form is deep. What it is not made of is null.
fn to_value(value: &Bound<'_, PyAny>, depth: usize) -> PyResult<Value> {
    let Some(below) = depth.checked_sub(1) else {
        return Ok(Value::Null);
    };
    if let Ok(dict) = value.cast::<PyDict>() {
        let entries = dict
            .iter()
            .map(|(key, value)| Ok((key.extract()?, to_value(&value, below)?)));
        return entries.collect::<PyResult<_>>().map(Value::Object);
    }
    Ok(if let Ok(text) = value.cast::<PyString>() {
        json!(text.to_str()?)
    } else if let Ok(flag) = value.cast::<PyBool>() {
        json!(flag.is_true())
    } else if let Ok(number) = value.extract::<i64>() {
        json!(number)
    } else if let Ok(items) = value.extract::<Vec<Bound<'_, PyAny>>>() {
        let items = items.iter().map(|item| to_value(item, below));
        Value::Array(items.collect::<PyResult<_>>()?)
    } else {
        Value::Null
    })
}
