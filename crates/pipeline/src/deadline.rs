//! Time: the clock that a run goes by, and the moment at which it must be over.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// What [`Clock::sleep_async`] gives.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A clock and a way to wait, so that a test needs no time.
pub trait Clock: Debug + Send + Sync {
    /// Time since a moment that stays the same.
    fn now(&self) -> Duration;
    /// Waits, and holds the thread.
    fn sleep(&self, duration: Duration);
    /// Waits without holding the thread that polls.
    fn sleep_async(&self, duration: Duration) -> Sleep;
}

/// The monotonic clock of the system.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock that begins now.
    #[must_use]
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn sleep(&self, duration: Duration) {
        thread::sleep(duration);
    }

    #[cfg(not(target_family = "wasm"))]
    fn sleep_async(&self, duration: Duration) -> Sleep {
        Box::pin(crate::asynchronous::sleep(duration))
    }

    // There is no other thread that could wait.
    #[cfg(target_family = "wasm")]
    fn sleep_async(&self, duration: Duration) -> Sleep {
        thread::sleep(duration);
        Box::pin(std::future::ready(()))
    }
}

/// When a run must be over. The default is never.
#[derive(Clone, Debug, Default)]
pub struct Deadline(Option<Limit>);

#[derive(Clone, Debug)]
struct Limit {
    clock: Arc<dyn Clock>,
    end: Duration,
    given: Duration,
}

impl Deadline {
    /// That long from now on this clock.
    #[must_use]
    pub fn after(clock: Arc<dyn Clock>, given: Duration) -> Self {
        let end = clock.now().saturating_add(given);
        Self(Some(Limit { clock, end, given }))
    }

    /// What is left, zero once it has passed; `None` if there is no end.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        let limit = self.0.as_ref()?;
        Some(limit.end.saturating_sub(limit.clock.now()))
    }

    /// Whether the time is over.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.remaining() == Some(Duration::ZERO)
    }

    pub(crate) fn message(&self) -> String {
        let given = self.0.as_ref().map_or(Duration::ZERO, |limit| limit.given);
        format!("the run has not ended within {} s", given.as_secs_f64())
    }
}
