//! TOML 1.1 (<https://toml.io/en/v1.1.0>), read into the values of JSON.
//!
//! A component of at most 150 KB cannot hold a crate for it: `toml_parser`, which knows no tables yet, adds
//! 41 KB, `tomling` 73, `toml-span` 85 and `toml` 93; this adds 15. It passes the cases of `toml-test`. Two
//! things differ: dates and times become texts, and `inf` and `nan`, which JSON has not, are refused. No
//! error quotes the file, which may hold keys.

use crate::prelude::*;
use crate::text;
use serde_json::{Map, Value};

/// How deep arrays and inline tables may lie in each other, and how many parts a key may have.
const DEPTH: usize = 24;
/// Most keys of one table: each new one is compared with those before it.
const KEYS: usize = 4096;

/// What is wrong with a key that its table has already.
pub(super) const TWICE: &str = "said twice";

/// Why a text is no TOML, and the byte where that shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The byte's place in the text
    pub at: usize,
    /// What is wrong, without a word of the text
    pub what: &'static str,
}

/// How a table came to be, which says who may add to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// By the header of a table below it; its own header may follow
    Implied,
    /// By its own header
    Header,
    /// By a key with dots
    Dotted,
    /// In braces
    Inline,
}

#[derive(Debug)]
enum Node {
    Value(Value),
    Array(Vec<(usize, Node)>),
    Table(Table),
    /// Tables with headers in double brackets
    Tables(Vec<(usize, Node)>),
}

/// A table, with the place of each of its keys.
#[derive(Debug)]
pub struct Table {
    origin: Origin,
    entries: Vec<(String, usize, Node)>,
}

impl Table {
    const fn new(origin: Origin) -> Self {
        Self {
            origin,
            entries: Vec::new(),
        }
    }

    /// The value at a key, added if there is none.
    fn entry(
        &mut self,
        key: String,
        at: usize,
        new: impl FnOnce() -> Node,
    ) -> Result<(&mut Node, bool), Fault> {
        let found = self.entries.iter().position(|(known, ..)| *known == key);
        let index = match found {
            Some(index) => index,
            None if self.entries.len() == KEYS => return fault(at, "too many keys in one table"),
            None => {
                self.entries.push((key, at, new()));
                self.entries.len() - 1
            }
        };
        Ok((&mut self.entries[index].2, found.is_none()))
    }

    /// The table as a JSON object.
    #[must_use]
    pub fn into_object(self) -> Map<String, Value> {
        // Collecting would sort what the map sorts anyway.
        let mut object = Map::new();
        for (key, _, node) in self.entries {
            object.insert(key, node.into_value());
        }
        object
    }

    /// The byte where the value at a path is named, or the nearest thing above it; `same` compares a key
    /// of the file with a part of the path.
    #[must_use]
    pub fn find(&self, path: &[&str], same: fn(&str, &str) -> bool) -> Option<usize> {
        let (first, rest) = path.split_first()?;
        let (_, at, node) = self.entries.iter().find(|(key, ..)| same(key, first))?;
        node.find(rest, same).or(Some(*at))
    }
}

impl Node {
    fn into_value(self) -> Value {
        match self {
            Self::Value(value) => value,
            Self::Table(table) => Value::Object(table.into_object()),
            Self::Array(items) | Self::Tables(items) => {
                let values = items.into_iter().map(|(_, node)| node.into_value());
                Value::Array(values.collect())
            }
        }
    }

    fn find(&self, path: &[&str], same: fn(&str, &str) -> bool) -> Option<usize> {
        match self {
            Self::Value(_) => None,
            Self::Table(table) => table.find(path, same),
            Self::Array(items) | Self::Tables(items) => {
                let (first, rest) = path.split_first()?;
                let (at, node) =
                    items.get(usize::try_from(text::digits(first.as_bytes(), 10)?).ok()?)?;
                node.find(rest, same).or(Some(*at))
            }
        }
    }
}

fn fault<T>(at: usize, what: &'static str) -> Result<T, Fault> {
    Err(Fault { at, what })
}

/// Reads a whole text.
///
/// # Errors
/// The first [`Fault`].
pub fn parse(text: &str) -> Result<Table, Fault> {
    let mut reader = Reader {
        text: text.as_bytes(),
        at: 0,
    };
    let mut root = Table::new(Origin::Header);
    let mut current = &mut root;
    loop {
        reader.space();
        match reader.peek() {
            None => return Ok(root),
            Some(b'[') => {
                current = reader.header(&mut root)?;
                reader.line_end()?;
            }
            Some(b'\n' | b'\r' | b'#') => reader.line_end()?,
            Some(_) => {
                reader.pair(current, 0)?;
                reader.line_end()?;
            }
        }
    }
}

/// A key's parts, each with its place.
type Key = Vec<(String, usize)>;

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn fault<T>(&self, what: &'static str) -> Result<T, Fault> {
        fault(self.at, what)
    }

    fn take(&mut self, expected: &[u8]) -> bool {
        let there = self.text[self.at..].starts_with(expected);
        if there {
            self.at += expected.len();
        }
        there
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    fn newline(&mut self) -> bool {
        self.take(b"\n") || self.take(b"\r\n")
    }

    fn comment(&mut self) -> Result<(), Fault> {
        if self.take(b"#") {
            while let Some(byte) = self.peek() {
                match byte {
                    b'\n' => break,
                    b'\r' if self.text.get(self.at + 1) == Some(&b'\n') => break,
                    _ => self.printable()?,
                }
            }
        }
        Ok(())
    }

    /// Passes a byte that may stand in a text or comment.
    fn printable(&mut self) -> Result<(), Fault> {
        match self.peek() {
            Some(b'\n') => self.fault("a quotation mark is missing"),
            Some(0..=8 | 10..=31 | 127) => self.fault("a control character"),
            None => self.fault("the text ends too early"),
            Some(_) => {
                self.at += 1;
                Ok(())
            }
        }
    }

    fn line_end(&mut self) -> Result<(), Fault> {
        self.space();
        self.comment()?;
        if self.newline() || self.peek().is_none() {
            return Ok(());
        }
        self.fault("something stands where the line should end")
    }

    /// Passes what may stand between the values of an array or inline table.
    fn gap(&mut self) -> Result<(), Fault> {
        loop {
            self.space();
            self.comment()?;
            if !self.newline() {
                return Ok(());
            }
        }
    }

    fn key(&mut self) -> Result<Key, Fault> {
        let mut parts = Key::new();
        loop {
            self.space();
            let at = self.at;
            let part = if let Some(quote @ (b'"' | b'\'')) = self.peek() {
                self.at += 1;
                self.line_of_text(quote)?
            } else {
                self.word(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            };
            if self.at == at {
                return self.fault("a key is missing");
            }
            if parts.len() == DEPTH {
                return fault(at, "a key with too many parts");
            }
            parts.push((part, at));
            self.space();
            if !self.take(b".") {
                return Ok(parts);
            }
        }
    }

    /// The ASCII text of bytes that are of one kind.
    fn word(&mut self, kind: fn(u8) -> bool) -> String {
        let mut word = String::new();
        while let Some(byte) = self.peek().filter(|byte| kind(*byte)) {
            word.push(char::from(byte));
            self.at += 1;
        }
        word
    }

    /// `[table]` or `[[tables]]`: the table that the next lines add to.
    fn header<'t>(&mut self, root: &'t mut Table) -> Result<&'t mut Table, Fault> {
        self.at += 1;
        let several = self.take(b"[");
        let mut key = self.key()?;
        if !self.take(if several { b"]]" } else { b"]" }) {
            return self.fault("a bracket is missing");
        }
        let last = key.pop();
        let mut table = root;
        for (part, at) in key {
            let (node, _) = table.entry(part, at, || Node::Table(Table::new(Origin::Implied)))?;
            table = match node {
                Node::Table(table) if table.origin != Origin::Inline => table,
                Node::Tables(tables) => match tables.last_mut() {
                    Some((_, Node::Table(table))) => table,
                    _ => return fault(at, "no table"),
                },
                _ => return fault(at, "said before, and no table that can be added to"),
            };
        }
        let Some((part, at)) = last else {
            return self.fault("a key is missing");
        };
        let (node, new) = table.entry(part, at, || {
            if several {
                Node::Tables(Vec::new())
            } else {
                Node::Table(Table::new(Origin::Header))
            }
        })?;
        match node {
            Node::Tables(tables) if several => {
                tables.push((at, Node::Table(Table::new(Origin::Header))));
                match tables.last_mut() {
                    Some((_, Node::Table(table))) => Ok(table),
                    _ => fault(at, "no table"),
                }
            }
            Node::Table(table) if !several && (new || table.origin == Origin::Implied) => {
                table.origin = Origin::Header;
                Ok(table)
            }
            _ => fault(at, TWICE),
        }
    }

    /// `key = value`
    fn pair(&mut self, table: &mut Table, depth: usize) -> Result<(), Fault> {
        let mut key = self.key()?;
        if !self.take(b"=") {
            return self.fault("an equals sign is missing");
        }
        self.space();
        let value = self.value(depth)?;
        let last = key.pop();
        let mut table = table;
        for (part, at) in key {
            let (node, _) = table.entry(part, at, || Node::Table(Table::new(Origin::Dotted)))?;
            table = match node {
                // What headers alone implied lies below it, and may be added to.
                Node::Table(table) if matches!(table.origin, Origin::Dotted | Origin::Implied) => {
                    table.origin = Origin::Dotted;
                    table
                }
                _ => return fault(at, "said before, and no table that can be added to"),
            };
        }
        let Some((part, at)) = last else {
            return self.fault("a key is missing");
        };
        let mut value = Some(value);
        let (_, new) = table.entry(part, at, || {
            value.take().unwrap_or(Node::Value(Value::Null))
        })?;
        if new { Ok(()) } else { fault(at, TWICE) }
    }

    fn value(&mut self, depth: usize) -> Result<Node, Fault> {
        if depth == DEPTH {
            return self.fault("too many brackets in each other");
        }
        match self.peek() {
            Some(b'[') => self.array(depth + 1),
            Some(b'{') => self.inline_table(depth + 1),
            Some(quote @ (b'"' | b'\'')) => {
                self.at += 1;
                let text = if self.take(&[quote; 2]) {
                    self.lines_of_text(quote)?
                } else {
                    self.line_of_text(quote)?
                };
                Ok(Node::Value(Value::String(text)))
            }
            _ => self.plain().map(Node::Value),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Node, Fault> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.gap()?;
            if self.take(b"]") {
                return Ok(Node::Array(items));
            }
            let at = self.at;
            items.push((at, self.value(depth)?));
            self.gap()?;
            if !self.take(b",") && self.peek() != Some(b']') {
                return self.fault("a comma or closing bracket is missing");
            }
        }
    }

    fn inline_table(&mut self, depth: usize) -> Result<Node, Fault> {
        self.at += 1;
        let mut table = Table::new(Origin::Inline);
        loop {
            self.gap()?;
            if self.take(b"}") {
                close(&mut table);
                return Ok(Node::Table(table));
            }
            self.pair(&mut table, depth)?;
            self.gap()?;
            if !self.take(b",") && self.peek() != Some(b'}') {
                return self.fault("a comma or closing brace is missing");
            }
        }
    }

    /// The rest of a text in single or double quotation marks.
    fn line_of_text(&mut self, quote: u8) -> Result<String, Fault> {
        let mut text = Vec::new();
        loop {
            match self.peek() {
                Some(byte) if byte == quote => {
                    self.at += 1;
                    return self.unicode(text);
                }
                Some(b'\\') if quote == b'"' => self.escape(&mut text)?,
                _ => self.letter(&mut text)?,
            }
        }
    }

    /// The rest of a text in three quotation marks.
    fn lines_of_text(&mut self, quote: u8) -> Result<String, Fault> {
        let mut text = Vec::new();
        self.newline();
        loop {
            match self.peek() {
                Some(byte) if byte == quote => {
                    if self.take(&[quote; 3]) {
                        // Up to two more belong to the text.
                        for _ in 0..2 {
                            if self.take(&[quote]) {
                                text.push(quote);
                            }
                        }
                        return self.unicode(text);
                    }
                    self.letter(&mut text)?;
                }
                Some(b'\\') if quote == b'"' => {
                    let start = self.at;
                    self.at += 1;
                    self.space();
                    if self.newline() {
                        // A backslash at a line's end swallows all blanks after it.
                        while matches!(self.peek(), Some(b' ' | b'\t')) || self.newline() {
                            self.space();
                        }
                    } else {
                        self.at = start;
                        self.escape(&mut text)?;
                    }
                }
                _ if self.newline() => text.push(b'\n'),
                _ => self.letter(&mut text)?,
            }
        }
    }

    fn letter(&mut self, text: &mut Vec<u8>) -> Result<(), Fault> {
        let start = self.at;
        self.printable()?;
        text.push(self.text[start]);
        Ok(())
    }

    fn unicode(&self, text: Vec<u8>) -> Result<String, Fault> {
        String::from_utf8(text).or_else(|_| self.fault("no UTF-8"))
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Result<(), Fault> {
        let start = self.at;
        self.at += 1;
        let letter = self.peek();
        self.at += 1;
        let (digits, plain) = match letter {
            Some(b'b') => (0, 8),
            Some(b't') => (0, b'\t'),
            Some(b'n') => (0, b'\n'),
            Some(b'f') => (0, 12),
            Some(b'r') => (0, b'\r'),
            Some(b'e') => (0, 27),
            Some(same @ (b'"' | b'\\')) => (0, same),
            Some(b'x') => (2, 0),
            Some(b'u') => (4, 0),
            Some(b'U') => (8, 0),
            _ => {
                return fault(
                    start,
                    "an unknown escape; a backslash itself is written twice",
                );
            }
        };
        let mut code = u32::from(plain);
        for _ in 0..digits {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return fault(start, "an escape with too few digits");
            };
            code = (code << 4) | digit;
            self.at += 1;
        }
        let Some(letter) = char::from_u32(code) else {
            return fault(start, "an escape that is no character");
        };
        text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    /// A number, date, time or truth value.
    fn plain(&mut self) -> Result<Value, Fault> {
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

/// Tables that keys with dots made in braces are closed with the braces.
fn close(table: &mut Table) {
    table.origin = Origin::Inline;
    for (_, _, node) in &mut table.entries {
        if let Node::Table(table) = node {
            close(table);
        }
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
