//! `pipeline_array` as an extension module.

use pyo3::prelude::*;

/// The module.
#[pymodule]
fn pipeline_array(module: &Bound<'_, PyModule>) -> PyResult<()> {
    ::pipeline_array::register(module)
}
