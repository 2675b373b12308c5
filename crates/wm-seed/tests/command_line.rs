//! The command line: where the state is, what is printed, and how the program ends.

#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

mod program;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use program::wm_seed;
use serde_json::{Value, json};

/// Runs it in a folder that is the user's home as well.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    home(folder).args(arguments).output().unwrap()
}

fn home(folder: &Path) -> Command {
    let mut command = wm_seed();
    command
        .current_dir(folder)
        .env("HOME", folder)
        .env("USERPROFILE", folder)
        .stdin(Stdio::null());
    command
}

fn printed(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{error}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn json_of(output: &Output) -> Value {
    serde_json::from_str(&printed(output)).unwrap()
}

#[test]
fn what_init_makes_is_what_serve_and_status_find() {
    let folder = tempfile::tempdir().unwrap();
    // NB: what the system calls it, which may be another name for the same folder
    let folder = folder.path().canonicalize().unwrap();
    let none = json_of(&run(&folder, &["status", "--json"]));
    assert_eq!(none["memory_count"], Value::Null);
    assert_eq!(none["origin"], "home");
    assert!(!folder.join(".whitemagic").exists(), "status makes nothing");

    let made = json_of(&run(&folder, &["init", "project", "--json"]));
    let root = folder.join("project/.whitemagic");
    assert_eq!(
        made,
        json!({"root": root, "created": 16, "memory_count": 16})
    );
    for name in ["memory/whitemagic.db", "sessions", "logs"] {
        assert!(root.join(name).exists(), "{name}");
    }
    let again = json_of(&run(&folder, &["init", "project", "--json"]));
    assert_eq!(again["created"], 0);

    let deep = folder.join("project/src/deep");
    fs::create_dir_all(&deep).unwrap();
    let status = json_of(
        &home(&folder)
            .current_dir(&deep)
            .args(["info", "--json"])
            .output()
            .unwrap(),
    );
    assert_eq!(status["root"], json!(root));
    assert_eq!(status["origin"], "folder");
    assert_eq!(status["memory_count"], 16);

    // The environment wins over the folder, and the option over both.
    let elsewhere = folder.join("elsewhere");
    let status = |arguments: &[&str]| {
        let mut command = home(&deep);
        command.env("WM_STATE_ROOT", &elsewhere).args(arguments);
        json_of(&command.output().unwrap())["root"].clone()
    };
    assert_eq!(status(&["status", "--json"]), json!(elsewhere));
    assert_eq!(
        status(&["status", "--json", "--root", "x"]),
        json!(deep.join("x"))
    );
}

#[test]
fn init_says_when_serve_will_use_another_folder() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = home(folder.path());
    command.env("WM_STATE_ROOT", folder.path().join("elsewhere"));
    let output = command.args(["init", "project"]).output().unwrap();
    assert!(printed(&output).contains("mcpServers"));
    assert!(String::from_utf8_lossy(&output.stderr).contains("WM_STATE_ROOT is set"));
    // Without a folder it makes what the environment names.
    let mut command = home(folder.path());
    command.env("WM_STATE_ROOT", folder.path().join("elsewhere"));
    let output = command.args(["init", "--json"]).output().unwrap();
    assert!(output.stderr.is_empty());
    assert_eq!(
        json_of(&output)["root"],
        json!(folder.path().join("elsewhere"))
    );
}

#[test]
fn versions_and_help() {
    let folder = tempfile::tempdir().unwrap();
    let version = concat!("wm-seed ", env!("CARGO_PKG_VERSION"), "\n");
    for arguments in [["version"], ["--version"], ["-v"]] {
        assert_eq!(printed(&run(folder.path(), &arguments)), version);
    }
    let facts = json_of(&run(folder.path(), &["version", "--json"]));
    assert_eq!(facts["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(facts["protocol_versions"][0], "2025-11-25");
    for command in ["serve", "mcp", "stdio", "init", "status", "info", "version"] {
        let help = printed(&run(folder.path(), &[command, "--help"]));
        assert!(help.contains("Examples:"), "{command}");
    }
    assert!(printed(&run(folder.path(), &["help"])).contains("Exit codes:"));
}

#[test]
fn exit_codes() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &[][..],
        &["unknown"],
        &["serve", "--rate-tool", "0"],
        &["init", "a", "b"],
    ] {
        assert_eq!(
            run(folder.path(), arguments).status.code(),
            Some(2),
            "{arguments:?}"
        );
    }
    // A file where a folder should be
    fs::write(folder.path().join("file"), "").unwrap();
    let output = run(folder.path(), &["init", "file"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("file"));
    // The end of the input ends a session, and so does a client that is gone.
    for name in ["serve", "mcp", "stdio"] {
        assert_eq!(run(folder.path(), &[name]).status.code(), Some(0));
    }
}

/// A tool says what is wrong with the database; the server goes on.
#[test]
fn a_file_that_is_no_database_is_an_error_of_the_tool() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("state");
    fs::create_dir_all(root.join("memory")).unwrap();
    let file = root.join("memory/whitemagic.db");
    fs::write(&file, "a letter ".repeat(200)).unwrap();
    let mut server = program::Server::start(&root, &[]);
    let mut refused = 0;
    for _ in 0..8 {
        let (value, is_error) = server.try_call("list_memories", &json!({}));
        assert!(is_error, "{value}");
        refused += u32::from(value["retry_after_ms"].is_u64());
    }
    // Five failures open the breaker of this tool, and of no other.
    assert_eq!(refused, 3);
    let (value, _) = server.try_call("rate_status", &json!({}));
    let open = json!([{"tool": "list_memories", "state": "open"}]);
    assert_eq!(value["details"]["breakers"], open);
    assert!(server.try_call("dharma_rules", &json!({})).0["rules"].is_array());
}
