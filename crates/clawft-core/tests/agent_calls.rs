//! The tools that a model calls in a turn, and what it is told of their results.

#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

mod machine;
mod world;

use clawft_core::agent::{Error, Event};
use clawft_core::config::Secret;
use clawft_core::platform::HttpError;
use serde_json::{Value, json};
use world::{Bench, KEY, Reply, answer, calls, config};

#[test]
fn calls_are_all_started_before_one_is_waited_for() {
    let fetch = |host: &str| json!({"url": format!("https://{host}.example.org/")});
    let bench = Bench::new(
        config(),
        [
            calls(
                "tool_calls",
                &[
                    ("c0", "web_fetch", fetch("a")),
                    ("c1", "web_fetch", fetch("b")),
                    ("c2", "web_fetch", fetch("c")),
                ],
            ),
            Reply::Says(200, vec![], "page a".into(), false),
            Reply::Fails(HttpError::Timeout),
            Reply::Says(200, vec![], "page c".into(), false),
            answer("Read"),
        ],
    );
    let (events, end) = bench.run();
    assert_eq!(end, Ok(()));
    let happened = bench.happened();
    let place = |event: &str| happened.iter().position(|other| other == event).unwrap();
    assert!(place("send 3") < place("head 1"), "{happened:?}");
    let results: Vec<(&str, bool)> = events
        .iter()
        .filter_map(|event| match event {
            Event::ToolResult { id, failed, .. } => Some((id.as_str(), *failed)),
            _ => None,
        })
        .collect();
    assert_eq!(results, [("c0", false), ("c1", true), ("c2", false)]);
    let last = bench.world.requests.borrow().last().unwrap().body.clone();
    let last: Value = serde_json::from_slice(&last).unwrap();
    let messages = last["messages"].as_array().unwrap();
    let tools: Vec<&Value> = messages
        .iter()
        .map(|message| &message["tool_call_id"])
        .collect();
    assert_eq!(tools[3..], [&json!("c0"), &json!("c1"), &json!("c2")]);
}

#[test]
fn a_turn_that_is_dropped_gives_up_its_requests() {
    let bench = Bench::new(config(), [answer("Hi")]);
    bench.world.read_size.set(10);
    let mut turn = bench.turn();
    // The text comes at the end of plain JSON: the turn is over, but for its last event.
    assert_eq!(turn.next(&bench.agent), Ok(Some(Event::Text("Hi".into()))));
    drop(turn);
    assert_eq!(bench.happened().last().unwrap(), "drop 0");

    let page = Reply::Says(200, vec![], "page".into(), false);
    let arguments = json!({"url": "https://example.org/"});
    let replies = [
        calls(
            "tool_calls",
            &[
                ("c0", "web_fetch", arguments.clone()),
                ("c1", "web_fetch", arguments),
            ],
        ),
        page.clone(),
        page,
    ];
    let bench = Bench::new(config(), replies);
    let mut turn = bench.turn();
    for _ in 0..3 {
        turn.next(&bench.agent).unwrap().unwrap();
    }
    drop(turn);
    let happened = bench.happened();
    assert!(happened.contains(&"drop 2".to_owned()), "{happened:?}");
    assert!(bench.kept().is_empty());
}

/// A call that came whole before the limit is run; one that did not is left out.
#[test]
fn whole_calls_of_an_answer_that_was_cut_off_are_run() {
    let write = json!({"path": "whole.txt", "content": "all"});
    let bench = Bench::new(
        config(),
        [
            calls("length", &[("c0", "write_file", write)]),
            answer("Hi"),
        ],
    );
    let (_, end) = bench.run();
    assert_eq!(end, Ok(()));
    assert_eq!(bench.machine.get("work/whole.txt"), "all");
}

#[test]
fn results_are_cut_between_characters() {
    // The file is shorter than the tool's own limit; its escapes make the result longer than what a model
    // is given.
    let bench = Bench::new(
        config(),
        [
            calls(
                "tool_calls",
                &[("c0", "read_file", json!({"path": "quotes.txt"}))],
            ),
            answer("Read"),
        ],
    );
    bench
        .machine
        .put("work/quotes.txt", "\u{1}ä".repeat(12_000));
    let (events, end) = bench.run();
    assert_eq!(end, Ok(()));
    let Event::ToolResult { content, .. } = &events[1] else {
        panic!("{events:?}");
    };
    assert!(
        content.len() <= 65_536 && content.len() > 65_000,
        "{}",
        content.len()
    );
    assert!(content.ends_with(" bytes]"), "{}", &content[65_400..]);
}

#[test]
fn rounds_of_tools_end() {
    let mut config = config();
    config.agent.max_tool_iterations = 3;
    let list = || {
        calls(
            "tool_calls",
            &[("c", "list_directory", json!({"path": "."}))],
        )
    };
    let bench = Bench::new(config.clone(), [list(), list(), list(), list()]);
    let (events, end) = bench.run();
    assert_eq!((events.len(), end), (6, Err(Error::Iterations(3))));
    let (_, end) = Bench::new(config, [list(), list(), list(), answer("Hi")]).run();
    assert_eq!(end, Ok(()));
}

/// Whatever tool comes upon a key that the agent uses, neither the model nor the user's screen is told it.
#[test]
fn keys_are_taken_out_of_results() {
    let mut config = config();
    let odd = "a\"quoted\\key";
    config.tools.search_api_key = Secret::new(odd.into());
    config.providers[0].1.extra_headers = vec![
        ("Authorization".into(), "Bearer hidden-token".into()),
        ("x-title".into(), "my notes".into()),
    ];
    let read = calls(
        "tool_calls",
        &[("a", "read_file", json!({"path": "found.txt"}))],
    );
    let bench = Bench::new(config, [read, answer("Done.")]);
    let found = format!("1 {KEY} 2 {KEY}{KEY} 3 {odd} 4 hidden-token 5 my notes 6");
    bench.machine.put("work/found.txt", found);
    let (events, end) = bench.run();
    assert_eq!(end, Ok(()));
    let Event::ToolResult { content, .. } = &events[1] else {
        panic!("{events:?}");
    };
    let expected = "1 [secret] 2 [secret][secret] 3 [secret] 4 [secret] 5 my notes 6";
    assert!(content.contains(expected), "{content}");
    let requests = bench.world.requests.borrow();
    let body = String::from_utf8(requests[1].body.clone()).unwrap();
    assert!(body.contains(expected), "{body}");
}

/// Tools have no more time than the turn.
#[test]
fn a_tool_is_told_when_the_turn_ends() {
    let mut config = config();
    config.agent.timeout = 60_000;
    config.agent.turn_timeout = 5000;
    let fetch = calls(
        "tool_calls",
        &[("a", "web_fetch", json!({"url": "http://example.com/"}))],
    );
    let bench = Bench::new(config, [fetch, Reply::Says(200, vec![], "x".into(), false)]);
    // Of the first answer and of the page, each with two reads
    bench.world.read_time.set(2000);
    let (_, end) = bench.run();
    assert_eq!(end, Err(Error::Time(5000)));
    let requests = bench.world.requests.borrow();
    let times: Vec<u64> = requests.iter().map(|request| request.timeout).collect();
    assert_eq!(times, [5000, 1000]);
}
