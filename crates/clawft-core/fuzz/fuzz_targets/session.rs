//! Whatever a session's file holds, the messages in it are read, and those that are added come after them.
#![no_main]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use clawft_core::message::{Message, Role};
use clawft_core::platform::{Clock, Directory, Entry, FileError, FileErrorKind, Random};
use clawft_core::session::Store;
use libfuzzer_sys::fuzz_target;

/// One folder in memory.
#[derive(Default)]
struct Folder(RefCell<BTreeMap<String, Vec<u8>>>);

impl Directory for Folder {
    fn read(&self, path: &str, _: u64) -> Result<Vec<u8>, FileError> {
        self.0.borrow().get(path).cloned().ok_or(FileError {
            path: path.to_owned(),
            kind: FileErrorKind::NotFound,
        })
    }

    fn read_tail(&self, path: &str, limit: u64) -> Result<(Vec<u8>, u64), FileError> {
        let content = self.read(path, limit)?;
        let start = content.len().saturating_sub(limit as usize);
        Ok((content[start..].to_vec(), start as u64))
    }

    fn write_pieces(
        &self,
        path: &str,
        content: &[&[u8]],
        new: bool,
    ) -> Result<bool, FileError> {
        let mut files = self.0.borrow_mut();
        let put = !(new && files.contains_key(path));
        if put {
            files.insert(path.to_owned(), content.concat());
        }
        Ok(put)
    }

    fn append(&self, path: &str, content: &[u8]) -> Result<(), FileError> {
        let mut files = self.0.borrow_mut();
        files.entry(path.to_owned()).or_default().extend(content);
        Ok(())
    }

    fn metadata(&self, _: &str) -> Result<Option<Entry>, FileError> {
        unreachable!("a store does not ask")
    }

    fn list(&self, _: &str) -> Result<Vec<Entry>, FileError> {
        unreachable!("not by this target")
    }

    fn remove(&self, _: &str) -> Result<(), FileError> {
        unreachable!("a store removes nothing")
    }

    fn open(&self, _: &str, _: bool) -> Result<Rc<dyn Directory>, FileError> {
        unreachable!("a store has one folder")
    }
}

struct Noon;

impl Clock for Noon {
    fn now(&self) -> u64 {
        43_200_000
    }

    fn monotonic(&self) -> u64 {
        0
    }

    fn sleep(&self, _: u64) {}
}

struct One;

impl Random for One {
    fn next(&self) -> u64 {
        1
    }
}

fuzz_target!(|content: &[u8]| {
    for name in ["k.jsonl", "k.json"] {
        let folder = Rc::new(Folder::default());
        folder.write(name, content).expect("memory");
        let store = Store::new(folder, Vec::new(), Rc::new(Noon), Rc::new(One));
        let mut expected = store.load("k", usize::MAX).expect("memory").messages;
        store.append("k", &[(Role::User, "next")]).expect("memory");
        expected.push(Message::text(Role::User, "next"));
        assert_eq!(store.load("k", usize::MAX).expect("memory").messages, expected);
        let last = store.load("k", 1).expect("memory").messages;
        assert_eq!(last, expected[expected.len() - 1..]);
    }
});
