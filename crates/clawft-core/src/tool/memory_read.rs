//! `memory_read`: what the agent noted in other conversations.

use serde_json::{Value, json};

use super::arguments::Arguments;
use super::{Context, MAX_TEXT, Running, Spec, Tool, ToolError};
use crate::memory;

pub(super) const TOOL: Tool = Tool { spec: SPEC, start };

const SPEC: Spec = Spec {
    name: "memory_read",
    description: "Read the notes that are kept across conversations: all of them, or the paragraphs with \
                  certain words.",
    parameters: r#"{
"type": "object",
"properties": {
"query": {"type": "string", "description": "Words that a paragraph must have as they stand, in any case"}
},
"additionalProperties": false
}"#,
};

fn start(context: &Context<'_>, arguments: &Value) -> Result<Running, ToolError> {
    let arguments = Arguments::check(&SPEC, arguments)?;
    let mut content = memory::read(context.platform, context.workspace)?;
    let query = arguments.optional("query").unwrap_or_default().trim();
    if query.is_empty() {
        let whole = content.len();
        // The newest notes are at the end.
        let start = content.ceil_char_boundary(whole.saturating_sub(MAX_TEXT));
        let mut result = json!({ "content": content.split_off(start) });
        if start > 0 {
            result["truncated"] = true.into();
            result["bytes"] = whole.into();
        }
        return Ok(Running::Done(result));
    }
    let mut room = MAX_TEXT;
    let mut matches = memory::query(&content, query);
    let count = matches.len();
    matches.retain(|paragraph| {
        let fits = paragraph.len() <= room;
        room -= if fits { paragraph.len() } else { room };
        fits
    });
    Ok(Running::Done(
        json!({ "query": query, "matches": matches, "count": count }),
    ))
}
