//! The program `clawft-server`.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Parser, Subcommand};
use clawft_server::scenario::{Scenario, VARIANTS, Variant, find_variant};
use clawft_server::server::Listener;
use clawft_server::suite;

const HELP: &str = "\
Exit codes:
  0  all was as the scenarios have it
  1  something was not; each such thing is named on standard output
  2  usage: wrong arguments, no scenario, a program that cannot be started

Examples:
  clawft-server run --program clawft scenarios
  clawft-server run --program 'wasmtime run --dir {home} --env HOME={home} clawft.wasm' \\
    --without http scenarios
  clawft-server serve --log requests.jsonl scenarios/plain.json";

// NB: printed by --help, as it stands
#[allow(clippy::doc_markdown)]
/// A server on loopback that speaks the APIs of OpenAI and Anthropic, well or badly as a scenario says,
/// and a suite for agents on it.
#[derive(Parser)]
#[command(version, after_help = HELP, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run a program on scenarios
    #[command(after_help = HELP)]
    Run(Run),
    /// Serve a scenario until standard input ends; the port is printed
    #[command(after_help = HELP)]
    Serve(Serve),
}

#[derive(Args)]
struct Run {
    /// The program and its first arguments, in one text; {home} stands for its home folder
    #[arg(long)]
    program: String,
    /// What the program has not; scenarios that need it are left out, and named
    #[arg(long, value_name = "WHAT")]
    without: Vec<String>,
    /// One variant alone
    #[arg(long, value_parser = variant)]
    variant: Option<Variant>,
    /// Scenarios, or folders of them
    #[arg(required = true)]
    scenarios: Vec<PathBuf>,
}

#[derive(Args)]
struct Serve {
    /// The variant, which says what requests without a path are to
    #[arg(long, default_value = "openai", value_parser = variant)]
    variant: Variant,
    /// The port; any if it is 0
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Where requests are written, a JSON object on a line for each
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// The scenario
    scenario: PathBuf,
}

fn variant(name: &str) -> Result<Variant, String> {
    find_variant(name).map_err(|_| {
        let names = VARIANTS.map(|variant| variant.name);
        format!("variants are {}", names.join(", "))
    })
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Task::Run(arguments) => run(&arguments),
        Task::Serve(arguments) => serve(&arguments),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("clawft-server: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Run) -> Result<bool> {
    let program: Vec<String> = arguments
        .program
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let mut out = io::stdout().lock();
    let (mut passed, mut failed, mut left_out) = (0, 0, 0);
    for path in &arguments.scenarios {
        let paths = if path.is_dir() {
            suite::scenarios(path)?
        } else {
            vec![path.clone()]
        };
        for path in paths {
            let name = path
                .file_stem()
                .context("a scenario without a name")?
                .display();
            let scenario = Scenario::read(&path, "http://127.0.0.1:1", "/")?;
            let needed = scenario
                .needs
                .iter()
                .find(|need| arguments.without.contains(need));
            if let Some(need) = needed {
                writeln!(out, "without {need}: {name}")?;
                left_out += 1;
                continue;
            }
            for variant in scenario.variants {
                if arguments.variant.is_some_and(|only| only != variant) {
                    continue;
                }
                let problems = suite::run(&program, &path, variant)?;
                let word = if problems.is_empty() { "ok" } else { "FAILED" };
                writeln!(out, "{word}: {name} {}", variant.name)?;
                for problem in &problems {
                    writeln!(out, "  {problem}")?;
                }
                *if problems.is_empty() {
                    &mut passed
                } else {
                    &mut failed
                } += 1;
            }
        }
    }
    writeln!(out, "{passed} passed, {failed} failed, {left_out} left out")?;
    if passed + failed == 0 {
        bail!("nothing was run");
    }
    Ok(failed == 0)
}

fn serve(arguments: &Serve) -> Result<bool> {
    let listener = Listener::bind(arguments.port)?;
    let url = listener.url();
    let scenario = Scenario::read(&arguments.scenario, &url, "")?;
    let log = match &arguments.log {
        Some(path) => {
            let file = File::create(path).with_context(|| path.display().to_string())?;
            Some(Box::new(file) as Box<dyn io::Write + Send>)
        }
        None => None,
    };
    let mut out = io::stdout();
    writeln!(out, "{}", listener.port())?;
    out.flush()?;
    let server = listener.serve(scenario.exchanges, arguments.variant.api, log);
    io::stdin().read_to_end(&mut Vec::new())?;
    let problems = server.problems();
    for problem in &problems {
        writeln!(out, "{problem}")?;
    }
    Ok(problems.is_empty())
}
