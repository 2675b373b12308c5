use bytemuck::{Pod, Zeroable};

use crate::TokenId;

/// A node of a trie, and by that the byte on the way from its parent.
///
/// Nodes lie in depth-first order, siblings by their bytes, so that a node is followed by its first
/// child, and its subtree by its next sibling. Tokens with the same bytes are siblings with the same
/// byte, of which the first has the children.
#[derive(Clone, Copy, Zeroable, Pod)]
#[repr(C)]
pub struct TrieNode {
    /// The byte, and above it the token.
    label: u32,
    /// The parents less 1, and above them the size of the subtree.
    extent: u32,
}

/// The token of a node that ends none.
pub(crate) const NO_TOKEN: TokenId = (1 << 24) - 1;

const PARENT_BITS: u32 = 10;

/// The levels that a leaf may be the last one of.
pub(crate) const MOST_PARENTS: usize = 1 << PARENT_BITS;

/// The nodes of a trie, the root among them, are fewer.
const NODES: usize = 1 << (u32::BITS - PARENT_BITS);

impl TrieNode {
    /// A node whose extent is not known yet.
    fn open(byte: u8, token: TokenId) -> Self {
        Self {
            label: token << 8 | u32::from(byte),
            extent: 0,
        }
    }

    fn close(&mut self, parents: usize, size: usize) {
        assert!(
            parents <= MOST_PARENTS,
            "a token ends {parents} levels of the trie at once, and {MOST_PARENTS} are the most"
        );
        assert!(
            size < NODES,
            "the vocabulary's trie has {size} nodes or more, and must have less than {NODES}"
        );
        self.extent = u32::try_from(size << PARENT_BITS | (parents - 1)).expect("both fit");
    }

    /// The byte; the root's is 0xff.
    #[inline]
    #[must_use]
    pub fn byte(&self) -> u8 {
        self.label.to_le_bytes()[0]
    }

    /// The token that ends here.
    #[inline]
    #[must_use]
    pub fn token_id(&self) -> Option<TokenId> {
        let token = self.label >> 8;
        (token != NO_TOKEN).then_some(token)
    }

    /// The number of nodes from this one to the next that is not below it.
    #[inline]
    #[must_use]
    pub fn subtree_size(&self) -> usize {
        (self.extent >> PARENT_BITS) as usize
    }

    /// How many levels the node after the subtree is higher, plus 1: 1 for a node that has a sibling
    /// after it, otherwise 1 more than the parent's.
    #[inline]
    #[must_use]
    pub fn num_parents(&self) -> usize {
        (self.extent as usize & (MOST_PARENTS - 1)) + 1
    }
}

/// The children of a node.
pub struct NodeChildren<'a> {
    pub(crate) below: &'a [TrieNode],
}

impl<'a> Iterator for NodeChildren<'a> {
    type Item = &'a TrieNode;

    #[inline]
    fn next(&mut self) -> Option<&'a TrieNode> {
        let child = self.below.first()?;
        self.below = &self.below[child.subtree_size()..];
        Some(child)
    }
}

/// The nodes of the trie of `tokens`, `count` in number, which come in the order of their bytes.
///
/// # Panics
/// If a token is too long or the trie too large for the bits of a node.
pub(crate) fn nodes_of<'a>(
    count: usize,
    tokens: impl Iterator<Item = (TokenId, &'a [u8])>,
) -> Vec<TrieNode> {
    // NB: of Llama 3's vocabulary a trie has 2.1 nodes a token; megabytes that are moved, or that
    // are written for the first time, take longer than what is written
    let mut nodes = Vec::with_capacity(1 + count * 5 / 2);
    nodes.push(TrieNode::open(0xff, NO_TOKEN));
    let mut writer = Writer {
        nodes,
        path: vec![0],
        twins: Vec::new(),
    };
    let mut last: &[u8] = &[];
    for (id, token) in tokens {
        let shared = last.iter().zip(token).take_while(|(a, b)| a == b).count();
        if shared == token.len() {
            writer.twins.push((shared, id));
            continue;
        }
        writer.close_below(shared);
        writer.open(&token[shared..], id);
        last = token;
    }
    writer.close_below(0);
    let size = writer.nodes.len();
    writer.nodes[0].close(1, size);
    writer.nodes.shrink_to_fit();
    writer.nodes
}

struct Writer {
    nodes: Vec<TrieNode>,
    /// The last token's nodes by depth, of which the root has 0: their extents are not known.
    path: Vec<usize>,
    /// Tokens with the same bytes as one on the path, with its depth, in order: they come after its
    /// children.
    twins: Vec<(usize, TokenId)>,
}

impl Writer {
    /// Goes on by `bytes`, of which there are some, to the end of a token.
    fn open(&mut self, bytes: &[u8], token: TokenId) {
        let (&last, before) = bytes.split_last().expect("a token after another has more");
        let start = self.nodes.len();
        let through = before.iter().map(|&byte| TrieNode::open(byte, NO_TOKEN));
        self.nodes.extend(through);
        self.nodes.push(TrieNode::open(last, token));
        self.path.extend(start..self.nodes.len());
    }

    /// Writes the extents of the path's nodes below `depth`: what comes next is a child of the one at
    /// `depth`.
    fn close_below(&mut self, depth: usize) {
        for level in (depth + 1..self.path.len()).rev() {
            let at = self.path[level];
            let size = self.nodes.len() - at;
            // NB: parents are counted to the first that has a sibling after it, be it a twin
            let parents = |twin: usize| level + 1 - twin.max(depth + 1);
            let twin = self.twins.last().map_or(0, |twin| twin.0);
            if twin < level {
                self.nodes[at].close(parents(twin), size);
                continue;
            }
            self.nodes[at].close(1, size);
            let byte = self.nodes[at].byte();
            let first = self.twins.partition_point(|twin| twin.0 < level);
            for (_, token) in self.twins.drain(first..) {
                let mut leaf = TrieNode::open(byte, token);
                leaf.close(1, 1);
                self.nodes.push(leaf);
            }
            let above = self.twins.last().map_or(0, |twin| twin.0);
            if let Some(leaf) = self.nodes.last_mut() {
                leaf.close(parents(above), 1);
            }
        }
        self.path.truncate(depth + 1);
    }
}
