//! Objects of JSON, read field by field, with what was found wrong on the way.

use std::cell::RefCell;

use serde_json::{Map, Value};

/// What was found in a document.
#[derive(Default)]
pub struct Findings {
    /// Mistakes.
    pub problems: RefCell<Vec<String>>,
    /// What is not heeded.
    pub warnings: RefCell<Vec<String>>,
}

/// An object, and where in the document it is.
pub struct Object<'v> {
    findings: &'v Findings,
    /// What a message begins with, such as `node scale: `.
    subject: String,
    /// What comes before the name of a field, such as `capabilities.gpu.`.
    path: String,
    map: &'v Map<String, Value>,
}

/// The type of a value, for a message.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

impl<'v> Object<'v> {
    /// The value as an object; `None`, with a problem about `what`, if it is something else.
    pub fn new(findings: &'v Findings, what: &str, value: &'v Value) -> Option<Self> {
        let Value::Object(map) = value else {
            let message = format!("{what} must be an object, not {}", kind(value));
            findings.problems.borrow_mut().push(message);
            return None;
        };
        Some(Self {
            findings,
            subject: String::new(),
            path: String::new(),
            map,
        })
    }

    /// The same object, with what a message about it begins with.
    pub fn called(mut self, subject: String) -> Self {
        self.subject = subject;
        self
    }

    /// Says what is wrong with a field, and the cure.
    pub fn problem(&self, field: &str, complaint: impl AsRef<str>) {
        let message = format!(
            "{}{}{field} {}",
            self.subject,
            self.path,
            complaint.as_ref()
        );
        self.findings.problems.borrow_mut().push(message);
    }

    /// A problem that has no one field.
    pub fn complaint(&self, message: impl AsRef<str>) {
        let message = format!("{}{}", self.subject, message.as_ref());
        self.findings.problems.borrow_mut().push(message);
    }

    /// Whether the field is there, be it null.
    pub fn has(&self, field: &str) -> bool {
        self.map.contains_key(field)
    }

    /// A field as it is.
    pub fn value(&self, field: &str) -> Option<&'v Value> {
        self.map.get(field)
    }

    /// A field that may be left out or null.
    pub fn optional(&self, field: &str) -> Option<&'v Value> {
        self.map.get(field).filter(|value| !value.is_null())
    }

    /// A field that has to be there; `example` is what to add.
    pub fn required(&self, field: &str, example: &str) -> Option<&'v Value> {
        let value = self.map.get(field);
        if value.is_none() {
            self.problem(field, format!("is missing: add \"{field}\": {example}"));
        }
        value
    }

    /// The value as a string.
    pub fn string(&self, field: &str, value: &'v Value) -> Option<&'v str> {
        let text = value.as_str();
        if text.is_none() {
            self.problem(field, format!("must be a string, not {}", kind(value)));
        }
        text
    }

    /// A string that may be left out.
    pub fn text(&self, field: &str) -> Option<String> {
        self.string(field, self.optional(field)?).map(str::to_owned)
    }

    /// A boolean that may be left out, but is not null.
    pub fn boolean(&self, field: &str, default: bool) -> bool {
        match self.value(field) {
            None => default,
            Some(Value::Bool(value)) => *value,
            Some(value) => {
                self.problem(field, format!("must be true or false, not {}", kind(value)));
                default
            }
        }
    }

    /// A number of at least `least` that may be left out.
    pub fn number(&self, field: &str, least: f64) -> Option<f64> {
        let value = self.optional(field)?;
        let number = value.as_f64();
        match number {
            None => self.problem(field, format!("must be a number, not {}", kind(value))),
            Some(number) if number < least => {
                self.problem(field, format!("must be at least {least}, not {value}"));
            }
            Some(_) => return number,
        }
        None
    }

    /// One of these words.
    pub fn choice<T: Copy>(
        &self,
        field: &str,
        value: &'v Value,
        choices: &[(&str, T)],
    ) -> Option<T> {
        let text = self.string(field, value)?;
        let chosen = choices.iter().find(|(name, _)| *name == text);
        if chosen.is_none() {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            self.problem(
                field,
                format!("must be one of {}, not \"{text}\"", names.join(", ")),
            );
        }
        chosen.map(|(_, value)| *value)
    }

    /// The value as an array.
    pub fn array(&self, field: &str, value: &'v Value) -> Option<&'v Vec<Value>> {
        let array = value.as_array();
        if array.is_none() {
            self.problem(field, format!("must be an array, not {}", kind(value)));
        }
        array
    }

    /// The value as an object inside this one.
    pub fn object(&self, field: &str, value: &'v Value) -> Option<Self> {
        let Value::Object(map) = value else {
            self.problem(field, format!("must be an object, not {}", kind(value)));
            return None;
        };
        Some(Self {
            findings: self.findings,
            subject: self.subject.clone(),
            path: format!("{}{field}.", self.path),
            map,
        })
    }

    /// The object itself, whose fields are not looked at.
    pub fn map(&self) -> &'v Map<String, Value> {
        self.map
    }

    /// Warns of fields that are not among `known`.
    pub fn others(&self, known: &[&str]) {
        for field in self.map.keys() {
            if known.contains(&field.as_str()) {
                continue;
            }
            let near = known
                .iter()
                .filter(|name| within_two_edits(name, field))
                .map(|name| format!("; did you mean \"{name}\"?"))
                .next()
                .unwrap_or_default();
            let message = format!(
                "{}{}{field} is not a field of version 1 and is ignored{near}",
                self.subject, self.path
            );
            self.findings.warnings.borrow_mut().push(message);
        }
    }
}

/// Whether at most two letters were added, left out or replaced.
fn within_two_edits(known: &str, given: &str) -> bool {
    const MOST: usize = 2;
    if known.len().abs_diff(given.len()) > MOST {
        return false;
    }
    let given = given.as_bytes();
    // Levenshtein's distance, row by row.
    let mut row: Vec<usize> = (0..=given.len()).collect();
    for (number, letter) in known.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = number + 1;
        for column in 0..given.len() {
            let above = row[column + 1];
            let replaced = diagonal + usize::from(given[column] != letter);
            row[column + 1] = replaced.min(above + 1).min(row[column] + 1);
            diagonal = above;
        }
    }
    row[given.len()] <= MOST
}
