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
/// workspace has for it, and its memory. Of a file that is longer than [`FILE_LIMIT`] it has the beginning,
/// of the memory the end, and says so. A file that is there and cannot be read is one notice more: an agent
/// that fails at it could not mend it. All notices are told at the end.
///
/// # Errors
/// There is too little memory left.
pub fn system(
    platform: &Platform,
    workspace: &dyn Directory,
    tools: &[Spec],
    notices: &mut Vec<String>,
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
        let content = workspace.read(name, READ_LIMIT).and_then(|content| {
            String::from_utf8(content).map_err(|_| FileError {
                path: (*name).to_owned(),
                kind: FileErrorKind::Other("no UTF-8".to_owned()),
            })
        });
        section(&mut prompt, name, content, false, notices)?;
    }
    let memory = memory::read(platform, workspace);
    section(&mut prompt, "Memory", memory, true, notices)?;
    for notice in notices {
        prompt.push_str("\nNotice: ");
        prompt.push_str(notice);
        prompt.push('\n');
    }
    Ok(prompt)
}

/// Adds what a file has, its beginning or its end if that is too long.
fn section(
    prompt: &mut String,
    title: &str,
    content: Result<String, FileError>,
    end: bool,
    notices: &mut Vec<String>,
) -> Result<(), FileError> {
    let content = match content {
        Ok(content) => content,
        Err(error) => {
            return match error.kind {
                FileErrorKind::NotFound => Ok(()),
                FileErrorKind::Memory => Err(error),
                _ => {
                    notices.push(error.to_string() + ", so the model is not told what it says");
                    Ok(())
                }
            };
        }
    };
    let content = content.trim();
    if content.is_empty() {
        return Ok(());
    }
    let kept = if end {
        &content[content.ceil_char_boundary(content.len().saturating_sub(FILE_LIMIT))..]
    } else {
        &content[..content.floor_char_boundary(FILE_LIMIT)]
    };
    prompt.push_str("\n## ");
    prompt.push_str(title);
    prompt.push_str("\n\n");
    prompt.push_str(kept);
    prompt.push('\n');
    if kept.len() < content.len() {
        let note = format!(
            "[cut: these are the {} {} of {} bytes]\n",
            if end { "last" } else { "first" },
            kept.len(),
            content.len()
        );
        prompt.push_str(&note);
    }
    Ok(())
}
