//! The runtimes, behind one trait.
//!
//! Adding a runtime is one file below this one that implements [`Runtime`],
//! [`Module`] and [`Instance`].

use thiserror::Error;

mod wasmtime;

pub use self::wasmtime::{Mode, Wasmtime};

/// A runtime in one of its modes.
pub trait Runtime {
    /// Compiles or loads a core module, as the mode says.
    ///
    /// # Errors
    /// [`Fault::BadModule`] if the runtime does not take the module.
    fn load(&self, wasm: &[u8]) -> Result<Box<dyn Module>, Fault>;
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
    fn memory_size(&mut self) -> u64;
}

/// Why a module could not be run to the end: never a wrong answer, always a
/// fault of the module or of the runtime.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// The runtime does not accept the module.
    #[error("bad module: {0}")]
    BadModule(String),
    /// The module wants something from the host that has nothing.
    #[error("missing import: the module imports `{0}`, and this host offers no imports")]
    MissingImport(String),
    /// The module lacks something that the host needs.
    #[error("missing export: the module exports no {kind} `{name}`")]
    MissingExport {
        /// `function`, `memory` or `table`.
        kind: &'static str,
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
}

impl Fault {
    /// A word for reports: `bad-module`, `missing-import`, `missing-export`,
    /// `signature`, `trap` or `out-of-bounds`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::BadModule(_) => "bad-module",
            Self::MissingImport(_) => "missing-import",
            Self::MissingExport { .. } => "missing-export",
            Self::Signature { .. } => "signature",
            Self::Trap { .. } => "trap",
            Self::OutOfBounds { .. } => "out-of-bounds",
        }
    }
}
