//! What is said between a user, a model and its tools.

use crate::prelude::*;
/// Who says a [`Message`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// What the agent is told about itself
    System,
    /// The user
    User,
    /// The model
    Assistant,
    /// The result of a tool
    Tool,
}

impl Role {
    /// The role as the APIs of models, and session files, write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }

    /// The role that is written so.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::System, Self::User, Self::Assistant, Self::Tool]
            .into_iter()
            .find(|role| role.as_str() == name)
    }
}

/// One call of a tool, as a model asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolCall {
    /// The model's name for this call, which the result repeats
    pub id: String,
    /// The tool
    pub name: String,
    /// Its arguments: the text that the model wrote, which should be a JSON object
    pub arguments: String,
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who says it
    pub role: Role,
    /// The text; empty where a model only calls tools
    pub content: String,
    /// The tools that it calls, of an assistant
    pub tool_calls: Vec<ToolCall>,
    /// The call that it answers, of a tool
    pub tool_call_id: Option<String>,
}

impl Message {
    /// A message of text alone.
    #[must_use]
    pub fn text(role: Role, content: impl Into<String>) -> Self {
        Self {
            role,
            content: content.into(),
            tool_calls: Vec::new(),
            tool_call_id: None,
        }
    }

    /// What a tool answers to the call of that id.
    #[must_use]
    pub fn tool_result(id: impl Into<String>, content: impl Into<String>) -> Self {
        Self {
            tool_call_id: Some(id.into()),
            ..Self::text(Role::Tool, content)
        }
    }
}

/// Why a model ended its answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StopReason {
    /// It had said all
    #[default]
    EndTurn,
    /// It waits for the results of tools
    ToolUse,
    /// The limit of tokens cut it off
    MaxTokens,
    /// A text that it was told to stop at
    StopSequence,
    /// The provider withheld the rest
    Refused,
}

impl StopReason {
    /// The reason as events write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EndTurn => "end_turn",
            Self::ToolUse => "tool_use",
            Self::MaxTokens => "max_tokens",
            Self::StopSequence => "stop_sequence",
            Self::Refused => "refused",
        }
    }
}

/// Tokens that a provider counted; zero where it did not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens that the model read
    pub input: u64,
    /// Tokens that it wrote
    pub output: u64,
}
