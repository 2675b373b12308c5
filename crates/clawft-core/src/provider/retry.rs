//! When to ask again after a response that is no answer.
//!
//! The rules are those of OpenAI's and Anthropic's own clients, as both document: statuses 408, 409, 429
//! and 500 or more; `x-should-retry` decides against that; the wait is the server's (`retry-after-ms`,
//! `retry-after`), or else grows from half a second to eight, less up to a quarter at random.

use crate::prelude::*;
use crate::text;

/// Longest wait for a server, in milliseconds. A user rather hears that it takes longer.
pub const MAX_WAIT: u64 = 60_000;

const FIRST_BACKOFF: u64 = 500;
const MAX_BACKOFF: u64 = 8_000;

/// How long to wait before a request is sent again, in milliseconds; `None` if that is of no use, or if
/// the server wants more time than [`MAX_WAIT`], which [`after`] tells.
///
/// `headers` are the response's, names in lower case; `now` is in milliseconds since 1970; `attempt`
/// counts from 0; `random` is a number of all 64 bits.
#[must_use]
pub fn retry(
    status: u16,
    headers: &[(String, String)],
    now: u64,
    attempt: u32,
    random: u64,
) -> Option<u64> {
    let wanted = match header(headers, "x-should-retry") {
        Some("true") => true,
        Some("false") => false,
        _ => matches!(status, 408 | 409 | 429 | 500..),
    };
    if !wanted {
        return None;
    }
    if let Some(wait) = after(headers, now) {
        return (wait <= MAX_WAIT).then_some(wait);
    }
    let backoff = (FIRST_BACKOFF << attempt.min(4)).min(MAX_BACKOFF);
    Some(backoff - random % (backoff / 4 + 1))
}

/// How long the server says to wait from now, in milliseconds; `None` if it does not say, or says a time
/// that is over.
#[must_use]
pub fn after(headers: &[(String, String)], now: u64) -> Option<u64> {
    let milliseconds = header(headers, "retry-after-ms").and_then(|text| thousandths(text, 1));
    let wait = milliseconds.or_else(|| {
        let text = header(headers, "retry-after")?;
        thousandths(text, 1000).or_else(|| Some(date(text)?.saturating_sub(now)))
    });
    wait.filter(|&wait| wait > 0)
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let (_, value) = headers.iter().find(|(known, _)| known == name)?;
    Some(value.trim_ascii())
}

/// A decimal number of that many thousandths, rounded down: seconds should be whole, but some servers
/// send fractions.
fn thousandths(text: &str, unit: u64) -> Option<u64> {
    let text = text.as_bytes();
    let dot = text.iter().position(|&byte| byte == b'.');
    let (whole, fraction) = match dot {
        Some(dot) => (&text[..dot], &text[dot + 1..]),
        None => (text, &b"0"[..]),
    };
    digits(fraction)?;
    // A number that is too large for 64 bits is no shorter a wait.
    let mut sum = digits(whole)?.saturating_mul(unit);
    let mut place = unit;
    for digit in fraction {
        place /= 10;
        sum = sum.saturating_add(u64::from(digit - b'0') * place);
    }
    Some(sum)
}

const MONTHS: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
const DAYS: &[u8] = b"MonTueWedThuFriSatSun";

/// A time as HTTP writes it (RFC 9110, section 5.6.7: IMF-fixdate, such as
/// `Sun, 06 Nov 1994 08:49:37 GMT`), in milliseconds since 1970.
fn date(text: &str) -> Option<u64> {
    let bytes: &[u8; 29] = text.as_bytes().try_into().ok()?;
    let shape = b"---, -- --- ---- --:--:-- GMT";
    let fits = |(byte, shape): (&u8, &u8)| *shape == b'-' || byte == shape;
    if !bytes.iter().zip(shape).all(fits) {
        return None;
    }
    DAYS.chunks(3).find(|day| **day == bytes[..3])?;
    let number = |from: usize, to: usize| digits(&bytes[from..to]);
    let day = number(5, 7)?;
    let month = MONTHS.chunks(3).position(|month| *month == bytes[8..11])? as u64;
    let year = number(12, 16)?;
    let (hour, minute, second) = (number(17, 19)?, number(20, 22)?, number(23, 25)?);
    // A leap second is the 60th.
    if day == 0 || day > 31 || year < 1970 || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // Years and months are counted from March, so that a leap day is a year's last; 153 days are five
    // months from there, whatever the five.
    let month_from_march = (month + 10) % 12;
    let year_from_march = year - u64::from(month < 2);
    let days = 365 * year_from_march + year_from_march / 4 - year_from_march / 100
        + year_from_march / 400
        + (153 * month_from_march + 2) / 5
        + day
        - 1;
    // From 1 March of the year 0 to 1 January 1970
    let days = days - 719_468;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000)
}

fn digits(text: &[u8]) -> Option<u64> {
    text::digits(text, 10)
}
