//! The pages, as a browser gets them.

use report::{Cell, matrix, size};
use serde_json::{Value, json};

/// What would be a tag, an attribute's end or a reference if it were not escaped.
const HOSTILE: &str = "\"'><script src=http://x>&amp;</script>";

fn cells(values: &[Value]) -> Vec<Cell> {
    values
        .iter()
        .map(|value| serde_json::from_value(value.clone()).expect("a cell"))
        .collect()
}

fn ok(artifact: &str, mode: &str, ms: f64) -> Value {
    json!({
        "cell": format!("{artifact}-{mode}"), "artifact": artifact, "mode": mode,
        "runtime": "wasmtime 48.0.8", "outcome": "ok",
        "module_bytes": 1_286_032, "compiled_bytes": null,
        "startup_ms": {"module": 12.1, "empty": 8.0, "runs": 21},
        "peak_memory_bytes": 41_943_040, "scenario_ms": ms,
        "scenarios": [
            {"name": "first", "outcome": "ok", "ms": ms, "peak_memory_bytes": 1024, "detail": null},
        ],
    })
}

fn failed(mode: &str, outcome: &str, detail: &str) -> Value {
    let mut cell = ok("thing", mode, 3.0);
    cell["outcome"] = outcome.into();
    cell["scenarios"][0]["outcome"] = outcome.into();
    cell["scenarios"][0]["detail"] = detail.into();
    cell
}

fn absent(mode: &str, reason: &str) -> Value {
    json!({
        "cell": format!("thing-{mode}"), "artifact": "thing", "mode": mode,
        "outcome": "absent", "reason": reason,
    })
}

fn every_state() -> String {
    matrix::page(&cells(&[
        ok("thing", "wasmtime-jit", 730.0),
        failed("wasmtime-aot", "wrong", "expected 1, got 2"),
        failed("wamr-interp", "memory-limit", "over 64 MiB"),
        absent("node", "no WASI there"),
        ok("other", "node", 5.0),
    ]))
}

fn account(name: &str, budget: u64) -> Value {
    let recording = |core: u64, name: &str| {
        json!({
            "raw": core + 100, "gzip": 60, "listed_from": 0,
            "sections": {"preamble": 8, "data": 92}, "crates": {"core": core},
            "segments": {".rodata": 90}, "functions": {"core": {name: core}},
        })
    };
    json!({
        "artifact": name, "within_budget": budget >= 1300,
        "budget": {"raw": budget, "gzip": 100},
        "recording": recording(1200, name), "baseline": recording(1000, name),
    })
}

fn sizes(accounts: &[Value]) -> String {
    let accounts: Vec<_> = accounts
        .iter()
        .map(|account| serde_json::from_value(account.clone()).expect("an account"))
        .collect();
    size::page(&accounts)
}

fn hostile() -> [String; 2] {
    let mut cell = failed("wasmtime-jit", "trap", HOSTILE);
    for field in ["cell", "artifact", "mode", "runtime", "reason", "outcome"] {
        cell[field] = HOSTILE.into();
    }
    cell["scenarios"][0]["name"] = HOSTILE.into();
    cell["scenarios"][0]["outcome"] = HOSTILE.into();
    [
        matrix::page(&cells(&[cell, absent("node", HOSTILE)])),
        sizes(&[account(HOSTILE, 1000)]),
    ]
}

/// The text between tags, with its spaces made one.
fn text(page: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for letter in page.chars() {
        match letter {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push(' ');
            }
            letter if !inside => text.push(letter),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The values of an attribute.
fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    page.split(&format!(" {attribute}=\""))
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

#[test]
fn a_mode_names_every_version_of_its_runtime() {
    let mut by_library = ok("thing", "wamr-aot", 1.0);
    let mut by_command = ok("other", "wamr-aot", 1.0);
    by_library["runtime"] = "wamr 2.4.3".into();
    by_command["runtime"] = "iwasm 2.4.3".into();
    let page = matrix::page(&cells(&[by_library.clone(), by_command, by_library]));
    assert!(
        text(&page).contains("wamr-aot iwasm 2.4.3 wamr 2.4.3 other"),
        "{page}"
    );
}

#[test]
fn every_text_is_escaped() {
    for page in hostile() {
        assert!(!page.contains("<script"), "{page}");
        assert!(!page.contains("'><"), "{page}");
        // It is shown nevertheless, as the text that it is.
        assert!(
            page.contains("&lt;script src=http://x&gt;&amp;amp;"),
            "{page}"
        );
    }
}

#[test]
fn a_page_asks_for_nothing() {
    for page in [every_state(), sizes(&[account("thing", 1300)])]
        .iter()
        .chain(&hostile())
    {
        for request in [
            "<script", "<img", "<iframe", "@import", "url(", " src=\"", "srcset",
        ] {
            assert!(!page.contains(request), "{request}");
        }
        for link in values(page, "href") {
            let beside = link == "report.json" || link == "data:," || link.starts_with('#');
            assert!(beside, "{link}");
        }
        assert_eq!(page.matches("<link").count(), 1, "the icon that is none");
        assert!(page.contains("default-src 'none'"));
    }
}

#[test]
fn links_lead_to_places_of_the_page() {
    for page in [
        every_state(),
        sizes(&[account("one", 1300), account("two", 1)]),
    ] {
        let mut places = values(&page, "id");
        let number = places.len();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), number, "each once: {places:?}");
        let links = values(&page, "href");
        for link in links.iter().filter_map(|link| link.strip_prefix('#')) {
            assert!(places.contains(&link), "{link}");
        }
        for label in values(&page, "aria-labelledby") {
            assert!(places.contains(&label), "{label}");
        }
    }
}

#[test]
fn a_state_is_told_without_colour() {
    let said = text(&every_state());
    for words in [
        "5 cells: 2 ok, 2 failed, 1 absent.",
        "thing-wasmtime-aot ✗ wrong in scenario first expected 1, got 2",
        "thing-wamr-interp ✗ memory limit in scenario first over 64 MiB",
        "wasmtime-jit ✓ ok 730 ms start-up 12.1 ms empty 8.00 ms memory 40.0 MiB",
        "node – absent no WASI there",
        // A row has a square for every column.
        "wasmtime-aot not in the table",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn a_table_says_what_its_cells_are() {
    let page = every_state();
    let grid = page.split("</table>").next().expect("the grid comes first");
    assert_eq!(grid.matches("scope=\"col\"").count(), 5);
    assert_eq!(grid.matches("scope=\"row\"").count(), 2);
    assert_eq!(grid.matches("<td").count(), 2 * 4);
    // Columns have the order of the table of modes.
    let order: Vec<_> = ["wasmtime-jit", "wasmtime-aot", "wamr-interp", "node"]
        .iter()
        .map(|mode| {
            grid.find(&format!("scope=\"col\"><code>{mode}"))
                .expect(mode)
        })
        .collect();
    assert!(order.is_sorted(), "{order:?}");
}

#[test]
fn sizes_stand_beside_budgets_and_baselines() {
    let kept = text(&sizes(&[account("thing", 1300)]));
    for words in [
        "Every artifact is within its budget.",
        "thing ✓ within budget since the baseline +200 bytes, 0 after gzip",
        "1,300 of 1,300 bytes, 0 left (0.0 %)",
        "core 1,200 92.3 % +200",
        "section data 92 7.0 % 0",
    ] {
        assert!(kept.contains(words), "{words}: {kept}");
    }
    let over = text(&sizes(&[account("thing", 1040), account("other", 1300)]));
    for words in [
        "One artifact is over its budget.",
        "thing ✗ over budget",
        "1,300 of 1,040 bytes, 260 over (25.0 %)",
    ] {
        assert!(over.contains(words), "{words}: {over}");
    }
}

#[test]
fn a_bar_is_as_long_as_what_it_stands_for() {
    let page = sizes(&[account("thing", 2600)]);
    let bar = page.split("class=\"bar\"").nth(1).expect("the raw size");
    let bar = bar.split("</div>").next().expect("its end");
    // core 1,200, data 92 and preamble 8 of 2,600
    let mut widths = values(bar, "style");
    widths.sort_unstable();
    assert_eq!(
        widths,
        ["width:0.00%", "width:0.31%", "width:3.54%", "width:46.15%"]
    );
    assert_eq!(values(bar, "aria-label"), ["raw: 1,300 of 2,600 bytes"]);
}
