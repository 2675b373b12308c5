//! What grew from one recording to another.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::{Recording, Size};

/// The difference of two recordings. Rows that did not change are left out; those that grew
/// most come first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Growth {
    /// What it weighed.
    pub before: Size,
    /// What it weighs.
    pub after: Size,
    /// Functions and segments that had fewer bytes, then or now, are known by their sums only.
    pub listed_from: u64,
    /// Crates, by the bytes of their functions.
    pub crates: Vec<Change>,
    /// Everything but functions.
    pub sections: Vec<Change>,
    /// Functions of one name.
    pub functions: Vec<Change>,
    /// Data segments.
    pub segments: Vec<Change>,
}

/// A row's bytes, then and now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Of what.
    pub name: String,
    /// `None`: it was not there, or too small to be listed.
    pub before: Option<u64>,
    /// `None`: it is not there, or too small to be listed.
    pub after: Option<u64>,
}

impl Change {
    /// Bytes that came, or went if negative. A row that was not listed counts as empty, so
    /// this is the most that it may be.
    #[must_use]
    pub fn bytes(&self) -> i64 {
        difference(self.before.unwrap_or(0), self.after.unwrap_or(0))
    }
}

/// How much more the second is, up to what 64 bits hold.
#[must_use]
pub fn difference(before: u64, after: u64) -> i64 {
    let change = i64::try_from(before.abs_diff(after)).unwrap_or(i64::MAX);
    if after < before { -change } else { change }
}

impl Growth {
    /// Compares two recordings.
    #[must_use]
    pub fn between(before: &Recording, after: &Recording) -> Self {
        let listed_from = before.listed_from.max(after.listed_from);
        let [then, now] = [before, after].map(|side| side.clone().listed_from(listed_from));
        Self {
            before: then.size(),
            after: now.size(),
            listed_from,
            crates: changes(&then.crates, &now.crates),
            sections: changes(&then.sections, &now.sections),
            functions: changes(&by_name(then.functions), &by_name(now.functions)),
            segments: changes(&then.segments, &now.segments),
        }
    }

    /// The biggest changes, for a person to read.
    #[must_use]
    pub fn shown(&self, rows: usize) -> impl fmt::Display + use<'_> {
        Shown { growth: self, rows }
    }
}

/// A function's name has its crate's, but that of `<T as Trait>` has not.
fn by_name(functions: BTreeMap<String, BTreeMap<String, u64>>) -> BTreeMap<String, u64> {
    let mut rows = BTreeMap::new();
    for (name, bytes) in functions.into_values().flatten() {
        *rows.entry(name).or_default() += bytes;
    }
    rows
}

fn changes(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> Vec<Change> {
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let mut changes: Vec<_> = names
        .into_iter()
        .map(|name| Change {
            name: name.clone(),
            before: before.get(name).copied(),
            after: after.get(name).copied(),
        })
        .filter(|change| change.bytes() != 0)
        .collect();
    // NB: stable, so equal changes stay in the order of their names
    changes.sort_by_key(|change| std::cmp::Reverse(change.bytes()));
    changes
}

struct Shown<'a> {
    growth: &'a Growth,
    rows: usize,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let growth = self.growth;
        for (measure, before, after) in [
            ("raw", growth.before.raw, growth.after.raw),
            ("gzip -9", growth.before.gzip, growth.after.gzip),
        ] {
            let change = difference(before, after);
            writeln!(f, "{measure}: {before} to {after} bytes ({change:+})")?;
        }
        let floor = growth.listed_from;
        for (title, changes, detail) in [
            ("by crate", &growth.crates, false),
            ("by section", &growth.sections, false),
            ("by function", &growth.functions, true),
            ("by data segment", &growth.segments, true),
        ] {
            if changes.is_empty() {
                continue;
            }
            writeln!(
                f,
                "\n{:>10} {:>9} {:>9}  {title}",
                "change", "before", "after"
            )?;
            // The sign of a row that was or is not listed is known, the exact number is not.
            let side = |bytes: Option<u64>| match bytes {
                Some(bytes) => bytes.to_string(),
                None if detail && floor > 1 => format!("< {floor}"),
                None => "-".to_owned(),
            };
            for change in most(changes, self.rows) {
                writeln!(
                    f,
                    "{:>+10} {:>9} {:>9}  {}",
                    change.bytes(),
                    side(change.before),
                    side(change.after),
                    change.name
                )?;
            }
            if let Some(more @ 1..) = changes.len().checked_sub(self.rows) {
                writeln!(f, "{:>30}  and {more} that changed less", "")?;
            }
        }
        Ok(())
    }
}

/// The rows with the biggest changes up or down, in their order.
pub fn most(changes: &[Change], rows: usize) -> impl Iterator<Item = &Change> {
    let mut places: Vec<_> = (0..changes.len()).collect();
    places.sort_by_key(|place| std::cmp::Reverse(changes[*place].bytes().unsigned_abs()));
    places.truncate(rows);
    places.sort_unstable();
    places.into_iter().map(|place| &changes[place])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(name: &str, before: Option<u64>, after: Option<u64>) -> Change {
        Change {
            name: name.to_owned(),
            before,
            after,
        }
    }

    fn recording(listed_from: u64, functions: &[(&str, &str, u64)]) -> Recording {
        let mut recording = Recording {
            raw: 8,
            gzip: 5,
            listed_from: 0,
            sections: [("preamble".to_owned(), 8)].into(),
            crates: BTreeMap::new(),
            segments: BTreeMap::new(),
            functions: BTreeMap::new(),
        };
        for (krate, name, bytes) in functions {
            recording.raw += bytes;
            *recording.crates.entry((*krate).to_owned()).or_default() += bytes;
            recording
                .functions
                .entry((*krate).to_owned())
                .or_default()
                .insert((*name).to_owned(), *bytes);
        }
        recording.listed_from(listed_from)
    }

    #[test]
    fn what_grew_most_comes_first_and_what_shrank_last() {
        let before = recording(0, &[("a", "a::x", 10), ("a", "a::y", 50), ("b", "b::z", 7)]);
        let after = recording(0, &[("a", "a::x", 40), ("a", "a::y", 20), ("c", "c::w", 9)]);
        let growth = Growth::between(&before, &after);
        assert_eq!(
            growth.crates,
            [change("c", None, Some(9)), change("b", Some(7), None)]
        );
        assert_eq!(
            growth.functions,
            [
                change("a::x", Some(10), Some(40)),
                change("c::w", None, Some(9)),
                change("b::z", Some(7), None),
                change("a::y", Some(50), Some(20)),
            ]
        );
        assert_eq!(growth.sections, []);
        let changes: i64 = growth.crates.iter().map(Change::bytes).sum();
        assert_eq!(changes, difference(before.raw, after.raw));
    }

    #[test]
    fn a_function_that_one_side_does_not_list_is_not_said_to_be_new() {
        let before = recording(100, &[("a", "a::small", 99), ("a", "a::big", 100)]);
        let after = recording(
            0,
            &[
                ("a", "a::small", 120),
                ("a", "a::big", 99),
                ("a", "a::t", 3),
            ],
        );
        let growth = Growth::between(&before, &after);
        assert_eq!(
            growth.functions,
            [
                change("a::small", None, Some(120)),
                change("a::big", Some(100), None),
            ]
        );
        let shown = growth.shown(10).to_string();
        assert!(
            shown.contains("     < 100       120  a::small\n"),
            "{shown}"
        );
        assert!(shown.contains("       100     < 100  a::big\n"), "{shown}");
    }

    #[test]
    fn only_the_biggest_changes_are_shown() {
        let changes = [
            change("up", Some(1), Some(100)),
            change("little", Some(1), Some(2)),
            change("less", Some(1), Some(2)),
            change("down", Some(200), Some(1)),
        ];
        for (rows, expected) in [
            (0, &[][..]),
            (2, &["up", "down"]),
            (3, &["up", "little", "down"]),
            (9, &["up", "little", "less", "down"]),
        ] {
            let names: Vec<_> = most(&changes, rows).map(|change| &change.name).collect();
            assert_eq!(names, expected);
        }
    }

    #[test]
    fn a_difference_has_no_overflow() {
        assert_eq!(difference(u64::MAX, 0), -i64::MAX);
        assert_eq!(difference(0, u64::MAX), i64::MAX);
        assert_eq!(difference(0, 5), 5);
        assert_eq!(difference(5, 0), -5);
    }
}
