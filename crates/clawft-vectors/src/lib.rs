//! Nearest neighbours of vectors such as embeddings, in little memory and few bytes of code: a
//! hierarchical navigable small world graph (HNSW; Malkov and Yashunin 2016, arXiv:1603.09320) over
//! vectors of eight-bit numbers.
//!
//! ```
//! use clawft_vectors::{Index, Metric};
//!
//! let mut index = Index::new(3, Metric::Cosine)?;
//! index.add(7, &[1.0, 0.0, 0.0])?;
//! index.add(8, &[0.0, 1.0, 0.5])?;
//! let nearest = index.search(&[0.9, 0.1, 0.0], 1)?;
//! assert_eq!(nearest[0].id, 7);
//! let same = Index::load(&index.save())?;
//! assert_eq!(same.len(), 2);
//! # Ok::<(), clawft_vectors::Error>(())
//! ```
//!
//! # Distances
//! | metric | distance of q and a |
//! |---|---|
//! | [`Metric::L2`] | \|q − a\|², the square, as hnswlib has it |
//! | [`Metric::Cosine`] | 1 − cos(q, a) |
//! | [`Metric::Dot`] | 1 − q · a |
//!
//! A stored number becomes one of 255 steps between ± the largest of its vector; a query's keep up to
//! sixteen bits. A step is largest/127, so the vector `e` of rounding errors has a length of about
//! largest · √dimensions / 440, which is 0.7 % of the vector's own for normally distributed numbers in
//! 512 dimensions, and at most √dimensions / 254 of the largest. A distance errs by about 2 (q − a) · e under L2,
//! (q̂ − â) · e of the vectors of length one under Cosine, and q · e under Dot: for unrelated directions, a
//! √dimensions-th of the lengths' product. A vector's distance to itself is 0 under L2 and Cosine, but
//! for what the query's own sixteen bits round. The others are never negative.
//!
//! # Cost
//! For n vectors of d dimensions, M = [`Options::links`], and p = d up to the next multiple of 16:
//!
//! | | |
//! |---|---|
//! | memory | n · (p + 21 + 6 M) bytes, a table of 6 to 11 per vector, links of upper layers of 3 |
//! | search | about `breadth` · log n distances, of d multiplications each; or n, see [`Index::search`] |
//! | add | a search with `construction` for a breadth, and M² distances between neighbours |
//! | delete | as choosing the links of one vector; each time that a sixteenth is deleted, a look at all links |
//!
//! No more than a sixteenth of the slots, and 16, are taken by deleted vectors.
//!
//! # File
//! Numbers are little-endian.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `clawftV`, and the version, 1 |
//! | 4 | dimensions |
//! | 1 | metric: 0 L2, 1 Cosine, 2 Dot |
//! | 1, 2, 4, 4, 8 | `links`, `construction`, `breadth`, `capacity_limit`, `seed` |
//! | 4 | n, the number of slots |
//! | 4 | the slot where a search starts; 2³² − 1 if there is no vector |
//! | n times | a slot's record |
//! | | lists of links of the upper layers: slot by slot, and from layer 1 up |
//! | 8 | FNV-1a of all before |
//!
//! | bytes of a record | what |
//! |---|---|
//! | p | codes, signed, with zeros behind |
//! | 4 | scale (f32) |
//! | 4 | offset (f32): what the square of the rounding errors adds is taken from it |
//! | 8 | id |
//! | 3 | number of the slot's first list among those of the upper layers; 0 without any |
//! | 1 | 0 free, 1 a vector, 2 a deleted one that is still on paths |
//! | 1 + 6 M | list of at most 2 M links: how many, and three bytes for each slot; zeros behind |
//!
//! A list of an upper layer has at most M. How high a slot reaches follows from its number and the seed.

// NB: sizes and counts are checked when they come in, and floats are meant to be rounded
#![allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
#![no_std]

extern crate alloc;
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
extern crate std;

mod code;
mod dot;
mod file;
pub mod float;
mod graph;
mod ids;
mod slots;

use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::fmt;

use code::Query;
pub use file::Saved;
use graph::NONE;
use ids::Ids;
use slots::{DEAD, Slots};

/// How the distance of two vectors is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// The square of the Euclidean distance.
    L2,
    /// One less the cosine of the angle between them; from 0 to 2, and none for a vector of zeros.
    Cosine,
    /// One less the inner product, which may be negative. It is not a distance: a longer vector in the
    /// same direction is nearer than the vector itself.
    Dot,
}

/// What an index is built with, for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The paper's M, from 2 to 100: a vector has up to this number of links in each upper layer, and twice it
    /// in the lowest. More find more in many dimensions, take 6 bytes of memory each, and time.
    pub links: usize,
    /// The paper's efConstruction, from 1 to 65,535: among how many near vectors the links of a new one are
    /// chosen. More find more, and adding takes longer.
    pub construction: usize,
    /// The paper's ef, from 1 to 1,000,000: how many near vectors a search follows, if it is not asked for
    /// more. More find more, and searching takes longer.
    pub breadth: usize,
    /// What the layers are drawn with.
    pub seed: u64,
    /// The most vectors, from 1 to 15,000,000.
    pub capacity_limit: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            links: 16,
            construction: 100,
            breadth: 64,
            seed: 0,
            capacity_limit: 15_000_000,
        }
    }
}

/// A vector that a search found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// What it was added as.
    pub id: u64,
    /// Its distance to the query.
    pub distance: f32,
}

/// Why something was not done. The index is as it was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Dimensions must be from 1 to 65,536.
    Dimensions,
    /// An option is out of its range.
    Option {
        /// Its name.
        name: &'static str,
    },
    /// A vector has another number of dimensions than the index.
    Length {
        /// That of the index.
        expected: usize,
        /// That of the vector.
        found: usize,
    },
    /// A number is infinite or none.
    NotFinite {
        /// Its position in the vector.
        position: usize,
    },
    /// A vector of zeros has no direction.
    ZeroVector,
    /// Four times the square of a vector's length is more than an f32 can hold.
    TooLong,
    /// There are as many vectors as there may be.
    Full {
        /// How many.
        limit: usize,
    },
    /// There is no memory for one more.
    OutOfMemory,
    /// A file is no index.
    Corrupt {
        /// Where in the file, in bytes.
        offset: usize,
        /// What was found there.
        what: &'static str,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Dimensions => out.write_str("dimensions must be from 1 to 65536"),
            Error::Option { name } => write!(out, "option {name} is out of range"),
            Error::Length { expected, found } => {
                write!(
                    out,
                    "a vector of {found} numbers, in an index of {expected} dimensions"
                )
            }
            Error::NotFinite { position } => {
                write!(out, "number {position} of the vector is not finite")
            }
            Error::ZeroVector => out.write_str("a vector of zeros has no direction"),
            Error::TooLong => out.write_str("the vector is too long for distances to it"),
            Error::Full { limit } => write!(out, "the index has its limit of {limit} vectors"),
            Error::OutOfMemory => out.write_str("no memory for another vector"),
            Error::Corrupt { offset, what } => {
                write!(out, "not an index: {what}, at byte {offset}")
            }
        }
    }
}

impl core::error::Error for Error {}

/// The most dimensions.
const DIMENSIONS: usize = 65_536;

/// The most vectors: with a sixteenth of deleted ones, links still tell them apart.
const VECTORS: usize = 15_000_000;

/// As many distances as a search through the graph takes, for each that it follows.
const PER_STEP: usize = 8;

/// Vectors of one number of dimensions, found by nearness. The same calls make the same index.
pub struct Index {
    dimensions: usize,
    metric: Metric,
    options: Options,
    slots: Slots,
    ids: Ids,
    /// Free slots, the lowest last
    free: Vec<u32>,
    dead: usize,
    entry: u32,
}

impl Index {
    /// An empty index with the default options.
    ///
    /// # Errors
    /// [`Error::Dimensions`].
    pub fn new(dimensions: usize, metric: Metric) -> Result<Index, Error> {
        Index::with_options(dimensions, metric, Options::default())
    }

    /// An empty index.
    ///
    /// # Errors
    /// [`Error::Dimensions`] and [`Error::Option`].
    pub fn with_options(
        dimensions: usize,
        metric: Metric,
        options: Options,
    ) -> Result<Index, Error> {
        if !(1..=DIMENSIONS).contains(&dimensions) {
            return Err(Error::Dimensions);
        }
        for (name, value, least, most) in [
            ("links", options.links, 2, 100),
            ("construction", options.construction, 1, 65_535),
            ("breadth", options.breadth, 1, 1_000_000),
            ("capacity_limit", options.capacity_limit, 1, VECTORS),
        ] {
            if !(least..=most).contains(&value) {
                return Err(Error::Option { name });
            }
        }
        Ok(Index {
            dimensions,
            metric,
            options,
            slots: Slots::new(dimensions, &options),
            ids: Ids::default(),
            free: Vec::new(),
            dead: 0,
            entry: NONE,
        })
    }

    /// Adds a vector, in place of the one with the same id.
    ///
    /// # Errors
    /// [`Error::Length`], [`Error::NotFinite`], [`Error::ZeroVector`] under [`Metric::Cosine`],
    /// [`Error::TooLong`] under the others, [`Error::Full`], [`Error::OutOfMemory`].
    pub fn add(&mut self, id: u64, vector: &[f32]) -> Result<(), Error> {
        let vector = code::check(vector, self.dimensions, self.metric)?;
        let limit = self.options.capacity_limit;
        if self.len() >= limit && !self.contains(id) {
            return Err(Error::Full { limit });
        }
        self.ids.reserve(&self.slots)?;
        let slot = if let Some(slot) = self.free.pop() {
            slot
        } else {
            self.slots.reserve()?;
            self.slots.append()
        };
        let (scale, offset) = code::encode(&vector, self.metric, self.slots.codes_mut(slot));
        self.slots.fill(slot, id, scale, offset);
        self.link(slot, &Query::new(&vector, self.metric));
        if let Some(old) = self.ids.put(slot, &self.slots) {
            self.bury(old);
        }
        Ok(())
    }

    /// Deletes a vector, and says whether there was one.
    pub fn delete(&mut self, id: u64) -> bool {
        let found = self.ids.take(id, &self.slots);
        if let Some(slot) = found {
            self.bury(slot);
        }
        found.is_some()
    }

    fn bury(&mut self, slot: u32) {
        self.slots.set_state(slot, DEAD);
        self.dead += 1;
        if self.is_empty() {
            self.slots = Slots::new(self.dimensions, &self.options);
            self.settle();
            self.entry = NONE;
            return;
        }
        self.bequeath(slot);
        if self.dead > 16 + self.len() / 16 {
            self.sweep();
        }
    }

    /// The vectors nearest to `query`, at most `count`, nearest first, and in the order of ids where
    /// distances are equal.
    ///
    /// All vectors are compared where these are few: at most eight times `count` or [`Options::breadth`],
    /// whichever is more. Otherwise some of the nearest may be missing.
    ///
    /// # Errors
    /// [`Error::Length`], [`Error::NotFinite`], [`Error::ZeroVector`] under [`Metric::Cosine`],
    /// [`Error::TooLong`] under the others.
    pub fn search(&self, query: &[f32], count: usize) -> Result<Vec<Neighbour>, Error> {
        self.search_with(query, count, self.options.breadth)
    }

    /// As [`Index::search`], with another [`Options::breadth`].
    ///
    /// # Errors
    /// As [`Index::search`].
    pub fn search_with(
        &self,
        query: &[f32],
        count: usize,
        breadth: usize,
    ) -> Result<Vec<Neighbour>, Error> {
        let query = Query::new(
            &code::check(query, self.dimensions, self.metric)?,
            self.metric,
        );
        let count = count.min(self.len());
        if count == 0 {
            return Ok(Vec::new());
        }
        let breadth = breadth.max(count);
        let graph = self.graph();
        let found = if self.len() / PER_STEP <= breadth {
            graph.scan(&query, count)
        } else {
            let start = graph.descend(&query, self.entry, 0);
            graph.explore(&query, &[start], breadth, 0)
        };
        // NB: a heap, because a search has the code of one already, and sorting would add much more
        let found = found.into_iter();
        let found: BinaryHeap<(u32, u64)> = found
            .map(|found| (found.order(), self.slots.id(found.slot())))
            .collect();
        let found = found.into_sorted_vec().into_iter().take(count);
        Ok(found
            .map(|(order, id)| Neighbour {
                id,
                distance: graph::distance(order),
            })
            .collect())
    }

    /// The number of vectors.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.count()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The length of a vector.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// How distances are measured.
    #[must_use]
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// What it was built with.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Whether there is a vector with this id.
    #[must_use]
    pub fn contains(&self, id: u64) -> bool {
        self.ids.find(id, &self.slots).is_some()
    }

    /// Bytes of memory that the index holds.
    #[must_use]
    pub fn memory(&self) -> usize {
        let free = self.free.capacity() * size_of::<u32>();
        size_of::<Index>() + self.slots.memory() + self.ids.memory() + free
    }
}
