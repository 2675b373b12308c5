//! The page of sizes: each artifact against its budget, by crate.

use std::collections::BTreeMap;

use ledger::growth::{Change, difference, most};
use ledger::recording::Part;
use ledger::{Account, Entry, Growth};
use maud::{Markup, html};

use crate::figures::{change, count, percent, share};
use crate::page::{Frame, scrolled};

/// Colours for an artifact's biggest parts, besides those of [`FIXED`].
const COLOURS: [&str; 5] = ["part-0", "part-1", "part-2", "part-3", "part-4"];
/// Parts that every artifact has, and their colour everywhere: classes of the style sheet.
const FIXED: [(Part<'_>, &str); 2] = [
    (Part::Crate("core"), "part-core"),
    (Part::Section("data"), "part-data"),
];
/// Rows that are shown before a reader asks for more.
const ROWS: usize = 10;
/// Functions and changes that are shown when a reader does.
const DETAILS: usize = 40;

/// The page as HTML.
#[must_use]
pub fn page(accounts: &[Account]) -> String {
    let over = accounts
        .iter()
        .filter(|account| !account.within_budget)
        .count();
    Frame {
        title: "Sizes",
        lead: html! {
            "What each artifact weighs, what it may weigh, and what its bytes are spent on."
            strong {
                @match over {
                    0 => "Every artifact is within its budget.",
                    1 => "One artifact is over its budget.",
                    over => { (over) " artifacts are over their budgets." }
                }
            }
        },
        output: "size-report",
    }
    .around(&html! {
        @for (place, account) in accounts.iter().enumerate() { (artifact(place, account)) }
        p.note {
            "A function counts for the crate that has its source; instances of a generic one are "
            "one row. " code { (ledger::symbol::NO_CRATE) } " are exports with a plain name, and C. "
            "Sections are what is not code, and the parts of a file are all its bytes."
        }
    })
}

fn artifact(place: usize, account: &Account) -> Markup {
    let growth = account.growth();
    let (class, mark, word) = if account.within_budget {
        ("ok", "✓", "within budget")
    } else {
        ("failed", "✗", "over budget")
    };
    let parts = Ranked::of(account);
    html! {
        section.card aria-labelledby={ "artifact-" (place) } {
            div.title {
                h2 #{ "artifact-" (place) } { (account.artifact) }
                span.state.(class) { span aria-hidden="true" { (mark) } (word) }
                p.aside { (since(&growth)) }
            }
            div.measures {
                @for entry in account.entries() {
                    (measure(&entry, if entry.measure == "raw" { Some(&parts) } else { None }))
                }
            }
            (parts_table(&account.artifact, &parts, ROWS))
            @if parts.0.len() > ROWS {
                details {
                    summary { "All " (parts.0.len()) " parts" }
                    (parts_table(&account.artifact, &parts, usize::MAX))
                }
            }
            details {
                summary { "Largest functions and data segments" }
                (functions(account))
            }
            @if !growth.functions.is_empty() || !growth.segments.is_empty() {
                details {
                    summary { "What changed since the baseline" }
                    @for (title, changes) in [
                        ("Functions", &growth.functions),
                        ("Data segments", &growth.segments),
                    ] {
                        @if !changes.is_empty() { (changes_table(title, changes, growth.listed_from)) }
                    }
                }
            }
        }
    }
}

/// The change of both sizes, in words.
fn since(growth: &Growth) -> Markup {
    let raw = difference(growth.before.raw, growth.after.raw);
    let gzip = difference(growth.before.gzip, growth.after.gzip);
    html! {
        @if raw == 0 && gzip == 0 {
            "as in the baseline"
        } @else {
            "since the baseline " (delta(raw)) " bytes, " (delta(gzip)) " after gzip"
        }
    }
}

fn delta(bytes: i64) -> Markup {
    let class = match bytes {
        0 => "same",
        1.. => "up",
        _ => "down",
    };
    html! { span.(class) { (change(bytes)) } }
}

/// A bar as long as the budget, or longer where the artifact is.
fn measure(entry: &Entry, parts: Option<&Ranked<'_>>) -> Markup {
    let length = entry.size.max(entry.budget);
    let width = |bytes| format!("width:{:.2}%", percent(bytes, length));
    let label = format!(
        "{}: {} of {} bytes",
        entry.measure,
        count(entry.size),
        count(entry.budget)
    );
    html! {
        div.measure {
            span.label { (entry.measure) }
            div.bar.thin[parts.is_none()] role="img" aria-label=(label) {
                @match parts {
                    Some(parts) => {
                        @for row in parts.0.iter().filter(|row| row.colour != REST) {
                            span.(row.colour) style=(width(row.bytes))
                                title={ (row.part) ": " (count(row.bytes)) " bytes" } {}
                        }
                        @let rest = parts.0.iter().filter(|row| row.colour == REST);
                        span.(REST) style=(width(rest.map(|row| row.bytes).sum()))
                            title="all other parts" {}
                    }
                    None => span.part-0 style=(width(entry.size)) {},
                }
                @if let Some(excess) = entry.excess() { i style=(width(excess)) {} }
            }
            p.figures {
                strong { (count(entry.size)) } " of " (count(entry.budget)) " bytes, "
                @match entry.excess() {
                    Some(excess) => strong.up {
                        (count(excess)) " over (" (share(excess, entry.budget)) ")"
                    },
                    None => {
                        @let left = entry.budget - entry.size;
                        (count(left)) " left (" (share(left, entry.budget)) ")"
                    },
                }
            }
        }
    }
}

/// The parts of an artifact, biggest first.
struct Ranked<'a>(Vec<Row<'a>>);

struct Row<'a> {
    part: Part<'a>,
    bytes: u64,
    before: u64,
    colour: &'static str,
}

/// The class of all parts without a colour of their own.
const REST: &str = "rest";

impl<'a> Ranked<'a> {
    fn of(account: &'a Account) -> Self {
        let before: BTreeMap<_, _> = account.baseline.parts().collect();
        let mut rows: Vec<_> = account
            .recording
            .parts()
            .map(|(part, bytes)| Row {
                part,
                bytes,
                before: before.get(&part).copied().unwrap_or(0),
                colour: REST,
            })
            .collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.bytes));
        let mut colours = COLOURS.into_iter();
        for row in &mut rows {
            let fixed = FIXED.iter().find(|(part, _)| *part == row.part);
            row.colour = match fixed {
                Some((_, colour)) => colour,
                None => colours.next().unwrap_or(REST),
            };
        }
        Self(rows)
    }

    /// The bytes of all parts but the first ones.
    fn beyond(&self, first: usize) -> u64 {
        self.0.iter().skip(first).map(|row| row.bytes).sum()
    }

    fn total(&self) -> u64 {
        self.beyond(0)
    }
}

fn parts_table(artifact: &str, parts: &Ranked<'_>, rows: usize) -> Markup {
    let others = parts.0.iter().skip(rows);
    html! {
        (scrolled(&format!("Parts of {artifact}"), &html! {
            table {
                caption { "What the bytes are, and the change since the baseline" }
                thead {
                    tr {
                        th scope="col" { "crate or section" }
                        th.number scope="col" { "bytes" }
                        th.number scope="col" { "share" }
                        th.number scope="col" { "change" }
                    }
                }
                tbody {
                    @for row in parts.0.iter().take(rows) {
                        tr {
                            th.name scope="row" { span.swatch.(row.colour) {} (row.part) }
                            td.number { (count(row.bytes)) }
                            td.number { (share(row.bytes, parts.total())) }
                            td.number { (delta(difference(row.before, row.bytes))) }
                        }
                    }
                    @if parts.0.len() > rows {
                        @let before = others.clone().map(|row| row.before).sum();
                        tr {
                            th.name scope="row" { span.swatch.(REST) {} (others.len()) " more" }
                            td.number { (count(parts.beyond(rows))) }
                            td.number { (share(parts.beyond(rows), parts.total())) }
                            td.number { (delta(difference(before, parts.beyond(rows)))) }
                        }
                    }
                }
            }
        }))
    }
}

fn functions(account: &Account) -> Markup {
    let functions = account.recording.functions.values().flatten();
    let segments = account
        .recording
        .segments
        .iter()
        .map(|(name, bytes)| (format!("data {name}"), *bytes));
    let mut rows: Vec<_> = functions
        .map(|(name, bytes)| (name.clone(), *bytes))
        .chain(segments)
        .collect();
    rows.sort_by(|(name, bytes), (other, others)| others.cmp(bytes).then_with(|| name.cmp(other)));
    scrolled(
        &format!("Largest functions of {}", account.artifact),
        &html! {
            table {
                caption { "The " (rows.len().min(DETAILS)) " largest functions and data segments" }
                thead { tr { th scope="col" { "function" } th.number scope="col" { "bytes" } } }
                tbody {
                    @for (name, bytes) in rows.iter().take(DETAILS) {
                        tr { td.name { code { (name) } } td.number { (count(*bytes)) } }
                    }
                }
            }
        },
    )
}

fn changes_table(title: &str, changes: &[Change], listed_from: u64) -> Markup {
    let side = |bytes: Option<u64>| match bytes {
        Some(bytes) => count(bytes),
        None if listed_from > 1 => format!("< {}", count(listed_from)),
        None => "–".to_owned(),
    };
    scrolled(
        title,
        &html! {
            table {
                caption { (title) ", by how much they grew" }
                thead {
                    tr {
                        th scope="col" { "name" }
                        th.number scope="col" { "before" }
                        th.number scope="col" { "now" }
                        th.number scope="col" { "change" }
                    }
                }
                tbody {
                    @for row in most(changes, DETAILS) {
                        tr {
                            td.name { code { (row.name) } }
                            td.number { (side(row.before)) }
                            td.number { (side(row.after)) }
                            td.number { (delta(row.bytes())) }
                        }
                    }
                }
            }
        },
    )
}
