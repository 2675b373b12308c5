//! The standard library as a part of the program: the interpreter's table of frozen modules.

use std::cell::UnsafeCell;
use std::ffi::{CString, c_int};

use pyo3::ffi;

const SIZE: usize = include_bytes!(concat!(env!("FROZEN"), "/modules.bin")).len();
static CODE: Code = Code(UnsafeCell::new(*include_bytes!(concat!(
    env!("FROZEN"),
    "/modules.bin"
))));
static TABLE: &str = include_str!(concat!(env!("FROZEN"), "/modules.txt"));

struct Code(UnsafeCell<[u8; SIZE]>);

// SAFETY: it is written by `remove` only, whose caller knows that nobody reads.
unsafe impl Sync for Code {}

/// Whether this program carries its standard library.
pub(crate) fn is_whole() -> bool {
    !TABLE.is_empty()
}

/// Makes the table known to the interpreter, before it starts.
pub(crate) fn install() {
    // SAFETY: the interpreter does not run yet.
    unsafe { set_table(|_| true) };
}

/// Takes modules out of the table, and their code out of memory, so that a snapshot in which they
/// have been imported does not have them twice.
///
/// # Safety
/// No module is being imported.
#[cfg(target_family = "wasm")]
pub(crate) unsafe fn remove(is_imported: impl Fn(&str) -> bool) {
    for (name, _, start, size) in entries().filter(|(name, ..)| is_imported(name)) {
        debug_assert!(start + size <= SIZE, "{name} is within the code");
        // SAFETY: the interpreter has its own copy of what it imported, and by the caller's promise
        // it is not reading the code now.
        unsafe { CODE.0.get().cast::<u8>().add(start).write_bytes(0, size) };
    }
    // SAFETY: by the caller's promise nobody is reading the table.
    unsafe { set_table(|name| !is_imported(name)) };
}

/// # Safety
/// Nobody is reading the interpreter's table.
unsafe fn set_table(is_kept: impl Fn(&str) -> bool) {
    let mut table: Vec<ffi::_frozen> = entries()
        .filter(|(name, ..)| is_kept(name))
        .map(|(name, is_package, start, size)| ffi::_frozen {
            name: CString::new(name)
                .expect("a module's name has no NUL")
                .into_raw(),
            code: CODE.0.get().cast::<u8>().wrapping_add(start),
            size: c_int::try_from(size).expect("a module is smaller than 2 GiB"),
            is_package: is_package.into(),
        })
        .collect();
    table.push(ffi::_frozen {
        name: std::ptr::null(),
        code: std::ptr::null(),
        size: 0,
        is_package: 0,
    });
    // SAFETY: the caller's promise; the table ends in an entry without a name, and lives as long as
    // the program, as do its names and the code.
    unsafe {
        ffi::PyImport_FrozenModules = table.leak().as_ptr();
    }
}

/// For each module its name, whether it is a package, and where its code begins and how long it is.
fn entries() -> impl Iterator<Item = (&'static str, bool, usize, usize)> {
    let mut start = 0;
    TABLE.lines().map(move |line| {
        let mut words = line.split(' ');
        let mut word = || words.next().expect("freeze.py writes three words a line");
        let (name, kind) = (word(), word());
        let size = word().parse().expect("the third word is a size");
        start += size;
        (name, kind == "package", start - size, size)
    })
}
