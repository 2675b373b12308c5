use std::ops::Sub;
use std::time::Duration;

/// The one moment that a module without a clock knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(());

#[allow(
    clippy::trivially_copy_pass_by_ref,
    clippy::unused_self,
    reason = "the signatures are those of std's Instant"
)]
impl Instant {
    /// The moment.
    #[must_use]
    pub fn now() -> Self {
        Self(())
    }

    /// Always zero.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    /// Always zero.
    #[must_use]
    pub fn duration_since(&self, _earlier: Self) -> Duration {
        Duration::ZERO
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.duration_since(earlier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_stands_still() {
        let start = Instant::now();
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert_eq!(Instant::now() - start, Duration::ZERO);
    }
}
