//! What an artifact may weigh.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Size;

/// The budgets of all artifacts: each a table of `budgets.toml` with `raw` and `gzip`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Budgets(BTreeMap<String, Size>);

/// A budget cannot be had.
#[derive(Debug, Error)]
pub enum BudgetError {
    /// Not the TOML of budgets.
    #[error("{0}each artifact is a table with `raw` and `gzip`, in bytes")]
    Malformed(toml::de::Error),
    /// No such artifact.
    #[error("no budget for `{artifact}`; there are budgets for: {known}")]
    Unknown {
        /// What was asked for.
        artifact: String,
        /// What there is, separated by commas.
        known: String,
    },
}

impl Budgets {
    /// Reads the text of `budgets.toml`.
    ///
    /// # Errors
    /// [`BudgetError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, BudgetError> {
        toml::from_str(text).map_err(BudgetError::Malformed)
    }

    /// The budget of an artifact.
    ///
    /// # Errors
    /// [`BudgetError::Unknown`].
    pub fn get(&self, artifact: &str) -> Result<Size, BudgetError> {
        self.0
            .get(artifact)
            .copied()
            .ok_or_else(|| BudgetError::Unknown {
                artifact: artifact.to_owned(),
                known: match self.0.keys().map(String::as_str).collect::<Vec<_>>() {
                    names if names.is_empty() => "none".to_owned(),
                    names => names.join(", "),
                },
            })
    }
}

/// A size beside its budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// `raw` or `gzip -9`.
    pub measure: &'static str,
    /// Bytes measured.
    pub size: u64,
    /// Bytes allowed.
    pub budget: u64,
}

impl Entry {
    /// Both measures of an artifact.
    #[must_use]
    pub fn both(size: Size, budget: Size) -> [Self; 2] {
        let entry = |measure, size, budget| Self {
            measure,
            size,
            budget,
        };
        [
            entry("raw", size.raw, budget.raw),
            entry("gzip -9", size.gzip, budget.gzip),
        ]
    }

    /// Bytes above the budget; `None` if it is kept.
    #[must_use]
    pub fn excess(&self) -> Option<u64> {
        self.size
            .checked_sub(self.budget)
            .filter(|excess| *excess > 0)
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            measure,
            size,
            budget,
        } = self;
        write!(f, "{measure}: {size} of {budget} bytes, ")?;
        if let Some(excess) = self.excess() {
            write!(f, "{excess} over ({})", Percent(excess, *budget))
        } else {
            let room = budget - size;
            write!(f, "{room} left ({})", Percent(room, *budget))
        }
    }
}

/// A share of a budget, rounded down to a tenth of a percent.
struct Percent(u64, u64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (u128::from(self.0) * 1000).checked_div(u128::from(self.1)) {
            Some(tenths) => write!(f, "{}.{} %", tenths / 10, tenths % 10),
            None => f.write_str("there is no budget"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_kept_to_the_byte() {
        let size = Size {
            raw: 1000,
            gzip: 500,
        };
        let lines = |raw, gzip| {
            Entry::both(size, Size { raw, gzip }).map(|entry| (entry.to_string(), entry.excess()))
        };
        assert_eq!(
            lines(1000, 501),
            [
                ("raw: 1000 of 1000 bytes, 0 left (0.0 %)".to_owned(), None),
                ("gzip -9: 500 of 501 bytes, 1 left (0.1 %)".to_owned(), None),
            ]
        );
        assert_eq!(
            lines(999, 400),
            [
                ("raw: 1000 of 999 bytes, 1 over (0.1 %)".to_owned(), Some(1)),
                (
                    "gzip -9: 500 of 400 bytes, 100 over (25.0 %)".to_owned(),
                    Some(100)
                ),
            ]
        );
    }

    #[test]
    fn an_unknown_artifact_is_told_what_there_is() {
        let budgets = Budgets::parse("[b]\nraw = 1\ngzip = 2\n[a]\nraw = 3\ngzip = 4\n")
            .expect("a good file");
        assert_eq!(budgets.get("a").expect("known"), Size { raw: 3, gzip: 4 });
        assert_eq!(
            budgets.get("c").expect_err("unknown").to_string(),
            "no budget for `c`; there are budgets for: a, b"
        );
    }

    #[test]
    fn a_faulty_file_is_refused() {
        for (text, problem) in [
            (
                "[a]\nraw = 1\ngzip = 2\nbrotli = 3\n",
                "unknown field `brotli`",
            ),
            ("[a]\nraw = 1\n", "missing field `gzip`"),
            ("[a]\nraw = -1\ngzip = 2\n", "invalid value"),
            ("raw = 1\n", "invalid type"),
        ] {
            let message = Budgets::parse(text).expect_err("faulty").to_string();
            assert!(message.contains(problem), "{message}");
            assert!(message.contains("in bytes"), "{message}");
        }
    }
}
