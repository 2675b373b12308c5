//! The names that entries may have: those which mean the same file on every system, inside the
//! folder they are unpacked to.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization as _;

use crate::error::{Error, Kind, Result, ensure};

/// Bytes of a part of a name: what Linux, macOS and Windows all take.
pub const LONGEST_PART: usize = 255;
/// Bytes of a whole name.
pub const LONGEST: usize = 1024;
/// Folders inside each other.
pub const DEEPEST: usize = 32;

/// Refuses a name that leads out of its folder, or that some system cannot have.
///
/// A name has parts with `/` between them; that of a folder may end in one.
///
/// # Errors
///
/// [`Kind::PathEscape`] or [`Kind::Name`].
pub fn check(name: &str) -> Result<()> {
    let shown = name.escape_debug();
    let path = name.strip_suffix('/').unwrap_or(name);
    let escapes = |why: &str| Error::new(Kind::PathEscape, format!("`{shown}`: {why}"));
    let refused = |why: &str| Error::new(Kind::Name, format!("`{shown}`: {why}"));
    if name.starts_with('/') {
        return Err(escapes("an absolute path"));
    }
    if name.contains('\\') {
        return Err(escapes("`\\` separates folders on Windows"));
    }
    if name.as_bytes().get(1) == Some(&b':') {
        return Err(escapes("a drive of Windows"));
    }
    if path.split('/').any(|part| part == "..") {
        return Err(escapes("`..` leads out of the folder"));
    }
    if path.is_empty() {
        return Err(refused("empty"));
    }
    if name.len() > LONGEST {
        return Err(refused("longer than 1024 bytes"));
    }
    if path.split('/').count() > DEEPEST {
        return Err(refused("more than 32 folders deep"));
    }
    for part in path.split('/') {
        check_part(part).map_err(&refused)?;
    }
    Ok(())
}

fn check_part(part: &str) -> std::result::Result<(), &'static str> {
    if part.is_empty() || part == "." {
        return Err("a part that is empty or `.`");
    }
    if part.len() > LONGEST_PART {
        return Err("a part longer than 255 bytes");
    }
    if part
        .chars()
        .any(|letter| letter.is_control() || invisible(letter))
    {
        return Err("a character that is not seen");
    }
    if part.contains(['<', '>', ':', '"', '|', '?', '*']) {
        return Err("a character that Windows does not have in names");
    }
    if part.ends_with(['.', ' ']) {
        return Err("Windows drops a dot or space at the end");
    }
    let stem = part.split('.').next().unwrap_or(part).trim_end();
    if reserved(&stem.to_ascii_uppercase()) {
        return Err("a device of Windows");
    }
    Ok(())
}

/// Characters of no width, or that turn the direction: names with and without them look alike, and
/// HFS+ takes them for the same.
fn invisible(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn reserved(stem: &str) -> bool {
    let numbered = |device: &str| {
        stem.strip_prefix(device).is_some_and(|number| {
            matches!(
                number,
                "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³"
            )
        })
    };
    matches!(stem, "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$")
        || numbered("COM")
        || numbered("LPT")
}

/// What is the same for names that are one file where case or the form of Unicode does not count.
#[must_use]
pub fn folded(name: &str) -> String {
    // NB: upper case first, so that `ß` and `ss` meet, as they do in Unicode's case folding
    name.nfkd()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfkd()
        .collect()
}

/// The names of an archive, among which no two may be the same file.
#[derive(Default)]
pub struct Names(HashMap<String, Taken>);

struct Taken {
    name: String,
    folder: bool,
    /// as an entry of its own, not only as the folder of one
    entry: bool,
}

impl Names {
    /// Adds an entry's name; that of a folder ends in `/`.
    ///
    /// # Errors
    ///
    /// As [`check`]; [`Kind::Duplicate`] if the name is taken, in this or another case or form of
    /// Unicode, or a file is in the way of a folder.
    pub fn add(&mut self, name: &str) -> Result<()> {
        check(name)?;
        let path = name.strip_suffix('/').unwrap_or(name);
        for (at, _) in path.match_indices('/') {
            self.take(&path[..at], true, false)?;
        }
        self.take(path, name.ends_with('/'), true)
    }

    fn take(&mut self, path: &str, folder: bool, entry: bool) -> Result<()> {
        let wanted = Taken {
            name: path.to_owned(),
            folder,
            entry,
        };
        match self.0.get_mut(&folded(path)) {
            None => {
                self.0.insert(folded(path), wanted);
                Ok(())
            }
            Some(taken) => {
                ensure(
                    taken.name == path && taken.folder && folder && !(taken.entry && entry),
                    Kind::Duplicate,
                    || {
                        format!(
                            "`{}` and `{}` are one file, or one is in the other's way",
                            taken.name.escape_debug(),
                            path.escape_debug()
                        )
                    },
                )?;
                taken.entry |= entry;
                Ok(())
            }
        }
    }
}
