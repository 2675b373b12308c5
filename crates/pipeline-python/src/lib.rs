//! Nodes of pipelines written in Python, run by an embedded `CPython`.
//!
//! [`Python`] is a [`NodeFactory`](pipeline::NodeFactory). A node of the type `Python` has its code
//! in the manifest; any other type is the name of a class, in `remotemedia.nodes` or in a module of
//! the user's folders. A class has a method `process(item)`, and may have `initialize()`, `finish()`
//! and `cleanup()`.
//!
//! Natively the interpreter is `libpython`, with its own standard library. In a WASM module both are
//! part of the module, which needs no file system; and a snapshot of the started interpreter is what
//! a run begins with, see [`snapshot`].

mod convert;
mod failure;
mod frozen;
mod interpreter;
mod limits;
mod memory;
mod node;
mod run;
#[cfg(target_family = "wasm")]
pub mod snapshot;

use std::path::PathBuf;

use thiserror::Error;

pub use memory::Account;

/// The interpreter cannot start.
#[derive(Debug, Error)]
#[error("Python cannot start: {0}")]
pub struct StartError(String);

/// Makes Python nodes.
#[derive(Debug)]
pub struct Python {
    folders: Vec<PathBuf>,
}

impl Python {
    /// Starts the interpreter, of which a process has one.
    ///
    /// From `folders` modules are imported, and in them the classes of unknown node types are looked
    /// for, in this order. `account` counts the memory that Python takes; only the first one is used.
    ///
    /// # Errors
    /// The interpreter does not start, usually because its standard library is not there.
    pub fn new(folders: Vec<PathBuf>, account: Account) -> Result<Self, StartError> {
        interpreter::start(account).map_err(StartError)?;
        Ok(Self { folders })
    }
}
