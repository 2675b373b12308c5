//! The program `matrix`: one cell of the matrix per run.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand, ValueEnum};
use matrix::llguidance::{self, Report, cases};
use matrix::runtime::{Mode, Runtime, Wasmtime};
use serde_json::json;

const HELP: &str = "\
Exit codes:
  0  the module does what the native program does
  1  the module gives a wrong answer
  2  usage: wrong arguments, an unreadable file, a faulty case file
  3  the module cannot be used: not a module, an import, a missing export, a trap

Examples:
  matrix llguidance --cases checks/matrix/llguidance llguidance.wasm
  matrix llguidance --mode aot --json --cases checks/matrix/llguidance llguidance.wasm";

/// Run a WebAssembly artifact on a runtime and compare it with the native program.
#[derive(Parser)]
#[command(version, after_help = HELP, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Subcommand)]
enum Scenario {
    /// llguidance's C ABI: masks and verdicts over a byte tokenizer.
    #[command(after_help = HELP)]
    Llguidance(Cell),
}

#[derive(Args)]
struct Cell {
    /// Runtime that executes the module.
    #[arg(long, value_enum, default_value = "wasmtime")]
    runtime: RuntimeName,
    /// How the runtime gets at machine code.
    #[arg(long, value_enum, default_value = "jit")]
    mode: ModeName,
    /// Folder of case files.
    #[arg(long, value_name = "DIR")]
    cases: PathBuf,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
    /// The module.
    #[arg(value_name = "MODULE.wasm")]
    module: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum RuntimeName {
    /// Wasmtime, embedded.
    Wasmtime,
}

#[derive(Clone, Copy, ValueEnum)]
enum ModeName {
    /// Compiled when loaded, for this machine's CPU.
    Jit,
    /// Compiled to a file for a fixed CPU (x86-64-v2, or the base of aarch64), then loaded.
    Aot,
}

impl Cell {
    fn runtime(&self) -> impl Runtime + use<> {
        let RuntimeName::Wasmtime = self.runtime;
        Wasmtime::new(match self.mode {
            ModeName::Jit => Mode::Jit,
            ModeName::Aot => Mode::Aot,
        })
    }

    /// The cell's name, such as `llguidance-wasmtime-jit`.
    fn name(&self) -> String {
        let value = |name: Option<clap::builder::PossibleValue>| {
            name.map_or_else(String::new, |name| name.get_name().to_owned())
        };
        format!(
            "llguidance-{}-{}",
            value(self.runtime.to_possible_value()),
            value(self.mode.to_possible_value())
        )
    }
}

fn main() -> ExitCode {
    let Scenario::Llguidance(cell) = Cli::parse().scenario;
    run(&cell).unwrap_or_else(|error| {
        eprintln!("matrix: {error:#}");
        ExitCode::from(2)
    })
}

fn run(cell: &Cell) -> anyhow::Result<ExitCode> {
    let cases = cases::read_folder(&cell.cases)?;
    let wasm = fs::read(&cell.module)
        .with_context(|| format!("cannot read the module {}", cell.module.display()))?;
    let outcome = llguidance::run(&cell.runtime(), &wasm, &cases);
    let (code, word) = match &outcome {
        Ok(report) if report.failures.is_empty() => (0, "ok"),
        Ok(report)
            if report
                .failures
                .iter()
                .all(llguidance::Failure::is_difference) =>
        {
            (1, "wrong")
        }
        _ => (3, "unusable"),
    };
    let mut output = io::stdout().lock();
    if cell.json {
        let mut report = match &outcome {
            Ok(report) => serde_json::to_value(report)?,
            Err(error) => json!({ "error": error.to_string() }),
        };
        report["cell"] = cell.name().into();
        report["outcome"] = word.into();
        writeln!(output, "{report:#}")?;
    } else if let Ok(report) = &outcome {
        writeln!(output, "{}: {word}: {}", cell.name(), summary(report))?;
    }
    match &outcome {
        Ok(report) => {
            for failure in &report.failures {
                eprintln!("matrix: {}: {failure}", cell.name());
            }
        }
        Err(error) => eprintln!(
            "matrix: {}: {}: {error}",
            cell.name(),
            cell.module.display()
        ),
    }
    Ok(ExitCode::from(code))
}

fn summary(report: &Report) -> String {
    format!(
        "{} cases, {} strings, {} masks compared, {} failures; loaded in {:.0} ms, walked in {:.0} ms",
        report.cases,
        report.strings,
        report.masks,
        report.failures.len(),
        report.load_ms,
        report.cases_ms
    )
}
