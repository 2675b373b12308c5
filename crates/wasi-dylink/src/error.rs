//! Why a call of `dlopen`, `dlsym` or `dlclose` fails: what `dlerror` tells the guest.

use thiserror::Error;

use crate::files::FileError;
use crate::section::SectionError;

/// Why a side module is not loaded, or a symbol not found.
#[derive(Debug, Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("{path}: {reason}")]
    File {
        /// As the guest named it.
        path: String,
        /// What is in the way.
        reason: FileError,
    },
    /// The file is no side module for this program.
    #[error("{path} is not a side module for this program: {reason}")]
    NotSideModule {
        /// The file.
        path: String,
        /// What it is instead, or lacks.
        reason: SectionError,
    },
    /// Wasmtime does not accept it.
    #[error("{path} cannot be compiled: {reason}")]
    Compile {
        /// The file.
        path: String,
        /// Wasmtime's reason.
        reason: String,
    },
    /// A module that it needs is nowhere.
    #[error("{path} needs `{name}`, which is in none of: {}", .folders.join(", "))]
    Needed {
        /// The file.
        path: String,
        /// The name in its section `dylink.0`.
        name: String,
        /// Where it was looked for.
        folders: Vec<String>,
    },
    /// A symbol that must be defined is not.
    #[error(
        "{path}: the {kind} `{symbol}` is defined neither by the program nor by a module that this one needs"
    )]
    Undefined {
        /// The file.
        path: String,
        /// `function` or `data symbol`.
        kind: &'static str,
        /// Its name.
        symbol: String,
    },
    /// A symbol is something else than is imported.
    #[error("{path} imports `{symbol}` as {wanted}, and {definer} defines it as {found}")]
    Mismatch {
        /// The file.
        path: String,
        /// The symbol's name.
        symbol: String,
        /// Its kind or signature in the import.
        wanted: String,
        /// The program or module that defines it.
        definer: String,
        /// Its kind or signature there.
        found: String,
    },
    /// Nothing is known by the name of an import.
    #[error("{path} imports `{module}.{name}`: {cure}")]
    Import {
        /// The file.
        path: String,
        /// First part of the import's name.
        module: String,
        /// Second part.
        name: String,
        /// Why it cannot be, and what to do.
        cure: &'static str,
    },
    /// The program's allocator has no room for a module's data.
    #[error("{path}: the program has no {bytes} bytes of memory left for it")]
    Memory {
        /// The file.
        path: String,
        /// How much was asked for, alignment included.
        bytes: u64,
    },
    /// The program's table cannot grow.
    #[error("the program's table has no room for {slots} more functions{cure}")]
    Table {
        /// How many were to be added.
        slots: u64,
        /// What to do, if anything is known.
        cure: &'static str,
    },
    /// Modules are never freed, so a program may try a limited number.
    #[error("no more than {0} side modules can be loaded, those that failed included")]
    TooMany(usize),
    /// The module cannot be instantiated; with Wasmtime's reason.
    #[error("{path} cannot be instantiated: {reason}")]
    Instantiate {
        /// The file.
        path: String,
        /// Wasmtime's reason.
        reason: String,
    },
    /// `RTLD_NOLOAD`, and it is not there.
    #[error("{0} is not loaded")]
    NotLoaded(String),
    /// `dlsym` does not find the symbol.
    #[error("the symbol `{symbol}` is not defined in {place}")]
    NoSymbol {
        /// Its name.
        symbol: String,
        /// What was searched.
        place: String,
    },
    /// What has this name has no address.
    #[error("`{symbol}` in {place} is {found}, and has no address")]
    NoAddress {
        /// Its name.
        symbol: String,
        /// What was searched.
        place: String,
        /// What it is.
        found: String,
    },
    /// The handle is none of `dlopen`, or is closed.
    #[error("{0:#x} is not the handle of an open module")]
    Handle(u32),
    /// `RTLD_NEXT` needs to know who calls.
    #[error("RTLD_NEXT is not supported")]
    Next,
    /// A name's pointer does not lead to a string.
    #[error("the name at {address:#x} is no NUL-terminated UTF-8 string of at most {limit} bytes")]
    Name {
        /// The pointer.
        address: u32,
        /// The longest that is read, in bytes.
        limit: usize,
    },
    /// The program is not linked for dynamic linking.
    #[error(
        "the program exports no {kind} `{name}`: link it with `--export-dynamic --export-table --growable-table` and `--export={name}`"
    )]
    Program {
        /// `function`, `memory`, `table` or `global`.
        kind: &'static str,
        /// The export's name.
        name: &'static str,
    },
    /// The host has not called [`attach`](crate::attach), or not yet.
    #[error("nothing can be loaded before the program is attached")]
    NotAttached,
    /// Code of the guest, which the loader called, trapped or ended the program. Not for `dlerror`:
    /// it goes on as the trap that it is.
    #[error("{0:#}")]
    Guest(wasmtime::Error),
}

impl From<wasmtime::Error> for Error {
    fn from(error: wasmtime::Error) -> Self {
        Self::Guest(error)
    }
}

/// What the functions of this crate return.
pub type Result<T> = std::result::Result<T, Error>;
