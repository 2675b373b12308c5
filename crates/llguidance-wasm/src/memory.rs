use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::last_words;

/// The module's allocator: the one beneath, with a count of what is allocated and a limit on it.
///
/// At the limit an allocation fails as if memory could not grow: what the host asks for by
/// [`llg_wasm_alloc`](crate::llg_wasm_alloc) is null, and llguidance itself ends in a trap, of which
/// [`llg_wasm_panic_message`](crate::llg_wasm_panic_message) tells.
struct Bounded<A> {
    beneath: A,
    allocated: AtomicUsize,
    limit: AtomicUsize,
}

#[cfg(target_family = "wasm")]
#[global_allocator]
static MEMORY: Bounded<crate::pooled::Pooled> = Bounded::over(crate::pooled::Pooled::new());
#[cfg(not(target_family = "wasm"))]
#[global_allocator]
static MEMORY: Bounded<std::alloc::System> = Bounded::over(std::alloc::System);

impl<A> Bounded<A> {
    const fn over(beneath: A) -> Self {
        Self {
            beneath,
            allocated: AtomicUsize::new(0),
            limit: AtomicUsize::new(usize::MAX),
        }
    }

    /// Counts `more` bytes and calls `allocate`, unless that would exceed the limit; counts them
    /// back if it returns null.
    fn grow(&self, more: usize, allocate: impl FnOnce() -> *mut u8) -> *mut u8 {
        let before = self.allocated.fetch_add(more, Relaxed);
        let limit = self.limit.load(Relaxed);
        let address = if before.checked_add(more).is_some_and(|sum| sum <= limit) {
            allocate()
        } else {
            std::ptr::null_mut()
        };
        if address.is_null() {
            self.allocated.fetch_sub(more, Relaxed);
            // NB: there is one message, and natively several threads
            if cfg!(target_family = "wasm") {
                last_words::out_of_memory(more, before, limit);
            }
        }
        address
    }
}

// NB: none is inlined. To LLVM a block that was just allocated is memory of its own; where it sees in the
// same function that freeing reads the allocator's words before the block, it takes them for undefined,
// and at opt-level 3 made the first `HashMap` trap.
// SAFETY: every block comes from the allocator beneath, with the layout that it was asked for, or is null.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Bounded<A> {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: by the caller's promise about the layout.
        self.grow(layout.size(), || unsafe { self.beneath.alloc(layout) })
    }

    #[inline(never)]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: by the caller's promise about the layout.
        self.grow(layout.size(), || unsafe {
            self.beneath.alloc_zeroed(layout)
        })
    }

    #[inline(never)]
    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        self.allocated.fetch_sub(layout.size(), Relaxed);
        // SAFETY: by the caller's promise, and because the block came from beneath.
        unsafe { self.beneath.dealloc(address, layout) };
    }

    #[inline(never)]
    unsafe fn realloc(&self, address: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: by the caller's promise, and because the block came from beneath.
        let reallocate = || unsafe { self.beneath.realloc(address, layout, size) };
        if let Some(more) = size.checked_sub(layout.size()) {
            return self.grow(more, reallocate);
        }
        let moved = reallocate();
        if !moved.is_null() {
            self.allocated.fetch_sub(layout.size() - size, Relaxed);
        }
        moved
    }
}

/// Bounds the bytes that may be allocated at once; at first there is no bound but memory's own.
///
/// A limit below what is allocated already only keeps more from being allocated. The memory's size
/// may exceed the limit by what lies free between allocated blocks.
#[unsafe(no_mangle)]
pub extern "C" fn llg_wasm_set_memory_limit(bytes: usize) {
    MEMORY.limit.store(bytes, Relaxed);
}

/// Bytes that are allocated, by the host and by llguidance together.
///
/// After everything is freed this is what it was before, save for what is made once: the string of
/// the version, and the hook for panics.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn llg_wasm_allocated() -> usize {
    MEMORY.allocated.load(Relaxed)
}

#[cfg(test)]
mod tests {
    use std::alloc::System;

    use super::*;

    fn bounded(limit: usize) -> Bounded<System> {
        Bounded {
            limit: AtomicUsize::new(limit),
            ..Bounded::over(System)
        }
    }

    #[test]
    fn at_the_limit_and_not_a_byte_above() {
        let memory = bounded(100);
        let layout = |size| Layout::from_size_align(size, 1).expect("a layout");
        // SAFETY: no size is 0, and each block is freed with its layout.
        unsafe {
            let a = memory.alloc(layout(60));
            let b = memory.alloc_zeroed(layout(40));
            assert!(!a.is_null() && !b.is_null());
            assert!(memory.alloc(layout(1)).is_null());
            assert!(memory.realloc(a, layout(60), 61).is_null());
            let a = memory.realloc(a, layout(60), 50);
            assert!(!a.is_null());
            let a = memory.realloc(a, layout(50), 60);
            assert!(!a.is_null());
            assert_eq!(memory.allocated.load(Relaxed), 100);
            memory.dealloc(a, layout(60));
            memory.dealloc(b, layout(40));
        }
        assert_eq!(memory.allocated.load(Relaxed), 0);
    }

    #[test]
    fn a_size_that_no_counter_holds_is_refused() {
        let memory = bounded(usize::MAX);
        let one = Layout::from_size_align(1, 1).expect("a layout");
        let most = Layout::from_size_align(isize::MAX as usize, 1).expect("a layout");
        // SAFETY: no size is 0, and the block is freed with its layout.
        unsafe {
            let a = memory.alloc(one);
            assert!(memory.alloc(most).is_null());
            assert_eq!(memory.allocated.load(Relaxed), 1);
            memory.dealloc(a, one);
        }
    }
}
