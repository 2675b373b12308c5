//! What an agent keeps in mind beyond its sessions: `memory/MEMORY.md` of its workspace, facts that it
//! rewrites at will, and `memory/HISTORY.md`, a log that only grows.
//!
//! Where a workspace has no memory yet, that of `~/.nanobot/workspace` is read, and is brought over by the
//! first change.

use crate::config;
use crate::platform::{Directory, FileError, FileErrorKind, Platform};
use crate::time::rfc3339;
use crate::vectors::fold;

/// The longest memory, in bytes.
pub const LIMIT: u64 = 256 << 10;
/// The most that is read of a history, from its end, in bytes.
pub const HISTORY_LIMIT: u64 = 64 << 10;

const MEMORY: &str = "memory/MEMORY.md";
const HISTORY: &str = "memory/HISTORY.md";
const OLDER: &str = "~/.nanobot/workspace";

/// What becomes of a memory's old content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The new comes after it, as a paragraph
    Append,
    /// It is gone
    Overwrite,
}

impl Mode {
    /// The mode that is called so.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "append" => Some(Self::Append),
            "overwrite" => Some(Self::Overwrite),
            _ => None,
        }
    }
}

/// The file's text; `None` if it is not there.
fn text(folder: &dyn Directory, path: &str) -> Result<Option<String>, FileError> {
    match folder.read(path, LIMIT) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(FileError {
                path: path.to_owned(),
                kind: FileErrorKind::Other("no UTF-8".to_owned()),
            }),
        },
        Err(error) if error.kind == FileErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The memory of a workspace; empty if it has none.
///
/// # Errors
/// What the file system says, and a memory that is no UTF-8 or longer than [`LIMIT`].
pub fn read(platform: &Platform, workspace: &dyn Directory) -> Result<String, FileError> {
    if let Some(memory) = text(workspace, MEMORY)? {
        return Ok(memory);
    }
    let older = config::expand(platform, OLDER).ok();
    match older.and_then(|path| platform.files.open(&path, false).ok()) {
        Some(folder) => Ok(text(&*folder, MEMORY)?.unwrap_or_default()),
        None => Ok(String::new()),
    }
}

/// The paragraphs, which blank lines divide, that have the words of a query in them, in any case.
#[must_use]
pub fn query<'a>(memory: &'a str, query: &str) -> Vec<&'a str> {
    let folded = |text: &str| text.chars().map(fold).collect::<String>();
    let query = folded(query);
    paragraphs(memory)
        .filter(|paragraph| folded(paragraph).contains(&query))
        .collect()
}

fn paragraphs(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        // Blank lines before it
        while let Some((line, after)) = rest.split_once('\n')
            && line.trim().is_empty()
        {
            rest = after;
        }
        if rest.trim().is_empty() {
            return None;
        }
        let all = rest;
        let mut end = 0;
        for line in all.split_inclusive('\n') {
            if line.trim().is_empty() {
                break;
            }
            end += line.len();
        }
        rest = &all[end..];
        Some(all[..end].trim_end())
    })
}

/// Changes the memory of a workspace. After a crash it is as before or as now.
///
/// # Errors
/// What the file system says, and [`FileErrorKind::TooLarge`] if it would become longer than [`LIMIT`].
pub fn write(
    platform: &Platform,
    workspace: &dyn Directory,
    content: &str,
    mode: Mode,
) -> Result<(), FileError> {
    let check = |length: usize| {
        if length as u64 > LIMIT {
            return Err(FileError {
                path: MEMORY.to_owned(),
                kind: FileErrorKind::TooLarge(LIMIT),
            });
        }
        Ok(())
    };
    if mode == Mode::Overwrite {
        check(content.len())?;
        return workspace.write(MEMORY, content.as_bytes());
    }
    let own = text(workspace, MEMORY)?;
    let is_own = own.is_some();
    let before = match own {
        Some(memory) => memory,
        None => read(platform, workspace)?,
    };
    let gap = match before.as_str() {
        "" => "",
        text if text.ends_with("\n\n") => "",
        text if text.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    let end = if content.ends_with('\n') { "" } else { "\n" };
    let added = format!("{gap}{content}{end}");
    check(before.len() + added.len())?;
    if is_own {
        // Another agent may add to it at the same time.
        workspace.append(MEMORY, added.as_bytes())
    } else {
        workspace.write(MEMORY, (before + &added).as_bytes())
    }
}

/// Adds a line to the history of a workspace, with the time before it.
///
/// # Errors
/// What the file system says.
pub fn log(platform: &Platform, workspace: &dyn Directory, entry: &str) -> Result<(), FileError> {
    let entry = entry.trim().replace(['\n', '\r'], " ");
    let line = format!("[{}] {entry}\n", rfc3339(platform.clock.now()));
    workspace.append(HISTORY, line.as_bytes())
}

/// The last lines of the history of a workspace, at most [`HISTORY_LIMIT`] bytes of them; empty if it has
/// none.
///
/// # Errors
/// What the file system says.
pub fn history(workspace: &dyn Directory) -> Result<String, FileError> {
    let (bytes, before) = match workspace.read_tail(HISTORY, HISTORY_LIMIT) {
        Err(error) if error.kind == FileErrorKind::NotFound => return Ok(String::new()),
        other => other?,
    };
    let text = String::from_utf8_lossy(&bytes);
    let whole = match text.split_once('\n') {
        Some((_, rest)) if before > 0 => rest,
        _ => &text,
    };
    Ok(whole.to_owned())
}
