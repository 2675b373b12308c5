//! What the responses of both APIs have in common: JSON, or a stream of events that each are JSON. Which
//! of them a response is, its first byte says: some providers answer a request for a stream with plain
//! JSON, and the reverse.

use serde_json::Value;

use super::{Completion, Decoder, ModelError};
use crate::message::{StopReason, ToolCall, Usage};
use crate::prelude::*;
use crate::sse;
use crate::text;
use crate::{json, json_repair};

/// Longest answer, in bytes: the body of plain JSON, or what is kept of a stream. The answer is there
/// twice while it is read, which fits the 16 MB of a component.
pub const MAX_ANSWER: usize = 2 << 20;

/// Longest event of a stream, in bytes.
pub const MAX_EVENT: usize = 1 << 20;

/// Longest stream, in bytes. Each piece of an answer comes within some hundred bytes of which nothing is
/// kept.
pub const MAX_STREAM: usize = 64 << 20;

/// What a call costs beside its texts, in bytes.
const CALL_BYTES: usize = 64;

/// How the words of both APIs for why a model ended are meant. Another word is an end like any.
const STOP_REASONS: &[(&str, StopReason)] = &[
    ("content_filter", StopReason::Refused),
    ("function_call", StopReason::ToolUse),
    ("length", StopReason::MaxTokens),
    ("max_tokens", StopReason::MaxTokens),
    ("model_context_window_exceeded", StopReason::MaxTokens),
    ("refusal", StopReason::Refused),
    ("stop_sequence", StopReason::StopSequence),
    ("tool_calls", StopReason::ToolUse),
    ("tool_use", StopReason::ToolUse),
];

/// Reasons that are failures of the provider: of OpenRouter, vLLM and DeepSeek.
const FAILURES: &str = "error abort insufficient_system_resource";

/// What UTF-8 may begin with, and JSON may not.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One call as far as it came.
#[derive(Default)]
struct Call {
    /// Its place, as the provider counts
    index: Option<u64>,
    id: String,
    name: String,
    arguments: String,
}

/// The answer as far as it came.
#[derive(Default)]
pub(super) struct Answer {
    text: String,
    calls: Vec<Call>,
    /// Tokens so far
    pub(super) usage: Usage,
    stop: Option<StopReason>,
    /// The text says why there is no other
    refused: bool,
    /// The provider said that nothing follows
    ended: bool,
    /// Bytes that are kept
    size: usize,
}

impl Answer {
    /// Makes sure that so many bytes more may be kept.
    fn grow(&mut self, bytes: usize) -> Result<(), ModelError> {
        self.size = self.size.saturating_add(bytes);
        if self.size > MAX_ANSWER {
            return Err(ModelError::TooLarge(MAX_ANSWER));
        }
        Ok(())
    }

    pub(super) fn add_text(&mut self, text: String) -> Result<(), ModelError> {
        self.grow(text.len())?;
        if self.text.is_empty() {
            self.text = text;
        } else {
            self.text.push_str(&text);
        }
        Ok(())
    }

    /// Starts a call.
    pub(super) fn add_call(
        &mut self,
        index: Option<u64>,
        id: String,
        name: String,
        arguments: String,
    ) -> Result<(), ModelError> {
        self.grow(CALL_BYTES + id.len() + name.len() + arguments.len())?;
        self.calls.push(Call {
            index,
            id,
            name,
            arguments,
        });
        Ok(())
    }

    /// Takes a piece of a call: of the one at that place, or of that id, or of the last one; a piece with
    /// an id or name of its own starts another.
    pub(super) fn add_to_call(
        &mut self,
        index: Option<u64>,
        id: String,
        name: String,
        arguments: String,
    ) -> Result<(), ModelError> {
        let known = self.calls.iter().rposition(|call| {
            let same_id = id.is_empty() || call.id.is_empty() || call.id == id;
            match index {
                Some(_) => call.index == index && same_id,
                None if id.is_empty() => true,
                None => call.id == id,
            }
        });
        let call = match known {
            // Without a place or an id, a name is how another call starts.
            Some(_) if index.is_none() && id.is_empty() && !name.is_empty() => None,
            Some(at) => self.calls.get_mut(at),
            None => None,
        };
        let Some(call) = call else {
            return self.add_call(index, id, name, arguments);
        };
        if call.id.is_empty() {
            call.id.push_str(&id);
        }
        // Some providers repeat the name in each piece.
        if call.name != name {
            call.name.push_str(&name);
        }
        call.arguments.push_str(&arguments);
        self.grow(id.len() + name.len() + arguments.len())
    }

    /// Takes a piece of the arguments of the call at that place, if there is one.
    pub(super) fn add_arguments(&mut self, index: u64, json: &str) -> Result<(), ModelError> {
        let mut calls = self.calls.iter_mut();
        if let Some(call) = calls.rfind(|call| call.index == Some(index)) {
            call.arguments.push_str(json);
        }
        self.grow(json.len())
    }

    /// Takes the provider's word for why the model ended.
    pub(super) fn stop(&mut self, reason: &str) -> Result<(), ModelError> {
        if text::lists(FAILURES, reason) {
            return Err(ModelError::Provider {
                kind: reason.into(),
                message: "the provider stopped the model".into(),
            });
        }
        let known = STOP_REASONS.iter().find(|(word, _)| *word == reason);
        let reason = known.map_or(StopReason::EndTurn, |(_, reason)| *reason);
        self.stop = Some(reason);
        Ok(())
    }

    /// Takes that the text is a refusal, whatever word it ends with.
    pub(super) fn refuse(&mut self) {
        self.refused = true;
    }

    /// Takes that nothing follows.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    fn complete(self) -> Result<Completion, ModelError> {
        if self.stop.is_none() && !self.ended {
            return Err(ModelError::Truncated);
        }
        let stop = match self.stop {
            _ if self.refused => StopReason::Refused,
            stop => stop.unwrap_or_default(),
        };
        let mut tool_calls: Vec<ToolCall> = Vec::new();
        for (index, call) in self.calls.into_iter().enumerate() {
            // The limit of tokens cut it off, and what it would have been nobody knows.
            let cut = || !matches!(json_repair::repair(&call.arguments), Ok((_, false)));
            if stop == StopReason::Refused || stop == StopReason::MaxTokens && cut() {
                continue;
            }
            if call.name.is_empty() {
                return Err(malformed("a tool call without a name"));
            }
            let mut id = call.id;
            let mut number = index;
            while id.is_empty() || tool_calls.iter().any(|other| other.id == id) {
                id = format!("call_{number}");
                number += 1;
            }
            tool_calls.push(ToolCall {
                id,
                name: call.name,
                arguments: call.arguments,
            });
        }
        let stop = match stop {
            StopReason::EndTurn if !tool_calls.is_empty() => StopReason::ToolUse,
            StopReason::ToolUse if tool_calls.is_empty() => StopReason::EndTurn,
            other => other,
        };
        Ok(Completion {
            text: self.text,
            tool_calls,
            stop,
            usage: self.usage,
        })
    }
}

/// What one API puts into its responses. Both functions may empty the value.
pub(super) struct Format {
    /// Takes one event of a stream.
    pub(super) event: fn(&mut Answer, &mut Value) -> Result<(), ModelError>,
    /// Takes a response of plain JSON.
    pub(super) whole: fn(&mut Answer, &mut Value) -> Result<(), ModelError>,
}

enum Body {
    /// Nothing but white space came
    Unknown,
    Json(Vec<u8>),
    Events(sse::Decoder),
}

/// The decoder of a response.
pub(super) struct Response {
    format: &'static Format,
    /// Bytes of the byte order mark that came
    mark: usize,
    body: Body,
    /// Bytes that came
    length: usize,
    answer: Answer,
}

impl Response {
    pub(super) fn decoder(format: &'static Format) -> Box<dyn Decoder> {
        Box::new(Self {
            format,
            mark: 0,
            body: Body::Unknown,
            length: 0,
            answer: Answer::default(),
        })
    }
}

impl Decoder for Response {
    fn push(&mut self, mut bytes: &[u8]) -> Result<String, ModelError> {
        let before = self.answer.text.len();
        if matches!(self.body, Body::Unknown) {
            while let [first, rest @ ..] = bytes {
                if BYTE_ORDER_MARK.get(self.mark) == Some(first) {
                    self.mark += 1;
                } else if !first.is_ascii_whitespace() {
                    break;
                }
                bytes = rest;
            }
            self.body = match bytes.first() {
                None => return Ok(String::new()),
                Some(b'{' | b'[') => Body::Json(Vec::new()),
                // A comment, or a field
                Some(b':' | b'd' | b'e' | b'i' | b'r') => {
                    Body::Events(sse::Decoder::new(MAX_EVENT))
                }
                Some(_) => return Err(malformed("neither JSON nor events")),
            };
        }
        self.length = self.length.saturating_add(bytes.len());
        match &mut self.body {
            Body::Json(body) => {
                if self.length > MAX_ANSWER {
                    return Err(ModelError::TooLarge(MAX_ANSWER));
                }
                if body.capacity() < self.length {
                    // Twice as much, as a vector grows, but never beyond the limit.
                    let capacity = (2 * self.length).min(MAX_ANSWER);
                    body.reserve_exact(capacity - body.len());
                }
                body.extend_from_slice(bytes);
            }
            Body::Events(events) => {
                if self.length > MAX_STREAM {
                    return Err(ModelError::TooLarge(MAX_STREAM));
                }
                let too_large = |_| ModelError::TooLarge(MAX_EVENT);
                // What follows the end is no part of the answer.
                while !self.answer.ended
                    && let Some(event) = events.next(&mut bytes).map_err(too_large)?
                {
                    match event.data.trim_ascii() {
                        "" => {}
                        "[DONE]" => self.answer.end(),
                        data => {
                            let mut value = parse(data.as_bytes())?;
                            (self.format.event)(&mut self.answer, &mut value)?;
                        }
                    }
                }
            }
            Body::Unknown => {}
        }
        Ok(self.answer.text.get(before..).unwrap_or_default().into())
    }

    fn ended(&self) -> bool {
        self.answer.ended
    }

    fn finish(mut self: Box<Self>) -> Result<Completion, ModelError> {
        if let Body::Json(body) = &self.body {
            let mut value = parse(body)?;
            self.body = Body::Unknown;
            (self.format.whole)(&mut self.answer, &mut value)?;
            self.answer.end();
        }
        self.answer.complete()
    }
}

pub(super) fn malformed(what: &str) -> ModelError {
    ModelError::Malformed(what.into())
}

/// Reads JSON, and finds the failure that it tells instead of an answer.
fn parse(text: &[u8]) -> Result<Value, ModelError> {
    let value = json::parse(text, json_repair::MAX_VALUES).map_err(|error| {
        if error.cut_off {
            ModelError::Truncated
        } else {
            ModelError::Malformed(error.to_string())
        }
    })?;
    match told_failure(&value) {
        Some(failure) => Err(failure),
        None => Ok(value),
    }
}

/// The failure that a response tells, in one of the shapes that providers have for it.
fn told_failure(response: &Value) -> Option<ModelError> {
    // Gemini wraps it in a list.
    let response = response.get(0).unwrap_or(response);
    let error = match &response["error"] {
        // vLLM has no object around it.
        Value::Null if response["object"].as_str() == Some("error") => response,
        Value::Null => return None,
        error => error,
    };
    let mut kind = String::new();
    for key in ["status", "code", "type"] {
        match &error[key] {
            Value::String(told) => kind.clone_from(told),
            Value::Number(code) => kind = code.as_i64().unwrap_or_default().to_string(),
            _ => {}
        }
    }
    let message = error["message"].as_str().or(error.as_str());
    Some(ModelError::Provider {
        kind,
        message: match message {
            Some(message) => message.into(),
            None => json::text(error),
        },
    })
}

/// Longest part of a body that is no JSON to show, in bytes.
const SHOWN: usize = 300;

/// What a response of a status other than 2xx says went wrong, never with the key in it.
pub(super) fn failure(status: u16, body: &[u8], key: &str) -> ModelError {
    let whole = Some(body).filter(|body| body.len() <= MAX_EVENT);
    let json = whole.and_then(|body| json::parse(body, json_repair::MAX_VALUES).ok());
    let json = json.unwrap_or_default();
    let mut told = String::new();
    let mut text = json["message"].as_str().or(json["detail"].as_str());
    let failure = told_failure(&json);
    if let Some(ModelError::Provider { kind, message }) = &failure {
        told.push_str(if kind.is_empty() { "" } else { ", " });
        told.push_str(kind);
        text = Some(message);
    }
    let shown = String::from_utf8_lossy(&body[..body.len().min(SHOWN)]);
    let text = text.unwrap_or(&shown).trim_ascii();
    ModelError::Provider {
        kind: format!("HTTP status {status}{told}"),
        message: if text.is_empty() {
            "no reason was given".into()
        } else {
            without(text, key)
        },
    }
}

/// A text with an ellipsis for each key in it.
fn without(mut text: &str, key: &str) -> String {
    let mut shown = String::new();
    while !key.is_empty()
        && let Some(at) = text::find(text.as_bytes(), key.as_bytes())
        && let (Some(before), Some(after)) = (text.get(..at), text.get(at + key.len()..))
    {
        shown.push_str(before);
        shown.push('…');
        text = after;
    }
    shown + text
}

/// A member that is a text, taken out; empty where it is none.
pub(super) fn take_text(value: &mut Value, key: &str) -> String {
    match value.get_mut(key).map(Value::take) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    }
}
