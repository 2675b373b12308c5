//! The command, killed in the midst of turns: the session stays as it was, or has the whole turn.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use clawft_server::api::Api;
use clawft_server::scenario::{Scenario, VARIANTS};
use clawft_server::server::Listener;
use clawft_server::suite;
use serde_json::{Value, json};

/// How often it is killed.
const ROUNDS: u64 = 300;

/// Roles and texts of the session's file. A line that is no JSON fails the test unless it is the last.
fn session(home: &Path) -> Vec<(String, String)> {
    let path = home.join(".clawft/sessions/cli%3Akill.jsonl");
    let Ok(content) = fs::read_to_string(path) else {
        return Vec::new();
    };
    let lines: Vec<&str> = content.lines().collect();
    let mut messages = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        match serde_json::from_str::<Value>(line) {
            Ok(line) if line["role"].is_string() => {
                let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
                messages.push((text("role"), text("content")));
            }
            Ok(_) => {}
            Err(error) => assert_eq!(index, lines.len() - 1, "a torn line: {error}"),
        }
    }
    messages
}

#[test]
fn killed_at_any_moment() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let home = folder.path();
    let listener = Listener::bind(0).expect("no port");
    let url = listener.url();
    let path = home.join("scenario.json");
    let scenario = json!({
        "about": "One answer for each request",
        "turns": [{"message": "x"}],
        "exchanges": [{
            "times": ROUNDS + 1,
            "answer": {"text": "An answer of some length, that comes in many pieces."},
            "delivery": {"framing": "chunked", "piece": 16}
        }]
    });
    fs::write(&path, scenario.to_string()).expect("cannot write");
    let scenario = Scenario::read(&path, &url, "").expect("no scenario");
    let config = suite::configuration(&scenario, VARIANTS[1], &url);
    let config_path = home.join(suite::CONFIG);
    fs::create_dir_all(config_path.parent().expect("no folder")).expect("cannot make it");
    fs::write(config_path, config.to_string()).expect("cannot write");
    let _server = listener.serve(scenario.exchanges, Api::OpenAi, None);
    let start = |message: &str| {
        Command::new(env!("CARGO_BIN_EXE_clawft"))
            .args(["--json", "--session", "cli:kill", message])
            .env_clear()
            .env("HOME", home)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("cannot start it")
    };
    let mut before = Vec::new();
    let (mut whole, mut lost) = (0, 0);
    for round in 0..ROUNDS {
        let message = format!("message {round}");
        let mut child = start(&message);
        // From before it has read its configuration to after it is done, whatever the machine's speed
        thread::sleep(Duration::from_micros(round * round * 2));
        child.kill().expect("cannot kill it");
        child.wait().expect("cannot wait for it");
        let after = session(home);
        assert_eq!(
            after[..before.len()],
            before,
            "round {round}: the past has changed"
        );
        // What is new is the turn: both messages, the first alone if the write was torn, or nothing.
        let new = &after[before.len()..];
        let user = ("user".to_owned(), message);
        assert!(
            new.len() <= 2 && new.first().is_none_or(|first| *first == user),
            "{new:?}"
        );
        assert!(
            new.get(1)
                .is_none_or(|(role, text)| role == "assistant" && text.ends_with("pieces."))
        );
        *if new.len() == 2 {
            &mut whole
        } else {
            &mut lost
        } += 1;
        before = after;
    }
    eprintln!("{whole} turns were kept, {lost} were lost");
    // And it goes on.
    let code = start("the last").wait().expect("cannot wait for it");
    assert!(code.success());
    let after = session(home);
    assert_eq!(after.len(), before.len() + 2);
}
