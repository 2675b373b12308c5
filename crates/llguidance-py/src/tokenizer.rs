use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use llguidance::ParserFactory;
use llguidance::earley::SlicedBiasComputer;
use llguidance::toktrie::recognizer::{AnythingGoes, StackRecognizer};
use llguidance::toktrie::{ApproximateTokEnv, InferenceCapabilities, TokEnv, TokTrie, TokenId};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::types::{PyAnyMethods, PyBytes, PyString, PyStringMethods};
use pyo3::{Bound, PyAny, PyResult, Python, pyclass, pymethods};

#[cfg(feature = "tokenizers")]
use crate::exact as formats;
#[cfg(not(feature = "tokenizers"))]
use crate::greedy as formats;
use crate::vocabulary::{EosTokens, LlamaTokenizer, PythonTokenizer, trie};

/// A tokenizer, and what llguidance computes of its vocabulary once for all grammars.
#[pyclass(module = "llguidance", frozen)]
#[derive(Clone)]
pub struct LLTokenizer {
    pub(crate) factory: Arc<ParserFactory>,
    python: Option<Arc<PythonTokenizer>>,
}

impl LLTokenizer {
    fn new_from(
        env: &TokEnv,
        python: Option<Arc<PythonTokenizer>>,
        slices: Option<Vec<String>>,
    ) -> PyResult<Self> {
        let slices = slices.unwrap_or_else(SlicedBiasComputer::general_slices);
        let factory = ParserFactory::new(env, InferenceCapabilities::default(), &slices)
            .map_err(crate::value_error)?;
        Ok(Self {
            factory: Arc::new(factory),
            python,
        })
    }

    pub(crate) fn env(&self) -> &TokEnv {
        self.factory.tok_env()
    }

    fn trie(&self) -> &TokTrie {
        self.env().tok_trie()
    }

    pub(crate) fn vocab_size_of(&self) -> usize {
        self.trie().vocab_size()
    }

    /// Runs what may tokenize, without holding the interpreter.
    ///
    /// # Errors
    /// What a tokenizer written in Python raised meanwhile.
    pub(crate) fn run<T: Send>(
        &self,
        py: Python<'_>,
        action: impl FnOnce() -> T + Send,
    ) -> PyResult<T> {
        let result = py.detach(action);
        match self
            .python
            .as_ref()
            .and_then(|python| python.take_failure())
        {
            Some(failure) => Err(failure),
            None => Ok(result),
        }
    }

    fn tokenize(
        &self,
        py: Python<'_>,
        bytes: &[u8],
        parse_special: bool,
    ) -> PyResult<Vec<TokenId>> {
        self.run(py, || {
            if parse_special {
                self.env().tokenize_bytes_special(bytes)
            } else {
                self.env().tokenize_bytes(bytes)
            }
        })
    }
}

#[pymethods]
impl LLTokenizer {
    /// `"byte"` for one token per byte, a `tokenizer.json` as its path or its text, or a
    /// `TokenizerWrapper`.
    #[new]
    #[pyo3(signature = (tokenizer, n_vocab = None, eos_token = None, slices = None))]
    fn new(
        tokenizer: &Bound<'_, PyAny>,
        n_vocab: Option<usize>,
        eos_token: Option<&Bound<'_, PyAny>>,
        slices: Option<Vec<String>>,
    ) -> PyResult<Self> {
        let eos = eos_tokens(eos_token)?;
        let Ok(text) = tokenizer.cast::<PyString>() else {
            if !tokenizer.hasattr("is_tokenizer_wrapper")? {
                return Err(PyValueError::new_err(
                    "Expecting a TokenizerWrapper() class",
                ));
            }
            let python = PythonTokenizer::new(tokenizer, eos)?;
            let env: TokEnv = python.clone();
            return Self::new_from(&env, Some(python), slices);
        };
        let text = text.to_cow()?;
        let env = if text == "byte" {
            ApproximateTokEnv::single_byte_env()
        } else {
            formats::from_json(&read_json(&text)?, n_vocab, eos)?
        };
        Self::new_from(&env, None, slices)
    }

    /// A tokenizer of tiktoken, by what its `Encoding` is made of.
    #[staticmethod]
    #[pyo3(signature = (*, encoder, special_tokens, pattern, eos_token, n_vocab = None, slices = None))]
    fn from_tiktoken(
        encoder: HashMap<Vec<u8>, u32>,
        special_tokens: HashMap<String, u32>,
        pattern: &str,
        eos_token: &Bound<'_, PyAny>,
        n_vocab: Option<usize>,
        slices: Option<Vec<String>>,
    ) -> PyResult<Self> {
        let eos = eos_tokens(Some(eos_token))?.unwrap_or_default();
        let env = formats::from_tiktoken(encoder, special_tokens, pattern, n_vocab, &eos)?;
        Self::new_from(&env, None, slices)
    }

    /// A vocabulary of llama.cpp: its tokens, and the addresses of the `llama_vocab` and of
    /// `llama_tokenize`, which must stay valid as long as the tokenizer.
    #[staticmethod]
    #[pyo3(signature = (*, tokens, vocab_ptr, tokenize_fptr, eos_token, slices = None))]
    fn from_llamacpp(
        tokens: &Bound<'_, PyAny>,
        vocab_ptr: usize,
        tokenize_fptr: usize,
        eos_token: &Bound<'_, PyAny>,
        slices: Option<Vec<String>>,
    ) -> PyResult<Self> {
        let eos = eos_tokens(Some(eos_token))?.unwrap_or_default();
        let trie = trie(&crate::vocabulary::bytes_of(tokens)?, &eos)?;
        // SAFETY: the addresses are what the caller says they are; there is no way to check it.
        let llama = unsafe { LlamaTokenizer::new(trie, vocab_ptr, tokenize_fptr) }?;
        let env: TokEnv = Arc::new(llama);
        Self::new_from(&env, None, slices)
    }

    /// The same tokenizer with other slices: regular expressions whose tokens are put aside.
    fn with_slices(&self, slices: Vec<String>) -> PyResult<Self> {
        let factory = self
            .factory
            .with_slices(&slices)
            .map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
        Ok(Self {
            factory: Arc::new(factory),
            python: self.python.clone(),
        })
    }

    /// The slices that suit most grammars.
    #[staticmethod]
    fn general_slices() -> Vec<String> {
        SlicedBiasComputer::general_slices()
    }

    /// The slices that suit JSON.
    #[staticmethod]
    fn json_slices() -> Vec<String> {
        SlicedBiasComputer::json_slices()
    }

    /// The longest token first, whatever the tokenizer would do.
    fn greedy_tokenize(&self, text: &str) -> Vec<TokenId> {
        self.trie().greedy_tokenize(text.as_bytes())
    }

    #[pyo3(signature = (utf8bytes, *, parse_special = false))]
    fn tokenize_bytes(
        &self,
        py: Python<'_>,
        utf8bytes: &[u8],
        parse_special: bool,
    ) -> PyResult<Vec<TokenId>> {
        self.tokenize(py, utf8bytes, parse_special)
    }

    #[pyo3(signature = (text, *, parse_special = false))]
    fn tokenize_str(
        &self,
        py: Python<'_>,
        text: &str,
        parse_special: bool,
    ) -> PyResult<Vec<TokenId>> {
        self.tokenize(py, text.as_bytes(), parse_special)
    }

    /// The tokens that stay whatever bytes follow, and the bytes that are left.
    ///
    /// `recent_tokens` are those before: they are taken into account where the tokenizer leaves
    /// them as they are.
    #[pyo3(signature = (new_bytes, recent_tokens = None))]
    fn tokenize_partial<'py>(
        &self,
        py: Python<'py>,
        new_bytes: &[u8],
        recent_tokens: Option<Vec<TokenId>>,
    ) -> PyResult<(Vec<TokenId>, Bound<'py, PyBytes>)> {
        let recent = recent_tokens.unwrap_or_default();
        let (tokens, kept) = self.run(py, || {
            let trie = self.trie();
            let mut all = trie.decode_raw(&recent);
            all.extend_from_slice(new_bytes);
            let mut tokens = self.env().tokenize_bytes(&all);
            if tokens.starts_with(&recent) {
                tokens.drain(..recent.len());
            } else {
                tokens = self.env().tokenize_bytes(new_bytes);
            }
            let mut any = StackRecognizer::from(AnythingGoes {});
            let (chopped, bytes) = trie.chop_tokens(&mut any, &tokens);
            tokens.truncate(tokens.len() - chopped);
            (tokens, new_bytes.len().saturating_sub(bytes))
        })?;
        Ok((tokens, PyBytes::new(py, &new_bytes[kept..])))
    }

    /// The tokens for a person to read, with the kinds of special ones.
    fn dbg_tokens(&self, tokens: Vec<TokenId>) -> String {
        self.trie().tokens_dbg(&tokens)
    }

    /// The tokens for a test to compare.
    fn test_trace_tokens(&self, tokens: Vec<TokenId>) -> String {
        self.trie().test_trace_tokens(&tokens)
    }

    /// The text of the tokens, with U+FFFD for what is not UTF-8.
    fn decode_str(&self, tokens: Vec<TokenId>) -> String {
        self.trie().decode_str(&tokens)
    }

    fn decode_bytes<'py>(&self, py: Python<'py>, tokens: Vec<TokenId>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.trie().decode(&tokens))
    }

    fn is_special_token(&self, token: TokenId) -> bool {
        (token as usize) < self.vocab_size_of() && self.trie().is_special_token(token)
    }

    #[getter]
    fn vocab_size(&self) -> usize {
        self.vocab_size_of()
    }

    #[getter]
    fn eos_token(&self) -> TokenId {
        self.trie().eos_token()
    }

    #[getter]
    fn eos_tokens(&self) -> Vec<TokenId> {
        self.trie().eos_tokens().to_vec()
    }

    /// Whether it tokenizes as its model does, so that tokens can be forced.
    #[getter]
    fn is_canonical(&self) -> bool {
        self.env().tokenize_is_canonical()
    }
}

/// The argument `eos_token`: an integer, or a list of at least one.
fn eos_tokens(argument: Option<&Bound<'_, PyAny>>) -> PyResult<EosTokens> {
    let Some(argument) = argument else {
        return Ok(None);
    };
    if let Ok(token) = argument.extract::<TokenId>() {
        return Ok(Some(vec![token]));
    }
    match argument.extract::<Vec<TokenId>>() {
        Ok(tokens) if tokens.is_empty() => {
            Err(PyValueError::new_err("eos_token list must not be empty"))
        }
        Ok(tokens) => Ok(Some(tokens)),
        Err(_) => Err(PyValueError::new_err(
            "eos_token must be an int or a non-empty list of ints",
        )),
    }
}

/// A `tokenizer.json`: its text if it begins with a brace, and its path otherwise.
fn read_json(text: &str) -> PyResult<Cow<'_, [u8]>> {
    if text.starts_with('{') {
        Ok(text.as_bytes().into())
    } else {
        std::fs::read(text).map(Cow::Owned).map_err(|error| {
            PyValueError::new_err(format!("error loading tokenizer: {text}: {error}"))
        })
    }
}
