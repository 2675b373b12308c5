//! `edit_file`: one passage of a file for another.

use super::arguments::Arguments;
use super::{Context, Running, Spec, Tool, ToolError, object, read_file, write_file};
use crate::text::{find, join};

pub(super) const TOOL: Tool = Tool {
    spec: Spec {
        name: "edit_file",
        description: "Replace one passage of a text file of the workspace. old_text must stand in the file \
                      exactly once, character for character.",
        parameters: r#"{
"type":"object",
"properties":{
"path":{"type":"string","minLength":1,"description":"The file, relative to the workspace"},
"old_text":{"type":"string","minLength":1,"description":"The passage as it stands in the file"},
"new_text":{"type":"string","description":"What to put in its place"}
},
"required":["path","old_text","new_text"],
"additionalProperties":false
}"#,
    },
    start,
};

fn start(context: &Context<'_>, arguments: &Arguments<'_>) -> Result<Running, ToolError> {
    let path = arguments.text("path");
    let old = arguments.text("old_text");
    let text = read_file::read(context, path)?;
    let from = |start: usize| find(&text.as_bytes()[start..], old.as_bytes());
    let place = from(0).ok_or_else(|| ToolError::new("old_text not found in file"))?;
    let (mut count, mut end) = (1, place + old.len());
    while let Some(next) = from(end) {
        count += 1;
        end += next + old.len();
    }
    if count == 1 {
        // Places that overlap are two as well: `aa` in `aaa` names no one place.
        count += usize::from(from(place + 1).is_some());
    }
    if count > 1 {
        return Err(ToolError::new(format!(
            "old_text appears {count} times; provide more context to make it unique"
        )));
    }
    let after = &text[place + old.len()..];
    let edited = join(&[&text[..place], arguments.text("new_text"), after], "");
    write_file::write(context, path, &edited)?;
    let message = format!("Successfully edited {path}");
    Ok(Running::Done(object(vec![("message", message.into())])))
}
