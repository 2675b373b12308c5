//! What a change does to sizes and to the matrix, in Markdown, for a pull request.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ledger::growth::{Change, difference, most};
use ledger::{Account, Growth};

use crate::Cell;
use crate::cell::{State, tally};
use crate::figures::{change, count, memory, time};

/// Rows of a table of crates or functions.
const ROWS: usize = 15;

/// What was measured of one version; `None` where nothing is known.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// Of `size-report`.
    pub sizes: Option<Vec<Account>>,
    /// Of `matrix-report`.
    pub cells: Option<Vec<Cell>>,
}

/// The summary. Without sizes of the base, artifacts are compared with their baselines.
#[must_use]
pub fn markdown(base: &Measured, head: &Measured) -> String {
    let mut text = String::new();
    for section in [
        head.sizes
            .as_deref()
            .map(|sizes| self::sizes(base.sizes.as_deref(), sizes)),
        head.cells
            .as_deref()
            .map(|cells| matrix(base.cells.as_deref(), cells)),
    ]
    .into_iter()
    .flatten()
    {
        text += &section;
    }
    text
}

fn sizes(base: Option<&[Account]>, head: &[Account]) -> String {
    let against = match base {
        Some(_) => "the base branch",
        None => "the recorded baselines, because nothing of the base branch is at hand",
    };
    let mut text = format!(
        "## Sizes\n\nCompared with {against}.\n\n\
         | artifact | raw | change | gzip -9 | change | budget |\n\
         |---|--:|--:|--:|--:|---|\n"
    );
    let mut details = String::new();
    for account in head {
        let before = base.map_or(Some(&account.baseline), |accounts| {
            let same = |before: &&Account| before.artifact == account.artifact;
            accounts.iter().find(same).map(|before| &before.recording)
        });
        let growth = before.map(|before| Growth::between(before, &account.recording));
        text += &size_row(account, growth.as_ref());
        if let Some(growth) = growth {
            details += &grown(&account.artifact, &growth);
        }
    }
    for gone in base.into_iter().flatten() {
        if !head.iter().any(|account| account.artifact == gone.artifact) {
            row(&mut text, &[&plain(&gone.artifact), "gone", "", "", "", ""]);
        }
    }
    text + "\n" + &details
}

fn size_row(account: &Account, growth: Option<&Growth>) -> String {
    let size = account.recording.size();
    let changed = |measure: fn(&Growth) -> (u64, u64)| match growth.map(measure) {
        Some((before, after)) => change(difference(before, after)),
        None => "new".to_owned(),
    };
    let budget: Vec<_> = account
        .entries()
        .iter()
        .filter_map(|entry| {
            Some(format!(
                "{}: {} over",
                entry.measure,
                count(entry.excess()?)
            ))
        })
        .collect();
    let budget = if budget.is_empty() {
        "✓ kept".to_owned()
    } else {
        format!("✗ **{}**", budget.join(", "))
    };
    let mut text = String::new();
    row(
        &mut text,
        &[
            &plain(&account.artifact),
            &count(size.raw),
            &changed(|growth| (growth.before.raw, growth.after.raw)),
            &count(size.gzip),
            &changed(|growth| (growth.before.gzip, growth.after.gzip)),
            &budget,
        ],
    );
    text
}

fn grown(artifact: &str, growth: &Growth) -> String {
    let mut tables = String::new();
    for (title, changes, floor) in [
        ("crate", &growth.crates, 0),
        ("section", &growth.sections, 0),
        ("function", &growth.functions, growth.listed_from),
    ] {
        if !changes.is_empty() {
            let _ = writeln!(
                tables,
                "\n| {title} | before | now | change |\n|---|--:|--:|--:|"
            );
            for change in most(changes, ROWS) {
                change_row(&mut tables, change, floor);
            }
        }
    }
    if tables.is_empty() {
        return tables;
    }
    folded(&format!("What changed in {}", plain(artifact)), &tables)
}

fn change_row(text: &mut String, row_of: &Change, floor: u64) {
    let side = |bytes: Option<u64>| match bytes {
        Some(bytes) => count(bytes),
        None if floor > 1 => format!("under {}", count(floor)),
        None => "–".to_owned(),
    };
    row(
        text,
        &[
            &plain(&row_of.name),
            &side(row_of.before),
            &side(row_of.after),
            &change(row_of.bytes()),
        ],
    );
}

fn matrix(base: Option<&[Cell]>, head: &[Cell]) -> String {
    let before: BTreeMap<_, _> = base
        .into_iter()
        .flatten()
        .map(|cell| (cell.cell.as_str(), cell))
        .collect();
    let mut text = format!("## Matrix\n\n{}.", tally(head));
    match base {
        Some(base) => {
            let _ = write!(text, " On the base branch {}.", tally(base));
        }
        None => text += " Nothing of the base branch is at hand.",
    }
    text += "\n\n";

    let mut rows = String::new();
    for cell in head {
        let then = before.get(cell.cell.as_str());
        let changed = base.is_some() && then.map(|then| &then.outcome) != Some(&cell.outcome);
        if changed || cell.outcome.state() == State::Failed {
            let then = then.map_or("–".to_owned(), |then| plain(&then.outcome.words()));
            let now = format!(
                "{} {}",
                cell.outcome.state().mark(),
                plain(&cell.outcome.words())
            );
            row(&mut rows, &[&plain(&cell.cell), &then, &now, &said(cell)]);
        }
    }
    for gone in base.into_iter().flatten() {
        if !head.iter().any(|cell| cell.cell == gone.cell) {
            let then = plain(&gone.outcome.words());
            row(&mut rows, &[&plain(&gone.cell), &then, "gone", ""]);
        }
    }
    if !rows.is_empty() {
        text += "| cell | before | now | |\n|---|---|---|---|\n";
        text += &rows;
        text += "\n";
    }
    text + &times(&before, head)
}

/// Why a cell failed or is absent.
fn said(cell: &Cell) -> String {
    match (cell.failure(), &cell.reason) {
        (Some((Some(scenario), detail)), _) => format!("{}: {}", plain(scenario), plain(detail)),
        (Some((None, detail)), _) => plain(detail),
        (None, Some(reason)) => plain(reason),
        (None, None) => String::new(),
    }
}

fn times(before: &BTreeMap<&str, &Cell>, head: &[Cell]) -> String {
    let mut text = "\n| cell | time | before | start-up | before | memory | before |\n\
                    |---|--:|--:|--:|--:|--:|--:|\n"
        .to_owned();
    for cell in head
        .iter()
        .filter(|cell| cell.outcome.state() != State::Absent)
    {
        let then = before.get(cell.cell.as_str()).copied();
        let both = |figure: fn(&Cell) -> Option<String>| {
            [Some(cell), then].map(|cell| cell.and_then(figure).unwrap_or_else(|| "–".to_owned()))
        };
        let [now, was] = both(|cell| cell.scenario_ms.map(time));
        let [starts, started] = both(|cell| cell.startup_ms.map(|startup| time(startup.module)));
        let [has, had] = both(|cell| cell.peak_memory_bytes.map(memory));
        row(
            &mut text,
            &[
                &plain(&cell.cell),
                &now,
                &was,
                &starts,
                &started,
                &has,
                &had,
            ],
        );
    }
    folded("Times and memory, which vary from run to run", &text)
}

fn folded(title: &str, text: &str) -> String {
    format!("<details><summary>{title}</summary>\n{text}\n</details>\n\n")
}

fn row(text: &mut String, cells: &[&str]) {
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

/// The longest text in a cell, in characters.
const LONGEST: usize = 300;

/// A text that Markdown and HTML show as it is, in one line.
///
/// What could begin something else is written as a number: a table, a tag, a link, a mail to
/// whom a message happens to name.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for (place, letter) in text.chars().enumerate() {
        if place == LONGEST {
            plain.push('…');
            break;
        }
        match letter {
            letter if letter.is_control() => plain.push(' '),
            // NB: `www.` begins a link
            '.' if !plain.ends_with('w') => plain.push('.'),
            '-' | ',' | '/' | '(' | ')' | '=' | '+' | '%' | ';' | '?' => plain.push(letter),
            letter if letter.is_ascii_punctuation() => {
                let _ = write!(plain, "&#{};", u32::from(letter));
            }
            letter => plain.push(letter),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_in_its_cell() {
        assert_eq!(
            plain("a|b `c`\n<i> @who #1 *x* _y_ z::z www.w [a](b) &amp; 1.5 \\"),
            "a&#124;b &#96;c&#96; &#60;i&#62; &#64;who &#35;1 &#42;x&#42; &#95;y&#95; \
             z&#58;&#58;z www&#46;w &#91;a&#93;(b) &#38;amp; 1.5 &#92;"
        );
        assert_eq!(plain(&"x".repeat(1000)).chars().count(), LONGEST + 1);
    }
}
