//! What is known of a cell after it was measured.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::outcome::Outcome;

/// What is known of a cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Its name: artifact and mode.
    pub cell: String,
    /// The artifact's name.
    pub artifact: String,
    /// The runtime's mode.
    pub mode: String,
    /// Name and version of the runtime.
    pub runtime: String,
    /// That of the first scenario that did not end as it should, or ok.
    pub outcome: Outcome,
    /// Size of the module.
    pub module_bytes: u64,
    /// Size of its machine code in a file, in a mode that has one.
    pub compiled_bytes: Option<u64>,
    /// Start-up; none if it was not asked for, or failed.
    pub startup_ms: Option<Startup>,
    /// The most memory that a scenario had resident, in bytes.
    pub peak_memory_bytes: u64,
    /// Time of all scenarios, in milliseconds.
    pub scenario_ms: f64,
    /// Each scenario, in the order of their names.
    pub scenarios: Vec<ScenarioReport>,
}

/// Medians of an odd number of runs, in milliseconds. A program starts up until its first byte
/// of output, a core module until its first call returns.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Startup {
    /// The artifact.
    pub module: f64,
    /// A module that does nothing, on the same runtime, in turns with the artifact.
    pub empty: f64,
    /// How many runs each had.
    pub runs: usize,
}

/// What is known of a scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScenarioReport {
    /// The scenario's name.
    pub name: String,
    /// Ok if it ended as it should, else how it ended.
    pub outcome: Outcome,
    /// Time of the program, or the runtime's part of the calls, in milliseconds.
    pub ms: f64,
    /// The most memory that it had resident, in bytes.
    pub peak_memory_bytes: u64,
    /// The first difference, or the runtime's message, if it did not end as it should.
    pub detail: Option<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cell, outcome, .. } = self;
        writeln!(f, "{cell}: {outcome}, on {}", self.runtime)?;
        write!(f, "  module {} bytes", self.module_bytes)?;
        if let Some(bytes) = self.compiled_bytes {
            write!(f, ", compiled {bytes}")?;
        }
        if let Some(Startup {
            module,
            empty,
            runs,
        }) = self.startup_ms
        {
            write!(
                f,
                ", starts in {module:.1} ms, an empty one in {empty:.1} (median of {runs})"
            )?;
        }
        for scenario in &self.scenarios {
            let ScenarioReport {
                name,
                outcome,
                ms,
                peak_memory_bytes,
                detail,
            } = scenario;
            let mebibytes = peak_memory_bytes >> 20;
            write!(f, "\n  {outcome:14} {ms:9.1} ms {mebibytes:5} MiB  {name}")?;
            if let Some(detail) = detail {
                write!(f, ": {detail}")?;
            }
        }
        Ok(())
    }
}

impl Report {
    /// One line for each scenario that did not end as it should: cell, scenario, outcome and
    /// detail.
    pub fn failures(&self) -> impl Iterator<Item = String> {
        self.scenarios
            .iter()
            .filter(|scenario| scenario.outcome != Outcome::Ok)
            .map(|scenario| {
                format!(
                    "{}: {}: {}: {}",
                    self.cell,
                    scenario.name,
                    scenario.outcome,
                    scenario.detail.as_deref().unwrap_or("no detail")
                )
            })
    }
}
