//! The harmony vector: how the calls of this process went, measured.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::ledger::{Report, Status};

/// So many calls are looked at, the last ones.
const CALLS: usize = 256;
/// The time over which calls are counted for a rate.
const MINUTE: Duration = Duration::from_mins(1);
/// A call that takes as long as this has half of the score for latency.
const LATENCY: f64 = 0.1;

/// A call that ended.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// When it ended
    pub at: Instant,
    /// How long it took
    pub took: Duration,
    /// How it ended
    pub status: Status,
    /// Whether it could change memories
    pub writes: bool,
    /// What the rules gave it, from 0 to 1
    pub score: f64,
}

/// The last calls.
#[derive(Debug, Default)]
pub struct Calls {
    last: VecDeque<Call>,
    total: u64,
    errors: u64,
}

/// Seven numbers from 0 to 1 and one for all.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Harmony {
    /// How even reading and writing are: 1 if there is as much of both
    pub balance: f64,
    /// The share of calls that were served, rather than put off or forbidden
    pub throughput: f64,
    /// 1 for calls that take no time, 1/2 if the median takes a tenth of a second
    pub latency: f64,
    /// The share of served calls that failed
    pub error_rate: f64,
    /// The mean of what the rules gave the calls
    pub dharma: f64,
    /// The share of calls in the ledger of which nobody knows how they ended
    pub karma_debt: f64,
    /// What is left of the rate that is allowed
    pub energy: f64,
    /// The mean of all but the balance; of the error rate and the debt, what is missing to 1
    pub harmony_score: f64,
}

/// What the vector is made of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// Calls since this process began
    pub calls: u64,
    /// Those of them that failed
    pub errors: u64,
    /// Calls in the last minute
    pub calls_per_minute: usize,
    /// The median of the last calls, in milliseconds
    pub median_ms: f64,
    /// So many calls the figures are of
    pub window: usize,
}

impl Calls {
    /// Counts a call.
    pub fn record(&mut self, call: Call) {
        self.total += 1;
        self.errors += u64::from(call.status == Status::Error);
        if self.last.len() == CALLS {
            self.last.pop_front();
        }
        self.last.push_back(call);
    }

    /// What was measured.
    #[must_use]
    pub fn measured(&self, now: Instant) -> Measured {
        let recent = self
            .last
            .iter()
            .filter(|call| now.duration_since(call.at) < MINUTE);
        Measured {
            calls: self.total,
            errors: self.errors,
            calls_per_minute: recent.count(),
            median_ms: rounded(self.median() * 1e3),
            window: self.last.len(),
        }
    }

    /// The vector. `load` is the share of the allowed rate that is used.
    #[must_use]
    pub fn harmony(&self, ledger: &Report, load: f64) -> Harmony {
        let share = |holds: &dyn Fn(&Call) -> bool| {
            let holding = self.last.iter().filter(|call| holds(call)).count();
            ratio(holding, self.last.len())
        };
        let served = |call: &Call| matches!(call.status, Status::Success | Status::Error);
        let writes = share(&|call| call.writes).unwrap_or(0.5);
        let throughput = share(&served).unwrap_or(1.0);
        let failed = share(&|call| call.status == Status::Error).unwrap_or(0.0);
        let error_rate = if throughput > 0.0 {
            failed / throughput
        } else {
            0.0
        };
        let latency = 1.0 / (1.0 + self.median() / LATENCY);
        let scores: f64 = self.last.iter().map(|call| call.score).sum();
        let dharma = ratio(1, self.last.len()).map_or(1.0, |part| scores * part);
        let debt = count(ledger.unfinished()) / count(ledger.total_actions.max(1));
        let energy = (1.0 - load).clamp(0.0, 1.0);
        let parts = [
            throughput,
            latency,
            1.0 - error_rate,
            dharma,
            1.0 - debt,
            energy,
        ];
        Harmony {
            balance: rounded(1.0 - (2.0 * writes - 1.0).abs()),
            throughput: rounded(throughput),
            latency: rounded(latency),
            error_rate: rounded(error_rate),
            dharma: rounded(dharma),
            karma_debt: rounded(debt),
            energy: rounded(energy),
            harmony_score: rounded(parts.iter().sum::<f64>() / 6.0),
        }
    }

    /// In seconds.
    fn median(&self) -> f64 {
        let mut times: Vec<_> = self.last.iter().map(|call| call.took).collect();
        times.sort_unstable();
        times
            .get(times.len() / 2)
            .map_or(0.0, Duration::as_secs_f64)
    }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "counts of calls are far below 2^53"
)]
fn count(number: u64) -> f64 {
    number as f64
}

fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| count(part as u64) / count(whole as u64))
}

/// To four digits, which is more than the figures mean.
fn rounded(number: f64) -> f64 {
    (number * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(status: Status, writes: bool, milliseconds: u64, score: f64) -> Call {
        Call {
            at: Instant::now(),
            took: Duration::from_millis(milliseconds),
            status,
            writes,
            score,
        }
    }

    /// By hand: of 4 calls 3 were served, of which 1 failed; 1 of 4 writes; the median of 0, 100, 100,
    /// 300 ms is 100 ms; the rules gave 1, 1, 0.4 and 0.2; of 10 calls in the ledger 1 is open; half the
    /// rate is used. (3/4 + 1/2 + 2/3 + 0.65 + 9/10 + 1/2) / 6 = 0.6611.
    #[test]
    fn it_is_what_was_measured() {
        let mut calls = Calls::default();
        calls.record(call(Status::Success, false, 100, 1.0));
        calls.record(call(Status::Error, false, 300, 1.0));
        calls.record(call(Status::Success, true, 100, 0.4));
        calls.record(call(Status::Blocked, false, 0, 0.2));
        let ledger = Report {
            total_actions: 10,
            success: 9,
            ..Report::default()
        };
        let expected = Harmony {
            balance: 0.5,
            throughput: 0.75,
            latency: 0.5,
            error_rate: 0.3333,
            dharma: 0.65,
            karma_debt: 0.1,
            energy: 0.5,
            harmony_score: 0.6611,
        };
        assert_eq!(calls.harmony(&ledger, 0.5), expected);
        let measured = calls.measured(Instant::now());
        assert_eq!(
            (measured.calls, measured.errors, measured.window),
            (4, 1, 4)
        );
        assert!((measured.median_ms - 100.0).abs() < f64::EPSILON);
    }

    #[test]
    fn nothing_yet_is_harmony() {
        let harmony = Calls::default().harmony(&Report::default(), 0.0);
        assert!(
            (harmony.harmony_score - 1.0).abs() < f64::EPSILON,
            "{harmony:?}"
        );
    }
}
