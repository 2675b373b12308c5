//! The memory that a WASM module has left below its cap. Natively there is no cap, and always room.
//!
//! An allocation that fails ends the module: it traps, and what has trapped is never entered again. So
//! whatever brings bytes in — files, responses, arguments — asks here first, and is refused with an error
//! while there is still enough left to say so.

use crate::prelude::*;
/// What may be taken before the next question, in bytes: a response's text and its JSON, the next
/// request, and texts that are there twice while they grow.
pub const RESERVE: usize = 2 << 20;

/// Whether that many bytes can be had in one piece with the reserve: the allocator itself is asked, and
/// gets them back.
#[must_use]
pub fn room(bytes: usize) -> bool {
    let mut probe = Vec::<u8>::new();
    probe
        .try_reserve_exact(bytes.saturating_add(RESERVE))
        .is_ok()
}

/// An empty buffer for that many bytes, unless too little would be left beside it.
#[must_use]
pub fn buffer(bytes: usize) -> Option<Vec<u8>> {
    let mut buffer = Vec::new();
    (room(bytes) && buffer.try_reserve_exact(bytes).is_ok()).then_some(buffer)
}
