//! Modules of WASM that judge calls, watch them and report: `governance/NAME.wasm` in the state root.
//!
//! A module imports nothing, so it can do nothing but compute, and what it may take of time and memory is
//! bounded. Like files of rules, modules are read anew when they change, and one that is not understood stops
//! all calls: it would forbid nothing.

mod instance;
mod verdict;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};
use crate::ledger::Status;
use crate::root::StateRoot;
use crate::rules::Action;
use instance::Loaded;
use verdict::Verdict;

/// The version of the contract, which `wm_governance` returns.
pub const CONTRACT: i32 = 1;
/// Most modules.
pub const MODULE_LIMIT: usize = 16;
/// Most bytes of a module's file.
pub const FILE_LIMIT: u64 = 1 << 20;
/// Most letters of a module's name.
const NAME_LIMIT: usize = 32;

/// A call, as modules are told of it.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The tool's name
    pub tool: &'a str,
    /// `READ`, `WRITE` or `DELETE`
    pub access: &'a str,
}

/// What the modules say of a call together.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// What follows: the strictest of all
    pub action: Action,
    /// From 0 to 1: the least of all
    pub score: f64,
    /// What the caller is to be told, with the modules' names
    pub reasons: Vec<String>,
    /// What is to be noted
    pub tags: Vec<String>,
}

impl Default for Judgement {
    fn default() -> Self {
        Self {
            action: Action::Log,
            score: 1.0,
            reasons: Vec::new(),
            tags: Vec::new(),
        }
    }
}

impl Judgement {
    fn add(&mut self, name: &str, verdict: Verdict) {
        self.score = self.score.min(verdict.score());
        let action = verdict.action.into();
        self.action = self.action.max(action);
        if action >= Action::Warn {
            self.reasons.push(match verdict.reason {
                Some(reason) => format!("module {name}: {reason}"),
                None => format!("module {name}"),
            });
        }
        // As a rule's name is
        let own = (action >= Action::Tag).then(|| name.to_owned());
        for tag in own.into_iter().chain(verdict.tags) {
            if !self.tags.contains(&tag) {
                self.tags.push(tag);
            }
        }
    }
}

/// A module, as it is listed.
#[derive(Clone, Debug, Serialize)]
pub struct Listed<'a> {
    /// Its file's name without the ending
    pub name: &'a str,
    /// Of the file, in hexadecimal
    pub sha256: &'a str,
    /// Those of the contract that it has
    pub functions: Vec<&'static str>,
}

/// A file as it was read. A module is loaded anew when this changes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    /// A copy may have its original's time; where the system tells, a file that took another's place has
    /// another number, and one that was written another time of change.
    identity: (u64, i64, i64),
}

impl Stamp {
    fn of(facts: &Metadata) -> Self {
        #[cfg(unix)]
        let identity = {
            use std::os::unix::fs::MetadataExt as _;
            (facts.ino(), facts.ctime(), facts.ctime_nsec())
        };
        #[cfg(not(unix))]
        let identity = (0, 0, 0);
        Self {
            modified: facts.modified().ok(),
            length: facts.len(),
            identity,
        }
    }
}

#[derive(Debug)]
struct Module {
    stamp: Stamp,
    sha256: String,
    code: Loaded,
}

/// The modules of a state root.
#[derive(Debug)]
pub struct Modules {
    folder: PathBuf,
    /// The files that all modules are of, unless one could not be loaded
    stamps: Option<BTreeMap<String, Stamp>>,
    /// In the order of their names
    loaded: BTreeMap<String, Module>,
}

impl Modules {
    /// Those of a state root. Nothing is read yet.
    #[must_use]
    pub fn new(root: &StateRoot) -> Self {
        Self {
            folder: root.governance(),
            stamps: None,
            loaded: BTreeMap::new(),
        }
    }

    /// How many files of modules there are, which are not looked into.
    ///
    /// # Errors
    ///
    /// As [`Modules::refresh`].
    pub fn count(root: &StateRoot) -> Result<usize> {
        Ok(files(&root.governance())?.len())
    }

    /// Loads what is new or has changed, and lets go of what is gone. Others go on in the state that they
    /// are in.
    ///
    /// # Errors
    ///
    /// [`Error::Module`] or [`Error::Io`], and again until the file is mended or removed.
    pub fn refresh(&mut self) -> Result<()> {
        let stamps = files(&self.folder)?;
        if self.stamps.as_ref() == Some(&stamps) {
            return Ok(());
        }
        self.stamps = None;
        self.loaded
            .retain(|name, module| stamps.get(name) == Some(&module.stamp));
        for (name, stamp) in &stamps {
            if !self.loaded.contains_key(name) {
                let module = load(&self.folder.join(format!("{name}.wasm")), name, stamp)?;
                self.loaded.insert(name.clone(), module);
            }
        }
        self.stamps = Some(stamps);
        Ok(())
    }

    /// The modules, in the order of their names.
    #[must_use]
    pub fn listed(&self) -> Vec<Listed<'_>> {
        let listed = self.loaded.iter().map(|(name, module)| Listed {
            name,
            sha256: &module.sha256,
            functions: module.code.functions(),
        });
        listed.collect()
    }

    /// Asks all that judge.
    ///
    /// # Errors
    ///
    /// [`Error::Module`] for one that gives no answer that is understood: the call must not be made then.
    pub fn judge(
        &mut self,
        call: Call<'_>,
        profile: &str,
        arguments: &Map<String, Value>,
    ) -> Result<Judgement> {
        let mut judgement = Judgement::default();
        let mut input = None;
        for (name, module) in &mut self.loaded {
            if !module.code.judges() {
                continue;
            }
            let input = input.get_or_insert_with(|| {
                let Call { tool, access } = call;
                let value = json!({
                    "tool": tool,
                    "access": access,
                    "profile": profile,
                    "arguments": arguments,
                    "now": now(),
                });
                value.to_string()
            });
            match module.code.judge(input) {
                Ok(verdict) => judgement.add(name, verdict),
                Err(what) => {
                    return Err(Error::Module {
                        place: format!("module {name}"),
                        what: format!(
                            "{what}, so nothing was done; mend or remove {}",
                            self.folder.join(format!("{name}.wasm")).display()
                        ),
                    });
                }
            }
        }
        Ok(judgement)
    }

    /// Tells all that observe, and returns what went wrong there.
    pub fn observe(&mut self, call: Call<'_>, status: Status, took_ms: u64) -> Vec<String> {
        let Call { tool, access } = call;
        let input = json!({
            "tool": tool,
            "access": access,
            "status": status,
            "took_ms": took_ms,
            "now": now(),
        });
        let input = input.to_string();
        let mut warnings = Vec::new();
        for (name, module) in &mut self.loaded {
            if let Err(what) = module.code.observe(&input) {
                warnings.push(format!(
                    "module {name}: {what}, so it has not observed this call"
                ));
            }
        }
        warnings
    }

    /// What all that report say, by their names.
    pub fn report(&mut self) -> Value {
        let mut reports = Map::new();
        for (name, module) in &mut self.loaded {
            let report = match module.code.report() {
                Ok(Some(report)) => report,
                Ok(None) => continue,
                Err(what) => json!({"error": what}),
            };
            reports.insert(name.clone(), report);
        }
        reports.into()
    }
}

/// Milliseconds since 1970.
fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.map_or(0, |now| u64::try_from(now.as_millis()).unwrap_or(u64::MAX))
}

/// The modules' files by their names.
fn files(folder: &Path) -> Result<BTreeMap<String, Stamp>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        entries => entries.map_err(Error::io(folder))?,
    };
    let mut files = BTreeMap::new();
    for entry in entries {
        let path = entry.map_err(Error::io(folder))?.path();
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        if !file.to_ascii_lowercase().ends_with(".wasm") {
            continue;
        }
        let wrong = |what: String| Error::module(&path, what);
        let Some(name) = name(&path) else {
            return Err(wrong(format!(
                "a module's name is 1 to {NAME_LIMIT} of a-z, 0-9, _ and -, and .wasm after it; rename \
                 or remove it"
            )));
        };
        let facts = fs::symlink_metadata(&path).map_err(Error::io(&path))?;
        if !facts.is_file() {
            return Err(wrong(
                "no regular file; copy the module itself here".to_owned(),
            ));
        }
        if facts.len() > FILE_LIMIT {
            let length = facts.len();
            return Err(wrong(format!("{length} bytes, of at most {FILE_LIMIT}")));
        }
        files.insert(name.to_owned(), Stamp::of(&facts));
        if files.len() > MODULE_LIMIT {
            let what = format!("more than {MODULE_LIMIT} modules; remove some");
            return Err(Error::module(folder, what));
        }
    }
    Ok(files)
}

/// What a module is called by.
fn name(path: &Path) -> Option<&str> {
    let name = path.file_stem()?.to_str()?;
    let plain = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    let fits = (1..=NAME_LIMIT).contains(&name.len()) && name.bytes().all(plain);
    (fits && path.extension() == Some(OsStr::new("wasm"))).then_some(name)
}

fn load(path: &Path, name: &str, stamp: &Stamp) -> Result<Module> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_LIMIT).read_to_end(&mut bytes))
        .map_err(Error::io(path))?;
    let code = Loaded::new(&bytes)
        .map_err(|what| Error::module(path, format!("{what}; mend or remove module {name}")))?;
    Ok(Module {
        stamp: stamp.clone(),
        sha256: format!("{:x}", Sha256::digest(&bytes)),
        code,
    })
}
