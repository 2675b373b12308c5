//! The program `clawft-server`.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Parser, Subcommand, value_parser};
use clawft_server::scenario::{Scenario, VARIANTS, Variant, find_variant};
use clawft_server::server::Listener;
use clawft_server::suite::{self, Case};
use serde_json::json;

const HELP: &str = "\
Exit codes:
  0  all was as the scenarios have it
  1  something was not; each such thing is named on standard output
  2  usage: wrong arguments, no scenario, a program that cannot be started

Examples:
  clawft-server run --program clawft scenarios
  clawft-server run --program 'wasmtime run --dir {home} --env HOME={home} clawft.wasm' \\
    --without http scenarios
  clawft-server run --program 'node host.mjs clawft.js' --fails 'cut-in-text openai=a fault of the host' \\
    scenarios
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
    /// A scenario and variant that is known to fail, and why; that it passes is a failure then
    #[arg(long, value_name = "CASE=REASON", value_parser = known)]
    fails: Vec<Known>,
    /// Where how each case ended is written as JSON too, as a cell of a runtime matrix has it
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// How many are run at once; most of them wait
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = value_parser!(u8).range(1..))]
    jobs: u8,
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

/// A case that fails for a reason.
#[derive(Clone)]
struct Known {
    case: String,
    reason: String,
}

fn known(text: &str) -> Result<Known, String> {
    let (case, reason) = text.split_once('=').ok_or("it has no reason")?;
    Ok(Known {
        case: case.to_owned(),
        reason: reason.to_owned(),
    })
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
    let (mut passed, mut failed, mut as_known, mut left_out) = (0, 0, 0, 0);
    let mut cases = Vec::new();
    for path in &arguments.scenarios {
        let paths = if path.is_dir() {
            suite::scenarios(path)?
        } else {
            vec![path.clone()]
        };
        for path in paths {
            let scenario = Scenario::read(&path, "http://127.0.0.1:1", "/")?;
            let mut needs = scenario.needs.iter();
            if let Some(need) = needs.find(|need| arguments.without.contains(need)) {
                writeln!(out, "without {need}: {}", path.display())?;
                left_out += 1;
                continue;
            }
            let variants = scenario.variants.into_iter();
            let wanted =
                variants.filter(|&variant| arguments.variant.is_none_or(|only| only == variant));
            cases.extend(wanted.map(|variant| Case {
                path: path.clone(),
                variant,
            }));
        }
    }
    if cases.is_empty() {
        bail!("nothing is to be run");
    }
    let mut known: Vec<&Known> = arguments.fails.iter().collect();
    let mut reports = Vec::new();
    suite::run_all(
        &program,
        &cases,
        arguments.jobs.into(),
        |case, time, problems| {
            let place = known
                .iter()
                .position(|known| known.case == case.to_string());
            // NB: in a matrix, what was expected is ok
            let (count, outcome, verdict) =
                match (problems, place.map(|place| known.swap_remove(place))) {
                    ([], None) => (&mut passed, "ok", format!("ok: {case}")),
                    (_, None) => (&mut failed, "wrong", format!("FAILED: {case}")),
                    ([], Some(known)) => (
                        &mut failed,
                        "wrong",
                        format!("FAILED: {case} passes, in spite of {}", known.reason),
                    ),
                    (_, Some(known)) => (
                        &mut as_known,
                        "ok",
                        format!("as known: {case}: {}", known.reason),
                    ),
                };
            *count += 1;
            reports.push(json!({
                "name": case.to_string(),
                "outcome": outcome,
                "ms": time.as_secs_f64() * 1000.0,
                "detail": problems.first(),
            }));
            writeln!(out, "{verdict}")?;
            for problem in problems {
                writeln!(out, "  {problem}")?;
            }
            Ok(())
        },
    )?;
    writeln!(
        out,
        "{passed} passed, {failed} failed, {as_known} failed as known, {left_out} left out"
    )?;
    if let Some(path) = &arguments.report {
        reports.sort_by(|one, other| one["name"].as_str().cmp(&other["name"].as_str()));
        let report = json!({
            "outcome": if failed == 0 { "ok" } else { "wrong" },
            "scenario_ms": reports.iter().filter_map(|case| case["ms"].as_f64()).sum::<f64>(),
            "scenarios": reports,
        });
        fs::write(path, report.to_string()).with_context(|| path.display().to_string())?;
    }
    if let Some(known) = known.first() {
        bail!("--fails {}: there is no such case", known.case);
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
