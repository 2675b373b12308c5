//! Search: what someone types finds what it should, whatever characters are in it.

#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

use serde::Deserialize;
use wm_seed::memory::{Change, NewMemory};
use wm_seed::query::Query;
use wm_seed::search::Match;
use wm_seed::store::Store;

#[derive(Deserialize)]
struct Cases {
    memories: Vec<Text>,
    queries: Vec<Case>,
}

#[derive(Deserialize)]
struct Text {
    title: String,
    content: String,
}

/// A query and the title of what must come first; without one, it must only be answered.
#[derive(Deserialize)]
struct Case {
    query: String,
    first: Option<String>,
}

fn store(texts: &[(&str, &str, &[&str])]) -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("whitemagic.db")).unwrap();
    for (title, content, tags) in texts {
        let tags: Vec<_> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let memory = NewMemory {
            title,
            content,
            tags: &tags,
            importance: 0.5,
        };
        store.create(&memory).unwrap();
    }
    (folder, store)
}

fn titles(store: &Store, query: &str) -> Vec<String> {
    let found = store.search(&Query::parse(query), 10).unwrap();
    found.into_iter().map(|found| found.memory.title).collect()
}

#[test]
fn hostile_queries_find_what_they_should() {
    let cases: Cases = serde_json::from_str(include_str!("search.json")).unwrap();
    assert!(cases.queries.len() >= 40);
    let texts: Vec<_> = cases
        .memories
        .iter()
        .map(|text| (text.title.as_str(), text.content.as_str(), &[] as &[&str]))
        .collect();
    let (_folder, store) = store(&texts);
    let mut wrong = Vec::new();
    for case in &cases.queries {
        let found = titles(&store, &case.query);
        if case.first.is_some() && found.first() != case.first.as_ref() {
            wrong.push(format!(
                "{:?}: {:?}, not {:?}",
                case.query, found, case.first
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A text with all words comes before one with some, and a title before a text.
#[test]
fn the_best_come_first() {
    let (_folder, store) = store(&[
        ("One", "tea and a long story about tea, tea, tea", &[]),
        ("Two", "tea and coffee", &[]),
        ("Coffee", "the beans are in the tea cupboard", &[]),
        ("Three", "water", &["coffee"]),
        ("Four", "water", &[]),
    ]);
    let found = store.search(&Query::parse("coffee tea"), 10).unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|found| (found.memory.title.as_str(), found.found))
        .collect();
    assert_eq!(found[0], ("Coffee", Match::AllWords));
    assert_eq!(found[1], ("Two", Match::AllWords));
    let mut rest: Vec<_> = found[2..].to_vec();
    rest.sort_by_key(|(title, _)| *title);
    assert_eq!(rest, [("One", Match::AnyWord), ("Three", Match::AnyWord)]);
    let scores = store.search(&Query::parse("coffee"), 10).unwrap();
    assert!(
        scores
            .windows(2)
            .all(|pair| pair[0].score >= pair[1].score && pair[1].score > 0.0)
    );
}

/// What has the word in full comes before what only begins with it.
#[test]
fn whole_words_come_before_longer_ones() {
    let (_folder, store) = store(&[
        ("Longer", "category theory", &[]),
        ("Whole", "a cat sleeps", &[]),
    ]);
    assert_eq!(titles(&store, "cat"), ["Whole", "Longer"]);
    assert_eq!(titles(&store, "catego"), ["Longer"]);
}

/// The index follows each change.
#[test]
fn changes_are_found_and_what_was_is_not() {
    let (_folder, mut store) = store(&[("Before", "alpha", &["beta"])]);
    let id = store.list(1, 0).unwrap()[0].id.clone();
    let tags = ["delta".to_owned()];
    let change = Change {
        content: Some("gamma"),
        tags: Some(&tags),
        ..Change::default()
    };
    store.update(&id, &change).unwrap();
    assert_eq!(titles(&store, "gamma"), ["Before"]);
    assert_eq!(titles(&store, "delta"), ["Before"]);
    assert!(titles(&store, "alpha").is_empty());
    assert!(titles(&store, "beta").is_empty());
    store.delete(&id).unwrap();
    assert!(titles(&store, "gamma").is_empty());
}

/// A text comes back as it was given, NUL and all.
#[test]
fn texts_stay_as_they_are() {
    let text = "a\0b\r\n\u{feff}👩‍👩‍👧‍👦\u{202e}\\u0000 'quoted' \"twice\" ";
    let (_folder, store) = store(&[("Text", text, &[])]);
    assert_eq!(store.list(1, 0).unwrap()[0].content, text);
}
