//! Files are read up to a limit, and written whole.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use crate::error::{Error, Kind, Result};

/// Reads a file of at most so many bytes.
///
/// # Errors
///
/// [`Kind::Io`]; [`Kind::TooLarge`] before memory is taken.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let io = |error| Error::io(path, &error);
    let file = File::open(path).map_err(io)?;
    let said = file.metadata().map_err(io)?.len();
    let mut contents = Vec::new();
    if said <= limit {
        // NB: a pipe does not say how much there is
        file.take(limit.saturating_add(1))
            .read_to_end(&mut contents)
            .map_err(io)?;
    }
    if said.max(contents.len() as u64) > limit {
        return Err(Error::new(
            Kind::TooLarge,
            format!("{}: more than {limit} bytes", path.display()),
        ));
    }
    Ok(contents)
}

/// Writes a file, or leaves what was there.
///
/// # Errors
///
/// [`Kind::Io`].
pub fn write(path: &Path, contents: &[u8]) -> Result<()> {
    let io = |error| Error::io(path, &error);
    let mut unfinished = tempfile::Builder::new()
        .prefix(".rmpkg-")
        .permissions(shared())
        .tempfile_in(existing_folder_of(path)?)
        .map_err(|error| io(unnamed(&error)))?;
    // NB: not by `unfinished`, whose errors have its name
    unfinished.as_file_mut().write_all(contents).map_err(io)?;
    unfinished.as_file().sync_all().map_err(io)?;
    unfinished
        .persist(path)
        .map_err(|error| Error::io(path, &error.error))?;
    Ok(())
}

/// The folder in which a path lies.
#[must_use]
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The folder in which a path lies.
///
/// # Errors
///
/// [`Kind::Io`], of the path, if it is not there.
pub fn existing_folder_of(path: &Path) -> Result<&Path> {
    let folder = folder_of(path);
    fs::metadata(folder).map_err(|error| Error::io(path, &error))?;
    Ok(folder)
}

/// An error without the name of a temporary file or folder, which says nothing to anybody.
#[must_use]
pub fn unnamed(error: &io::Error) -> io::Error {
    error.kind().into()
}

/// What a new file may have, before the umask: a temporary file would be its owner's alone.
fn shared() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    fs::Permissions::from_mode(0o666)
}
