//! The part of crates.io's `instant` that llguidance uses, for modules without imports.
//!
//! On wasm32-unknown-unknown the crate of that name declares an imported
//! function `now`, which every host would have to supply, and
//! [`std::time::Instant::now`] panics. A module that imports nothing has no
//! clock, so here time stands still: every [`Instant`] is equal and every
//! duration is zero. llguidance measures durations for its statistics and logs
//! only; no mask and no verdict depends on them.
//!
//! On every other target this is [`std::time::Instant`].

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub use std::time::Instant;

#[cfg(any(test, all(target_family = "wasm", target_os = "unknown")))]
mod frozen;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use frozen::Instant;
