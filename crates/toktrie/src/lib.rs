//! A vocabulary as a trie, with crates.io's `toktrie` 1.9.1 as its interface.
//!
//! llguidance computes a mask by walking the trie of all tokens beside a
//! [`Recognizer`]: a byte that is refused rules out every token below it. The trie
//! is an array in depth-first order, so the walk goes forward only.
//!
//! It differs from the crate whose place it takes in when things are done, not in
//! what comes out: the array is written in one pass over the sorted tokens, and
//! [`TokTrie::filter`] shares the tokens and writes its array when it is first
//! walked, because llguidance filters each vocabulary more than ten times and walks
//! few of the results.
#![warn(missing_docs, clippy::pedantic)]

mod branch;
pub mod bytes;
mod node;
mod recognize;
pub mod recognizer;
mod text;
mod token_set;
mod tokenizer_env;
mod trie;
mod vocabulary;
mod walk;

pub use branch::{Branch, InferenceCapabilities, Splice, StepArg, StepResult};
pub use node::{NodeChildren, TrieNode};
pub use recognize::{AnythingGoes, Recognizer};
pub use token_set::{SimpleVob, SimpleVobIter};
pub use tokenizer_env::{
    ApproximateTokEnv, TokEnv, TokEnvWithTrie, TokenizerEnv, parse_numeric_token,
};
pub use trie::{BinTokRxInfo, TokRxInfo, TokTrie};

/// The number of a token in its vocabulary.
pub type TokenId = u32;

/// The number that no token has.
pub const INVALID_TOKEN: TokenId = u32::MAX;

#[cfg(test)]
mod tests;
