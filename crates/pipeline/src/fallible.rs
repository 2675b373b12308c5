//! Memory that may be refused.

use std::cell::Cell;

thread_local! {
    static FALLIBLE: Cell<bool> = const { Cell::new(false) };
}

/// Asks for memory in a way that may fail, such as `try_reserve`. An allocator that ends the program
/// for want of memory, because most code cannot be told, gives none here instead.
pub fn fallible<T>(ask: impl FnOnce() -> T) -> T {
    let before = FALLIBLE.replace(true);
    let result = ask();
    FALLIBLE.set(before);
    result
}

/// Whether who asks for memory on this thread can be told that there is none.
#[must_use]
pub fn is_fallible() -> bool {
    FALLIBLE.get()
}
