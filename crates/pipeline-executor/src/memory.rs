//! How much memory a run may have.
//!
//! It is the bytes that are allocated which are counted, not the pages that they lie in: the limit
//! means the same natively and in WASM.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{self, Write as _};
use std::process;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

use pipeline::{Error, ErrorKind};

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

/// The system's allocator, up to the limit. There is no way to return an error from an allocation,
/// so beyond it the program ends, with its error on standard output as for any other.
pub struct Limited;

// SAFETY: memory is the system allocator's, asked with the caller's own arguments. The counters
// besides are atomic and allocate nothing, and `out_of_memory` does not return.
unsafe impl GlobalAlloc for Limited {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !take(layout.size()) {
            out_of_memory();
        }
        // SAFETY: the caller keeps the contract of `alloc`, which is the same.
        or_end(unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if !take(layout.size()) {
            out_of_memory();
        }
        // SAFETY: the caller keeps the contract of `alloc_zeroed`, which is the same.
        or_end(unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        give_back(layout.size());
        // SAFETY: the caller keeps the contract of `dealloc`, and `block` is `System`'s.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if !take(new_size) {
            out_of_memory();
        }
        give_back(layout.size());
        // SAFETY: the caller keeps the contract of `realloc`, and `block` is `System`'s.
        or_end(unsafe { System.realloc(block, layout, new_size) })
    }
}

fn or_end(block: *mut u8) -> *mut u8 {
    if ptr::eq(block, ptr::null()) {
        out_of_memory();
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
    let error = Error::new(ErrorKind::Execution, message);
    let _ = writeln!(io::stderr(), "pipeline-executor: {error}");
    let _ = writeln!(io::stdout(), "{}", error.to_json());
    process::exit(crate::LIMIT.into());
}
