//! The machine itself.

use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, FileType, Metadata, OpenOptions, OpenOptionsExt as _};

use super::{
    Clock, Directory, Entry, Environment, FileError, FileErrorKind, FileKind, FileSystem,
    HttpClient, LINKS, Platform, Random, is_left, temporary,
};
use crate::prelude::*;

/// This machine, with that network.
#[must_use]
pub fn platform(http: Rc<dyn HttpClient>) -> Platform {
    Platform {
        http,
        files: Rc::new(NativeFiles),
        environment: Rc::new(NativeEnvironment),
        clock: Rc::new(NativeClock(Instant::now())),
        random: Rc::new(NativeRandom),
    }
}

/// Keeps the memory and the environment of this process, where keys are, from other programs of the user:
/// those that tools run have the same rights, and a system may show them both. Only Linux has it; what runs
/// with the right to trace any process, as the administrator's programs do, still sees all.
pub fn protect() {
    #[cfg(target_os = "linux")]
    // SAFETY: it takes numbers only. It cannot fail for these.
    unsafe {
        libc::prctl(libc::PR_SET_DUMPABLE, 0);
    }
}

/// Whether this process was started with a signal ignored, as `nohup` does.
#[cfg(unix)]
#[must_use]
pub fn is_ignored(signal: i32) -> bool {
    let mut action = core::mem::MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: the place is large enough, and it is read only if it was filled.
    unsafe {
        libc::sigaction(signal, core::ptr::null(), action.as_mut_ptr()) == 0
            && action.assume_init().sa_sigaction == libc::SIG_IGN
    }
}

/// The file system of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct NativeFiles;

impl FileSystem for NativeFiles {
    fn open(&self, path: &str, create: bool) -> Result<Rc<dyn Directory>, FileError> {
        let failed = |kind| FileError {
            path: path.to_owned(),
            kind,
        };
        named(path)?;
        if !Path::new(path).is_absolute() {
            return Err(failed(FileErrorKind::InvalidPath));
        }
        if create {
            let made = Dir::create_ambient_dir_all(path, ambient_authority());
            made.map_err(|error| {
                failed(match error.kind() {
                    ErrorKind::AlreadyExists => FileErrorKind::WrongKind,
                    _ => kind_of(&error),
                })
            })?;
        }
        let folder = Dir::open_ambient_dir(path, ambient_authority())
            .map_err(|error| failed(kind_of(&error)))?;
        Ok(Rc::new(NativeDirectory(folder)))
    }
}

/// An open folder of this machine.
#[derive(Debug)]
struct NativeDirectory(Dir);

/// Refuses what the system would cut short or take for something else.
fn named(path: &str) -> Result<(), FileError> {
    if path.is_empty() || path.contains('\0') {
        return Err(FileError {
            path: path.to_owned(),
            kind: FileErrorKind::InvalidPath,
        });
    }
    Ok(())
}

fn kind_of(error: &std::io::Error) -> FileErrorKind {
    match error.kind() {
        ErrorKind::NotFound => FileErrorKind::NotFound,
        // What cap-std refuses itself comes with no number of the system's.
        ErrorKind::PermissionDenied if error.raw_os_error().is_none() => FileErrorKind::Outside,
        ErrorKind::PermissionDenied => FileErrorKind::Denied,
        ErrorKind::IsADirectory | ErrorKind::NotADirectory => FileErrorKind::WrongKind,
        _ => FileErrorKind::Other(error.to_string()),
    }
}

fn file_kind(of: FileType) -> FileKind {
    if of.is_file() {
        FileKind::File
    } else if of.is_dir() {
        FileKind::Directory
    } else if of.is_symlink() {
        FileKind::Link
    } else {
        FileKind::Other
    }
}

fn entry(name: String, metadata: &Metadata) -> Entry {
    Entry {
        name,
        kind: file_kind(metadata.file_type()),
        size: if metadata.is_file() {
            metadata.len()
        } else {
            0
        },
    }
}

/// Waits until the disk has a folder's names.
fn sync_folder(folder: &Dir, path: &Path) -> std::io::Result<()> {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    folder.open(path)?.sync_all()
}

impl NativeDirectory {
    /// Opens a regular file, and nothing else: a pipe without a writer would be waited for for ever.
    fn open_file(&self, path: &str, options: &mut OpenOptions) -> Result<File, FileErrorKind> {
        let file = self
            .0
            .open_with(path, options.custom_flags(libc::O_NONBLOCK))
            .map_err(|error| kind_of(&error))?;
        let metadata = file.metadata().map_err(|error| kind_of(&error))?;
        if metadata.is_file() {
            Ok(file)
        } else {
            Err(FileErrorKind::WrongKind)
        }
    }

    /// Makes the folders that a path needs.
    fn make_folders(&self, folder: &Path) -> std::io::Result<()> {
        if folder.as_os_str().is_empty() {
            return Ok(());
        }
        match self.0.metadata(folder) {
            Ok(metadata) if metadata.is_dir() => return Ok(()),
            Ok(_) => return Err(ErrorKind::NotADirectory.into()),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        self.0.create_dir_all(folder)?;
        folder
            .ancestors()
            .try_for_each(|above| sync_folder(&self.0, above))
    }

    /// Where a file is to be put: its folder and its name there, links followed.
    fn place(&self, path: &str) -> Result<(Dir, String), FileErrorKind> {
        let failed = |error: std::io::Error| kind_of(&error);
        let mut place = Path::new(path).to_owned();
        let mut links = 0;
        loop {
            match self.0.symlink_metadata(&place) {
                Ok(metadata) if metadata.is_symlink() && links < LINKS => {
                    links += 1;
                    let target = self.0.read_link(&place).map_err(failed)?;
                    place = place.parent().unwrap_or(Path::new("")).join(target);
                }
                Ok(metadata) if metadata.is_symlink() => {
                    return Err(FileErrorKind::Other("too many links".to_owned()));
                }
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
                _ => break,
            }
        }
        let name = place.file_name().ok_or(FileErrorKind::WrongKind)?;
        let name = name.to_str().ok_or(FileErrorKind::InvalidPath)?.to_owned();
        let folder = place.parent().unwrap_or(Path::new(""));
        self.make_folders(folder).map_err(failed)?;
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        Ok((self.0.open_dir(folder).map_err(failed)?, name))
    }

    fn read_whole(&self, path: &str, limit: u64) -> Result<Vec<u8>, FileErrorKind> {
        let file = self.open_file(path, OpenOptions::new().read(true))?;
        let length = file.metadata().map_err(|error| kind_of(&error))?.len();
        if length > limit {
            return Err(FileErrorKind::TooLarge(limit));
        }
        let mut content = Vec::new();
        // A file may grow, and those of /proc say that they are empty.
        file.take(limit.saturating_add(1))
            .read_to_end(&mut content)
            .map_err(|error| kind_of(&error))?;
        if content.len() as u64 > limit {
            return Err(FileErrorKind::TooLarge(limit));
        }
        Ok(content)
    }

    fn read_end(&self, path: &str, limit: u64) -> Result<(Vec<u8>, u64), FileErrorKind> {
        let mut file = self.open_file(path, OpenOptions::new().read(true))?;
        let read = |file: &mut File| {
            let start = file.metadata()?.len().saturating_sub(limit);
            file.seek(SeekFrom::Start(start))?;
            let mut content = Vec::new();
            file.take(limit).read_to_end(&mut content)?;
            Ok((content, start))
        };
        read(&mut file).map_err(|error| kind_of(&error))
    }

    fn write_whole(&self, path: &str, content: &[&[u8]], new: bool) -> Result<bool, FileErrorKind> {
        let (folder, name) = self.place(path)?;
        let permissions = match folder.metadata(&name) {
            Ok(_) if new => return Ok(false),
            Ok(metadata) if metadata.is_file() => Some(metadata.permissions()),
            Ok(_) => return Err(FileErrorKind::WrongKind),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(kind_of(&error)),
        };
        let temporary = temporary(wall_clock(), NativeRandom.next());
        let put = || {
            let mut file =
                folder.open_with(&temporary, OpenOptions::new().write(true).create_new(true))?;
            if let Some(permissions) = permissions {
                file.set_permissions(permissions)?;
            }
            for piece in content {
                file.write_all(piece)?;
            }
            file.sync_all()?;
            if new {
                folder.hard_link(&temporary, &folder, &name)?;
                folder.remove_file(&temporary)?;
            } else {
                folder.rename(&temporary, &folder, &name)?;
            }
            sync_folder(&folder, Path::new("."))
        };
        clear(&folder);
        match put() {
            Ok(()) => Ok(true),
            Err(error) => {
                // It failed already, and that is what is told.
                let _ = folder.remove_file(&temporary);
                if new && error.kind() == ErrorKind::AlreadyExists {
                    return Ok(false);
                }
                Err(kind_of(&error))
            }
        }
    }

    fn append_once(&self, path: &str, content: &[u8]) -> Result<(), FileErrorKind> {
        let folder = Path::new(path).parent().unwrap_or(Path::new(""));
        self.make_folders(folder).map_err(|error| kind_of(&error))?;
        let mut file = self.open_file(path, OpenOptions::new().append(true).create(true))?;
        let put = |file: &mut File| {
            let new = file.metadata()?.len() == 0;
            let written = loop {
                match file.write(content) {
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    other => break other?,
                }
            };
            file.sync_all()?;
            if new {
                sync_folder(&self.0, folder)?;
            }
            // A second write could come after another's.
            if written < content.len() {
                return Err(ErrorKind::StorageFull.into());
            }
            Ok(())
        };
        put(&mut file).map_err(|error| kind_of(&error))
    }

    fn entry_at(&self, path: &str) -> Result<Option<Entry>, FileErrorKind> {
        match self.0.metadata(path) {
            Ok(metadata) => {
                let name = Path::new(path)
                    .file_name()
                    .map_or(".".into(), |name| name.to_string_lossy().into_owned());
                Ok(Some(entry(name, &metadata)))
            }
            Err(error) => match kind_of(&error) {
                // A file stands where the path has a folder.
                FileErrorKind::NotFound | FileErrorKind::WrongKind => Ok(None),
                kind => Err(kind),
            },
        }
    }

    fn entries(&self, path: &str) -> std::io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for found in self.0.read_dir(path)? {
            let found = found?;
            let name = found.file_name().to_string_lossy().into_owned();
            match found.metadata() {
                Ok(metadata) => entries.push(entry(name, &metadata)),
                // Another removed it meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }
}

/// Removes what writers that were killed have left in a folder.
fn clear(folder: &Dir) {
    let Ok(entries) = folder.entries() else {
        return;
    };
    let now = wall_clock();
    for found in entries.flatten() {
        let left = found.file_name().to_str().map(|name| is_left(name, now));
        if left == Some(true) {
            // What cannot be removed now stays for the next writer.
            let _ = found.remove_file();
        }
    }
}

/// Does something with a path that can name a file, and tells of which path it failed.
fn at<T>(path: &str, operation: impl FnOnce() -> Result<T, FileErrorKind>) -> Result<T, FileError> {
    named(path)?;
    operation().map_err(|kind| FileError {
        path: path.to_owned(),
        kind,
    })
}

impl Directory for NativeDirectory {
    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, FileError> {
        at(path, || self.read_whole(path, limit))
    }

    fn read_tail(&self, path: &str, limit: u64) -> Result<(Vec<u8>, u64), FileError> {
        at(path, || self.read_end(path, limit))
    }

    fn write_pieces(&self, path: &str, content: &[&[u8]], new: bool) -> Result<bool, FileError> {
        at(path, || self.write_whole(path, content, new))
    }

    fn append(&self, path: &str, content: &[u8]) -> Result<(), FileError> {
        at(path, || self.append_once(path, content))
    }

    fn metadata(&self, path: &str) -> Result<Option<Entry>, FileError> {
        at(path, || self.entry_at(path))
    }

    fn list(&self, path: &str) -> Result<Vec<Entry>, FileError> {
        at(path, || self.entries(path).map_err(|error| kind_of(&error)))
    }

    fn remove(&self, path: &str) -> Result<(), FileError> {
        at(path, || {
            self.0.remove_file(path).map_err(|error| kind_of(&error))
        })
    }

    fn open(&self, path: &str, create: bool) -> Result<Rc<dyn Directory>, FileError> {
        at(path, || {
            let open = || {
                if create {
                    self.make_folders(Path::new(path))?;
                }
                self.0.open_dir(path)
            };
            let folder = open().map_err(|error| kind_of(&error))?;
            Ok(Rc::new(Self(folder)) as Rc<dyn Directory>)
        })
    }
}

/// The environment of this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct NativeEnvironment;

impl Environment for NativeEnvironment {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

/// The clocks of this machine; the monotonic one counts from here.
#[derive(Clone, Copy, Debug)]
pub struct NativeClock(Instant);

impl Default for NativeClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

/// Milliseconds since 1970; 0 by a clock that was never set.
fn wall_clock() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    milliseconds(now.unwrap_or_default())
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Clock for NativeClock {
    fn now(&self) -> u64 {
        wall_clock()
    }

    fn monotonic(&self) -> u64 {
        milliseconds(self.0.elapsed())
    }

    fn sleep(&self, milliseconds: u64) {
        std::thread::sleep(Duration::from_millis(milliseconds));
    }
}

/// Random numbers of the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct NativeRandom;

impl Random for NativeRandom {
    /// # Panics
    /// If the system has none, which Linux does not do once it has started.
    fn next(&self) -> u64 {
        getrandom::u64().expect("random numbers of the system")
    }
}
