//! A machine in memory, for tests.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test uses part of it; what is missing fails the test"
)]

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use clawft_core::config::{AgentConfig, Config, Secret, ToolsConfig};
use clawft_core::platform::{
    Clock, Directory, Entry, Environment, Exchange, FileError, FileErrorKind, FileKind, FileSystem,
    Head, HttpClient, HttpError, Platform, Random, Request,
};
use clawft_core::tool::{self, Context, Running, ToolError};
use clawft_core::vectors::Store;
use serde_json::Value;

/// A configuration in which nothing is allowed that need not be.
pub fn config() -> Config {
    Config {
        agent: AgentConfig {
            workspace: String::from("/work"),
            model: String::from("test/model"),
            max_tokens: 1000,
            temperature: 0.0,
            max_tool_iterations: 5,
            memory_window: 50,
            timeout: 1000,
            turn_timeout: 1000,
            attempts: 1,
            stream: true,
        },
        providers: Vec::new(),
        tools: ToolsConfig {
            search_api_key: Secret::default(),
            search_endpoint: None,
            search_max_results: 5,
            exec_timeout: 20_000,
            allow_private: false,
            allowed_hosts: Vec::new(),
            blocked_hosts: Vec::new(),
        },
        document: Value::Null,
    }
}

/// A machine with its agent's parts.
pub struct Machine {
    pub platform: Platform,
    pub config: Config,
    pub web: Rc<Web>,
    pub workspace: Rc<dyn Directory>,
    pub workspace_path: String,
    pub vectors: Store,
    /// When the turn ends
    pub deadline: Cell<u64>,
}

impl Machine {
    pub fn new() -> Self {
        Self::with(Rc::new(Memory::default()), "/work")
    }

    pub fn with(workspace: Rc<dyn Directory>, path: &str) -> Self {
        let web = Rc::new(Web::default());
        Self {
            platform: Platform {
                http: web.clone(),
                files: Rc::new(Nothing),
                environment: Rc::new(Nothing),
                clock: Rc::new(Nothing),
                random: Rc::new(Nothing),
            },
            config: config(),
            web,
            vectors: Store::new(Rc::clone(&workspace)),
            deadline: Cell::new(u64::MAX),
            workspace,
            workspace_path: path.to_owned(),
        }
    }

    pub fn context(&self) -> Context<'_> {
        Context {
            platform: &self.platform,
            config: &self.config,
            workspace: self.workspace.as_ref(),
            workspace_path: &self.workspace_path,
            vectors: &self.vectors,
            deadline: self.deadline.get(),
            #[cfg(feature = "channels")]
            channels: None,
        }
    }

    pub fn start(&self, name: &str, arguments: &Value) -> Result<Running, ToolError> {
        tool::find(name)?.start(&self.context(), arguments)
    }

    /// Calls a tool and waits for it.
    pub fn call(&self, name: &str, arguments: &Value) -> Result<Value, String> {
        let result = self
            .start(name, arguments)
            .and_then(|running| match running {
                Running::Done(value) => Ok(value),
                Running::Waiting(wait) => wait(&self.context()),
            });
        result.map_err(|error| error.message)
    }
}

/// Folders and files in memory, which can break off as a machine does.
#[derive(Default)]
pub struct Memory {
    pub files: RefCell<BTreeMap<String, Vec<u8>>>,
    /// After how many more changes all fail; the first that fails is an append, half of it is done
    pub left: Cell<Option<usize>>,
    /// What others do before the next file is written that must be new
    pub before: Cell<Option<Box<dyn FnOnce()>>>,
}

fn failure(path: &str, kind: FileErrorKind) -> FileError {
    FileError {
        path: path.to_owned(),
        kind,
    }
}

impl Memory {
    /// Whether a change may be made, and whether it is the one that breaks off.
    fn change(&self, path: &str) -> Result<(), (FileError, bool)> {
        let error = || failure(path, FileErrorKind::Other(String::from("no power")));
        match self.left.get() {
            None => Ok(()),
            Some(0) => {
                self.left.set(Some(usize::MAX));
                Err((error(), true))
            }
            Some(usize::MAX) => Err((error(), false)),
            Some(left) => {
                self.left.set(Some(left - 1));
                Ok(())
            }
        }
    }
}

impl Directory for Memory {
    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, FileError> {
        let files = self.files.borrow();
        let content = files
            .get(path)
            .ok_or_else(|| failure(path, FileErrorKind::NotFound))?;
        if content.len() as u64 > limit {
            return Err(failure(path, FileErrorKind::TooLarge(limit)));
        }
        Ok(content.clone())
    }

    fn read_tail(&self, path: &str, limit: u64) -> Result<(Vec<u8>, u64), FileError> {
        let content = self.read(path, u64::MAX)?;
        let start = content
            .len()
            .saturating_sub(usize::try_from(limit).unwrap());
        Ok((content[start..].to_vec(), start as u64))
    }

    fn write_pieces(&self, path: &str, content: &[&[u8]], new: bool) -> Result<bool, FileError> {
        if new && let Some(others) = self.before.take() {
            others();
        }
        self.change(path).map_err(|(error, _)| error)?;
        let mut files = self.files.borrow_mut();
        if new && files.contains_key(path) {
            return Ok(false);
        }
        files.insert(path.to_owned(), content.concat());
        Ok(true)
    }

    fn append(&self, path: &str, content: &[u8]) -> Result<(), FileError> {
        let change = self.change(path);
        let done = match change {
            Ok(()) => content.len(),
            Err((_, true)) => content.len() / 2,
            Err((error, false)) => return Err(error),
        };
        let mut files = self.files.borrow_mut();
        files
            .entry(path.to_owned())
            .or_default()
            .extend(&content[..done]);
        change.map_err(|(error, _)| error)
    }

    fn metadata(&self, path: &str) -> Result<Option<Entry>, FileError> {
        let files = self.files.borrow();
        Ok(files.get(path).map(|content| Entry {
            name: path.rsplit('/').next().unwrap().to_owned(),
            kind: FileKind::File,
            size: content.len() as u64,
        }))
    }

    fn list(&self, path: &str) -> Result<Vec<Entry>, FileError> {
        let prefix = if path == "." {
            String::new()
        } else {
            format!("{path}/")
        };
        let (mut folders, mut entries) = (BTreeSet::new(), Vec::new());
        for (path, content) in self.files.borrow().iter() {
            let Some(below) = path.strip_prefix(&prefix) else {
                continue;
            };
            match below.split_once('/') {
                Some((folder, _)) => _ = folders.insert(folder.to_owned()),
                None => entries.push(Entry {
                    name: below.to_owned(),
                    kind: FileKind::File,
                    size: content.len() as u64,
                }),
            }
        }
        entries.extend(folders.into_iter().map(|name| Entry {
            name,
            kind: FileKind::Directory,
            size: 0,
        }));
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        if entries.is_empty() {
            return Err(failure(path, FileErrorKind::NotFound));
        }
        Ok(entries)
    }

    fn remove(&self, path: &str) -> Result<(), FileError> {
        self.files.borrow_mut().remove(path);
        Ok(())
    }

    fn open(&self, path: &str, _: bool) -> Result<Rc<dyn Directory>, FileError> {
        Err(failure(path, FileErrorKind::NotFound))
    }
}

/// The web: answers by URL, and what was asked.
#[derive(Default)]
pub struct Web {
    pub pages: RefCell<BTreeMap<String, Page>>,
    pub requests: RefCell<Vec<Request>>,
}

#[derive(Clone, Default)]
pub struct Page {
    pub head: Head,
    pub body: Vec<u8>,
    /// Whether the body breaks off
    pub broken: bool,
}

impl Web {
    pub fn page(&self, url: &str, status: u16, headers: &[(&str, &str)], body: &[u8]) {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let page = Page {
            head: Head {
                status,
                headers: headers.collect(),
            },
            body: body.to_vec(),
            broken: false,
        };
        self.pages.borrow_mut().insert(url.to_owned(), page);
    }

    pub fn asked(&self) -> Vec<String> {
        self.requests
            .borrow()
            .iter()
            .map(|request| format!("{} {}", request.method, request.url))
            .collect()
    }
}

impl HttpClient for Web {
    fn send(&self, request: &Request) -> Result<Box<dyn Exchange>, HttpError> {
        self.requests.borrow_mut().push(request.clone());
        let pages = self.pages.borrow();
        let page = pages
            .get(&request.url)
            .ok_or_else(|| HttpError::Connect(String::from("unknown name")))?;
        Ok(Box::new(Answer(page.clone(), 0)))
    }
}

struct Answer(Page, usize);

impl Exchange for Answer {
    fn head(&mut self) -> Result<&Head, HttpError> {
        Ok(&self.0.head)
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, HttpError> {
        // Odd pieces, so that limits and characters fall anywhere in one.
        let rest = &self.0.body[self.1..];
        let count = rest.len().min(buffer.len()).min(4093);
        if count == 0 && self.0.broken {
            return Err(HttpError::Broken(String::from("it ended early")));
        }
        buffer[..count].copy_from_slice(&rest[..count]);
        self.1 += count;
        Ok(count)
    }
}

/// What tools have no use for, or only as the real machine has it.
pub struct Nothing;

impl FileSystem for Nothing {
    fn open(&self, path: &str, _: bool) -> Result<Rc<dyn Directory>, FileError> {
        Err(failure(path, FileErrorKind::Denied))
    }
}

impl Environment for Nothing {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

impl Clock for Nothing {
    fn now(&self) -> u64 {
        0
    }

    fn monotonic(&self) -> u64 {
        0
    }

    fn sleep(&self, _: u64) {}
}

impl Random for Nothing {
    fn next(&self) -> u64 {
        4
    }
}
