use serde_json::Value;
use whitemagic::rate_limit::{Decision, Limits, RateLimiter, Scope};

use crate::call::{State, export};
use crate::json::{Answer, Error, Members};
use crate::memory::require_for_ids;

export! {
    /// Whether a tool may be called.
    rate_check = check;
    /// Sets the limits and begins to count anew.
    rate_limits = set_limits;
    /// Gives a tool a limit of its own.
    rate_override = set_override;
    /// What counts of the last minute.
    rate_stats = stats;
}

fn check(argument: &Value, state: &mut State, answer: &mut Answer) -> Result<(), Error> {
    let members = Members::of(argument)?;
    let decision = state
        .limiter
        .check(members.text("tool")?, members.count("now_ms")?);
    let (denied_by, wait) = match decision {
        Decision::Allowed => (None, None),
        Decision::Denied { by, retry_after_ms } => (Some(by), retry_after_ms),
    };
    answer.member("allowed", true).truth(denied_by.is_none());
    let member = answer.member("retry_after_ms", false);
    match wait {
        None => member.null(),
        Some(wait) => member.count(wait),
    }
    let member = answer.member("denied_by", false);
    match denied_by {
        None => member.null(),
        Some(Scope::Global) => member.text("global"),
        Some(Scope::Tool) => member.text("tool"),
    }
    answer.end();
    Ok(())
}

fn set_limits(argument: &Value, state: &mut State, answer: &mut Answer) -> Result<(), Error> {
    let members = Members::of(argument)?;
    state.limiter = RateLimiter::new(Limits {
        global: per_minute(members, "global")?,
        per_tool: per_minute(members, "per_tool")?,
        burst: per_minute(members, "burst")?,
    });
    answer.null();
    Ok(())
}

fn set_override(argument: &Value, state: &mut State, answer: &mut Answer) -> Result<(), Error> {
    let members = Members::of(argument)?;
    let limit = members
        .get("per_minute")
        .map(|_| per_minute(members, "per_minute"));
    state
        .limiter
        .set_override(members.text("tool")?, limit.transpose()?);
    answer.null();
    Ok(())
}

fn stats(argument: &Value, state: &mut State, answer: &mut Answer) -> Result<(), Error> {
    let rates = state.limiter.rates(Members::of(argument)?.count("now_ms")?);
    require_for_ids(rates.tools.iter().map(|(tool, _)| tool))?;
    answer.member("global", true).number(rates.global);
    answer
        .member("tools", false)
        .array(rates.tools, |answer, (tool, rate)| {
            answer.member("tool", true).text(&tool);
            answer.member("rate", false).number(rate);
            answer.end();
        });
    answer.end();
    Ok(())
}

fn per_minute(members: Members<'_>, name: &'static str) -> Result<u32, Error> {
    let count = u32::try_from(members.count(name)?);
    count.map_err(|_| Error::Type(name, "a whole number below 2^32"))
}
