//! Folders that the host opens to the component.
//!
//! Every path is resolved by the host, below the descriptor of the folder that it is relative to, so
//! neither `..` nor a link leads out of it, whatever happens to the folder meanwhile.

use std::rc::Rc;

use clawft_core::platform::{Directory, Entry, FileError, FileErrorKind, FileKind, FileSystem};

use crate::bindings::wasi::filesystem::preopens::get_directories;
use crate::bindings::wasi::filesystem::types::{
    Descriptor, DescriptorFlags, DescriptorType, ErrorCode, OpenFlags, PathFlags,
};
use crate::memory;
use crate::random::Entropy;
use clawft_core::platform::Random;

/// Most bytes that are asked for, or given, in one call: the host holds them beside the component.
const PIECE: usize = 65_536;

/// Most links that lead from one to the next.
const LINKS: u32 = 40;

/// All folders of the host.
pub struct Preopens;

/// One of them, or a folder below it.
struct Folder(Descriptor);

impl FileSystem for Preopens {
    fn open(&self, path: &str, create: bool) -> Result<Rc<dyn Directory>, FileError> {
        let wanted: Vec<&str> = parts(path).collect();
        let mut nearest: Option<(usize, Descriptor)> = None;
        for (descriptor, at) in get_directories() {
            let length = parts(&at).count();
            if at.starts_with('/')
                && parts(&at).eq(wanted.iter().copied().take(length))
                && nearest.as_ref().is_none_or(|(known, _)| length >= *known)
            {
                nearest = Some((length, descriptor));
            }
        }
        let fail = |kind| failure(path, kind);
        if !path.starts_with('/') || path.contains('\0') {
            return Err(fail(FileErrorKind::InvalidPath));
        }
        let (length, descriptor) = nearest.ok_or_else(|| {
            fail(if create {
                FileErrorKind::Other("the host has opened no folder that holds it".to_owned())
            } else {
                FileErrorKind::NotFound
            })
        })?;
        let below = wanted[length..].join("/");
        let below = if below.is_empty() { "." } else { &below };
        match Folder(descriptor).descend(below, create) {
            Ok(folder) => Ok(Rc::new(folder)),
            Err(error) => Err(fail(error.kind)),
        }
    }
}

impl Folder {
    /// What a refusal of the host means.
    fn refusal(&self, path: &str, code: ErrorCode) -> FileError {
        let kind = match code {
            ErrorCode::NoEntry => FileErrorKind::NotFound,
            // That the folder may not be written to is said with the same code.
            ErrorCode::NotPermitted => {
                match self.0.stat_at(PathFlags::SYMLINK_FOLLOW, path) {
                    Err(ErrorCode::NotPermitted) => FileErrorKind::Outside,
                    _ => FileErrorKind::Denied,
                }
            }
            ErrorCode::Access | ErrorCode::ReadOnly => FileErrorKind::Denied,
            ErrorCode::IsDirectory | ErrorCode::NotDirectory => FileErrorKind::WrongKind,
            ErrorCode::IllegalByteSequence | ErrorCode::Invalid | ErrorCode::NameTooLong => {
                FileErrorKind::InvalidPath
            }
            other => FileErrorKind::Other(other.name().to_owned()),
        };
        failure(path, kind)
    }

    /// Refuses a path that may not be asked for.
    fn check(path: &str) -> Result<(), FileError> {
        let kind = if path.is_empty() || path.contains('\0') {
            FileErrorKind::InvalidPath
        } else if path.starts_with('/') || leaves(path) {
            FileErrorKind::Outside
        } else {
            return Ok(());
        };
        Err(failure(path, kind))
    }

    fn at(
        &self,
        path: &str,
        open: OpenFlags,
        descriptor: DescriptorFlags,
    ) -> Result<Descriptor, ErrorCode> {
        self.0
            .open_at(PathFlags::SYMLINK_FOLLOW, path, open, descriptor)
    }

    fn descend(&self, path: &str, create: bool) -> Result<Self, FileError> {
        Self::check(path)?;
        if create {
            self.make(path)?;
        }
        self.at(
            path,
            OpenFlags::DIRECTORY,
            DescriptorFlags::READ | DescriptorFlags::MUTATE_DIRECTORY,
        )
        .map(Self)
        .map_err(|code| self.refusal(path, code))
    }

    /// Makes a folder, and those above it.
    fn make(&self, path: &str) -> Result<(), FileError> {
        for (end, _) in path.match_indices('/').chain([(path.len(), "")]) {
            let ancestor = &path[..end];
            if matches!(ancestor, "" | "." | "..") {
                continue;
            }
            // What is there already is refused in many ways; opening it will tell.
            if let Err(code) = self.0.create_directory_at(ancestor)
                && self.0.stat_at(PathFlags::SYMLINK_FOLLOW, ancestor).is_err()
            {
                return Err(self.refusal(ancestor, code));
            }
        }
        Ok(())
    }

    fn sync_parent(&self, path: &str) -> Result<(), FileError> {
        let parent = parent(path).unwrap_or(".");
        self.at(parent, OpenFlags::DIRECTORY, DescriptorFlags::READ)
            .and_then(|folder| folder.sync())
            .map_err(|code| self.refusal(path, code))
    }

    fn make_parent(&self, path: &str) -> Result<(), FileError> {
        parent(path).map_or(Ok(()), |folder| self.make(folder))
    }

    /// Where a file is that is put in place of another: links are followed to what they name.
    fn place(&self, path: &str) -> Result<String, ErrorCode> {
        let mut place = path.to_owned();
        for _ in 0..LINKS {
            match self.0.stat_at(PathFlags::empty(), &place) {
                Ok(stat) if stat.type_ == DescriptorType::SymbolicLink => {
                    let target = self.0.readlink_at(&place)?;
                    place = match parent(&place) {
                        Some(folder) if !target.starts_with('/') => [folder, &target].join("/"),
                        _ => target,
                    };
                }
                Ok(_) | Err(ErrorCode::NoEntry) => return Ok(place),
                Err(code) => return Err(code),
            }
        }
        Err(ErrorCode::Loop)
    }

    fn entry(&self, path: &str, follow: PathFlags) -> Result<Entry, ErrorCode> {
        let stat = self.0.stat_at(follow, path)?;
        let kind = kind(stat.type_);
        Ok(Entry {
            name: path.rsplit('/').next().unwrap_or(path).to_owned(),
            kind,
            size: if kind == FileKind::File { stat.size } else { 0 },
        })
    }
}

impl Directory for Folder {
    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, FileError> {
        Self::check(path)?;
        let refused = |code| self.refusal(path, code);
        // What is opened may block until somebody writes to it, so its kind is asked for first.
        let stat = self
            .descriptor
            .stat_at(PathFlags::SYMLINK_FOLLOW, path)
            .map_err(refused)?;
        if stat.type_ != DescriptorType::RegularFile {
            return Err(failure(path, FileErrorKind::WrongKind));
        }
        let too_large = || failure(path, FileErrorKind::TooLarge(limit));
        if stat.size > limit {
            return Err(too_large());
        }
        let mut content = usize::try_from(stat.size)
            .ok()
            .and_then(memory::buffer)
            .ok_or_else(|| failure(path, FileErrorKind::Other(memory::FULL.to_owned())))?;
        let file = self
            .at(path, OpenFlags::empty(), DescriptorFlags::READ)
            .map_err(refused)?;
        loop {
            let (piece, end) = file
                .read(PIECE as u64, content.len() as u64)
                .map_err(refused)?;
            if (content.len() + piece.len()) as u64 > limit {
                return Err(too_large());
            }
            if !memory::room(piece.len()) {
                return Err(failure(path, FileErrorKind::Other(memory::FULL.to_owned())));
            }
            content.extend_from_slice(&piece);
            if end {
                return Ok(content);
            }
        }
    }

    fn write(&self, path: &str, content: &[u8]) -> Result<(), FileError> {
        Self::check(path)?;
        self.make_parent(path)?;
        let place = self.place(path).map_err(|code| self.refusal(path, code))?;
        Self::check(&place).map_err(|error| failure(path, error.kind))?;
        let temporary = format!("{place}.{:016x}", Entropy.next());
        let replaced = self
            .at(
                &temporary,
                OpenFlags::CREATE | OpenFlags::EXCLUSIVE,
                DescriptorFlags::WRITE,
            )
            .and_then(|file| {
                let mut written = 0;
                while written < content.len() {
                    let end = content.len().min(written + PIECE);
                    let count = file.write(&content[written..end], written as u64)?;
                    if count == 0 {
                        return Err(ErrorCode::InsufficientSpace);
                    }
                    written += usize::try_from(count).unwrap_or(usize::MAX);
                }
                file.sync()?;
                self.0
                    .rename_at(&temporary, &self.0, &place)
            });
        if let Err(code) = replaced {
            let _ = self.0.unlink_file_at(&temporary);
            return Err(self.refusal(path, code));
        }
        self.sync_parent(&place)
    }

    fn append(&self, path: &str, content: &[u8]) -> Result<(), FileError> {
        Self::check(path)?;
        let refused = |code| self.refusal(path, code);
        let (file, new) = match self.at(path, OpenFlags::empty(), DescriptorFlags::WRITE) {
            Err(ErrorCode::NoEntry) => {
                self.make_parent(path)?;
                let file = self.at(path, OpenFlags::CREATE, DescriptorFlags::WRITE);
                (file.map_err(refused)?, true)
            }
            file => (file.map_err(refused)?, false),
        };
        let stream = file.append_via_stream().map_err(refused)?;
        let mut rest = content;
        let appended = loop {
            let room = match stream.check_write() {
                Ok(room) => usize::try_from(room).unwrap_or(usize::MAX),
                Err(error) => break Err(error),
            };
            if room == 0 {
                stream.subscribe().block();
                continue;
            }
            let (now, later) = rest.split_at(room.min(rest.len()));
            if now.is_empty() {
                break stream.blocking_flush();
            }
            if let Err(error) = stream.write(now) {
                break Err(error);
            }
            rest = later;
        };
        drop(stream);
        if appended.is_err() {
            return Err(failure(path, FileErrorKind::Other("cannot be written".to_owned())));
        }
        file.sync().map_err(refused)?;
        if new { self.sync_parent(path) } else { Ok(()) }
    }

    fn metadata(&self, path: &str) -> Result<Option<Entry>, FileError> {
        Self::check(path)?;
        match self.entry(path, PathFlags::SYMLINK_FOLLOW) {
            Ok(entry) => Ok(Some(entry)),
            Err(ErrorCode::NoEntry) => Ok(None),
            Err(code) => Err(self.refusal(path, code)),
        }
    }

    fn list(&self, path: &str) -> Result<Vec<Entry>, FileError> {
        let refused = |code| self.refusal(path, code);
        let folder = self.descend(path, false)?;
        let stream = folder.0.read_directory().map_err(refused)?;
        let mut entries = Vec::new();
        while let Some(found) = stream.read_directory_entry().map_err(refused)? {
            if matches!(found.name.as_str(), "." | "..") {
                continue;
            }
            match folder.entry(&found.name, PathFlags::empty()) {
                Ok(entry) => entries.push(entry),
                // removed since
                Err(ErrorCode::NoEntry) => {}
                Err(code) => return Err(refused(code)),
            }
            if !memory::room(0) {
                return Err(failure(path, FileErrorKind::Other(memory::FULL.to_owned())));
            }
        }
        entries.sort_unstable_by(|left, right| left.name.cmp(&right.name));
        Ok(entries)
    }

    fn remove(&self, path: &str) -> Result<(), FileError> {
        Self::check(path)?;
        self.0
            .unlink_file_at(path)
            .map_err(|code| self.refusal(path, code))
    }

    fn open(&self, path: &str, create: bool) -> Result<Rc<dyn Directory>, FileError> {
        Ok(Rc::new(self.descend(path, create)?))
    }
}

fn failure(path: &str, kind: FileErrorKind) -> FileError {
    let path = path.to_owned();
    FileError { path, kind }
}

/// The parts of a path that name something.
fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !matches!(*part, "" | "."))
}

/// Whether `..` leads out of the folder that a path is relative to, if it has no links.
fn leaves(path: &str) -> bool {
    let mut depth = 0_u32;
    parts(path).any(|part| {
        if part == ".." {
            depth.checked_sub(1).map(|above| depth = above).is_none()
        } else {
            depth += 1;
            false
        }
    })
}

fn parent(path: &str) -> Option<&str> {
    path.trim_end_matches('/').rsplit_once('/').map(|(parent, _)| parent)
}

fn kind(kind: DescriptorType) -> FileKind {
    match kind {
        DescriptorType::RegularFile => FileKind::File,
        DescriptorType::Directory => FileKind::Directory,
        DescriptorType::SymbolicLink => FileKind::Link,
        _ => FileKind::Other,
    }
}
