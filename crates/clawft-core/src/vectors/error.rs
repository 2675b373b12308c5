//! Why a collection did not do what it was told.

use core::fmt;

use super::names::MAX_NAME;
use crate::json;
use crate::platform::FileError;
use crate::prelude::*;

/// Why a collection did not do it. It is as it was before, but for [`Error::Busy`].
#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    /// No name of a collection: it is 1 to 64 letters, digits, `-` or `_`
    Name(String),
    /// There is no such collection
    Unknown(String),
    /// There is one already, of another kind, dimensions or metric
    Exists(String),
    /// Its vectors are made from texts, and one was given; or the reverse
    Kind(String, &'static str),
    /// A text without words has no vector
    NoWords,
    /// A file is not as it was written: which, where (a line, or an id), and what is wrong
    Damaged(String, u64, &'static str),
    /// It has as much as one may
    Full(String),
    /// There is too little memory for what was found
    Memory,
    /// Others change it so often that it is not known whether this change was made
    Busy(String),
    /// Metadata is no JSON object
    Metadata,
    /// The vector cannot be added or searched for
    Vector(clawft_vectors::Error),
    /// A file cannot be read or written
    File(FileError),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(
                formatter,
                "{} names no collection: 1 to {MAX_NAME} letters, digits, - or _ do",
                json::quoted(name)
            ),
            Self::Unknown(name) => write!(formatter, "there is no collection {name}"),
            Self::Exists(name) => {
                write!(formatter, "there is a collection {name}, of another kind")
            }
            Self::Kind(name, what) => write!(formatter, "collection {name} {what}"),
            Self::NoWords => formatter.write_str("the text has no words"),
            Self::Damaged(path, place, what) => {
                write!(formatter, "{path} is damaged: {what} {place}")
            }
            Self::Full(name) => write!(formatter, "collection {name} is full"),
            Self::Memory => {
                formatter.write_str("what was found does not fit into memory; ask for less")
            }
            Self::Busy(name) => write!(
                formatter,
                "collection {name}: others change it, and this may not be done"
            ),
            Self::Metadata => formatter.write_str("metadata must be a JSON object"),
            Self::Vector(error) => error.fmt(formatter),
            Self::File(error) => error.fmt(formatter),
        }
    }
}

impl core::error::Error for Error {}

impl From<FileError> for Error {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl From<clawft_vectors::Error> for Error {
    fn from(error: clawft_vectors::Error) -> Self {
        Self::Vector(error)
    }
}
