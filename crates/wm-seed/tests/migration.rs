//! Databases of other programs: the lite seed's, which becomes ours, and the full WhiteMagic's, which
//! ours must be.

#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

use std::fs;
use std::path::Path;

use rusqlite::{Connection, params};
use wm_seed::Error;
use wm_seed::memory::{Change, NewMemory};
use wm_seed::query::Query;
use wm_seed::store::Store;

/// The tables of the lite seed: tags in a column, an index on the rows of `memories` by triggers.
const LITE: &str = "
    CREATE TABLE memories (id TEXT PRIMARY KEY, title TEXT NOT NULL, content TEXT NOT NULL,
        tags TEXT DEFAULT '', created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
        access_count INTEGER DEFAULT 0, importance REAL DEFAULT 0.5);
    CREATE VIRTUAL TABLE memories_fts USING fts5(title, content, tags,
        content='memories', content_rowid='rowid');
    CREATE TRIGGER added AFTER INSERT ON memories BEGIN
        INSERT INTO memories_fts(rowid, title, content, tags)
            VALUES (new.rowid, new.title, new.content, new.tags);
    END;
    CREATE TRIGGER removed AFTER DELETE ON memories BEGIN
        INSERT INTO memories_fts(memories_fts, rowid, title, content, tags)
            VALUES ('delete', old.rowid, old.title, old.content, old.tags);
    END;
    INSERT INTO memories VALUES
        ('one', 'First', 'The kettle is blue.', 'kitchen, blue,,kitchen',
         '2026-02-01T10:00:00.123456789+00:00', '2026-02-02T10:00:00+02:00', 7, 0.9),
        ('two', 'Second', 'No tags here.', '',
         '2026-02-03T10:00:00+00:00', '2026-02-03T10:00:00+00:00', 0, 0.5);
    DELETE FROM memories WHERE id = 'gone';";

fn lite(path: &Path) {
    Connection::open(path).unwrap().execute_batch(LITE).unwrap();
}

fn found(store: &Store, query: &str) -> Vec<String> {
    let found = store.search(&Query::parse(query), 10).unwrap();
    found.into_iter().map(|found| found.memory.id).collect()
}

#[test]
fn a_lite_database_keeps_all_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("whitemagic.db");
    lite(&path);
    for _ in 0..2 {
        let mut store = Store::open(&path).unwrap();
        assert!(!store.is_new());
        let one = store.read("one").unwrap();
        assert_eq!(one.title, "First");
        assert_eq!(one.content, "The kettle is blue.");
        assert_eq!(one.tags, ["kitchen", "blue"]);
        assert_eq!(one.created_at, "2026-02-01T10:00:00.123");
        assert_eq!(one.updated_at, "2026-02-02T08:00:00.000");
        assert_eq!(
            (one.access_count, one.importance.to_bits()),
            (7, 0.9_f64.to_bits())
        );
        assert!(store.read("two").unwrap().tags.is_empty());
        assert_eq!(found(&store, "kettle"), ["one"]);
        assert_eq!(found(&store, "kitchen"), ["one"]);
        let change = Change {
            importance: Some(0.5),
            ..Change::default()
        };
        store.update("two", &change).unwrap();
        assert_eq!(found(&store, "tags"), ["two"]);
        assert_eq!(store.damage().unwrap(), None);
    }
}

/// The statements that the full WhiteMagic stores a memory with, on a database that this program made.
fn store_as_the_full_one_does(path: &Path, id: &str, content: &str) {
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch("PRAGMA foreign_keys = ON; BEGIN")
        .unwrap();
    connection
        .execute(
            "INSERT OR REPLACE INTO memories (id, content, memory_type, created_at, updated_at, accessed_at,
                access_count, emotional_valence, importance, neuro_score, novelty_score, recall_count,
                half_life_days, is_protected, metadata, title, galactic_distance, retention_score,
                last_retention_sweep, content_hash, event_time, ingestion_time, is_private, model_exclude)
             VALUES (?1, ?2, 'SHORT_TERM', '2026-03-01T09:00:00.000001', '2026-03-01T09:00:00.000001',
                '2026-03-01T09:00:00.000001', 0, 0.0, 0.5, 1.0, 1.0, 0, 30.0, 0, '{}', NULL, 0.0, 0.5,
                NULL, NULL, NULL, '2026-03-01T09:00:00.000001', 0, 0)",
            params![id, content],
        )
        .unwrap();
    for sql in [
        "DELETE FROM tags WHERE memory_id = ?1",
        "INSERT INTO tags (memory_id, tag) VALUES (?1, 'theirs')",
        "DELETE FROM memories_fts WHERE id = ?1",
    ] {
        connection.execute(sql, [id]).unwrap();
    }
    connection
        .execute(
            "INSERT INTO memories_fts (id, title, content, tags_text) VALUES (?1, '', ?2, 'theirs')",
            [id, content],
        )
        .unwrap();
    connection.execute_batch("COMMIT").unwrap();
}

#[test]
fn both_programs_find_what_either_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("whitemagic.db");
    let mut store = Store::open(&path).unwrap();
    let memory = NewMemory {
        title: "Ours",
        content: "walnut",
        tags: &["nut".to_owned()],
        importance: 0.5,
    };
    let ours = store.create(&memory).unwrap();
    store_as_the_full_one_does(&path, "theirs", "hazel");
    // And one of ours again, as when it was changed there.
    store_as_the_full_one_does(&path, &ours, "walnut tree");
    assert_eq!(found(&store, "hazel"), ["theirs"]);
    assert_eq!(found(&store, "walnut tree"), [ours.as_str()]);
    assert_eq!(store.read("theirs").unwrap().tags, ["theirs"]);

    let theirs = Connection::open(&path).unwrap();
    let rows = |sql: &str| -> u64 { theirs.query_row(sql, [], |row| row.get(0)).unwrap() };
    let once = "SELECT count(*) FROM memories_fts WHERE memories_fts MATCH 'walnut'";
    assert_eq!(rows(once), 1);
    store.delete("theirs").unwrap();
    assert_eq!(
        rows("SELECT count(*) FROM memories_fts WHERE memories_fts MATCH 'hazel'"),
        0
    );
    assert_eq!(
        rows("SELECT count(*) FROM tags WHERE memory_id = 'theirs'"),
        0
    );
    // Every column that it reads without asking whether there is a value has one.
    let sql = "SELECT count(*) FROM memories WHERE memory_type IS NULL OR accessed_at IS NULL
        OR access_count IS NULL OR emotional_valence IS NULL OR metadata IS NULL OR created_at IS NULL";
    store.create(&memory).unwrap();
    assert_eq!(rows(sql), 0);
}

#[test]
fn what_is_kept_from_models_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("whitemagic.db");
    let mut store = Store::open(&path).unwrap();
    for (id, column) in [
        ("private", "is_private"),
        ("excluded", "model_exclude"),
        ("kept", "is_protected"),
    ] {
        store_as_the_full_one_does(&path, id, "secret plans");
        let sql = format!("UPDATE memories SET {column} = 1 WHERE id = ?1");
        Connection::open(&path)
            .unwrap()
            .execute(&sql, [id])
            .unwrap();
    }
    assert_eq!(found(&store, "secret"), ["kept"]);
    assert_eq!(found(&store, "ecret"), ["kept"]);
    assert_eq!(store.list(10, 0).unwrap().len(), 1);
    assert_eq!(store.count().unwrap(), 1);
    assert_eq!(store.tags(10).unwrap(), [("theirs".to_owned(), 1)]);
    for id in ["private", "excluded"] {
        let change = Change {
            title: Some("x"),
            ..Change::default()
        };
        assert!(matches!(store.read(id), Err(Error::NotFound)));
        assert!(matches!(store.access(id), Err(Error::NotFound)));
        assert!(matches!(store.update(id, &change), Err(Error::NotFound)));
        assert!(matches!(store.delete(id), Err(Error::NotFound)));
    }
    assert!(matches!(store.delete("kept"), Err(Error::Refused(_))));
    assert!(store.read("kept").is_ok());
}

#[test]
fn what_is_not_understood_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let later = folder.path().join("later.db");
    drop(Store::open(&later).unwrap());
    Connection::open(&later)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let error = Store::open(&later).unwrap_err();
    assert!(matches!(error, Error::Foreign { .. }), "{error}");

    let other = folder.path().join("other.db");
    let text = "This is a letter and no database. ".repeat(100);
    fs::write(&other, &text).unwrap();
    let error = Store::open(&other).unwrap_err();
    assert!(matches!(error, Error::Foreign { .. }), "{error}");
    assert_eq!(fs::read_to_string(&other).unwrap(), text);
}
