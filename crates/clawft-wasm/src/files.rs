//! Folders that the host opens to the component.

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;

use clawft_core::platform::wasi::{self, PIECE, Purpose, Refusal};
use clawft_core::platform::{Directory, FileError, FileKind, FileSystem};

use crate::bindings::wasi::filesystem::preopens::get_directories;
use crate::bindings::wasi::filesystem::types::{
    Descriptor, DescriptorFlags, DescriptorType, ErrorCode, OpenFlags, PathFlags,
};
use crate::bindings::wasi::io::streams::StreamError;
use crate::clock::Clocks;
use crate::random::Entropy;

/// All folders of the host.
pub struct Preopens;

impl FileSystem for Preopens {
    fn open(&self, path: &str, create: bool) -> Result<Rc<dyn Directory>, FileError> {
        let preopens = get_directories()
            .into_iter()
            .map(|(descriptor, at)| (Open(descriptor), at));
        wasi::open(preopens, Rc::new(Entropy), Rc::new(Clocks), path, create)
    }
}

struct Open(Descriptor);

impl wasi::Descriptor for Open {
    fn open(&self, path: &str, purpose: Purpose) -> Result<Self, Refusal> {
        let (open, access) = match purpose {
            // Without `mutate-directory`, which no host asks for and jco's refuses.
            Purpose::Directory => (OpenFlags::DIRECTORY, DescriptorFlags::READ),
            Purpose::Read => (OpenFlags::empty(), DescriptorFlags::READ),
            Purpose::New => (
                OpenFlags::CREATE | OpenFlags::EXCLUSIVE,
                DescriptorFlags::WRITE,
            ),
            Purpose::Append => (OpenFlags::empty(), DescriptorFlags::WRITE),
            Purpose::AppendOrNew => (OpenFlags::CREATE, DescriptorFlags::WRITE),
        };
        self.0
            .open_at(PathFlags::SYMLINK_FOLLOW, path, open, access)
            .map(Self)
            .map_err(refusal)
    }

    fn stat(&self, path: &str, follow: bool) -> Result<(FileKind, u64), Refusal> {
        let follow = if follow {
            PathFlags::SYMLINK_FOLLOW
        } else {
            PathFlags::empty()
        };
        let stat = self.0.stat_at(follow, path).map_err(refusal)?;
        let kind = match stat.type_ {
            DescriptorType::RegularFile => FileKind::File,
            DescriptorType::Directory => FileKind::Directory,
            DescriptorType::SymbolicLink => FileKind::Link,
            _ => FileKind::Other,
        };
        Ok((kind, stat.size))
    }

    fn link(&self, path: &str) -> Result<String, Refusal> {
        self.0.readlink_at(path).map_err(refusal)
    }

    fn make(&self, path: &str) -> Result<(), Refusal> {
        self.0.create_directory_at(path).map_err(refusal)
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), Refusal> {
        self.0.rename_at(from, &self.0, to).map_err(refusal)
    }

    fn hard_link(&self, from: &str, to: &str) -> Result<(), Refusal> {
        self.0
            .link_at(PathFlags::empty(), from, &self.0, to)
            .map_err(refusal)
    }

    fn remove(&self, path: &str) -> Result<(), Refusal> {
        self.0.unlink_file_at(path).map_err(refusal)
    }

    fn sync(&self) -> Result<(), Refusal> {
        self.0.sync().map_err(refusal)
    }

    fn read(&self, content: &mut Vec<u8>, offset: u64) -> Result<bool, Refusal> {
        let (piece, end) = self.0.read(PIECE as u64, offset).map_err(refusal)?;
        content.extend_from_slice(&piece);
        Ok(!end)
    }

    fn write(&self, content: &[u8], offset: usize) -> Result<usize, Refusal> {
        let count = self.0.write(content, offset as u64).map_err(refusal)?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    fn append(&self, content: &[u8]) -> Result<(), Refusal> {
        let broken = |_: StreamError| Refusal::Other("it cannot be written");
        let stream = self.0.append_via_stream().map_err(refusal)?;
        let mut rest = content;
        while !rest.is_empty() {
            let room = stream.check_write().map_err(broken)?;
            if room == 0 {
                stream.subscribe().block();
                continue;
            }
            let room = usize::try_from(room).unwrap_or(usize::MAX);
            let (now, later) = rest.split_at(room.min(rest.len()));
            stream.write(now).map_err(broken)?;
            rest = later;
        }
        stream.blocking_flush().map_err(broken)
    }

    fn names(&self) -> Result<Vec<String>, Refusal> {
        let stream = self.0.read_directory().map_err(refusal)?;
        let mut names = Vec::new();
        loop {
            match stream.read_directory_entry() {
                Ok(Some(entry)) => names.push(entry.name),
                Ok(None) => return Ok(names),
                // No path that is given here can name it.
                Err(ErrorCode::IllegalByteSequence) => {}
                Err(code) => return Err(refusal(code)),
            }
        }
    }
}

fn refusal(code: ErrorCode) -> Refusal {
    match code {
        ErrorCode::NoEntry => Refusal::NotFound,
        ErrorCode::NotPermitted => Refusal::NotPermitted,
        ErrorCode::Access | ErrorCode::ReadOnly => Refusal::Denied,
        ErrorCode::IsDirectory | ErrorCode::NotDirectory => Refusal::WrongKind,
        ErrorCode::IllegalByteSequence | ErrorCode::Invalid | ErrorCode::NameTooLong => {
            Refusal::InvalidPath
        }
        other => Refusal::Other(other.name()),
    }
}
