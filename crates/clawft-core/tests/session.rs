//! Session files: their format, their windows, and what a crash may take.

mod machine;

use std::cell::RefCell;
use std::rc::Rc;

use clawft_core::message::{Message, Role, ToolCall};
use clawft_core::platform::native::NativeRandom;
use clawft_core::platform::{Directory, Entry, FileError, FileErrorKind};
use clawft_core::session::{Error, RECORD_LIMIT, Store, WRITE_LIMIT, fitting};
use machine::{Fixed, Machine};
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

/// What fits is as JSON has it, where a quotation mark takes two bytes and a control character six.
#[test]
fn the_longest_message_is_kept() {
    let machine = Machine::new();
    let store = store(&machine);
    for (text, bytes) in [("x", 1), ("é", 2), ("\"", 2), ("\n", 2), ("\u{1}", 6)] {
        let long = text.repeat(RECORD_LIMIT / bytes);
        let most = fitting(&long);
        assert!(
            most.len() < long.len() && long.starts_with(most),
            "{text:?}"
        );
        let room = RECORD_LIMIT - most.len() / text.len() * bytes;
        assert!(room < 300, "{text:?}: {room} bytes are left");
        store.append("a", &[(Role::User, most)]).expect("kept");
        assert_eq!(said(&store, "a", 1), [format!("user: {most}")]);
    }
    assert_eq!(fitting("short"), "short");
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

/// A folder that adds to files as hosts of WASI do, so many bytes at a time, and lets others do something
/// before each time.
struct Host {
    folder: Rc<dyn Directory>,
    others: RefCell<Box<dyn FnMut()>>,
}

impl Directory for Host {
    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, FileError> {
        self.folder.read(path, limit)
    }

    fn read_tail(&self, path: &str, limit: u64) -> Result<(Vec<u8>, u64), FileError> {
        self.folder.read_tail(path, limit)
    }

    fn write_pieces(&self, path: &str, content: &[&[u8]], new: bool) -> Result<bool, FileError> {
        self.folder.write_pieces(path, content, new)
    }

    fn append(&self, path: &str, content: &[u8]) -> Result<(), FileError> {
        for piece in content.chunks(64 << 10) {
            (self.others.borrow_mut())();
            self.folder.append(path, piece)?;
        }
        Ok(())
    }

    fn metadata(&self, path: &str) -> Result<Option<Entry>, FileError> {
        self.folder.metadata(path)
    }

    fn list(&self, path: &str) -> Result<Vec<Entry>, FileError> {
        self.folder.list(path)
    }

    fn remove(&self, path: &str) -> Result<(), FileError> {
        self.folder.remove(path)
    }

    fn open(&self, path: &str, create: bool) -> Result<Rc<dyn Directory>, FileError> {
        self.folder.open(path, create)
    }
}

/// Sessions of a host, beside which others do something.
fn hosted(machine: &Machine, others: impl FnMut() + 'static) -> Store {
    let host = Host {
        folder: machine.open(".clawft/sessions"),
        others: RefCell::new(Box::new(others)),
    };
    let older = vec![machine.open(".nanobot/workspace/sessions")];
    Store::new(
        Rc::new(host),
        older,
        Rc::new(Fixed(0)),
        Rc::new(NativeRandom),
    )
}

#[test]
fn what_another_was_killed_in_meanwhile_takes_nothing_with_it() {
    let machine = Machine::new();
    store(&machine)
        .append("a", &[(Role::User, "before")])
        .expect("kept");
    let folder = machine.open(".clawft/sessions");
    let mut torn = Some(br#"{"role":"user","content":"to"#);
    let store = hosted(&machine, move || {
        if let Some(line) = torn.take() {
            folder.append("a.jsonl", line).expect("a part of a line");
        }
    });
    store.append("a", &[(Role::User, "kept")]).expect("kept");
    assert_eq!(said(&store, "a", 50), ["user: before", "user: kept"]);
}

#[test]
fn turns_that_are_longer_than_a_write_do_not_mix() {
    let machine = Machine::new();
    let (question, answer) = ("q\n".repeat(40_000), "ä\"".repeat(70_000));
    let turn = [(Role::User, question.as_str()), (Role::Assistant, &answer)];
    let other = store(&machine);
    let mut number = 0;
    let store = hosted(&machine, move || {
        number += 1;
        let short = number.to_string();
        let long = short.repeat(100_000);
        let text = if number % 3 == 0 { &long } else { &short };
        other.append("a", &[(Role::User, text)]).expect("kept");
    });
    for _ in 0..3 {
        store.append("a", &turn).expect("kept");
    }
    let session = store.load("a", 1000).expect("a session");
    assert_eq!(session.skipped, 0);
    let mut numbers = Vec::new();
    let mut answers = 0;
    let mut messages = session.messages.iter();
    while let Some(message) = messages.next() {
        if message.content == question {
            assert_eq!(messages.next().expect("an answer").content, answer);
            answers += 1;
        } else {
            let short: String = message.content.chars().take(2).collect();
            numbers.push((message.content.len() >= 100_000, short));
        }
    }
    assert_eq!(answers, 3);
    // Each turn takes some writes.
    assert!(numbers.len() > 12, "{}", numbers.len());
    assert!(numbers.iter().any(|(long, _)| *long));
    // Whoever reads lines finds JSON, and no role in what is not a message.
    for line in machine.get(".clawft/sessions/a.jsonl").lines() {
        assert!(line.len() < WRITE_LIMIT, "{} bytes", line.len());
        let line: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(line.get("role").is_none(), line.get("_type").is_some());
    }
}

/// Of a turn that is longer than a write, a crash leaves all or nothing.
#[test]
fn a_long_turn_that_is_cut_is_not_there() {
    let machine = Machine::new();
    let store = store(&machine);
    let before = [(Role::User, "before")];
    store.append("a", &before).expect("kept");
    let answer = "é".repeat(100_000);
    let turn = [(Role::User, "ask"), (Role::Assistant, answer.as_str())];
    store.append("a", &turn).expect("kept");
    let path = machine.path(".clawft/sessions/a.jsonl");
    let whole = std::fs::read(&path).expect("a file");
    let ends = whole.iter().enumerate();
    let mut ends = ends.filter_map(|(at, byte)| (*byte == b'\n').then_some(at));
    let first = ends.nth(1).expect("two lines");
    let all = ["user: before", "user: ask", &format!("assistant: {answer}")];
    for cut in (first..whole.len())
        .step_by(4999)
        .chain([whole.len() - 2, whole.len() - 1])
    {
        std::fs::write(&path, &whole[..cut]).expect("a file");
        let kept = if cut < whole.len() - 1 { 1 } else { 3 };
        assert_eq!(said(&store, "a", 50), all[..kept], "cut at {cut}");
        store.append("a", &[(Role::User, "next")]).expect("kept");
        let mut after = all[..kept].to_vec();
        after.push("user: next");
        assert_eq!(said(&store, "a", 50), after, "cut at {cut}");
        assert_eq!(said(&store, "a", 1), ["user: next"], "cut at {cut}");
        let session = store.load("a", 50).expect("a session");
        // The text of which parts are missing, and the part that is torn
        assert!(session.skipped <= 2, "cut at {cut}: {}", session.skipped);
    }
}

/// A session that is brought over may take more than is read of a file.
#[test]
fn a_long_part_of_an_older_session_is_none() {
    let machine = Machine::new();
    older(&machine, &["old"]);
    let line =
        json!({"role": "user", "content": "x".repeat(100_000), "imported": "1"}).to_string() + "\n";
    machine.put(".clawft/sessions/cli%3Aa.jsonl", line.repeat(50));
    let store = store(&machine);
    assert_eq!(said(&store, "cli:a", 50), ["user: old"]);
    store.append("cli:a", &[(Role::User, "new")]).expect("kept");
    assert_eq!(said(&store, "cli:a", 50), ["user: old", "user: new"]);
}

/// Puts an older session of those messages.
fn older(machine: &Machine, texts: &[&str]) {
    let lines: Vec<String> = texts
        .iter()
        .map(|text| json!({"role": "user", "content": text}).to_string())
        .collect();
    let path = ".nanobot/workspace/sessions/cli_a.jsonl";
    machine.put(path, lines.join("\n"));
}

#[test]
fn an_older_session_is_brought_over_whole_whenever_it_ends() {
    let long = "long ".repeat(20_000);
    // At each byte of a short one, and at some of one that takes several writes
    for (middle, step) in [("twö\n", 1), (long.as_str(), 9973)] {
        let machine = Machine::new();
        older(&machine, &["one", middle, "three"]);
        let store = store(&machine);
        let path = machine.path(".clawft/sessions/cli%3Aa.jsonl");
        store.append("cli:a", &[(Role::User, "new")]).expect("kept");
        let whole = std::fs::read(&path).expect("a file");
        let end = whole.len();
        let old = ["user: one", &format!("user: {middle}"), "user: three"];
        for cut in (0..end).step_by(step).chain([end - 1, end]) {
            std::fs::write(&path, &whole[..cut]).expect("a file");
            let mut expected = old.to_vec();
            if cut + 1 >= end {
                expected.push("user: new");
            }
            assert_eq!(said(&store, "cli:a", 50), expected, "cut at {cut}");
            store
                .append("cli:a", &[(Role::User, "next")])
                .expect("kept");
            expected.push("user: next");
            assert_eq!(said(&store, "cli:a", 50), expected, "cut at {cut}");
            let last = &expected[expected.len() - 2..];
            assert_eq!(said(&store, "cli:a", 2), last, "cut at {cut}");
        }
    }
}

#[test]
fn an_older_session_that_two_bring_over_is_there_once() {
    for when in 0..4 {
        let machine = Machine::new();
        let long = "x".repeat(50_000);
        older(&machine, &["one", &long, "three", &long, "five"]);
        let other = hosted(&machine, || {});
        let mut writes = 0;
        let store = hosted(&machine, move || {
            if writes == when {
                other
                    .append("cli:a", &[(Role::User, "other")])
                    .expect("kept");
            }
            writes += 1;
        });
        store.append("cli:a", &[(Role::User, "new")]).expect("kept");
        let texts = said(&store, "cli:a", 50);
        let short: Vec<&str> = texts
            .iter()
            .map(|text| &text[..text.len().min(11)])
            .collect();
        let old = [
            "user: one",
            "user: xxxxx",
            "user: three",
            "user: xxxxx",
            "user: five",
        ];
        assert_eq!(short[..5], old, "at write {when}");
        // At the third write the first has ended, and after that there is none.
        match when {
            0 | 1 => assert_eq!(short[5..], ["user: other", "user: new"], "at write {when}"),
            _ => assert_eq!(short.len(), 6, "at write {when}"),
        }
    }
}

#[test]
fn an_empty_file_is_none() {
    let machine = Machine::new();
    older(&machine, &["old"]);
    let names = [
        ".clawft/sessions/cli%3Aa.jsonl",
        ".clawft/sessions/cli%3Aa.json",
        ".clawft/workspace/sessions/cli%3Aa.jsonl",
        ".clawft/workspace/sessions/cli_a.json",
    ];
    for name in names {
        machine.put(name, "");
    }
    let store = store(&machine);
    let session = store.load("cli:a", 50).expect("a session");
    assert!(session.notices().is_empty(), "{:?}", session.notices());
    assert_eq!(said(&store, "cli:a", 50), ["user: old"]);
    store.append("cli:a", &[(Role::User, "new")]).expect("kept");
    assert_eq!(said(&store, "cli:a", 50), ["user: old", "user: new"]);
}

#[test]
fn what_is_left_out_is_told() {
    let too_long = "x".repeat(RECORD_LIMIT + 1);
    let text = |text: &str| json!({"role": "user", "content": text});
    let broken = ".clawft/workspace/sessions/cli_a.json";
    let lines = ".clawft/workspace/sessions/cli_a.jsonl";
    let own = ".clawft/sessions/cli%3Aa.jsonl";
    let unread = |what: &str| format!("an older conversation is not brought over: cli_a.{what}");
    let entries = |count| format!("entries of this conversation that cannot be read: {count}");
    let cases = [
        (
            broken,
            "{\"messages\": [".to_owned(),
            vec![],
            unread("json: no conversation"),
        ),
        (broken, "[]".to_owned(), vec![], String::new()),
        (
            broken,
            format!("[\"{}\"]", "x".repeat(4 << 20)),
            vec![],
            unread("json: longer than 4194304 bytes"),
        ),
        (
            lines,
            "no\nlines\n".to_owned(),
            vec![],
            unread("jsonl: no conversation"),
        ),
        (
            broken,
            json!([text("a"), text(&too_long), 5, text("b")]).to_string(),
            vec!["user: a", "user: b"],
            entries(2),
        ),
        (
            own,
            format!("{}\ntorn\n", text("a")),
            vec!["user: a"],
            entries(1),
        ),
    ];
    for (path, content, expected, notice) in cases {
        let machine = Machine::new();
        machine.put(path, &content);
        let store = store(&machine);
        let session = store.load("cli:a", 50).expect("a session");
        assert_eq!(session.notices().concat(), notice, "{path}");
        assert_eq!(said(&store, "cli:a", 50), expected, "{path}");
        store.append("cli:a", &[(Role::User, "new")]).expect("kept");
        let after: Vec<&str> = expected.iter().copied().chain(["user: new"]).collect();
        assert_eq!(said(&store, "cli:a", 50), after, "{path}");
        if path != own {
            assert_eq!(machine.get(path), content, "the old file stays");
        }
    }
}

/// The APIs of models have such contents, and other programs keep them so.
#[test]
fn the_texts_of_a_list_are_the_content() {
    let machine = Machine::new();
    let lines = [
        json!({"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url"}, {"type": "text", "text": "b"}]}),
        json!({"role": "assistant", "content": [{"type": "text", "text": "c"}]}),
        json!({"role": "user", "content": [{"type": "image_url"}]}),
    ];
    older(&machine, &[]);
    let path = ".nanobot/workspace/sessions/cli_a.jsonl";
    machine.put(path, lines.map(|line| line.to_string()).join("\n"));
    let store = store(&machine);
    let expected = ["user: a\nb", "assistant: c"];
    assert_eq!(said(&store, "cli:a", 50), expected);
    let session = store.load("cli:a", 50).expect("a session");
    assert_eq!(session.skipped, 1);
    store.append("cli:a", &[]).expect("kept");
    assert_eq!(said(&store, "cli:a", 50), expected);
}

/// Models refuse calls without results, and results without calls.
#[test]
fn calls_and_results_are_there_together() {
    let asks = |text: &str, ids: &[&str]| {
        let mut message = Message::text(Role::Assistant, text);
        message.tool_calls.extend(ids.iter().map(|id| ToolCall {
            id: (*id).into(),
            name: "n".into(),
            arguments: "{}".into(),
        }));
        message
    };
    let user = || Message::text(Role::User, "u");
    let result = |id: &str| Message::tool_result(id, "r");
    let whole = [user(), asks("", &["1", "2"]), result("2"), result("1")];
    let cases = [
        (whole.to_vec(), whole.to_vec()),
        (vec![user(), asks("", &["1"])], vec![user()]),
        (
            vec![user(), asks("I look", &["1"]), user()],
            vec![user(), asks("I look", &[]), user()],
        ),
        (
            vec![asks("", &["1", "2"]), result("1"), user()],
            vec![user()],
        ),
        (
            vec![
                asks("", &["1"]),
                result("1"),
                result("3"),
                user(),
                result("4"),
            ],
            vec![asks("", &["1"]), result("1"), user()],
        ),
    ];
    for (number, (messages, expected)) in cases.into_iter().enumerate() {
        let machine = Machine::new();
        let store = store(&machine);
        store.append_messages("a", &messages).expect("kept");
        let session = store.load("a", 50).expect("a session");
        assert_eq!(session.messages, expected, "{number}");
    }
}
