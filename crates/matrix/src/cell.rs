//! A cell of the matrix: an artifact, put through its scenarios in one mode of a runtime.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use thiserror::Error;

use crate::command;
use crate::core;
use crate::outcome::{Failure, Outcome};
use crate::process::{Child, Limits, Output};
use crate::report::{Report, ScenarioReport, Startup};
use crate::runtime::{Cli, Core, Invocation, Mode};
use crate::scenario::{self, Kind, Scenario};

/// Captured bytes of each output stream of a child.
const OUTPUT_LIMIT: usize = 1 << 20;

/// After this much time start-up is not measured again.
const STARTUP_TIME: Duration = Duration::from_secs(10);

/// A program that does nothing but write a byte, by which its start-up ends.
const EMPTY_COMMAND: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\08\00\00\00\01\00\00\00\0a")
    (func (export "_start")
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))))"#;

/// A core module that does nothing when `first` is called.
const EMPTY_CORE: &str = r#"(module (memory (export "memory") 1) (func (export "first")))"#;

/// An artifact and a mode, and all that is needed to try one on the other.
pub struct Cell<'a> {
    /// The artifact's name.
    pub artifact: &'a str,
    /// The mode.
    pub mode: &'static Mode,
    /// What the artifact is.
    pub kind: Kind,
    /// The artifact: `.wasm` or `.wat`.
    pub module: &'a Path,
    /// The same program for this machine.
    pub native: Option<&'a Path>,
    /// What it is put through.
    pub scenarios: &'a [Scenario],
    /// What each scenario may use, if it has no limits of its own.
    pub limits: scenario::Limits,
    /// One more argument of the runtime's compiler, for a program.
    pub compile: Option<&'a str>,
    /// What start-up is measured by: the scenario whose output it ends with, or the function of
    /// a core module that is called first. It must work without arguments.
    pub startup: Option<&'a str>,
    /// How often start-up is measured: an odd number.
    pub runs: usize,
}

/// A cell cannot be measured at all.
#[derive(Debug, Error)]
pub enum CellError {
    /// A module cannot be read.
    #[error("cannot read the module {path}: {reason}")]
    Module {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A scenario is compared with the native program, and there is none.
    #[error("the scenario {0} is compared with the native program: name it by --native")]
    NoNative(String),
    /// The mode has no command line.
    #[error("{0} does not run programs with WASI")]
    NoCommand(&'static str),
    /// The start-up is measured by what is not there.
    #[error("there is no scenario {0} to measure start-up by")]
    NoStartup(String),
    /// A program is not there, or a folder cannot be written in.
    #[error("{doing}: {reason}")]
    System {
        /// What was being done.
        doing: String,
        /// Why it failed.
        reason: io::Error,
    },
}

fn system(doing: impl Into<String>) -> impl FnOnce(io::Error) -> CellError {
    let doing = doing.into();
    |reason| CellError::System { doing, reason }
}

/// A module that is ready to be run, or why it is not.
#[derive(Clone)]
struct Ready {
    module: PathBuf,
    /// The module itself, or its machine code.
    file: Result<PathBuf, Failure>,
}

impl Cell<'_> {
    /// Its name: artifact and mode.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}-{}", self.artifact, self.mode.name)
    }

    /// Tries everything and measures it. `progress` is told what comes next.
    ///
    /// # Errors
    /// [`CellError`] if something that is needed is not there. What the artifact does wrong is
    /// in the report.
    pub fn measure(&self, progress: &mut dyn FnMut(&str)) -> Result<Report, CellError> {
        let folder =
            TempDir::with_prefix("matrix-").map_err(system("making a temporary folder"))?;
        let mut bench = Bench {
            cell: self,
            folder,
            ready: HashMap::new(),
        };
        let runtime = self.runtime()?;
        progress("compiling");
        let artifact = bench.ready(self.module, None)?;
        let module_bytes = size(&artifact.module)?;
        let compiled = artifact.file.as_ref().ok();
        let compiled_bytes = compiled
            .filter(|file| **file != artifact.module)
            .map(|file| size(file))
            .transpose()?;
        let mut scenarios = Vec::new();
        for scenario in self.scenarios {
            progress(&scenario.name);
            scenarios.push(bench.run(scenario)?);
        }
        progress("start-up");
        let startup_ms = match self.startup {
            Some(startup) => bench.startup(&artifact, startup)?,
            None => None,
        };
        Ok(Report {
            cell: self.name(),
            artifact: self.artifact.to_owned(),
            mode: self.mode.name.to_owned(),
            runtime,
            outcome: scenarios
                .iter()
                .map(|scenario| scenario.outcome)
                .find(|outcome| *outcome != Outcome::Ok)
                .unwrap_or_default(),
            module_bytes,
            compiled_bytes,
            startup_ms,
            peak_memory_bytes: scenarios
                .iter()
                .map(|scenario| scenario.peak_memory_bytes)
                .max()
                .unwrap_or(0),
            scenario_ms: rounded(scenarios.iter().map(|scenario| scenario.ms).sum()),
            scenarios,
        })
    }

    fn cli(&self) -> Result<&'static dyn Cli, CellError> {
        self.mode
            .command
            .ok_or(CellError::NoCommand(self.mode.name))
    }

    fn limits(&self, own: scenario::Limits) -> Limits {
        let seconds = own.seconds.or(self.limits.seconds).unwrap_or(60.0);
        let memory = own.memory.or(self.limits.memory).unwrap_or(1024);
        Limits {
            time: Duration::from_secs_f64(seconds),
            memory: memory << 20,
            output: OUTPUT_LIMIT,
        }
    }

    /// Name and version of the runtime.
    fn runtime(&self) -> Result<String, CellError> {
        let (name, invocation) = match (self.kind, &self.mode.core) {
            (Kind::Command, _) => (None, self.cli()?.version()),
            (Kind::Core, Core::Embedded(runtime)) => return Ok(runtime.version()),
            (Kind::Core, Core::Program(driver)) => {
                let (name, invocation) = driver.version();
                (Some(name), invocation)
            }
        };
        let child = command::start(&invocation)
            .and_then(|command| Child::start(command, Output::Captured, self.limits(self.limits)))
            .and_then(Child::finish)
            .map_err(system(format!(
                "asking for the version of {}",
                self.mode.name
            )))?;
        let said = String::from_utf8_lossy(&child.stdout);
        // The name and the version are words; what follows is a date or a commit.
        let words = said
            .split_whitespace()
            .map(|word| word.trim_start_matches('v'));
        let words: Vec<&str> = name.into_iter().chain(words).take(2).collect();
        Ok(words.join(" "))
    }
}

struct Bench<'a> {
    cell: &'a Cell<'a>,
    folder: TempDir,
    ready: HashMap<(PathBuf, Option<usize>), Ready>,
}

impl Bench<'_> {
    /// The module in `source`, of which the first bytes are left, compiled if the mode says so.
    fn ready(&mut self, source: &Path, truncate: Option<usize>) -> Result<Ready, CellError> {
        let key = (source.to_owned(), truncate);
        if let Some(ready) = self.ready.get(&key) {
            return Ok(ready.clone());
        }
        let unreadable = |reason: Box<dyn std::error::Error + Send + Sync>| CellError::Module {
            path: key.0.clone(),
            reason,
        };
        let text = source
            .extension()
            .is_some_and(|extension| extension == "wat");
        let mut wasm = if text {
            wat::parse_file(source).map_err(|error| unreadable(error.into()))?
        } else {
            fs::read(source).map_err(|error| unreadable(error.into()))?
        };
        let module = if text || truncate.is_some() {
            wasm.truncate(truncate.unwrap_or(wasm.len()));
            self.write(&wasm)?
        } else {
            // A child has another working folder.
            source
                .canonicalize()
                .map_err(|error| unreadable(error.into()))?
        };
        let ready = self.compile(module)?;
        self.ready.insert(key, ready.clone());
        Ok(ready)
    }

    fn write(&self, wasm: &[u8]) -> Result<PathBuf, CellError> {
        let number = self.ready.len();
        let path = self.folder.path().join(format!("{number}.wasm"));
        fs::write(&path, wasm).map_err(system(format!("writing {}", path.display())))?;
        Ok(path)
    }

    fn compile(&self, module: PathBuf) -> Result<Ready, CellError> {
        let code = self
            .folder
            .path()
            .join(format!("{}.code", self.ready.len()));
        let limits = self.cell.limits(self.cell.limits);
        let compiled = match self.cell.kind {
            Kind::Core => core::compile(self.cell.mode, &module, &code, limits)
                .map_err(system(format!("starting {}", self.cell.mode.name)))?,
            Kind::Command => match self.cell.cli()?.compile(&module, &code) {
                None => Ok(false),
                Some(invocation) => {
                    let invocation = invocation.args(self.cell.compile);
                    compile_by(&invocation, limits)?.map(|()| true)
                }
            },
        };
        let file = compiled.map(|compiled| if compiled { code } else { module.clone() });
        Ok(Ready { module, file })
    }

    fn run(&mut self, scenario: &Scenario) -> Result<ScenarioReport, CellError> {
        let own = scenario
            .module
            .as_ref()
            .map(|file| scenario.folder.join(file));
        let source = own.as_deref().unwrap_or(self.cell.module);
        let ready = self.ready(source, scenario.truncate)?;
        let Measured {
            result,
            time,
            peak_memory,
        } = match &ready.file {
            Err(failure) => Measured {
                result: Err(failure.clone()),
                ..Measured::default()
            },
            Ok(file) => match self.cell.kind {
                Kind::Core => self.run_core(&ready.module, file, scenario)?,
                Kind::Command => self.run_command(file, scenario)?,
            },
        };
        let (outcome, detail) = judge(scenario.outcome, result);
        Ok(ScenarioReport {
            name: scenario.name.clone(),
            outcome,
            ms: milliseconds(time),
            peak_memory_bytes: peak_memory,
            detail,
        })
    }

    fn run_core(
        &self,
        module: &Path,
        file: &Path,
        scenario: &Scenario,
    ) -> Result<Measured, CellError> {
        let mode = self.cell.mode;
        let limits = self.cell.limits(scenario.limits);
        let run = core::run(mode, module, file, scenario, limits)
            .map_err(system(format!("starting {}", mode.name)))?;
        Ok(Measured {
            result: run.result,
            time: run.spent,
            peak_memory: run.ended.peak_memory,
        })
    }

    fn run_command(&self, file: &Path, scenario: &Scenario) -> Result<Measured, CellError> {
        let Some(command) = &scenario.command else {
            return Ok(Measured::default());
        };
        let cli = self.cell.cli()?;
        let limits = self.cell.limits(scenario.limits);
        let name = self.cell.mode.name;
        let run = || {
            command::run(cli, file, command, limits)
                .map_err(system(format!("running {} on {name}", scenario.name)))
        };
        let first = run()?;
        let expect = scenario.expect.clone().unwrap_or_default();
        let mut result = command::exit_code(Some(cli), &first.ended, limits);
        if let Ok(code) = result {
            let native = if expect.native {
                Some(self.run_native(scenario, command, limits)?)
            } else {
                None
            };
            let native = native.as_ref().map(|(run, code)| (run, *code));
            if let Some(message) = command::first_difference(scenario, &first, code, native) {
                result = Err(Failure::new(Outcome::Wrong, message));
            }
        }
        if result.is_ok() && expect.another_each_time {
            let second = run()?.ended.stdout;
            if second == first.ended.stdout {
                let message = "a second run has the same stdout, and must have another";
                result = Err(Failure::new(Outcome::Wrong, message));
            }
        }
        Ok(Measured {
            result: result.map(|_| ()),
            time: first.ended.elapsed,
            peak_memory: first.ended.peak_memory,
        })
    }

    fn run_native(
        &self,
        scenario: &Scenario,
        command: &scenario::Command,
        limits: Limits,
    ) -> Result<(command::Run, i32), CellError> {
        let program = self
            .cell
            .native
            .ok_or_else(|| CellError::NoNative(scenario.name.clone()))?;
        let doing = || format!("running {} natively", scenario.name);
        let run = program
            .canonicalize()
            .and_then(|program| command::run_native(&program, command, limits))
            .map_err(system(doing()))?;
        match command::exit_code(None, &run.ended, limits) {
            Ok(code) => Ok((run, code)),
            Err(failure) => Err(system(doing())(io::Error::other(failure.message))),
        }
    }

    /// Start-up of the artifact and of an empty module, in turns.
    fn startup(&mut self, artifact: &Ready, by: &str) -> Result<Option<Startup>, CellError> {
        let (text, function) = match self.cell.kind {
            Kind::Command => (EMPTY_COMMAND, by),
            Kind::Core => (EMPTY_CORE, "first"),
        };
        let path = self.folder.path().join("empty.wat");
        fs::write(&path, text).map_err(system("writing an empty module"))?;
        let empty = self.ready(&path, None)?;
        let (Ok(file), Ok(empty)) = (&artifact.file, &empty.file) else {
            return Ok(None);
        };
        let start = Instant::now();
        let (mut with_module, mut with_empty) = (Vec::new(), Vec::new());
        while with_module.len() < self.cell.runs {
            // An even number of runs has no median of its own.
            if start.elapsed() > STARTUP_TIME && with_module.len() % 2 == 1 {
                break;
            }
            let (Some(one), Some(other)) = (
                self.start_once(file, by, false)?,
                self.start_once(empty, function, true)?,
            ) else {
                return Ok(None);
            };
            with_module.push(one);
            with_empty.push(other);
        }
        Ok(Some(Startup {
            runs: with_module.len(),
            module: median(with_module),
            empty: median(with_empty),
        }))
    }

    /// Time of one start, in milliseconds; `None` if it fails.
    fn start_once(&self, file: &Path, by: &str, empty: bool) -> Result<Option<f64>, CellError> {
        let mode = self.cell.mode;
        let limits = self.cell.limits(self.cell.limits);
        let doing = || format!("measuring the start-up of {}", mode.name);
        let time = match self.cell.kind {
            Kind::Core => {
                let run = core::first_call(mode, file, by, limits).map_err(system(doing()))?;
                run.result.ok().map(|()| run.spent)
            }
            Kind::Command => {
                let named = self.cell.scenarios.iter().find(|one| one.name == by);
                let command = named
                    .and_then(|scenario| scenario.command.as_ref())
                    .ok_or_else(|| CellError::NoStartup(by.to_owned()))?;
                let nothing = scenario::Command::default();
                let command = if empty { &nothing } else { command };
                command::run(self.cell.cli()?, file, command, limits)
                    .map_err(system(doing()))?
                    .ended
                    .first_output
            }
        };
        Ok(time.map(milliseconds))
    }
}

#[derive(Debug)]
struct Measured {
    result: Result<(), Failure>,
    time: Duration,
    peak_memory: u64,
}

impl Default for Measured {
    fn default() -> Self {
        Self {
            result: Ok(()),
            time: Duration::ZERO,
            peak_memory: 0,
        }
    }
}

/// Compares how a scenario ended with how it should: the outcome for the report, and the detail.
fn judge(expected: Outcome, result: Result<(), Failure>) -> (Outcome, Option<String>) {
    match result {
        Ok(()) if expected == Outcome::Ok => (Outcome::Ok, None),
        Ok(()) => {
            let message = format!("it ended well, and should end in {expected}");
            (Outcome::Wrong, Some(message))
        }
        Err(failure) if failure.outcome == expected => (Outcome::Ok, None),
        Err(Failure { outcome, message }) if expected == Outcome::Ok => {
            (outcome, Some(in_one_line(&message)))
        }
        Err(Failure { outcome, message }) => {
            let message = format!("it should end in {expected}: {}", in_one_line(&message));
            (outcome, Some(message))
        }
    }
}

fn compile_by(invocation: &Invocation, limits: Limits) -> Result<Result<(), Failure>, CellError> {
    let program = invocation.program.display();
    let ended = command::start(invocation)
        .and_then(|command| Child::start(command, Output::Captured, limits))
        .and_then(Child::finish)
        .map_err(system(format!("compiling by {program}")))?;
    if ended.status.success() {
        return Ok(Ok(()));
    }
    let failure = command::excess(&ended, limits).unwrap_or_else(|| {
        if ended.status.code().is_none() {
            return command::killed(&ended);
        }
        let said = [&ended.stdout[..], &ended.stderr].concat();
        let message = format!("{program}: {}", String::from_utf8_lossy(&said));
        Failure::new(Outcome::BadModule, message)
    });
    Ok(Err(failure))
}

/// A message of a runtime, which may have many lines.
fn in_one_line(message: &str) -> String {
    const LENGTH: usize = 600;
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{} …", &line[..end]),
        None => line,
    }
}

fn size(path: &Path) -> Result<u64, CellError> {
    fs::metadata(path)
        .map(|metadata| metadata.len())
        .map_err(system(format!("measuring {}", path.display())))
}

fn milliseconds(time: Duration) -> f64 {
    rounded(time.as_secs_f64() * 1e3)
}

/// To a thousandth.
fn rounded(number: f64) -> f64 {
    (number * 1e3).round() / 1e3
}

/// The middle one of an odd number of values.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one() {
        assert!((median(vec![9.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(vec![5.0]) - 5.0).abs() < f64::EPSILON);
    }

    #[test]
    fn an_outcome_is_ok_only_if_it_is_the_expected_one() {
        let trap = || Err(Failure::new(Outcome::Trap, "wasm\n  trap"));
        assert_eq!(judge(Outcome::Ok, Ok(())), (Outcome::Ok, None));
        assert_eq!(judge(Outcome::Trap, trap()), (Outcome::Ok, None));
        assert_eq!(
            judge(Outcome::Ok, trap()),
            (Outcome::Trap, Some("wasm trap".to_owned()))
        );
        assert_eq!(
            judge(Outcome::Timeout, trap()),
            (
                Outcome::Trap,
                Some("it should end in timeout: wasm trap".to_owned())
            )
        );
        assert_eq!(
            judge(Outcome::Trap, Ok(())),
            (
                Outcome::Wrong,
                Some("it ended well, and should end in trap".to_owned())
            )
        );
    }
}
