//! Tokens as bytes and as text, and the other way round.

use crate::bytes::to_hex_string;
use crate::tokenizer_env::parse_numeric_token;
use crate::{INVALID_TOKEN, SimpleVob, TokTrie, TokenId};

/// The tokens of a set that are named.
const NAMED_OF_SET: usize = 50;

/// How many bytes lie between the brackets of a special token in a text.
const LONGEST_NAME: usize = 100;

impl TokTrie {
    /// The last tokens of a list that are named.
    pub const MAX_DBG_TOKENS: usize = 200;

    /// The bytes of tokens one after the other, special ones by their names, one without bytes as
    /// `<[1234]>`.
    #[must_use]
    pub fn decode(&self, tokens: &[TokenId]) -> Vec<u8> {
        self.decode_ext(tokens, true)
    }

    /// [`Self::decode`], or the same without special tokens and those without bytes.
    #[must_use]
    pub fn decode_ext(&self, tokens: &[TokenId], include_special: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        for &id in tokens {
            match self.token(id) {
                [] if include_special => bytes.extend(format!("<[{id}]>").bytes()),
                [Self::SPECIAL_TOKEN_MARKER, name @ ..] if include_special => bytes.extend(name),
                [] | [Self::SPECIAL_TOKEN_MARKER, ..] => {}
                token => bytes.extend(token),
            }
        }
        bytes
    }

    /// [`Self::decode`] as text.
    #[must_use]
    pub fn decode_str(&self, tokens: &[TokenId]) -> String {
        String::from_utf8_lossy(&self.decode(tokens)).into_owned()
    }

    /// The bytes of tokens one after the other, those that are special or have none as
    /// [`Self::decode_as_special`] gives them.
    #[must_use]
    pub fn decode_raw(&self, tokens: &[TokenId]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for &id in tokens {
            match self.token(id) {
                [] | [Self::SPECIAL_TOKEN_MARKER, ..] => bytes.extend(self.decode_as_special(id)),
                token => bytes.extend(token),
            }
        }
        bytes
    }

    /// The marker, and the token's number in brackets.
    #[must_use]
    pub fn decode_as_special(&self, tok: TokenId) -> Vec<u8> {
        let mut bytes = vec![Self::SPECIAL_TOKEN_MARKER];
        bytes.extend(format!("[{tok}]").bytes());
        bytes
    }

    /// What [`Self::decode`] gives, from what [`Self::decode_raw`] gave.
    #[must_use]
    pub fn decode_raw_to_decode(&self, bytes: &[u8]) -> Vec<u8> {
        let mut decoded = Vec::with_capacity(bytes.len());
        let mut rest = bytes;
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            let marked = byte == Self::SPECIAL_TOKEN_MARKER;
            if let Some((length, token)) = marked.then(|| parse_numeric_token(after)).flatten() {
                decoded.extend(self.decode(&[token]));
                rest = &after[length..];
            } else {
                decoded.push(byte);
            }
        }
        decoded
    }

    /// The bytes that [`Self::decode_raw`] gives for a token.
    #[must_use]
    pub fn token_len(&self, idx: TokenId) -> usize {
        match self.token(idx) {
            [] | [Self::SPECIAL_TOKEN_MARKER, ..] => {
                let digits = idx.checked_ilog10().map_or(1, |log| log as usize + 1);
                digits + "?[]".len()
            }
            token => token.len(),
        }
    }

    /// The bytes of a token as text.
    #[must_use]
    pub fn token_str(&self, idx: TokenId) -> String {
        String::from_utf8_lossy(self.token(idx)).into_owned()
    }

    /// A token for who debugs, text in `⟨⟩`.
    #[must_use]
    pub fn token_dbg(&self, idx: TokenId) -> String {
        match self.shown(idx) {
            (text, true) => format!("⟨{text}⟩"),
            (name, false) => name,
        }
    }

    /// A token for who debugs, and whether that is its text.
    fn shown(&self, id: TokenId) -> (String, bool) {
        if id == self.eos_token() {
            return ("≺EOS≻".to_owned(), false);
        }
        if id >= self.info().vocab_size {
            return (format!("≺OOB[{id}]≻"), false);
        }
        match self.token(id) {
            [] => (format!("≺EMPTY[{id}]≻"), false),
            [Self::SPECIAL_TOKEN_MARKER, name @ ..] if !name.is_empty() => {
                (String::from_utf8_lossy(name).into_owned(), false)
            }
            token => match str::from_utf8(token) {
                Ok(text) if !text.contains(char::REPLACEMENT_CHARACTER) => {
                    let quoted = format!("{text:?}");
                    let escaped = &quoted[1..quoted.len() - 1];
                    (escaped.replace("\\\"", "\""), true)
                }
                _ => (format!("≺HEX[{}]≻", to_hex_string(token)), false),
            },
        }
    }

    /// Tokens for who debugs, in `⟦⟧`; of many the last.
    #[must_use]
    pub fn tokens_dbg(&self, toks: &[TokenId]) -> String {
        format!("⟦{}⟧", self.test_trace_tokens(toks))
    }

    /// [`Self::tokens_dbg`] without the brackets.
    #[must_use]
    pub fn test_trace_tokens(&self, toks: &[TokenId]) -> String {
        let first = toks.len().saturating_sub(Self::MAX_DBG_TOKENS);
        let names: Vec<String> = toks[first..].iter().map(|&id| self.shown(id).0).collect();
        let before = if first > 0 { "…" } else { "" };
        format!("{before}{}", names.join("‧"))
    }

    /// A set for who debugs: its size, and some tokens of it, or, if these are few, of those that are
    /// not in it.
    #[must_use]
    pub fn token_set_dbg(&self, ts: &SimpleVob) -> String {
        let absent = ts.negated();
        let except = absent.num_set() * 10 < ts.num_set();
        let shown = if except { &absent } else { ts };
        let count = shown.num_set();
        let end = self.eos_token();
        let mut names = Vec::new();
        if end != INVALID_TOKEN && shown.is_allowed(end) {
            names.push("EOS".to_owned());
        }
        let others = shown
            .iter()
            .filter(|&id| id != end && id < self.info().vocab_size);
        let room = count.min(NAMED_OF_SET).saturating_sub(names.len());
        names.extend(others.take(room).map(|id| self.token_dbg(id)));
        if names.len() < count {
            names.push("...".to_owned());
        }
        format!(
            "TokenSet: {}/{}; {}{}",
            ts.num_set(),
            self.vocab_size(),
            if except { "ALL EXCEPT " } else { "" },
            names.join(" ")
        )
    }

    /// The tokens of `bytes`, always the longest that there is; a byte that begins none is left out.
    #[must_use]
    pub fn greedy_tokenize(&self, bytes: &[u8]) -> Vec<TokenId> {
        let mut tokens = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            let (token, length) = self.prefix_token_id(rest);
            if length > 0 {
                tokens.push(token);
            }
            rest = &rest[length.max(1)..];
        }
        tokens
    }

    /// The tokens of a text by `str_tokenize`, but for special tokens that are written out, as
    /// `<name>`.
    pub fn tokenize_with_special<F>(&self, s: &str, str_tokenize: F) -> Vec<TokenId>
    where
        F: Fn(&str) -> Vec<TokenId>,
    {
        let mut tokens = Vec::new();
        // What has no tokens yet, and how far that was looked at
        let (mut rest, mut seen) = (s, 0);
        while let Some(at) = rest[seen..].find('<') {
            let open = seen + at;
            let inside = &rest.as_bytes()[open + 1..];
            let close = inside
                .iter()
                .take(LONGEST_NAME + 1)
                .position(|byte| b"<>".contains(byte));
            let Some(length) = close.filter(|&length| length > 0 && inside[length] == b'>') else {
                seen = open + 1;
                continue;
            };
            let end = open + length + 2;
            match self.get_special_token(&rest[open..end]) {
                Some(token) => {
                    if open > 0 {
                        tokens.extend(str_tokenize(&rest[..open]));
                    }
                    tokens.push(token);
                }
                // NB: what is no special token ends a piece of text all the same
                None => tokens.extend(str_tokenize(&rest[..end])),
            }
            (rest, seen) = (&rest[end..], 0);
        }
        if !rest.is_empty() {
            tokens.extend(str_tokenize(rest));
        }
        tokens
    }

    /// The tokens of `bytes` by `str_tokenize`, but for those that are no text, which are taken
    /// greedily.
    pub fn tokenize_with_greedy_fallback(
        &self,
        bytes: &[u8],
        str_tokenize: impl Fn(&str) -> Vec<TokenId>,
    ) -> Vec<TokenId> {
        if let Ok(text) = str::from_utf8(bytes) {
            return str_tokenize(text);
        }
        let mut tokens = Vec::new();
        for chunk in bytes.utf8_chunks() {
            if !chunk.valid().is_empty() {
                tokens.extend(str_tokenize(chunk.valid()));
            }
            tokens.extend(self.greedy_tokenize(chunk.invalid()));
        }
        tokens
    }
}
