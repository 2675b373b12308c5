use alloc::alloc::{GlobalAlloc, Layout, alloc, dealloc};
use alloc::string::String;
use alloc::vec::Vec;
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
#[cfg(not(target_family = "wasm"))]
use std::alloc::System;

use crate::json::Error;

/// The most that a byte of JSON may take, read and kept: `{"":0},` has a node of eleven members, 404 bytes, and a
/// place in a list that doubles; a word of two letters a node's share, two lists of four and its text, 300 bytes.
const PER_BYTE: usize = 128;

/// The most bytes of an item of an answer beside its id, and of what it is written from.
pub const PER_ITEM: usize = 128;

/// Where memory that `wm_alloc` gives begins: at multiples of this.
const ALIGN: usize = 8;

#[cfg(target_family = "wasm")]
static SYSTEM: talc::TalckWasm = {
    // SAFETY: the module has one thread, and all that it allocates comes from here.
    unsafe { talc::TalckWasm::new_global() }
};
#[cfg(not(target_family = "wasm"))]
static SYSTEM: System = System;

/// The system's allocator, with a count of what is allocated and a limit on it.
struct Bounded {
    allocated: AtomicUsize,
    limit: AtomicUsize,
}

#[global_allocator]
static MEMORY: Bounded = Bounded {
    allocated: AtomicUsize::new(0),
    limit: AtomicUsize::new(usize::MAX),
};

// SAFETY: every block comes from the system's allocator, with the layout that was asked for, or is null. Its
// other functions are made of these two.
unsafe impl GlobalAlloc for Bounded {
    // NB: neither is inlined, or LLVM would take the allocator's words before a block that was just allocated for
    // undefined
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let before = self.allocated.fetch_add(layout.size(), Relaxed);
        let sum = before.checked_add(layout.size());
        let block = if sum.is_some_and(|sum| sum <= self.limit.load(Relaxed)) {
            // SAFETY: by the caller's promise about the layout.
            unsafe { SYSTEM.alloc(layout) }
        } else {
            ptr::null_mut()
        };
        if block.is_null() {
            self.allocated.fetch_sub(layout.size(), Relaxed);
        }
        block
    }

    #[inline(never)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        self.allocated.fetch_sub(layout.size(), Relaxed);
        // SAFETY: by the caller's promise, and because the block came from there.
        unsafe { SYSTEM.dealloc(block, layout) };
    }
}

/// Makes sure that so many bytes can be allocated, beside the growth of what there is.
pub fn require(bytes: usize) -> Result<(), Error> {
    // NB: the limit may be below what is allocated already
    let held = MEMORY.allocated.load(Relaxed);
    let all = held
        .checked_mul(2)
        .and_then(|twice| twice.checked_add(bytes));
    let probe = all.and_then(|all| {
        let mut probe = Vec::<u8>::new();
        probe.try_reserve_exact(all).ok().map(|()| probe)
    });
    // NB: what is allocated and never looked at need not be allocated, for the compiler
    match core::hint::black_box(probe) {
        Some(_) => Ok(()),
        None => Err(Error::OutOfMemory),
    }
}

/// As [`require`], for a call with an argument of such a length.
pub fn require_for_argument(length: usize) -> Result<(), Error> {
    require(length.saturating_mul(PER_BYTE).saturating_add(1 << 16))
}

/// As [`require`], for an answer that lists things with such ids.
pub fn require_for_ids<'a>(ids: impl IntoIterator<Item = &'a String>) -> Result<(), Error> {
    // NB: a character takes six bytes where it is escaped, and the text is moved as it grows
    let items = ids.into_iter().map(|id| 6 * id.len() + PER_ITEM);
    require(3 * items.sum::<usize>())
}

/// The argument's bytes.
///
/// # Safety
/// Natively the bytes are the caller's and readable. In WASM they are if they lie in memory, which is checked.
pub unsafe fn argument<'a>(address: *const u8, length: usize) -> Result<&'a [u8], Error> {
    if address.is_null() {
        return Err(Error::OutOfBounds);
    }
    #[cfg(target_family = "wasm")]
    {
        let end = address.addr().checked_add(length);
        let pages = core::arch::wasm32::memory_size(0);
        if end.is_none_or(|end| end.div_ceil(1 << 16) > pages) {
            return Err(Error::OutOfBounds);
        }
    }
    // SAFETY: by the caller's promise, or because it was just checked; nothing writes while a call lasts.
    Ok(unsafe { core::slice::from_raw_parts(address, length) })
}

fn layout(size: usize) -> Option<Layout> {
    let layout = Layout::from_size_align(size, ALIGN).ok()?;
    (size > 0).then_some(layout)
}

/// Allocates `size` bytes at a multiple of 8; the bytes are not set.
///
/// Returns null, and allocates nothing, if `size` is 0 or more than memory or its limit allows. Memory may move
/// when it grows: a host looks at its view of memory anew after each call into the module.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn wm_alloc(size: usize) -> *mut u8 {
    match layout(size) {
        // SAFETY: the layout's size is not zero.
        Some(layout) => unsafe { alloc(layout) },
        None => ptr::null_mut(),
    }
}

/// Gives back what [`wm_alloc`] returned; null is allowed and does nothing.
///
/// # Safety
/// An `address` that is not null comes from `wm_alloc` with the same `size`, and has not been freed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wm_free(address: *mut u8, size: usize) {
    if let Some(layout) = layout(size)
        && !address.is_null()
    {
        // SAFETY: by this function's contract `alloc` returned `address` for this layout.
        unsafe { dealloc(address, layout) };
    }
}

/// Bounds the bytes that may be allocated at once; at first there is no bound but memory's own.
#[unsafe(no_mangle)]
pub extern "C" fn wm_set_memory_limit(bytes: usize) {
    MEMORY.limit.store(bytes, Relaxed);
}

/// Bytes that are allocated, by the host and by the module together.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn wm_allocated() -> usize {
    MEMORY.allocated.load(Relaxed)
}
