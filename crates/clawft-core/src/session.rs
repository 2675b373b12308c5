//! What was said, kept in one file for each session.
//!
//! A session's file is `~/.clawft/sessions/KEY.jsonl`: its key, such as `telegram:12345`, with all but
//! ASCII letters, digits, `-`, `_` and `.` percent-encoded. It lies beside the workspace and not in it, so
//! that a tool cannot rewrite what was said. The first line is
//! `{"_type":"metadata","created_at":…,"updated_at":…,"metadata":{},"last_consolidated":0}`; each other one
//! is a message, `{"role":…,"content":…,"timestamp":…}`, with `tool_calls` and `tool_call_id` where it has
//! them. Lines that are something else are passed by.
//!
//! Messages are added in one write at the file's end, which the disk has when [`Store::append`] returns.
//! Two agents may do so at once: each message is a line of its own, and metadata written twice says
//! nothing new. A crash may leave a torn last line; what is added after it begins with a new line.
//!
//! A session that has no such file yet is read from where it may have been kept before: the same folder's
//! `KEY.json` (an array of messages, or an object whose `messages` is one), and both kinds of files in the
//! sessions of older workspaces; there and for `.json`, each `:` of a key may be a `_` instead. The first message that is added brings it over; the
//! old file stays.

use alloc::rc::Rc;
use core::fmt;

use serde_json::Value;

use crate::config;
use crate::json;
use crate::message::{Message, Role, ToolCall};
use crate::platform::{Clock, Directory, FileError, FileErrorKind, Platform};
use crate::prelude::*;
use crate::text::find;
use crate::time::rfc3339;
use crate::tool::object;

/// The longest line that is written, in bytes: one message as JSON.
pub const RECORD_LIMIT: usize = 1 << 20;
/// Most bytes of a file that are read for a window.
pub const WINDOW_LIMIT: u64 = 4 << 20;
/// The longest name of a file that common file systems have, in bytes.
const NAME_LIMIT: usize = 255;

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
    /// A message is longer than [`RECORD_LIMIT`]
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
                "a message of more than {RECORD_LIMIT} bytes is not kept"
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
}

/// All sessions of a user.
pub struct Store {
    directory: Rc<dyn Directory>,
    older: Vec<Rc<dyn Directory>>,
    clock: Rc<dyn Clock>,
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
        Ok(Self::new(directory, older, platform.clock.clone()))
    }

    /// Sessions of a folder, and of those that they may be brought over from.
    #[must_use]
    pub fn new(
        directory: Rc<dyn Directory>,
        older: Vec<Rc<dyn Directory>>,
        clock: Rc<dyn Clock>,
    ) -> Self {
        Self {
            directory,
            older,
            clock,
        }
    }

    /// The last `window` messages of a session, or fewer if they take more than [`WINDOW_LIMIT`]; none of
    /// a session that is not there. Results of tools whose calls lie before the window are left out, as
    /// models refuse them.
    ///
    /// # Errors
    /// [`Error::Key`] and [`Error::File`].
    pub fn load(&self, key: &str, window: usize) -> Result<Session, Error> {
        let name = file_name(key)?;
        let mut session = match present(tail(&*self.directory, &name, window))? {
            Some(session) => session,
            None => self.older(key, window)?.unwrap_or_default(),
        };
        let first = |message: &Message| message.role != Role::Tool;
        let orphans = session.messages.iter().position(first);
        let orphans = orphans.unwrap_or(session.messages.len());
        session.messages.drain(..orphans);
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
        let mut lines = Vec::new();
        let end = present(self.directory.read_tail(&name, 1))?;
        let last = end.and_then(|(bytes, _)| bytes.last().copied());
        if last.is_some_and(|last| last != b'\n') {
            lines.push(b'\n');
        }
        if last.is_none() {
            let metadata = object(vec![
                ("_type", "metadata".into()),
                ("created_at", now.as_str().into()),
                ("updated_at", now.as_str().into()),
                ("metadata", object(Vec::new())),
                ("last_consolidated", 0.into()),
            ]);
            line(&mut lines, &metadata)?;
            if let Some(session) = self.older(key, usize::MAX)? {
                for message in &session.messages {
                    line(&mut lines, &record(message, &now))?;
                }
            }
        }
        for message in messages {
            line(&mut lines, &record(message, &now))?;
        }
        Ok(self.directory.append(&name, &lines)?)
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
    fn older(&self, key: &str, window: usize) -> Result<Option<Session>, Error> {
        let stems = [encode(key), key.replace(':', "_")];
        let own = core::iter::once((&self.directory, true));
        for (folder, own) in own.chain(self.older.iter().map(|folder| (folder, false))) {
            for stem in &stems {
                // Lines in the own folder are this key's or another's, never older ones.
                let lines = if own {
                    None
                } else {
                    present(tail(&**folder, &format!("{stem}.jsonl"), window))?
                };
                if lines.is_some() {
                    return Ok(lines);
                }
                let whole = folder.read(&format!("{stem}.json"), WINDOW_LIMIT);
                if let Some(text) = present(whole)? {
                    return Ok(Some(array(&text, window)));
                }
            }
        }
        Ok(None)
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

/// Checks a key, and names its file.
fn file_name(key: &str) -> Result<String, Error> {
    let wrong = |what| {
        Err(Error::Key {
            key: key.to_owned(),
            what,
        })
    };
    if key.is_empty() {
        return wrong("it is empty");
    }
    if key.chars().any(char::is_control) {
        return wrong("it has a control character");
    }
    if key.contains(['/', '\\']) || find(key.as_bytes(), b"..").is_some() {
        return wrong("it could be taken for a path; leave out /, \\ and ..");
    }
    let name = format!("{}.jsonl", encode(key));
    if name.len() > NAME_LIMIT {
        return wrong("it is too long for the name of a file");
    }
    Ok(name)
}

fn encode(key: &str) -> String {
    let mut name = String::with_capacity(key.len());
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            name.push(char::from(byte));
        } else {
            name.push('%');
            for digit in [byte >> 4, byte & 15] {
                name.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
            }
        }
    }
    name
}

/// The key whose name that is; `None` if it is no name of a session's.
fn decode(name: &str) -> Option<String> {
    let mut key = Vec::new();
    let mut bytes = name.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut digit = || char::from(bytes.next()?).to_digit(16);
            let code = digit()? * 16 + digit()?;
            key.push(u8::try_from(code).ok()?);
        } else {
            key.push(byte);
        }
    }
    let key = String::from_utf8(key).ok()?;
    file_name(&key).is_ok().then_some(key)
}

fn line(lines: &mut Vec<u8>, value: &Value) -> Result<(), Error> {
    let text = json::text(value);
    if text.len() > RECORD_LIMIT {
        return Err(Error::TooLong);
    }
    lines.extend_from_slice(text.as_bytes());
    lines.push(b'\n');
    Ok(())
}

fn record(message: &Message, now: &str) -> Value {
    let mut record = vec![
        ("role", Value::from(message.role.as_str())),
        ("content", message.content.as_str().into()),
        ("timestamp", now.into()),
    ];
    if let Some(id) = &message.tool_call_id {
        record.push(("tool_call_id", id.as_str().into()));
    }
    if !message.tool_calls.is_empty() {
        let calls = message.tool_calls.iter().map(|call| {
            let function = vec![
                ("name", call.name.as_str().into()),
                ("arguments", call.arguments.as_str().into()),
            ];
            object(vec![
                ("id", call.id.as_str().into()),
                ("type", "function".into()),
                ("function", object(function)),
            ])
        });
        record.push(("tool_calls", Value::Array(calls.collect())));
    }
    object(record)
}

/// What a line is.
enum Line {
    Message(Message),
    /// Metadata, or nothing
    Aside,
    Unknown,
}

fn read_line(line: &[u8]) -> Line {
    if line.trim_ascii().is_empty() {
        return Line::Aside;
    }
    let Ok(value) = json::parse(line, usize::MAX) else {
        return Line::Unknown;
    };
    if value.get("_type").is_some() {
        return Line::Aside;
    }
    message(&value).map_or(Line::Unknown, Line::Message)
}

fn message(value: &Value) -> Option<Message> {
    let role = Role::parse(value.get("role")?.as_str()?)?;
    let content = match value.get("content") {
        Some(Value::String(text)) => text.as_str(),
        // An assistant that only calls tools
        None | Some(Value::Null) => "",
        Some(_) => return None,
    };
    let mut message = Message::text(role, content);
    let text = |value: Option<&Value>| Some(value?.as_str()?.to_owned());
    message.tool_call_id = text(value.get("tool_call_id"));
    let calls = value.get("tool_calls").and_then(Value::as_array);
    for call in calls.into_iter().flatten() {
        let function = call.get("function")?;
        message.tool_calls.push(ToolCall {
            id: text(call.get("id"))?,
            name: text(function.get("name"))?,
            arguments: text(function.get("arguments"))?,
        });
    }
    Some(message)
}

/// The last messages of a file of lines. It reads from the end as much as it needs, and not more than
/// [`WINDOW_LIMIT`].
fn tail(folder: &dyn Directory, name: &str, window: usize) -> Result<Session, FileError> {
    let mut limit = 64 << 10;
    loop {
        let (bytes, before) = folder.read_tail(name, limit)?;
        let session = lines(&bytes, before > 0, window);
        if before == 0 || session.messages.len() >= window || limit >= WINDOW_LIMIT {
            return Ok(session);
        }
        limit *= 8;
    }
}

/// The last messages of lines, the first of which may be the end of one.
fn lines(bytes: &[u8], cut: bool, window: usize) -> Session {
    let mut session = Session::default();
    let whole = if cut {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        &bytes[end.unwrap_or(bytes.len())..]
    } else {
        bytes
    };
    for line in whole.rsplit(|byte| *byte == b'\n') {
        if session.messages.len() >= window {
            break;
        }
        match read_line(line) {
            Line::Message(message) => session.messages.push(message),
            Line::Aside => {}
            Line::Unknown => session.skipped += 1,
        }
    }
    session.messages.reverse();
    session
}

/// The last messages of an array, which may be the `messages` of an object.
fn array(text: &[u8], window: usize) -> Session {
    let mut session = Session::default();
    let document: Value = json::or_null(text);
    match document.get("messages").unwrap_or(&document).as_array() {
        Some(items) => {
            for item in items {
                match message(item) {
                    Some(message) => session.messages.push(message),
                    None => session.skipped += 1,
                }
            }
        }
        None => session.skipped = 1,
    }
    let surplus = session.messages.len().saturating_sub(window);
    session.messages.drain(..surplus);
    session
}
