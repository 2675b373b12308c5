//! The memories that a new state root has: what this program is and how it is used.

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::memory::NewMemory;
use crate::store::Store;

const TEXT: &str = include_str!("quickstart.yaml");

#[derive(Deserialize)]
struct Quickstart {
    memories: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    title: String,
    tags: Vec<String>,
    importance: f64,
    content: String,
}

/// Keeps those that are not there yet, and returns how many.
///
/// # Errors
///
/// [`Error::Database`]
pub fn plant(store: &mut Store) -> Result<usize> {
    let quickstart: Quickstart = serde_saphyr::from_str(TEXT).map_err(|error| Error::Rules {
        place: "quickstart memories".to_owned(),
        what: error.to_string(),
    })?;
    let memories: Vec<_> = quickstart.memories.iter().map(Entry::memory).collect();
    store.create_missing(&memories)
}

impl Entry {
    fn memory(&self) -> NewMemory<'_> {
        NewMemory {
            title: &self.title,
            content: self.content.trim_end(),
            tags: &self.tags,
            importance: self.importance,
        }
    }
}
