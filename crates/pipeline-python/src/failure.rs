//! Exceptions of Python's as errors of nodes.

use pipeline::{Deadline, ErrorKind, NodeError};
use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;

use crate::{interpreter, limits};

/// The exception's own words, with its traceback.
pub(crate) fn node_error(py: Python<'_>, error: &PyErr, deadline: &Deadline) -> NodeError {
    let described = interpreter::running(py)
        .and_then(|running| running.call_method1("describe", (error.value(py),)))
        .and_then(|described| described.extract::<(String, String)>());
    // It takes memory to describe an error, and there may be none.
    let (mut message, traceback) = match described {
        Ok((message, traceback)) => (message, Some(traceback)),
        Err(_) => (error.to_string(), None),
    };
    let node_error = if limits::is_out_of_time(py, error) {
        NodeError::out_of_time(deadline)
    } else {
        let mut kind = ErrorKind::PythonVm;
        if error.is_instance_of::<PyMemoryError>(py) {
            kind = ErrorKind::Memory;
            message += ": the node needs more memory than the run may have";
        }
        NodeError::new(kind, message)
    };
    match traceback {
        Some(traceback) => node_error.with_traceback(traceback),
        None => node_error,
    }
}
