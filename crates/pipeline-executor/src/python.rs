//! The program with Python's nodes. Before any of this a program may give the interpreter modules of
//! its own.

use pipeline_python::{Account, Python};

use crate::memory;

const ACCOUNT: Account = Account {
    take: memory::take,
    give_back: memory::give_back,
    exceeded: memory::out_of_memory,
};

/// Runs the program; its folders of modules are those of the variable `PYTHONPATH`. What it returns is
/// the exit code.
#[must_use]
pub fn main() -> u8 {
    // WASI has no function that splits it.
    let folders = std::env::var("PYTHONPATH").unwrap_or_default();
    let folders = folders.split(':').filter(|folder| !folder.is_empty());
    let folders = folders.map(Into::into).collect();
    match Python::new(folders, ACCOUNT) {
        Ok(python) => crate::main(vec![Box::new(python)]),
        Err(error) => {
            eprintln!("pipeline-executor: {error}");
            crate::USAGE
        }
    }
}

/// Starts the interpreter when a module is built, in wizer: its memory is what the module begins with.
#[cfg(target_family = "wasm")]
pub fn prepare() {
    if let Err(error) = pipeline_python::snapshot::prepare(ACCOUNT) {
        eprintln!("pipeline-executor: {error}");
        std::process::exit(crate::USAGE.into());
    }
}

/// Runs the program from the memory that [`prepare`] has left, and ends it.
#[cfg(target_family = "wasm")]
pub fn resume() -> ! {
    let code = match pipeline_python::snapshot::resume() {
        Ok(()) => main(),
        Err(error) => {
            eprintln!("pipeline-executor: {error}");
            crate::USAGE
        }
    };
    std::process::exit(code.into());
}
