//! Paths as models write them.

use super::{Context, ToolError};
use crate::json;
use crate::prelude::*;
use crate::text;

/// The path below the workspace that a model means. The [`Directory`](crate::platform::Directory) confines
/// what it leads to, links included; this tells a model what to write instead.
///
/// A path that starts with the workspace's own is taken without it: a model that was told where it works
/// writes so. Empty parts and `.` are dropped; nothing at all is `.`.
///
/// # Errors
/// It has a NUL, a `\`, or a part `..`; or it is empty, absolute, or begins with `~/`.
pub fn inside(context: &Context<'_>, path: &str) -> Result<String, ToolError> {
    let refuse = |why: &str| {
        Err(ToolError::new(format!(
            "{} {why}; paths are relative to the workspace, such as notes/today.md",
            json::quoted(path)
        )))
    };
    if path.is_empty() {
        return refuse("is empty");
    }
    if path.contains('\0') {
        return refuse("has a NUL");
    }
    if path.contains('\\') {
        return refuse("has a backslash, where / parts the names");
    }
    if path == "~" || path.starts_with("~/") {
        return refuse("is the home folder, which is out of reach");
    }
    let mut below = path;
    if path.starts_with('/') {
        let workspace = text::trim_end(context.workspace_path, '/');
        match path.strip_prefix(workspace) {
            Some(rest) if !workspace.is_empty() && (rest.is_empty() || rest.starts_with('/')) => {
                below = rest;
            }
            _ => return refuse("is outside of the workspace"),
        }
    }
    let mut parts = Vec::new();
    for part in below.split('/') {
        match part {
            "" | "." => {}
            ".." => return refuse("has a .., which may lead out of the workspace"),
            _ => parts.push(part),
        }
    }
    if parts.is_empty() {
        return Ok(String::from("."));
    }
    Ok(text::join(&parts, "/"))
}
