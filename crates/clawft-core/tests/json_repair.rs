//! JSON that models mangle: the cases of `json_repair.json`, whose values are what other programs read, or
//! plain from the text; and what holds for any JSON.

use clawft_core::json_repair::{MAX_BYTES, MAX_VALUES, repair};
use serde_json::{Value, json};

#[test]
fn cases() {
    let cases: Value = serde_json::from_str(include_str!("json_repair.json")).expect("JSON");
    let mut wrong = Vec::new();
    for case in cases.as_array().expect("a list") {
        let name = &case["name"];
        let text = case["text"].as_str().expect("a text");
        let result = repair(text);
        let right = match (&result, case.get("value")) {
            (Ok((value, repaired)), Some(expected)) => {
                let strict = serde_json::from_str::<Value>(text).ok();
                value == expected && *repaired == (strict.as_ref() != Some(expected))
            }
            (Err(error), None) => json!([error.line, error.column]) == case["refused"],
            _ => false,
        };
        if !right {
            wrong.push(format!("{name}: {text}\n    {result:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
        _ => part == whole,
    }
}

#[test]
fn json_that_is_cut_off_is_never_read_as_something_else() {
    let value = json!({
        "path": "src/ma\u{e9}\"in\\.rs",
        "numbers": [0, -1, 12345, 0.25, -1.5e-7, 1e20, u64::MAX],
        "nested": {"empty": {}, "list": [], "words": [true, false, null], "": {"a": [[{"b": "c"}]]}},
        "text": "{\"a\": 1, \"b\": [1, 2]}\n```json\n{}\n``` # no comment, // neither",
        "😀": "line\nline\ttab\u{0}",
    });
    let mut read = 0;
    for text in [
        serde_json::to_string(&value).expect("JSON"),
        serde_json::to_string_pretty(&value).expect("JSON"),
    ] {
        assert_eq!(repair(&text), Ok((value.clone(), false)));
        for (at, _) in text.char_indices().skip(1) {
            let start = &text[..at];
            if let Ok((part, repaired)) = repair(start) {
                assert!(repaired, "{start}");
                assert!(starts(&part, &value), "{start}\n{part}");
                read += 1;
            }
        }
    }
    assert!(read > 10, "no start is clear: {read}");
}

#[test]
fn depth_and_size_have_limits() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
        assert!(serde_json::from_str::<Value>(&nested(127)).is_ok());
        assert!(repair(&nested(127)).is_ok());
        // A comment, so that it has to be repaired
        assert!(repair(&format!("{} // x", nested(127))).is_ok());
        for text in [
            nested(128),
            format!("{} // x", nested(128)),
            open.repeat(1_000_000 / open.len()),
        ] {
            let error = repair(&text).expect_err("too deep");
            assert_eq!(
                (error.line, error.column),
                (1, 127 * open.len() + 1),
                "{error}"
            );
        }
    }
    let text = format!("\"{}\"", "a".repeat(MAX_BYTES - 2));
    assert!(repair(&text).is_ok());
    let error = repair(&format!(" {text}")).expect_err("too long");
    assert_eq!(error.to_string(), "line 1, column 1: longer than 1 MiB");

    let many = |count: usize, end: &str| format!("[{}{end}]", vec!["0"; count].join(","));
    assert!(repair(&many(MAX_VALUES - 1, "")).is_ok());
    assert!(repair(&many(MAX_VALUES - 1, ",")).is_ok());
    assert!(repair(&many(MAX_VALUES, "")).is_err());
    assert!(repair(&many(MAX_VALUES, ",")).is_err());
    // The text of an object within a string is held to the same.
    let members = vec!["\\\"a\\\":0"; MAX_VALUES].join(",");
    let twice = format!("\"{{{members}}}\"");
    assert_eq!(
        repair(&twice).map(|(value, repaired)| (value.is_string(), repaired)),
        Ok((true, false))
    );
}

#[test]
fn an_error_names_its_place_in_characters() {
    let error = repair("{\"é😀\": 1,\n  \"ü\": oops }").expect_err("a bare word");
    assert_eq!(error.to_string(), "line 2, column 8: a word without quotes");
    let error = repair("{'a': 1, 'a': 2}").expect_err("two values");
    assert_eq!(error.to_string(), "line 1, column 10: two values of a");
}
