//! The component's allocator.
//!
//! Rust's own for this target is dlmalloc; see `docs/decisions/0027-smallest-component.md`.

#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::TalckWasm = {
    // SAFETY: the component has one thread, and no other allocator.
    unsafe { talc::TalckWasm::new_global() }
};
