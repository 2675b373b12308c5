//! How often tools may be called.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use whitemagic::rate_limit::{self, Decision, RateLimiter};

/// Calls of one tool in a minute, unless the command line says otherwise.
pub const TOOL: u32 = 60;
/// Calls of all tools in a minute, unless the command line says otherwise.
pub const GLOBAL: u32 = 300;
/// Calls of one tool in a minute that a rule wants throttled.
pub const THROTTLED: u32 = 6;
/// Calls beyond the limit, one more of which is granted each minute.
const BURST: u32 = 10;

/// The limits of a server, and what is used of them.
#[derive(Debug)]
pub struct Limits {
    limiter: RateLimiter,
    began: Instant,
    global: u32,
    per_tool: u32,
}

impl Limits {
    /// So many calls in a minute, of all tools and of one.
    #[must_use]
    pub fn new(global: u32, per_tool: u32) -> Self {
        let limits = rate_limit::Limits {
            global,
            per_tool,
            burst: BURST,
        };
        Self {
            limiter: RateLimiter::new(limits),
            began: Instant::now(),
            global,
            per_tool,
        }
    }

    /// Counts a call, or says how long it is too soon for it.
    pub fn check(&mut self, tool: &str, throttled: bool) -> Option<Duration> {
        let now = self.now();
        let decision = if throttled {
            let slow = format!("{tool}, throttled");
            self.limiter.set_override(&slow, Some(THROTTLED));
            self.limiter.check(&slow, now)
        } else {
            self.limiter.check(tool, now)
        };
        match decision {
            Decision::Allowed => None,
            // NB: no limit is 0, which would forbid for good
            Decision::Denied { retry_after_ms, .. } => {
                Some(Duration::from_millis(retry_after_ms.unwrap_or(u64::MAX)))
            }
        }
    }

    /// The share of the allowed rate that is used.
    #[must_use]
    pub fn load(&self) -> f64 {
        self.limiter.rates(self.now()).global / f64::from(self.global)
    }

    /// What is used and what is allowed.
    #[must_use]
    pub fn status(&self) -> Value {
        let rates = self.limiter.rates(self.now());
        let tools: Vec<_> = rates
            .tools
            .iter()
            .map(|(tool, used)| json!({"tool": tool, "per_minute": used.round()}))
            .collect();
        json!({
            "global": {"per_minute": rates.global.round(), "limit": self.global},
            "tool_limit": self.per_tool,
            "burst": BURST,
            "tools": tools,
        })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
