//! The cases in `cases/`: requests, and what the original's rules make of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use pipeline::{Error, Executor, Outcome, Request, Value, block_on};

fn cases() -> BTreeMap<String, Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    fs::read_dir(folder)
        .expect("the cases are there")
        .map(|entry| {
            let path = entry.expect("the folder can be read").path();
            let text = fs::read(&path).expect("a case can be read");
            let name = path.file_stem().expect("a file has a name");
            let case = serde_json::from_slice(&text).expect("a case is JSON");
            (name.to_string_lossy().into_owned(), case)
        })
        .collect()
}

fn request(case: &Value) -> Vec<u8> {
    match case.get("text") {
        Some(text) => text.as_str().expect("a text").into(),
        None => case["request"].to_string().into_bytes(),
    }
}

fn both(text: &[u8]) -> [Result<Outcome, Error>; 2] {
    let executor = Executor::default();
    let sync = Request::parse(text)
        .and_then(|request| executor.execute_sync(&request.manifest, request.input));
    let asynchronous = Request::parse(text)
        .and_then(|request| block_on(executor.execute(&request.manifest, request.input)));
    [sync, asynchronous]
}

#[test]
fn cases_end_as_the_rules_say() {
    let cases = cases();
    assert!(cases.len() >= 60, "{} cases", cases.len());
    // Those with arguments are the program's.
    for (name, case) in cases
        .iter()
        .filter(|(_, case)| case.get("arguments").is_none())
    {
        for result in both(&request(case)) {
            match result {
                Ok(outcome) => {
                    let Some(outputs) = case.get("outputs") else {
                        assert!(case.get("stdout").is_some(), "{name}: {outcome:?}");
                        continue;
                    };
                    // As text, in which the order of keys counts.
                    let given = outcome.outputs.to_string();
                    assert_eq!(given, outputs.to_string(), "{name}");
                    if let Some(order) = case.get("execution_order") {
                        let given = outcome.graph.to_json()["execution_order"].clone();
                        assert_eq!(given, *order, "{name}");
                    }
                }
                Err(error) => {
                    let told = error.to_json();
                    assert_eq!(told["error"], case["error"], "{name}");
                    assert_eq!(told["error_info"], case["error_info"], "{name}");
                }
            }
        }
    }
}
