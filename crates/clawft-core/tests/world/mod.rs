//! An agent with a web and a clock that do what the test says.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test uses part of it; what is missing fails the test"
)]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use clawft_core::agent::{Agent, Error, Event, Turn};
use clawft_core::config::{Config, ProviderConfig, Secret};
use clawft_core::message::Role;
use clawft_core::platform::{Clock, Exchange, Head, HttpClient, HttpError, Random, Request};
use serde_json::{Value, json};

use crate::machine::Machine;

pub const KEY: &str = "sk-very-secret";

/// What the web says to one request.
#[derive(Clone)]
pub enum Reply {
    /// Nothing, for that reason
    Fails(HttpError),
    /// A status, headers, a body, and whether it breaks off after it
    Says(u16, Vec<(&'static str, &'static str)>, String, bool),
}

pub fn says(body: &Value) -> Reply {
    Reply::Says(200, vec![], body.to_string(), false)
}

pub fn answer(text: &str) -> Reply {
    says(&json!({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]}))
}

pub fn calls(stop: &str, calls: &[(&str, &str, Value)]) -> Reply {
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

pub fn status(status: u16, headers: &[(&'static str, &'static str)]) -> Reply {
    let body = json!({"error": {"message": format!("it is {KEY}"), "type": "t"}});
    Reply::Says(status, headers.to_vec(), body.to_string(), false)
}

/// The world: replies in order, time that passes only when someone waits, and what happened.
#[derive(Default)]
pub struct World {
    pub replies: RefCell<VecDeque<Reply>>,
    pub requests: RefCell<Vec<Request>>,
    pub happened: RefCell<Vec<String>>,
    pub now: Cell<u64>,
    /// What each read of a body takes
    pub read_time: Cell<u64>,
    /// The most bytes that one gives
    pub read_size: Cell<usize>,
    pub slept: RefCell<Vec<u64>>,
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

pub fn config() -> Config {
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

pub struct Bench {
    /// Keeps the home folder
    pub machine: Machine,
    pub world: Rc<World>,
    pub agent: Agent,
}

impl Bench {
    pub fn new(config: Config, replies: impl IntoIterator<Item = Reply>) -> Self {
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

    pub fn turn(&self) -> Turn {
        self.agent.turn("cli:a", "Hello").unwrap()
    }

    /// All events of a turn, and how it ended.
    pub fn run(&self) -> (Vec<Event>, Result<(), Error>) {
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

    pub fn kept(&self) -> Vec<(Role, String)> {
        let session = self.agent.sessions().load("cli:a", 100).unwrap();
        let messages = session.messages.into_iter();
        messages
            .map(|message| (message.role, message.content))
            .collect()
    }

    pub fn happened(&self) -> Vec<String> {
        self.world.happened.borrow().clone()
    }
}
