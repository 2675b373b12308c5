use crate::node::TrieNode;
use crate::{Recognizer, SimpleVob, TokTrie, TokenId};

/// After as many nodes a walk asks whether it is cancelled.
const CHUNK: usize = 1024;

/// How many of the last tokens may be chopped.
const LOOKBACK: usize = 4;

impl TokTrie {
    /// Puts into `toks` the tokens that begin with `start`, and go on as `r` allows, and those that
    /// `start` begins with.
    ///
    /// Where the walk is cancelled, some are missing.
    ///
    /// # Panics
    /// If `toks` has no room for a token beyond the vocabulary: see [`Self::alloc_token_set`].
    pub fn add_bias(&self, r: &mut impl Recognizer, toks: &mut SimpleVob, start: &[u8]) {
        let Some(from) = self.add_prefixes(toks, start) else {
            return;
        };
        // NB: a node without a token adds this one, which takes no branch, and is taken out again
        let none = self.info().vocab_size;
        let words = toks.words.as_mut_slice();
        r.trie_started("add_bias");
        let (left, seen) = walk(r, self.below(from), |node| {
            let token = node.token_id().unwrap_or(none);
            words[(token / u32::BITS) as usize] |= 1 << (token % u32::BITS);
            true
        });
        if start.is_empty() {
            r.pop_bytes(left);
        }
        r.trie_finished();
        r.save_stats(seen);
        toks.disallow_token(none);
    }

    /// Puts into `toks` the tokens that `start` begins with; returns the node it leads to.
    fn add_prefixes(&self, toks: &mut SimpleVob, start: &[u8]) -> Option<&TrieNode> {
        let mut node = self.root();
        for &byte in start {
            // NB: tokens with the same bytes are siblings
            for twin in self
                .node_children(node)
                .filter(|child| child.byte() == byte)
            {
                if let Some(token) = twin.token_id() {
                    toks.allow_token(token);
                }
            }
            node = self.child_at_byte(node, byte)?;
        }
        Some(node)
    }

    /// Whether a token begins with `start`, and has more, which `r` allows; not where the walk is
    /// cancelled.
    pub fn has_valid_extensions(&self, r: &mut impl Recognizer, start: &[u8]) -> bool {
        let Some(from) = self.child_at_bytes(self.root(), start) else {
            return false;
        };
        let mut found = false;
        r.trie_started("has_valid_extensions");
        walk(r, self.below(from), |node| {
            found = node.token_id().is_some();
            !found
        });
        found &= !(r.cancellation_enabled() && r.cancellation_requested());
        r.trie_finished();
        found
    }

    /// How many of the last tokens, and how many bytes these are, have to be taken back, so that no
    /// token is ruled out that would reach over their end.
    pub fn chop_tokens(&self, r: &mut impl Recognizer, tokens: &[TokenId]) -> (usize, usize) {
        let last = self.decode_raw(&tokens[tokens.len().saturating_sub(LOOKBACK)..]);
        let longest = last.len().min(self.max_token_len());
        for size in (1..=longest).rev() {
            if r.cancellation_enabled() && r.cancellation_requested() {
                break;
            }
            if self.has_valid_extensions(r, &last[last.len() - size..]) {
                let mut bytes = 0;
                for (chopped, &token) in (1..).zip(tokens.iter().rev()) {
                    bytes += self.token_len(token);
                    if bytes >= size {
                        return (chopped, bytes);
                    }
                }
            }
        }
        (0, 0)
    }
}

/// Pushes to `r` the bytes of the nodes of `below`, of each below one that it allowed, and calls
/// `allowed` with those it allows, as long as this returns true.
///
/// Returns how many bytes at the end were not popped, and how many nodes were seen, the one above
/// among them.
fn walk(
    r: &mut impl Recognizer,
    below: &[TrieNode],
    allowed: impl FnMut(&TrieNode) -> bool,
) -> (usize, usize) {
    // NB: asking would slow the inner loop
    if r.cancellation_enabled() {
        walk_in_chunks(r, below, CHUNK, allowed)
    } else {
        walk_in_chunks(r, below, usize::MAX, allowed)
    }
}

#[inline]
fn walk_in_chunks(
    r: &mut impl Recognizer,
    below: &[TrieNode],
    chunk: usize,
    mut allowed: impl FnMut(&TrieNode) -> bool,
) -> (usize, usize) {
    let mut place = 0;
    let mut skipped = 0;
    let mut left = 0;
    if chunk < usize::MAX && r.cancellation_requested() {
        return (0, 0);
    }
    'walk: while place < below.len() {
        let nodes = &below[..place.saturating_add(chunk).min(below.len())];
        while let Some(node) = nodes.get(place) {
            r.pop_bytes(left);
            let size = node.subtree_size();
            if r.try_push_byte(node.byte()) {
                if !allowed(node) {
                    break 'walk;
                }
                left = if size == 1 { node.num_parents() } else { 0 };
                place += 1;
            } else {
                left = node.num_parents() - 1;
                place += size;
                skipped += size - 1;
            }
        }
        if chunk < usize::MAX && place < below.len() && r.cancellation_requested() {
            break;
        }
    }
    (left, 1 + place - skipped)
}
