//! Sessions of clients that come over HTTP, in the thread that has the server's state.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::response::Response;
use crate::rpc::Fault;
use crate::server::Server;
use crate::session::{self, Answer, Session};

/// The field that names a session.
pub const FIELD: &str = "Mcp-Session-Id";
/// JSON-RPC's number for it, as the SDKs of MCP have it
const NO_SESSION: i64 = -32001;

/// What a client asks.
#[derive(Debug)]
pub struct Question {
    /// The session that it names
    pub session: Option<String>,
    /// What it wants
    pub wish: Wish,
}

/// What a client wants.
#[derive(Debug)]
pub enum Wish {
    /// An answer to what it posted
    Answer(Vec<u8>),
    /// That the session ends
    End,
}

/// The sessions that there are.
#[derive(Debug)]
pub struct Sessions {
    most: usize,
    idle: Duration,
    open: HashMap<String, Open>,
}

#[derive(Debug)]
struct Open {
    session: Session,
    used: Instant,
}

impl Sessions {
    /// No session, and at most so many, each of which ends when it was not used for so long.
    #[must_use]
    pub fn new(most: usize, idle: Duration) -> Self {
        let open = HashMap::new();
        Self { most, idle, open }
    }

    /// Does what a client asks.
    pub fn answer(&mut self, server: &mut Server, question: Question) -> Response {
        let idle = self.idle;
        self.open.retain(|_, open| open.used.elapsed() <= idle);
        let Some(name) = question.session else {
            return match question.wish {
                Wish::Answer(text) => self.begin(server, &text),
                Wish::End => unnamed(),
            };
        };
        match question.wish {
            Wish::End if self.open.remove(&name).is_some() => Response::empty(204),
            Wish::End => unknown(),
            Wish::Answer(text) => match self.open.get_mut(&name) {
                Some(open) => {
                    let response = match session::parse(&text) {
                        Ok(message) => told(open.session.answer(server, message)),
                        Err(fault) => Response::fault(400, fault),
                    };
                    open.used = Instant::now();
                    response
                }
                None => unknown(),
            },
        }
    }

    fn begin(&mut self, server: &mut Server, text: &[u8]) -> Response {
        let message = match session::parse(text) {
            Ok(message) => message,
            Err(fault) => return Response::fault(400, fault),
        };
        if message.get("method").and_then(Value::as_str) != Some("initialize") {
            return unnamed();
        }
        let mut session = Session::default();
        let response = told(session.answer(server, message));
        if session.version().is_none() {
            return response;
        }
        let name = match name() {
            Ok(name) => name,
            Err(error) => return Response::refusal(503, format!("no random number: {error}")),
        };
        while self.open.len() >= self.most {
            let oldest = self.open.iter().min_by_key(|(_, open)| open.used);
            let Some(oldest) = oldest.map(|(name, _)| name.clone()) else {
                break;
            };
            self.open.remove(&oldest);
        }
        let used = Instant::now();
        self.open.insert(name.clone(), Open { session, used });
        response.with(FIELD, name)
    }
}

fn told(answer: Answer) -> Response {
    match answer {
        Answer::Nothing => Response::empty(202),
        Answer::Replies(reply) => Response::json(200, &reply),
        Answer::Refused(reply) => Response::json(400, &reply),
    }
}

/// 128 bits that nobody guesses.
fn name() -> Result<String, getrandom::Error> {
    let mut chance = [0; 16];
    getrandom::fill(&mut chance)?;
    Ok(format!("{:032x}", u128::from_be_bytes(chance)))
}

fn unnamed() -> Response {
    Response::refusal(
        400,
        format!("`{FIELD}` is needed, as the answer to `initialize` gave it"),
    )
}

fn unknown() -> Response {
    let message = "this session has ended; begin with `initialize`".to_owned();
    let code = NO_SESSION;
    Response::fault(404, Fault { code, message })
}
