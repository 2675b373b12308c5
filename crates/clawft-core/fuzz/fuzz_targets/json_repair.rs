//! JSON is read as it is, and a part of it is never read as something else.
#![no_main]

use clawft_core::json_repair::repair;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// Whether a value can be the start of another: it has no member, element or scalar that the other has not.
fn starts(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => part
            .iter()
            .all(|(key, value)| whole.get(key).is_some_and(|other| starts(value, other))),
        (Value::Array(part), Value::Array(whole)) => {
            part.len() <= whole.len() && part.iter().zip(whole).all(|(a, b)| starts(a, b))
        }
        _ => part == whole,
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
    assert_eq!(repaired, Ok((value.clone(), false)));
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
