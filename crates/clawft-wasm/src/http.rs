//! Requests that the host sends.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use clawft_core::platform::{Exchange, Head, HttpClient, HttpError, Request, USER_AGENT};

use crate::bindings::wasi::clocks::monotonic_clock::subscribe_duration;
use crate::bindings::wasi::http::types::{
    Fields, FutureIncomingResponse, HeaderError, IncomingBody, IncomingResponse, Method,
    OutgoingBody, OutgoingRequest, RequestOptions, Scheme,
};
use crate::bindings::wasi::io::poll::{Pollable, poll};
use crate::bindings::wasi::io::streams::{InputStream, StreamError};
use crate::error_code;
use clawft_core::platform::memory;
use clawft_core::text::{join, split_once};

/// How often a body is in memory at once while it is read.
const COPIES: usize = 4;

/// Nanoseconds of a millisecond.
const MILLISECOND: u64 = 1_000_000;

/// The host's network.
pub struct Outgoing;

/// A request that the host has been given. Fields are dropped in this order, which the host wants:
/// what came from a thing before the thing.
struct Sent {
    body: Option<(InputStream, IncomingBody)>,
    head: Option<Result<Head, HttpError>>,
    response: FutureIncomingResponse,
    /// How long to wait for something to happen, in milliseconds; 0 for as long as the host does
    timeout: u64,
    /// Bytes of the body that were read and are kept: a stream of events is read piece by piece
    read: usize,
}

impl HttpClient for Outgoing {
    fn send(&self, request: &Request) -> Result<Box<dyn Exchange>, HttpError> {
        if !memory::room(request.body.len()) {
            return Err(HttpError::Memory);
        }
        let target = Target::parse(&request.url)?;
        let message = OutgoingRequest::new(headers(request)?);
        let method = match request.method.as_str() {
            "GET" => Method::Get,
            "POST" => Method::Post,
            other => Method::Other(other.to_owned()),
        };
        message
            .set_method(&method)
            .and_then(|()| message.set_scheme(Some(&target.scheme)))
            .and_then(|()| message.set_authority(Some(target.authority)))
            .and_then(|()| message.set_path_with_query(Some(&target.path)))
            .map_err(|()| invalid_url())?;
        let options = (request.timeout > 0).then(|| {
            let options = RequestOptions::new();
            let timeout = Some(request.timeout.saturating_mul(MILLISECOND));
            // A host that does not know one of them keeps its own limit.
            let _ = options.set_connect_timeout(timeout);
            let _ = options.set_first_byte_timeout(timeout);
            options
        });
        let body = message.body().map_err(|()| invalid_url())?;
        let response = error_code::send(message, options)?;
        // Whoever answers without having read all of it, does answer: the response tells.
        let _ = write(body, &request.body, request.timeout);
        Ok(Box::new(Sent {
            body: None,
            head: None,
            response,
            timeout: request.timeout,
            read: 0,
        }))
    }
}

impl Exchange for Sent {
    fn head(&mut self) -> Result<&Head, HttpError> {
        if self.head.is_none() {
            self.head = Some(self.receive());
        }
        match self.head.as_ref() {
            Some(Ok(head)) => Ok(head),
            Some(Err(error)) => Err(error.clone()),
            None => unreachable!("set above"),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, HttpError> {
        self.head()?;
        let Some((stream, _)) = &self.body else {
            return Ok(0);
        };
        // Whoever reads keeps it, in a buffer that grows, and makes of it what it means.
        if !memory::room((self.read + buffer.len()).saturating_mul(COPIES)) {
            return Err(HttpError::Memory);
        }
        loop {
            match stream.read(buffer.len() as u64) {
                Ok(piece) if piece.is_empty() && !buffer.is_empty() => {
                    if !wait(&stream.subscribe(), self.timeout) {
                        return Err(HttpError::Timeout);
                    }
                }
                Ok(piece) => {
                    buffer[..piece.len()].copy_from_slice(&piece);
                    if !self.streams() {
                        self.read += piece.len();
                    }
                    return Ok(piece.len());
                }
                Err(StreamError::Closed) => {
                    self.body = None;
                    return Ok(0);
                }
                Err(StreamError::LastOperationFailed(cause)) => {
                    // Not `http-error-code`, at which jco's host throws.
                    return Err(HttpError::Broken(cause.to_debug_string()));
                }
            }
        }
    }
}

/// Waits for something, but not longer than that many milliseconds: whether it happened. Not every host
/// keeps the time itself.
fn wait(event: &Pollable, timeout: u64) -> bool {
    if timeout == 0 {
        event.block();
        return true;
    }
    let timer = subscribe_duration(timeout.saturating_mul(MILLISECOND));
    poll(&[event, &timer]).contains(&0)
}

impl Sent {
    fn streams(&self) -> bool {
        let head = self.head.as_ref().and_then(|head| head.as_ref().ok());
        head.and_then(|head| head.header("content-type"))
            .is_some_and(|kind| kind.starts_with("text/event-stream"))
    }

    fn receive(&mut self) -> Result<Head, HttpError> {
        // A connection first, and then the first byte
        if !wait(&self.response.subscribe(), self.timeout.saturating_mul(2)) {
            return Err(HttpError::Timeout);
        }
        let response = error_code::received(&self.response)?;
        let head = Head {
            status: response.status(),
            headers: received(&response),
        };
        let body = response.consume().ok();
        self.body = body.and_then(|body| Some((body.stream().ok()?, body)));
        Ok(head)
    }
}

fn received(response: &IncomingResponse) -> Vec<(String, String)> {
    response
        .headers()
        .entries()
        .into_iter()
        .map(|(mut name, value)| {
            name.make_ascii_lowercase();
            let value = String::from_utf8(value)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
            (name, value)
        })
        .collect()
}

fn headers(request: &Request) -> Result<Fields, HttpError> {
    let fields = Fields::new();
    for (name, value) in &request.headers {
        fields.append(name, value.as_bytes()).map_err(|error| {
            let why = match error {
                HeaderError::Forbidden => "is the client's to set",
                HeaderError::InvalidSyntax | HeaderError::Immutable => "cannot be sent",
            };
            HttpError::Invalid(join(&["header", name, why], " "))
        })?;
    }
    if !request.has_header("user-agent") {
        let _ = fields.append("user-agent", USER_AGENT.as_bytes());
    }
    if !request.body.is_empty() {
        let length = request.body.len().to_string();
        // A host that sets it by itself refuses this one.
        let _ = fields.append("content-length", length.as_bytes());
    }
    Ok(fields)
}

fn write(body: OutgoingBody, content: &[u8], timeout: u64) -> Result<(), ()> {
    let stream = body.write()?;
    let mut rest = content;
    while !rest.is_empty() {
        let room = stream.check_write().map_err(drop)?;
        if room == 0 {
            if !wait(&stream.subscribe(), timeout) {
                return Err(());
            }
            continue;
        }
        let (now, later) =
            rest.split_at(rest.len().min(usize::try_from(room).unwrap_or(usize::MAX)));
        stream.write(now).map_err(drop)?;
        rest = later;
    }
    stream.flush().map_err(drop)?;
    if !wait(&stream.subscribe(), timeout) {
        return Err(());
    }
    drop(stream);
    error_code::end(body).map_err(drop)
}

/// That a URL cannot be sent. It may have a password in it, so it is not shown.
fn invalid_url() -> HttpError {
    HttpError::Invalid(String::from("the URL"))
}

/// Where a URL leads.
struct Target<'a> {
    scheme: Scheme,
    authority: &'a str,
    path: String,
}

impl<'a> Target<'a> {
    fn parse(url: &'a str) -> Result<Self, HttpError> {
        let (scheme, rest) = split_once(url, "://").ok_or_else(invalid_url)?;
        let scheme = match scheme {
            "https" => Scheme::Https,
            "http" => Scheme::Http,
            _ => return Err(invalid_url()),
        };
        let rest = rest.split('#').next().unwrap_or(rest);
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.is_empty()
            || authority.contains('@')
            || url.bytes().any(|byte| byte <= b' ' || byte == 0x7f)
        {
            return Err(invalid_url());
        }
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            join(&["/", path], "")
        };
        Ok(Self {
            scheme,
            authority,
            path,
        })
    }
}
