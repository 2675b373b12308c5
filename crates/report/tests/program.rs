//! The program as CI runs it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

/// A folder of a test, which has the name of the test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("the test folder is writable");
        Self(path)
    }

    fn file(&self, name: &str, contents: &Value) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is writable");
        fs::write(path, contents.to_string()).expect("the folder is writable");
    }

    fn report(&self, arguments: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_report"))
            .args(arguments.split_whitespace())
            .current_dir(&self.0)
            .output()
            .expect("the program starts")
    }

    /// What it prints, of a run that succeeds.
    fn prints(&self, arguments: &str) -> String {
        let output = self.report(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{errors}");
        String::from_utf8(output.stdout).expect("output is UTF-8")
    }
}

fn cell(mode: &str, outcome: &str) -> Value {
    json!({
        "cell": format!("thing-{mode}"), "artifact": "thing", "mode": mode, "outcome": outcome,
        "scenario_ms": 12.0, "peak_memory_bytes": 2_097_152, "extra": [1, 2],
        "scenarios": [{"name": "s|1", "outcome": outcome, "detail": "a | b\n@c"}],
    })
}

fn account(core: u64, budget: u64) -> Value {
    json!({
        "artifact": "thing", "within_budget": core + 8 <= budget,
        "budget": {"raw": budget, "gzip": 100},
        "recording": {
            "raw": core + 8, "gzip": 60, "listed_from": 0,
            "sections": {"preamble": 8}, "crates": {"core": core},
            "functions": {"core": {"core::fmt::write": core}},
        },
        "baseline": {
            "raw": 508, "gzip": 50, "listed_from": 512,
            "sections": {"preamble": 8}, "crates": {"core": 500},
        },
    })
}

#[test]
fn a_page_comes_with_its_data() {
    let folder = Folder::new("data");
    let (one, two, absent) = (
        cell("wasmtime-jit", "ok"),
        cell("node", "trap"),
        json!({"cell": "thing-x", "artifact": "thing", "mode": "x", "outcome": "absent", "reason": "r"}),
    );
    folder.file("one.json", &one);
    folder.file("more.json", &json!([two, absent]));
    folder.prints("matrix --output out/matrix one.json more.json");
    let read = |name: &str| fs::read_to_string(folder.0.join(name)).expect(name);
    let data: Value = serde_json::from_str(&read("out/matrix/report.json")).expect("JSON");
    // As it was given, also what the page does not show.
    assert_eq!(data, json!({"cells": [one, two, absent]}));
    assert!(read("out/matrix/index.html").ends_with("</html>"));

    folder.file("size.json", &account(1000, 2000));
    folder.prints("size --output out/size size.json");
    let data: Value = serde_json::from_str(&read("out/size/report.json")).expect("JSON");
    assert_eq!(data, json!({"artifacts": [account(1000, 2000)]}));
}

#[test]
fn a_summary_tells_what_changed() {
    let folder = Folder::new("summary");
    folder.file(
        "base/size-report/report.json",
        &json!({"artifacts": [account(1000, 1500)]}),
    );
    folder.file(
        "head/size-report/report.json",
        &json!({"artifacts": [account(1600, 1500)]}),
    );
    let cells = json!({"cells": [cell("a", "ok"), cell("b", "ok"), cell("gone", "ok")]});
    folder.file("base/matrix-report/report.json", &cells);
    let cells = json!({"cells": [cell("a", "ok"), cell("b", "wrong"), cell("new", "ok")]});
    folder.file("head/matrix-report/report.json", &cells);
    let text = folder.prints("summary --base base --head head");
    for line in [
        "Compared with the base branch.",
        "| thing | 1,608 | +600 | 60 | 0 | ✗ **raw: 108 over** |",
        "| core | 1,000 | 1,600 | +600 |",
        "| core&#58;&#58;fmt&#58;&#58;write | 1,000 | 1,600 | +600 |",
        "3 cells: 2 ok, 1 failed. On the base branch 3 cells: 3 ok.",
        "| thing-b | ok | ✗ wrong | s&#124;1: a &#124; b &#64;c |",
        "| thing-new | – | ✓ ok |  |",
        "| thing-gone | ok | gone |  |",
        "| thing-a | 12.0 ms | 12.0 ms | – | – | 2.0 MiB | 2.0 MiB |",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(
        !text.contains("| thing-a | ok |"),
        "it did not change: {text}"
    );
}

#[test]
fn without_a_base_sizes_are_held_against_their_baselines() {
    let folder = Folder::new("no-base");
    folder.file(
        "head/size-report/report.json",
        &json!({"artifacts": [account(1000, 1500)]}),
    );
    folder.file(
        "head/matrix-report/report.json",
        &json!({"cells": [cell("a", "trap")]}),
    );
    fs::create_dir_all(folder.0.join("empty")).expect("the folder is writable");
    for base in ["", "--base empty "] {
        let text = folder.prints(&format!("summary {base}--head head"));
        for line in [
            "Compared with the recorded baselines, because nothing of the base branch is at hand.",
            "| thing | 1,008 | +500 | 60 | +10 | ✓ kept |",
            "| core&#58;&#58;fmt&#58;&#58;write | under 512 | 1,000 | +1,000 |",
            "1 cell: 1 failed. Nothing of the base branch is at hand.",
            "| thing-a | – | ✗ trap | s&#124;1: a &#124; b &#64;c |",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}

#[test]
fn a_faulty_report_is_named() {
    let folder = Folder::new("faulty");
    folder.file("list.json", &json!([{"cell": "x"}]));
    folder.file("other/size-report/report.json", &json!({"cells": []}));
    fs::create_dir_all(folder.0.join("empty")).expect("the folder is writable");
    for (arguments, message) in [
        ("matrix --output out absent.json", "cannot read absent.json"),
        (
            "matrix --output out list.json",
            "list.json: missing field `artifact`",
        ),
        (
            "size --output out list.json",
            "list.json: unknown field `cell`",
        ),
        (
            "summary --head other",
            "other/size-report/report.json: no list `artifacts`",
        ),
        (
            "summary --head empty",
            "empty has neither size-report/report.json nor",
        ),
    ] {
        let output = folder.report(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments}: {errors}");
        assert!(errors.contains(message), "{arguments}: {errors}");
        assert!(!folder.0.join("out").exists(), "nothing is written");
    }
}
