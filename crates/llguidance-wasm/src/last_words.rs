//! What a host can read of an instance that trapped.

use std::cell::UnsafeCell;
use std::ffi::c_char;
use std::fmt::{self, Write as _};
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Bytes of a message, its final NUL included; what is longer is cut.
const SIZE: usize = 2048;

/// A C string that is written without allocating: the reason may be that nothing can be.
struct Message {
    bytes: UnsafeCell<[u8; SIZE]>,
    length: AtomicUsize,
}

// SAFETY: the module has one thread. Natively only tests run, and they write to messages of their
// own.
unsafe impl Sync for Message {}

static LAST: Message = Message::new();

impl Message {
    const fn new() -> Self {
        Self {
            bytes: UnsafeCell::new([0; SIZE]),
            length: AtomicUsize::new(0),
        }
    }

    fn set(&self, text: fmt::Arguments<'_>) {
        self.length.store(0, Relaxed);
        let mut writer = Writer(self);
        // NB: a message that is cut is still one
        let _ = writer.write_fmt(text);
    }

    fn as_ptr(&self) -> *const c_char {
        if self.length.load(Relaxed) == 0 {
            std::ptr::null()
        } else {
            self.bytes.get().cast()
        }
    }
}

struct Writer<'a>(&'a Message);

impl fmt::Write for Writer<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let from = self.0.length.load(Relaxed);
        let room = SIZE - 1 - from;
        let mut fits = room.min(text.len());
        while !text.is_char_boundary(fits) {
            fits -= 1;
        }
        // SAFETY: `from + fits` is below SIZE, and nothing else refers to the bytes: see `Sync`.
        unsafe {
            let to = self.0.bytes.get().cast::<u8>().add(from);
            to.copy_from_nonoverlapping(text.as_ptr(), fits);
            to.add(fits).write(0);
        }
        self.0.length.store(from + fits, Relaxed);
        if fits == text.len() {
            Ok(())
        } else {
            Err(fmt::Error)
        }
    }
}

/// Sees to it that a panic's message is kept. Called before the first thing that can panic.
pub fn listen() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        // NB: the first call puts llguidance's own hook in place, which would not pass messages on
        let _ = llguidance::panic_utils::catch_unwind(|| Ok(()));
        panic::set_hook(Box::new(|info| {
            let message = info.payload_as_str().unwrap_or("a panic without a message");
            match info.location() {
                Some(place) => LAST.set(format_args!("panic: {message} ({place})")),
                None => LAST.set(format_args!("panic: {message}")),
            }
        }));
    });
}

/// Keeps that `size` bytes were refused. If the allocation was the host's this is no end, and the
/// next message replaces it.
pub fn out_of_memory(size: usize, allocated: usize, limit: usize) {
    if limit == usize::MAX {
        LAST.set(format_args!(
            "out of memory: {size} bytes, where {allocated} are allocated"
        ));
    } else {
        LAST.set(format_args!(
            "out of memory: {size} bytes, where {allocated} of {limit} are allocated"
        ));
    }
}

/// Why the instance trapped: the message of a panic, or that memory was refused; null if there was
/// neither.
///
/// After a trap this is the one function that may still be called. The string ends with NUL, belongs
/// to the module, and stays as it is.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn llg_wasm_panic_message() -> *const c_char {
    LAST.as_ptr()
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;

    fn text(message: &Message) -> &str {
        // SAFETY: `set` ends what it writes with NUL, within the bytes.
        unsafe { CStr::from_ptr(message.as_ptr()) }
            .to_str()
            .expect("UTF-8")
    }

    #[test]
    fn the_last_message_is_kept() {
        let message = Message::new();
        assert!(message.as_ptr().is_null());
        message.set(format_args!("a longer {}", "first"));
        message.set(format_args!("second"));
        assert_eq!(text(&message), "second");
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let message = Message::new();
        message.set(format_args!("x{}", "é".repeat(SIZE)));
        assert_eq!(text(&message), format!("x{}", "é".repeat((SIZE - 2) / 2)));
    }
}
