//! The part of crates.io's `ahash` that is used here, with a hash that is cheap in WebAssembly.
//!
//! The crate of that name hashes by AES instructions, or by the 128 bits of a product. WebAssembly has
//! neither: there it swaps bytes and multiplies four times for each word. Here a word costs two products of
//! 32 bits, and 16 bytes of a slice no more.
//!
//! Hashes differ between processes, and between the maps of one, so that whoever writes the keys cannot
//! know which collide. On wasm32-unknown-unknown, which has no source of entropy, they are the same in each
//! instance: keys that collide can be found beforehand, and cost time as in a list.

mod collections;
mod hasher;

pub use collections::{AHashMap, AHashSet};
pub use hasher::{AHasher, RandomState};

/// The standard library's map with this crate's hash.
pub type HashMap<K, V, S = RandomState> = std::collections::HashMap<K, V, S>;
/// The standard library's set with this crate's hash.
pub type HashSet<T, S = RandomState> = std::collections::HashSet<T, S>;
