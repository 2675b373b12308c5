//! The tables of a database, and how older ones become them.
//!
//! They are those of the full WhiteMagic, so that either program opens what the other wrote: a column
//! per field in `memories`, a row per tag in `tags`, and a full-text index that both write themselves.

use rusqlite::{Connection, Transaction, TransactionBehavior};

/// The version of the tables, in SQLite's `user_version`. The full WhiteMagic leaves that at 0.
pub const VERSION: i64 = 1;

/// The columns of `memories` beside `id`, and what they are for who does not give them.
const COLUMNS: [(&str, &str); 23] = [
    ("content", "TEXT"),
    ("memory_type", "TEXT DEFAULT 'LONG_TERM'"),
    ("created_at", "TEXT"),
    ("updated_at", "TEXT"),
    ("accessed_at", "TEXT"),
    ("access_count", "INTEGER DEFAULT 0"),
    ("emotional_valence", "REAL DEFAULT 0.0"),
    ("importance", "REAL DEFAULT 0.5"),
    ("neuro_score", "REAL DEFAULT 1.0"),
    ("novelty_score", "REAL DEFAULT 1.0"),
    ("recall_count", "INTEGER DEFAULT 0"),
    ("half_life_days", "REAL DEFAULT 30.0"),
    ("is_protected", "INTEGER DEFAULT 0"),
    ("metadata", "TEXT DEFAULT '{}'"),
    ("title", "TEXT"),
    ("galactic_distance", "REAL DEFAULT 0.0"),
    ("retention_score", "REAL DEFAULT 0.5"),
    ("last_retention_sweep", "TEXT"),
    ("content_hash", "TEXT"),
    ("event_time", "TEXT"),
    ("ingestion_time", "TEXT"),
    ("is_private", "INTEGER DEFAULT 0"),
    ("model_exclude", "INTEGER DEFAULT 0"),
];

const TAGS_TABLE: &str = "
    CREATE TABLE IF NOT EXISTS tags (
        memory_id TEXT REFERENCES memories(id) ON DELETE CASCADE,
        tag TEXT,
        PRIMARY KEY (memory_id, tag)
    )";

const TAGS_INDEX: &str = "
    CREATE INDEX IF NOT EXISTS idx_tags_tag ON tags(tag);
    CREATE INDEX IF NOT EXISTS idx_memories_updated_at ON memories(updated_at);";

const INDEX: &str = "
    CREATE VIRTUAL TABLE memories_fts USING fts5(id UNINDEXED, title, content, tags_text);
    INSERT INTO memories_fts(rowid, id, title, content, tags_text)
        SELECT rowid, id, coalesce(title, ''), content,
            coalesce((SELECT group_concat(tag, ' ') FROM tags WHERE memory_id = memories.id), '')
        FROM memories;";

/// Columns with moments. A lite database has them with an offset, and the full WhiteMagic calculates with
/// those that have none.
const MOMENTS: [&str; 3] = ["created_at", "updated_at", "accessed_at"];

/// What a lite database has in another form: tags parted by commas, and no moments but two.
const FROM_LITE: &str = "
    WITH RECURSIVE split(id, tag, rest) AS (
        SELECT id, '', coalesce(tags, '') || ',' FROM memories
        UNION ALL
        SELECT id, trim(substr(rest, 1, instr(rest, ',') - 1)), substr(rest, instr(rest, ',') + 1)
        FROM split WHERE rest <> ''
    )
    INSERT OR IGNORE INTO tags(memory_id, tag) SELECT id, tag FROM split WHERE tag <> '';
    DROP TABLE memories;
    ALTER TABLE memories_new RENAME TO memories;
    UPDATE memories SET
        accessed_at = coalesce(accessed_at, updated_at),
        ingestion_time = coalesce(ingestion_time, created_at);";

/// Brings a database to [`VERSION`], whole or not at all. Returns the version that it has: a greater
/// one is of a later program, and left as it is.
///
/// Foreign keys must be off, or the old table would take with it what refers to it.
///
/// # Errors
///
/// SQLite's.
pub fn migrate(connection: &mut Connection) -> rusqlite::Result<i64> {
    let found = version(connection)?;
    if found >= VERSION {
        return Ok(found);
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have done it meanwhile.
    if version(&transaction)? < VERSION {
        upgrade(&transaction)?;
    }
    transaction.commit()?;
    version(connection)
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

fn upgrade(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let present = columns(transaction, "memories")?;
    let has = |name: &str| present.iter().any(|column| column == name);
    let create = |table: &str| {
        let columns = COLUMNS.map(|(name, of)| format!(", {name} {of}")).concat();
        transaction.execute_batch(&format!(
            "CREATE TABLE {table} (id TEXT PRIMARY KEY{columns})"
        ))
    };
    if present.is_empty() {
        create("memories")?;
    }
    // NB: a table that cannot hold what the full WhiteMagic writes: it has columns that are NOT NULL
    if has("tags") {
        create("memories_new")?;
        let kept = COLUMNS
            .map(|(name, _)| name)
            .into_iter()
            .filter(|name| has(name));
        let (names, values): (Vec<_>, Vec<_>) = kept.map(|name| (name, value(name))).unzip();
        transaction.execute_batch(&format!(
            "INSERT INTO memories_new(rowid, id, {}) SELECT rowid, id, {} FROM memories",
            names.join(", "),
            values.join(", ")
        ))?;
        transaction.execute_batch(TAGS_TABLE)?;
        transaction.execute_batch(FROM_LITE)?;
    } else {
        for (name, of) in COLUMNS
            .iter()
            .filter(|(name, _)| !present.is_empty() && !has(name))
        {
            transaction.execute_batch(&format!("ALTER TABLE memories ADD COLUMN {name} {of}"))?;
        }
        transaction.execute_batch(TAGS_TABLE)?;
    }
    transaction.execute_batch(TAGS_INDEX)?;
    if columns(transaction, "memories_fts")? != ["id", "title", "content", "tags_text"] {
        transaction.execute_batch("DROP TABLE IF EXISTS memories_fts")?;
        transaction.execute_batch(INDEX)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)
}

/// What a lite database's column becomes.
fn value(column: &str) -> String {
    if MOMENTS.contains(&column) {
        format!("coalesce(strftime('%Y-%m-%dT%H:%M:%f', {column}), {column})")
    } else {
        column.to_owned()
    }
}

fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT name FROM pragma_table_info(?1) ORDER BY cid";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([table], |row| row.get(0))?;
    rows.collect()
}
