//! The memory that is left below the module's cap.
//!
//! An allocation that fails ends the instance: it traps, and a component that has trapped is never
//! entered again. So whatever brings bytes into the component — files, responses, arguments — asks here
//! first, and is refused with an error while there is still enough left to say so.

/// What a refusal says.
pub const FULL: &str = "the component's memory is full";

/// What every call may take beside what it asked for, in bytes: a response's text and its JSON, the next
/// request, and what strings that grow hold twice.
pub const RESERVE: usize = 2 << 20;

#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// Whether that many bytes can be had in one piece, and the reserve besides: the allocator itself is
/// asked, and gives it back.
pub fn room(bytes: usize) -> bool {
    Vec::<u8>::new().try_reserve_exact(bytes.saturating_add(RESERVE)).is_ok()
}

/// An empty buffer of that many bytes, unless too little would be left beside it.
pub fn buffer(bytes: usize) -> Option<Vec<u8>> {
    if !room(bytes) {
        return None;
    }
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(bytes).is_ok().then_some(buffer)
}
