//! What is to happen, as a file says it.
//!
//! ```json
//! {
//!   "about": "What it shows",
//!   "variants": ["openai", "openai-stream", "anthropic", "anthropic-stream"],
//!   "needs": ["http"],
//!   "config": {"agents": {"defaults": {"max_tool_iterations": 2}}},
//!   "environment": {"NAME": "value"},
//!   "home": {".clawft/workspace/notes.txt": "text"},
//!   "turns": [{"message": "…", "session": "cli:test", "stdin": false, "exit": 0, "events": [],
//!              "stderr": "a pattern"}],
//!   "exchanges": [{"expect": {}, "answer": {}}],
//!   "after": {"files": {".clawft/workspace/made.txt": "a pattern"}, "sessions": {"cli:test": [["user", "…"]]}}
//! }
//! ```
//!
//! In all of it `{server}` stands for the server's address (`http://127.0.0.1:…`) and `{home}` for the home
//! folder. Variants are all four if none are named; `config` is laid over one that names the server, its
//! keys and the variant. A content in `home` is a text, `{"repeat": text, "count": n}`, or `{"link": path}`. Expected events,
//! `stderr` and files are [patterns](crate::pattern); a file that is `null` must not be there.
//!
//! An exchange is taken once (`"times"`: so often) by the first request of its method and path, in this
//! order; `expect` is then a pattern for
//! `{"method", "path", "query", "headers", "body", "chat"}`, where `chat` is what [`crate::api`] makes of
//! it. Without `method` and `path`, the exchange is one with the model. `together` holds the response back
//! until that many requests wait for theirs. It is one of:
//!
//! - `"answer"`: what the model says, as [`crate::api::Answer`] has it; with `"error"` as well, the stream
//!   ends with that,
//! - `"error"`: `{"status": 429, "type": "rate_limit_error", "message": "…"}`, in the API's form,
//! - `"response"`: a text, `{"latin1": text}`, `{"hex": digits}`, `{"repeat": text, "count": n}`, or
//!   `{"json": value}`.
//!
//! `"delivery"` says how it comes: `status`, `headers` (over the usual ones; `null` leaves one out),
//! `prefix` (a text before the body), `line_end` (in the place of `\n`), `framing` (`length`, `chunked` or
//! `close`), `piece` (bytes of each write, and chunk), and what goes wrong: `cut` or `stall`,
//! `{"head": n}` or `{"body": n}` (the connection ends, or nothing more comes, after so many bytes of that),
//! or `endless` (the body is repeated for as long as the client reads).

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Map, Value, json};

use crate::api::Api;

/// An API, and whether answers come piece by piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant {
    /// Its name
    pub name: &'static str,
    /// The API
    pub api: Api,
    /// Whether the agent is to ask for a stream
    pub stream: bool,
}

/// All variants.
pub const VARIANTS: [Variant; 4] = [
    variant("openai", Api::OpenAi, false),
    variant("openai-stream", Api::OpenAi, true),
    variant("anthropic", Api::Anthropic, false),
    variant("anthropic-stream", Api::Anthropic, true),
];

const fn variant(name: &'static str, api: Api, stream: bool) -> Variant {
    Variant { name, api, stream }
}

/// A message to the agent, and what it must report.
#[derive(Clone, Debug)]
pub struct Turn {
    /// The message
    pub message: String,
    /// The session's key
    pub session: String,
    /// Whether the message comes on standard input
    pub stdin: bool,
    /// The program's exit code
    pub exit: i32,
    /// The events, patterns; texts that follow one another are one
    pub events: Vec<Value>,
    /// A pattern for what it writes on standard error
    pub stderr: Value,
}

/// Where a response goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Whether the connection ends, rather than being silent
    pub cut: bool,
    /// Whether it is in the head
    pub head: bool,
    /// After how many bytes of that
    pub at: usize,
}

/// How a body is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// By `Content-Length`
    Length,
    /// In chunks
    Chunked,
    /// By the connection's end
    Close,
}

/// How a response comes.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The status, if it is not the usual one
    pub status: Option<u16>,
    /// Headers over the usual ones; `null` leaves one out
    pub headers: Map<String, Value>,
    /// A text before the body
    pub prefix: String,
    /// What stands for the ends of lines
    pub line_end: String,
    /// How the body is delimited
    pub framing: Framing,
    /// Bytes of each write; 0 for all
    pub piece: usize,
    /// What goes wrong
    pub fault: Option<Fault>,
    /// Whether the body never ends
    pub endless: bool,
}

/// A request and its response.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// A pattern for the request
    pub expect: Value,
    /// How many requests it answers
    pub times: u64,
    /// How many requests must wait before it is answered
    pub together: u64,
    /// What the model says
    pub answer: Option<Value>,
    /// What the API reports
    pub error: Option<Value>,
    /// A body in no API's form
    pub response: Option<Value>,
    /// How it comes
    pub delivery: Delivery,
}

/// A scenario.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it shows
    pub about: String,
    /// The variants that it is for
    pub variants: Vec<Variant>,
    /// What a program must have for it: `http`, or another word that whoever runs it knows
    pub needs: Vec<String>,
    /// The configuration, over the usual one
    pub config: Value,
    /// Variables of the environment
    pub environment: Vec<(String, String)>,
    /// Files of the home folder, by path
    pub home: Vec<(String, Vec<u8>)>,
    /// Links in it, by path, and what they name
    pub links: Vec<(String, String)>,
    /// What the agent is told
    pub turns: Vec<Turn>,
    /// What it must ask, and is answered
    pub exchanges: Vec<Exchange>,
    /// Patterns for the files that it leaves
    pub files: Map<String, Value>,
    /// Roles and texts of the sessions that it leaves, by key
    pub sessions: Map<String, Value>,
}

impl Scenario {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or has what no scenario has.
    pub fn read(path: &Path, server: &str, home: &str) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let text = text.replace("{server}", server).replace("{home}", home);
        let value = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        Self::parse(value).with_context(|| path.display().to_string())
    }

    fn parse(value: Value) -> Result<Self> {
        let mut object = Members::new(value, "the scenario")?;
        let variants = match object.take("variants") {
            Value::Null => VARIANTS.to_vec(),
            names => texts(&names)?
                .iter()
                .map(|name| find_variant(name))
                .collect::<Result<_>>()?,
        };
        let (mut home, mut links) = (Vec::new(), Vec::new());
        for (path, content) in object.map("home")? {
            match content["link"].as_str() {
                Some(target) => links.push((path, target.to_owned())),
                None => home.push((path, content_of(&content)?)),
            }
        }
        let mut environment = Vec::new();
        for (name, value) in object.map("environment")? {
            let value = value.as_str().context("environment: a value is no text")?;
            environment.push((name, value.to_owned()));
        }
        let mut after = Members::new(object.take("after"), "after")?;
        let scenario = Self {
            about: object.text("about")?,
            variants,
            needs: match object.take("needs") {
                Value::Null => vec!["http".to_owned()],
                needs => texts(&needs)?,
            },
            config: match object.take("config") {
                Value::Null => json!({}),
                config => config,
            },
            environment,
            home,
            links,
            turns: object.list("turns", turn)?,
            exchanges: object.list("exchanges", exchange)?,
            files: after.map("files")?,
            sessions: after.map("sessions")?,
        };
        after.end()?;
        object.end()?;
        ensure!(
            !scenario.about.is_empty(),
            "about: it must say what it shows"
        );
        ensure!(!scenario.turns.is_empty(), "turns: there are none");
        Ok(scenario)
    }
}

/// The variant of a name.
///
/// # Errors
/// There is none.
pub fn find_variant(name: &str) -> Result<Variant> {
    let found = VARIANTS.into_iter().find(|variant| variant.name == name);
    found.with_context(|| format!("no variant is called {name:?}"))
}

/// The bytes of a content.
///
/// # Errors
/// It is none of the forms that a content has.
pub fn content_of(content: &Value) -> Result<Vec<u8>> {
    if let Some(text) = content.as_str() {
        return Ok(text.as_bytes().to_vec());
    }
    if let Some(text) = content["latin1"].as_str() {
        let bytes = text.chars().map(|character| {
            u8::try_from(character).with_context(|| format!("{character:?} is not in Latin-1"))
        });
        return bytes.collect();
    }
    if let Some(digits) = content["hex"].as_str() {
        let pairs = digits.as_bytes().chunks(2).map(|pair| {
            let pair = std::str::from_utf8(pair)?;
            Ok(u8::from_str_radix(pair, 16)?)
        });
        return pairs.collect();
    }
    if let (Some(text), Some(count)) = (content["repeat"].as_str(), content["count"].as_u64()) {
        return Ok(text.repeat(usize::try_from(count)?).into_bytes());
    }
    match content.get("json") {
        Some(json) => Ok(json.to_string().into_bytes()),
        None => bail!("{content} is no content"),
    }
}

fn turn(value: Value) -> Result<Turn> {
    let mut object = Members::new(value, "a turn")?;
    let turn = Turn {
        message: object.text("message")?,
        session: match object.text("session")? {
            session if session.is_empty() => "cli:test".to_owned(),
            session => session,
        },
        stdin: object.take("stdin") == json!(true),
        exit: i32::try_from(object.number("exit", 0)?)?,
        events: object.list("events", Ok)?,
        stderr: object.take("stderr"),
    };
    object.end()?;
    Ok(turn)
}

fn exchange(value: Value) -> Result<Exchange> {
    let mut object = Members::new(value, "an exchange")?;
    let mut optional = |key| Some(object.take(key)).filter(|value| !value.is_null());
    let (answer, error, response) = (optional("answer"), optional("error"), optional("response"));
    let exchange = Exchange {
        answer,
        error,
        response,
        expect: match object.take("expect") {
            Value::Null => json!({}),
            expect => expect,
        },
        times: object.number("times", 1)?,
        together: object.number("together", 1)?,
        delivery: delivery(object.take("delivery"))?,
    };
    object.end()?;
    let said = [&exchange.answer, &exchange.error, &exchange.response];
    ensure!(
        said.into_iter().any(Option::is_some),
        "an exchange has no answer, error or response"
    );
    Ok(exchange)
}

fn delivery(value: Value) -> Result<Delivery> {
    let mut object = Members::new(value, "delivery")?;
    let framing = match object.text("framing")?.as_str() {
        "" | "length" => Framing::Length,
        "chunked" => Framing::Chunked,
        "close" => Framing::Close,
        other => bail!("framing: there is no {other:?}"),
    };
    let mut fault = None;
    for (key, cut) in [("cut", true), ("stall", false)] {
        let mut place = Members::new(object.take(key), key)?;
        for (part, head) in [("head", true), ("body", false)] {
            if let Some(at) = place.take(part).as_u64() {
                let at = usize::try_from(at)?;
                fault = Some(Fault { cut, head, at });
            }
        }
        place.end()?;
    }
    let status = object.take("status").as_u64();
    let delivery = Delivery {
        status: status.map(u16::try_from).transpose()?,
        headers: object.map("headers")?,
        prefix: object.text("prefix")?,
        line_end: object.text("line_end")?,
        framing,
        piece: usize::try_from(object.number("piece", 0)?)?,
        fault,
        endless: object.take("endless") == json!(true),
    };
    object.end()?;
    Ok(delivery)
}

fn texts(value: &Value) -> Result<Vec<String>> {
    let list = value.as_array().context("it must be a list of texts")?;
    let texts = list.iter().map(|text| text.as_str().map(str::to_owned));
    texts
        .collect::<Option<_>>()
        .context("it must be a list of texts")
}

/// The members of an object, each taken once, so that one that nobody takes is a mistake.
struct Members {
    of: &'static str,
    members: Map<String, Value>,
}

impl Members {
    fn new(value: Value, of: &'static str) -> Result<Self> {
        let members = match value {
            Value::Null => Map::new(),
            Value::Object(members) => members,
            _ => bail!("{of} must be an object"),
        };
        Ok(Self { of, members })
    }

    fn take(&mut self, key: &str) -> Value {
        self.members.remove(key).unwrap_or_default()
    }

    fn text(&mut self, key: &str) -> Result<String> {
        match self.take(key) {
            Value::Null => Ok(String::new()),
            Value::String(text) => Ok(text),
            other => bail!("{key} must be a text, and is {other}"),
        }
    }

    fn number(&mut self, key: &str, default: u64) -> Result<u64> {
        match self.take(key) {
            Value::Null => Ok(default),
            value => value
                .as_u64()
                .with_context(|| format!("{key} must be a number")),
        }
    }

    fn map(&mut self, key: &'static str) -> Result<Map<String, Value>> {
        Ok(Self::new(self.take(key), key)?.members)
    }

    fn list<T>(&mut self, key: &str, read: impl Fn(Value) -> Result<T>) -> Result<Vec<T>> {
        match self.take(key) {
            Value::Null => Ok(Vec::new()),
            Value::Array(list) => list.into_iter().map(read).collect(),
            _ => bail!("{key} must be a list"),
        }
    }

    fn end(self) -> Result<()> {
        match self.members.keys().next() {
            None => Ok(()),
            Some(key) => bail!("{} has no {key:?}", self.of),
        }
    }
}
