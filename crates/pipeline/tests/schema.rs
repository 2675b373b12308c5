//! The JSON Schema and the parser accept the same. What the schema accepts was found out by an
//! independent validator, with which `verdicts.py` wrote `verdicts.json`. And nothing makes the
//! parser panic.

mod random;

use std::fs;
use std::path::Path;

use pipeline::{Executor, Manifest, Request, Value, manifest};
use serde_json::{Map, json};

use random::Random;

const AGAIN: &str = "write crates/pipeline/tests/verdicts.json anew, by verdicts.py";

fn verdicts() -> Value {
    let verdicts: Value =
        serde_json::from_str(include_str!("verdicts.json")).expect("the verdicts are JSON");
    let schema: Value = serde_json::from_str(manifest::SCHEMA).expect("the schema is JSON");
    assert!(
        verdicts["schema"] == schema,
        "the schema has changed: {AGAIN}"
    );
    verdicts
}

/// Holds the parser against a verdict.
fn judge(manifest: &Value, accepted: bool) {
    let read = Manifest::from_value(manifest);
    assert_eq!(read.is_ok(), accepted, "{read:?}\n{manifest:#}");
}

fn cases() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut manifests = Vec::new();
    for entry in fs::read_dir(folder).expect("the cases are there") {
        let path = entry.expect("the folder can be read").path();
        let text = fs::read(&path).expect("a case can be read");
        let mut case: Value = serde_json::from_slice(&text).expect("a case is JSON");
        let request = case["request"].take();
        let manifest = request.get("manifest").unwrap_or(&request).clone();
        let name = path.file_stem().expect("a file has a name");
        manifests.push((name.to_string_lossy().into_owned(), manifest));
    }
    manifests
}

#[test]
fn the_schema_and_the_parser_agree_on_every_case() {
    let verdicts = verdicts();
    for (name, manifest) in cases() {
        let verdict = &verdicts["cases"][&name];
        assert!(verdict.is_string(), "{name} has no verdict: {AGAIN}");
        judge(&manifest, *verdict == "1");
    }
}

/// The object that a JSON pointer leads into, and the last step.
fn parent<'v, 'p>(
    manifest: &'v mut Value,
    place: &'p str,
) -> Option<(&'v mut Map<String, Value>, &'p str)> {
    let (parent, last) = place.rsplit_once('/')?;
    let fields = manifest.pointer_mut(parent)?.as_object_mut()?;
    Some((fields, last))
}

#[test]
fn the_schema_and_the_parser_agree_on_every_change_of_a_field() {
    let verdicts = verdicts();
    let manifest = &verdicts["manifest"];
    let values = verdicts["values"].as_array().expect("values");
    let places = verdicts["places"].as_object().expect("places");
    let mut judged = 0;
    for (place, verdicts) in places {
        let verdicts = verdicts.as_object().expect("verdicts");
        for (change, verdicts) in verdicts {
            let verdicts = verdicts.as_str().expect("a digit for each value");
            for (value, verdict) in values.iter().zip(verdicts.chars()) {
                let mut manifest = manifest.clone();
                if change == "replaced" {
                    *manifest.pointer_mut(place).expect("a place") = value.clone();
                } else {
                    let (fields, last) = parent(&mut manifest, place).expect("a field");
                    fields.shift_remove(last).expect("a field");
                    if change != "removed" {
                        fields.insert(change.clone(), value.clone());
                    }
                }
                judge(&manifest, verdict == '1');
                judged += 1;
            }
        }
    }
    assert!(judged > 5000, "{judged}");
}

#[test]
fn the_schema_and_the_parser_agree_on_how_many_nodes_there_may_be() {
    let verdicts = verdicts();
    let counts = verdicts["nodes"].as_object().expect("counts");
    for (count, verdict) in counts {
        let count: usize = count.parse().expect("a count");
        let mut manifest = verdicts["manifest"].clone();
        let nodes: Vec<_> = (0..count)
            .map(|index| json!({"id": format!("n{index}"), "node_type": "Echo"}))
            .collect();
        manifest["nodes"] = nodes.into();
        judge(&manifest, verdict == "1");
        assert_eq!(count <= manifest::MOST_NODES, verdict == "1");
    }
}

#[test]
fn changed_bytes_never_make_the_parser_panic() {
    let texts: Vec<_> = cases()
        .iter()
        .map(|(_, manifest)| json!({"manifest": manifest, "input_data": [1, "a"]}).to_string())
        .chain([verdicts()["manifest"].to_string()])
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
    let told =
        "Manifest error: the request is not JSON: recursion limit exceeded at line 1 column 128";
    assert_eq!(error.to_string(), told);
}
