//! The program as a user runs it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

/// A file of this test run.
fn file(name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, contents).expect("the test folder is writable");
    path
}

fn ledger(arguments: &[&dyn AsRef<std::ffi::OsStr>]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ledger"))
        .args(arguments.iter().map(AsRef::as_ref))
        .output()
        .expect("the program starts")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("output is UTF-8")
}

/// Bytes that do not compress to nothing: a linear congruential generator's high bytes.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24).to_le_bytes()[0]
    })
    .take(length)
    .collect()
}

#[test]
fn a_breach_fails_with_the_numbers_and_the_profile() {
    let artifact = file("breach.wasm", noise(3000));
    let budgets = file("breach.toml", "[thing]\nraw = 2500\ngzip = 100000\n");
    let profile = file("breach.txt", " 1234 ┊ 41.13% ┊ a_big_function\n");
    let output = ledger(&[
        &"check",
        &"--budgets",
        &budgets,
        &"--artifact",
        &"thing",
        &"--profile",
        &profile,
        &artifact,
    ]);
    assert_eq!(output.status.code(), Some(1));
    let errors = text(&output.stderr);
    assert!(
        errors.contains("thing: raw: 3000 of 2500 bytes, 500 over (20.0 %)"),
        "{errors}"
    );
    assert!(errors.contains("a_big_function"), "{errors}");
    assert!(!errors.contains("gzip -9:"), "{errors}");
}

#[test]
fn the_compressed_size_is_held_to_its_own_budget() {
    let artifact = file("compressed.wasm", noise(3000));
    let budgets = file("compressed.toml", "[thing]\nraw = 3000\ngzip = 50\n");
    let output = ledger(&[
        &"check",
        &"--budgets",
        &budgets,
        &"--artifact",
        &"thing",
        &artifact,
    ]);
    assert_eq!(output.status.code(), Some(1));
    let errors = text(&output.stderr);
    assert!(errors.contains("thing: gzip -9: "), "{errors}");
    assert!(!errors.contains("raw:"), "{errors}");
}

#[test]
fn a_kept_budget_passes_without_the_profile() {
    let artifact = file("kept.wasm", noise(3000));
    let budgets = file("kept.toml", "[thing]\nraw = 3000\ngzip = 4000\n");
    let profile = file("kept.txt", "a_big_function\n");
    let output = ledger(&[
        &"check",
        &"--json",
        &"--budgets",
        &budgets,
        &"--artifact",
        &"thing",
        &"--profile",
        &profile,
        &artifact,
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["within_budget"], json!(true));
    assert_eq!(report["size"]["raw"], json!(3000));
    assert_eq!(report["budget"], json!({"raw": 3000, "gzip": 4000}));
}

#[test]
fn usage_errors_are_told_apart_from_breaches() {
    let artifact = file("usage.wasm", "x");
    let budgets = file("usage.toml", "[thing]\nraw = 1\ngzip = 99\n");
    let unknown = ledger(&[
        &"check",
        &"--budgets",
        &budgets,
        &"--artifact",
        &"other",
        &artifact,
    ]);
    assert_eq!(unknown.status.code(), Some(2));
    let errors = text(&unknown.stderr);
    assert!(
        errors.contains("usage.toml: no budget for `other`"),
        "{errors}"
    );
    assert!(errors.contains("there are budgets for: thing"), "{errors}");

    let absent = ledger(&[&"size", &"absent.wasm"]);
    assert_eq!(absent.status.code(), Some(2));
    assert!(text(&absent.stderr).contains("cannot read absent.wasm"));
}

#[test]
fn the_size_is_that_of_gzip_9() {
    let source = fs::read(file!().replace("crates/ledger/", "")).expect("this file");
    let artifact = file("source.rs", &source);
    let output = ledger(&[&"size", &"--json", &artifact]);
    assert_eq!(output.status.code(), Some(0));
    let size: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(size["raw"], json!(source.len()));
    let ours = size["gzip"].as_u64().expect("a number");

    let gzip = Command::new("gzip")
        .arg("-9nc")
        .arg(&artifact)
        .output()
        .expect("gzip is installed: it is what the size is compared with");
    let theirs = gzip.stdout.len() as u64;
    assert!(
        ours.abs_diff(theirs) * 100 <= theirs,
        "{ours} here, {theirs} by gzip -9"
    );
}

#[test]
fn the_budgets_of_this_repository_are_readable() {
    let budgets = concat!(env!("CARGO_MANIFEST_DIR"), "/../../budgets.toml");
    let artifact = file("empty.wasm", "");
    let output = ledger(&[
        &"check",
        &"--budgets",
        &budgets,
        &"--artifact",
        &"llguidance-wasm",
        &artifact,
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}
