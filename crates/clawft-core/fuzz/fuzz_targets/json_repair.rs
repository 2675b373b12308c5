//! JSON is read as it is, and a part of it is never read as something else.
#![no_main]

use clawft_core::json_repair::repair;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// Whether two values are one, but for the last digits of a float: neither reader rounds all to the nearest.
fn alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(key, value)| other.get(key).is_some_and(|other| alike(value, other)))
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| alike(one, other))
        }
        (Value::Number(a), Value::Number(b)) if a.is_f64() && b.is_f64() => {
            let (a, b) = (a.as_f64().unwrap_or_default(), b.as_f64().unwrap_or_default());
            (a - b).abs() <= 1e-14 * a.abs().max(b.abs()).max(f64::MIN_POSITIVE)
        }
        _ => one == other,
    }
}

/// Whether a value can be the start of another: it has no member, element or scalar that the other has not.
fn starts(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => part
            .iter()
            .all(|(key, value)| whole.get(key).is_some_and(|other| starts(value, other))),
        (Value::Array(part), Value::Array(whole)) => {
            part.len() <= whole.len() && part.iter().zip(whole).all(|(a, b)| starts(a, b))
        }
        _ => alike(part, whole),
    }
}

fuzz_target!(|text: &str| {
    let repaired = repair(text);
    if let Ok((value, true)) = &repaired {
        // What was repaired is JSON.
        let again = repair(&value.to_string());
        assert!(value.is_string() || matches!(again, Ok((_, false))));
    }
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return;
    };
    if value.is_string() {
        // It may be the text of an object.
        return;
    }
    let Ok((read, false)) = repaired else {
        panic!("{repaired:?} is not as {value}");
    };
    assert!(alike(&read, &value), "{read} is not {value}");
    // Written anew, since a key that is there twice has its last value.
    for text in [value.to_string(), format!("{value:#}")] {
        // The last digit of a number may be read otherwise than it was.
        let value = serde_json::from_str(&text).expect("JSON");
        for (at, _) in text.char_indices().skip(1) {
            // A part of a number may be JSON as well, and is what it says.
            if let Ok((part, true)) = repair(&text[..at]) {
                assert!(starts(&part, &value), "{} {part}", &text[..at]);
            }
        }
    }
});
