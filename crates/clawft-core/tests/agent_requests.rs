//! The requests of a turn: which are made again, how long they may take, and when an answer is over.

#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

mod machine;
mod world;

use clawft_core::agent::{Error, Event};
use clawft_core::message::{Role, StopReason, Usage};
use clawft_core::platform::HttpError;
use serde_json::json;
use world::{Bench, KEY, Reply, answer, config, status};

fn done(text: &str) -> Event {
    Event::Done {
        text: text.into(),
        stop: StopReason::EndTurn,
        usage: Usage::default(),
        iterations: 0,
    }
}

/// Failures, and the waits after them; where each has one, there is an answer after the last. Waits are
/// those that OpenAI's and Anthropic's own clients make: half a second, doubled, up to eight; or what the
/// server says, if that is no more than a minute.
#[test]
fn what_passes_is_tried_again() {
    let after = |name, value| status(429, &[(name, value)]);
    let cut = |body: &str, broken| Reply::Says(200, vec![], body.into(), broken);
    let fails = |kind: fn(String) -> HttpError| Reply::Fails(kind("x".into()));
    let cases: [(Vec<Reply>, &[u64]); 18] = [
        (vec![], &[]),
        (vec![status(429, &[])], &[500]),
        (vec![after("retry-after", "7")], &[7000]),
        (vec![after("retry-after-ms", "40")], &[40]),
        (
            vec![after("retry-after", "Wed, 22 Apr 2026 10:11:15 GMT")],
            &[3000],
        ),
        (vec![after("retry-after", "3600")], &[]),
        (
            vec![status(500, &[]), status(502, &[]), status(529, &[])],
            &[500, 1000, 2000],
        ),
        (vec![status(500, &[]); 4], &[500, 1000, 2000]),
        (vec![status(400, &[])], &[]),
        (vec![status(401, &[])], &[]),
        (vec![status(302, &[("location", "http://elsewhere/")])], &[]),
        (vec![fails(HttpError::Connect)], &[500]),
        (
            vec![Reply::Fails(HttpError::Timeout), fails(HttpError::Broken)],
            &[500, 1000],
        ),
        (vec![cut("{\"choi", true)], &[500]),
        (vec![cut("", false)], &[500]),
        (vec![fails(HttpError::Unavailable)], &[]),
        (vec![fails(HttpError::Invalid)], &[]),
        (vec![cut("<html>", false)], &[]),
    ];
    for (number, (failures, waits)) in cases.into_iter().enumerate() {
        let mut config = config();
        config.agent.attempts = 4;
        let answered = failures.len() == waits.len();
        let answer = answered.then(|| answer("Hi"));
        let bench = Bench::new(config, failures.into_iter().chain(answer));
        let (events, end) = bench.run();
        assert_eq!(*bench.world.slept.borrow(), waits, "{number}");
        assert!(
            bench.world.replies.borrow().is_empty(),
            "{number}: too few requests"
        );
        if answered {
            assert_eq!(events, [Event::Text("Hi".into()), done("Hi")], "{number}");
            assert_eq!(end, Ok(()), "{number}");
            let kept = [(Role::User, "Hello".into()), (Role::Assistant, "Hi".into())];
            assert_eq!(bench.kept(), kept, "{number}");
        } else {
            let error = end.unwrap_err().to_string();
            assert!(!error.contains(KEY), "{number}: {error}");
            assert!(events.is_empty() && bench.kept().is_empty(), "{number}");
        }
    }
}

#[test]
fn nothing_is_tried_again_once_it_was_shown() {
    let mut config = config();
    config.agent.stream = true;
    let chunk = json!({"choices": [{"index": 0, "delta": {"content": "Once"}}]});
    let error = json!({"error": {"type": "server_error", "message": "oh"}});
    let bodies = [
        (format!("data: {chunk}\n\n"), true),
        (format!("data: {chunk}\n\n"), false),
        // In one piece with the text before it, which is shown all the same
        (format!("data: {chunk}\n\ndata: {error}\n\n"), false),
    ];
    for (body, broken) in bodies {
        let reply = Reply::Says(200, vec![], body, broken);
        let bench = Bench::new(config.clone(), [reply]);
        let (events, end) = bench.run();
        assert_eq!(events, [Event::Text("Once".into())]);
        assert!(end.is_err());
        assert!(bench.kept().is_empty());
    }
}

/// Whoever says that an answer is whole need not end the connection: what comes after is not waited for.
#[test]
fn an_answer_is_over_when_the_provider_says_so() {
    let call =
        json!({"index": 0, "id": "c", "function": {"name": "list_directory", "arguments": "{}"}});
    let openai = [
        format!(
            "data: {}\n\ndata: [DONE]\n\n",
            json!({"choices": [{"delta": {"tool_calls": [call]}}]})
        ),
        format!(
            "data: {}\n\ndata: [DONE]\n\n",
            json!({"choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]})
        ),
    ];
    let start = json!({
        "type": "content_block_start", "index": 0,
        "content_block": {"type": "tool_use", "id": "c", "name": "list_directory", "input": {}}
    });
    let text = json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}});
    let stop = json!({"type": "message_stop"});
    let anthropic = [start, text].map(|event| format!("data: {event}\n\ndata: {stop}\n\n"));
    for (model, bodies) in [("openai/m", openai), ("anthropic/m", anthropic)] {
        let mut config = config();
        config.agent.stream = true;
        config.agent.model = model.into();
        let mut provider = config.providers[0].clone();
        provider.0 = "anthropic".into();
        config.providers.push(provider);
        // All that comes after the body is that the connection breaks.
        let replies = bodies.map(|body| Reply::Says(200, vec![], body, true));
        let bench = Bench::new(config, replies);
        let (events, end) = bench.run();
        assert_eq!(end, Ok(()), "{model}");
        assert_eq!(events.len(), 4, "{model}: {events:?}");
        assert_eq!(events[2], Event::Text("Hi".into()), "{model}");
        assert_eq!(
            bench.happened(),
            ["send 0", "head 0", "drop 0", "send 1", "head 1", "drop 1"],
            "{model}"
        );
    }
}

#[test]
fn a_turn_ends_at_its_time() {
    let body = format!("{{{}", " ".repeat(5000));
    // An answer, and a failure, that come byte by byte
    for status in [200, 500] {
        let mut config = config();
        config.agent.turn_timeout = 10_000;
        let bench = Bench::new(config, [Reply::Says(status, vec![], body.clone(), false)]);
        bench.world.read_time.set(300);
        bench.world.read_size.set(1);
        let (events, end) = bench.run();
        assert_eq!(
            (events, end),
            (vec![], Err(Error::Time(10_000))),
            "{status}"
        );
        assert!(bench.world.now.get() <= 10_300, "{status}");
    }
}

#[test]
fn a_request_waits_no_longer_than_is_left() {
    let mut config = config();
    config.agent.turn_timeout = 10_000;
    config.agent.timeout = 8_000;
    config.agent.attempts = 9;
    let replies = [
        status(429, &[("retry-after", "4")]),
        status(429, &[("retry-after", "4")]),
        // More than is left
        status(429, &[("retry-after", "4")]),
    ];
    let bench = Bench::new(config, replies);
    let (_, end) = bench.run();
    let error = end.unwrap_err().to_string();
    assert!(error.contains("429") && error.contains("4 s"), "{error}");
    let requests = bench.world.requests.borrow();
    let timeouts: Vec<u64> = requests.iter().map(|request| request.timeout).collect();
    assert_eq!(timeouts, [8_000, 6_000, 2_000]);
}
