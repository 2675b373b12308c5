//! MCP's "Streamable HTTP": messages are posted, and each is answered at once.
//!
//! Each connection has a thread, which reads requests and writes responses. What they ask is served in turn by the
//! thread that has the server's state.

pub mod connections;
pub mod gate;
pub mod request;
pub mod response;
pub mod sessions;

use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use self::connections::{Connections, Seat};
use self::gate::Gate;
use self::request::{Failure, Framing, Head};
use self::response::Response;
use self::sessions::{Question, Sessions, Wish};
use crate::lines;
use crate::server::Server;

/// How much a server does at once, and for how long it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Connections at once. Each may hold a message of [`lines::LIMIT`].
    pub connections: usize,
    /// Sessions; the one that was not used for the longest gives way
    pub sessions: usize,
    /// Time after which a session that is not used ends
    pub session: Duration,
    /// Time for a head, from when it begins, or from when the connection does
    pub head: Duration,
    /// Time for a body
    pub body: Duration,
    /// Time in which a response must be taken
    pub response: Duration,
    /// Time between two requests on one connection
    pub idle: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 32,
            sessions: 256,
            session: Duration::from_hours(24),
            head: Duration::from_secs(10),
            body: Duration::from_mins(1),
            response: Duration::from_mins(1),
            idle: Duration::from_mins(2),
        }
    }
}

/// A server of HTTP, which listens.
#[derive(Debug)]
pub struct Http {
    listener: TcpListener,
    shared: Arc<Shared>,
    questions: Receiver<Event>,
    stop: Stop,
}

#[derive(Debug)]
struct Shared {
    gate: Gate,
    bounds: Bounds,
    connections: Arc<Connections>,
}

#[derive(Debug)]
enum Event {
    Asked(Question, Sender<Response>),
    Stopped,
}

/// What ends a server, from any thread.
#[derive(Clone, Debug)]
pub struct Stop {
    stopped: Arc<AtomicBool>,
    events: Sender<Event>,
}

impl Stop {
    /// Ends the server, after the request that it serves.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        // If nobody listens, it has ended.
        let _ = self.events.send(Event::Stopped);
    }
}

impl Http {
    /// Takes what comes to a listener.
    #[must_use]
    pub fn new(listener: TcpListener, gate: Gate, bounds: Bounds) -> Self {
        let (events, questions) = mpsc::channel();
        let stopped = Arc::default();
        Self {
            listener,
            shared: Arc::new(Shared {
                gate,
                bounds,
                connections: Arc::new(Connections::new(bounds.connections)),
            }),
            questions,
            stop: Stop { stopped, events },
        }
    }

    /// What ends it.
    #[must_use]
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Where it listens.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until it is stopped. The thread that listens ends with the program, or with the next client.
    pub fn serve(self, server: &mut Server) {
        let Self {
            listener,
            shared,
            questions,
            stop: Stop { stopped, events },
        } = self;
        let bounds = shared.bounds;
        let connections = Arc::clone(&shared.connections);
        thread::spawn(move || accept(&listener, &shared, &events));
        let mut sessions = Sessions::new(bounds.sessions, bounds.session);
        for event in &questions {
            let Event::Asked(question, answer) = event else {
                break;
            };
            if stopped.load(Ordering::SeqCst) {
                break;
            }
            // A client that is gone has not taken back what it asked.
            let _ = answer.send(sessions.answer(server, question));
        }
        // NB: whoever waits is told so by this
        drop(questions);
        connections.end(bounds.response);
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>, events: &Sender<Event>) {
    for stream in listener.incoming() {
        // NB: without file descriptors it fails at once, until connections end
        let Ok(stream) = stream else {
            thread::sleep(Duration::from_millis(50));
            continue;
        };
        let seat = match shared.connections.admit(&stream) {
            Ok(Some(seat)) => seat,
            Ok(None) => return,
            Err(_) => continue,
        };
        let (shared, events) = (Arc::clone(shared), events.clone());
        // Without a thread the connection is closed; its failures are the client's doing.
        let _ = thread::Builder::new().spawn(move || attend(&shared, &seat, stream, &events));
    }
}

/// A connection on which all must be done by a moment.
#[derive(Debug)]
struct Timed {
    stream: TcpStream,
    until: Instant,
}

impl Timed {
    fn allow(&mut self, time: Duration) {
        self.until = Instant::now() + time;
    }

    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(Some(left))
    }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(buffer)
    }
}

impl Write for Timed {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Answers what comes over a connection.
fn attend(
    shared: &Shared,
    seat: &Seat,
    stream: TcpStream,
    events: &Sender<Event>,
) -> io::Result<()> {
    let bounds = &shared.bounds;
    // NB: a response is written at once, so there is nothing that is worth waiting for
    stream.set_nodelay(true)?;
    let until = Instant::now() + bounds.head;
    let mut input = BufReader::new(Timed { stream, until });
    loop {
        if input.fill_buf()?.is_empty() {
            return Ok(());
        }
        input.get_mut().allow(bounds.head);
        let mut exchange = Exchange::default();
        let response = match exchange.run(shared, seat, &mut input, events) {
            Ok(Some(response)) => response,
            Ok(None) => return Ok(()),
            Err(Failure::Refused(response)) => {
                exchange.keeps_alive = false;
                response
            }
            Err(Failure::Gone(error)) => {
                if !is_timeout(&error) {
                    return Err(error);
                }
                exchange.keeps_alive = false;
                Response::refusal(408, "the request does not come")
            }
        };
        let fields = exchange.fields.into_iter();
        let response = fields.fold(response, |response, (name, value)| {
            response.with(name, value)
        });
        input.get_mut().allow(bounds.response);
        let bytes = response.bytes(exchange.keeps_alive, exchange.only_head);
        input.get_mut().write_all(&bytes)?;
        drop(bytes);
        seat.idle();
        if !exchange.keeps_alive {
            return linger(input.get_mut(), bounds.head);
        }
        input.get_mut().allow(bounds.idle);
    }
}

/// A request and its response.
#[derive(Default)]
struct Exchange {
    keeps_alive: bool,
    only_head: bool,
    fields: Vec<(&'static str, String)>,
}

impl Exchange {
    fn run(
        &mut self,
        shared: &Shared,
        seat: &Seat,
        input: &mut BufReader<Timed>,
        events: &Sender<Event>,
    ) -> Result<Option<Response>, Failure> {
        let Some(head) = Head::read(input)? else {
            return Ok(None);
        };
        self.only_head = head.method == "HEAD";
        let framing = head.framing(lines::LIMIT)?;
        let has_body = framing != Framing::Length(0);
        let local = input.get_ref().stream.local_addr()?.ip();
        let checked = shared
            .gate
            .check(&head, local, &mut self.fields)
            .and_then(|()| gate::form(&head));
        if let Err(response) = checked {
            // NB: nobody's body is read before it is known who sends it
            self.keeps_alive = head.keeps_alive() && !has_body;
            return Ok(Some(response));
        }
        if !seat.busy() {
            return Ok(None);
        }
        if let Some(expectation) = head.field("expect")
            && head.modern
        {
            if !expectation.eq_ignore_ascii_case("100-continue") {
                let message = "nothing is expected but 100-continue";
                return Err(Response::refusal(417, message).into());
            }
            if has_body && input.buffer().is_empty() {
                input
                    .get_mut()
                    .write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            }
        }
        input.get_mut().allow(shared.bounds.body);
        let body = request::body(input, framing, lines::LIMIT)?;
        self.keeps_alive = head.keeps_alive();
        let question = Question {
            session: head.field("mcp-session-id").map(str::to_owned),
            wish: if head.method == "DELETE" {
                Wish::End
            } else {
                Wish::Answer(body)
            },
        };
        let (sender, answer) = mpsc::channel();
        let asked = events.send(Event::Asked(question, sender));
        let answer = asked.ok().and_then(|()| answer.recv().ok());
        Ok(Some(answer.unwrap_or_else(|| {
            self.keeps_alive = false;
            Response::refusal(503, "the server ends")
        })))
    }
}

/// Whether a time is over.
fn is_timeout(error: &io::Error) -> bool {
    // NB: which of them it is depends on the system
    matches!(
        error.kind(),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock
    )
}

/// Ends a connection so that the client can read the response: what it still sends would otherwise take it from
/// the client's own system (RFC 9112, 9.6).
fn linger(connection: &mut Timed, time: Duration) -> io::Result<()> {
    connection.stream.shutdown(Shutdown::Write)?;
    connection.allow(time);
    let mut buffer = [0; 4096];
    while connection.read(&mut buffer)? > 0 {}
    Ok(())
}
