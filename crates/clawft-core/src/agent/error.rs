//! Why there is no answer.

use core::fmt;

use serde_json::Value;

use crate::config;
use crate::message::StopReason;
use crate::platform::{FileError, HttpError};
use crate::prelude::*;
use crate::provider::ModelError;
use crate::provider::select::SelectError;
use crate::session;
use crate::tool::object;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    /// The configuration
    Config(config::Error),
    /// No provider for the model, or no key for the provider
    Select(SelectError),
    /// A file or folder
    File(FileError),
    /// The session
    Session(session::Error),
    /// There is no response
    Http {
        /// The provider
        provider: String,
        /// Why
        error: HttpError,
    },
    /// The response reports a failure
    Status {
        /// The provider
        provider: String,
        /// The status of HTTP
        status: u16,
        /// What it says, and what would help
        message: String,
    },
    /// The response is no answer
    Model {
        /// The provider
        provider: String,
        /// Why
        error: ModelError,
    },
    /// The model calls tools again and again, after as many rounds
    Iterations(u32),
    /// The turn took so many milliseconds
    Time(u64),
    /// The model said nothing, and ended for that reason
    Empty(StopReason),
    /// The user said nothing
    NoMessage,
}

impl Error {
    /// The error as programs write it among events.
    #[must_use]
    pub fn to_json(&self) -> Value {
        error_json(self.to_string())
    }
}

/// An error as programs write it among events.
#[must_use]
pub fn error_json(message: String) -> Value {
    object(vec![("type", "error".into()), ("message", message.into())])
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(formatter),
            Self::Select(error) => error.fmt(formatter),
            Self::File(error) => error.fmt(formatter),
            Self::Session(error) => error.fmt(formatter),
            Self::Http { provider, error } => write!(formatter, "{provider}: {error}"),
            Self::Status {
                provider,
                status,
                message,
            } => write!(formatter, "{provider} answered {status}: {message}"),
            Self::Model { provider, error } => write!(formatter, "{provider}: {error}"),
            Self::Iterations(limit) => write!(
                formatter,
                "max tool iterations ({limit}) exceeded; \
                 agents.defaults.max_tool_iterations allows more"
            ),
            Self::Time(limit) => write!(
                formatter,
                "no answer after {} s; agents.defaults.turn_timeout allows more",
                limit / 1000
            ),
            Self::Empty(StopReason::MaxTokens) => formatter.write_str(
                "the limit of tokens cut the answer off before it said anything; \
                 agents.defaults.max_tokens allows more",
            ),
            Self::Empty(_) => formatter.write_str("the model gave an empty answer; ask again"),
            Self::NoMessage => formatter.write_str("the message is empty"),
        }
    }
}

impl core::error::Error for Error {}

impl From<config::Error> for Error {
    fn from(error: config::Error) -> Self {
        Self::Config(error)
    }
}

impl From<SelectError> for Error {
    fn from(error: SelectError) -> Self {
        Self::Select(error)
    }
}

impl From<FileError> for Error {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl From<session::Error> for Error {
    fn from(error: session::Error) -> Self {
        Self::Session(error)
    }
}
