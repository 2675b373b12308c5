//! Server-sent events, as the HTML Standard interprets an event stream (section 9.2.6).

use crate::prelude::*;
/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its type; `message` where the stream names none
    pub name: String,
    /// Its lines of data, with `\n` between them
    pub data: String,
    /// The last id that the stream named up to here, or empty
    pub id: String,
}

/// An event, or a line of one, is longer than the limit, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge(pub usize);

impl core::fmt::Display for TooLarge {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "an event is longer than {} bytes", self.0)
    }
}

impl core::error::Error for TooLarge {}

/// Reads a stream in pieces of any size. An event that no blank line ends is none, so there is nothing to
/// do at the stream's end.
#[derive(Clone, Debug)]
pub struct Decoder {
    limit: usize,
    /// The line so far
    line: Vec<u8>,
    /// Each line of data, and a line feed after it
    data: Vec<u8>,
    name: Vec<u8>,
    id: Vec<u8>,
    retry: Option<u64>,
    /// The last byte was a carriage return, so a line feed belongs to it
    after_return: bool,
    /// No line has ended yet, so the line may start with a byte order mark
    first_line: bool,
}

impl Decoder {
    /// At a stream's start, for events of at most `limit` bytes: what is kept of it never takes more.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self {
            limit,
            line: Vec::new(),
            data: Vec::new(),
            name: Vec::new(),
            id: Vec::new(),
            retry: None,
            after_return: false,
            first_line: true,
        }
    }

    /// How long to wait before connecting again, in milliseconds, if the stream said so.
    #[must_use]
    pub const fn retry(&self) -> Option<u64> {
        self.retry
    }

    /// The next event that ends within the bytes, which are cut to what follows it; `None` when all of
    /// them are read.
    ///
    /// # Errors
    /// [`TooLarge`]; nothing more is to be read then.
    pub fn next(&mut self, bytes: &mut &[u8]) -> Result<Option<Event>, TooLarge> {
        if self.after_return && !bytes.is_empty() {
            self.after_return = false;
            *bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while !bytes.is_empty() {
            let end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            let (part, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
            let kept = self.line.len() + self.data.len() + self.name.len() + self.id.len();
            if part.len() > self.limit.saturating_sub(kept) {
                return Err(TooLarge(self.limit));
            }
            self.line.extend_from_slice(part);
            let Some((ending, after)) = rest.split_first() else {
                *bytes = rest;
                break;
            };
            // NB: what is after a carriage return may not be there yet, and the line ends all the same.
            *bytes = match (ending, after) {
                (b'\r', [b'\n', after @ ..]) => after,
                (b'\r', []) => {
                    self.after_return = true;
                    after
                }
                _ => after,
            };
            let event = self.end_line();
            if event.is_some() {
                return Ok(event);
            }
        }
        Ok(None)
    }

    fn end_line(&mut self) -> Option<Event> {
        let mut taken = core::mem::take(&mut self.line);
        let mut line = taken.as_slice();
        if core::mem::take(&mut self.first_line) {
            line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        }
        if line.is_empty() {
            return self.dispatch();
        }
        let colon = line.iter().position(|&byte| byte == b':');
        let (field, value) = line.split_at(colon.unwrap_or(line.len()));
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => {
                self.data.extend_from_slice(value);
                self.data.push(b'\n');
            }
            b"event" => self.name = value.to_vec(),
            b"id" if !value.contains(&0) => self.id = value.to_vec(),
            b"retry" => self.retry = crate::text::digits(value, 10).or(self.retry),
            // A comment, or a field of a later standard
            _ => {}
        }
        // The next line can use the memory.
        taken.clear();
        self.line = taken;
        None
    }

    fn dispatch(&mut self) -> Option<Event> {
        let name = core::mem::take(&mut self.name);
        let mut data = core::mem::take(&mut self.data);
        data.pop()?;
        Some(Event {
            name: if name.is_empty() {
                "message".into()
            } else {
                text(name)
            },
            data: text(data),
            id: text(self.id.clone()),
        })
    }
}

/// The standard's "UTF-8 decode": each byte sequence that is none becomes U+FFFD. Lines and fields end at
/// ASCII, so they can be split before it.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
