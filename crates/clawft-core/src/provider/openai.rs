//! Chat completions, as OpenAI defined them and most providers offer them.
//!
//! Sources: OpenAI's API reference, "Chat completions" (the objects of the request, of the response and of
//! its chunks) and "Reasoning models"; what other providers do differently is said where it is handled.

use serde_json::Value;

use super::body::{Body, arguments, reasons, takes_temperature};
use super::response::{Answer, Format, Response, failure, malformed, take_text};
use super::{ChatRequest, Decoder, ModelError, Provider, endpoint, headers};
use crate::config::Secret;
use crate::json;
use crate::message::Message;
use crate::platform::Request;
use crate::prelude::*;

/// A provider of chat completions.
// NB: not Debug, since a header may hold a key.
#[derive(Clone)]
pub struct OpenAi {
    /// The URL that `/chat/completions` is added to
    pub base: String,
    /// The key, or empty where none is needed
    pub key: Secret,
    /// Headers beside the API's own, which they replace
    pub headers: Vec<(String, String)>,
}

impl Provider for OpenAi {
    fn request(&self, chat: &ChatRequest<'_>) -> Request {
        let mut body = Body::default();
        body.raw(r#"{"model":"#).string(chat.model);
        body.raw(r#","messages":["#);
        for message in chat.messages {
            write_message(body.next(), message);
        }
        body.raw("]");
        if !chat.tools.is_empty() {
            body.raw(r#","tools":["#);
            for tool in chat.tools {
                body.next().raw(r#"{"type":"function","function":{"name":"#);
                body.string(tool.name).raw(r#","description":"#);
                body.string(tool.description).raw(r#","parameters":"#);
                body.raw(tool.parameters).raw("}}");
            }
            body.raw("]");
        }
        // OpenAI's models that reason know the limit by this name alone, and others do not all know it.
        body.raw(if reasons(chat.model.as_bytes()) {
            r#","max_completion_tokens":"#
        } else {
            r#","max_tokens":"#
        });
        body.raw(&chat.max_tokens.to_string());
        if takes_temperature(chat.model) {
            body.raw(r#","temperature":"#);
            body.temperature(chat.temperature, 2.0);
        }
        if chat.stream {
            body.raw(r#","stream":true,"stream_options":{"include_usage":true}"#);
        }
        body.raw("}");
        let key = self.key.reveal();
        let authorization = format!("Bearer {key}");
        let own = [("authorization", authorization.as_str())];
        Request {
            method: "POST".into(),
            url: endpoint(&self.base, "/chat/completions"),
            headers: headers(
                chat.stream,
                if key.is_empty() { &[] } else { &own },
                &self.headers,
            ),
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

fn write_message(body: &mut Body, message: &Message) {
    body.raw(r#"{"role":"#).string(message.role.as_str());
    body.raw(r#","content":"#);
    if message.content.is_empty() && !message.tool_calls.is_empty() {
        body.raw("null");
    } else {
        body.string(&message.content);
    }
    if let Some(id) = &message.tool_call_id {
        body.raw(r#","tool_call_id":"#).string(id);
    }
    if !message.tool_calls.is_empty() {
        body.raw(r#","tool_calls":["#);
        for call in &message.tool_calls {
            body.next().raw(r#"{"id":"#).string(&call.id);
            body.raw(r#","type":"function","function":{"name":"#);
            body.string(&call.name).raw(r#","arguments":"#);
            body.string(&arguments(call)).raw("}}");
        }
        body.raw("]");
    }
    body.raw("}");
}

const FORMAT: Format = Format {
    event: read,
    whole: |answer, response| {
        if response["choices"].get(0).is_none() {
            return Err(malformed("no choices"));
        }
        read(answer, response)
    },
};

/// Takes a response, or a chunk of one: its one choice has a whole message, or what is new of it.
fn read(answer: &mut Answer, response: &mut Value) -> Result<(), ModelError> {
    let usage = &response["usage"];
    for (count, key) in [
        (&mut answer.usage.input, "prompt_tokens"),
        (&mut answer.usage.output, "completion_tokens"),
    ] {
        *count = usage[key].as_u64().unwrap_or(*count);
    }
    // The chunk that has the usage has no choice.
    let choices = response.get_mut("choices");
    let Some(choice) = choices.and_then(|choices| choices.get_mut(0)) else {
        return Ok(());
    };
    // NB: a chunk may have the whole message so far beside what is new.
    let piece = choice["delta"].is_object();
    if let Some(message) = choice.get_mut(if piece { "delta" } else { "message" }) {
        read_message(answer, message, piece)?;
    }
    if let Some(reason) = choice["finish_reason"].as_str() {
        answer.stop(reason)?;
    }
    Ok(())
}

fn read_message(answer: &mut Answer, message: &mut Value, piece: bool) -> Result<(), ModelError> {
    match message.get_mut("content") {
        // Mistral's models that reason answer in parts.
        Some(Value::Array(parts)) => {
            for part in parts {
                answer.add_text(take_text(part, "text"))?;
            }
        }
        _ => answer.add_text(take_text(message, "content"))?,
    }
    let refusal = take_text(message, "refusal");
    if !refusal.is_empty() {
        answer.add_text(refusal)?;
        answer.refuse();
    }
    if let Some(Value::Array(calls)) = message.get_mut("tool_calls") {
        for call in calls {
            let index = call["index"].as_u64();
            let id = take_text(call, "id");
            if let Some(function) = call.get_mut("function") {
                read_call(answer, function, (index, id), piece)?;
            }
        }
    }
    // What calls were before there could be several.
    if let Some(function @ Value::Object(_)) = message.get_mut("function_call") {
        read_call(answer, function, (Some(0), String::new()), piece)?;
    }
    Ok(())
}

fn read_call(
    answer: &mut Answer,
    function: &mut Value,
    (index, id): (Option<u64>, String),
    piece: bool,
) -> Result<(), ModelError> {
    let name = take_text(function, "name");
    // Some write the object itself rather than its text.
    let arguments = match function.get("arguments") {
        Some(object @ Value::Object(_)) => json::text(object),
        _ => take_text(function, "arguments"),
    };
    if piece {
        answer.add_to_call(index, id, name, arguments)
    } else {
        answer.add_call(index, id, name, arguments)
    }
}
