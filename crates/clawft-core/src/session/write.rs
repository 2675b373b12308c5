//! How messages come to be in a session's file.

use serde_json::Value;

use super::{Error, FRAME, RECORD_LIMIT, Store, WRITE_LIMIT, present, start};
use crate::json;
use crate::message::Message;
use crate::platform::FileError;
use crate::prelude::*;
use crate::text::find;
use crate::tool::object;

/// What is added to a session's file.
pub struct Writer<'a> {
    pub store: &'a Store,
    pub name: &'a str,
    /// The id of what is brought over
    pub import: Option<&'a str>,
    /// Those that are not written yet
    pub lines: Vec<u8>,
}

impl Writer<'_> {
    /// Adds a line.
    pub fn value(&mut self, value: &Value) -> Result<(), FileError> {
        let mut text = json::text(value);
        text.push('\n');
        self.text(&text)
    }

    /// Adds lines, which are read all or not at all if they are longer than a write.
    pub fn text(&mut self, mut text: &str) -> Result<(), FileError> {
        // NB: one byte is for the end of a line that a crash has torn.
        let fits = |length: usize| length < WRITE_LIMIT;
        if fits(text.len()) {
            if !fits(self.lines.len() + text.len()) {
                self.flush()?;
            }
            self.lines.extend_from_slice(text.as_bytes());
            return Ok(());
        }
        let id = self.store.id();
        for number in 0_u64.. {
            let part = start(text, WRITE_LIMIT - FRAME);
            text = &text[part.len()..];
            let mut members = vec![
                ("_type", "part".into()),
                ("id", id.as_str().into()),
                ("part", number.into()),
                ("text", part.into()),
            ];
            if let Some(id) = self.import {
                members.push(("imported", id.into()));
            }
            if text.is_empty() {
                members.push(("last", true.into()));
            }
            self.value(&object(members))?;
            if text.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Writes what was added, in one piece.
    pub fn flush(&mut self) -> Result<(), FileError> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let folder = &self.store.directory;
        let end = present(folder.read_tail(self.name, 1))?;
        if end.is_some_and(|(end, _)| end.last().is_some_and(|last| *last != b'\n')) {
            self.lines.insert(0, b'\n');
        }
        folder.append(self.name, &self.lines)?;
        // Between the two another agent may have been killed while it wrote.
        let (tail, _) = folder.read_tail(self.name, 2 * WRITE_LIMIT as u64)?;
        if let Some(at @ 1..) = find(&tail, &self.lines)
            && self.lines[0] != b'\n'
            && tail[at - 1] != b'\n'
        {
            self.lines.insert(0, b'\n');
            folder.append(self.name, &self.lines)?;
        }
        self.lines.clear();
        Ok(())
    }
}

pub fn line(lines: &mut String, value: &Value) -> Result<(), Error> {
    let text = json::text(value);
    if text.len() > RECORD_LIMIT {
        return Err(Error::TooLong);
    }
    lines.push_str(&text);
    lines.push('\n');
    Ok(())
}

pub fn record(message: &Message, now: &str, import: Option<&str>) -> Value {
    let mut record = vec![
        ("role", Value::from(message.role.as_str())),
        ("content", message.content.as_str().into()),
        ("timestamp", now.into()),
    ];
    if let Some(id) = import {
        record.push(("imported", id.into()));
    }
    if let Some(id) = &message.tool_call_id {
        record.push(("tool_call_id", id.as_str().into()));
    }
    if !message.tool_calls.is_empty() {
        let calls = message.tool_calls.iter().map(|call| {
            let function = vec![
                ("name", call.name.as_str().into()),
                ("arguments", call.arguments.as_str().into()),
            ];
            object(vec![
                ("id", call.id.as_str().into()),
                ("type", "function".into()),
                ("function", object(function)),
            ])
        });
        record.push(("tool_calls", Value::Array(calls.collect())));
    }
    object(record)
}
