//! The agent: what it needs for a turn, keeps of it, and says of itself.

#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

mod machine;
mod world;

use clawft_core::agent::{Error, Event};
use clawft_core::message::{StopReason, ToolCall, Usage};
use clawft_core::provider::ModelError;
use clawft_core::session;
use serde_json::{Value, json};
use world::{Bench, KEY, answer, config};

#[test]
fn an_answer_that_cannot_be_kept_is_an_error() {
    let bench = Bench::new(config(), [answer("Hi")]);
    let turn = bench.turn();
    drop(turn);
    bench
        .machine
        .put(".clawft/sessions/cli%3Aa.jsonl/in-the-way", "");
    let end = bench.agent.turn("cli:a", "Hello").map(drop);
    assert!(matches!(end, Err(Error::Session(_))), "{end:?}");
}

/// A message is refused before a model is paid for it, and an answer kept as far as it can be.
#[test]
fn what_is_too_long_for_a_session_is_not_lost() {
    let bench = Bench::new(config(), []);
    for message in ["x".repeat(1 << 20), "\u{1}".repeat(180_000)] {
        let error = bench.agent.turn("cli:a", &message).err();
        assert_eq!(error, Some(Error::Session(session::Error::TooLong)));
    }
    assert!(bench.happened().is_empty());

    let long = "é\"".repeat(400_000);
    let bench = Bench::new(config(), [answer(&long), answer("Hi")]);
    let mut turn = bench.turn();
    assert!(turn.notices().is_empty());
    while let Some(event) = turn.next(&bench.agent).unwrap() {
        if let Event::Done { text, .. } = event {
            assert!(text == long, "the answer is shown whole");
        }
    }
    // é takes two bytes as JSON, and a quotation mark two.
    let (_, kept) = bench.kept().pop().unwrap();
    let (text, note) = kept.split_once('\n').unwrap();
    assert!(long.starts_with(text));
    assert!(text.len() > (1 << 20) / 4 * 3 - 500, "{}", text.len());
    assert_eq!(note, "[cut off: the answer has 1200000 bytes]");
    let notice = format!(
        "only the first {} of the answer's 1200000 bytes are kept",
        text.len()
    );
    assert_eq!(turn.notices(), [notice]);
    assert!(turn.notices().is_empty(), "each is told once");
    drop(turn);
    assert_eq!(bench.run().1, Ok(()));
}

#[test]
fn what_is_left_out_is_told_to_the_user_and_the_model() {
    let bench = Bench::new(config(), [answer("Hi")]);
    bench.machine.put(".clawft/sessions/cli%3Aa.json", "{");
    bench.machine.put("work/memory/MEMORY.md/x", "");
    let mut turn = bench.turn();
    let notices = turn.notices();
    let [session, memory] = &notices[..] else {
        panic!("{notices:?}")
    };
    assert!(
        session.contains("cli%3Aa.json: no conversation"),
        "{session}"
    );
    assert!(memory.contains("memory/MEMORY.md: a folder"), "{memory}");
    while turn.next(&bench.agent).unwrap().is_some() {}
    let request = bench.world.requests.borrow()[0].body.clone();
    let request: Value = serde_json::from_slice(&request).unwrap();
    let system = request["messages"][0]["content"].as_str().unwrap();
    assert!(
        notices.iter().all(|notice| system.contains(notice)),
        "{system}"
    );
}

#[test]
fn a_turn_needs_a_message_a_key_and_a_session() {
    let bench = Bench::new(config(), []);
    let error = |session: &str, message: &str| bench.agent.turn(session, message).err();
    assert_eq!(error("cli:a", " \n"), Some(Error::NoMessage));
    assert!(matches!(error("", "Hello"), Some(Error::Session(_))));
    let mut config = config();
    config.providers.clear();
    let bench = Bench::new(config, []);
    let error = bench
        .agent
        .turn("cli:a", "Hello")
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("OPENAI_API_KEY"), "{error}");
    assert!(bench.agent.check_model().is_err());
    assert_eq!(bench.agent.capabilities()["status"], json!(error));
}

#[test]
fn capabilities() {
    let bench = Bench::new(config(), []);
    let capabilities = bench.agent.capabilities();
    assert_eq!(capabilities["status"], "ready");
    assert_eq!(capabilities["provider"], "openai");
    assert_eq!(capabilities["model"], "openai/m");
    assert_eq!(capabilities["version"], env!("CARGO_PKG_VERSION"));
    let tools = capabilities["tools"].as_array().unwrap();
    // Upstream's list of what a build for WASM has
    for name in [
        "read_file",
        "write_file",
        "edit_file",
        "list_directory",
        "memory_read",
        "memory_write",
        "web_fetch",
        "web_search",
    ] {
        assert!(tools.contains(&json!(name)), "{name}");
    }
    let excluded = capabilities["excluded_tools"].as_array().unwrap();
    for name in ["exec_shell", "spawn"] {
        let name = json!(name);
        assert!(tools.contains(&name) != excluded.contains(&name), "{name}");
    }
    // No channel is open that it could write to.
    assert!(!tools.contains(&json!("message")) && excluded.contains(&json!("message")));
    assert!(!capabilities.to_string().contains(KEY));
}

#[test]
fn events_as_json() {
    let call = ToolCall {
        id: "i".into(),
        name: "n".into(),
        arguments: "{}".into(),
    };
    let result = Event::ToolResult {
        id: "i".into(),
        name: "n".into(),
        content: "c".into(),
        failed: true,
    };
    let end = Event::Done {
        text: "t".into(),
        stop: StopReason::MaxTokens,
        usage: Usage {
            input: 1,
            output: 2,
        },
        iterations: 3,
    };
    for (event, json) in [
        (
            Event::Text("a\"b".into()),
            json!({"type": "text", "text": "a\"b"}),
        ),
        (
            Event::ToolCall(call),
            json!({"type": "tool_call", "id": "i", "name": "n", "arguments": "{}"}),
        ),
        (
            result,
            json!({"type": "tool_result", "id": "i", "name": "n", "content": "c", "failed": true}),
        ),
        (
            end,
            json!({"type": "done", "text": "t", "stop": "max_tokens",
                   "usage": {"input": 1, "output": 2}, "iterations": 3}),
        ),
    ] {
        assert_eq!(event.to_json(), json);
    }
    let error = Error::Model {
        provider: "p".into(),
        error: ModelError::Truncated,
    };
    let json = error.to_json();
    assert_eq!(
        (&json["type"], &json["message"]),
        (&json!("error"), &json!(error.to_string()))
    );
}

#[test]
fn the_model_may_be_changed_between_turns() {
    let mut bench = Bench::new(config(), [answer("1"), answer("2")]);
    assert_eq!(bench.run().1, Ok(()));
    bench.agent.config_mut().agent.model = "openai/other".into();
    assert_eq!(bench.run().1, Ok(()));
    let requests = bench.world.requests.borrow();
    let models: Vec<Value> = requests
        .iter()
        .map(|request| serde_json::from_slice::<Value>(&request.body).unwrap()["model"].clone())
        .collect();
    assert_eq!(models, ["m", "other"]);
    assert_eq!(bench.agent.config().agent.model, "openai/other");
}
