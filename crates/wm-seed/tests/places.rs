//! The five dimensions: what is near is found, and follows each change.

#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

mod program;

use program::{Server, UNLIMITED, state};
use serde_json::{Value, json};

fn keep(server: &mut Server, title: &str, content: &str, importance: f64) -> Value {
    let arguments = json!({"title": title, "content": content, "importance": importance});
    server.call("remember", arguments)["memory_id"].clone()
}

/// By the encoder's formula: a new memory is at z = 1 and v = 1, w is its importance, at least a half, and
/// 0.1 more for each time that it was read.
#[test]
fn coordinates_follow_importance_and_accesses() {
    let (_folder, root) = state();
    let mut server = Server::start(&root, &UNLIMITED);
    let id = keep(&mut server, "Plain", "qwertz", 0.5);
    let coordinates = |server: &mut Server| {
        let value = server.call("memory_coordinates", json!({"id": id}));
        value["details"]["coordinates"].clone()
    };
    let at = |w: f64| json!({"x": 0.0, "y": 0.0, "z": 1.0, "w": w, "v": 1.0});
    assert_eq!(coordinates(&mut server), at(0.5));
    server.call("update_memory", json!({"id": id, "importance": 0.8}));
    assert_eq!(coordinates(&mut server), at(0.8));
    for _ in 0..2 {
        server.call("read_memory", json!({"id": id}));
    }
    assert_eq!(coordinates(&mut server), at(1.0));
    server.call("fast_read_memory", json!({"id": id}));
    assert_eq!(coordinates(&mut server), at(1.0));
}

#[test]
fn the_nearest_come_first_and_not_the_memory_itself() {
    let (_folder, root) = state();
    let mut server = Server::start(&root, &UNLIMITED);
    server.call("galaxy.create", json!({"name": "empty"}));
    server.call("galaxy.switch", json!({"name": "empty"}));
    let far = keep(&mut server, "Heavy", "qwertz", 1.0);
    let near = keep(&mut server, "Middle", "qwertz", 0.7);
    let here = keep(&mut server, "Here", "qwertz", 0.6);
    let near_to = |server: &mut Server, arguments: Value| {
        let value = server.call("spatial_nearest", arguments);
        let results = value["details"]["results"].as_array().unwrap().clone();
        results
            .into_iter()
            .map(|result| (result["id"].clone(), result["distance"].as_f64().unwrap()))
            .collect::<Vec<_>>()
    };
    let found = near_to(&mut server, json!({"id": here}));
    assert_eq!(found, [(near.clone(), 0.1), (far.clone(), 0.4)]);
    let found = near_to(
        &mut server,
        json!({"coordinates": [0, 0, 1, 0.9, 1], "limit": 2}),
    );
    assert_eq!(found, [(far.clone(), 0.1), (near.clone(), 0.2)]);

    server.call("delete_memory", json!({"id": near}));
    assert_eq!(
        near_to(&mut server, json!({"query": "qwertz"})),
        [(here.clone(), 0.1), (far, 0.5)]
    );
    // Another process's memory is found as well.
    let mut other = Server::start(&root, &UNLIMITED);
    let theirs = keep(&mut other, "Theirs", "qwertz", 0.5);
    assert_eq!(
        near_to(&mut server, json!({"query": "qwertz", "limit": 1})),
        [(theirs, 0.0)]
    );
    let (both, is_error) = server.try_call("spatial_nearest", &json!({"id": here, "query": "x"}));
    assert!(is_error, "{both}");
}

#[test]
fn hybrid_recall_heeds_words_first_and_place_then() {
    let (_folder, root) = state();
    let mut server = Server::start(&root, &UNLIMITED);
    let words = keep(&mut server, "Harvest", "the quince is ripe", 0.5);
    let found = server.call("hybrid_recall", json!({"query": "quince harvest"}));
    assert_eq!(found["results"][0]["id"], words, "{found}");
    assert_eq!(found["count"], 1);
    // Rank 1 of both: 2 / 61.
    let score = found["results"][0]["score"].as_f64().unwrap();
    assert!((score - 2.0 / 61.0).abs() < 1e-9, "{score}");
    let guess = server.call("hybrid_recall", json!({"query": "xyzzy", "limit": 3}));
    assert_eq!(guess["count"], 3);
    assert_eq!(guess["results"][0]["match"], "coordinates");
}
