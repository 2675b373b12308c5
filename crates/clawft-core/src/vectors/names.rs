//! What a collection's files are called, and which of them there are.

use super::Error;
use crate::platform::{Directory, FileError, FileErrorKind};
use crate::prelude::*;
use crate::text;

/// The longest name of a collection.
pub(super) const MAX_NAME: usize = 64;

/// Digits of a number in a name: names have the order of numbers.
const DIGITS: usize = 10;

pub(super) fn check_name(name: &str) -> Result<(), Error> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(allowed) {
        Ok(())
    } else {
        Err(Error::Name(name.to_owned()))
    }
}

/// The path of the file with a number.
pub(super) fn path_of(name: &str, number: u64) -> String {
    if number == 0 {
        return format!("vectors/{name}.jsonl");
    }
    format!("vectors/{name}.{number:0DIGITS$}.jsonl")
}

/// The path of the index of a state, whose header has its checksum.
pub(super) fn index_path(name: &str, number: u64, checksum: u64) -> String {
    if number == 0 {
        return format!("vectors/{name}.index");
    }
    format!("vectors/{name}.{number:0DIGITS$}.{checksum}.index")
}

/// The collection's files with a number, in its order.
pub(super) fn files_of(
    folder: &dyn Directory,
    name: &str,
) -> Result<Vec<(u64, String)>, FileError> {
    let entries = match folder.list("vectors") {
        Err(error) if error.kind == FileErrorKind::NotFound => Vec::new(),
        other => other?,
    };
    let mut files = Vec::new();
    for entry in entries {
        if let Some(rest) = entry.name.strip_prefix(name)
            && let Some(rest) = rest.strip_prefix('.')
            && let Some(number) = rest.as_bytes().get(..DIGITS)
            && let Some(number) = text::digits(number, 10)
        {
            files.push((number, entry.name));
        }
    }
    Ok(files)
}

/// The number of the collection's last file.
pub(super) fn newest(folder: &dyn Directory, name: &str) -> Result<Option<u64>, FileError> {
    let mut last = folder.metadata(&path_of(name, 0))?.map(|_| 0);
    for (number, file) in files_of(folder, name)? {
        // Not that of an index, or of what a killed writer left
        if file.strip_suffix(".jsonl").is_some() {
            last = Some(number);
        }
    }
    Ok(last)
}
