//! The network of the machine, against sockets that do what the test says.

#![cfg(feature = "native-platform")]
#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use clawft_core::platform::native_http::NativeHttp;
use clawft_core::platform::{Exchange, HttpClient as _, HttpError, Request};
use clawft_core::url_policy::Zone;

/// Serves one connection after another by a function, and gives the URL.
fn serve(mut each: impl FnMut(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}/path?q=1", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            each(stream.unwrap());
        }
    });
    url
}

/// Reads a request's head and as much of its body as is said.
fn read_request(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\r\n\r\n") {
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "the request broke off");
        text.push(byte[0]);
    }
    let head = String::from_utf8(text).unwrap();
    let length = head.to_lowercase().lines().find_map(|line| {
        let length = line.strip_prefix("content-length: ")?;
        Some(length.parse::<usize>().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).unwrap();
    head + &String::from_utf8(body).unwrap()
}

/// Answers each request with those bytes and ends.
fn says(response: impl Into<Vec<u8>>) -> String {
    let response = response.into();
    serve(move |mut stream| {
        read_request(&mut stream);
        // The client may have had enough.
        let _ = stream.write_all(&response);
    })
}

fn get(url: &str) -> Request {
    Request {
        method: "GET".into(),
        url: url.into(),
        timeout: 10_000,
        ..Request::default()
    }
}

fn body(exchange: &mut dyn Exchange) -> Result<Vec<u8>, HttpError> {
    let mut all = Vec::new();
    let mut buffer = [0; 1000];
    loop {
        match exchange.read(&mut buffer)? {
            0 => return Ok(all),
            length => all.extend_from_slice(&buffer[..length]),
        }
    }
}

/// Status and body.
fn fetch(request: &Request) -> Result<(u16, Vec<u8>), HttpError> {
    let mut exchange = NativeHttp::default().send(request)?;
    let status = exchange.head()?.status;
    assert_eq!(exchange.head()?.status, status, "asked again");
    Ok((status, body(&mut *exchange)?))
}

#[test]
fn a_request_is_sent_as_it_is() {
    let url = serve(|mut stream| {
        let request = read_request(&mut stream);
        let response = format!("HTTP/1.1 201 Created\r\nX-Two: a\r\nX-Two: b\r\n\r\n{request}");
        stream.write_all(response.as_bytes()).unwrap();
    });
    let request = Request {
        method: "POST".into(),
        headers: vec![
            ("X-Key".into(), "sécret".into()),
            ("accept".into(), "a/b".into()),
        ],
        body: b"body".to_vec(),
        ..get(&url)
    };
    let mut exchange = NativeHttp::default().send(&request).unwrap();
    let head = exchange.head().unwrap().clone();
    assert_eq!((head.status, head.header("x-two")), (201, Some("a")));
    let echo = String::from_utf8(body(&mut *exchange).unwrap())
        .unwrap()
        .to_lowercase();
    assert!(echo.starts_with("post /path?q=1 http/1.1\r\n"), "{echo}");
    for line in [
        "x-key: sécret\r\n",
        "accept: a/b\r\n",
        "content-length: 4\r\n",
        "user-agent: clawft/",
    ] {
        assert!(echo.contains(line), "{line} {echo}");
    }
    assert!(!echo.contains("accept-encoding"), "{echo}");
    assert!(echo.ends_with("\r\n\r\nbody"), "{echo}");

    let (_, echo) = fetch(&get(&url)).unwrap();
    let echo = String::from_utf8(echo).unwrap().to_lowercase();
    assert!(
        echo.starts_with("get ") && !echo.contains("content-length"),
        "{echo}"
    );
    let post = Request {
        method: "POST".into(),
        ..get(&url)
    };
    let (_, echo) = fetch(&post).unwrap();
    let echo = String::from_utf8(echo).unwrap().to_lowercase();
    assert!(echo.contains("content-length: 0"), "{echo}");
}

#[test]
fn responses() {
    let long = format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\n\r\n", "x".repeat(100_000));
    let cases = [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc",
            Some((200, "ab")),
        ),
        ("HTTP/1.1 200 OK\r\n\r\nabc", Some((200, "abc"))),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2;x=y\r\nbc\r\n0\r\n\r\n",
            Some((200, "abc")),
        ),
        ("HTTP/1.1 204 No Content\r\n\r\n", Some((204, ""))),
        (
            "HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\nx",
            Some((404, "x")),
        ),
        (
            "HTTP/1.1 500 Oh\r\nContent-Length: 1\r\n\r\nx",
            Some((500, "x")),
        ),
        // Not followed
        (
            "HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 1\r\n\r\nx",
            Some((302, "x")),
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", None),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
            None,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            None,
        ),
        ("HTTP/1.1 200", None),
        ("", None),
        ("SSH-2.0-OpenSSH_9.6\r\n\r\n", None),
        (&long[..], None),
    ];
    for (response, expected) in cases {
        let result = fetch(&get(&says(response)));
        let short = &response[..response.len().min(60)];
        if let Some((status, body)) = expected {
            assert_eq!(result, Ok((status, body.as_bytes().to_vec())), "{short:?}");
        } else {
            let broken = matches!(result, Err(HttpError::Broken(_)));
            assert!(broken, "{short:?}: {result:?}");
        }
    }
}

#[test]
fn what_cannot_be_sent() {
    let cases = [
        Request {
            url: "no url".into(),
            ..get("")
        },
        Request {
            url: "name:secret@a.example".into(),
            ..get("")
        },
        Request {
            url: "http://name:secret@".into(),
            ..get("")
        },
        Request {
            url: "ftp://name:secret@a.example/".into(),
            ..get("")
        },
        Request {
            headers: vec![("x-key".into(), "very\nsecret".into())],
            ..get("http://127.0.0.1:1/")
        },
        Request {
            headers: vec![("no name".into(), "value".into())],
            ..get("http://127.0.0.1:1/")
        },
    ];
    for request in cases {
        let error = fetch(&request).unwrap_err();
        assert!(matches!(error, HttpError::Invalid(_)), "{error:?}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn no_connection() {
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    // A name that RFC 6761 says is never resolved, a port that nobody listens at, and a server without TLS
    let plain = serve(|mut stream| {
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .unwrap();
        let _ = stream.read(&mut [0]);
    });
    let plain = plain.replace("http:", "https:");
    let refused = format!("http://127.0.0.1:{port}/");
    for url in ["http://name.invalid/", &refused, &plain] {
        let error = fetch(&get(url)).unwrap_err();
        assert!(matches!(error, HttpError::Connect(_)), "{url}: {error:?}");
    }
}

#[test]
fn addresses_out_of_reach() {
    let url = says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let named = url.replace("127.0.0.1", "localhost");
    for url in [url, named] {
        for (reach, reached) in [
            (Zone::Public, false),
            (Zone::Private, true),
            (Zone::Metadata, true),
        ] {
            let request = Request { reach, ..get(&url) };
            let result = fetch(&request);
            assert_eq!(result.is_ok(), reached, "{url} {reach:?}: {result:?}");
        }
    }
}

#[test]
fn silence() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    // Accepted by the system, and never read
    let head = format!("http://{}/", listener.local_addr().unwrap());
    let body = serve(|mut stream| {
        read_request(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nab").unwrap();
        // Until the client goes
        let _ = stream.read(&mut [0]);
    });
    for url in [&head, &body] {
        let request = Request {
            timeout: 300,
            ..get(url)
        };
        assert_eq!(fetch(&request), Err(HttpError::Timeout), "{url}");
    }
    drop(listener);
}

/// A request that is given up closes its connection: the server sees the end, though the client waited.
#[test]
fn giving_up() {
    let (sender, ended) = std::sync::mpsc::channel();
    let url = serve(move |mut stream| {
        read_request(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\na").unwrap();
        let end = stream.read(&mut [0]);
        sender.send(matches!(end, Ok(0) | Err(_))).unwrap();
    });
    let mut request = get(&url);
    request.timeout = 3_600_000;
    let mut exchange = NativeHttp::default().send(&request).unwrap();
    assert_eq!(exchange.head().unwrap().status, 200);
    assert_eq!(exchange.read(&mut [0; 9]).unwrap(), 1);
    drop(exchange);
    assert!(ended.recv().unwrap());
}

/// The same of one that the user interrupts; none is sent until that is over.
#[test]
fn interruption() {
    let url = serve(|mut stream| {
        read_request(&mut stream);
        let _ = stream.read(&mut [0]);
    });
    let mut request = get(&url);
    request.timeout = 3_600_000;
    let flag = Arc::new(AtomicBool::new(false));
    let client = NativeHttp::new(Arc::clone(&flag));
    let mut exchange = client.send(&request).unwrap();
    flag.store(true, Ordering::Relaxed);
    assert!(matches!(exchange.head(), Err(HttpError::Unavailable(_))));
    assert!(matches!(
        exchange.read(&mut [0]),
        Err(HttpError::Unavailable(_))
    ));
    assert!(matches!(
        client.send(&request),
        Err(HttpError::Unavailable(_))
    ));
    flag.store(false, Ordering::Relaxed);
    assert!(client.send(&request).is_ok());
}

/// Many at once, answered in the reverse order; one more than the most is refused, until one is over.
#[test]
fn many_at_once() {
    let mut waiting = Vec::new();
    let url = serve(move |mut stream| {
        read_request(&mut stream);
        waiting.push(stream);
        if waiting.len() == 64 {
            for mut stream in waiting.drain(..).rev() {
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nok").unwrap();
            }
        }
    });
    let client = NativeHttp::default();
    let first: Vec<_> = (0..63).map(|_| client.send(&get(&url)).unwrap()).collect();
    let mut last = client.send(&get(&url)).unwrap();
    let refused = client.send(&get(&url)).map(drop);
    assert!(
        matches!(refused, Err(HttpError::Unavailable(_))),
        "{refused:?}"
    );
    assert_eq!(body(&mut *last), Ok(b"ok".to_vec()));
    for mut exchange in first {
        assert_eq!(body(&mut *exchange), Ok(b"ok".to_vec()));
    }
    // A thread ends a moment after its last report.
    while let Err(error) = client.send(&get(&url)).map(drop) {
        assert!(matches!(error, HttpError::Unavailable(_)), "{error:?}");
        thread::yield_now();
    }
}
