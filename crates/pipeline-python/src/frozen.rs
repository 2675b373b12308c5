//! The standard library as a part of the program: the interpreter's table of frozen modules.

use std::ffi::{CString, c_int};

use pyo3::ffi;

static CODE: &[u8] = include_bytes!(concat!(env!("FROZEN"), "/modules.bin"));
static TABLE: &str = include_str!(concat!(env!("FROZEN"), "/modules.txt"));

/// Whether this program carries its standard library.
pub(crate) fn is_whole() -> bool {
    !TABLE.is_empty()
}

/// Makes the table known to the interpreter, before it starts.
pub(crate) fn install() {
    let mut code = CODE;
    let mut table: Vec<ffi::_frozen> = TABLE
        .lines()
        .map(|line| {
            let mut words = line.split(' ');
            let mut word = || words.next().expect("freeze.py writes three words a line");
            let name = CString::new(word()).expect("a module's name has no NUL");
            let is_package = c_int::from(word() == "package");
            let size: usize = word().parse().expect("the third word is a size");
            let (own, rest) = code.split_at(size);
            code = rest;
            ffi::_frozen {
                name: name.into_raw(),
                code: own.as_ptr(),
                size: c_int::try_from(size).expect("a module is smaller than 2 GiB"),
                is_package,
            }
        })
        .collect();
    table.push(ffi::_frozen {
        name: std::ptr::null(),
        code: std::ptr::null(),
        size: 0,
        is_package: 0,
    });
    // SAFETY: the interpreter does not run yet, so nobody reads the pointer; the table ends in an
    // entry without a name, and lives as long as the program, as do its names and the code.
    unsafe {
        ffi::PyImport_FrozenModules = table.leak().as_ptr();
    }
}
