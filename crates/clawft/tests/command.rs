//! The command as a user and a script see it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use clawft_server::api::Api;
use clawft_server::scenario::{Scenario, VARIANTS};
use clawft_server::server::{Listener, Server};
use clawft_server::suite;
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::{Value, json};

/// A home folder, and a server that gives those exchanges.
struct Home {
    folder: tempfile::TempDir,
    server: Server,
}

impl Home {
    fn new(exchanges: Value) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let listener = Listener::bind(0).expect("no port");
        let url = listener.url();
        let scenario = json!({"about": "x", "turns": [{"message": "x"}], "exchanges": exchanges});
        let path = folder.path().join("scenario.json");
        fs::write(&path, scenario.to_string()).expect("cannot write");
        let scenario = Scenario::read(&path, &url, "").expect("no scenario");
        let config = suite::configuration(&scenario, VARIANTS[1], &url);
        let path = folder.path().join(suite::CONFIG);
        fs::create_dir_all(path.parent().expect("no folder")).expect("cannot make it");
        fs::write(path, config.to_string()).expect("cannot write");
        let server = listener.serve(scenario.exchanges, Api::OpenAi, None);
        Self { folder, server }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Lets tools run any program, anywhere.
    fn allow_programs(&self) {
        let path = self.path().join(suite::CONFIG);
        let config = fs::read_to_string(&path).expect("no configuration");
        let mut config: Value = serde_json::from_str(&config).expect("no JSON");
        config["tools"]["restrict_to_workspace"] = false.into();
        config["tools"]["command_policy"] = json!({"mode": "denylist"});
        fs::write(path, config.to_string()).expect("cannot write");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_clawft"));
        command.args(arguments);
        command
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command
            .env_clear()
            .env("HOME", self.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .current_dir(self.path())
            .stdin(Stdio::null());
        command
    }

    /// Exit code, standard output and standard error.
    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        said(&self.command(arguments).output().expect("cannot start it"))
    }
}

fn said(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("no text");
    let code = output.status.code().expect("a signal");
    (code, text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_pipe_gets_the_last_answer_alone() {
    let home = Home::new(json!([
        {"answer": {"text": "I look.", "calls": [{"id": "a", "name": "list_directory", "arguments": {"path": "."}}]}},
        {"answer": {"text": "Nothing\u{1b}[0m there."}},
        {"answer": {"text": "Half", "stop": "max_tokens"}},
        {"answer": {"text": "No", "stop": "refused"}}
    ]));
    assert_eq!(
        home.run(&["What is there?"]),
        (0, "Nothing\u{1b}[0m there.\n".into(), String::new())
    );
    let (code, out, err) = home.run(&["Go on"]);
    assert_eq!((code, &*out), (0, "Half\n"));
    assert!(err.contains("max_tokens"), "{err}");
    let (code, out, err) = home.run(&["Go on"]);
    assert_eq!((code, &*out), (0, "No\n"));
    assert!(err.contains("withheld"), "{err}");
    assert_eq!(home.server.problems(), Vec::<String>::new());
}

#[test]
fn arguments_go_before_the_configuration() {
    let home = Home::new(json!([
        {"expect": {"chat": {"model": "other", "stream": false}},
         "answer": {"calls": [{"id": "a", "name": "write_file", "arguments": {"path": "made.txt", "content": "x"}}]}},
        {"answer": {"text": "Yes."}}
    ]));
    fs::create_dir(home.path().join("here")).expect("cannot make it");
    let arguments = [
        "--model",
        "openai/other",
        "--no-stream",
        "--workspace",
        "here",
        "--session",
        "cli:b",
        "Hi",
    ];
    assert_eq!(home.run(&arguments), (0, "Yes.\n".into(), String::new()));
    assert_eq!(
        fs::read_to_string(home.path().join("here/made.txt")).expect("no file"),
        "x"
    );
    assert!(home.path().join(".clawft/sessions/cli%3Ab.jsonl").exists());
    assert_eq!(home.server.problems(), Vec::<String>::new());
}

#[test]
fn a_configuration_by_its_path() {
    let home = Home::new(json!([{"times": 3, "answer": {"text": "Yes."}}]));
    let moved = home.path().join("elsewhere.json");
    fs::rename(home.path().join(suite::CONFIG), moved).expect("cannot move it");
    let (code, _, err) = home.run(&["Hi"]);
    assert_eq!(code, 1);
    assert!(
        err.starts_with("clawft: ") && err.contains("_API_KEY"),
        "{err}"
    );
    let answered = (0, "Yes.\n".into(), String::new());
    assert_eq!(home.run(&["--config", "elsewhere.json", "Hi"]), answered);
    // A variable is read as an option is, and an empty option is none.
    for arguments in [&["Hi"][..], &["--config", "", "Hi"]] {
        let mut command = home.command(arguments);
        command.env("CLAWFT_CONFIG", "elsewhere.json");
        assert_eq!(said(&command.output().expect("cannot start it")), answered);
    }
    let (code, _, err) = home.run(&["--config", "missing.json", "Hi"]);
    assert_eq!(code, 1);
    assert!(err.contains("missing.json"), "{err}");
}

#[test]
fn a_message_from_a_pipe() {
    let home = Home::new(json!([
        {"expect": {"chat": {"messages": [{"role": "user", "text": "piped"}]}}, "answer": {"text": "Yes."}}
    ]));
    let mut child = home
        .command(&[])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("cannot start it");
    let mut stdin = child.stdin.take().expect("no pipe");
    stdin.write_all(b"piped").expect("cannot write");
    drop(stdin);
    let output = child.wait_with_output().expect("cannot wait for it");
    assert_eq!(said(&output), (0, "Yes.\n".into(), String::new()));
}

#[test]
fn a_message_that_cannot_be_kept_is_not_sent() {
    let home = Home::new(json!([]));
    let long = home.path().join("long");
    fs::write(&long, "x".repeat(1 << 20)).expect("cannot write");
    let mut command = home.command(&[]);
    command.stdin(File::open(long).expect("no file"));
    let (code, out, err) = said(&command.output().expect("cannot start it"));
    assert_eq!((code, &*out), (1, ""));
    assert!(err.contains("1048576 bytes"), "{err}");
    assert_eq!(home.server.problems(), Vec::<String>::new());
}

#[test]
fn what_is_left_out_is_on_standard_error() {
    let home = Home::new(json!([{"answer": {"text": "Yes."}, "times": 2}]));
    let memory = home.path().join(".clawft/workspace/memory/MEMORY.md");
    fs::create_dir_all(memory).expect("cannot make it");
    let (code, out, err) = home.run(&["Hi"]);
    assert_eq!((code, &*out), (0, "Yes.\n"));
    assert!(
        err.starts_with("clawft: memory/MEMORY.md: a folder"),
        "{err}"
    );
    assert_eq!(err.lines().count(), 1, "{err}");
    let (code, out, json_err) = home.run(&["--json", "Hi"]);
    assert_eq!((code, json_err), (0, err));
    assert!(!out.contains("MEMORY.md"), "{out}");
    assert_eq!(home.server.problems(), Vec::<String>::new());
}

#[test]
fn help_version_and_wrong_arguments() {
    let home = Home::new(json!([]));
    let (code, out, _) = home.run(&["--help"]);
    assert_eq!(code, 0);
    for part in [
        "Exit codes",
        "Examples",
        "--json",
        "--session",
        "CLAWFT_CONFIG",
    ] {
        assert!(out.contains(part), "{part}");
    }
    assert_eq!(home.run(&["help"]), (0, out, String::new()));
    // Here it is a message, which the server does not expect.
    assert_eq!(home.run(&["--", "help"]).0, 1);
    let (code, out, _) = home.run(&["--version"]);
    assert_eq!(
        (code, &*out),
        (0, concat!("clawft ", env!("CARGO_PKG_VERSION"), "\n"))
    );
    for arguments in [
        &["--nonsense"][..],
        &["one", "two"],
        &["--capabilities", "x"],
        &["--model"],
    ] {
        let (code, out, err) = home.run(arguments);
        assert_eq!((code, &*out), (2, ""), "{arguments:?}");
        assert!(!err.is_empty());
    }
    let (code, out, _) = home.run(&["--capabilities"]);
    let capabilities: Value = serde_json::from_str(&out).expect("no JSON");
    assert_eq!((code, &capabilities["status"]), (0, &json!("ready")));
}

#[test]
fn errors_are_said_once() {
    let home = Home::new(json!([
        {"times": 2, "error": {"status": 400, "type": "invalid_request_error", "message": "no way"}}
    ]));
    let (code, out, err) = home.run(&["Hi"]);
    assert_eq!((code, &*out), (1, ""));
    assert!(
        err.starts_with("clawft: openai answered 400") && err.contains("no way"),
        "{err}"
    );
    let (code, out, err) = home.run(&["--json", "Hi"]);
    assert_eq!((code, &*err), (1, ""));
    let event: Value = serde_json::from_str(&out).expect("no JSON");
    assert_eq!(event["type"], "error");

    let file = [".", suite::CONFIG].join("/");
    let (code, out, err) = home.run(&["--workspace", &file, "Hi"]);
    assert_eq!((code, &*out), (1, ""));
    assert!(
        err.ends_with("a folder where a file is needed, or the reverse\n"),
        "{err}"
    );

    let mut child = home
        .command(&["--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("cannot start it");
    let mut stdin = child.stdin.take().expect("no pipe");
    stdin.write_all(b"\xff").expect("cannot write");
    drop(stdin);
    let (code, out, err) = said(&child.wait_with_output().expect("cannot wait for it"));
    assert_eq!((code, &*err), (1, ""));
    assert!(out.contains("UTF-8"), "{out}");
}

#[test]
fn whoever_has_read_enough_is_told_nothing() {
    let home = Home::new(json!([{"answer": {"text": "Yes."}}]));
    let (reader, writer) = std::io::pipe().expect("no pipe");
    drop(reader);
    let mut command = home.command(&["Hi"]);
    let output = command
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .expect("cannot start it")
        .wait_with_output()
        .expect("cannot wait for it");
    assert_eq!(said(&output), (1, String::new(), String::new()));
}

/// A pseudo-terminal with the command in it.
struct Screen {
    child: Child,
    terminal: File,
    shown: String,
}

impl Screen {
    fn new(home: &Home) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("no terminal");
        grantpt(&terminal).expect("no terminal");
        unlockpt(&terminal).expect("no terminal");
        let name = ptsname(&terminal, Vec::new()).expect("no terminal");
        let other = File::options()
            .read(true)
            .write(true)
            .open(OsStr::from_bytes(name.as_bytes()))
            .expect("no terminal");
        let child = home
            .command(&[])
            .env("TERM", "xterm")
            .env("NO_COLOR", "1")
            .stdin(other.try_clone().expect("no terminal"))
            .stdout(other.try_clone().expect("no terminal"))
            .stderr(other)
            .spawn()
            .expect("cannot start it");
        Self {
            child,
            terminal: terminal.into(),
            shown: String::new(),
        }
    }

    /// Reads until that is shown, and forgets all up to there.
    fn until(&mut self, text: &str) {
        let mut bytes = Vec::new();
        loop {
            self.shown.push_str(&String::from_utf8_lossy(&bytes));
            if let Some(start) = self.shown.find(text) {
                self.shown.drain(..start + text.len());
                return;
            }
            bytes.resize(1000, 0);
            // What a terminal gives whose other end is closed is an error.
            let length = self.terminal.read(&mut bytes).unwrap_or(0);
            assert!(length > 0, "no {text:?} is shown, but {:?}", self.shown);
            bytes.truncate(length);
        }
    }

    /// Types a line when it is asked for.
    fn answer(&mut self, line: &str) {
        self.until("> ");
        writeln!(self.terminal, "{line}").expect("cannot write");
    }
}

#[test]
fn a_conversation_at_a_terminal() {
    let home = Home::new(json!([
        {"answer": {"text": "First \u{1b}]0;title\u{7}answer."}},
        {"expect": {"chat": {"messages": [{"role": "user", "text": "again"}]}},
         "answer": {"calls": [{"id": "a", "name": "list_directory", "arguments": {"path": "."}}]}},
        {"answer": {"text": "Second answer."}}
    ]));
    let mut screen = Screen::new(&home);
    for (line, shown) in [
        ("/help", "Ctrl-C gives up"),
        ("hello", "First \u{fffd}]0;title\u{fffd}answer.\r\n"),
        ("/nonsense", "there is no /nonsense"),
        ("/model", "openai/test-model"),
        ("/new", "this is cli:"),
        ("again", "· list_directory"),
        ("", "Second answer.\r\n"),
        ("/sessions", "cli:default"),
        ("/session cli:default", "this is cli:default"),
        ("/session ../x", "session \"../x\": "),
        ("/session", "this is cli:default"),
        ("/model nobody/x", "no provider nobody"),
        ("/model", "openai/test-model"),
        ("/model openai/x", "the model is openai/x"),
    ] {
        if !line.is_empty() {
            screen.answer(line);
        }
        screen.until(shown);
    }
    screen.until("> ");
    // Ctrl-D
    screen.terminal.write_all(b"\x04").expect("cannot write");
    assert!(screen.child.wait().expect("cannot wait for it").success());
    assert_eq!(home.server.problems(), Vec::<String>::new());
}

/// Ctrl-C, which a terminal makes this signal of, gives up the answer; the conversation goes on.
#[test]
fn an_interruption_at_a_terminal() {
    let home = Home::new(json!([
        {"answer": {"text": "never"}, "delivery": {"stall": {"head": 0}}},
        {"expect": {"chat": {"messages": [{"role": "user", "text": "two"}]}}, "answer": {"text": "Here."}}
    ]));
    let mut screen = Screen::new(&home);
    screen.answer("one");
    // Until the request has come, there is nothing to give up.
    while home.server.problems().len() == 2 {
        std::thread::yield_now();
    }
    kill_process(Pid::from_child(&screen.child), Signal::INT).expect("cannot interrupt it");
    screen.until("given up");
    screen.answer("two");
    screen.until("Here.\r\n");
    screen.answer("/exit");
    assert!(screen.child.wait().expect("cannot wait for it").success());
    let session = fs::read_to_string(home.path().join(".clawft/sessions/cli%3Adefault.jsonl"));
    let session = session.expect("no session");
    assert!(
        !session.contains("one") && session.contains("two"),
        "{session}"
    );
}

/// Whether a process is there, and no zombie.
#[cfg(target_os = "linux")]
fn is_alive(id: &str) -> bool {
    fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| {
        stat.rsplit_once(')')
            .is_some_and(|(_, rest)| !rest.starts_with(" Z"))
    })
}

/// Whether a process ends: one that was killed is there until the system comes to it.
#[cfg(target_os = "linux")]
fn ends(id: &str) -> bool {
    (0..1000).any(|_| {
        let ended = !is_alive(id);
        if !ended {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        ended
    })
}

/// What ends the command ends the programs of its tools, or at least that which was started.
#[cfg(target_os = "linux")]
#[test]
fn programs_end_with_the_command() {
    let command = "sleep 300 & echo $$ $! > ids.new; mv ids.new ids; wait";
    for (signal, all) in [
        (Signal::TERM, true),
        (Signal::HUP, true),
        (Signal::INT, true),
        (Signal::KILL, false),
    ] {
        let home = Home::new(json!([
            {"answer": {"calls": [{"id": "a", "name": "exec_shell", "arguments": {"command": command}}]}}
        ]));
        home.allow_programs();
        // A signal that this test was started to ignore, as by nohup, the command would ignore too.
        let mut child = home
            .program("env")
            .args([
                "--default-signal",
                env!("CARGO_BIN_EXE_clawft"),
                "--workspace",
                ".",
                "Go",
            ])
            .spawn()
            .expect("cannot start it");
        let path = home.path().join("ids");
        let ids = loop {
            assert_eq!(child.try_wait().expect("cannot wait for it"), None);
            match fs::read_to_string(&path) {
                Ok(ids) => break ids,
                Err(_) => std::thread::yield_now(),
            }
        };
        let (shell, sleep) = ids.trim().split_once(' ').expect("two numbers");
        assert!(is_alive(shell) && is_alive(sleep));
        kill_process(Pid::from_child(&child), signal).expect("cannot end it");
        let status = child.wait().expect("cannot wait for it");
        let ended_by = std::os::unix::process::ExitStatusExt::signal(&status);
        assert_eq!(ended_by, Some(signal.as_raw()));
        assert!(ends(shell), "{signal:?}");
        if all {
            assert!(ends(sleep), "{signal:?}");
        } else {
            let sleep = sleep.parse().ok().and_then(Pid::from_raw);
            kill_process(sleep.expect("a number"), Signal::KILL).expect("cannot end it");
        }
    }
}

/// Ctrl-C gives up an answer whose tool runs a program.
#[cfg(target_os = "linux")]
#[test]
fn an_interruption_of_a_program() {
    let command = "echo $$ > id.new; mv id.new id; sleep 300";
    let home = Home::new(json!([
        {"answer": {"calls": [{"id": "a", "name": "exec_shell", "arguments": {"command": command}}]}}
    ]));
    home.allow_programs();
    let mut screen = Screen::new(&home);
    screen.answer("one");
    let workspace = home.path().join(".clawft/workspace");
    let id = loop {
        match fs::read_to_string(workspace.join("id")) {
            Ok(id) => break id,
            Err(_) => std::thread::yield_now(),
        }
    };
    kill_process(Pid::from_child(&screen.child), Signal::INT).expect("cannot interrupt it");
    screen.until("given up");
    assert!(ends(id.trim()));
    screen.answer("/exit");
    assert!(screen.child.wait().expect("cannot wait for it").success());
}

/// A program that a tool runs cannot read the agent's environment, where keys are, from the system.
#[cfg(target_os = "linux")]
#[test]
fn the_environment_is_not_shown_to_programs() {
    use rustix::thread::{CapabilitySet, remove_capability_from_bounding_set};

    let home = Home::new(json!([
        {"answer": {"calls": [{"id": "a", "name": "exec_shell", "arguments": {"command": "cat /proc/$PPID/environ; echo read"}}]}},
        {"answer": {"text": "Done."}}
    ]));
    home.allow_programs();
    let run = || {
        // The administrator may look into all processes; what is started from here may not.
        for right in [
            CapabilitySet::SYS_PTRACE,
            CapabilitySet::PERFMON,
            CapabilitySet::SYS_ADMIN,
        ] {
            let _ = remove_capability_from_bounding_set(right);
        }
        home.command(&["--json", "Go"])
            .env("NOT_TO_BE_SEEN", "at all")
            .output()
            .expect("cannot start it")
    };
    let output = std::thread::scope(|scope| scope.spawn(run).join()).expect("it panics");
    let (code, out, _) = said(&output);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("read\\\\n"), "{out}");
    assert!(!out.contains("NOT_TO_BE_SEEN"), "{out}");
}
