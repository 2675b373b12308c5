//! llguidance as a core WebAssembly module.
//!
//! The module imports nothing and exports `memory`, the growable function table
//! `__indirect_function_table`, the 51 `llg_*` functions of llguidance's C ABI,
//! and the `llg_wasm_*` functions below: none of the 51 gives a host memory to pass
//! arguments in, bounds it, or tells why an instance ended.
//!
//! There is no clock (see crate `instant`), no threads, and no unwinding: a panic
//! traps, and the instance is then lost.

// Named so that the linker keeps and exports every function in it.
pub use llguidance::ffi::*;

mod allocator;
mod constraint;
mod last_words;
mod memory;
#[cfg(any(test, target_family = "wasm"))]
mod pooled;
pub use allocator::{llg_wasm_alloc, llg_wasm_free};
pub use last_words::llg_wasm_panic_message;
pub use memory::{llg_wasm_allocated, llg_wasm_set_memory_limit};
