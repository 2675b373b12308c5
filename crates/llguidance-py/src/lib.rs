//! llguidance as a Python extension module.
//!
//! The module is `llguidance._lib`; the package around it lies in `python/llguidance`. Names,
//! signatures, results and errors are those of the wheel `llguidance` on `PyPI`, whose recorded
//! behaviour (`tests/observations.json`) is what this one is held against.
//!
//! A program that embeds Python can have the module linked in instead of loading it: [`link`].

mod compilers;
#[cfg(feature = "tokenizers")]
mod exact;
mod executor;
mod grammar;
#[cfg(not(feature = "tokenizers"))]
mod greedy;
mod interpreter;
mod limits;
mod mask;
mod matcher;
mod tokenizer;
mod vocabulary;

pub use compilers::{JsonCompiler, LarkCompiler, RegexCompiler};
pub use executor::LLExecutor;
pub use interpreter::LLInterpreter;
pub use limits::LLParserLimits;
pub use matcher::LLMatcher;
pub use tokenizer::LLTokenizer;

use pyo3::exceptions::PyValueError;
use pyo3::{PyErr, pymodule};

/// An error of llguidance as the `ValueError` that a Python caller gets.
///
/// The chain of causes is left out, as in llguidance's own messages: the first line says what is
/// wrong with the grammar, and where.
fn value_error(error: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// `llguidance._lib`: the classes and functions that `llguidance` exports.
#[pymodule]
pub mod _lib {
    use pyo3::pyfunction;

    #[pymodule_export]
    use super::{
        JsonCompiler, LLExecutor, LLInterpreter, LLMatcher, LLParserLimits, LLTokenizer,
        LarkCompiler, RegexCompiler,
    };

    /// Rewrite a regular expression so that it can stand between the slashes of a Lark terminal.
    ///
    /// `use_ascii` names the classes, of `d`, `w` and `s`, that are to match ASCII only.
    #[pyfunction]
    #[pyo3(signature = (regex, use_ascii = None))]
    fn regex_to_lark(regex: &str, use_ascii: Option<&str>) -> String {
        llguidance::regex_to_lark(regex, use_ascii.unwrap_or(""))
    }

    /// The versions of llguidance and of its regular expressions, such as
    /// `llguidance@1.9.1 derivre@0.3.13`.
    #[pyfunction]
    fn get_version() -> String {
        crate::version()
    }
}

/// Makes the module one of those that are built into the interpreter.
///
/// # Panics
/// There is no memory for the table of these.
///
/// # Safety
/// No interpreter has been started in this process, and no other thread is about to.
pub unsafe fn link() {
    // SAFETY: the caller's promise; the name is static, and the function is what PyO3 made for a
    // module of it.
    let added = unsafe {
        pyo3::ffi::PyImport_AppendInittab(c"llguidance._lib".as_ptr(), Some(_lib::__pyo3_init))
    };
    assert_eq!(added, 0, "no memory for the table of built-in modules");
}

/// What llguidance says of its version through its C ABI.
fn version() -> String {
    // SAFETY: the function returns a string of static life that ends in NUL.
    let version = unsafe { std::ffi::CStr::from_ptr(llguidance::ffi::llg_get_version()) };
    version.to_string_lossy().into_owned()
}
