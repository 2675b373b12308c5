//! Tokenizers in the formats of Hugging Face and of tiktoken, without their rules: the longest token
//! comes first. Masks are the same, but no token is forced, because that takes the model's own way
//! to tokenize.

use std::collections::HashMap;
use std::sync::Arc;

use llguidance::toktrie::{ApproximateTokEnv, TokEnv, TokTrie, TokenId};
use pyo3::PyResult;
use pyo3::exceptions::PyValueError;

use crate::vocabulary::{EosTokens, trie};

/// What models call the end of a sequence.
const EOS_NAMES: [&[u8]; 4] = [b"</s>", b"<|endoftext|>", b"<|end_of_text|>", b"<eos>"];

/// A `tokenizer.json`, filled up to `n_vocab` tokens.
pub(crate) fn from_json(json: &[u8], n_vocab: Option<usize>, eos: EosTokens) -> PyResult<TokEnv> {
    let json = serde_json::from_slice(json)
        .map_err(|error| PyValueError::new_err(format!("error loading tokenizer: {error}")))?;
    let tokens = llguidance::token_bytes_from_tokenizer_json(&json).map_err(crate::value_error)?;
    let eos = eos.unwrap_or_else(|| {
        (0..)
            .zip(&tokens)
            .filter(|(_, token)| {
                token
                    .strip_prefix(&[TokTrie::SPECIAL_TOKEN_MARKER])
                    .is_some_and(|name| EOS_NAMES.contains(&name))
            })
            .map(|(index, _)| index)
            .take(1)
            .collect()
    });
    tokenizer(tokens, n_vocab, &eos)
}

/// What tiktoken makes an `Encoding` of, filled up to `n_vocab` tokens.
pub(crate) fn from_tiktoken(
    encoder: HashMap<Vec<u8>, u32>,
    special_tokens: HashMap<String, u32>,
    _pattern: &str,
    n_vocab: Option<usize>,
    eos: &[TokenId],
) -> PyResult<TokEnv> {
    let special = special_tokens
        .into_iter()
        .map(|(name, index)| (marked(&name), index));
    let mut tokens = Vec::new();
    for (bytes, index) in encoder.into_iter().chain(special) {
        let index = index as usize;
        if tokens.len() <= index {
            tokens.resize(index + 1, Vec::new());
        }
        tokens[index] = bytes;
    }
    tokenizer(tokens, n_vocab, eos)
}

fn tokenizer(
    mut tokens: Vec<Vec<u8>>,
    n_vocab: Option<usize>,
    eos: &[TokenId],
) -> PyResult<TokEnv> {
    if let Some(n_vocab) = n_vocab {
        if n_vocab < tokens.len() {
            return Err(PyValueError::new_err(format!(
                "vocab size too small; {n_vocab} vs {}",
                tokens.len()
            )));
        }
        tokens.resize(n_vocab, Vec::new());
    }
    for (index, token) in tokens.iter_mut().enumerate() {
        // An index without a token gets one that no text has
        if token.is_empty() {
            *token = marked(&format!("<[{index}]>"));
        }
    }
    Ok(Arc::new(ApproximateTokEnv::new(trie(&tokens, eos)?)))
}

/// A special token's bytes.
fn marked(name: &str) -> Vec<u8> {
    [&[TokTrie::SPECIAL_TOKEN_MARKER], name.as_bytes()].concat()
}
