//! What goes over the pipes: each file of `protocol` is what a client sends, and what it must get.
//!
//! A text in `send` goes as it is; anything else as JSON on a line. In `receive`, an object needs the
//! keys that are written and may have others, `"*"` is any value, and `"json"` beside a `"type": "text"`
//! is what the text says as JSON.

#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

mod program;

use std::thread;

use program::{Server, UNLIMITED, fits, state};
use serde_json::{Value, json};

#[test]
fn transcripts() {
    let cases = program::transcripts();
    for case in &cases {
        let name = &case["name"];
        let (_folder, root) = state();
        let mut server = Server::start(&root, &UNLIMITED);
        for sent in case["send"].as_array().unwrap() {
            match sent {
                Value::String(text) => server.write(text),
                message => server.write(&format!("{message}\n")),
            }
        }
        let (received, code) = server.end();
        let expected = &case["receive"];
        let received = Value::Array(received);
        assert!(
            fits(expected, &received),
            "{name}\nexpected {expected:#}\nreceived {received:#}"
        );
        assert_eq!(code, Some(0), "{name}");
    }
    let count = cases.len();
    assert!(count > 20, "only {count} transcripts");
}

/// Of 120,000 bytes, which would take tens of megabytes; what is in a text is no value.
#[test]
fn a_message_of_too_many_values_is_not_read() {
    let (_folder, root) = state();
    let mut server = Server::start(&root, &UNLIMITED);
    server.write(&format!("[{}0]\n", "[],".repeat(40_000)));
    let text = r#"[{,\""#.repeat(40_000);
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"text": text}});
    server.write(&format!("{ping}\n"));
    let (received, code) = server.end();
    assert_eq!(received[0]["error"]["code"], -32600);
    assert!(
        received[0]["error"]["message"]
            .to_string()
            .contains("65536 values")
    );
    assert_eq!(received[1]["result"], json!({}));
    assert_eq!(code, Some(0));
}

#[test]
fn a_transcript_that_differs_does_not_fit() {
    for (expected, found) in [
        (json!([]), json!([1])),
        (json!({"a": 1}), json!({"a": 2})),
        (json!({"a": "*"}), json!({})),
        (
            json!({"json": {"a": 1}}),
            json!({"type": "text", "text": "{\"a\": 2}"}),
        ),
    ] {
        assert!(!fits(&expected, &found), "{expected} {found}");
    }
}

/// A line is passed by as it comes, so it does not have to fit into memory.
#[test]
fn a_line_that_is_too_long_is_refused_and_the_next_is_served() {
    let (_folder, root) = state();
    let mut server = Server::start(&root, &[]);
    let start = r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":""#;
    server.write(start);
    let piece = "x".repeat(1 << 20);
    for _ in 0..=wm_seed::lines::LIMIT >> 20 {
        server.write(&piece);
    }
    server.write("\"}}\n{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}\n");
    let refused = server.read().unwrap();
    assert_eq!(refused["error"]["code"], -32600, "{refused}");
    assert_eq!(refused["id"], Value::Null);
    assert_eq!(
        server.read().unwrap(),
        json!({"jsonrpc": "2.0", "id": 2, "result": {}})
    );
}

/// Nothing is opened before a tool needs it: a large database does not delay the beginning.
#[test]
fn nothing_is_made_before_a_tool_is_called() {
    let (_folder, root) = state();
    let mut server = Server::start(&root, &[]);
    let params = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {}});
    let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params});
    server.write(&format!("{hello}\n"));
    server.write("{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/list\"}\n");
    assert_eq!(
        server.read().unwrap()["result"]["protocolVersion"],
        "2025-11-25"
    );
    assert!(server.read().unwrap()["result"]["tools"].is_array());
    assert!(!root.exists());
    server.call("gnosis", json!({}));
    assert!(root.join("memory/whitemagic.db").exists());
}

/// MCP's own rules for a listing: names, and schemas that say what is required.
#[test]
fn tools_are_listed_as_clients_need_them() {
    let tools = wm_seed::tools::listing();
    assert!(tools.len() >= 28, "{}", tools.len());
    let mut names: Vec<_> = tools
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    for tool in &tools {
        let name = tool["name"].as_str().unwrap();
        let letters = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter);
        assert!(
            (1..=128).contains(&name.len()) && name.chars().all(letters),
            "{name}"
        );
        let schema = &tool["inputSchema"];
        assert_eq!(schema["type"], "object", "{name}");
        let properties = schema["properties"].as_object().unwrap();
        for (property, of) in properties {
            assert!(of["description"].is_string(), "{name} {property}");
        }
        for required in schema["required"].as_array().into_iter().flatten() {
            assert!(
                properties.contains_key(required.as_str().unwrap()),
                "{name} {required}"
            );
        }
        assert!(tool["annotations"]["readOnlyHint"].is_boolean(), "{name}");
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), tools.len());
}

/// While one waits for a rate, others are served; and the client is told how long.
#[test]
fn calls_beyond_the_rate_are_put_off() {
    let (_folder, root) = state();
    let mut server = Server::start(&root, &["--rate-tool", "3", "--rate-global", "1000"]);
    let replies: Vec<_> = (0..40)
        .map(|_| server.try_call("manifest", &json!({})))
        .collect();
    let served = replies.iter().filter(|(_, is_error)| !is_error).count();
    assert!((3..40).contains(&served), "{served}");
    let (refused, is_error) = replies.last().unwrap();
    assert!(is_error);
    assert!(refused["retry_after_ms"].as_u64().unwrap() > 0, "{refused}");
    let (_, is_error) = server.try_call("capabilities", &json!({}));
    assert!(!is_error);
}

/// The pipes hold less than this together: a client may write while it does not read yet.
#[test]
fn replies_wait_for_a_client_that_writes_first() {
    let (_folder, root) = state();
    let mut server = Server::start(&root, &UNLIMITED);
    let input = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    let mut stdin = server.take_input();
    let writer = thread::spawn(move || {
        use std::io::Write as _;
        for _ in 0..64 {
            writeln!(stdin, "{input}").unwrap();
        }
    });
    for _ in 0..64 {
        assert!(server.read().unwrap()["result"]["tools"].is_array());
    }
    writer.join().unwrap();
}
