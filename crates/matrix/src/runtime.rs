//! The runtimes.
//!
//! A runtime is one file below this one, with what there is to know about it: how its command
//! line is called and its messages are read ([`Cli`]), and how it is embedded ([`Runtime`]) or
//! started as a program of its own. Adding one is that file, and its modes in [`MODES`].

use std::ffi::OsString;
use std::path::Path;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::outcome::{Failure, Outcome};
use crate::process::Ended;

mod node;
mod wamr;
mod wasmtime;

/// A runtime, and how it gets at machine code.
pub struct Mode {
    /// Its name, as it stands in the names of cells.
    pub name: &'static str,
    /// Who runs core modules.
    pub core: Core,
    /// Who runs programs with WASI.
    pub command: Option<&'static dyn Cli>,
}

/// Every mode, in the order in which reports have them.
pub static MODES: [Mode; 5] = [
    Mode {
        name: "wasmtime-jit",
        core: Core::Embedded(&wasmtime::JIT),
        command: Some(&wasmtime::JIT),
    },
    Mode {
        name: "wasmtime-aot",
        core: Core::Embedded(&wasmtime::AOT),
        command: Some(&wasmtime::AOT),
    },
    Mode {
        name: "wamr-interp",
        core: Core::Embedded(&wamr::INTERPRETER),
        command: Some(&wamr::INTERPRETER),
    },
    Mode {
        name: "wamr-aot",
        core: Core::Embedded(&wamr::AOT),
        command: Some(&wamr::AOT),
    },
    Mode {
        name: "node",
        core: Core::Program(&node::Node),
        command: None,
    },
];

impl Mode {
    /// The mode of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        MODES.iter().find(|mode| mode.name == name)
    }
}

/// What runs core modules, always in a process of its own.
pub enum Core {
    /// A worker of this program, which embeds the runtime.
    Embedded(&'static dyn Runtime),
    /// A program that speaks the protocol of [`crate::remote`].
    Program(&'static dyn Driver),
}

/// A program that speaks the protocol of [`crate::remote`].
pub trait Driver: Sync {
    /// Starts it.
    fn start(&self) -> Invocation;

    /// Prints the version, after the runtime's name.
    fn version(&self) -> (&'static str, Invocation);
}

/// A program and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// A name on PATH, or a path.
    pub program: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

impl Invocation {
    /// A program without arguments.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<T: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = T>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }
}

/// What a program with WASI is given besides its standard streams.
#[derive(Clone, Debug, Default)]
pub struct Guest {
    /// Its arguments, without its own name.
    pub arguments: Vec<String>,
    /// Its environment: names and values.
    pub environment: Vec<(String, String)>,
    /// Folders of the working folder that it may open, under their own names.
    pub folders: Vec<String>,
}

/// A runtime's command line in one of its modes.
pub trait Cli: Sync {
    /// Prints its name and version in the first line.
    fn version(&self) -> Invocation;

    /// Compiles `module` to the file `code`, for a fixed CPU; `None` if the mode runs the
    /// module as it is.
    fn compile(&self, module: &Path, code: &Path) -> Option<Invocation>;

    /// Runs a module, or what [`Cli::compile`] made of it.
    fn run(&self, file: &Path, guest: &Guest) -> Invocation;

    /// What went wrong, read from how `run` ended and what it said; `None` if the program ended
    /// by itself, with whatever exit code.
    fn fault(&self, ended: &Ended) -> Option<Failure>;
}

/// An embedded runtime in one of its modes.
pub trait Runtime: Sync {
    /// Its name and version.
    fn version(&self) -> String;

    /// Compiles `module` to the file `code`, for a fixed CPU; false if the mode runs the module
    /// as it is, and nothing is written.
    ///
    /// # Errors
    /// [`Fault::BadModule`] if the runtime does not take the module.
    fn compile(&self, module: &Path, code: &Path) -> Result<bool, Fault>;

    /// Loads a core module, or what [`Runtime::compile`] made of it.
    ///
    /// # Errors
    /// [`Fault::BadModule`] if the runtime does not take the module.
    fn load(&self, file: &Path) -> Result<Box<dyn Module>, Fault>;
}

/// A module that is ready to be instantiated.
pub trait Module {
    /// A fresh instance, sharing nothing with other instances.
    ///
    /// # Errors
    /// [`Fault::MissingImport`] if the module imports anything;
    /// [`Fault::MissingExport`] if it exports no `memory`; [`Fault::Trap`] if its
    /// start function traps.
    fn instantiate(&self) -> Result<Box<dyn Instance>, Fault>;
}

/// An instance of a core module whose functions take and return 32-bit integers.
pub trait Instance {
    /// Calls an exported function. The result is `None` if it returns nothing.
    ///
    /// # Errors
    /// [`Fault::MissingExport`], [`Fault::Signature`] or [`Fault::Trap`]; after a
    /// trap the instance is not to be used again.
    fn call(&mut self, function: &str, arguments: &[u32]) -> Result<Option<u32>, Fault>;

    /// Copies bytes out of linear memory.
    ///
    /// # Errors
    /// [`Fault::OutOfBounds`].
    fn read(&mut self, address: u32, bytes: &mut [u8]) -> Result<(), Fault>;

    /// Copies bytes into linear memory.
    ///
    /// # Errors
    /// [`Fault::OutOfBounds`].
    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), Fault>;

    /// Size of linear memory, in bytes.
    ///
    /// # Errors
    /// [`Fault::Lost`].
    fn memory_size(&mut self) -> Result<u64, Fault>;
}

/// Why a core module could not be run to the end: never a wrong answer, always a
/// fault of the module or of the runtime.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Fault {
    /// The runtime does not accept the module.
    #[error("bad module: {reason}")]
    BadModule {
        /// What the runtime says.
        reason: String,
    },
    /// The module wants something from the host that has nothing.
    #[error("missing import: the module imports `{name}`, and this host offers no imports")]
    MissingImport {
        /// `module.name`.
        name: String,
    },
    /// The module lacks something that the host needs.
    #[error("missing export: the module exports no {export} `{name}`")]
    MissingExport {
        /// `function` or `memory`.
        export: String,
        /// Its name.
        name: String,
    },
    /// An export cannot be called with these arguments.
    #[error("signature: `{function}` cannot be called with {arguments} 32-bit integers: {reason}")]
    Signature {
        /// The export.
        function: String,
        /// How many arguments were passed.
        arguments: usize,
        /// What the runtime says.
        reason: String,
    },
    /// The module trapped: it panicked, overflowed its stack, or ran out of something.
    #[error("trap in `{function}`: {reason}")]
    Trap {
        /// The export that was called.
        function: String,
        /// What the runtime says.
        reason: String,
    },
    /// The module handed out an address outside its memory.
    #[error("out of bounds: {length} bytes at {address:#x}, memory has {size:#x}")]
    OutOfBounds {
        /// First byte.
        address: u32,
        /// Number of bytes.
        length: usize,
        /// Size of memory in bytes.
        size: u64,
    },
    /// The process that the runtime is in does not answer any more.
    #[error("the runtime is lost: {reason}")]
    Lost {
        /// What was seen of it.
        reason: String,
    },
}

impl Fault {
    /// A module that is not accepted, for this reason.
    pub fn bad_module(reason: impl ToString) -> Self {
        Self::BadModule {
            reason: reason.to_string(),
        }
    }

    /// An export that is missing: a `function` or a `memory`.
    #[must_use]
    pub fn missing_export(export: &str, name: &str) -> Self {
        Self::MissingExport {
            export: export.to_owned(),
            name: name.to_owned(),
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let outcome = match fault {
            Fault::BadModule { .. } => Outcome::BadModule,
            Fault::MissingImport { .. } => Outcome::MissingImport,
            Fault::Trap { .. } => Outcome::Trap,
            Fault::MissingExport { .. }
            | Fault::Signature { .. }
            | Fault::OutOfBounds { .. }
            | Fault::Lost { .. } => Outcome::Fault,
        };
        Self::new(outcome, fault.to_string())
    }
}
