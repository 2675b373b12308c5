//! The agent: from a message to its answer.

use crate::message::{StopReason, ToolCall, Usage};

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
