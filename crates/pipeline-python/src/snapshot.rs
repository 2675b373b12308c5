//! The interpreter, started when the module is built.
//!
//! [`prepare`] runs once, in wizer, and its memory becomes the module's; each run of the module
//! begins with [`resume`]. What the snapshot has frozen is made anew there: the environment, the
//! folders that the host has opened, `random`, and the moment at which the process started.

use std::ffi::c_int;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::prelude::*;

use crate::{Account, StartError, frozen, interpreter};

/// Whether the module is being built.
static PREPARING: AtomicBool = AtomicBool::new(false);

/// Runs C's constructors, starts the interpreter and imports what nodes use most.
///
/// # Errors
/// The interpreter does not start, or cannot import a module.
pub fn prepare(account: Account) -> Result<(), StartError> {
    PREPARING.store(true, Ordering::Relaxed);
    // SAFETY: they run once, here, because [`resume`] is called in place of `_start`.
    unsafe { __wasm_call_ctors() };
    interpreter::start(account).map_err(StartError)?;
    let imported = Python::attach(|py| {
        interpreter::running(py)?
            .call_method0("freeze")?
            .extract::<Vec<String>>()
    })
    .map_err(|error| StartError(error.to_string()))?;
    // SAFETY: there is one thread, and it is here.
    unsafe { frozen::remove(|name| imported.iter().any(|other| other == name)) };
    PREPARING.store(false, Ordering::Relaxed);
    Ok(())
}

/// Makes a module that begins from the snapshot see the world it runs in.
///
/// # Errors
/// Python raises an exception.
pub fn resume() -> Result<(), StartError> {
    // SAFETY: nothing has used the environment or a file yet, so no pointer into either is kept.
    unsafe {
        __wasilibc_initialize_environ();
        __wasilibc_reset_preopens();
    }
    let environment: Vec<_> = std::env::vars_os().collect();
    Python::attach(|py| {
        interpreter::running(py)?
            .call_method1("resume", (environment,))
            .map(|_| ())
    })
    .map_err(|error| StartError(error.to_string()))
}

/// Whether the module is being built, and its memory will be part of it.
pub(crate) fn is_preparing() -> bool {
    PREPARING.load(Ordering::Relaxed)
}

unsafe extern "C" {
    fn __wasm_call_ctors();
    fn __wasilibc_initialize_environ();
    fn __wasilibc_reset_preopens();

    fn __real___wasi_clock_time_get(clock: u32, precision: u64, nanoseconds: *mut u64) -> u16;
    fn __real_getentropy(buffer: *mut u8, size: usize) -> c_int;
}

/// What the C library calls as `__wasi_clock_time_get`: while the module is built, time stands
/// still, or each build would give another module.
///
/// # Safety
/// As of C's function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __wrap___wasi_clock_time_get(
    clock: u32,
    precision: u64,
    nanoseconds: *mut u64,
) -> u16 {
    if !is_preparing() {
        // SAFETY: the caller's promise.
        return unsafe { __real___wasi_clock_time_get(clock, precision, nanoseconds) };
    }
    // SAFETY: the caller's pointer is to a time.
    unsafe { nanoseconds.write(0) };
    0
}

/// What everybody calls as `getentropy`; as with time.
///
/// # Safety
/// As of C's function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __wrap_getentropy(buffer: *mut u8, size: usize) -> c_int {
    if !is_preparing() {
        // SAFETY: the caller's promise.
        return unsafe { __real_getentropy(buffer, size) };
    }
    // SAFETY: the caller's buffer has that size.
    unsafe { buffer.write_bytes(0, size) };
    0
}
