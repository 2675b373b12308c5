//! `message`: words to someone who did not ask.

use serde_json::json;

use super::arguments::Arguments;
use super::{Context, Running, Spec, Tool, ToolError};
use crate::prelude::*;

/// A message that goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outbound<'a> {
    /// The kind of place, such as `telegram`
    pub channel: &'a str,
    /// The conversation there
    pub chat_id: &'a str,
    /// The text
    pub content: &'a str,
}

/// Where messages go.
pub trait Channels {
    /// Takes a message, to be delivered in its own time.
    ///
    /// # Errors
    /// There is no such channel or conversation, or it cannot take more; in words for a model.
    fn send(&self, message: &Outbound<'_>) -> Result<(), String>;
}

pub(super) const TOOL: Tool = Tool {
    spec: Spec {
        name: "message",
        description: "Send a message to another channel or conversation. The answer to this one needs no tool.",
        parameters: r#"{
"type": "object",
"properties": {
"channel": {"type": "string", "minLength": 1, "description": "The channel, such as telegram, slack or discord"},
"chat_id": {"type": "string", "minLength": 1, "description": "The conversation there"},
"content": {"type": "string", "minLength": 1, "description": "The text"}
},
"required": ["channel", "chat_id", "content"],
"additionalProperties": false
}"#,
    },
    start,
};

fn start(context: &Context<'_>, arguments: &Arguments<'_>) -> Result<Running, ToolError> {
    let message = Outbound {
        channel: arguments.text("channel"),
        chat_id: arguments.text("chat_id"),
        content: arguments.text("content"),
    };
    let channels = context
        .channels
        .ok_or_else(|| ToolError::new("no channel is open here; answer the user instead"))?;
    channels.send(&message).map_err(ToolError::new)?;
    Ok(Running::Done(json!({
        "status": "sent",
        "channel": message.channel,
        "chat_id": message.chat_id,
        "content_length": message.content.len(),
    })))
}
