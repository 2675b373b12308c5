//! `web_fetch` and `web_search`, against a web in memory.

#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

mod workbench;

use std::cell::Cell;
use std::net::IpAddr;
use std::rc::Rc;

use clawft_core::config::Secret;
use clawft_core::platform::Clock;
use clawft_core::tool::Running;
use clawft_core::url_policy::Zone;
use serde_json::{Value, json};
use workbench::Machine;

const HTML: &[(&str, &str)] = &[("content-type", "text/html; charset=utf-8")];
const TEXT: &[(&str, &str)] = &[("content-type", "text/plain")];

fn fetch(machine: &Machine, url: &str) -> Result<Value, String> {
    machine.call("web_fetch", &json!({ "url": url }))
}

#[test]
fn a_page_comes_as_text() {
    let machine = Machine::new();
    let page = b"<title>A &amp; B</title><p>Hello <a href='../x?a=1&amp;b=2'>there</a>";
    machine.web.page("https://example.com/d/p", 200, HTML, page);
    let url = "HTTPS://Example.com/d/p#part";
    assert_eq!(
        fetch(&machine, url),
        Ok(json!({
            "url": "https://example.com/d/p",
            "status": 200,
            "content_type": "text/html; charset=utf-8",
            "title": "A & B",
            "body": "Hello [there](https://example.com/x?a=1&b=2)",
            "bytes": page.len(),
        }))
    );
    let raw = json!({"url": url, "raw": true});
    let raw = machine.call("web_fetch", &raw).unwrap();
    assert_eq!(raw["body"].as_str().unwrap().as_bytes(), page);
    assert_eq!(machine.web.requests.borrow()[0].reach, Zone::Public);
}

#[test]
fn a_status_is_told_and_no_error() {
    let machine = Machine::new();
    machine.web.page("http://example.com/", 404, TEXT, b"gone");
    let result = fetch(&machine, "http://example.com").unwrap();
    assert_eq!(
        (&result["status"], &result["body"]),
        (&json!(404), &json!("gone"))
    );
    let error = fetch(&machine, "http://unknown.example.com/").unwrap_err();
    assert_eq!(error, "no connection: unknown name");
}

#[test]
fn several_are_under_way_at_once() {
    let machine = Machine::new();
    let mut waiting = Vec::new();
    for number in 0..3 {
        let url = format!("http://example.com/{number}");
        machine.web.page(&url, 200, TEXT, url.as_bytes());
        waiting.push(machine.start("web_fetch", &json!({ "url": url })).unwrap());
    }
    assert_eq!(machine.web.asked().len(), 3);
    for (number, running) in waiting.into_iter().enumerate() {
        let Running::Waiting(wait) = running else {
            panic!("it did not wait");
        };
        let result = wait(&machine.context()).unwrap();
        assert_eq!(result["body"], format!("http://example.com/{number}"));
    }
}

#[test]
fn redirections_are_followed_and_judged() {
    let machine = Machine::new();
    let lead = |from: &str, to: &str| machine.web.page(from, 302, &[("location", to)], b"");
    lead("http://example.com/", "/a");
    lead("http://example.com/a", "https://www.example.com/b?c");
    machine
        .web
        .page("https://www.example.com/b?c", 200, TEXT, b"here");
    let result = fetch(&machine, "http://example.com/").unwrap();
    assert_eq!(result["url"], "https://www.example.com/b?c");
    assert_eq!(result["body"], "here");

    let before = machine.web.asked().len();
    for target in [
        "http://127.0.0.1/",
        "http://169.254.169.254/latest",
        "//[::1]/",
        "http://0x7f.1:80/",
        "file:///etc/passwd",
        "http://user@example.com/",
        "\\\\localhost\\",
    ] {
        lead("http://example.com/", target);
        let error = fetch(&machine, "http://example.com/").unwrap_err();
        assert!(
            error.contains("may not be fetched") || error.contains("not accepted"),
            "{target}: {error}"
        );
    }
    // Only where they were led from was asked.
    assert_eq!(machine.web.asked().len(), before + 7);
}

#[test]
fn five_redirections_are_followed_and_no_sixth() {
    let machine = Machine::new();
    for number in 0..6 {
        let (from, to) = (
            format!("http://example.com/{number}"),
            format!("/{}", number + 1),
        );
        machine.web.page(&from, 308, &[("location", &to)], b"");
    }
    machine.web.page("http://example.com/6", 200, TEXT, b"end");
    assert_eq!(
        fetch(&machine, "http://example.com/1").unwrap()["body"],
        "end"
    );
    let error = fetch(&machine, "http://example.com/0").unwrap_err();
    assert!(error.contains("more than 5 redirections"), "{error}");
    // A redirection that does not say where to is an answer.
    machine
        .web
        .page("http://example.com/", 302, TEXT, b"nowhere");
    assert_eq!(
        fetch(&machine, "http://example.com/").unwrap()["status"],
        302
    );
}

/// By RFC 9110, 15.4, and as the fetch standard has it: a form's answer is a page, 307 and 308 ask the same
/// again, and nobody else learns what proves something to one host.
#[test]
fn what_is_sent_again_depends_on_the_status_and_the_host() {
    let machine = Machine::new();
    for (status, method, to, expected, body, secret) in [
        (301, "POST", "/next", "GET", "", true),
        (302, "POST", "/next", "GET", "", true),
        (303, "PUT", "/next", "GET", "", true),
        (302, "PUT", "/next", "PUT", "x", true),
        (307, "POST", "/next", "POST", "x", true),
        (
            308,
            "POST",
            "http://other.example.org/next",
            "POST",
            "x",
            false,
        ),
        (307, "POST", "https://example.com/next", "POST", "x", false),
        (
            307,
            "POST",
            "http://example.com:81/next",
            "POST",
            "x",
            false,
        ),
    ] {
        machine
            .web
            .page("http://example.com/", status, &[("location", to)], b"");
        for host in [
            "http://example.com",
            "https://example.com",
            "http://example.com:81",
            "http://other.example.org",
        ] {
            machine.web.page(&format!("{host}/next"), 200, TEXT, b"");
        }
        machine.web.requests.borrow_mut().clear();
        let arguments = json!({
            "url": "http://example.com/", "method": method, "body": "x",
            "headers": {"Authorization": "secret", "Content-Type": "text/x", "Accept": "*/*"},
        });
        machine.call("web_fetch", &arguments).unwrap();
        let requests = machine.web.requests.borrow();
        let last = requests.last().unwrap();
        let has = |name: &str| last.headers.iter().any(|(known, _)| known == name);
        let case = format!("{status} {method} {to}");
        assert_eq!(requests.len(), 2, "{case}");
        assert_eq!(last.method, expected, "{case}");
        assert_eq!(last.body, body.as_bytes(), "{case}");
        assert_eq!(has("authorization"), secret, "{case}");
        assert_eq!(has("content-type"), !body.is_empty(), "{case}");
        assert!(has("accept"), "{case}");
    }
}

#[test]
fn headers_that_would_deceive_are_refused() {
    let machine = Machine::new();
    for (name, value) in [
        ("Host", "127.0.0.1"),
        ("host", "x"),
        ("Content-Length", "0"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "upgrade"),
        ("Upgrade", "h2c"),
        ("Proxy-Authorization", "x"),
        ("TE", "trailers"),
        ("Accept-Encoding", "gzip"),
        ("X-A", "a\r\nHost: b"),
        ("X-A", "a\nb"),
        ("X-A", "a\0b"),
        ("X-A\r\nHost", "b"),
        ("X A", "b"),
        ("X-A:", "b"),
        ("", "b"),
        ("X-é", "b"),
    ] {
        let arguments = json!({"url": "http://example.com/", "headers": {name: value}});
        let error = machine.call("web_fetch", &arguments).unwrap_err();
        assert!(error.contains("header"), "{name:?}: {error}");
    }
    assert_eq!(machine.web.asked().len(), 0);
    let arguments = json!({"url": "http://example.com/", "body": "x"});
    let error = machine.call("web_fetch", &arguments).unwrap_err();
    assert!(error.contains("set method"), "{error}");
    let arguments =
        json!({"url": "http://example.com/", "method": "POST", "body": "x".repeat((1 << 20) + 1)});
    assert!(machine.call("web_fetch", &arguments).is_err());
}

#[test]
fn what_is_no_text_is_refused() {
    let machine = Machine::new();
    let body = |headers: &[(&str, &str)], body: &[u8]| {
        machine.web.page("http://example.com/", 200, headers, body);
        fetch(&machine, "http://example.com/").map(|result| result["body"].clone())
    };
    for kind in [
        "image/png",
        "application/octet-stream",
        "application/pdf",
        "video/mp4",
        "application/zip",
        "font/woff2",
    ] {
        let error = body(&[("content-type", kind)], b"x").unwrap_err();
        assert!(error.contains("no text"), "{kind}: {error}");
    }
    for kind in [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/vnd.api+json",
        "application/atom+xml",
        "application/x-yaml",
        "application/xml",
        "image/svg+xml",
        "text/markdown",
        "",
    ] {
        assert_eq!(
            body(&[("content-type", kind)], b"x"),
            Ok(json!("x")),
            "{kind}"
        );
    }
    assert!(body(&[], b"PK\x03\x04\0\0").is_err());
    let gzip = [("content-type", "text/plain"), ("content-encoding", "gzip")];
    assert!(body(&gzip, b"\x1f\x8b").unwrap_err().contains("compressed"));
}

/// The bytes of each are what Python's codec of that name makes of the text.
#[test]
fn charsets_are_decoded_or_the_loss_is_told() {
    let machine = Machine::new();
    let result = |kind: &str, body: &[u8]| {
        machine
            .web
            .page("http://example.com/", 200, &[("content-type", kind)], body);
        let result = fetch(&machine, "http://example.com/").unwrap();
        let body = result["body"].as_str().unwrap().to_owned();
        (body, result["note"].is_string())
    };
    let exact = |text: &str| (text.to_owned(), false);
    assert_eq!(result("text/plain", "é€".as_bytes()), exact("é€"));
    assert_eq!(result("text/plain", b"\xef\xbb\xbfa"), exact("a"));
    assert_eq!(
        result("text/plain; charset=\"UTF-8\"", "é".as_bytes()),
        exact("é")
    );
    assert_eq!(
        result("text/plain;charset=ISO-8859-1", b"caf\xe9"),
        exact("café")
    );
    assert_eq!(
        result(
            "text/plain; charset=windows-1252",
            b"\x80 \x93x\x94 \x9f\x85"
        ),
        exact("€ “x” Ÿ…")
    );
    let (text, lost) = result("text/plain", b"a\xffb");
    assert!(lost && text == "a\u{fffd}b");
    let (_, lost) = result("text/plain; charset=shift_jis", b"\x82\xa0");
    assert!(lost);
}

#[test]
fn a_long_body_is_cut_and_a_broken_one_is_an_error() {
    let machine = Machine::new();
    let long = "é".repeat(200 << 10);
    machine
        .web
        .page("http://example.com/", 200, TEXT, long.as_bytes());
    let result = fetch(&machine, "http://example.com/").unwrap();
    assert_eq!(result["truncated"], true);
    assert_eq!(result["bytes"], 256 << 10);
    assert!(
        result["body"]
            .as_str()
            .unwrap()
            .chars()
            .all(|character| character == 'é')
    );
    assert!(result.get("note").is_none());
    assert!(result.to_string().len() < 65_536);

    machine.web.page("http://example.com/", 200, TEXT, b"half");
    machine
        .web
        .pages
        .borrow_mut()
        .values_mut()
        .for_each(|page| page.broken = true);
    let error = fetch(&machine, "http://example.com/").unwrap_err();
    assert_eq!(error, "broken response: it ended early");
    let head = json!({"url": "http://example.com/", "method": "HEAD"});
    assert_eq!(machine.call("web_fetch", &head).unwrap()["status"], 200);
}

#[test]
fn a_search_that_is_not_configured_says_how() {
    let machine = Machine::new();
    let result = machine
        .call("web_search", &json!({"query": "rust"}))
        .unwrap();
    assert_eq!(result["error"], "web search not configured");
    assert_eq!(result["query"], "rust");
    assert!(
        result["message"]
            .as_str()
            .unwrap()
            .contains("tools.web.search.api_key")
    );
    assert_eq!(machine.web.asked().len(), 0);
}

/// The shape of an answer as Brave's reference for its web search API shows it.
#[test]
fn brave_is_searched_with_its_key() {
    let mut machine = Machine::new();
    machine.config.tools.search_api_key = Secret::new(String::from("brave-key"));
    let url = "https://api.search.brave.com/res/v1/web/search?q=rust%20%26%20%22c%2B%2B%22%20caf%C3%A9%25%23%3D&count=2";
    let result = |number: u32| {
        json!({
            "title": format!("Result {number}"), "url": format!("https://example.com/{number}"),
            "is_source_local": false, "description": "All about <strong>rust</strong> &amp; more",
            "language": "en", "type": "search_result", "subtype": "generic",
        })
    };
    let answer = json!({
        "type": "search", "query": {"original": "rust", "more_results_available": true},
        "mixed": {"type": "mixed"},
        "web": {"type": "search", "results": [result(1), result(2), result(3)]},
    });
    machine
        .web
        .page(url, 200, &[], answer.to_string().as_bytes());
    let arguments = json!({"query": "rust & \"c++\" café%#=", "num_results": 2});
    let found = machine.call("web_search", &arguments).unwrap();
    let expected = |number: u32| json!({"title": format!("Result {number}"), "url": format!("https://example.com/{number}"), "description": "All about rust & more"});
    assert_eq!(found["results"], json!([expected(1), expected(2)]));
    let requests = machine.web.requests.borrow();
    let headers = &requests[0].headers;
    assert!(headers.contains(&(
        String::from("X-Subscription-Token"),
        String::from("brave-key")
    )));
    assert!(!format!("{found}").contains("brave-key"));
}

#[test]
fn another_endpoint_is_asked_without_the_key() {
    let mut machine = Machine::new();
    machine.config.tools.search_api_key = Secret::new(String::from("brave-key"));
    let ask = |machine: &Machine| machine.call("web_search", &json!({"query": "a b"}));
    for (endpoint, url, answer, expected) in [
        (
            "http://localhost:8888/search?format=json",
            "http://localhost:8888/search?format=json&q=a%20b&count=5",
            json!({"results": [{"title": "T", "url": "http://u", "snippet": "S"}]}),
            Ok(json!([{"title": "T", "url": "http://u", "description": "S"}])),
        ),
        (
            "https://search.example.com",
            "https://search.example.com?q=a%20b&count=5",
            json!([{"name": "N", "link": "http://l"}]),
            Ok(json!([{"title": "N", "url": "http://l", "description": ""}])),
        ),
        (
            "https://search.example.com",
            "https://search.example.com?q=a%20b&count=5",
            json!({"query": {"original": "a b"}}),
            Ok(json!([])),
        ),
        (
            "https://search.example.com",
            "https://search.example.com?q=a%20b&count=5",
            json!({"message": "no"}),
            Err(String::from("the search API's answer has no results")),
        ),
    ] {
        machine.config.tools.search_endpoint = Some(endpoint.to_owned());
        machine
            .web
            .page(url, 200, &[], answer.to_string().as_bytes());
        assert_eq!(
            ask(&machine).map(|found| found["results"].clone()),
            expected
        );
    }
    assert!(
        machine
            .web
            .requests
            .borrow()
            .iter()
            .all(|request| request.headers.len() == 1)
    );
    let url = "https://search.example.com?q=a%20b&count=5";
    machine.web.page(url, 429, &[], b"");
    assert_eq!(
        ask(&machine),
        Err(String::from("the search API answered with status 429"))
    );
    machine.web.page(url, 200, &[], b"<html>");
    assert!(ask(&machine).unwrap_err().contains("no JSON"));
}

/// A clock that goes on by a millisecond each time somebody looks.
struct Looked(Cell<u64>);

impl Clock for Looked {
    fn now(&self) -> u64 {
        0
    }

    fn monotonic(&self) -> u64 {
        self.0.set(self.0.get() + 1);
        self.0.get()
    }

    fn sleep(&self, _: u64) {}
}

#[test]
fn a_body_ends_with_its_time_and_the_turns() {
    // The network's time, the turn's, and the body's length; it comes in pieces of 4093 bytes.
    for (timeout, deadline, length, fits) in [
        (1000, u64::MAX, 200 << 10, true),
        (20, u64::MAX, 200 << 10, false),
        (1000, 20, 200 << 10, false),
        (20, u64::MAX, 10_000, true),
        (1000, 20, 10_000, true),
    ] {
        let mut machine = Machine::new();
        machine.platform.clock = Rc::new(Looked(Cell::new(0)));
        machine.config.agent.timeout = timeout;
        machine.deadline.set(deadline);
        let url = "http://example.com/";
        machine.web.page(url, 200, TEXT, &vec![b'a'; length]);
        let result = fetch(&machine, url);
        assert_eq!(
            result.is_ok(),
            fits,
            "{timeout} {deadline} {length}: {result:?}"
        );
        let asked = machine.web.requests.borrow()[0].timeout;
        assert!(asked <= timeout.min(deadline), "{asked}");
    }
}

#[test]
fn what_is_blocked_goes_along_with_the_request() {
    let mut machine = Machine::new();
    let blocked = ["8.8.8.8", "::1", "9.9.9.9:80", "1.1.1.1:81", "example.org"];
    machine.config.tools.blocked_hosts = blocked.map(str::to_owned).to_vec();
    let to = [("location", "https://example.com/")];
    machine.web.page("http://example.com/", 302, &to, b"");
    machine.web.page("https://example.com/", 200, TEXT, b"x");
    fetch(&machine, "http://example.com/").unwrap();
    let blocked = |at: usize| machine.web.requests.borrow()[at].blocked.clone();
    let expected = |texts: &[&str]| -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    };
    assert_eq!(blocked(0), expected(&["8.8.8.8", "::1", "9.9.9.9"]));
    assert_eq!(blocked(1), expected(&["8.8.8.8", "::1"]));
}
