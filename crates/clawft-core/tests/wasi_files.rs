//! Folders as a host of WASI gives them, here by this machine.

#![cfg(feature = "wasi-platform")]
#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

use std::cell::Cell;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::rc::Rc;

use clawft_core::platform::wasi::{self, Descriptor, Purpose, Refusal};
use clawft_core::platform::{Clock, Directory, FileKind, Random};

/// A file or folder of this machine.
struct Place {
    path: PathBuf,
    /// Whether the host does not put files in place of others
    torn: Rc<Cell<bool>>,
}

fn refusal(error: std::io::Error) -> Refusal {
    match error.kind() {
        ErrorKind::NotFound => Refusal::NotFound,
        ErrorKind::InvalidFilename => Refusal::InvalidPath,
        _ => Refusal::Other("failed"),
    }
}

impl Descriptor for Place {
    fn open(&self, path: &str, purpose: Purpose) -> Result<Self, Refusal> {
        let path = self.path.join(path);
        match purpose {
            Purpose::New => fs::File::create_new(&path).map(drop),
            _ => fs::metadata(&path).map(drop),
        }
        .map_err(refusal)?;
        Ok(Self {
            path,
            torn: Rc::clone(&self.torn),
        })
    }

    fn stat(&self, path: &str, _: bool) -> Result<(FileKind, u64), Refusal> {
        let metadata = fs::symlink_metadata(self.path.join(path)).map_err(refusal)?;
        let kind = if metadata.is_dir() {
            FileKind::Directory
        } else {
            FileKind::File
        };
        Ok((kind, metadata.len()))
    }

    fn link(&self, _: &str) -> Result<String, Refusal> {
        unreachable!("there are no links")
    }

    fn make(&self, path: &str) -> Result<(), Refusal> {
        fs::create_dir(self.path.join(path)).map_err(refusal)
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), Refusal> {
        // Nothing of what follows happens then.
        assert!(!self.torn.get(), "the writer is killed");
        fs::rename(self.path.join(from), self.path.join(to)).map_err(refusal)
    }

    fn hard_link(&self, from: &str, to: &str) -> Result<(), Refusal> {
        fs::hard_link(self.path.join(from), self.path.join(to)).map_err(refusal)
    }

    fn remove(&self, path: &str) -> Result<(), Refusal> {
        fs::remove_file(self.path.join(path)).map_err(refusal)
    }

    fn sync(&self) -> Result<(), Refusal> {
        Ok(())
    }

    fn read(&self, content: &mut Vec<u8>, offset: u64) -> Result<bool, Refusal> {
        let all = fs::read(&self.path).map_err(refusal)?;
        content.extend(&all[usize::try_from(offset).unwrap()..]);
        Ok(false)
    }

    fn write(&self, content: &[u8], offset: usize) -> Result<usize, Refusal> {
        let file = fs::File::options().write(true).open(&self.path);
        let file = file.map_err(refusal)?;
        let written = file.write_at(content, offset as u64);
        written.map_err(refusal)
    }

    fn append(&self, content: &[u8]) -> Result<(), Refusal> {
        let file = fs::File::options().append(true).open(&self.path);
        file.and_then(|mut file| file.write_all(content))
            .map_err(refusal)
    }

    fn names(&self) -> Result<Vec<String>, Refusal> {
        let entries = fs::read_dir(&self.path).map_err(refusal)?;
        let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
        Ok(entries
            .map(|entry| name(entry).into_string().unwrap())
            .collect())
    }
}

struct Chance(Cell<u64>);

impl Random for Chance {
    fn next(&self) -> u64 {
        self.0.set(self.0.get() + (1 << 32));
        self.0.get()
    }
}

struct Time(Rc<Cell<u64>>);

impl Clock for Time {
    fn now(&self) -> u64 {
        self.0.get()
    }

    fn monotonic(&self) -> u64 {
        0
    }

    fn sleep(&self, _: u64) {}
}

struct Host {
    folder: tempfile::TempDir,
    torn: Rc<Cell<bool>>,
    now: Rc<Cell<u64>>,
    home: Rc<dyn Directory>,
}

fn host() -> Host {
    let folder = tempfile::tempdir().unwrap();
    let (torn, now) = (Rc::default(), Rc::new(Cell::new(1_776_852_672_000)));
    let place = Place {
        path: folder.path().to_owned(),
        torn: Rc::clone(&torn),
    };
    let home = wasi::open(
        [(place, "/home".to_owned())].into_iter(),
        Rc::new(Chance(Cell::new(0))),
        Rc::new(Time(Rc::clone(&now))),
        "/home",
        false,
    );
    let home = home.unwrap();
    Host {
        folder,
        torn,
        now,
        home,
    }
}

impl Host {
    fn names(&self, path: &str) -> Vec<String> {
        let entries = self.home.list(path).unwrap();
        entries.into_iter().map(|entry| entry.name).collect()
    }
}

#[test]
fn what_a_killed_writer_left_is_removed_after_an_hour() {
    let host = host();
    host.home.write("n/a.txt", b"old").unwrap();
    host.torn.set(true);
    let write = std::panic::AssertUnwindSafe(|| host.home.write("n/a.txt", b"new"));
    std::panic::catch_unwind(write).unwrap_err();
    host.torn.set(false);
    assert_eq!(
        fs::read(host.folder.path().join("n/a.txt")).unwrap(),
        b"old"
    );
    let left = host.names("n")[0].clone();
    assert!(left.starts_with(".clawft-"), "{left}");
    // Another writer may be at it yet.
    host.home.write("n/b.txt", b"x").unwrap();
    assert_eq!(host.names("n"), [left, "a.txt".into(), "b.txt".into()]);
    host.now.set(host.now.get() + 61 * 60_000);
    host.home.write("n/b.txt", b"y").unwrap();
    assert_eq!(host.names("n"), ["a.txt", "b.txt"]);
}

#[test]
fn a_name_may_be_as_long_as_one_can_be() {
    let host = host();
    let name = "n".repeat(255);
    host.home.write(&name, b"x").unwrap();
    host.home.write(&name, b"y").unwrap();
    assert_eq!(host.names("."), [&*name]);
    assert_eq!(host.home.read(&name, 9).unwrap(), b"y");
}

#[test]
fn what_must_be_new_takes_no_others_place() {
    let host = host();
    let pieces: [&[u8]; 2] = [b"first ", b"of two"];
    assert_eq!(host.home.write_pieces("n/a", &pieces, true), Ok(true));
    assert_eq!(host.home.write_pieces("n/a", &[b"second"], true), Ok(false));
    assert_eq!(host.home.read("n/a", 99).unwrap(), b"first of two");
    assert_eq!(host.names("n"), ["a"]);
}
