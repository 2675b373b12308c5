//! JSON as Python's values, and back. Whole numbers of any size, the digits of floats and the order
//! of keys stay as they are.

use pipeline::{Array, ErrorKind, NodeError};
use pipeline_array::wire::{self, Marshaled};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyNone, PyString, PyTuple};
use serde_json::{Map, Number, Value};

/// How deep lists and dictionaries may be nested: what `serde_json` reads, so that the output of a
/// pipeline can be the input of another.
const MAX_DEPTH: usize = 127;

/// A value of JSON for Python.
pub(crate) fn to_python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Null => PyNone::get(py).to_owned().into_any(),
        Value::Bool(value) => PyBool::new(py, *value).to_owned().into_any(),
        Value::Number(number) => number_to_python(py, number)?,
        Value::String(text) => PyString::new(py, text).into_any(),
        Value::Array(items) => {
            let list = PyList::empty(py);
            for item in items {
                list.append(to_python(py, item)?)?;
            }
            list.into_any()
        }
        Value::Object(_) if Array::is_wire(value) => wire::unmarshal(py, value)?,
        Value::Object(entries) => {
            let dict = PyDict::new(py);
            for (key, value) in entries {
                dict.set_item(key, to_python(py, value)?)?;
            }
            dict.into_any()
        }
    })
}

fn number_to_python<'py>(py: Python<'py>, number: &Number) -> PyResult<Bound<'py, PyAny>> {
    if let Some(whole) = number.as_i64() {
        return Ok(PyInt::new(py, whole).into_any());
    }
    let digits = number.to_string();
    let kind = if digits.contains(['.', 'e', 'E']) {
        py.get_type::<PyFloat>()
    } else {
        py.get_type::<PyInt>()
    };
    kind.call1((digits,))
}

/// A value of Python's as JSON.
///
/// # Errors
/// JSON has nothing like it; the message says where in the value it is.
pub(crate) fn to_json(value: &Bound<'_, PyAny>) -> Result<Value, NodeError> {
    let mut path = Vec::new();
    convert(value, &mut path).map_err(|problem| {
        let place: String = path.iter().rev().map(ToString::to_string).collect();
        NodeError::new(ErrorKind::Marshaling, format!("output{place} {problem}"))
    })
}

/// A step from the output to what cannot be converted, as Python writes it.
enum Step {
    Key(String),
    Index(usize),
}

impl std::fmt::Display for Step {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Key(key) => write!(formatter, "[{key:?}]"),
            Self::Index(index) => write!(formatter, "[{index}]"),
        }
    }
}

/// `path` is what leads to a problem, from inside to outside.
fn convert(value: &Bound<'_, PyAny>, path: &mut Vec<Step>) -> Result<Value, String> {
    nested(value, MAX_DEPTH, path)
}

fn nested(value: &Bound<'_, PyAny>, depth: usize, path: &mut Vec<Step>) -> Result<Value, String> {
    if value.is_none() {
        return Ok(Value::Null);
    }
    if let Ok(text) = value.cast::<PyString>() {
        return text
            .to_str()
            .map(|text| Value::String(text.to_owned()))
            .map_err(|_| "has half of a surrogate pair, which JSON cannot carry".to_owned());
    }
    if let Ok(value) = value.cast::<PyBool>() {
        return Ok(Value::Bool(value.is_true()));
    }
    if value.is_instance_of::<PyInt>() {
        return whole_number(value);
    }
    if let Ok(value) = value.cast::<PyFloat>() {
        // What is not finite is null, as in the output of the other nodes.
        return Ok(Number::from_f64(value.value()).map_or(Value::Null, Value::Number));
    }
    match wire::marshal(value).map_err(|error| error.to_string())? {
        Some(Marshaled::Array(array)) => return Ok(array),
        Some(Marshaled::Number(number)) => return nested(&number, depth, path),
        None => (),
    }
    let Some(inside) = depth.checked_sub(1) else {
        return Err(format!("is nested more than {MAX_DEPTH} deep"));
    };
    if let Ok(dict) = value.cast::<PyDict>() {
        let mut object = Map::with_capacity(dict.len());
        for (key, value) in dict {
            let key = key_of(&key)?;
            match nested(&value, inside, path) {
                Ok(value) => object.insert(key, value),
                Err(problem) => {
                    path.push(Step::Key(key));
                    return Err(problem);
                }
            };
        }
        return Ok(Value::Object(object));
    }
    let items: Vec<_> = if let Ok(list) = value.cast::<PyList>() {
        list.iter().collect()
    } else if let Ok(tuple) = value.cast::<PyTuple>() {
        tuple.iter().collect()
    } else {
        let kind = value.get_type();
        let name = kind
            .qualname()
            .map_or_else(|_| "?".to_owned(), |name| name.to_string());
        return Err(format!(
            "is of the type {name}, which JSON has not: return numbers, strings, lists and dictionaries"
        ));
    };
    let mut array = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        match nested(item, inside, path) {
            Ok(item) => array.push(item),
            Err(problem) => {
                path.push(Step::Index(index));
                return Err(problem);
            }
        }
    }
    Ok(Value::Array(array))
}

fn whole_number(value: &Bound<'_, PyAny>) -> Result<Value, String> {
    if let Ok(number) = value.extract::<i64>() {
        return Ok(number.into());
    }
    // An enumeration's member prints its name.
    let digits = value
        .py()
        .get_type::<PyInt>()
        .call_method1("__repr__", (value,))
        .and_then(|digits| digits.extract::<String>())
        .map_err(|error| error.to_string())?;
    digits
        .parse()
        .map(Value::Number)
        .map_err(|error| error.to_string())
}

/// The key of a dictionary, as Python's json module writes it.
fn key_of(key: &Bound<'_, PyAny>) -> Result<String, String> {
    if let Ok(text) = key.cast::<PyString>() {
        return text.to_str().map(ToOwned::to_owned).map_err(|_| {
            "has a key with half of a surrogate pair, which JSON cannot carry".to_owned()
        });
    }
    match nested(key, 0, &mut Vec::new()) {
        Ok(value) => Ok(value.to_string()),
        Err(_) => Err(format!(
            "has the key {key}, and JSON's keys are strings: write str(…)"
        )),
    }
}
