//! Arrays of numbers for Python where there is no numpy, which is so in WASM.
//!
//! [`register`] puts the class `Array` and its functions into a module. They behave as numpy's do, as
//! far as they go: the results are compared with numpy's in `tests/`.

mod array;
mod buffer;
mod class;
mod dtype;
mod dtype_object;
mod element;
mod functions;
mod index;
mod literal;
mod memory;
mod operation;
mod reduction;
mod view;
mod walk;
pub mod wire;

use pyo3::prelude::*;

use array::{Array, Scalar};
use dtype::{Dtype, DtypeExt};
use dtype_object::DtypeObject;

/// Adds the classes, functions and dtypes to a module.
///
/// # Errors
/// `MemoryError`.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add_class::<Array>()?;
    module.add_class::<Scalar>()?;
    module.add_class::<DtypeObject>()?;
    module.add("ndarray", py.get_type::<Array>())?;
    module.add("AxisError", functions::axis_error(py)?)?;
    module.add("newaxis", py.None())?;
    for dtype in Dtype::ALL {
        module.add(dtype.name(), DtypeObject::from(dtype))?;
    }
    module.add_function(wrap_pyfunction!(functions::array, module)?)?;
    module.add_function(wrap_pyfunction!(functions::asarray, module)?)?;
    module.add_function(wrap_pyfunction!(functions::zeros, module)?)?;
    module.add_function(wrap_pyfunction!(functions::ones, module)?)?;
    module.add_function(wrap_pyfunction!(functions::full, module)?)?;
    module.add_function(wrap_pyfunction!(functions::arange, module)?)?;
    module.add_function(wrap_pyfunction!(functions::linspace, module)?)?;
    module.add_function(wrap_pyfunction!(functions::frombuffer, module)?)?;
    module.add_function(wrap_pyfunction!(functions::concatenate, module)?)?;
    module.add_function(wrap_pyfunction!(functions::r#where, module)?)?;
    module.add_function(wrap_pyfunction!(functions::clip_function, module)?)?;
    module.add_function(wrap_pyfunction!(wire::to_wire, module)?)?;
    module.add_function(wrap_pyfunction!(wire::from_wire, module)?)
}
