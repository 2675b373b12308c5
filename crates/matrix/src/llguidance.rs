//! The scenario for `llguidance.wasm`.
//!
//! A byte tokenizer (256 bytes and an end token), a matcher for each grammar of
//! the case files, and each string walked through the module and through native
//! llguidance side by side: every mask, every answer and every message must be
//! equal, and the verdict must be the one in the case file, which comes from an
//! independent engine.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::interface::Interface;
use crate::outcome::{Failure, Outcome};
use crate::runtime::Module;

pub mod cases;
pub mod contract;
mod guest;
mod native;
mod walk;

use self::cases::{Case, Language};
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

/// A part of the scenario, each in a process of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Imports and exports, version, allocator, and handles that are freed.
    Contract,
    /// The cases with JSON schemas.
    JsonSchema,
    /// The cases with regular expressions.
    Regex,
    /// The cases with Lark grammars.
    Lark,
}

/// Tries a part of the scenario on a loaded module, of which `file` has the bytes. The cases
/// are those of `folder`.
///
/// # Errors
/// What went wrong first, and how much besides.
pub fn run(part: Part, module: &dyn Module, file: &Path, folder: &Path) -> Result<(), Failure> {
    let mut failures = match part {
        Part::Contract => try_contract(module, file),
        Part::JsonSchema => try_cases(module, folder, Language::JsonSchema),
        Part::Regex => try_cases(module, folder, Language::Regex),
        Part::Lark => try_cases(module, folder, Language::Lark),
    };
    if failures.is_empty() {
        return Ok(());
    }
    let more = failures.len() - 1;
    let mut first = failures.swap_remove(0);
    if more > 0 {
        first.message = format!("{} ({more} more went wrong)", first.message);
    }
    Err(first)
}

/// A failure of the harness, not of the module.
fn cannot(reason: impl ToString) -> Failure {
    Failure::new(Outcome::Fault, reason.to_string())
}

fn at(place: &str, error: GuestError) -> Failure {
    let failure = Failure::from(error);
    Failure {
        message: format!("{place}: {}", failure.message),
        ..failure
    }
}

fn try_contract(module: &dyn Module, file: &Path) -> Vec<Failure> {
    let read = fs::read(file).map_err(cannot);
    let interface = match read.and_then(|wasm| Interface::read(&wasm).map_err(cannot)) {
        Ok(interface) => interface,
        Err(failure) => return vec![failure],
    };
    let breaches = contract::breaches(&interface);
    if !breaches.is_empty() {
        // Without its interface the module would fail the rest for the same reason.
        let outcome = if interface.imports.is_empty() {
            Outcome::Fault
        } else {
            Outcome::MissingImport
        };
        return breaches
            .into_iter()
            .map(|breach| Failure::new(outcome, format!("interface: {breach}")))
            .collect();
    }
    [
        ("version", try_version as fn(&dyn Module) -> _),
        ("allocator", try_allocator),
        ("handles", try_handles),
    ]
    .into_iter()
    .filter_map(|(name, part)| part(module).err().map(|error| at(name, error)))
    .collect()
}

fn try_cases(module: &dyn Module, folder: &Path, language: Language) -> Vec<Failure> {
    let cases = match cases::read_folder(folder) {
        Ok(cases) => cases,
        Err(error) => return vec![cannot(error)],
    };
    let native = match Native::new() {
        Ok(native) => native,
        Err(error) => return vec![cannot(format!("native llguidance does not start: {error}"))],
    };
    let cases: Vec<Case> = cases
        .into_iter()
        .map(|(_, case)| case)
        .filter(|case| case.language == language)
        .collect();
    if cases.is_empty() {
        return vec![cannot(format!(
            "{} has no case of this language",
            folder.display()
        ))];
    }
    cases
        .iter()
        .filter_map(|case| {
            let mut trial = Trial {
                native: &native,
                case,
                step: String::new(),
            };
            let error = trial.run(module).err()?;
            let place = match trial.step.as_str() {
                "" => case.name.clone(),
                step => format!("{}, {step}", case.name),
            };
            Some(at(&place, error))
        })
        .collect()
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
        let matcher = guest.matcher(&tokenizer, Language::Regex, "[a-z]{1,20}@[a-z]+")?;
        let copy = guest.clone_matcher(&matcher)?;
        guest.free_tokenizer(tokenizer)?;
        GuestMatcher::new(&mut guest, &copy).mask()?;
        guest.free_matcher(matcher)?;
        guest.free_matcher(copy)?;
        if round == 20 {
            size = guest.memory_size()?;
        }
    }
    let last = guest.memory_size()?;
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
            let (verdict, _) = walked.map_err(|error| match error {
                WalkError::Module(error) => error,
                WalkError::Difference(message) => GuestError::Wrong(message),
            })?;
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
