//! The program with Python's nodes.

use pipeline_executor::memory;
use pipeline_python::{Account, Python};

const ACCOUNT: Account = Account {
    take: memory::take,
    give_back: memory::give_back,
    exceeded: memory::out_of_memory,
};

/// Runs the program; its folders of modules are those of the variable `PYTHONPATH`.
pub fn main() -> u8 {
    // WASI has no function that splits it.
    let folders = std::env::var("PYTHONPATH").unwrap_or_default();
    let folders = folders.split(':').filter(|folder| !folder.is_empty());
    let folders = folders.map(Into::into).collect();
    match Python::new(folders, ACCOUNT) {
        Ok(python) => pipeline_executor::main(vec![Box::new(python)]),
        Err(error) => {
            eprintln!("pipeline-executor: {error}");
            pipeline_executor::USAGE
        }
    }
}

/// What wizer calls when the module is built: the interpreter starts, and its memory is what the
/// module begins with.
#[cfg(target_family = "wasm")]
#[unsafe(export_name = "wizer-initialize")]
pub extern "C" fn initialize() {
    if let Err(error) = pipeline_python::snapshot::prepare(ACCOUNT) {
        eprintln!("pipeline-executor: {error}");
        std::process::exit(pipeline_executor::USAGE.into());
    }
}

/// Where a module with a snapshot is entered, in place of `_start`.
#[cfg(target_family = "wasm")]
#[unsafe(export_name = "wizer-resume")]
pub extern "C" fn resume() {
    let code = match pipeline_python::snapshot::resume() {
        Ok(()) => main(),
        Err(error) => {
            eprintln!("pipeline-executor: {error}");
            pipeline_executor::USAGE
        }
    };
    std::process::exit(code.into());
}
