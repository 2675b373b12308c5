//! `read_file`: the text of a file, whole or by its lines.

use serde_json::Value;

use super::arguments::Arguments;
use super::{Context, MAX_TEXT, Running, Spec, Tool, ToolError, object, paths};
use crate::prelude::*;

/// The longest file that is read, in bytes: a component has 16 MiB in all.
pub const MAX_FILE: u64 = 1 << 20;

pub(super) const TOOL: Tool = Tool {
    spec: Spec {
        name: "read_file",
        description: "Read a text file of the workspace. A long file comes in pieces: the result then says \
                      from which line to go on.",
        parameters: r#"{
"type":"object",
"properties":{
"path":{"type":"string","minLength":1,"description":"The file, relative to the workspace"},
"offset":{"type":"integer","minimum":1,"description":"First line to read, counted from 1"},
"limit":{"type":"integer","minimum":1,"description":"Most lines to read"}
},
"required":["path"],
"additionalProperties":false
}"#,
    },
    start,
};

fn start(context: &Context<'_>, arguments: &Arguments<'_>) -> Result<Running, ToolError> {
    let text = read(context, arguments.text("path"))?;
    let first = number(arguments.integer("offset")).unwrap_or(1);
    let limit = number(arguments.integer("limit")).unwrap_or(usize::MAX);

    let mut piece = String::new();
    let mut taken = 0;
    let mut total = 0;
    let mut full = false;
    for line in text.split_inclusive('\n') {
        total += 1;
        if total < first || taken == limit || full {
            continue;
        }
        if piece.len() + line.len() <= MAX_TEXT {
            piece.push_str(line);
        } else if piece.is_empty() {
            piece.push_str(&line[..line.floor_char_boundary(MAX_TEXT)]);
            piece.push_str("[… the rest of this line is left out]\n");
        } else {
            full = true;
            continue;
        }
        taken += 1;
    }
    if first > total.max(1) {
        return Err(ToolError::new(format!(
            "offset {first} is past the end: the file has {total} lines"
        )));
    }
    let mut result = vec![("content", Value::from(piece))];
    if taken < total {
        result.push(("first_line", first.into()));
        result.push(("lines", taken.into()));
        result.push(("total_lines", total.into()));
        if first - 1 + taken < total {
            result.push(("next_offset", (first + taken).into()));
        }
    }
    Ok(Running::Done(object(result)))
}

fn number(value: Option<u64>) -> Option<usize> {
    value.map(|value| usize::try_from(value).unwrap_or(usize::MAX))
}

/// The text of a file that a model names.
///
/// # Errors
/// The path is refused, the file cannot be read or is longer than [`MAX_FILE`], or is no text.
pub(super) fn read(context: &Context<'_>, path: &str) -> Result<String, ToolError> {
    let bytes = context
        .workspace
        .read(&paths::inside(context, path)?, MAX_FILE)?;
    String::from_utf8(bytes).map_err(|error| {
        ToolError::new(format!(
            "{path}: no text: byte {} is not UTF-8",
            error.utf8_error().valid_up_to()
        ))
    })
}
