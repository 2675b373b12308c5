//! `memory_read`: what the agent noted in other conversations.

use serde_json::Value;

use super::arguments::Arguments;
use super::{Context, MAX_TEXT, Running, Spec, Tool, ToolError, object};
use crate::memory;
use crate::prelude::*;

pub(super) const TOOL: Tool = Tool {
    spec: Spec {
        name: "memory_read",
        description: "Read the notes that are kept across conversations: all of them, or the paragraphs with \
                      certain words.",
        parameters: r#"{
"type":"object",
"properties":{
"query":{"type":"string","description":"Words that a paragraph must have as they stand, in any case"}
},
"additionalProperties":false
}"#,
    },
    start,
};

fn start(context: &Context<'_>, arguments: &Arguments<'_>) -> Result<Running, ToolError> {
    let mut content = memory::read(context.platform, context.workspace)?;
    let query = arguments.optional("query").unwrap_or_default().trim();
    if query.is_empty() {
        let whole = content.len();
        // The newest notes are at the end.
        let start = content.ceil_char_boundary(whole.saturating_sub(MAX_TEXT));
        let mut result = vec![("content", Value::from(content.split_off(start)))];
        if start > 0 {
            result.push(("truncated", true.into()));
            result.push(("bytes", whole.into()));
        }
        return Ok(Running::Done(object(result)));
    }
    let found = memory::query(&content, query);
    let (count, mut room) = (found.len(), MAX_TEXT);
    let mut matches: Vec<Value> = Vec::new();
    for paragraph in found {
        room = room.saturating_sub(paragraph.len());
        if room > 0 {
            matches.push(paragraph.into());
        }
    }
    Ok(Running::Done(object(vec![
        ("query", query.into()),
        ("matches", matches.into()),
        ("count", count.into()),
    ])))
}
