//! The program `wasi-python`: Python in WebAssembly, with wheels that have extension modules; and any
//! other program that loads such modules.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{CommandFactory as _, FromArgMatches as _, Parser};
use wasi_dylink::CodeCache;

use crate::command_line::{Program, Split};
use crate::guest::{Folder, Guest};
use crate::home::Home;

mod command_line;
mod guest;
mod home;
mod wheel;

const HELP: &str = "\
Exit codes:
  0-255  what the script or program ends with; 1 after an uncaught exception, as in Python
  124    the time is over
  125    wasi-python itself: wrong arguments, a wheel that does not fit, no interpreter
  134    the interpreter or program trapped

Examples:
  wasi-python script.py one two
  wasi-python -c 'import sys; print(sys.platform)'
  wasi-python --path src -m package.module
  wasi-python --wheel six-1.17.0-py2.py3-none-any.whl -c 'import six'
  wasi-python --dir data::/data --memory 256 --timeout 10 script.py /data/input.json
  echo 'print(6 * 7)' | wasi-python -
  wasi-python --path site --program pipeline_executor_dylink.wasm --metrics < request.json";

/// Run Python in WebAssembly, with nothing of this machine but what it is given.
///
/// Options of wasi-python come before the script, as Python's own do (-O, -X, ...); all that
/// follows it is the script's. So it is with --program and what it runs.
#[derive(Parser)]
#[command(
    name = "wasi-python",
    version,
    after_help = HELP,
    max_term_width = 100,
    disable_version_flag = true,
    override_usage = "wasi-python [OPTIONS] [-c CODE | -m MODULE | SCRIPT | -] [ARGUMENTS]...
       wasi-python [OPTIONS] --program FILE [ARGUMENTS]..."
)]
struct Cli {
    /// A wheel for any platform or for `wasi_0_0_0_wasm32`, which can then be imported; can be
    /// given several times. What it depends on is not fetched.
    #[arg(long, value_name = "FILE")]
    wheel: Vec<PathBuf>,
    /// A folder of modules, read-only; can be given several times.
    #[arg(long, value_name = "DIR")]
    path: Vec<PathBuf>,
    /// A folder that can be read and written, perhaps under another name; can be given several
    /// times.
    #[arg(long, value_name = "HOST[::GUEST]")]
    dir: Vec<String>,
    /// A variable of the environment, which is empty otherwise; without a value, this machine's.
    #[arg(long, value_name = "NAME[=VALUE]")]
    env: Vec<String>,
    /// A WASI program of at most 256 MiB to run in place of Python, linked such that it can load
    /// modules. It is given the same: `PYTHONPATH` names the wheels and folders. All that follows
    /// is its own.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// MiB of memory that the guest may have; at most 4096.
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=4096))]
    memory: Option<u64>,
    /// Seconds after which all ends.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// Where the interpreter is: `bin/python.wasm`, and `lib` with the standard library [default:
    /// `$WASI_PYTHON_HOME`].
    #[arg(long, value_name = "DIR")]
    home: Option<PathBuf>,
    /// Where machine code and unpacked wheels are kept [default: `$WASI_PYTHON_CACHE`, or
    /// wasi-python in the user's cache].
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Compile the interpreter to this file and run nothing.
    #[arg(long, value_name = "FILE", hide = true)]
    precompile: Option<PathBuf>,
    /// Print the version of wasi-python; -V prints Python's.
    #[arg(long, action = clap::ArgAction::Version)]
    version: Option<bool>,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "it is no number".to_owned())?;
    let duration = Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?;
    if duration.is_zero() {
        return Err("in no time nothing can run".to_owned());
    }
    Ok(duration)
}

/// The exit code of what is wasi-python's own fault, or its user's.
const FAULT: u8 = 125;

fn main() -> ExitCode {
    let command = Cli::command();
    let split = Split::of(&command, std::env::args_os());
    let cli = match command
        .try_get_matches_from(&split.own)
        .and_then(|matches| Cli::from_arg_matches(&matches))
    {
        Ok(cli) => cli,
        Err(error) => {
            let asked = !error.use_stderr();
            // A closed standard output is nothing to complain about.
            let _ = error.print();
            return ExitCode::from(if asked { 0 } else { FAULT });
        }
    };
    match run(cli, split) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("wasi-python: {error:#}");
            ExitCode::from(FAULT)
        }
    }
}

fn run(cli: Cli, split: Split) -> anyhow::Result<u8> {
    let home = cli.home.or_else(|| variable("WASI_PYTHON_HOME"));
    let home = Home::open(&home.context("where is Python? Give --home or set WASI_PYTHON_HOME")?)?;
    let engine = guest::engine()?;
    if let Some(file) = &cli.precompile {
        home.precompile(&engine, file)?;
        return Ok(0);
    }
    let cache = open_cache(cli.cache.or_else(|| variable("WASI_PYTHON_CACHE")))?;
    let mut guest = Guest {
        arguments: vec!["python".to_owned()],
        environment: environment(&cli.env)?,
        folders: vec![Folder::read_only(&home.library(), "/lib")?],
        memory: cli.memory.map(|mebibytes| mebibytes << 20),
        timeout: cli.timeout,
    };

    let mut modules = Vec::new();
    for folder in &cli.path {
        let folder = Folder::at_its_own_path(folder).context("--path")?;
        modules.push(folder.guest.clone());
        guest.folders.push(folder);
    }
    // NB: lives as long as the guest
    let mut unpacked = Vec::new();
    for (number, file) in cli.wheel.iter().enumerate() {
        let wheel = wheel::unpack(file, home.minor_version()?, cache.as_ref())?;
        let place = format!("/wheels/{number}");
        guest
            .folders
            .push(Folder::read_only(wheel.folder(), &place)?);
        modules.push(place);
        unpacked.push(wheel);
    }
    guest.set("PYTHONHOME", "/");
    // Where modules are is read-only.
    guest.set("PYTHONDONTWRITEBYTECODE", "1");
    if !modules.is_empty() {
        guest.set("PYTHONPATH", &modules.join(":"));
    }

    if let Some(program) = &cli.program {
        if let Some(option) = split.options.first() {
            bail!(
                "{} is an option of Python, which does not run: what is for {} follows it",
                option.display(),
                program.display()
            );
        }
        let name = program.file_name().unwrap_or_default();
        guest.arguments = vec![name.to_string_lossy().into_owned()];
    }
    guest.arguments.extend(text(split.options)?);
    if let Program::Script(script) = &split.program {
        let folder = script
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let refused = || format!("cannot read {}", script.display());
        if !script.metadata().with_context(refused)?.is_file() {
            bail!("{}: it is no file", refused());
        }
        let folder =
            Folder::at_its_own_path(folder.unwrap_or(Path::new("."))).with_context(refused)?;
        let name = script.file_name().unwrap_or_default();
        let Some(name) = name.to_str() else {
            bail!("{}: its name is not UTF-8", refused());
        };
        guest.arguments.push(format!("{}/{name}", folder.guest));
        guest.folders.push(folder);
    }
    guest.arguments.extend(text(split.arguments)?);
    // NB: of two folders with one name the guest uses the later one
    for folder in &cli.dir {
        let (host, name) = folder.split_once("::").unwrap_or((folder, folder));
        let folder = Folder::writable(Path::new(host), name).context("--dir")?;
        let kept = cache.iter().map(CodeCache::folder);
        for trusted in kept.chain([home.folder()]) {
            if folder.overlaps(trusted)? {
                bail!(
                    "--dir {host} and {} overlap: a script that writes there could put machine code into wasi-python; give it a folder beside",
                    trusted.display()
                );
            }
        }
        guest.folders.push(folder);
    }

    let module = match &cli.program {
        Some(program) => home::compile(program, &engine, cache.as_ref())?,
        None => home.interpreter(&engine, cache.as_ref())?,
    };
    guest.run(&engine, &module, cache)
}

/// A path in the environment.
fn variable(name: &str) -> Option<PathBuf> {
    let value = std::env::var_os(name).filter(|value| !value.is_empty());
    value.map(PathBuf::from)
}

/// The cache, which may be missing only where the user has not asked for one.
fn open_cache(asked: Option<PathBuf>) -> anyhow::Result<Option<CodeCache>> {
    if let Some(folder) = asked {
        return Ok(Some(CodeCache::open(&folder).context("the cache")?));
    }
    let user = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
    Ok(user.and_then(|user| {
        CodeCache::open(&user.join("wasi-python"))
            .map_err(|error| {
                eprintln!("wasi-python: nothing is kept, so each start compiles anew: {error}");
            })
            .ok()
    }))
}

fn environment(variables: &[String]) -> anyhow::Result<Vec<(String, String)>> {
    variables
        .iter()
        .map(|variable| {
            if let Some((name, value)) = variable.split_once('=') {
                if name.is_empty() {
                    bail!("--env {variable}: a variable has a name");
                }
                return Ok((name.to_owned(), value.to_owned()));
            }
            let value = std::env::var(variable)
                .with_context(|| format!("--env {variable}: this machine's has no value"))?;
            Ok((variable.clone(), value))
        })
        .collect()
}

fn text(arguments: Vec<OsString>) -> anyhow::Result<Vec<String>> {
    arguments
        .into_iter()
        .map(|argument| match argument.into_string() {
            Ok(text) => Ok(text),
            Err(argument) => bail!("{} is not UTF-8", argument.display()),
        })
        .collect()
}
