//! `write_file`: a file, whole.

use super::arguments::Arguments;
use super::{Context, Running, Spec, Tool, ToolError, object, paths};

/// The longest content that is written, in bytes.
pub const MAX_CONTENT: usize = 4 << 20;

pub(super) const TOOL: Tool = Tool {
    spec: Spec {
        name: "write_file",
        description: "Write a text file of the workspace, in place of what it held. Folders on its path are \
                      made.",
        parameters: r#"{
"type":"object",
"properties":{
"path":{"type":"string","minLength":1,"description":"The file, relative to the workspace"},
"content":{"type":"string","description":"The whole new content"}
},
"required":["path","content"],
"additionalProperties":false
}"#,
    },
    start,
};

fn start(context: &Context<'_>, arguments: &Arguments<'_>) -> Result<Running, ToolError> {
    let path = arguments.text("path");
    let content = arguments.text("content");
    write(context, path, content)?;
    let message = format!("Successfully wrote {} bytes to {path}", content.len());
    Ok(Running::Done(object(vec![("message", message.into())])))
}

/// Writes a file that a model names. The directory writes it whole or not at all, so nothing is read back.
///
/// # Errors
/// The path is refused, the content is longer than [`MAX_CONTENT`], or the file cannot be written.
pub(super) fn write(context: &Context<'_>, path: &str, content: &str) -> Result<(), ToolError> {
    let inside = paths::inside(context, path)?;
    if content.len() > MAX_CONTENT {
        return Err(ToolError::new(format!(
            "the content has {} bytes, and a file may have {MAX_CONTENT}",
            content.len()
        )));
    }
    Ok(context.workspace.write(&inside, content.as_bytes())?)
}
