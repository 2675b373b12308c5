//! The program `ledger`: how big an artifact is, and whether it may be.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use ledger::{Budgets, Entry, Size};
use serde_json::json;

const HELP: &str = "\
Exit codes:
  0  done; the budget is kept
  1  the budget is exceeded
  2  usage: wrong arguments, an unreadable file, no such artifact

Examples:
  ledger size llguidance.wasm
  ledger check --budgets budgets.toml --artifact llguidance-wasm llguidance.wasm
  ledger check --budgets budgets.toml --artifact llguidance-wasm --profile top.txt llguidance.wasm";

/// Measure an artifact's size and hold it against its budget.
#[derive(Parser)]
#[command(version, after_help = HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fail if an artifact is bigger than its budget.
    #[command(after_help = HELP)]
    Check(Check),
    /// Print an artifact's size.
    Size(Measure),
}

#[derive(Args)]
struct Check {
    /// The budgets.
    #[arg(long, value_name = "FILE")]
    budgets: PathBuf,
    /// Whose budget.
    #[arg(long, value_name = "NAME")]
    artifact: String,
    /// Text that says where the bytes are, such as the output of `twiggy top`; shown on a breach.
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    #[command(flatten)]
    measure: Measure,
}

#[derive(Args)]
struct Measure {
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// The artifact.
    file: PathBuf,
}

impl Measure {
    fn size(&self) -> anyhow::Result<Size> {
        let contents =
            fs::read(&self.file).with_context(|| format!("cannot read {}", self.file.display()))?;
        Ok(Size::measure(&contents)?)
    }
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Check(check) => run_check(&check),
        Command::Size(measure) => run_size(&measure),
    };
    result.unwrap_or_else(|error| {
        eprintln!("ledger: {error:#}");
        ExitCode::from(2)
    })
}

fn run_size(measure: &Measure) -> anyhow::Result<ExitCode> {
    let size = measure.size()?;
    let mut output = io::stdout().lock();
    if measure.json {
        writeln!(output, "{}", serde_json::to_string(&size)?)?;
    } else {
        writeln!(
            output,
            "raw: {} bytes\ngzip -9: {} bytes",
            size.raw, size.gzip
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

fn run_check(check: &Check) -> anyhow::Result<ExitCode> {
    let budget = Budgets::parse(&read(&check.budgets)?)
        .and_then(|budgets| budgets.get(&check.artifact))
        .with_context(|| check.budgets.display().to_string())?;
    // Read before it is needed: a wrong path is found on a good day too.
    let profile = check.profile.as_deref().map(read).transpose()?;
    let size = check.measure.size()?;
    let entries = Entry::both(size, budget);
    let breach = entries.iter().any(|entry| entry.excess().is_some());
    let word = if breach {
        "over budget"
    } else {
        "within budget"
    };

    let mut output = io::stdout().lock();
    if check.measure.json {
        let report = json!({
            "artifact": check.artifact,
            "within_budget": !breach,
            "size": size,
            "budget": { "raw": budget.raw, "gzip": budget.gzip },
        });
        writeln!(output, "{report:#}")?;
    } else {
        writeln!(output, "{}: {word}", check.artifact)?;
        for entry in entries {
            writeln!(output, "  {entry}")?;
        }
    }
    if !breach {
        return Ok(ExitCode::SUCCESS);
    }
    for entry in entries.iter().filter(|entry| entry.excess().is_some()) {
        eprintln!("ledger: {}: {entry}", check.artifact);
    }
    if let Some(profile) = profile {
        eprintln!(
            "ledger: where the bytes of {} are:\n{profile}",
            check.artifact
        );
    }
    Ok(ExitCode::from(1))
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
