//! An artifact's size beside its budget and its baseline.

use serde::{Deserialize, Serialize};

use crate::{Entry, Growth, Recording, Size};

/// What `ledger check --json` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The artifact's name.
    pub artifact: String,
    /// Whether both sizes are within the budget.
    pub within_budget: bool,
    /// What it may weigh.
    pub budget: Size,
    /// What it weighs.
    pub recording: Recording,
    /// What it weighed when the baseline was recorded.
    pub baseline: Recording,
}

impl Account {
    /// Holds an artifact against its budget.
    #[must_use]
    pub fn new(artifact: String, budget: Size, recording: Recording, baseline: Recording) -> Self {
        let within_budget = Entry::both(recording.size(), budget)
            .iter()
            .all(|entry| entry.excess().is_none());
        Self {
            artifact,
            within_budget,
            budget,
            recording,
            baseline,
        }
    }

    /// Both sizes beside their budgets.
    #[must_use]
    pub fn entries(&self) -> [Entry; 2] {
        Entry::both(self.recording.size(), self.budget)
    }

    /// What changed since the baseline.
    #[must_use]
    pub fn growth(&self) -> Growth {
        Growth::between(&self.baseline, &self.recording)
    }
}
