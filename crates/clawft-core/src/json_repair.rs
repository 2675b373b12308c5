//! JSON that models mangle: read where its meaning is clear, refused where it is not.
//!
//! Text that is JSON is taken as it is. Of other text, these mean one thing only, and are read:
//! - prose, or a fence of three backticks, around one object or array
//! - a comma too many before `}` or `]`; none between two members, or between two objects of an array
//! - keys without quotes; strings in single or curly quotes; line breaks and other control characters in
//!   a string
//! - `\'`, `\xHH`; a backslash before a character that nothing gives a meaning, which stands for itself
//! - `True`, `False`, `None`; `.5`, `5.`, `+5`, `0x1F`; comments (`//`, `#`, `/* */`)
//! - closing brackets that are missing at the end after a whole value, or one that is missing before the
//!   closing bracket of what is around it, or too many at the end
//! - one key twice with the same value
//! - a string that is itself the text of an object
//! - no text at all, which is an object without members
//!
//! Nothing is made up: a string, number or key that is cut off, a value that is missing, a bare word, two
//! values side by side are refused, since a tool would do something else than the model meant.

use core::fmt;

use crate::json;
use crate::platform::memory;
use crate::prelude::*;
use crate::text::{self, find};
use serde_json::{Map, Value};

/// Longest text that is read, in bytes.
pub const MAX_BYTES: usize = 1 << 20;

/// Most values within one: each takes tens of bytes however short its text is.
pub const MAX_VALUES: usize = 1 << 14;

/// After so many values it is asked whether there is memory for as many more, of which each may take some
/// hundred bytes.
const ASKED: usize = 1 << 10;

/// Deepest nesting, as `serde_json` has it.
pub const MAX_DEPTH: usize = 128;

/// Why a text is no JSON, nor clearly meant as some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepairError {
    /// The byte of the text, from 0
    pub at: usize,
    /// The line, from 1
    pub line: usize,
    /// The character of that line, from 1
    pub column: usize,
    /// What is wrong there
    pub reason: String,
    /// Whether the text ends where more should come
    pub cut_off: bool,
}

impl fmt::Display for RepairError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line,
            column,
            reason,
            ..
        } = self;
        write!(formatter, "line {line}, column {column}: {reason}")
    }
}

impl core::error::Error for RepairError {}

/// Reads JSON, or what is clearly meant as such: the value, and whether the text had to be repaired.
///
/// # Errors
/// [`RepairError`] with the first place that is unclear, or that breaks a limit.
pub fn repair(text: &str) -> Result<(Value, bool), RepairError> {
    let bytes = text.as_bytes();
    let mut parser = Parser::new(bytes, false, MAX_VALUES);
    if text.len() > MAX_BYTES {
        return Err(parser.error("longer than 1 MiB"));
    }
    if text.trim_ascii().is_empty() {
        return Ok((Value::Object(Map::new()), true));
    }
    if let Ok(value) = json::parse(bytes, MAX_VALUES) {
        return Ok(decode_again(value));
    }
    Ok((parser.document()?, true))
}

/// A string that is the text of an object was encoded twice: arguments are never a string.
fn decode_again(value: Value) -> (Value, bool) {
    if let Value::String(text) = &value
        && text.trim_ascii_start().starts_with('{')
        && let Ok(inner) = json::parse(text.as_bytes(), MAX_VALUES)
    {
        return (inner, true);
    }
    (value, false)
}

const CUT_OFF: &str = "the text ends here, and what is missing is not clear";
const FOLLOWED: &str = "something else follows the value";
const UNDIVIDED: &str = "neither a comma nor a closing bracket after a value";
const FENCE: &[u8] = b"```";

/// What may stand between two tokens beside ASCII's white space: no-break space, byte order mark, and
/// space of no width.
const WIDE_SPACES: [&[u8]; 3] = [b"\xc2\xa0", b"\xef\xbb\xbf", b"\xe2\x80\x8b"];

/// Quotes that start a string, and those that end it.
const QUOTES: [(&[u8], [&[u8]; 2]); 6] = [
    (b"\"", [b"\""; 2]),
    (b"'", [b"'"; 2]),
    (LEFT_DOUBLE, [LEFT_DOUBLE, RIGHT_DOUBLE]),
    (RIGHT_DOUBLE, [LEFT_DOUBLE, RIGHT_DOUBLE]),
    (LEFT_SINGLE, [LEFT_SINGLE, RIGHT_SINGLE]),
    (RIGHT_SINGLE, [LEFT_SINGLE, RIGHT_SINGLE]),
];
const LEFT_SINGLE: &[u8] = "\u{2018}".as_bytes();
const RIGHT_SINGLE: &[u8] = "\u{2019}".as_bytes();
const LEFT_DOUBLE: &[u8] = "\u{201c}".as_bytes();
const RIGHT_DOUBLE: &[u8] = "\u{201d}".as_bytes();

pub(crate) struct Parser<'a> {
    text: &'a [u8],
    /// Whether it has to be JSON as it is
    strict: bool,
    /// Whether no object may have a key twice, whatever its values
    once: bool,
    /// Where it is, in bytes
    at: usize,
    /// Where the text ends, or the fence around it
    end: usize,
    /// How many values more it may have
    values: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    /// A parser at a text's start.
    pub(crate) const fn new(text: &'a [u8], strict: bool, values: usize) -> Self {
        Self {
            text,
            strict,
            once: false,
            at: 0,
            end: text.len(),
            values,
            depth: 0,
        }
    }

    /// The same, but no object may have a key twice.
    pub(crate) const fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// The value that the text is, and nothing beside it.
    pub(crate) fn whole(mut self) -> Result<Value, RepairError> {
        if let Err(error) = core::str::from_utf8(self.text) {
            return Err(self.error_at(error.valid_up_to(), "no UTF-8"));
        }
        self.blank()?;
        let value = self.value()?;
        self.blank()?;
        if self.at < self.end {
            return Err(self.error(FOLLOWED));
        }
        Ok(value)
    }

    fn error(&self, reason: &str) -> RepairError {
        self.error_at(self.at, reason)
    }

    fn error_at(&self, at: usize, reason: &str) -> RepairError {
        let (mut line, mut column) = (1, 1);
        for byte in &self.text[..at] {
            match byte {
                b'\n' => (line, column) = (line + 1, 1),
                // Not the first byte of its character
                0x80..=0xbf => {}
                _ => column += 1,
            }
        }
        RepairError {
            at,
            line,
            column,
            reason: reason.into(),
            cut_off: self.at >= self.end,
        }
    }

    /// The error that a word or number here may go on after the end.
    fn cut_off(&mut self) -> RepairError {
        let start = self.at;
        self.at = self.end;
        self.error_at(start, CUT_OFF)
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..self.end).unwrap_or_default()
    }

    /// The next byte, or none at the end.
    fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    /// Goes past a text, if it comes next.
    fn eat(&mut self, text: &[u8]) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    /// The bytes from here that have a property.
    fn run(&self, property: fn(u8) -> bool) -> &'a [u8] {
        let rest = self.rest();
        let length = rest.iter().position(|&byte| !property(byte));
        &rest[..length.unwrap_or(rest.len())]
    }

    /// The one object or array of the text, whatever stands around it.
    fn document(&mut self) -> Result<Value, RepairError> {
        self.at = self.run(|byte| byte != b'{' && byte != b'[').len();
        let (prose, value) = self.text.split_at(self.at);
        if value.is_empty() {
            return Err(self.error_at(0, "no JSON object"));
        }
        if prose.iter().any(|byte| matches!(byte, b'}' | b']')) {
            return Err(self.error_at(0, "a closing bracket without an opening one"));
        }
        if let [before @ .., b':'] = prose.trim_ascii_end()
            && let [.., b'"' | b'\''] = before.trim_ascii_end()
        {
            return Err(self.error_at(0, "a member without the object that it is of"));
        }
        if find(prose, FENCE).is_some() {
            let close = value.windows(FENCE.len()).rposition(|part| part == FENCE);
            self.end = close.map_or(self.end, |close| self.at + close);
        }
        let value = self.value()?;
        self.blank()?;
        while let Some(b'}' | b']') = self.peek() {
            self.at += 1;
            self.blank()?;
        }
        self.end = self.text.len();
        self.at += self
            .run(|byte| !matches!(byte, b'{' | b'}' | b'[' | b']'))
            .len();
        if self.at < self.end {
            return Err(self.error(FOLLOWED));
        }
        Ok(value)
    }

    /// Goes past white space and comments.
    fn blank(&mut self) -> Result<(), RepairError> {
        loop {
            let rest = self.rest();
            match rest {
                [b' ' | b'\t' | b'\n' | b'\r', ..] => self.at += 1,
                _ if self.strict => return Ok(()),
                [b'#', ..] | [b'/', b'/', ..] => self.at += self.run(|byte| byte != b'\n').len(),
                [b'/', b'*', ..] => match find(rest, b"*/") {
                    Some(length) => self.at += length + 2,
                    None => return Err(self.error("a comment without an end")),
                },
                _ if WIDE_SPACES.iter().any(|space| self.eat(space)) => {}
                _ => return Ok(()),
            }
        }
    }

    fn value(&mut self) -> Result<Value, RepairError> {
        let Some(values) = self.values.checked_sub(1) else {
            return Err(self.error("more values than are read"));
        };
        self.values = values;
        if values % ASKED == 0 && !memory::room(0) {
            return Err(self.error("more values than there is memory for"));
        }
        match self.peek() {
            Some(bracket @ (b'{' | b'[')) => {
                self.depth += 1;
                if self.depth >= MAX_DEPTH {
                    return Err(self.error("nested too deep"));
                }
                self.at += 1;
                let value = if bracket == b'{' {
                    self.object()
                } else {
                    self.array()
                };
                self.depth -= 1;
                value
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'+' | b'.') if !self.strict => self.number(),
            Some(_) => match self.string()? {
                Some(text) => Ok(Value::String(text)),
                None => self.word(),
            },
            None => Err(self.error(CUT_OFF)),
        }
    }

    /// The members up to and with the closing bracket, whose opening one is past.
    fn object(&mut self) -> Result<Value, RepairError> {
        let mut members = Map::new();
        loop {
            self.blank()?;
            if self.eat(b"}") {
                break;
            }
            let start = self.at;
            let key = self.key()?;
            self.blank()?;
            if !self.eat(b":") {
                return Err(self.error(if self.peek().is_some() {
                    "no colon after a key"
                } else {
                    CUT_OFF
                }));
            }
            self.blank()?;
            let value = self.value()?;
            let twice = |known: &Value| self.once || !self.strict && *known != value;
            if members.get(&key).is_some_and(twice) {
                return Err(self.error_at(start, &format!("two values of {key}")));
            }
            let closed = self.closed_after(&value, b'}')?;
            members.insert(key, value);
            if closed {
                break;
            }
        }
        Ok(Value::Object(members))
    }

    /// The elements up to and with the closing bracket, whose opening one is past.
    fn array(&mut self) -> Result<Value, RepairError> {
        let mut elements = Vec::new();
        loop {
            self.blank()?;
            if self.eat(b"]") {
                break;
            }
            let value = self.value()?;
            let closed = self.closed_after(&value, b']')?;
            elements.push(value);
            if closed {
                break;
            }
        }
        Ok(Value::Array(elements))
    }

    /// Whether an object or array is closed after one of its values; otherwise another value may follow.
    fn closed_after(&mut self, value: &Value, close: u8) -> Result<bool, RepairError> {
        let before = self.at;
        self.blank()?;
        let gap = self.at > before;
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                if self.strict {
                    self.blank()?;
                    if let Some(b'}' | b']') = self.peek() {
                        return Err(self.error("a comma too many"));
                    }
                }
                Ok(false)
            }
            Some(bracket) if bracket == close => {
                self.at += 1;
                Ok(true)
            }
            None if self.strict => Err(self.error(CUT_OFF)),
            Some(_) if self.strict => Err(self.error(UNDIVIDED)),
            // The bracket of what is around it: this one's is missing.
            Some(b'}' | b']') if self.depth > 1 => Ok(true),
            // The digits of a number may go on.
            None if gap || !value.is_number() => Ok(true),
            None => Err(self.error(CUT_OFF)),
            // A comma is missing. Two strings without a gap are rather one with a quote in it.
            Some(b'"') if close == b'}' && (gap || !value.is_string()) => Ok(false),
            Some(b'{' | b'[') if close == b']' && (value.is_object() || value.is_array()) => {
                Ok(false)
            }
            Some(_) => Err(self.error(UNDIVIDED)),
        }
    }

    fn key(&mut self) -> Result<String, RepairError> {
        if let Some(key) = self.string()? {
            return Ok(key);
        }
        match self.peek() {
            Some(b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$') if !self.strict => {
                let key = self
                    .run(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'-'));
                self.at += key.len();
                // Its opening quote may be missing.
                self.eat(b"\"");
                Ok(utf8(key.to_vec()))
            }
            Some(_) => Err(self.error("no key where one should be")),
            None => Err(self.error(CUT_OFF)),
        }
    }

    /// `true`, `false` and `null`, also as Python writes them.
    fn word(&mut self) -> Result<Value, RepairError> {
        let word = self.run(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let value = match word {
            b"true" => Value::Bool(true),
            b"false" => Value::Bool(false),
            b"null" => Value::Null,
            b"True" if !self.strict => Value::Bool(true),
            b"False" if !self.strict => Value::Bool(false),
            b"None" if !self.strict => Value::Null,
            b"" => return Err(self.error("no value where one should be")),
            b"NaN" | b"Infinity" => return Err(self.error("JSON has no such number")),
            _ if word.len() == self.rest().len() => return Err(self.cut_off()),
            _ => return Err(self.error("a word without quotes")),
        };
        self.at += word.len();
        Ok(value)
    }

    /// A number, by way of how JSON writes it.
    fn number(&mut self) -> Result<Value, RepairError> {
        let written = self
            .run(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_'));
        let number = if self.strict {
            json::number(written)
        } else {
            json::number(&plain(written))
        };
        let Some(number) = number else {
            return Err(if written.len() == self.rest().len() {
                self.cut_off()
            } else {
                self.error("no number")
            });
        };
        self.at += written.len();
        Ok(Value::Number(number))
    }

    /// A string, if a quote comes next.
    fn string(&mut self) -> Result<Option<String>, RepairError> {
        let start = self.at;
        let rest = self.rest();
        let quotes = if self.strict { &QUOTES[..1] } else { &QUOTES };
        let Some((quote, ends)) = quotes.iter().find(|(quote, _)| rest.starts_with(quote)) else {
            return Ok(None);
        };
        self.at += quote.len();
        let mut value = Vec::new();
        loop {
            if ends.iter().any(|end| self.eat(end)) {
                return Ok(Some(utf8(value)));
            }
            match self.peek() {
                Some(b'\\') => self.escape(&mut value)?,
                // Whether that one ends the string is not clear.
                Some(b'"') if *quote != b"'" => return Err(self.error("quotes of two kinds")),
                Some(0..b' ') if self.strict => {
                    return Err(self.error("a control character in a string"));
                }
                Some(byte) => {
                    value.push(byte);
                    self.at += 1;
                }
                None => return Err(self.error_at(start, "a string without an end")),
            }
        }
    }

    /// A backslash and what belongs to it.
    fn escape(&mut self, value: &mut Vec<u8>) -> Result<(), RepairError> {
        let start = self.at;
        let escaped = self.rest().get(1).copied();
        self.at += 2;
        let meant = match escaped {
            Some(b'"' | b'\\' | b'/') => escaped.map(char::from),
            Some(b'b') => Some('\u{8}'),
            Some(b'f') => Some('\u{c}'),
            Some(b'n') => Some('\n'),
            Some(b'r') => Some('\r'),
            Some(b't') => Some('\t'),
            Some(b'u') => self.unicode(),
            Some(_) if self.strict => None,
            Some(b'\'') => Some('\''),
            Some(b'x') => self.code(2).and_then(char::from_u32),
            // Python and JavaScript have other meanings for these.
            Some(b'0'..=b'9' | b'a' | b'v' | b'N' | b'U' | b'\n' | b'\r' | 0x80..) => None,
            Some(_) => {
                value.push(b'\\');
                escaped.map(char::from)
            }
            None => return Err(self.error_at(start, "the text ends in an escape")),
        };
        let Some(meant) = meant else {
            return Err(self.error_at(start, "an escape whose meaning is not clear"));
        };
        value.extend_from_slice(meant.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    fn unicode(&mut self) -> Option<char> {
        let unit = self.code(4)?;
        if !(0xd800..0xdc00).contains(&unit) {
            return char::from_u32(unit);
        }
        if !self.eat(b"\\u") {
            self.expect(2)?;
            return None;
        }
        let low = self.code(4)?.checked_sub(0xdc00)?;
        (low < 0x400).then(|| char::from_u32(0x10000 + ((unit - 0xd800) << 10) + low))?
    }

    /// So many bytes from here; where there are fewer, it is at the end then.
    fn expect(&mut self, count: usize) -> Option<&'a [u8]> {
        let bytes = self.rest().get(..count);
        if bytes.is_none() {
            self.at = self.end;
        }
        bytes
    }

    /// So many hexadecimal digits.
    fn code(&mut self, digits: usize) -> Option<u32> {
        let code = hexadecimal(self.expect(digits)?)?;
        self.at += digits;
        u32::try_from(code).ok()
    }
}

/// A number as JSON writes it, or what it does not take for one.
fn plain(written: &[u8]) -> Vec<u8> {
    let (sign, unsigned): (&[u8], _) = match written {
        [b'-', unsigned @ ..] => (b"-", unsigned),
        [b'+', unsigned @ ..] => (b"", unsigned),
        _ => (b"", written),
    };
    let mut number = sign.to_vec();
    match unsigned {
        [b'0', b'x' | b'X', digits @ ..] => {
            if let Some(integer) = hexadecimal(digits) {
                number.extend_from_slice(integer.to_string().as_bytes());
            }
        }
        [b'0'..=b'9' | b'.', ..] => {
            let exponent = unsigned.iter().position(|byte| matches!(byte, b'e' | b'E'));
            let (mantissa, exponent) = unsigned.split_at(exponent.unwrap_or(unsigned.len()));
            // Digits are wanted on both sides of a dot, and a dot alone has none.
            let (before, after): (&[u8], &[u8]) = match mantissa {
                [b'.'] => (b"", b""),
                [b'.', ..] => (b"0", b""),
                [.., b'.'] => (b"", b"0"),
                _ => (b"", b""),
            };
            for part in [before, mantissa, after, exponent] {
                number.extend_from_slice(part);
            }
        }
        _ => {}
    }
    number
}

fn hexadecimal(digits: &[u8]) -> Option<u64> {
    text::digits(digits, 16).filter(|_| digits.len() <= 16)
}

/// Whole characters of a text: their bytes were only taken one by one.
fn utf8(characters: Vec<u8>) -> String {
    String::from_utf8(characters).unwrap_or_default()
}
