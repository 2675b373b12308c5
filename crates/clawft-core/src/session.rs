//! What was said, kept in one file for each session.
//!
//! A session's file is `~/.clawft/sessions/KEY.jsonl`: its key, such as `telegram:12345`, with all but
//! ASCII letters, digits, `-`, `_` and `.` percent-encoded. It lies beside the workspace and not in it, so
//! that a tool cannot rewrite what was said. The first line is
//! `{"_type":"metadata","created_at":…,"updated_at":…,"metadata":{},"last_consolidated":0}`; each other one
//! is a message, `{"role":…,"content":…,"timestamp":…}`, with `tool_calls` and `tool_call_id` where it has
//! them. Lines with another `_type` are passed by, and what is neither is counted.
//!
//! Messages are added at the file's end, and the disk has them when [`Store::append`] returns. Two agents
//! may do so at once: no write is longer than [`WRITE_LIMIT`], which every platform adds in one piece, and
//! each has whole lines. Messages that are longer together are one text, of lines as above, and it is
//! written in parts, `{"_type":"part","id":…,"part":0,"text":…}`, of which the last has `"last":true`. They
//! are read if all parts are there, where the first one stands. A crash may leave a torn last line; what is
//! added after it begins with a new line.
//!
//! A session that has no message yet is read from where it may have been kept before: the same folder's
//! `KEY.json` (an array of messages, or an object whose `messages` is one), and both kinds of files in the
//! sessions of older workspaces; there and for `.json`, each `:` of a key may be a `_` instead. The first
//! message that is added brings it over; the old file stays. Its messages have `"imported":ID`, and after
//! them comes `{"_type":"imported","id":ID}`. Without that line they do not count, so an older session is
//! there as a whole or not at all. Of several that two agents brought over at once, the first one counts.

mod key;
mod pair;
mod read;
mod write;

use alloc::rc::Rc;
use core::fmt;

use crate::config;
use crate::json;
use crate::message::{Message, Role};
use crate::platform::{Clock, Directory, FileError, FileErrorKind, Platform, Random};
use crate::prelude::*;
use crate::time::rfc3339;
use crate::tool::object;
use key::{decode, encode, file_name};
use pair::paired;
use read::{array, tail};
use write::{Writer, line, record};

/// The longest message that is kept, in bytes of its JSON. The next turns of a component have it in memory
/// several times.
pub const RECORD_LIMIT: usize = 1 << 20;
/// Most bytes that are written at once: those that a host of WASI adds to a file in one piece.
pub const WRITE_LIMIT: usize = 64 << 10;
/// What a line has beside its text, in bytes, and more.
const FRAME: usize = 256;
/// Most bytes of a file that are read for a window.
pub const WINDOW_LIMIT: u64 = 4 << 20;

/// Where sessions are kept, and where they may have been before.
const FOLDER: &str = "~/.clawft/sessions";
const OLDER: &[&str] = &[
    "~/.clawft/workspace/sessions",
    "~/.nanobot/workspace/sessions",
];

/// Why a session cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The key can name no session
    Key {
        /// The key
        key: String,
        /// What is wrong with it
        what: &'static str,
    },
    /// A message is longer than [`RECORD_LIMIT`] allows
    TooLong,
    /// There is no home folder to keep it in
    Home(config::Error),
    /// The file cannot be read or written
    File(FileError),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key { key, what } => {
                write!(formatter, "session {}: {what}", json::quoted(key))
            }
            Self::TooLong => write!(
                formatter,
                "a message may have {RECORD_LIMIT} bytes as JSON, and this one has more"
            ),
            Self::Home(error) => write!(formatter, "sessions: {error}"),
            Self::File(error) => write!(formatter, "session: {error}"),
        }
    }
}

impl core::error::Error for Error {}

impl From<FileError> for Error {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

/// The end of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// The last messages, the oldest first
    pub messages: Vec<Message>,
    /// Lines among them that are no messages: torn by a crash, or written by something else
    pub skipped: usize,
    /// An older file that cannot be read as a session, and so is not brought over
    pub unread: Option<FileError>,
}

impl Session {
    /// What a user should know of what is left out.
    #[must_use]
    pub fn notices(&self) -> Vec<String> {
        let mut notices = Vec::new();
        if let Some(error) = &self.unread {
            let mut notice = "an older conversation is not brought over: ".to_owned();
            notice.push_str(&error.to_string());
            notices.push(notice);
        }
        if self.skipped > 0 {
            let mut notice = "entries of this conversation that cannot be read: ".to_owned();
            notice.push_str(&self.skipped.to_string());
            notices.push(notice);
        }
        notices
    }
}

/// As much of a text as one message may have.
#[must_use]
pub fn fitting(text: &str) -> &str {
    start(text, RECORD_LIMIT - FRAME)
}

/// As much of a text as takes that many bytes in JSON.
fn start(text: &str, most: usize) -> &str {
    let mut length = 0;
    for (at, letter) in text.char_indices() {
        length += json::width(letter);
        if length > most {
            return &text[..at];
        }
    }
    text
}

/// All sessions of a user.
pub struct Store {
    directory: Rc<dyn Directory>,
    older: Vec<Rc<dyn Directory>>,
    clock: Rc<dyn Clock>,
    random: Rc<dyn Random>,
}

impl Store {
    /// Opens the sessions of a machine's user.
    ///
    /// # Errors
    /// [`Error::Home`] and [`Error::File`].
    pub fn open(platform: &Platform) -> Result<Self, Error> {
        let expand = |path| config::expand(platform, path).map_err(Error::Home);
        let mut older = Vec::new();
        for path in OLDER {
            // Most users have none.
            older.extend(platform.files.open(&expand(path)?, false).ok());
        }
        let directory = platform.files.open(&expand(FOLDER)?, true)?;
        let (clock, random) = (platform.clock.clone(), platform.random.clone());
        Ok(Self::new(directory, older, clock, random))
    }

    /// Sessions of a folder, and of those that they may be brought over from.
    #[must_use]
    pub fn new(
        directory: Rc<dyn Directory>,
        older: Vec<Rc<dyn Directory>>,
        clock: Rc<dyn Clock>,
        random: Rc<dyn Random>,
    ) -> Self {
        Self {
            directory,
            older,
            clock,
            random,
        }
    }

    /// The last `window` messages of a session, or fewer if they take more than [`WINDOW_LIMIT`]; none of
    /// a session that is not there. Calls of tools without all their results, and results whose calls lie
    /// before the window, are left out, as models refuse them.
    ///
    /// # Errors
    /// [`Error::Key`] and [`Error::File`].
    pub fn load(&self, key: &str, window: usize) -> Result<Session, Error> {
        let name = file_name(key)?;
        let mut session = match present(tail(&*self.directory, &name, window))? {
            Some((session, true)) => session,
            _ => self.older(key, window)?,
        };
        session.messages = paired(session.messages);
        Ok(session)
    }

    /// Adds texts to a session, which begins with them if it is not there. The disk has all of them when
    /// it returns; of what it fails to add, the first may be there.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn append(&self, key: &str, texts: &[(Role, &str)]) -> Result<(), Error> {
        let messages = texts.iter().map(|(role, text)| Message::text(*role, *text));
        self.append_messages(key, &messages.collect::<Vec<_>>())
    }

    /// [`Self::append`] for messages of any kind.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn append_messages(&self, key: &str, messages: &[Message]) -> Result<(), Error> {
        let name = file_name(key)?;
        let now = rfc3339(self.clock.now());
        let mut said = String::new();
        for message in messages {
            line(&mut said, &record(message, &now, None))?;
        }
        let import = self.id();
        let mut file = Writer {
            store: self,
            name: &name,
            import: None,
            lines: Vec::new(),
        };
        let own = present(tail(&*self.directory, &name, 0))?;
        if !own.is_some_and(|(_, begun)| begun) {
            let metadata = object(vec![
                ("_type", "metadata".into()),
                ("created_at", now.as_str().into()),
                ("updated_at", now.as_str().into()),
                ("metadata", object(Vec::new())),
                ("last_consolidated", 0.into()),
            ]);
            file.value(&metadata)?;
            let older = self.older(key, usize::MAX)?.messages;
            file.import = Some(&import);
            for message in &older {
                file.value(&record(message, &now, file.import))?;
            }
            file.import = None;
            if !older.is_empty() {
                let id = import.as_str().into();
                file.value(&object(vec![("_type", "imported".into()), ("id", id)]))?;
            }
        }
        file.text(&said)?;
        Ok(file.flush()?)
    }

    /// What no other record is called.
    fn id(&self) -> String {
        format!("{:016x}", self.random.next())
    }

    /// The keys of all sessions, in order. One that was not brought over from an older folder yet may
    /// have a `_` where its key has a `:`, since its name does not say which.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn keys(&self) -> Result<Vec<String>, Error> {
        let mut keys = Vec::new();
        let folders = core::iter::once(&self.directory).chain(&self.older);
        for folder in folders {
            for entry in folder.list(".")? {
                let name = entry.name.as_str();
                let stem = name.strip_suffix(".jsonl").or(name.strip_suffix(".json"));
                keys.extend(stem.and_then(decode));
            }
        }
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }

    /// A session as it was kept before.
    fn older(&self, key: &str, window: usize) -> Result<Session, Error> {
        let mut unread = None;
        let stems = [encode(key), key.replace(':', "_")];
        let own = core::iter::once((&self.directory, true));
        for (folder, own) in own.chain(self.older.iter().map(|folder| (folder, false))) {
            for stem in &stems {
                for (kind, lines) in [(".jsonl", true), (".json", false)] {
                    // Lines in the own folder are this key's or another's, never older ones.
                    if own && lines {
                        continue;
                    }
                    let name = stem.to_owned() + kind;
                    let found = if lines {
                        tail(&**folder, &name, window).map(|(session, _)| session)
                    } else {
                        let whole = folder.read(&name, WINDOW_LIMIT);
                        whole.map(|text| array(&text, window))
                    };
                    let mut session = match present(found) {
                        Ok(Some(session)) => session,
                        Ok(None) => continue,
                        Err(error) if error.kind == FileErrorKind::Memory => {
                            return Err(error.into());
                        }
                        Err(error) => {
                            unread = Some(error);
                            continue;
                        }
                    };
                    if !session.messages.is_empty() {
                        session.unread = unread;
                        return Ok(session);
                    }
                    if session.skipped > 0 {
                        unread = Some(FileError {
                            path: name,
                            kind: FileErrorKind::Other("no conversation".to_owned()),
                        });
                    }
                }
            }
        }
        Ok(Session {
            unread,
            ..Session::default()
        })
    }
}

/// Nothing, if that is what is there.
fn present<T>(outcome: Result<T, FileError>) -> Result<Option<T>, FileError> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind == FileErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
