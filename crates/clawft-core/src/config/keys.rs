//! Keys in the one form in which they are read.

use serde_json::{Map, Value};

use crate::prelude::*;
use crate::text;

/// Keys of tables whose own keys are names.
const NAMED: &str = "channels env extra_headers headers mcp_servers providers";

/// A key in snake case: `apiKey`, `APIKey` and `api_key` are `api_key`.
pub(super) fn snake(key: &str) -> String {
    let bytes = key.as_bytes();
    let mut snake = String::with_capacity(key.len() + 4);
    for (index, letter) in key.char_indices() {
        if letter.is_ascii_uppercase() {
            let before = index.checked_sub(1).map(|before| bytes[before]);
            let after_lower =
                before.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
            let after_upper = before.is_some_and(|byte| byte.is_ascii_uppercase());
            let before_lower = bytes.get(index + 1).is_some_and(u8::is_ascii_lowercase);
            if after_lower || after_upper && before_lower {
                snake.push('_');
            }
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// Whether a key of a file is that part of a normalised path.
pub(super) fn same(key: &str, part: &str) -> bool {
    key == part || snake(key) == part
}

/// What is wrong with the value at a path of keys.
pub(super) struct Fault {
    pub path: Vec<String>,
    pub what: String,
}

impl Fault {
    /// One at the end of a path, which nobody needs any more.
    pub fn at(path: &mut Vec<String>, what: String) -> Self {
        let path = core::mem::take(path);
        Self { path, what }
    }
}

/// The value with all keys in snake case but those that are names. `path` leads to it.
pub(super) fn normalise(value: Value, named: bool, path: &mut Vec<String>) -> Result<Value, Fault> {
    match value {
        Value::Object(table) => {
            let mut normal = Map::new();
            for (key, value) in table {
                let key = if named { key } else { snake(&key) };
                path.push(key.clone());
                if normal.contains_key(&key) {
                    let what = "said twice, in camel case and in snake case; keep one";
                    return Err(Fault::at(path, what.to_owned()));
                }
                let names = !named && text::lists(NAMED, &key);
                let value = normalise(value, names, path)?;
                path.pop();
                normal.insert(key, value);
            }
            Ok(Value::Object(normal))
        }
        Value::Array(mut items) => {
            for (index, item) in items.iter_mut().enumerate() {
                path.push(index.to_string());
                *item = normalise(item.take(), false, path)?;
                path.pop();
            }
            Ok(Value::Array(items))
        }
        other => Ok(other),
    }
}
