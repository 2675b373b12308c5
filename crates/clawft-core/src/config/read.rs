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
        let line = text.split('\n').nth(error.line - 1).unwrap_or_default();
        let before = line.char_indices().nth(error.column - 1);
        let before = before.map_or(line, |(at, _)| &line[..at]);
        Error::Content {
            file: file.to_owned(),
            line: error.line,
            column: error.column,
            key: key_before(before),
            what: error.reason,
        }
    })
}

fn from_toml(file: &str, text: &str) -> Result<Value, Error> {
    let table = toml::parse(text).map_err(|fault| {
        let (key, what) = if fault.what == toml::TWICE {
            (key_at(text, fault.at), "said twice; keep one")
        } else {
            (key_before(&text[..fault.at]), fault.what)
        };
        Error::content(file, text, fault.at, key, what.to_owned())
    })?;
    Ok(Value::Object(table.into_object()))
}

/// The key of the value that a text ends in. It is one that is known, so no part of a secret.
fn key_before(text: &str) -> String {
    let line = text.rsplit('\n').next().unwrap_or_default();
    let separator = line.bytes().rposition(|byte| matches!(byte, b'=' | b':'));
    let named = line[..separator.unwrap_or(0)].trim_end_matches([' ', '\t', '"', '\'']);
    let of_key = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let start = named.bytes().rposition(|byte| !of_key(byte));
    let key = snake(&named[start.map_or(0, |start| start + 1)..]);
    if rules::is_known(&key) {
        key
    } else {
        String::new()
    }
}

/// The key that stands at a byte of a text.
fn key_at(text: &str, at: usize) -> String {
    let mut key = String::new();
    for byte in text.bytes().skip(at) {
        match byte {
            b'"' | b'\'' if key.is_empty() => {}
            b'-' | b'_' => key.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => key.push(char::from(byte)),
            _ => break,
        }
    }
    key
}
