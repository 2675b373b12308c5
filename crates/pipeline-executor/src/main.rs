//! The program `pipeline-executor`, with the built-in nodes and those in Python.

use std::process::ExitCode;

use pipeline_executor::memory::Limited;
#[cfg(feature = "python")]
use pipeline_executor::python;

#[global_allocator]
static ALLOCATOR: Limited = Limited;

#[cfg(feature = "python")]
fn main() -> ExitCode {
    ExitCode::from(python::main())
}

#[cfg(not(feature = "python"))]
fn main() -> ExitCode {
    ExitCode::from(pipeline_executor::main(Vec::new()))
}

/// What wizer calls when the module is built.
#[cfg(all(feature = "python", target_family = "wasm"))]
#[unsafe(export_name = "wizer-initialize")]
pub extern "C" fn initialize() {
    python::prepare();
}

/// Where a module with a snapshot is entered, in place of `_start`.
#[cfg(all(feature = "python", target_family = "wasm"))]
#[unsafe(export_name = "wizer-resume")]
pub extern "C" fn resume() {
    python::resume();
}
