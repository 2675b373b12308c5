//! The host's clocks.

use clawft_core::platform::Clock;

use crate::bindings::wasi::clocks::{monotonic_clock, wall_clock};

const NANOSECONDS: u64 = 1_000_000;

/// The time of the host.
pub struct Clocks;

impl Clock for Clocks {
    fn now(&self) -> u64 {
        let now = wall_clock::now();
        now.seconds * 1_000 + u64::from(now.nanoseconds) / NANOSECONDS
    }

    fn monotonic(&self) -> u64 {
        monotonic_clock::now() / NANOSECONDS
    }

    fn sleep(&self, milliseconds: u64) {
        monotonic_clock::subscribe_duration(milliseconds.saturating_mul(NANOSECONDS)).block();
    }
}
