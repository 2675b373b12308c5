//! Collections of vectors that several agents change at once, and some that are killed amid it. These are
//! this program, run again: a test that finds `CLAWFT_ADDER` in its environment is one.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use clawft_core::platform::native::{NativeFiles, NativeRandom};
use clawft_core::platform::{FileSystem as _, Random as _};
use clawft_core::vectors::{Entry, Error, Query, Store};

/// Of each agent: so many that their changes are taken in again and again
const COUNT: usize = 100;

fn store(path: &Path) -> Store {
    let path = path.to_str().expect("Unicode");
    Store::new(NativeFiles.open(path, true).expect("a folder"))
}

/// Adds a text, with a vector that no other has; its id is the next. Whom the system holds up for a hundred
/// changes of others is told that it may have failed, and looks.
fn add(store: &Store, name: &str, number: usize) -> u64 {
    let text = format!("{name} {number}");
    let entry = Entry {
        text: &text,
        vector: Some(&vector(name, number)),
        ..Entry::default()
    };
    loop {
        match store.add("v", &[entry]) {
            Err(Error::Busy(_)) => {}
            added => return added.expect("added")[0],
        }
        let is_there = |(id, known): (u64, String)| (known == text).then_some(id);
        if let Some(id) = texts(store).into_iter().find_map(is_there) {
            return id;
        }
    }
}

/// Deletes what is there, as sure.
fn delete(store: &Store, id: u64) {
    let deleted = store.delete("v", id);
    if matches!(deleted, Err(Error::Busy(_))) {
        if texts(store).contains_key(&id) {
            delete(store, id);
        }
        return;
    }
    assert_eq!(deleted, Ok(true));
}

fn vector(name: &str, number: usize) -> [f32; 3] {
    let number = u16::try_from(number).expect("a small number");
    [f32::from(name.as_bytes()[0]), f32::from(number), 1.0]
}

/// What is there: texts by their ids.
fn texts(store: &Store) -> BTreeMap<u64, String> {
    let query = Query::Vector(&[1.0, 1.0, 1.0]);
    let found = store.search("v", query, usize::MAX).expect("found");
    found
        .into_iter()
        .map(|found| (found.id, found.text))
        .collect()
}

/// The same once nobody adds or deletes: they are all.
fn found(store: &Store) -> BTreeMap<u64, String> {
    let texts = texts(store);
    assert_eq!(store.count("v"), Ok(texts.len()));
    texts
}

/// The agent: it says what it has added or deleted, once that is done.
#[test]
fn adder() {
    let Ok(job) = std::env::var("CLAWFT_ADDER") else {
        return;
    };
    let mut job = job.splitn(3, '|');
    let mut next = || job.next().expect("a job");
    let (name, count) = (next(), next().parse::<usize>().expect("a number"));
    let store = store(Path::new(next()));
    for number in 0..count {
        let id = add(&store, name, number);
        println!("\n!{id} {name} {number}");
        if number % 3 == 0 {
            println!("\n-{id}");
            delete(&store, id);
        }
    }
}

fn start(name: &str, folder: &Path, count: usize) -> Child {
    let job = format!("{name}|{count}|{}", folder.display());
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "adder", "--nocapture"])
        .env("CLAWFT_ADDER", job)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("an agent")
}

/// What an agent has added, as it says, and does not delete.
fn said(output: &str) -> BTreeMap<u64, String> {
    let mut kept = BTreeMap::new();
    for line in output.lines() {
        if let Some((id, text)) = line.strip_prefix('!').and_then(|line| line.split_once(' ')) {
            let id = id.parse().expect("an id");
            assert_eq!(kept.insert(id, text.to_owned()), None, "{id}");
        } else if let Some(id) = line.strip_prefix('-') {
            kept.remove(&id.parse().expect("an id"));
        }
    }
    kept
}

/// Those of several together: an id was given once at a time.
fn together(agents: &[&str]) -> BTreeMap<u64, String> {
    let mut all = BTreeMap::new();
    for (id, text) in agents.iter().flat_map(|output| said(output)) {
        assert_eq!(all.insert(id, text), None, "{id}");
    }
    all
}

#[test]
fn nothing_is_lost_that_several_threads_add() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let ids = std::thread::scope(|scope| {
        let threads = ["a", "b", "c"].map(|name| {
            scope.spawn(move || {
                let store = store(path);
                let add = |number| (add(&store, name, number), format!("{name} {number}"));
                (0..COUNT).map(add).collect::<Vec<_>>()
            })
        });
        let added = threads.map(|thread| thread.join().expect("no panic"));
        added.concat()
    });
    let expected: BTreeMap<u64, String> = ids.into_iter().collect();
    // Each has an id of its own, and they are the first.
    assert!(expected.keys().copied().eq(1..=3 * COUNT as u64));
    assert_eq!(found(&store(path)), expected);
    let files = std::fs::read_dir(path.join("vectors")).expect("a folder");
    assert!(files.count() < COUNT + 2 * 64);
}

#[test]
fn nothing_is_lost_that_several_processes_add_and_delete() {
    let folder = tempfile::tempdir().expect("a folder");
    let agents = ["a", "b", "c"].map(|name| start(name, folder.path(), COUNT));
    let outputs = agents.map(|mut agent| {
        let mut output = String::new();
        let mut pipe = agent.stdout.take().expect("a pipe");
        pipe.read_to_string(&mut output).expect("text");
        assert!(agent.wait().expect("ended").success(), "{output}");
        output
    });
    let expected = together(&outputs.each_ref().map(String::as_str));
    assert_eq!(found(&store(folder.path())), expected);
}

#[test]
fn an_agent_that_is_killed_loses_nothing_and_holds_up_none() {
    const ROUNDS: usize = 20;
    let folder = tempfile::tempdir().expect("a folder");
    let mut kept = BTreeMap::new();
    for round in 0..ROUNDS {
        let names = ["a", "b"];
        let mut agents = names.map(|name| start(name, folder.path(), usize::from(u16::MAX)));
        let random = NativeRandom.next();
        let mut output = BufReader::new(agents[0].stdout.take().expect("a pipe")).lines();
        let mut lines = Vec::new();
        for _ in 0..4 + random % 64 {
            lines.push(output.next().expect("a line").expect("text"));
        }
        std::thread::sleep(Duration::from_micros(random >> 8 & 0x7ff));
        for agent in &mut agents {
            agent.kill().expect("killed");
        }
        lines.extend(output.map(|line| line.expect("text")));
        let mut other = String::new();
        let mut pipe = agents[1].stdout.take().expect("a pipe");
        pipe.read_to_string(&mut other).expect("text");
        for agent in &mut agents {
            agent.wait().expect("ended");
        }
        let store = store(folder.path());
        let there = found(&store);
        for (id, text) in together(&[&lines.join("\n"), &other]) {
            assert_eq!(kept.insert(id, text), None, "{round}");
        }
        for (id, text) in &kept {
            assert_eq!(there.get(id), Some(text), "{round}");
        }
        // Of each agent, what it was about to say, or to delete
        assert!(there.len() <= kept.len() + 4 * (round + 1), "{round}");
        let next = add(&store, "z", round);
        kept.insert(next, format!("z {round}"));
    }
}

/// While one is held up, the other changes the collection more often than files of it are kept.
#[test]
#[cfg(unix)]
fn an_agent_that_is_held_up_loses_nothing() {
    const COUNT: usize = 2_000;
    let folder = tempfile::tempdir().expect("a folder");
    let mut agents = ["a", "b"].map(|name| start(name, folder.path(), COUNT));
    let held = agents[0].id().to_string();
    let send = |signal: &str| {
        // NB: a small system has no program for it, and every shell has it
        let sent = Command::new("sh")
            .args(["-c", "kill $0 $1", signal, held.as_str()])
            .status();
        assert!(sent.expect("a shell").success());
    };
    // NB: of a pipe that nobody reads, an agent would wait for the end
    let outputs = std::thread::scope(|scope| {
        let readers = agents.each_mut().map(|agent| {
            let mut pipe = agent.stdout.take().expect("a pipe");
            scope.spawn(move || {
                let mut output = String::new();
                pipe.read_to_string(&mut output).expect("text");
                output
            })
        });
        while agents[1].try_wait().expect("a state").is_none() {
            send("-STOP");
            std::thread::sleep(Duration::from_millis(100));
            send("-CONT");
            std::thread::sleep(Duration::from_micros(NativeRandom.next() & 0x7fff));
        }
        readers.map(|reader| reader.join().expect("no panic"))
    });
    assert!(agents[0].wait().expect("ended").success());
    let expected = together(&outputs.each_ref().map(String::as_str));
    assert_eq!(found(&store(folder.path())), expected);
}
