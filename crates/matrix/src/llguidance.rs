//! The scenario for `llguidance.wasm`.
//!
//! A byte tokenizer (256 bytes and an end token), a matcher for each grammar of
//! the case files, and each string walked through the module and through native
//! llguidance side by side: every mask, every answer and every message must be
//! equal, and the verdict must be the one in the case file, which comes from an
//! independent engine.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::Serialize;
use thiserror::Error;

use crate::interface::{Interface, InterfaceError};
use crate::runtime::{Fault, Module, Runtime};

pub mod cases;
pub mod contract;
mod guest;
mod native;
mod walk;

use self::cases::Case;
use self::guest::{Guest, GuestError, GuestMatcher};
pub use self::native::Native;
pub use self::walk::{Matcher, Verdict, WalkError, walk};

/// The end token; the tokens below it are the bytes.
pub const EOS: u32 = 256;

/// Length of a mask, in 32-bit words.
const MASK_WORDS: usize = (EOS as usize + 1).div_ceil(32);

/// The bytes of each token. The marker byte 0xFF makes the last one a special token.
fn vocabulary() -> Vec<Vec<u8>> {
    let mut words: Vec<Vec<u8>> = (0..=u8::MAX).map(|byte| vec![byte]).collect();
    words.push(b"\xFF<|end|>".to_vec());
    words
}

/// What validation says about a grammar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Validity {
    /// Nothing to say.
    Valid,
    /// Usable, with a warning.
    Warning(String),
    /// Not usable.
    Invalid(String),
}

/// What was done, and what went wrong.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Size of the module, in bytes.
    pub module_bytes: usize,
    /// Time to compile or load the module, in milliseconds.
    pub load_ms: f64,
    /// Time of all cases on both sides, in milliseconds.
    pub cases_ms: f64,
    /// Case files that were tried.
    pub cases: usize,
    /// Strings that were walked.
    pub strings: usize,
    /// Masks that were compared.
    pub masks: usize,
    /// What went wrong; empty if nothing did.
    pub failures: Vec<Failure>,
}

/// One thing that went wrong.
#[derive(Debug, Serialize, Error)]
#[error("{}{subject}: {kind}: {message}", step_prefix(step.as_ref()))]
pub struct Failure {
    /// The case file, or the part of the module's contract.
    pub subject: String,
    /// Where in the case, such as `accept[2] "abc"`.
    pub step: Option<String>,
    /// `difference`, `interface`, or the kind of a [`Fault`].
    pub kind: &'static str,
    /// What differs, or why the module failed.
    pub message: String,
}

fn step_prefix(step: Option<&String>) -> String {
    step.map_or_else(String::new, |step| format!("{step} in "))
}

impl Failure {
    /// Whether the module ran and answered wrongly, rather than failed.
    #[must_use]
    pub fn is_difference(&self) -> bool {
        self.kind == "difference"
    }
}

/// The scenario could not be tried at all.
#[derive(Debug, Error)]
pub enum ScenarioError {
    /// The bytes are no module.
    #[error(transparent)]
    Interface(#[from] InterfaceError),
    /// The runtime does not take the module.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// Native llguidance does not start.
    #[error("native llguidance does not start: {0}")]
    Native(anyhow::Error),
}

/// Tries the module on a runtime. Case files are named in the report by their paths.
///
/// # Errors
/// [`ScenarioError`] if nothing could be tried. What goes wrong after that is in
/// [`Report::failures`].
pub fn run(
    runtime: &dyn Runtime,
    wasm: &[u8],
    cases: &[(PathBuf, Case)],
) -> Result<Report, ScenarioError> {
    let interface = Interface::read(wasm)?;
    let native = Native::new().map_err(ScenarioError::Native)?;
    let mut report = Report {
        module_bytes: wasm.len(),
        load_ms: 0.0,
        cases_ms: 0.0,
        cases: 0,
        strings: 0,
        masks: 0,
        failures: contract::breaches(&interface)
            .into_iter()
            .map(|message| Failure {
                subject: "interface".to_owned(),
                step: None,
                kind: "interface",
                message,
            })
            .collect(),
    };
    let start = Instant::now();
    let module = runtime.load(wasm)?;
    report.load_ms = milliseconds(start.elapsed());
    if !report.failures.is_empty() {
        // Without its interface the module would fail every case for the same reason.
        return Ok(report);
    }
    for (subject, part) in [
        ("version", try_version as fn(&dyn Module) -> _),
        ("allocator", try_allocator),
        ("handles", try_handles),
    ] {
        if let Err(error) = part(&*module) {
            report.failures.push(failure(subject, None, error));
        }
    }
    let start = Instant::now();
    for (path, case) in cases {
        let mut trial = Trial {
            native: &native,
            case,
            report: &mut report,
            step: String::new(),
        };
        if let Err(error) = trial.run(&*module) {
            let step = (!trial.step.is_empty()).then(|| trial.step.clone());
            report
                .failures
                .push(failure(&path.display().to_string(), step, error));
        }
        report.cases += 1;
    }
    report.cases_ms = milliseconds(start.elapsed());
    Ok(report)
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn failure(subject: &str, step: Option<String>, error: GuestError) -> Failure {
    let (kind, message) = match error {
        GuestError::Fault(fault) => (fault.kind(), fault.to_string()),
        GuestError::Wrong(message) => ("difference", message),
    };
    Failure {
        subject: subject.to_owned(),
        step,
        kind,
        message,
    }
}

fn try_version(module: &dyn Module) -> Result<(), GuestError> {
    let version = Guest::new(module.instantiate()?).version()?;
    same("version", &version, &Native::version())
}

fn try_allocator(module: &dyn Module) -> Result<(), GuestError> {
    Guest::new(module.instantiate()?).try_allocator()
}

/// Builds and frees everything again and again: memory must stop growing.
fn try_handles(module: &dyn Module) -> Result<(), GuestError> {
    let mut guest = Guest::new(module.instantiate()?);
    let mut size = 0;
    for round in 0..60 {
        let tokenizer = guest.tokenizer()?;
        let matcher = guest.matcher(&tokenizer, cases::Language::Regex, "[a-z]{1,20}@[a-z]+")?;
        let copy = guest.clone_matcher(&matcher)?;
        guest.free_tokenizer(tokenizer)?;
        GuestMatcher::new(&mut guest, &copy).mask()?;
        guest.free_matcher(matcher)?;
        guest.free_matcher(copy)?;
        if round == 20 {
            size = guest.memory_size();
        }
    }
    let last = guest.memory_size();
    if last == size {
        Ok(())
    } else {
        Err(GuestError::Wrong(format!(
            "memory grew from {size} to {last} bytes while tokenizers and matchers \
             were built and freed 40 times"
        )))
    }
}

fn same<T: PartialEq + std::fmt::Debug>(
    what: &str,
    module: &T,
    native: &T,
) -> Result<(), GuestError> {
    if module == native {
        Ok(())
    } else {
        Err(GuestError::Wrong(format!(
            "{what}: {module:?} in the module, {native:?} natively"
        )))
    }
}

struct Trial<'a> {
    native: &'a Native,
    case: &'a Case,
    report: &'a mut Report,
    /// Where the trial is, for messages.
    step: String,
}

impl Trial<'_> {
    fn run(&mut self, module: &dyn Module) -> Result<(), GuestError> {
        let language = self.case.language;
        let grammar = self.case.grammar.text();
        let mut guest = Guest::new(module.instantiate()?);
        let tokenizer = guest.tokenizer()?;

        "validation".clone_into(&mut self.step);
        let validity = guest.validate(&tokenizer, language, &grammar)?;
        same(
            "validation",
            &validity,
            &self.native.validate(language, &grammar),
        )?;

        "grammar".clone_into(&mut self.step);
        let handle = guest.matcher(&tokenizer, language, &grammar)?;
        let mut native = self.native.matcher(language, &grammar);
        let message = GuestMatcher::new(&mut guest, &handle).error()?;
        let Ok(native_message) = native.error();
        same("message", &message, &native_message)?;
        match (&message, self.case.invalid) {
            (Some(message), false) => {
                return Err(GuestError::Wrong(format!(
                    "the grammar is refused, and must not be: {message}"
                )));
            }
            (None, true) => {
                return Err(GuestError::Wrong(
                    "the grammar is taken, and must be refused".to_owned(),
                ));
            }
            _ => {}
        }

        for (step, text, expected) in self.case.strings() {
            self.step = step;
            let copy = guest.clone_matcher(&handle)?;
            let mut native = native.deep_clone();
            let mut matcher = GuestMatcher::new(&mut guest, &copy);
            let walked = walk(&mut matcher, &mut native, text.as_bytes());
            self.report.strings += 1;
            let (verdict, masks) = walked.map_err(|error| match error {
                WalkError::Module(error) => error,
                WalkError::Difference(message) => GuestError::Wrong(message),
            })?;
            self.report.masks += masks;
            if !expected.allows(verdict) {
                return Err(GuestError::Wrong(format!(
                    "{verdict} here and natively, but {expected} by the case's oracle, {}",
                    self.case.oracle
                )));
            }
            guest.free_matcher(copy)?;
        }
        guest.free_matcher(handle)?;
        guest.free_tokenizer(tokenizer)
    }
}

impl Case {
    /// Every string: where it stands in the file, the string, and what is expected of it.
    pub fn strings(&self) -> impl Iterator<Item = (String, &str, Expectation)> {
        let accept = self.accept.iter().enumerate().map(|(index, text)| {
            let step = format!("accept[{index}] {text:?}");
            (step, text.as_str(), Expectation::Accepted)
        });
        let refuse = self.refuse.iter().enumerate().map(|(index, refusal)| {
            let step = format!("refuse[{index}] {:?}", refusal.text);
            let expected = Expectation::Refused { at: refusal.at };
            (step, refusal.text.as_str(), expected)
        });
        accept.chain(refuse)
    }
}

/// What a case file expects of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// It belongs to the language.
    Accepted,
    /// It does not; `at` of its bytes can begin a string that does.
    Refused {
        /// `None` if the oracle does not say.
        at: Option<usize>,
    },
}

impl Expectation {
    /// Whether a verdict is as expected.
    #[must_use]
    pub fn allows(self, verdict: Verdict) -> bool {
        match (self, verdict) {
            (Self::Accepted, Verdict::Accepted) => true,
            (Self::Refused { at }, Verdict::Refused { at: seen }) => at.is_none_or(|at| at == seen),
            _ => false,
        }
    }
}

impl std::fmt::Display for Expectation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Accepted => Verdict::Accepted.fmt(f),
            Self::Refused { at: Some(at) } => Verdict::Refused { at: *at }.fmt(f),
            Self::Refused { at: None } => f.write_str("refused"),
        }
    }
}

/// Native llguidance's verdict on a string, without a module.
///
/// # Panics
/// Never: a native matcher does not fail.
#[must_use]
pub fn native_verdict(native: &Native, case: &Case, text: &str) -> Verdict {
    let mut one = native.matcher(case.language, &case.grammar.text());
    let mut other = one.deep_clone();
    match walk(&mut one, &mut other, text.as_bytes()) {
        Ok((verdict, _)) => verdict,
        Err(error) => unreachable!("a matcher differs from its own copy: {error}"),
    }
}
