//! The command, on every scenario.

use std::path::Path;

use clawft_server::scenario::Scenario;
use clawft_server::suite::{self, Case};

#[test]
fn scenarios() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../clawft-server/scenarios");
    let program = [env!("CARGO_BIN_EXE_clawft").to_owned()];
    let mut cases = Vec::new();
    for path in suite::scenarios(&folder).expect("no scenarios") {
        let scenario = Scenario::read(&path, "http://127.0.0.1:1", "/").expect("no scenario");
        let variants = scenario.variants.into_iter();
        cases.extend(variants.map(|variant| Case {
            path: path.clone(),
            variant,
        }));
    }
    assert!(cases.len() > 100, "{} cases", cases.len());
    let mut failures = Vec::new();
    suite::run_all(&program, &cases, 4, |case, _, problems| {
        if !problems.is_empty() {
            failures.push(format!("{case}:\n  {}", problems.join("\n  ")));
        }
        Ok(())
    })
    .expect("a case cannot be run");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
