//! Changes of memories: each is a transaction, and each keeps the index as the texts are.

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use sha2::{Digest as _, Sha256};
use uuid::Builder;

use super::{NOW, Store, VISIBLE, explained};
use crate::error::{Error, Result};
use crate::memory::{Change, Memory, NewMemory};

impl Store {
    /// Keeps a memory, and returns its identifier.
    ///
    /// # Errors
    ///
    /// [`Error::Database`]
    pub fn create(&mut self, memory: &NewMemory<'_>) -> Result<String> {
        self.change(|transaction| insert(transaction, memory))
    }

    /// Keeps memories whose titles are not there yet, all or none, and returns how many.
    ///
    /// # Errors
    ///
    /// [`Error::Database`]
    pub fn create_missing(&mut self, memories: &[NewMemory<'_>]) -> Result<usize> {
        self.change(|transaction| {
            let mut created = 0;
            for memory in memories {
                let sql = "SELECT EXISTS(SELECT 1 FROM memories WHERE title = ?1)";
                if !transaction.query_row(sql, [memory.title], |row| row.get(0))? {
                    insert(transaction, memory)?;
                    created += 1;
                }
            }
            Ok(created)
        })
    }

    /// Counts that a memory was read, and returns it.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Database`]
    pub fn access(&mut self, id: &str) -> Result<Memory> {
        self.change(|transaction| {
            let sql = format!(
                "UPDATE memories AS m SET access_count = coalesce(access_count, 0) + 1, accessed_at = {NOW}
                 WHERE id = ?1 AND {VISIBLE}"
            );
            transaction.execute(&sql, [id])
        })?;
        self.read(id)
    }

    /// Changes a memory: all that is given, or nothing.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Database`]
    pub fn update(&mut self, id: &str, change: &Change<'_>) -> Result<Memory> {
        let hash = change.content.map(content_hash);
        let changed = self.change(|transaction| {
            let sql = format!(
                "UPDATE memories AS m SET title = coalesce(?2, title), content = coalesce(?3, content),
                    content_hash = coalesce(?4, content_hash), importance = coalesce(?5, importance),
                    updated_at = {NOW}
                 WHERE id = ?1 AND {VISIBLE}"
            );
            let values = params![id, change.title, change.content, hash, change.importance];
            let changed = transaction.execute(&sql, values)?;
            if changed == 0 {
                return Ok(0);
            }
            if let Some(tags) = change.tags {
                transaction.execute("DELETE FROM tags WHERE memory_id = ?1", [id])?;
                insert_tags(transaction, id, tags)?;
            }
            unindex(transaction, id)?;
            index(transaction, id)?;
            Ok(changed)
        })?;
        if changed == 0 {
            return Err(Error::NotFound);
        }
        self.read(id)
    }

    /// Deletes a memory and all that refers to it.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Refused`] if it is protected; [`Error::Database`]
    pub fn delete(&mut self, id: &str) -> Result<()> {
        let protected = self.change(|transaction| {
            let sql = format!(
                "SELECT coalesce(is_protected, 0) <> 0 FROM memories m WHERE id = ?1 AND {VISIBLE}"
            );
            let protected = transaction
                .query_row(&sql, [id], |row| row.get(0))
                .optional()?;
            if protected == Some(false) {
                unindex(transaction, id)?;
                transaction.execute("DELETE FROM memories WHERE id = ?1", [id])?;
            }
            Ok(protected)
        })?;
        match protected {
            None => Err(Error::NotFound),
            Some(true) => Err(Error::Refused(
                "this memory is protected; take its protection off in WhiteMagic first".to_owned(),
            )),
            Some(false) => Ok(()),
        }
    }

    /// What happens as a whole or not at all.
    fn change<T>(
        &mut self,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let path = &self.path;
        // NB: one that reads first and then writes could not wait for another's change
        let run = |connection: &mut Connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = change(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        run(&mut self.connection).map_err(|error| explained(path, error))
    }
}

fn insert(transaction: &Transaction<'_>, memory: &NewMemory<'_>) -> rusqlite::Result<String> {
    // NB: SQLite has the system's chance, so no other source is needed
    let chance = transaction.query_row("SELECT randomblob(16)", [], |row| row.get(0))?;
    let id = Builder::from_random_bytes(chance).into_uuid().to_string();
    let sql = format!(
        "INSERT INTO memories(id, title, content, importance, content_hash,
            created_at, updated_at, accessed_at, ingestion_time)
         VALUES (?1, ?2, ?3, ?4, ?5, {NOW}, {NOW}, {NOW}, {NOW})"
    );
    let hash = content_hash(memory.content);
    let values = params![id, memory.title, memory.content, memory.importance, hash];
    transaction.execute(&sql, values)?;
    insert_tags(transaction, &id, memory.tags)?;
    index(transaction, &id)?;
    Ok(id)
}

fn insert_tags(transaction: &Transaction<'_>, id: &str, tags: &[String]) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare("INSERT INTO tags(memory_id, tag) VALUES (?1, ?2)")?;
    for tag in tags {
        statement.execute([id, tag])?;
    }
    Ok(())
}

/// Both programs write the index themselves: triggers of the one would index twice what the other does.
fn index(transaction: &Transaction<'_>, id: &str) -> rusqlite::Result<()> {
    let sql = "INSERT INTO memories_fts(id, title, content, tags_text)
        SELECT id, coalesce(title, ''), content,
            coalesce((SELECT group_concat(tag, ' ') FROM tags WHERE memory_id = id), '')
        FROM memories WHERE id = ?1";
    transaction.execute(sql, [id]).map(drop)
}

fn unindex(transaction: &Transaction<'_>, id: &str) -> rusqlite::Result<()> {
    transaction
        .execute("DELETE FROM memories_fts WHERE id = ?1", [id])
        .map(drop)
}

/// As the full WhiteMagic has it, which finds duplicates by it.
fn content_hash(content: &str) -> String {
    format!("{:x}", Sha256::digest(content))
}
