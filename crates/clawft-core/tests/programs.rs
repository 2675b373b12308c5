//! `exec_shell` and `spawn`.

#![cfg(all(feature = "exec-tool", unix))]
#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

mod workbench;

use std::fs;
use std::rc::Rc;
use std::time::Duration;

use clawft_core::tool::Running;
use serde_json::{Value, json};
use tempfile::TempDir;
use workbench::{Machine, Memory};

fn machine(tools: Value) -> (TempDir, Machine) {
    let folder = tempfile::tempdir().unwrap();
    let path = fs::canonicalize(folder.path()).unwrap();
    let mut machine = Machine::with(Rc::new(Memory::default()), path.to_str().unwrap());
    machine.config.document = json!({ "tools": tools });
    (folder, machine)
}

/// A machine on which any command may run.
fn free() -> (TempDir, Machine) {
    machine(json!({"restrict_to_workspace": false, "command_policy": {"mode": "denylist"}}))
}

fn shell(machine: &Machine, command: &str) -> Result<Value, String> {
    machine.call("exec_shell", &json!({ "command": command }))
}

#[test]
fn a_command_runs_in_the_workspace() {
    let (folder, machine) = free();
    let result = shell(&machine, "pwd; echo oops >&2; exit 3").unwrap();
    let path = fs::canonicalize(folder.path()).unwrap();
    assert_eq!(result["stdout"], format!("{}\n", path.display()));
    assert_eq!(result["stderr"], "oops\n");
    assert_eq!(result["exit_code"], 3);
    assert!(result["duration_ms"].is_u64());
    let result = shell(&machine, "kill -9 $$").unwrap();
    assert_eq!(
        (&result["exit_code"], &result["signal"]),
        (&json!(-1), &json!(9))
    );
    // Nobody types.
    assert_eq!(shell(&machine, "cat").unwrap()["stdout"], "");
}

#[test]
fn a_program_gets_its_arguments_as_they_are() {
    let (_folder, machine) = free();
    let arguments = json!({"command": "printf", "args": ["%s|", "a b", "$(id)", "; ls", "*"]});
    let result = machine.call("spawn", &arguments).unwrap();
    assert_eq!(result["stdout"], "a b|$(id)|; ls|*|");
    let error = machine
        .call("spawn", &json!({"command": "no-such-program"}))
        .unwrap_err();
    assert!(
        error.starts_with("no-such-program cannot be started"),
        "{error}"
    );
    let nul = json!({"command": "echo", "args": ["a\0b"]});
    assert!(machine.call("spawn", &nul).unwrap_err().contains("NUL"));
    assert!(shell(&machine, "echo \0").unwrap_err().contains("NUL"));
}

#[test]
fn the_agents_keys_are_not_passed_on() {
    let (_folder, machine) = free();
    // Cargo sets this for tests; a program run by hand would have it as well.
    assert!(std::env::var("CARGO_MANIFEST_DIR").is_ok());
    let result = shell(&machine, "env").unwrap();
    let names: Vec<&str> = result["stdout"]
        .as_str()
        .unwrap()
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0))
        .collect();
    assert!(names.contains(&"PATH"));
    // What sh itself sets
    let own = ["PWD", "SHLVL", "_", "OLDPWD"];
    for name in names {
        let known = [
            "HOME", "LANG", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER",
        ];
        let rest = name.starts_with("LC_") || name.starts_with("LANG") || name.starts_with("XDG_");
        assert!(
            known.contains(&name) || own.contains(&name) || rest,
            "{name}"
        );
    }
}

/// Whether a process is there, and no zombie.
fn alive(id: &str) -> bool {
    fs::read_to_string(format!("/proc/{}/stat", id.trim()))
        .is_ok_and(|stat| !stat.rsplit_once(')').unwrap().1.starts_with(" Z"))
}

/// Whether a process ends: one that was killed is there until its turn comes.
fn ends(id: &str) -> bool {
    (0..1000).any(|_| {
        let ended = !alive(id);
        if !ended {
            std::thread::sleep(Duration::from_millis(10));
        }
        ended
    })
}

#[test]
fn what_takes_too_long_is_killed_with_its_children() {
    let (folder, mut machine) = free();
    machine.config.tools.exec_timeout = 3_000;
    let error = shell(
        &machine,
        "echo begun; sleep 300 & echo $! > child; sleep 300",
    )
    .unwrap_err();
    assert!(error.contains("timed out after 3000 ms"), "{error}");
    assert!(error.contains("begun"), "{error}");
    let child = fs::read_to_string(folder.path().join("child")).unwrap();
    assert!(ends(&child));
}

#[test]
fn a_program_ends_with_the_turn() {
    let (_folder, machine) = free();
    machine.deadline.set(100);
    let error = shell(&machine, "sleep 300").unwrap_err();
    assert!(error.contains("timed out after 100 ms"), "{error}");
}

/// A clock by which the user interrupts at once.
struct Interrupted;

impl clawft_core::platform::Clock for Interrupted {
    fn now(&self) -> u64 {
        0
    }

    fn monotonic(&self) -> u64 {
        0
    }

    fn sleep(&self, _: u64) {}

    fn interrupted(&self) -> bool {
        true
    }
}

#[test]
fn an_interruption_ends_a_program() {
    let (_folder, mut machine) = free();
    machine.config.tools.exec_timeout = u64::MAX;
    machine.platform.clock = Rc::new(Interrupted);
    let error = shell(&machine, "sleep 300").unwrap_err();
    assert_eq!(error, "interrupted by the user, and was killed");
}

#[test]
fn what_is_left_in_the_background_is_ended() {
    let (folder, machine) = free();
    let result = shell(&machine, "sleep 300 & echo $! > child; echo done").unwrap();
    assert_eq!(result["stdout"], "done\n");
    let child = fs::read_to_string(folder.path().join("child")).unwrap();
    assert!(ends(&child));
}

#[test]
fn a_turn_that_is_given_up_ends_its_programs() {
    let (folder, machine) = free();
    let command = json!({"command": "echo $$ > id; sleep 300"});
    let running = machine.start("exec_shell", &command).unwrap();
    let path = folder.path().join("id");
    let id = loop {
        match fs::read_to_string(&path) {
            Ok(id) if id.ends_with('\n') => break id,
            _ => std::thread::yield_now(),
        }
    };
    assert!(alive(&id));
    drop(running);
    assert!(ends(&id));
}

#[test]
fn programs_run_at_once() {
    let (_folder, machine) = free();
    // Each waits for the other's file.
    let start = |own: &str, other: &str| {
        let command =
            format!("touch {own}; while [ ! -e {other} ]; do sleep 0.01; done; echo {own}");
        machine
            .start("exec_shell", &json!({ "command": command }))
            .unwrap()
    };
    let running = [start("a", "b"), start("b", "a")];
    for (running, name) in running.into_iter().zip(["a\n", "b\n"]) {
        let Running::Waiting(wait) = running else {
            panic!("it did not wait");
        };
        assert_eq!(wait(&machine.context()).unwrap()["stdout"], name);
    }
}

#[test]
fn output_is_limited_to_its_beginning_and_end() {
    let (_folder, machine) = free();
    let command = "echo first; head -c 5000000 /dev/zero | tr '\\0' x; echo; echo last";
    let result = shell(&machine, command).unwrap();
    let stdout = result["stdout"].as_str().unwrap();
    assert!(stdout.starts_with("first\nxxx"));
    assert!(stdout.ends_with("xxx\nlast\n"));
    assert!(stdout.contains("bytes are left out"));
    assert!(result.to_string().len() < 65_536);
    let result = shell(&machine, "printf 'a\\377b'").unwrap();
    assert_eq!(result["stdout"], "a\u{fffd}b");
}

#[test]
fn by_default_only_what_reads_may_run() {
    let (folder, machine) = machine(json!({"restrict_to_workspace": false}));
    fs::write(folder.path().join("f"), "b\na\n").unwrap();
    for command in [
        "ls",
        "cat f | sort | head -n 1",
        "grep a f; wc -l f && echo yes || echo no",
        "echo 'a; rm b' \"c | d > e\"",
        "ls none 2>&1",
        "ls none 2>/dev/null",
        "ls >/dev/null 2>&1; pwd",
        "echo a\\;b",
        "sort < f",
        "echo $HOME ${USER}",
        "echo it\\'s",
        "echo 'a # b' \"(c)\" 'd{e}' a#b c=d e:f",
        "grep 'a$' f; grep \"a$\" f; echo \"a \\\" \\$ \\` \\b\"",
        "ls *; ls ? [f]",
        "ls;",
        "printf 'a\tb' |\tcat",
        "sort -k 2,2 ./* --check=quiet",
        "ls none 2>>/dev/null || test -f f",
        "echo é 'a\u{a0}b'",
    ] {
        let result = shell(&machine, command);
        assert!(result.is_ok(), "{command}: {result:?}");
    }
    for command in [
        "rm f",
        "curl http://example.com",
        "bash -c ls",
        "env",
        "find . -delete",
        "ls; rm f",
        "ls;rm f",
        "ls\nrm f",
        "ls && rm f",
        "ls || rm f",
        "ls | tee g",
        "ls & rm f",
        "echo $(rm f)",
        "echo \"$(rm f)\"",
        "echo `rm f`",
        "echo \"`rm f`\"",
        "cat <(rm f)",
        "(rm f)",
        "echo a > g",
        "echo a >> g",
        "echo a >g",
        "echo a 2>g",
        "echo a >& g",
        "echo a >/dev/nullx",
        "echo a >/dev/null/../g",
        "> g",
        "< f rm f",
        "./ls",
        "/bin/rm f",
        "/bin/ls",
        "X=1 ls",
        "PATH=. ls",
        "'rm' f",
        "r''m f",
        "r\\m f",
        "\\rm f",
        "$X f",
        "{ rm f; }",
        "if true; then rm f; fi",
        "! rm f",
        "exec rm f",
        "eval 'rm f'",
        "echo 'a\nrm f",
        "echo \"a",
        "echo a # '\ntouch g # '",
        "cat <<E\necho '\nE\ntouch g # '",
        "echo a # b",
        "echo a;# b",
        "cat < # f",
        "cat <<E",
        "cat <<-E",
        "cat <<< f",
        "cat <> g",
        "cat <&0",
        "echo 'a\nb'",
        "ls\rrm f",
        "ls\u{b}rm f",
        "ls\u{c}rm f",
        "ls\u{85}rm f",
        "ls \u{a0}rm",
        "ls\u{2028}rm f",
        "ls \u{3000}| rm f",
        "(ls; pwd)",
        "ls () { rm f; }",
        "((ls '$(rm f)'))",
        "ls & pwd",
        "ls &",
        "ls |& cat",
        "ls &> g",
        "ls >| g",
        "ls >&1x",
        "ls >&-",
        "ls 12>/dev/null",
        "12>/dev/null ls",
        "ls |",
        "ls && ; pwd",
        "ls | | cat",
        "ls ;; pwd",
        "; ls",
        "echo {a,b}",
        "echo ${HOME:-x}",
        "echo ${HOME",
        "echo $'a'",
        "echo $\"a\"",
        "echo $((1))",
        "echo $1",
        "ls \\",
        " ",
        "sort --compress-program=rm f",
        "sort --comp rm f",
        "sort *",
        "printf -v 'a[$(rm f)]' x",
        "printf -va x",
        "test -v 'a[$(rm f)]'",
    ] {
        let error = shell(&machine, command).unwrap_err();
        assert!(error.contains("command not allowed"), "{command}: {error}");
    }
    assert!(folder.path().join("f").exists());
    assert!(!folder.path().join("g").exists());
    let spawn = json!({"command": "sort", "args": ["--compress-program=rm", "f"]});
    let error = machine.call("spawn", &spawn).unwrap_err();
    assert!(error.contains("an option of sort"), "{error}");
    let error = machine
        .call("spawn", &json!({"command": "rm", "args": ["f"]}))
        .unwrap_err();
    assert!(
        error.starts_with("command not allowed: rm; the user allows basename, "),
        "{error}"
    );
}

#[test]
fn the_user_says_what_may_run() {
    let (_folder, machine) = machine(json!({
        "command_policy": {"allowlist": ["uname"]},
    }));
    assert!(shell(&machine, "uname").is_ok());
    assert!(shell(&machine, "ls").is_err());
    let (_folder, machine) = self::machine(json!({
        "command_policy": {"mode": "denylist", "denylist": ["Git push"]},
    }));
    assert!(shell(&machine, "uname").is_ok());
    for command in [
        "git push",
        "git \t PUSH origin",
        "sudo ls",
        "SUDO\tls",
        "rm -rf /",
        "rm  -fr /home",
        "dd if=/dev/zero of=x",
        ":(){ :|:& };:",
    ] {
        let error = shell(&machine, command).unwrap_err();
        assert!(error.contains("command blocked"), "{command}: {error}");
    }
    let arguments = json!({"command": "git", "args": ["push"]});
    assert!(
        machine
            .call("spawn", &arguments)
            .unwrap_err()
            .contains("blocked")
    );
}

/// What an error calls that which it refuses.
#[test]
fn what_cannot_be_judged_is_named() {
    let (_folder, machine) = machine(Value::Null);
    for (command, name) in [
        ("ls # a", "a comment (#)"),
        ("cat <<E", "a here-document (<<)"),
        ("ls\nls", "a line break"),
        ("ls\u{1b}", "a control character"),
        ("ls\u{a0}ls", "white space that is not ASCII"),
        ("ls $(ls)", "$(…)"),
        ("ls `ls`", "`…`"),
        ("(ls)", "a parenthesis outside of quotes"),
        ("ls & ls", "a program in the background (&)"),
        ("ls 'a", "a quote that does not end"),
        ("ls > a", "a redirection to a file"),
        (
            "ls $HOME",
            "a variable, which may lead out of the workspace,",
        ),
    ] {
        assert_eq!(
            shell(&machine, command).unwrap_err(),
            format!("command not allowed: {name} cannot be checked against the user's list"),
        );
    }
}

/// Numbers that look like chance, the same in each run (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// What odd commands are made of.
const PARTS: [&str; 58] = [
    "ls",
    "cat",
    "wc",
    "rm",
    "touch",
    "env",
    "ls",
    "cat",
    " ",
    " ",
    " ",
    " ",
    "\t",
    "\n",
    "\r",
    "\u{b}",
    "\u{c}",
    "\u{85}",
    "\u{a0}",
    "\u{2028}",
    "'",
    "'",
    "\"",
    "\"",
    "\\",
    "#",
    " # ",
    "<<E",
    "<<'E'",
    "\nE\n",
    "<",
    ">",
    ">>",
    "2>&1",
    ">&",
    ">/dev/null",
    "2>",
    "|",
    "|",
    "||",
    "&&",
    "&",
    ";",
    ";",
    "(",
    ")",
    "{",
    "}",
    "$(",
    "`",
    "$HOME",
    "${",
    "!",
    "*",
    "~",
    "=",
    "-x",
    "f",
];

/// What hides a command from those who read quotes and lines in another way than shells do.
const HIDING: [&str; 12] = [
    "ls ",
    "cat ",
    "\n",
    "\n",
    "rm ",
    "\ntouch g ",
    "#",
    "# '",
    "'",
    "\"",
    "<<E",
    "\nE\n",
];

/// A command as the parts come, as those that hide one come, or with a part put into a proper one.
fn odd(dice: &mut Dice) -> String {
    let some = |dice: &mut Dice, parts: &[&str]| -> String {
        let count = dice.below(10) + 1;
        (0..count).map(|_| parts[dice.below(parts.len())]).collect()
    };
    match dice.below(3) {
        0 => return some(dice, &PARTS),
        1 => return String::from("ls ") + &some(dice, &HIDING),
        _ => {}
    }
    let proper = [
        "ls f",
        " | ",
        "cat 'a b'",
        " && ",
        "wc \"c\" d",
        " ; ",
        "ls 2>/dev/null",
        " || ",
        "cat < f",
    ];
    let length = 2 * dice.below(5) + 1;
    let mut command: String = proper.iter().copied().cycle().take(length).collect();
    for _ in 0..=dice.below(2) {
        let mut at = dice.below(command.len() + 1);
        while !command.is_char_boundary(at) {
            at -= 1;
        }
        command.insert_str(at, PARTS[dice.below(PARTS.len())]);
    }
    command
}

/// Shells run what the policy lets through. Each program writes down that it ran, and those that may not
/// never do, whatever the command looks like.
#[test]
fn no_shell_runs_what_may_not_run() {
    let find = |name: &str| {
        let path = std::env::var("PATH").unwrap();
        let mut places = path.split(':').map(|folder| format!("{folder}/{name}"));
        places.find(|path| fs::metadata(path).is_ok_and(|file| file.is_file()))
    };
    let shells: Vec<String> = ["dash", "bash", "busybox", "sh"]
        .iter()
        .filter_map(|name| find(name))
        .collect();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for shell_path in &shells[..shells.len().min(2)] {
        let (folder, mut machine) = machine(json!({
            "restrict_to_workspace": false,
            "command_policy": {"allowlist": ["ls", "cat", "wc"]},
        }));
        let programs = tempfile::tempdir().unwrap();
        let log = programs.path().join("log");
        std::os::unix::fs::symlink(shell_path, programs.path().join("sh")).unwrap();
        // Another process writes them: one of this that is open could not be run.
        let make = "for name in ls cat wc rm touch env E f; do
            printf '#!%s\\necho \"${0##*/}\" >> %s\\n' \"$1\" \"$2/log\" > \"$2/$name\"; chmod +x \"$2/$name\"; done";
        let arguments = [shell_path, programs.path().to_str().unwrap()];
        let made = std::process::Command::new("sh")
            .args(["-c", make, "sh"])
            .args(arguments)
            .status();
        assert!(made.unwrap().success());
        machine.platform.environment = Rc::new(Path(programs.path().to_str().unwrap().to_owned()));
        fs::write(folder.path().join("f"), "x").unwrap();
        let (mut allowed, mut ran) = (0, 0);
        while allowed < 200 {
            let command = odd(&mut dice);
            let _ = fs::remove_file(&log);
            match shell(&machine, &command) {
                Err(error) if error.starts_with("command ") => continue,
                Err(error) => panic!("{command:?}: {error}"),
                Ok(_) => allowed += 1,
            }
            let names = fs::read_to_string(&log).unwrap_or_default();
            ran += names.lines().count();
            for name in names.lines() {
                assert!(
                    ["ls", "cat", "wc"].contains(&name),
                    "{shell_path}: {command:?} ran {name}"
                );
            }
            assert_eq!(
                fs::read_dir(folder.path()).unwrap().count(),
                1,
                "{command:?} made a file"
            );
        }
        assert!(ran > 200, "{ran} programs ran");
    }
}

/// An environment in which programs are in one folder.
struct Path(String);

impl clawft_core::platform::Environment for Path {
    fn variable(&self, name: &str) -> Option<String> {
        (name == "PATH").then(|| self.0.clone())
    }
}

/// By default, programs that read do so in the workspace alone.
#[test]
fn by_default_places_outside_are_refused() {
    let (folder, machine) = machine(Value::Null);
    fs::write(folder.path().join("f"), "b\na\n").unwrap();
    for command in [
        "cat f",
        "sort < f | uniq",
        "ls . ./*",
        "grep -n a --include=f *",
        "cut -d/ -f1 f",
        "echo '$HOME' a/b",
    ] {
        let result = shell(&machine, command);
        assert!(result.is_ok(), "{command}: {result:?}");
    }
    for command in [
        "cat /proc/1/environ",
        "cat ~/.clawft/config.toml",
        "cat ~root/x",
        "cat $HOME/.clawft/config.toml",
        "cat \"$HOME/x\"",
        "cat '/'etc/passwd",
        "cat \\/etc/passwd",
        "cat \"\"/etc/passwd",
        "cat '.'./x",
        "cat .\\./x",
        "cat .*/x",
        "cat .?/x",
        "cat a/.[.]/x",
        "cat < /etc/passwd",
        "cat 0< ../x",
        "grep -f/etc/passwd x",
        "grep -nf/etc/passwd x",
        "grep -nf../x x",
        "grep --file=../x x",
        "sort --files0-from=f",
    ] {
        assert!(shell(&machine, command).is_err(), "{command}");
    }
    let arguments = json!({"command": "cat", "args": ["/etc/passwd"]});
    assert!(machine.call("spawn", &arguments).is_err());
}

#[test]
fn places_outside_are_refused_where_they_show() {
    let (folder, machine) = machine(json!({
        "restrict_to_workspace": true,
        "command_policy": {"mode": "denylist"},
    }));
    let path = fs::canonicalize(folder.path()).unwrap();
    let inside = format!(
        "ls {}/ {}; cat none || ls a/b.c 2>/dev/null",
        path.display(),
        path.display()
    );
    assert!(shell(&machine, &inside).is_ok());
    for command in [
        "cat /etc/passwd",
        "cat ../x",
        "ls a/../../x",
        "cat ~/.ssh/id",
        "cat '/etc/passwd'",
        "grep x --file=/etc/passwd",
        "cat</etc/passwd",
        &format!("ls {}x", path.display()),
    ] {
        let error = shell(&machine, command).unwrap_err();
        assert!(
            error.contains("leads out of the workspace"),
            "{command}: {error}"
        );
    }
    for word in ["/etc/passwd", "--file=/etc/passwd", "../x"] {
        let arguments = json!({"command": "cat", "args": [word]});
        let error = machine.call("spawn", &arguments).unwrap_err();
        assert!(
            error.contains("leads out of the workspace"),
            "{word}: {error}"
        );
    }
}
