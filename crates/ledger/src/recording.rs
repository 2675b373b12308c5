//! What an artifact weighed at a time, and what its bytes were spent on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Size;
use crate::module::{ModuleError, Parts};

/// Functions and segments of fewer bytes are not listed in a baseline: it stays readable, and
/// what they weigh together is in their crate's row.
pub const LISTED_FROM: u64 = 512;

/// The bytes of an artifact by section, crate and function.
///
/// `sections` and `crates` together are the whole file; the other two tables are details.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// The file as it is.
    pub raw: u64,
    /// The file compressed with gzip at level 9.
    pub gzip: u64,
    /// Functions and segments of fewer bytes are not listed.
    pub listed_from: u64,
    /// Bytes of everything but functions, by section.
    pub sections: BTreeMap<String, u64>,
    /// Bytes of functions, by the crate that has their source.
    pub crates: BTreeMap<String, u64>,
    /// Bytes of the data segments listed, by name; they are a part of the section `data`.
    #[serde(default)]
    pub segments: BTreeMap<String, u64>,
    /// Bytes of the functions listed, by crate and name; instances of one function are one row.
    #[serde(default)]
    pub functions: BTreeMap<String, BTreeMap<String, u64>>,
}

/// A recording cannot be read.
#[derive(Debug, Error)]
pub enum RecordingError {
    /// Not the TOML of a recording.
    #[error("neither a WebAssembly module nor a baseline: {0}")]
    Malformed(toml::de::Error),
    /// A table's rows are not what they should come to.
    #[error("{what} {are} {sum} bytes, and not {expected}: record it anew")]
    Sum {
        /// Which rows.
        what: String,
        /// `are`, or `are more than` where the table is a part.
        are: &'static str,
        /// What they come to.
        sum: u64,
        /// What they should.
        expected: u64,
    },
}

impl Recording {
    /// Records a file with all its functions.
    ///
    /// `named` is the file before its names were stripped; it may be the file itself.
    ///
    /// # Errors
    /// [`ModuleError`].
    pub fn of(wasm: &[u8], size: Size, named: Option<&[u8]>) -> Result<Self, ModuleError> {
        let Parts {
            mut sections,
            functions: by_origin,
            segments,
        } = match named {
            Some(named) => Parts::with_names(wasm, named)?,
            None => Parts::of(wasm)?,
        };
        if !segments.is_empty() {
            *sections.entry("data".to_owned()).or_default() += segments.values().sum::<u64>();
        }
        let mut crates = BTreeMap::<_, u64>::new();
        let mut functions = BTreeMap::<_, BTreeMap<_, _>>::new();
        for (origin, bytes) in by_origin {
            *crates.entry(origin.krate.clone()).or_default() += bytes;
            functions
                .entry(origin.krate)
                .or_default()
                .insert(origin.name, bytes);
        }
        Ok(Self {
            raw: size.raw,
            gzip: size.gzip,
            listed_from: 0,
            sections,
            crates,
            segments,
            functions,
        })
    }

    /// The same without the functions and segments that have fewer bytes.
    #[must_use]
    pub fn listed_from(mut self, bytes: u64) -> Self {
        self.listed_from = self.listed_from.max(bytes);
        self.segments.retain(|_, size| *size >= bytes);
        for functions in self.functions.values_mut() {
            functions.retain(|_, size| *size >= bytes);
        }
        self.functions.retain(|_, functions| !functions.is_empty());
        self
    }

    /// The size of the file.
    #[must_use]
    pub fn size(&self) -> Size {
        Size {
            raw: self.raw,
            gzip: self.gzip,
        }
    }

    /// The sections and crates, which sum up to the file.
    pub fn parts(&self) -> impl Iterator<Item = (Part<'_>, u64)> {
        let crates = self.crates.iter();
        let sections = self.sections.iter();
        crates
            .map(|(name, bytes)| (Part::Crate(name), *bytes))
            .chain(sections.map(|(name, bytes)| (Part::Section(name), *bytes)))
    }

    /// Reads TOML.
    ///
    /// # Errors
    /// [`RecordingError`], also if the rows do not come to the file's size.
    pub fn parse(text: &str) -> Result<Self, RecordingError> {
        let recording: Self = toml::from_str(text).map_err(RecordingError::Malformed)?;
        recording.add_up()?;
        Ok(recording)
    }

    fn add_up(&self) -> Result<(), RecordingError> {
        // NB: wide enough for any file of numbers
        let sum =
            |rows: &BTreeMap<String, u64>| rows.values().map(|bytes| u128::from(*bytes)).sum();
        let fail = |what: String, are, sum: u128, expected| {
            Err(RecordingError::Sum {
                what,
                are,
                sum: u64::try_from(sum).unwrap_or(u64::MAX),
                expected,
            })
        };
        let whole: u128 = sum(&self.sections) + sum(&self.crates);
        if whole != u128::from(self.raw) {
            return fail("sections and crates".to_owned(), "are", whole, self.raw);
        }
        let details = self
            .functions
            .iter()
            .map(|(krate, rows)| {
                (
                    format!("the functions of {krate}"),
                    rows,
                    self.crates.get(krate),
                )
            })
            .chain([(
                "the segments".to_owned(),
                &self.segments,
                self.sections.get("data"),
            )]);
        for (what, rows, whole) in details {
            let (part, whole) = (sum(rows), whole.copied().unwrap_or(0));
            if part > u128::from(whole) {
                return fail(what, "are more than", part, whole);
            }
        }
        Ok(())
    }

    /// Writes TOML, the same for the same numbers.
    ///
    /// # Errors
    /// If a number is above `i64::MAX`, which TOML does not have.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }
}

/// A row that is a part of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part<'a> {
    /// Functions of a crate.
    Crate(&'a str),
    /// Another section.
    Section(&'a str),
}

impl std::fmt::Display for Part<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Crate(name) => f.write_str(name),
            Self::Section(name) => write!(f, "section {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(&str, u64)]) -> BTreeMap<String, u64> {
        rows.iter()
            .map(|(name, bytes)| ((*name).to_owned(), *bytes))
            .collect()
    }

    fn recording() -> Recording {
        Recording {
            raw: 2000,
            gzip: 900,
            listed_from: 0,
            sections: table(&[("preamble", 8), ("code", 12), ("data", 580)]),
            crates: table(&[("core", 600), ("(no crate)", 800)]),
            segments: table(&[(".rodata", 570)]),
            functions: [
                (
                    "core".to_owned(),
                    table(&[("<u8 as \"x\">::é", 512), ("core::small", 88)]),
                ),
                (
                    "(no crate)".to_owned(),
                    table(&[("memcpy", 511), ("memset", 289)]),
                ),
            ]
            .into(),
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let text = recording().to_toml().expect("numbers are small");
        assert_eq!(Recording::parse(&text).expect("well formed"), recording());
    }

    #[test]
    fn small_rows_are_left_out_and_stay_in_the_sums() {
        let short = recording().listed_from(512);
        assert_eq!(short.listed_from, 512);
        assert_eq!(short.crates, recording().crates);
        assert_eq!(short.segments, table(&[(".rodata", 570)]));
        assert_eq!(
            short.functions,
            [("core".to_owned(), table(&[("<u8 as \"x\">::é", 512)]))].into()
        );
        assert_eq!(
            short.parts().map(|(_, bytes)| bytes).sum::<u64>(),
            short.raw
        );
    }

    #[test]
    fn rows_that_do_not_add_up_are_refused() {
        let text = recording().to_toml().expect("numbers are small");
        for (from, to, message) in [
            (
                "raw = 2000",
                "raw = 2001",
                "sections and crates are 2000 bytes, and not 2001",
            ),
            (
                "core = 600",
                "core = 9223372036854775807",
                "sections and crates are",
            ),
            (
                "memcpy = 511",
                "memcpy = 512",
                "the functions of (no crate) are more than 801 bytes, and not 800",
            ),
            (
                ".rodata\" = 570",
                ".rodata\" = 581",
                "the segments are more than 581 bytes, and not 580",
            ),
            ("gzip = 900", "gzip = -1", "invalid value"),
            ("gzip = 900", "zip = 900", "unknown field `zip`"),
        ] {
            let faulty = text.replacen(from, to, 1);
            assert_ne!(faulty, text, "{from} is there");
            let error = Recording::parse(&faulty).expect_err(to).to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
