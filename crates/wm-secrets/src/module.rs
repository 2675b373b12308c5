//! What the module exports: contract 1 of `docs/wm-seed.md`.

use core::arch::wasm32::{memory_grow, memory_size, unreachable};
use core::cell::UnsafeCell;

use crate::Answer;

/// Bytes of a page of memory.
const PAGE: usize = 1 << 16;

struct Own<T>(UnsafeCell<T>);

// SAFETY: the module has one thread.
unsafe impl<T> Sync for Own<T> {}

static ANSWER: Own<Answer> = Own(UnsafeCell::new(Answer::new()));

unsafe extern "C" {
    /// Where memory begins that the linker has given to nothing
    static __heap_base: u8;
}

fn room() -> usize {
    (&raw const __heap_base).expose_provenance()
}

/// The version of the contract.
#[unsafe(no_mangle)]
pub extern "C" fn wm_governance() -> i32 {
    1
}

/// Where so many bytes may be written, which is the same place each time; 0 if there is no room.
#[unsafe(no_mangle)]
pub extern "C" fn wm_alloc(length: usize) -> usize {
    let start = room();
    let Some(end) = start.checked_add(length) else {
        return 0;
    };
    let missing = end.div_ceil(PAGE).saturating_sub(memory_size(0));
    if missing > 0 && memory_grow(0, missing) == usize::MAX {
        return 0;
    }
    start
}

/// The answer to a call, whose JSON lies there.
#[unsafe(no_mangle)]
pub extern "C" fn wm_judge(start: usize, length: usize) -> u64 {
    let end = start.checked_add(length);
    if start != room() || end.is_none_or(|end| end.div_ceil(PAGE) > memory_size(0)) {
        unreachable()
    }
    // SAFETY: it is behind all that the linker placed, within memory as was just checked, and nothing else has it.
    let call = unsafe {
        core::slice::from_raw_parts_mut(core::ptr::with_exposed_provenance_mut(start), length)
    };
    // SAFETY: the module has one thread, and nothing keeps it between calls.
    let answer = unsafe { &mut *ANSWER.0.get() };
    crate::judge(call, answer);
    let text = answer.bytes();
    if text.is_empty() {
        return 0;
    }
    (text.as_ptr().addr() as u64) << 32 | text.len() as u64
}

/// What a panic does: it traps, and the call is refused.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    unreachable()
}
