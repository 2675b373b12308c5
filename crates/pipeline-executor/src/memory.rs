//! How much memory a run may have.
//!
//! It is the bytes that are allocated which are counted, not the pages that they lie in: the limit
//! means the same natively and in WASM.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

use pipeline::{Error, ErrorKind, is_fallible};

use crate::output;

static LIMIT: AtomicUsize = AtomicUsize::new(usize::MAX);
static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// Allows the program so many bytes, those that it has included. It has an effect where [`Limited`]
/// is the allocator.
pub fn limit(bytes: usize) {
    LIMIT.store(bytes, Ordering::Relaxed);
}

/// Allows any number of bytes.
pub fn lift() {
    limit(usize::MAX);
}

/// Counts bytes that come from another allocator, such as Python's, or says that they are too many.
#[must_use]
pub fn take(bytes: usize) -> bool {
    let before = TAKEN.fetch_add(bytes, Ordering::Relaxed);
    let fits = before
        .checked_add(bytes)
        .is_some_and(|sum| sum <= LIMIT.load(Ordering::Relaxed));
    if !fits {
        give_back(bytes);
    }
    fits
}

/// Counts bytes that were given back.
pub fn give_back(bytes: usize) {
    TAKEN.fetch_sub(bytes, Ordering::Relaxed);
}

/// What there must be room for besides, where a refusal can be told: for the words that tell it.
const RESERVE: usize = 1 << 20;

/// The system's allocator, up to the limit. Beyond it there is no memory for who asks by
/// [`pipeline::fallible`]. Most code cannot be told so: there the program ends, with its error on
/// standard output as for any other.
pub struct Limited;

// SAFETY: memory is the system allocator's, asked with the caller's own arguments, or null. The
// counters besides are atomic, the flag is the thread's own, and neither allocates; `out_of_memory`
// does not return.
unsafe impl GlobalAlloc for Limited {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !fits(layout.size()) {
            return ptr::null_mut();
        }
        // SAFETY: the caller keeps the contract of `alloc`, which is the same.
        given(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if !fits(layout.size()) {
            return ptr::null_mut();
        }
        // SAFETY: the caller keeps the contract of `alloc_zeroed`, which is the same.
        given(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        give_back(layout.size());
        // SAFETY: the caller keeps the contract of `dealloc`, and `block` is `System`'s.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if !fits(new_size) {
            return ptr::null_mut();
        }
        // SAFETY: the caller keeps the contract of `realloc`, and `block` is `System`'s.
        let moved = given(unsafe { System.realloc(block, layout, new_size) }, new_size);
        if !ptr::eq(moved, ptr::null()) {
            give_back(layout.size());
        }
        moved
    }
}

/// Counts bytes, or says that they are too many where that can be told.
fn fits(bytes: usize) -> bool {
    if is_fallible() {
        let fits = take(bytes.saturating_add(RESERVE));
        if fits {
            give_back(RESERVE);
        }
        return fits;
    }
    if !take(bytes) {
        out_of_memory();
    }
    true
}

/// What the system gave for bytes that are counted, which may be nothing where that can be told.
fn given(block: *mut u8, bytes: usize) -> *mut u8 {
    if ptr::eq(block, ptr::null()) {
        if !is_fallible() {
            out_of_memory();
        }
        give_back(bytes);
    }
    block
}

/// Ends the program with [`LIMIT`](crate::LIMIT) as its exit code.
#[cold]
pub fn out_of_memory() -> ! {
    // What follows needs a little itself.
    let limit = LIMIT.swap(usize::MAX, Ordering::Relaxed);
    let message = if limit == usize::MAX {
        "the host gives no more memory".to_owned()
    } else {
        format!("the run needs more than {} MiB of memory", limit >> 20)
    };
    output::end(&Error::new(ErrorKind::Execution, message))
}
