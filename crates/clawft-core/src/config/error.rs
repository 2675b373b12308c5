//! Why there is no configuration, and where in its file the reason stands.

use core::fmt;

use crate::platform::FileError;
use crate::prelude::*;

/// Why there is no configuration. No text of it quotes a value that may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The file cannot be read
    File(FileError),
    /// A path begins with `~`, and no home folder is known, or with `~` and somebody's name
    Home {
        /// The path
        path: String,
    },
    /// The file is no TOML or JSON, or a value is none that the key can have
    Content {
        /// The file's path
        file: String,
        /// The line, from 1
        line: usize,
        /// The character of the line, from 1
        column: usize,
        /// The key's whole path in snake case; where the file cannot be read, the last part of it, or empty
        key: String,
        /// What is wrong, and what would be right
        what: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => write!(formatter, "configuration: {error}"),
            Self::Home { path } => write!(
                formatter,
                "{path}: no home folder is known; set HOME, or give the path from / on"
            ),
            Self::Content {
                file,
                line,
                column,
                key,
                what,
            } => {
                write!(formatter, "{file}:{line}:{column}: ")?;
                if !key.is_empty() {
                    write!(formatter, "{key}: ")?;
                }
                formatter.write_str(what)
            }
        }
    }
}

impl core::error::Error for Error {}

impl Error {
    /// What is wrong at a byte of a file's text, with a key or without one.
    pub(super) fn content(file: &str, text: &str, at: usize, key: String, what: String) -> Self {
        let (line, column) = place(text, at);
        Self::Content {
            file: file.to_owned(),
            line,
            column,
            key,
            what,
        }
    }
}

/// The line and character, from 1, of a byte.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    let mut lines = before.rsplit(|byte| *byte == b'\n');
    // Bytes that go on with a character count with its first.
    let last = lines.next().unwrap_or_default().iter();
    let column = last.filter(|byte| **byte & 0xc0 != 0x80).count() + 1;
    (lines.count() + 1, column)
}
