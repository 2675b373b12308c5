//! The program `clawft-host`: the component `clawft.wasm` on Wasmtime, spoken to as the native command
//! is by `clawft --json`.

use std::io::{Read as _, Write as _, read_to_string, stdin, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use serde_json::{Value, json};
#[cfg(feature = "compiler")]
use wasmtime::Strategy;
use wasmtime::{Config, Engine};

use crate::component::Agent;
use crate::machine::Machine;

mod component;
mod machine;
mod value;

const HELP: &str = "\
Standard output is a line of JSON for each event, as `clawft --json` writes them.

Exit codes:
  0  the message was answered
  1  it was not; the last line of standard output is an event of the type `error`
  2  wrong arguments, or a component that cannot be run; standard error says which

Examples:
  clawft-host --dir ~/.clawft::/home/.clawft --env HOME=/home --env OPENAI_API_KEY \\
    clawft.wasm 'What is in my notes?'
  echo Hello | clawft-host --inherit-env --dir ~/.clawft clawft.wasm
  clawft-host --compiler winch --inherit-env clawft.wasm 'What is new?'
  clawft-host --compile clawft.cwasm clawft.wasm
  clawft-host --capabilities clawft.cwasm";

/// Run clawft's component with nothing of this machine but what it is given.
#[derive(Parser)]
#[command(name = "clawft-host", version, after_help = HELP, max_term_width = 100)]
// NB: each is an option of its own
#[allow(clippy::struct_excessive_bools)]
struct Cli {
    /// The component, or what --compile made of it by this very program.
    component: PathBuf,
    /// The message [default: standard input].
    message: Option<String>,
    /// A folder that it may read and write, perhaps under another name; can be given several times.
    #[arg(long, value_name = "HOST[::GUEST]")]
    dir: Vec<String>,
    /// A variable of its environment, which is empty otherwise; without a value, this machine's.
    #[arg(long, value_name = "NAME[=VALUE]")]
    env: Vec<String>,
    /// All variables of this machine's environment.
    #[arg(long)]
    inherit_env: bool,
    /// Taken and of no account: standard output is JSON in any case.
    #[arg(long)]
    json: bool,
    /// The conversation, as CHANNEL:CHAT.
    #[arg(long, value_name = "KEY", default_value = "cli:default")]
    session: String,
    /// The configuration, by its path in the component.
    #[arg(long, value_name = "FILE")]
    config: Option<String>,
    /// Print what the agent is and can do.
    #[arg(long, conflicts_with = "message")]
    capabilities: bool,
    /// Say when the agent is ready, and wait for the end of standard input.
    #[arg(long, conflicts_with_all = ["message", "capabilities"])]
    idle: bool,
    /// Compile the component to this file, and run nothing.
    #[cfg(feature = "compiler")]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["message", "capabilities", "idle"])]
    compile: Option<PathBuf>,
    /// What compiles: `cranelift`, or `winch`, which takes a quarter of the time, and whose code is slower.
    #[cfg(feature = "compiler")]
    #[arg(long, value_enum, value_name = "NAME", default_value = "cranelift")]
    compiler: Compiler,
}

/// A compiler of Wasmtime.
#[cfg(feature = "compiler")]
#[derive(Clone, Copy, clap::ValueEnum)]
enum Compiler {
    Cranelift,
    Winch,
}

impl Cli {
    fn engine(&self) -> wasmtime::Result<Engine> {
        #[cfg(feature = "compiler")]
        return Engine::new(Config::new().strategy(match self.compiler {
            Compiler::Cranelift => Strategy::Cranelift,
            Compiler::Winch => Strategy::Winch,
        }));
        #[cfg(not(feature = "compiler"))]
        Engine::new(&Config::new())
    }
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let asked = !error.use_stderr();
            // A closed standard output is nothing to complain about.
            let _ = error.print();
            return ExitCode::from(if asked { 0 } else { 2 });
        }
    };
    match run(&cli) {
        Ok(answered) => ExitCode::from(u8::from(!answered)),
        Err(error) => {
            eprintln!("clawft-host: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether all was answered.
fn run(cli: &Cli) -> wasmtime::Result<bool> {
    let engine = cli.engine()?;
    #[cfg(feature = "compiler")]
    if let Some(file) = &cli.compile {
        component::compile(&engine, &cli.component, file)?;
        return Ok(true);
    }
    let machine = Machine::new(&cli.dir, &cli.env, cli.inherit_env)?;
    let mut agent = Agent::load(&engine, &cli.component, machine)?;
    if let Err(error) = agent.init(cli.config.as_deref())? {
        return fail(&error);
    }
    if cli.idle {
        say(&json!({"type": "ready"}))?;
        stdin().read_to_end(&mut Vec::new())?;
        return Ok(true);
    }
    if cli.capabilities {
        return match agent.capabilities()? {
            Ok(capabilities) => say(&capabilities).map(|()| true),
            Err(error) => fail(&error),
        };
    }
    let message = match cli.message.as_deref() {
        Some(message) => message.to_owned(),
        None => read_to_string(stdin())?,
    };
    let turn = match agent.start(&cli.session, &message)? {
        Ok(turn) => turn,
        Err(error) => return fail(&error),
    };
    loop {
        match agent.next(turn)? {
            Ok(Some(event)) => say(&event)?,
            Ok(None) => return Ok(true),
            Err(error) => return fail(&error),
        }
    }
}

fn fail(error: &str) -> wasmtime::Result<bool> {
    say(&json!({"type": "error", "message": error}))?;
    Ok(false)
}

/// One line on standard output, at once.
fn say(value: &Value) -> wasmtime::Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{value}")?;
    out.flush()?;
    Ok(())
}
