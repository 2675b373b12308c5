//! Finding memories by their words.

use rusqlite::params_from_iter;
use rusqlite::types::Value;
use serde::Serialize;

use crate::error::Result;
use crate::memory::Memory;
use crate::query::Query;
use crate::store::{FIELDS, Store, VISIBLE, memory};

/// What a word weighs in `id`, title, text and tags.
const WEIGHTS: &str = "0.0, 4.0, 1.0, 2.0";

/// How a memory was found. Those that have more of what was asked for come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// It has every word.
    AllWords,
    /// It has at least one.
    AnyWord,
    /// It has one only as a part of something longer, or as a symbol.
    Substring,
    /// Its place in the five dimensions is near to that of the words.
    Coordinates,
}

/// A memory that was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Found {
    /// The memory
    #[serde(flatten)]
    pub memory: Memory,
    /// How well it fits, the greater the better. It compares memories of one search that were found alike:
    /// by words it is the BM25 of FTS5, by a substring how many words are in it.
    pub score: f64,
    /// How it was found
    #[serde(rename = "match")]
    pub found: Match,
}

impl Store {
    /// Finds memories by words, the best first: those with all of them, then those with any, and if there
    /// are none, those in which one is at least a part of the text.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`]
    pub fn search(&self, query: &Query, limit: u32) -> Result<Vec<Found>> {
        let mut found = Vec::new();
        if let Some(words) = query.every() {
            found = self.matching(&words, query, Match::AllWords, limit)?;
        }
        if (found.len() as u64) < u64::from(limit)
            && let Some(words) = query.any()
        {
            for more in self.matching(&words, query, Match::AnyWord, limit)? {
                if !found.iter().any(|known| known.memory.id == more.memory.id) {
                    found.push(more);
                }
            }
            found.truncate(limit as usize);
        }
        if found.is_empty() && !query.is_empty() {
            found = self.containing(query.all(), limit)?;
        }
        Ok(found)
    }

    /// Of two texts that the index finds alike, the one that has the words as they were typed comes first.
    fn matching(&self, words: &str, query: &Query, how: Match, limit: u32) -> Result<Vec<Found>> {
        let marked: Vec<_> = query.marked().collect();
        let symbols = match how {
            Match::AllWords => query.symbols(),
            _ => &[],
        };
        let sql = format!(
            "SELECT {FIELDS}, -bm25(memories_fts, {WEIGHTS}) AS score, 0{} AS as_typed
             FROM memories_fts JOIN memories m ON m.id = memories_fts.id
             WHERE memories_fts MATCH ? AND {VISIBLE}{}
             ORDER BY as_typed DESC, score DESC, m.rowid DESC LIMIT ?",
            format!(" + {HAS}").repeat(marked.len()),
            format!(" AND {HAS}").repeat(symbols.len()),
        );
        let mut values: Vec<_> = marked.into_iter().map(value).collect();
        values.push(words.to_owned().into());
        values.extend(symbols.iter().map(|word| value(word)));
        values.push(limit.into());
        self.found(&sql, values, how)
    }

    fn containing(&self, words: &[String], limit: u32) -> Result<Vec<Found>> {
        let sql = format!(
            "SELECT {FIELDS}, 0.0{} AS score FROM memories m WHERE score > 0 AND {VISIBLE}
             ORDER BY score DESC, m.rowid DESC LIMIT ?",
            format!(" + {HAS}").repeat(words.len())
        );
        let mut values: Vec<_> = words.iter().map(|word| value(word)).collect();
        values.push(limit.into());
        self.found(&sql, values, Match::Substring)
    }

    fn found(&self, sql: &str, values: Vec<Value>, how: Match) -> Result<Vec<Found>> {
        self.rows(sql, params_from_iter(values), |row| {
            Ok(Found {
                memory: memory(row)?,
                score: row.get(8)?,
                found: how,
            })
        })
    }
}

/// Whether title or text has something in it. `LIKE` would end at a NUL.
const HAS: &str = "(instr(lower(coalesce(m.title, '') || ' ' || m.content), lower(?)) > 0)";

fn value(word: &str) -> Value {
    Value::from(word.to_owned())
}
