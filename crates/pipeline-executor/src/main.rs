//! The program `pipeline-executor`, with the built-in nodes.

use std::process::ExitCode;

use pipeline_executor::memory::Limited;

#[global_allocator]
static ALLOCATOR: Limited = Limited;

fn main() -> ExitCode {
    pipeline_executor::main(Vec::new())
}
