//! What an agent keeps in mind beyond its sessions: `memory/MEMORY.md` of its workspace, facts that it
//! rewrites at will, and `memory/HISTORY.md`, a log that only grows.
//!
//! Where a workspace has no memory yet, that of `~/.nanobot/workspace` is read, and is brought over by the
//! first change.

use crate::config;
use crate::platform::{Directory, FileError, FileErrorKind, Platform};
use crate::prelude::*;
use crate::text::find;
use crate::time::rfc3339;

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
            Err(_) => Err(no_text(path)),
        },
        Err(error) if error.kind == FileErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn no_text(path: &str) -> FileError {
    FileError {
        path: path.to_owned(),
        kind: FileErrorKind::Other("no UTF-8".to_owned()),
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

/// The paragraphs, which blank lines divide, that have the words of a query in them. Capitals of the
/// Latin, Greek and Cyrillic alphabets are as their small letters.
#[must_use]
pub fn query<'a>(memory: &'a str, query: &str) -> Vec<&'a str> {
    let query = lower(query);
    paragraphs(memory)
        .filter(|paragraph| find(lower(paragraph).as_bytes(), query.as_bytes()).is_some())
        .collect()
}

/// Capitals from a first to a last, how far on their small letters are, and how many letters are from one
/// capital to the next. The table of all of Unicode takes 14 KB of a component.
const CAPITALS: &[(char, char, u32, u32)] = &[
    ('A', 'Z', 32, 1),
    ('À', 'Ö', 32, 1),
    ('Ø', 'Þ', 32, 1),
    ('Ā', 'Į', 1, 2),
    ('Ĳ', 'Ķ', 1, 2),
    ('Ĺ', 'Ň', 1, 2),
    ('Ŋ', 'Ŷ', 1, 2),
    ('Ź', 'Ž', 1, 2),
    ('Α', 'Ρ', 32, 1),
    ('Σ', 'Ϋ', 32, 1),
    ('Ѐ', 'Џ', 80, 1),
    ('А', 'Я', 32, 1),
    ('Ѡ', 'Ҁ', 1, 2),
    ('Ḁ', 'Ẕ', 1, 2),
    ('Ạ', 'Ỿ', 1, 2),
];

/// A capital's small letter; another character as it is.
pub(crate) fn small(letter: char) -> char {
    let row = CAPITALS.iter().find(|(first, last, _, step)| {
        (first..=last).contains(&&letter)
            && (u32::from(letter) - u32::from(*first)).is_multiple_of(*step)
    });
    row.and_then(|(_, _, offset, _)| char::from_u32(u32::from(letter) + offset))
        .unwrap_or(letter)
}

fn lower(text: &str) -> String {
    text.chars().map(small).collect()
}

fn paragraphs(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    core::iter::from_fn(move || {
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
    let mut whole = bytes.as_slice();
    if before > 0 {
        let end = whole.iter().position(|byte| *byte == b'\n');
        whole = end.map_or(&[], |end| &whole[end + 1..]);
    }
    String::from_utf8(whole.to_vec()).map_err(|_| no_text(HISTORY))
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    /// The standard library has the whole table.
    #[test]
    fn letters_are_made_small_as_unicode_says() {
        let mut capitals = 0;
        for (first, last, ..) in super::CAPITALS {
            for letter in *first..=*last {
                let expected: String = letter.to_lowercase().collect();
                assert_eq!(super::lower(&letter.to_string()), expected, "{letter}");
                capitals += usize::from(letter.is_uppercase());
            }
        }
        assert!(capitals > 300, "{capitals}");
    }
}
