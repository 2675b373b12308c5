//! The files of a folder.

use std::fs;
use std::io::Error;
use std::path::{Path, PathBuf};

/// The texts of the files that have an extension, in the order of their names, each with its path.
///
/// # Errors
/// The folder or the first file that cannot be read, and why.
pub fn texts(folder: &Path, extension: &str) -> Result<Vec<(PathBuf, String)>, (PathBuf, Error)> {
    let entries = fs::read_dir(folder)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| (folder.to_owned(), error))?;
    let mut paths: Vec<_> = entries.iter().map(fs::DirEntry::path).collect();
    paths.retain(|path| path.extension().is_some_and(|it| it == extension));
    paths.sort();
    paths
        .into_iter()
        .map(|path| match fs::read_to_string(&path) {
            Ok(text) => Ok((path, text)),
            Err(error) => Err((path, error)),
        })
        .collect()
}
