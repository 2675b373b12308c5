//! The JSON Schema and the parser accept the same, by the verdict of an independent validator; and
//! nothing makes the parser panic.

mod random;

use std::fs;
use std::path::Path;

use boon::{Compiler, SchemaIndex, Schemas};
use pipeline::{Executor, Manifest, Request, Value, manifest};
use serde_json::json;

use random::Random;

struct Schema {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Schema {
    fn new() -> Self {
        let schema = serde_json::from_str(manifest::SCHEMA).expect("the schema is JSON");
        let mut compiler = Compiler::new();
        let name = "manifest.v1.json";
        compiler.add_resource(name, schema).expect("one schema");
        let mut schemas = Schemas::new();
        let index = compiler.compile(name, &mut schemas);
        Self {
            index: index.expect("the schema is one"),
            schemas,
        }
    }

    fn accepts(&self, manifest: &Value) -> bool {
        self.schemas.validate(manifest, self.index).is_ok()
    }

    /// Whether the manifest is accepted, on which both agree.
    fn verdict(&self, manifest: &Value) -> bool {
        let read = Manifest::from_value(manifest);
        let accepted = self.accepts(manifest);
        assert_eq!(accepted, read.is_ok(), "{read:?}\n{manifest:#}");
        accepted
    }
}

fn cases() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut manifests = Vec::new();
    for entry in fs::read_dir(folder).expect("the cases are there") {
        let path = entry.expect("the folder can be read").path();
        let text = fs::read(path).expect("a case can be read");
        let mut case: Value = serde_json::from_slice(&text).expect("a case is JSON");
        let request = case["request"].take();
        manifests.push(match request.get("manifest") {
            Some(manifest) => manifest.clone(),
            None => request,
        });
    }
    manifests
}

/// Everything that there is in version 1.
fn full() -> Value {
    json!({
        "version": "v1",
        "metadata": {
            "name": "full", "description": "d", "created_at": "2025-10-22T12:00:00Z",
            "author": "a", "version": "1", "license": "MIT"
        },
        "nodes": [
            {
                "id": "a", "node_type": "T", "params": {"x": 1}, "is_streaming": true,
                "capabilities": {
                    "gpu": {"type": "any", "min_memory_gb": 1.5, "required": false},
                    "cpu": {"cores": 2, "arch": "arm"},
                    "memory_gb": 0
                },
                "host": "h:1",
                "runtime_hint": "auto",
                "execution": {"placement": "wasi", "reason": "r", "fallback": "b"}
            },
            {"id": "b", "node_type": "U"}
        ],
        "connections": [{"from": "a", "to": "b"}],
        "runtime": {"target": "wasm32-wasi", "min_version": "1", "features": ["python"]}
    })
}

/// Values that are right in some places and wrong in others.
fn values() -> Vec<Value> {
    let words = "v1 any arm cuda auto cpython local prefer_host python rust-only wasm32-wasip1";
    let words = words.split(' ').map(Value::from);
    let texts = ["", " ", "a b", "a-b_1", "ä", ":1", "h:", "h:1", "h:x1", "h::1", "a\nb", "a\n"];
    let others = json!([
        null, true, false, 0, -1, 1, 1.0, 1.5, 1e300, [], {}, [1], ["python", "x"], {"x": 1},
        {"type": "any"}, {"target": "wasm32-wasi"}, {"name": "n"}
    ]);
    words
        .chain(texts.map(Value::from))
        .chain(others.as_array().expect("an array").clone())
        .chain([1, 255, 256].map(|length| Value::from("ä".repeat(length))))
        .collect()
}

/// JSON pointers to everything inside.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                places(element, &format!("{here}/{index}"), found);
            }
        }
        Value::Object(fields) => {
            for (field, value) in fields {
                places(value, &format!("{here}/{field}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn the_schema_and_the_parser_agree_on_every_case() {
    let schema = Schema::new();
    let accepted = cases()
        .iter()
        .filter(|manifest| schema.verdict(manifest))
        .count();
    assert!(accepted > 40, "{accepted}");
    assert!(schema.verdict(&full()));
}

#[test]
fn the_schema_and_the_parser_agree_on_every_change_of_a_field() {
    let schema = Schema::new();
    let full = full();
    let mut found = Vec::new();
    places(&full, "", &mut found);
    let mut verdicts = [0; 2];
    for place in &found {
        for value in values() {
            let mut manifest = full.clone();
            *manifest.pointer_mut(place).expect("a place") = value;
            verdicts[usize::from(schema.verdict(&manifest))] += 1;
        }
        let Some((parent, last)) = place.rsplit_once('/') else {
            continue;
        };
        // Left out, and under the names of the drafts.
        for name in [None, Some("edges"), Some("runtime_target"), Some("wasm_binary"), Some("x")] {
            let mut manifest = full.clone();
            let Some(Value::Object(fields)) = manifest.pointer_mut(parent) else {
                continue;
            };
            let value = fields.shift_remove(last).expect("a field");
            for value in [value, Value::from("wasm32-wasi"), Value::Null] {
                let mut manifest = manifest.clone();
                if let (Some(name), Some(Value::Object(fields))) =
                    (name, manifest.pointer_mut(parent))
                {
                    fields.insert(name.to_owned(), value);
                }
                verdicts[usize::from(schema.verdict(&manifest))] += 1;
            }
        }
    }
    assert!(verdicts.iter().all(|&count| count > 200), "{verdicts:?}");
}

#[test]
fn the_schema_and_the_parser_agree_on_how_many_nodes_there_may_be() {
    let schema = Schema::new();
    for (count, accepted) in [(manifest::MOST_NODES, true), (manifest::MOST_NODES + 1, false)] {
        let mut manifest = full();
        let nodes: Vec<_> = (0..count)
            .map(|index| json!({"id": format!("n{index}"), "node_type": "Echo"}))
            .collect();
        manifest["nodes"] = nodes.into();
        assert_eq!(schema.verdict(&manifest), accepted);
    }
}

#[test]
fn changed_bytes_never_make_the_parser_panic() {
    let texts: Vec<_> = cases()
        .iter()
        .map(|manifest| json!({"manifest": manifest, "input_data": [1, "a"]}).to_string())
        .chain([full().to_string()])
        .collect();
    let executor = Executor::default();
    let mut random = Random(3);
    let mut read = [0; 3];
    for _ in 0..20_000 {
        let mut text = texts[random.below(texts.len())].clone().into_bytes();
        for _ in 0..=random.below(3) {
            let place = random.below(text.len());
            let byte = random.next().to_le_bytes()[0];
            match random.below(5) {
                0 => text[place] = byte,
                1 => text[place] ^= 1 << (byte % 8),
                2 => text.insert(place, byte),
                3 => text.truncate(place + 1),
                _ => {
                    let end = place + random.below(text.len() - place);
                    let part = text[place..end].to_vec();
                    text.splice(place..place, part);
                }
            }
        }
        read[0] += 1;
        if let Ok(request) = Request::parse(&text) {
            read[1] += 1;
            if executor.check(&request.manifest).is_ok() {
                read[2] += 1;
            }
        }
    }
    assert!(read[2] > 100, "{read:?}");
    assert!(read[1] > read[2], "{read:?}");
}

#[test]
fn what_is_nested_too_deeply_is_refused() {
    let deep = "[".repeat(100_000);
    let error = Request::parse(deep.as_bytes()).expect_err("too deep");
    let told = "Manifest error: the request is not JSON: recursion limit exceeded at line 1 column 128";
    assert_eq!(error.to_string(), told);
}
