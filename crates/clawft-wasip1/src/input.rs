//! What standard input has: a message as it is, or within an object of JSON.

use serde_json::{Map, Value};

/// A message, and its session if that is said with it.
#[derive(Debug, PartialEq, Eq)]
pub struct Input {
    /// The message
    pub message: String,
    /// Its session
    pub session: Option<String>,
}

/// Reads `{"message", "session"}`, or `{"role": "user", "content", "session"}` as APIs of models have it.
/// Any other text is the message itself, of JSON or not.
///
/// # Errors
/// What is wrong with a text that is meant as such an object.
pub fn read(text: String) -> Result<Input, String> {
    match serde_json::from_slice(text.as_bytes()) {
        Ok(Value::Object(mut object)) => match key(&object) {
            Some(key) => Ok(Input {
                message: take(&mut object, key)?.ok_or("no message")?,
                session: take(&mut object, "session")?,
            }),
            None => Ok(plain(text)),
        },
        Err(error) if is_meant(&text) => Err(format!("standard input is no JSON: {error}")),
        _ => Ok(plain(text)),
    }
}

fn plain(message: String) -> Input {
    Input {
        message,
        session: None,
    }
}

/// The key of an object that has the message.
fn key(object: &Map<String, Value>) -> Option<&'static str> {
    if object.contains_key("message") {
        return Some("message");
    }
    let role = object.get("role").and_then(Value::as_str);
    (role == Some("user") && object.contains_key("content")).then_some("content")
}

fn take(object: &mut Map<String, Value>, key: &str) -> Result<Option<String>, String> {
    match object.remove(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("\"{key}\" of standard input is no text")),
    }
}

/// Whether a text begins as an object with a message does.
fn is_meant(text: &str) -> bool {
    let inside = text.trim_start().strip_prefix('{').map(str::trim_start);
    inside.is_some_and(|inside| inside.starts_with("\"message\""))
}

#[cfg(test)]
mod tests {
    use super::{Input, read};

    #[test]
    fn messages_are_texts_or_in_objects() {
        for (text, message, session) in [
            ("Hello", "Hello", None),
            (" two\nlines\n", " two\nlines\n", None),
            (r#"{"message": "hi"}"#, "hi", None),
            (
                r#"{"session": "a:b", "message": "h\u00fc"}"#,
                "hü",
                Some("a:b"),
            ),
            (r#"{"role":"user","content":"Hello"}"#, "Hello", None),
            // What is no message of a user is what is asked about.
            (
                r#"{"role":"tool","content":"x"}"#,
                r#"{"role":"tool","content":"x"}"#,
                None,
            ),
            (
                r#"{"name": "a", "content": 1}"#,
                r#"{"name": "a", "content": 1}"#,
                None,
            ),
            ("{}", "{}", None),
            ("[1]", "[1]", None),
            ("{ is a brace", "{ is a brace", None),
        ] {
            let expected = Input {
                message: message.to_owned(),
                session: session.map(str::to_owned),
            };
            assert_eq!(read(text.to_owned()), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_meant_as_an_object_is_one() {
        for text in [
            r#"{"message":"hi""#,
            r#" { "message": hi }"#,
            "{\"message\":\"a\"}\n{\"message\":\"b\"}",
            r#"{"message": ["hi"]}"#,
            r#"{"message": null}"#,
            r#"{"message": "hi", "session": 1}"#,
            r#"{"role": "user", "content": [{"type": "text", "text": "hi"}]}"#,
        ] {
            assert!(read(text.to_owned()).is_err(), "{text}");
        }
    }
}
