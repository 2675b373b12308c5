use crate::TokenId;

/// The bytes of all tokens, and the order of the tokens by their bytes.
pub(crate) struct Vocabulary {
    bytes: Vec<u8>,
    /// Where the bytes of each token end.
    ends: Vec<u32>,
    /// The tokens that have bytes, by these; equal ones by their numbers.
    order: Vec<TokenId>,
    /// The bytes of the longest token.
    longest: usize,
}

impl Vocabulary {
    pub(crate) fn of(tokens: &[Vec<u8>]) -> Self {
        let bytes = tokens.concat();
        let mut end = 0;
        let ends = tokens
            .iter()
            .map(|token| {
                end += token.len();
                u32::try_from(end).expect("the tokens of a vocabulary have less than 4 GiB")
            })
            .collect();
        Self {
            bytes,
            ends,
            order: order(tokens),
            longest: tokens.iter().map(Vec::len).max().unwrap_or(0),
        }
    }

    /// The bytes of a token of the vocabulary.
    #[inline]
    pub(crate) fn token(&self, id: TokenId) -> &[u8] {
        let id = id as usize;
        let start = if id == 0 { 0 } else { self.ends[id - 1] };
        &self.bytes[start as usize..self.ends[id] as usize]
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = TokenId> {
        (0..).take(self.ends.len())
    }

    pub(crate) fn longest(&self) -> usize {
        self.longest
    }

    pub(crate) fn order(&self) -> &[TokenId] {
        &self.order
    }
}

/// The tokens that have bytes, by these; equal ones by their numbers.
///
/// Most are told apart by their first eight bytes, so these are compared as a number.
fn order(tokens: &[Vec<u8>]) -> Vec<TokenId> {
    let mut keyed: Vec<(u64, TokenId)> = (0..)
        .zip(tokens)
        .filter(|(_, token)| !token.is_empty())
        .map(|(id, token)| (first_eight(token), id))
        .collect();
    keyed.sort_unstable_by_key(|&(key, _)| key);
    for alike in keyed.chunk_by_mut(|a, b| a.0 == b.0) {
        alike.sort_unstable_by_key(|&(_, id)| (&tokens[id as usize], id));
    }
    keyed.into_iter().map(|(_, id)| id).collect()
}

/// The first eight bytes as a number that is compared as they are; bytes that are not there are 0.
#[inline]
fn first_eight(token: &[u8]) -> u64 {
    if let Some(first) = token.first_chunk() {
        u64::from_be_bytes(*first)
    } else {
        let shift = 64 - 8 * token.len();
        token
            .iter()
            .fold(0, |key, &byte| key << 8 | u64::from(byte))
            << shift
    }
}
