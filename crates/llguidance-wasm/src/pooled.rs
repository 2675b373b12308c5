use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr;

/// Bytes by which the sizes of pooled blocks differ. A word of the list fits in the smallest.
const STEP: usize = 16;
/// Bytes of the largest block that is pooled.
const LARGEST: usize = 1024;
/// What the system's allocator aligns to without being asked.
const ALIGN: usize = 2 * size_of::<usize>();

/// The system's allocator, with blocks of up to [`LARGEST`] bytes that are kept when they are freed.
///
/// A derivative allocates two vectors and frees them, thousands of times in a mask. Taking a block from
/// the list of its size, and putting it back, is a few instructions, where the system's allocator splits
/// and merges. Kept blocks serve their own size only: memory may grow to the sum of what each size had at
/// its most.
pub struct Pooled {
    /// The last block that was freed of each size; each block holds the address of the one before.
    free: [Cell<*mut u8>; LARGEST / STEP],
}

impl Pooled {
    pub const fn new() -> Self {
        Self {
            free: [const { Cell::new(ptr::null_mut()) }; LARGEST / STEP],
        }
    }

    /// The list that blocks of this layout are in, and the layout that they all have.
    #[inline]
    fn pool(&self, layout: Layout) -> Option<(&Cell<*mut u8>, Layout)> {
        let class = layout.size().wrapping_sub(1) / STEP;
        let pool = self.free.get(class)?;
        let common = Layout::from_size_align((class + 1) * STEP, ALIGN).ok()?;
        (layout.align() <= ALIGN).then_some((pool, common))
    }
}

/// Where a block in a list, which is aligned to [`ALIGN`], holds the address of the one before.
fn link(block: *mut u8) -> *mut *mut u8 {
    block.cast()
}

// SAFETY: the module has one thread: no two exist that could reach a list at once.
#[cfg(all(target_family = "wasm", not(target_feature = "atomics")))]
unsafe impl Sync for Pooled {}

// SAFETY: a block comes from `System` with a layout that is at least what was asked for, and is in a list
// only after it was freed.
unsafe impl GlobalAlloc for Pooled {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some((pool, common)) = self.pool(layout) else {
            // SAFETY: by the caller's promise about the layout.
            return unsafe { System.alloc(layout) };
        };
        let block = pool.get();
        if block.is_null() {
            // SAFETY: `common` is not empty.
            return unsafe { System.alloc(common) };
        }
        // SAFETY: a block in the list is free, has room for an address, and holds one.
        pool.set(unsafe { link(block).read() });
        block
    }

    #[inline]
    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        if let Some((pool, _)) = self.pool(layout) {
            // SAFETY: the block is the list's from here on, and has room for an address.
            unsafe { link(address).write(pool.get()) };
            pool.set(address);
        } else {
            // SAFETY: blocks of such a layout come from `System` with just that.
            unsafe { System.dealloc(address, layout) };
        }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if self.pool(layout).is_none() {
            // SAFETY: by the caller's promise about the layout.
            return unsafe { System.alloc_zeroed(layout) };
        }
        // SAFETY: the same, and a block that is not null has the layout's bytes.
        unsafe {
            let block = self.alloc(layout);
            if !block.is_null() {
                block.write_bytes(0, layout.size());
            }
            block
        }
    }

    #[inline]
    unsafe fn realloc(&self, address: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller promises that `size`, rounded up to the alignment, is a layout's.
        let asked = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        let common = |layout| self.pool(layout).map(|(_, common)| common);
        match (common(layout), common(asked)) {
            // SAFETY: the block came from `System` with this layout.
            (None, None) => unsafe { System.realloc(address, layout, size) },
            (before, after) if before == after => address,
            // SAFETY: both blocks have the bytes that are copied, and the first is not used again.
            _ => unsafe {
                let moved = self.alloc(asked);
                if !moved.is_null() {
                    moved.copy_from_nonoverlapping(address, layout.size().min(size));
                    self.dealloc(address, layout);
                }
                moved
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize) -> Layout {
        Layout::from_size_align(size, 4).expect("a layout")
    }

    #[test]
    fn blocks_are_apart_and_whole_whatever_is_freed_between() {
        let memory = Pooled::new();
        let mut blocks: Vec<(*mut u8, usize, u8)> = Vec::new();
        // SAFETY: no size is 0, each block is used within its size, and freed once with its layout.
        unsafe {
            for turn in 0..5000_usize {
                let size = 1 + turn * 7919 % (LARGEST + 200);
                let fill = turn.to_le_bytes()[0];
                let block = memory.alloc(layout(size));
                assert_eq!(block.addr() % ALIGN, 0, "size {size}");
                block.write_bytes(fill, size);
                blocks.push((block, size, fill));
                if turn % 3 > 0 {
                    let (block, size, fill) = blocks.swap_remove(turn * 31 % blocks.len());
                    let larger = 1 + turn * 101 % (LARGEST + 200);
                    let moved = memory.realloc(block, layout(size), larger);
                    let kept = std::slice::from_raw_parts(moved, size.min(larger));
                    assert!(kept.iter().all(|byte| *byte == fill), "{size} to {larger}");
                    memory.dealloc(moved, layout(larger));
                }
            }
            for (block, size, fill) in blocks {
                let bytes = std::slice::from_raw_parts(block, size);
                assert!(bytes.iter().all(|byte| *byte == fill), "size {size}");
                memory.dealloc(block, layout(size));
            }
        }
    }

    #[test]
    fn what_was_freed_is_taken_again_for_its_size_and_no_other() {
        let memory = Pooled::new();
        // SAFETY: no size is 0, and each block is freed once with its layout.
        unsafe {
            let block = memory.alloc(layout(STEP + 1));
            memory.dealloc(block, layout(STEP + 1));
            let other = memory.alloc(layout(STEP));
            assert_ne!(other, block);
            assert_eq!(memory.alloc(layout(2 * STEP)), block);
            memory.dealloc(block, layout(2 * STEP));
            memory.dealloc(other, layout(STEP));
        }
    }

    #[test]
    fn zeroed_memory_is_zero_after_another_use() {
        let memory = Pooled::new();
        // SAFETY: no size is 0, and each block is freed once with its layout.
        unsafe {
            let block = memory.alloc(layout(100));
            block.write_bytes(0xFF, 100);
            memory.dealloc(block, layout(100));
            let again = memory.alloc_zeroed(layout(100));
            assert_eq!(again, block);
            assert_eq!(std::slice::from_raw_parts(again, 100), [0; 100]);
            memory.dealloc(again, layout(100));
        }
    }
}
