//! Arguments as they are read, and answers as they are written.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde_json::{Map, Value};

/// The greatest whole number that JavaScript tells from the next.
#[cfg(feature = "events")]
const SAFE: u64 = (1 << 53) - 1;

/// What [`Error::OutOfMemory`] says.
pub const OUT_OF_MEMORY: &str = "not enough memory for this call";

/// Why a call failed. Where it is in a list is put before it by [`Error::at`].
pub enum Error {
    /// The text is no JSON: the line and the column.
    Syntax(usize, usize),
    /// A value is not what it should be: its name, and what it should be.
    Type(&'static str, &'static str),
    /// What is said of an argument by the crate.
    Refused(String),
    /// Memory cannot grow by what the call may need.
    OutOfMemory,
    /// The argument does not lie in memory.
    OutOfBounds,
    /// An item of a list, and what is wrong with it.
    At(usize, Box<Error>),
}

impl Error {
    /// What an error of the crate says.
    pub fn refused(error: impl fmt::Display) -> Error {
        Error::Refused(error.to_string())
    }

    /// The error of the item at a position.
    pub fn at(self, position: usize) -> Error {
        Error::At(position, Box::new(self))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Syntax(line, column) => {
                write!(
                    out,
                    "the argument is no JSON, at line {line} column {column}"
                )
            }
            Error::Type(name, expected) => write!(out, "{name} is not {expected}"),
            Error::Refused(why) => out.write_str(why),
            Error::OutOfMemory => out.write_str(OUT_OF_MEMORY),
            Error::OutOfBounds => out.write_str("the argument is not in memory"),
            Error::At(position, error) => write!(out, "item {position}: {error}"),
        }
    }
}

/// Reads an argument.
pub fn parse(text: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(text).map_err(|error| Error::Syntax(error.line(), error.column()))
}

/// An object's members, by name.
#[derive(Clone, Copy)]
pub struct Members<'a>(&'a Map<String, Value>);

impl<'a> Members<'a> {
    /// Those of a value.
    pub fn of(value: &'a Value) -> Result<Members<'a>, Error> {
        let object = value.as_object();
        object
            .map(Members)
            .ok_or(Error::Type("the argument", "an object"))
    }

    /// A member, unless it is missing or null.
    pub fn get(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A string.
    pub fn text(self, name: &'static str) -> Result<&'a str, Error> {
        let value = self.get(name).and_then(Value::as_str);
        value.ok_or(Error::Type(name, "a string"))
    }

    /// A number.
    pub fn number(self, name: &'static str) -> Result<f64, Error> {
        let value = self.get(name).and_then(Value::as_f64);
        value.ok_or(Error::Type(name, "a number"))
    }

    /// A whole number from 0 on.
    pub fn count(self, name: &'static str) -> Result<u64, Error> {
        let value = self.get(name).and_then(Value::as_u64);
        value.ok_or(Error::Type(name, "a whole number from 0 on"))
    }

    /// A whole number from 0 on that JavaScript has.
    #[cfg(feature = "events")]
    pub fn safe(self, name: &'static str) -> Result<u64, Error> {
        let safe = self.count(name).ok().filter(|count| *count <= SAFE);
        safe.ok_or(Error::Type(name, "a whole number from 0 to 2^53 - 1"))
    }

    /// A time in nanoseconds: a whole number, or a string of its digits, where JavaScript has no such number.
    #[cfg(feature = "events")]
    pub fn nanoseconds(self, name: &'static str) -> Result<u64, Error> {
        let value = self.get(name);
        let digits = value.and_then(Value::as_str);
        let time = digits.map_or_else(
            || value.and_then(Value::as_u64),
            |digits| digits.parse().ok(),
        );
        time.ok_or(Error::Type(
            name,
            "a whole number from 0 on, or a string of its digits",
        ))
    }

    /// The greatest number of things wanted; more than there can be is all.
    pub fn limit(self, name: &'static str) -> Result<usize, Error> {
        let count = self.count(name)?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// An array.
    pub fn items(self, name: &'static str) -> Result<&'a [Value], Error> {
        items(self.get(name).unwrap_or(&Value::Null), name)
    }
}

/// An array's items.
pub fn items<'a>(value: &'a Value, name: &'static str) -> Result<&'a [Value], Error> {
    let array = value.as_array();
    array
        .map(Vec::as_slice)
        .ok_or(Error::Type(name, "an array"))
}

/// Reads each item, and says which one is wrong.
pub fn each<'a, T>(
    items: &'a [Value],
    read: impl Fn(&'a Value) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let read = |(position, item)| read(item).map_err(|error: Error| error.at(position));
    items.iter().enumerate().map(read).collect()
}

/// The strings of an array.
pub fn texts<'a>(value: &'a Value, name: &'static str) -> Result<Vec<&'a str>, Error> {
    each(items(value, name)?, |item| {
        item.as_str()
            .ok_or(Error::Type(name, "an array of strings"))
    })
}

/// An answer, in the making.
#[derive(Default)]
pub struct Answer(pub String);

impl Answer {
    /// Writes a number; one that is not finite has no JSON and becomes null.
    pub fn number(&mut self, number: f64) {
        self.written(serde_json::to_string(&number));
    }

    /// Writes a whole number.
    pub fn count(&mut self, count: impl Into<u64>) {
        self.written(serde_json::to_string(&count.into()));
    }

    /// Writes a whole number, or null if JavaScript would take it for another.
    #[cfg(feature = "events")]
    pub fn safe(&mut self, count: u64) {
        if count <= SAFE {
            self.count(count);
        } else {
            self.null();
        }
    }

    /// Writes a whole number as a string of its digits, of which JavaScript loses none.
    #[cfg(feature = "events")]
    pub fn digits(&mut self, count: u64) {
        self.0.push('"');
        self.count(count);
        self.0.push('"');
    }

    /// Writes a truth.
    pub fn truth(&mut self, truth: bool) {
        self.0.push_str(if truth { "true" } else { "false" });
    }

    /// Writes null.
    pub fn null(&mut self) {
        self.0.push_str("null");
    }

    /// Writes a string.
    pub fn text(&mut self, text: &str) {
        self.written(serde_json::to_string(text));
    }

    fn written(&mut self, text: serde_json::Result<String>) {
        // NB: to write a string or a number to memory does not fail
        self.0.push_str(&text.unwrap_or_default());
    }

    /// Writes an array.
    pub fn array<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Answer, T),
    ) {
        self.0.push('[');
        for (position, item) in items.into_iter().enumerate() {
            self.0.push_str(if position == 0 { "" } else { "," });
            write(self, item);
        }
        self.0.push(']');
    }

    /// Begins a member of an object: `{` before the first and `,` before the others, and its name.
    pub fn member(&mut self, name: &str, first: bool) -> &mut Answer {
        self.0.push(if first { '{' } else { ',' });
        self.text(name);
        self.0.push(':');
        self
    }

    /// Ends an object.
    pub fn end(&mut self) {
        self.0.push('}');
    }
}
