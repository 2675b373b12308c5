//! Unpacks packages: whole, or not at all.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use crate::error::{Error, Kind, Result, ensure};
use crate::package::Package;
use crate::{file, paths};

/// Unpacks a package to a folder that is not there yet.
///
/// # Errors
///
/// [`Kind::Io`]; then nothing is left of it.
pub fn extract(package: &Package, folder: &Path) -> Result<()> {
    ensure(fs::symlink_metadata(folder).is_err(), Kind::Io, || {
        format!("{}: is there already", folder.display())
    })?;
    let parent = file::existing_folder_of(folder)?;
    // NB: beside it, because a rename does not cross file systems
    let unfinished = tempfile::Builder::new()
        .prefix(".rmpkg-")
        .permissions(shared())
        .tempdir_in(parent)
        .map_err(|error| Error::io(folder, &file::unnamed(&error)))?;
    write_files(unfinished.path(), package.files())
        .map_err(|error| error.within(&folder.display().to_string()))?;
    fs::rename(unfinished.path(), folder).map_err(|error| Error::io(folder, &error))?;
    // NB: it has another name now, under which it is to stay
    let _ = unfinished.keep();
    Ok(())
}

/// Writes files below a folder, each of them new.
///
/// # Errors
///
/// [`Kind::Io`]; [`Kind::PathEscape`] and the like for a name that is not checked. They name the file
/// alone, because the folder may have a name for a while only.
pub fn write_files<'a>(
    folder: &Path,
    files: impl IntoIterator<Item = (&'a str, &'a [u8])>,
) -> Result<()> {
    for (name, contents) in files {
        paths::check(name)?;
        let path = folder.join(name);
        let io = |error| Error::io(Path::new(name), &error);
        fs::create_dir_all(file::folder_of(&path)).map_err(io)?;
        // NB: fails where something is, so it follows no link
        let mut file = File::create_new(&path).map_err(io)?;
        file.write_all(contents).map_err(io)?;
        file.sync_all().map_err(io)?;
    }
    Ok(())
}

/// What a new folder may have, before the umask: a temporary one would be its owner's alone.
fn shared() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    fs::Permissions::from_mode(0o777)
}
