//! The agent: from a message to its answer.
//!
//! A [`Turn`] asks the model, shows what it says as it comes, runs the tools that it calls, all of an answer
//! at once, tells it their results, and so on until it calls none. What is kept of a turn are the user's
//! message and the last answer; they are written in one piece when the turn is over, so a turn that fails,
//! is given up or dies with its process leaves the session as it was.
//!
//! A request that a provider turns down for now (429, 408, 5xx), or that gets no answer or half of one, is
//! made again, but only while nothing of its answer was shown.

use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;

use serde_json::{Value, json};

use crate::config::{self, Config};
use crate::json_repair;
use crate::message::{Message, Role, StopReason, ToolCall, Usage};
use crate::platform::{Directory, Exchange, FileError, HttpError, Platform, Request};
use crate::provider::select::{self, Selected};
use crate::provider::{ChatRequest, Completion, Decoder, ModelError};
use crate::tool::{self, Context, Running, Spec, ToolError};
use crate::{prompt, session, vectors};

/// The most bytes of a tool's result that a model is given.
pub const MAX_RESULT: usize = 65_536;

/// The most bytes that are read of a response that reports a failure.
const MAX_FAILURE: usize = 64 * 1024;

/// Bytes of a response that are read at once.
const PIECE: usize = 8 * 1024;

/// How long a turn may take in milliseconds, where `agents.defaults.turn_timeout` does not say.
const TURN_TIMEOUT: u64 = 30 * 60 * 1000;

/// The longest that a turn waits because a provider asks it to, in milliseconds.
const MAX_WAIT: u64 = 60_000;

/// What happens in a turn, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// More of the answer's text
    Text(String),
    /// The model calls a tool
    ToolCall(ToolCall),
    /// A tool answered
    ToolResult {
        /// The call's id
        id: String,
        /// The tool's name
        name: String,
        /// Its result, JSON, cut to what a model is given
        content: String,
        /// Whether it failed
        failed: bool,
    },
    /// The turn is over
    Done {
        /// The whole of the last answer
        text: String,
        /// Why the model ended
        stop: StopReason,
        /// Tokens of all requests of the turn
        usage: Usage,
        /// Rounds of tools that it took
        iterations: u32,
    },
}

impl Event {
    /// The event as programs write it, one a line.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => json!({"type": "text", "text": text}),
            Self::ToolCall(call) => json!({
                "type": "tool_call",
                "id": call.id,
                "name": call.name,
                "arguments": call.arguments,
            }),
            Self::ToolResult {
                id,
                name,
                content,
                failed,
            } => json!({
                "type": "tool_result",
                "id": id,
                "name": name,
                "content": content,
                "failed": failed,
            }),
            Self::Done {
                text,
                stop,
                usage,
                iterations,
            } => json!({
                "type": "done",
                "text": text,
                "stop": stop.as_str(),
                "usage": {"input": usage.input, "output": usage.output},
                "iterations": iterations,
            }),
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    /// The configuration
    Config(config::Error),
    /// No provider for the model, or no key for the provider
    Select(select::Error),
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
    /// The model said nothing
    Empty,
    /// The user said nothing
    NoMessage,
}

impl Error {
    /// The error as programs write it among events.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({"type": "error", "message": self.to_string()})
    }
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
            Self::Empty => formatter.write_str("the model gave an empty answer; ask again"),
            Self::NoMessage => formatter.write_str("the message is empty"),
        }
    }
}

impl std::error::Error for Error {}

impl From<config::Error> for Error {
    fn from(error: config::Error) -> Self {
        Self::Config(error)
    }
}

impl From<select::Error> for Error {
    fn from(error: select::Error) -> Self {
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

/// An agent.
pub struct Agent {
    platform: Platform,
    config: Config,
    workspace: Rc<dyn Directory>,
    workspace_path: String,
    sessions: session::Store,
    vectors: vectors::Store,
    specs: Vec<Spec>,
}
