//! Modules: what they decide, how they come and go, and what becomes of those that do not keep the contract.

#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

mod program;

use std::fs;
use std::path::{Path, PathBuf};

use program::{Server, UNLIMITED, state, wm_seed};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use wm_seed::StateRoot;
use wm_seed::ledger::Status;
use wm_seed::modules::{Call, FILE_LIMIT, Judgement, MODULE_LIMIT, Modules};
use wm_seed::root::Surroundings;
use wm_seed::rules::Action;

const MEMORY: &str = r#"(memory (export "memory") 1)"#;
const ALLOCATE: &str = r#"(func (export "wm_alloc") (param i32) (result i32) (i32.const 4096))"#;
const VERSION: &str = r#"(func (export "wm_governance") (result i32) (i32.const 1))"#;
const NO_JUDGE: &str = r#"(func (export "wm_judge") (param i32 i32) (result i64) (i64.const 0))"#;
/// It never comes to an end.
const ENDLESS: &str = "(loop $again (br $again))";

/// A module of these parts.
fn built(parts: &[&str]) -> Vec<u8> {
    let text = format!("(module {})", parts.concat());
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A module that keeps the contract, with these functions.
fn with(functions: &str) -> Vec<u8> {
    built(&[MEMORY, ALLOCATE, VERSION, functions])
}

/// A text at address 16, and the result that says so.
fn data(text: &str) -> (String, i64) {
    let escaped: Vec<_> = text.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    let escaped = escaped.concat();
    let packed = 16 << 32 | i64::try_from(text.len()).unwrap();
    (format!(r#"(data (i32.const 16) "{escaped}")"#), packed)
}

/// A module that answers each call with this text.
fn answering(text: &str) -> Vec<u8> {
    let (data, packed) = data(text);
    with(&format!(
        r#"{data} (func (export "wm_judge") (param i32 i32) (result i64) (i64.const {packed}))"#
    ))
}

/// A module that judges by this code, and has more beside it.
fn judging(more: &str, code: &str) -> Vec<u8> {
    with(&format!(
        r#"{more} (global $count (mut i32) (i32.const 0))
        (func (export "wm_judge") (param i32 i32) (result i64) {code})"#
    ))
}

fn put(root: &Path, name: &str, module: &[u8]) -> PathBuf {
    let folder = root.join("governance");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    fs::write(&path, module).unwrap();
    path
}

/// The modules of a state root with one module.
fn one(module: &[u8]) -> (TempDir, Modules) {
    let (folder, path) = state();
    put(&path, "one.wasm", module);
    let root = StateRoot::find(&Surroundings {
        option: Some(path),
        ..Surroundings::default()
    });
    let mut modules = Modules::new(&root.unwrap());
    modules.refresh().unwrap();
    (folder, modules)
}

const CALL: Call<'_> = Call {
    tool: "remember",
    access: "WRITE",
};

fn judge(modules: &mut Modules) -> Result<Judgement, String> {
    let judged = modules.judge(CALL, "default", &Map::new());
    judged.map_err(|error| error.to_string())
}

#[test]
fn each_action_has_its_effect() {
    let listed = |list: &[&str]| {
        list.iter()
            .map(|text| (*text).to_owned())
            .collect::<Vec<_>>()
    };
    for (answer, action, score, reasons, tags) in [
        (r#"{"action":"allow"}"#, Action::Log, 1.0, &[][..], &[][..]),
        (
            r#"{"action":"allow","score":0.75,"tags":["x"]}"#,
            Action::Log,
            0.75,
            &[],
            &["x"],
        ),
        (r#"{"action":"log"}"#, Action::Log, 0.5, &[], &[]),
        (r#"{"action":"tag"}"#, Action::Tag, 0.5, &[], &["one"]),
        (
            r#"{"action":"tag","tags":["a-1","one"]}"#,
            Action::Tag,
            0.5,
            &[],
            &["one", "a-1"],
        ),
        (
            r#"{"action":"warn","reason":"So."}"#,
            Action::Warn,
            0.5,
            &["module one: So."],
            &["one"],
        ),
        (
            r#"{"action":"throttle","score":1}"#,
            Action::Throttle,
            1.0,
            &["module one"],
            &["one"],
        ),
        (
            r#" {"reason": "Not \"here\".", "tags": [], "score": 0, "action": "block"} "#,
            Action::Block,
            0.0,
            &["module one: Not \"here\"."],
            &["one"],
        ),
    ] {
        let (_folder, mut modules) = one(&answering(answer));
        let expected = Judgement {
            action,
            score,
            reasons: listed(reasons),
            tags: listed(tags),
        };
        assert_eq!(judge(&mut modules).as_ref(), Ok(&expected), "{answer}");
    }
    let (_folder, mut modules) = one(&with(NO_JUDGE));
    assert_eq!(judge(&mut modules), Ok(Judgement::default()));
}

#[test]
fn what_is_decided_happens() {
    let (_folder, path) = state();
    let mut server = Server::start(&path, &UNLIMITED);
    let note = json!({"content": "plum"});
    server.call("remember", note.clone());

    put(
        &path,
        "m.wasm",
        &answering(r#"{"action":"warn","reason":"Think."}"#),
    );
    assert_eq!(
        server.call("remember", note.clone())["warnings"],
        json!(["module m: Think."])
    );
    put(
        &path,
        "m.wasm",
        &answering(r#"{"action":"tag","tags":["fruit"],"score":0.125}"#),
    );
    assert_eq!(
        server.call("remember", note.clone())["warnings"],
        Value::Null
    );
    let ledger = fs::read_to_string(path.join("karma.jsonl")).unwrap();
    assert!(ledger.contains(r#""tags":["m","fruit"]"#), "{ledger}");
    // Three calls had 1, 0.5 and 0.125.
    fs::remove_dir_all(path.join("governance")).unwrap();
    let harmony = server.call("harmony_vector", json!({}));
    assert_eq!(
        harmony["details"]["harmony_vector"]["dharma"], 0.5417,
        "{harmony}"
    );
    assert_eq!(harmony["details"]["modules"], json!({}));

    put(
        &path,
        "m.wasm",
        &answering(r#"{"action":"block","reason":"No."}"#),
    );
    let (blocked, is_error) = server.try_call("remember", &note);
    assert!(is_error);
    assert_eq!(blocked["error"], "a module forbids this");
    assert_eq!(blocked["reasons"], json!(["module m: No."]));
    // Of looking, too: modules are told of every call.
    assert!(server.try_call("recall", &json!({"query": "plum"})).1);
    put(&path, "m.wasm", &answering(r#"{"action":"throttle"}"#));
    let served = (0..40)
        .filter(|_| !server.try_call("manifest", &json!({})).1)
        .count();
    assert!((6..40).contains(&served), "{served}");
    fs::remove_file(path.join("governance/m.wasm")).unwrap();
    let karma = server.call("karma_report", json!({}));
    assert_eq!(karma["details"]["blocked"], 2, "{karma}");
    assert_eq!(server.call("list_memories", json!({}))["total"], 16 + 3);
}

/// What it was last given, it reports.
fn echo(function: &str, result: &str, value: &str) -> Vec<u8> {
    with(&format!(
        r#"(global $last (mut i64) (i64.const 0))
        (func (export "{function}") (param $start i32) (param $length i32) {result}
            (global.set $last (i64.or
                (i64.shl (i64.extend_i32_u (local.get $start)) (i64.const 32))
                (i64.extend_i32_u (local.get $length))))
            {value})
        (func (export "wm_report") (result i64) (global.get $last))"#
    ))
}

#[test]
fn they_are_told_what_happens() {
    let (_folder, path) = state();
    put(
        &path,
        "judge.wasm",
        &echo("wm_judge", "(result i64)", "(i64.const 0)"),
    );
    put(&path, "observe.wasm", &echo("wm_observe", "", ""));
    let mut server = Server::start(&path, &["--profile", "strict"]);
    let before = milliseconds();
    server.try_call("delete_memory", &json!({"id": "none"}));
    let report = server.call("harmony_vector", json!({}))["details"]["modules"].clone();
    let after = milliseconds();

    let judged = &report["judge"];
    let now = judged["now"].as_u64().unwrap();
    assert!((before..=after).contains(&now), "{before} {now} {after}");
    let expected = json!({
        "tool": "harmony_vector", "access": "READ", "profile": "strict", "arguments": {}, "now": now,
    });
    assert_eq!(*judged, expected);
    let observed = &report["observe"];
    let (now, took) = (
        observed["now"].as_u64().unwrap(),
        observed["took_ms"].as_u64().unwrap(),
    );
    assert!(
        before + took <= now + 1 && now <= after,
        "{before} {observed} {after}"
    );
    let expected = json!({
        "tool": "delete_memory", "access": "DELETE", "status": "error", "took_ms": took, "now": now,
    });
    assert_eq!(*observed, expected);

    // Of arguments, their defaults and those that were given
    let (_folder, mut modules) = one(&echo("wm_judge", "(result i64)", "(i64.const 0)"));
    let arguments = json!({"content": "a \"b\"\n", "tags": ["c"]});
    modules
        .judge(CALL, "default", arguments.as_object().unwrap())
        .unwrap();
    let report = modules.report();
    assert_eq!(report["one"]["arguments"], arguments, "{report}");
}

fn milliseconds() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.unwrap().as_millis().try_into().unwrap()
}

/// It blocks once it has observed so many calls, and reports how many.
fn counter(most: u32) -> Vec<u8> {
    let (data, block) = data(r#"{"action":"block"}"#);
    with(&format!(
        r#"{data} (data (i32.const 256) "{{\"seen\":0}}")
        (global $seen (mut i32) (i32.const 0))
        (func (export "wm_observe") (param i32 i32)
            (global.set $seen (i32.add (global.get $seen) (i32.const 1))))
        (func (export "wm_judge") (param i32 i32) (result i64)
            (select (i64.const {block}) (i64.const 0) (i32.ge_u (global.get $seen) (i32.const {most}))))
        (func (export "wm_report") (result i64)
            (i32.store8 (i32.const 264) (i32.add (i32.const 48) (global.get $seen)))
            (i64.const {}))"#,
        (256_i64 << 32) + 10
    ))
}

#[test]
fn a_module_keeps_what_it_has_seen() {
    let (_folder, path) = state();
    put(&path, "count.wasm", &counter(4));
    let mut server = Server::start(&path, &UNLIMITED);
    let seen = server.call("harmony_vector", json!({}));
    assert_eq!(seen["details"]["modules"], json!({"count": {"seen": 0}}));
    // What another one does, and that files change, is of no account to it.
    put(&path, "other.wasm", &answering(r#"{"action":"log"}"#));
    server.call("gnosis", json!({}));
    put(&path, "other.wasm", &answering("{"));
    assert!(server.try_call("gnosis", &json!({})).1);
    put(&path, "other.wasm", b"none");
    assert!(server.try_call("gnosis", &json!({})).1);
    fs::remove_file(path.join("governance/other.wasm")).unwrap();
    // Those that were not made are observed as well, where they were judged; the last one was not.
    let seen = server.call("harmony_vector", json!({}));
    assert_eq!(seen["details"]["modules"], json!({"count": {"seen": 3}}));
    let (blocked, is_error) = server.try_call("gnosis", &json!({}));
    assert!(
        is_error && blocked["reasons"] == json!(["module count"]),
        "{blocked}"
    );
    // Anew when its file changes.
    put(&path, "count.wasm", &counter(5));
    let seen = server.call("harmony_vector", json!({}));
    assert_eq!(seen["details"]["modules"], json!({"count": {"seen": 0}}));
}

#[test]
fn the_strictest_of_modules_and_rules_wins() {
    let (_folder, path) = state();
    put(
        &path,
        "b.wasm",
        &answering(r#"{"action":"warn","reason":"second","score":0.5}"#),
    );
    put(
        &path,
        "a.wasm",
        &answering(r#"{"action":"warn","reason":"first","tags":["x"]}"#),
    );
    put(
        &path,
        "c.wasm",
        &answering(r#"{"action":"allow","reason":"unheard","tags":["x","y"]}"#),
    );
    let rule = |action: &str| {
        let rule = format!(
            "rules: [{{name: rule, action: {action}, severity: 0.25, explain: rule, tool_patterns: [manifest]}}]"
        );
        fs::write(path.join("dharma_rules.yaml"), rule).unwrap();
    };
    rule("warn");
    let mut server = Server::start(&path, &UNLIMITED);
    let warned = server.call("manifest", json!({}));
    let reasons = json!(["rule", "module a: first", "module b: second"]);
    assert_eq!(warned["warnings"], reasons);
    let ledger = fs::read_to_string(path.join("karma.jsonl")).unwrap();
    assert!(
        ledger.contains(r#""tags":["rule","a","x","b","y"]"#),
        "{ledger}"
    );

    rule("block");
    let (blocked, _) = server.try_call("manifest", &json!({}));
    assert_eq!(
        (&blocked["error"], &blocked["reasons"]),
        (&json!("a rule forbids this"), &reasons)
    );
    rule("log");
    put(
        &path,
        "b.wasm",
        &answering(r#"{"action":"block","reason":"second"}"#),
    );
    let (blocked, _) = server.try_call("manifest", &json!({}));
    let reasons = json!(["module a: first", "module b: second"]);
    assert_eq!(
        (&blocked["error"], &blocked["reasons"]),
        (&json!("a module forbids this"), &reasons)
    );
}

#[test]
fn modules_are_listed() {
    let (_folder, path) = state();
    let (watch, judge) = (echo("wm_observe", "", ""), with(NO_JUDGE));
    put(&path, "watch_2.wasm", &watch);
    put(&path, "judge-1.wasm", &judge);
    // No modules
    put(&path, "README.md", b"none");
    put(&path, ".judge.wasm.part", b"none");
    let digest = |bytes: &[u8]| format!("{:x}", Sha256::digest(bytes));
    let mut server = Server::start(&path, &UNLIMITED);
    let rules = server.call("dharma_rules", json!({}));
    let expected = json!([
        {"name": "judge-1", "sha256": digest(&judge), "functions": ["wm_judge"]},
        {"name": "watch_2", "sha256": digest(&watch), "functions": ["wm_observe", "wm_report"]},
    ]);
    assert_eq!(rules["modules"], expected);
    let health = server.call("health_report", json!({}));
    assert_eq!(health["details"]["modules"], 2);
    assert_eq!(
        server.call("manifest", json!({}))["details"]["module_contract"],
        1
    );
    let status = |more: &[&str]| {
        let output = wm_seed()
            .arg("status")
            .arg("--root")
            .arg(&path)
            .args(more)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(status(&[]).contains("modules:    2\n"), "{}", status(&[]));
    let status: Value = serde_json::from_str(&status(&["--json"])).unwrap();
    assert_eq!(status["module_count"], 2);
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn what_is_no_module_stops_all_calls() {
    let judge = |code: &str| built(&[MEMORY, ALLOCATE, VERSION, code]);
    let many = built(&[&"(memory 1)".repeat(2), ALLOCATE, VERSION, NO_JUDGE]);
    let cases = [
        (vec![], "no module"),
        (b"none".to_vec(), "no module"),
        (with(NO_JUDGE)[..60].to_vec(), "no module"),
        (many, "no module"),
        (
            built(&[ALLOCATE, VERSION, NO_JUDGE]),
            "it exports no memory",
        ),
        (
            built(&[
                r#"(global (export "memory") i32 (i32.const 0))"#,
                ALLOCATE,
                VERSION,
                NO_JUDGE,
            ]),
            "its export memory is no memory",
        ),
        (
            built(&[MEMORY, VERSION, NO_JUDGE]),
            "it exports no wm_alloc",
        ),
        (
            built(&[MEMORY, ALLOCATE, NO_JUDGE]),
            "it exports no wm_governance",
        ),
        (
            with(""),
            "it exports none of wm_judge, wm_observe and wm_report",
        ),
        (
            built(&[
                r#"(import "env" "now" (func (result i64)))"#,
                MEMORY,
                ALLOCATE,
                VERSION,
                NO_JUDGE,
            ]),
            "it imports now of env",
        ),
        (
            built(&[
                r#"(import "env" "memory" (memory 1)) (export "memory" (memory 0))"#,
                ALLOCATE,
                VERSION,
                NO_JUDGE,
            ]),
            "it imports memory of env",
        ),
        (
            built(&[
                MEMORY,
                ALLOCATE,
                NO_JUDGE,
                r#"(func (export "wm_governance") (result i32) (i32.const 2))"#,
            ]),
            "version 2 of the contract",
        ),
        (
            built(&[
                MEMORY,
                ALLOCATE,
                NO_JUDGE,
                r#"(func (export "wm_governance") (result i32) unreachable)"#,
            ]),
            "wm_governance trapped",
        ),
        (
            built(&[
                MEMORY,
                ALLOCATE,
                NO_JUDGE,
                r#"(func (export "wm_governance") (result i64) (i64.const 1))"#,
            ]),
            "wm_governance is no function of the type (result i32)",
        ),
        (
            judge(r#"(func (export "wm_judge") (param i32 i32) (result i32) (i32.const 0))"#),
            "wm_judge is no function of the type (param i32 i32)(result i64)",
        ),
        (
            judge(r#"(func (export "wm_judge") (param i64 i64) (result i64) (i64.const 0))"#),
            "wm_judge is no function",
        ),
        (
            judge(r#"(global (export "wm_judge") i64 (i64.const 0))"#),
            "wm_judge is no function",
        ),
        (
            judge(r#"(func (export "wm_observe") (param i32 i32) (result i32) (i32.const 0))"#),
            "wm_observe is no function of the type (param i32 i32)",
        ),
        (
            judge(r#"(func (export "wm_report") (result i32) (i32.const 0))"#),
            "wm_report is no function of the type (result i64)",
        ),
        (
            with(&format!("{NO_JUDGE} (start $s) (func $s unreachable)")),
            "its start trapped",
        ),
        (
            with(&format!("{NO_JUDGE} (start $s) (func $s {ENDLESS})")),
            "its start took longer",
        ),
        (
            with(&format!(
                r#"{NO_JUDGE} (data (i32.const 65530) "too much")"#
            )),
            "its start",
        ),
        // 16 MiB are 256 pages.
        (
            built(&[
                r#"(memory (export "memory") 257)"#,
                ALLOCATE,
                VERSION,
                NO_JUDGE,
            ]),
            "its start",
        ),
        (
            with(&format!("{NO_JUDGE} (table 16385 funcref)")),
            "its start",
        ),
        (
            with(&format!("{NO_JUDGE} {}", "(table 1 funcref)".repeat(5))),
            "its start",
        ),
        (
            vec![0; usize::try_from(FILE_LIMIT).unwrap() + 1],
            "1048577 bytes, of at most 1048576",
        ),
    ];
    let (_folder, path) = state();
    let mut server = Server::start(&path, &UNLIMITED);
    for (module, wanted) in cases {
        let file = put(&path, "mine.wasm", &module);
        for _ in 0..2 {
            let (broken, is_error) = server.try_call("gnosis", &json!({}));
            let error = broken["error"].as_str().unwrap();
            let place = file.display().to_string();
            assert!(
                is_error && error.starts_with(&place) && error.contains(wanted),
                "{wanted}: {error}"
            );
        }
        fs::remove_file(&file).unwrap();
        server.call("gnosis", json!({}));
    }
}

#[test]
fn a_module_has_a_name_and_is_a_file() {
    let (_folder, path) = state();
    let mut server = Server::start(&path, &UNLIMITED);
    server.call("gnosis", json!({}));
    let folder = path.join("governance");
    let mut refused = |name: &str, wanted: &str| {
        let (broken, is_error) = server.try_call("gnosis", &json!({}));
        let error = broken["error"].as_str().unwrap();
        assert!(
            is_error && error.contains(name) && error.contains(wanted),
            "{name}: {error}"
        );
    };
    let long = "x".repeat(33);
    for name in ["Mine", "my module", "ä", "a.b", "", &long] {
        let name = format!("{name}.wasm");
        let file = put(&path, &name, &with(NO_JUDGE));
        // NB: a name that is only an ending has none
        if name == ".wasm" {
            fs::remove_file(file).unwrap();
            continue;
        }
        refused(&name, "a module's name is 1 to 32 of a-z");
        fs::remove_file(file).unwrap();
    }
    let file = put(&path, "mine.WASM", &with(NO_JUDGE));
    refused("mine.WASM", "a module's name");
    fs::remove_file(file).unwrap();

    fs::create_dir(folder.join("mine.wasm")).unwrap();
    refused("mine.wasm", "no regular file");
    fs::remove_dir(folder.join("mine.wasm")).unwrap();
    #[cfg(unix)]
    {
        let there = path.join("elsewhere.wasm");
        fs::write(&there, with(NO_JUDGE)).unwrap();
        for target in [&there, &path.join("nowhere")] {
            std::os::unix::fs::symlink(target, folder.join("mine.wasm")).unwrap();
            refused("mine.wasm", "no regular file");
            fs::remove_file(folder.join("mine.wasm")).unwrap();
        }
    }
    for number in 0..=MODULE_LIMIT {
        put(&path, &format!("{number}.wasm"), &with(NO_JUDGE));
    }
    refused("governance", "more than 16 modules");
    fs::remove_file(folder.join("0.wasm")).unwrap();
    let rules = server.call("dharma_rules", json!({}));
    assert_eq!(rules["modules"].as_array().unwrap().len(), MODULE_LIMIT);

    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "").unwrap();
    assert!(server.try_call("gnosis", &json!({})).1);
    fs::remove_file(&folder).unwrap();
    server.call("gnosis", json!({}));
}

/// Every second call of an instance does this.
fn second(code: &str) -> Vec<u8> {
    second_with("", code)
}

fn second_with(more: &str, code: &str) -> Vec<u8> {
    judging(
        more,
        &format!(
            "(global.set $count (i32.add (global.get $count) (i32.const 1)))
            (if (i32.eq (global.get $count) (i32.const 2)) (then {code}))
            (i64.const 0)"
        ),
    )
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn what_a_module_does_wrong_refuses_the_call() {
    let answer = |start: u32, length: u32| {
        let packed = u64::from(start) << 32 | u64::from(length);
        second(&format!("(return (i64.const {}))", packed.cast_signed()))
    };
    let text = |text: &str| {
        let (data, packed) = data(text);
        second_with(&data, &format!("(return (i64.const {packed}))"))
    };
    let cases = [
        (second("unreachable"), "wm_judge trapped"),
        (second(ENDLESS), "wm_judge took longer than it may"),
        (
            second("(drop (i32.load (i32.const 65536)))"),
            "wm_judge trapped",
        ),
        (
            second("(drop (i32.div_u (i32.const 1) (i32.const 0)))"),
            "wm_judge trapped",
        ),
        // An endless recursion
        (
            second_with("(func $deep (call $deep))", "(call $deep)"),
            "wm_judge trapped",
        ),
        (answer(65_536, 1), "outside its memory"),
        (answer(65_535, 2), "outside its memory"),
        (answer(u32::MAX, 1), "outside its memory"),
        (answer(u32::MAX, 65_536), "outside its memory"),
        (answer(16, 65_536), "outside its memory"),
        (answer(0, 65_537), "65537 bytes, of at most 65536"),
        (answer(0, u32::MAX), "of at most 65536"),
        (answer(16, 0), "its answer is none"),
        (answer(16, 8), "its answer is none"),
        (text("allow"), "its answer is none"),
        (text("null"), "its answer is none"),
        (text("{}"), "missing field `action`"),
        (text(r#"{"action":"forbid"}"#), "unknown variant `forbid`"),
        (text(r#"{"action":"ALLOW"}"#), "unknown variant `ALLOW`"),
        (
            text(r#"{"action":"allow","scores":1}"#),
            "unknown field `scores`",
        ),
        (
            text(r#"{"action":"allow","score":2}"#),
            "score is not from 0 to 1",
        ),
        (
            text(r#"{"action":"allow","score":-0.5}"#),
            "score is not from 0 to 1",
        ),
        (
            text(r#"{"action":"allow","score":"1"}"#),
            "its answer is none",
        ),
        (
            text(r#"{"action":"allow","tags":["a","b","c","d","e"]}"#),
            "tags are at most 4",
        ),
        (
            text(r#"{"action":"allow","tags":["A b"]}"#),
            "tags are at most 4",
        ),
        (
            text(r#"{"action":"allow","tags":[""]}"#),
            "tags are at most 4",
        ),
        (text(r#"{"action":"allow"} {}"#), "trailing characters"),
        (text(&"[".repeat(4_000)), "its answer is none"),
    ];
    for (module, wanted) in cases {
        let (_folder, mut modules) = one(&module);
        // The instance that failed is not called again: the next one counts from the start.
        for round in 0..2 {
            assert_eq!(
                judge(&mut modules),
                Ok(Judgement::default()),
                "{wanted} {round}"
            );
            let error = judge(&mut modules).unwrap_err();
            assert!(
                error.starts_with("module one: ") && error.contains(wanted),
                "{wanted}: {error}"
            );
            assert!(
                error.contains("mend or remove") && error.contains("one.wasm"),
                "{error}"
            );
        }
    }
}

#[test]
fn room_is_asked_for() {
    let allocating = |code: &str| {
        let allocate = format!(r#"(func (export "wm_alloc") (param i32) (result i32) {code})"#);
        built(&[MEMORY, VERSION, &allocate, NO_JUDGE])
    };
    for (code, wanted) in [
        ("(i32.const 0)", "wm_alloc has no room for the"),
        (
            "(i32.const 65530)",
            "wm_alloc gives room that lies outside its memory",
        ),
        (
            "(i32.const 65537)",
            "wm_alloc gives room that lies outside its memory",
        ),
        (
            "(i32.const -1)",
            "wm_alloc gives room that lies outside its memory",
        ),
        ("unreachable", "wm_alloc trapped"),
        (
            format!("{ENDLESS} (i32.const 16)").as_str(),
            "wm_alloc took longer than it may",
        ),
    ] {
        let (_folder, mut modules) = one(&allocating(code));
        let error = judge(&mut modules).unwrap_err();
        assert!(error.contains(wanted), "{wanted}: {error}");
    }
    // It may grow to 16 MiB, that is by 255 pages, and no further.
    for (pages, is_blocked) in [(255, false), (256, true), (10_000, true)] {
        let (data, block) = data(r#"{"action":"block"}"#);
        let (_folder, mut modules) = one(&judging(
            &data,
            &format!(
                "(select (i64.const {block}) (i64.const 0)
                    (i32.eq (memory.grow (i32.const {pages})) (i32.const -1)))"
            ),
        ));
        let action = judge(&mut modules).unwrap().action;
        assert_eq!(action == Action::Block, is_blocked, "{pages}");
    }
    // A long call is given as it is.
    let grown = r#"(func (export "wm_alloc") (param i32) (result i32)
        (drop (memory.grow (i32.const 200))) (i32.const 65536))"#;
    let echo = r#"(func (export "wm_judge") (param i32 i32) (result i64)
        (i64.extend_i32_u (i32.load8_u (i32.add (local.get 0) (i32.sub (local.get 1) (i32.const 1))))))"#;
    let (_folder, mut modules) = one(&built(&[MEMORY, VERSION, grown, echo]));
    let arguments = json!({"content": "\u{1}".repeat(1 << 20)});
    let judged = modules.judge(CALL, "default", arguments.as_object().unwrap());
    // The last byte is `}`, 125, and what lies at 0 is no answer.
    assert!(
        judged
            .unwrap_err()
            .to_string()
            .contains("its answer is none")
    );
}

#[test]
fn what_goes_wrong_afterwards_is_told() {
    let (_folder, path) = state();
    let observing = |code: &str| {
        with(&format!(
            r#"(func (export "wm_observe") (param i32 i32) {code})"#
        ))
    };
    let mut server = Server::start(&path, &UNLIMITED);
    for (code, wanted) in [
        ("unreachable", "wm_observe trapped"),
        (ENDLESS, "wm_observe took longer"),
    ] {
        put(&path, "m.wasm", &observing(code));
        let (kept, is_error) = server.try_call("remember", &json!({"content": "plum"}));
        let warnings = kept["warnings"].as_array().unwrap();
        assert!(!is_error && kept["status"] == "success", "{kept}");
        let warning = warnings[0].as_str().unwrap();
        assert!(
            warnings.len() == 1 && warning.contains(wanted) && warning.starts_with("module m: "),
            "{kept}"
        );
    }
    assert_eq!(server.call("list_memories", json!({}))["total"], 16 + 2);
    // Beside an error as well
    let (missing, is_error) = server.try_call("read_memory", &json!({"id": "none"}));
    assert!(
        is_error && missing["warnings"].is_array() && missing["error"].is_string(),
        "{missing}"
    );
    fs::remove_file(path.join("governance/m.wasm")).unwrap();

    let reporting = |text: &str| {
        let (data, packed) = data(text);
        with(&format!(
            r#"{data} (func (export "wm_report") (result i64) (i64.const {packed}))"#
        ))
    };
    put(&path, "a.wasm", &reporting(r#"{"a": [1, {"b": null}]}"#));
    put(&path, "b.wasm", &reporting("[1]"));
    put(
        &path,
        "c.wasm",
        &with(r#"(func (export "wm_report") (result i64) (i64.const 0))"#),
    );
    put(
        &path,
        "d.wasm",
        &with(r#"(func (export "wm_report") (result i64) unreachable)"#),
    );
    let harmony = server.call("harmony_vector", json!({}));
    let reports = harmony["details"]["modules"].as_object().unwrap();
    assert_eq!(reports["a"], json!({"a": [1, {"b": null}]}));
    assert!(
        reports["b"]["error"]
            .as_str()
            .unwrap()
            .contains("no JSON object"),
        "{harmony}"
    );
    assert!(!reports.contains_key("c"), "{harmony}");
    assert!(
        reports["d"]["error"]
            .as_str()
            .unwrap()
            .contains("wm_report trapped"),
        "{harmony}"
    );
}

#[test]
fn what_cannot_be_judged_is_on_record() {
    let (_folder, path) = state();
    put(&path, "m.wasm", &judging("", "unreachable"));
    let mut server = Server::start(&path, &UNLIMITED);
    let (refused, is_error) = server.try_call("remember", &json!({"content": "plum"}));
    let error = refused["error"].as_str().unwrap();
    assert!(
        is_error && error.starts_with("module m: wm_judge trapped"),
        "{refused}"
    );
    fs::remove_file(path.join("governance/m.wasm")).unwrap();
    assert_eq!(server.call("list_memories", json!({}))["total"], 16);
    let karma = server.call("karma_report", json!({}));
    assert_eq!(karma["details"]["error"], 1, "{karma}");
    let observing = Modules::new(
        &StateRoot::find(&Surroundings {
            option: Some(path),
            ..Surroundings::default()
        })
        .unwrap(),
    )
    .observe(CALL, Status::Success, 0);
    assert_eq!(observing, [""; 0]);
}

/// Xorshift, of 64 bits
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).unwrap()).unwrap()
    }
}

/// Thousands of modules with a few bytes changed, left out or repeated: each is refused, or runs within its bounds.
#[test]
fn no_bytes_are_too_bad() {
    let (data, packed) = data(r#"{"action":"tag","tags":["a"]}"#);
    let whole = with(&format!(
        r#"{data} (table 2 funcref) (elem (i32.const 0) $sum $sum) (type $t (func (param i32) (result i32)))
        (global $seen (mut f64) (f64.const 0.5))
        (func $sum (type $t) (local $i i32) (local $s i32)
            (block $end (loop $next
                (br_if $end (i32.ge_u (local.get $i) (local.get 0)))
                (local.set $s (i32.add (local.get $s) (i32.load8_u offset=16 (local.get $i))))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br $next)))
            (local.get $s))
        (func (export "wm_judge") (param i32 i32) (result i64)
            (memory.copy (i32.const 2048) (local.get 0) (i32.const 64))
            (block $a (block $b (br_table $a $b (i32.and (local.get 1) (i32.const 1)))))
            (if (result i64) (call_indirect (type $t) (i32.const 9) (i32.const 1))
                (then (i64.const {packed})) (else (i64.const 0))))
        (func (export "wm_observe") (param i32 i32)
            (global.set $seen (f64.sqrt (f64.add (global.get $seen) (f64.convert_i32_u (local.get 1))))))
        (func (export "wm_report") (result i64) (i64.trunc_sat_f64_u (global.get $seen)))"#
    ));
    let (_folder, path) = state();
    let root = StateRoot::find(&Surroundings {
        option: Some(path.clone()),
        ..Surroundings::default()
    })
    .unwrap();
    let mut random = Random(0x5eed);
    let mut loaded = 0;
    for round in 0..4_000 {
        let mut bytes = whole.clone();
        if round > 0 {
            // Every second time what is called, behind types and names
            let from = bytes.len() / 3 * (round % 2);
            for _ in 0..=random.below(2) {
                let at = from + random.below(bytes.len() - from);
                match random.below(6) {
                    0 => bytes[at] ^= 1 << random.below(8),
                    1 | 2 => bytes[at] = u8::try_from(random.below(256)).unwrap(),
                    3 => drop(bytes.drain(at..bytes.len().min(at + 1 + random.below(4)))),
                    4 => bytes.insert(at, u8::try_from(random.below(256)).unwrap()),
                    _ => {
                        let end = bytes.len().min(at + random.below(16));
                        let copy = bytes[at..end].to_vec();
                        let to = random.below(bytes.len());
                        bytes.splice(to..to, copy);
                    }
                }
            }
        }
        put(&path, "one.wasm", &bytes);
        let mut modules = Modules::new(&root);
        let refreshed = modules.refresh();
        assert!(round > 0 || refreshed.is_ok(), "{refreshed:?}");
        if refreshed.is_ok() {
            loaded += 1;
            for _ in 0..2 {
                drop(judge(&mut modules));
                drop(modules.observe(CALL, Status::Success, 1));
                modules.report();
            }
        }
    }
    // Enough of them get as far as being called.
    assert!(loaded > 300, "{loaded}");
}
