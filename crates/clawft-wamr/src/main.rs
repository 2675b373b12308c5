//! The program `clawft-wamr`: the command `clawft-http.wasm` on WAMR, with a network.

use std::ffi::{CString, OsString};
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser;
use wamr::{Limits, Module, Wasi};

mod network;

const HELP: &str = "\
Exit codes: those of the program, and
  125  wrong arguments, or a file that cannot be run; standard error says which
  134  the program trapped

Examples:
  clawft-wamr --dir ~/.clawft clawft-http.wasm --session cli:default 'What is in my notes?'
  wamrc --bounds-checks=1 -o clawft-http.aot clawft-http.wasm
  clawft-wamr --compiled --dir ~/.clawft clawft-http.aot --capabilities";

/// Run a program of WASI 0.1 on WAMR, with this machine's environment, and its network by the functions of
/// `clawft_http`.
#[derive(Parser)]
#[command(name = "clawft-wamr", version, after_help = HELP, max_term_width = 100)]
struct Cli {
    /// A folder that it may read and write; can be given several times
    #[arg(long)]
    dir: Vec<OsString>,
    /// The file is machine code that the wamrc of this very WAMR has made, with --bounds-checks=1
    #[arg(long)]
    compiled: bool,
    /// The program
    file: PathBuf,
    /// Its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 125 } else { 0 });
        }
    };
    match run(cli) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("clawft-wamr: {error:#}");
            let trap = matches!(error.downcast_ref(), Some(wamr::Error::Trap { .. }));
            ExitCode::from(if trap { 134 } else { 125 })
        }
    }
}

fn run(cli: Cli) -> Result<u8> {
    wamr::offer(network::MODULE, network::FUNCTIONS)?;
    let bytes = fs::read(&cli.file).with_context(|| cli.file.display().to_string())?;
    let module = if cli.compiled {
        // SAFETY: the user says so.
        unsafe { Module::from_aot(&bytes) }?
    } else {
        Module::new(&bytes)?
    };
    let text = |text: OsString| CString::new(text.into_vec());
    let name = cli.file.into_os_string();
    let arguments = std::iter::once(name).chain(cli.arguments);
    let variables = std::env::vars_os().map(|(mut name, value)| {
        name.push("=");
        name.push(value);
        name
    });
    let wasi = Wasi {
        arguments: arguments.map(text).collect::<Result<_, _>>()?,
        variables: variables.map(text).collect::<Result<_, _>>()?,
        folders: cli.dir.into_iter().map(text).collect::<Result<_, _>>()?,
    };
    let code = module
        .instantiate_program(&Limits::default(), &wasi)?
        .run()?;
    // As a shell has it
    Ok(u8::try_from(code & 0xff).unwrap_or(u8::MAX))
}
