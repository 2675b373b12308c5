//! What happens in a turn, and how programs write it.

use serde_json::Value;

use crate::message::{StopReason, ToolCall, Usage};
use crate::prelude::*;
use crate::tool::object;

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
        object(match self {
            Self::Text(text) => vec![("type", "text".into()), ("text", text.as_str().into())],
            Self::ToolCall(call) => vec![
                ("type", "tool_call".into()),
                ("id", call.id.as_str().into()),
                ("name", call.name.as_str().into()),
                ("arguments", call.arguments.as_str().into()),
            ],
            Self::ToolResult {
                id,
                name,
                content,
                failed,
            } => vec![
                ("type", "tool_result".into()),
                ("id", id.as_str().into()),
                ("name", name.as_str().into()),
                ("content", content.as_str().into()),
                ("failed", (*failed).into()),
            ],
            Self::Done {
                text,
                stop,
                usage,
                iterations,
            } => vec![
                ("type", "done".into()),
                ("text", text.as_str().into()),
                ("stop", stop.as_str().into()),
                (
                    "usage",
                    object(vec![
                        ("input", usage.input.into()),
                        ("output", usage.output.into()),
                    ]),
                ),
                ("iterations", (*iterations).into()),
            ],
        })
    }
}
