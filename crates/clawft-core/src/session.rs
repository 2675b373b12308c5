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

use alloc::rc::Rc;
use core::fmt;

use serde_json::Value;

use crate::config;
use crate::json;
use crate::json_repair::MAX_VALUES;
use crate::message::{Message, Role, ToolCall};
use crate::platform::{Clock, Directory, FileError, FileErrorKind, Platform, Random};
use crate::prelude::*;
use crate::text::{self, find};
use crate::time::rfc3339;
use crate::tool::object;

/// The longest message that is kept, in bytes of its JSON. The next turns of a component have it in memory
/// several times.
pub const RECORD_LIMIT: usize = 1 << 20;
/// Most bytes that are written at once: those that a host of WASI adds to a file in one piece.
pub const WRITE_LIMIT: usize = 64 << 10;
/// What a line has beside its text, in bytes, and more.
const FRAME: usize = 256;
/// Most bytes of a file that are read for a window.
pub const WINDOW_LIMIT: u64 = 4 << 20;
/// Most values of an array of messages, each of which has some.
const ARRAY_VALUES: usize = 1 << 16;
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

/// What is added to a session's file.
struct Writer<'a> {
    store: &'a Store,
    name: &'a str,
    /// The id of what is brought over
    import: Option<&'a str>,
    /// Those that are not written yet
    lines: Vec<u8>,
}

impl Writer<'_> {
    /// Adds a line.
    fn value(&mut self, value: &Value) -> Result<(), FileError> {
        let mut text = json::text(value);
        text.push('\n');
        self.text(&text)
    }

    /// Adds lines, which are read all or not at all if they are longer than a write.
    fn text(&mut self, mut text: &str) -> Result<(), FileError> {
        // NB: one byte is for the end of a line that a crash has torn.
        let fits = |length: usize| length < WRITE_LIMIT;
        if fits(text.len()) {
            if !fits(self.lines.len() + text.len()) {
                self.flush()?;
            }
            self.lines.extend_from_slice(text.as_bytes());
            return Ok(());
        }
        let id = self.store.id();
        for number in 0_u64.. {
            let part = start(text, WRITE_LIMIT - FRAME);
            text = &text[part.len()..];
            let mut members = vec![
                ("_type", "part".into()),
                ("id", id.as_str().into()),
                ("part", number.into()),
                ("text", part.into()),
            ];
            if let Some(id) = self.import {
                members.push(("imported", id.into()));
            }
            if text.is_empty() {
                members.push(("last", true.into()));
            }
            self.value(&object(members))?;
            if text.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Writes what was added, in one piece.
    fn flush(&mut self) -> Result<(), FileError> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let folder = &self.store.directory;
        let end = present(folder.read_tail(self.name, 1))?;
        if end.is_some_and(|(end, _)| end.last().is_some_and(|last| *last != b'\n')) {
            self.lines.insert(0, b'\n');
        }
        folder.append(self.name, &self.lines)?;
        self.lines.clear();
        Ok(())
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

fn line(lines: &mut String, value: &Value) -> Result<(), Error> {
    let text = json::text(value);
    if text.len() > RECORD_LIMIT {
        return Err(Error::TooLong);
    }
    lines.push_str(&text);
    lines.push('\n');
    Ok(())
}

fn record(message: &Message, now: &str, import: Option<&str>) -> Value {
    let mut record = vec![
        ("role", Value::from(message.role.as_str())),
        ("content", message.content.as_str().into()),
        ("timestamp", now.into()),
    ];
    if let Some(id) = import {
        record.push(("imported", id.into()));
    }
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

/// What a member of an object says, if it is a text.
fn said(value: &Value, member: &str) -> Option<String> {
    Some(value.get(member)?.as_str()?.to_owned())
}

fn message(mut value: Value) -> Option<Message> {
    let role = Role::parse(value.get("role")?.as_str()?)?;
    let content = match value.get_mut("content").map(Value::take) {
        Some(Value::String(text)) => text,
        // An assistant that only calls tools
        None | Some(Value::Null) => String::new(),
        Some(Value::Array(parts)) => {
            let texts = parts.iter().filter_map(|part| part.get("text")?.as_str());
            let texts: Vec<&str> = texts.collect();
            if texts.is_empty() && value.get("tool_calls").is_none() {
                return None;
            }
            text::join(&texts, "\n")
        }
        Some(_) => return None,
    };
    if content.len() > RECORD_LIMIT {
        return None;
    }
    let mut message = Message::text(role, content);
    message.tool_call_id = said(&value, "tool_call_id");
    let calls = value.get("tool_calls").and_then(Value::as_array);
    for call in calls.into_iter().flatten() {
        let function = call.get("function")?;
        message.tool_calls.push(ToolCall {
            id: said(call, "id")?,
            name: said(function, "name")?,
            arguments: said(function, "arguments")?,
        });
    }
    Some(message)
}

/// Messages without calls that have not all their results, and without results that have no call.
fn paired(messages: Vec<Message>) -> Vec<Message> {
    let mut kept: Vec<Message> = Vec::new();
    // Where the message is that the next results belong to
    let mut head = 0;
    for message in messages {
        if message.role == Role::Tool {
            let caller = kept.get(head);
            if caller
                .is_some_and(|caller| caller.tool_calls.iter().any(|call| answers(&message, call)))
            {
                kept.push(message);
            }
        } else {
            settle(&mut kept, head);
            head = kept.len();
            kept.push(message);
        }
    }
    settle(&mut kept, head);
    kept
}

fn answers(result: &Message, call: &ToolCall) -> bool {
    result.tool_call_id.as_ref() == Some(&call.id)
}

/// Takes the calls from a message if what follows it does not answer all of them.
fn settle(kept: &mut Vec<Message>, head: usize) {
    let Some((caller, results)) = kept.get(head..).and_then(<[Message]>::split_first) else {
        return;
    };
    let mut calls = caller.tool_calls.iter();
    if calls.all(|call| results.iter().any(|result| answers(result, call))) {
        return;
    }
    kept.truncate(head + 1);
    kept[head].tool_calls.clear();
    if kept[head].content.is_empty() {
        kept.pop();
    }
}

/// The last messages of a file of lines, and whether the session has begun in it: it has more than some of
/// an older one. It reads from the end as much as it needs, and not more than [`WINDOW_LIMIT`].
fn tail(folder: &dyn Directory, name: &str, window: usize) -> Result<(Session, bool), FileError> {
    let mut limit = 64 << 10;
    loop {
        let (bytes, before) = folder.read_tail(name, limit)?;
        let (session, begun) = lines(&bytes, before > 0, window);
        let enough = begun == Some(true) && session.messages.len() >= window;
        if before == 0 || enough || limit >= WINDOW_LIMIT {
            return Ok((session, begun.unwrap_or(before > 0)));
        }
        limit *= 8;
    }
}

/// The last messages of lines, the first of which may be the end of one, and whether the session has begun,
/// if they show that.
fn lines(bytes: &[u8], cut: bool, window: usize) -> (Session, Option<bool>) {
    let whole = if cut {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        &bytes[end.unwrap_or(bytes.len())..]
    } else {
        bytes
    };
    let mut read = Reader::default();
    for line in whole.rsplit(|byte| *byte == b'\n') {
        if read.begun == Some(true) && read.own.len() + read.older.len() >= window {
            break;
        }
        read.line(line);
    }
    let mut messages = read.own;
    messages.append(&mut read.older);
    messages.truncate(window);
    messages.reverse();
    let session = Session {
        messages,
        skipped: read.skipped,
        unread: None,
    };
    (session, read.begun)
}

/// What lines have, of which the last is read first.
#[derive(Default)]
struct Reader {
    own: Vec<Message>,
    /// Those that were brought over, under that id
    older: Vec<Message>,
    import: Option<String>,
    /// What is read in part
    torn: Vec<Torn>,
    skipped: usize,
    /// `false` if there is only a part of an older session
    begun: Option<bool>,
}

/// A text of which the last parts are read.
struct Torn {
    id: String,
    /// Parts before them
    missing: u64,
    /// The last one first
    parts: Vec<String>,
}

impl Reader {
    fn line(&mut self, line: &[u8]) {
        if line.trim_ascii().is_empty() {
            return;
        }
        let Ok(value) = json::parse(line, MAX_VALUES) else {
            self.skipped += 1;
            return;
        };
        let kind = value.get("_type").and_then(Value::as_str);
        let part = kind == Some("part");
        if kind == Some("imported") {
            self.older.clear();
            self.import = said(&value, "id");
            self.begun = Some(true);
            return;
        }
        let import = said(&value, "imported");
        if kind.is_some() && !part {
            return;
        }
        if import.is_some() && import != self.import {
            self.begun.get_or_insert(false);
            return;
        }
        if part {
            self.begun = Some(true);
            self.part(&value).unwrap_or_default();
            return;
        }
        match message(value) {
            Some(message) => {
                self.begun = Some(true);
                let list = if import.is_some() {
                    &mut self.older
                } else {
                    &mut self.own
                };
                list.push(message);
            }
            None => self.skipped += 1,
        }
    }

    /// Reads a part of a text, and the text if that is its first; `None` if it is no part.
    fn part(&mut self, value: &Value) -> Option<()> {
        let id = said(value, "id")?;
        let number = value.get("part")?.as_u64()?;
        if value.get("last").is_some() {
            self.torn.push(Torn {
                id: id.clone(),
                missing: number.checked_add(1)?,
                parts: Vec::new(),
            });
        }
        let known = self.torn.iter().position(|text| text.id == id);
        if let Some(at) = known {
            let text = &mut self.torn[at];
            if text.missing == number + 1 {
                text.missing = number;
                text.parts.push(said(value, "text")?);
            }
        }
        if number == 0 {
            match known.map(|at| self.torn.swap_remove(at)) {
                Some(text) if text.missing == 0 => {
                    let mut whole = String::new();
                    for part in text.parts.iter().rev() {
                        whole.push_str(part);
                    }
                    for line in whole.as_bytes().rsplit(|byte| *byte == b'\n') {
                        self.line(line);
                    }
                }
                _ => self.skipped += 1,
            }
        }
        Some(())
    }
}

/// The last messages of an array, which may be the `messages` of an object.
fn array(text: &[u8], window: usize) -> Session {
    let mut session = Session::default();
    if text.trim_ascii().is_empty() {
        return session;
    }
    let mut document = json::parse(text, ARRAY_VALUES).unwrap_or_default();
    let items = match document.get_mut("messages") {
        Some(messages) => messages.take(),
        None => document,
    };
    match items {
        Value::Array(items) => {
            for item in items {
                match message(item) {
                    Some(message) => session.messages.push(message),
                    None => session.skipped += 1,
                }
            }
        }
        _ => session.skipped = 1,
    }
    let surplus = session.messages.len().saturating_sub(window);
    session.messages.drain(..surplus);
    session
}
