//! The program `ledger`: how big an artifact is, whether it may be, and what grew.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Parser, Subcommand};
use ledger::module::{LARGEST, Parts};
use ledger::recording::LISTED_FROM;
use ledger::{Account, Budgets, Growth, Recording, Size};

const HELP: &str = "\
Exit codes:
  0  done; the budget is kept
  1  the budget is exceeded
  2  usage: wrong arguments, an unreadable file, no such artifact, no baseline

Examples:
  ledger size llguidance.wasm
  ledger check --artifact llguidance-wasm --names named.wasm llguidance.wasm
  ledger record --artifact llguidance-wasm --names named.wasm llguidance.wasm
  ledger diff checks/budgets/baseline/llguidance-wasm.toml named.wasm
  ledger diff --json before.wasm after.wasm";

/// Measure an artifact's size, hold it against its budget, and show what grew.
#[derive(Parser)]
#[command(version, after_help = HELP, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fail if a module is bigger than its budget, and show what grew since the baseline.
    #[command(after_help = HELP)]
    Check(Check),
    /// Write the baseline that `check` compares a module with.
    #[command(after_help = HELP)]
    Record(Record),
    /// Compare two modules or baselines by crate and by function.
    #[command(after_help = HELP)]
    Diff(Diff),
    /// Print a file's size, raw and after gzip -9.
    #[command(after_help = HELP)]
    Size(Measure),
}

#[derive(Args)]
struct Check {
    /// The budgets.
    #[arg(long, value_name = "FILE", default_value = "budgets.toml")]
    budgets: PathBuf,
    #[command(flatten)]
    subject: Subject,
    /// Text that says where the bytes are, such as the output of `twiggy top`; shown on a breach.
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    #[command(flatten)]
    rows: Rows,
}

#[derive(Args)]
struct Record {
    #[command(flatten)]
    subject: Subject,
}

/// An artifact and its baseline.
#[derive(Args)]
struct Subject {
    /// Folder of the baselines, NAME.toml each.
    #[arg(long, value_name = "DIR", default_value = "checks/budgets/baseline")]
    baselines: PathBuf,
    /// Whose budget and baseline.
    #[arg(long, value_name = "NAME")]
    artifact: String,
    /// The module before its names were stripped, if FILE has none.
    #[arg(long, value_name = "FILE")]
    names: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// The module or component.
    file: PathBuf,
}

#[derive(Args)]
struct Diff {
    /// A module with names, or a baseline.
    before: PathBuf,
    /// Another.
    after: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    rows: Rows,
}

#[derive(Args)]
struct Rows {
    /// How many rows of a table are shown.
    #[arg(long, value_name = "N", default_value_t = 20)]
    rows: usize,
}

#[derive(Args)]
struct Measure {
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// The artifact.
    file: PathBuf,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Check(check) => check.run(),
        Command::Record(record) => record.run(),
        Command::Diff(diff) => diff.run(),
        Command::Size(measure) => measure.run(),
    };
    result.unwrap_or_else(|error| {
        eprintln!("ledger: {error:#}");
        ExitCode::from(2)
    })
}

impl Check {
    fn run(&self) -> anyhow::Result<ExitCode> {
        let Subject { artifact, json, .. } = &self.subject;
        let budget = Budgets::parse(&read_text(&self.budgets)?)
            .and_then(|budgets| budgets.get(artifact))
            .with_context(|| self.budgets.display().to_string())?;
        // Read before it is needed: a wrong path is found on a good day too.
        let profile = self.profile.as_deref().map(read_text).transpose()?;
        let account = Account::new(
            artifact.clone(),
            budget,
            self.subject.recording()?,
            self.subject.baseline()?,
        );

        if *json {
            print(&serde_json::to_string_pretty(&account)?)?;
        } else {
            let word = if account.within_budget {
                "within budget"
            } else {
                "over budget"
            };
            let [raw, gzip] = account.entries();
            print(&format!("{artifact}: {word}\n  {raw}\n  {gzip}"))?;
        }
        if account.within_budget {
            return Ok(ExitCode::SUCCESS);
        }
        for entry in account.entries() {
            if entry.excess().is_some() {
                eprintln!("ledger: {artifact}: {entry}");
            }
        }
        eprintln!(
            "\nledger: what changed since the baseline of {artifact}:\n{}",
            account.growth().shown(self.rows.rows)
        );
        if let Some(profile) = profile {
            eprintln!("ledger: where the bytes of {artifact} are:\n{profile}");
        }
        eprintln!(
            "ledger: if {artifact} has to weigh this, raise its budget in budgets.toml with the reason, and record it:\n  {}",
            self.subject.recording_command()
        );
        Ok(ExitCode::from(1))
    }
}

impl Record {
    fn run(&self) -> anyhow::Result<ExitCode> {
        let subject = &self.subject;
        let recording = subject.recording()?.listed_from(LISTED_FROM);
        if subject.json {
            print(&serde_json::to_string_pretty(&recording)?)?;
            return Ok(ExitCode::SUCCESS);
        }
        let path = subject.baseline_path();
        let text = format!(
            "# What the bytes of {} are spent on: `ledger check` shows what grew since.\n\
             # Written by `ledger record`; a function below `listed_from` is only in its crate's sum.\n\n{}",
            subject.artifact,
            recording.to_toml()?
        );
        write_whole(&path, &text).with_context(|| format!("cannot write {}", path.display()))?;
        print(&format!("{}: {} bytes", path.display(), recording.raw))?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Diff {
    fn run(&self) -> anyhow::Result<ExitCode> {
        let growth = Growth::between(
            &read_recording(&self.before)?,
            &read_recording(&self.after)?,
        );
        if self.json {
            print(&serde_json::to_string_pretty(&growth)?)?;
        } else {
            print(growth.shown(self.rows.rows).to_string().trim_end())?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Measure {
    fn run(&self) -> anyhow::Result<ExitCode> {
        let size = Size::measure(&read(&self.file)?)?;
        if self.json {
            print(&serde_json::to_string(&size)?)?;
        } else {
            print(&format!(
                "raw: {} bytes\ngzip -9: {} bytes",
                size.raw, size.gzip
            ))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Subject {
    fn recording(&self) -> anyhow::Result<Recording> {
        let Some(path) = &self.names else {
            return record(&self.file, None);
        };
        let names = read(path)?;
        // What is wrong with it is told of it, and not of the module that it is held against.
        Parts::of(&names).with_context(|| path.display().to_string())?;
        record(&self.file, Some(&names))
    }

    fn baseline_path(&self) -> PathBuf {
        self.baselines.join(format!("{}.toml", self.artifact))
    }

    fn baseline(&self) -> anyhow::Result<Recording> {
        let path = self.baseline_path();
        if !path.exists() {
            bail!(
                "{} has no baseline, {}; record it:\n  {}",
                self.artifact,
                path.display(),
                self.recording_command()
            );
        }
        read_recording(&path)
    }

    /// What records the baseline, in a clone of the repository.
    fn recording_command(&self) -> String {
        let mut command = format!("./nixw run .#ledger -- record --artifact {}", self.artifact);
        if let Some(names) = &self.names {
            command = format!("{command} --names {}", quoted(names));
        }
        format!("{command} {}", quoted(&self.file))
    }
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |letter: char| letter.is_alphanumeric() || "/._-+".contains(letter);
    if path.chars().all(plain) {
        path
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}

fn record(file: &Path, names: Option<&[u8]>) -> anyhow::Result<Recording> {
    let wasm = read(file)?;
    Recording::of(&wasm, Size::measure(&wasm)?, names).with_context(|| file.display().to_string())
}

/// A baseline, or what a module is now.
fn read_recording(path: &Path) -> anyhow::Result<Recording> {
    if read(path)?.starts_with(b"\0asm") {
        return record(path, None);
    }
    let text = read_text(path).context("neither a WebAssembly module nor a baseline")?;
    Recording::parse(&text).with_context(|| path.display().to_string())
}

/// Writes a text and the end of its line to standard output. Who has read enough may close it.
fn print(text: &str) -> anyhow::Result<()> {
    let mut output = io::stdout().lock();
    match writeln!(output, "{text}").and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output")
        }
        _ => Ok(()),
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let refused = || format!("cannot read {}", path.display());
    let file = File::open(path).with_context(refused)?;
    let said = file.metadata().with_context(refused)?.len();
    let mut contents = Vec::new();
    if said <= LARGEST {
        // NB: a pipe or a device does not say how much there is
        let mut limited = file.take(LARGEST + 1);
        limited.read_to_end(&mut contents).with_context(refused)?;
    }
    if said.max(contents.len() as u64) > LARGEST {
        bail!("{}: more than {LARGEST} bytes are not read", path.display());
    }
    Ok(contents)
}

fn read_text(path: &Path) -> anyhow::Result<String> {
    let text = String::from_utf8(read(path)?).ok();
    text.with_context(|| format!("{}: not UTF-8", path.display()))
}

/// Writes a file, or leaves it as it was.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let unfinished = path.with_extension("toml.new");
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&unfinished, text)?;
    fs::rename(unfinished, path)
}
