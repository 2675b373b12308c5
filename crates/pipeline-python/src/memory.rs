//! The memory that Python takes, and whether it may.

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;
use std::sync::OnceLock;

use pyo3::ffi::{self, PyMemAllocatorDomain as Domain};

/// Who counts memory for the whole process.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    /// Counts bytes, or says that they are too many.
    pub take: fn(usize) -> bool,
    /// Counts bytes that were given back.
    pub give_back: fn(usize),
    /// Ends the process, because there is no other way to say that they are too many.
    pub exceeded: fn() -> !,
}

static ACCOUNT: OnceLock<Account> = OnceLock::new();

thread_local! {
    /// Whether a node's own code runs.
    static CATCHABLE: Cell<bool> = const { Cell::new(false) };
}

/// What there must be room for besides: for the words that say what went wrong, and for the bytes by
/// which a block is larger than was asked for.
const RESERVE: usize = 1 << 20;

/// Runs a node's own code: memory that it may not have is a `MemoryError` there. Elsewhere, as while
/// items are converted, nobody could catch that, and the process ends.
pub(crate) fn catchable<T>(code: impl FnOnce() -> T) -> T {
    CATCHABLE.set(true);
    let result = code();
    CATCHABLE.set(false);
    result
}

/// Takes about as many bytes, if they may be taken, and counts those that there are in the end.
fn counted(
    size: usize,
    block: impl FnOnce() -> *mut c_void,
    actual: impl FnOnce(*mut c_void) -> usize,
) -> *mut c_void {
    let Some(account) = ACCOUNT.get() else {
        return ptr::null_mut();
    };
    let most = size.saturating_add(RESERVE);
    if !(account.take)(most) {
        if CATCHABLE.get() {
            return ptr::null_mut();
        }
        (account.exceeded)();
    }
    let block = block();
    let actual = if block.is_null() { 0 } else { actual(block) };
    (account.give_back)(most.saturating_sub(actual));
    block
}

fn give_back(size: usize) {
    if let Some(account) = ACCOUNT.get() {
        (account.give_back)(size);
    }
}

fn size_of_block(block: *mut c_void) -> usize {
    // SAFETY: it is called for blocks that C's allocator has just given, or that Python has from here.
    unsafe { c::malloc_usable_size(block) }
}

mod c {
    use std::ffi::c_void;

    unsafe extern "C" {
        pub fn malloc(size: usize) -> *mut c_void;
        pub fn calloc(count: usize, size: usize) -> *mut c_void;
        pub fn realloc(block: *mut c_void, size: usize) -> *mut c_void;
        pub fn free(block: *mut c_void);
        #[cfg_attr(target_os = "macos", link_name = "malloc_size")]
        pub fn malloc_usable_size(block: *mut c_void) -> usize;
    }
}

/// Has Python take its memory from here, before it starts: blocks of C's `malloc`, which are also
/// what objects above 512 bytes are in, and arenas, where smaller ones are.
pub(crate) fn install(account: Account) {
    _ = ACCOUNT.set(account);
    let mut blocks = ffi::PyMemAllocatorEx {
        ctx: ptr::null_mut(),
        malloc: Some(malloc),
        calloc: Some(calloc),
        realloc: Some(realloc),
        free: Some(free),
    };
    // SAFETY: Python has not started, so no memory of its allocators is in use; the structures are
    // filled before they are read, and copied.
    unsafe {
        let get = |domain| {
            let mut allocator: ffi::PyMemAllocatorEx = std::mem::zeroed();
            ffi::PyMem_GetAllocator(domain, &raw mut allocator);
            allocator.malloc.map(|function| function as usize)
        };
        let raw = get(Domain::PYMEM_DOMAIN_RAW);
        // Built without an allocator of its own for objects, Python takes them from `malloc` too.
        for domain in [
            Domain::PYMEM_DOMAIN_OBJ,
            Domain::PYMEM_DOMAIN_MEM,
            Domain::PYMEM_DOMAIN_RAW,
        ] {
            if get(domain) == raw {
                ffi::PyMem_SetAllocator(domain, &raw mut blocks);
            }
        }
        let mut arenas: ffi::PyObjectArenaAllocator = std::mem::zeroed();
        ffi::PyObject_GetArenaAllocator(&raw mut arenas);
        _ = ARENAS.set(Arenas(arenas));
        let mut own_arenas = ffi::PyObjectArenaAllocator {
            ctx: ptr::null_mut(),
            alloc: Some(take_arena),
            free: Some(free_arena),
        };
        ffi::PyObject_SetArenaAllocator(&raw mut own_arenas);
    }
}

extern "C" fn malloc(_: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: any size is allowed; Python wants a block for none too.
    counted(size, || unsafe { c::malloc(size.max(1)) }, size_of_block)
}

extern "C" fn calloc(_: *mut c_void, count: usize, size: usize) -> *mut c_void {
    let bytes = count.saturating_mul(size);
    // SAFETY: as above.
    counted(
        bytes,
        || unsafe { c::calloc(count.max(1), size.max(1)) },
        size_of_block,
    )
}

extern "C" fn realloc(_: *mut c_void, block: *mut c_void, size: usize) -> *mut c_void {
    let before = if block.is_null() {
        0
    } else {
        size_of_block(block)
    };
    // SAFETY: Python gives null, or a block that it has from here.
    let block = counted(
        size,
        || unsafe { c::realloc(block, size.max(1)) },
        size_of_block,
    );
    if !block.is_null() {
        give_back(before);
    }
    block
}

extern "C" fn free(_: *mut c_void, block: *mut c_void) {
    if !block.is_null() {
        let size = size_of_block(block);
        give_back(size);
        // What is in free blocks would be part of the module.
        #[cfg(target_family = "wasm")]
        if crate::snapshot::is_preparing() {
            // SAFETY: the block is Python's until it is freed, and has that size.
            unsafe { block.cast::<u8>().write_bytes(0, size) };
        }
        // SAFETY: Python gives a block that it has from here.
        unsafe { c::free(block) };
    }
}

/// Where Python takes arenas from by itself.
struct Arenas(ffi::PyObjectArenaAllocator);
static ARENAS: OnceLock<Arenas> = OnceLock::new();

// SAFETY: its functions are called as Python calls them, by whichever thread is attached.
unsafe impl Send for Arenas {}
// SAFETY: as above.
unsafe impl Sync for Arenas {}

extern "C" fn take_arena(_: *mut c_void, size: usize) -> *mut c_void {
    let take = || {
        ARENAS
            .get()
            .and_then(|Arenas(own)| own.alloc.map(|take| take(own.ctx, size)))
            .unwrap_or(ptr::null_mut())
    };
    counted(size, take, |_| size)
}

extern "C" fn free_arena(_: *mut c_void, arena: *mut c_void, size: usize) {
    give_back(size);
    if let Some(Arenas(own)) = ARENAS.get()
        && let Some(free) = own.free
    {
        free(own.ctx, arena, size);
    }
}
