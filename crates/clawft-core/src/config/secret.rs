//! What of a configuration is a secret, and what may be shown of it all the same.

use core::fmt;

use serde_json::{Map, Value};

use super::Config;
use super::keys::snake;
use crate::prelude::*;
use crate::text;

/// Keys of tables whose values may all be secrets.
const SECRET_TABLES: &str = "env extra_headers headers";

/// Last words of keys whose values are secrets.
const SECRET_WORDS: &str = "authorization credential key password secret token";

/// A text that is never shown: not in logs, errors or dumps.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for who sends it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.is_empty() {
            "Secret()"
        } else {
            "Secret(…)"
        })
    }
}

impl Config {
    /// What the file says, with keys in snake case and every secret as an empty text.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut document = self.document.clone();
        hide(&mut document);
        document
    }
}

/// Whether the value of a key, or of a header by its name, is a secret.
pub(crate) fn is_secret(key: &str) -> bool {
    let key = snake(key);
    SECRET_WORDS.split(' ').any(|word| key.ends_with(word))
}

/// Whether a text is a URL that begins with a name and password.
pub(super) fn has_user(text: &str) -> bool {
    text::split_once(text, "://").is_some_and(|(_, rest)| {
        let mut host = rest.bytes().take_while(|byte| !b"/?#".contains(byte));
        host.any(|byte| byte == b'@')
    })
}

/// Empties every secret.
fn hide(value: &mut Value) {
    match value {
        Value::Object(table) => {
            for (key, value) in table.iter_mut() {
                if text::lists(SECRET_TABLES, key) && value.is_object() {
                    for value in value.as_object_mut().into_iter().flat_map(Map::values_mut) {
                        *value = Value::String(String::new());
                    }
                } else if is_secret(key) && !value.is_null() {
                    *value = Value::String(String::new());
                } else {
                    hide(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::String(text) if has_user(text) => text.clear(),
        _ => {}
    }
}
