//! JSON as it is: read by the one parser that there is, that of [`json_repair`](crate::json_repair), and
//! written. `serde_json` gives the values alone: its own reader and writer are 17 KB more.

use core::fmt::Write;

use serde_json::{Number, Value};

use crate::json_repair::{Parser, RepairError};
use crate::prelude::*;
use crate::text::digits;

/// Reads JSON of at most so many values: each takes tens of bytes however short its text is.
///
/// # Errors
/// The first place that is no JSON.
pub fn parse(text: &[u8], most: usize) -> Result<Value, RepairError> {
    Parser::new(text, true, most).whole()
}

/// JSON, or null.
pub(crate) fn or_null(text: &[u8]) -> Value {
    parse(text, usize::MAX).unwrap_or_default()
}

/// A value's text, without white space.
#[must_use]
pub fn text(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(truth) => text.push_str(if *truth { "true" } else { "false" }),
        // Writing to a text cannot fail.
        Value::Number(number) => drop(write!(text, "{number}")),
        Value::String(string) => quote(string, text),
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { "," });
                write(item, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            text.push('{');
            for (at, (name, member)) in members.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { "," });
                quote(name, text);
                text.push(':');
                write(member, text);
            }
            text.push('}');
        }
    }
}

/// Adds a string in its quotation marks.
pub(crate) fn quote(string: &str, text: &mut String) {
    text.push('"');
    for letter in string.chars() {
        let short = match letter {
            '"' | '\\' => letter,
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\0'..' ' => {
                text.push_str(if letter < '\u{10}' {
                    "\\u000"
                } else {
                    "\\u001"
                });
                text.extend(char::from_digit(u32::from(letter) & 15, 16));
                continue;
            }
            _ => {
                text.push(letter);
                continue;
            }
        };
        text.push('\\');
        text.push(short);
    }
    text.push('"');
}

/// The bytes that a letter takes there.
pub(crate) const fn width(letter: char) -> usize {
    match letter {
        '"' | '\\' | '\u{8}' | '\t' | '\n' | '\u{c}' | '\r' => 2,
        '\0'..' ' => 6,
        _ => letter.len_utf8(),
    }
}

/// A string in its quotation marks, as errors show it.
#[must_use]
pub fn quoted(string: &str) -> String {
    let mut text = String::new();
    quote(string, &mut text);
    text
}

/// The number that JSON writes so; `None` if that is none, or too large for a float.
pub(crate) fn number(text: &[u8]) -> Option<Number> {
    let (negative, mut rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    if let [b'0', b'0'..=b'9', ..] = rest {
        return None;
    }
    let mut parts = Digits::default();
    rest = parts.take(rest, 0)?;
    let mut whole = parts.exponent == 0;
    if let [b'.', fraction @ ..] = rest {
        whole = false;
        rest = parts.take(fraction, 1)?;
    }
    let mut exponent = parts.exponent;
    if let [b'e' | b'E', power @ ..] = rest {
        whole = false;
        let (below, power) = match power {
            [b'-', power @ ..] => (true, power),
            [b'+', power @ ..] => (false, power),
            _ => (false, power),
        };
        let power = i32::try_from(digits(power, 10)?).unwrap_or(i32::MAX);
        exponent = exponent.saturating_add(if below { -power } else { power });
    } else if !rest.is_empty() {
        return None;
    }
    let significand = parts.significand;
    if whole && !negative {
        return Some(significand.into());
    }
    if whole && significand > 0 && significand <= 1 << 63 {
        return Some(significand.cast_signed().wrapping_neg().into());
    }
    let float = scale(significand, exponent);
    Number::from_f64(if negative { -float } else { float })
}

/// The digits of a number: as many as 64 bits hold, and by how many places the rest moves them.
#[derive(Default)]
struct Digits {
    significand: u64,
    exponent: i32,
    /// One did not fit, so none after it may
    full: bool,
}

impl Digits {
    /// Takes digits, each of which lies that many places below the one before: what follows them, or
    /// `None` if there are none.
    fn take<'a>(&mut self, text: &'a [u8], below: i32) -> Option<&'a [u8]> {
        let mut rest = text;
        while let [digit @ b'0'..=b'9', after @ ..] = rest {
            rest = after;
            let more = self.significand.checked_mul(10);
            let more = more.and_then(|more| more.checked_add(u64::from(digit - b'0')));
            if let Some(more) = more.filter(|_| !self.full) {
                self.significand = more;
                self.exponent -= below;
            } else {
                self.full = true;
                self.exponent += 1 - below;
            }
        }
        (rest.len() < text.len()).then_some(rest)
    }
}

/// A number times a power of ten, infinite if it is too large. Up to 10²² the power is exact, and the
/// result the nearest float wherever the number is below 2⁵³.
fn scale(significand: u64, exponent: i32) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "it is rounded to the nearest")]
    let mut float = significand as f64;
    // What is beyond these is 0 or infinite in any case.
    let mut left = exponent.unsigned_abs().min(1 << 21);
    while left > 0 && float > 0.0 && float < f64::INFINITY {
        let step = left.min(300);
        left -= step;
        let (mut power, mut square) = (1.0, 10.0);
        for bit in 0..9 {
            if step >> bit & 1 == 1 {
                power *= square;
            }
            square *= square;
        }
        if exponent < 0 {
            float /= power;
        } else {
            float *= power;
        }
    }
    float
}
