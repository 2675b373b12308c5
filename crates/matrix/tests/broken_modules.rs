//! Modules that are broken on purpose: each must be told from the others.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use matrix::llguidance::contract::C_ABI;
use serde_json::{Value, json};

/// A module with every export that the contract wants, in text form.
///
/// `llg_get_version`, `llg_wasm_alloc` and `llg_wasm_free` have their types; the rest are
/// empty. Each part can be replaced.
struct Stub {
    import: &'static str,
    version: &'static str,
    without: &'static str,
    table: &'static str,
    more: &'static str,
}

impl Default for Stub {
    fn default() -> Self {
        Self {
            import: "",
            version: "(result i32) (i32.const 16)",
            without: "",
            table: "1",
            more: "",
        }
    }
}

impl Stub {
    fn binary(&self) -> Vec<u8> {
        let functions = C_ABI
            .iter()
            .filter(|name| ![self.without, "llg_get_version"].contains(name))
            .map(|name| format!("(func (export {name:?}))"))
            .collect::<Vec<_>>()
            .join("\n");
        let Self {
            import,
            version,
            table,
            more,
            ..
        } = self;
        let text = format!(
            r#"(module
                {import}
                (memory (export "memory") 1)
                (table (export "__indirect_function_table") {table} funcref)
                (data (i32.const 16) "llguidance@0.0.0\00")
                (func (export "llg_get_version") {version})
                (func (export "llg_wasm_alloc") (param i32 i32) (result i32) (i32.const 0))
                (func (export "llg_wasm_free") (param i32 i32 i32))
                {functions}
                {more})"#
        );
        wat::parse_str(&text).expect("the stub's text form is valid")
    }
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).expect("the test folder is writable");
    folder
}

/// Written once: tests run at the same time.
static CASES: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = folder("cases");
    let case = json!({
        "name": "digits", "type": "regex", "grammar": "[0-9]+", "oracle": "by hand",
        "accept": ["1"], "refuse": [{"text": "a", "at": 0}],
    });
    fs::write(folder.join("digits.json"), case.to_string()).expect("the folder is writable");
    folder
});

fn matrix(name: &str, module: &[u8], mode: &str) -> (Output, Value) {
    let path = folder("modules").join(format!("{name}-{mode}.wasm"));
    fs::write(&path, module).expect("the test folder is writable");
    let output = Command::new(env!("CARGO_BIN_EXE_matrix"))
        .args(["llguidance", "--json", "--mode", mode, "--cases"])
        .arg(&*CASES)
        .arg(path)
        .output()
        .expect("the program starts");
    let report = serde_json::from_slice(&output.stdout).expect("a report in JSON");
    (output, report)
}

/// Runs the module in both modes; returns the exit code and the failures as
/// `(subject, kind, message)`.
#[track_caller]
fn failures(name: &str, module: &[u8]) -> (Option<i32>, Vec<(String, String, String)>) {
    let [jit, aot] = ["jit", "aot"].map(|mode| {
        let (output, report) = matrix(name, module, mode);
        let field = |failure: &Value, key: &str| {
            failure[key]
                .as_str()
                .expect("a failure has text")
                .to_owned()
        };
        let failures = report["failures"]
            .as_array()
            .unwrap_or_else(|| panic!("no failures in {report}"))
            .iter()
            .map(|failure| {
                (
                    field(failure, "subject"),
                    field(failure, "kind"),
                    field(failure, "message"),
                )
            })
            .collect::<Vec<_>>();
        (output.status.code(), failures)
    });
    assert_eq!(jit.0, aot.0, "JIT and AOT end alike");
    assert_eq!(jit.1.len(), aot.1.len(), "JIT and AOT fail alike");
    jit
}

#[test]
fn a_wrong_answer_is_a_difference() {
    let (code, failures) = failures("wrong", &Stub::default().binary());
    assert_eq!(code, Some(1));
    let version = &failures[0];
    assert_eq!(
        (version.0.as_str(), version.1.as_str()),
        ("version", "difference")
    );
    assert!(
        version
            .2
            .starts_with(r#"version: "llguidance@0.0.0" in the module, "llguidance@1.9.1 "#),
        "{}",
        version.2
    );
    let case = failures.last().expect("the case fails too");
    assert!(case.0.ends_with("digits.json"), "{}", case.0);
    assert!(case.2.contains("returned null"), "{}", case.2);
}

#[test]
fn a_trap_is_a_trap() {
    let stub = Stub {
        version: "(result i32) unreachable",
        ..Stub::default()
    };
    let (code, failures) = failures("trap", &stub.binary());
    assert_eq!(code, Some(3));
    assert_eq!(failures[0].1, "trap");
    assert!(
        failures[0].2.starts_with("trap in `llg_get_version`"),
        "{}",
        failures[0].2
    );
}

#[test]
fn an_address_outside_memory_is_out_of_bounds() {
    let stub = Stub {
        version: "(result i32) (i32.const 0x10000)",
        ..Stub::default()
    };
    let (code, failures) = failures("bounds", &stub.binary());
    assert_eq!(code, Some(3));
    assert_eq!(
        (failures[0].1.as_str(), failures[0].2.as_str()),
        (
            "out-of-bounds",
            "out of bounds: 1 bytes at 0x10000, memory has 0x10000"
        )
    );
}

#[test]
fn a_function_of_another_type_is_told() {
    let stub = Stub {
        version: "(param f64)",
        ..Stub::default()
    };
    let (code, failures) = failures("type", &stub.binary());
    assert_eq!(code, Some(3));
    assert_eq!(failures[0].1, "signature");
    assert!(
        failures[0]
            .2
            .starts_with("signature: `llg_get_version` cannot be called with 0 32-bit integers"),
        "{}",
        failures[0].2
    );
}

#[test]
fn an_export_too_many_is_named() {
    let stub = Stub {
        more: r#"(func (export "spare"))"#,
        ..Stub::default()
    };
    let (code, failures) = failures("spare", &stub.binary());
    assert_eq!(code, Some(3));
    assert_eq!(
        failures,
        [(
            "interface".to_owned(),
            "interface".to_owned(),
            "exports `spare`, which is not part of the interface".to_owned()
        )]
    );
}

#[test]
fn each_part_of_the_interface_is_missed() {
    for (name, stub, message) in [
        (
            "export",
            Stub {
                without: "llg_matcher_rollback",
                ..Stub::default()
            },
            "exports no function `llg_matcher_rollback`",
        ),
        (
            "table",
            Stub {
                table: "1 1",
                ..Stub::default()
            },
            "export `__indirect_function_table` has a maximum, \
             but a host must be able to add callbacks",
        ),
    ] {
        let (code, failures) = failures(name, &stub.binary());
        assert_eq!(code, Some(3), "{name}");
        assert_eq!(failures.len(), 1, "{name}: {failures:?}");
        assert_eq!(failures[0].2, message);
    }
}

#[test]
fn an_import_is_named() {
    let stub = Stub {
        import: r#"(import "env" "now" (func (result f64)))"#,
        ..Stub::default()
    };
    let (code, failures) = failures("import", &stub.binary());
    assert_eq!(code, Some(3));
    assert_eq!(failures[0].2, "imports `env.now`, but must import nothing");
}

#[test]
fn what_is_no_module_is_told() {
    let whole = Stub::default().binary();
    for (name, bytes) in [
        ("truncated", &whole[..whole.len() / 2]),
        ("empty", &[]),
        ("script", b"#!/bin/sh\n"),
    ] {
        let (output, report) = matrix(name, bytes, "jit");
        assert_eq!(output.status.code(), Some(3), "{name}");
        assert_eq!(report["outcome"], "unusable", "{name}");
        let error = report["error"].as_str().expect("an error");
        assert!(error.starts_with("not a WebAssembly module"), "{error}");
    }
}

#[test]
fn a_module_that_does_not_validate_is_a_bad_module() {
    let stub = Stub {
        more: "(func (result i32) (i64.const 0))",
        ..Stub::default()
    };
    for mode in ["jit", "aot"] {
        let (output, report) = matrix("invalid", &stub.binary(), mode);
        assert_eq!(output.status.code(), Some(3), "{mode}");
        let error = report["error"].as_str().expect("an error");
        assert!(error.starts_with("bad module: "), "{error}");
    }
}

#[test]
fn usage_errors_are_told_apart() {
    let run = |cases: &Path, module: &str| {
        Command::new(env!("CARGO_BIN_EXE_matrix"))
            .args(["llguidance", "--cases"])
            .arg(cases)
            .arg(module)
            .output()
            .expect("the program starts")
    };
    let absent = run(&CASES, "absent.wasm");
    assert_eq!(absent.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&absent.stderr);
    assert!(
        errors.contains("cannot read the module absent.wasm"),
        "{errors}"
    );

    let empty = run(&folder("empty"), "absent.wasm");
    assert_eq!(empty.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&empty.stderr);
    assert!(errors.contains("has no case file"), "{errors}");
}
