//! The agent as a component of WASI 0.2: the world of `wit/clawft.wit`.
//!
//! It is linked without std, whose way of panicking would take kilobytes to show nobody anything.

#![cfg_attr(target_family = "wasm", no_std)]

#[macro_use]
extern crate alloc;

mod allocator;
mod bindings;
mod clock;
mod environment;
mod error_code;
mod files;
mod http;
mod panic;
mod random;

use alloc::borrow::ToOwned;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::RefCell;

use clawft_core::agent::{self, Agent};
use clawft_core::message::{StopReason, ToolCall};
use clawft_core::platform::{FileError, FileErrorKind, HttpError, Platform, memory};
use clawft_core::{json, session, vectors};

use bindings::exports::clawft::agent::agent as world;
use bindings::exports::clawft::agent::vectors as vector_world;
use world::{Error, ErrorKind};

/// The conversation of `run`.
const SESSION: &str = "cli:default";

/// How often something is in memory at once while a request is made of it: as it came, among the messages,
/// as JSON, and as the buffer that this grows in.
const COPIES: usize = 5;

/// The longest message, in bytes: what a model is told of it, and the file that keeps it, are copies.
const MAX_MESSAGE: usize = 1 << 20;

/// The most bytes of entries that are added at once: their file has them as text, several times as long.
const MAX_ENTRIES: usize = 256 << 10;

/// What the one thread of the component has for itself.
struct Own<T>(T);

// SAFETY: there is no other thread.
unsafe impl<T> Sync for Own<T> {}

static AGENT: Own<RefCell<Option<Rc<Agent>>>> = Own(RefCell::new(None));

struct Component;

/// A turn, and the agent that it was started with.
struct Turn {
    agent: Rc<Agent>,
    turn: RefCell<agent::Turn>,
}

fn open(config_path: Option<&str>) -> Result<Rc<Agent>, Error> {
    let platform = Platform {
        http: Rc::new(http::Outgoing),
        files: Rc::new(files::Preopens),
        environment: Rc::new(environment::Variables),
        clock: Rc::new(clock::Clocks),
        random: Rc::new(random::Entropy),
    };
    let agent = Rc::new(Agent::open(platform, config_path)?);
    AGENT.0.replace(Some(Rc::clone(&agent)));
    Ok(agent)
}

/// Refuses a call on that many bytes, for which there may not be enough memory.
fn check_memory(bytes: usize) -> Result<(), Error> {
    if memory::room(bytes.saturating_mul(COPIES)) {
        Ok(())
    } else {
        Err(failure(ErrorKind::Memory, "too little memory is left"))
    }
}

fn failure(kind: ErrorKind, message: &str) -> Error {
    let message = message.to_owned();
    Error { kind, message }
}

/// The agent that is there, or that of the configuration that is found.
fn agent() -> Result<Rc<Agent>, Error> {
    check_memory(0)?;
    // NB: before the match, which would hold the borrow while `open` writes.
    let known = AGENT.0.borrow().clone();
    match known {
        Some(agent) => Ok(agent),
        None => open(None),
    }
}

fn start(session: &str, message: &str) -> Result<Turn, Error> {
    if message.len() > MAX_MESSAGE {
        let problem = format!("the message is longer than {MAX_MESSAGE} bytes");
        return Err(failure(ErrorKind::Argument, &problem));
    }
    check_memory(message.len())?;
    let agent = agent()?;
    let turn = RefCell::new(agent.turn(session, message)?);
    Ok(Turn { agent, turn })
}

impl Turn {
    fn next(&self) -> Result<Option<agent::Event>, Error> {
        check_memory(self.turn.borrow().size())?;
        Ok(self.turn.borrow_mut().next(&self.agent)?)
    }
}

impl world::Guest for Component {
    type Turn = Turn;

    fn init(config_path: Option<String>) -> Result<(), Error> {
        check_memory(0)?;
        open(config_path.as_deref()).map(drop)
    }

    fn run(message: String) -> Result<world::Answer, Error> {
        let turn = start(SESSION, &message)?;
        drop(message);
        loop {
            match turn.next()? {
                Some(agent::Event::Done {
                    text,
                    stop,
                    usage,
                    iterations,
                }) => return Ok(answer(text, stop, usage, iterations)),
                Some(_) => {}
                None => return Err(failure(ErrorKind::Model, "there is no answer")),
            }
        }
    }

    fn start(session: String, message: String) -> Result<world::Turn, Error> {
        start(&session, &message).map(world::Turn::new)
    }

    fn capabilities() -> Result<String, Error> {
        Ok(json::text(&agent()?.capabilities()))
    }
}

impl world::GuestTurn for Turn {
    fn next(&self) -> Result<Option<world::Event>, Error> {
        Ok(Self::next(self)?.map(|event| match event {
            agent::Event::Text(text) => world::Event::Text(text),
            agent::Event::ToolCall(ToolCall {
                id,
                name,
                arguments,
            }) => world::Event::ToolCall(world::ToolCall {
                id,
                name,
                arguments,
            }),
            agent::Event::ToolResult {
                id,
                name,
                content,
                failed,
            } => world::Event::ToolResult(world::ToolResult {
                id,
                name,
                content,
                failed,
            }),
            agent::Event::Done {
                text,
                stop,
                usage,
                iterations,
            } => world::Event::Done(answer(text, stop, usage, iterations)),
        }))
    }
}

fn answer(
    text: String,
    stop: StopReason,
    usage: clawft_core::message::Usage,
    iterations: u32,
) -> world::Answer {
    world::Answer {
        text,
        stop: match stop {
            StopReason::EndTurn => world::StopReason::EndTurn,
            StopReason::ToolUse => world::StopReason::ToolUse,
            StopReason::MaxTokens => world::StopReason::MaxTokens,
            StopReason::StopSequence => world::StopReason::StopSequence,
            StopReason::Refused => world::StopReason::Refused,
        },
        usage: world::Usage {
            input: usage.input,
            output: usage.output,
        },
        iterations,
    }
}

impl vector_world::Guest for Component {
    fn create(
        collection: String,
        dimensions: u32,
        metric: vector_world::Metric,
    ) -> Result<(), Error> {
        let metric = match metric {
            vector_world::Metric::L2 => vectors::Metric::L2,
            vector_world::Metric::Cosine => vectors::Metric::Cosine,
            vector_world::Metric::Dot => vectors::Metric::Dot,
        };
        let vectors = agent()?;
        let vectors = vectors.vectors();
        Ok(vectors.create(&collection, dimensions as usize, metric)?)
    }

    fn add(collection: String, entries: Vec<vector_world::Entry>) -> Result<Vec<u64>, Error> {
        let agent = agent()?;
        let size: usize = entries.iter().map(size_of_entry).sum();
        if size > MAX_ENTRIES {
            let problem =
                format!("entries of more than {MAX_ENTRIES} bytes at once; add them by and by");
            return Err(failure(ErrorKind::Argument, &problem));
        }
        check_memory(size)?;
        let metadata = entries
            .iter()
            .map(|entry| {
                let metadata = entry.metadata.as_ref();
                metadata
                    .map(|text| json::parse(text.as_bytes(), usize::MAX))
                    .transpose()
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| failure(ErrorKind::Argument, &format!("metadata: {error}")))?;
        let entries: Vec<vectors::Entry<'_>> = entries
            .iter()
            .zip(&metadata)
            .map(|(entry, metadata)| vectors::Entry {
                id: entry.id,
                text: &entry.text,
                metadata: metadata.as_ref(),
                vector: entry.vector.as_deref(),
            })
            .collect();
        Ok(agent.vectors().add(&collection, &entries)?)
    }

    fn delete(collection: String, id: u64) -> Result<bool, Error> {
        Ok(agent()?.vectors().delete(&collection, id)?)
    }

    fn search(
        collection: String,
        query: vector_world::Query,
        count: u32,
    ) -> Result<Vec<vector_world::Found>, Error> {
        let query = match &query {
            vector_world::Query::Text(text) => vectors::Query::Text(text),
            vector_world::Query::Vector(vector) => vectors::Query::Vector(vector),
        };
        let found = agent()?
            .vectors()
            .search(&collection, query, count as usize)?;
        Ok(found
            .into_iter()
            .map(|found| vector_world::Found {
                id: found.id,
                distance: found.distance,
                text: found.text,
                metadata: if found.metadata.is_empty() {
                    "null".to_owned()
                } else {
                    found.metadata
                },
            })
            .collect())
    }

    fn count(collection: String) -> Result<u64, Error> {
        Ok(agent()?.vectors().count(&collection)? as u64)
    }
}

fn size_of_entry(entry: &vector_world::Entry) -> usize {
    let vector = entry.vector.as_deref().map_or(0, size_of_val);
    let metadata = entry.metadata.as_ref().map_or(0, String::len);
    size_of_val(entry) + entry.text.len() + metadata + vector
}

impl From<agent::Error> for Error {
    fn from(error: agent::Error) -> Self {
        use agent::Error as Cause;
        let kind = match &error {
            Cause::Http {
                error: HttpError::Memory,
                ..
            }
            | Cause::File(FileError {
                kind: FileErrorKind::Memory,
                ..
            })
            | Cause::Session(session::Error::File(FileError {
                kind: FileErrorKind::Memory,
                ..
            })) => ErrorKind::Memory,
            Cause::Config(_) | Cause::Select(_) => ErrorKind::Config,
            Cause::NoMessage
            | Cause::Session(session::Error::Key { .. } | session::Error::TooLong) => {
                ErrorKind::Argument
            }
            Cause::File(_) | Cause::Session(_) => ErrorKind::Files,
            Cause::Http { .. } | Cause::Time(_) => ErrorKind::Network,
            Cause::Status { .. } | Cause::Model { .. } | Cause::Empty(_) => ErrorKind::Model,
            Cause::Iterations(_) => ErrorKind::Iterations,
        };
        failure(kind, &error.to_string())
    }
}

impl From<vectors::Error> for Error {
    fn from(error: vectors::Error) -> Self {
        use vectors::Error as Cause;
        let kind = match &error {
            Cause::Full(_)
            | Cause::Memory
            | Cause::File(FileError {
                kind: FileErrorKind::Memory,
                ..
            }) => ErrorKind::Memory,
            Cause::File(_) | Cause::Damaged(..) | Cause::Busy(_) => ErrorKind::Files,
            _ => ErrorKind::Argument,
        };
        failure(kind, &error.to_string())
    }
}

bindings::export!(Component with_types_in bindings);

#[cfg(test)]
mod tests {
    use clawft_core::message::StopReason;

    use super::*;

    /// The kinds as `wit/clawft.wit` describes them.
    #[test]
    fn errors_have_their_kinds() {
        use agent::Error as Cause;
        let file = |kind| FileError {
            path: "f".to_owned(),
            kind,
        };
        let key = session::Error::Key {
            key: "../x".to_owned(),
            what: "a path",
        };
        let denied = session::Error::File(file(FileErrorKind::Denied));
        let memory = session::Error::File(file(FileErrorKind::Memory));
        let cases = [
            (Cause::NoMessage, ErrorKind::Argument),
            (Cause::Session(key), ErrorKind::Argument),
            (Cause::Session(session::Error::TooLong), ErrorKind::Argument),
            (Cause::Session(denied), ErrorKind::Files),
            (Cause::Session(memory), ErrorKind::Memory),
            (Cause::File(file(FileErrorKind::Memory)), ErrorKind::Memory),
            (Cause::File(file(FileErrorKind::Denied)), ErrorKind::Files),
            (Cause::Iterations(1), ErrorKind::Iterations),
            (Cause::Time(1), ErrorKind::Network),
            (Cause::Empty(StopReason::EndTurn), ErrorKind::Model),
        ];
        for (cause, kind) in cases {
            let error = Error::from(cause);
            assert!(error.kind == kind, "{}", error.message);
        }
    }
}
