//! The program `matrix`: one cell of the matrix per run.

use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use matrix::cell::Cell;
use matrix::outcome::Outcome;
use matrix::remote;
use matrix::report::Report;
use matrix::runtime::{Core, MODES, Mode};
use matrix::scenario::{self, Kind};

const HELP: &str = "\
Exit codes:
  0  every scenario ends as it should
  1  a scenario ends with a wrong answer
  2  usage: wrong arguments, an unreadable file, a faulty scenario, a program that is not there
  3  a scenario ends otherwise: a trap, a time-out, a missing import, a bad module, ...

Examples:
  matrix run --kind core --mode wasmtime-jit --scenarios checks/matrix/llguidance llguidance.wasm
  matrix run --kind command --mode wasmtime-aot --scenarios checks/matrix/wasi-probe \\
    --native wasi-probe --startup arguments --json wasi-probe.wasm > report.json
  matrix verdict report.json";

/// Run a WebAssembly artifact on a runtime, compare it with the native program, and measure it.
#[derive(Parser)]
#[command(version, after_help = HELP, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Put an artifact through its scenarios in one mode of a runtime.
    #[command(after_help = HELP)]
    Run(Run),
    /// Say of reports which scenarios did not end as they should; exit as `run` did.
    #[command(after_help = HELP)]
    Verdict {
        /// Reports that `run --json` wrote.
        #[arg(required = true, value_name = "REPORT.json")]
        reports: Vec<PathBuf>,
    },
    /// Runs core modules for `run`, as standard input says.
    #[command(hide = true)]
    Worker {
        #[arg(long, value_parser = mode_names())]
        mode: String,
    },
}

#[derive(Args)]
struct Run {
    /// What the artifact is.
    #[arg(long, value_enum)]
    kind: KindName,
    /// The runtime, and how it gets at machine code.
    #[arg(long, value_parser = mode_names())]
    mode: String,
    /// Folder of scenarios.
    #[arg(long, value_name = "DIR")]
    scenarios: PathBuf,
    /// Only the scenario of this name; can be given several times.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// The artifact's name, if it is not that of the module's file.
    #[arg(long, value_name = "NAME")]
    artifact: Option<String>,
    /// The same program for this machine.
    #[arg(long, value_name = "PROGRAM")]
    native: Option<PathBuf>,
    /// Seconds that a scenario may take.
    #[arg(long, default_value_t = 60.0)]
    seconds: f64,
    /// MiB of memory that a scenario may use.
    #[arg(long, value_name = "MIB", default_value_t = 1024)]
    memory: u64,
    /// One more argument of the runtime's compiler, for a program that is compiled ahead of time.
    #[arg(long, value_name = "ARGUMENT", allow_hyphen_values = true)]
    compile: Option<String>,
    /// Measure start-up: until this scenario's first byte of output, or until the first call of
    /// this function of a core module returns.
    #[arg(long, value_name = "NAME")]
    startup: Option<String>,
    /// How often start-up is measured, an odd number; less often if that takes long.
    #[arg(long, default_value_t = 21)]
    runs: usize,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
    /// The artifact; its text form, if the name ends in `.wat`.
    #[arg(value_name = "MODULE.wasm")]
    module: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum KindName {
    /// A core module with a C ABI and no imports.
    Core,
    /// A program with WASI.
    Command,
    /// A program with WASI, as a component.
    Component,
}

fn mode_names() -> PossibleValuesParser {
    MODES
        .iter()
        .map(|mode| mode.name)
        .collect::<Vec<_>>()
        .into()
}

fn mode(name: &str) -> anyhow::Result<&'static Mode> {
    Mode::find(name).with_context(|| format!("there is no mode {name}"))
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Run(arguments) => run(&arguments),
        Command::Verdict { reports } => verdict(&reports),
        Command::Worker { mode } => work(&mode),
    };
    result.unwrap_or_else(|error| {
        eprintln!("matrix: {error:#}");
        ExitCode::from(2)
    })
}

fn run(arguments: &Run) -> anyhow::Result<ExitCode> {
    let kind = match arguments.kind {
        KindName::Core => Kind::Core,
        KindName::Command | KindName::Component => Kind::Command,
    };
    let mut scenarios = scenario::read_folder(&arguments.scenarios, kind)?;
    if let Some(name) = arguments
        .only
        .iter()
        .find(|name| !scenarios.iter().any(|scenario| scenario.name == **name))
    {
        bail!("{} has no scenario {name}", arguments.scenarios.display());
    }
    if !arguments.only.is_empty() {
        scenarios.retain(|scenario| arguments.only.contains(&scenario.name));
    }
    if arguments.runs.is_multiple_of(2) {
        bail!("--runs is {}, and must be odd", arguments.runs);
    }
    let stem = arguments.module.file_stem().unwrap_or_default();
    let stem = stem.to_string_lossy();
    let cell = Cell {
        artifact: arguments.artifact.as_deref().unwrap_or(&stem),
        mode: mode(&arguments.mode)?,
        kind,
        module: &arguments.module,
        native: arguments.native.as_deref(),
        scenarios: &scenarios,
        limits: scenario::Limits {
            seconds: Some(arguments.seconds),
            memory: Some(arguments.memory),
        },
        compile: arguments.compile.as_deref(),
        startup: arguments.startup.as_deref(),
        runs: arguments.runs,
    };
    // A build in Nix has a terminal that nobody looks at, and calls it dumb where told to.
    let terminal =
        io::stderr().is_terminal() && std::env::var_os("TERM").is_some_and(|term| term != "dumb");
    let report = cell.measure(&mut |step| {
        if terminal {
            eprint!("\r\x1b[K{}: {step}", cell.name());
        }
    })?;
    if terminal {
        eprint!("\r\x1b[K");
    }
    let mut output = io::stdout().lock();
    if arguments.json {
        writeln!(output, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        writeln!(output, "{report}")?;
    }
    Ok(exit_code(&[report]))
}

fn verdict(paths: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let reports = paths
        .iter()
        .map(|path| {
            let read = || anyhow::Ok(serde_json::from_slice(&fs::read(path)?)?);
            read().with_context(|| format!("cannot read the report {}", path.display()))
        })
        .collect::<anyhow::Result<Vec<Report>>>()?;
    let mut output = io::stdout().lock();
    for report in &reports {
        writeln!(output, "{report}")?;
    }
    Ok(exit_code(&reports))
}

/// Names what did not end as it should, and sums it up.
fn exit_code(reports: &[Report]) -> ExitCode {
    for failure in reports.iter().flat_map(Report::failures) {
        eprintln!("matrix: {failure}");
    }
    let outcomes: Vec<Outcome> = reports
        .iter()
        .map(|report| report.outcome)
        .filter(|outcome| *outcome != Outcome::Ok)
        .collect();
    ExitCode::from(match &outcomes[..] {
        [] => 0,
        outcomes if outcomes.contains(&Outcome::Wrong) => 1,
        _ => 3,
    })
}

fn work(name: &str) -> anyhow::Result<ExitCode> {
    let Core::Embedded(runtime) = mode(name)?.core else {
        bail!("{name} is not embedded");
    };
    remote::serve(runtime, io::stdin().lock(), io::stdout().lock())?;
    Ok(ExitCode::SUCCESS)
}
