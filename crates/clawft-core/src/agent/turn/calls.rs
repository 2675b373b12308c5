//! The tools that an answer calls, and what a model is told of their results.

use alloc::vec::IntoIter;

use serde_json::Value;

use super::{Stage, Turn};
use crate::agent::{Agent, Event};
use crate::message::{Message, ToolCall};
use crate::prelude::*;
use crate::provider::select;
use crate::tool::{self, Context, Running, ToolError, object};
use crate::{json, json_repair, text};

/// The most bytes of a tool's result that a model is given.
pub const MAX_RESULT: usize = 65_536;

/// A call, and what it is at.
type Started = (ToolCall, Result<Running, ToolError>);

/// The calls of an answer.
pub(super) struct Tools {
    /// Those that are not announced yet
    rest: IntoIter<ToolCall>,
    /// The one that is, and is not started
    announced: Option<ToolCall>,
    /// Those that are started, or failed at it
    started: Vec<Started>,
    /// Those of them whose results are waited for, once all are started
    waiting: IntoIter<Started>,
}

impl Tools {
    pub fn new(calls: Vec<ToolCall>) -> Self {
        Self {
            rest: calls.into_iter(),
            announced: None,
            started: Vec::new(),
            waiting: Vec::new().into_iter(),
        }
    }
}

impl Turn {
    /// Announces and starts a call, or waits for one when all are started.
    pub(super) fn tools(&mut self, agent: &Agent, mut tools: Tools) -> Option<Event> {
        let context = agent.context(self.deadline);
        if let Some(call) = tools.announced.take() {
            let running = start(&context, &call);
            tools.started.push((call, running));
        }
        if let Some(call) = tools.rest.next() {
            tools.announced = Some(call.clone());
            self.stage = Stage::Tools(tools);
            return Some(Event::ToolCall(call));
        }
        if !tools.started.is_empty() {
            tools.waiting = core::mem::take(&mut tools.started).into_iter();
        }
        let Some((call, running)) = tools.waiting.next() else {
            self.stage = Stage::Ask;
            return None;
        };
        let result = match running {
            Ok(Running::Done(value)) => Ok(value),
            Ok(Running::Waiting(wait)) => wait(&context),
            Err(error) => Err(error),
        };
        self.stage = Stage::Tools(tools);
        Some(self.result(agent, call, result))
    }

    /// Tells the model the result of a call.
    fn result(&mut self, agent: &Agent, call: ToolCall, result: Result<Value, ToolError>) -> Event {
        let value = result.unwrap_or_else(|error| object(vec![("error", error.message.into())]));
        let failed = value.get("error").is_some();
        let content = cut(hide(json::text(&value), agent));
        self.messages
            .push(Message::tool_result(&*call.id, &*content));
        Event::ToolResult {
            id: call.id,
            name: call.name,
            content,
            failed,
        }
    }
}

fn start(context: &Context<'_>, call: &ToolCall) -> Result<Running, ToolError> {
    let tool = tool::find(&call.name)?;
    // A tool without arguments is called with none by some models.
    let text = match call.arguments.trim() {
        "" => "{}",
        text => text,
    };
    let (arguments, _) = json_repair::repair(text)
        .map_err(|error| ToolError::new(format!("the arguments are no JSON: {error}")))?;
    tool.start(context, &arguments)
}

/// A result without the keys that the agent itself uses, whichever tool came upon them.
fn hide(mut content: String, agent: &Agent) -> String {
    for key in select::keys(&agent.config, &*agent.platform.environment) {
        // As it stands in JSON
        let key = json::quoted(&key);
        let key = &key[1..key.len() - 1];
        let mut hidden = String::new();
        let mut rest = &*content;
        while let Some((before, after)) = text::split_once(rest, key) {
            hidden.push_str(before);
            hidden.push_str("[secret]");
            rest = after;
        }
        if !hidden.is_empty() {
            hidden.push_str(rest);
            content = hidden;
        }
    }
    content
}

/// A result as long as a model is given one, the note that says so included.
fn cut(mut content: String) -> String {
    if content.len() > MAX_RESULT {
        let note = format!("\n[cut off: the result has {} bytes]", content.len());
        let end = content.floor_char_boundary(MAX_RESULT - note.len());
        content.truncate(end);
        content.push_str(&note);
    }
    content
}
