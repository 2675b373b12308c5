//! What the files of sessions say.

use serde_json::Value;

use super::{RECORD_LIMIT, Session, WINDOW_LIMIT};
use crate::json;
use crate::json_repair::MAX_VALUES;
use crate::message::{Message, Role, ToolCall};
use crate::platform::{Directory, FileError};
use crate::prelude::*;
use crate::text;

/// Most values of an array of messages, each of which has some.
const ARRAY_VALUES: usize = 1 << 16;

/// The last messages of a file of lines, and whether the session has begun in it: it has more than some of
/// an older one. It reads from the end as much as it needs, and not more than [`WINDOW_LIMIT`].
pub fn tail(
    folder: &dyn Directory,
    name: &str,
    window: usize,
) -> Result<(Session, bool), FileError> {
    let mut limit = 64 << 10;
    loop {
        let (bytes, before) = folder.read_tail(name, limit)?;
        let (session, begun) = lines(&bytes, before > 0, window);
        let enough = begun == Some(true) && session.messages.len() >= window;
        if before == 0 || enough || limit >= WINDOW_LIMIT {
            return Ok((session, begun.unwrap_or(before > 0)));
        }
        limit *= 8;
    }
}

/// The last messages of lines, the first of which may be the end of one, and whether the session has begun,
/// if they show that.
fn lines(bytes: &[u8], cut: bool, window: usize) -> (Session, Option<bool>) {
    let whole = if cut {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        &bytes[end.unwrap_or(bytes.len())..]
    } else {
        bytes
    };
    let mut read = Reader::default();
    for line in whole.rsplit(|byte| *byte == b'\n') {
        if read.begun == Some(true) && read.own.len() + read.older.len() >= window {
            break;
        }
        read.line(line);
    }
    let mut messages = read.own;
    messages.append(&mut read.older);
    messages.truncate(window);
    messages.reverse();
    let session = Session {
        messages,
        skipped: read.skipped,
        unread: None,
    };
    (session, read.begun)
}

/// What lines have, of which the last is read first.
#[derive(Default)]
struct Reader {
    own: Vec<Message>,
    /// Those that were brought over, under that id
    older: Vec<Message>,
    import: Option<String>,
    /// What is read in part
    torn: Vec<Torn>,
    skipped: usize,
    /// `false` if there is only a part of an older session
    begun: Option<bool>,
}

/// A text of which the last parts are read.
struct Torn {
    id: String,
    /// Parts before them
    missing: u64,
    /// The last one first
    parts: Vec<String>,
}

impl Reader {
    fn line(&mut self, line: &[u8]) {
        if line.trim_ascii().is_empty() {
            return;
        }
        let Ok(value) = json::parse(line, MAX_VALUES) else {
            self.skipped += 1;
            return;
        };
        let kind = value.get("_type").and_then(Value::as_str);
        let part = kind == Some("part");
        if kind == Some("imported") {
            self.older.clear();
            self.import = said(&value, "id");
            self.begun = Some(true);
            return;
        }
        let import = said(&value, "imported");
        if kind.is_some() && !part {
            return;
        }
        if import.is_some() && import != self.import {
            self.begun.get_or_insert(false);
            return;
        }
        if part {
            self.begun = Some(true);
            self.part(&value).unwrap_or_default();
            return;
        }
        match message(value) {
            Some(message) => {
                self.begun = Some(true);
                let list = if import.is_some() {
                    &mut self.older
                } else {
                    &mut self.own
                };
                list.push(message);
            }
            None => self.skipped += 1,
        }
    }

    /// Reads a part of a text, and the text if that is its first; `None` if it is no part.
    fn part(&mut self, value: &Value) -> Option<()> {
        let id = said(value, "id")?;
        let number = value.get("part")?.as_u64()?;
        if value.get("last").is_some() {
            self.torn.push(Torn {
                id: id.clone(),
                missing: number.checked_add(1)?,
                parts: Vec::new(),
            });
        }
        let known = self.torn.iter().position(|text| text.id == id);
        if let Some(at) = known {
            let text = &mut self.torn[at];
            if text.missing == number + 1 {
                text.missing = number;
                text.parts.push(said(value, "text")?);
            }
        }
        if number == 0 {
            match known.map(|at| self.torn.swap_remove(at)) {
                Some(text) if text.missing == 0 => {
                    let mut whole = String::new();
                    for part in text.parts.iter().rev() {
                        whole.push_str(part);
                    }
                    for line in whole.as_bytes().rsplit(|byte| *byte == b'\n') {
                        self.line(line);
                    }
                }
                _ => self.skipped += 1,
            }
        }
        Some(())
    }
}

/// What a member of an object says, if it is a text.
fn said(value: &Value, member: &str) -> Option<String> {
    Some(value.get(member)?.as_str()?.to_owned())
}

fn message(mut value: Value) -> Option<Message> {
    let role = Role::parse(value.get("role")?.as_str()?)?;
    let content = match value.get_mut("content").map(Value::take) {
        Some(Value::String(text)) => text,
        // An assistant that only calls tools
        None | Some(Value::Null) => String::new(),
        Some(Value::Array(parts)) => {
            let texts = parts.iter().filter_map(|part| part.get("text")?.as_str());
            let texts: Vec<&str> = texts.collect();
            if texts.is_empty() && value.get("tool_calls").is_none() {
                return None;
            }
            text::join(&texts, "\n")
        }
        Some(_) => return None,
    };
    if content.len() > RECORD_LIMIT {
        return None;
    }
    let mut message = Message::text(role, content);
    message.tool_call_id = said(&value, "tool_call_id");
    let calls = value.get("tool_calls").and_then(Value::as_array);
    for call in calls.into_iter().flatten() {
        let function = call.get("function")?;
        message.tool_calls.push(ToolCall {
            id: said(call, "id")?,
            name: said(function, "name")?,
            arguments: said(function, "arguments")?,
        });
    }
    Some(message)
}

/// The last messages of an array, which may be the `messages` of an object.
pub fn array(text: &[u8], window: usize) -> Session {
    let mut session = Session::default();
    if text.trim_ascii().is_empty() {
        return session;
    }
    let mut document = json::parse(text, ARRAY_VALUES).unwrap_or_default();
    let items = match document.get_mut("messages") {
        Some(messages) => messages.take(),
        None => document,
    };
    match items {
        Value::Array(items) => {
            for item in items {
                match message(item) {
                    Some(message) => session.messages.push(message),
                    None => session.skipped += 1,
                }
            }
        }
        _ => session.skipped = 1,
    }
    let surplus = session.messages.len().saturating_sub(window);
    session.messages.drain(..surplus);
    session
}
