//! TOML 1.1 (<https://toml.io/en/v1.1.0>), read into the values of JSON.
//!
//! A component of at most 150 KB cannot hold a crate for it: `toml_parser`, which knows no tables yet, adds
//! 41 KB, `tomling` 73, `toml-span` 85 and `toml` 93; this adds 15. It passes the cases of `toml-test`. Two
//! things differ: dates and times become texts, and `inf` and `nan`, which JSON has not, are refused. No
//! error quotes the file, which may hold keys.

mod plain;
mod quoted;

use serde_json::{Map, Value};

use crate::prelude::*;
use crate::text;

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
