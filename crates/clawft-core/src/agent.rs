//! The agent: from a message to its answer.
//!
//! A [`Turn`] asks the model, shows what it says as it comes, runs the tools that it calls, all of an answer
//! at once, tells it their results, and so on until it calls none. What is kept of a turn are the user's
//! message and the last answer; they are written in one piece when the turn is over, so a turn that fails,
//! is given up or dies with its process leaves the session as it was. An answer that is too long for a
//! session is kept in part.
//!
//! A request that a provider turns down for now (429, 408, 5xx), or that gets no answer or half of one, is
//! made again, but only while nothing of its answer was shown.

use alloc::rc::Rc;
use alloc::vec::IntoIter;
use core::fmt;

use serde_json::Value;

use crate::config::{self, Config};
use crate::message::{Message, Role, StopReason, ToolCall, Usage};
use crate::platform::{Directory, Exchange, FileError, HttpError, Platform};
use crate::prelude::*;
use crate::provider::select::{self, SelectError, Selected, select};
use crate::provider::{ChatRequest, Completion, Decoder, ModelError, retry};
use crate::tool::{self, Context, Running, Spec, ToolError, object};
use crate::{json, json_repair};
use crate::{prompt, session, text, vectors};

/// The most bytes of a tool's result that a model is given.
pub const MAX_RESULT: usize = 65_536;

/// The most bytes that are read of a response that reports a failure.
const MAX_FAILURE: usize = 64 * 1024;

/// Bytes of a response that are read at once.
const PIECE: usize = 8 * 1024;

/// What happens in a turn, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// More of the answer's text
    Text(String),
    /// The model calls a tool
    ToolCall(ToolCall),
    /// A tool answered
    ToolResult {
        /// The call's id
        id: String,
        /// The tool's name
        name: String,
        /// Its result, JSON, cut to what a model is given
        content: String,
        /// Whether it failed
        failed: bool,
    },
    /// The turn is over
    Done {
        /// The whole of the last answer
        text: String,
        /// Why the model ended
        stop: StopReason,
        /// Tokens of all requests of the turn
        usage: Usage,
        /// Rounds of tools that it took
        iterations: u32,
    },
}

impl Event {
    /// The event as programs write it, one a line.
    #[must_use]
    pub fn to_json(&self) -> Value {
        object(match self {
            Self::Text(text) => vec![("type", "text".into()), ("text", text.as_str().into())],
            Self::ToolCall(call) => vec![
                ("type", "tool_call".into()),
                ("id", call.id.as_str().into()),
                ("name", call.name.as_str().into()),
                ("arguments", call.arguments.as_str().into()),
            ],
            Self::ToolResult {
                id,
                name,
                content,
                failed,
            } => vec![
                ("type", "tool_result".into()),
                ("id", id.as_str().into()),
                ("name", name.as_str().into()),
                ("content", content.as_str().into()),
                ("failed", (*failed).into()),
            ],
            Self::Done {
                text,
                stop,
                usage,
                iterations,
            } => vec![
                ("type", "done".into()),
                ("text", text.as_str().into()),
                ("stop", stop.as_str().into()),
                (
                    "usage",
                    object(vec![
                        ("input", usage.input.into()),
                        ("output", usage.output.into()),
                    ]),
                ),
                ("iterations", (*iterations).into()),
            ],
        })
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    /// The configuration
    Config(config::Error),
    /// No provider for the model, or no key for the provider
    Select(SelectError),
    /// A file or folder
    File(FileError),
    /// The session
    Session(session::Error),
    /// There is no response
    Http {
        /// The provider
        provider: String,
        /// Why
        error: HttpError,
    },
    /// The response reports a failure
    Status {
        /// The provider
        provider: String,
        /// The status of HTTP
        status: u16,
        /// What it says, and what would help
        message: String,
    },
    /// The response is no answer
    Model {
        /// The provider
        provider: String,
        /// Why
        error: ModelError,
    },
    /// The model calls tools again and again, after as many rounds
    Iterations(u32),
    /// The turn took so many milliseconds
    Time(u64),
    /// The model said nothing, and ended for that reason
    Empty(StopReason),
    /// The user said nothing
    NoMessage,
}

impl Error {
    /// The error as programs write it among events.
    #[must_use]
    pub fn to_json(&self) -> Value {
        error_json(self.to_string())
    }
}

/// An error as programs write it among events.
#[must_use]
pub fn error_json(message: String) -> Value {
    object(vec![("type", "error".into()), ("message", message.into())])
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(formatter),
            Self::Select(error) => error.fmt(formatter),
            Self::File(error) => error.fmt(formatter),
            Self::Session(error) => error.fmt(formatter),
            Self::Http { provider, error } => write!(formatter, "{provider}: {error}"),
            Self::Status {
                provider,
                status,
                message,
            } => write!(formatter, "{provider} answered {status}: {message}"),
            Self::Model { provider, error } => write!(formatter, "{provider}: {error}"),
            Self::Iterations(limit) => write!(
                formatter,
                "max tool iterations ({limit}) exceeded; \
                 agents.defaults.max_tool_iterations allows more"
            ),
            Self::Time(limit) => write!(
                formatter,
                "no answer after {} s; agents.defaults.turn_timeout allows more",
                limit / 1000
            ),
            Self::Empty(StopReason::MaxTokens) => formatter.write_str(
                "the limit of tokens cut the answer off before it said anything; \
                 agents.defaults.max_tokens allows more",
            ),
            Self::Empty(_) => formatter.write_str("the model gave an empty answer; ask again"),
            Self::NoMessage => formatter.write_str("the message is empty"),
        }
    }
}

impl core::error::Error for Error {}

impl From<config::Error> for Error {
    fn from(error: config::Error) -> Self {
        Self::Config(error)
    }
}

impl From<SelectError> for Error {
    fn from(error: SelectError) -> Self {
        Self::Select(error)
    }
}

impl From<FileError> for Error {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl From<session::Error> for Error {
    fn from(error: session::Error) -> Self {
        Self::Session(error)
    }
}

/// An agent.
pub struct Agent {
    platform: Platform,
    config: Config,
    workspace: Rc<dyn Directory>,
    workspace_path: String,
    sessions: session::Store,
    vectors: vectors::Store,
    specs: Vec<Spec>,
}

impl Agent {
    /// An agent of a configuration file; `None` for the one that [`Config::load`] finds.
    ///
    /// # Errors
    /// The configuration cannot be read, or names no usable workspace. That a key is missing is said by
    /// [`turn`](Self::turn).
    pub fn open(platform: Platform, config_path: Option<&str>) -> Result<Self, Error> {
        let config = Config::load(&platform, config_path)?;
        Self::new(platform, config)
    }

    /// An agent of a configuration.
    ///
    /// # Errors
    /// It names no usable workspace.
    pub fn new(platform: Platform, config: Config) -> Result<Self, Error> {
        let workspace_path = config::expand(&platform, &config.agent.workspace)?;
        let workspace = platform.files.open(&workspace_path, true)?;
        let sessions = session::Store::open(&platform)?;
        Ok(Self {
            vectors: vectors::Store::new(Rc::clone(&workspace)),
            // Without a channel, what writes to one can only fail.
            specs: tool::TOOLS
                .iter()
                .map(|tool| tool.spec)
                .filter(|spec| !cfg!(feature = "channels") || spec.name != "message")
                .collect(),
            platform,
            config,
            workspace,
            workspace_path,
            sessions,
        })
    }

    /// What this build has, and whether it is ready to answer.
    #[must_use]
    pub fn capabilities(&self) -> Value {
        let (provider, status) = match self.selected() {
            Ok(selected) => (Value::from(selected.name), "ready".to_owned()),
            Err(error) => (Value::Null, error.to_string()),
        };
        let names: Vec<&str> = self.specs.iter().map(|spec| spec.name).collect();
        let absent = |name: &&str| !names.contains(name);
        let excluded: Vec<&str> = NATIVE_TOOLS.into_iter().filter(absent).collect();
        object(vec![
            ("version", env!("CARGO_PKG_VERSION").into()),
            ("platform", PLATFORM.into()),
            ("tools", names.into()),
            ("excluded_tools", excluded.into()),
            ("channels", CHANNELS.into()),
            ("model", self.config.agent.model.as_str().into()),
            ("provider", provider),
            ("status", status.into()),
        ])
    }

    /// The vectors of the workspace.
    #[must_use]
    pub const fn vectors(&self) -> &vectors::Store {
        &self.vectors
    }

    /// The sessions.
    #[must_use]
    pub const fn sessions(&self) -> &session::Store {
        &self.sessions
    }

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Changes the configuration of the turns to come; the workspace stays.
    pub const fn config_mut(&mut self) -> &mut Config {
        &mut self.config
    }

    /// Begins to answer a message of the session of that key, `channel:chat_id`.
    ///
    /// # Errors
    /// The message is empty or too long to be kept, there is no provider or key for the model, or the
    /// session cannot be read.
    pub fn turn(&self, session: &str, message: &str) -> Result<Turn, Error> {
        if message.trim().is_empty() {
            return Err(Error::NoMessage);
        }
        // What cannot be kept is not asked.
        if session::fitting(message).len() < message.len() {
            return Err(session::Error::TooLong.into());
        }
        let selected = self.selected()?;
        let window = self.config.agent.memory_window as usize;
        let history = self.sessions.load(session, window)?;
        let mut notices = history.notices();
        let (platform, workspace) = (&self.platform, &*self.workspace);
        let system = prompt::system(platform, workspace, &self.specs, &mut notices)?;
        let mut messages = vec![Message::text(Role::System, system)];
        messages.extend(history.messages);
        messages.push(Message::text(Role::User, message));
        let limit = self.config.agent.turn_timeout;
        Ok(Turn {
            session: session.to_owned(),
            message: message.to_owned(),
            messages,
            selected,
            deadline: self.platform.clock.monotonic().saturating_add(limit),
            attempt: 1,
            iterations: 0,
            usage: Usage::default(),
            notices,
            pending: Vec::new().into_iter(),
            stage: Stage::Ask,
        })
    }

    /// Whether the model has a provider and a key.
    ///
    /// # Errors
    /// What it lacks.
    pub fn check_model(&self) -> Result<(), SelectError> {
        self.selected().map(drop)
    }

    fn selected(&self) -> Result<Selected, SelectError> {
        let environment = &*self.platform.environment;
        select(&self.config, environment, &self.config.agent.model)
    }

    fn context(&self, deadline: u64) -> Context<'_> {
        Context {
            platform: &self.platform,
            config: &self.config,
            workspace: &*self.workspace,
            workspace_path: &self.workspace_path,
            vectors: &self.vectors,
            deadline,
            #[cfg(feature = "channels")]
            channels: None,
        }
    }
}

/// Tools that a build may lack.
const NATIVE_TOOLS: [&str; 3] = ["exec_shell", "message", "spawn"];

const CHANNELS: &[&str] = if cfg!(feature = "cli") { &["cli"] } else { &[] };

const PLATFORM: &str = if cfg!(feature = "native-platform") {
    "native"
} else if cfg!(target_os = "wasi") {
    "wasm32-wasip1"
} else {
    "wasm32-wasip2"
};

/// An answer in the making. Dropping it gives it up, and the requests that are under way.
pub struct Turn {
    session: String,
    message: String,
    messages: Vec<Message>,
    selected: Selected,
    deadline: u64,
    /// Of the request that comes next or is under way
    attempt: u32,
    iterations: u32,
    usage: Usage,
    notices: Vec<String>,
    /// Events that are to be given before anything else happens
    pending: IntoIter<Event>,
    stage: Stage,
}

enum Stage {
    /// The model is to be asked
    Ask,
    /// It answers
    Answer(Answer),
    /// It waits for the results of its calls
    Tools(Tools),
    Over,
}

/// A call, and what it is at.
type Started = (ToolCall, Result<Running, ToolError>);

/// The calls of an answer.
struct Tools {
    /// Those that are not announced yet
    rest: IntoIter<ToolCall>,
    /// The one that is, and is not started
    announced: Option<ToolCall>,
    /// Those that are started, or failed at it
    started: Vec<Started>,
    /// Those of them whose results are waited for, once all are started
    waiting: IntoIter<Started>,
}

/// A response that is being read.
struct Answer {
    exchange: Box<dyn Exchange>,
    /// `None` until the head is known to be that of an answer
    decoder: Option<Box<dyn Decoder>>,
    /// What was read of the body, and how much of that the decoder has. It is given line by line, so that
    /// an error in a line does not take with it the text of those before.
    body: Vec<u8>,
    decoded: usize,
    /// Bytes of the text that was shown
    shown: usize,
}

impl Turn {
    /// Bytes of what the next request will have of messages; what one takes in memory is several times
    /// that.
    #[must_use]
    pub fn size(&self) -> usize {
        let calls = |message: &Message| -> usize {
            let calls = message.tool_calls.iter();
            calls.map(|call| call.arguments.len()).sum()
        };
        let sizes = self.messages.iter();
        sizes
            .map(|message| message.content.len() + calls(message))
            .sum()
    }

    /// What the user should know and no event says, each once: what of the past, of the workspace's files or
    /// of the answer is left out.
    pub fn notices(&mut self) -> Vec<String> {
        core::mem::take(&mut self.notices)
    }

    /// Waits for what happens next; `None` after the end.
    ///
    /// # Errors
    /// The turn is over then, and nothing of it is in the session.
    pub fn next(&mut self, agent: &Agent) -> Result<Option<Event>, Error> {
        if let Some(event) = self.pending.next() {
            return Ok(Some(event));
        }
        loop {
            // An error leaves no stage to go on from.
            let event = match core::mem::replace(&mut self.stage, Stage::Over) {
                Stage::Over => return Ok(None),
                Stage::Ask => self.ask(agent)?,
                Stage::Answer(answer) => self.read(agent, answer)?,
                Stage::Tools(tools) => self.tools(agent, tools),
            };
            if event.is_some() {
                return Ok(event);
            }
        }
    }

    /// The milliseconds that are left of the turn.
    fn left(&self, agent: &Agent) -> Result<u64, Error> {
        match self.deadline.checked_sub(agent.platform.clock.monotonic()) {
            None | Some(0) => Err(Error::Time(agent.config.agent.turn_timeout)),
            Some(left) => Ok(left),
        }
    }

    fn ask(&mut self, agent: &Agent) -> Result<Option<Event>, Error> {
        let left = self.left(agent)?;
        let settings = &agent.config.agent;
        let mut request = self.selected.provider.request(&ChatRequest {
            model: &self.selected.model,
            messages: &self.messages,
            tools: &agent.specs,
            max_tokens: settings.max_tokens,
            temperature: settings.temperature,
            stream: settings.stream,
        });
        request.timeout = match settings.timeout {
            0 => left,
            timeout => timeout.min(left),
        };
        match agent.platform.http.send(&request) {
            Ok(exchange) => {
                self.stage = Stage::Answer(Answer {
                    exchange,
                    decoder: None,
                    body: Vec::new(),
                    decoded: 0,
                    shown: 0,
                });
            }
            Err(error) => self.retry(agent, Failure::Http(error))?,
        }
        Ok(None)
    }

    fn read(&mut self, agent: &Agent, mut answer: Answer) -> Result<Option<Event>, Error> {
        self.left(agent)?;
        match self.piece(agent, &mut answer) {
            Ok(Piece::Text(text)) => {
                self.stage = Stage::Answer(answer);
                if text.is_empty() {
                    return Ok(None);
                }
                Ok(Some(Event::Text(text)))
            }
            Ok(Piece::Whole(completion)) => {
                let shown = answer.shown;
                drop(answer);
                self.completed(agent, completion, shown)
            }
            // What the user has read cannot be unsaid.
            Err(failure) if answer.shown > 0 => Err(self.error(agent, failure)),
            Err(failure) => {
                drop(answer);
                self.retry(agent, failure)?;
                Ok(None)
            }
        }
    }

    /// What reads the response, if its head is that of an answer.
    fn decoder(
        &self,
        agent: &Agent,
        exchange: &mut dyn Exchange,
    ) -> Result<Box<dyn Decoder>, Failure> {
        let head = exchange.head()?;
        let status = head.status;
        let encoding = head.header("content-encoding");
        if let Some(encoding) = encoding.filter(|name| *name != "identity") {
            let what = format!("it is encoded as {encoding}, which was not asked for");
            return Err(ModelError::Malformed(what).into());
        }
        if (200..300).contains(&status) {
            return Ok(self.selected.provider.decoder(agent.config.agent.stream));
        }
        let headers = head.headers.clone();
        let to = head.header("location").map(str::to_owned);
        let body = self.read_failure(agent, exchange);
        let said = match to.filter(|_| (300..400).contains(&status)) {
            Some(to) => ModelError::Malformed(format!("it leads to {to}")),
            None => self.selected.provider.failure(status, &body),
        };
        Err(Failure::Status(status, headers, said))
    }

    /// Reads on: more of the text, or the whole answer.
    fn piece(&self, agent: &Agent, answer: &mut Answer) -> Result<Piece, Failure> {
        let mut decoder = match answer.decoder.take() {
            Some(decoder) => decoder,
            None => self.decoder(agent, &mut *answer.exchange)?,
        };
        if answer.decoded == answer.body.len() {
            answer.body.resize(PIECE, 0);
            let length = answer.exchange.read(&mut answer.body)?;
            answer.body.truncate(length);
            answer.decoded = 0;
        }
        let rest = &answer.body[answer.decoded..];
        if !rest.is_empty() {
            let line = rest.iter().position(|byte| *byte == b'\n');
            let length = line.map_or(rest.len(), |end| end + 1);
            let text = decoder.push(&rest[..length])?;
            // Some servers keep the connection open after the answer, so its end is not that of the body.
            if !decoder.ended() {
                answer.decoded += length;
                answer.shown += text.len();
                answer.decoder = Some(decoder);
                return Ok(Piece::Text(text));
            }
        }
        Ok(Piece::Whole(decoder.finish()?))
    }

    /// As much as there is of a response that reports a failure: what is known of it is worth more than
    /// that the rest broke off.
    fn read_failure(&self, agent: &Agent, exchange: &mut dyn Exchange) -> Vec<u8> {
        let mut body = vec![0; MAX_FAILURE];
        let mut length = 0;
        while self.left(agent).is_ok()
            && let Ok(more @ 1..) = exchange.read(&mut body[length..])
        {
            length += more;
        }
        body.truncate(length);
        body
    }

    /// Waits until the request may be made again, if it may.
    fn retry(&mut self, agent: &Agent, failure: Failure) -> Result<(), Error> {
        let (now, random) = (agent.platform.clock.now(), agent.platform.random.next());
        let wait = match &failure {
            _ if self.attempt >= agent.config.agent.attempts => None,
            Failure::Status(status, headers, _) => {
                retry(*status, headers, now, self.attempt - 1, random)
            }
            failure if failure.passes() => retry(503, &[], now, self.attempt - 1, random),
            _ => None,
        };
        let left = self.left(agent)?;
        let Some(wait) = wait.filter(|wait| *wait < left) else {
            return Err(self.error(agent, failure));
        };
        agent.platform.clock.sleep(wait);
        self.attempt += 1;
        self.stage = Stage::Ask;
        Ok(())
    }

    fn error(&self, agent: &Agent, failure: Failure) -> Error {
        let provider = self.selected.name.clone();
        match failure {
            Failure::Http(error) => Error::Http { provider, error },
            Failure::Model(error) => Error::Model { provider, error },
            Failure::Status(status, headers, error) => {
                let mut message = error.to_string();
                match status {
                    401 | 403 => {
                        message += "; its key is the one of providers.";
                        message += &provider;
                        message += ".api_key, or of the environment";
                    }
                    404 => {
                        message += "; the model is ";
                        message += &agent.config.agent.model;
                    }
                    _ => {}
                }
                if let Some(wait) = retry::after(&headers, agent.platform.clock.now()) {
                    message += "; it asks to wait ";
                    message += &wait.div_ceil(1000).to_string();
                    message += " s";
                }
                Error::Status {
                    provider,
                    status,
                    message,
                }
            }
        }
    }

    /// Goes on from a whole answer.
    fn completed(
        &mut self,
        agent: &Agent,
        completion: Completion,
        shown: usize,
    ) -> Result<Option<Event>, Error> {
        self.attempt = 1;
        self.usage.input += completion.usage.input;
        self.usage.output += completion.usage.output;
        let Completion {
            text,
            tool_calls,
            stop,
            ..
        } = completion;
        let mut events = Vec::new();
        let rest = text.get(shown..).filter(|rest| !rest.is_empty());
        events.extend(rest.map(|rest| Event::Text(rest.to_owned())));
        if tool_calls.is_empty() {
            events.push(self.end(agent, text, stop)?);
        } else if self.iterations >= agent.config.agent.max_tool_iterations {
            return Err(Error::Iterations(agent.config.agent.max_tool_iterations));
        } else {
            self.iterations += 1;
            self.stage = Stage::Tools(Tools {
                rest: tool_calls.clone().into_iter(),
                announced: None,
                started: Vec::new(),
                waiting: Vec::new().into_iter(),
            });
            self.messages.push(Message {
                tool_calls,
                ..Message::text(Role::Assistant, text)
            });
        }
        self.pending = events.into_iter();
        Ok(self.pending.next())
    }

    fn end(&mut self, agent: &Agent, text: String, stop: StopReason) -> Result<Event, Error> {
        // A refusal in the history tends to beget others.
        if stop != StopReason::Refused {
            if text.trim().is_empty() {
                return Err(Error::Empty(stop));
            }
            let mut kept = session::fitting(&text);
            let cut;
            if kept.len() < text.len() {
                let (first, all) = (kept.len().to_string(), text.len().to_string());
                let notice = [
                    "only the first ",
                    &first,
                    " of the answer's ",
                    &all,
                    " bytes are kept",
                ];
                self.notices.push(text::join(&notice, ""));
                cut = text::join(&[kept, "\n[cut off: the answer has ", &all, " bytes]"], "");
                kept = &cut;
            }
            let said = [(Role::User, &*self.message), (Role::Assistant, kept)];
            agent.sessions.append(&self.session, &said)?;
        }
        Ok(Event::Done {
            text,
            stop,
            usage: self.usage,
            iterations: self.iterations,
        })
    }

    /// Announces and starts a call, or waits for one when all are started.
    fn tools(&mut self, agent: &Agent, mut tools: Tools) -> Option<Event> {
        let context = agent.context(self.deadline);
        if let Some(call) = tools.announced.take() {
            let running = start(&context, &call);
            tools.started.push((call, running));
        }
        if let Some(call) = tools.rest.next() {
            tools.announced = Some(call.clone());
            self.stage = Stage::Tools(tools);
            return Some(Event::ToolCall(call));
        }
        if !tools.started.is_empty() {
            tools.waiting = core::mem::take(&mut tools.started).into_iter();
        }
        let event = if let Some((call, running)) = tools.waiting.next() {
            let result = match running {
                Ok(Running::Done(value)) => Ok(value),
                Ok(Running::Waiting(wait)) => wait(&context),
                Err(error) => Err(error),
            };
            let value =
                result.unwrap_or_else(|error| object(vec![("error", error.message.into())]));
            let failed = value.get("error").is_some();
            let content = cut(hide(json::text(&value), agent));
            self.messages
                .push(Message::tool_result(&*call.id, &*content));
            Event::ToolResult {
                id: call.id,
                name: call.name,
                content,
                failed,
            }
        } else {
            self.stage = Stage::Ask;
            return None;
        };
        self.stage = Stage::Tools(tools);
        Some(event)
    }
}

fn start(context: &Context<'_>, call: &ToolCall) -> Result<Running, ToolError> {
    let tool = tool::find(&call.name)?;
    // A tool without arguments is called with none by some models.
    let text = match call.arguments.trim() {
        "" => "{}",
        text => text,
    };
    let (arguments, _) = json_repair::repair(text)
        .map_err(|error| ToolError::new(format!("the arguments are no JSON: {error}")))?;
    tool.start(context, &arguments)
}

/// A result without the keys that the agent itself uses, whichever tool came upon them.
fn hide(mut content: String, agent: &Agent) -> String {
    for key in select::keys(&agent.config, &*agent.platform.environment) {
        // As it stands in JSON
        let key = json::quoted(&key);
        let key = &key[1..key.len() - 1];
        let mut hidden = String::new();
        let mut rest = &*content;
        while let Some((before, after)) = text::split_once(rest, key) {
            hidden.push_str(before);
            hidden.push_str("[secret]");
            rest = after;
        }
        if !hidden.is_empty() {
            hidden.push_str(rest);
            content = hidden;
        }
    }
    content
}

/// A result as long as a model is given one, the note that says so included.
fn cut(mut content: String) -> String {
    if content.len() > MAX_RESULT {
        let note = format!("\n[cut off: the result has {} bytes]", content.len());
        let end = content.floor_char_boundary(MAX_RESULT - note.len());
        content.truncate(end);
        content.push_str(&note);
    }
    content
}

enum Piece {
    Text(String),
    Whole(Completion),
}

/// What keeps a request from its answer.
enum Failure {
    Http(HttpError),
    /// The status, the headers, and what the provider says
    Status(u16, Vec<(String, String)>, ModelError),
    Model(ModelError),
}

impl Failure {
    /// Whether it may be gone soon, but for a status, of which [`retry`] judges.
    fn passes(&self) -> bool {
        match self {
            Self::Http(error) => matches!(
                error,
                HttpError::Connect(_) | HttpError::Timeout | HttpError::Broken(_)
            ),
            Self::Status(..) => false,
            Self::Model(error) => match error {
                ModelError::Truncated => true,
                ModelError::Provider { kind, .. } => text::lists(PASSING, kind),
                ModelError::Malformed(_) | ModelError::TooLarge(_) => false,
            },
        }
    }
}

/// What providers call failures in the midst of a stream that are theirs, and may be gone soon.
const PASSING: &str = "api_error overloaded_error rate_limit_error server_error timeout_error";

impl From<HttpError> for Failure {
    fn from(error: HttpError) -> Self {
        Self::Http(error)
    }
}

impl From<ModelError> for Failure {
    fn from(error: ModelError) -> Self {
        Self::Model(error)
    }
}
