//! The command, on every scenario.

use std::path::Path;
use std::sync::Mutex;
use std::thread;

use clawft_server::scenario::Scenario;
use clawft_server::suite;

#[test]
fn scenarios() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../clawft-server/scenarios");
    let program = [env!("CARGO_BIN_EXE_clawft").to_owned()];
    let mut cases = Vec::new();
    for path in suite::scenarios(&folder).expect("no scenarios") {
        let scenario = Scenario::read(&path, "http://127.0.0.1:1", "/").expect("no scenario");
        let variants = scenario.variants.into_iter();
        cases.extend(variants.map(|variant| (path.clone(), variant)));
    }
    assert!(cases.len() > 100, "{} cases", cases.len());
    let cases = Mutex::new(cases.into_iter());
    let failures = Mutex::new(Vec::new());
    let work = || {
        loop {
            // Not `while let`: the guard would live as long as the case.
            let next = cases.lock().expect("a case panicked").next();
            let Some((path, variant)) = next else {
                return;
            };
            let problems = suite::run(&program, &path, variant)
                .unwrap_or_else(|error| vec![format!("{error:#}")]);
            if !problems.is_empty() {
                let name = path.file_stem().expect("no name").display();
                let text = format!("{name} {}:\n  {}", variant.name, problems.join("\n  "));
                failures.lock().expect("a case panicked").push(text);
            }
        }
    };
    // Most of them wait.
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(work);
        }
    });
    let failures = failures.into_inner().expect("a case panicked");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
