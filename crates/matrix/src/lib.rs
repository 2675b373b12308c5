//! Runs WebAssembly artifacts on the runtimes their users have, and compares
//! what they do with the native program.
//!
//! - [`interface`]: what a module imports and exports.
//! - [`runtime`]: the runtimes, behind one trait.
//! - [`llguidance`]: the scenario for `llguidance.wasm`.

pub mod interface;
pub mod llguidance;
pub mod runtime;
