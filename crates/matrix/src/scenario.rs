//! Scenarios: what an artifact is put through, and how it must end. Each is a TOML file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

use crate::outcome::Outcome;
use crate::{folder, llguidance};

/// A scenario, as it stands in its file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scenario {
    /// The file's name without `.toml`.
    #[serde(skip)]
    pub name: String,
    /// The folder that the file is in.
    #[serde(skip)]
    pub folder: PathBuf,
    /// What it shows, in a sentence.
    pub about: String,
    /// A module beside the file, `.wasm` or `.wat`, that is run in place of the artifact.
    pub module: Option<PathBuf>,
    /// How many of the module's first bytes are left.
    pub truncate: Option<usize>,
    /// Limits of its own.
    #[serde(default)]
    pub limits: Limits,
    /// How it ends.
    #[serde(default)]
    pub outcome: Outcome,
    /// A run of a program with WASI.
    pub command: Option<Command>,
    /// What the run of the program gives.
    pub expect: Option<Expect>,
    /// Calls of a core module's functions, in this order, in one instance.
    #[serde(default)]
    pub call: Vec<Call>,
    /// The part of llguidance's own scenario that a core module is put through.
    pub llguidance: Option<llguidance::Part>,
    /// A dialogue with `whitemagic_core.wasm`: a file beside this one.
    pub whitemagic: Option<PathBuf>,
}

/// What a scenario may use.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Seconds.
    pub seconds: Option<f64>,
    /// MiB of resident memory.
    pub memory: Option<u64>,
}

/// How a program is run.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Command {
    /// Its arguments, without its own name.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// Its environment; nothing else is in it.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Its standard input.
    #[serde(default)]
    pub stdin: String,
    /// Whether its standard output is a pipe that nobody reads from any more.
    #[serde(default)]
    pub stdout_closed: bool,
    /// The folders that it may open, by name.
    #[serde(default)]
    pub folder: BTreeMap<String, Folder>,
}

/// A folder that a program may open.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Folder {
    /// Whether nothing may be written in it.
    #[serde(default)]
    pub read_only: bool,
    /// Its files, by name.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
}

/// What the run of a program gives.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Expect {
    /// What the native program gives that is run in the same way, byte for byte.
    #[serde(default)]
    pub native: bool,
    /// Whether a second run gives another standard output.
    #[serde(default)]
    pub another_each_time: bool,
    /// The exit code.
    pub exit_code: Option<i32>,
    /// Standard output.
    pub stdout: Option<String>,
    /// Standard error.
    pub stderr: Option<String>,
    /// All files that there are afterwards in folders that may be written in, by path.
    pub files: Option<BTreeMap<String, String>>,
}

/// A call of a function.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Call {
    /// The exported function.
    pub function: String,
    /// Its arguments.
    #[serde(default)]
    pub arguments: Vec<u32>,
    /// What it returns; any or no value, if this is not given.
    pub returns: Option<u32>,
}

/// What an artifact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A core module with a C ABI and no imports.
    Core,
    /// A program with WASI: a core module or a component.
    Command,
}

/// A scenario cannot be used. The message names the file and the cure.
#[derive(Debug, Error)]
pub enum ScenarioError {
    /// The folder or a file cannot be read.
    #[error("cannot read {path}: {reason}")]
    Unreadable {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        reason: std::io::Error,
    },
    /// The folder has no scenario, so that a cell would pass without being tried.
    #[error("{0} has no scenario: give --scenarios a folder with at least one *.toml")]
    Empty(PathBuf),
    /// Not the TOML of a scenario.
    #[error("{path}: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        reason: Box<toml::de::Error>,
    },
    /// The TOML of a scenario that makes no sense.
    #[error("{path}: {problem}")]
    Senseless {
        /// The file.
        path: PathBuf,
        /// What is wrong, and the cure.
        problem: String,
    },
}

impl Scenario {
    /// Reads and checks the text of a scenario; `path` is for its name and for messages.
    ///
    /// # Errors
    /// [`ScenarioError::Malformed`] or [`ScenarioError::Senseless`].
    pub fn parse(path: &Path, text: &str, kind: Kind) -> Result<Self, ScenarioError> {
        let mut scenario: Self =
            toml::from_str(text).map_err(|error| ScenarioError::Malformed {
                path: path.to_owned(),
                reason: Box::new(error),
            })?;
        scenario.name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        path.parent()
            .unwrap_or(Path::new(""))
            .clone_into(&mut scenario.folder);
        match scenario.problem(kind) {
            None => Ok(scenario),
            Some(problem) => Err(ScenarioError::Senseless {
                path: path.to_owned(),
                problem: problem.to_owned(),
            }),
        }
    }

    fn problem(&self, kind: Kind) -> Option<&'static str> {
        let core = usize::from(!self.call.is_empty())
            + usize::from(self.llguidance.is_some())
            + usize::from(self.whitemagic.is_some());
        match kind {
            Kind::Command if core > 0 => {
                return Some(
                    "`call`, `llguidance` and `whitemagic` are for core modules: give a [command]",
                );
            }
            Kind::Command if self.command.is_none() => {
                return Some("nothing is run: give a [command], which may be empty");
            }
            Kind::Core if self.command.is_some() || self.expect.is_some() => {
                return Some("[command] and [expect] are for programs with WASI: give a [[call]]");
            }
            Kind::Core if core != 1 => {
                return Some(
                    "give one of these: at least one [[call]], `llguidance`, `whitemagic`",
                );
            }
            _ => {}
        }
        if self.about.trim().is_empty() {
            return Some("`about` is empty: say what the scenario shows");
        }
        if self
            .limits
            .seconds
            .is_some_and(|seconds| !(seconds > 0.0 && seconds < 1e6))
        {
            return Some("`limits.seconds` must be above 0 and below 1000000");
        }
        let mut folders = self
            .command
            .iter()
            .flat_map(|command| command.folder.keys());
        let plain = |name: &String| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if !folders.all(plain) {
            return Some("the name of a folder has letters, digits and hyphens only");
        }
        if self.outcome == Outcome::Wrong {
            return Some(
                "`outcome` cannot be \"wrong\": say what is right in [expect] or `returns`",
            );
        }
        if self.outcome != Outcome::Ok {
            return None;
        }
        match (&self.expect, kind) {
            (None, Kind::Command) => {
                return Some("nothing is expected: give an [expect], or an `outcome`");
            }
            (Some(expect), _)
                if !expect.native
                    && !expect.another_each_time
                    && expect.stdout.is_none()
                    && expect.stderr.is_none()
                    && expect.files.is_none() =>
            {
                return Some(
                    "a program that does nothing would pass: give `native = true`, or \
                     `stdout`, `stderr` or `files` in [expect]",
                );
            }
            _ => {}
        }
        if !self.call.is_empty() && self.call.iter().all(|call| call.returns.is_none()) {
            return Some("no call has `returns`, so any module would pass: give one");
        }
        None
    }
}

/// Reads every `*.toml` of a folder, in the order of their names.
///
/// # Errors
/// [`ScenarioError`], for the first file that cannot be used.
pub fn read_folder(folder: &Path, kind: Kind) -> Result<Vec<Scenario>, ScenarioError> {
    let texts = folder::texts(folder, "toml")
        .map_err(|(path, reason)| ScenarioError::Unreadable { path, reason })?;
    if texts.is_empty() {
        return Err(ScenarioError::Empty(folder.to_owned()));
    }
    texts
        .into_iter()
        .map(|(path, text)| Scenario::parse(&path, &text, kind))
        .collect()
}
