//! MCP over HTTP: the program as its clients find it, and as others do.

#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

mod program;

use std::collections::BTreeSet;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use program::web::{Client, Reply, Web, initialize, post};
use program::{Server, fits, state, told, wm_seed};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use wm_seed::http::gate::Gate;
use wm_seed::http::{Bounds, Http, Stop};
use wm_seed::limits::Limits;
use wm_seed::root::Surroundings;
use wm_seed::{StateRoot, lines};

const TOKEN: &str = "correct-horse-battery";
const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

/// A server within this process, so that its bounds can be narrow.
struct Inside {
    address: SocketAddr,
    stop: Stop,
    thread: Option<thread::JoinHandle<()>>,
}

impl Inside {
    fn start(root: &Path, bounds: Bounds) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let http = Http::new(listener, Gate::default(), bounds);
        let (address, stop) = (http.address().unwrap(), http.stop());
        let root = StateRoot::find(&Surroundings {
            option: Some(root.to_owned()),
            ..Surroundings::of_process(None)
        })
        .unwrap();
        let thread = thread::spawn(move || {
            let limits = Limits::new(100_000, 100_000);
            http.serve(&mut wm_seed::Server::new(root, "default", limits));
        });
        Self {
            address,
            stop,
            thread: Some(thread),
        }
    }

    fn client(&self) -> Client {
        Client::new(self.address)
    }

    fn ask(&self, text: &str) -> Reply {
        let mut client = self.client();
        client.write(text.as_bytes());
        client.read()
    }
}

const BEARER: &str = "Authorization: Bearer correct-horse-battery\r\n";

/// A file beside the state root with the token in it.
fn token_file(root: &Path) -> String {
    let file = root.with_file_name("token");
    fs::write(&file, TOKEN).unwrap();
    file.to_str().unwrap().to_owned()
}

/// Bounds that no machine is too slow for.
fn patient() -> Bounds {
    let long = Duration::from_hours(1);
    Bounds {
        head: long,
        body: long,
        response: long,
        idle: long,
        ..Bounds::default()
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.stop.stop();
        let _ = self.thread.take().unwrap().join();
    }
}

#[test]
fn a_session_from_its_beginning_to_its_end() {
    let (_folder, root) = state();
    let web = Web::start(&root, &[]);
    let mut client = web.client();
    let result = client.initialize("2025-11-25", "");
    assert_eq!(result["protocolVersion"], "2025-11-25");
    assert_eq!(result["serverInfo"]["name"], "wm-seed");
    let name = client.session.clone().unwrap();
    assert!(name.len() >= 32 && name.bytes().all(|byte| (0x21..0x7f).contains(&byte)));

    let fields = "MCP-Protocol-Version: 2025-11-25\r\n";
    let reply = client.post(PING, fields);
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.json(),
        json!({"jsonrpc": "2.0", "id": 1, "result": {}})
    );
    // NB: a date of RFC 9110, 5.6.7, as in "Sun, 06 Nov 1994 08:49:37 GMT"
    assert!(
        reply
            .field("date")
            .is_some_and(|date| date.len() == 29 && date.ends_with(" GMT"))
    );
    assert_eq!(reply.field("access-control-allow-origin"), None);
    let memory = json!({"title": "Kettle", "content": "The kettle is blue."});
    client.call("remember", memory);
    let found = client.call("recall", json!({"query": "blue kettle", "limit": 1}));
    assert_eq!(found["results"][0]["title"], "Kettle", "{found}");

    // What the client answers, and what it cancels
    for silent in [
        r#"{"jsonrpc":"2.0","id":7,"result":{}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#,
    ] {
        let reply = client.post(silent, "");
        assert_eq!((reply.status, reply.body.len()), (202, 0), "{silent}");
    }
    // An error of a request is an answer to it; what is no message has none.
    let reply = client.post(r#"{"jsonrpc":"2.0","id":2,"method":"nothing"}"#, "");
    assert_eq!(
        (reply.status, reply.json()["error"]["code"].clone()),
        (200, json!(-32601))
    );
    for (text, code) in [("{", -32700), ("", -32700), ("7", -32600), ("[]", -32600)] {
        let reply = client.post(text, "");
        assert_eq!(reply.status, 400, "{text}");
        assert_eq!(reply.json()["error"]["code"], code, "{text}");
    }

    let delete = |session: &str| {
        web.ask(&format!(
            "DELETE /mcp HTTP/1.1\r\nHost: localhost\r\n{session}\r\n"
        ))
    };
    let session = format!("Mcp-Session-Id: {name}\r\n");
    assert_eq!(delete("").status, 400);
    assert_eq!(delete("Mcp-Session-Id: unknown\r\n").status, 404);
    assert_eq!(delete(&session).status, 204);
    assert_eq!(delete(&session).status, 404);
    assert_eq!(client.post(PING, "").status, 404);
    client.session = None;
    assert_eq!(client.post(PING, "").status, 400);
    client.session = Some("0".repeat(32));
    assert_eq!(client.post(PING, "").status, 404);
    // And it may begin again.
    client.session = None;
    client.initialize("2025-06-18", "");
    assert_ne!(client.session, Some(name));
}

/// What goes over the pipes goes over HTTP, where a message is one on a line and the client begins as it must.
#[test]
fn transcripts_of_the_pipes() {
    let mut count = 0;
    for case in program::transcripts() {
        let sent = case["send"].as_array().unwrap();
        if sent.iter().any(Value::is_string) || sent[0]["method"] != "initialize" {
            continue;
        }
        let (_folder, root) = state();
        let web = Web::start(&root, &[]);
        let mut client = web.client();
        let mut received = Vec::new();
        for message in sent {
            let reply = client.post(&message.to_string(), "");
            if let Some(session) = reply.field("mcp-session-id") {
                client.session = Some(session.to_owned());
            }
            match reply.status {
                202 => assert!(reply.body.is_empty()),
                200 | 400 => received.push(reply.json()),
                _ => panic!("{reply:?}"),
            }
        }
        let (expected, received) = (&case["receive"], Value::Array(received));
        assert!(
            fits(expected, &received),
            "{}\nexpected {expected:#}\nreceived {received:#}",
            case["name"]
        );
        count += 1;
    }
    assert!(count >= 5, "only {count} transcripts");
}

#[test]
fn versions_and_batches() {
    let (_folder, root) = state();
    let web = Web::start(&root, &[]);
    let batch = format!(r#"[{PING},{{"jsonrpc":"2.0","method":"notifications/x"}},{{}}]"#);
    let silent = r#"[{"jsonrpc":"2.0","method":"notifications/x"}]"#;
    for (asked, agreed) in [
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2099-01-01", "2025-11-25"),
    ] {
        let mut client = web.client();
        let result = client.initialize(asked, "");
        assert_eq!(result["protocolVersion"], agreed);
        let reply = client.post(&batch, "");
        if agreed == "2025-03-26" {
            let replies = reply.json();
            assert_eq!(reply.status, 200);
            assert_eq!(replies.as_array().unwrap().len(), 2, "{replies}");
            assert_eq!(client.post(silent, "").status, 202);
        } else {
            assert_eq!(reply.status, 400);
        }
        // Without the field, what was agreed counts; with it, it must be one that there is.
        for (version, status) in [(agreed, 200), ("2099-01-01", 400), ("x", 400), ("", 400)] {
            let fields = format!("MCP-Protocol-Version: {version}\r\n");
            // NB: a request that is refused by its head ends the connection, and not the session
            let mut again = web.client();
            again.session = client.session.clone();
            assert_eq!(again.post(PING, &fields).status, status, "{version}");
            let begin = initialize(agreed).to_string();
            assert_eq!(
                web.client().post(&begin, &fields).status,
                status,
                "{version}"
            );
        }
    }
    // It begins no session.
    for text in [
        format!("[{}]", initialize("2025-03-26")),
        r#"{"jsonrpc":"2.0","method":"initialize"}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":1,"method":"initialize"}"#.to_owned(),
    ] {
        let reply = web.client().post(&text, "");
        assert_eq!(reply.field("mcp-session-id"), None, "{text}");
    }
}

#[test]
fn methods_paths_and_kinds_of_content() {
    let (_folder, root) = state();
    let web = Web::start(&root, &[]);
    for (line, status) in [
        ("GET /mcp", 405),
        ("HEAD /mcp", 405),
        ("PUT /mcp", 405),
        ("OPTIONS /mcp", 405),
        ("get /mcp", 405),
        ("GET /", 404),
        ("GET /mcp/", 404),
        ("GET /MCP", 404),
        ("GET *", 404),
        ("DELETE /mcp?x", 400),
        ("DELETE http://localhost/mcp", 400),
        ("DELETE http://example.com/mcp", 400),
    ] {
        let mut client = web.client();
        client.write(format!("{line} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes());
        if line.starts_with("HEAD") {
            // A response to it has no body, whatever its length says.
            client.write(b"GET /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            let text = client.rest();
            assert_eq!(text.matches("HTTP/1.1 405").count(), 2, "{text}");
            assert_eq!(text.matches("jsonrpc").count(), 1, "{text}");
            continue;
        }
        let reply = client.read();
        assert_eq!(reply.status, status, "{line}");
        assert_eq!(reply.field("allow").is_some(), status == 405, "{line}");
    }

    let begin = initialize("2025-11-25").to_string();
    let length = begin.len();
    for (fields, status) in [
        ("Content-Type: application/json", 200),
        (
            "Content-Type: Application/JSON; charset=UTF-8\r\nAccept: */*",
            200,
        ),
        (
            "Content-Type: application/json; charset=\"utf-8\"\r\nAccept: application/*;q=0.5",
            200,
        ),
        (
            "Content-Type: application/json\r\nAccept: text/event-stream\r\nAccept: application/json",
            200,
        ),
        (
            "Content-Type: application/json\r\nAccept: text/event-stream",
            406,
        ),
        (
            "Content-Type: application/json\r\nAccept: application/json;q=0.00, text/html",
            406,
        ),
        ("Accept: application/json", 415),
        ("Content-Type: text/plain", 415),
        ("Content-Type: application/x-www-form-urlencoded", 415),
        ("Content-Type: application/json; charset=latin-1", 415),
        (
            "Content-Type: application/json\r\nContent-Encoding: gzip",
            415,
        ),
    ] {
        let request = format!(
            "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n{fields}\r\n\r\n{begin}"
        );
        assert_eq!(web.ask(&request).status, status, "{fields}");
    }
    // Text that is not in UTF-8
    let mut client = web.client();
    client.write(post("12", "").trim_end_matches("12").as_bytes());
    client.write(b"\"\xff");
    assert_eq!(client.read().status, 400);
}

/// What two programs could understand in two ways is refused, and the connection ends: nothing that follows is taken
/// for a request.
#[test]
fn ambiguous_requests_are_refused() {
    let (_folder, root) = state();
    let web = Web::start(&root, &[]);
    let kind = "Host: localhost\r\nContent-Type: application/json\r\n";
    let next = format!("POST /mcp HTTP/1.1\r\n{kind}Content-Length: 0\r\n\r\n");
    let chunked = format!("POST /mcp HTTP/1.1\r\n{kind}Transfer-Encoding: chunked\r\n\r\n");
    let with = |fields: &str| format!("POST /mcp HTTP/1.1\r\n{kind}{fields}\r\n\r\n");
    for (request, status) in [
        (
            with("Content-Length: 0\r\nTransfer-Encoding: chunked") + "0\r\n\r\n",
            400,
        ),
        (
            with("Transfer-Encoding: chunked\r\nContent-Length: 5") + "0\r\n\r\n",
            400,
        ),
        (with("Content-Length: 0\r\nContent-Length: 0"), 400),
        (
            with("Content-Length: 0\r\nContent-Length: 5") + "abcde",
            400,
        ),
        (with("Content-Length: 0, 0"), 400),
        (with("Content-Length: +0"), 400),
        (with("Content-Length: -1"), 400),
        (with("Content-Length: 0x0"), 400),
        (with("Content-Length:"), 400),
        (with("Content-Length: 99999999999999999999999999"), 413),
        (with("Transfer-Encoding: gzip, chunked") + "0\r\n\r\n", 501),
        (
            with("Transfer-Encoding: chunked, chunked") + "0\r\n\r\n",
            501,
        ),
        (with("Transfer-Encoding: identity"), 501),
        (
            with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked") + "0\r\n\r\n",
            400,
        ),
        (with("Transfer-Encoding : chunked") + "0\r\n\r\n", 400),
        (with("Transfer-Encoding:\r\n chunked") + "0\r\n\r\n", 400),
        (with("X: \x0bchunked"), 400),
        (with("Content-Length: 0\r\nX: a\rb"), 400),
        (
            with("Content-Length: 0\r\nX: a\nTransfer-Encoding: chunked"),
            400,
        ),
        (with("Content-Length: 0\r\nno field"), 400),
        (with("Host: localhost"), 400),
        (format!("{chunked}x\r\n\r\n"), 400),
        (format!("{chunked}\r\n0\r\n\r\n"), 400),
        (format!("{chunked}-1\r\n\r\n"), 400),
        (format!("{chunked}0x1\r\na\r\n0\r\n\r\n"), 400),
        (format!("{chunked}1 \r\na\r\n0\r\n\r\n"), 400),
        (format!("{chunked}1\na\r\n0\r\n\r\n"), 400),
        (format!("{chunked}1\r\na\n0\r\n\r\n"), 400),
        (format!("{chunked}1\r\nab\r\n0\r\n\r\n"), 400),
        (format!("{chunked}0\r\nX: a\n\r\n"), 400),
        (
            format!("{chunked}1;{}\r\na\r\n0\r\n\r\n", "x".repeat(300)),
            400,
        ),
        (
            format!("{chunked}0\r\n{}\r\n", "X: a\r\n".repeat(5000)),
            400,
        ),
        (format!("{chunked}fffffffffffffffff\r\n"), 413),
        (format!("{chunked}7fffffffffffffff\r\n"), 413),
        (next.replacen("\r\n", "\n", 1), 400),
        (format!("\r\n\r\n{next}"), 400),
        (format!("\n{next}"), 400),
        (next.replace("HTTP/1.1", "HTTP/1.2"), 505),
        (next.replace("HTTP/1.1", "HTTP/2.0"), 505),
        (next.replace(" HTTP/1.1", ""), 400),
        (next.replace("POST /mcp", "POST  /mcp"), 400),
        (next.replace("POST", "PO(ST"), 400),
        (next.replace("Host: localhost\r\n", ""), 400),
        (
            with("Transfer-Encoding: chunked").replace("HTTP/1.1", "HTTP/1.0") + "0\r\n\r\n",
            400,
        ),
    ] {
        let mut client = web.client();
        // NB: the server may have refused and ended it before all is written
        let _ = client.try_write(request.as_bytes());
        let _ = client.try_write(next.as_bytes());
        let reply = client.read();
        assert_eq!(reply.status, status, "{request:?}");
        assert_eq!(reply.field("connection"), Some("close"), "{request:?}");
        client.shut();
        assert!(client.try_read().is_none(), "{request:?}");
    }
    let mut client = web.client();
    client.initialize("2025-11-25", "");
}

#[test]
fn a_connection_serves_many_requests_however_they_come() {
    let (_folder, root) = state();
    let inside = Inside::start(&root, patient());
    let mut client = inside.client();
    client.initialize("2025-11-25", "");
    let session = format!("Mcp-Session-Id: {}\r\n", client.session.clone().unwrap());
    let ping = post(PING, &session);
    // Several at once
    client.write(ping.repeat(5).as_bytes());
    for _ in 0..5 {
        assert_eq!(client.read().status, 200);
    }
    // A byte at a time, as it is and in chunks
    let kind = "Host: localhost\r\nContent-Type: application/json\r\n";
    let (first, second) = PING.split_at(9);
    let length = second.len();
    let chunks = format!(
        "POST /mcp HTTP/1.1\r\n{kind}{session}Transfer-Encoding: chunked\r\n\r\n\
         9;a=b\r\n{first}\r\n{length:X}\r\n{second}\r\n0\r\nTrailer: x\r\n\r\n"
    );
    for request in [&ping, &chunks] {
        for byte in request.as_bytes() {
            client.write(&[*byte]);
        }
        assert_eq!(client.read().status, 200);
    }
    // In two pieces, parted anywhere
    for request in [&ping, &chunks] {
        for at in 1..request.len() {
            client.write(&request.as_bytes()[..at]);
            client.write(&request.as_bytes()[at..]);
            assert_eq!(client.read().json()["result"], json!({}), "{at}");
        }
    }
    // A client that waits until its body is wanted
    let waiting = post(PING, &format!("{session}Expect: 100-continue\r\n"));
    let (head, body) = waiting.split_at(waiting.len() - PING.len());
    client.write(head.as_bytes());
    assert_eq!(client.read().status, 100);
    client.write(body.as_bytes());
    assert_eq!(client.read().status, 200);
    // It is not wanted when it is refused.
    client.write(
        head.replace("application/json\r\n", "text/plain\r\n")
            .as_bytes(),
    );
    let refused = client.read();
    assert_eq!(
        (refused.status, refused.field("connection")),
        (415, Some("close"))
    );
    let odd = post(PING, &format!("{session}Expect: money\r\n"));
    assert_eq!(inside.ask(&odd).status, 417);
    // It ends when the client says so, or is of HTTP/1.0.
    for request in [
        post(PING, &format!("{session}Connection: x, Close\r\n")),
        ping.replace("HTTP/1.1", "HTTP/1.0"),
    ] {
        let mut client = inside.client();
        client.write(request.as_bytes());
        let reply = client.read();
        assert_eq!(
            (reply.status, reply.field("connection")),
            (200, Some("close"))
        );
        assert!(client.try_read().is_none());
    }
}

#[test]
fn messages_and_heads_have_limits() {
    let (_folder, root) = state();
    let web = Web::start(&root, &[]);
    let mut client = web.client();
    client.initialize("2025-11-25", "");
    let session = format!("Mcp-Session-Id: {}\r\n", client.session.clone().unwrap());
    assert_eq!(lines::LIMIT, 8 << 20);
    let full = PING.to_owned() + &" ".repeat((8 << 20) - PING.len());
    assert_eq!(client.post(&full, "").status, 200);
    let begin = format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{session}"
    );
    let chunk = format!("100000\r\n{}\r\n", " ".repeat(1 << 20));
    let chunked = format!("{begin}Transfer-Encoding: chunked\r\n\r\n");
    let eight = chunk.repeat(7) + "fffd8\r\n" + &" ".repeat(0xfffd8) + "\r\n28\r\n" + PING + "\r\n";
    assert_eq!(PING.len(), 0x28);
    client.write((chunked.clone() + &eight + "0\r\n\r\n").as_bytes());
    assert_eq!(client.read().status, 200);

    // A byte more is refused before it comes, and one that is counted when it is announced.
    let reply = web.ask(&format!("{begin}Content-Length: {}\r\n\r\n", (8 << 20) + 1));
    assert_eq!(
        (reply.status, reply.field("connection")),
        (413, Some("close"))
    );
    let reply = web.ask(&format!("{chunked}{eight}1\r\n"));
    assert_eq!(
        (reply.status, reply.field("connection")),
        (413, Some("close"))
    );
    // A client that sends all the same can read the answer.
    let inside = Inside::start(&root, patient());
    let mut client = inside.client();
    client.write(format!("{begin}Content-Length: 9000000\r\n\r\n").as_bytes());
    client.write(&vec![b' '; 9_000_000]);
    assert_eq!(client.read().status, 413);

    let get = |fields: &str| {
        let mut client = web.client();
        let request = format!("GET /mcp HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n");
        let _ = client.try_write(request.as_bytes());
        client.read().status
    };
    assert_eq!(get(&"X: a\r\n".repeat(63)), 405);
    assert_eq!(get(&"X: a\r\n".repeat(64)), 431);
    let base = "GET /mcp HTTP/1.1\r\nHost: localhost\r\nX: \r\n\r\n".len();
    let long = |length: usize| format!("X: {}\r\n", "a".repeat(length));
    assert_eq!(get(&long((16 << 10) - base)), 405);
    assert_eq!(get(&long((16 << 10) - base + 1)), 431);
    // It does not wait for the end of what has none.
    let mut client = web.client();
    client.write(&vec![b'a'; 16 << 10]);
    assert_eq!(client.read().status, 431);
}

/// Others are served while clients send nothing, half a head, or half a message.
#[test]
fn a_slow_client_holds_up_no_other() {
    let (_folder, root) = state();
    let inside = Inside::start(&root, patient());
    let mut first = inside.client();
    first.initialize("2025-11-25", "");
    let session = format!("Mcp-Session-Id: {}\r\n", first.session.clone().unwrap());
    let request = post(PING, &session);
    let mut slow: Vec<_> = [0, 30, request.len() - 1]
        .into_iter()
        .map(|end| {
            let mut client = inside.client();
            client.write(&request.as_bytes()[..end]);
            (client, end)
        })
        .collect();
    for number in 0..10 {
        let memory = json!({"content": format!("Memory {number}")});
        first.call("create_memory", memory);
    }
    for (client, end) in &mut slow {
        client.write(&request.as_bytes()[*end..]);
        assert_eq!(client.read().status, 200);
    }
}

/// Who is too slow is told so, and the connection ends.
#[test]
fn slow_clients_come_to_an_end() {
    let (_folder, root) = state();
    let short = Duration::from_millis(50);
    let request = post(&initialize("2025-11-25").to_string(), "");
    let bounds = Bounds {
        head: short,
        ..patient()
    };
    let inside = Inside::start(&root, bounds);
    assert!(inside.client().try_read().is_none());
    let mut client = inside.client();
    client.write(&request.as_bytes()[..30]);
    // NB: a client that sends a byte now and then does not begin anew
    let status = loop {
        thread::sleep(Duration::from_millis(10));
        if client.try_write(b"a").is_err() {
            break None;
        }
        if client.has_come() {
            break client.try_read().map(|reply| reply.status);
        }
    };
    assert!(matches!(status, Some(408) | None), "{status:?}");

    let bounds = Bounds {
        body: short,
        ..patient()
    };
    let inside = Inside::start(&root, bounds);
    let mut client = inside.client();
    client.write(&request.as_bytes()[..request.len() - 1]);
    let reply = client.read();
    assert_eq!(
        (reply.status, reply.field("connection")),
        (408, Some("close"))
    );

    // Between requests it just ends.
    let bounds = Bounds {
        idle: short,
        ..patient()
    };
    let inside = Inside::start(&root, bounds);
    let mut client = inside.client();
    client.write(request.as_bytes());
    assert_eq!(client.read().status, 200);
    assert!(client.try_read().is_none());
}

#[test]
fn two_sessions_have_each_their_own_version() {
    let (_folder, root) = state();
    let web = Web::start(&root, &[]);
    let (mut old, mut new) = (web.client(), web.client());
    old.initialize("2025-03-26", "");
    new.initialize("2025-11-25", "");
    assert_ne!(old.session, new.session);
    for _ in 0..3 {
        assert_eq!(old.post(&format!("[{PING}]"), "").status, 200);
        assert_eq!(new.post(&format!("[{PING}]"), "").status, 400);
    }
    // What one keeps, the other finds.
    old.call("remember", json!({"content": "The kettle is blue."}));
    let found = new.call("recall", json!({"query": "blue kettle"}));
    assert_eq!(found["results"][0]["content"], "The kettle is blue.");
    // A session is not of a connection, and outlives it.
    let session = old.session.take();
    drop(old);
    let mut again = web.client();
    again.session = session;
    assert_eq!(again.post(&format!("[{PING}]"), "").status, 200);
}

#[test]
fn sessions_are_so_many_and_end_when_idle() {
    let (_folder, root) = state();
    let inside = Inside::start(
        &root,
        Bounds {
            sessions: 2,
            ..Bounds::default()
        },
    );
    let mut clients: Vec<_> = (0..3).map(|_| inside.client()).collect();
    clients[0].initialize("2025-11-25", "");
    clients[1].initialize("2025-11-25", "");
    // The first was used since, so the second gives way.
    assert_eq!(clients[0].post(PING, "").status, 200);
    clients[2].initialize("2025-11-25", "");
    let statuses: Vec<_> = clients
        .iter_mut()
        .map(|client| client.post(PING, "").status)
        .collect();
    assert_eq!(statuses, [200, 404, 200]);

    let inside = Inside::start(
        &root,
        Bounds {
            session: Duration::ZERO,
            ..Bounds::default()
        },
    );
    let mut client = inside.client();
    let reply = client.post(&initialize("2025-11-25").to_string(), "");
    client.session = reply.field("mcp-session-id").map(str::to_owned);
    assert_eq!(client.post(PING, "").status, 404);
}

#[test]
fn connections_are_so_many() {
    let (_folder, root) = state();
    let bounds = Bounds {
        connections: 2,
        ..patient()
    };
    let inside = Inside::start(&root, bounds);
    let begin = initialize("2025-11-25").to_string();
    let whole = post(&begin, "");
    let waiting = post(&begin, "Expect: 100-continue\r\n");
    let head = &waiting.as_bytes()[..waiting.len() - begin.len()];
    let busy = || {
        let mut client = inside.client();
        client.write(head);
        // Its head was let in.
        assert_eq!(client.read().status, 100);
        client
    };
    let (mut first, mut idle) = (busy(), inside.client());
    // The one that waits for another request gives way to the third.
    idle.write(whole.as_bytes());
    assert_eq!(idle.read().status, 200);
    let mut third = inside.client();
    third.write(whole.as_bytes());
    assert_eq!(third.read().status, 200);
    assert!(idle.try_read().is_none());
    // Without one that is idle, the fourth waits until one ends.
    drop(third);
    let mut third = busy();
    let mut fourth = inside.client();
    fourth.write(whole.as_bytes());
    first.write(begin.as_bytes());
    assert_eq!(first.read().status, 200);
    assert_eq!(fourth.read().status, 200);
    third.write(begin.as_bytes());
    assert_eq!(third.read().status, 200);
}

/// Who sends nothing that is let in holds no place.
#[test]
fn connections_of_nobody_give_way() {
    let (_folder, root) = state();
    let bounds = Bounds {
        connections: 2,
        ..patient()
    };
    let inside = Inside::start(&root, bounds);
    let begin = post(&initialize("2025-11-25").to_string(), "");
    let mut others = Vec::new();
    for sent in [
        "",
        "P",
        &begin[..30],
        "",
        &begin.replace("localhost", "example.com"),
    ] {
        let mut other = inside.client();
        other.write(sent.as_bytes());
        others.push(other);
        let mut client = inside.client();
        client.write(begin.as_bytes());
        assert_eq!(client.read().status, 200, "{sent}");
        others.push(client);
    }
}

/// The texts that are there with this tag.
fn kept(root: &Path, tag: &str) -> BTreeSet<String> {
    let mut server = Server::start(root, &[]);
    let mut kept = BTreeSet::new();
    for offset in 0.. {
        let page = json!({"limit": 100, "offset": offset * 100});
        let page = server.call("list_memories", page)["memories"].take();
        let page = page.as_array().unwrap();
        if page.is_empty() {
            return kept;
        }
        let tagged = page
            .iter()
            .filter(|memory| memory["tags"].as_array().unwrap().contains(&json!(tag)));
        kept.extend(tagged.map(|memory| memory["content"].as_str().unwrap().to_owned()));
    }
    kept
}

#[test]
fn twenty_at_once_are_kept() {
    let (_folder, root) = state();
    let web = Web::start(&root, &[]);
    thread::scope(|scope| {
        for number in 0..20 {
            let web = &web;
            scope.spawn(move || {
                let mut client = web.client();
                client.initialize("2025-11-25", "");
                let content = format!("twenty {number}");
                client.call(
                    "create_memory",
                    json!({"content": content, "tags": ["twenty"]}),
                );
            });
        }
    });
    assert_eq!(kept(&root, "twenty").len(), 20);
    let mut client = web.client();
    client.initialize("2025-11-25", "");
    let karma = client.call("karma_report", json!({}));
    assert_eq!(karma["details"]["intact"], true, "{karma}");
}

/// It ends with calls under way: who has an answer has what it says.
#[test]
fn what_was_acknowledged_survives_a_signal() {
    let (_folder, root) = state();
    let mut acknowledged = BTreeSet::new();
    for (round, signal) in [Signal::TERM, Signal::INT, Signal::TERM]
        .into_iter()
        .enumerate()
    {
        let mut web = Web::start(&root, &[]);
        let idle = web.client();
        let mut half = web.client();
        half.write(b"POST /mcp");
        let clients: Vec<_> = (0..4)
            .map(|of| {
                let mut client = web.client();
                client.initialize("2025-11-25", "");
                thread::spawn(move || {
                    let mut answered = Vec::new();
                    for number in 0.. {
                        let content = format!("round {round}, client {of}, {number}");
                        let memory = json!({"content": content, "tags": ["signal"]});
                        let body = client.request_call("remember", &memory);
                        let name = client.session.clone().unwrap();
                        let request = post(&body, &format!("Mcp-Session-Id: {name}\r\n"));
                        if client.try_write(request.as_bytes()).is_err() {
                            break;
                        }
                        match client.try_read() {
                            Some(reply) if reply.status == 200 => {
                                let (value, is_error) = told(&reply.json());
                                assert!(!is_error, "{value}");
                                answered.push(content);
                            }
                            Some(reply) => {
                                assert_eq!(reply.status, 503, "{reply:?}");
                                break;
                            }
                            None => break,
                        }
                    }
                    answered
                })
            })
            .collect();
        // Until all have begun
        while kept(&root, "signal").len() < acknowledged.len() + 8 {}
        kill_process(Pid::from_child(&web.child), signal).unwrap();
        assert_eq!(web.child.wait().unwrap().code(), Some(0));
        for client in clients {
            acknowledged.extend(client.join().unwrap());
        }
        drop(idle);
    }
    assert!(!acknowledged.is_empty());
    let kept = kept(&root, "signal");
    let lost: Vec<_> = acknowledged.difference(&kept).collect();
    assert!(lost.is_empty(), "{lost:?}");
}

/// What is served when the signal comes is done, and the client gets the answer.
#[test]
fn the_call_in_flight_is_answered() {
    let (_folder, root) = state();
    let mut web = Web::start(&root, &[]);
    let mut client = web.client();
    client.initialize("2025-03-26", "");
    let calls: Vec<_> = (0..256)
        .map(|number| {
            let memory = json!({"content": format!("flight {number}"), "tags": ["flight"]});
            client.request_call("create_memory", &memory)
        })
        .collect();
    let name = client.session.clone().unwrap();
    let batch = format!("[{}]", calls.join(","));
    client.write(post(&batch, &format!("Mcp-Session-Id: {name}\r\n")).as_bytes());
    while kept(&root, "flight").is_empty() {}
    kill_process(Pid::from_child(&web.child), Signal::TERM).unwrap();
    let reply = client.read();
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json().as_array().unwrap().len(), 256);
    assert!(client.try_read().is_none());
    assert_eq!(web.child.wait().unwrap().code(), Some(0));
    assert_eq!(kept(&root, "flight").len(), 256);
}

/// An answer of which a part is on its way when the signal comes is sent to its end. It is longer than what systems
/// keep for a client that does not read.
#[test]
fn an_answer_on_its_way_arrives() {
    let (_folder, root) = state();
    let mut web = Web::start(&root, &[]);
    let mut client = web.client();
    client.initialize("2025-03-26", "");
    let memory = json!({"content": "a".repeat(1 << 20)});
    let id = client.call("remember", memory)["memory_id"].take();
    let calls: Vec<_> = (0..40)
        .map(|_| client.request_call("read_memory", &json!({"id": id})))
        .collect();
    let name = client.session.clone().unwrap();
    let batch = format!("[{}]", calls.join(","));
    client.write(post(&batch, &format!("Mcp-Session-Id: {name}\r\n")).as_bytes());
    while !client.has_come() {
        thread::sleep(Duration::from_millis(1));
    }
    kill_process(Pid::from_child(&web.child), Signal::TERM).unwrap();
    // NB: time in which a server that does not wait would have ended
    thread::sleep(Duration::from_millis(100));
    let replies = client.read().json();
    assert_eq!(replies.as_array().unwrap().len(), 40);
    for reply in replies.as_array().unwrap() {
        assert!(!told(reply).1);
    }
    assert_eq!(web.child.wait().unwrap().code(), Some(0));
}

#[test]
fn who_asks_must_mean_this_machine() {
    let (_folder, root) = state();
    let token = token_file(&root);
    let arguments = ["--allow-host", "Seed.example", "--token-file", &token];
    let web = Web::start(&root, &arguments);
    let get = |fields: &str| web.ask(&format!("GET /mcp HTTP/1.1\r\n{BEARER}{fields}\r\n"));
    let port = web.address.port();
    for (host, status) in [
        ("localhost", 405),
        ("LOCALHOST:1", 405),
        (&format!("127.0.0.1:{port}"), 405),
        ("127.9.9.9", 405),
        ("[::1]:80", 405),
        ("[::ffff:127.0.0.1]", 405),
        ("seed.example", 405),
        ("SEED.example:8377", 405),
        ("", 403),
        ("example.com", 403),
        ("seed.example.com", 403),
        ("localhost.example.com", 403),
        ("127.0.0.1.example.com", 403),
        ("localhost@example.com", 403),
        ("example.com@localhost", 403),
        ("localhost:80:80", 403),
        ("localhost:x", 403),
        ("[::1", 403),
        ("[example.com]", 403),
        ("192.168.1.1", 403),
        ("0.0.0.0", 403),
        ("127.1", 403),
        ("2130706433", 403),
    ] {
        assert_eq!(get(&format!("Host: {host}\r\n")).status, status, "{host}");
    }
}

#[test]
fn pages_must_be_of_this_machine_or_allowed() {
    let (_folder, root) = state();
    let allowed = "https://App.example:8443";
    let web = Web::start(&root, &["--allow-origin", allowed]);
    let get = |fields: &str| web.ask(&format!("GET /mcp HTTP/1.1\r\n{fields}\r\n"));
    // A proxy asks for somebody else.
    for field in [
        "Forwarded: for=192.0.2.1",
        "Via: 1.1 a",
        "X-Forwarded-For: 192.0.2.1",
    ] {
        assert_eq!(
            get(&format!("Host: localhost\r\n{field}\r\n")).status,
            403,
            "{field}"
        );
    }
    for (origin, status) in [
        ("http://localhost", 405),
        ("http://localhost:3000", 405),
        ("https://127.0.0.1:1", 405),
        ("http://[::1]:6274", 405),
        ("https://app.example:8443", 405),
        ("null", 403),
        ("", 403),
        ("https://app.example", 403),
        ("http://app.example:8443", 403),
        ("https://app.example:84430", 403),
        ("http://seed.example", 403),
        ("http://localhost.example.com", 403),
        ("http://localhost:1/http://x", 403),
        ("http://a@localhost", 403),
        ("chrome-extension://localhost", 403),
    ] {
        let reply = get(&format!("Host: localhost\r\nOrigin: {origin}\r\n"));
        assert_eq!(reply.status, status, "{origin}");
        let allowed = (origin == "https://app.example:8443").then_some(origin);
        assert_eq!(
            reply.field("access-control-allow-origin"),
            allowed,
            "{origin}"
        );
    }
    // What a browser asks first
    let ask = |origin: &str| {
        let fields = "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type,mcp-session-id\r\n";
        web.ask(&format!(
            "OPTIONS /mcp HTTP/1.1\r\nHost: localhost\r\nOrigin: {origin}\r\n{fields}\r\n"
        ))
    };
    let reply = ask("https://app.example:8443");
    assert_eq!(reply.status, 204);
    assert!(
        reply
            .field("access-control-allow-methods")
            .unwrap()
            .contains("POST")
    );
    let allowed = reply
        .field("access-control-allow-headers")
        .unwrap()
        .to_ascii_lowercase();
    for name in [
        "content-type",
        "mcp-session-id",
        "mcp-protocol-version",
        "authorization",
    ] {
        assert!(allowed.contains(name), "{name}");
    }
    assert_eq!(reply.field("vary"), Some("Origin"));
    assert_eq!(ask("https://other.example").status, 403);
    assert_eq!(ask("http://localhost:3000").status, 405);
    // The session's name can be read by the page that may.
    let fields = "Origin: https://app.example:8443\r\n";
    let reply = web
        .client()
        .post(&initialize("2025-11-25").to_string(), fields);
    assert_eq!(
        reply.field("access-control-expose-headers"),
        Some("Mcp-Session-Id")
    );
}

#[test]
fn a_token_if_there_is_one() {
    let (folder, root) = state();
    let file = folder.path().join("token");
    fs::write(&file, format!("{TOKEN}\n")).unwrap();
    let path = file.to_str().unwrap();
    let web = Web::start(
        &root,
        &[
            "--token-file",
            path,
            "--allow-origin",
            "https://app.example",
        ],
    );
    assert!(!web.line.contains(TOKEN), "{}", web.line);
    assert!(web.line.contains("Authorization"), "{}", web.line);
    let begin = initialize("2025-11-25").to_string();
    for (field, status) in [
        (format!("Authorization: Bearer {TOKEN}\r\n"), 200),
        (format!("authorization: bearer {TOKEN}\r\n"), 200),
        (String::new(), 401),
        ("Authorization: Bearer\r\n".to_owned(), 401),
        ("Authorization: Bearer \r\n".to_owned(), 401),
        (format!("Authorization: {TOKEN}\r\n"), 401),
        (format!("Authorization: Basic {TOKEN}\r\n"), 401),
        (format!("Authorization: Bearer {TOKEN}x\r\n"), 401),
        (format!("Authorization: Bearer {}\r\n", &TOKEN[1..]), 401),
        (
            format!("Authorization: Bearer {}\r\n", TOKEN.to_uppercase()),
            401,
        ),
    ] {
        let reply = web.client().post(&begin, &field);
        assert_eq!(reply.status, status, "{field}");
        let challenge = reply.field("www-authenticate");
        assert_eq!(
            challenge.is_some_and(|text| text.starts_with("Bearer ")),
            status == 401
        );
    }
    // Nothing is read of who has none, and a browser asks without it.
    let reply = web.ask(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\nExpect: 100-continue\r\n\r\n",
    );
    assert_eq!(
        (reply.status, reply.field("connection")),
        (401, Some("close"))
    );
    let reply =
        web.ask("OPTIONS /mcp HTTP/1.1\r\nHost: localhost\r\nOrigin: https://app.example\r\n\r\n");
    assert_eq!(reply.status, 204);
    let mut client = web.client();
    let field = format!("Authorization: Bearer {TOKEN}\r\n");
    client.initialize("2025-11-25", &field);
    assert_eq!(client.post(PING, &field).status, 200);
    assert_eq!(client.post(PING, "").status, 401);
}

#[test]
fn addresses_and_wrong_usage() {
    let (folder, root) = state();
    let file = folder.path().join("token");
    let path = file.to_str().unwrap();
    let run = |arguments: &[&str], token: Option<&str>| {
        let mut command = wm_seed();
        command
            .arg("serve")
            .arg("--root")
            .arg(&root)
            .args(arguments);
        command.env_remove("WM_TOKEN").stdin(Stdio::null());
        if let Some(token) = token {
            command.env("WM_TOKEN", token);
        }
        let output = command.output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), error)
    };
    // Whatever can be reached from elsewhere needs a token.
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[::ffff:0.0.0.0]:0"] {
        let (code, error) = run(&["--http", address], None);
        assert_eq!(code, 1, "{address}");
        assert!(error.contains("--token-file"), "{error}");
    }
    let (code, error) = run(&["--http", ":0", "--allow-host", "seed.example"], None);
    assert_eq!(code, 1);
    assert!(error.contains("--token-file"), "{error}");
    for token in ["", "short", "with white space in it", "ümlautümlautümlaut"] {
        let (code, error) = run(&["--http", ":0"], Some(token));
        assert_eq!(code, 1, "{token}");
        assert!(error.contains("WM_TOKEN"), "{error}");
        fs::write(&file, token).unwrap();
        let (code, error) = run(&["--http", ":0", "--token-file", path], None);
        assert_eq!(code, 1, "{token}");
        assert!(error.contains(path), "{error}");
    }
    let (code, error) = run(&["--http", ":0", "--token-file", "/nowhere"], Some(TOKEN));
    assert_eq!(code, 1);
    assert!(error.contains("/nowhere"), "{error}");
    for usage in [
        &["--http", "example.com:80"][..],
        &["--http", "127.0.0.1"],
        &["--http", ":99999"],
        &["--token-file", path],
        &["--allow-host", "a"],
        &["--http", ":0", "--allow-host", "a:80"],
        &["--http", ":0", "--allow-host", "a/b"],
        &["--http", ":0", "--allow-origin", "*"],
        &["--http", ":0", "--allow-origin", "example.com"],
        &["--http", ":0", "--allow-origin", "https://example.com/"],
    ] {
        assert_eq!(run(usage, None).0, 2, "{usage:?}");
    }
    // A port that is in use
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (code, error) = run(&["--http", &address], None);
    assert_eq!(code, 1);
    assert!(error.contains(&address), "{error}");

    for address in [":0", "localhost:0", "127.0.0.1:0"] {
        let web = Web::start(&root, &["--http", address]);
        assert_eq!(web.address.ip().to_string(), "127.0.0.1");
        let (_, client) = web.line.split_once("configuration: ").unwrap();
        let client: Value = serde_json::from_str(client).unwrap();
        let url = format!("http://{}/mcp", web.address);
        let expected = json!({"mcpServers": {"memory": {"type": "http", "url": url}}});
        assert_eq!(client, expected);
    }
    // From elsewhere, with a token, by the address that it was asked at
    fs::write(&file, TOKEN).unwrap();
    let web = Web::start(&root, &["--http", "0.0.0.0:0", "--token-file", path]);
    assert_eq!(web.address.ip().to_string(), "127.0.0.1");
    let mut client = web.client();
    client.initialize("2025-11-25", &format!("Authorization: Bearer {TOKEN}\r\n"));
    assert!(web.line.contains("Authorization"));
    // And not by the address that stands for all
    let reply = web.ask("GET /mcp HTTP/1.1\r\nHost: 0.0.0.0\r\n\r\n");
    assert_eq!(reply.status, 403);
}
