//! llguidance in this process: what the module is compared with.

use std::convert::Infallible;
use std::ffi::CStr;
use std::sync::Arc;

use llguidance::api::{GrammarInit, TopLevelGrammar, ValidationResult};
use llguidance::toktrie::{ApproximateTokEnv, TokRxInfo, TokTrie};
use llguidance::{ParserFactory, ffi};

use super::cases::Language;
use super::{EOS, Matcher, Validity, vocabulary};

/// Native llguidance over the byte tokenizer.
pub struct Native {
    factory: ParserFactory,
}

impl Native {
    /// Builds the tokenizer.
    ///
    /// # Errors
    /// If llguidance does not take its own default settings.
    pub fn new() -> anyhow::Result<Self> {
        let words = vocabulary();
        let trie = TokTrie::from(&TokRxInfo::new(EOS + 1, EOS), &words);
        let mut factory =
            ParserFactory::new_simple(&(Arc::new(ApproximateTokEnv::new(trie)) as _))?;
        factory.quiet();
        Ok(Self { factory })
    }

    /// The versions of llguidance and derivre.
    #[must_use]
    pub fn version() -> String {
        // SAFETY: llguidance returns a static string that ends in NUL.
        let version = unsafe { CStr::from_ptr(ffi::llg_get_version()) };
        version.to_string_lossy().into_owned()
    }

    /// A matcher for the grammar; an invalid grammar gives one in the error state.
    #[must_use]
    pub fn matcher(&self, language: Language, grammar: &str) -> NativeMatcher {
        let parser = TopLevelGrammar::from_tagged_str(language.tag(), grammar)
            .and_then(|grammar| self.factory.create_parser(grammar));
        NativeMatcher(llguidance::Matcher::new(parser))
    }

    /// What validation says, without building a matcher.
    #[must_use]
    pub fn validate(&self, language: Language, grammar: &str) -> Validity {
        let grammar = match TopLevelGrammar::from_tagged_str(language.tag(), grammar) {
            Ok(grammar) => grammar,
            Err(error) => return Validity::Invalid(error.to_string()),
        };
        let tokenizer = self.factory.tok_env().clone();
        let limits = self.factory.limits().clone();
        match GrammarInit::Serialized(grammar).validate(Some(tokenizer), limits) {
            ValidationResult::Valid => Validity::Valid,
            ValidationResult::Error(error) => Validity::Invalid(error),
            warnings @ ValidationResult::Warnings(_) => Validity::Warning(warnings.render(true)),
        }
    }
}

/// A native matcher.
pub struct NativeMatcher(llguidance::Matcher);

impl NativeMatcher {
    /// A copy that shares nothing.
    #[must_use]
    pub fn deep_clone(&self) -> Self {
        Self(self.0.deep_clone())
    }
}

impl Matcher for NativeMatcher {
    type Error = Infallible;

    fn mask(&mut self) -> Result<Option<Vec<u32>>, Infallible> {
        let words = (EOS as usize + 1).div_ceil(32);
        let mask = self.0.compute_mask_or_eos().ok();
        Ok(mask.map(|mask| mask.as_slice()[..words].to_vec()))
    }

    fn consume(&mut self, token: u32) -> Result<bool, Infallible> {
        Ok(self.0.consume_token(token).is_ok())
    }

    fn is_accepting(&mut self) -> Result<bool, Infallible> {
        Ok(self.0.is_accepting().unwrap_or(false))
    }

    fn is_stopped(&mut self) -> Result<bool, Infallible> {
        Ok(self.0.is_stopped())
    }

    fn error(&mut self) -> Result<Option<String>, Infallible> {
        Ok(self.0.get_error())
    }
}
