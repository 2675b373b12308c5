use std::alloc::{Layout, alloc, dealloc};
use std::ptr;

use crate::last_words;

/// Allocates `size` bytes at an address that is a multiple of `align`; the bytes are not set.
///
/// Returns null, and allocates nothing, if `size` is 0, if `align` is not a power
/// of two (0 included), if `size` rounded up to `align` exceeds `isize::MAX`, if memory
/// cannot grow, or if its limit is reached. Memory may move when it grows: a host looks at
/// its view of memory anew after each call into the module.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn llg_wasm_alloc(size: usize, align: usize) -> *mut u8 {
    // NB: no function of llguidance can be called without memory to pass arguments in
    if cfg!(target_family = "wasm") {
        last_words::listen();
    }
    match Layout::from_size_align(size, align) {
        // SAFETY: the layout's size is not zero.
        Ok(layout) if size > 0 => unsafe { alloc(layout) },
        _ => ptr::null_mut(),
    }
}

/// Gives back what [`llg_wasm_alloc`] returned; null is allowed and does nothing.
///
/// A `size` or `align` that `llg_wasm_alloc` would have refused does nothing either.
///
/// # Safety
/// A `pointer` that is not null comes from `llg_wasm_alloc` with the same `size` and
/// `align`, and has not been freed before. Memory that llguidance itself returned
/// (strings, masks, handles) is not freed here.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn llg_wasm_free(pointer: *mut u8, size: usize, align: usize) {
    if let Ok(layout) = Layout::from_size_align(size, align)
        && size > 0
        && !pointer.is_null()
    {
        // SAFETY: by this function's contract `alloc` returned `pointer` for this layout.
        unsafe { dealloc(pointer, layout) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_aligned_distinct_and_writable() {
        for shift in 0..=16 {
            let align = 1_usize << shift;
            for size in [1, align.saturating_sub(1).max(1), align, align + 1] {
                let a = llg_wasm_alloc(size, align);
                let b = llg_wasm_alloc(size, align);
                assert!(!a.is_null() && !b.is_null());
                assert_eq!(a.addr() % align, 0, "size {size}, align {align}");
                assert_eq!(b.addr() % align, 0, "size {size}, align {align}");
                assert!(a.addr().abs_diff(b.addr()) >= size, "blocks overlap");
                // SAFETY: each block has `size` bytes and is freed once with its layout.
                unsafe {
                    a.write_bytes(0xAA, size);
                    b.write_bytes(0x55, size);
                    assert_eq!(a.add(size - 1).read(), 0xAA);
                    assert_eq!(b.read(), 0x55);
                    llg_wasm_free(a, size, align);
                    llg_wasm_free(b, size, align);
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_allocated_is_null() {
        for (size, align) in [
            (0, 1),
            (0, 8),
            (8, 0),
            (8, 3),
            (8, 24),
            (usize::MAX, 1),
            (isize::MAX as usize, 2),
            (isize::MAX as usize + 1, 1),
        ] {
            assert!(
                llg_wasm_alloc(size, align).is_null(),
                "size {size}, align {align}"
            );
        }
    }

    #[test]
    fn freeing_nothing_does_nothing() {
        // SAFETY: null is allowed with any size and align.
        unsafe {
            llg_wasm_free(ptr::null_mut(), 8, 8);
            llg_wasm_free(ptr::null_mut(), 0, 0);
        }
        // SAFETY: a size and an align that allocate nothing free nothing.
        unsafe {
            llg_wasm_free(ptr::dangling_mut(), 0, 1);
            llg_wasm_free(ptr::dangling_mut(), 8, 3);
        }
    }
}
