//! The points nearest to a place in five dimensions.
//!
//! ```
//! use whitemagic::spatial::SpatialIndex;
//!
//! let mut index = SpatialIndex::new();
//! index.add("old", [0.0, 0.0, -0.9, 1.0, 0.2])?;
//! index.add("new", [0.0, 0.0, 0.9, 1.0, 0.8])?;
//! let nearest = index.nearest(&[0.0, 0.0, 1.0, 1.0, 1.0], 1)?;
//! assert_eq!(*nearest[0].key, "new");
//! # Ok::<(), whitemagic::spatial::Error>(())
//! ```
//!
//! Distances are squares of the Euclidean: Σ (aᵢ − bᵢ)², summed from x to v in f64. Results are exact: what
//! comparing the query with every point would give, in that arithmetic. Of two points equally far the one
//! that was added first comes first, and an update leaves a point its turn.
//!
//! # Cost
//! Points are in k-d trees (Bentley 1975) whose sizes fall by half or more, as in the logarithmic method
//! (Bentley and Saxe 1980): adding n points one by one takes O(n log² n), a query visits O(log n) trees.
//! A deleted point stays in its tree until that is built anew, and no more points are dead than alive.

mod tree;

use alloc::collections::{BTreeMap, BinaryHeap};
use alloc::vec::Vec;

use tree::{Node, Tree};

/// Coordinates along x, y, z, w and v; see [`AXES`].
pub type Point = [f64; 5];

/// The axes' names, in the order of a [`Point`]'s coordinates.
pub const AXES: [&str; 5] = ["x", "y", "z", "w", "v"];

/// The greatest magnitude of a coordinate: the squares of distances stay finite.
pub const FARTHEST: f64 = 1e150;

/// The greatest weight of an axis.
pub const HEAVIEST: f64 = 1e6;

/// As many points are compared one by one before a tree is made of them.
const RECENT: usize = 32;

/// Why something was not done. The index is as it was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A coordinate is infinite or not a number.
    #[error("coordinate {axis} is not a finite number")]
    NotFinite {
        /// One of [`AXES`].
        axis: &'static str,
    },
    /// A coordinate's magnitude is more than [`FARTHEST`].
    #[error("coordinate {axis} is beyond 1e150")]
    TooFar {
        /// One of [`AXES`].
        axis: &'static str,
    },
    /// A weight is negative, more than [`HEAVIEST`], or not a number.
    #[error("the weight of {axis} is not a number from 0 to 1e6")]
    Weight {
        /// One of [`AXES`].
        axis: &'static str,
    },
    /// The square of a radius is negative or not a number.
    #[error("the square of the radius is negative or not a number")]
    Radius,
    /// There is a point with this key already.
    #[error("there is a point with this key already")]
    Duplicate,
    /// There are as many points as can be told apart.
    #[error("the index has its limit of points, 2^32 - 1")]
    Full,
}

/// Why no point of a batch was taken, or no query of it answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("item {position} of the batch: {error}")]
pub struct BatchError {
    /// Which of the batch, counted from 0.
    pub position: usize,
    /// What is wrong with it.
    pub error: Error,
}

/// A point that a query found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour<'a, K> {
    /// What the point was added as.
    pub key: &'a K,
    /// The square of its distance to the query.
    pub distance_squared: f64,
}

/// Says whether distances to a point can be computed.
///
/// # Errors
/// [`Error::NotFinite`] and [`Error::TooFar`] name the first axis that is wrong.
pub fn check(point: &Point) -> Result<(), Error> {
    for (coordinate, axis) in point.iter().zip(AXES) {
        if !coordinate.is_finite() {
            return Err(Error::NotFinite { axis });
        }
        if coordinate.abs() > FARTHEST {
            return Err(Error::TooFar { axis });
        }
    }
    Ok(())
}

/// A point that is alive, in its slot.
#[derive(Clone, Debug)]
struct Entry<K> {
    key: K,
    point: Point,
    /// How many points were added before it.
    turn: u64,
}

/// Points in five dimensions, each with a key of its own.
#[derive(Clone, Debug)]
pub struct SpatialIndex<K> {
    slots: Vec<Option<Entry<K>>>,
    of_key: BTreeMap<K, u32>,
    /// Each at most half as large as the one before.
    trees: Vec<Tree>,
    /// Slots that are in no tree.
    recent: Vec<u32>,
    turn: u64,
}

impl<K> Default for SpatialIndex<K> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            of_key: BTreeMap::new(),
            trees: Vec::new(),
            recent: Vec::new(),
            turn: 0,
        }
    }
}

impl<K: Clone + Ord> SpatialIndex<K> {
    /// An index without points.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of points.
    #[must_use]
    pub fn len(&self) -> usize {
        self.of_key.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.of_key.is_empty()
    }

    /// The point with this key.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&Point> {
        self.entry(*self.of_key.get(key)?).map(|entry| &entry.point)
    }

    /// All points, in the order in which they were added.
    #[must_use]
    pub fn points(&self) -> Vec<(&K, &Point)> {
        let mut entries: Vec<&Entry<K>> = self.slots.iter().flatten().collect();
        entries.sort_unstable_by_key(|entry| entry.turn);
        entries
            .into_iter()
            .map(|entry| (&entry.key, &entry.point))
            .collect()
    }

    /// Adds a point.
    ///
    /// # Errors
    /// [`Error::NotFinite`], [`Error::TooFar`], [`Error::Duplicate`], [`Error::Full`].
    pub fn add(&mut self, key: K, point: Point) -> Result<(), Error> {
        check(&point)?;
        if self.of_key.contains_key(&key) {
            return Err(Error::Duplicate);
        }
        let slot = self.free_slot()?;
        self.place(slot, key, point);
        self.settle();
        Ok(())
    }

    /// Adds all points of a batch, or none if one cannot be, and returns how many there were.
    ///
    /// # Errors
    /// As [`SpatialIndex::add`]; a key that the batch has twice is a duplicate.
    pub fn add_batch(
        &mut self,
        batch: impl IntoIterator<Item = (K, Point)>,
    ) -> Result<usize, BatchError> {
        let first = self.slots.len();
        for (position, (key, point)) in batch.into_iter().enumerate() {
            let checked = check(&point).and_then(|()| {
                if self.of_key.contains_key(&key) {
                    return Err(Error::Duplicate);
                }
                self.free_slot()
            });
            match checked {
                Ok(slot) => self.place(slot, key, point),
                Err(error) => {
                    self.take_back(first);
                    return Err(BatchError { position, error });
                }
            }
        }
        let added = self.slots.len() - first;
        self.settle();
        Ok(added)
    }

    /// Moves a point, and says whether there was one with this key.
    ///
    /// # Errors
    /// [`Error::NotFinite`], [`Error::TooFar`], [`Error::Full`].
    pub fn update(&mut self, key: &K, point: Point) -> Result<bool, Error> {
        check(&point)?;
        let next = self.free_slot()?;
        let Some(slot) = self.of_key.get_mut(key) else {
            return Ok(false);
        };
        let moved = self.slots[*slot as usize].take();
        *slot = next;
        self.slots.push(moved.map(|entry| Entry { point, ..entry }));
        self.recent.push(next);
        self.settle();
        Ok(true)
    }

    /// Deletes a point, and says whether there was one with this key.
    pub fn delete(&mut self, key: &K) -> bool {
        let Some(slot) = self.of_key.remove(key) else {
            return false;
        };
        self.slots[slot as usize] = None;
        self.settle();
        true
    }

    /// Deletes all points.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The points nearest to `query`, at most `count`, the nearest first.
    ///
    /// # Errors
    /// [`Error::NotFinite`] and [`Error::TooFar`], of the query.
    pub fn nearest(&self, query: &Point, count: usize) -> Result<Vec<Neighbour<'_, K>>, Error> {
        self.nearest_weighted(query, count, &[1.0; 5])
    }

    /// As [`SpatialIndex::nearest`], where the square of a distance is Σ weightᵢ (aᵢ − bᵢ)².
    ///
    /// # Errors
    /// As [`SpatialIndex::nearest`], and [`Error::Weight`].
    pub fn nearest_weighted(
        &self,
        query: &Point,
        count: usize,
        weights: &Point,
    ) -> Result<Vec<Neighbour<'_, K>>, Error> {
        check(query)?;
        for (weight, axis) in weights.iter().zip(AXES) {
            if !(0.0..=HEAVIEST).contains(weight) {
                return Err(Error::Weight { axis });
            }
        }
        let count = count.min(self.len());
        if count == 0 {
            return Ok(Vec::new());
        }
        let mut found: BinaryHeap<Found> = BinaryHeap::new();
        self.visit(query, weights, f64::INFINITY, &mut |next| {
            if found.len() < count {
                found.push(next);
            } else if let Some(mut farthest) = found.peek_mut()
                && next < *farthest
            {
                *farthest = next;
            }
            match found.peek() {
                Some(farthest) if found.len() == count => farthest.distance_squared,
                _ => f64::INFINITY,
            }
        });
        Ok(self.neighbours(found.into_sorted_vec()))
    }

    /// What [`SpatialIndex::nearest`] gives for each query.
    ///
    /// # Errors
    /// As [`SpatialIndex::nearest`], of the first query that is wrong.
    pub fn nearest_batch(
        &self,
        queries: &[Point],
        count: usize,
    ) -> Result<Vec<Vec<Neighbour<'_, K>>>, BatchError> {
        let answers = queries.iter().enumerate().map(|(position, query)| {
            self.nearest(query, count)
                .map_err(|error| BatchError { position, error })
        });
        answers.collect()
    }

    /// The points whose distance to `query` has a square of at most `radius_squared`, the nearest first.
    ///
    /// # Errors
    /// [`Error::NotFinite`] and [`Error::TooFar`], of the query, and [`Error::Radius`].
    pub fn within(
        &self,
        query: &Point,
        radius_squared: f64,
    ) -> Result<Vec<Neighbour<'_, K>>, Error> {
        check(query)?;
        check_radius(radius_squared)?;
        let mut found = Vec::new();
        self.visit(query, &[1.0; 5], radius_squared, &mut |next| {
            found.push(next);
            radius_squared
        });
        found.sort_unstable();
        Ok(self.neighbours(found))
    }

    /// For each point the number of others whose distance to it has a square of at most `radius_squared`, in
    /// the order in which the points were added.
    ///
    /// # Errors
    /// [`Error::Radius`].
    pub fn density(&self, radius_squared: f64) -> Result<Vec<(&K, usize)>, Error> {
        check_radius(radius_squared)?;
        let counts = self.points().into_iter().map(|(key, point)| {
            let mut count = 0_usize;
            self.visit(point, &[1.0; 5], radius_squared, &mut |_| {
                count += 1;
                radius_squared
            });
            // NB: a point is within any radius of itself
            (key, count - 1)
        });
        Ok(counts.collect())
    }

    /// Calls `found` for each point that is not farther than a bound: at first `bound`, then what `found`
    /// returned last.
    fn visit(
        &self,
        query: &Point,
        weights: &Point,
        mut bound: f64,
        found: &mut dyn FnMut(Found) -> f64,
    ) {
        let mut visited = |distance_squared, slot| {
            let next = self.entry(slot).map(|entry| Found {
                distance_squared,
                turn: entry.turn,
                slot,
            });
            next.map(&mut *found)
        };
        for &slot in &self.recent {
            if let Some(entry) = self.entry(slot) {
                let distance_squared = tree::distance_squared(query, &entry.point, weights);
                if distance_squared <= bound {
                    bound = visited(distance_squared, slot).unwrap_or(bound);
                }
            }
        }
        for tree in &self.trees {
            tree.visit(query, weights, &mut bound, &mut visited);
        }
    }

    fn neighbours(&self, found: Vec<Found>) -> Vec<Neighbour<'_, K>> {
        let neighbours = found.into_iter().filter_map(|found| {
            Some(Neighbour {
                key: &self.entry(found.slot)?.key,
                distance_squared: found.distance_squared,
            })
        });
        neighbours.collect()
    }

    fn entry(&self, slot: u32) -> Option<&Entry<K>> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// The slot that the next point is put in.
    fn free_slot(&self) -> Result<u32, Error> {
        u32::try_from(self.slots.len()).map_err(|_| Error::Full)
    }

    fn place(&mut self, slot: u32, key: K, point: Point) {
        self.of_key.insert(key.clone(), slot);
        self.slots.push(Some(Entry {
            key,
            point,
            turn: self.turn,
        }));
        self.recent.push(slot);
        self.turn += 1;
    }

    /// Undoes each [`SpatialIndex::place`] from slot `first` on.
    fn take_back(&mut self, first: usize) {
        for entry in self.slots.drain(first..).flatten() {
            self.of_key.remove(&entry.key);
            self.recent.pop();
            self.turn -= 1;
        }
    }

    /// Makes trees of the recent points where these are many, and drops the dead ones where these are.
    fn settle(&mut self) {
        if self.slots.len() > 2 * self.len() + RECENT {
            self.slots.retain(Option::is_some);
            self.trees.clear();
            self.recent.clear();
            for (slot, entry) in (0..).zip(self.slots.iter().flatten()) {
                self.recent.push(slot);
                if let Some(of_key) = self.of_key.get_mut(&entry.key) {
                    *of_key = slot;
                }
            }
        }
        if self.recent.len() <= RECENT {
            return;
        }
        let slots = &self.slots;
        let alive = |slot: u32| slots[slot as usize].as_ref();
        let recent = self.recent.drain(..);
        let mut nodes: Vec<Node> = recent
            .filter_map(|slot| Some(Node::new(alive(slot)?.point, slot)))
            .collect();
        while let Some(smallest) = self.trees.pop_if(|tree| tree.len() < 2 * nodes.len()) {
            let kept = smallest.into_nodes().into_iter();
            nodes.extend(kept.filter(|node| alive(node.slot).is_some()));
        }
        if !nodes.is_empty() {
            self.trees.push(Tree::new(nodes));
        }
    }
}

fn check_radius(radius_squared: f64) -> Result<(), Error> {
    if radius_squared >= 0.0 {
        Ok(())
    } else {
        Err(Error::Radius)
    }
}

/// A point in the order of answers.
#[derive(Clone, Copy, Debug)]
struct Found {
    distance_squared: f64,
    turn: u64,
    slot: u32,
}

impl Ord for Found {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.distance_squared
            .total_cmp(&other.distance_squared)
            .then(self.turn.cmp(&other.turn))
    }
}

impl PartialOrd for Found {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Found {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Found {}
