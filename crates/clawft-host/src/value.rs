//! Values of the component model as JSON.

use serde_json::{Map, Value};
use wasmtime::component::Val;

/// A value; names get `_` in place of `-`.
#[must_use]
pub fn json(value: &Val) -> Value {
    match value {
        Val::Bool(value) => (*value).into(),
        Val::U8(value) => (*value).into(),
        Val::U16(value) => (*value).into(),
        Val::U32(value) => (*value).into(),
        Val::U64(value) => (*value).into(),
        Val::S8(value) => (*value).into(),
        Val::S16(value) => (*value).into(),
        Val::S32(value) => (*value).into(),
        Val::S64(value) => (*value).into(),
        Val::Float32(value) => (*value).into(),
        Val::Float64(value) => (*value).into(),
        Val::String(text) => text.as_str().into(),
        Val::Enum(name) => snake_case(name).into(),
        Val::List(values) | Val::Tuple(values) => values.iter().map(json).collect(),
        Val::Option(None) => Value::Null,
        Val::Option(Some(value)) => json(value),
        Val::Record(fields) => fields_of(fields).into(),
        Val::Variant(..) => tagged(value),
        other => format!("{other:?}").into(),
    }
}

/// A case of a variant as an object: its name as `type`, and the fields of its record, or its value under
/// its name.
#[must_use]
pub fn tagged(value: &Val) -> Value {
    let Val::Variant(name, payload) = value else {
        return json(value);
    };
    let name = snake_case(name);
    let mut object = Map::new();
    object.insert("type".to_owned(), name.clone().into());
    match payload.as_deref() {
        Some(Val::Record(fields)) => object.extend(fields_of(fields)),
        Some(value) => {
            object.insert(name, json(value));
        }
        None => {}
    }
    object.into()
}

/// An error's words: its `message`, if it is a record that has one.
#[must_use]
pub fn message(error: &Val) -> String {
    match json(error) {
        Value::Object(mut fields) => match fields.remove("message") {
            Some(Value::String(message)) => message,
            _ => Value::Object(fields).to_string(),
        },
        Value::String(message) => message,
        other => other.to_string(),
    }
}

fn fields_of(fields: &[(String, Val)]) -> Map<String, Value> {
    fields
        .iter()
        .map(|(name, value)| (snake_case(name), json(value)))
        .collect()
}

fn snake_case(name: &str) -> String {
    name.replace('-', "_")
}
