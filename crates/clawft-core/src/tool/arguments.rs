//! Arguments of a tool, checked by its schema: what a model is told is what is enforced.

use clawft_vectors::float;
use serde_json::Value;

use crate::json;

use super::{Spec, ToolError};
use crate::prelude::*;

/// Arguments that their schema allows.
#[derive(Debug)]
pub struct Arguments<'a>(&'a Value);

impl<'a> Arguments<'a> {
    /// Checks arguments by a tool's schema. A `null` where an argument may be left out counts as left
    /// out: models write so.
    ///
    /// Of JSON Schema this knows `type` (one), `properties`, `required`, `additionalProperties`, `items`,
    /// `enum` of texts, `minimum`, `maximum`, `minLength`, `minItems` and `maxItems`.
    ///
    /// # Errors
    /// All that is wrong: which argument, what was expected, what came.
    pub fn check(spec: &Spec, arguments: &'a Value) -> Result<Self, ToolError> {
        let schema = json::or_null(spec.parameters.as_bytes());
        let mut wrong = String::new();
        if arguments.is_object() {
            check(&schema, arguments, "", &mut wrong);
        } else {
            wrong = format!("arguments must be a JSON object, not {}", shown(arguments));
        }
        if wrong.is_empty() {
            return Ok(Self(arguments));
        }
        Err(ToolError::new(format!("{}: {wrong}", spec.name)))
    }

    /// An argument, if it was given.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text, if it was given.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<&'a str> {
        self.get(name)?.as_str()
    }

    /// A text that the schema requires.
    #[must_use]
    pub fn text(&self, name: &str) -> &'a str {
        self.optional(name).unwrap_or_default()
    }

    /// A whole number from zero, if it was given.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<u64> {
        let value = self.get(name)?;
        // A schema's integer may be written with a fraction of zero.
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the schema says that it is whole and not negative, and a cast saturates"
        )]
        value
            .as_u64()
            .or_else(|| value.as_f64().map(|number| number as u64))
    }

    /// Whether a switch is on.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.get(name).and_then(Value::as_bool).unwrap_or_default()
    }
}

/// Adds to `wrong` what is wrong with a value, at a place that is empty for the whole.
fn check(schema: &Value, value: &Value, place: &str, wrong: &mut String) {
    if !fits(schema, value) {
        let (expected, shown) = (expected(schema), shown(value));
        complain(wrong, &format!("`{place}` must be {expected}, not {shown}"));
        return;
    }
    match value {
        Value::Object(members) => {
            let properties = &schema["properties"];
            let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
            for name in required {
                let name = name.as_str().unwrap_or_default();
                if !members.contains_key(name) {
                    let (place, expected) = (joined(place, name), expected(&properties[name]));
                    complain(wrong, &format!("`{place}` is missing: {expected}"));
                }
            }
            let other = &schema["additionalProperties"];
            for (name, member) in members {
                let place = joined(place, name);
                let schema = &properties[name.as_str()];
                if schema.is_object() {
                    if !member.is_null() || required.contains(&Value::from(name.as_str())) {
                        check(schema, member, &place, wrong);
                    }
                } else if other.is_object() {
                    check(other, member, &place, wrong);
                } else if *other == Value::Bool(false) {
                    complain(wrong, &format!("there is no `{place}`; known are"));
                    for (at, name) in properties.as_object().into_iter().flatten().enumerate() {
                        wrong.push_str(if at == 0 { " " } else { ", " });
                        wrong.push_str(name.0);
                    }
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let before = wrong.len();
                check(&schema["items"], item, &format!("{place}[{index}]"), wrong);
                if wrong.len() > before {
                    return;
                }
            }
        }
        _ => {}
    }
}

fn complain(wrong: &mut String, what: &str) {
    if !wrong.is_empty() {
        wrong.push_str("; ");
    }
    wrong.push_str(what);
}

fn joined(place: &str, name: &str) -> String {
    let dot = if place.is_empty() { "" } else { "." };
    format!("{place}{dot}{name}")
}

fn fits(schema: &Value, value: &Value) -> bool {
    let number = value.as_f64();
    let length = match value {
        Value::String(text) => text.chars().count(),
        Value::Array(items) => items.len(),
        _ => 0,
    };
    #[allow(clippy::cast_precision_loss, reason = "limits are far below 2^53")]
    let length = length as f64;
    let within = |least: &str, most: &str, number: f64| {
        schema[least].as_f64().is_none_or(|least| number >= least)
            && schema[most].as_f64().is_none_or(|most| number <= most)
    };
    (match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array() && within("minItems", "maxItems", length),
        Some("string") => {
            value.is_string()
                && within("minLength", "", length)
                && schema["enum"]
                    .as_array()
                    .is_none_or(|choices| choices.contains(value))
        }
        Some("boolean") => value.is_boolean(),
        Some("integer") => {
            number.is_some_and(|number| float::round(number).to_bits() == number.to_bits())
        }
        Some("number") => number.is_some(),
        _ => true,
    }) && number.is_none_or(|number| within("minimum", "maximum", number))
}

/// What a schema asks for, in words.
fn expected(schema: &Value) -> String {
    let mut text = String::from(match schema["type"].as_str() {
        _ if schema["enum"].is_array() => "one of ",
        Some("object") => "an object",
        Some("array") => "an array",
        Some("boolean") => "true or false",
        Some("integer") => "an integer",
        Some("number") => "a number",
        _ if schema["minLength"].is_null() => "a string",
        _ => "a string that is not empty",
    });
    for (keyword, words) in [
        ("enum", ""),
        ("minimum", " of at least "),
        ("maximum", " of at most "),
        ("minItems", " of at least this many: "),
        ("maxItems", " of at most this many: "),
    ] {
        if !schema[keyword].is_null() {
            text.push_str(words);
            text.push_str(&json::text(&schema[keyword]));
        }
    }
    text
}

/// A value as an error shows it: its beginning.
fn shown(value: &Value) -> String {
    const LONGEST: usize = 60;
    let mut text = json::text(value);
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
        text.push('…');
    }
    text
}
