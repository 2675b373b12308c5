//! Collections of vectors: what is found, and what files that break off leave.

#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

mod workbench;

use std::rc::Rc;

use clawft_core::platform::Directory;
use clawft_core::vectors::{EMBEDDING_DIMENSIONS, Entry, Error, Metric, Query, Store, embed};
use serde_json::{Value, json};
use workbench::{Machine, Memory};

fn store() -> (Rc<Memory>, Store) {
    let memory = Rc::new(Memory::default());
    (Rc::clone(&memory), Store::new(memory))
}

fn given(id: u64, vector: &[f32]) -> Entry<'_> {
    Entry {
        id: Some(id),
        vector: Some(vector),
        ..Entry::default()
    }
}

/// The paths of a collection's files that end so, in the order of their numbers.
fn paths(memory: &Memory, end: &str) -> Vec<String> {
    let number = |path: &String| -> u64 { path.split('.').nth(1).unwrap().parse().unwrap() };
    let files = memory.files.borrow();
    let mut paths: Vec<String> = files
        .keys()
        .filter(|path| path.ends_with(end))
        .cloned()
        .collect();
    paths.sort_by_key(number);
    paths
}

fn remove_all(memory: &Memory, end: &str) {
    for path in paths(memory, end) {
        memory.remove(&path).unwrap();
    }
}

fn ids(store: &Store, name: &str, query: Query<'_>, count: usize) -> Vec<u64> {
    let found = store.search(name, query, count).unwrap();
    found.iter().map(|found| found.id).collect()
}

/// The case of the seed: vectors of one number each, which only L2 tells apart.
#[test]
fn the_nearest_of_a_hundred_is_found() {
    let (_, store) = store();
    store.create("l2", 512, Metric::L2).unwrap();
    for number in 0..100_u16 {
        let vector = vec![f32::from(number); 512];
        store.add("l2", &[given(number.into(), &vector)]).unwrap();
    }
    let query = vec![50.0; 512];
    let found = store.search("l2", Query::Vector(&query), 5).unwrap();
    assert_eq!(found.len(), 5);
    assert_eq!(found[0].id, 50);
    assert_eq!(store.count("l2"), Ok(100));
}

#[test]
fn texts_are_near_that_share_words() {
    let distance = |one: &str, other: &str| {
        let (one, other) = (embed(one).unwrap(), embed(other).unwrap());
        1.0 - one.iter().zip(&other).map(|(a, b)| a * b).sum::<f32>()
    };
    for (text, near, far) in [
        (
            "install the database server",
            "database server installation",
            "a recipe for apple cake",
        ),
        (
            "Köln liegt am Rhein",
            "der RHEIN bei KÖLN",
            "Wale sind Säugetiere",
        ),
        ("налоги в России", "НАЛОГИ России", "рецепт пирога"),
        ("walking dogs", "the dog walks", "compile errors"),
        ("東京の天気", "東京の気温", "株式市場"),
    ] {
        assert!(distance(text, near) + 0.1 < distance(text, far), "{text}");
    }
    assert_eq!(embed("Hello, World!"), embed("  hello\n(world) "));
    assert_ne!(embed("hello world"), embed("hello there"));
    for text in ["", " \n", "!?…", "—"] {
        assert_eq!(embed(text), None, "{text:?}");
    }
    let vector = embed("some text").unwrap();
    assert_eq!(vector.len(), EMBEDDING_DIMENSIONS);
    let length: f32 = vector.iter().map(|number| number * number).sum();
    assert!((length - 1.0).abs() < 1e-5);
}

#[test]
fn tools_store_and_find() {
    let machine = Machine::new();
    let call = |name: &str, arguments: Value| machine.call(name, &arguments);
    let add = |text: &str| call("vector_add", json!({ "text": text }));
    assert_eq!(
        add("The meeting is on Monday at ten"),
        Ok(json!({"id": 1, "collection": "default", "count": 1}))
    );
    add("Backups run every night").unwrap();
    let entry = json!({"text": "Monday's backup failed", "id": 7, "metadata": {"host": "db1"}});
    assert_eq!(call("vector_add", entry).unwrap()["count"], 3);
    assert_eq!(add("Tea is in the kitchen").unwrap()["id"], 8);
    let found = call(
        "vector_search",
        json!({"text": "failed backup", "count": 2}),
    )
    .unwrap();
    let results = found["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    assert_eq!(results[0]["id"], 7);
    assert_eq!(results[0]["metadata"], json!({"host": "db1"}));
    assert!(results[0]["distance"].as_f64() < results[1]["distance"].as_f64());

    let none = call("vector_search", json!({"text": "x", "collection": "none"}));
    assert_eq!(none, Err(String::from("there is no collection none")));
    let both = call("vector_search", json!({"text": "x", "vector": [1]}));
    assert!(both.unwrap_err().contains("either"));
    assert!(call("vector_search", json!({})).is_err());
    let bad = call("vector_add", json!({"text": "x", "collection": "../x"}));
    assert!(bad.unwrap_err().contains("names no collection"));
    let long = call("vector_add", json!({"text": "x ".repeat(40_000)}));
    assert!(long.unwrap_err().contains("in parts"));
    let wordless = call("vector_add", json!({"text": "!!!"}));
    assert_eq!(wordless, Err(String::from("the text has no words")));
    // A vector among those that are made from texts
    let mixed = call("vector_add", json!({"text": "x", "vector": [1, 2]}));
    assert!(mixed.unwrap_err().contains("from texts"));

    let add = |vector: Value| {
        call(
            "vector_add",
            json!({"text": "x", "vector": vector, "collection": "own"}),
        )
    };
    add(json!([1, 0])).unwrap();
    add(json!([0, 1])).unwrap();
    assert!(add(json!([0, 1, 2])).unwrap_err().contains("3 numbers"));
    let found = call(
        "vector_search",
        json!({"vector": [0.1, 1.0], "collection": "own"}),
    )
    .unwrap();
    assert_eq!(found["results"][0]["id"], 2);
    let text = call("vector_search", json!({"text": "x", "collection": "own"}));
    assert!(text.unwrap_err().contains("give a vector"));
}

#[test]
fn results_are_cut_to_what_a_model_is_given() {
    let machine = Machine::new();
    for number in 0..10 {
        let text = format!("needle {number} {}", "hay ".repeat(4000));
        machine
            .call("vector_add", &json!({ "text": text }))
            .unwrap();
    }
    let arguments = json!({"text": "needle", "count": 10});
    let found = machine.call("vector_search", &arguments).unwrap();
    assert_eq!(found["results"].as_array().unwrap().len(), 10);
    assert!(found.to_string().len() < 65_536);
    assert_eq!(found["results"][9]["truncated"], true);
}

#[test]
fn what_was_stored_is_there_for_the_next() {
    let (memory, store) = store();
    let mut expected = Vec::new();
    for number in 0..300_u64 {
        // Some are replaced, some deleted.
        let id = number % 250;
        let text = format!("entry number{number}");
        let metadata = json!({ "n": number });
        let entry = Entry {
            id: Some(id),
            text: &text,
            metadata: Some(&metadata),
            vector: None,
        };
        assert_eq!(store.add("t", &[entry]), Ok(vec![id]));
        if number % 7 == 0 {
            assert_eq!(store.delete("t", id), Ok(true));
            assert_eq!(store.delete("t", id), Ok(false));
        }
    }
    for id in 0..250_u64 {
        let last = if id < 50 { id + 250 } else { id };
        if last % 7 != 0 {
            expected.push((id, last));
        }
    }
    let again = Store::new(memory.clone());
    for store in [&store, &again] {
        assert_eq!(store.count("t"), Ok(expected.len()));
        for (id, number) in &expected {
            let query = format!("entry number{number}");
            let found = store.search("t", Query::Text(&query), 1).unwrap();
            assert_eq!(found[0].id, *id);
            assert_eq!(found[0].text, query);
            assert_eq!(found[0].metadata, format!("{{\"n\":{number}}}"));
        }
    }
    // What is of use for the last state but one, and no more
    assert!((1..=2).contains(&paths(&memory, ".index").len()));
    assert!(paths(&memory, ".jsonl").len() < 200);
    // With an index that is none, and without one
    for path in paths(&memory, ".index") {
        memory
            .write(&path, b"clawftV\x01 and then nothing")
            .unwrap();
    }
    let again = Store::new(memory.clone());
    assert_eq!(ids(&again, "t", Query::Text("entry number299"), 1), [49]);
    remove_all(&memory, ".index");
    let again = Store::new(memory.clone());
    assert_eq!(ids(&again, "t", Query::Text("entry number299"), 1), [49]);
}

#[test]
fn two_stores_see_what_either_adds() {
    let (memory, one) = store();
    let other = Store::new(memory);
    for number in 0..100_u16 {
        let store = if number % 2 == 0 { &one } else { &other };
        let vector = [f32::from(number), 1.0];
        store.add("v", &[given(number.into(), &vector)]).unwrap();
    }
    for store in [&one, &other] {
        assert_eq!(store.count("v"), Ok(100));
        assert_eq!(ids(store, "v", Query::Vector(&[0.0, 1.0]), 1), [0]);
    }
}

/// Another adds so many, with the next ids, before what the next call writes.
fn meanwhile(memory: &Rc<Memory>, count: usize) {
    let other = Store::new(memory.clone());
    memory.before.set(Some(Box::new(move || {
        for _ in 0..count {
            let entry = Entry {
                text: "other",
                vector: Some(&[1.0, 2.0]),
                ..Entry::default()
            };
            other.add("v", &[entry]).unwrap();
        }
    })));
}

fn next(text: &str) -> Entry<'_> {
    Entry {
        text,
        vector: Some(&[1.0, 1.0]),
        ..Entry::default()
    }
}

fn texts(store: &Store) -> Vec<(u64, String)> {
    let found = store.search("v", Query::Vector(&[1.0, 1.0]), usize::MAX);
    let found = found.unwrap().into_iter();
    let mut texts: Vec<_> = found.map(|found| (found.id, found.text)).collect();
    texts.sort();
    texts
}

#[test]
fn an_id_is_given_once_however_another_adds_meanwhile() {
    // 0: before the collection is there; 63 and more: the other takes all changes in
    for already in [0, 1, 5] {
        for more in [1, 2, 62, 63, 64, 65, 100] {
            let (memory, store) = store();
            for _ in 0..already {
                store.add("v", &[next("one")]).unwrap();
            }
            meanwhile(&memory, more);
            let id = (already + more + 1) as u64;
            assert_eq!(
                store.add("v", &[next("one")]),
                Ok(vec![id]),
                "{already} {more}"
            );
            let there = texts(&store);
            assert_eq!(there.len(), already + more + 1);
            assert_eq!(texts(&Store::new(memory)), there);
        }
    }
}

#[test]
fn what_one_takes_in_has_what_another_adds_meanwhile() {
    for count in [62, 63, 64, 65, 66] {
        let (memory, store) = store();
        for _ in 0..count {
            store.add("v", &[next("one")]).unwrap();
        }
        meanwhile(&memory, 1);
        // More at once than are written as changes
        let many = vec![next("many"); 70];
        assert_eq!(store.add("v", &many).unwrap()[0], count + 2);
        let there = texts(&store);
        assert_eq!(there.len() as u64, count + 71);
        assert_eq!(texts(&Store::new(memory)), there);
    }
}

#[test]
fn what_another_deletes_meanwhile_is_deleted_once() {
    let (memory, store) = store();
    store.add("v", &[next("one"), next("two")]).unwrap();
    let other = Store::new(memory.clone());
    memory.before.set(Some(Box::new(move || {
        assert_eq!(other.delete("v", 1), Ok(true));
    })));
    assert_eq!(store.delete("v", 1), Ok(false));
    assert_eq!(texts(&store), [(2, String::from("two"))]);
    assert_eq!(texts(&Store::new(memory)), texts(&store));
}

/// Its writer knows a state that has been removed since, and so cannot know whether the number that it
/// took was free.
#[test]
fn who_was_held_up_for_long_is_told() {
    let (memory, store) = store();
    store.add("v", &[next("one")]).unwrap();
    meanwhile(&memory, 300);
    let error = store.add("v", &[next("lost")]).unwrap_err();
    assert_eq!(error, Error::Busy(String::from("v")));
    for store in [&store, &Store::new(memory.clone())] {
        assert_eq!(store.count("v"), Ok(301));
        assert!(texts(store).iter().all(|(_, text)| text != "lost"));
    }
    assert_eq!(store.add("v", &[next("one")]), Ok(vec![302]));
    assert_eq!(Store::new(memory).count("v"), Ok(302));
}

#[test]
fn after_the_last_id_none_is_given() {
    let (memory, store) = store();
    let last = given(u64::MAX, &[1.0, 3.0]);
    store.add("v", &[next("one"), last]).unwrap();
    for store in [&store, &Store::new(memory.clone())] {
        let full = Err(Error::Full(String::from("v")));
        assert_eq!(store.add("v", &[next("two")]), full);
        assert_eq!(store.add("v", &[last, next("two")]), full);
        assert_eq!(store.count("v"), Ok(2));
        // Those that are said are still taken.
        assert_eq!(store.add("v", &[given(7, &[1.0, 4.0])]), Ok(vec![7]));
        assert_eq!(store.delete("v", 7), Ok(true));
        assert_eq!(texts(store)[1], (u64::MAX, String::new()));
    }
    store.delete("v", u64::MAX).unwrap();
    assert_eq!(store.add("v", &[next("two")]), Ok(vec![2]));
}

/// What an earlier version wrote: one file, to which changes were appended, and one index. Here the last
/// line was cut off.
#[test]
fn a_collection_of_an_earlier_version_is_read() {
    let (memory, store) = store();
    let header = r#"{"_type":"vectors","dimensions":256,"embedding":"words-1","indexed":1,"metric":"cosine"}"#;
    let records = format!(
        "{header}\n{}\n{}\n{}\n{}",
        r#"{"id":3,"text":"apple cake"}"#,
        r#"{"id":4,"text":"database server"}"#,
        r#"{"deleted":3}"#,
        r#"{"id":5,"te"#
    );
    memory.write("vectors/t.jsonl", records.as_bytes()).unwrap();
    memory.write("vectors/t.index", b"nothing").unwrap();
    let text = Entry {
        text: "tea",
        ..Entry::default()
    };
    assert_eq!(store.count("t"), Ok(1));
    for id in 5..300 {
        assert_eq!(store.add("t", &[text]), Ok(vec![id]));
    }
    assert_eq!(
        ids(&Store::new(memory.clone()), "t", Query::Text("servers"), 1),
        [4]
    );
    // Two states later they are gone.
    assert!(memory.metadata("vectors/t.jsonl").unwrap().is_none());
    assert!(memory.metadata("vectors/t.index").unwrap().is_none());
}

/// After each possible change at which the machine may stop, in each of them half done: everything that
/// was acknowledged is there, and what comes next works.
#[test]
fn a_crash_loses_nothing_that_was_acknowledged() {
    for stop in 0..80 {
        let (memory, store) = store();
        memory.left.set(Some(stop));
        let mut acknowledged = Vec::new();
        let mut tried = 0;
        for number in 0..90_u16 {
            tried = u64::from(number);
            let vector = [f32::from(number), 1.0, -1.0];
            match store.add("v", &[given(tried, &vector)]) {
                Ok(_) => acknowledged.push(tried),
                Err(_) => break,
            }
        }
        memory.left.set(None);
        let again = Store::new(memory.clone());
        let count = again.count("v").unwrap();
        // The one that failed may be there: it was written, and its answer lost.
        assert!(
            count == acknowledged.len() || count == acknowledged.len() + 1,
            "{stop}: {count}"
        );
        for id in &acknowledged {
            #[allow(clippy::cast_precision_loss, reason = "small")]
            let query = [*id as f32, 1.0, -1.0];
            let found = again.search("v", Query::Vector(&query), count).unwrap();
            assert!(found.iter().any(|found| found.id == *id), "{stop}: {id}");
        }
        let vector = [1.0, 2.0, 3.0];
        again.add("v", &[given(tried + 1000, &vector)]).unwrap();
        let last = Store::new(memory);
        assert_eq!(
            ids(&last, "v", Query::Vector(&vector), 1),
            [tried + 1000],
            "{stop}"
        );
    }
}

#[test]
fn entries_are_added_all_or_none() {
    let (_, store) = store();
    let (one, two, bad) = ([1.0, 0.0], [0.0, 1.0], [f32::NAN, 0.0]);
    assert!(store.add("v", &[given(1, &one), given(2, &bad)]).is_err());
    assert_eq!(store.count("v"), Ok(0));
    assert_eq!(
        store.add("v", &[given(1, &one), given(2, &two)]),
        Ok(vec![1, 2])
    );
    assert_eq!(store.add("v", &[]), Ok(vec![]));
    let array = json!([1]);
    let entry = Entry {
        metadata: Some(&array),
        ..given(3, &one)
    };
    assert_eq!(store.add("v", &[entry]), Err(Error::Metadata));
    assert_eq!(store.count("v"), Ok(2));
}

#[test]
fn a_collection_stays_what_it_is() {
    let (_, store) = store();
    store.create("v", 2, Metric::Dot).unwrap();
    store.create("v", 2, Metric::Dot).unwrap();
    assert_eq!(
        store.create("v", 2, Metric::L2),
        Err(Error::Exists(String::from("v")))
    );
    assert_eq!(
        store.create("v", 3, Metric::Dot),
        Err(Error::Exists(String::from("v")))
    );
    store
        .add(
            "t",
            &[Entry {
                text: "words",
                ..Entry::default()
            }],
        )
        .unwrap();
    assert_eq!(
        store.create("t", EMBEDDING_DIMENSIONS, Metric::Cosine),
        Err(Error::Exists(String::from("t")))
    );
    for name in [
        "",
        ".",
        "..",
        "a/b",
        "a.b",
        "é",
        "a b",
        "a\0",
        &"a".repeat(65),
    ] {
        assert!(matches!(store.count(name), Err(Error::Name(_))), "{name:?}");
        assert!(matches!(
            store.create(name, 2, Metric::L2),
            Err(Error::Name(_))
        ));
    }
    assert!(matches!(
        store.create("w", 0, Metric::L2),
        Err(Error::Vector(_))
    ));
    assert_eq!(store.count("w"), Ok(0));
    assert_eq!(store.delete("w", 1), Err(Error::Unknown(String::from("w"))));
}

#[test]
fn files_that_were_tampered_with_are_named() {
    let header =
        r#"{"_type":"vectors","dimensions":2,"metric":"cosine","embedding":null,"indexed":0}"#;
    for (records, expected) in [
        (String::new(), "no header in line 1"),
        (String::from("{}\n"), "no header in line 1"),
        (String::from("[\n"), "no header in line 1"),
        (
            header.replace("cosine", "angle") + "\n",
            "no header in line 1",
        ),
        (header.replace(":2", ":\"2\"") + "\n", "no header in line 1"),
        (header.replace(":2", ":0") + "\n", "dimensions must be"),
        (
            header.replace(":0", ":5") + "\n",
            "the end, before all records, in line 2",
        ),
        (format!("{header}\nnonsense\n"), "no record in line 2"),
        (format!("{header}\n{{\"id\":1}}\n"), "no record in line 2"),
        (
            format!("{header}\n{{\"id\":-1,\"text\":\"\"}}\n"),
            "no record in line 2",
        ),
        (
            format!("{header}\n{{\"id\":1,\"text\":\"\",\"vector\":\"zz\"}}\n"),
            "no record in line 2",
        ),
        (
            format!("{header}\n{{\"id\":1,\"text\":\"\",\"vector\":\"00000000\"}}\n"),
            "1 numbers",
        ),
    ] {
        let (memory, store) = store();
        memory.write("vectors/v.jsonl", records.as_bytes()).unwrap();
        let error = store.count("v").unwrap_err().to_string();
        assert!(error.contains(expected), "{records:?}: {error}");
    }
    // Vectors that were given cannot be made anew.
    let (memory, store) = store();
    for number in 0..100_u16 {
        store
            .add("v", &[given(number.into(), &[f32::from(number), 1.0])])
            .unwrap();
    }
    let indexes = memory.files.borrow().clone();
    remove_all(&memory, ".index");
    let error = Store::new(memory.clone()).count("v").unwrap_err();
    assert!(matches!(error, Error::Damaged(..)), "{error}");
    // Nothing was made of it, and nothing lost.
    assert!(paths(&memory, ".index").is_empty());
    memory.files.replace(indexes);
    assert_eq!(Store::new(memory).count("v"), Ok(100));
}

#[test]
fn a_collection_that_is_full_says_so_and_stays_whole() {
    let (memory, store) = store();
    let text = "word ".repeat(12_000);
    let entry = Entry {
        text: &text,
        ..Entry::default()
    };
    let mut count = 0;
    let error = loop {
        match store.add("t", &[entry]) {
            Ok(_) => count += 1,
            Err(error) => break error,
        }
        assert!(count < 1000);
    };
    assert_eq!(error, Error::Full(String::from("t")));
    assert!(count > 60);
    assert!(
        memory
            .files
            .borrow()
            .values()
            .all(|file| file.len() <= 4 << 20)
    );
    assert_eq!(Store::new(memory).count("t"), Ok(count));
    assert_eq!(store.delete("t", 1), Ok(true));
    assert_eq!(
        store
            .add(
                "t",
                &[Entry {
                    text: "short",
                    ..Entry::default()
                }]
            )
            .map(|ids| ids.len()),
        Ok(1)
    );
}

#[test]
fn an_index_of_a_collection_that_was_removed_is_not_used() {
    let (memory, store) = store();
    for number in 0..100_u16 {
        let vector = [f32::from(number), 1.0];
        store.add("v", &[given(number.into(), &vector)]).unwrap();
    }
    assert!(!paths(&memory, ".index").is_empty());
    remove_all(&memory, ".jsonl");
    let again = Store::new(memory.clone());
    again.add("v", &[given(200, &[1.0, 5.0])]).unwrap();
    for store in [again, Store::new(memory)] {
        assert_eq!(ids(&store, "v", Query::Vector(&[3.0, 1.0]), 5), [200]);
    }
}
