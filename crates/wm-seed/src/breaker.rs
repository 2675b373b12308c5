//! A circuit breaker for each tool: what fails again and again is left alone for a while.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use serde::Serialize;

/// So many failures open a breaker,
pub const FAILURES: usize = 5;
/// if they are within this time.
pub const WINDOW: Duration = Duration::from_mins(1);
/// So long it stays open; then one call may try.
pub const PAUSE: Duration = Duration::from_secs(30);

/// Whether calls pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// They do.
    Closed,
    /// They do not.
    Open,
    /// The next one does, and what becomes of it decides.
    HalfOpen,
}

#[derive(Debug, Default)]
struct Breaker {
    failures: VecDeque<Instant>,
    opened: Option<Instant>,
}

impl Breaker {
    fn state(&self, now: Instant) -> State {
        match self.opened {
            None => State::Closed,
            Some(opened) if now.duration_since(opened) < PAUSE => State::Open,
            Some(_) => State::HalfOpen,
        }
    }
}

/// The breakers of all tools.
#[derive(Debug, Default)]
pub struct Breakers {
    tools: HashMap<&'static str, Breaker>,
}

impl Breakers {
    /// Whether calls of a tool pass.
    #[must_use]
    pub fn state(&self, tool: &str, now: Instant) -> State {
        let breaker = self.tools.get(tool);
        breaker.map_or(State::Closed, |breaker| breaker.state(now))
    }

    /// How long a tool is to be left alone.
    #[must_use]
    pub fn retry_after(&self, tool: &str, now: Instant) -> Option<Duration> {
        let opened = self.tools.get(tool)?.opened?;
        PAUSE
            .checked_sub(now.duration_since(opened))
            .filter(|left| !left.is_zero())
    }

    /// Counts how a call that passed ended.
    pub fn record(&mut self, tool: &'static str, failed: bool, now: Instant) {
        let breaker = self.tools.entry(tool).or_default();
        if !failed {
            if breaker.opened.take().is_some() {
                breaker.failures.clear();
            }
            return;
        }
        breaker.failures.push_back(now);
        while breaker
            .failures
            .front()
            .is_some_and(|first| now.duration_since(*first) > WINDOW)
        {
            breaker.failures.pop_front();
        }
        if breaker.opened.is_some() || breaker.failures.len() >= FAILURES {
            breaker.opened = Some(now);
            breaker.failures.clear();
        }
    }

    /// The tools whose breaker is not closed.
    pub fn tripped(&self, now: Instant) -> impl Iterator<Item = (&'static str, State)> {
        let states = self
            .tools
            .iter()
            .map(move |(name, breaker)| (*name, breaker.state(now)));
        states.filter(|(_, state)| *state != State::Closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds, whether the call at that time fails, and what the breaker is after it.
    #[test]
    fn five_failures_in_a_minute_open_it() {
        let start = Instant::now();
        let mut breakers = Breakers::default();
        for (second, failed, state) in [
            (0, true, State::Closed),
            (61, true, State::Closed),
            (62, true, State::Closed),
            (63, false, State::Closed),
            (64, true, State::Closed),
            (65, true, State::Closed),
            (66, true, State::Open),
            // The one that tries fails, and then one succeeds.
            (96, true, State::Open),
            (126, false, State::Closed),
            (127, true, State::Closed),
        ] {
            let now = start + Duration::from_secs(second);
            breakers.record("recall", failed, now);
            assert_eq!(breakers.state("recall", now), state, "at {second} s");
        }
        let now = start + Duration::from_secs(127);
        assert_eq!(breakers.state("remember", now), State::Closed);
    }

    #[test]
    fn it_says_how_long() {
        let start = Instant::now();
        let mut breakers = Breakers::default();
        for _ in 0..FAILURES {
            breakers.record("recall", true, start);
        }
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(
            breakers.retry_after("recall", at(10)),
            Some(Duration::from_secs(20))
        );
        assert_eq!(breakers.retry_after("recall", at(30)), None);
        assert_eq!(breakers.state("recall", at(30)), State::HalfOpen);
        assert_eq!(
            breakers.tripped(at(30)).collect::<Vec<_>>(),
            [("recall", State::HalfOpen)]
        );
    }
}
