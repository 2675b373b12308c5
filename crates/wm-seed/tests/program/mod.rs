//! The program, with a state root of its own.

#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "what is missing fails the test"
)]

pub mod web;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Rates that no test comes to.
pub const UNLIMITED: [&str; 4] = ["--rate-tool", "100000", "--rate-global", "100000"];

/// A state root in a folder of the test's own.
pub fn state() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("state");
    (folder, root)
}

/// The transcripts in `protocol`: each with a `name`, what is sent and what is received.
pub fn transcripts() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/protocol");
    let files = fs::read_dir(folder).unwrap();
    let read =
        |file: fs::DirEntry| serde_json::from_slice::<Vec<Value>>(&fs::read(file.path()).unwrap());
    files
        .flat_map(|file| read(file.unwrap()).unwrap())
        .collect()
}

pub fn wm_seed() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wm-seed"));
    command.env_remove("WM_STATE_ROOT");
    command
}

/// A server and its pipes.
pub struct Server {
    pub child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    id: u64,
}

impl Server {
    pub fn start(root: &Path, arguments: &[&str]) -> Self {
        let mut child = wm_seed()
            .arg("serve")
            .arg("--root")
            .arg(root)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            input: child.stdin.take(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
            id: 0,
        }
    }

    pub fn write(&mut self, text: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(text.as_bytes()).unwrap();
        input.flush().unwrap();
    }

    pub fn take_input(&mut self) -> ChildStdin {
        self.input.take().unwrap()
    }

    /// The next line, or nothing once the server has ended.
    pub fn read(&mut self) -> Option<Value> {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        (!line.is_empty()).then(|| serde_json::from_str(&line).unwrap())
    }

    /// Ends the input, and returns what comes until the output ends, and the exit code.
    pub fn end(mut self) -> (Vec<Value>, Option<i32>) {
        drop(self.input.take());
        let rest = std::iter::from_fn(|| self.read()).collect();
        (rest, self.child.wait().unwrap().code())
    }

    pub fn request_call(&mut self, tool: &str, arguments: &Value) -> u64 {
        self.id += 1;
        let params = json!({"name": tool, "arguments": arguments});
        let request =
            json!({"jsonrpc": "2.0", "id": self.id, "method": "tools/call", "params": params});
        self.write(&format!("{request}\n"));
        self.id
    }

    /// What a tool says, and whether it is an error.
    pub fn try_call(&mut self, tool: &str, arguments: &Value) -> (Value, bool) {
        let id = self.request_call(tool, arguments);
        let reply = self.read().unwrap();
        assert_eq!(reply["id"], id, "{reply}");
        told(&reply)
    }

    /// What a tool says, which is no error.
    pub fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let (value, is_error) = self.try_call(tool, &arguments);
        assert!(!is_error, "{tool}: {value}");
        value
    }
}

/// What the reply to a call says, and whether it is an error.
pub fn told(reply: &Value) -> (Value, bool) {
    let text = reply["result"]["content"][0]["text"].as_str();
    let text = text.unwrap_or_else(|| panic!("no result of a tool: {reply}"));
    let is_error = reply["result"]["isError"].as_bool().unwrap();
    (serde_json::from_str(text).unwrap(), is_error)
}

/// Whether what was received is as a transcript says; `tests/protocol.rs` has what that means.
pub fn fits(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::String(any), _) if any == "*" => true,
        (Value::Object(expected), Value::Object(fields)) => expected.iter().all(|(name, value)| {
            if name == "json" && fields.get("type").is_some_and(|kind| kind == "text") {
                let text = fields["text"].as_str().unwrap();
                return fits(value, &serde_json::from_str(text).unwrap());
            }
            fields.get(name).is_some_and(|found| fits(value, found))
        }),
        (Value::Array(expected), Value::Array(found)) => {
            expected.len() == found.len()
                && expected
                    .iter()
                    .zip(found)
                    .all(|(expected, found)| fits(expected, found))
        }
        _ => expected == found,
    }
}
