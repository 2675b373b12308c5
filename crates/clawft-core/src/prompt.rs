//! What a model is told of itself before the conversation.

use crate::memory;
use crate::platform::{Directory, FileError, FileErrorKind, Platform};
use crate::prelude::*;
use crate::text;
use crate::time;
use crate::tool::Spec;

/// Files of the workspace that are told in full, in this order.
const FILES: &[&str] = &["SOUL.md", "IDENTITY.md", "AGENTS.md", "USER.md", "TOOLS.md"];
/// The most of a file that is told, in bytes.
pub const FILE_LIMIT: usize = 20_000;
/// The longest file that is read.
const READ_LIMIT: u64 = 1 << 20;

/// The system's message: who the agent is, what day it is, which tools it has, the files that the
/// workspace has for it, and its memory. A file that is longer than [`FILE_LIMIT`] is cut, and the
/// message says so.
///
/// # Errors
/// A file that is there and cannot be read: the user wrote it to be heeded.
pub fn system(
    platform: &Platform,
    workspace: &dyn Directory,
    tools: &[Spec],
) -> Result<String, FileError> {
    let now = platform.clock.now();
    let mut prompt = format!(
        "You are clawft, an assistant that answers its user and works in one folder, the workspace. \
         Paths are relative to it.\n\nToday is {}, {} (UTC).\n",
        time::weekday(now),
        time::date(now),
    );
    if !tools.is_empty() {
        let names: Vec<&str> = tools.iter().map(|tool| tool.name).collect();
        prompt.push_str("\nYour tools: ");
        prompt.push_str(&text::join(&names, ", "));
        prompt.push_str(".\n");
    }
    for name in FILES {
        let content = match workspace.read(name, READ_LIMIT) {
            Ok(content) => content,
            Err(error) if error.kind == FileErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let content = String::from_utf8(content).map_err(|_| FileError {
            path: (*name).to_owned(),
            kind: FileErrorKind::Other("no UTF-8".to_owned()),
        })?;
        section(&mut prompt, name, &content);
    }
    let memory = memory::read(platform, workspace)?;
    section(&mut prompt, "Memory", &memory);
    Ok(prompt)
}

fn section(prompt: &mut String, title: &str, content: &str) {
    let content = content.trim();
    if content.is_empty() {
        return;
    }
    let kept = &content[..content.floor_char_boundary(FILE_LIMIT)];
    prompt.push_str("\n## ");
    prompt.push_str(title);
    prompt.push_str("\n\n");
    prompt.push_str(kept);
    prompt.push('\n');
    if kept.len() < content.len() {
        let note = format!(
            "[cut: these are the first {} of {} bytes]\n",
            kept.len(),
            content.len()
        );
        prompt.push_str(&note);
    }
}
