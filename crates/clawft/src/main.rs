//! The program `clawft`: an agent for the terminal and for scripts.

mod conversation;
mod machine;
mod show;

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser;
use clawft_core::agent::{Agent, Error, error_json};
use clawft_core::config::Config;
use clawft_core::platform::native;

use crate::machine::Machine;
use crate::show::Show;

const HELP: &str = "\
Without a message, one is read from standard input; where that is a terminal, a conversation begins.
A terminal is shown the answer as it comes, and the tools that are called; a file or a pipe gets the
last answer alone, and with --json all events, a JSON object on a line for each:
  {\"type\":\"text\",\"text\"}, {\"type\":\"tool_call\",\"id\",\"name\",\"arguments\"},
  {\"type\":\"tool_result\",\"id\",\"name\",\"content\",\"failed\"},
  {\"type\":\"done\",\"text\",\"stop\",\"usage\":{\"input\",\"output\"},\"iterations\"}, {\"type\":\"error\",\"message\"}

Configuration: $CLAWFT_CONFIG, else ~/.clawft/config.toml, ~/.clawft/config.json or ~/.nanobot/config.json.
Keys may be in the environment instead, such as ANTHROPIC_API_KEY. Sessions are kept in ~/.clawft.

Exit codes:
  0    answered
  1    no answer; the reason is on standard error, with --json in an event
  2    usage
  130  interrupted, as a shell reports it

Examples:
  clawft 'What is in this folder?'
  clawft --workspace . --model openai/gpt-4.1 'Write a README.md for this folder.'
  git diff | clawft --json --session cli:review
  clawft";

/// Ask an agent that has tools for files, the web and memory.
#[derive(Parser)]
#[command(version, after_help = HELP, max_term_width = 100)]
struct Cli {
    /// The message, after -- whatever it looks like
    message: Option<String>,
    /// Write events as JSON lines
    #[arg(long)]
    json: bool,
    /// The conversation that the message belongs to
    #[arg(long, value_name = "KEY", default_value = "cli:default")]
    session: String,
    /// The model, with its provider, such as anthropic/claude-sonnet-4-5
    #[arg(long)]
    model: Option<String>,
    /// The configuration
    #[arg(long, value_name = "FILE")]
    config: Option<String>,
    /// The folder that tools work in
    #[arg(long, value_name = "DIR")]
    workspace: Option<String>,
    /// Ask the model for its answer in one piece
    #[arg(long)]
    no_stream: bool,
    /// Say what this build has and whether it is ready, as JSON
    #[arg(long, conflicts_with = "message")]
    capabilities: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    native::protect();
    if cli.message.as_deref() == Some("help") && !std::env::args_os().any(|word| word == "--") {
        Cli::parse_from(["clawft", "--help"]);
    }
    let Err(error) = run(&cli, &Machine::new()) else {
        return ExitCode::SUCCESS;
    };
    // Whoever reads events has the reason among them; whoever has read enough needs none.
    let message = format!("{error:#}");
    let gone = error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
    let said =
        gone || cli.json && writeln!(io::stdout(), "{}", error_json(message.clone())).is_ok();
    if !said {
        eprintln!("clawft: {message}");
    }
    ExitCode::from(1)
}

fn run(cli: &Cli, machine: &Machine) -> Result<()> {
    let mut agent = open(cli, machine)?;
    if cli.capabilities {
        let capabilities = agent.capabilities();
        writeln!(io::stdout(), "{capabilities:#}")?;
        return Ok(());
    }
    let typed = io::stdin().is_terminal();
    let message = match &cli.message {
        Some(message) => message.clone(),
        None if typed && !cli.json => {
            machine.catch_interruptions()?;
            Machine::end_with_programs(true)?;
            return conversation::hold(&mut agent, machine, &cli.session);
        }
        None => {
            let mut message = String::new();
            let read = io::stdin().read_to_string(&mut message);
            read.context("standard input")?;
            message
        }
    };
    let mut show = if cli.json { Show::json() } else { Show::text() };
    Machine::end_with_programs(false)?;
    let mut turn = agent.turn(&cli.session, &message)?;
    show.notices(&turn.notices())?;
    while let Some(event) = turn.next(&agent)? {
        show.event(&event)?;
    }
    Ok(show.notices(&turn.notices())?)
}

fn open(cli: &Cli, machine: &Machine) -> Result<Agent, Error> {
    let platform = machine.platform();
    // Only here is there a current folder.
    let config = cli.config.clone().filter(|path| !path.is_empty());
    let config = config.or_else(|| platform.environment.variable("CLAWFT_CONFIG"));
    let mut config = Config::load(&platform, config.as_deref().map(absolute).as_deref())?;
    if let Some(model) = &cli.model {
        config.agent.model.clone_from(model);
    }
    if let Some(workspace) = &cli.workspace {
        config.agent.workspace = absolute(workspace);
    }
    config.agent.stream &= !cli.no_stream;
    Agent::new(platform, config)
}

/// A path that does not depend on the current folder; `~`, which no shell has replaced, stays.
fn absolute(path: &str) -> String {
    let whole = std::path::absolute(path)
        .ok()
        .filter(|_| !path.starts_with('~'));
    let whole = whole.and_then(|path| path.into_os_string().into_string().ok());
    whole.unwrap_or_else(|| path.to_owned())
}
