//! The program: its commands, exit codes and what it prints.

#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

mod forged;

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use forged::{MANIFEST, RUNTIME, Zip, wheel};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder with what is packed.
fn sources() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("nodes")).unwrap();
    fs::write(at("nodes/__init__.py"), "").unwrap();
    fs::write(at("manifest.json"), MANIFEST).unwrap();
    fs::write(at("runtime.wasm"), RUNTIME).unwrap();
    fs::write(at("greeting-1.0-py3-none-any.whl"), wheel().bytes()).unwrap();
    fs::write(at("tiny.bin"), "weights").unwrap();
    folder
}

fn rmpkg(folder: &Path, arguments: &[&str]) -> Output {
    rmpkg_reading(folder, arguments, "")
}

fn rmpkg_reading(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_rmpkg"))
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // NB: it need not read all of it
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn printed(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Its exit code and what it says of it.
fn failed(output: &Output) -> (i32, String) {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    (output.status.code().unwrap(), text)
}

fn pack(folder: &Path, more: &[&str]) -> Output {
    let mut arguments = vec!["pack", "-m", "manifest.json", "-w", "runtime.wasm"];
    arguments.extend(["-o", "pipeline.rmpkg"]);
    arguments.extend(more);
    rmpkg(folder, &arguments)
}

const ALL: [&str; 6] = [
    "--module",
    "nodes",
    "--wheel",
    "greeting-1.0-py3-none-any.whl",
    "--model",
    "tiny.bin",
];

#[test]
fn a_signed_package_is_packed_verified_shown_and_extracted() {
    let folder = sources();
    let folder = folder.path();
    let public = printed(&rmpkg(folder, &["keygen", "--output", "key.pem"]));
    fs::write(folder.join("key.pub.pem"), public).unwrap();
    let mode = fs::metadata(folder.join("key.pem")).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);

    printed(&pack(folder, &[&ALL[..], &["--sign", "key.pem"]].concat()));
    let verified = printed(&rmpkg(
        folder,
        &["verify", "--json", "--key", "key.pub.pem", "pipeline.rmpkg"],
    ));
    assert_eq!(
        serde_json::from_str::<Value>(&verified).unwrap(),
        json!({"file": "pipeline.rmpkg", "valid": true, "signature": "good", "warnings": []})
    );

    let shown = printed(&rmpkg(folder, &["inspect", "--json", "pipeline.rmpkg"]));
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["layout"], "flat");
    assert_eq!(shown["signature"], "not checked");
    assert_eq!(shown["metadata"]["package_name"], "calculator");
    let model = &shown["files"][6];
    assert_eq!(
        model,
        // printf weights | sha256sum
        &json!({
            "name": "models/tiny.bin",
            "bytes": 7,
            "sha256": "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c",
        })
    );

    printed(&rmpkg(folder, &["extract", "pipeline.rmpkg", "-o", "out"]));
    assert_eq!(
        fs::read_to_string(folder.join("out/models/tiny.bin")).unwrap(),
        "weights"
    );
}

#[test]
fn keys_are_not_overwritten() {
    let folder = sources();
    fs::write(folder.path().join("key.pem"), "mine").unwrap();
    let (code, text) = failed(&rmpkg(folder.path(), &["keygen", "-o", "key.pem"]));
    assert_eq!(code, 2);
    assert!(text.contains("key.pem"), "{text}");
    let kept = fs::read_to_string(folder.path().join("key.pem")).unwrap();
    assert_eq!(kept, "mine");
}

#[test]
fn what_is_refused_ends_with_1_and_leaves_nothing() {
    let folder = sources();
    let folder = folder.path();
    fs::write(folder.join("pipeline.rmpkg"), "before").unwrap();
    fs::write(folder.join("manifest.json"), "{}").unwrap();
    let (code, text) = failed(&pack(folder, &[]));
    assert_eq!(code, 1);
    assert!(
        text.starts_with("rmpkg: manifest: manifest.json: missing version"),
        "{text}"
    );
    let kept = fs::read_to_string(folder.join("pipeline.rmpkg")).unwrap();
    assert_eq!(kept, "before");

    let mut zip = Zip::package();
    zip.part("runtime.wasm").rename("../runtime.wasm");
    fs::write(folder.join("pipeline.rmpkg"), zip.bytes()).unwrap();
    let refused = rmpkg(folder, &["verify", "--json", "pipeline.rmpkg"]);
    let report: Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!(report["valid"], false);
    assert_eq!(report["error"]["kind"], "path-escape");
    assert_eq!(failed(&refused).0, 1);
    let refused = rmpkg(folder, &["extract", "pipeline.rmpkg", "-o", "out"]);
    assert_eq!(failed(&refused).0, 1);
    assert!(!folder.join("out").exists());
}

#[test]
fn usage_ends_with_2() {
    let folder = sources();
    let folder = folder.path();
    for arguments in [
        &["verify", "absent.rmpkg"][..],
        &["verify"],
        &["verify", "--key", "manifest.json", "pipeline.rmpkg"],
        &[
            "pack",
            "-m",
            "absent.json",
            "-w",
            "runtime.wasm",
            "-o",
            "p.rmpkg",
        ],
    ] {
        printed(&pack(folder, &[]));
        let (code, text) = failed(&rmpkg(folder, arguments));
        assert_eq!(code, 2, "{arguments:?}: {text}");
    }
    let mut other = vec!["pack", "-m", "manifest.json", "-w", "runtime.wasm"];
    other.extend(["-o", "pipeline.zip"]);
    let (code, text) = failed(&rmpkg(folder, &other));
    assert_eq!(code, 1);
    assert!(text.contains(".rmpkg"), "{text}");
}

#[test]
fn errors_name_the_file_that_was_given() {
    let folder = sources();
    let folder = folder.path();
    fs::write(folder.join("bad.json"), "{").unwrap();
    fs::write(folder.join("text.bin"), "text").unwrap();
    printed(&pack(folder, &[]));
    let new = ["-o", "p.rmpkg"];
    let good = ["-m", "manifest.json", "-w", "runtime.wasm"];
    let into = ["pack", "-m", "manifest.json", "-w", "runtime.wasm", "-o"];
    for (arguments, message) in [
        (
            ["pack", "-m", "bad.json", "-w", "runtime.wasm"]
                .iter()
                .chain(&new)
                .copied()
                .collect(),
            "rmpkg: json: bad.json: EOF",
        ),
        (
            ["pack", "-m", "manifest.json", "-w", "text.bin"]
                .iter()
                .chain(&new)
                .copied()
                .collect(),
            "rmpkg: runtime: text.bin: ",
        ),
        (
            ["pack", "--metadata", "bad.json"]
                .iter()
                .chain(&good)
                .chain(&new)
                .copied()
                .collect(),
            "rmpkg: json: bad.json: EOF",
        ),
        (
            [&into[..], &["absent/p.rmpkg"]].concat(),
            "rmpkg: io: absent/p.rmpkg: No such file",
        ),
        (
            vec!["extract", "pipeline.rmpkg", "-o", "no/such/x"],
            "rmpkg: io: no/such/x: No such file",
        ),
        (
            vec!["run", "--input", "bad.json", "pipeline.rmpkg"],
            "rmpkg: json: bad.json: EOF",
        ),
        (
            vec!["run", "--input", "manifest.json", "pipeline.rmpkg"],
            "rmpkg: json: manifest.json: not a list",
        ),
        (
            vec!["run", "--input", "-", "pipeline.rmpkg"],
            "rmpkg: json: standard input: EOF",
        ),
    ] {
        let (code, text) = failed(&rmpkg(folder, &arguments));
        assert!(
            code > 0 && text.starts_with(message),
            "{arguments:?}: {text}"
        );
        // Names of what is made on the way say nothing to the user.
        assert!(!text.contains(".rmpkg-"), "{text}");
    }
}

#[test]
fn an_error_is_json_too_where_the_result_is() {
    let folder = sources();
    let folder = folder.path();
    fs::write(folder.join("manifest.json"), "{").unwrap();
    fs::write(folder.join("damaged.rmpkg"), "").unwrap();
    let packed = pack(folder, &["--json"]);
    let report: Value = serde_json::from_slice(&packed.stdout).unwrap();
    assert_eq!(report["file"], "pipeline.rmpkg");
    assert_eq!(report["error"]["kind"], "json");
    let shown = rmpkg(folder, &["inspect", "--json", "damaged.rmpkg"]);
    let report: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(report["valid"], false);
    assert_eq!(report["error"]["kind"], "not-zip");
    assert_eq!(failed(&shown).0, 1);
}

#[test]
fn a_standard_output_that_takes_nothing_is_no_panic() {
    let folder = sources();
    let folder = folder.path();
    printed(&pack(folder, &[]));
    // A pipe that nobody reads any more
    let closed = || {
        let (_, closed) = io::pipe().unwrap();
        Stdio::from(closed)
    };
    let end = |arguments: &[&str], stdout: Stdio| {
        let output = Command::new(env!("CARGO_BIN_EXE_rmpkg"))
            .current_dir(folder)
            .args(arguments)
            .stdout(stdout)
            .output()
            .unwrap();
        failed(&output)
    };
    for (number, arguments) in [
        vec!["verify", "pipeline.rmpkg"],
        vec!["inspect", "--json", "pipeline.rmpkg"],
        vec!["extract", "pipeline.rmpkg", "-o", "out"],
    ]
    .iter()
    .enumerate()
    {
        // Who closes a pipe has read enough.
        assert_eq!(end(arguments, closed()), (0, String::new()), "{number}");
    }
    // Of a key whose public half nobody has seen nothing is left.
    let refused = "rmpkg: cannot write to standard output: ";
    let (code, text) = end(&["keygen", "-o", "key.pem"], closed());
    assert!(code == 2 && text.starts_with(refused), "{code}: {text}");
    assert!(!folder.join("key.pem").exists());
    if cfg!(target_os = "linux") {
        let full = || {
            let full = fs::File::options().write(true).open("/dev/full");
            Stdio::from(full.unwrap())
        };
        for arguments in [
            &["keygen", "-o", "key.pem"][..],
            &["verify", "pipeline.rmpkg"],
        ] {
            let (code, text) = end(arguments, full());
            assert!(code == 2 && text.starts_with(refused), "{code}: {text}");
        }
        assert!(!folder.join("key.pem").exists());
    }
}

#[test]
fn warnings_are_errors_if_strict() {
    let folder = sources();
    let folder = folder.path();
    let mut zip = Zip::package();
    zip.listed = false;
    fs::write(folder.join("pipeline.rmpkg"), zip.bytes()).unwrap();
    printed(&rmpkg(folder, &["verify", "pipeline.rmpkg"]));
    let strict = rmpkg(folder, &["verify", "--strict", "pipeline.rmpkg"]);
    let (code, text) = failed(&strict);
    assert_eq!(code, 1);
    assert!(text.contains("meta/SHA256SUMS"), "{text}");
}

#[test]
fn the_limit_is_adjustable() {
    let folder = sources();
    let folder = folder.path();
    fs::write(folder.join("tiny.bin"), vec![1; 2 << 20]).unwrap();
    let (code, text) = failed(&pack(folder, &[&ALL[..], &["--max-size", "1"]].concat()));
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("too-large"), "{text}");
    printed(&pack(folder, &ALL));
    let small = rmpkg(folder, &["verify", "--max-size", "1", "pipeline.rmpkg"]);
    assert_eq!(failed(&small).0, 1);
    printed(&rmpkg(folder, &["verify", "pipeline.rmpkg"]));
}

/// A stand-in for Wasmtime that shows how it was called, what it read and what it may see.
const WASMTIME: &str = r#"#!/bin/sh
for argument; do
  echo "$argument" | sed 's|/.*/rmpkg-run-[^/]*|RUN|'
  case $argument in
    *::/site-packages) ls "${argument%%::*}" ;;
    *::/deps) echo x 2>/dev/null > "${argument%%::*}/new" && echo written ;;
  esac
done
cat
exit 7
"#;

#[test]
fn the_pipeline_is_run() {
    let folder = sources();
    let folder = folder.path();
    let wasmtime = folder.join("wasmtime");
    fs::write(&wasmtime, WASMTIME).unwrap();
    fs::set_permissions(&wasmtime, fs::Permissions::from_mode(0o755)).unwrap();
    printed(&pack(folder, &ALL));
    let before = fs::read(folder.join("pipeline.rmpkg")).unwrap();

    let arguments = [
        "run",
        "--runtime",
        "./wasmtime",
        "--input",
        "-",
        "pipeline.rmpkg",
        "--",
        "-C",
        "cache",
    ];
    let output = rmpkg_reading(folder, &arguments, "[1, 2.50]");
    let lines = String::from_utf8(output.stdout.clone()).unwrap();
    // NB: root may write where no one may
    let lines = lines.replace("written\n", "");
    assert_eq!(
        lines,
        format!(
            "run\n-C\ncache\n--dir\nRUN/package/deps::/deps\n--dir\nRUN/package/models::/models\n\
             --dir\nRUN/site-packages::/site-packages\ngreeting-1.0.dist-info\ngreeting.py\n\
             --env\nPYTHONPATH=/deps/python:/site-packages\nRUN/package/runtime.wasm\n\
             {{\"manifest\":{MANIFEST},\"input_data\":[1, 2.50]}}"
        )
    );
    assert_eq!(output.status.code(), Some(7));
    assert!(fs::read(folder.join("pipeline.rmpkg")).unwrap() == before);

    let bare = rmpkg(
        folder,
        &["run", "--runtime", "./wasmtime", "pipeline.rmpkg"],
    );
    assert!(String::from_utf8(bare.stdout).unwrap().ends_with(MANIFEST));
}

#[test]
fn what_cannot_be_run_ends_with_125() {
    let folder = sources();
    let folder = folder.path();
    printed(&pack(folder, &[]));
    let absent = rmpkg(folder, &["run", "--runtime", "./absent", "pipeline.rmpkg"]);
    let (code, text) = failed(&absent);
    assert_eq!(code, 125);
    assert!(text.contains("--runtime"), "{text}");
    let wrong = ["run", "--input", "manifest.json", "pipeline.rmpkg"];
    assert_eq!(failed(&rmpkg(folder, &wrong)).0, 125);
    fs::write(folder.join("pipeline.rmpkg"), "").unwrap();
    assert_eq!(failed(&rmpkg(folder, &["run", "pipeline.rmpkg"])).0, 125);
}
