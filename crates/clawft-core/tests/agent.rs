//! The loop of the agent, with a web and a clock that do what the test says.

#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

mod machine;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use clawft_core::agent::{Agent, Error, Event, Turn};
use clawft_core::config::{Config, ProviderConfig, Secret};
use clawft_core::message::{Role, StopReason, ToolCall, Usage};
use clawft_core::platform::{Clock, Exchange, Head, HttpClient, HttpError, Random, Request};
use clawft_core::provider::ModelError;
use clawft_core::session;
use machine::Machine;
use serde_json::{Value, json};

const KEY: &str = "sk-very-secret";

/// What the web says to one request.
#[derive(Clone)]
enum Reply {
    /// Nothing, for that reason
    Fails(HttpError),
    /// A status, headers, a body, and whether it breaks off after it
    Says(u16, Vec<(&'static str, &'static str)>, String, bool),
}

fn says(body: &Value) -> Reply {
    Reply::Says(200, vec![], body.to_string(), false)
}

fn answer(text: &str) -> Reply {
    says(&json!({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]}))
}

fn calls(stop: &str, calls: &[(&str, &str, Value)]) -> Reply {
    let calls: Vec<Value> = calls
        .iter()
        .map(|(id, name, arguments)| {
            let function = json!({"name": name, "arguments": arguments.to_string()});
            json!({"id": id, "type": "function", "function": function})
        })
        .collect();
    let message = json!({"content": null, "tool_calls": calls});
    says(&json!({"choices": [{"message": message, "finish_reason": stop}]}))
}

fn status(status: u16, headers: &[(&'static str, &'static str)]) -> Reply {
    let body = json!({"error": {"message": format!("it is {KEY}"), "type": "t"}});
    Reply::Says(status, headers.to_vec(), body.to_string(), false)
}

/// The world: replies in order, time that passes only when someone waits, and what happened.
#[derive(Default)]
struct World {
    replies: RefCell<VecDeque<Reply>>,
    requests: RefCell<Vec<Request>>,
    happened: RefCell<Vec<String>>,
    now: Cell<u64>,
    /// What each read of a body takes
    read_time: Cell<u64>,
    /// The most bytes that one gives
    read_size: Cell<usize>,
    slept: RefCell<Vec<u64>>,
}

struct Handle(Rc<World>);

impl HttpClient for Handle {
    fn send(&self, request: &Request) -> Result<Box<dyn Exchange>, HttpError> {
        let number = self.0.requests.borrow().len();
        self.0.requests.borrow_mut().push(request.clone());
        self.0.happened.borrow_mut().push(format!("send {number}"));
        let reply = self.0.replies.borrow_mut().pop_front();
        let reply = reply.expect("a request too many");
        let (head, body) = match &reply {
            Reply::Fails(error @ HttpError::Invalid(_)) => return Err(error.clone()),
            Reply::Fails(_) => (Head::default(), Vec::new()),
            Reply::Says(status, headers, body, _) => {
                let headers = headers.iter();
                let headers = headers.map(|(name, value)| ((*name).into(), (*value).into()));
                let status = *status;
                let head = Head {
                    status,
                    headers: headers.collect(),
                };
                (head, body.clone().into_bytes())
            }
        };
        Ok(Box::new(Told {
            world: Rc::clone(&self.0),
            number,
            reply,
            head,
            body,
            read: 0,
        }))
    }
}

struct Told {
    world: Rc<World>,
    number: usize,
    reply: Reply,
    head: Head,
    body: Vec<u8>,
    read: usize,
}

impl Exchange for Told {
    fn head(&mut self) -> Result<&Head, HttpError> {
        let mut happened = self.world.happened.borrow_mut();
        happened.push(format!("head {}", self.number));
        match &self.reply {
            Reply::Fails(error) => Err(error.clone()),
            Reply::Says(..) => Ok(&self.head),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, HttpError> {
        self.world
            .now
            .set(self.world.now.get() + self.world.read_time.get());
        let rest = &self.body[self.read..];
        let most = match self.world.read_size.get() {
            0 => usize::MAX,
            most => most,
        };
        let length = rest.len().min(buffer.len()).min(most);
        if length == 0 && matches!(self.reply, Reply::Says(.., true)) {
            return Err(HttpError::Broken("cut".into()));
        }
        buffer[..length].copy_from_slice(&rest[..length]);
        self.read += length;
        Ok(length)
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        let event = format!("drop {}", self.number);
        self.world.happened.borrow_mut().push(event);
    }
}

impl Clock for Handle {
    fn now(&self) -> u64 {
        // 2026-04-22 10:11:12 UTC, by `date -u -d … +%s`
        1_776_852_672_000 + self.0.now.get()
    }

    fn monotonic(&self) -> u64 {
        self.0.now.get()
    }

    fn sleep(&self, milliseconds: u64) {
        self.0.slept.borrow_mut().push(milliseconds);
        self.0.now.set(self.0.now.get() + milliseconds);
    }
}

impl Random for Handle {
    fn next(&self) -> u64 {
        0
    }
}

fn config() -> Config {
    let mut config = Config::default();
    config.agent.workspace = "~/work".into();
    config.agent.model = "openai/m".into();
    config.agent.stream = false;
    let provider = ProviderConfig {
        api_key: Secret::new(KEY.into()),
        ..ProviderConfig::default()
    };
    config.providers.push(("openai".into(), provider));
    config
}

struct Bench {
    /// Keeps the home folder
    machine: Machine,
    world: Rc<World>,
    agent: Agent,
}

impl Bench {
    fn new(config: Config, replies: impl IntoIterator<Item = Reply>) -> Self {
        let machine = Machine::new();
        let world = Rc::new(World::default());
        world.replies.borrow_mut().extend(replies);
        let mut platform = machine.platform();
        platform.http = Rc::new(Handle(Rc::clone(&world)));
        platform.clock = Rc::new(Handle(Rc::clone(&world)));
        platform.random = Rc::new(Handle(Rc::clone(&world)));
        let agent = Agent::new(platform, config).unwrap();
        Self {
            machine,
            world,
            agent,
        }
    }

    fn turn(&self) -> Turn {
        self.agent.turn("cli:a", "Hello").unwrap()
    }

    /// All events of a turn, and how it ended.
    fn run(&self) -> (Vec<Event>, Result<(), Error>) {
        let mut turn = self.turn();
        let mut events = Vec::new();
        loop {
            match turn.next(&self.agent) {
                Ok(Some(event)) => events.push(event),
                end => {
                    assert_eq!(
                        turn.next(&self.agent),
                        Ok(None),
                        "nothing comes after the end"
                    );
                    return (events, end.map(drop));
                }
            }
        }
    }

    fn kept(&self) -> Vec<(Role, String)> {
        let session = self.agent.sessions().load("cli:a", 100).unwrap();
        let messages = session.messages.into_iter();
        messages
            .map(|message| (message.role, message.content))
            .collect()
    }

    fn happened(&self) -> Vec<String> {
        self.world.happened.borrow().clone()
    }
}

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
