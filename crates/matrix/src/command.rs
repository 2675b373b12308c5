//! A program with WASI, run by a runtime's command line as a user runs it, and the native
//! program, run in the same way.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process;
use std::thread;

use tempfile::TempDir;

use crate::difference;
use crate::outcome::{Failure, Outcome};
use crate::process::{Child, Ended, Excess, Limits, Output};
use crate::runtime::{Cli, Guest, Invocation};
use crate::scenario::{Command, Expect, Scenario};

/// A run of a program, and the files that it left.
pub struct Run {
    /// How it ended.
    pub ended: Ended,
    /// Contents of all files in folders that may be written in, by path; `None` for a folder.
    files: BTreeMap<String, Option<Vec<u8>>>,
}

/// Runs a file of machine code or WASM by a runtime's command line.
///
/// # Errors
/// If the working folder cannot be made, or the command line not be started.
pub fn run(cli: &dyn Cli, file: &Path, command: &Command, limits: Limits) -> io::Result<Run> {
    let guest = Guest {
        arguments: command.arguments.clone(),
        environment: command.environment.clone().into_iter().collect(),
        folders: command.folder.keys().cloned().collect(),
    };
    let invocation = cli.run(file, &guest);
    run_in_stage(start(&invocation)?, command, limits)
}

/// Runs the native program.
///
/// # Errors
/// If the working folder cannot be made, or the program not be started.
pub fn run_native(program: &Path, command: &Command, limits: Limits) -> io::Result<Run> {
    let mut native = process::Command::new(program);
    native
        .env_clear()
        .args(&command.arguments)
        .envs(&command.environment);
    run_in_stage(native, command, limits)
}

fn run_in_stage(
    mut program: process::Command,
    command: &Command,
    limits: Limits,
) -> io::Result<Run> {
    let stage = Stage::new(command)?;
    program.current_dir(stage.folder.path());
    let output = if command.stdout_closed {
        Output::Closed
    } else {
        Output::Captured
    };
    let mut child = Child::start(program, output, limits)?;
    if let Some(mut input) = child.input.take() {
        let bytes = command.stdin.clone();
        // A program need not read its input, and must not be kept waiting for it.
        thread::spawn(move || input.write_all(bytes.as_bytes()));
    }
    let ended = child.finish()?;
    let files = stage.files()?;
    Ok(Run { ended, files })
}

/// A command with an empty environment, its program found on PATH.
///
/// # Errors
/// If the program is not on PATH.
pub fn start(invocation: &Invocation) -> io::Result<process::Command> {
    let mut command = process::Command::new(find(&invocation.program)?);
    command.env_clear().args(&invocation.arguments);
    Ok(command)
}

fn find(program: &OsStr) -> io::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
        .ok_or_else(|| {
            let message = format!("`{}` is not on PATH", program.display());
            io::Error::new(io::ErrorKind::NotFound, message)
        })
}

/// A fresh working folder with the folders of a scenario.
struct Stage {
    folder: TempDir,
    writable: Vec<String>,
    read_only: Vec<PathBuf>,
}

impl Stage {
    fn new(command: &Command) -> io::Result<Self> {
        let mut stage = Self {
            folder: TempDir::with_prefix("matrix-")?,
            writable: Vec::new(),
            read_only: Vec::new(),
        };
        for (name, folder) in &command.folder {
            let path = stage.folder.path().join(name);
            fs::create_dir(&path)?;
            for (file, contents) in &folder.files {
                let file = path.join(file);
                fs::create_dir_all(file.parent().unwrap_or(&path))?;
                fs::write(file, contents)?;
            }
            if folder.read_only {
                fs::set_permissions(&path, Permissions::from_mode(0o555))?;
                stage.read_only.push(path);
            } else {
                stage.writable.push(name.clone());
            }
        }
        Ok(stage)
    }

    fn files(&self) -> io::Result<BTreeMap<String, Option<Vec<u8>>>> {
        let mut files = BTreeMap::new();
        let mut left: Vec<String> = self.writable.clone();
        while let Some(folder) = left.pop() {
            for entry in fs::read_dir(self.folder.path().join(&folder))? {
                let entry = entry?;
                let name = format!("{folder}/{}", entry.file_name().display());
                if entry.file_type()?.is_dir() {
                    files.insert(format!("{name}/"), None);
                    left.push(name);
                } else {
                    files.insert(name, Some(fs::read(entry.path())?));
                }
            }
        }
        Ok(files)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for path in &self.read_only {
            // What cannot be deleted is left in the temporary folder.
            let _ = fs::set_permissions(path, Permissions::from_mode(0o755));
        }
    }
}

/// How a run ended: the program's own exit code, or why there is none.
///
/// # Errors
/// A [`Failure`] for every end that is not the program's own.
pub fn exit_code(cli: Option<&dyn Cli>, ended: &Ended, limits: Limits) -> Result<i32, Failure> {
    if let Some(failure) = excess(ended, limits) {
        return Err(failure);
    }
    // What a program says and then succeeds is its own.
    if !ended.status.success()
        && let Some(failure) = cli.and_then(|cli| cli.fault(ended))
    {
        return Err(failure);
    }
    ended.status.code().ok_or_else(|| killed(ended))
}

/// The failure of a child that was killed for an excess.
#[must_use]
pub fn excess(ended: &Ended, limits: Limits) -> Option<Failure> {
    let Limits {
        time,
        memory,
        output,
    } = limits;
    Some(match ended.excess? {
        Excess::Time => Failure::new(
            Outcome::Timeout,
            format!("killed after {} s", time.as_secs_f64()),
        ),
        Excess::Memory => Failure::new(
            Outcome::MemoryLimit,
            format!("killed for using more than {} MiB of memory", memory >> 20),
        ),
        Excess::Output => Failure::new(
            Outcome::Fault,
            format!("killed for writing more than {} KiB", output >> 10),
        ),
    })
}

/// The failure of a child that a signal ended.
#[must_use]
pub fn killed(ended: &Ended) -> Failure {
    let signal = ended.status.signal().unwrap_or(0);
    Failure::new(
        Outcome::Fault,
        format!("killed by signal {signal}{}", last_words(&ended.stderr)),
    )
}

/// The last line that a program wrote, after a colon, or nothing.
#[must_use]
pub fn last_words(stderr: &[u8]) -> String {
    let said = String::from_utf8_lossy(stderr);
    said.trim_end()
        .lines()
        .next_back()
        .map_or_else(String::new, |line| format!(": {line}"))
}

/// The first difference between a run and what is expected of it.
#[must_use]
pub fn first_difference(
    scenario: &Scenario,
    run: &Run,
    exit_code: i32,
    native: Option<(&Run, i32)>,
) -> Option<String> {
    let expect = scenario.expect.as_ref()?;
    let Expect {
        stdout,
        stderr,
        files,
        ..
    } = expect;
    let said = &run.ended.stderr;
    if let Some((native, native_code)) = native {
        let found = difference::of_values("the exit code", exit_code, native_code, "natively")
            .map(|difference| difference + &last_words(said))
            .or_else(|| {
                let native = &native.ended;
                difference::of_text("stdout", &run.ended.stdout, &native.stdout, "natively")
                    .or_else(|| difference::of_text("stderr", said, &native.stderr, "natively"))
            })
            .or_else(|| difference::of_files(&run.files, &native.files, "natively"));
        if found.is_some() {
            return found;
        }
    }
    // Without a word about it a program succeeds.
    let expected_code = expect.exit_code.or((!expect.native).then_some(0));
    let wanted = "by the scenario";
    expected_code
        .and_then(|code| difference::of_values("the exit code", exit_code, code, wanted))
        .map(|difference| difference + &last_words(said))
        .or_else(|| {
            let expected = stdout.as_ref()?.as_bytes();
            difference::of_text("stdout", &run.ended.stdout, expected, wanted)
        })
        .or_else(|| {
            let expected = stderr.as_ref()?.as_bytes();
            difference::of_text("stderr", said, expected, wanted)
        })
        .or_else(|| {
            let expected = files.as_ref()?.iter().map(|(name, contents)| {
                let contents = (!name.ends_with('/')).then(|| contents.as_bytes().to_vec());
                (name.clone(), contents)
            });
            difference::of_files(&run.files, &expected.collect(), wanted)
        })
}

/// The path of this program, which is also its own worker.
///
/// # Errors
/// If the system does not tell.
pub fn this_program() -> io::Result<OsString> {
    std::env::current_exe().map(PathBuf::into_os_string)
}
