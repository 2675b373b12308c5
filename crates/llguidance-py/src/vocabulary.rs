//! Tokenizers that call back: one that is a Python object, and llama.cpp's.

use std::ffi::{c_char, c_int, c_void};
use std::sync::{Arc, Mutex, PoisonError};

use llguidance::toktrie::{TokRxInfo, TokTrie, TokenId, TokenizerEnv};
use pyo3::exceptions::PyValueError;
use pyo3::types::{PyAnyMethods, PyBytes};
use pyo3::{Bound, Py, PyAny, PyErr, PyResult, Python};

/// The ends of a sequence that a caller names: none, or at least one.
pub(crate) type EosTokens = Option<Vec<TokenId>>;

/// The vocabulary as a trie.
///
/// # Errors
/// A `ValueError` if an end of sequence is no token of it.
pub(crate) fn trie(tokens: &[Vec<u8>], eos: &[TokenId]) -> PyResult<TokTrie> {
    check_eos(eos, tokens.len())?;
    let size = u32::try_from(tokens.len()).map_err(crate::value_error)?;
    let first = eos.first().copied().unwrap_or_default();
    let trie = TokTrie::from(&TokRxInfo::new(size, first), tokens);
    Ok(if eos.len() > 1 {
        trie.with_eos_tokens(eos)
    } else {
        trie
    })
}

/// Refuses an end of sequence that the vocabulary does not have: masks would have no bit for it.
pub(crate) fn check_eos(eos: &[TokenId], vocab_size: usize) -> PyResult<()> {
    match eos.iter().find(|token| **token as usize >= vocab_size) {
        None => Ok(()),
        Some(token) => Err(PyValueError::new_err(format!(
            "EOS token ID {token} is out of range (vocab_size={vocab_size})"
        ))),
    }
}

/// A `TokenizerWrapper`: its vocabulary, and the object that tokenizes.
pub(crate) struct PythonTokenizer {
    trie: TokTrie,
    encode: Py<PyAny>,
    failure: Mutex<Option<PyErr>>,
}

impl PythonTokenizer {
    /// Reads the attributes `tokens`, `special_token_ids` and `eos_token_id`.
    pub(crate) fn new(wrapper: &Bound<'_, PyAny>, eos: EosTokens) -> PyResult<Arc<Self>> {
        let mut tokens: Vec<Vec<u8>> = wrapper.getattr("tokens")?.extract()?;
        let special: Vec<TokenId> = wrapper.getattr("special_token_ids")?.extract()?;
        for token in special {
            if let Some(bytes) = tokens.get_mut(token as usize) {
                bytes.insert(0, TokTrie::SPECIAL_TOKEN_MARKER);
            }
        }
        let own: Option<TokenId> = wrapper.getattr("eos_token_id")?.extract()?;
        let eos = match (eos, own) {
            (Some(eos), _) => eos,
            (None, Some(own)) => vec![own],
            (None, None) => {
                // One more token, that no text has
                let added = u32::try_from(tokens.len()).map_err(crate::value_error)?;
                tokens.push(Vec::new());
                vec![added]
            }
        };
        Ok(Arc::new(Self {
            trie: trie(&tokens, &eos)?,
            encode: wrapper.getattr("_encode_string")?.unbind(),
            failure: Mutex::new(None),
        }))
    }

    /// What the object raised since this was last asked.
    pub(crate) fn take_failure(&self) -> Option<PyErr> {
        self.failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    fn encode(&self, text: &str) -> PyResult<Vec<TokenId>> {
        Python::attach(|py| self.encode.bind(py).call1((text,))?.extract())
    }
}

impl TokenizerEnv for PythonTokenizer {
    fn tok_trie(&self) -> &TokTrie {
        &self.trie
    }

    fn tokenize_bytes(&self, bytes: &[u8]) -> Vec<TokenId> {
        self.trie.tokenize_with_greedy_fallback(bytes, |text| {
            self.encode(text).unwrap_or_else(|error| {
                // NB: there is no way to return it through llguidance, which wants tokens
                *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                self.trie.greedy_tokenize(text.as_bytes())
            })
        })
    }
}

/// `llama_tokenize`: the tokens of a text, or minus their number where they do not fit.
type LlamaTokenize = unsafe extern "C" fn(
    vocab: *const c_void,
    text: *const c_char,
    text_len: i32,
    tokens: *mut i32,
    n_tokens_max: i32,
    add_special: bool,
    parse_special: bool,
) -> c_int;

/// A vocabulary of llama.cpp, which tokenizes.
pub(crate) struct LlamaTokenizer {
    trie: TokTrie,
    vocab: usize,
    tokenize: LlamaTokenize,
}

impl LlamaTokenizer {
    /// # Safety
    /// `tokenize` is the address of `llama_tokenize`, and `vocab` of a `llama_vocab` that outlives
    /// the result.
    pub(crate) unsafe fn new(trie: TokTrie, vocab: usize, tokenize: usize) -> PyResult<Self> {
        if vocab == 0 {
            return Err(PyValueError::new_err("vocab_ptr must be non-null"));
        }
        if tokenize == 0 {
            return Err(PyValueError::new_err("tokenize_fptr must be non-null"));
        }
        let tokenize = std::ptr::with_exposed_provenance::<c_void>(tokenize);
        Ok(Self {
            trie,
            vocab,
            // SAFETY: it is not null, and by this function's contract a function of that type.
            tokenize: unsafe { std::mem::transmute::<*const c_void, LlamaTokenize>(tokenize) },
        })
    }

    /// The tokens of a text, or `None` if llama.cpp refuses it.
    fn encode(&self, text: &str, parse_special: bool) -> Option<Vec<TokenId>> {
        let text_len = i32::try_from(text.len()).ok()?;
        let call = |tokens: &mut [i32]| {
            let room = i32::try_from(tokens.len()).unwrap_or(i32::MAX);
            // SAFETY: by the contract of `new` this is `llama_tokenize`, which reads the text and
            // writes at most `room` tokens.
            unsafe {
                (self.tokenize)(
                    std::ptr::with_exposed_provenance(self.vocab),
                    text.as_ptr().cast(),
                    text_len,
                    tokens.as_mut_ptr(),
                    room,
                    false,
                    parse_special,
                )
            }
        };
        // No token is shorter than a byte, but some tokenizers put one in front
        let mut tokens = vec![0; text.len() + 5];
        let mut written = call(&mut tokens);
        if written < 0 {
            tokens.resize(usize::try_from(written.unsigned_abs()).ok()?, 0);
            written = call(&mut tokens);
        }
        tokens.truncate(usize::try_from(written).ok()?);
        tokens
            .into_iter()
            .map(|token| TokenId::try_from(token).ok())
            .collect()
    }

    fn tokenize_as(&self, bytes: &[u8], parse_special: bool) -> Vec<TokenId> {
        self.trie.tokenize_with_greedy_fallback(bytes, |text| {
            self.encode(text, parse_special)
                .unwrap_or_else(|| self.trie.greedy_tokenize(text.as_bytes()))
        })
    }
}

impl TokenizerEnv for LlamaTokenizer {
    fn tok_trie(&self) -> &TokTrie {
        &self.trie
    }

    fn tokenize_bytes(&self, bytes: &[u8]) -> Vec<TokenId> {
        self.tokenize_as(bytes, false)
    }

    fn tokenize_bytes_special(&self, bytes: &[u8]) -> Vec<TokenId> {
        self.tokenize_as(bytes, true)
    }
}

/// `bytes` objects, or any sequence of integers, as the tokens of a vocabulary.
pub(crate) fn bytes_of(tokens: &Bound<'_, PyAny>) -> PyResult<Vec<Vec<u8>>> {
    tokens
        .try_iter()?
        .map(|token| {
            let token = token?;
            match token.cast::<PyBytes>() {
                Ok(bytes) => bytes.extract(),
                Err(_) => token.extract(),
            }
        })
        .collect()
}
