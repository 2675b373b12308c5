//! Values without quotation marks: numbers, dates and times, `true` and `false`.

use serde_json::Value;

use super::{Fault, Reader, fault};
use crate::text;

impl Reader<'_> {
    /// A number, date, time or truth value.
    pub fn plain(&mut self) -> Result<Value, Fault> {
        let start = self.at;
        let part = |byte: u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'_' | b'.' | b':')
        };
        let mut word = self.word(part);
        // A date and its time may have a space between them.
        if date(word.as_bytes()).is_some_and(<[u8]>::is_empty) && self.peek() == Some(b' ') {
            let before = self.at;
            self.at += 1;
            let rest = self.word(part);
            if rest.is_empty() {
                self.at = before;
            } else {
                word.push('T');
                word.push_str(&rest);
            }
        }
        let value = match word.as_str() {
            "" => return self.fault("a value is missing"),
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ if moment(word.as_bytes()) => Some(Value::String(word)),
            _ => number(&word),
        };
        value.map_or_else(
            || fault(start, "no value; a text stands in quotation marks, a number is finite, and a day is one of its month"),
            Ok,
        )
    }
}

/// An integer of 64 bits or a finite float.
fn number(word: &str) -> Option<Value> {
    let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word);
    let prefixed = [("0x", 16), ("0o", 8), ("0b", 2)]
        .into_iter()
        .find_map(|(prefix, radix)| Some((unsigned.strip_prefix(prefix)?, radix)));
    let (digits, radix) = prefixed.unwrap_or((unsigned, 10));
    // An underscore stands between two digits.
    let is_digit = |byte: Option<&u8>| byte.is_some_and(|byte| char::from(*byte).is_digit(radix));
    let bytes = digits.as_bytes();
    for (index, byte) in bytes.iter().enumerate() {
        if *byte == b'_'
            && !(index > 0 && is_digit(bytes.get(index - 1)) && is_digit(bytes.get(index + 1)))
        {
            return None;
        }
    }
    // The readers of numbers below take signs where TOML has none.
    if !is_digit(bytes.first()) || !is_digit(bytes.last()) {
        return None;
    }
    let digits = digits.replace('_', "");
    if radix != 10 {
        let value = i64::try_from(text::digits(digits.as_bytes(), radix)?).ok()?;
        return (unsigned.len() == word.len()).then(|| Value::from(value));
    }
    // What is left is written as JSON writes it, whose reader is here anyway.
    let sign = if word.starts_with('-') { "-" } else { "" };
    let number = crate::json::number(text::join(&[sign, &digits], "").as_bytes())?;
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        // JSON's integers reach further and go on as floats; its -0 is a float too.
        let zero = number.as_f64() == Some(0.0);
        let integer = if zero { Some(0) } else { number.as_i64() };
        return integer.map(Value::from);
    }
    Some(Value::Number(number))
}

/// `count` digits, at most `most`, and what follows them.
fn digits(text: &[u8], count: usize, most: u32) -> Option<(u32, &[u8])> {
    let (digits, rest) = text.split_at_checked(count)?;
    let mut value = 0;
    for digit in digits {
        value = value * 10 + char::from(*digit).to_digit(10)?;
    }
    (value <= most).then_some((value, rest))
}

/// What follows a date, if one is there.
fn date(text: &[u8]) -> Option<&[u8]> {
    let (year, rest) = digits(text, 4, 9999)?;
    let (month, rest) = digits(rest.strip_prefix(b"-")?, 2, 12)?;
    let days = match month {
        0 => return None,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let (day, rest) = digits(rest.strip_prefix(b"-")?, 2, days)?;
    (day > 0).then_some(rest)
}

/// What follows a time of day, if one is there.
fn time(text: &[u8]) -> Option<&[u8]> {
    let (_, rest) = digits(text, 2, 23)?;
    let (_, mut rest) = digits(rest.strip_prefix(b":")?, 2, 59)?;
    if let Some(seconds) = rest.strip_prefix(b":") {
        // 60 is a leap second.
        (_, rest) = digits(seconds, 2, 60)?;
        if let Some(fraction) = rest.strip_prefix(b".") {
            let count = fraction
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count();
            if count == 0 {
                return None;
            }
            rest = &fraction[count..];
        }
    }
    Some(rest)
}

/// Whether it is a date, a time, or both, with or without an offset.
fn moment(text: &[u8]) -> bool {
    let Some(rest) = date(text) else {
        return time(text).is_some_and(<[u8]>::is_empty);
    };
    let (Some(b'T' | b't'), Some(rest)) = (rest.first(), rest.get(1..).and_then(time)) else {
        return rest.is_empty();
    };
    match rest {
        [] | [b'Z' | b'z'] => true,
        [b'+' | b'-', offset @ ..] => {
            let hours = digits(offset, 2, 23);
            let minutes = hours.and_then(|(_, rest)| digits(rest.strip_prefix(b":")?, 2, 59));
            minutes.is_some_and(|(_, rest)| rest.is_empty())
        }
        _ => false,
    }
}
