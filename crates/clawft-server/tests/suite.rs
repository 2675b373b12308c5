//! The suite finds fault where there is one.

use std::fs;
use std::path::Path;
use std::process::Command;

use clawft_server::scenario::VARIANTS;
use clawft_server::suite;
use serde_json::{Value, json};

/// The problems of a script of `sh` in the place of an agent.
fn problems(scenario: &Value, script: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("scenario.json");
    fs::write(&path, scenario.to_string()).expect("cannot write");
    let program = ["sh", "-c", script].map(str::to_owned);
    suite::run(&program, &path, VARIANTS[0]).expect("it cannot be run")
}

#[test]
fn faults_are_found() {
    let done = r#"{"type":"done","text":"x"}"#;
    let scenario = json!({
        "about": "x",
        "turns": [{"message": "hi", "events": [{"type": "done", "text": "x"}]}],
        "after": {
            "files": {"made.txt": {"$contains": "a"}, "not.txt": null},
            "sessions": {"cli:a": [["user", "hi"]]}
        }
    });
    let good = format!(
        "echo '{done}'; echo abc > made.txt; mkdir -p .clawft/sessions
         echo '{{\"role\":\"user\",\"content\":\"hi\",\"timestamp\":\"t\"}}' > .clawft/sessions/cli%3Aa.jsonl"
    );
    assert_eq!(problems(&scenario, &good), Vec::<String>::new());
    // What is changed of the good one, and what is said of it
    for (change, said) in [
        ("exit 1", "ended with Some(1)"),
        ("echo no event", "no event"),
        ("echo '{\"type\":\"text\"}'", "events should be"),
        ("echo > made.txt", "made.txt should be"),
        ("rm made.txt", "made.txt should be"),
        ("touch not.txt", "not.txt should be"),
        ("touch .clawft/x.tmp1", "was left behind"),
        ("rm -r .clawft/sessions", "session cli:a should be"),
        (
            "echo '{\"role\"' >> .clawft/sessions/cli%3Aa.jsonl",
            "session cli:a:",
        ),
        ("cp .clawft/config.json copy", "copy has a key"),
        ("cat .clawft/config.json >&2", "errors show a key"),
        ("kill -9 $$", "ended with None"),
    ] {
        let problems = problems(&scenario, &format!("{good}\n{change}"));
        let found = problems.iter().any(|problem| problem.contains(said));
        assert!(found, "{change}: {problems:?}");
    }
}

#[test]
fn requests_that_are_not_made_are_missed() {
    let scenario = json!({
        "about": "x",
        "turns": [{"message": "hi"}],
        "exchanges": [{"answer": {"text": "x"}, "times": 2}]
    });
    let problems = problems(&scenario, "true");
    assert!(problems[0].contains("2 more requests"), "{problems:?}");
}

/// Each scenario can be read, and says what it shows.
#[test]
fn scenarios_are_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let paths = suite::scenarios(&folder).expect("no scenarios");
    for path in &paths {
        let scenario = clawft_server::scenario::Scenario::read(path, "http://127.0.0.1:1", "/home");
        assert!(!scenario.expect("no scenario").about.is_empty());
    }
    assert!(paths.len() > 40);
}

/// What `clawft-server run` says and ends with, on a scenario that `exit 0` passes in all variants.
fn command(script: &str, options: &[&str]) -> (String, Option<i32>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (path, agent) = (folder.path().join("case.json"), folder.path().join("agent"));
    let scenario = json!({"about": "x", "turns": [{"message": "hi"}]});
    fs::write(&path, scenario.to_string()).expect("cannot write");
    fs::write(&agent, script).expect("cannot write");
    // NB: a shell between cargo and the compiler takes a variable with a hyphen for none
    let program = std::env::var("CARGO_BIN_EXE_clawft-server").expect("run by cargo");
    let output = Command::new(program)
        .args(["run", "--program", &format!("sh {}", agent.display())])
        .args(options)
        .arg(path)
        .output()
        .expect("it cannot be started");
    let text = [output.stdout, output.stderr].concat();
    (
        String::from_utf8_lossy(&text).into_owned(),
        output.status.code(),
    )
}

#[test]
fn known_failures() {
    // The script, options, and how it ends
    for (script, options, said, code) in [
        ("exit 0", &[] as &[_], "4 passed, 0 failed", 0),
        ("exit 1", &[], "0 passed, 4 failed", 1),
        (
            "exit 1",
            &["--variant=openai", "--fails=case openai=that"],
            "as known: case openai: that",
            0,
        ),
        (
            "exit 1",
            &["--fails=case openai=that"],
            "3 failed, 1 failed as known",
            1,
        ),
        (
            "exit 0",
            &["--fails=case openai=that"],
            "case openai passes, in spite of that",
            1,
        ),
        (
            "exit 0",
            &["--fails=case open=that"],
            "case open: there is no such case",
            2,
        ),
        ("exit 0", &["--fails=case openai"], "it has no reason", 2),
        ("exit 0", &["--without=http"], "nothing is to be run", 2),
        ("exit 0", &["--jobs=0"], "0 is not in 1..", 2),
    ] {
        let (text, found) = command(script, options);
        assert!(text.contains(said), "{options:?}: {text}");
        assert_eq!(found, Some(code), "{options:?}: {text}");
    }
}

#[test]
fn a_report_has_every_case() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let report = folder.path().join("report.json");
    let option = format!("--report={}", report.display());
    for (script, known, outcomes) in [
        ("exit 0", None, ["ok"; 4]),
        (
            "exit 1",
            Some("--fails=case openai=that"),
            ["wrong", "wrong", "ok", "wrong"],
        ),
    ] {
        let options: Vec<_> = known.into_iter().chain([&*option]).collect();
        command(script, &options);
        let text = fs::read(&report).expect("no report");
        let report: Value = serde_json::from_slice(&text).expect("no JSON");
        let cases = report["scenarios"].as_array().expect("no cases");
        let names = cases
            .iter()
            .map(|case| case["name"].as_str().expect("no name"));
        let names: Vec<_> = names.collect();
        let variants = ["anthropic", "anthropic-stream", "openai", "openai-stream"];
        assert_eq!(names, variants.map(|variant| format!("case {variant}")));
        let found: Vec<_> = cases.iter().map(|case| case["outcome"].clone()).collect();
        assert_eq!(found, outcomes);
        assert!(cases.iter().all(|case| case["ms"].is_f64()));
        let whole = if known.is_some() { "wrong" } else { "ok" };
        assert_eq!(report["outcome"], whole);
    }
}

#[test]
fn what_no_scenario_has_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("scenario.json");
    let turns = json!([{"message": "hi"}]);
    for (scenario, said) in [
        (json!({"about": "x"}), "turns"),
        (json!({"turns": turns}), "about"),
        (json!({"about": "x", "turns": turns, "other": 1}), "other"),
        (
            json!({"about": "x", "turns": [{"massage": "hi"}]}),
            "massage",
        ),
        (
            json!({"about": "x", "turns": turns, "variants": ["none"]}),
            "none",
        ),
        (
            json!({"about": "x", "turns": turns, "exchanges": [{}]}),
            "no answer",
        ),
        (
            json!({"about": "x", "turns": turns, "home": {"a": 1}}),
            "no content",
        ),
        (
            json!({"about": "x", "turns": turns, "exchanges": [{"answer": {}, "delivery": {"framing": "odd"}}]}),
            "odd",
        ),
    ] {
        fs::write(&path, scenario.to_string()).expect("cannot write");
        let error = suite::run(&["true".to_owned()], &path, VARIANTS[0]).expect_err("it was taken");
        assert!(format!("{error:#}").contains(said), "{error:#}");
    }
}
