//! What goes wrong, where, and how it is told.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::node::NodeError;

/// The kinds of errors. Their names and prefixes are the original's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The manifest, or the request around it, is not as it must be.
    Manifest,
    /// A node cannot do its work.
    Execution,
    /// The run is out of time.
    Timeout,
    /// An exception of a Python node.
    PythonVm,
    /// An exception of a Python node, for want of memory. It is told as any other of them.
    Memory,
    /// A WASM module that a node runs.
    Wasm,
    /// A node that is elsewhere cannot be reached.
    Transport,
    /// A value cannot be brought into the form that a node takes, or back.
    Marshaling,
    /// A file or stream.
    Io,
    /// JSON cannot be read or written.
    Serialization,
}

impl ErrorKind {
    /// What a message of this kind begins with, before `: `.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Manifest => "Manifest error",
            Self::Execution => "Execution error",
            // The original has no kind of its own for it.
            Self::Timeout => "Execution error: Timeout",
            Self::PythonVm | Self::Memory => "Python VM error",
            Self::Wasm => "WASM error",
            Self::Transport => "Transport error",
            Self::Marshaling => "Marshaling error",
            Self::Io => "I/O error",
            Self::Serialization => "Serialization error",
        }
    }

    /// The kind as JSON has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Execution => "execution",
            Self::Timeout => "timeout",
            Self::PythonVm | Self::Memory => "python",
            Self::Wasm => "wasm",
            Self::Transport => "transport",
            Self::Marshaling => "marshaling",
            Self::Io => "io",
            Self::Serialization => "serialization",
        }
    }
}

/// Where in a pipeline an error is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The node's id.
    pub node: String,
    /// The item's number among those that this node was given, from 0; `None` before the first and
    /// after the last.
    pub item: Option<usize>,
}

impl Place {
    /// A node, outside of its items.
    #[must_use]
    pub fn node(id: &str) -> Self {
        Self {
            node: id.to_owned(),
            item: None,
        }
    }

    /// An item of a node.
    #[must_use]
    pub fn item(id: &str, item: usize) -> Self {
        Self {
            node: id.to_owned(),
            item: Some(item),
        }
    }
}

/// A pipeline that cannot be run, or whose run failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What kind of error.
    pub kind: ErrorKind,
    /// What is wrong, and the cure.
    pub message: String,
    /// Where; `None` if it is not in one node.
    pub place: Option<Place>,
    /// The traceback of a Python exception.
    pub traceback: Option<String>,
}

impl Error {
    /// An error without a place.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            place: None,
            traceback: None,
        }
    }

    pub(crate) fn manifest(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Manifest, message)
    }

    /// The error at a place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// The result of a run that failed: `status`, `error`, which is the whole message, and
    /// `error_info` with its parts.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut info = Map::new();
        info.insert("kind".into(), self.kind.name().into());
        if let Some(place) = &self.place {
            info.insert("node".into(), place.node.clone().into());
            if let Some(item) = place.item {
                info.insert("item".into(), item.into());
            }
        }
        if let Some(traceback) = &self.traceback {
            info.insert("traceback".into(), traceback.clone().into());
        }
        json!({"status": "error", "error": self.to_string(), "error_info": info})
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.kind.prefix(), self.message)?;
        match &self.place {
            None => Ok(()),
            Some(Place { node, item: None }) => write!(formatter, " (node {node})"),
            Some(Place {
                node,
                item: Some(item),
            }) => write!(formatter, " (node {node}, item {item})"),
        }
    }
}

impl std::error::Error for Error {}

impl From<NodeError> for Error {
    fn from(error: NodeError) -> Self {
        Self {
            kind: error.kind,
            message: error.message,
            place: None,
            traceback: error.traceback,
        }
    }
}
