//! How a function is called, and where its answer lies.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use core::cell::RefCell;

use serde_json::Value;

use crate::json::{Answer, Error, OUT_OF_MEMORY, parse};
use crate::memory;

/// What an instance holds.
#[derive(Default)]
pub struct State {
    pub points: whitemagic::spatial::SpatialIndex<String>,
    #[cfg(feature = "search")]
    pub documents: whitemagic::search::SearchIndex<String>,
    #[cfg(feature = "rate-limit")]
    pub limiter: whitemagic::rate_limit::RateLimiter,
    #[cfg(feature = "events")]
    pub ring: whitemagic::event_ring::EventRing,
    #[cfg(feature = "events")]
    pub board: crate::state_board::Board,
}

/// What an instance holds, and its last answer or message.
#[derive(Default)]
struct Instance {
    state: State,
    result: Cow<'static, str>,
}

/// Runs a function on the module's instance.
#[cfg(target_family = "wasm")]
fn with_instance<T>(function: impl FnOnce(&mut Instance) -> T) -> T {
    struct Own(RefCell<Option<Instance>>);
    // SAFETY: the module has one thread.
    unsafe impl Sync for Own {}
    static INSTANCE: Own = Own(RefCell::new(None));
    function(INSTANCE.0.borrow_mut().get_or_insert_default())
}

/// Runs a function on the thread's instance.
#[cfg(not(target_family = "wasm"))]
fn with_instance<T>(function: impl FnOnce(&mut Instance) -> T) -> T {
    std::thread_local! {
        static INSTANCE: RefCell<Instance> = RefCell::default();
    }
    INSTANCE.with_borrow_mut(function)
}

/// Runs a function on what the instance holds.
#[cfg(feature = "events")]
pub fn with_state<T>(function: impl FnOnce(&mut State) -> T) -> T {
    with_instance(|instance| function(&mut instance.state))
}

/// Runs a function without an argument and keeps its answer.
pub fn answer(function: impl Fn(&mut State, &mut Answer) -> Result<(), Error>) -> i32 {
    keep(&function)
}

/// As [`answer`].
// NB: once for all functions, since inlined it is half a kilobyte in each
#[inline(never)]
fn keep(function: &dyn Fn(&mut State, &mut Answer) -> Result<(), Error>) -> i32 {
    with_instance(|instance| {
        instance.result = Cow::default();
        let mut answer = Answer::default();
        let done = memory::require_for_argument(0)
            .and_then(|()| function(&mut instance.state, &mut answer));
        instance.result = match &done {
            Ok(()) => Cow::Owned(answer.0),
            // NB: there may be no room for a copy
            Err(Error::OutOfMemory) => Cow::Borrowed(OUT_OF_MEMORY),
            Err(error) => Cow::Owned(error.to_string()),
        };
        // NB: no text is longer, since memory has 4 GiB and `require` leaves room for twice as much
        let length = i32::try_from(instance.result.len()).unwrap_or(i32::MAX);
        if done.is_ok() { length } else { -length }
    })
}

/// A function with an argument.
pub type Function = fn(&Value, &mut State, &mut Answer) -> Result<(), Error>;

/// Runs a function with an argument and keeps its answer.
///
/// # Safety
/// As [`memory::argument`].
#[inline(never)]
pub unsafe fn answer_to(address: *const u8, length: usize, function: Function) -> i32 {
    answer(|state, answer| {
        // SAFETY: by the caller's promise.
        let text = unsafe { memory::argument(address, length) }?;
        memory::require_for_argument(length)?;
        function(&parse(text)?, state, answer)
    })
}

/// Exports functions that take the address and the length of a JSON text.
macro_rules! export {
    ($($(#[$doc:meta])* $name:ident = $function:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// Natively `length` bytes at `address` are readable; in WASM it is checked that they are.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(address: *const u8, length: usize) -> i32 {
            // SAFETY: by this function's contract.
            unsafe { $crate::call::answer_to(address, length, $function) }
        }
    )*};
}
pub(crate) use export;

/// The address of the last answer or message.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn wm_result() -> *const u8 {
    with_instance(|instance| instance.result.as_ptr())
}

/// The module's version.
#[unsafe(no_mangle)]
pub extern "C" fn wm_version() -> i32 {
    answer(|_, answer| {
        answer.text(env!("CARGO_PKG_VERSION"));
        Ok(())
    })
}
