//! Arguments of a tool: what a client is told of them, and what is checked, from the same table.

use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::memory;

/// What an argument may be.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A text of at least one letter and at most so many bytes
    Text(usize),
    /// A whole number from the first to the second
    Integer(u32, u32),
    /// A number from the first to the second
    Number(f64, f64),
    /// True or false
    Flag,
    /// A list of texts, or one text in which they are parted by commas
    Tags,
    /// Five numbers: x, y, z, w, v
    Coordinates,
}

/// What an argument is when it is not given.
#[derive(Clone, Copy, Debug)]
pub enum Absent {
    /// An error
    Refused,
    /// Nothing
    Nothing,
    /// A text
    Text(&'static str),
    /// A whole number
    Integer(u32),
    /// A number
    Number(f64),
    /// True or false
    Flag(bool),
}

/// One argument of a tool.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name
    pub name: &'static str,
    /// What it may be
    pub kind: Kind,
    /// What it is when it is not given
    pub absent: Absent,
    /// What it is for
    pub about: &'static str,
}

/// Arguments that have been checked.
#[derive(Clone, Debug, Default)]
pub struct Arguments(Map<String, Value>);

impl Arguments {
    /// Checks what a client sent.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`], with the argument's name and what would be right.
    pub fn check(given: Map<String, Value>, known: &[Parameter]) -> Result<Self> {
        let mut checked = Map::new();
        for (name, value) in given {
            let Some(parameter) = known.iter().find(|parameter| parameter.name == name) else {
                let names: Vec<_> = known.iter().map(|parameter| parameter.name).collect();
                let what = match names.as_slice() {
                    [] => "unknown; this tool takes no arguments".to_owned(),
                    names => format!("unknown; this tool takes {}", names.join(", ")),
                };
                let name: String = name.chars().take(64).collect();
                return Err(Error::argument(&name, what));
            };
            // Clients fill in null for what they do not give.
            if !value.is_null() {
                checked.insert(name, parameter.check(value)?);
            }
        }
        for parameter in known {
            if !checked.contains_key(parameter.name) {
                match parameter.absent() {
                    Some(value) => checked.insert(parameter.name.to_owned(), value),
                    None if matches!(parameter.absent, Absent::Refused) => {
                        let what =
                            format!("missing; give {}: {}", parameter.form(), parameter.about);
                        return Err(Error::argument(parameter.name, what));
                    }
                    None => None,
                };
            }
        }
        Ok(Self(checked))
    }

    /// A text, if it is given or has a default.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// A whole number, if it is given or has a default.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<u32> {
        self.0.get(name)?.as_u64()?.try_into().ok()
    }

    /// A number, if it is given or has a default.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<f64> {
        self.0.get(name)?.as_f64()
    }

    /// Whether a flag is set.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| value == true)
    }

    /// A list of texts, if it is given.
    #[must_use]
    pub fn texts(&self, name: &str) -> Option<Vec<String>> {
        let list = self.0.get(name)?.as_array()?;
        Some(
            list.iter()
                .filter_map(|text| Some(text.as_str()?.to_owned()))
                .collect(),
        )
    }

    /// Five numbers, if they are given.
    #[must_use]
    pub fn coordinates(&self, name: &str) -> Option<[f64; 5]> {
        let list = self.0.get(name)?.as_array()?;
        let numbers: Option<Vec<f64>> = list.iter().map(Value::as_f64).collect();
        numbers?.try_into().ok()
    }

    /// All of them by name.
    #[must_use]
    pub fn all(&self) -> &Map<String, Value> {
        &self.0
    }

    /// All texts, in lines.
    #[must_use]
    pub fn all_text(&self) -> String {
        let texts = self.0.values().flat_map(|value| match value {
            Value::String(text) => vec![text.as_str()],
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        });
        texts.collect::<Vec<_>>().join("\n")
    }
}

impl Parameter {
    /// Its JSON Schema.
    #[must_use]
    pub fn schema(&self) -> Value {
        let mut schema = match self.kind {
            Kind::Text(limit) => json!({"type": "string", "minLength": 1, "maxLength": limit}),
            Kind::Integer(least, most) => {
                json!({"type": "integer", "minimum": least, "maximum": most})
            }
            Kind::Number(least, most) => {
                json!({"type": "number", "minimum": least, "maximum": most})
            }
            Kind::Flag => json!({"type": "boolean"}),
            Kind::Tags => json!({
                "anyOf": [
                    {
                        "type": "array",
                        "items": {"type": "string", "maxLength": memory::TAG_LIMIT},
                        "maxItems": memory::TAGS_LIMIT,
                    },
                    {"type": "string"},
                ],
            }),
            Kind::Coordinates => json!({
                "type": "array",
                "items": {"type": "number"},
                "minItems": 5,
                "maxItems": 5,
            }),
        };
        schema["description"] = self.about.into();
        if let Some(value) = self.absent() {
            schema["default"] = value;
        }
        schema
    }

    /// Whether a client must give it.
    #[must_use]
    pub fn is_required(&self) -> bool {
        matches!(self.absent, Absent::Refused)
    }

    fn absent(&self) -> Option<Value> {
        match self.absent {
            Absent::Refused | Absent::Nothing => None,
            Absent::Text(text) => Some(text.into()),
            Absent::Integer(number) => Some(number.into()),
            Absent::Number(number) => Some(number.into()),
            Absent::Flag(flag) => Some(flag.into()),
        }
    }

    fn check(&self, value: Value) -> Result<Value> {
        let wrong = || Error::argument(self.name, format!("must be {}", self.form()));
        let valid = match (self.kind, &value) {
            (Kind::Text(limit), Value::String(text)) => {
                !text.trim().is_empty() && text.len() <= limit
            }
            (Kind::Integer(least, most), Value::Number(number)) => number
                .as_u64()
                .is_some_and(|number| (u64::from(least)..=u64::from(most)).contains(&number)),
            (Kind::Number(least, most), Value::Number(number)) => number
                .as_f64()
                .is_some_and(|number| (least..=most).contains(&number)),
            (Kind::Flag, Value::Bool(_)) => true,
            (Kind::Tags, Value::String(text)) => {
                return Ok(memory::tags(text.split(','))?.into());
            }
            (Kind::Tags, Value::Array(list)) => {
                let texts: Option<Vec<_>> = list.iter().map(Value::as_str).collect();
                return Ok(memory::tags(texts.ok_or_else(wrong)?)?.into());
            }
            (Kind::Coordinates, Value::Array(list)) => {
                list.len() == 5
                    && list
                        .iter()
                        .all(|number| number.as_f64().is_some_and(|number| number.abs() <= 1e3))
            }
            _ => false,
        };
        if valid { Ok(value) } else { Err(wrong()) }
    }

    fn form(&self) -> String {
        match self.kind {
            Kind::Text(limit) => format!("a text that is not blank, of at most {limit} bytes"),
            Kind::Integer(least, most) => format!("a whole number from {least} to {most}"),
            Kind::Number(least, most) => format!("a number from {least} to {most}"),
            Kind::Flag => "true or false".to_owned(),
            Kind::Tags => "a list of texts, or one text with commas between them".to_owned(),
            Kind::Coordinates => "a list of five numbers: x, y, z, w, v".to_owned(),
        }
    }
}
