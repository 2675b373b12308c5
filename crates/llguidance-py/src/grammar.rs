//! Grammars as Python has them: a string, or an object that stands for JSON.

use anyhow::Result;
use llguidance::api::{GrammarInit, ParserLimits, TopLevelGrammar, ValidationResult};
use llguidance::toktrie::TokEnv;
use pyo3::exceptions::PyValueError;
use pyo3::types::{
    PyAnyMethods, PyBool, PyDict, PyDictMethods, PyFloat, PyInt, PyList, PyListMethods, PyString,
    PyStringMethods, PyTuple, PyTupleMethods,
};
use pyo3::{Bound, PyAny, PyResult};
use serde_json::{Map, Number, Value};

/// A Python object as JSON.
///
/// # Errors
/// A `ValueError` for what JSON has no form of, and for integers beyond 64 bits.
pub(crate) fn to_json(object: &Bound<'_, PyAny>) -> PyResult<Value> {
    let refused =
        || PyValueError::new_err(format!("Value is not JSON serializable: {}", shown(object)));
    if object.is_none() {
        Ok(Value::Null)
    } else if let Ok(value) = object.cast::<PyBool>() {
        Ok(Value::Bool(value.is_truthy()?))
    } else if let Ok(value) = object.cast::<PyString>() {
        Ok(Value::String(value.extract()?))
    } else if object.is_instance_of::<PyInt>() {
        object
            .extract::<i64>()
            .map(Number::from)
            .or_else(|_| object.extract::<u64>().map(Number::from))
            .map(Value::Number)
            .map_err(|_| refused())
    } else if object.is_instance_of::<PyFloat>() {
        Number::from_f64(object.extract()?)
            .map(Value::Number)
            .ok_or_else(refused)
    } else if let Ok(list) = object.cast::<PyList>() {
        list.iter().map(|item| to_json(&item)).collect()
    } else if let Ok(tuple) = object.cast::<PyTuple>() {
        tuple.iter().map(|item| to_json(&item)).collect()
    } else if let Ok(dict) = object.cast::<PyDict>() {
        let mut map = Map::new();
        for (key, value) in dict.iter() {
            map.insert(shown(&key), to_json(&value)?);
        }
        Ok(Value::Object(map))
    } else {
        Err(refused())
    }
}

/// `str(object)`, or its type where that fails.
fn shown(object: &Bound<'_, PyAny>) -> String {
    object.str().map_or_else(
        |_| object.get_type().to_string(),
        |text| text.to_string_lossy().into_owned(),
    )
}

/// JSON given as a string, or as the object that it would be parsed to.
///
/// # Errors
/// A `ValueError` if the string is not JSON, or the object has no form in it.
pub(crate) fn json_from(object: &Bound<'_, PyAny>) -> PyResult<Value> {
    match object.cast::<PyString>() {
        Ok(text) => serde_json::from_str(text.extract()?).map_err(crate::value_error),
        Err(_) => to_json(object),
    }
}

/// A grammar as text: Lark, or a list of grammars as JSON.
///
/// # Errors
/// What is wrong with it, as far as that shows before it is compiled.
pub(crate) fn from_text(grammar: &str) -> Result<TopLevelGrammar> {
    TopLevelGrammar::from_lark_or_grammar_list(grammar)
}

/// A grammar as a matcher takes it: Lark, or a list of grammars as JSON or as objects.
///
/// # Errors
/// What is wrong with it, as far as that shows before it is compiled.
pub(crate) fn parse(grammar: &Bound<'_, PyAny>) -> Result<TopLevelGrammar> {
    match grammar.cast::<PyString>() {
        Ok(text) => from_text(text.extract()?),
        Err(_) => Ok(serde_json::from_value(to_json(grammar)?)?),
    }
}

/// Whether a grammar compiles.
pub(crate) fn validate(
    grammar: Result<TopLevelGrammar>,
    tok_env: Option<TokEnv>,
    limits: ParserLimits,
) -> ValidationResult {
    match grammar {
        Ok(grammar) => GrammarInit::Serialized(grammar).validate(tok_env, limits),
        Err(error) => ValidationResult::Error(error.to_string()),
    }
}

/// A grammar as the string that matchers take, after a check if that is asked for.
///
/// # Errors
/// A `ValueError` if the grammar is checked and does not compile.
pub(crate) fn serialized(grammar: TopLevelGrammar, check: bool) -> PyResult<String> {
    let text = serde_json::to_string(&grammar).map_err(crate::value_error)?;
    if check {
        let result = validate(Ok(grammar), None, ParserLimits::default());
        if let ValidationResult::Error(error) = result {
            return Err(crate::value_error(error));
        }
    }
    Ok(text)
}
