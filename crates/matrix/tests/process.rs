//! Children that misbehave: each is ended, and each end is told from the others.

use std::process::{Command, Stdio};
use std::time::Duration;

use matrix::process::{Child, Ended, Excess, Limits, Output};

const MEBIBYTE: u64 = 1 << 20;

/// Limits that no test here reaches unless it means to.
const WIDE: Limits = Limits {
    time: Duration::from_mins(10),
    memory: 4096 * MEBIBYTE,
    output: 1 << 20,
};

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

fn run(command: Command, limits: Limits) -> Ended {
    Child::start(command, Output::Captured, limits)
        .and_then(Child::finish)
        .expect("the child is started and waited for")
}

/// Whether a process is there, and more than the record of its end, which its parent may not read.
fn is_running(pid: &str) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
    let there = shell(&format!("kill -0 {pid}"))
        .stderr(Stdio::null())
        .status();
    there.expect("sh is there").success() && !state.is_ok_and(|state| state.contains(") Z "))
}

/// Waits for the end of a process that was killed.
#[track_caller]
fn assert_ends(pid: &str) {
    for _ in 0..1000 {
        if !is_running(pid) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{pid} still runs");
}

#[test]
fn an_ordinary_child_is_heard_out() {
    let mut child = Child::start(shell("cat; echo error >&2; exit 7"), Output::Captured, WIDE)
        .expect("sh is there");
    let mut input = child.input.take().expect("a child has an input");
    std::io::Write::write_all(&mut input, b"input").expect("cat reads");
    drop(input);
    let ended = child.finish().expect("it is waited for");
    assert_eq!(ended.status.code(), Some(7));
    assert_eq!(ended.excess, None);
    assert_eq!(ended.stdout, b"input");
    assert_eq!(ended.stderr, b"error\n");
    assert!(ended.first_output.is_some());
}

#[test]
fn a_program_that_is_not_there_is_an_error() {
    let started = Child::start(Command::new("/absent/program"), Output::Captured, WIDE);
    let error = started.map(|_| ()).expect_err("there is no such program");
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn what_hangs_is_killed_with_all_it_started() {
    let limits = Limits {
        time: Duration::from_millis(300),
        ..WIDE
    };
    let ended = run(shell("sleep 100000 & echo $!; wait"), limits);
    assert_eq!(ended.excess, Some(Excess::Time));
    let sleeper = String::from_utf8(ended.stdout).expect("a number");
    assert_ends(&sleeper);
}

#[test]
fn what_ignores_signals_is_killed() {
    let limits = Limits {
        time: Duration::from_millis(300),
        ..WIDE
    };
    let ended = run(
        shell("trap '' TERM INT HUP QUIT; while :; do sleep 1; done"),
        limits,
    );
    assert_eq!(ended.excess, Some(Excess::Time));
}

#[test]
fn what_its_end_leaves_behind_is_killed() {
    let ended = run(shell("sleep 100000 & echo $!"), WIDE);
    assert_eq!((ended.status.code(), ended.excess), (Some(0), None));
    let sleeper = String::from_utf8(ended.stdout).expect("a number");
    assert_ends(&sleeper);
}

#[test]
fn output_held_open_by_a_process_that_escaped_is_not_waited_for() {
    // Job control gives the sleeper a process group of its own.
    let ended = run(shell("set -m; sleep 100000 & echo $!"), WIDE);
    assert_eq!(ended.status.code(), Some(0));
    let sleeper = String::from_utf8(ended.stdout).expect("a number");
    assert!(is_running(&sleeper), "{sleeper} did not escape");
    shell(&format!("kill {sleeper}"))
        .status()
        .expect("sh is there");
}

#[test]
fn a_flood_is_cut_off() {
    for script in ["yes", "yes >&2"] {
        let limits = Limits {
            output: 100_000,
            ..WIDE
        };
        let ended = run(shell(script), limits);
        assert_eq!(ended.excess, Some(Excess::Output), "{script}");
        assert_eq!(
            ended.stdout.len().max(ended.stderr.len()),
            100_000,
            "{script}"
        );
    }
}

#[test]
fn a_crash_is_a_signal() {
    let ended = run(shell("kill -SEGV $$"), WIDE);
    assert_eq!(ended.excess, None);
    assert_eq!(
        std::os::unix::process::ExitStatusExt::signal(&ended.status),
        Some(11)
    );
}

#[test]
#[cfg(target_os = "linux")]
fn what_takes_too_much_memory_is_killed() {
    let limits = Limits {
        memory: 64 * MEBIBYTE,
        ..WIDE
    };
    // A buffer of 256 MiB is read into and written from, again and again.
    let ended = run(
        shell("exec dd if=/dev/zero of=/dev/null bs=268435456"),
        limits,
    );
    assert_eq!(ended.excess, Some(Excess::Memory));
    assert!(ended.peak_memory > 64 * MEBIBYTE, "{}", ended.peak_memory);
}

#[test]
fn peak_memory_is_that_of_the_child() {
    // A buffer of 200 MiB is read into and written from once.
    let mut command = Command::new("dd");
    command.args(["if=/dev/zero", "of=/dev/null", "bs=209715200", "count=1"]);
    let ended = run(command, WIDE);
    let mebibytes = ended.peak_memory / MEBIBYTE;
    assert!((200..220).contains(&mebibytes), "{mebibytes} MiB");
}

#[test]
fn a_closed_output_is_an_error_that_kills_nothing() {
    let child = Child::start(shell("echo text || exit 9"), Output::Closed, WIDE);
    let ended = child.and_then(Child::finish).expect("sh is there");
    assert_eq!(ended.status.code(), Some(9));
    assert_eq!(ended.stdout, b"");
}

#[test]
fn a_child_that_is_given_up_is_killed() {
    let mut child =
        Child::start(shell("echo $$; sleep 100000"), Output::Given, WIDE).expect("sh is there");
    let output = child.output.take().expect("it was to be given");
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut line)
        .expect("it writes");
    drop(child);
    assert_ends(&line);
}

#[test]
#[cfg(target_os = "linux")]
fn the_mode_of_a_folder_binds_root_too() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o555))
        .expect("it is ours");
    let mut command = shell("echo > new || exit 9");
    command.current_dir(folder.path());
    assert_eq!(run(command, WIDE).status.code(), Some(9));
}
