//! Keys of sessions, and the names of their files.

use super::Error;
use crate::prelude::*;
use crate::text::find;

/// The longest name of a file that common file systems have, in bytes.
const NAME_LIMIT: usize = 255;

/// Checks a key, and names its file.
pub fn file_name(key: &str) -> Result<String, Error> {
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

pub fn encode(key: &str) -> String {
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
pub fn decode(name: &str) -> Option<String> {
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
