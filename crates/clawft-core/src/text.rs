//! What is done with texts in many places. The standard library's ways are made for long texts and many
//! kinds of patterns, and take kilobytes.

use crate::prelude::*;

/// Where a text has another within it first.
pub(crate) fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    let mut places = text.windows(part.len().max(1));
    places.position(|window| window.starts_with(part))
}

/// What stands before and after the first of a text within another.
#[must_use]
pub fn split_once<'a>(text: &'a str, part: &str) -> Option<(&'a str, &'a str)> {
    let at = find(text.as_bytes(), part.as_bytes())?;
    Some((&text[..at], &text[at + part.len()..]))
}

/// What stands before and after the last of a character of ASCII.
#[must_use]
pub fn split_last(text: &str, mark: u8) -> Option<(&str, &str)> {
    let at = text.bytes().rposition(|byte| byte == mark)?;
    Some((&text[..at], &text[at + 1..]))
}

/// A text without some character at its end, however often it stands there.
#[must_use]
pub fn trim_end(mut text: &str, mark: char) -> &str {
    while let Some(rest) = text.strip_suffix(mark) {
        text = rest;
    }
    text
}

/// Texts, and another between any two of them.
#[must_use]
pub fn join(parts: &[&str], between: &str) -> String {
    let mut text = String::new();
    for (at, part) in parts.iter().enumerate() {
        text.push_str(if at == 0 { "" } else { between });
        text.push_str(part);
    }
    text
}

/// Whether a word is one of those in a text, which spaces part. Such a text is smaller than an array, which
/// has an address and a length for each.
pub(crate) fn lists(words: &str, word: &str) -> bool {
    words.split(' ').any(|listed| listed == word)
}

/// The number of digits alone, as large as 64 bits can have it.
pub(crate) fn digits(text: &[u8], radix: u32) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |number, digit| {
        let digit = char::from(*digit).to_digit(radix)?;
        Some(
            number
                .saturating_mul(radix.into())
                .saturating_add(digit.into()),
        )
    })
}
