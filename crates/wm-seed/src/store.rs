//! Memories in an SQLite database.
//!
//! Several processes may use one database at once, the full WhiteMagic among them. What a call has
//! acknowledged is on the disk.

mod write;

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, Row, params};

use crate::error::{Error, Result};
use crate::memory::Memory;
use crate::schema;

/// How long one waits for another's change.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it looks whether the other is done, where SQLite does not by itself.
const PAUSE: Duration = Duration::from_millis(5);

/// This moment. The full WhiteMagic calculates with moments that have no offset.
const NOW: &str = "strftime('%Y-%m-%dT%H:%M:%f', 'now')";
/// The columns of [`Store::memory`].
pub(crate) const FIELDS: &str = "m.id, coalesce(m.title, ''), coalesce(m.content, ''),
    (SELECT json_group_array(tag) FROM (SELECT tag FROM tags WHERE memory_id = m.id ORDER BY rowid)),
    coalesce(m.created_at, ''), coalesce(m.updated_at, ''),
    coalesce(m.access_count, 0), coalesce(m.importance, 0.5)";
/// The full WhiteMagic lets its user keep memories from models.
pub(crate) const VISIBLE: &str =
    "coalesce(m.is_private, 0) = 0 AND coalesce(m.model_exclude, 0) = 0";

/// An open database.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
    new: bool,
}

impl Store {
    /// Opens a database, or makes one. An older one is brought to the present tables.
    ///
    /// # Errors
    ///
    /// [`Error::Database`]; [`Error::Foreign`] if it is something else, or of a later program.
    pub fn open(path: &Path) -> Result<Self> {
        let fail = |error: rusqlite::Error| explained(path, error);
        let mut connection = Connection::open(path).map_err(fail)?;
        connection.busy_timeout(PATIENCE).map_err(fail)?;
        let new = connection
            .query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| {
                row.get(0)
            })
            .map_err(fail)?;
        write_ahead(&connection).map_err(fail)?;
        // NB: on the disk before it is acknowledged; the mode `NORMAL` may lose it with the power
        connection
            .execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF;")
            .map_err(fail)?;
        let version = schema::migrate(&mut connection).map_err(fail)?;
        if version > schema::VERSION {
            return Err(Error::Foreign {
                path: path.to_owned(),
                what: format!(
                    "its tables have version {version}, and this program knows {}; get a later wm-seed",
                    schema::VERSION
                ),
            });
        }
        connection
            .execute_batch("PRAGMA foreign_keys = ON")
            .map_err(fail)?;
        let path = path.to_owned();
        Ok(Self {
            connection,
            path,
            new,
        })
    }

    /// The database's file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether opening it made it.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.new
    }

    /// A memory.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Database`]
    pub fn read(&self, id: &str) -> Result<Memory> {
        let sql = format!("SELECT {FIELDS} FROM memories m WHERE m.id = ?1 AND {VISIBLE}");
        self.connection
            .query_row(&sql, [id], memory)
            .optional()
            .map_err(self.fails())?
            .ok_or(Error::NotFound)
    }

    /// Memories, the last changed first.
    ///
    /// # Errors
    ///
    /// [`Error::Database`]
    pub fn list(&self, limit: u32, offset: u32) -> Result<Vec<Memory>> {
        let sql = format!(
            "SELECT {FIELDS} FROM memories m WHERE {VISIBLE}
             ORDER BY m.updated_at DESC, m.rowid DESC LIMIT ?1 OFFSET ?2"
        );
        self.rows(&sql, params![limit, offset], memory)
    }

    /// How many memories there are.
    ///
    /// # Errors
    ///
    /// [`Error::Database`]
    pub fn count(&self) -> Result<u64> {
        let sql = format!("SELECT count(*) FROM memories m WHERE {VISIBLE}");
        self.connection
            .query_row(&sql, [], |row| row.get(0))
            .map_err(self.fails())
    }

    /// Tags and how many memories have each, the most frequent first.
    ///
    /// # Errors
    ///
    /// [`Error::Database`]
    pub fn tags(&self, limit: u32) -> Result<Vec<(String, u64)>> {
        let sql = format!(
            "SELECT tag, count(*) AS memories FROM tags JOIN memories m ON m.id = memory_id
             WHERE {VISIBLE} GROUP BY tag ORDER BY memories DESC, tag LIMIT ?1"
        );
        self.rows(&sql, [limit], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// The size of the database, in bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Database`]
    pub fn bytes(&self) -> Result<u64> {
        let sql = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
        self.connection
            .query_row(sql, [], |row| row.get(0))
            .map_err(self.fails())
    }

    /// What is damaged, if anything is. Reads the whole database.
    ///
    /// # Errors
    ///
    /// [`Error::Database`]
    pub fn damage(&self) -> Result<Option<String>> {
        let found: String = self
            .connection
            .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
            .map_err(self.fails())?;
        Ok((found != "ok").then_some(found))
    }

    /// This moment, as memories have it.
    ///
    /// # Errors
    ///
    /// [`Error::Database`]
    pub fn now(&self) -> Result<String> {
        self.connection
            .query_row(&format!("SELECT {NOW}"), [], |row| row.get(0))
            .map_err(self.fails())
    }

    /// Copies all of it, as it is now, to an empty file.
    ///
    /// # Errors
    ///
    /// [`Error::Database`]
    pub fn copy_to(&self, path: &Path) -> Result<()> {
        // NB: in a statement a path is a text, and another text would name another file
        let text = path.to_str().ok_or_else(|| Error::Foreign {
            path: path.to_owned(),
            what: "its name is no Unicode; choose another folder".to_owned(),
        })?;
        self.connection
            .execute("VACUUM INTO ?1", [text])
            .map(drop)
            .map_err(self.fails())
    }

    /// Rows of a question, each made into something.
    pub(crate) fn rows<T>(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        map: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let collect = || {
            let mut statement = self.connection.prepare(sql)?;
            let rows = statement.query_map(values, map)?;
            rows.collect::<rusqlite::Result<_>>()
        };
        collect().map_err(self.fails())
    }

    pub(crate) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    pub(crate) fn fails(&self) -> impl FnOnce(rusqlite::Error) -> Error {
        let path = self.path.clone();
        move |error| explained(&path, error)
    }
}

/// How many memories a database has, which is not changed, not even to the present tables. Nothing if it is
/// not there.
///
/// # Errors
///
/// As [`Store::open`]
pub fn peek(path: &Path) -> Result<Option<u64>> {
    if !path.exists() {
        return Ok(None);
    }
    let count = || {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(PATIENCE)?;
        connection.query_row("SELECT count(*) FROM memories", [], |row| row.get(0))
    };
    count().map(Some).map_err(|error| explained(path, error))
}

/// A row of [`FIELDS`].
pub(crate) fn memory(row: &Row<'_>) -> rusqlite::Result<Memory> {
    let tags: String = row.get(3)?;
    Ok(Memory {
        id: row.get(0)?,
        title: row.get(1)?,
        content: row.get(2)?,
        tags: serde_json::from_str(&tags).unwrap_or_default(),
        created_at: row.get(4)?,
        updated_at: row.get(5)?,
        access_count: row.get(6)?,
        importance: row.get(7)?,
    })
}

/// SQLite does not wait for the lock that this needs, which another process may have that opens too.
fn write_ahead(connection: &Connection) -> rusqlite::Result<()> {
    let until = Instant::now() + PATIENCE;
    loop {
        match connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())) {
            Err(error) if is_busy(&error) && Instant::now() < until => thread::sleep(PAUSE),
            result => return result,
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

/// SQLite's words, or better ones where they do not say what would help.
fn explained(path: &Path, error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => Error::Foreign {
            path: path.to_owned(),
            what:
                "it is no SQLite database, or an encrypted one, which this program does not read; \
                   WM_STATE_ROOT names another folder"
                    .to_owned(),
        },
        _ => Error::Database {
            path: path.to_owned(),
            source: error,
        },
    }
}
