//! Session files: their format, their windows, and what a crash may take.

mod machine;

use clawft_core::message::{Message, Role, ToolCall};
use clawft_core::platform::FileErrorKind;
use clawft_core::session::{Error, RECORD_LIMIT, Store};
use machine::Machine;
use serde_json::{Value, json};

fn store(machine: &Machine) -> Store {
    Store::open(&machine.platform()).expect("sessions")
}

fn said(store: &Store, key: &str, window: usize) -> Vec<String> {
    let session = store.load(key, window).expect("a session");
    let text = |message: Message| format!("{}: {}", message.role.as_str(), message.content);
    session.messages.into_iter().map(text).collect()
}

#[test]
fn a_file_has_the_lines_of_the_original() {
    let machine = Machine::new();
    let store = store(&machine);
    store
        .append(
            "telegram:12345",
            &[(Role::User, "hello\n\"you\""), (Role::Assistant, "hé")],
        )
        .expect("kept");
    let call = ToolCall {
        id: "c1".into(),
        name: "read_file".into(),
        arguments: "{\"path\":\"a\"}".into(),
    };
    let mut asks = Message::text(Role::Assistant, "");
    asks.tool_calls.push(call);
    let messages = [asks, Message::tool_result("c1", "A")];
    store
        .append_messages("telegram:12345", &messages)
        .expect("kept");
    let file = machine.get(".clawft/sessions/telegram%3A12345.jsonl");
    let lines: Vec<Value> = file
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let at = "2026-04-22T10:11:12.345Z";
    assert_eq!(
        lines,
        [
            json!({"_type": "metadata", "created_at": at, "updated_at": at, "metadata": {}, "last_consolidated": 0}),
            json!({"role": "user", "content": "hello\n\"you\"", "timestamp": at}),
            json!({"role": "assistant", "content": "hé", "timestamp": at}),
            json!({"role": "assistant", "content": "", "timestamp": at, "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "read_file", "arguments": "{\"path\":\"a\"}"}}
            ]}),
            json!({"role": "tool", "content": "A", "timestamp": at, "tool_call_id": "c1"}),
        ]
    );
    let session = store.load("telegram:12345", 50).expect("a session");
    assert_eq!(session.skipped, 0);
    assert_eq!(session.messages[2..], messages);
}

#[test]
fn a_session_that_is_not_there_is_empty() {
    let machine = Machine::new();
    let store = store(&machine);
    assert!(said(&store, "cli:none", 50).is_empty());
    assert!(store.keys().expect("keys").is_empty());
}

#[test]
fn a_window_is_the_end_and_begins_with_no_result() {
    let machine = Machine::new();
    let store = store(&machine);
    for number in 0..10 {
        store
            .append("a", &[(Role::User, &number.to_string())])
            .expect("kept");
    }
    assert_eq!(said(&store, "a", 3), ["user: 7", "user: 8", "user: 9"]);
    assert!(said(&store, "a", 0).is_empty());
    assert_eq!(said(&store, "a", 100).len(), 10);
    let messages = [
        Message::tool_result("lost", "x"),
        Message::text(Role::User, "after"),
    ];
    store.append_messages("a", &messages).expect("kept");
    assert_eq!(said(&store, "a", 2), ["user: after"]);
}

#[test]
fn only_the_end_of_a_long_file_is_read() {
    let machine = Machine::new();
    let store = store(&machine);
    store
        .append("long", &[(Role::User, "first")])
        .expect("kept");
    let path = machine.path(".clawft/sessions/long.jsonl");
    // 1 TiB of holes before the last message.
    let file = std::fs::OpenOptions::new()
        .append(true)
        .open(path)
        .expect("a file");
    file.set_len(1 << 40).expect("holes");
    store.append("long", &[(Role::User, "last")]).expect("kept");
    let session = store.load("long", 50).expect("a session");
    assert_eq!(session.messages, [Message::text(Role::User, "last")]);
    assert_eq!(said(&store, "long", 1), ["user: last"]);
}

#[test]
fn messages_of_any_length_fill_a_window() {
    let machine = Machine::new();
    let store = store(&machine);
    let long = "x".repeat(200_000);
    for _ in 0..10 {
        store.append("a", &[(Role::User, &long)]).expect("kept");
    }
    assert_eq!(said(&store, "a", 8).len(), 8);
    let most = "x".repeat(RECORD_LIMIT);
    let error = store
        .append("a", &[(Role::User, &most)])
        .expect_err("too long");
    assert_eq!(error, Error::TooLong);
    assert_eq!(said(&store, "a", 100).len(), 10);
}

#[test]
fn keys_name_sessions_and_no_other_file() {
    let machine = Machine::new();
    let store = store(&machine);
    let long = "k".repeat(250);
    let wide = "日".repeat(28);
    for key in [
        "",
        "..",
        "../x",
        "a/../b",
        "a/b",
        "/etc/passwd",
        "a\\b",
        "..\\x",
        "a\0b",
        "a\nb",
        "a\u{7f}",
        "a\u{85}b",
        "cli:..",
        &long,
        &wide,
    ] {
        let refused = |outcome: Result<(), Error>| matches!(outcome, Err(Error::Key { .. }));
        assert!(refused(store.load(key, 1).map(drop)), "{key:?}");
        assert!(refused(store.append(key, &[(Role::User, "x")])), "{key:?}");
    }
    let longest = "k".repeat(249);
    let widest = "日".repeat(27);
    let good = [
        "cli:direct",
        "a b",
        "a%3Ab",
        "ünï:日本",
        "émoji:🦀",
        ".hidden",
        "a_b",
        "a:b",
        "A:b",
        "con",
        &longest,
        &widest,
    ];
    for key in good {
        store.append(key, &[(Role::User, key)]).expect(key);
    }
    for key in good {
        assert_eq!(said(&store, key, 50), [format!("user: {key}")]);
    }
    let mut keys = good.map(str::to_owned).to_vec();
    keys.sort();
    assert_eq!(store.keys().expect("keys"), keys);
}

#[test]
fn what_is_no_message_is_passed_by_and_counted() {
    let machine = Machine::new();
    let lines = [
        r#"{"_type":"metadata"}"#,
        "",
        r#"{"role":"user","content":"a","timestamp":"x","more":1}"#,
        "garbage",
        r#"{"role":"nobody","content":"b"}"#,
        r#"{"role":"user","content":5}"#,
        "[]",
        r#"{"role":"assistant","content":null}"#,
        "\u{0}\u{0}",
        r#"{"role":"user","content":"c"#,
    ];
    machine.put(".clawft/sessions/a.jsonl", lines.join("\n"));
    let store = store(&machine);
    let session = store.load("a", 50).expect("a session");
    assert_eq!(session.skipped, 6);
    assert_eq!(said(&store, "a", 50), ["user: a", "assistant: "]);
    store.append("a", &[(Role::User, "d")]).expect("kept");
    assert_eq!(said(&store, "a", 50), ["user: a", "assistant: ", "user: d"]);
}

#[test]
fn sessions_of_before_are_read_and_brought_over() {
    let message = |text: &str| json!({"role": "user", "content": text}).to_string();
    let cases = [
        (
            ".clawft/sessions/cli%3Aa.json",
            format!("[{}]", message("old")),
        ),
        (
            ".clawft/sessions/cli_a.json",
            format!("{{\"messages\": [{}, 5]}}", message("old")),
        ),
        (
            ".clawft/workspace/sessions/cli_a.json",
            format!("[{}]", message("old")),
        ),
        (".clawft/workspace/sessions/cli%3Aa.jsonl", message("old")),
        (
            ".clawft/workspace/sessions/cli_a.jsonl",
            format!("{}\n", message("old")),
        ),
        (".nanobot/workspace/sessions/cli_a.jsonl", message("old")),
    ];
    for (path, content) in cases {
        let machine = Machine::new();
        machine.put(path, &content);
        let store = store(&machine);
        assert_eq!(said(&store, "cli:a", 50), ["user: old"], "{path}");
        assert!(!machine.path(".clawft/sessions/cli%3Aa.jsonl").exists());
        store.append("cli:a", &[(Role::User, "new")]).expect("kept");
        assert_eq!(
            said(&store, "cli:a", 50),
            ["user: old", "user: new"],
            "{path}"
        );
        assert_eq!(machine.get(path), content, "the old file stays");
        store
            .append("cli:a", &[(Role::User, "newer")])
            .expect("kept");
        assert_eq!(said(&store, "cli:a", 50).len(), 3, "{path}");
    }
}

#[test]
fn failures_of_the_file_system_are_told() {
    let mut machine = Machine::new();
    machine.put(".clawft/sessions/a.jsonl/in-the-way", "");
    let store = store(&machine);
    for outcome in [store.load("a", 1).map(drop), store.append("a", &[])] {
        let error = outcome.expect_err("a folder");
        let Error::File(error) = error else {
            panic!("{error}")
        };
        assert_eq!(error.kind, FileErrorKind::WrongKind);
    }
    machine.set("HOME", None);
    let error = Store::open(&machine.platform())
        .map(drop)
        .expect_err("no home");
    assert!(error.to_string().contains("set HOME"), "{error}");
}

/// A crash may cut the file anywhere: that costs no message but the one that was cut, and neither the
/// next.
#[test]
fn a_file_cut_at_any_byte_loses_at_most_the_last_message() {
    let machine = Machine::new();
    let store = store(&machine);
    let texts = ["one", "twö\n", "three {\"role\":\"user\"}", "fo\"ur"];
    let path = machine.path(".clawft/sessions/a.jsonl");
    let mut ends = Vec::new();
    for text in texts {
        store.append("a", &[(Role::User, text)]).expect("kept");
        ends.push(std::fs::metadata(&path).expect("a file").len());
    }
    let whole = std::fs::read(&path).expect("a file");
    for cut in 0..=whole.len() {
        std::fs::write(&path, &whole[..cut]).expect("a file");
        // A message is whole with its last brace.
        let kept = ends.iter().filter(|end| **end <= cut as u64 + 1).count();
        let expected: Vec<String> = texts[..kept]
            .iter()
            .map(|text| format!("user: {text}"))
            .collect();
        assert_eq!(said(&store, "a", 50), expected, "cut at {cut}");
        store
            .append("a", &[(Role::Assistant, "next")])
            .expect("kept");
        let mut after = expected;
        after.push("assistant: next".to_owned());
        assert_eq!(said(&store, "a", 50), after, "cut at {cut}");
        let session = store.load("a", 50).expect("a session");
        assert!(session.skipped <= 1, "cut at {cut}");
    }
}
