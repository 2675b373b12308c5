//! How a scenario ends, in one word and one sentence.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a scenario, or a cell with all its scenarios, ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It ran to its end; of a whole cell: as it should.
    #[default]
    Ok,
    /// It ran to its end, and what it gave is not what was expected.
    Wrong,
    /// It trapped.
    Trap,
    /// It was killed because its time was over.
    Timeout,
    /// It wants an import that the host does not offer.
    MissingImport,
    /// The runtime does not accept the module.
    BadModule,
    /// It was killed because it used too much memory.
    MemoryLimit,
    /// Anything else.
    Fault,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Wrong => "wrong",
            Self::Trap => "trap",
            Self::Timeout => "timeout",
            Self::MissingImport => "missing-import",
            Self::BadModule => "bad-module",
            Self::MemoryLimit => "memory-limit",
            Self::Fault => "fault",
        })
    }
}

/// An end that is not [`Outcome::Ok`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// In a word.
    pub outcome: Outcome,
    /// The runtime's message, or the first difference.
    pub message: String,
}

impl Failure {
    /// A failure of this kind.
    pub fn new(outcome: Outcome, message: impl Into<String>) -> Self {
        Self {
            outcome,
            message: message.into(),
        }
    }
}
