//! How often tools may be called: at most so many times in a minute each, and all together.
//!
//! ```
//! use whitemagic::rate_limit::{Decision, Limits, RateLimiter};
//!
//! let mut limiter = RateLimiter::new(Limits { per_tool: 1, burst: 0, ..Limits::default() });
//! assert_eq!(limiter.check("recall", 0), Decision::Allowed);
//! assert!(matches!(limiter.check("recall", 10), Decision::Denied { retry_after_ms: Some(_), .. }));
//! assert_eq!(limiter.check("remember", 10), Decision::Allowed);
//! ```
//!
//! Each limit is a [`SlidingWindow`]. A call needs both its tool's permit and the global one, and takes either
//! both or none. Times are milliseconds of any clock that does not go back; where it does, time stands still.

mod window;

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

pub use window::{Quota, SlidingWindow};

/// Milliseconds in which a limit's number of calls may be made.
const WINDOW_MS: u32 = 60_000;

/// What a [`RateLimiter`] allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls of all tools in a minute.
    pub global: u32,
    /// Calls of a tool in a minute, unless it has a limit of its own.
    pub per_tool: u32,
    /// Calls of a tool beyond its limit, one more of which is granted each minute; twice it for all together.
    pub burst: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            global: 300,
            per_tool: 60,
            burst: 10,
        }
    }
}

/// Whether a call may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may, and is counted.
    Allowed,
    /// It may not, and nothing is counted.
    Denied {
        /// Which limit forbids it; the tool's, if both do.
        by: Scope,
        /// The number of milliseconds after which it would be allowed, if nothing else is called until then: not
        /// one too many. None, if a limit of 0 forbids it for good.
        retry_after_ms: Option<u64>,
    },
}

/// What a limit is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All tools together
    Global,
    /// One tool
    Tool,
}

/// How many calls of the last minute count, by the estimate of the sliding window.
#[derive(Clone, Debug, PartialEq)]
pub struct Rates {
    /// Of all tools.
    pub global: f64,
    /// Of each tool that was called of late, in the order of names.
    pub tools: Vec<(String, f64)>,
}

/// Limits of calls, by tool and in all.
#[derive(Clone, Debug)]
pub struct RateLimiter {
    limits: Limits,
    overrides: BTreeMap<String, u32>,
    global: SlidingWindow,
    /// In the order of names; a limit in all bounds how many there are.
    tools: Vec<(String, SlidingWindow)>,
    now_ms: u64,
    /// When tools that were not called for long are next forgotten.
    forget_at_ms: u64,
}

impl Default for RateLimiter {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl RateLimiter {
    /// A limiter under which nothing was called yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            overrides: BTreeMap::new(),
            global: SlidingWindow::default(),
            tools: Vec::new(),
            now_ms: 0,
            forget_at_ms: 0,
        }
    }

    /// Says whether `tool` may be called at `now_ms`, and counts the call if so.
    pub fn check(&mut self, tool: &str, now_ms: u64) -> Decision {
        self.now_ms = self.now_ms.max(now_ms);
        self.forget();
        let now = self.now_ms;
        let (global_quota, quota) = (self.global_quota(), self.quota_of(tool));
        let place = self
            .tools
            .binary_search_by(|(name, _)| name.as_str().cmp(tool));
        let mut window = place.map_or_else(|_| SlidingWindow::default(), |at| self.tools[at].1);
        let by_tool = window.wait(&quota, now);
        let by_global = self.global.wait(&global_quota, now);
        if by_tool == Some(0) && by_global == Some(0) {
            window.take(&quota, now);
            self.global.take(&global_quota, now);
            match place {
                Ok(at) => self.tools[at].1 = window,
                Err(at) => self.tools.insert(at, (tool.to_owned(), window)),
            }
            return Decision::Allowed;
        }
        Decision::Denied {
            by: if by_tool == Some(0) {
                Scope::Global
            } else {
                Scope::Tool
            },
            retry_after_ms: by_tool
                .zip(by_global)
                .map(|(tool, global)| tool.max(global)),
        }
    }

    /// Checks tools in turn, all at one time.
    pub fn check_batch(&mut self, tools: &[&str], now_ms: u64) -> Vec<Decision> {
        tools.iter().map(|tool| self.check(tool, now_ms)).collect()
    }

    /// Gives a tool a limit of its own from now on, or takes it back; 0 forbids the tool.
    pub fn set_override(&mut self, tool: &str, per_minute: Option<u32>) {
        match per_minute {
            Some(limit) => self.overrides.insert(tool.to_owned(), limit),
            None => self.overrides.remove(tool),
        };
    }

    /// What counts at `now_ms`.
    #[must_use]
    pub fn rates(&self, now_ms: u64) -> Rates {
        let now = self.now_ms.max(now_ms);
        let tools = self.tools.iter();
        Rates {
            global: self.global.estimate(WINDOW_MS, now),
            tools: tools
                .map(|(tool, window)| (tool.clone(), window.estimate(WINDOW_MS, now)))
                .filter(|(_, rate)| *rate > 0.0)
                .collect(),
        }
    }

    fn global_quota(&self) -> Quota {
        Quota {
            requests: self.limits.global,
            window_ms: WINDOW_MS,
            burst: self.limits.burst.saturating_mul(2),
        }
    }

    fn quota_of(&self, tool: &str) -> Quota {
        Quota {
            requests: *self.overrides.get(tool).unwrap_or(&self.limits.per_tool),
            window_ms: WINDOW_MS,
            burst: self.limits.burst,
        }
    }

    /// Drops the windows that are as if new, once in a window: names that are never called again take no memory.
    fn forget(&mut self) {
        let now = self.now_ms;
        if now >= self.forget_at_ms {
            self.forget_at_ms = now.saturating_add(WINDOW_MS.into());
            self.tools
                .retain(|(_, window)| !window.is_idle(WINDOW_MS, now));
        }
    }
}
