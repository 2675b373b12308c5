//! The page of the runtime matrix: artifacts by modes.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use crate::Cell;
use crate::cell::{Outcome, Scenario, State, tally};
use crate::figures::{count, memory, time};
use crate::page::{Frame, scrolled};

/// The order of columns; modes that are not here follow by name.
const MODES: [&str; 6] = [
    "wasmtime-jit",
    "wasmtime-winch",
    "wasmtime-aot",
    "wamr-interp",
    "wamr-aot",
    "node",
];

/// The page as HTML.
#[must_use]
pub fn page(cells: &[Cell]) -> String {
    let modes = modes(cells);
    let artifacts = by_artifact(cells);
    let failed: Vec<_> = cells
        .iter()
        .filter(|cell| cell.outcome.state() == State::Failed)
        .collect();
    Frame {
        title: "Runtime matrix",
        lead: html! {
            "Every artifact on every runtime and mode that its users have."
            strong { (tally(cells)) "." }
        },
        output: "matrix-report",
    }
    .around(&html! {
        @if !failed.is_empty() {
            section.card aria-labelledby="failed" {
                h2 #failed { "What failed" }
                ul.failures { @for cell in failed { li { (failure(cell)) } } }
            }
        }
        section.card aria-labelledby="grid" {
            h2 #grid { "Artifacts and modes" }
            (scrolled("Artifacts and modes", &grid(&artifacts, &modes, cells)))
            p.note {
                "The big figure is the time of all scenarios, its bar is the part of the slowest "
                "mode's. Start-up is the time of a program until its first byte of output, and of "
                "a core module to be loaded, instantiated and called once: the median of many "
                "runs, in turns with those of an empty module on the same runtime. "
                "Memory is the most that a run had. Times are measured and shown, and no check "
                "depends on them."
            }
        }
        @if cells.iter().any(|cell| !cell.scenarios.is_empty()) {
            section.card aria-labelledby="scenarios" {
                h2 #scenarios { "Scenarios" }
                @for (artifact, row) in &artifacts {
                    @if row.values().any(|cell| !cell.scenarios.is_empty()) {
                        details {
                            summary { (artifact) }
                            (scrolled(artifact, &scenarios(artifact, row, &modes)))
                        }
                    }
                }
            }
        }
    })
}

fn modes(cells: &[Cell]) -> Vec<&str> {
    let named: BTreeSet<_> = cells.iter().map(|cell| cell.mode.as_str()).collect();
    let mut modes: Vec<_> = named.into_iter().collect();
    let place = |mode: &str| MODES.iter().position(|known| *known == mode);
    modes.sort_by_key(|mode| place(mode).unwrap_or(MODES.len()));
    modes
}

type Row<'a> = BTreeMap<&'a str, &'a Cell>;

fn by_artifact(cells: &[Cell]) -> BTreeMap<&str, Row<'_>> {
    let mut artifacts = BTreeMap::<_, Row<'_>>::new();
    for cell in cells {
        artifacts
            .entry(cell.artifact.as_str())
            .or_default()
            .insert(&cell.mode, cell);
    }
    artifacts
}

fn state(outcome: &Outcome) -> Markup {
    let state = outcome.state();
    html! {
        span.state.(state.class()) { span aria-hidden="true" { (state.mark()) } (outcome.words()) }
    }
}

/// Where the page says how a cell failed.
fn anchor(cell: &str) -> String {
    let plain = |letter: char| {
        if letter.is_alphanumeric() {
            letter
        } else {
            '-'
        }
    };
    format!("failed-{}", cell.chars().map(plain).collect::<String>())
}

fn failure(cell: &Cell) -> Markup {
    let (scenario, detail) = cell.failure().unwrap_or_default();
    html! {
        div #(anchor(&cell.cell)) {
            code { (cell.cell) } " " (state(&cell.outcome))
            @if let Some(scenario) = scenario { " in scenario " code { (scenario) } }
            @if !detail.is_empty() { pre { (detail) } }
        }
    }
}

/// The versions of a mode's runtime: its command line may have another than its library.
fn runtimes<'a>(cells: &'a [Cell], mode: &str) -> BTreeSet<&'a str> {
    cells
        .iter()
        .filter(|cell| cell.mode == mode)
        .filter_map(|cell| cell.runtime.as_deref())
        .collect()
}

// The roles are those that the elements have: a style sheet that lays a table out as a list
// takes them away in some browsers.
fn grid(artifacts: &BTreeMap<&str, Row<'_>>, modes: &[&str], cells: &[Cell]) -> Markup {
    html! {
        table.grid role="table" aria-labelledby="grid" {
            thead role="rowgroup" {
                tr role="row" {
                    th role="columnheader" scope="col" { "artifact" }
                    @for mode in modes {
                        th role="columnheader" scope="col" {
                            code { (mode) }
                            @for version in runtimes(cells, mode) { small { (version) } }
                        }
                    }
                }
            }
            tbody role="rowgroup" {
                @for (artifact, row) in artifacts {
                    @let slowest = row.values().filter_map(|cell| cell.scenario_ms).fold(0.0, f64::max);
                    tr role="row" {
                        th role="rowheader" scope="row" {
                            (artifact)
                            @if let Some(bytes) = row.values().find_map(|cell| cell.module_bytes) {
                                small { (count(bytes)) " bytes" }
                            }
                        }
                        @for mode in modes { (square(mode, row.get(mode).copied(), slowest)) }
                    }
                }
            }
        }
    }
}

fn square(mode: &str, cell: Option<&Cell>, slowest: f64) -> Markup {
    let Some(cell) = cell else {
        return html! {
            td.absent role="cell" { code.mode { (mode) } p.why { "not in the table" } }
        };
    };
    html! {
        td.(cell.outcome.state().class()) role="cell" {
            code.mode { (mode) }
            (state(&cell.outcome))
            @if let Some(reason) = &cell.reason { p.why { (reason) } }
            @if let Some((scenario, _)) = cell.failure() {
                p.why {
                    a href={ "#" (anchor(&cell.cell)) } {
                        @match scenario {
                            Some(scenario) => { "in " (scenario) }
                            None => "what it said",
                        }
                    }
                }
            }
            @if let Some(ms) = cell.scenario_ms {
                p.time { (time(ms)) }
                @if slowest > 0.0 {
                    span.length aria-hidden="true" {
                        span style={ "width:" (format!("{:.1}", ms / slowest * 100.0)) "%" } {}
                    }
                }
            }
            (figures(cell))
        }
    }
}

fn figures(cell: &Cell) -> Markup {
    let startup = cell.startup_ms;
    let rows = [
        ("start-up", startup.map(|startup| time(startup.module))),
        ("empty", startup.and_then(|startup| startup.empty).map(time)),
        ("memory", cell.peak_memory_bytes.map(memory)),
        ("compiled", cell.compiled_bytes.map(memory)),
    ];
    html! {
        @if rows.iter().any(|(_, figure)| figure.is_some()) {
            dl {
                @for (name, figure) in rows {
                    @if let Some(figure) = figure { div { dt { (name) } dd { (figure) } } }
                }
            }
        }
    }
}

fn scenarios(artifact: &str, row: &Row<'_>, modes: &[&str]) -> Markup {
    let modes: Vec<_> = modes
        .iter()
        .filter(|mode| {
            row.get(**mode)
                .is_some_and(|cell| !cell.scenarios.is_empty())
        })
        .collect();
    let mut names = Vec::new();
    let mut seen = BTreeSet::new();
    let mut found = BTreeMap::new();
    for (mode, cell) in row {
        for scenario in &cell.scenarios {
            if seen.insert(&scenario.name) {
                names.push(&scenario.name);
            }
            found.insert((scenario.name.as_str(), *mode), scenario);
        }
    }
    html! {
        table {
            caption { "Scenarios of " (artifact) ": time and memory, or how they failed" }
            thead {
                tr {
                    th scope="col" { "scenario" }
                    @for mode in &modes { th.number scope="col" { code { (mode) } } }
                }
            }
            tbody {
                @for name in names {
                    tr {
                        th.name scope="row" { (name) }
                        @for mode in &modes {
                            td.number { (tried(found.get(&(name.as_str(), **mode)).copied())) }
                        }
                    }
                }
            }
        }
    }
}

fn tried(scenario: Option<&Scenario>) -> Markup {
    let Some(scenario) = scenario else {
        return html! { small { "not tried" } };
    };
    html! {
        @if scenario.outcome.state() != State::Ok { (state(&scenario.outcome)) " " }
        @match scenario.ms {
            Some(ms) => (time(ms)),
            None => @if scenario.outcome.state() == State::Ok { (state(&scenario.outcome)) },
        }
        @if let Some(bytes) = scenario.peak_memory_bytes { " " small { (memory(bytes)) } }
    }
}
