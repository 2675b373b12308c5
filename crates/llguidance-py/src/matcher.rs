use llguidance::api::{GrammarInit, ParserLimits, TopLevelGrammar, ValidationResult};
use llguidance::toktrie::{InferenceCapabilities, SimpleVob, TokenId};
use llguidance::{Logger, Matcher, json_merge};
use pyo3::types::{PyBytes, PyString, PyStringMethods};
use pyo3::{Bound, PyAny, PyResult, Python, pyclass, pymethods};
use serde_json::Value;

use crate::limits::LLParserLimits;
use crate::mask::{self, Target};
use crate::tokenizer::LLTokenizer;
use crate::{grammar, value_error};

/// Where an output stands in its grammar, token by token.
///
/// Nothing here raises for what is wrong with a grammar or a token: the matcher is then in an
/// error state that it keeps, `get_error` says why, and masks allow the end of the sequence only.
#[pyclass(module = "llguidance")]
pub struct LLMatcher {
    matcher: Matcher,
    tokenizer: LLTokenizer,
}

impl LLMatcher {
    pub(crate) fn vocab_size(&self) -> usize {
        self.tokenizer.vocab_size_of()
    }

    fn run<T: Send>(
        &mut self,
        py: Python<'_>,
        action: impl FnOnce(&mut Matcher) -> T + Send,
    ) -> PyResult<T> {
        let matcher = &mut self.matcher;
        self.tokenizer.run(py, move || action(matcher))
    }

    /// The tokens that may come next; of an output that has ended, its end.
    fn mask(&mut self) -> SimpleVob {
        self.matcher
            .compute_mask_or_eos()
            .unwrap_or_else(|_| self.tokenizer.env().tok_trie().eos_token_set())
    }

    pub(crate) fn consume(&mut self, token: TokenId) -> bool {
        self.matcher.consume_token(token).is_ok()
    }

    /// Writes the mask.
    ///
    /// # Safety
    /// As [`Target::write`].
    pub(crate) unsafe fn write_mask(&mut self, target: Target) {
        let mask = mask::to_bytes(&self.mask(), self.vocab_size());
        // SAFETY: by this function's contract.
        unsafe { target.write(&mask) };
    }

    /// Writes the mask, and those after each of the `draft` tokens up to the first one that the
    /// grammar refuses. The matcher stands where it stood afterwards.
    ///
    /// # Safety
    /// As [`Target::write`], for a mask more than there are tokens.
    pub(crate) unsafe fn write_masks(&mut self, target: Target, draft: &[TokenId]) {
        let mut consumed = 0;
        // SAFETY: by this function's contract.
        unsafe { self.write_mask(target) };
        for &token in draft {
            if self.matcher.is_stopped()
                || !matches!(self.matcher.validate_tokens(&[token]), Ok(1))
                || !self.consume(token)
            {
                break;
            }
            consumed += 1;
            // SAFETY: by this function's contract: at most as many as there are tokens.
            unsafe { self.write_mask(target.at(consumed)) };
        }
        if consumed > 0 {
            // An error stays in the matcher, as always
            let _ = self.matcher.rollback(consumed);
        }
    }
}

#[pymethods]
impl LLMatcher {
    /// `grammar` is Lark, or a list of grammars as JSON or as the object that it stands for.
    #[new]
    #[pyo3(signature = (tokenizer, grammar, *, log_level = None, limits = None))]
    fn new(
        py: Python<'_>,
        tokenizer: &LLTokenizer,
        grammar: &Bound<'_, PyAny>,
        log_level: Option<u32>,
        limits: Option<&LLParserLimits>,
    ) -> PyResult<Self> {
        let grammar = grammar::parse(grammar);
        let limits = LLParserLimits::of(limits);
        let factory = &tokenizer.factory;
        let matcher = tokenizer.run(py, || {
            let parser = grammar.and_then(|grammar| {
                factory.create_parser_from_init_ext(
                    GrammarInit::Serialized(grammar),
                    Logger::new(0, log_level.unwrap_or(1)),
                    InferenceCapabilities {
                        ff_tokens: true,
                        ..InferenceCapabilities::default()
                    },
                    limits,
                )
            });
            Matcher::new(parser)
        })?;
        Ok(Self {
            matcher,
            tokenizer: tokenizer.clone(),
        })
    }

    /// What is wrong with a grammar; empty if nothing is.
    #[staticmethod]
    #[pyo3(signature = (grammar, tokenizer = None, *, limits = None))]
    fn validate_grammar(
        grammar: &Bound<'_, PyAny>,
        tokenizer: Option<&LLTokenizer>,
        limits: Option<&LLParserLimits>,
    ) -> String {
        match validation(grammar, tokenizer, limits) {
            ValidationResult::Error(error) => error,
            ValidationResult::Valid | ValidationResult::Warnings(_) => String::new(),
        }
    }

    /// Whether there is an error, and the error or the warnings.
    #[staticmethod]
    #[pyo3(signature = (grammar, tokenizer = None, *, limits = None))]
    fn validate_grammar_with_warnings(
        grammar: &Bound<'_, PyAny>,
        tokenizer: Option<&LLTokenizer>,
        limits: Option<&LLParserLimits>,
    ) -> (bool, Vec<String>) {
        match validation(grammar, tokenizer, limits) {
            ValidationResult::Valid => (false, Vec::new()),
            ValidationResult::Warnings(warnings) => (false, warnings),
            ValidationResult::Error(error) => (true, vec![error]),
        }
    }

    /// The grammar of a JSON schema, given as JSON or as an object. `defaults` are options for
    /// `x-guidance` that the schema's own replace, and `overrides` options that replace those.
    #[staticmethod]
    #[pyo3(signature = (schema, defaults = None, overrides = None))]
    fn grammar_from_json_schema(
        schema: &Bound<'_, PyAny>,
        defaults: Option<&Bound<'_, PyAny>>,
        overrides: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<String> {
        if defaults.is_none() && overrides.is_none() {
            // NB: a string stays as it is: what is wrong with it shows when it is compiled
            let text = match schema.cast::<PyString>() {
                Ok(text) => text.to_cow()?.into_owned(),
                Err(_) => grammar::to_json(schema)?.to_string(),
            };
            return Ok(format!(
                r#"{{ "grammars": [{{ "json_schema": {text} }}] }}"#
            ));
        }
        let mut schema = grammar::json_from(schema)?;
        let properties = schema
            .as_object_mut()
            .ok_or_else(|| value_error("the schema is not a JSON object"))?;
        let mut options = match defaults {
            Some(defaults) => grammar::json_from(defaults)?,
            None => Value::Object(serde_json::Map::new()),
        };
        if let Some(own) = properties.get("x-guidance") {
            json_merge(&mut options, own);
        }
        if let Some(overrides) = overrides {
            json_merge(&mut options, &grammar::json_from(overrides)?);
        }
        properties.insert("x-guidance".into(), options);
        grammar::serialized(TopLevelGrammar::from_json_schema(schema), false)
    }

    /// The grammar of a Lark grammar, which is that itself.
    #[staticmethod]
    fn grammar_from_lark(lark: String) -> String {
        lark
    }

    /// The grammar of a regular expression.
    #[staticmethod]
    fn grammar_from_regex(regex: &str) -> PyResult<String> {
        grammar::serialized(TopLevelGrammar::from_regex(regex), false)
    }

    /// A matcher that goes on from here by itself, and shares no cache with this one.
    fn deep_copy(&self) -> Self {
        Self {
            matcher: self.matcher.deep_clone(),
            tokenizer: self.tokenizer.clone(),
        }
    }

    fn is_error(&self) -> bool {
        self.matcher.is_error()
    }

    /// The error, or an empty string.
    fn get_error(&self) -> String {
        self.matcher.get_error().unwrap_or_default()
    }

    fn get_grammar_warnings(&mut self) -> Vec<String> {
        self.matcher.grammar_warnings()
    }

    /// Whether the output may end here.
    fn is_accepting(&mut self, py: Python<'_>) -> PyResult<bool> {
        self.run(py, |matcher| matcher.is_accepting().unwrap_or(false))
    }

    /// Whether nothing can come any more.
    fn is_stopped(&self) -> bool {
        self.matcher.is_stopped()
    }

    /// Why nothing can come any more, or `NotStopped`.
    fn stop_reason(&self) -> String {
        self.matcher.stop_reason().to_string()
    }

    /// Takes the last tokens back.
    fn rollback(&mut self, num_tokens: usize) -> bool {
        self.matcher.rollback(num_tokens).is_ok()
    }

    /// Starts anew; not from an error.
    fn reset(&mut self) -> bool {
        self.matcher.reset().is_ok()
    }

    /// The tokens that must come next, of a tokenizer that is canonical.
    fn compute_ff_tokens(&mut self, py: Python<'_>) -> PyResult<Vec<TokenId>> {
        self.run(py, Matcher::compute_ff_tokens)
    }

    /// The bytes that must come next.
    fn compute_ff_bytes<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = self.run(py, Matcher::compute_ff_bytes)?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Takes the tokens up to the first that the grammar refuses, and says how many.
    fn try_consume_tokens(&mut self, py: Python<'_>, tokens: Vec<TokenId>) -> PyResult<usize> {
        self.run(py, move |matcher| {
            matcher.try_consume_tokens(&tokens).unwrap_or(0)
        })
    }

    /// Takes a token; one that the grammar refuses is an error.
    fn consume_token(&mut self, py: Python<'_>, sampled_token: TokenId) -> PyResult<bool> {
        self.run(py, move |matcher| {
            matcher.consume_token(sampled_token).is_ok()
        })
    }

    /// Takes all tokens; one that the grammar refuses is an error.
    fn consume_tokens(&mut self, py: Python<'_>, tokens: Vec<TokenId>) -> PyResult<bool> {
        self.run(py, move |matcher| matcher.consume_tokens(&tokens).is_ok())
    }

    /// How many of the tokens the grammar would take.
    fn validate_tokens(&mut self, py: Python<'_>, tokens: Vec<TokenId>) -> PyResult<usize> {
        self.run(py, move |matcher| {
            matcher.validate_tokens(&tokens).unwrap_or(0)
        })
    }

    /// The tokens that may come next, a bit each, in little-endian words of 32 bits.
    fn compute_bitmask<'py>(&mut self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let mask = py.detach(|| mask::to_bytes(&self.mask(), self.vocab_size()));
        PyBytes::new(py, &mask)
    }

    /// The tokens that may come next, a byte each: 200 if it may, and otherwise 0.
    fn compute_logit_bias<'py>(&mut self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let bias = py.detach(|| mask::to_bias(&self.mask(), self.vocab_size()));
        PyBytes::new(py, &bias)
    }

    /// Writes the mask of `compute_bitmask` to an address, where there must be room for it.
    fn unsafe_compute_mask_ptr(
        &mut self,
        py: Python<'_>,
        trg_ptr: usize,
        trg_bytes: usize,
    ) -> PyResult<()> {
        let target = Target::new(trg_ptr, trg_bytes, self.vocab_size())?;
        // SAFETY: the address is what the caller says it is.
        py.detach(|| unsafe { self.write_mask(target) });
        Ok(())
    }

    /// Writes the mask, and those after each draft token up to the first that is refused, one
    /// behind the other: there must be room for a mask more than there are tokens. `trg_bytes` is
    /// the size of one.
    fn unsafe_compute_mask_ptr_with_draft_token(
        &mut self,
        py: Python<'_>,
        trg_ptr: usize,
        trg_bytes: usize,
        draft_tokens: Vec<TokenId>,
    ) -> PyResult<()> {
        let target = Target::new(trg_ptr, trg_bytes, self.vocab_size())?;
        // SAFETY: the address is what the caller says it is.
        py.detach(|| unsafe { self.write_masks(target, &draft_tokens) });
        Ok(())
    }

    /// The bytes that a rule with the attribute `capture` matched last.
    fn get_capture<'py>(&self, py: Python<'py>, name: &str) -> Option<Bound<'py, PyBytes>> {
        self.matcher
            .get_capture(name)
            .map(|bytes| PyBytes::new(py, bytes))
    }

    /// All captures in the order in which they were made.
    fn get_captures<'py>(&self, py: Python<'py>) -> Vec<(String, Bound<'py, PyBytes>)> {
        self.matcher
            .captures()
            .iter()
            .map(|(name, bytes)| (name.clone(), PyBytes::new(py, bytes)))
            .collect()
    }
}

fn validation(
    grammar: &Bound<'_, PyAny>,
    tokenizer: Option<&LLTokenizer>,
    limits: Option<&LLParserLimits>,
) -> ValidationResult {
    let limits: ParserLimits = LLParserLimits::of(limits);
    let env = tokenizer.map(|tokenizer| tokenizer.env().clone());
    grammar::validate(grammar::parse(grammar), env, limits)
}
