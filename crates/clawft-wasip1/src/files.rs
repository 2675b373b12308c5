//! Folders that the host opens to the program.

use std::rc::Rc;
use std::time::Instant;

use clawft_core::platform::wasi::{self, PIECE, Purpose, Refusal};
use clawft_core::platform::{Directory, FileError, FileKind, FileSystem};

use crate::host::Clocks;
use crate::random::Entropy;

/// All folders of the host.
pub struct Preopens;

/// The first descriptor that is neither input nor output.
const FIRST: wasip1::Fd = 3;

impl FileSystem for Preopens {
    fn open(&self, path: &str, create: bool) -> Result<Rc<dyn Directory>, FileError> {
        let preopens = (FIRST..).map_while(name).filter_map(|(fd, at)| {
            // SAFETY: only the descriptor's number is read.
            let rights = unsafe { wasip1::fd_fdstat_get(fd) }
                .ok()?
                .fs_rights_inheriting;
            // A copy of the host's own, which stays open.
            let copy = open(fd, rights, ".", Purpose::Directory).ok()?;
            Some((copy, at))
        });
        let clock = Rc::new(Clocks(Instant::now()));
        wasi::open(preopens, Rc::new(Entropy), clock, path, create)
    }
}

/// What is done with a folder. A right to write, or to change a size, has a runtime open it for writing,
/// which no system allows.
const DIRECTORY_RIGHTS: wasip1::Rights = wasip1::RIGHTS_PATH_OPEN
    | wasip1::RIGHTS_PATH_CREATE_DIRECTORY
    | wasip1::RIGHTS_PATH_CREATE_FILE
    | wasip1::RIGHTS_PATH_FILESTAT_GET
    | wasip1::RIGHTS_PATH_LINK_SOURCE
    | wasip1::RIGHTS_PATH_LINK_TARGET
    | wasip1::RIGHTS_PATH_READLINK
    | wasip1::RIGHTS_PATH_RENAME_SOURCE
    | wasip1::RIGHTS_PATH_RENAME_TARGET
    | wasip1::RIGHTS_PATH_UNLINK_FILE
    | wasip1::RIGHTS_FD_READDIR
    | wasip1::RIGHTS_FD_SYNC;

/// The name of one of the host's folders.
fn name(fd: wasip1::Fd) -> Option<(wasip1::Fd, String)> {
    // SAFETY: `fd_prestat_get` only reads the descriptor's number, and says which field of the union is set.
    let length = unsafe {
        let prestat = wasip1::fd_prestat_get(fd).ok()?;
        if prestat.tag != wasip1::PREOPENTYPE_DIR.raw() {
            return None;
        }
        prestat.u.dir.pr_name_len
    };
    let mut name = vec![0; length];
    // SAFETY: the buffer has as many bytes as are said.
    unsafe { wasip1::fd_prestat_dir_name(fd, name.as_mut_ptr(), length) }.ok()?;
    // Some hosts end it as C does.
    while name.last() == Some(&0) {
        name.pop();
    }
    Some((fd, String::from_utf8(name).ok()?))
}

/// An open descriptor, which is ours alone.
struct Open {
    fd: wasip1::Fd,
    /// What may be asked for below it at most: what the host's own folder passes on. Of other folders,
    /// Wasmtime says that they pass on nothing to write.
    rights: wasip1::Rights,
}

impl Drop for Open {
    fn drop(&mut self) {
        // SAFETY: nothing else has this descriptor, and it is not used again.
        let _ = unsafe { wasip1::fd_close(self.fd) };
    }
}

fn open(
    folder: wasip1::Fd,
    passed: wasip1::Rights,
    path: &str,
    purpose: Purpose,
) -> Result<Open, Refusal> {
    let written = wasip1::RIGHTS_FD_WRITE | wasip1::RIGHTS_FD_SYNC | wasip1::RIGHTS_FD_FILESTAT_GET;
    let (flags, rights, mode) = match purpose {
        Purpose::Directory => (wasip1::OFLAGS_DIRECTORY, DIRECTORY_RIGHTS, 0),
        Purpose::Read => (
            0,
            wasip1::RIGHTS_FD_READ | wasip1::RIGHTS_FD_SEEK | wasip1::RIGHTS_FD_FILESTAT_GET,
            0,
        ),
        Purpose::New => (wasip1::OFLAGS_CREAT | wasip1::OFLAGS_EXCL, written, 0),
        Purpose::Append => (0, written, wasip1::FDFLAGS_APPEND),
        Purpose::AppendOrNew => (wasip1::OFLAGS_CREAT, written, wasip1::FDFLAGS_APPEND),
    };
    // SAFETY: the path is a string for as long as the call takes.
    let fd = unsafe {
        wasip1::path_open(
            folder,
            wasip1::LOOKUPFLAGS_SYMLINK_FOLLOW,
            path,
            flags,
            rights & passed,
            passed,
            mode,
        )
    }
    .map_err(refusal)?;
    Ok(Open { fd, rights: passed })
}

impl wasi::Descriptor for Open {
    fn open(&self, path: &str, purpose: Purpose) -> Result<Self, Refusal> {
        open(self.fd, self.rights, path, purpose)
    }

    fn stat(&self, path: &str, follow: bool) -> Result<(FileKind, u64), Refusal> {
        let follow = if follow {
            wasip1::LOOKUPFLAGS_SYMLINK_FOLLOW
        } else {
            0
        };
        // SAFETY: the path is a string for as long as the call takes.
        let stat = unsafe { wasip1::path_filestat_get(self.fd, follow, path) }.map_err(refusal)?;
        let kind = match stat.filetype {
            wasip1::FILETYPE_REGULAR_FILE => FileKind::File,
            wasip1::FILETYPE_DIRECTORY => FileKind::Directory,
            wasip1::FILETYPE_SYMBOLIC_LINK => FileKind::Link,
            _ => FileKind::Other,
        };
        Ok((kind, stat.size))
    }

    fn link(&self, path: &str) -> Result<String, Refusal> {
        let mut target = vec![0; PIECE];
        // SAFETY: the buffer has as many bytes as are said.
        let length =
            unsafe { wasip1::path_readlink(self.fd, path, target.as_mut_ptr(), target.len()) }
                .map_err(refusal)?;
        target.truncate(length);
        String::from_utf8(target).map_err(|_| Refusal::InvalidPath)
    }

    fn make(&self, path: &str) -> Result<(), Refusal> {
        // SAFETY: the path is a string for as long as the call takes.
        unsafe { wasip1::path_create_directory(self.fd, path) }.map_err(refusal)
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), Refusal> {
        // SAFETY: the paths are strings for as long as the call takes.
        unsafe { wasip1::path_rename(self.fd, from, self.fd, to) }.map_err(refusal)
    }

    fn hard_link(&self, from: &str, to: &str) -> Result<(), Refusal> {
        // SAFETY: the paths are strings for as long as the call takes.
        unsafe { wasip1::path_link(self.fd, 0, from, self.fd, to) }.map_err(refusal)
    }

    fn remove(&self, path: &str) -> Result<(), Refusal> {
        // SAFETY: the path is a string for as long as the call takes.
        unsafe { wasip1::path_unlink_file(self.fd, path) }.map_err(refusal)
    }

    fn sync(&self) -> Result<(), Refusal> {
        // SAFETY: only the descriptor's number is read.
        unsafe { wasip1::fd_sync(self.fd) }.map_err(refusal)
    }

    fn read(&self, content: &mut Vec<u8>, offset: u64) -> Result<bool, Refusal> {
        let known = content.len();
        content.resize(known + PIECE, 0);
        let piece = wasip1::Iovec {
            buf: content[known..].as_mut_ptr(),
            buf_len: PIECE,
        };
        // SAFETY: the buffer has as many bytes as are said, and nothing else uses it meanwhile.
        let read = unsafe { wasip1::fd_pread(self.fd, &[piece], offset) };
        content.truncate(known + read.unwrap_or(0));
        read.map(|count| count > 0).map_err(refusal)
    }

    fn write(&self, content: &[u8], _offset: usize) -> Result<usize, Refusal> {
        let piece = wasip1::Ciovec {
            buf: content.as_ptr(),
            buf_len: content.len(),
        };
        // SAFETY: the buffer has as many bytes as are said.
        unsafe { wasip1::fd_write(self.fd, &[piece]) }.map_err(refusal)
    }

    fn append(&self, content: &[u8]) -> Result<(), Refusal> {
        let mut rest = content;
        while !rest.is_empty() {
            match self.write(rest, 0)? {
                0 => return Err(Refusal::Other("the disk is full")),
                count => rest = &rest[count..],
            }
        }
        Ok(())
    }

    fn names(&self) -> Result<Vec<String>, Refusal> {
        /// Bytes of an entry before its name, and where in them is what
        const HEAD: usize = 24;
        let mut buffer = vec![0_u8; PIECE];
        let mut names = Vec::new();
        let mut cookie = 0;
        loop {
            // SAFETY: the buffer has as many bytes as are said.
            let filled =
                unsafe { wasip1::fd_readdir(self.fd, buffer.as_mut_ptr(), buffer.len(), cookie) }
                    .map_err(refusal)?;
            let mut rest = &buffer[..filled];
            let mut found = false;
            while let Some((head, after)) = rest.split_at_checked(HEAD) {
                // next: u64, inode: u64, length of the name: u32, type: u8
                let mut next = [0; 8];
                next.copy_from_slice(&head[..8]);
                let mut length = [0; 4];
                length.copy_from_slice(&head[16..20]);
                let Some((name, after)) =
                    after.split_at_checked(u32::from_le_bytes(length) as usize)
                else {
                    break;
                };
                rest = after;
                found = true;
                cookie = u64::from_le_bytes(next);
                match std::str::from_utf8(name) {
                    Ok("." | "..") => {}
                    Ok(name) => names.push(name.to_owned()),
                    // No path that is given here can name it.
                    Err(_) => {}
                }
            }
            if !found || filled < buffer.len() {
                return Ok(names);
            }
        }
    }
}

fn refusal(code: wasip1::Errno) -> Refusal {
    match code {
        wasip1::ERRNO_NOENT => Refusal::NotFound,
        wasip1::ERRNO_PERM | wasip1::ERRNO_NOTCAPABLE => Refusal::NotPermitted,
        wasip1::ERRNO_ACCES | wasip1::ERRNO_ROFS => Refusal::Denied,
        wasip1::ERRNO_ISDIR | wasip1::ERRNO_NOTDIR => Refusal::WrongKind,
        wasip1::ERRNO_ILSEQ | wasip1::ERRNO_INVAL | wasip1::ERRNO_NAMETOOLONG => {
            Refusal::InvalidPath
        }
        other => Refusal::Other(other.name()),
    }
}
