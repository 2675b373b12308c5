//! What an agent needs of the machine it runs on. Nothing outside the implementations of these traits
//! knows which machine that is.
//!
//! All of it is synchronous, because a component of WASI 0.2 waits so; several requests wait at once all
//! the same, since [`HttpClient::send`] returns before the answer is there.

use crate::json;
use crate::prelude::*;
use crate::text;
use alloc::rc::Rc;
use core::fmt;

pub mod memory;
#[cfg(feature = "native-platform")]
pub mod native;
#[cfg(feature = "native-platform")]
pub mod native_http;
#[cfg(feature = "wasi-platform")]
pub mod wasi;

/// One machine.
pub struct Platform {
    /// The network
    pub http: Rc<dyn HttpClient>,
    /// The file system
    pub files: Rc<dyn FileSystem>,
    /// Variables and the home folder
    pub environment: Rc<dyn Environment>,
    /// The time
    pub clock: Rc<dyn Clock>,
    /// Random numbers
    pub random: Rc<dyn Random>,
}

/// What a client calls itself where a request does not say.
pub const USER_AGENT: &str = concat!("clawft/", env!("CARGO_PKG_VERSION"));

/// A request of HTTP/1.1 or later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, …, in capitals
    pub method: String,
    /// An absolute URL, `http://` or `https://`
    pub url: String,
    /// Names and values, in this order; `Host` and `Content-Length` are the client's to add
    pub headers: Vec<(String, String)>,
    /// The body; empty for none
    pub body: Vec<u8>,
    /// How long to wait for a connection, for the first byte of the answer, and between two pieces of it,
    /// in milliseconds each; 0 for the client's own default
    pub timeout: u64,
    /// The addresses that a client which resolves names itself may connect to; the default is all. A
    /// client whose host resolves them, as in WASI, cannot tell.
    pub reach: crate::url_policy::Zone,
    /// Addresses that it may not connect to, whatever name stands for them
    #[cfg(feature = "native-platform")]
    pub blocked: Vec<core::net::IpAddr>,
}

impl Request {
    /// Whether it has a header, by its name in any case.
    #[must_use]
    pub fn has_header(&self, name: &str) -> bool {
        self.headers
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
    }
}

/// The start of a response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The status code
    pub status: u16,
    /// Names in lower case, and values
    pub headers: Vec<(String, String)>,
}

impl Head {
    /// The first value of a header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(known, _)| known == name)?;
        Some(value)
    }
}

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpError {
    /// There is no network here; the text says what would give one
    Unavailable(String),
    /// The URL or a header cannot be sent; the text quotes neither the URL nor the header's value, in which
    /// a password or a key may be
    Invalid(String),
    /// No connection: an unknown name, a refusal, a certificate
    Connect(String),
    /// A timeout passed
    Timeout,
    /// The answer broke off, or is no HTTP
    Broken(String),
    /// There is too little memory left for it
    Memory,
}

impl fmt::Display for HttpError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(why) => write!(formatter, "no network: {why}"),
            Self::Invalid(what) => write!(formatter, "request cannot be sent: {what}"),
            Self::Connect(why) => write!(formatter, "no connection: {why}"),
            Self::Timeout => formatter.write_str("timed out"),
            Self::Broken(how) => write!(formatter, "broken response: {how}"),
            Self::Memory => formatter.write_str("too little memory is left"),
        }
    }
}

impl core::error::Error for HttpError {}

/// The network. It follows no redirection: whoever asks judges each address by itself.
pub trait HttpClient {
    /// Sends a request, and returns before its answer is there.
    ///
    /// # Errors
    /// What is known at once: see [`HttpError`].
    fn send(&self, request: &Request) -> Result<Box<dyn Exchange>, HttpError>;
}

/// A request that was sent. Dropping it gives the request up.
pub trait Exchange {
    /// Waits for the response's head; asked again, it is the same.
    ///
    /// # Errors
    /// See [`HttpError`].
    fn head(&mut self) -> Result<&Head, HttpError>;

    /// Waits for some of the body, decoded from its transfer's chunks: how many bytes were put at the
    /// start of `buffer`, or 0 at the body's end.
    ///
    /// # Errors
    /// See [`HttpError`].
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, HttpError>;
}

/// Why something of the file system failed, and of which path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// The path as it was asked for
    pub path: String,
    /// The kind of failure
    pub kind: FileErrorKind,
}

/// Kinds of [`FileError`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileErrorKind {
    /// Nothing is there
    NotFound,
    /// The path leads out of its folder: by `..`, as an absolute path, or through a link
    Outside,
    /// The path can name nothing: it is empty or has a NUL
    InvalidPath,
    /// It may not be read or written
    Denied,
    /// A folder where a file is needed, or the reverse
    WrongKind,
    /// It is longer than the limit, in bytes
    TooLarge(u64),
    /// There is too little memory left for it
    Memory,
    /// Another failure, in the system's words
    Other(String),
}

impl fmt::Display for FileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.kind {
            FileErrorKind::NotFound => write!(formatter, "{path}: no such file or folder"),
            FileErrorKind::Outside => write!(formatter, "{path}: leads out of its folder"),
            FileErrorKind::InvalidPath => {
                write!(formatter, "{}: no path of a file", json::quoted(path))
            }
            FileErrorKind::Denied => write!(formatter, "{path}: permission denied"),
            FileErrorKind::WrongKind => {
                write!(
                    formatter,
                    "{path}: a folder where a file is needed, or the reverse"
                )
            }
            FileErrorKind::TooLarge(limit) => {
                write!(formatter, "{path}: longer than {limit} bytes")
            }
            FileErrorKind::Memory => write!(formatter, "{path}: too little memory is left"),
            FileErrorKind::Other(what) => write!(formatter, "{path}: {what}"),
        }
    }
}

impl core::error::Error for FileError {}

/// The kind of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileKind {
    /// A regular file
    File,
    /// A folder
    Directory,
    /// A symbolic link, not followed
    Link,
    /// Anything else
    Other,
}

/// One file of a folder; in order, by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its name, no path
    pub name: String,
    /// Its kind, links not followed
    pub kind: FileKind,
    /// Its length in bytes; 0 for what is no regular file
    pub size: u64,
}

/// The file system, by its folders.
pub trait FileSystem {
    /// Opens a folder by its absolute path, made with those above it if `create` says so.
    ///
    /// # Errors
    /// See [`FileErrorKind`].
    fn open(&self, path: &str, create: bool) -> Result<Rc<dyn Directory>, FileError>;
}

/// An open folder, and what lies below it: a path leads nowhere else, however it is written and
/// whatever links lie on it, because the system itself resolves it below this folder. Paths are relative
/// with `/` between their parts; `.` is the folder.
pub trait Directory {
    /// The bytes of a file, if they are at most `limit`: that is checked before memory is taken.
    ///
    /// # Errors
    /// See [`FileErrorKind`].
    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, FileError>;

    /// The last bytes of a file, at most `limit`, and how many stand before them. What is added meanwhile
    /// may be missing.
    ///
    /// # Errors
    /// See [`FileErrorKind`].
    fn read_tail(&self, path: &str, limit: u64) -> Result<(Vec<u8>, u64), FileError>;

    /// Writes a file whole: after a crash it has its old content or the new. Folders on its path are
    /// made.
    ///
    /// # Errors
    /// See [`FileErrorKind`].
    fn write(&self, path: &str, content: &[u8]) -> Result<(), FileError> {
        self.write_pieces(path, &[content], false).map(|_| ())
    }

    /// Writes a file whole from its pieces, as [`write`](Self::write) does. If it must be new, it is put
    /// in no other's place: `false` says that there is one. Of several who write it at once, one does.
    ///
    /// # Errors
    /// See [`FileErrorKind`]. A new file needs a file system with hard links.
    fn write_pieces(&self, path: &str, content: &[&[u8]], new: bool) -> Result<bool, FileError>;

    /// Adds to the end of a file in one write, whoever else does so at the time, and waits until the disk
    /// has it. The file and the folders on its path are made if they are missing.
    ///
    /// # Errors
    /// See [`FileErrorKind`].
    fn append(&self, path: &str, content: &[u8]) -> Result<(), FileError>;

    /// What lies at a path, a link followed as far as it stays below; `None` if nothing does.
    ///
    /// # Errors
    /// See [`FileErrorKind`].
    fn metadata(&self, path: &str) -> Result<Option<Entry>, FileError>;

    /// The files of a folder, by name.
    ///
    /// # Errors
    /// See [`FileErrorKind`].
    fn list(&self, path: &str) -> Result<Vec<Entry>, FileError>;

    /// Removes a file.
    ///
    /// # Errors
    /// See [`FileErrorKind`].
    fn remove(&self, path: &str) -> Result<(), FileError>;

    /// A folder below this one, made with those above it if `create` says so.
    ///
    /// # Errors
    /// See [`FileErrorKind`].
    fn open(&self, path: &str, create: bool) -> Result<Rc<dyn Directory>, FileError>;
}

/// Most links that lead from one to the next.
#[cfg(any(feature = "native-platform", feature = "wasi-platform"))]
const LINKS: u32 = 40;

/// How the name begins of a file that is written, and not yet in its place.
#[cfg(any(feature = "native-platform", feature = "wasi-platform"))]
const TEMPORARY: &str = ".clawft-";

/// A name for such a file: the minute, and chance. Its length does not depend on that of the name in its
/// place, which may be as long as one can be.
#[cfg(any(feature = "native-platform", feature = "wasi-platform"))]
fn temporary(now: u64, random: u64) -> String {
    let minute = now / 60_000;
    format!("{TEMPORARY}{:016x}.tmp", minute << 32 | random >> 32)
}

/// Whether a name is that of such a file whose writer was killed. No other takes an hour.
#[cfg(any(feature = "native-platform", feature = "wasi-platform"))]
fn is_left(name: &str, now: u64) -> bool {
    let digits = name
        .strip_prefix(TEMPORARY)
        .and_then(|rest| rest.strip_suffix(".tmp"))
        .filter(|digits| digits.len() == 16);
    let number = digits.and_then(|digits| text::digits(digits.as_bytes(), 16));
    number.is_some_and(|number| now / 60_000 > (number >> 32) + 60)
}

/// Environment variables.
pub trait Environment {
    /// The value of a variable, if it is set and is Unicode.
    fn variable(&self, name: &str) -> Option<String>;

    /// The user's home folder: `$HOME`, or what the platform has in its place.
    fn home(&self) -> Option<String> {
        self.variable("HOME").filter(|home| !home.is_empty())
    }
}

/// The time.
pub trait Clock {
    /// Milliseconds since 1970-01-01 00:00 UTC.
    fn now(&self) -> u64;

    /// Milliseconds since some moment, never fewer than before.
    fn monotonic(&self) -> u64;

    /// Waits that many milliseconds.
    fn sleep(&self, milliseconds: u64);

    /// Whether the user wants that nothing is waited for any longer.
    #[cfg(feature = "exec-tool")]
    fn interrupted(&self) -> bool {
        false
    }
}

/// Random numbers that nobody can foretell.
pub trait Random {
    /// A number of all 64 bits.
    fn next(&self) -> u64;
}
