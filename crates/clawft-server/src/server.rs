//! The server: it plays the answers of a scenario, and keeps account of the requests.

use std::collections::VecDeque;
use std::io::{self, BufRead as _, BufReader, Read as _, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value, json};

use crate::api::{self, Answer, Api, Failure};
use crate::pattern::mismatch;
use crate::scenario::{Exchange, Fault, Framing, content_of};

/// The longest request, in bytes
const MAX_REQUEST: usize = 64 << 20;
/// The longest head of one
const MAX_HEAD: u64 = 256 << 10;

/// A socket that is bound, so that its address is known before there is a scenario that names it.
pub struct Listener(TcpListener, SocketAddr);

impl Listener {
    /// Binds a port of loopback; 0 for any.
    ///
    /// # Errors
    /// The system's.
    pub fn bind(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr()?;
        Ok(Self(listener, address))
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.1.port()
    }

    /// The start of URLs to it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.1)
    }

    /// Serves, from threads of its own. `api` is that of exchanges that name no path; requests are
    /// written to `log`, a JSON object on a line for each.
    #[must_use]
    pub fn serve(
        self,
        exchanges: Vec<Exchange>,
        api: Api,
        log: Option<Box<dyn Write + Send>>,
    ) -> Server {
        let shared = Arc::new(Shared {
            api,
            state: Mutex::new(State {
                open: exchanges
                    .into_iter()
                    .map(|exchange| (exchange.times, exchange))
                    .collect(),
                problems: Vec::new(),
                log,
                waiting: 0,
                most: 0,
                over: false,
            }),
            change: Condvar::new(),
        });
        let Self(listener, address) = self;
        let of_thread = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if of_thread.state().over {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let shared = Arc::clone(&of_thread);
                // Its failures are the client's doing: it went away.
                thread::spawn(move || serve_connection(&shared, stream));
            }
        });
        Server { address, shared }
    }
}

/// A server that runs until it is dropped.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Server {
    /// What was not as the scenario has it, so far: requests that it does not know or that its patterns do
    /// not match, and those that it awaits in vain.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let state = self.shared.state();
        let missing = state.open.iter().filter(|(times, _)| *times > 0);
        let missing = missing.map(|(times, exchange)| {
            format!("{times} more requests were to be made: {}", exchange.expect)
        });
        state.problems.iter().cloned().chain(missing).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.state().over = true;
        self.shared.change.notify_all();
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

struct Shared {
    api: Api,
    state: Mutex<State>,
    change: Condvar,
}

struct State {
    /// How often each may still be taken, in order
    open: VecDeque<(u64, Exchange)>,
    problems: Vec<String>,
    log: Option<Box<dyn Write + Send>>,
    /// Requests that wait for their answer
    waiting: u64,
    /// The most that ever did
    most: u64,
    over: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The exchange of a request, or what is wrong with the request.
    fn take(&self, request: &mut Request) -> Result<Exchange> {
        let mut state = self.state();
        let result = choose(&mut state, self.api, request);
        let mut line = request.0.clone();
        if let Err(error) = &result {
            line["problem"] = json!(format!("{error:#}"));
            state.problems.push(format!("{error:#}"));
        }
        if let Some(log) = &mut state.log {
            // A log that cannot be written is missed by whoever reads it.
            let _ = writeln!(log, "{line}");
            let _ = log.flush();
        }
        let exchange = result?;
        state.waiting += 1;
        state.most = state.most.max(state.waiting);
        self.change.notify_all();
        while state.most < exchange.together && !state.over {
            state = self
                .change
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        Ok(exchange)
    }
}

fn choose(state: &mut State, default: Api, request: &mut Request) -> Result<Exchange> {
    let Value::String(path) = request.0["path"].clone() else {
        bail!("a request without a path");
    };
    if let Some(api) = Api::of(&path) {
        let headers = request.0["headers"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        let chat = api::read(api, &headers, &request.0["body"]);
        // A scenario may want a request that is turned down; it then expects no chat.
        match chat {
            Ok(chat) => request.0["chat"] = chat,
            Err(failure) => request.0["refused"] = failure.body(api),
        }
    }
    let method = &request.0["method"];
    let place = state.open.iter_mut().find(|(times, exchange)| {
        let expect = &exchange.expect;
        let same_path = match expect["path"].as_str() {
            Some(wanted) => wanted == path,
            None => default.path() == path,
        };
        let wanted = expect["method"].as_str();
        let wanted = wanted.unwrap_or(if expect["path"].is_null() {
            "POST"
        } else {
            "GET"
        });
        *times > 0 && same_path && *method == wanted
    });
    let (times, exchange) =
        place.with_context(|| format!("no exchange is left for {method} {path}"))?;
    *times -= 1;
    let exchange = exchange.clone();
    if exchange.expect.get("refused").is_none()
        && let Some(refused) = request.0.get("refused")
    {
        bail!("the API turns the request down: {refused}");
    }
    if let Some(difference) = mismatch(&exchange.expect, &request.0, "request") {
        bail!("{difference}");
    }
    Ok(exchange)
}

/// `{"method", "path", "query", "headers", "body", "chat"}`.
struct Request(Value);

fn serve_connection(shared: &Shared, stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let Some(mut request) = read_request(&mut reader)? else {
        return Ok(());
    };
    let api = request.0["path"].as_str().and_then(Api::of);
    let result = match shared.take(&mut request) {
        Ok(exchange) => {
            let result = respond(&stream, &exchange, api.unwrap_or(shared.api), &request);
            shared.state().waiting -= 1;
            result
        }
        Err(error) => {
            let failure = Failure {
                status: 400,
                kind: "invalid_request_error".to_owned(),
                message: format!("not in the scenario: {error:#}"),
            };
            let body = failure.body(api.unwrap_or(shared.api)).to_string();
            let head = format!(
                "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n\
                 content-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            (&stream)
                .write_all((head + &body).as_bytes())
                .map_err(Into::into)
        }
    };
    // What is still unread would reset the connection, and with it what was written.
    let _ = stream.shutdown(Shutdown::Write);
    result
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Result<Option<Request>> {
    let mut head = reader.take(MAX_HEAD);
    let mut line = String::new();
    if head.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        bail!("no request: {line:?}");
    };
    let (method, target) = (method.to_owned(), target.to_owned());
    let mut headers = Map::new();
    loop {
        let mut line = String::new();
        head.read_line(&mut line)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').context("a header without a colon")?;
        headers.insert(name.to_ascii_lowercase(), json!(value.trim()));
    }
    let reader = head.into_inner();
    let header = |name: &str| headers.get(name).and_then(Value::as_str);
    let mut body = Vec::new();
    if header("transfer-encoding").is_some_and(|encoding| encoding.ends_with("chunked")) {
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let length = usize::from_str_radix(line.trim().split(';').next().unwrap_or(""), 16)?;
            take(reader, length, &mut body)?;
            let mut end = String::new();
            reader.read_line(&mut end)?;
            if length == 0 {
                break;
            }
        }
    } else if let Some(length) = header("content-length") {
        take(reader, length.parse()?, &mut body)?;
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let body = serde_json::from_slice(&body)
        .unwrap_or_else(|_| json!(String::from_utf8_lossy(&body).into_owned()));
    Ok(Some(Request(json!({
        "method": method, "path": path, "query": query, "headers": headers, "body": body
    }))))
}

fn take(reader: &mut BufReader<TcpStream>, length: usize, body: &mut Vec<u8>) -> Result<()> {
    if body.len() + length > MAX_REQUEST {
        bail!("a body of more than {MAX_REQUEST} bytes");
    }
    let start = body.len();
    body.resize(start + length, 0);
    reader.read_exact(&mut body[start..])?;
    Ok(())
}

fn respond(mut stream: &TcpStream, exchange: &Exchange, api: Api, request: &Request) -> Result<()> {
    let delivery = &exchange.delivery;
    let (mut status, mut kind, body) = content(exchange, api, request)?;
    if let Some(other) = delivery.status {
        status = other;
    }
    let mut body = [delivery.prefix.as_bytes(), &body].concat();
    if !delivery.line_end.is_empty() {
        let text = String::from_utf8(body).context("line_end of what is no text")?;
        body = text.replace('\n', &delivery.line_end).into_bytes();
    }
    let mut headers = vec![
        (
            "date".to_owned(),
            "Thu, 01 Jan 2026 00:00:00 GMT".to_owned(),
        ),
        ("connection".to_owned(), "close".to_owned()),
    ];
    match delivery.framing {
        Framing::Chunked => headers.push(("transfer-encoding".to_owned(), "chunked".to_owned())),
        Framing::Length if !delivery.endless => {
            headers.push(("content-length".to_owned(), body.len().to_string()));
        }
        Framing::Length | Framing::Close => {}
    }
    for (name, value) in &delivery.headers {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        if name == "content-type" {
            kind = if value.is_null() { String::new() } else { text };
        } else {
            headers.retain(|(known, _)| known != name);
            if !value.is_null() {
                headers.push((name.clone(), text));
            }
        }
    }
    if !kind.is_empty() {
        headers.push(("content-type".to_owned(), kind));
    }
    let mut head = format!("HTTP/1.1 {status} {}\r\n", reason(status));
    for (name, value) in headers {
        head.extend([&*name, ": ", &*value, "\r\n"]);
    }
    head.push_str("\r\n");
    if let Some(Fault {
        cut,
        head: true,
        at,
    }) = delivery.fault
    {
        stream.write_all(&head.as_bytes()[..at.min(head.len())])?;
        return end(stream, cut);
    }
    stream.write_all(head.as_bytes())?;
    let chunked = delivery.framing == Framing::Chunked;
    let length = match delivery.fault {
        Some(Fault { at, .. }) => at.min(body.len()),
        None => body.len(),
    };
    let piece = match delivery.piece {
        0 => length.max(1),
        piece => piece,
    };
    loop {
        for piece in body[..length].chunks(piece) {
            if chunked {
                let size = format!("{:x}\r\n", piece.len());
                stream.write_all(&[size.as_bytes(), piece, b"\r\n"].concat())?;
            } else {
                stream.write_all(piece)?;
            }
        }
        if !delivery.endless {
            break;
        }
    }
    if let Some(Fault { cut, .. }) = delivery.fault {
        return end(stream, cut);
    }
    if chunked {
        stream.write_all(b"0\r\n\r\n")?;
    }
    Ok(())
}

/// The end of a response that goes wrong: at once, or when the client has had enough.
fn end(mut stream: &TcpStream, cut: bool) -> Result<()> {
    if !cut {
        io::copy(&mut stream, &mut io::sink())?;
    }
    Ok(())
}

/// Status, content type and body.
fn content(exchange: &Exchange, api: Api, request: &Request) -> Result<(u16, String, Vec<u8>)> {
    let json = "application/json".to_owned();
    let failure = exchange.error.as_ref().map(|error| Failure {
        status: error["status"]
            .as_u64()
            .and_then(|status| u16::try_from(status).ok())
            .unwrap_or(500),
        kind: error["type"].as_str().unwrap_or("api_error").to_owned(),
        message: error["message"].as_str().unwrap_or_default().to_owned(),
    });
    if let Some(answer) = &exchange.answer {
        let chat = &request.0["chat"];
        let model = chat["model"].as_str().unwrap_or_default();
        return Ok(if chat["stream"] == json!(true) {
            let text = Answer(answer).stream(api, model, failure.as_ref());
            (
                200,
                "text/event-stream; charset=utf-8".to_owned(),
                text.into_bytes(),
            )
        } else {
            (
                200,
                json,
                Answer(answer).whole(api, model).to_string().into_bytes(),
            )
        });
    }
    if let Some(failure) = failure {
        return Ok((
            failure.status,
            json,
            failure.body(api).to_string().into_bytes(),
        ));
    }
    let response = exchange
        .response
        .as_ref()
        .context("an exchange without a response")?;
    let kind = if response.get("json").is_some() {
        json
    } else {
        "text/plain; charset=utf-8".to_owned()
    };
    Ok((200, kind, content_of(response)?))
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        301 => "Moved Permanently",
        302 => "Found",
        307 => "Temporary Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        408 => "Request Timeout",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        529 => "Site is overloaded",
        _ => "Status",
    }
}
