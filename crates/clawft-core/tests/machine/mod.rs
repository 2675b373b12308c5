//! A machine with its files in a temporary folder, and the time and variables that a test gives it.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use clawft_core::platform::native::{NativeFiles, NativeRandom};
use clawft_core::platform::{
    Clock, Directory, Environment, Exchange, FileSystem as _, HttpClient, HttpError, Platform,
    Request,
};

pub struct Machine {
    folder: tempfile::TempDir,
    variables: BTreeMap<String, String>,
    now: u64,
}

struct Variables(BTreeMap<String, String>);

impl Environment for Variables {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }
}

pub struct Fixed(pub u64);

impl Clock for Fixed {
    fn now(&self) -> u64 {
        self.0
    }
    fn monotonic(&self) -> u64 {
        self.0
    }
    fn sleep(&self, _: u64) {}
}

struct Offline;

impl HttpClient for Offline {
    fn send(&self, _: &Request) -> Result<Box<dyn Exchange>, HttpError> {
        Err(HttpError::Unavailable("a test".into()))
    }
}

impl Machine {
    /// A home folder with nothing in it, on 2026-04-22 at 10:11:12.345 UTC.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let home = folder.path().to_str().expect("Unicode").to_owned();
        Self {
            folder,
            variables: BTreeMap::from([("HOME".to_owned(), home)]),
            // date -u -d '2026-04-22 10:11:12' +%s
            now: 1_776_852_672_345,
        }
    }

    pub fn set(&mut self, name: &str, value: Option<&str>) {
        match value {
            Some(value) => self.variables.insert(name.to_owned(), value.to_owned()),
            None => self.variables.remove(name),
        };
    }

    /// A path below the home folder.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn home(&self) -> &str {
        self.folder.path().to_str().expect("Unicode")
    }

    /// Puts a file below the home folder.
    pub fn put(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        std::fs::write(path, content).expect("a file");
    }

    pub fn get(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).expect("a file")
    }

    pub fn platform(&self) -> Platform {
        Platform {
            http: Rc::new(Offline),
            files: Rc::new(NativeFiles),
            environment: Rc::new(Variables(self.variables.clone())),
            clock: Rc::new(Fixed(self.now)),
            random: Rc::new(NativeRandom),
        }
    }

    /// Opens a folder below the home folder, made if it is missing.
    pub fn open(&self, path: &str) -> Rc<dyn Directory> {
        let path = self.path(path);
        NativeFiles
            .open(path.to_str().expect("Unicode"), true)
            .expect("a folder")
    }
}
