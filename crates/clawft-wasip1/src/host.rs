//! The host's clocks and variables.

use std::time::{Duration, Instant, SystemTime};

use clawft_core::platform::{Clock, Environment};

/// The time of the host.
pub struct Clocks(pub Instant);

impl Clock for Clocks {
    fn now(&self) -> u64 {
        milliseconds(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default())
    }

    fn monotonic(&self) -> u64 {
        milliseconds(self.0.elapsed())
    }

    fn sleep(&self, milliseconds: u64) {
        std::thread::sleep(Duration::from_millis(milliseconds));
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The variables of the host.
pub struct Variables;

impl Environment for Variables {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}
