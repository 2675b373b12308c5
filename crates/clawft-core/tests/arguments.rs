//! Arguments and the schemas that they are checked by. `arguments.py` judged both with another validator.

#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

use clawft_core::tool::arguments::Arguments;
use clawft_core::tool::{Spec, TOOLS, find};
use serde_json::{Map, Value, json};

#[test]
fn tools_are_sorted_and_their_schemas_are_those_that_were_checked() {
    assert!(TOOLS.is_sorted_by(|one, other| one.spec.name < other.spec.name));
    let schemas: Map<String, Value> = TOOLS
        .iter()
        .map(|tool| {
            let schema = serde_json::from_str(tool.spec.parameters).unwrap();
            (tool.spec.name.to_owned(), schema)
        })
        .collect();
    let committed: Map<String, Value> = serde_json::from_str(include_str!("schemas.json")).unwrap();
    for (name, schema) in &schemas {
        assert_eq!(
            committed.get(name),
            Some(schema),
            "write this to tests/schemas.json and run tests/arguments.py:\n{}",
            Value::Object(schemas.clone())
        );
    }
    for tool in TOOLS {
        assert!(!tool.spec.description.is_empty());
        assert!(tool.spec.description.len() < 250, "{}", tool.spec.name);
    }
}

/// `Arguments` knows part of JSON Schema; a keyword that it does not would be silently ignored.
#[test]
fn schemas_use_what_is_enforced() {
    fn walk(schema: &Value) {
        for (keyword, value) in schema.as_object().unwrap() {
            match keyword.as_str() {
                "properties" => value.as_object().unwrap().values().for_each(walk),
                "items" => walk(value),
                "additionalProperties" if value.is_object() => walk(value),
                "enum" => assert_eq!(schema["type"], "string"),
                "type" => assert!(value.is_string()),
                "additionalProperties"
                | "description"
                | "maxItems"
                | "maximum"
                | "minItems"
                | "minLength"
                | "minimum"
                | "required" => {}
                _ => panic!("{keyword} is not enforced"),
            }
        }
    }
    for tool in TOOLS {
        walk(&serde_json::from_str(tool.spec.parameters).unwrap());
    }
}

#[test]
fn each_case_is_judged_as_by_another_validator() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("arguments.json")).unwrap();
    let mut judged = [0, 0];
    for case in &cases {
        let Ok(tool) = find(case["tool"].as_str().unwrap()) else {
            continue;
        };
        let checked = Arguments::check(&tool.spec, &case["arguments"]);
        let valid = case["valid"].as_bool().unwrap();
        judged[usize::from(valid)] += 1;
        assert_eq!(checked.is_ok(), valid, "{case}: {checked:?}");
    }
    assert!(judged[0] > 20 && judged[1] > 20, "{judged:?}");
}

#[test]
fn errors_tell_a_model_what_to_write() {
    let error = |name: &str, arguments: Value| {
        let spec = &find(name).unwrap().spec;
        Arguments::check(spec, &arguments).unwrap_err().message
    };
    for (name, arguments, expected) in [
        (
            "read_file",
            json!({}),
            "read_file: `path` is missing: a string that is not empty",
        ),
        (
            "read_file",
            json!({"file": "a"}),
            "read_file: `path` is missing: a string that is not empty; there is no `file`; \
             known are limit, offset, path",
        ),
        (
            "read_file",
            json!({"path": "a", "limit": "ten", "offset": 0}),
            "read_file: `limit` must be an integer of at least 1, not \"ten\"; \
             `offset` must be an integer of at least 1, not 0",
        ),
        (
            "memory_write",
            json!({"content": "a", "mode": "prepend"}),
            "memory_write: `mode` must be one of [\"append\",\"overwrite\"], not \"prepend\"",
        ),
        (
            "read_file",
            json!("a"),
            "read_file: arguments must be a JSON object, not \"a\"",
        ),
        (
            "web_fetch",
            json!({"url": "http://a", "headers": {"a": 1}}),
            "web_fetch: `headers.a` must be a string, not 1",
        ),
        (
            "vector_search",
            json!({"vector": [1, "a", "b"]}),
            "vector_search: `vector[1]` must be a number, not \"a\"",
        ),
    ] {
        assert_eq!(error(name, arguments), expected);
    }
    let long = error("read_file", json!({"path": ["é".repeat(100)]}));
    assert!(long.ends_with('…') && long.len() < 200, "{long}");
}

#[test]
fn null_is_left_out_where_that_may_be() {
    let spec = Spec {
        name: "test",
        description: "",
        parameters: r#"{"type": "object", "properties": {"a": {"type": "string"}, "n": {"type": "integer"}, "f": {"type": "boolean"}}, "required": ["a"]}"#,
    };
    let given = json!({"a": "x", "n": null, "f": true, "more": 1});
    let arguments = Arguments::check(&spec, &given).unwrap();
    assert_eq!(arguments.text("a"), "x");
    assert_eq!(arguments.integer("n"), None);
    assert!(arguments.flag("f") && !arguments.flag("g"));
    assert_eq!(
        Arguments::check(&spec, &json!({"a": "x", "n": 3.0}))
            .unwrap()
            .integer("n"),
        Some(3)
    );
    assert!(Arguments::check(&spec, &json!({"a": null})).is_err());
}

#[test]
fn an_unknown_tool_is_answered_with_those_that_are() {
    let error = find("delete_file").err().unwrap().message;
    assert!(
        error.starts_with("no tool delete_file; there are edit_file, "),
        "{error}"
    );
}
