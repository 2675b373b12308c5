use std::sync::{Arc, OnceLock};

use bytemuck::{Pod, Zeroable};

use crate::node::{MOST_PARENTS, NO_TOKEN, NodeChildren, TrieNode, nodes_of};
use crate::vocabulary::Vocabulary;
use crate::{INVALID_TOKEN, SimpleVob, TokenId};

/// [`TokRxInfo`] as memory, without what may be absent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Zeroable, Pod)]
#[repr(C)]
pub struct BinTokRxInfo {
    /// The number of tokens.
    pub vocab_size: u32,
    /// The usual end token.
    pub tok_eos: TokenId,
}

/// A vocabulary's size, and tokens that have a meaning of their own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TokRxInfo {
    /// The number of tokens.
    pub vocab_size: u32,
    /// The usual end token, or [`INVALID_TOKEN`].
    pub tok_eos: TokenId,
    /// The token that a text begins with.
    pub tok_bos: Option<TokenId>,
    /// The token that fills up a batch.
    pub tok_pad: Option<TokenId>,
    /// The token for what no other stands for.
    pub tok_unk: Option<TokenId>,
    /// The token that ends a turn of a conversation.
    pub tok_end_of_turn: Option<TokenId>,
}

impl TokRxInfo {
    /// With an end token, and none of the others.
    #[must_use]
    pub fn new(vocab_size: u32, tok_eos: TokenId) -> Self {
        Self {
            vocab_size,
            tok_eos,
            tok_bos: None,
            tok_pad: None,
            tok_unk: None,
            tok_end_of_turn: None,
        }
    }

    /// What [`Self::to_bin`] kept.
    #[must_use]
    pub fn from_bin(info: &BinTokRxInfo) -> Self {
        Self::new(info.vocab_size, info.tok_eos)
    }

    /// The size and the end token.
    #[must_use]
    pub fn to_bin(&self) -> BinTokRxInfo {
        BinTokRxInfo {
            vocab_size: self.vocab_size,
            tok_eos: self.tok_eos,
        }
    }
}

/// A vocabulary as a trie.
///
/// A clone shares all but the end tokens.
#[derive(Clone)]
pub struct TokTrie {
    info: TokRxInfo,
    ends: Vec<TokenId>,
    vocabulary: Arc<Vocabulary>,
    part: Arc<Part>,
}

/// Which tokens of a vocabulary a trie has, and what follows from that.
struct Part {
    /// The tokens; all of them without it.
    tokens: Option<SimpleVob>,
    nodes: OnceLock<Vec<TrieNode>>,
    longest: OnceLock<usize>,
}

impl Part {
    fn of(tokens: Option<SimpleVob>) -> Arc<Self> {
        Arc::new(Self {
            tokens,
            nodes: OnceLock::new(),
            longest: OnceLock::new(),
        })
    }

    #[inline]
    fn has(&self, token: TokenId) -> bool {
        self.tokens
            .as_ref()
            .is_none_or(|tokens| tokens.is_allowed(token))
    }
}

impl TokTrie {
    /// The first byte of a special token, which no text has.
    pub const SPECIAL_TOKEN_MARKER: u8 = 0xff;

    /// The trie of the tokens `words`, by number. A token without bytes is in no mask.
    ///
    /// # Panics
    /// If there are not `info.vocab_size` tokens, or 2²⁴ or more; if the trie has 2²² nodes or more;
    /// if more than 1,024 levels of it end with one token, so that a token has more bytes than that.
    #[must_use]
    pub fn from(info: &TokRxInfo, words: &[Vec<u8>]) -> Self {
        assert!(
            info.vocab_size as usize == words.len(),
            "a vocabulary of {} tokens has {} words",
            info.vocab_size,
            words.len()
        );
        assert!(
            info.vocab_size <= NO_TOKEN,
            "{} tokens are too many: {NO_TOKEN} are the most",
            info.vocab_size
        );
        let trie = Self {
            info: *info,
            ends: vec![info.tok_eos],
            vocabulary: Arc::new(Vocabulary::of(words)),
            part: Part::of(None),
        };
        // NB: whether it can be written is to be said here
        trie.nodes();
        trie
    }

    /// The same without the tokens that `filter` has not: these have no bytes.
    ///
    /// # Panics
    /// If `filter` has no room for the vocabulary, and as [`Self::from`] does: without some tokens
    /// another may end more levels.
    #[must_use]
    pub fn filter(&self, filter: &SimpleVob) -> Self {
        let size = self.vocab_size();
        let mut tokens = SimpleVob::alloc_ones(size);
        let room = &filter.words[..tokens.words.len()];
        for (word, filter) in tokens.words.iter_mut().zip(room) {
            *word &= filter;
        }
        if let Some(own) = &self.part.tokens {
            tokens.and(own);
        }
        if tokens.num_set() == size {
            return self.clone();
        }
        let filtered = Self {
            part: Part::of(Some(tokens)),
            ..self.clone()
        };
        if self.vocabulary.longest() > MOST_PARENTS {
            filtered.nodes();
        }
        filtered
    }

    /// The same with one end token.
    ///
    /// # Panics
    /// If there is no such token.
    #[must_use]
    pub fn with_eos_token(&self, eos_token: TokenId) -> Self {
        self.with_eos_tokens(&[eos_token])
    }

    /// The same with other end tokens, of which the first is the usual one.
    ///
    /// # Panics
    /// If there are none, or one is not of the vocabulary.
    #[must_use]
    pub fn with_eos_tokens(&self, eos_tokens: &[TokenId]) -> Self {
        let Some(&first) = eos_tokens.first() else {
            panic!("eos_tokens must not be empty")
        };
        for token in eos_tokens {
            assert!(
                *token < self.info.vocab_size,
                "the end token {token} is not one of the {} tokens",
                self.info.vocab_size
            );
        }
        let mut trie = self.clone();
        trie.info.tok_eos = first;
        trie.ends = eos_tokens.to_vec();
        trie
    }

    /// The same with other information, and its end token as the only one.
    #[must_use]
    pub fn with_info(&self, info: TokRxInfo) -> Self {
        Self {
            info,
            ends: vec![info.tok_eos],
            ..self.clone()
        }
    }

    /// The same with the end of a turn, if there is one, as the only end token.
    #[must_use]
    pub fn build_chat_mode_trie(&self) -> Self {
        self.with_eos_token(self.info.tok_end_of_turn.unwrap_or(self.info.tok_eos))
    }

    /// Size and tokens with a meaning.
    #[must_use]
    pub fn info(&self) -> &TokRxInfo {
        &self.info
    }

    /// The usual end token, or [`INVALID_TOKEN`].
    #[must_use]
    pub fn eos_token(&self) -> TokenId {
        self.info.tok_eos
    }

    /// All end tokens.
    #[must_use]
    pub fn eos_tokens(&self) -> &[TokenId] {
        &self.ends
    }

    /// The number of tokens.
    #[must_use]
    pub fn vocab_size(&self) -> usize {
        self.info.vocab_size as usize
    }

    /// The bytes of the longest token.
    #[must_use]
    pub fn max_token_len(&self) -> usize {
        match &self.part.tokens {
            None => self.vocabulary.longest(),
            Some(tokens) => *self.part.longest.get_or_init(|| {
                let lengths = tokens.iter().map(|id| self.vocabulary.token(id).len());
                lengths.max().unwrap_or(0)
            }),
        }
    }

    /// The bytes of a token; none of one that the trie has not.
    #[inline]
    #[must_use]
    pub fn token(&self, idx: TokenId) -> &[u8] {
        if idx < self.info.vocab_size && self.part.has(idx) {
            self.vocabulary.token(idx)
        } else {
            &[]
        }
    }

    /// The bytes of all tokens, by number.
    #[must_use]
    pub fn all_tokens(&self) -> Vec<Vec<u8>> {
        self.vocabulary
            .ids()
            .map(|id| self.token(id).to_vec())
            .collect()
    }

    /// The tokens that have bytes, with these, in the trie's order.
    #[must_use]
    pub fn sorted_tokens(&self) -> Vec<(TokenId, Vec<u8>)> {
        let mut bytes = Vec::new();
        let mut tokens = Vec::new();
        for node in &self.nodes()[1..] {
            bytes.push(node.byte());
            if let Some(token) = node.token_id() {
                tokens.push((token, bytes.clone()));
            }
            if node.subtree_size() == 1 {
                bytes.truncate(bytes.len() - node.num_parents());
            }
        }
        tokens
    }

    /// A set of no tokens, with room for one beyond the vocabulary.
    #[must_use]
    pub fn alloc_token_set(&self) -> SimpleVob {
        SimpleVob::alloc_with_capacity(self.vocab_size(), self.vocab_size() + 1)
    }

    /// The set of one token.
    #[must_use]
    pub fn singleton_token_set(&self, tok: TokenId) -> SimpleVob {
        let mut set = self.alloc_token_set();
        set.allow_token(tok);
        set
    }

    /// The set of all end tokens.
    #[must_use]
    pub fn eos_token_set(&self) -> SimpleVob {
        let mut set = self.alloc_token_set();
        for &end in self.ends.iter().filter(|end| **end < self.info.vocab_size) {
            set.allow_token(end);
        }
        set
    }

    /// A logit for each token, and one beyond.
    #[must_use]
    pub fn alloc_logits(&self) -> Vec<f32> {
        vec![0.0; self.vocab_size() + 1]
    }

    /// The nodes, which are written when they are first asked for.
    #[inline]
    pub(crate) fn nodes(&self) -> &[TrieNode] {
        self.part.nodes.get_or_init(|| self.written())
    }

    fn written(&self) -> Vec<TrieNode> {
        let order = self.vocabulary.order();
        let tokens = order.iter().copied();
        let bytes = |id| (id, self.vocabulary.token(id));
        match &self.part.tokens {
            None => nodes_of(order.len(), tokens.map(bytes)),
            Some(part) => {
                let some = tokens.filter(|&id| part.is_allowed(id));
                nodes_of(part.num_set(), some.map(bytes))
            }
        }
    }

    /// The node of no bytes.
    #[must_use]
    pub fn root(&self) -> &TrieNode {
        &self.nodes()[0]
    }

    /// Where a node of this trie lies in the array.
    fn place_of(&self, node: &TrieNode) -> usize {
        let from = std::ptr::from_ref(self.root()).addr();
        let place = std::ptr::from_ref(node).addr().wrapping_sub(from) / size_of::<TrieNode>();
        assert!(place < self.nodes().len(), "the node is of another trie");
        place
    }

    /// What is below a node of this trie.
    #[allow(
        clippy::trivially_copy_pass_by_ref,
        reason = "a node is known by its place"
    )]
    pub(crate) fn below(&self, node: &TrieNode) -> &[TrieNode] {
        let place = self.place_of(node);
        &self.nodes()[place + 1..place + node.subtree_size()]
    }

    /// The children of a node of this trie.
    #[must_use]
    pub fn node_children(&self, n: &TrieNode) -> NodeChildren<'_> {
        NodeChildren {
            below: self.below(n),
        }
    }

    /// The child of a node of this trie by its byte.
    #[must_use]
    pub fn child_at_byte<'a>(&'a self, n: &'a TrieNode, byte: u8) -> Option<&'a TrieNode> {
        self.node_children(n)
            .find(|child| child.byte() >= byte)
            .filter(|child| child.byte() == byte)
    }

    /// What is reached from a node of this trie by some bytes.
    #[must_use]
    pub fn child_at_bytes<'a>(&'a self, n: &'a TrieNode, bytes: &[u8]) -> Option<&'a TrieNode> {
        bytes
            .iter()
            .try_fold(n, |node, &byte| self.child_at_byte(node, byte))
    }

    /// The nodes that `bytes` lead to, from the first byte as far as there are any.
    pub(crate) fn path(&self, bytes: &[u8]) -> impl Iterator<Item = &TrieNode> {
        let mut node = self.root();
        bytes.iter().map_while(move |&byte| {
            node = self.child_at_byte(node, byte)?;
            Some(node)
        })
    }

    /// The token with these bytes; the first of several.
    #[must_use]
    pub fn token_id_at_bytes(&self, bytes: &[u8]) -> Option<TokenId> {
        self.child_at_bytes(self.root(), bytes)?.token_id()
    }

    /// The token with these bytes; the first of several.
    ///
    /// # Panics
    /// If there are no bytes.
    #[must_use]
    pub fn token_id(&self, bytes: &[u8]) -> Option<TokenId> {
        let (token, length) = self.prefix_token_id(bytes);
        (length == bytes.len()).then_some(token)
    }

    /// The longest token that `bytes` begin with, and its length; 0 and 0 if there is none.
    ///
    /// # Panics
    /// If there are no bytes.
    #[must_use]
    pub fn prefix_token_id(&self, bytes: &[u8]) -> (TokenId, usize) {
        assert!(!bytes.is_empty(), "no token has no bytes");
        let tokens = (1..).zip(self.path(bytes));
        let last = tokens
            .filter_map(|(length, node)| Some((node.token_id()?, length)))
            .last();
        last.unwrap_or((0, 0))
    }

    /// The tokens that `bytes` begin with, the shortest first.
    #[must_use]
    pub fn all_prefixes(&self, bytes: &[u8]) -> Vec<TokenId> {
        self.path(bytes).filter_map(TrieNode::token_id).collect()
    }

    /// The tokens that `bytes` contain, by where they begin, the shortest first.
    #[must_use]
    pub fn all_subtokens(&self, bytes: &[u8]) -> Vec<TokenId> {
        (0..bytes.len())
            .flat_map(|start| self.all_prefixes(&bytes[start..]))
            .collect()
    }

    /// Whether a token begins with `bytes` and has more.
    #[must_use]
    pub fn has_extensions(&self, bytes: &[u8]) -> bool {
        self.child_at_bytes(self.root(), bytes)
            .is_some_and(|node| node.subtree_size() > 1)
    }

    /// Whether the token begins with the marker.
    #[must_use]
    pub fn is_special_token(&self, tok: TokenId) -> bool {
        self.token(tok).first() == Some(&Self::SPECIAL_TOKEN_MARKER)
    }

    /// The special token of that name.
    #[must_use]
    pub fn get_special_token(&self, name: &str) -> Option<TokenId> {
        let marked = self.child_at_byte(self.root(), Self::SPECIAL_TOKEN_MARKER)?;
        self.child_at_bytes(marked, name.as_bytes())?.token_id()
    }

    /// The special tokens that have a name, in the order of these.
    #[must_use]
    pub fn get_special_tokens(&self) -> Vec<TokenId> {
        let marked = self.child_at_byte(self.root(), Self::SPECIAL_TOKEN_MARKER);
        let named = marked.map_or(&[][..], |marked| self.below(marked));
        named.iter().filter_map(TrieNode::token_id).collect()
    }

    /// Expects the trie to be that of `tokens`.
    ///
    /// # Panics
    /// If it is not.
    pub fn check_against(&self, tokens: &[Vec<u8>]) {
        for (id, bytes) in (0..).zip(tokens) {
            assert!(self.token(id) == bytes, "the token {id} has other bytes");
            let Some((byte, before)) = bytes.split_last() else {
                continue;
            };
            let parent = self.child_at_bytes(self.root(), before);
            let ends = |node: &TrieNode| node.byte() == *byte && node.token_id() == Some(id);
            assert!(
                parent.is_some_and(|parent| self.node_children(parent).any(ends)),
                "the token {id} is not in the trie"
            );
        }
    }

    /// How large the trie is, in words.
    #[must_use]
    pub fn trie_stats(&self) -> String {
        let nodes = self.nodes();
        let ends = nodes
            .iter()
            .filter(|node| node.token_id().is_some())
            .count();
        let bytes: usize = self.vocabulary.ids().map(|id| self.token(id).len()).sum();
        format!(
            "{} nodes, {ends} token nodes, {bytes} token bytes, {} max len",
            nodes.len(),
            self.max_token_len()
        )
    }
}

const _: () = assert!(
    NO_TOKEN < INVALID_TOKEN,
    "a token that is none is beyond every vocabulary"
);
