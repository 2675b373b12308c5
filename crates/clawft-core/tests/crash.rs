//! Writers that are killed at any moment, and writers that write at once. The writers are this program,
//! run again: a test that finds `CLAWFT_WRITER` in its environment is one.

mod machine;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::Duration;

use clawft_core::message::Role;
use clawft_core::platform::native::{NativeClock, NativeFiles, NativeRandom};
use clawft_core::platform::{Directory, FileSystem as _, Random as _};
use clawft_core::session::Store;

/// Rounds of each kind of writer; 200 to 300 take some seconds.
const ROUNDS: usize = 250;

fn open(path: &Path) -> Rc<dyn Directory> {
    NativeFiles
        .open(path.to_str().expect("Unicode"), true)
        .expect("a folder")
}

fn store(path: &Path) -> Store {
    let clock = Rc::new(NativeClock::default());
    Store::new(open(path), Vec::new(), clock, Rc::new(NativeRandom))
}

/// A text that shows if a part of it is missing; they have lengths from 0 to some pages, and those of one
/// writer are longer than what is written at once.
fn text(writer: &str, number: usize) -> String {
    let more = if writer == "long" { 20_000 } else { 0 };
    format!(
        "{writer} {number} {}",
        "é\n".repeat(number * 37 % 3000 + more)
    )
}

/// The writer: it says which number is written, once it is.
#[test]
fn writer() {
    let Ok(job) = std::env::var("CLAWFT_WRITER") else {
        return;
    };
    let mut job = job.split('|');
    let mut next = || job.next().expect("a job");
    let (kind, name, folder) = (next(), next(), PathBuf::from(next()));
    let count: usize = next().parse().expect("a number");
    let folder = folder.as_path();
    match kind {
        "append" => {
            let store = store(folder);
            let before = store.load("s", 1 << 20).expect("a session").messages.len();
            for number in before..before + count {
                let text = text(name, number);
                store.append("s", &[(Role::User, &text)]).expect("kept");
                println!("\n!{number}");
            }
        }
        "write" => {
            let folder = open(folder);
            for number in 0..count {
                let text = text(name, number);
                folder.write("f", text.as_bytes()).expect("written");
                println!("\n!{number}");
            }
        }
        other => panic!("no job: {other}"),
    }
}

fn start(kind: &str, name: &str, folder: &Path, count: usize) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "writer", "--nocapture"])
        .env(
            "CLAWFT_WRITER",
            format!("{kind}|{name}|{}|{count}", folder.display()),
        )
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a writer")
}

/// Lets a writer write a random number of times, kills it at some moment after that, and tells the last
/// number that it had said.
fn killed(mut child: Child) -> usize {
    let random = NativeRandom.next();
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut last = None;
    let mut numbers = lines.by_ref().filter_map(|line| {
        let line = line.expect("text");
        line.strip_prefix('!')?.parse::<usize>().ok()
    });
    for _ in 0..=random % 4 {
        last = numbers.next();
    }
    std::thread::sleep(Duration::from_micros(random >> 8 & 0x7ff));
    child.kill().expect("killed");
    last = numbers.last().or(last);
    child.wait().expect("ended");
    last.expect("a first number")
}

#[test]
fn a_writer_of_messages_that_is_killed_loses_none() {
    killed_writers("w", ROUNDS, 40);
}

#[test]
fn a_writer_of_long_messages_that_is_killed_loses_none() {
    killed_writers("long", ROUNDS / 10, 10);
}

/// Kills writers of one session, which is begun anew when it has more than so many messages.
fn killed_writers(name: &str, rounds: usize, most: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(folder.path());
    for round in 0..rounds {
        let last = killed(start("append", name, folder.path(), usize::MAX >> 1));
        let session = store.load("s", 1 << 20).expect("a session");
        let texts: Vec<&str> = session
            .messages
            .iter()
            .map(|message| message.content.as_str())
            .collect();
        // The one in flight may have arrived too.
        assert!(
            (last + 1..=last + 2).contains(&texts.len()),
            "{round}: {last}, {}",
            texts.len()
        );
        for (number, found) in texts.iter().enumerate() {
            assert_eq!(*found, text(name, number), "{round}");
        }
        // Each killed writer may have left one, and the part of it that is torn.
        assert!(session.skipped <= 2 * (round + 1), "{round}");
        // A session of some MB is not what this is about.
        if texts.len() > most {
            std::fs::remove_file(folder.path().join("s.jsonl")).expect("a file");
        }
    }
}

#[test]
fn a_writer_of_whole_files_that_is_killed_leaves_the_old_or_the_new() {
    let folder = tempfile::tempdir().expect("a folder");
    for round in 0..ROUNDS {
        let last = killed(start("write", "w", folder.path(), usize::MAX >> 1));
        let found = std::fs::read_to_string(folder.path().join("f")).expect("a file");
        let either = [last, last + 1].map(|number| text("w", number));
        assert!(
            either.contains(&found),
            "{round}: after {last}, {} bytes",
            found.len()
        );
    }
}

#[test]
fn two_writers_of_one_session_lose_nothing() {
    for (round, names, count) in [
        (0, ["a", "b", "c"], 150),
        (1, ["a", "b", "c"], 150),
        (2, ["a", "long", "c"], 25),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut writers = names.map(|name| start("append", name, folder.path(), count));
        for writer in &mut writers {
            let mut output = writer.stdout.take().expect("a pipe");
            std::io::copy(&mut output, &mut std::io::sink()).expect("read");
            assert!(writer.wait().expect("ended").success());
        }
        let session = store(folder.path()).load("s", 1 << 20).expect("a session");
        assert_eq!(session.skipped, 0, "{round}");
        for name in names {
            let of = |text: &&str| text.starts_with(&format!("{name} "));
            let texts = session
                .messages
                .iter()
                .map(|message| message.content.as_str());
            let texts: Vec<&str> = texts.filter(of).collect();
            assert_eq!(texts.len(), count, "{round}: {name}");
            // Each began at the number of messages that it found.
            let first: usize = texts[0]
                .split(' ')
                .nth(1)
                .expect("a number")
                .parse()
                .expect("a number");
            for (index, found) in texts.iter().enumerate() {
                assert_eq!(*found, text(name, first + index), "{round}");
            }
        }
    }
}
