use llguidance::api::GrammarInit;
use llguidance::toktrie::{InferenceCapabilities, SimpleVob, TokenId};
use llguidance::{Constraint, Logger};
use pyo3::exceptions::PyValueError;
use pyo3::types::{PyByteArray, PyByteArrayMethods, PyBytes};
use pyo3::{Bound, PyResult, Python, pyclass, pymethods};
use serde_json::json;

use crate::limits::LLParserLimits;
use crate::mask::{self, Target};
use crate::tokenizer::LLTokenizer;
use crate::{grammar, value_error};

/// A session in the order of guidance: prompt, then a mask and a token in turns.
///
/// Unlike `LLMatcher` it raises `ValueError`, forces tokens by itself, and may take some back.
#[pyclass(module = "llguidance")]
pub struct LLInterpreter {
    constraint: Constraint,
    tokenizer: LLTokenizer,
    started: bool,
    /// What is written to standard error: 0 nothing, 1 warnings, 2 and more what happens.
    #[pyo3(get, set)]
    log_level: u32,
}

impl LLInterpreter {
    fn vocab_size(&self) -> usize {
        self.tokenizer.vocab_size_of()
    }

    fn run<T: Send>(
        &mut self,
        py: Python<'_>,
        action: impl FnOnce(&mut Constraint) -> anyhow::Result<T> + Send,
    ) -> PyResult<T> {
        let constraint = &mut self.constraint;
        self.tokenizer
            .run(py, move || action(constraint))?
            .map_err(value_error)
    }

    /// The mask, unless the session is at its end, and a report as JSON.
    fn step(&mut self, py: Python<'_>) -> PyResult<(Option<SimpleVob>, String)> {
        self.started = true;
        self.run(py, |constraint| {
            let step = constraint.compute_mask()?.clone();
            let report = json!({
                "progress": constraint.flush_progress(),
                "stop": step.is_stop(),
                "temperature": constraint.temperature,
            });
            Ok((step.sample_mask, report.to_string()))
        })
    }

    fn start(&mut self) -> PyResult<()> {
        if std::mem::replace(&mut self.started, true) {
            Err(PyValueError::new_err(
                "the session has been started before: make a new LLInterpreter",
            ))
        } else {
            Ok(())
        }
    }
}

#[pymethods]
impl LLInterpreter {
    #[new]
    #[pyo3(signature = (
        tokenizer,
        grammar,
        enable_backtrack = None,
        enable_ff_tokens = None,
        log_level = None,
        limits = None,
    ))]
    fn new(
        py: Python<'_>,
        tokenizer: &LLTokenizer,
        grammar: &str,
        enable_backtrack: Option<bool>,
        enable_ff_tokens: Option<bool>,
        log_level: Option<u32>,
        limits: Option<&LLParserLimits>,
    ) -> PyResult<Self> {
        let grammar = grammar::from_text(grammar).map_err(value_error)?;
        let ff_tokens = enable_ff_tokens.unwrap_or(true);
        let capabilities = InferenceCapabilities {
            ff_tokens,
            conditional_ff_tokens: ff_tokens,
            backtrack: enable_backtrack.unwrap_or(true),
            fork: false,
        };
        let log_level = log_level.unwrap_or(1);
        let limits = LLParserLimits::of(limits);
        let factory = &tokenizer.factory;
        let parser = tokenizer
            .run(py, || {
                factory.create_parser_from_init_ext(
                    GrammarInit::Serialized(grammar),
                    Logger::new(0, log_level),
                    capabilities,
                    limits,
                )
            })?
            .map_err(value_error)?;
        Ok(Self {
            constraint: Constraint::new(parser),
            tokenizer: tokenizer.clone(),
            started: false,
            log_level,
        })
    }

    fn deep_copy(&self) -> Self {
        Self {
            constraint: self.constraint.deep_clone(),
            tokenizer: self.tokenizer.clone(),
            started: self.started,
            log_level: self.log_level,
        }
    }

    /// Starts after a prompt; the result is the prompt as it should be, which may have other
    /// tokens at its end.
    fn process_prompt(&mut self, py: Python<'_>, prompt: Vec<TokenId>) -> PyResult<Vec<TokenId>> {
        self.start()?;
        self.run(py, move |constraint| Ok(constraint.process_prompt(prompt)))
    }

    /// Starts without a prompt, which `compute_mask` does by itself otherwise.
    fn start_without_prompt(&mut self, py: Python<'_>) -> PyResult<()> {
        self.start()?;
        self.run(py, |constraint| {
            constraint.start_without_prompt();
            Ok(())
        })
    }

    /// A byte for each token, 200 if it may come next and otherwise 0, or `None` at the end; and
    /// a report as JSON: `progress`, `stop`, `temperature`.
    fn compute_mask<'py>(
        &mut self,
        py: Python<'py>,
    ) -> PyResult<(Option<Bound<'py, PyBytes>>, String)> {
        let (mask, report) = self.step(py)?;
        let bias = mask.map(|mask| PyBytes::new(py, &mask::to_bias(&mask, self.vocab_size())));
        Ok((bias, report))
    }

    /// Writes a bit for each token into a buffer, as much as it has room for, or zeros at the
    /// end; the result is the report.
    fn compute_mask_into(
        &mut self,
        py: Python<'_>,
        trg: &Bound<'_, PyByteArray>,
    ) -> PyResult<String> {
        let (mask, report) = self.step(py)?;
        let bytes = match mask {
            Some(mask) => mask::to_bytes(&mask, self.vocab_size()),
            None => vec![0; trg.len()],
        };
        // SAFETY: the interpreter is held, and nothing of Python runs while the slice lives.
        let buffer = unsafe { trg.as_bytes_mut() };
        let size = buffer.len().min(bytes.len());
        buffer[..size].copy_from_slice(&bytes[..size]);
        Ok(report)
    }

    /// Writes a bit for each token to an address, where there must be room for a mask, or zeros
    /// at the end; the result is the report.
    fn unsafe_compute_mask_ptr(
        &mut self,
        py: Python<'_>,
        trg_ptr: usize,
        trg_bytes: usize,
    ) -> PyResult<String> {
        let target = Target::new(trg_ptr, trg_bytes, self.vocab_size())?;
        let (mask, report) = self.step(py)?;
        let bytes = match mask {
            Some(mask) => mask::to_bytes(&mask, self.vocab_size()),
            None => vec![0; trg_bytes],
        };
        // SAFETY: the address is what the caller says it is.
        unsafe { target.write(&bytes) };
        Ok(report)
    }

    /// Takes the sampled token: how many tokens to take back, and which to append.
    fn commit_token(
        &mut self,
        py: Python<'_>,
        sampled_token: Option<TokenId>,
    ) -> PyResult<(u32, Vec<TokenId>)> {
        let step = self.constraint.step_result();
        let forces = self.constraint.parser.inference_caps.ff_tokens;
        if !forces && !step.is_stop() && step.sample_mask.is_none() {
            return Err(PyValueError::new_err(
                "commit_token() called without compute_mask()",
            ));
        }
        self.run(py, move |constraint| {
            let result = constraint.commit_token(sampled_token)?;
            Ok((result.backtrack, result.ff_tokens))
        })
    }

    /// How many of the tokens the grammar would take.
    fn validate_tokens_raw(&mut self, py: Python<'_>, tokens: Vec<TokenId>) -> PyResult<usize> {
        self.run(py, move |constraint| {
            constraint.validate_tokens_raw(&tokens)
        })
    }

    /// Whether the next mask is known to be the end.
    fn has_pending_stop(&self) -> bool {
        self.constraint.has_pending_stop()
    }

    /// Why nothing can come any more, or `NotStopped`.
    fn stop_reason(&self) -> String {
        self.constraint.parser.stop_reason().to_string()
    }

    /// Whether the output may end here.
    fn is_accepting(&mut self, py: Python<'_>) -> PyResult<bool> {
        self.run(py, |constraint| Ok(constraint.parser.is_accepting()))
    }
}
