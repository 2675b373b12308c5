//! Nothing that was acknowledged is lost: with many writers at once, and when a server is killed.

#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

mod program;

use std::collections::BTreeSet;
use std::path::Path;
use std::thread;

use program::{Server, UNLIMITED, state, told};
use serde_json::json;
use wm_seed::memory::NewMemory;
use wm_seed::store::Store;

/// How many memories are created at once.
const WRITERS: usize = 20;

/// The texts that are there with this tag.
fn kept(root: &Path, tag: &str) -> BTreeSet<String> {
    let store = Store::open(&root.join("memory/whitemagic.db")).unwrap();
    let mut kept = BTreeSet::new();
    for offset in 0.. {
        let page = store.list(100, offset * 100).unwrap();
        if page.is_empty() {
            break;
        }
        let tagged = page
            .into_iter()
            .filter(|memory| memory.tags.iter().any(|of| of == tag));
        kept.extend(tagged.map(|memory| memory.content));
    }
    assert_eq!(store.damage().unwrap(), None);
    kept
}

/// Sends all before it reads any answer.
fn create_at_once(root: &Path, name: &str) {
    let mut server = Server::start(root, &UNLIMITED);
    for number in 0..WRITERS {
        let content = format!("{name} {number}");
        server.request_call(
            "create_memory",
            &json!({"content": content, "tags": ["twenty"]}),
        );
    }
    for _ in 0..WRITERS {
        let (value, is_error) = told(&server.read().unwrap());
        assert!(!is_error, "{value}");
    }
}

#[test]
fn twenty_of_one_process_are_kept() {
    let (_folder, root) = state();
    create_at_once(&root, "only");
    assert_eq!(kept(&root, "twenty").len(), WRITERS);
}

/// Both begin on an empty folder, so they make the database at once, too.
#[test]
fn twenty_of_each_of_two_processes_are_kept() {
    let (_folder, root) = state();
    thread::scope(|scope| {
        for name in ["first", "second"] {
            let root = &root;
            scope.spawn(move || create_at_once(root, name));
        }
    });
    assert_eq!(kept(&root, "twenty").len(), 2 * WRITERS);
    let mut server = Server::start(&root, &[]);
    let karma = server.call("karma_report", json!({}));
    assert_eq!(karma["details"]["success"], 2 * WRITERS);
    assert_eq!(karma["details"]["intact"], true, "{karma}");
    assert_eq!(
        server.call("gnosis", json!({}))["details"]["gnosis"]["memory_count"],
        2 * WRITERS + 16
    );
}

#[test]
fn twenty_of_as_many_threads_are_kept() {
    let (_folder, root) = state();
    let path = root.join("memory/whitemagic.db");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    thread::scope(|scope| {
        for number in 0..WRITERS {
            let path = &path;
            scope.spawn(move || {
                let memory = NewMemory {
                    title: "Thread",
                    content: &format!("thread {number}"),
                    tags: &["twenty".to_owned()],
                    importance: 0.5,
                };
                Store::open(path).unwrap().create(&memory).unwrap();
            });
        }
    });
    assert_eq!(kept(&root, "twenty").len(), WRITERS);
}

/// Killed with requests under way, again and again in one state root.
#[test]
fn what_was_acknowledged_survives_a_kill() {
    let (_folder, root) = state();
    let mut acknowledged = BTreeSet::new();
    for round in 0..5 {
        let mut server = Server::start(&root, &UNLIMITED);
        for number in 0..50 {
            let content = format!("round {round}, {number}");
            server.request_call("remember", &json!({"content": content, "tags": ["kill"]}));
        }
        for number in 0..10 + round {
            let (value, is_error) = told(&server.read().unwrap());
            assert!(!is_error, "{value}");
            acknowledged.insert(format!("round {round}, {number}"));
        }
        server.child.kill().unwrap();
        server.child.wait().unwrap();
    }
    let kept = kept(&root, "kill");
    let lost: Vec<_> = acknowledged.difference(&kept).collect();
    assert!(lost.is_empty(), "{lost:?}");
    let mut server = Server::start(&root, &[]);
    let health = server.call("health_report", json!({}));
    assert_eq!(
        health["details"]["ledger"]["broken_at"],
        json!(null),
        "{health}"
    );
}
