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
                (func (export "llg_wasm_allocated"))
                (func (export "llg_wasm_panic_message"))
                (func (export "llg_wasm_set_memory_limit"))
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

/// A folder of scenarios: the contract, and one case of a regular expression. Written once:
/// tests run at the same time.
static SCENARIOS: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = folder("scenarios");
    let case = json!({
        "name": "digits", "type": "regex", "grammar": "[0-9]+", "oracle": "by hand",
        "accept": ["1"], "refuse": [{"text": "a", "at": 0}],
    });
    let write = |name: &str, text: &str| {
        fs::write(folder.join(name), text).expect("the folder is writable");
    };
    write("digits.json", &case.to_string());
    for part in ["contract", "regex"] {
        let text = format!("about = \"a part\"\nllguidance = \"{part}\"\n");
        write(&format!("{part}.toml"), &text);
    }
    folder
});

const MODES: [&str; 5] = [
    "wasmtime-jit",
    "wasmtime-aot",
    "wamr-interp",
    "wamr-aot",
    "node",
];

fn matrix(name: &str, module: &[u8], mode: &str) -> (Output, Value) {
    let path = folder("modules").join(format!("{name}-{mode}.wasm"));
    fs::write(&path, module).expect("the test folder is writable");
    let output = Command::new(env!("CARGO_BIN_EXE_matrix"))
        .args([
            "run",
            "--json",
            "--kind=core",
            "--mode",
            mode,
            "--scenarios",
        ])
        .arg(&*SCENARIOS)
        .arg(path)
        .output()
        .expect("the program starts");
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {output:?}"));
    (output, report)
}

/// How a scenario ended: outcome and detail.
type End = (String, String);

/// Runs the module in every mode, which must end alike; returns the exit code, and how the
/// contract and the regular expression ended.
#[track_caller]
fn ends(name: &str, module: &[u8]) -> (Option<i32>, End, End) {
    let [jit, others @ ..] = MODES.map(|mode| {
        let (output, report) = matrix(name, module, mode);
        let end = |number: usize| {
            let field = |key: &str| {
                report["scenarios"][number][key]
                    .as_str()
                    .unwrap_or_default()
            };
            (field("outcome").to_owned(), field("detail").to_owned())
        };
        let (contract, regex) = (end(0), end(1));
        // What went wrong is also told to a person, by cell and scenario.
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        if contract.0 != "ok" {
            let line = format!(
                "matrix: {name}-{mode}-{mode}: contract: {}: {}",
                contract.0, contract.1
            );
            assert!(told.contains(&line), "{told} lacks {line}");
        }
        (output.status.code(), contract, regex)
    });
    for other in others {
        assert_eq!(
            (jit.0, &jit.1.0, &jit.2.0),
            (other.0, &other.1.0, &other.2.0),
            "all modes end alike: {jit:?} {other:?}"
        );
    }
    jit
}

#[test]
fn a_wrong_answer_is_wrong() {
    let (code, contract, regex) = ends("wrong", &Stub::default().binary());
    assert_eq!(code, Some(1));
    assert_eq!(contract.0, "wrong");
    assert!(
        contract.1.starts_with(
            r#"version: version: "llguidance@0.0.0" in the module, "llguidance@1.9.1 "#
        ),
        "{}",
        contract.1
    );
    assert_eq!(
        regex,
        (
            "wrong".to_owned(),
            "digits: llg_wasm_alloc(1028, 4) returned null".to_owned()
        )
    );
}

#[test]
fn a_trap_is_a_trap() {
    let stub = Stub {
        version: "(result i32) unreachable",
        ..Stub::default()
    };
    let (_, contract, _) = ends("trap", &stub.binary());
    assert_eq!(contract.0, "trap");
    assert!(
        contract.1.starts_with("version: trap in `llg_get_version`"),
        "{}",
        contract.1
    );
}

#[test]
fn an_address_outside_memory_is_a_fault() {
    let stub = Stub {
        version: "(result i32) (i32.const 0x10000)",
        ..Stub::default()
    };
    let (_, contract, _) = ends("bounds", &stub.binary());
    assert_eq!(contract.0, "fault");
    assert!(
        contract
            .1
            .starts_with("version: out of bounds: 1 bytes at 0x10000, memory has 0x10000"),
        "{}",
        contract.1
    );
}

#[test]
fn a_function_of_another_type_is_a_fault() {
    let stub = Stub {
        version: "(param i64)",
        ..Stub::default()
    };
    let (_, contract, _) = ends("type", &stub.binary());
    assert_eq!(contract.0, "fault");
    assert!(
        contract.1.starts_with(
            "version: signature: `llg_get_version` cannot be called with 0 32-bit integers"
        ),
        "{}",
        contract.1
    );
}

#[test]
fn each_breach_of_the_interface_is_named() {
    for (name, stub, message) in [
        (
            "spare",
            Stub {
                more: r#"(func (export "spare"))"#,
                ..Stub::default()
            },
            "exports `spare`, which is not part of the interface",
        ),
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
        let (_, contract, _) = ends(name, &stub.binary());
        assert_eq!(
            contract,
            ("fault".to_owned(), format!("interface: {message}"))
        );
    }
}

#[test]
fn an_import_is_missing_and_named() {
    let stub = Stub {
        import: r#"(import "env" "now" (func (result f64)))"#,
        ..Stub::default()
    };
    let (code, contract, regex) = ends("import", &stub.binary());
    assert_eq!(code, Some(3));
    assert_eq!(
        contract,
        (
            "missing-import".to_owned(),
            "interface: imports `env.now`, but must import nothing".to_owned()
        )
    );
    assert_eq!(
        regex,
        (
            "missing-import".to_owned(),
            "digits: missing import: the module imports `env.now`, \
             and this host offers no imports"
                .to_owned()
        )
    );
}

#[test]
fn what_is_no_module_or_does_not_validate_is_a_bad_module() {
    let whole = Stub::default().binary();
    let invalid = Stub {
        more: "(func (result i32) (i64.const 0))",
        ..Stub::default()
    };
    for (name, bytes) in [
        ("truncated", &whole[..whole.len() / 2]),
        ("empty", &[]),
        ("script", b"#!/bin/sh\n"),
        ("invalid", &invalid.binary()),
    ] {
        let (code, contract, regex) = ends(name, bytes);
        assert_eq!(code, Some(3), "{name}");
        assert_eq!(
            (&*contract.0, &*regex.0),
            ("bad-module", "bad-module"),
            "{name}"
        );
    }
}

#[test]
fn usage_errors_are_told_apart() {
    let run = |scenarios: &Path, module: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_matrix"))
            .args(["run", "--kind=core", "--mode=wasmtime-jit", "--scenarios"])
            .arg(scenarios)
            .arg(module)
            .output()
            .expect("the program starts");
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let errors = run(&SCENARIOS, "absent.wasm");
    assert!(
        errors.contains("cannot read the module absent.wasm"),
        "{errors}"
    );
    let errors = run(&folder("nothing"), "absent.wasm");
    assert!(errors.contains("has no scenario"), "{errors}");
}
