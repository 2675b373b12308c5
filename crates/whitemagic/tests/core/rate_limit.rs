use whitemagic::rate_limit::{Decision, Limits, Quota, RateLimiter, Scope, SlidingWindow};

use crate::random::Random;

const LIMITS: Limits = Limits {
    global: 1000,
    per_tool: 3,
    burst: 0,
};

fn denied(by: Scope, retry_after_ms: Option<u64>) -> Decision {
    Decision::Denied { by, retry_after_ms }
}

/// A list of the times of all requests, and the formula with fractions over the window's length.
struct Model {
    times: Vec<u64>,
    spent_at: Vec<u64>,
}

impl Model {
    fn below(&self, quota: &Quota, now: u64) -> bool {
        let window = u64::from(quota.window_ms);
        let count = |turn: u64| {
            self.times
                .iter()
                .filter(|time| *time / window == turn)
                .count() as u64
        };
        let turn = now / window;
        let previous = turn.checked_sub(1).map_or(0, count);
        previous * (window - now % window) + count(turn) * window
            < u64::from(quota.requests) * window
    }

    /// What is left of the burst, window by window.
    fn tokens(&self, quota: &Quota, now: u64) -> u64 {
        let window = u64::from(quota.window_ms);
        let burst = u64::from(quota.burst);
        (0..=now / window).fold(burst, |left, turn| {
            let spent = self
                .spent_at
                .iter()
                .filter(|time| *time / window == turn)
                .count();
            (left + 1).min(burst) - spent as u64
        })
    }

    fn take(&mut self, quota: &Quota, now: u64) -> bool {
        let below = self.below(quota, now);
        let allowed = below || self.tokens(quota, now) > 0;
        if allowed {
            self.times.push(now);
            if !below {
                self.spent_at.push(now);
            }
        }
        allowed
    }
}

#[test]
fn a_window_allows_what_the_formula_does_and_the_wait_is_exact() {
    let mut random = Random(1);
    for case in 0..150 {
        let quota = Quota {
            requests: 1 + random.below(6) as u32,
            window_ms: 1 + random.below(40) as u32,
            burst: random.below(3) as u32,
        };
        let mut window = SlidingWindow::default();
        let mut model = Model {
            times: vec![],
            spent_at: vec![],
        };
        let mut now = random.below(100);
        for _ in 0..60 {
            // now and then nobody calls for several windows
            now += if random.below(12) == 0 {
                random.below(150)
            } else {
                random.below(6)
            };
            let wait = window.wait(&quota, now).expect("a limit above 0");
            for later in 0..=wait {
                let allowed =
                    model.below(&quota, now + later) || model.tokens(&quota, now + later) > 0;
                assert_eq!(
                    allowed,
                    later == wait,
                    "case {case}: {quota:?} at {now} + {later}"
                );
            }
            assert_eq!(window.take(&quota, now), model.take(&quota, now));
        }
    }
}

#[test]
fn times_to_wait_computed_by_hand() {
    let mut limiter = RateLimiter::new(LIMITS);
    for now in [0, 1, 30_000] {
        assert_eq!(limiter.check("a", now), Decision::Allowed);
    }
    // 3 · (60,000 − e) < 3 · 60,000 from e = 1 of the next window
    assert_eq!(
        limiter.check("a", 30_000),
        denied(Scope::Tool, Some(30_001))
    );
    assert_eq!(limiter.check("a", 60_000), denied(Scope::Tool, Some(1)));
    assert_eq!(limiter.check("a", 60_001), Decision::Allowed);
    // 3 · (60,000 − e) + 60,000 < 180,000 from e = 20,001
    assert_eq!(
        limiter.check("a", 60_001),
        denied(Scope::Tool, Some(20_000))
    );
    // after two windows without calls nothing is left of them
    for _ in 0..3 {
        assert_eq!(limiter.check("a", 180_000), Decision::Allowed);
    }
    // time that goes back stands still
    assert_eq!(limiter.check("a", 0), denied(Scope::Tool, Some(60_001)));
}

#[test]
fn a_burst_is_spent_once_and_comes_back_one_a_window() {
    let mut limiter = RateLimiter::new(Limits {
        per_tool: 1,
        burst: 2,
        ..LIMITS
    });
    for _ in 0..3 {
        assert_eq!(limiter.check("a", 10), Decision::Allowed);
    }
    assert_eq!(limiter.check("a", 10), denied(Scope::Tool, Some(59_990)));
    assert_eq!(limiter.check("a", 60_000), Decision::Allowed);
    assert_eq!(
        limiter.check("a", 60_000),
        denied(Scope::Tool, Some(60_000))
    );
}

#[test]
fn a_tool_that_is_denied_costs_the_others_nothing() {
    let mut limiter = RateLimiter::new(Limits {
        global: 4,
        ..LIMITS
    });
    for _ in 0..3 {
        assert_eq!(limiter.check("a", 0), Decision::Allowed);
    }
    for _ in 0..50 {
        assert!(matches!(
            limiter.check("a", 0),
            Decision::Denied {
                by: Scope::Tool,
                ..
            }
        ));
    }
    assert_eq!(limiter.check("b", 0), Decision::Allowed);
    assert_eq!(limiter.check("b", 0), denied(Scope::Global, Some(60_001)));
    // nor did the global limit's refusal cost the tool
    assert_eq!(
        limiter.rates(0).tools,
        [("a".to_owned(), 3.0), ("b".to_owned(), 1.0)]
    );
    // half of the window later half of it counts
    let rates = limiter.rates(90_000);
    assert!((rates.global - 2.0).abs() < 1e-12 && (rates.tools[0].1 - 1.5).abs() < 1e-12);
    assert_eq!(limiter.rates(120_000).tools, []);
}

#[test]
fn an_override_counts_at_once() {
    let mut limiter = RateLimiter::new(LIMITS);
    let allowed = |limiter: &mut RateLimiter| limiter.check("a", 0) == Decision::Allowed;
    assert!((0..3).all(|_| allowed(&mut limiter)) && !allowed(&mut limiter));
    limiter.set_override("a", Some(5));
    assert!((0..2).all(|_| allowed(&mut limiter)) && !allowed(&mut limiter));
    limiter.set_override("a", Some(0));
    assert_eq!(limiter.check("a", 1 << 40), denied(Scope::Tool, None));
    assert_eq!(limiter.check("b", 1 << 40), Decision::Allowed);
    limiter.set_override("a", None);
    assert_eq!(limiter.check("a", 1 << 40), Decision::Allowed);
}

#[test]
fn a_batch_is_each_call_in_turn() {
    let mut one = RateLimiter::new(Limits {
        global: 5,
        ..LIMITS
    });
    let mut other = one.clone();
    let tools = ["a", "a", "b", "a", "a", "c", "c", "b"];
    let each: Vec<Decision> = tools.iter().map(|tool| other.check(tool, 7)).collect();
    assert_eq!(one.check_batch(&tools, 7), each);
    assert_eq!(
        each.iter()
            .filter(|decision| **decision == Decision::Allowed)
            .count(),
        5
    );
}

#[test]
fn the_greatest_limits_do_not_overflow() {
    let quota = Quota {
        requests: u32::MAX,
        window_ms: u32::MAX,
        burst: u32::MAX,
    };
    let mut window = SlidingWindow::default();
    assert!(window.take(&quota, u64::MAX) && window.take(&quota, 0));
    assert_eq!(window.wait(&quota, u64::MAX), Some(0));
    assert!((window.estimate(u32::MAX, u64::MAX) - 2.0).abs() < 1e-9);
}
