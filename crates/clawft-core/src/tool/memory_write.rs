//! `memory_write`: what to remember in other conversations.

use super::arguments::Arguments;
use super::{Context, Running, Spec, Tool, ToolError, object};
use crate::memory;

pub(super) const TOOL: Tool = Tool {
    spec: Spec {
        name: "memory_write",
        description: "Write to the notes that are kept across conversations.",
        parameters: r#"{
"type":"object",
"properties":{
"content":{"type":"string","minLength":1,"description":"The note"},
"mode":{"type":"string","enum":["append","overwrite"],"description":"append, if left out, adds a paragraph; overwrite replaces all notes"}
},
"required":["content"],
"additionalProperties":false
}"#,
    },
    start,
};

fn start(context: &Context<'_>, arguments: &Arguments<'_>) -> Result<Running, ToolError> {
    let content = arguments.text("content");
    let mode = arguments.optional("mode").unwrap_or("append");
    memory::write(
        context.platform,
        context.workspace,
        content,
        memory::Mode::parse(mode).unwrap_or(memory::Mode::Append),
    )?;
    let message = format!(
        "Successfully wrote {} bytes to memory (mode: {mode})",
        content.len()
    );
    Ok(Running::Done(object(vec![("message", message.into())])))
}
