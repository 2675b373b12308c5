//! What an agent keeps in mind beyond its sessions: `memory/MEMORY.md` of its workspace, notes that it adds
//! to and rewrites at will.
//!
//! Where a workspace has no memory yet, that of `~/.nanobot/workspace` is read, and is brought over by the
//! first change.

use crate::config;
use crate::platform::{Directory, FileError, FileErrorKind, Platform};
use crate::prelude::*;
use crate::text::find;

/// The longest memory, in bytes. Of one that something else made longer, the end is read.
pub const LIMIT: u64 = 256 << 10;

const MEMORY: &str = "memory/MEMORY.md";
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

/// The end of the file's text, and its length; `None` if it is not there.
fn text(folder: &dyn Directory) -> Result<Option<(String, u64)>, FileError> {
    let (mut bytes, before) = match folder.read_tail(MEMORY, LIMIT) {
        Err(error) if error.kind == FileErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let length = before + bytes.len() as u64;
    if before > 0 {
        let in_letter = |byte: &&u8| **byte & 0xc0 == 0x80;
        let cut = bytes.iter().take_while(in_letter).count();
        bytes.drain(..cut);
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some((text, length))),
        Err(_) => Err(FileError {
            path: MEMORY.to_owned(),
            kind: FileErrorKind::Other("no UTF-8".to_owned()),
        }),
    }
}

/// The memory of a workspace; empty if it has none.
///
/// # Errors
/// What the file system says, and a memory that is no UTF-8.
pub fn read(platform: &Platform, workspace: &dyn Directory) -> Result<String, FileError> {
    Ok(known(platform, workspace)?.0)
}

/// The memory of a workspace or of an older one, its length, and whether it is the workspace's own.
fn known(platform: &Platform, workspace: &dyn Directory) -> Result<(String, u64, bool), FileError> {
    if let Some((memory, length)) = text(workspace)? {
        return Ok((memory, length, true));
    }
    let older = config::expand(platform, OLDER).ok();
    let memory = match older.and_then(|path| platform.files.open(&path, false).ok()) {
        Some(folder) => text(&*folder)?,
        None => None,
    };
    let (memory, length) = memory.unwrap_or_default();
    Ok((memory, length, false))
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

/// Changes the memory of a workspace. After a crash it is as before or as now, but for what is appended, whose
/// end may be missing.
///
/// # Errors
/// What the file system says, and [`FileErrorKind::TooLarge`] if it would become longer than [`LIMIT`].
pub fn write(
    platform: &Platform,
    workspace: &dyn Directory,
    content: &str,
    mode: Mode,
) -> Result<(), FileError> {
    let check = |length: u64| {
        if length > LIMIT {
            return Err(FileError {
                path: MEMORY.to_owned(),
                kind: FileErrorKind::TooLarge(LIMIT),
            });
        }
        Ok(())
    };
    if mode == Mode::Overwrite {
        check(content.len() as u64)?;
        return workspace.write(MEMORY, content.as_bytes());
    }
    let (before, length, is_own) = known(platform, workspace)?;
    let gap = match before.as_str() {
        "" => "",
        text if text.ends_with("\n\n") => "",
        text if text.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    let end = if content.ends_with('\n') { "" } else { "\n" };
    let added = format!("{gap}{content}{end}");
    check(length + added.len() as u64)?;
    if is_own {
        // Another agent may add to it at the same time.
        workspace.append(MEMORY, added.as_bytes())
    } else {
        workspace.write(MEMORY, (before + &added).as_bytes())
    }
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
