//! The class `dtype`: the type of an array's elements as a Python object.

use std::hash::{DefaultHasher, Hash, Hasher};

use pyo3::basic::CompareOp;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyType};

use crate::class::new_result;
use crate::dtype::{Dtype, DtypeExt};
use crate::literal::to_array;

/// The type of an array's elements. It can be called to make a scalar.
#[pyclass(frozen, name = "dtype", module = "pipeline_array")]
#[derive(Debug)]
pub struct DtypeObject {
    dtype: Dtype,
}

impl From<Dtype> for DtypeObject {
    fn from(dtype: Dtype) -> Self {
        Self { dtype }
    }
}

/// A dtype, its name or code, or Python's `bool`, `int` or `float`.
///
/// # Errors
/// `TypeError`.
pub fn read_dtype(value: &Bound<'_, PyAny>) -> PyResult<Dtype> {
    let py = value.py();
    if let Ok(object) = value.cast::<DtypeObject>() {
        return Ok(object.get().dtype);
    }
    if let Ok(class) = value.cast::<PyType>() {
        let classes = [
            (py.get_type::<PyBool>(), Dtype::Bool),
            (py.get_type::<PyInt>(), Dtype::Int64),
            (py.get_type::<PyFloat>(), Dtype::Float64),
        ];
        if let Some((_, dtype)) = classes.iter().find(|(known, _)| class.is(known)) {
            return Ok(*dtype);
        }
    }
    // NB: numpy's own types and dtypes have a name
    let text = value.getattr("__name__").or_else(|_| value.getattr("name"));
    let text = text.unwrap_or_else(|_| value.clone());
    let text = text.extract::<String>().unwrap_or_default();
    Dtype::parse(&text).ok_or_else(|| match value.repr() {
        Ok(value) => PyTypeError::new_err(format!(
            "data type {value} not understood: it is bool, int8 to int64, uint8 to uint64, float32 or \
             float64, in native byte order"
        )),
        Err(error) => error,
    })
}

#[pymethods]
impl DtypeObject {
    #[new]
    fn new(dtype: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(read_dtype(dtype)?.into())
    }
    #[getter]
    fn name(&self) -> &'static str {
        self.dtype.name()
    }
    #[getter]
    fn itemsize(&self) -> usize {
        self.dtype.item_size()
    }
    #[getter]
    fn kind(&self) -> char {
        self.dtype.letter()
    }
    /// The code of `struct`.
    #[getter]
    fn char(&self) -> &'static str {
        self.dtype.format().to_str().unwrap_or_default()
    }
    /// Byte order, kind and size.
    #[getter]
    fn str(&self) -> String {
        let order = match self.dtype.item_size() {
            1 => '|',
            _ if cfg!(target_endian = "little") => '<',
            _ => '>',
        };
        format!("{order}{}{}", self.dtype.letter(), self.dtype.item_size())
    }
    fn __call__(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        new_result(py, to_array(value, Some(self.dtype))?)
    }
    fn __richcmp__(&self, py: Python<'_>, other: &Bound<'_, PyAny>, how: CompareOp) -> Py<PyAny> {
        let equal = read_dtype(other).is_ok_and(|other| other == self.dtype);
        match how {
            CompareOp::Eq => PyBool::new(py, equal).to_owned().into_any().unbind(),
            CompareOp::Ne => PyBool::new(py, !equal).to_owned().into_any().unbind(),
            _ => py.NotImplemented(),
        }
    }
    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.dtype.name().hash(&mut hasher);
        hasher.finish()
    }
    fn __repr__(&self) -> String {
        format!("dtype('{}')", self.dtype.name())
    }
    fn __str__(&self) -> &'static str {
        self.dtype.name()
    }
}
