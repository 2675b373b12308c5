//! The program `pipeline-executor`, with the built-in nodes and those in Python.

#[cfg(feature = "python")]
mod python;

use std::process::ExitCode;

use pipeline_executor::memory::Limited;

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
