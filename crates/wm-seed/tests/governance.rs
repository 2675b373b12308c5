//! Rules and the ledger: what they forbid, what they note, and what they notice.

#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

mod program;

use std::fs;
use std::path::Path;

use program::{Server, UNLIMITED, state};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use wm_seed::StateRoot;
use wm_seed::ledger::{Ledger, Status};
use wm_seed::root::Surroundings;
use wm_seed::rules::{Action, Deed, Rules};

fn root(path: &Path) -> StateRoot {
    StateRoot::find(&Surroundings {
        option: Some(path.to_owned()),
        ..Surroundings::default()
    })
    .unwrap()
}

/// A rule for each condition and each action, and two that are one.
const RULES: &str = r"
rules:
  - {name: glob, action: warn, severity: 0.1, tool_patterns: ['galaxy.*']}
  - {name: keyword, action: TAG, severity: 0.2, keyword_patterns: [Tuna]}
  - {name: level, action: log, severity: 0.3, safety_levels: [write]}
  - {name: expression, action: throttle, severity: 0.4, regex_patterns: ['\bsalm\w+']}
  - {name: strict, action: block, severity: 0.9, profile: strict, keyword_patterns: [tuna]}
  - {name: twice, action: block, severity: 1, keyword_patterns: [cod]}
  - {name: twice, action: log, severity: 0, keyword_patterns: [cod]}
";

#[test]
fn a_rule_matches_by_any_condition() {
    let (_folder, path) = state();
    fs::create_dir_all(&path).unwrap();
    fs::write(path.join("dharma_rules.yaml"), RULES).unwrap();
    let decide = |profile: &str, tool: &str, description: &str, safety: &str| {
        let mut rules = Rules::new(&root(&path), profile);
        rules.refresh().unwrap();
        let decision = rules.evaluate(&Deed {
            tool,
            description,
            safety,
        });
        let names: Vec<_> = decision
            .rules
            .iter()
            .map(|rule| rule.name.clone())
            .collect();
        (
            names.join(" "),
            decision.action,
            (decision.score * 10.0).round() / 10.0,
        )
    };
    let expected = |names: &str, action, score: f64| (names.to_owned(), action, score);
    for (profile, tool, description, safety, wanted) in [
        ("default", "", "nothing", "", expected("", Action::Log, 1.0)),
        (
            "default",
            "galaxy.list",
            "",
            "",
            expected("glob", Action::Warn, 0.9),
        ),
        (
            "default",
            "",
            "fortunate",
            "",
            expected("keyword", Action::Tag, 0.8),
        ),
        (
            "default",
            "",
            "",
            "WRITE",
            expected("level", Action::Log, 0.7),
        ),
        (
            "default",
            "",
            "Salmon",
            "",
            expected("expression", Action::Throttle, 0.6),
        ),
        ("default", "", "psalms", "", expected("", Action::Log, 1.0)),
        (
            "strict",
            "",
            "tuna",
            "",
            expected("keyword strict", Action::Block, 0.1),
        ),
        (
            "default",
            "",
            "cod",
            "",
            expected("twice", Action::Log, 1.0),
        ),
        (
            "default",
            "galaxy.x",
            "salmon",
            "",
            expected("glob expression", Action::Throttle, 0.6),
        ),
    ] {
        assert_eq!(
            decide(profile, tool, description, safety),
            wanted,
            "{tool} {description} {safety}"
        );
    }
}

const BLOCK: &str =
    "rules: [{name: no, action: block, explain: Not here., keyword_patterns: [plum]}]";

#[test]
fn rules_are_read_anew_when_they_change() {
    let (_folder, path) = state();
    let mut server = Server::start(&path, &UNLIMITED);
    let plum = json!({"content": "plum"});
    server.call("remember", plum.clone());
    fs::create_dir_all(path.join("dharma/rules.d")).unwrap();
    let file = path.join("dharma/rules.d/10-mine.yaml");
    fs::write(&file, BLOCK).unwrap();
    let (blocked, is_error) = server.try_call("remember", &plum);
    assert!(is_error, "{blocked}");
    assert_eq!(blocked["reasons"], json!(["Not here."]));
    // It is no deed to look for something.
    server.call("recall", json!({"query": "plum"}));

    for (text, wanted) in [
        (
            "rules: [{name: no, action: forbid, keyword_patterns: [x]}]",
            "forbid",
        ),
        (
            "rules: [{name: no, action: block}]",
            "rule no: it never matches",
        ),
        (
            "rules: [{name: no, action: block, keyword_pattern: [x]}]",
            "keyword_pattern",
        ),
        (
            "rules: [{name: no, action: block, regex_patterns: ['(']}]",
            "rule no: regex_patterns",
        ),
        (
            "rules: [{name: no, action: block, tool_patterns: ['[']}]",
            "rule no: tool_patterns",
        ),
        (
            "rules: [{name: no, action: block, severity: 2, keyword_patterns: [x]}]",
            "severity",
        ),
        ("rules: [", "10-mine.yaml"),
    ] {
        fs::write(&file, text).unwrap();
        let (broken, is_error) = server.try_call("gnosis", &json!({}));
        let error = broken["error"].as_str().unwrap_or_default();
        assert!(
            is_error && error.contains(wanted) && error.contains("10-mine.yaml"),
            "{text}: {broken}"
        );
    }
    fs::remove_file(&file).unwrap();
    server.call("remember", plum);
    let karma = server.call("karma_report", json!({}));
    assert_eq!(karma["details"]["blocked"], 1, "{karma}");
}

#[test]
fn the_profile_secure_changes_nothing() {
    let (_folder, path) = state();
    let mut server = Server::start(&path, &["--profile", "secure"]);
    for (tool, arguments) in [
        ("remember", json!({"content": "x"})),
        ("delete_memory", json!({"id": "x"})),
        ("galaxy.create", json!({"name": "x"})),
    ] {
        let (value, is_error) = server.try_call(tool, &arguments);
        assert!(
            is_error && value["error"] == "a rule forbids this",
            "{tool}: {value}"
        );
    }
    assert_eq!(server.call("list_memories", json!({}))["total"], 16);
}

#[test]
fn a_throttled_tool_is_slower_than_others() {
    let (_folder, path) = state();
    fs::create_dir_all(&path).unwrap();
    let slow = "rules: [{name: slow, action: throttle, tool_patterns: [manifest]}]";
    fs::write(path.join("dharma_rules.yaml"), slow).unwrap();
    let mut server = Server::start(&path, &UNLIMITED);
    let served = (0..40)
        .filter(|_| !server.try_call("manifest", &json!({})).1)
        .count();
    assert!((6..40).contains(&served), "{served}");
    assert!((0..40).all(|_| !server.try_call("capabilities", &json!({})).1));
}

fn ledger() -> (tempfile::TempDir, Ledger) {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::new(folder.path().join("karma.jsonl"));
    (folder, ledger)
}

fn append(ledger: &Ledger, tool: &str) {
    ledger.append(tool, Status::Invoked, &[], true).unwrap();
    ledger
        .append(tool, Status::Success, &["a\"b".to_owned()], false)
        .unwrap();
}

#[test]
fn each_line_has_the_hash_of_the_one_before() {
    let (_folder, ledger) = ledger();
    append(&ledger, "one");
    append(&ledger, "two\",\"status\":\"success");
    let text = fs::read_to_string(ledger.path()).unwrap();
    let mut before = String::new();
    for line in text.lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        assert_eq!(entry["prev"], before.as_str(), "{line}");
        before = format!("{:x}", Sha256::digest(line));
    }
    assert_eq!(text.lines().count(), 4);
    let report = ledger.report().unwrap();
    assert_eq!(
        (report.total_actions, report.success, report.broken_at),
        (2, 2, None)
    );
}

#[test]
fn a_change_a_gap_and_a_torn_line_are_noticed() {
    let (_folder, ledger) = ledger();
    for tool in ["one", "two", "three"] {
        append(&ledger, tool);
    }
    let good = fs::read_to_string(ledger.path()).unwrap();
    let lines: Vec<_> = good.lines().collect();
    let without = |at: usize| [&lines[..at], &lines[at + 1..]].concat().join("\n") + "\n";
    let report = |text: &str| {
        fs::write(ledger.path(), text).unwrap();
        ledger.report().unwrap()
    };
    assert_eq!(report(&good).broken_at, None);
    assert_eq!(report(&good.replace("two", "owt")).broken_at, Some(4));
    assert_eq!(report(&without(0)).broken_at, Some(1));
    assert_eq!(report(&without(3)).broken_at, Some(4));

    // Torn by a loss of power; what comes after begins with a new line.
    report(&good[..good.len() - 9]);
    append(&ledger, "four");
    let torn = ledger.report().unwrap();
    assert_eq!(
        (torn.unreadable, torn.broken_at, torn.unfinished()),
        (1, None, 1)
    );

    // Another program's lines have no hash.
    let foreign = "{\"tool\":\"x\",\"status\":\"invoked\",\"ts\":1}\n{\"tool\":\"x\",\"status\":\"success\",\"ts\":1}\n";
    report(foreign);
    append(&ledger, "five");
    let mixed = ledger.report().unwrap();
    assert_eq!(
        (mixed.total_actions, mixed.success, mixed.broken_at),
        (2, 2, None)
    );
}

/// Names of rules have no limit, and a line of the ledger has one.
#[test]
fn a_line_keeps_as_many_tags_as_fit() {
    let (_folder, ledger) = ledger();
    let tags: Vec<String> = (0..200).map(|rule| format!("rule-{rule:060}")).collect();
    for tags in [&tags[..], &["x".repeat(10_000)]] {
        ledger.append("one", Status::Invoked, tags, true).unwrap();
    }
    append(&ledger, "two");
    let text = fs::read_to_string(ledger.path()).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let kept = lines[0]["tags"].as_array().unwrap();
    assert!(kept.len() > 40 && kept[0] == tags[0], "{}", kept.len());
    assert_eq!(lines[1]["tags"], Value::Null);
    let report = ledger.report().unwrap();
    assert_eq!((report.unreadable, report.broken_at), (0, None));
    assert_eq!(report.total_actions, 3);
}
