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

use std::fmt;

use serde_json::{Map, Value};

/// Longest text that is read, in bytes.
pub const MAX_BYTES: usize = 1 << 20;

/// Most values within one: each takes tens of bytes however short its text is.
pub const MAX_VALUES: usize = 1 << 14;

/// Deepest nesting, as `serde_json` has it.
pub const MAX_DEPTH: usize = 128;

/// Why a text is no JSON, nor clearly meant as some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepairError {
    /// The line, from 1
    pub line: usize,
    /// The character of that line, from 1
    pub column: usize,
    /// What is wrong there
    pub reason: String,
}

impl fmt::Display for RepairError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line,
            column,
            reason,
        } = self;
        write!(formatter, "line {line}, column {column}: {reason}")
    }
}

impl std::error::Error for RepairError {}

/// Reads JSON, or what is clearly meant as such: the value, and whether the text had to be repaired.
///
/// # Errors
/// [`RepairError`] with the first place that is unclear, or that breaks a limit.
pub fn repair(text: &str) -> Result<(Value, bool), RepairError> {
    let mut parser = Parser {
        text,
        at: 0,
        end: text.len(),
        values: 0,
        depth: 0,
    };
    if text.len() > MAX_BYTES {
        return Err(parser.error("longer than 1 MiB"));
    }
    if text.trim().is_empty() {
        return Ok((Value::Object(Map::new()), true));
    }
    if within_limits(text.as_bytes())
        && let Ok(value) = serde_json::from_str(text)
    {
        return Ok(decode_again(value));
    }
    Ok((parser.document()?, true))
}

/// Whether a text has so few values that reading it takes little memory; strings may be as long as they
/// are.
pub(crate) fn within_limits(text: &[u8]) -> bool {
    let mut values = 0;
    let mut in_string = false;
    let mut escaped = false;
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b',' | b'[' | b'{' if !in_string => values += 1,
            _ => {}
        }
    }
    values < MAX_VALUES
}

/// A string that is the text of an object was encoded twice: arguments are never a string.
fn decode_again(value: Value) -> (Value, bool) {
    if let Value::String(text) = &value
        && text.trim_start().starts_with('{')
        && within_limits(text.as_bytes())
        && let Ok(inner) = serde_json::from_str(text)
    {
        return (inner, true);
    }
    (value, false)
}

const CUT_OFF: &str = "the text ends here, and what is missing is not clear";

struct Parser<'a> {
    text: &'a str,
    /// Where it is, in bytes
    at: usize,
    /// Where the text ends, or the fence around it
    end: usize,
    values: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn error(&self, reason: &str) -> RepairError {
        self.error_at(self.at, reason.into())
    }

    fn error_at(&self, at: usize, reason: String) -> RepairError {
        let before = &self.text[..at];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        RepairError {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            reason,
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..self.end]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip(&mut self, character: char) {
        self.at += character.len_utf8();
    }

    /// Goes past a text, if it comes next.
    fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    /// The one object or array of the text, whatever stands around it.
    fn document(&mut self) -> Result<Value, RepairError> {
        let Some(start) = self.text.find(['{', '[']) else {
            return Err(self.error("no JSON object"));
        };
        let prose = &self.text[..start];
        if prose.contains(['}', ']']) {
            return Err(self.error("a closing bracket without an opening one"));
        }
        let member = prose.trim_end().strip_suffix(':').map(str::trim_end);
        if member.is_some_and(|key| key.ends_with(['"', '\''])) {
            return Err(self.error("a member without the object that it is of"));
        }
        if let Some(fence) = prose.find("```") {
            let close = self.text.rfind("```").filter(|&close| close > fence);
            self.end = close.unwrap_or(self.end);
        }
        self.at = start;
        let value = self.value()?;
        self.blank()?;
        while matches!(self.peek(), Some('}' | ']')) {
            self.at += 1;
            self.blank()?;
        }
        self.end = self.text.len();
        if let Some(other) = self.rest().find(['{', '}', '[', ']']) {
            self.at += other;
            return Err(self.error("something else follows the value"));
        }
        Ok(value)
    }

    /// Goes past white space and comments.
    fn blank(&mut self) -> Result<(), RepairError> {
        while let Some(character) = self.peek() {
            match character {
                ' ' | '\t' | '\n' | '\r' | '\u{a0}' | '\u{feff}' | '\u{200b}' => {
                    self.skip(character);
                }
                '#' => self.line(),
                '/' if self.rest().starts_with("//") => self.line(),
                '/' if self.rest().starts_with("/*") => match self.rest().find("*/") {
                    Some(length) => self.at += length + 2,
                    None => return Err(self.error("a comment without an end")),
                },
                _ => break,
            }
        }
        Ok(())
    }

    fn line(&mut self) {
        let rest = self.rest();
        self.at += rest.find('\n').unwrap_or(rest.len());
    }

    fn value(&mut self) -> Result<Value, RepairError> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(self.error("more values than are read"));
        }
        match self.peek() {
            Some(bracket @ ('{' | '[')) => {
                self.depth += 1;
                if self.depth >= MAX_DEPTH {
                    return Err(self.error("nested too deep"));
                }
                self.at += 1;
                let value = if bracket == '{' {
                    self.object()
                } else {
                    self.array()
                };
                self.depth -= 1;
                value
            }
            Some('+' | '-' | '.' | '0'..='9') => self.number(),
            Some(quote) if closing_quotes(quote).is_some() => self.string().map(Value::String),
            Some(_) => self.word(),
            None => Err(self.error(CUT_OFF)),
        }
    }

    /// The members up to and with the closing bracket, whose opening one is past.
    fn object(&mut self) -> Result<Value, RepairError> {
        let mut members = Map::new();
        loop {
            self.blank()?;
            if self.eat("}") {
                break;
            }
            let start = self.at;
            let key = self.key()?;
            self.blank()?;
            if !self.eat(":") {
                return Err(self.error(if self.peek().is_some() {
                    "no colon after a key"
                } else {
                    CUT_OFF
                }));
            }
            self.blank()?;
            let value = self.value()?;
            if members.get(&key).is_some_and(|known| *known != value) {
                return Err(self.error_at(start, format!("two values of {key}")));
            }
            let closed = self.closed_after(&value, '}')?;
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
            if self.eat("]") {
                break;
            }
            let value = self.value()?;
            let closed = self.closed_after(&value, ']')?;
            elements.push(value);
            if closed {
                break;
            }
        }
        Ok(Value::Array(elements))
    }

    /// Whether an object or array is closed after one of its values; otherwise another value may follow.
    fn closed_after(&mut self, value: &Value, close: char) -> Result<bool, RepairError> {
        let before = self.at;
        self.blank()?;
        let gap = self.at > before;
        match self.peek() {
            Some(',') => {
                self.at += 1;
                Ok(false)
            }
            Some(bracket) if bracket == close => {
                self.at += 1;
                Ok(true)
            }
            // The bracket of what is around it: this one's is missing.
            Some('}' | ']') if self.depth > 1 => Ok(true),
            // The digits of a number may go on.
            None if gap || !value.is_number() => Ok(true),
            None => Err(self.error(CUT_OFF)),
            // A comma is missing. Two strings without a gap are rather one with a quote in it.
            Some('"') if close == '}' && (gap || !value.is_string()) => Ok(false),
            Some('{' | '[') if close == ']' && (value.is_object() || value.is_array()) => Ok(false),
            Some(_) => Err(self.error("neither a comma nor a closing bracket after a value")),
        }
    }

    fn key(&mut self) -> Result<String, RepairError> {
        match self.peek() {
            Some(quote) if closing_quotes(quote).is_some() => self.string(),
            Some(first) if first.is_ascii_alphabetic() || matches!(first, '_' | '$') => {
                let rest = self.rest();
                let length = rest
                    .find(|letter: char| !letter.is_ascii_alphanumeric() && !"_$-".contains(letter))
                    .unwrap_or(rest.len());
                self.at += length;
                // Its opening quote is missing.
                let quote = self.eat("\"");
                if quote && !self.rest().starts_with(':') {
                    return Err(self.error("no colon after a key"));
                }
                Ok(rest[..length].into())
            }
            Some(_) => Err(self.error("no key where one should be")),
            None => Err(self.error(CUT_OFF)),
        }
    }

    /// `true`, `false` and `null`, also as Python writes them.
    fn word(&mut self) -> Result<Value, RepairError> {
        let rest = self.rest();
        let length = rest
            .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
            .unwrap_or(rest.len());
        let value = match &rest[..length] {
            "true" | "True" => Value::Bool(true),
            "false" | "False" => Value::Bool(false),
            "null" | "None" => Value::Null,
            "" => return Err(self.error("no value where one should be")),
            "NaN" | "Infinity" => return Err(self.error("JSON has no such number")),
            _ if length == rest.len() => return Err(self.error(CUT_OFF)),
            _ => return Err(self.error("a word without quotes")),
        };
        self.at += length;
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, RepairError> {
        let rest = self.rest();
        let length = rest
            .find(|letter: char| !letter.is_ascii_alphanumeric() && !"+-._".contains(letter))
            .unwrap_or(rest.len());
        let written = &rest[..length];
        let unsigned = written.strip_prefix(['+', '-']).unwrap_or(written);
        let hexadecimal = ["0x", "0X"].iter().find_map(|x| unsigned.strip_prefix(x));
        let mut number = String::with_capacity(length + 2);
        if written.starts_with('-') {
            number.push('-');
        }
        if let Some(digits) = hexadecimal {
            if let Ok(integer) = u64::from_str_radix(digits, 16)
                && !digits.starts_with('+')
            {
                number += &integer.to_string();
            }
        } else if unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
            let (mantissa, exponent) =
                unsigned.split_at(unsigned.find(['e', 'E']).unwrap_or(unsigned.len()));
            // Digits are wanted on both sides of a dot, and a dot alone has none.
            let (before, after) = match mantissa {
                "." => ("", ""),
                _ if mantissa.starts_with('.') => ("0", ""),
                _ if mantissa.ends_with('.') => ("", "0"),
                _ => ("", ""),
            };
            for part in [before, mantissa, after, exponent] {
                number += part;
            }
        }
        let Ok(value) = serde_json::from_str(&number) else {
            return Err(self.error(if length == rest.len() {
                CUT_OFF
            } else {
                "no number"
            }));
        };
        self.at += length;
        Ok(value)
    }

    fn string(&mut self) -> Result<String, RepairError> {
        let start = self.at;
        let quote = self.peek().unwrap_or_default();
        let ends = closing_quotes(quote).unwrap_or_default();
        self.skip(quote);
        let mut value = String::new();
        while let Some(character) = self.peek() {
            if ends.contains(character) {
                self.skip(character);
                return Ok(value);
            }
            match character {
                '\\' => self.escape(&mut value)?,
                // Whether that one ends the string is not clear.
                '"' if quote != '\'' => return Err(self.error("quotes of two kinds")),
                _ => {
                    value.push(character);
                    self.skip(character);
                }
            }
        }
        Err(self.error_at(start, "a string without an end".into()))
    }

    /// A backslash and what belongs to it.
    fn escape(&mut self, value: &mut String) -> Result<(), RepairError> {
        let start = self.at;
        self.at += 1;
        let Some(escaped) = self.peek() else {
            return Err(self.error_at(start, "a string without an end".into()));
        };
        self.skip(escaped);
        let meant = match escaped {
            '"' | '\\' | '/' | '\'' => Some(escaped),
            'b' => Some('\u{8}'),
            'f' => Some('\u{c}'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'x' => self.hexadecimal(2).and_then(char::from_u32),
            'u' => self.unicode(),
            // Python and JavaScript have other meanings for these.
            '0'..='9' | 'a' | 'v' | 'N' | 'U' | '\n' | '\r' => None,
            _ => {
                value.push('\\');
                Some(escaped)
            }
        };
        let Some(meant) = meant else {
            return Err(self.error_at(start, "an escape whose meaning is not clear".into()));
        };
        value.push(meant);
        Ok(())
    }

    fn unicode(&mut self) -> Option<char> {
        let unit = self.hexadecimal(4)?;
        if !(0xd800..0xdc00).contains(&unit) {
            return char::from_u32(unit);
        }
        if !self.eat("\\u") {
            return None;
        }
        let low = self.hexadecimal(4)?.checked_sub(0xdc00)?;
        (low < 0x400).then(|| char::from_u32(0x10000 + ((unit - 0xd800) << 10) + low))?
    }

    fn hexadecimal(&mut self, digits: usize) -> Option<u32> {
        let text = self.rest().get(..digits)?;
        let hexadecimal = text.bytes().all(|digit| digit.is_ascii_hexdigit());
        self.at += digits;
        u32::from_str_radix(text, 16).ok().filter(|_| hexadecimal)
    }
}

/// The quotes that end a string which starts with this one.
fn closing_quotes(quote: char) -> Option<&'static str> {
    Some(match quote {
        '"' => "\"",
        '\'' => "'",
        '\u{201c}' | '\u{201d}' => "\u{201c}\u{201d}",
        '\u{2018}' | '\u{2019}' => "\u{2018}\u{2019}",
        _ => return None,
    })
}
