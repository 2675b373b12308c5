//! The Python interpreter with `llguidance._lib` linked in.
//!
//! On a host that offers `dlopen` the wheel is what to use. This is for those that do not: WAMR,
//! browsers, Wasmtime's own command line. The package's Python files are read as ever, from a
//! wheel or folder on `PYTHONPATH`; only its extension module is found in the interpreter.

use std::ffi::{CString, c_char, c_int};
use std::process::ExitCode;
use std::ptr;

use pyo3::ffi::Py_BytesMain;

fn main() -> ExitCode {
    // An argument has no NUL: it comes as a C string.
    let mut arguments: Vec<*mut c_char> = std::env::args_os()
        .filter_map(|argument| CString::new(argument.into_encoded_bytes()).ok())
        .map(CString::into_raw)
        .collect();
    let count = c_int::try_from(arguments.len()).unwrap_or(c_int::MAX);
    arguments.push(ptr::null_mut());

    // SAFETY: no interpreter is there yet.
    unsafe { llguidance_py::link() };
    // SAFETY: as C's `main` has them: `count` strings that are never freed, then a null pointer.
    let code = unsafe { Py_BytesMain(count, arguments.as_mut_ptr()) };
    ExitCode::from(code.to_le_bytes()[0])
}
