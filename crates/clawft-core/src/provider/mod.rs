//! Models, by the APIs of those who run them. A provider writes requests and reads responses; it sends
//! nothing itself.

pub mod anthropic;
mod body;
pub mod openai;
mod response;
pub mod retry;
pub mod select;

use crate::message::{Message, StopReason, Usage};
use crate::platform::Request;
use crate::prelude::*;
use crate::tool::Spec;

pub use response::{MAX_ANSWER, MAX_EVENT, MAX_STREAM};
pub use retry::retry;

/// What a model is asked.
#[derive(Clone, Debug)]
pub struct ChatRequest<'a> {
    /// The model, without the prefix that names its provider
    pub model: &'a str,
    /// The conversation, the system's message first
    pub messages: &'a [Message],
    /// The tools that it may call, sorted by name
    pub tools: &'a [Spec],
    /// Most tokens of the answer
    pub max_tokens: u32,
    /// Randomness, 0 to 2
    pub temperature: f32,
    /// Whether the answer comes piece by piece
    pub stream: bool,
}

/// A whole answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// Its text
    pub text: String,
    /// The tools that it calls
    pub tool_calls: Vec<crate::message::ToolCall>,
    /// Why it ended
    pub stop: StopReason,
    /// What it cost
    pub usage: Usage,
}

/// Why a response is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelError {
    /// The provider says that it failed, in its words
    Provider {
        /// The provider's name for the failure, or empty
        kind: String,
        /// What it says
        message: String,
    },
    /// The response is not what the API promises
    Malformed(String),
    /// The response ended before it was whole
    Truncated,
    /// The response is longer than what one may be, in bytes
    TooLarge(usize),
}

impl core::fmt::Display for ModelError {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Provider { kind, message } if kind.is_empty() => formatter.write_str(message),
            Self::Provider { kind, message } => write!(formatter, "{kind}: {message}"),
            Self::Malformed(what) => write!(formatter, "the response is no answer: {what}"),
            Self::Truncated => formatter.write_str("the response broke off"),
            Self::TooLarge(limit) => {
                write!(formatter, "the response is longer than {limit} bytes")
            }
        }
    }
}

impl core::error::Error for ModelError {}

/// One API of models.
pub trait Provider {
    /// The request for an answer; its timeout is left to who sends it.
    fn request(&self, chat: &ChatRequest<'_>) -> Request;

    /// What reads the response to such a request, of status 2xx.
    fn decoder(&self, stream: bool) -> Box<dyn Decoder>;

    /// What a response of any other status says went wrong, from its body.
    fn failure(&self, status: u16, body: &[u8]) -> ModelError;
}

/// Reads one response, in pieces of any size.
pub trait Decoder {
    /// Takes the next bytes: the text that they bring, possibly none. Together these are the answer's
    /// text, but for a response that is plain JSON: its text comes with [`Decoder::finish`] alone.
    ///
    /// # Errors
    /// See [`ModelError`]; nothing more is to be read then.
    fn push(&mut self, bytes: &[u8]) -> Result<String, ModelError>;

    /// Whether the answer is whole though the body goes on: a provider said so within it.
    fn ended(&self) -> bool;

    /// The whole answer, at the end of the body or where it has [ended](Decoder::ended).
    ///
    /// # Errors
    /// See [`ModelError`].
    fn finish(self: Box<Self>) -> Result<Completion, ModelError>;
}

/// The URL of a path below a base, whose query comes after it.
fn endpoint(base: &str, path: &str) -> String {
    let end = base.bytes().position(|byte| byte == b'?');
    let (base, query) = base.split_at(end.unwrap_or(base.len()));
    crate::text::join(&[crate::text::trim_end(base, '/'), path, query], "")
}

/// The headers of a request: what it wants and sends, those of its API, and those of the user, which
/// replace others of their name.
fn headers(
    stream: bool,
    own: &[(&str, &str)],
    extra: &[(String, String)],
) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = Vec::new();
    let mut set = |name: &str, value: &str| {
        headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        headers.push((name.into(), value.into()));
    };
    let accept = if stream {
        "text/event-stream"
    } else {
        "application/json"
    };
    set("accept", accept);
    set("content-type", "application/json");
    for (name, value) in own {
        set(name, value);
    }
    for (name, value) in extra {
        set(name, value);
    }
    headers
}
