//! Where memories lie in five dimensions.

use std::collections::HashMap;

use serde_json::{Value, json};
use whitemagic::encoder::{self, encode};
use whitemagic::spatial::{AXES, Point, SpatialIndex};

use crate::error::{Error, Result};
use crate::memory::Memory;
use crate::query::Query;
use crate::search::{Found, Match};
use crate::store::{Store, VISIBLE};

/// So many memories with the words of a query are ordered anew by their place.
const CANDIDATES: u32 = 50;
/// The constant of reciprocal rank fusion: Cormack, Clarke and Büttcher, SIGIR 2009.
const FUSION: f64 = 60.0;
/// What counts of the distance between a memory and a query, along each axis. A query has no weight of its
/// own, and heavy memories are not to be farther for that.
const TO_QUERY: Point = [1.0, 1.0, 1.0, 0.0, 1.0];

/// What a memory's place depends on, beside its text: what differs needs a new place.
#[derive(Clone, Debug, PartialEq)]
struct Facts {
    id: String,
    updated_at: String,
    access_count: i64,
    importance: f64,
    galactic_distance: f64,
    age_days: i64,
}

/// A memory near to a place.
#[derive(Clone, Debug)]
pub struct Near {
    /// The memory
    pub memory: Memory,
    /// How far it is
    pub distance: f64,
    /// Where it lies
    pub place: Point,
}

/// The places of a store's memories, kept between calls.
#[derive(Debug, Default)]
pub struct Space {
    index: SpatialIndex<String>,
    known: HashMap<String, Facts>,
}

impl Space {
    /// The place of a memory.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Database`]
    pub fn place(&mut self, store: &Store, id: &str) -> Result<Point> {
        self.refresh(store)?;
        self.index
            .get(&id.to_owned())
            .copied()
            .ok_or(Error::NotFound)
    }

    /// The memories nearest to a place, the nearest first.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] if the place is none; [`Error::Database`]
    pub fn nearest(&mut self, store: &Store, to: &Point, limit: u32) -> Result<Vec<Near>> {
        self.near(store, to, limit, &[1.0; 5])
    }

    /// Finds memories by words and place at once: those with the words, ordered by reciprocal rank fusion of
    /// both. Without any, those whose place is nearest to that of the words.
    ///
    /// # Errors
    ///
    /// [`Error::Database`]
    pub fn recall(&mut self, store: &Store, words: &str, limit: u32) -> Result<Vec<Found>> {
        let asked = place_of(words)?;
        let mut found = store.search(&Query::parse(words), CANDIDATES.max(limit))?;
        if found.is_empty() {
            let near = self.near(store, &asked, limit, &TO_QUERY)?;
            let near = near.into_iter().map(|near| Found {
                memory: near.memory,
                score: 1.0 / (1.0 + near.distance),
                found: Match::Coordinates,
            });
            return Ok(near.collect());
        }
        self.refresh(store)?;
        let distance = |found: &Found| match self.index.get(&found.memory.id) {
            Some(place) => distance(place, &asked, &TO_QUERY),
            None => f64::INFINITY,
        };
        let mut by_place: Vec<_> = found.iter().map(distance).enumerate().collect();
        by_place.sort_by(|(_, a), (_, b)| a.total_cmp(b));
        for (rank, found) in found.iter_mut().enumerate() {
            found.score = fused(rank);
        }
        for (rank, (at, _)) in by_place.into_iter().enumerate() {
            found[at].score += fused(rank);
        }
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
        found.truncate(limit as usize);
        Ok(found)
    }

    fn near(
        &mut self,
        store: &Store,
        to: &Point,
        limit: u32,
        weights: &Point,
    ) -> Result<Vec<Near>> {
        self.refresh(store)?;
        let found = self
            .index
            .nearest_weighted(to, limit as usize, weights)
            .map_err(|error| Error::argument("coordinates", error.to_string()))?;
        let memories = found.into_iter().map(|neighbour| {
            Ok(Near {
                memory: store.read(neighbour.key)?,
                distance: neighbour.distance_squared.sqrt(),
                place: self.index.get(neighbour.key).copied().unwrap_or_default(),
            })
        });
        memories.collect()
    }

    /// Places what has changed since the last time, whoever changed it.
    fn refresh(&mut self, store: &Store) -> Result<()> {
        let now = facts(store)?;
        let mut gone: HashMap<_, _> = std::mem::take(&mut self.known);
        for facts in now {
            if gone.remove(&facts.id).as_ref() != Some(&facts) {
                self.put(store, &facts)?;
            }
            self.known.insert(facts.id.clone(), facts);
        }
        for id in gone.keys() {
            self.index.delete(id);
        }
        Ok(())
    }

    fn put(&mut self, store: &Store, facts: &Facts) -> Result<()> {
        let memory = match store.read(&facts.id) {
            // Deleted meanwhile by another process; the next refresh knows.
            Err(Error::NotFound) => return Ok(()),
            memory => memory?,
        };
        let tags: Vec<&str> = memory.tags.iter().map(String::as_str).collect();
        #[allow(clippy::cast_precision_loss, reason = "no memory is 2^53 days old")]
        let age_days = facts.age_days as f64;
        let place = encoded(&encoder::Memory {
            content: &memory.content,
            tags: &tags,
            importance: facts.importance.clamp(0.0, 1.0),
            access_count: facts.access_count.try_into().unwrap_or_default(),
            age_days,
            galactic_distance: facts.galactic_distance,
            garden: "",
        })?;
        self.index.delete(&facts.id);
        let added = self.index.add(facts.id.clone(), place);
        added.map_err(|error| Error::argument("coordinates", error.to_string()))
    }
}

/// The place of words that are not kept: new, of usual weight.
///
/// # Errors
///
/// None that words can cause.
pub fn place_of(words: &str) -> Result<Point> {
    encoded(&encoder::Memory {
        content: words,
        importance: 0.5,
        ..encoder::Memory::default()
    })
}

/// A place, to four digits by axis.
#[must_use]
pub fn named(place: &Point) -> Value {
    let axes = AXES.iter().zip(place);
    axes.map(|(axis, value)| ((*axis).to_owned(), json!((value * 1e4).round() / 1e4)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn encoded(memory: &encoder::Memory<'_>) -> Result<Point> {
    encode(memory).map_err(|error| Error::argument("memory", error.to_string()))
}

fn facts(store: &Store) -> Result<Vec<Facts>> {
    let sql = format!(
        "SELECT m.id, coalesce(m.updated_at, ''), coalesce(m.access_count, 0),
            coalesce(m.importance, 0.5), coalesce(m.galactic_distance, 0.0),
            coalesce(cast(julianday('now') - julianday(m.created_at) AS INTEGER), 0)
         FROM memories m WHERE {VISIBLE} ORDER BY m.rowid"
    );
    store.rows(&sql, [], |row| {
        Ok(Facts {
            id: row.get(0)?,
            updated_at: row.get(1)?,
            access_count: row.get(2)?,
            importance: row.get(3)?,
            galactic_distance: row.get(4)?,
            age_days: row.get(5)?,
        })
    })
}

fn distance(a: &Point, b: &Point, weights: &Point) -> f64 {
    let axes = a.iter().zip(b).zip(weights);
    axes.map(|((a, b), weight)| weight * (a - b) * (a - b))
        .sum()
}

/// What a place in an order is worth, counted from 0.
fn fused(rank: usize) -> f64 {
    let rank = f64::from(u32::try_from(rank).unwrap_or(u32::MAX));
    1.0 / (FUSION + rank + 1.0)
}
