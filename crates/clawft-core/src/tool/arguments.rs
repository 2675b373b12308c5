//! Arguments of a tool, checked by its schema: what a model is told is what is enforced.

use serde_json::{Map, Value};

use super::{Spec, ToolError};

/// Arguments that their schema allows.
#[derive(Debug)]
pub struct Arguments(Map<String, Value>);

impl Arguments {
    /// Checks arguments by a tool's schema. A `null` where an argument may be left out counts as left
    /// out: models write so.
    ///
    /// Of JSON Schema this knows `type` (one), `properties`, `required`, `additionalProperties`, `items`,
    /// `enum` of texts, `minimum`, `maximum`, `minLength`, `minItems` and `maxItems`.
    ///
    /// # Errors
    /// All that is wrong: which argument, what was expected, what came.
    pub fn check(spec: &Spec, arguments: &Value) -> Result<Self, ToolError> {
        let schema: Value = serde_json::from_str(spec.parameters).unwrap_or_default();
        let Value::Object(given) = arguments else {
            return Err(ToolError::new(format!(
                "{}: arguments must be a JSON object, not {}",
                spec.name,
                shown(arguments)
            )));
        };
        let required = &schema["required"];
        let mut kept = given.clone();
        kept.retain(|name, value| !value.is_null() || requires(required, name));
        let kept = Value::Object(kept);
        let mut wrong = Vec::new();
        check(&schema, &kept, "", &mut wrong);
        match kept {
            Value::Object(kept) if wrong.is_empty() => Ok(Self(kept)),
            _ => Err(ToolError::new(format!(
                "{}: {}",
                spec.name,
                wrong.join("; ")
            ))),
        }
    }

    /// An argument, if it was given.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A text, if it was given.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// A text that the schema requires.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
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

fn requires(required: &Value, name: &str) -> bool {
    required
        .as_array()
        .is_some_and(|names| names.iter().any(|known| known == name))
}

fn check(schema: &Value, value: &Value, place: &str, wrong: &mut Vec<String>) {
    if !fits(schema, value) {
        wrong.push(format!(
            "`{place}` must be {}, not {}",
            expected(schema),
            shown(value)
        ));
        return;
    }
    match value {
        Value::Object(members) => {
            let properties = schema["properties"].as_object();
            if let Some(required) = schema["required"].as_array() {
                for name in required.iter().filter_map(Value::as_str) {
                    if !members.contains_key(name) {
                        let expected = expected(&schema["properties"][name]);
                        wrong.push(format!("`{}` is missing: {expected}", joined(place, name)));
                    }
                }
            }
            for (name, member) in members {
                let other = &schema["additionalProperties"];
                match properties.and_then(|properties| properties.get(name)) {
                    Some(schema) => check(schema, member, &joined(place, name), wrong),
                    None if other.is_object() => check(other, member, &joined(place, name), wrong),
                    None if *other == Value::Bool(false) => {
                        let known: Vec<&str> = properties
                            .into_iter()
                            .flat_map(|properties| properties.keys().map(String::as_str))
                            .collect();
                        wrong.push(format!(
                            "there is no `{}`; known are {}",
                            joined(place, name),
                            known.join(", ")
                        ));
                    }
                    None => {}
                }
            }
        }
        Value::Array(items) if schema["items"].is_object() => {
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
            number.is_some_and(|number| number.trunc().to_bits() == number.to_bits())
        }
        Some("number") => number.is_some(),
        _ => true,
    }) && number.is_none_or(|number| within("minimum", "maximum", number))
}

/// What a schema asks for, in words.
fn expected(schema: &Value) -> String {
    if let Some(choices) = schema["enum"].as_array() {
        let choices: Vec<String> = choices.iter().map(Value::to_string).collect();
        return format!("one of {}", choices.join(", "));
    }
    let kind = match schema["type"].as_str() {
        Some("object") => "an object",
        Some("array") => "an array",
        Some("boolean") => "true or false",
        Some("integer") => "an integer",
        Some("number") => "a number",
        Some("string") if !schema["minLength"].is_null() => "a string that is not empty",
        _ => "a string",
    };
    let mut text = String::from(kind);
    for (keyword, words) in [
        ("minimum", " of at least "),
        ("maximum", " of at most "),
        ("minItems", " of at least this many: "),
        ("maxItems", " of at most this many: "),
    ] {
        if !schema[keyword].is_null() {
            text.push_str(words);
            text.push_str(&schema[keyword].to_string());
        }
    }
    text
}

/// A value as an error shows it: its beginning.
fn shown(value: &Value) -> String {
    const LONGEST: usize = 60;
    let mut text = value.to_string();
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
        text.push('…');
    }
    text
}
