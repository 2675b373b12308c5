//! `list_directory`: what lies in a folder.

use serde_json::Value;

use super::arguments::Arguments;
use super::{Context, Running, Spec, Tool, ToolError, object, paths};
use crate::platform::FileKind;
use crate::prelude::*;

/// The most entries of one result, which keeps it within what a model is given.
const MAX_ENTRIES: usize = 500;

pub(super) const TOOL: Tool = Tool {
    spec: Spec {
        name: "list_directory",
        description: "List a folder of the workspace: the name of each entry, whether it is a folder, and its \
                      size in bytes.",
        parameters: r#"{
"type":"object",
"properties":{
"path":{"type":"string","minLength":1,"description":"The folder, relative to the workspace; . for the workspace"}
},
"required":["path"],
"additionalProperties":false
}"#,
    },
    start,
};

fn start(context: &Context<'_>, arguments: &Arguments<'_>) -> Result<Running, ToolError> {
    let path = paths::inside(context, arguments.text("path"))?;
    let mut entries = context.workspace.list(&path)?;
    let total = entries.len();
    entries.truncate(MAX_ENTRIES);
    let listed: Vec<Value> = entries
        .into_iter()
        .map(|mut entry| {
            if entry.kind == FileKind::Link
                // Where a link leads out, or nowhere, the link itself is all that there is to tell.
                && let Ok(Some(target)) = context.workspace.metadata(&format!("{path}/{}", entry.name))
            {
                entry.kind = target.kind;
                entry.size = target.size;
            }
            object(vec![
                ("name", entry.name.into()),
                ("is_dir", (entry.kind == FileKind::Directory).into()),
                ("size", entry.size.into()),
            ])
        })
        .collect();
    let mut result = vec![("entries", Value::from(listed))];
    if total > MAX_ENTRIES {
        result.push(("total", total.into()));
    }
    Ok(Running::Done(object(result)))
}
