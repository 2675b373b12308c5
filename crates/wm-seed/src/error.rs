//! Why something cannot be done, with what would help.

use std::io;
use std::path::{Path, PathBuf};

/// Why the state root cannot be used as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder
        path: PathBuf,
        /// What the system says
        source: io::Error,
    },
    /// SQLite refuses something.
    #[error("{}: {source}", path.display())]
    Database {
        /// The database
        path: PathBuf,
        /// What SQLite says
        source: rusqlite::Error,
    },
    /// A file is no database, or one that this program cannot read.
    #[error("{}: {what}", path.display())]
    Foreign {
        /// The file
        path: PathBuf,
        /// What it is, and what would help
        what: String,
    },
    /// There is no home folder to keep the state in.
    #[error("there is no home folder; set WM_STATE_ROOT to the folder that is to hold the state")]
    NoHome,
    /// A memory is not there, or not to be shown.
    #[error("Memory not found")]
    NotFound,
    /// A memory is not to be changed that way.
    #[error("{0}")]
    Refused(String),
    /// A value of the caller's breaks a rule.
    #[error("{name}: {what}")]
    Argument {
        /// The argument
        name: String,
        /// What is wrong, and what would be right
        what: String,
    },
    /// A rule file is malformed.
    #[error("{place}: {what}")]
    Rules {
        /// The file, or the rule in it
        place: String,
        /// What is wrong
        what: String,
    },
    /// A module of WASM does not keep its contract.
    #[error("{place}: {what}")]
    Module {
        /// The file, or the module that was asked
        place: String,
        /// What is wrong, and what would help
        what: String,
    },
    /// An archive is not what a backup is.
    #[error("{}: {what}; nothing was changed", path.display())]
    Archive {
        /// The archive
        path: PathBuf,
        /// What is wrong
        what: String,
    },
}

impl Error {
    /// The system refused something with a file.
    pub fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Io { path, source }
    }

    /// SQLite refused something with a database.
    pub fn database(path: &Path) -> impl FnOnce(rusqlite::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Database { path, source }
    }

    /// An argument is wrong.
    pub fn argument(name: &str, what: impl Into<String>) -> Self {
        let (name, what) = (name.to_owned(), what.into());
        Self::Argument { name, what }
    }

    /// A file of a module is wrong.
    #[must_use]
    pub fn module(path: &Path, what: String) -> Self {
        let place = path.display().to_string();
        Self::Module { place, what }
    }

    /// Whether it tells of trouble in this program or its machine, rather than in what was asked.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        matches!(
            self,
            Self::Io { .. } | Self::Database { .. } | Self::Foreign { .. } | Self::NoHome
        )
    }
}

/// A result whose error says what would help.
pub type Result<T> = std::result::Result<T, Error>;
