//! Where a run begins and ends, as the interpreter sees it: with its first node and its last.

use std::path::PathBuf;
use std::sync::Mutex;

use pyo3::prelude::*;
use pyo3::types::PyModule;

use crate::interpreter;

static MEMBERS: Mutex<usize> = Mutex::new(0);

/// A node's part in a run.
pub(crate) struct Member(());

impl Member {
    /// Joins the run there is, or begins one that imports modules from these folders.
    pub(crate) fn join(folders: &[PathBuf]) -> Self {
        if count(|members| *members += 1) == 1 {
            // A module's run ends with its process.
            let another_follows = cfg!(not(target_family = "wasm"));
            tell(|running| {
                running
                    .call_method1("begin", (folders, another_follows))
                    .map(|_| ())
            });
        }
        Self(())
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if count(|members| *members -= 1) == 0 {
            #[cfg(not(target_family = "wasm"))]
            tell(|running| running.call_method0("end").map(|_| ()));
        }
    }
}

fn count(change: impl FnOnce(&mut usize)) -> usize {
    let mut members = MEMBERS
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    change(&mut members);
    *members
}

/// Calls a function of `running.py`. A run goes on without it, in a state that is less clean.
fn tell(call: impl FnOnce(&Bound<'_, PyModule>) -> PyResult<()>) {
    if let Err(error) = Python::attach(|py| call(&interpreter::running(py)?)) {
        eprintln!("the interpreter's state is not as it was: {error}");
    }
}
