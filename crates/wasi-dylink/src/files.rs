//! Files of the guest: what its own preopened folders lead to, and nothing else.

use std::fs::File;
use std::io::Read as _;
use std::sync::Arc;

use thiserror::Error;
use wasmtime::component::Resource;
use wasmtime_wasi::WasiView;
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemCtxView, WasiFilesystemView as _};
use wasmtime_wasi::p2::FsError;
use wasmtime_wasi::p2::bindings::filesystem::preopens::Host as _;
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;
use wasmtime_wasi::p2::bindings::sync::filesystem::types::{
    DescriptorFlags, HostDescriptor as _, OpenFlags, PathFlags,
};

/// The biggest side module that is read, in bytes.
pub const LARGEST: u64 = 256 << 20;

/// Why a file of the guest is not read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FileError {
    /// There is none of this name.
    #[error("no such file")]
    NotFound,
    /// Its path leads out of every folder that the guest may open.
    #[error("outside the folders that the program was given")]
    Outside,
    /// It is a folder, a device or a pipe.
    #[error("not a regular file")]
    NotRegular,
    /// It is bigger than [`LARGEST`].
    #[error("{0} bytes, and no more than {most} are read", most = LARGEST)]
    TooLarge(u64),
    /// Anything else; with the system's reason.
    #[error("{0}")]
    Other(String),
}

impl From<FsError> for FileError {
    fn from(error: FsError) -> Self {
        match error.downcast_ref() {
            Some(ErrorCode::NoEntry | ErrorCode::NotDirectory) => Self::NotFound,
            Some(ErrorCode::NotPermitted) => Self::Outside,
            Some(ErrorCode::IsDirectory) => Self::NotRegular,
            Some(code) => Self::Other(code.to_string()),
            None => Self::Other(error.to_string()),
        }
    }
}

impl From<std::io::Error> for FileError {
    fn from(error: std::io::Error) -> Self {
        Self::Other(error.to_string())
    }
}

/// Reads a file as the guest could: by a path in its preopened folders, through WASI's own rules
/// for links and `..`.
///
/// The path is absolute; of the folders it goes to that with the longest name, and of two with one
/// name to the later, as in wasi-libc.
///
/// # Errors
/// [`FileError`].
pub fn read(view: &mut impl WasiView, path: &str) -> Result<Vec<u8>, FileError> {
    let mut filesystem = view.filesystem();
    let folders = filesystem
        .get_directories()
        .map_err(|error| FileError::Other(error.to_string()))?;
    let path = plain(path);
    let opened = folders
        .iter()
        .rev()
        .filter_map(|(folder, name)| Some((folder, below(&plain(name), &path)?)))
        .min_by_key(|(_, rest)| rest.len())
        .ok_or(FileError::Outside)
        .and_then(|(folder, rest)| open(&mut filesystem, folder, rest));
    for (folder, _) in folders {
        close(&mut filesystem, folder)?;
    }
    let file = opened?;
    read_whole(&file)
}

/// A path without what does not matter: its first `/`, and parts that are empty or `.`.
pub(crate) fn plain(path: &str) -> String {
    path.split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect::<Vec<_>>()
        .join("/")
}

/// The rest of a path below a folder.
fn below<'a>(folder: &str, path: &'a str) -> Option<&'a str> {
    if folder.is_empty() {
        return Some(path);
    }
    path.strip_prefix(folder)?.strip_prefix('/')
}

fn open(
    filesystem: &mut WasiFilesystemCtxView<'_>,
    folder: &Resource<Descriptor>,
    path: &str,
) -> Result<Arc<File>, FileError> {
    let opened = filesystem.open_at(
        Resource::new_borrow(folder.rep()),
        PathFlags::SYMLINK_FOLLOW,
        path.to_owned(),
        OpenFlags::empty(),
        DescriptorFlags::READ,
    )?;
    let file = match filesystem.table.get(&opened) {
        Ok(Descriptor::File(file)) => Ok(Arc::clone(&file.file)),
        Ok(Descriptor::Dir(_)) => Err(FileError::NotRegular),
        Err(error) => Err(FileError::Other(error.to_string())),
    };
    close(filesystem, opened)?;
    file
}

fn close(
    filesystem: &mut WasiFilesystemCtxView<'_>,
    descriptor: Resource<Descriptor>,
) -> Result<(), FileError> {
    filesystem
        .drop(descriptor)
        .map_err(|error| FileError::Other(error.to_string()))
}

fn read_whole(file: &File) -> Result<Vec<u8>, FileError> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(FileError::NotRegular);
    }
    if metadata.len() > LARGEST {
        return Err(FileError::TooLarge(metadata.len()));
    }
    let mut contents = Vec::new();
    // NB: it may grow meanwhile
    file.take(LARGEST + 1).read_to_end(&mut contents)?;
    match contents.len() as u64 {
        ..=LARGEST => Ok(contents),
        length => Err(FileError::TooLarge(length)),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use wasmtime_wasi::p1::WasiP1Ctx;
    use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

    use super::*;

    /// A guest with `inner` as `/lib`, beside which lies `secret`.
    fn guest() -> (tempfile::TempDir, WasiP1Ctx) {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        fs::create_dir_all(inner.join("deeper")).unwrap();
        fs::write(folder.path().join("secret"), "secret").unwrap();
        fs::write(inner.join("a.so"), "a").unwrap();
        fs::write(inner.join("deeper/b.so"), "b").unwrap();
        symlink("../secret", inner.join("out")).unwrap();
        symlink(folder.path().join("secret"), inner.join("absolute")).unwrap();
        symlink("deeper/b.so", inner.join("within")).unwrap();
        let context = WasiCtxBuilder::new()
            .preopened_dir(&inner, "/lib", FsPerms::ReadOnly)
            .unwrap()
            .preopened_dir(inner.join("deeper"), "/lib/nested/", FsPerms::ReadOnly)
            .unwrap()
            .preopened_dir(&inner, "/twice", FsPerms::ReadOnly)
            .unwrap()
            .preopened_dir(inner.join("deeper"), "/twice", FsPerms::ReadOnly)
            .unwrap()
            .build_p1();
        (folder, context)
    }

    #[test]
    fn a_path_goes_to_the_folder_with_the_longest_name() {
        let (_folder, mut context) = guest();
        for (path, contents) in [
            ("/lib/a.so", "a"),
            ("//lib//a.so", "a"),
            ("/lib/deeper/b.so", "b"),
            ("/lib/nested/b.so", "b"),
            ("/lib/deeper/../a.so", "a"),
            ("/lib/within", "b"),
            ("/twice/b.so", "b"),
        ] {
            assert_eq!(
                read(&mut context, path).unwrap(),
                contents.as_bytes(),
                "{path}"
            );
        }
    }

    #[test]
    fn no_path_leads_out_of_the_folders() {
        let (folder, mut context) = guest();
        let secret = folder.path().join("secret");
        for path in [
            "/lib/../secret",
            "/lib/deeper/../../secret",
            "/lib/out",
            "/lib/absolute",
            "/library/a.so",
            "/secret",
            secret.to_str().unwrap(),
        ] {
            assert_eq!(read(&mut context, path), Err(FileError::Outside), "{path}");
        }
    }

    #[test]
    fn what_is_no_file_is_not_read() {
        let (_folder, mut context) = guest();
        assert_eq!(read(&mut context, "/lib/none.so"), Err(FileError::NotFound));
        assert_eq!(read(&mut context, "/lib/a.so/b"), Err(FileError::NotFound));
        assert_eq!(
            read(&mut context, "/lib/deeper"),
            Err(FileError::NotRegular)
        );
    }

    #[test]
    fn a_file_is_measured_before_it_is_read() {
        let (folder, mut context) = guest();
        let file = File::create(folder.path().join("inner/sparse")).unwrap();
        file.set_len(LARGEST + 1).unwrap();
        assert_eq!(
            read(&mut context, "/lib/sparse"),
            Err(FileError::TooLarge(LARGEST + 1))
        );
    }
}
