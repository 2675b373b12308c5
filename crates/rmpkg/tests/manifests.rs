//! The rules for manifests, by the cases of `tests/manifests/cases.json`: of each expected error and
//! warning the beginning or a part, in order.

#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

use serde_json::Value;

#[test]
fn each_case_has_its_errors_and_warnings() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("manifests/cases.json")).unwrap();
    for case in &cases {
        let found = rmpkg::manifest::check(&case["manifest"]);
        for (what, found) in [("errors", found.errors), ("warnings", found.warnings)] {
            let expected = case[what].as_array().unwrap();
            let same = expected.len() == found.len()
                && expected
                    .iter()
                    .zip(&found)
                    .all(|(expected, found)| found.contains(expected.as_str().unwrap()));
            assert!(
                same,
                "{}: {what}: expected {expected:?}, found {found:?}",
                case["about"]
            );
        }
    }
}
