//! Dialogues with a module that says back what it is told.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const ECHO: &str = r#"(module
    (memory (export "memory") 1)
    (global $result (mut i32) (i32.const 0))
    (data (i32.const 16) "\"1.0\"")
    (func (export "wm_alloc") (param i32) (result i32) (i32.const 1024))
    (func (export "wm_free") (param i32 i32))
    (func (export "wm_result") (result i32) (global.get $result))
    (func (export "version") (result i32)
        (global.set $result (i32.const 16))
        (i32.const 5))
    (func (export "echo") (param $address i32) (param $length i32) (result i32)
        (global.set $result (local.get $address))
        (local.get $length))
    (func (export "deny") (param $address i32) (param $length i32) (result i32)
        (global.set $result (local.get $address))
        (i32.sub (i32.const 0) (local.get $length))))"#;

/// How a dialogue ended: outcome and detail.
fn ends(name: &str, dialogue: &str) -> (String, String) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let write = |file: &str, text: &str| {
        fs::write(folder.join(file), text).expect("the test folder is writable");
    };
    fs::create_dir_all(&folder).expect("the test folder is writable");
    write("echo.wat", ECHO);
    write("echo.txt", dialogue);
    write(
        "echo.toml",
        "about = \"an echo\"\nwhitemagic = \"echo.txt\"\n",
    );
    let output = Command::new(env!("CARGO_BIN_EXE_matrix"))
        .args([
            "run",
            "--json",
            "--kind=core",
            "--mode=wasmtime-jit",
            "--scenarios",
        ])
        .args([&folder, &folder.join("echo.wat")])
        .output()
        .expect("the program starts");
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let field = |key: &str| report["scenarios"][0][key].as_str().unwrap_or_default();
    (field("outcome").to_owned(), field("detail").to_owned())
}

#[test]
fn what_is_expected_is_ok() {
    let dialogue = "version |  | \"1.0\"\n\necho | [\"a | b\"] | [\"a | b\"]\ndeny | no | ! no\n";
    // NB: an argument ends at the first bar, so that the answer may have some
    assert_eq!(ends("wrong-bar", dialogue).0, "wrong");
    let dialogue = "version |  | \"1.0\"\n\necho | [\"é\"] | [\"é\"]\ndeny | no | ! no\n";
    assert_eq!(ends("right", dialogue).0, "ok");
}

#[test]
fn the_first_answer_that_is_another_is_shown() {
    let (outcome, detail) = ends("other", "echo | 1 | 1\necho | 2 | 3\necho | 4 | 5\n");
    assert_eq!(outcome, "wrong");
    assert_eq!(
        detail,
        r#"line 1 of what line 2 calls, echo, is "2", and "3" by the dialogue"#
    );
    let (outcome, detail) = ends("refused", "deny | why | why\n");
    assert_eq!(outcome, "wrong");
    assert!(detail.contains(r#"is "! why", and "why""#), "{detail}");
}

#[test]
fn what_is_no_dialogue_is_a_fault() {
    for (name, dialogue, message) in [
        ("empty", "\n", "nothing is called"),
        (
            "two",
            "echo | 1\n",
            "line 1 is not `FUNCTION | ARGUMENT | ANSWER`",
        ),
        ("unknown", "sing | 1 | 1\n", "sing"),
    ] {
        let (outcome, detail) = ends(name, dialogue);
        assert_eq!(outcome, "fault", "{detail}");
        assert!(detail.contains(message), "{detail}");
    }
}
