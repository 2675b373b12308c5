use std::sync::Arc;

use crate::{TokRxInfo, TokTrie, TokenId};

/// How many bytes of `<name>` are looked at after the marker of a special token.
const LONGEST_NAME: usize = 100;

/// How many bytes of `[1234]` are looked at.
const LONGEST_NUMBER: usize = 20;

/// A tokenizer: a vocabulary, and how bytes become its tokens.
pub trait TokenizerEnv: Send {
    /// The vocabulary.
    fn tok_trie(&self) -> &TokTrie;

    /// The tokens of `s`; whether the text of a special token becomes that token is the
    /// tokenizer's affair.
    fn tokenize_bytes(&self, s: &[u8]) -> Vec<TokenId>;

    /// The tokens of `s`, in which the marker comes before a special token as `<name>` or, by its
    /// number, as `[1234]`.
    ///
    /// The second value is how many of the tokens stand as they are, whatever text comes after
    /// them: those up to the last special one.
    fn tokenize_bytes_marker(&self, s: &[u8]) -> (Vec<TokenId>, usize) {
        let trie = self.tok_trie();
        let mut tokens = Vec::new();
        let mut fixed = 0;
        let mut rest = s;
        loop {
            let is_marker = |&byte: &u8| byte == TokTrie::SPECIAL_TOKEN_MARKER;
            let (text, marked) =
                rest.split_at(rest.iter().position(is_marker).unwrap_or(rest.len()));
            if !text.is_empty() {
                let start = tokens.len();
                tokens.extend(self.tokenize_bytes(text));
                let is_special = |&token: &TokenId| trie.is_special_token(token);
                if let Some(last) = tokens[start..].iter().rposition(is_special) {
                    fixed = start + last + 1;
                }
            }
            if marked.is_empty() {
                return (tokens, fixed);
            }
            rest = &marked[1..];
            if let Some((token, length)) = special_token_in(trie, marked) {
                tokens.push(token);
                fixed = tokens.len();
                rest = &rest[length..];
            }
        }
    }

    /// The tokens of a user's text.
    fn tokenize(&self, s: &str) -> Vec<TokenId> {
        self.tokenize_bytes(s.as_bytes())
    }

    /// The tokens of a text in which special tokens are written out.
    fn tokenize_special(&self, s: &str) -> Vec<TokenId> {
        self.tokenize_bytes_special(s.as_bytes())
    }

    /// The tokens of bytes in which special tokens are written out.
    fn tokenize_bytes_special(&self, s: &[u8]) -> Vec<TokenId> {
        self.tokenize_bytes(s)
    }

    /// The usual end token.
    fn eos_token(&self) -> TokenId {
        self.tok_trie().eos_token()
    }

    /// Whether a text becomes the tokens that a model was trained on, so that they can be appended
    /// without sampling.
    fn tokenize_is_canonical(&self) -> bool {
        true
    }
}

/// The token that a marker and what follows it stand for, and how many bytes that is after the marker.
fn special_token_in(trie: &TokTrie, marked: &[u8]) -> Option<(TokenId, usize)> {
    let after = &marked[1..];
    if after.len() > 2 && after[0] == b'<' {
        let length = 1 + after
            .iter()
            .take(LONGEST_NAME)
            .position(|&byte| byte == b'>')?;
        Some((trie.token_id_at_bytes(&marked[..=length])?, length))
    } else {
        let (length, token) = parse_numeric_token(after)?;
        ((token as usize) < trie.vocab_size()).then_some((token, length))
    }
}

/// The number in brackets that `s` begins with, such as `[1234]`: how many bytes it is, and the number.
#[must_use]
pub fn parse_numeric_token(s: &[u8]) -> Option<(usize, TokenId)> {
    let digits = s.strip_prefix(b"[")?;
    let end = digits
        .iter()
        .take(LONGEST_NUMBER - 1)
        .position(|&byte| byte == b']')?;
    let number = str::from_utf8(&digits[..end]).ok()?.parse().ok()?;
    Some((end + 2, number))
}

/// A tokenizer that may be shared.
pub type TokEnv = Arc<dyn TokenizerEnv + Sync + 'static>;

/// A tokenizer with another vocabulary in place of its own.
pub struct TokEnvWithTrie {
    tokenizer: TokEnv,
    trie: TokTrie,
}

impl TokEnvWithTrie {
    /// `tok_trie` takes the place of `base_env`'s.
    #[must_use]
    pub fn new(base_env: TokEnv, tok_trie: TokTrie) -> Self {
        Self {
            tokenizer: base_env,
            trie: tok_trie,
        }
    }
}

impl TokenizerEnv for TokEnvWithTrie {
    fn tok_trie(&self) -> &TokTrie {
        &self.trie
    }

    fn tokenize_bytes(&self, s: &[u8]) -> Vec<TokenId> {
        self.tokenizer.tokenize_bytes(s)
    }
}

/// A tokenizer that always takes the longest token, which a model's own need not do.
pub struct ApproximateTokEnv {
    trie: TokTrie,
    canonical: bool,
}

impl ApproximateTokEnv {
    /// Over any vocabulary.
    #[must_use]
    pub fn new(trie: TokTrie) -> Self {
        Self {
            trie,
            canonical: false,
        }
    }

    /// One token a byte, and six special ones, of which the last is the end.
    #[must_use]
    pub fn single_byte() -> Self {
        const END: TokenId = 261;
        const SPECIAL: [&str; 6] = ["tool", "/tool", "user", "system", "assistant", "end"];
        let mut tokens: Vec<Vec<u8>> = (0..=u8::MAX).map(|byte| vec![byte]).collect();
        tokens.extend(SPECIAL.map(|name| {
            let marker = [TokTrie::SPECIAL_TOKEN_MARKER];
            [&marker, b"<|".as_slice(), name.as_bytes(), b"|>"].concat()
        }));
        Self {
            trie: TokTrie::from(&TokRxInfo::new(END + 1, END), &tokens),
            canonical: true,
        }
    }

    /// [`Self::single_byte`] to be shared.
    #[must_use]
    pub fn single_byte_env() -> TokEnv {
        Arc::new(Self::single_byte())
    }
}

impl TokenizerEnv for ApproximateTokEnv {
    fn tok_trie(&self) -> &TokTrie {
        &self.trie
    }

    fn tokenize_bytes(&self, s: &[u8]) -> Vec<TokenId> {
        self.trie.greedy_tokenize(s)
    }

    fn tokenize_is_canonical(&self) -> bool {
        self.canonical
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_in_brackets() {
        for (text, expected) in [
            (&b"[12]x"[..], Some((4, 12))),
            (b"[]", None),
            (b"[-1]", None),
            (b"12]", None),
            (b"[4294967295]", Some((12, u32::MAX))),
            (b"[4294967296]", None),
            // of 20 bytes, and of 21
            (b"[000000000000000001]", Some((20, 1))),
            (b"[0000000000000000001]", None),
            (b"", None),
        ] {
            assert_eq!(parse_numeric_token(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_a_marker_precedes_is_a_special_token() {
        let bytes = ApproximateTokEnv::single_byte();
        for (text, tokens, fixed) in [
            (&b"ab"[..], vec![97, 98], 0),
            (b"a\xff<|user|>b", vec![97, 258, 98], 2),
            (b"a\xff[98]b\xff[261]", vec![97, 98, 98, 261], 4),
            // none of this vocabulary, so the marker alone is left out
            (b"\xff[262]", vec![91, 50, 54, 50, 93], 0),
            (b"\xff<x>\xff", vec![60, 120, 62], 0),
            (b"\xff\xff<|end|>", vec![261], 1),
            (b"", vec![], 0),
        ] {
            assert_eq!(
                bytes.tokenize_bytes_marker(text),
                (tokens, fixed),
                "{text:?}"
            );
        }
    }
}
