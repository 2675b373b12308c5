//! A collection in memory, and what is done with it there.

use clawft_vectors::Index;

use super::embedding::embed;
use super::names::path_of;
use super::record::{Change, Record};
use super::{Entry, Error, MAX_MEMORY, MAX_RECORDS, Match, Query};
use crate::json;
use crate::platform::{Directory, memory};
use crate::prelude::*;

pub(super) struct Collection {
    pub name: String,
    pub index: Index,
    /// Whether [`embed`] makes its vectors
    pub embedded: bool,
    /// By id
    pub records: Vec<Record>,
    /// The numbers of its last state, and of its last file
    pub state: u64,
    pub last: u64,
    /// Bytes of the state's records and the changes since
    pub length: usize,
    /// Changes since the state was written
    pub changes: usize,
}

impl Collection {
    pub fn new(name: &str, index: Index, embedded: bool) -> Box<Self> {
        Box::new(Self {
            name: name.to_owned(),
            index,
            embedded,
            records: Vec::new(),
            state: 0,
            last: 0,
            length: 0,
            changes: 0,
        })
    }

    /// Makes the vectors that the index lacks.
    pub fn complete(&mut self) -> Result<(), Error> {
        for record in &self.records {
            if self.index.contains(record.id) {
                continue;
            }
            let made = embed(&record.text).filter(|_| self.embedded);
            let Some(vector) = made else {
                let path = path_of(&self.name, self.state);
                return Err(Error::Damaged(path, record.id, "its index lacks"));
            };
            self.index.add(record.id, &vector)?;
            self.changes += 1;
        }
        Ok(())
    }

    pub fn search(&self, query: Query<'_>, count: usize) -> Result<Vec<Match>, Error> {
        let made;
        let vector = match query {
            Query::Vector(vector) => {
                self.expect(false)?;
                vector
            }
            Query::Text(text) => {
                self.expect(true)?;
                made = embed(text).ok_or(Error::NoWords)?;
                &made
            }
        };
        let mut matches = Vec::new();
        for neighbour in self.index.search(vector, count)? {
            if let Ok(place) = self.place(neighbour.id) {
                let record = &self.records[place];
                if !memory::room(record.text.len() + record.metadata.len()) {
                    return Err(Error::Memory);
                }
                matches.push(Match {
                    id: record.id,
                    distance: neighbour.distance,
                    text: record.text.clone(),
                    metadata: record.metadata.clone(),
                });
            }
        }
        Ok(matches)
    }

    pub fn place(&self, id: u64) -> Result<usize, usize> {
        self.records.binary_search_by_key(&id, |record| record.id)
    }

    pub fn put(&mut self, record: Record) {
        match self.place(record.id) {
            Ok(place) => self.records[place] = record,
            Err(place) => self.records.insert(place, record),
        }
    }

    /// Makes changes that stand in a file.
    pub fn apply_all(&mut self, changes: Vec<Change>) -> Result<(), Error> {
        self.changes += changes.len();
        changes
            .into_iter()
            .try_for_each(|change| self.apply(change))
    }

    pub fn apply(&mut self, change: Change) -> Result<(), Error> {
        match change {
            Change::Put(record, vector) => {
                let vector = vector
                    .or_else(|| embed(&record.text))
                    .ok_or(Error::NoWords)?;
                self.index.add(record.id, &vector)?;
                self.put(record);
            }
            Change::Delete(id) => {
                self.index.delete(id);
                if let Ok(place) = self.place(id) {
                    self.records.remove(place);
                }
            }
        }
        Ok(())
    }

    /// That its vectors come from where the caller takes them.
    fn expect(&self, embedded: bool) -> Result<(), Error> {
        if self.embedded == embedded {
            return Ok(());
        }
        Err(Error::Kind(
            self.name.clone(),
            if self.embedded {
                "makes its vectors from texts: give a text, and no vector"
            } else {
                "holds vectors that were given: give a vector"
            },
        ))
    }

    /// Adds entries: their ids, or nothing if another has changed the collection meanwhile.
    pub fn add(
        &mut self,
        folder: &dyn Directory,
        entries: &[Entry<'_>],
    ) -> Result<Option<Vec<u64>>, Error> {
        let full = |name: &str| Error::Full(name.to_owned());
        let mut next = match self.records.last() {
            Some(last) => last.id.checked_add(1),
            None => Some(1),
        };
        let taken_in = self.are_many(entries.len());
        let (mut ids, mut lines) = (Vec::new(), String::new());
        for entry in entries {
            self.expect(entry.vector.is_none())?;
            if 2 * self.index.memory() > MAX_MEMORY {
                return Err(full(&self.name));
            }
            if entry.metadata.is_some_and(|metadata| !metadata.is_object()) {
                return Err(Error::Metadata);
            }
            let id = entry.id.or(next).ok_or_else(|| full(&self.name))?;
            if next.is_some_and(|next| next <= id) {
                next = id.checked_add(1);
            }
            let record = Record {
                id,
                text: entry.text.to_owned(),
                metadata: entry.metadata.map(json::text).unwrap_or_default(),
            };
            if !taken_in {
                record.write(entry.vector, &mut lines);
            }
            ids.push(id);
            // In memory first: what the index refuses never comes to a file.
            self.apply(Change::Put(record, entry.vector.map(<[f32]>::to_vec)))?;
        }
        if 2 * self.index.memory() + self.length + lines.len() > MAX_MEMORY {
            if 2 * self.index.memory() + self.size() > MAX_MEMORY {
                return Err(full(&self.name));
            }
            lines.clear();
        }
        let committed = self.commit(folder, &lines, entries.len())?;
        Ok(committed.then_some(ids))
    }

    /// Whether so many changes more are to be taken in.
    pub fn are_many(&self, more: usize) -> bool {
        const FEW: usize = 64;
        let changes = self.changes + more;
        changes > FEW + self.records.len() / 32
            || changes.saturating_mul(self.index.dimensions()) >= MAX_RECORDS / 32
    }
}
