//! The two APIs of models, from the side of those who run them: what a request must be, and how answers
//! are written.
//!
//! Sources: `OpenAI`, "API reference: Chat" (create chat completion, its streaming object); Anthropic,
//! "Messages" and "Streaming messages", "Errors". A request is held to what those say; what it asks is
//! given in one form for both, so that a scenario need not say it twice:
//!
//! ```json
//! {"api": "openai", "stream": true, "model": "…", "max_tokens": 8192, "temperature": 0.7,
//!  "system": "…", "tools": ["edit_file", "…"],
//!  "messages": [{"role": "user", "text": "…"},
//!               {"role": "assistant", "text": "", "calls": [{"id": "…", "name": "…", "arguments": {}}]},
//!               {"role": "tool", "id": "…", "content": "…"}]}
//! ```

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

/// An API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// Chat completions
    OpenAi,
    /// Messages
    Anthropic,
}

impl Api {
    /// Where requests go, below the server's address.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::OpenAi => "/v1/chat/completions",
            Self::Anthropic => "/v1/messages",
        }
    }

    /// The API of a path.
    #[must_use]
    pub fn of(path: &str) -> Option<Self> {
        [Self::OpenAi, Self::Anthropic]
            .into_iter()
            .find(|api| api.path() == path)
    }

    /// The key that the server takes.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::OpenAi => "sk-openai-0123456789abcdef",
            Self::Anthropic => "sk-ant-0123456789abcdef",
        }
    }
}

/// A failure, as the API reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The status of HTTP
    pub status: u16,
    /// The API's name for it
    pub kind: String,
    /// In words
    pub message: String,
}

impl Failure {
    fn invalid(message: impl Into<String>) -> Self {
        Self {
            status: 400,
            kind: "invalid_request_error".to_owned(),
            message: message.into(),
        }
    }

    /// The body of the response.
    #[must_use]
    pub fn body(&self, api: Api) -> Value {
        let (kind, message) = (&self.kind, &self.message);
        match api {
            Api::OpenAi => json!({
                "error": {"message": message, "type": kind, "param": null, "code": null}
            }),
            Api::Anthropic => json!({
                "type": "error",
                "error": {"type": kind, "message": message},
                "request_id": "req_011CSHoEeqs5C35K2UUqR7Fy"
            }),
        }
    }
}

/// Holds a request to its API: what it asks.
///
/// # Errors
/// What the API would turn it down for.
pub fn read(api: Api, headers: &Map<String, Value>, body: &Value) -> Result<Value, Failure> {
    let header = |name: &str| headers.get(name).and_then(Value::as_str);
    let bearer = header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let given = match api {
        Api::OpenAi => bearer,
        // Its own client sends either.
        Api::Anthropic => header("x-api-key").or(bearer),
    };
    if given != Some(api.key()) {
        return Err(Failure {
            status: 401,
            kind: match api {
                Api::OpenAi => "invalid_request_error",
                Api::Anthropic => "authentication_error",
            }
            .to_owned(),
            message: "Incorrect API key provided".to_owned(),
        });
    }
    if header("content-type").is_none_or(|kind| !kind.starts_with("application/json")) {
        return Err(Failure::invalid("Content-Type must be application/json"));
    }
    if api == Api::Anthropic && header("anthropic-version") != Some("2023-06-01") {
        return Err(Failure::invalid("anthropic-version: header is required"));
    }
    let text = |key: &str| body[key].as_str().map(str::to_owned);
    let model = text("model").ok_or_else(|| Failure::invalid("model: required"))?;
    let temperature = &body["temperature"];
    if temperature.as_f64().is_some_and(|degree| {
        let most = if api == Api::OpenAi { 2.0 } else { 1.0 };
        !(0.0..=most).contains(&degree)
    }) {
        return Err(Failure::invalid("temperature: out of range"));
    }
    let max_tokens = [&body["max_tokens"], &body["max_completion_tokens"]]
        .into_iter()
        .find(|limit| !limit.is_null())
        .cloned()
        .unwrap_or_default();
    if max_tokens.as_u64().is_none_or(|limit| limit == 0) {
        return Err(Failure::invalid("max_tokens: required, and more than 0"));
    }
    let messages = body["messages"].as_array();
    let messages = messages.ok_or_else(|| Failure::invalid("messages: required"))?;
    let (system, messages) = match api {
        Api::OpenAi => openai_messages(messages)?,
        Api::Anthropic => {
            let system = match &body["system"] {
                Value::Array(blocks) => blocks
                    .iter()
                    .filter_map(|block| block["text"].as_str())
                    .collect(),
                system => system.as_str().unwrap_or_default().to_owned(),
            };
            (system, anthropic_messages(messages)?)
        }
    };
    check_order(&messages)?;
    Ok(json!({
        "api": match api { Api::OpenAi => "openai", Api::Anthropic => "anthropic" },
        "stream": body["stream"] == json!(true),
        "model": model,
        "max_tokens": max_tokens,
        "temperature": temperature,
        "system": system,
        "tools": tools(api, &body["tools"])?,
        "messages": messages,
    }))
}

fn tools(api: Api, tools: &Value) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    for tool in tools.as_array().into_iter().flatten() {
        let (tool, schema) = match api {
            Api::OpenAi if tool["type"] != json!("function") => {
                return Err(Failure::invalid("tools: type must be function"));
            }
            Api::OpenAi => (&tool["function"], "parameters"),
            Api::Anthropic => (tool, "input_schema"),
        };
        let name = tool["name"].as_str().unwrap_or_default();
        let legal = !name.is_empty()
            && name.len() <= 64
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        if !legal || !tool["description"].is_string() || tool[schema]["type"] != json!("object") {
            return Err(Failure::invalid(format!(
                "tools: {name:?} needs a name of letters, a description and a schema of an object"
            )));
        }
        names.push(name.to_owned());
    }
    Ok(names)
}

fn openai_messages(messages: &[Value]) -> Result<(String, Vec<Value>), Failure> {
    let mut system = String::new();
    let mut neutral = Vec::new();
    for message in messages {
        let content = match &message["content"] {
            Value::Array(parts) => parts
                .iter()
                .filter_map(|part| part["text"].as_str())
                .collect(),
            content => content.as_str().unwrap_or_default().to_owned(),
        };
        let missing = message["content"].is_null();
        match message["role"].as_str() {
            Some("system" | "developer") => system.push_str(&content),
            Some("user") if !missing => neutral.push(json!({"role": "user", "text": content})),
            Some("assistant") => {
                let mut calls = Vec::new();
                for call in message["tool_calls"].as_array().into_iter().flatten() {
                    let function = &call["function"];
                    let (Some(id), Some(name), Some(arguments), true) = (
                        call["id"].as_str(),
                        function["name"].as_str(),
                        function["arguments"].as_str(),
                        call["type"] == json!("function"),
                    ) else {
                        return Err(Failure::invalid("messages: a tool call is incomplete"));
                    };
                    let arguments =
                        serde_json::from_str(arguments).unwrap_or_else(|_| Value::from(arguments));
                    calls.push(json!({"id": id, "name": name, "arguments": arguments}));
                }
                if missing && calls.is_empty() {
                    return Err(Failure::invalid("messages: an assistant says nothing"));
                }
                neutral.push(assistant(content, calls));
            }
            Some("tool") if !missing => neutral.push(json!({
                "role": "tool", "id": message["tool_call_id"], "content": content
            })),
            role => return Err(Failure::invalid(format!("messages: role {role:?}"))),
        }
    }
    Ok((system, neutral))
}

fn assistant(text: String, calls: Vec<Value>) -> Value {
    if calls.is_empty() {
        json!({"role": "assistant", "text": text})
    } else {
        json!({"role": "assistant", "text": text, "calls": calls})
    }
}

fn anthropic_messages(messages: &[Value]) -> Result<Vec<Value>, Failure> {
    let mut neutral = Vec::new();
    let mut previous = "assistant";
    for message in messages {
        let blocks = match &message["content"] {
            Value::Array(blocks) => blocks.clone(),
            content => vec![json!({"type": "text", "text": content})],
        };
        if blocks.is_empty() {
            return Err(Failure::invalid("messages: content must not be empty"));
        }
        let role = message["role"].as_str().unwrap_or_default();
        if !matches!(role, "user" | "assistant") || role == previous {
            return Err(Failure::invalid(
                "messages: roles must alternate between user and assistant, user first",
            ));
        }
        previous = if role == "user" { "user" } else { "assistant" };
        let mut text = String::new();
        let mut calls = Vec::new();
        for block in &blocks {
            match block["type"].as_str() {
                Some("text") => match block["text"].as_str() {
                    Some(part) if !part.trim().is_empty() => text.push_str(part),
                    _ => return Err(Failure::invalid("messages: text content must not be empty")),
                },
                Some("tool_use") if role == "assistant" && block["input"].is_object() => {
                    calls.push(json!({
                        "id": block["id"], "name": block["name"], "arguments": block["input"]
                    }));
                }
                Some("tool_result") if role == "user" && text.is_empty() => {
                    let content = match &block["content"] {
                        Value::Array(parts) => parts
                            .iter()
                            .filter_map(|part| part["text"].as_str())
                            .collect(),
                        content => content.as_str().unwrap_or_default().to_owned(),
                    };
                    neutral.push(json!({
                        "role": "tool", "id": block["tool_use_id"], "content": content
                    }));
                }
                kind => {
                    return Err(Failure::invalid(format!(
                        "messages: a block of type {kind:?}"
                    )));
                }
            }
        }
        if role == "assistant" {
            neutral.push(assistant(text, calls));
        } else if !text.is_empty() {
            neutral.push(json!({"role": "user", "text": text}));
        }
    }
    Ok(neutral)
}

/// Each call is answered at once after it, and nothing else is.
fn check_order(messages: &[Value]) -> Result<(), Failure> {
    let mut open: Vec<&Value> = Vec::new();
    for message in messages {
        if message["role"] == json!("tool") {
            let place = open.iter().position(|id| **id == message["id"]);
            let place = place.ok_or_else(|| {
                Failure::invalid(format!("messages: no call has the id {}", message["id"]))
            })?;
            open.remove(place);
            continue;
        }
        if !open.is_empty() {
            break;
        }
        let calls = message["calls"].as_array().into_iter().flatten();
        open = calls.map(|call| &call["id"]).collect();
    }
    if open.is_empty() {
        Ok(())
    } else {
        Err(Failure::invalid("messages: a call has no result"))
    }
}

/// An answer, as a scenario says it:
/// `{"text": "…", "calls": [{"id", "name", "arguments"}], "stop": "end_turn", "usage": {"input", "output"}}`.
/// `arguments` is an object, or the text that the model wrote in its place.
pub struct Answer<'a>(pub &'a Value);

impl Answer<'_> {
    fn text(&self) -> &str {
        self.0["text"].as_str().unwrap_or_default()
    }

    fn calls(&self) -> impl Iterator<Item = (&str, &str, String)> {
        let calls = self.0["calls"].as_array().into_iter().flatten();
        calls.map(|call| {
            let arguments = match &call["arguments"] {
                Value::String(text) => text.clone(),
                object => object.to_string(),
            };
            let text = |key: &str| call[key].as_str().unwrap_or_default();
            (text("id"), text("name"), arguments)
        })
    }

    fn usage(&self) -> (u64, u64) {
        let usage = &self.0["usage"];
        (
            usage["input"].as_u64().unwrap_or(10),
            usage["output"].as_u64().unwrap_or(5),
        )
    }

    fn stop(&self, api: Api) -> &str {
        let stop = match self.0["stop"].as_str() {
            Some(stop) => stop,
            None if self.calls().next().is_some() => "tool_use",
            None => "end_turn",
        };
        match (api, stop) {
            (Api::OpenAi, "tool_use") => "tool_calls",
            (Api::OpenAi, "max_tokens") => "length",
            (Api::OpenAi, "refused") => "content_filter",
            (Api::OpenAi, _) => "stop",
            (Api::Anthropic, "refused") => "refusal",
            (Api::Anthropic, stop) => stop,
        }
    }

    /// The body of a response that comes whole.
    #[must_use]
    pub fn whole(&self, api: Api, model: &str) -> Value {
        let (input, output) = self.usage();
        match api {
            Api::OpenAi => {
                let calls: Vec<Value> = self
                    .calls()
                    .map(|(id, name, arguments)| {
                        json!({
                            "id": id,
                            "type": "function",
                            "function": {"name": name, "arguments": arguments}
                        })
                    })
                    .collect();
                let text = self.text();
                let content = if text.is_empty() && !calls.is_empty() {
                    Value::Null
                } else {
                    Value::from(text)
                };
                let mut message = json!({
                    "role": "assistant", "content": content, "refusal": null, "annotations": []
                });
                if !calls.is_empty() {
                    message["tool_calls"] = Value::from(calls);
                }
                json!({
                    "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
                    "object": "chat.completion",
                    "created": 1_741_569_952,
                    "model": model,
                    "choices": [{
                        "index": 0,
                        "message": message,
                        "logprobs": null,
                        "finish_reason": self.stop(api)
                    }],
                    "usage": {
                        "prompt_tokens": input,
                        "completion_tokens": output,
                        "total_tokens": input + output
                    },
                    "service_tier": "default"
                })
            }
            Api::Anthropic => {
                let mut content = Vec::new();
                if !self.text().is_empty() {
                    content.push(json!({"type": "text", "text": self.text()}));
                }
                for (id, name, arguments) in self.calls() {
                    let input: Value = serde_json::from_str(&arguments).unwrap_or_default();
                    content
                        .push(json!({"type": "tool_use", "id": id, "name": name, "input": input}));
                }
                json!({
                    "id": "msg_013Zva2CMHLNnXjNJJKqJ2EF",
                    "type": "message",
                    "role": "assistant",
                    "model": model,
                    "content": content,
                    "stop_reason": self.stop(api),
                    "stop_sequence": null,
                    "usage": {"input_tokens": input, "output_tokens": output}
                })
            }
        }
    }

    /// The events of a response that comes piece by piece; `failure` comes in the place of its end.
    #[must_use]
    pub fn stream(&self, api: Api, model: &str, failure: Option<&Failure>) -> String {
        let mut events = match api {
            Api::OpenAi => self.openai_stream(model),
            Api::Anthropic => self.anthropic_stream(model),
        };
        if let Some(failure) = failure {
            let end = if api == Api::OpenAi { 3 } else { 2 };
            events.truncate(events.len().saturating_sub(end));
            events.push((
                (api == Api::Anthropic).then_some("error"),
                failure.body(api).to_string(),
            ));
        }
        let mut text = String::new();
        for (name, data) in events {
            if let Some(name) = name {
                let _ = writeln!(text, "event: {name}");
            }
            let _ = write!(text, "data: {data}\n\n");
        }
        text
    }

    fn openai_stream(&self, model: &str) -> Vec<(Option<&'static str>, String)> {
        let chunk = |choices: Value, usage: Value| {
            json!({
                "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
                "object": "chat.completion.chunk",
                "created": 1_741_569_952,
                "model": model,
                "service_tier": "default",
                "system_fingerprint": "fp_44709d6fcb",
                "choices": choices,
                "usage": usage
            })
        };
        let delta = |delta: Value, stop: Option<&str>| {
            let choice =
                json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": stop}]);
            (None, chunk(choice, Value::Null).to_string())
        };
        let mut events = vec![delta(
            json!({"role": "assistant", "content": "", "refusal": null}),
            None,
        )];
        for part in parts(self.text()) {
            events.push(delta(json!({"content": part}), None));
        }
        for (index, (id, name, arguments)) in self.calls().enumerate() {
            events.push(delta(
                json!({"tool_calls": [{
                    "index": index,
                    "id": id,
                    "type": "function",
                    "function": {"name": name, "arguments": ""}
                }]}),
                None,
            ));
            for part in parts(&arguments) {
                let call = json!([{"index": index, "function": {"arguments": part}}]);
                events.push(delta(json!({"tool_calls": call}), None));
            }
        }
        events.push(delta(json!({}), Some(self.stop(Api::OpenAi))));
        let (input, output) = self.usage();
        let usage = json!({
            "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output
        });
        events.push((None, chunk(json!([]), usage).to_string()));
        events.push((None, "[DONE]".to_owned()));
        events
    }

    fn anthropic_stream(&self, model: &str) -> Vec<(Option<&'static str>, String)> {
        let (input, output) = self.usage();
        let mut message =
            Answer(&json!({"usage": {"input": input, "output": 1}})).whole(Api::Anthropic, model);
        message["stop_reason"] = Value::Null;
        let mut events = vec![
            (
                "message_start",
                json!({"type": "message_start", "message": message}),
            ),
            ("ping", json!({"type": "ping"})),
        ];
        let mut index = 0;
        let mut block = |start: Value, deltas: Vec<Value>| {
            events.push((
                "content_block_start",
                json!({"type": "content_block_start", "index": index, "content_block": start}),
            ));
            for delta in deltas {
                events.push((
                    "content_block_delta",
                    json!({"type": "content_block_delta", "index": index, "delta": delta}),
                ));
            }
            events.push((
                "content_block_stop",
                json!({"type": "content_block_stop", "index": index}),
            ));
            index += 1;
        };
        if !self.text().is_empty() {
            let deltas = parts(self.text());
            let deltas = deltas.map(|part| json!({"type": "text_delta", "text": part}));
            block(json!({"type": "text", "text": ""}), deltas.collect());
        }
        for (id, name, arguments) in self.calls() {
            // The real service begins with an empty piece.
            let deltas = std::iter::once("").chain(parts(&arguments));
            let deltas =
                deltas.map(|part| json!({"type": "input_json_delta", "partial_json": part}));
            block(
                json!({"type": "tool_use", "id": id, "name": name, "input": {}}),
                deltas.collect(),
            );
        }
        let stop = json!({"stop_reason": self.stop(Api::Anthropic), "stop_sequence": null});
        events.push((
            "message_delta",
            json!({"type": "message_delta", "delta": stop, "usage": {"output_tokens": output}}),
        ));
        events.push(("message_stop", json!({"type": "message_stop"})));
        let events = events.into_iter();
        events
            .map(|(name, data)| (Some(name), data.to_string()))
            .collect()
    }
}

/// A text in pieces of a few characters, as tokens are.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    const LENGTH: usize = 5;
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest.ceil_char_boundary(LENGTH.min(rest.len()));
        let part;
        (part, rest) = rest.split_at(end);
        (!part.is_empty()).then_some(part)
    })
}
