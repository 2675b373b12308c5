//! A cell of the runtime matrix, as its `report.json` has it.

use serde::Deserialize;

/// One artifact in one mode of one runtime. Fields that are not shown may be there too.
#[derive(Clone, Debug, Deserialize)]
pub struct Cell {
    /// The name of the cell and of its check.
    pub cell: String,
    /// What was run.
    pub artifact: String,
    /// How, such as `wasmtime-jit`.
    pub mode: String,
    /// By which program, with its version.
    pub runtime: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why there is no such cell; of `absent` only.
    pub reason: Option<String>,
    /// What went wrong before any scenario.
    pub detail: Option<String>,
    /// The module's size.
    pub module_bytes: Option<u64>,
    /// The size of what the runtime compiled beforehand.
    pub compiled_bytes: Option<u64>,
    /// From the first instruction to the first output.
    pub startup_ms: Option<Startup>,
    /// The most memory of a run.
    pub peak_memory_bytes: Option<u64>,
    /// The time of all scenarios.
    pub scenario_ms: Option<f64>,
    /// What was tried.
    #[serde(default)]
    pub scenarios: Vec<Scenario>,
}

/// A start-up beside that of an empty module, on the same runtime in the same run.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Startup {
    /// Median of the module, in milliseconds.
    pub module: f64,
    /// Median of the empty one.
    pub empty: Option<f64>,
    /// How many runs the medians are of.
    pub runs: Option<u64>,
}

/// One thing that was tried.
#[derive(Clone, Debug, Deserialize)]
pub struct Scenario {
    /// Its name in the table.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took.
    pub ms: Option<f64>,
    /// The most memory that it took.
    pub peak_memory_bytes: Option<u64>,
    /// The first difference, or what the runtime said.
    pub detail: Option<String>,
}

/// How a cell or a scenario ended: `ok`, `absent`, or the name of a failure.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub struct Outcome(String);

/// What an outcome comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It does what it should.
    Ok,
    /// It does not.
    Failed,
    /// There is no such cell.
    Absent,
}

impl Outcome {
    /// What it comes to; a name that is not known is a failure.
    #[must_use]
    pub fn state(&self) -> State {
        match self.0.as_str() {
            "ok" => State::Ok,
            "absent" => State::Absent,
            _ => State::Failed,
        }
    }

    /// The name in words.
    #[must_use]
    pub fn words(&self) -> String {
        self.0.replace('-', " ")
    }
}

impl State {
    /// A mark that tells states apart without colour.
    #[must_use]
    pub fn mark(self) -> &'static str {
        match self {
            Self::Ok => "✓",
            Self::Failed => "✗",
            Self::Absent => "–",
        }
    }

    /// The class of the style sheet.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Absent => "absent",
        }
    }
}

impl Cell {
    /// The first thing that went wrong: the scenario, unless it was before any, and what was
    /// said.
    #[must_use]
    pub fn failure(&self) -> Option<(Option<&str>, &str)> {
        if self.outcome.state() != State::Failed {
            return None;
        }
        let scenario = self
            .scenarios
            .iter()
            .find(|scenario| scenario.outcome.state() == State::Failed);
        Some(match (scenario, &self.detail) {
            (Some(scenario), _) => (
                Some(&scenario.name),
                scenario.detail.as_deref().unwrap_or_default(),
            ),
            (None, detail) => (None, detail.as_deref().unwrap_or_default()),
        })
    }
}

/// How many cells are in each state, in words: `10 cells: 8 ok, 1 failed, 1 absent`.
#[must_use]
pub fn tally(cells: &[Cell]) -> String {
    let states = [State::Ok, State::Failed, State::Absent].map(|state| {
        let is_in = |cell: &&Cell| cell.outcome.state() == state;
        match cells.iter().filter(is_in).count() {
            0 => None,
            number => Some(format!("{number} {}", state.class())),
        }
    });
    let states: Vec<_> = states.into_iter().flatten().collect();
    match cells.len() {
        0 => "no cells".to_owned(),
        1 => format!("1 cell: {}", states.join(", ")),
        number => format!("{number} cells: {}", states.join(", ")),
    }
}
