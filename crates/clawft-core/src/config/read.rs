//! From the bytes of a file to the configuration, and to the place of what is wrong there.

use serde_json::Value;

use super::keys::{same, snake};
use super::rules;
use super::typed::typed;
use super::{Config, Error, json, toml};
use crate::json_repair::Parser;
use crate::prelude::*;
use crate::text;

impl Config {
    /// Reads the content of a file: TOML if its name ends in `.toml`, JSON if it ends in `.json`, and else
    /// what it looks like. Paths in it stay as they are written.
    ///
    /// # Errors
    /// [`Error::Content`].
    pub fn read(file: &str, content: &[u8]) -> Result<Self, Error> {
        let text = decoded(file, content)?;
        let is_json = is_json(file, text);
        let document = if is_json {
            from_json(file, text)?
        } else {
            from_toml(file, text)?
        };
        typed(document).map_err(|fault| {
            let path: Vec<&str> = fault.path.iter().map(String::as_str).collect();
            let at = if is_json {
                json::find(text, &path, same)
            } else {
                let table = toml::parse(text).ok();
                table.and_then(|table| table.find(&path, same)).unwrap_or(0)
            };
            Error::content(file, text, at, text::join(&path, "."), fault.what)
        })
    }
}

/// The text of a file, without the mark of UTF-8 at its start.
fn decoded<'a>(file: &str, content: &'a [u8]) -> Result<&'a str, Error> {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    core::str::from_utf8(content).map_err(|error| {
        let good = &content[..error.valid_up_to()];
        let good = core::str::from_utf8(good).unwrap_or_default();
        let what = "no UTF-8".to_owned();
        Error::content(file, good, good.len(), String::new(), what)
    })
}

/// Whether a file is JSON, and not TOML.
fn is_json(file: &str, text: &str) -> bool {
    let ending = text::split_last(file, b'.').map(|(_, ending)| ending.to_ascii_lowercase());
    match ending.as_deref() {
        Some("json") => true,
        Some("toml") => false,
        _ => text.trim_start().starts_with('{'),
    }
}

fn from_json(file: &str, text: &str) -> Result<Value, Error> {
    let parser = Parser::new(text.as_bytes(), true, usize::MAX).once();
    // Its messages name places and what is wrong there, never what stands there.
    parser.whole().map_err(|error| {
        let key = key_before(text, error.at);
        Error::content(file, text, error.at, key, error.reason)
    })
}

fn from_toml(file: &str, text: &str) -> Result<Value, Error> {
    let table = toml::parse(text).map_err(|fault| {
        let (key, what) = if fault.what == toml::TWICE {
            (key_at(text, fault.at), "said twice; keep one")
        } else {
            (key_before(text, fault.at), fault.what)
        };
        Error::content(file, text, fault.at, key, what.to_owned())
    })?;
    Ok(Value::Object(table.into_object()))
}

/// The key of the value that goes on at a byte of a text, or nothing. It is one that is known, so no part of
/// a secret.
fn key_before(text: &str, at: usize) -> String {
    let bytes = text.as_bytes();
    let start_of = |end: usize, ends: fn(u8) -> bool| {
        let before = bytes.get(..end).unwrap_or(bytes);
        let last = before.iter().rposition(|byte| ends(*byte));
        last.map_or(0, |place| place + 1)
    };
    let value = start_of(at, |byte| matches!(byte, b'=' | b':' | b'\n'));
    if value == 0 || bytes[value - 1] == b'\n' {
        return String::new();
    }
    let key = start_of(value - 1, |byte| {
        !matches!(byte, b' ' | b'\t' | b'"' | b'\'')
    });
    let start = start_of(key, |byte| !is_of_key(byte));
    let mut key = snake(&key_at(text, start));
    if !rules::is_known(&key) {
        key.clear();
    }
    key
}

/// The key that stands at a byte of a text.
fn key_at(text: &str, at: usize) -> String {
    let mut key = String::new();
    for byte in text.bytes().skip(at) {
        match byte {
            b'"' | b'\'' if key.is_empty() => {}
            _ if is_of_key(byte) => key.push(char::from(byte)),
            _ => break,
        }
    }
    key
}

fn is_of_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}
