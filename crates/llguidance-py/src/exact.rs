//! Tokenizers in the formats of Hugging Face and of tiktoken, which tokenize as their models do.

use std::collections::HashMap;

use llguidance::toktrie::{TokEnv, TokenId};
use pyo3::PyResult;
use toktrie_hf_tokenizers::ByteTokenizer;
use toktrie_tiktoken::TikTokenBPE;

use crate::vocabulary::{EosTokens, check_eos};

/// A `tokenizer.json`, filled up to `n_vocab` tokens.
pub(crate) fn from_json(json: &[u8], n_vocab: Option<usize>, eos: EosTokens) -> PyResult<TokEnv> {
    let mut tokenizer = ByteTokenizer::from_json_bytes(json).map_err(crate::value_error)?;
    if let Some(eos) = eos {
        check_eos(&eos, tokenizer.tokrx_info().vocab_size as usize)?;
        tokenizer.set_eos_tokens(&eos);
    }
    tokenizer.into_tok_env(n_vocab).map_err(crate::value_error)
}

/// What tiktoken makes an `Encoding` of, filled up to `n_vocab` tokens.
pub(crate) fn from_tiktoken(
    encoder: HashMap<Vec<u8>, u32>,
    special_tokens: HashMap<String, u32>,
    pattern: &str,
    n_vocab: Option<usize>,
    eos: &[TokenId],
) -> PyResult<TokEnv> {
    let mut tokenizer = TikTokenBPE::new(
        encoder.into_iter().collect(),
        special_tokens.into_iter().collect(),
        pattern,
        n_vocab,
        eos.first().copied().unwrap_or_default(),
    )
    .map_err(crate::value_error)?;
    check_eos(eos, tokenizer.tokrx_info().vocab_size as usize)?;
    if eos.len() > 1 {
        tokenizer.set_eos_tokens(eos);
    }
    Ok(tokenizer.to_env())
}
