//! The command.

use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Instant;

use clawft_core::agent::{Agent, Error};
use clawft_core::config::Config;
use clawft_core::platform::Platform;
use serde_json::Value;

use crate::options::{Action, Options};
use crate::{files, host, http, input, random};

/// The conversation, if none is named.
const SESSION: &str = "cli:default";

/// The longest standard input, in bytes.
const MAX_INPUT: u64 = 1 << 20;

const USAGE: u8 = 2;

/// What `--help` says.
const HELP: &str = "\
Ask an agent that has tools for files, the web and memory.

Usage: clawft.wasm [OPTIONS] [MESSAGE]

Without MESSAGE, standard input has it: a JSON object {\"message\", \"session\"} or {\"role\": \"user\",
\"content\", \"session\"}, the session if it is not that of --session, or else the text itself.
Standard output gets events, a JSON object on a line for each:
  {\"type\":\"text\",\"text\"}, {\"type\":\"tool_call\",\"id\",\"name\",\"arguments\"},
  {\"type\":\"tool_result\",\"id\",\"name\",\"content\",\"failed\"},
  {\"type\":\"done\",\"text\",\"stop\",\"usage\":{\"input\",\"output\"},\"iterations\"}, {\"type\":\"error\",\"message\"}

Options:
  --session KEY     The conversation that the message belongs to [default: cli:default]
  --model MODEL     The model, with its provider, such as anthropic/claude-sonnet-4-5
  --config FILE     The configuration
  --workspace DIR   The folder that tools work in
  --no-stream       Ask the model for its answer in one piece
  --capabilities    Say what this build has and whether it is ready, as JSON
  --json            As it does anyway
  --help, --version

Exit codes: 0 answered, 1 no answer and the reason is in an event, 2 usage
";

/// Why the command ends without an answer.
enum Failure {
    /// The agent has none
    Agent(Box<Error>),
    /// The command was not used as it can be
    Usage(String),
    /// Nobody reads its output
    Output,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Agent(Box::new(error))
    }
}

impl From<io::Error> for Failure {
    fn from(_: io::Error) -> Self {
        Self::Output
    }
}

/// Does what the arguments say.
pub fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Agent(error)) => {
            let _ = line(&error.to_json());
            ExitCode::FAILURE
        }
        Err(Failure::Usage(problem)) => {
            eprintln!("clawft: {problem}; see --help");
            ExitCode::from(USAGE)
        }
        Err(Failure::Output) => ExitCode::FAILURE,
    }
}

fn run() -> Result<(), Failure> {
    let arguments = std::env::args_os().skip(1);
    let options = Options::parse(arguments).map_err(Failure::Usage)?;
    match options.action {
        Action::Help => return Ok(io::stdout().write_all(HELP.as_bytes())?),
        Action::Version => {
            writeln!(io::stdout(), "clawft {}", env!("CARGO_PKG_VERSION"))?;
            return Ok(());
        }
        Action::Answer | Action::Capabilities => {}
    }
    let agent = open(&options)?;
    if options.action == Action::Capabilities {
        writeln!(io::stdout(), "{:#}", agent.capabilities())?;
        return Ok(());
    }
    let session = options.session.unwrap_or_else(|| SESSION.to_owned());
    let (session, message) = match options.message {
        Some(message) => (session, message),
        None => read(session)?,
    };
    let mut turn = agent.turn(&session, &message)?;
    tell(&turn.notices());
    while let Some(event) = turn.next(&agent)? {
        line(&event.to_json())?;
    }
    tell(&turn.notices());
    Ok(())
}

/// Says what no event does.
fn tell(notices: &[String]) {
    for notice in notices {
        eprintln!("clawft: {notice}");
    }
}

fn line(value: &Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{value}")?;
    out.flush()
}

/// The message that standard input has, and its session.
fn read(session: String) -> Result<(String, String), Failure> {
    let mut text = String::new();
    io::stdin()
        .take(MAX_INPUT + 1)
        .read_to_string(&mut text)
        .map_err(|error| Failure::Usage(format!("standard input: {error}")))?;
    if text.len() as u64 > MAX_INPUT {
        return Err(Failure::Usage(format!(
            "standard input is longer than {MAX_INPUT} bytes"
        )));
    }
    let input = input::read(text).map_err(Failure::Usage)?;
    Ok((input.session.unwrap_or(session), input.message))
}

fn open(options: &Options) -> Result<Agent, Error> {
    let platform = Platform {
        http: Rc::new(http::Network),
        files: Rc::new(files::Preopens),
        environment: Rc::new(host::Variables),
        clock: Rc::new(host::Clocks(Instant::now())),
        random: Rc::new(random::Entropy),
    };
    let mut config = Config::load(&platform, options.config.as_deref())?;
    if let Some(model) = &options.model {
        config.agent.model.clone_from(model);
    }
    if let Some(workspace) = &options.workspace {
        config.agent.workspace.clone_from(workspace);
    }
    config.agent.stream &= !options.no_stream;
    Agent::new(platform, config)
}
