//! A limit of requests in a time that slides, kept in two counters.

/// A limit: so many requests in a window, and some beyond it now and then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Requests in a window. With 0 there is none, whatever the burst.
    pub requests: u32,
    /// Milliseconds of a window; 0 counts as 1.
    pub window_ms: u32,
    /// Requests beyond the limit. One that was used is given back with each window that begins.
    pub burst: u32,
}

/// Counts requests in windows that follow one another, and takes the share of the last that the sliding window
/// still covers, as if its requests had been spread evenly: previous · (1 − elapsed/window) + current.
///
/// A request is allowed while that is below the limit, and beyond it while there is burst. Whether it is, and
/// when it will be, is computed in whole numbers. Windows begin at the multiples of their length, and all calls
/// for a window give the same length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlidingWindow {
    /// Which multiple of the length the current window begins at.
    turn: u64,
    previous: u32,
    current: u32,
    /// How much of the burst was used and not given back.
    spent: u32,
}

impl SlidingWindow {
    /// Milliseconds from `now_ms` until a request is allowed if there is none before: 0 if it is now, and None if
    /// never.
    #[must_use]
    pub fn wait(&self, quota: &Quota, now_ms: u64) -> Option<u64> {
        if quota.requests == 0 {
            return None;
        }
        let (mut window, elapsed) = self.at(quota.window_ms, now_ms);
        let mut start = 0;
        // NB: it ends, since after two windows without requests nothing counts
        loop {
            let from = if window.spent < quota.burst {
                Some(0)
            } else {
                window.below_from(quota)
            };
            if let Some(from) = from {
                return Some((start + from).saturating_sub(elapsed));
            }
            start += length(quota.window_ms);
            window = window.after(1);
        }
    }

    /// Counts a request at `now_ms` if it is allowed, and says whether it is.
    pub fn take(&mut self, quota: &Quota, now_ms: u64) -> bool {
        let allowed = self.wait(quota, now_ms) == Some(0);
        if allowed {
            let (window, elapsed) = self.at(quota.window_ms, now_ms);
            *self = window;
            if self.below_from(quota).is_none_or(|from| elapsed < from) {
                self.spent += 1;
            }
            self.current = self.current.saturating_add(1);
        }
        allowed
    }

    /// How many requests count at `now_ms`.
    #[must_use]
    pub fn estimate(&self, window_ms: u32, now_ms: u64) -> f64 {
        let (window, elapsed) = self.at(window_ms, now_ms);
        let covered = u32::try_from(length(window_ms) - elapsed).unwrap_or(u32::MAX);
        f64::from(window.previous) * f64::from(covered) / f64::from(window_ms.max(1))
            + f64::from(window.current)
    }

    /// Whether it is at `now_ms` as if it had never counted.
    #[must_use]
    pub fn is_idle(&self, window_ms: u32, now_ms: u64) -> bool {
        let (window, _) = self.at(window_ms, now_ms);
        (window.previous, window.current, window.spent) == (0, 0, 0)
    }

    /// The window as it is at a time, and how much of it has elapsed. A time before it counts as its begin.
    fn at(&self, window_ms: u32, now_ms: u64) -> (Self, u64) {
        let length = length(window_ms);
        let window = self.after((now_ms / length).saturating_sub(self.turn));
        (window, now_ms.saturating_sub(window.turn * length))
    }

    /// The window so many turns later.
    fn after(self, turns: u64) -> Self {
        if turns == 0 {
            return self;
        }
        Self {
            turn: self.turn.saturating_add(turns),
            previous: if turns == 1 { self.current } else { 0 },
            current: 0,
            spent: self
                .spent
                .saturating_sub(u32::try_from(turns).unwrap_or(u32::MAX)),
        }
    }

    /// The first millisecond of the window in which the estimate is below the limit, if there is one.
    fn below_from(&self, quota: &Quota) -> Option<u64> {
        let length = length(quota.window_ms);
        // previous · covered < room
        let room = u64::from(quota.requests.checked_sub(self.current)?) * length;
        let covered = match u64::from(self.previous) {
            0 => length,
            previous => (room.checked_sub(1)? / previous).min(length),
        };
        (room > 0 && covered > 0).then(|| length - covered)
    }
}

fn length(window_ms: u32) -> u64 {
    u64::from(window_ms.max(1))
}
