//! Lines of a collection's files: records, and what was changed of them.

use serde_json::Value;

use super::Error;
use crate::json;
use crate::prelude::*;
use crate::text;
use crate::tool::object;

pub(super) struct Record {
    pub id: u64,
    pub text: String,
    /// A JSON object's text, or empty
    pub metadata: String,
}

/// A line after the indexed records.
pub(super) enum Change {
    Put(Record, Option<Vec<f32>>),
    Delete(u64),
}

impl Record {
    pub fn metadata(&self) -> Value {
        json::or_null(self.metadata.as_bytes())
    }

    /// Adds its line to a text.
    pub fn write(&self, vector: Option<&[f32]>, text: &mut String) {
        let mut line = vec![
            ("id", Value::from(self.id)),
            ("text", self.text.as_str().into()),
        ];
        if !self.metadata.is_empty() {
            line.push(("metadata", self.metadata()));
        }
        if let Some(vector) = vector {
            line.push(("vector", hexadecimal(vector).into()));
        }
        text.push_str(&json::text(&object(line)));
        text.push('\n');
    }
}

/// The line that says that a record is there no more.
pub(super) fn deletion(id: u64) -> String {
    json::text(&object(vec![("deleted", id.into())])) + "\n"
}

/// Adds what a file's lines say, without some at its start. A last line without an end is none: an earlier
/// version was cut off in writing it, and told nobody that it was done.
pub(super) fn parse(
    path: &str,
    file: &[u8],
    skip: usize,
    changes: &mut Vec<Change>,
) -> Result<(), Error> {
    let lines = file.split_inclusive(|byte| *byte == b'\n');
    for (at, line) in lines.enumerate().skip(skip) {
        if !line.ends_with(b"\n") {
            break;
        }
        let change = Change::parse(&json::or_null(line))
            .ok_or_else(|| Error::Damaged(path.to_owned(), at as u64 + 1, "no record in line"))?;
        changes.push(change);
    }
    Ok(())
}

impl Change {
    fn parse(line: &Value) -> Option<Self> {
        if let Some(id) = line["deleted"].as_u64() {
            return Some(Self::Delete(id));
        }
        let metadata = &line["metadata"];
        let record = Record {
            id: line["id"].as_u64()?,
            text: line["text"].as_str()?.to_owned(),
            metadata: if metadata.is_object() {
                json::text(metadata)
            } else {
                String::new()
            },
        };
        let vector = match &line["vector"] {
            Value::Null => None,
            digits => Some(numbers(digits.as_str()?)?),
        };
        Some(Self::Put(record, vector))
    }
}

fn hexadecimal(vector: &[f32]) -> String {
    let mut text = String::with_capacity(8 * vector.len());
    for number in vector {
        for digit in (0..8).rev() {
            let digit = number.to_bits() >> (4 * digit) & 15;
            text.extend(char::from_digit(digit, 16));
        }
    }
    text
}

fn numbers(digits: &str) -> Option<Vec<f32>> {
    let number = |chunk: &[u8]| {
        let bits = u32::try_from(text::digits(chunk, 16)?).ok()?;
        Some(f32::from_bits(bits))
    };
    digits.as_bytes().chunks(8).map(number).collect()
}
