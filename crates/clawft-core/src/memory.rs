//! What the agent remembers across conversations.

use crate::platform::{Directory, FileError, FileErrorKind};

const NOTES: &str = "memory/MEMORY.md";
const MAX_NOTES: u64 = 1 << 20;

/// All notes; empty if there are none.
///
/// # Errors
/// See [`FileErrorKind`].
pub fn read(workspace: &dyn Directory) -> Result<String, FileError> {
    match workspace.read(NOTES, MAX_NOTES) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind == FileErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error),
    }
}

/// Adds a paragraph.
///
/// # Errors
/// See [`FileErrorKind`].
pub fn append(workspace: &dyn Directory, note: &str) -> Result<(), FileError> {
    let empty = workspace.metadata(NOTES)?.is_none_or(|file| file.size == 0);
    let separator = if empty { "" } else { "\n\n" };
    workspace.append(NOTES, format!("{separator}{note}").as_bytes())
}

/// Writes a note in place of all.
///
/// # Errors
/// See [`FileErrorKind`].
pub fn overwrite(workspace: &dyn Directory, note: &str) -> Result<(), FileError> {
    workspace.write(NOTES, note.as_bytes())
}
