//! `edit_file`: one passage of a file for another.

use serde_json::{Value, json};

use super::arguments::Arguments;
use super::{Context, Running, Spec, Tool, ToolError, read_file, write_file};

pub(super) const TOOL: Tool = Tool { spec: SPEC, start };

const SPEC: Spec = Spec {
    name: "edit_file",
    description: "Replace one passage of a text file of the workspace. old_text must stand in the file \
                  exactly once, character for character.",
    parameters: r#"{
"type": "object",
"properties": {
"path": {"type": "string", "minLength": 1, "description": "The file, relative to the workspace"},
"old_text": {"type": "string", "minLength": 1, "description": "The passage as it stands in the file"},
"new_text": {"type": "string", "description": "What to put in its place"}
},
"required": ["path", "old_text", "new_text"],
"additionalProperties": false
}"#,
};

fn start(context: &Context<'_>, arguments: &Value) -> Result<Running, ToolError> {
    let arguments = Arguments::check(&SPEC, arguments)?;
    let path = arguments.text("path");
    let old = arguments.text("old_text");
    let text = read_file::read(context, path)?;
    match occurrences(&text, old) {
        0 => return Err(ToolError::new("old_text not found in file")),
        1 => {}
        count => {
            return Err(ToolError::new(format!(
                "old_text appears {count} times; provide more context to make it unique"
            )));
        }
    }
    write_file::write(
        context,
        path,
        &text.replacen(old, arguments.text("new_text"), 1),
    )?;
    Ok(Running::Done(json!({
        "message": format!("Successfully edited {path}"),
    })))
}

/// How often a passage stands in a text. Two places that overlap count as two: `aa` in `aaa` names no one
/// place.
fn occurrences(text: &str, passage: &str) -> usize {
    match text.matches(passage).count() {
        1 if text.find(passage) != text.rfind(passage) => 2,
        count => count,
    }
}
