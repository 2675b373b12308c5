//! Folders of a WASI host, whichever version of WASI it speaks.
//!
//! Every path is resolved by the host, below the open folder that it is relative to, so neither `..` nor
//! a link leads out of it, whatever happens to the folder meanwhile.

use alloc::collections::BinaryHeap;
use alloc::rc::Rc;

use super::memory;
use super::{
    Clock, Directory, Entry, FileError, FileErrorKind, FileKind, LINKS, Random, is_left, temporary,
};
use crate::prelude::*;
use crate::text;

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A folder
    Directory,
    /// A file that is there, to read
    Read,
    /// A file that is not there, to write
    New,
    /// A file that is there, to add to its end
    Append,
    /// The same, made if it is not there
    AppendOrNew,
}

/// Why a host does not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing is there
    NotFound,
    /// The path leads out of the folder, or the folder may not be written to: hosts say the same of both
    NotPermitted,
    /// It may not be read or written
    Denied,
    /// A folder where a file is needed, or the reverse
    WrongKind,
    /// It can be no name
    InvalidPath,
    /// Anything else, in a word
    Other(&'static str),
}

/// What a host has opened. It is closed when dropped.
pub trait Descriptor: Sized {
    /// Opens what lies at a path below this folder, links followed.
    ///
    /// # Errors
    /// See [`Refusal`].
    fn open(&self, path: &str, purpose: Purpose) -> Result<Self, Refusal>;

    /// The kind and the length of what lies at a path.
    ///
    /// # Errors
    /// See [`Refusal`].
    fn stat(&self, path: &str, follow: bool) -> Result<(FileKind, u64), Refusal>;

    /// What a link names.
    ///
    /// # Errors
    /// See [`Refusal`].
    fn link(&self, path: &str) -> Result<String, Refusal>;

    /// Makes a folder.
    ///
    /// # Errors
    /// See [`Refusal`].
    fn make(&self, path: &str) -> Result<(), Refusal>;

    /// Puts a file in place of another.
    ///
    /// # Errors
    /// See [`Refusal`].
    fn rename(&self, from: &str, to: &str) -> Result<(), Refusal>;

    /// Gives a file a second name, which no other has.
    ///
    /// # Errors
    /// See [`Refusal`].
    fn hard_link(&self, from: &str, to: &str) -> Result<(), Refusal>;

    /// Removes a file.
    ///
    /// # Errors
    /// See [`Refusal`].
    fn remove(&self, path: &str) -> Result<(), Refusal>;

    /// Waits until the disk has what was written to this file, or the names of this folder.
    ///
    /// # Errors
    /// See [`Refusal`].
    fn sync(&self) -> Result<(), Refusal>;

    /// Adds bytes of the file to those that were read, at most [`PIECE`], from that many after its start:
    /// whether it has more.
    ///
    /// # Errors
    /// See [`Refusal`].
    fn read(&self, content: &mut Vec<u8>, offset: u64) -> Result<bool, Refusal>;

    /// Writes at that many bytes from the start: how many bytes.
    ///
    /// # Errors
    /// See [`Refusal`].
    fn write(&self, content: &[u8], offset: usize) -> Result<usize, Refusal>;

    /// Writes all at the end, in one write if the host can.
    ///
    /// # Errors
    /// See [`Refusal`].
    fn append(&self, content: &[u8]) -> Result<(), Refusal>;

    /// The names in this folder.
    ///
    /// # Errors
    /// See [`Refusal`].
    fn names(&self) -> Result<Vec<String>, Refusal>;
}

/// Most bytes that are asked for, or given, in one call: a host holds them beside the program.
pub const PIECE: usize = 65_536;

/// Opens a folder by its absolute path, below that of the host's folders which is nearest.
///
/// # Errors
/// See [`FileErrorKind`]. It is not found where the host has opened no folder that holds it.
pub fn open<D: Descriptor + 'static>(
    preopens: impl Iterator<Item = (D, String)>,
    random: Rc<dyn Random>,
    clock: Rc<dyn Clock>,
    path: &str,
    create: bool,
) -> Result<Rc<dyn Directory>, FileError> {
    if !path.starts_with('/') || path.contains('\0') {
        return Err(failure(path, FileErrorKind::InvalidPath));
    }
    let wanted: Vec<&str> = parts(path).collect();
    let mut nearest: Option<(usize, D)> = None;
    for (descriptor, at) in preopens {
        let length = parts(&at).count();
        if at.starts_with('/')
            && parts(&at).eq(wanted.iter().copied().take(length))
            && nearest.as_ref().is_none_or(|(known, _)| length > *known)
        {
            nearest = Some((length, descriptor));
        }
    }
    let (length, descriptor) = nearest.ok_or_else(|| {
        let kind = if create {
            FileErrorKind::Other("the host has opened no folder that holds it".to_owned())
        } else {
            FileErrorKind::NotFound
        };
        failure(path, kind)
    })?;
    let below = match text::join(&wanted[length..], "/") {
        here if here.is_empty() => ".".to_owned(),
        below => below,
    };
    let folder = Folder {
        descriptor,
        random,
        clock,
    };
    match folder.descend(&below, create) {
        Ok(folder) => Ok(Rc::new(folder)),
        Err(error) => Err(failure(path, error.kind)),
    }
}

/// An open folder.
struct Folder<D> {
    descriptor: D,
    /// Names what is not whole yet
    random: Rc<dyn Random>,
    clock: Rc<dyn Clock>,
}

impl<D: Descriptor> Folder<D> {
    fn error(&self, path: &str, refusal: Refusal) -> FileError {
        let kind = match refusal {
            Refusal::NotFound => FileErrorKind::NotFound,
            Refusal::NotPermitted => match self.descriptor.stat(path, true) {
                Err(Refusal::NotPermitted) => FileErrorKind::Outside,
                _ => FileErrorKind::Denied,
            },
            Refusal::Denied => FileErrorKind::Denied,
            Refusal::WrongKind => FileErrorKind::WrongKind,
            Refusal::InvalidPath => FileErrorKind::InvalidPath,
            Refusal::Other(what) => FileErrorKind::Other(what.to_owned()),
        };
        failure(path, kind)
    }

    fn descend(&self, path: &str, create: bool) -> Result<Self, FileError> {
        check(path)?;
        if create {
            self.make(path)?;
        }
        match self.descriptor.open(path, Purpose::Directory) {
            Ok(descriptor) => Ok(Self {
                descriptor,
                random: Rc::clone(&self.random),
                clock: Rc::clone(&self.clock),
            }),
            Err(refusal) => Err(self.error(path, refusal)),
        }
    }

    /// Makes a folder, and those above it.
    fn make(&self, path: &str) -> Result<(), FileError> {
        for (end, _) in path.match_indices('/').chain([(path.len(), "")]) {
            let ancestor = &path[..end];
            if matches!(ancestor, "" | "." | "..") {
                continue;
            }
            match self.descriptor.make(ancestor) {
                Ok(()) => self.sync_parent(ancestor)?,
                // Hosts have many words for what is there already.
                Err(_) if self.descriptor.stat(ancestor, true).is_ok() => {}
                Err(refusal) => return Err(self.error(ancestor, refusal)),
            }
        }
        Ok(())
    }

    fn make_parent(&self, path: &str) -> Result<(), FileError> {
        parent(path).map_or(Ok(()), |folder| self.make(folder))
    }

    /// Waits until the disk has a file's name, as far as the host can tell: some cannot for a folder.
    fn sync_parent(&self, path: &str) -> Result<(), FileError> {
        let folder = self
            .descriptor
            .open(parent(path).unwrap_or("."), Purpose::Directory)
            .map_err(|refusal| self.error(path, refusal))?;
        let _ = folder.sync();
        Ok(())
    }

    /// Where a file is that is put in place of another: links are followed to what they name.
    fn place(&self, path: &str) -> Result<String, FileError> {
        let mut place = path.to_owned();
        for _ in 0..LINKS {
            check(&place).map_err(|error| failure(path, error.kind))?;
            match self.descriptor.stat(&place, false) {
                Ok((FileKind::Link, _)) => {
                    let target = self
                        .descriptor
                        .link(&place)
                        .map_err(|refusal| self.error(path, refusal))?;
                    place = match parent(&place) {
                        Some(folder) if !target.starts_with('/') => {
                            text::join(&[folder, &target], "/")
                        }
                        _ => target,
                    };
                }
                Ok(_) | Err(Refusal::NotFound) => return Ok(place),
                Err(refusal) => return Err(self.error(path, refusal)),
            }
        }
        Err(self.error(path, Refusal::Other("too many links")))
    }

    /// The length of a regular file. Whatever else is opened may block until somebody writes to it, so
    /// its kind is asked for first.
    fn size(&self, path: &str) -> Result<u64, FileError> {
        check(path)?;
        match self.descriptor.stat(path, true) {
            Ok((FileKind::File, size)) => Ok(size),
            Ok(_) => Err(failure(path, FileErrorKind::WrongKind)),
            Err(refusal) => Err(self.error(path, refusal)),
        }
    }

    /// The bytes of a file from some after its start, of which there were `length`; of more that came
    /// since, not many more than `limit` in all.
    fn read_from(
        &self,
        path: &str,
        start: u64,
        length: u64,
        limit: u64,
    ) -> Result<Vec<u8>, FileError> {
        let refused = |refusal| self.error(path, refusal);
        let full = || failure(path, FileErrorKind::Memory);
        let mut content = usize::try_from(length)
            .ok()
            .and_then(memory::buffer)
            .ok_or_else(full)?;
        let file = self.descriptor.open(path, Purpose::Read).map_err(refused)?;
        let mut more = true;
        while more && content.len() as u64 <= limit {
            if !memory::room(0) {
                return Err(full());
            }
            let offset = start + content.len() as u64;
            more = file.read(&mut content, offset).map_err(refused)?;
        }
        Ok(content)
    }

    /// Removes what writers that were killed have left in a folder. What cannot be removed now stays for the
    /// next one.
    fn clear(&self, folder: &str) {
        let open = self.descriptor.open(folder, Purpose::Directory);
        let now = self.clock.now();
        for name in open.and_then(|folder| folder.names()).unwrap_or_default() {
            if is_left(&name, now) {
                let _ = self.descriptor.remove(&text::join(&[folder, &name], "/"));
            }
        }
    }

    fn write_new(&self, path: &str, content: &[&[u8]]) -> Result<(), Refusal> {
        let file = self.descriptor.open(path, Purpose::New)?;
        let mut written = 0;
        for piece in content {
            let mut rest = *piece;
            while !rest.is_empty() {
                let count = file.write(&rest[..rest.len().min(PIECE)], written)?;
                if count == 0 {
                    return Err(Refusal::Other("the disk is full"));
                }
                written += count;
                rest = &rest[count..];
            }
        }
        file.sync()
    }
}

impl<D: Descriptor + 'static> Directory for Folder<D> {
    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, FileError> {
        let size = self.size(path)?;
        if size > limit {
            return Err(failure(path, FileErrorKind::TooLarge(limit)));
        }
        let content = self.read_from(path, 0, size, limit)?;
        if content.len() as u64 > limit {
            return Err(failure(path, FileErrorKind::TooLarge(limit)));
        }
        Ok(content)
    }

    fn read_tail(&self, path: &str, limit: u64) -> Result<(Vec<u8>, u64), FileError> {
        let size = self.size(path)?;
        let before = size.saturating_sub(limit);
        let mut content = self.read_from(path, before, size - before, limit)?;
        content.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok((content, before))
    }

    fn write_pieces(&self, path: &str, content: &[&[u8]], new: bool) -> Result<bool, FileError> {
        check(path)?;
        self.make_parent(path)?;
        let place = self.place(path)?;
        let folder = parent(&place).unwrap_or(".");
        self.clear(folder);
        let name = temporary(self.clock.now(), self.random.next());
        let temporary = text::join(&[folder, &name], "/");
        let put = self.write_new(&temporary, content).and_then(|()| {
            if new {
                self.descriptor.hard_link(&temporary, &place)
            } else {
                self.descriptor.rename(&temporary, &place)
            }
        });
        if new || put.is_err() {
            let _ = self.descriptor.remove(&temporary);
        }
        match put {
            Ok(()) => self.sync_parent(&place).map(|()| true),
            // Hosts have many words for what is there already.
            Err(_) if new && self.descriptor.stat(&place, false).is_ok() => Ok(false),
            Err(refusal) => Err(self.error(path, refusal)),
        }
    }

    fn append(&self, path: &str, content: &[u8]) -> Result<(), FileError> {
        check(path)?;
        let refused = |refusal| self.error(path, refusal);
        // A pipe that nobody reads would be waited for.
        let (file, new) = match self.descriptor.stat(path, true) {
            Ok((FileKind::File, _)) => (self.descriptor.open(path, Purpose::Append), false),
            Ok(_) => return Err(failure(path, FileErrorKind::WrongKind)),
            Err(Refusal::NotFound) => {
                self.make_parent(path)?;
                (self.descriptor.open(path, Purpose::AppendOrNew), true)
            }
            Err(refusal) => return Err(refused(refusal)),
        };
        let file = file.map_err(refused)?;
        file.append(content)
            .and_then(|()| file.sync())
            .map_err(refused)?;
        if new { self.sync_parent(path) } else { Ok(()) }
    }

    fn metadata(&self, path: &str) -> Result<Option<Entry>, FileError> {
        check(path)?;
        match self.descriptor.stat(path, true) {
            Ok(stat) => Ok(Some(entry(path, stat))),
            Err(Refusal::NotFound) => Ok(None),
            Err(refusal) => Err(self.error(path, refusal)),
        }
    }

    fn list(&self, path: &str) -> Result<Vec<Entry>, FileError> {
        let folder = self.descend(path, false)?;
        // NB: a heap, of which there are others: sorting would add kilobytes.
        let mut entries = BinaryHeap::new();
        for name in folder
            .descriptor
            .names()
            .map_err(|refusal| self.error(path, refusal))?
        {
            match folder.descriptor.stat(&name, false) {
                Ok(stat) => entries.push(entry(&name, stat)),
                // removed since
                Err(Refusal::NotFound) => {}
                Err(refusal) => return Err(self.error(path, refusal)),
            }
        }
        Ok(entries.into_sorted_vec())
    }

    fn remove(&self, path: &str) -> Result<(), FileError> {
        check(path)?;
        self.descriptor
            .remove(path)
            .map_err(|refusal| self.error(path, refusal))
    }

    fn open(&self, path: &str, create: bool) -> Result<Rc<dyn Directory>, FileError> {
        Ok(Rc::new(self.descend(path, create)?))
    }
}

fn failure(path: &str, kind: FileErrorKind) -> FileError {
    let path = path.to_owned();
    FileError { path, kind }
}

/// Refuses a path that no host should be asked for.
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

fn entry(path: &str, (kind, size): (FileKind, u64)) -> Entry {
    Entry {
        name: parts(path).last().unwrap_or(".").to_owned(),
        kind,
        size: if kind == FileKind::File { size } else { 0 },
    }
}

/// The parts of a path that name something.
fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !matches!(*part, "" | "."))
}

/// Whether `..` leads out of the folder that a path is relative to, if it has no links.
fn leaves(path: &str) -> bool {
    let mut depth = 0_usize;
    for part in parts(path) {
        match (part, depth.checked_sub(1)) {
            ("..", None) => return true,
            ("..", Some(above)) => depth = above,
            _ => depth += 1,
        }
    }
    false
}

fn parent(path: &str) -> Option<&str> {
    let (parent, _) = text::split_last(text::trim_end(path, '/'), b'/')?;
    Some(parent)
}
