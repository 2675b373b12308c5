//! The program `report`: pages and summaries of what the checks measured.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use ledger::Account;
use report::summary::{self, Measured};
use report::{Cell, matrix, size};
use serde::Deserialize;
use serde_json::{Value, json};

const HELP: &str = "\
Exit codes:
  0  written
  2  usage: wrong arguments, an unreadable or faulty file

Examples:
  ledger check --json --artifact llguidance-wasm llguidance.wasm > sizes.json
  report size --output size-report sizes.json
  report matrix --output matrix-report cell-1.json cell-2.json
  report summary --base base --head head >> $GITHUB_STEP_SUMMARY";

/// Show what the checks measured: pages, and a summary of what a change does.
#[derive(Parser)]
#[command(version, after_help = HELP, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the page of sizes, from what `ledger check --json` prints.
    #[command(after_help = HELP)]
    Size(Page),
    /// Write the page of the runtime matrix, from the reports of its cells.
    #[command(after_help = HELP)]
    Matrix(Page),
    /// Print in Markdown what changed in sizes and in the matrix.
    #[command(after_help = HELP)]
    Summary(Summary),
}

#[derive(Args)]
struct Page {
    /// Folder for index.html and report.json.
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
    /// JSON: one report, or a list of them.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

#[derive(Args)]
struct Summary {
    /// Folder with size-report and matrix-report of the base; nothing is compared with what
    /// it lacks.
    #[arg(long, value_name = "DIR")]
    base: Option<PathBuf>,
    /// Folder with size-report and matrix-report of the change.
    #[arg(long, value_name = "DIR")]
    head: PathBuf,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Size(page) => page.write::<Account>("artifacts", size::page),
        Command::Matrix(page) => page.write::<Cell>("cells", matrix::page),
        Command::Summary(summary) => summary.print(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("report: {error:#}");
            ExitCode::from(2)
        }
    }
}

impl Page {
    /// Writes the rows as they are under `key`, and their page.
    fn write<Row: for<'de> Deserialize<'de>>(
        &self,
        key: &str,
        page: impl Fn(&[Row]) -> String,
    ) -> anyhow::Result<()> {
        let mut values = Vec::new();
        let mut rows = Vec::new();
        for file in &self.files {
            let found = match read(file)? {
                Value::Array(many) => many,
                one => vec![one],
            };
            for value in found {
                let row = Row::deserialize(&value).with_context(|| file.display().to_string())?;
                rows.push(row);
                values.push(value);
            }
        }
        let data = serde_json::to_string_pretty(&json!({ key: values }))? + "\n";
        for (name, text) in [("report.json", data), ("index.html", page(&rows))] {
            let path = self.output.join(name);
            write_whole(&path, &text)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }
}

impl Summary {
    fn print(&self) -> anyhow::Result<()> {
        let base = self.base.as_deref().map(measured).transpose()?;
        let head = measured(&self.head)?;
        if head.sizes.is_none() && head.cells.is_none() {
            anyhow::bail!(
                "{} has neither size-report/report.json nor matrix-report/report.json",
                self.head.display()
            );
        }
        let text = summary::markdown(&base.unwrap_or_default(), &head);
        io::stdout().lock().write_all(text.as_bytes())?;
        Ok(())
    }
}

/// The reports in a folder; those that are not there are unknown.
fn measured(folder: &Path) -> anyhow::Result<Measured> {
    Ok(Measured {
        sizes: rows(&folder.join("size-report/report.json"), "artifacts")?,
        cells: rows(&folder.join("matrix-report/report.json"), "cells")?,
    })
}

fn rows<Row: for<'de> Deserialize<'de>>(
    path: &Path,
    key: &str,
) -> anyhow::Result<Option<Vec<Row>>> {
    if !path.exists() {
        return Ok(None);
    }
    let rows = read(path)?;
    let rows = rows
        .get(key)
        .with_context(|| format!("{}: no list `{key}`", path.display()))?;
    let rows = Vec::deserialize(rows).with_context(|| path.display().to_string())?;
    Ok(Some(rows))
}

fn read(path: &Path) -> anyhow::Result<Value> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

/// Writes a file, or leaves it as it was.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let unfinished = path.with_added_extension("new");
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&unfinished, text)?;
    fs::rename(unfinished, path)
}
