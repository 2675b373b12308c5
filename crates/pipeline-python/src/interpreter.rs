//! The one interpreter of the process.

use std::ffi::{CStr, CString};
use std::sync::OnceLock;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyModule;

use crate::memory::{self, Account};
use crate::{frozen, limits};

macro_rules! module {
    ($name:literal, $file:literal) => {
        ($name, $file, include_str!(concat!("../python/", $file)))
    };
}

/// Our modules, each after those that it imports.
const MODULES: [(&str, &str, &str); 5] = [
    module!("remotemedia", "remotemedia/__init__.py"),
    module!("remotemedia.core", "remotemedia/core/__init__.py"),
    module!("remotemedia.core.node", "remotemedia/core/node.py"),
    module!("remotemedia.nodes", "remotemedia/nodes.py"),
    module!("remotemedia.running", "remotemedia/running.py"),
];

/// Starts the interpreter, unless it runs.
///
/// # Errors
/// It cannot start, for the reason given: usually it finds no standard library.
pub(crate) fn start(account: Account) -> Result<(), String> {
    static STARTED: OnceLock<Result<(), String>> = OnceLock::new();
    STARTED
        .get_or_init(|| {
            if frozen::is_whole() {
                frozen::install();
            }
            memory::install(account);
            // SAFETY: this runs once, and nothing has used the interpreter before.
            unsafe { initialize() }?;
            Python::attach(|py| {
                add_arrays(py)?;
                add_modules(py)?;
                limits::bound_sleep(py)
            })
            .map_err(|error| error.to_string())?;
            Ok(())
        })
        .clone()
}

/// The module that runs nodes.
pub(crate) fn running(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import("remotemedia.running")
}

/// What takes numpy's place where there is none.
fn add_arrays(py: Python<'_>) -> PyResult<()> {
    let arrays = PyModule::new(py, "pipeline_array")?;
    pipeline_array::register(&arrays)?;
    py.import("sys")?
        .getattr("modules")?
        .set_item("pipeline_array", arrays)
}

fn add_modules(py: Python<'_>) -> PyResult<()> {
    for (name, file, code) in MODULES {
        let [c_name, c_file, code] = [name, file, code].map(CString::new);
        let module = PyModule::from_code(py, &code?, &c_file?, &c_name?)?;
        if file.ends_with("__init__.py") {
            module.setattr("__path__", Vec::<String>::new())?;
        }
        if let Some((parent, child)) = name.rsplit_once('.') {
            py.import(parent)?.setattr(child, module)?;
        }
    }
    Ok(())
}

/// # Safety
/// To be called once, before anything else of Python's but the allocators and the frozen table.
unsafe fn initialize() -> Result<(), String> {
    // SAFETY: the structures are written by their Init functions before anything reads them, and
    // cleared after; that this is the first use of the interpreter is the caller's promise.
    unsafe {
        let mut before: ffi::PyPreConfig = std::mem::zeroed();
        ffi::PyPreConfig_InitIsolatedConfig(&raw mut before);
        // Whatever the locale, text is UTF-8.
        before.utf8_mode = 1;
        check(ffi::Py_PreInitialize(&raw const before))?;

        let mut config: ffi::PyConfig = std::mem::zeroed();
        ffi::PyConfig_InitIsolatedConfig(&raw mut config);
        let config_at = &raw mut config;
        let started = configure(config_at).and_then(|()| {
            // Whole numbers of JSON have no bound.
            (*config_at).int_max_str_digits = 0;
            // A user's folder stays as it is.
            (*config_at).write_bytecode = 0;
            check(ffi::Py_InitializeFromConfig(config_at))
        });
        ffi::PyConfig_Clear(config_at);
        started?;
        #[cfg(target_family = "wasm")]
        limit_recursion();
        // Until somebody attaches, no thread holds the interpreter.
        ffi::PyEval_SaveThread();
        Ok(())
    }
}

/// # Safety
/// `config` is an initialised configuration.
unsafe fn configure(config: *mut ffi::PyConfig) -> Result<(), String> {
    // SAFETY: the caller's promise; the strings are copied.
    unsafe {
        if frozen::is_whole() {
            (*config).site_import = 0;
            // No path is searched but the user's.
            (*config).module_search_paths_set = 1;
            // Strings keep their hashes, and with them dictionaries their order of slots, from the
            // snapshot on: a seed of each run's own is not possible, and a random one in the
            // snapshot would make it another module each time.
            (*config).use_hash_seed = 1;
            (*config).hash_seed = 1;
            return Ok(());
        }
        let program = CString::new(env!("PYTHON_PROGRAM")).map_err(|error| error.to_string())?;
        if program.is_empty() {
            return Ok(());
        }
        check(ffi::PyConfig_SetBytesString(
            config,
            &raw mut (*config).program_name,
            program.as_ptr(),
        ))
    }
}

/// Has recursion in C end in a `RecursionError` before it ends in a trap. CPython allows 5000 calls
/// of WASI's, which is more than fit into the 512 KiB of Wasmtime's default, or a browser's stack.
///
/// # Safety
/// The interpreter has started, and this thread is attached.
#[cfg(target_family = "wasm")]
unsafe fn limit_recursion() {
    use std::ffi::c_int;

    /// About 250 methods that call each other through C, or 400 nested lists that are printed.
    const CALLS: c_int = 400;

    /// The beginning of CPython 3.13's `struct _ts`, of `cpython/pystate.h`.
    #[repr(C)]
    struct ThreadState {
        links: [*mut (); 3],
        eval_breaker: usize,
        status: [c_int; 3],
        python_calls: [c_int; 2],
        c_calls_left: c_int,
    }
    const {
        assert!(
            cfg!(Py_3_13) && !cfg!(Py_3_14),
            "see whether the struct is still the same"
        )
    }

    // SAFETY: the caller's promise, and the struct is that of this version.
    unsafe {
        let state = ffi::PyThreadState_Get().cast::<ThreadState>();
        (*state).c_calls_left = CALLS;
    }
}

fn check(status: ffi::PyStatus) -> Result<(), String> {
    // SAFETY: the status is one that the interpreter returned, and its message is a C string or null.
    unsafe {
        if ffi::PyStatus_Exception(status) == 0 {
            return Ok(());
        }
        let message = status.err_msg;
        Err(if message.is_null() {
            "Python ended while it was starting".to_owned()
        } else {
            CStr::from_ptr(message).to_string_lossy().into_owned()
        })
    }
}
