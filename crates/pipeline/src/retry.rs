//! How often, and after which pause, an item is tried again.

use std::time::Duration;

/// How often an item is tried again after an error that is retryable, and after which pause.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Retry {
    /// Never.
    #[default]
    None,
    /// After the same pause each time.
    Fixed {
        /// How often, after the first try.
        retries: u32,
        /// The pause.
        delay: Duration,
    },
    /// After a pause that grows, and never exceeds `max_delay`.
    Exponential {
        /// How often, after the first try.
        retries: u32,
        /// The first pause.
        base_delay: Duration,
        /// The longest pause.
        max_delay: Duration,
        /// What the pause grows by each time.
        multiplier: f64,
    },
}

impl Retry {
    /// The original's default: three more tries, after 100, 200 and 400 ms.
    #[must_use]
    pub fn exponential() -> Self {
        Self::Exponential {
            retries: 3,
            base_delay: Duration::from_millis(100),
            max_delay: Duration::from_millis(400),
            multiplier: 2.0,
        }
    }

    /// The pause after that many failures, from 1, or `None` if it is not tried again.
    #[must_use]
    pub fn delay(&self, failures: u32) -> Option<Duration> {
        let earlier = failures.saturating_sub(1);
        match *self {
            Self::Fixed { retries, delay } if earlier < retries => Some(delay),
            Self::Exponential {
                retries,
                base_delay,
                max_delay,
                multiplier,
            } if earlier < retries => {
                let exponent = i32::try_from(earlier).unwrap_or(i32::MAX);
                let seconds = base_delay.as_secs_f64() * multiplier.powi(exponent);
                // What is no duration has grown beyond every one.
                let delay = Duration::try_from_secs_f64(seconds).unwrap_or(max_delay);
                Some(delay.min(max_delay))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(retry: Retry) -> Vec<Option<u128>> {
        (1..=6)
            .map(|failures| retry.delay(failures).map(|delay| delay.as_millis()))
            .collect()
    }

    #[test]
    fn pauses_are_the_originals() {
        let never = vec![None; 6];
        assert_eq!(delays(Retry::None), never);
        let fixed = Retry::Fixed {
            retries: 2,
            delay: Duration::from_millis(50),
        };
        assert_eq!(delays(fixed), [Some(50), Some(50), None, None, None, None]);
        assert_eq!(
            delays(Retry::exponential()),
            [Some(100), Some(200), Some(400), None, None, None]
        );
    }

    #[test]
    fn a_growing_pause_is_capped() {
        let growing = Retry::Exponential {
            retries: u32::MAX,
            base_delay: Duration::from_millis(100),
            max_delay: Duration::from_secs(1),
            multiplier: 3.0,
        };
        // 0.1, 0.3 and 0.9 s, and then 2.7 s, which is over a second.
        let first: Vec<_> = delays(growing).into_iter().flatten().take(5).collect();
        assert_eq!(first, [100, 300, 900, 1000, 1000]);
        assert_eq!(growing.delay(100_000), Some(Duration::from_secs(1)));
    }
}
