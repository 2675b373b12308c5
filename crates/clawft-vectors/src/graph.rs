//! The graph (Malkov and Yashunin 2016, arXiv:1603.09320; "algorithm" below means one of theirs), with
//! repair after deletions.

use alloc::collections::BinaryHeap;
use alloc::vec;
use alloc::vec::Vec;

use crate::code::Query;
use crate::slots::{DEAD, FREE, LIVE, Slots, TOP};
use crate::{Index, Metric};

/// No slot.
pub const NONE: u32 = u32::MAX;

/// A distance and the slot it is to, in one number with the order of distances, then of slots.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found(u64);

impl Found {
    fn new(distance: f32, slot: u32) -> Found {
        let bits = distance.to_bits();
        // As unsigned integers, floats have their order but for the sign
        let order = if distance.is_sign_negative() {
            !bits
        } else {
            bits | 1 << 31
        };
        Found(u64::from(order) << 32 | u64::from(slot))
    }

    pub fn slot(self) -> u32 {
        self.0 as u32
    }

    /// A number with the order of distances, for [`distance`].
    pub fn order(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// The same in the opposite order; again, and it is as before.
    fn reversed(self) -> Found {
        Found(!self.0)
    }
}

/// The distance with this [`Found::order`].
pub fn distance(order: u32) -> f32 {
    f32::from_bits(if order >> 31 == 0 {
        !order
    } else {
        order & !(1 << 31)
    })
}

/// A set of slots.
struct Visited(Vec<u32>);

impl Visited {
    fn new(slots: u32) -> Visited {
        Visited(vec![0; slots as usize / 32 + 1])
    }

    /// Whether the slot was not in it.
    fn insert(&mut self, slot: u32) -> bool {
        let (word, bit) = (&mut self.0[slot as usize / 32], 1 << (slot % 32));
        let new = *word & bit == 0;
        *word |= bit;
        new
    }
}

/// A graph's slots, and how to compare them.
pub struct Graph<'a> {
    pub slots: &'a Slots,
    pub metric: Metric,
}

impl Graph<'_> {
    fn found(&self, query: &Query, slot: u32) -> Found {
        Found::new(query.distance(&self.slots.stored(slot)), slot)
    }

    fn is_live(&self, slot: u32) -> bool {
        self.slots.state(slot) == LIVE
    }

    /// The nearest of all, in order.
    pub fn scan(&self, query: &Query, count: usize) -> Vec<Found> {
        let mut nearest = BinaryHeap::new();
        for slot in (0..self.slots.count()).filter(|&slot| self.is_live(slot)) {
            keep(&mut nearest, self.found(query, slot), count);
        }
        nearest.into_sorted_vec()
    }

    /// From `entry` to where no link leads nearer, on each layer from its own down to that above `last`.
    pub fn descend(&self, query: &Query, entry: u32, last: u32) -> Found {
        let mut best = self.found(query, entry);
        for layer in (last + 1..=self.slots.height(entry)).rev() {
            loop {
                let links = self.slots.links(best.slot(), layer);
                let next = links.map(|link| self.found(query, link)).min();
                match next {
                    Some(next) if next < best => best = next,
                    _ => break,
                }
            }
        }
        best
    }

    /// The `breadth` nearest that links lead to, in order, without the deleted (algorithm 2).
    pub fn explore(&self, query: &Query, from: &[Found], breadth: usize, layer: u32) -> Vec<Found> {
        let mut visited = Visited::new(self.slots.count());
        let mut nearest = BinaryHeap::new();
        let mut frontier = BinaryHeap::new();
        for &start in from {
            visited.insert(start.slot());
            frontier.push(start.reversed());
            if self.is_live(start.slot()) {
                keep(&mut nearest, start, breadth);
            }
        }
        while let Some(next) = frontier.pop().map(Found::reversed) {
            if nearest.len() == breadth && nearest.peek().is_some_and(|&worst| next > worst) {
                break;
            }
            for link in self.slots.links(next.slot(), layer) {
                if !visited.insert(link) {
                    continue;
                }
                let found = self.found(query, link);
                if nearest.len() < breadth || nearest.peek().is_some_and(|&worst| found < worst) {
                    frontier.push(found.reversed());
                    if self.is_live(link) {
                        keep(&mut nearest, found, breadth);
                    }
                }
            }
        }
        nearest.into_sorted_vec()
    }

    /// The slots to link to: of the candidates, in order, those that are not nearer to one that was
    /// chosen before (algorithm 4), nor equal to it, and the nearest others for what is left.
    fn choose(&self, candidates: &[Found], most: usize) -> Vec<Found> {
        if candidates.len() <= most {
            return candidates.to_vec();
        }
        let mut chosen: Vec<Found> = Vec::with_capacity(most);
        let mut others = Vec::new();
        let mut from = Query::empty();
        for &candidate in candidates {
            if chosen.len() == most {
                break;
            }
            let stored = self.slots.stored(candidate.slot());
            from.set(&stored, self.metric);
            let has_place_of = |one: &Found| {
                let one = self.slots.stored(one.slot());
                // NB: equal vectors that had links to each other alone would be an island
                from.distance(&one) < distance(candidate.order()) || stored == one
            };
            if chosen.iter().any(has_place_of) {
                others.push(candidate);
            } else {
                chosen.push(candidate);
            }
        }
        others.truncate(most - chosen.len());
        chosen.append(&mut others);
        chosen
    }
}

/// Puts one more into the nearest, of which there are `count`.
fn keep(nearest: &mut BinaryHeap<Found>, found: Found, count: usize) {
    if nearest.len() < count {
        nearest.push(found);
    } else if let Some(mut worst) = nearest.peek_mut()
        && found < *worst
    {
        *worst = found;
    }
}

impl Index {
    /// Links a slot that is filled, but has no links (algorithm 1).
    pub(crate) fn link(&mut self, slot: u32, query: &Query) {
        let height = self.slots.height(slot);
        if self.entry == NONE {
            self.entry = slot;
            return;
        }
        let top = self.slots.height(self.entry);
        let mut from = vec![self.graph().descend(query, self.entry, height)];
        for layer in (0..=height.min(top)).rev() {
            let near = self
                .graph()
                .explore(query, &from, self.options.construction, layer);
            let chosen = self.graph().choose(&near, self.options.links);
            let links = chosen.iter().map(|found| found.slot());
            self.slots.set_links(slot, layer, links);
            for found in &chosen {
                self.link_back(found.slot(), layer, slot);
            }
            // NB: none where all of a layer is deleted; what led to it still leads on
            if !near.is_empty() {
                from = near;
            }
        }
        if height > top {
            self.entry = slot;
        }
    }

    /// Adds a link, in place of others where there is no room.
    fn link_back(&mut self, slot: u32, layer: u32, link: u32) {
        if !self.slots.push_link(slot, layer, link) {
            let mut candidates: Vec<u32> = self.slots.links(slot, layer).collect();
            candidates.push(link);
            self.relink(slot, layer, &candidates);
        }
    }

    /// Chooses a slot's links anew.
    fn relink(&mut self, slot: u32, layer: u32, candidates: &[u32]) {
        let graph = self.graph();
        let mut query = Query::empty();
        query.set(&graph.slots.stored(slot), graph.metric);
        let candidates = candidates.iter().filter(|&&other| graph.is_live(other));
        let near: BinaryHeap<Found> = candidates
            .map(|&other| graph.found(&query, other))
            .collect();
        let near = near.into_sorted_vec();
        let chosen = graph.choose(&near, graph.slots.most(layer));
        let links = chosen.iter().map(|found| found.slot());
        self.slots.set_links(slot, layer, links);
    }

    /// The nearest that a deleted vector has a link to.
    fn heir(&self, slot: u32, layer: u32) -> Option<u32> {
        let graph = self.graph();
        let mut query = Query::empty();
        query.set(&graph.slots.stored(slot), graph.metric);
        let links = graph.slots.links(slot, layer);
        let links = links.filter(|&link| graph.is_live(link));
        let nearest = links.map(|link| graph.found(&query, link)).min();
        nearest.map(Found::slot)
    }

    /// Gives the links of a vector that was just deleted to its heir too.
    pub(crate) fn bequeath(&mut self, slot: u32) {
        for layer in 0..=self.slots.height(slot) {
            if let Some(heir) = self.heir(slot, layer) {
                let mut links: Vec<u32> = self.slots.links(heir, layer).collect();
                for link in self.slots.links(slot, layer) {
                    if link != heir && !links.contains(&link) {
                        links.push(link);
                    }
                }
                self.relink(heir, layer, &links);
            }
        }
    }

    /// Frees the slots of all deleted vectors: who had a link to one gets a link to its heir, and where
    /// that leaves few, to neighbours' neighbours.
    pub(crate) fn sweep(&mut self) {
        let live: Vec<u32> = self.in_state(LIVE).collect();
        for layer in 0..=TOP {
            let mut heirs = vec![NONE; self.slots.count() as usize];
            let dead: Vec<u32> = self.in_state(DEAD).collect();
            for slot in dead
                .into_iter()
                .filter(|&slot| self.slots.height(slot) >= layer)
            {
                heirs[slot as usize] = self.heir(slot, layer).unwrap_or(NONE);
            }
            for &slot in &live {
                if self.slots.height(slot) < layer {
                    continue;
                }
                let mut links: Vec<u32> = Vec::new();
                let mut lost = false;
                for link in self.slots.links(slot, layer) {
                    let is_dead = self.slots.state(link) == DEAD;
                    lost |= is_dead;
                    let link = if is_dead { heirs[link as usize] } else { link };
                    if link != NONE && link != slot && !links.contains(&link) {
                        links.push(link);
                    }
                }
                if !lost {
                    continue;
                }
                // NB: the heirs of many are few
                let count = links.len();
                if count < self.options.links {
                    for at in 0..count {
                        for link in self.slots.links(links[at], layer) {
                            let is_live = self.slots.state(link) == LIVE;
                            if is_live && link != slot && !links.contains(&link) {
                                links.push(link);
                            }
                        }
                    }
                    self.relink(slot, layer, &links);
                } else {
                    self.slots.set_links(slot, layer, links.into_iter());
                }
            }
        }
        let dead: Vec<u32> = self.in_state(DEAD).collect();
        for slot in dead {
            self.slots.vacate(slot);
        }
        self.settle();
        if self.entry != NONE && self.slots.state(self.entry) == FREE {
            let highest = |&slot: &u32| (self.slots.height(slot), !slot);
            self.entry = live.into_iter().max_by_key(highest).unwrap_or(NONE);
        }
    }

    fn in_state(&self, state: u8) -> impl Iterator<Item = u32> + '_ {
        (0..self.slots.count()).filter(move |&slot| self.slots.state(slot) == state)
    }

    /// Counts the deleted, and lists the free, the lowest last.
    pub(crate) fn settle(&mut self) {
        self.dead = self.in_state(DEAD).count();
        let mut free: Vec<u32> = self.in_state(FREE).collect();
        free.reverse();
        self.free = free;
    }

    pub(crate) fn graph(&self) -> Graph<'_> {
        Graph {
            slots: &self.slots,
            metric: self.metric,
        }
    }
}
