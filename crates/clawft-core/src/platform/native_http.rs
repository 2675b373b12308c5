//! The network of the machine itself.

use std::fmt;
use std::io::{self, Read as _};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use ureq::config::Config;
use ureq::http;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use super::{Exchange, Head, HttpClient, HttpError, Request};
use crate::prelude::*;
use crate::url_policy::{self, Zone};

/// Most requests that are under way at once, each with a thread.
const MAX_EXCHANGES: usize = 64;
/// Most bytes of a response's head
const MAX_HEAD: usize = 64 * 1024;
/// Bytes of a body that are read at once, and of which at most [`PIECES`] wait to be taken
const PIECE: usize = 16 * 1024;
const PIECES: usize = 4;
/// What a request waits that names no time
const DEFAULT_TIMEOUT: Duration = Duration::from_mins(1);
/// How soon an interruption is noticed
const INTERRUPTION: Duration = Duration::from_millis(50);

/// A client of HTTP/1.1, with TLS where the URL asks for it, through a proxy where the environment names
/// one.
///
/// A certificate must lead to a root of Mozilla's programme, or, where `SSL_CERT_FILE` is set, to one of
/// that file. Each request has its own connection, so giving one up closes it and no other.
#[derive(Debug, Default)]
pub struct NativeHttp {
    interruption: Arc<AtomicBool>,
    exchanges: Arc<AtomicUsize>,
}

impl NativeHttp {
    /// A client whose requests end as soon as the flag is up, and which sends none until it is down.
    #[must_use]
    pub fn new(interruption: Arc<AtomicBool>) -> Self {
        Self {
            interruption,
            exchanges: Arc::default(),
        }
    }
}

impl HttpClient for NativeHttp {
    fn send(&self, request: &Request) -> Result<Box<dyn Exchange>, HttpError> {
        if self.interruption.load(Ordering::Relaxed) {
            return Err(interrupted());
        }
        let message = message(request)?;
        let place = Place::take(&self.exchanges).ok_or_else(|| {
            HttpError::Unavailable(format!(
                "{MAX_EXCHANGES} requests are under way, which is the most at once"
            ))
        })?;
        let agent = ureq::Agent::with_parts(
            config(request)?,
            DefaultConnector::new(),
            Within {
                reach: request.reach,
                names: DefaultResolver::default(),
            },
        );
        let (sender, receiver) = sync_channel(PIECES);
        let client = agent.clone();
        thread::Builder::new()
            .name("http".to_owned())
            .spawn(move || {
                let _place = place;
                perform(&client, message, &sender);
            })
            .map_err(|error| HttpError::Unavailable(format!("no thread for it: {error}")))?;
        Ok(Box::new(NativeExchange {
            agent,
            receiver,
            interruption: Arc::clone(&self.interruption),
            head: None,
            piece: Vec::new(),
            taken: 0,
            end: None,
        }))
    }
}

fn interrupted() -> HttpError {
    HttpError::Unavailable("interrupted".to_owned())
}

/// One of the [`MAX_EXCHANGES`].
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(places: &Arc<AtomicUsize>) -> Option<Self> {
        let taken = places.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
            (taken < MAX_EXCHANGES).then_some(taken + 1)
        });
        taken.is_ok().then(|| Self(Arc::clone(places)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Resolves names to the addresses that a request may reach, so that a public name which stands for a
/// private address leads nowhere.
#[derive(Debug)]
struct Within {
    reach: Zone,
    names: DefaultResolver,
}

impl Resolver for Within {
    fn resolve(
        &self,
        uri: &http::Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let all = self.names.resolve(uri, config, timeout)?;
        // The user's own proxy is where the user says, and judges what it is asked for.
        if config
            .proxy()
            .is_some_and(|proxy| uri.host() == Some(proxy.host()))
        {
            return Ok(all);
        }
        let mut near = self.empty();
        let allowed = all
            .iter()
            .filter(|address| url_policy::zone(address.ip()) <= self.reach);
        allowed.for_each(|address| near.push(*address));
        if near.is_empty() {
            return Err(ureq::Error::Other(Box::new(OutOfReach)));
        }
        Ok(near)
    }
}

#[derive(Debug)]
struct OutOfReach;

impl fmt::Display for OutOfReach {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("its name stands for an address that may not be reached")
    }
}

impl std::error::Error for OutOfReach {}

fn message(request: &Request) -> Result<http::Request<Vec<u8>>, HttpError> {
    let mut builder = http::Request::builder()
        .method(request.method.as_str())
        .uri(&request.url);
    for (name, value) in &request.headers {
        // Not the library's error: it would show the value, which may be a key.
        let value = http::HeaderValue::from_str(value)
            .map_err(|_| HttpError::Invalid(format!("header {name} has a control character")))?;
        builder = builder.header(name, value);
    }
    builder
        .body(request.body.clone())
        .map_err(|error| HttpError::Invalid(error.to_string()))
}

fn config(request: &Request) -> Result<Config, HttpError> {
    let timeout = match request.timeout {
        0 => DEFAULT_TIMEOUT,
        milliseconds => Duration::from_millis(milliseconds),
    };
    let wait = Some(timeout);
    Ok(Config::builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .allow_non_standard_methods(true)
        .user_agent(concat!("clawft/", env!("CARGO_PKG_VERSION")))
        .max_response_header_size(MAX_HEAD)
        .max_idle_connections(0)
        .tls_config(TlsConfig::builder().root_certs(roots()?).build())
        .timeout_resolve(wait)
        .timeout_connect(wait)
        .timeout_recv_response(wait)
        .timeout_per_read(wait)
        .timeout_per_write(wait)
        .build())
}

/// Read once, for a bundle has hundreds of certificates.
fn roots() -> Result<RootCerts, HttpError> {
    static ROOTS: OnceLock<Result<RootCerts, String>> = OnceLock::new();
    let read = || {
        let Some(path) = std::env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty()) else {
            return Ok(RootCerts::WebPki);
        };
        let wrong =
            |what: &dyn fmt::Display| format!("SSL_CERT_FILE {}: {what}", path.to_string_lossy());
        let text = std::fs::read(&path).map_err(|error| wrong(&error))?;
        let certificates: Vec<_> = parse_pem(&text)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        if certificates.is_empty() {
            return Err(wrong(&"has no certificate in PEM"));
        }
        Ok(RootCerts::from(certificates))
    };
    ROOTS.get_or_init(read).clone().map_err(HttpError::Connect)
}

/// What the thread of a request tells, in this order.
enum Report {
    Head(Head),
    Piece(Vec<u8>),
    End(Result<(), HttpError>),
}

/// Sends and receives, until all is told or nobody listens any more.
fn perform(client: &ureq::Agent, message: http::Request<Vec<u8>>, sender: &SyncSender<Report>) {
    // Methods that ask only have no body, not even one of length 0.
    let asks = matches!(
        message.method().as_str(),
        "GET" | "HEAD" | "OPTIONS" | "DELETE"
    );
    let run = if asks && message.body().is_empty() {
        client.run(message.map(drop))
    } else {
        client.run(message)
    };
    let response = match run {
        Ok(response) => response,
        Err(error) => {
            let _ = sender.send(Report::End(Err(failure(error))));
            return;
        }
    };
    let (parts, body) = response.into_parts();
    let headers = parts.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    let head = Head {
        status: parts.status.as_u16(),
        headers: headers.collect(),
    };
    if sender.send(Report::Head(head)).is_err() {
        return;
    }
    let mut reader = body.into_with_config().limit(u64::MAX).reader();
    loop {
        let mut piece = vec![0; PIECE];
        let report = match reader.read(&mut piece) {
            Ok(0) => Report::End(Ok(())),
            Ok(length) => {
                piece.truncate(length);
                Report::Piece(piece)
            }
            Err(error) => Report::End(Err(broken(error))),
        };
        let over = matches!(report, Report::End(_));
        if sender.send(report).is_err() || over {
            return;
        }
    }
}

fn failure(error: ureq::Error) -> HttpError {
    use ureq::Error;

    match error {
        Error::Timeout(_) => HttpError::Timeout,
        Error::Http(_) => HttpError::Invalid(error.to_string()),
        // The library's error would show it.
        Error::BadUri(_) => HttpError::Invalid("the URL is none of HTTP".to_owned()),
        Error::Io(error) => match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe => HttpError::Broken(error.to_string()),
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => HttpError::Timeout,
            _ => HttpError::Connect(error.to_string()),
        },
        Error::HostNotFound
        | Error::ConnectionFailed
        | Error::InvalidProxyUrl
        | Error::ConnectProxyFailed(_)
        | Error::Tls(_)
        | Error::Rustls(_)
        | Error::Other(_) => HttpError::Connect(error.to_string()),
        other => HttpError::Broken(other.to_string()),
    }
}

/// A failure within a body: there was a connection.
fn broken(error: io::Error) -> HttpError {
    match failure(ureq::Error::from(error)) {
        HttpError::Timeout => HttpError::Timeout,
        HttpError::Connect(how) | HttpError::Broken(how) | HttpError::Invalid(how) => {
            HttpError::Broken(how)
        }
        other @ (HttpError::Unavailable(_) | HttpError::Memory) => other,
    }
}

struct NativeExchange {
    agent: ureq::Agent,
    receiver: Receiver<Report>,
    interruption: Arc<AtomicBool>,
    head: Option<Head>,
    piece: Vec<u8>,
    taken: usize,
    end: Option<Result<(), HttpError>>,
}

impl NativeExchange {
    /// Waits for the next report. The thread always gives one: all that it does has a timeout.
    fn wait(&mut self) {
        let report = loop {
            if self.interruption.load(Ordering::Relaxed) {
                break Report::End(Err(interrupted()));
            }
            match self.receiver.recv_timeout(INTERRUPTION) {
                Ok(report) => break report,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let how = "its thread ended".to_owned();
                    break Report::End(Err(HttpError::Broken(how)));
                }
            }
        };
        match report {
            Report::Head(head) => self.head = Some(head),
            Report::Piece(piece) => (self.piece, self.taken) = (piece, 0),
            Report::End(end) => self.end = Some(end),
        }
    }
}

impl Exchange for NativeExchange {
    fn head(&mut self) -> Result<&Head, HttpError> {
        if self.head.is_none() && self.end.is_none() {
            self.wait();
        }
        match (&self.head, &self.end) {
            (Some(head), _) => Ok(head),
            (None, Some(Err(error))) => Err(error.clone()),
            (None, _) => Err(HttpError::Broken("a body without a head".to_owned())),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, HttpError> {
        self.head()?;
        while self.taken == self.piece.len() {
            match &self.end {
                Some(end) => return end.clone().map(|()| 0),
                None => self.wait(),
            }
        }
        let rest = &self.piece[self.taken..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.taken += length;
        Ok(length)
    }
}

impl Drop for NativeExchange {
    fn drop(&mut self) {
        // Closes the connection, so that its thread does not wait for what nobody reads.
        self.agent.clone().shutdown();
    }
}
