//! The program `pipeline-executor` with `llguidance._lib` linked in. The package's Python files are read
//! as ever, from a wheel or folder on `PYTHONPATH`.

use std::process::ExitCode;

use pipeline_executor::memory::Limited;
use pipeline_executor::python;

#[global_allocator]
static ALLOCATOR: Limited = Limited;

fn main() -> ExitCode {
    // SAFETY: nothing has started the interpreter.
    unsafe { llguidance_py::link() };
    ExitCode::from(python::main())
}

/// What wizer calls when the module is built.
#[cfg(target_family = "wasm")]
#[unsafe(export_name = "wizer-initialize")]
pub extern "C" fn initialize() {
    // SAFETY: nothing has started the interpreter.
    unsafe { llguidance_py::link() };
    python::prepare();
}

/// Where the module with its snapshot is entered, in place of `_start`.
#[cfg(target_family = "wasm")]
#[unsafe(export_name = "wizer-resume")]
pub extern "C" fn resume() {
    python::resume();
}
