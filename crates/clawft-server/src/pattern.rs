//! What a JSON value must be.
//!
//! A pattern is JSON too:
//! - an object matches an object in which each of its keys matches; `null` matches a key that is absent,
//! - an array matches an array of that length, element by element,
//! - an object of one key that begins with `$` is one of the [`mismatch`] operators,
//! - anything else matches what equals it.

use serde_json::Value;

/// Where and how a value is not what it must be; `None` where it is.
///
/// | operator | matches |
/// |---|---|
/// | `{"$any": true}` | anything but `null` |
/// | `{"$contains": "text"}` or `[…]` | a text with that part, or all of those |
/// | `{"$lacks": "text"}` or `[…]` | a text with none of those parts |
/// | `{"$bytes": n}` | a text of at most n bytes |
/// | `{"$json": pattern}` | a text of JSON that the pattern matches |
/// | `{"$all": […]}` | what all of the patterns match |
/// | `{"$has": pattern}` | an array with an element that the pattern matches |
#[must_use]
pub fn mismatch(pattern: &Value, value: &Value, path: &str) -> Option<String> {
    if let Some((operator, argument)) = operator(pattern) {
        return apply(operator, argument, value, path);
    }
    match (pattern, value) {
        (Value::Object(wanted), Value::Object(members)) => {
            wanted.iter().find_map(|(key, wanted)| {
                let member = members.get(key).unwrap_or(&Value::Null);
                mismatch(wanted, member, &format!("{path}.{key}"))
            })
        }
        (Value::Array(wanted), Value::Array(elements)) if wanted.len() == elements.len() => {
            let mut pairs = wanted.iter().zip(elements).enumerate();
            pairs.find_map(|(index, (wanted, element))| {
                mismatch(wanted, element, &format!("{path}[{index}]"))
            })
        }
        (wanted, value) if wanted == value => None,
        (wanted, value) => Some(differs(path, &short(wanted), value)),
    }
}

fn operator(pattern: &Value) -> Option<(&str, &Value)> {
    let object = pattern.as_object().filter(|object| object.len() == 1)?;
    let (key, argument) = object.iter().next()?;
    Some((key.strip_prefix('$')?, argument))
}

fn apply(operator: &str, argument: &Value, value: &Value, path: &str) -> Option<String> {
    let text = value.as_str().unwrap_or_default();
    let parts = || match argument {
        Value::Array(parts) => parts.iter().filter_map(Value::as_str).collect(),
        part => part.as_str().into_iter().collect::<Vec<_>>(),
    };
    match operator {
        "any" => value.is_null().then(|| format!("{path} is missing")),
        "contains" => {
            let missing = parts().into_iter().find(|part| !text.contains(part))?;
            Some(differs(path, &format!("a text with {missing:?}"), value))
        }
        "lacks" => {
            let present = parts().into_iter().find(|part| text.contains(part))?;
            Some(differs(path, &format!("a text without {present:?}"), value))
        }
        "bytes" => {
            let limit = argument.as_u64().unwrap_or_default();
            let fits = value.is_string() && text.len() as u64 <= limit;
            (!fits).then(|| format!("{path} has {} bytes, not {limit} or fewer", text.len()))
        }
        "json" => match serde_json::from_str(text) {
            Ok(inner) => mismatch(argument, &inner, path),
            Err(_) => Some(differs(path, "a text of JSON", value)),
        },
        "all" => {
            let mut patterns = argument.as_array().into_iter().flatten();
            patterns.find_map(|pattern| mismatch(pattern, value, path))
        }
        "has" => {
            let elements = value.as_array().map(Vec::as_slice).unwrap_or_default();
            let found = elements
                .iter()
                .any(|element| mismatch(argument, element, path).is_none());
            if found {
                return None;
            }
            Some(differs(
                path,
                &format!("an array with {}", short(argument)),
                value,
            ))
        }
        unknown => Some(format!("{path}: there is no operator ${unknown}")),
    }
}

fn differs(path: &str, wanted: &str, value: &Value) -> String {
    format!("{path} should be {wanted}, and is {}", short(value))
}

/// A value as text, its middle left out where it is long.
fn short(value: &Value) -> String {
    const END: usize = 300;
    let text = value.to_string();
    if text.len() <= 2 * END + 20 {
        return text;
    }
    let head = text.floor_char_boundary(END);
    let tail = text.ceil_char_boundary(text.len() - END);
    format!("{}…{}", &text[..head], &text[tail..])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn matches() {
        let cases = [
            (json!({"a": 1}), json!({"a": 1, "b": 2}), true),
            (json!({"a": 1}), json!({"a": 2}), false),
            (json!({"a": null}), json!({}), true),
            (json!({"a": null}), json!({"a": 0}), false),
            (json!([1, 2]), json!([1, 2]), true),
            (json!([1]), json!([1, 2]), false),
            (json!({"$contains": "b"}), json!("abc"), true),
            (json!({"$contains": ["a", "d"]}), json!("abc"), false),
            (json!({"$contains": "1"}), json!(1), false),
            (json!({"$lacks": "b"}), json!("abc"), false),
            (json!({"$lacks": ["d", "e"]}), json!("abc"), true),
            (json!({"$bytes": 3}), json!("äö"), false),
            (json!({"$bytes": 4}), json!("äö"), true),
            (json!({"$bytes": 4}), json!(null), false),
            (json!({"$json": {"a": 1}}), json!("{\"a\": 1}"), true),
            (json!({"$json": {"a": 1}}), json!("{"), false),
            (json!({"$has": 2}), json!([1, 2]), true),
            (json!({"$has": 3}), json!([1, 2]), false),
            (json!({"$any": true}), json!(null), false),
            (json!({"$any": true}), json!(""), true),
            (
                json!({"$all": [{"$contains": "a"}, {"$bytes": 1}]}),
                json!("ab"),
                false,
            ),
            (json!({"$nonsense": 1}), json!(1), false),
            (json!("a"), json!("a"), true),
        ];
        for (pattern, value, expected) in cases {
            let found = mismatch(&pattern, &value, "it");
            assert_eq!(found.is_none(), expected, "{pattern} {value}: {found:?}");
        }
    }
}
