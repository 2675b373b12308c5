//! Texts by their meaning: named collections of vectors in `<workspace>/vectors/`.
//!
//! A collection is either of texts, whose vectors [`embed`] makes, or of vectors that someone else made.
//! Its files are numbered from 0000000001 on, and each is written whole, once:
//!
//! - `NAME.N.jsonl` is either the state at N, a header
//!   `{"_type":"vectors","dimensions","metric","embedding","indexed","index"}` and then as many records as
//!   `indexed` says, `{"id","text","metadata"?}`; or what was changed after N − 1, as records (with
//!   `"vector"`, the bits of its numbers in hexadecimal, where it was given) or `{"deleted":id}`.
//! - `NAME.N.INDEX.index` makes searching fast: the graph and the vectors of the state N, whose header says
//!   INDEX, its checksum.
//!
//! What a collection has is its last state, and the changes after it. Now and then a new state takes all
//! changes in. An index of texts that is lost or damaged is made anew.
//!
//! Several processes may use a collection. A file gets its name when it is whole, unless another has that
//! name: so each change is the next after all that its writer knew, or its writer first reads what another
//! has changed, and tries again. Nothing waits for a process that was killed. What was there before the last
//! state but one is removed. A writer that was held up for so long that its own files were among these is
//! told that it may have failed ([`Error::Busy`]).
//!
//! `NAME.jsonl` and `NAME.index`, which earlier versions wrote, are number 0; such a version sees none of the
//! others.

mod collection;
mod embedding;
mod error;
mod files;
mod names;
mod record;

use alloc::rc::Rc;
use core::cell::RefCell;

use clawft_vectors::Index;
use serde_json::Value;

use crate::platform::Directory;
use crate::prelude::*;
use collection::Collection;
use names::check_name;
use record::{Change, deletion};

pub use clawft_vectors::Metric;
pub use embedding::{EMBEDDING_DIMENSIONS, embed};
pub use error::Error;

/// The most bytes that an index takes while it is read, when it is there twice, with the records: a
/// component has 16 MiB in all. 10,000 vectors of 512 numbers have 6.4 MB.
const MAX_MEMORY: usize = 14 << 20;

/// The most bytes of a state's records and the changes since.
const MAX_RECORDS: usize = 4 << 20;

/// What is added to a collection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Entry<'a> {
    /// Its id; without one it gets the next. What has the id already is replaced.
    pub id: Option<u64>,
    /// Its text; may be empty where the vector is given
    pub text: &'a str,
    /// What else is known of it: a JSON object
    pub metadata: Option<&'a Value>,
    /// Its vector; without one it is made from the text
    pub vector: Option<&'a [f32]>,
}

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub enum Query<'a> {
    /// What is like a text
    Text(&'a str),
    /// What is near a vector
    Vector(&'a [f32]),
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// Its id
    pub id: u64,
    /// Its distance; see [`clawft_vectors`]
    pub distance: f32,
    /// Its text
    pub text: String,
    /// What else is known of it: the text of a JSON object, empty if nothing is
    pub metadata: String,
}

/// The collections of a workspace. It holds in memory the one that was used last.
pub struct Store {
    workspace: Rc<dyn Directory>,
    open: RefCell<Option<Box<Collection>>>,
}

impl Store {
    /// The collections of a workspace; nothing is read yet.
    #[must_use]
    pub fn new(workspace: Rc<dyn Directory>) -> Self {
        Self {
            workspace,
            open: RefCell::new(None),
        }
    }

    /// Makes a collection for vectors that are given with their texts. One that is there already stays as it
    /// is.
    ///
    /// # Errors
    /// [`Error::Exists`] if that is of another kind; else see [`Error`].
    pub fn create(&self, name: &str, dimensions: usize, metric: Metric) -> Result<(), Error> {
        let collection = self.take_or_make(name, dimensions, metric, false)?;
        let index = &collection.index;
        let same =
            !collection.embedded && index.dimensions() == dimensions && index.metric() == metric;
        self.keep(collection);
        if same {
            return Ok(());
        }
        Err(Error::Exists(name.to_owned()))
    }

    /// Adds entries, all or none: their ids. A collection that is not there is made, with cosine for its
    /// metric: of texts, or of vectors as long as the first.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn add(&self, name: &str, entries: &[Entry<'_>]) -> Result<Vec<u64>, Error> {
        let Some(first) = entries.first() else {
            return Ok(Vec::new());
        };
        let dimensions = first.vector.map_or(EMBEDDING_DIMENSIONS, <[f32]>::len);
        loop {
            let embedded = first.vector.is_none();
            let mut collection = self.take_or_make(name, dimensions, Metric::Cosine, embedded)?;
            if let Some(ids) = collection.add(self.workspace.as_ref(), entries)? {
                self.keep(collection);
                return Ok(ids);
            }
        }
    }

    /// Deletes an entry, and says whether there was one.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn delete(&self, name: &str, id: u64) -> Result<bool, Error> {
        loop {
            let mut collection = self.take(name)?;
            let there = collection.place(id).is_ok();
            if there {
                collection.apply(Change::Delete(id))?;
                if !collection.commit(self.workspace.as_ref(), &deletion(id), 1)? {
                    continue;
                }
            }
            self.keep(collection);
            return Ok(there);
        }
    }

    /// The entries nearest to what is looked for, at most `count`, nearest first.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn search(&self, name: &str, query: Query<'_>, count: usize) -> Result<Vec<Match>, Error> {
        let collection = self.take(name)?;
        let found = collection.search(query, count);
        self.keep(collection);
        found
    }

    /// How many entries a collection has; one that is not there has none.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn count(&self, name: &str) -> Result<usize, Error> {
        let collection = match self.take(name) {
            Err(Error::Unknown(_)) => return Ok(0),
            other => other?,
        };
        let count = collection.records.len();
        self.keep(collection);
        Ok(count)
    }

    /// A collection as it is now. Whoever fails to change it does not put it back, and it is read again.
    fn take(&self, name: &str) -> Result<Box<Collection>, Error> {
        check_name(name)?;
        let folder = self.workspace.as_ref();
        if let Some(mut collection) = self.open.take()
            && collection.name == name
            && collection.follow(folder)?
        {
            return Ok(collection);
        }
        Collection::read(folder, name)
    }

    /// The same, of a collection that is made if it is not there.
    fn take_or_make(
        &self,
        name: &str,
        dimensions: usize,
        metric: Metric,
        embedded: bool,
    ) -> Result<Box<Collection>, Error> {
        match self.take(name) {
            Err(Error::Unknown(_)) => {}
            other => return other,
        }
        let folder = self.workspace.as_ref();
        let new = Collection::new(name, Index::new(dimensions, metric)?, embedded);
        // Another may have been quicker, so what is there is read.
        new.write(folder, &new.records_text(0))?;
        Collection::read(folder, name)
    }

    fn keep(&self, collection: Box<Collection>) {
        self.open.replace(Some(collection));
    }
}
