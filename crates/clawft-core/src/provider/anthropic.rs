//! Messages, as Anthropic defined them.
//!
//! Sources: Anthropic's API reference, "Create a Message", and its guides "Streaming Messages", "How to
//! implement tool use", "Handling stop reasons", "Errors" and "Versions" (by which what is not known, of
//! events and of blocks, is left out).

use serde_json::Value;

use super::body::{Body, arguments, takes_temperature};
use super::response::{Answer, Format, Response, failure, malformed, take_text};
use super::{ChatRequest, Decoder, ModelError, Provider, endpoint, headers};
use crate::config::Secret;
use crate::json;
use crate::message::{Message, Role};
use crate::platform::Request;
use crate::prelude::*;

/// The version of the API that is spoken here.
const VERSION: &str = "2023-06-01";

/// How a tool's result starts if it failed.
const FAILED: &str = r#"{"error":"#;

/// A provider of messages.
// NB: not Debug, since a header may hold a key.
#[derive(Clone)]
pub struct Anthropic {
    /// The URL that `/messages` is added to
    pub base: String,
    /// The key, or empty where none is needed
    pub key: Secret,
    /// Headers beside the API's own, which they replace; in a browser, one of them is
    /// `anthropic-dangerous-direct-browser-access`
    pub headers: Vec<(String, String)>,
}

impl Provider for Anthropic {
    fn request(&self, chat: &ChatRequest<'_>) -> Request {
        let mut body = Body::default();
        body.raw(r#"{"model":"#).string(chat.model);
        body.raw(r#","max_tokens":"#);
        body.raw(&chat.max_tokens.to_string());
        let mut system = String::new();
        for message in chat.messages {
            if message.role == Role::System && !blank(&message.content) {
                system.push_str(if system.is_empty() { "" } else { "\n\n" });
                system.push_str(&message.content);
            }
        }
        if !system.is_empty() {
            body.raw(r#","system":"#).string(&system);
        }
        body.raw(r#","messages":["#);
        write_messages(&mut body, chat.messages);
        body.raw("]");
        if !chat.tools.is_empty() {
            body.raw(r#","tools":["#);
            for tool in chat.tools {
                body.next().raw(r#"{"name":"#).string(tool.name);
                body.raw(r#","description":"#).string(tool.description);
                body.raw(r#","input_schema":"#).raw(tool.parameters);
                body.raw("}");
            }
            body.raw("]");
        }
        if takes_temperature(chat.model) {
            body.raw(r#","temperature":"#);
            body.temperature(chat.temperature, 1.0);
        }
        if chat.stream {
            body.raw(r#","stream":true"#);
        }
        body.raw("}");
        let own = [
            ("anthropic-version", VERSION),
            ("x-api-key", self.key.reveal()),
        ];
        let (keyless, _) = own.split_at(1);
        let own = if self.key.is_empty() { keyless } else { &own };
        Request {
            method: "POST".into(),
            url: endpoint(&self.base, "/messages"),
            headers: headers(chat.stream, own, &self.headers),
            body: body.into_bytes(),
            ..Request::default()
        }
    }

    fn decoder(&self, _stream: bool) -> Box<dyn Decoder> {
        Response::decoder(&FORMAT)
    }

    fn failure(&self, status: u16, body: &[u8]) -> ModelError {
        failure(status, body, self.key.reveal())
    }
}

/// Writes the messages of users and assistants, which take turns: several of one side are one message of
/// several blocks, and so are the results of one round of tools. A message without text or calls is left
/// out, because a block without any is refused.
fn write_messages(body: &mut Body, messages: &[Message]) {
    let mut last = None;
    for message in messages {
        let role = match message.role {
            Role::System => continue,
            Role::Assistant => Role::Assistant,
            Role::User | Role::Tool => Role::User,
        };
        let result = message.tool_call_id.as_ref();
        if blank(&message.content) && message.tool_calls.is_empty() && result.is_none() {
            continue;
        }
        if last.is_none() && role == Role::Assistant {
            // A conversation starts with its user, even if the start is forgotten.
            start_message(body, Role::User);
            write_text(body, "…");
            body.raw("]}");
        }
        if last != Some(role) {
            if last.is_some() {
                body.raw("]}");
            }
            start_message(body, role);
            last = Some(role);
        }
        if let Some(id) = result {
            body.next().raw(r#"{"type":"tool_result","tool_use_id":"#);
            body.string(id).raw(r#","content":"#);
            body.string(&message.content);
            if message.content.starts_with(FAILED) {
                body.raw(r#","is_error":true"#);
            }
            body.raw("}");
        } else if !blank(&message.content) {
            write_text(body, &message.content);
        }
        for call in &message.tool_calls {
            body.next()
                .raw(r#"{"type":"tool_use","id":"#)
                .string(&call.id);
            body.raw(r#","name":"#).string(&call.name);
            body.raw(r#","input":"#).raw(&arguments(call)).raw("}");
        }
    }
    if last.is_some() {
        body.raw("]}");
    }
}

fn blank(text: &str) -> bool {
    text.trim_ascii().is_empty()
}

fn start_message(body: &mut Body, role: Role) {
    body.next().raw(r#"{"role":"#).string(role.as_str());
    body.raw(r#","content":["#);
}

fn write_text(body: &mut Body, text: &str) {
    body.next().raw(r#"{"type":"text","text":"#);
    body.string(text).raw("}");
}

const FORMAT: Format = Format {
    event: read_event,
    whole: |answer, message| {
        let Some(Value::Array(blocks)) = message.get_mut("content") else {
            return Err(malformed("no content"));
        };
        for block in blocks {
            start_block(answer, None, block)?;
        }
        read_usage(answer, &message["usage"]);
        answer.stop(message["stop_reason"].as_str().unwrap_or_default())
    },
};

fn read_event(answer: &mut Answer, event: &mut Value) -> Result<(), ModelError> {
    let index = event["index"].as_u64();
    match event["type"].as_str() {
        Some("message_start") => read_usage(answer, &event["message"]["usage"]),
        Some("content_block_start") => {
            if let Some(block) = event.get_mut("content_block") {
                start_block(answer, index, block)?;
            }
        }
        Some("content_block_delta") => {
            let Some(delta) = event.get_mut("delta") else {
                return Ok(());
            };
            match (delta["type"].as_str(), index) {
                (Some("text_delta"), _) => answer.add_text(take_text(delta, "text"))?,
                (Some("input_json_delta"), Some(index)) => {
                    answer.add_arguments(index, &take_text(delta, "partial_json"))?;
                }
                // Thoughts, their signatures, citations
                _ => {}
            }
        }
        Some("message_delta") => {
            read_usage(answer, &event["usage"]);
            if let Some(reason) = event["delta"]["stop_reason"].as_str() {
                answer.stop(reason)?;
            }
        }
        Some("message_stop") => answer.end(),
        _ => {}
    }
    Ok(())
}

/// Takes a block, or the start of one in a stream: its arguments follow then, and there are none yet.
fn start_block(
    answer: &mut Answer,
    index: Option<u64>,
    block: &mut Value,
) -> Result<(), ModelError> {
    match block["type"].as_str() {
        Some("text") => answer.add_text(take_text(block, "text")),
        Some("tool_use") => {
            let input = match &block["input"] {
                Value::Object(input) if index.is_some() && input.is_empty() => String::new(),
                input => json::text(input),
            };
            let id = take_text(block, "id");
            answer.add_call(index, id, take_text(block, "name"), input)
        }
        _ => Ok(()),
    }
}

/// Takes counts of tokens, each the count up to here. What came from a cache was read as well.
fn read_usage(answer: &mut Answer, usage: &Value) {
    let count = |key| usage[key].as_u64();
    if let Some(input) = count("input_tokens") {
        let cached = ["cache_creation_input_tokens", "cache_read_input_tokens"]
            .map(|key| count(key).unwrap_or_default());
        let input = input.saturating_add(cached[0]).saturating_add(cached[1]);
        // The last event may leave out what came from a cache.
        answer.usage.input = answer.usage.input.max(input);
    }
    answer.usage.output = count("output_tokens").unwrap_or(answer.usage.output);
}
