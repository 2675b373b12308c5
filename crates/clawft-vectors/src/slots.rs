//! Where vectors and links lie: fixed-size records in blocks that never move, so that growth copies
//! nothing and takes no more than it needs.
//!
//! A number in a record is little-endian, wherever it runs, and a link is three bytes: a record is
//! what a file has.

use crate::code::{Stored, padded};
use crate::{Error, Options};
use alloc::vec::Vec;

/// The number of slots that three bytes tell apart, without the one that stands for none.
pub const MOST: u32 = (1 << 24) - 1;

/// About what a block has.
const BLOCK: usize = 1 << 15;

/// No layer lies above this one.
pub const TOP: u32 = 15;

pub const FREE: u8 = 0;
pub const LIVE: u8 = 1;
/// Deleted, but still part of paths.
pub const DEAD: u8 = 2;

/// Behind the codes of a record
const SCALE: usize = 0;
const OFFSET: usize = 4;
const ID: usize = 8;
const TOWER: usize = 16;
const STATE: usize = 19;
const LINKS: usize = 20;

/// Bytes of a list of at most `most` links: how many there are, and these.
fn list(most: usize) -> usize {
    1 + 3 * most
}

fn read<const SIZE: usize>(bytes: &[u8], at: usize) -> [u8; SIZE] {
    let mut array = [0; SIZE];
    array.copy_from_slice(&bytes[at..at + SIZE]);
    array
}

fn link(bytes: &[u8]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0])
}

/// All records, and the lists of links of the layers above the lowest.
pub struct Slots {
    codes: usize,
    links: usize,
    seed: u64,
    /// Blocks of `1 << shift` records
    shift: u32,
    blocks: Vec<Vec<u8>>,
    count: u32,
    towers: Vec<u8>,
}

impl Slots {
    pub fn new(dimensions: usize, options: &Options) -> Slots {
        let mut slots = Slots {
            codes: padded(dimensions),
            links: options.links,
            seed: options.seed,
            shift: 0,
            blocks: Vec::new(),
            count: 0,
            towers: Vec::new(),
        };
        slots.shift = (BLOCK / slots.stride()).max(1).ilog2();
        slots
    }

    /// Bytes of a record.
    pub fn stride(&self) -> usize {
        self.codes + LINKS + list(self.most(0))
    }

    pub fn count(&self) -> u32 {
        self.count
    }

    /// Bytes that these hold.
    pub fn memory(&self) -> usize {
        let blocks = self.blocks.iter().map(Vec::capacity).sum::<usize>();
        blocks + self.blocks.capacity() * size_of::<Vec<u8>>() + self.towers.capacity()
    }

    /// The most links of one vector in a layer.
    pub fn most(&self, layer: u32) -> usize {
        if layer == 0 {
            2 * self.links
        } else {
            self.links
        }
    }

    /// The highest layer that a slot is part of: each has about a `links`-th of the one below. It
    /// depends on the slot's number alone, so whichever vector comes into it finds its lists there.
    pub fn height(&self, slot: u32) -> u32 {
        // The finaliser of SplitMix64 (Steele, Lea and Flood 2014)
        let mut bits = (self.seed ^ u64::from(slot)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        (bits.leading_zeros() / self.links.ilog2()).min(TOP)
    }

    /// Makes sure that [`Slots::append`] has the memory it needs.
    pub fn reserve(&mut self) -> Result<(), Error> {
        let out = |_| Error::OutOfMemory;
        let towers = list(self.links) * self.height(self.count) as usize;
        self.towers.try_reserve(towers).map_err(out)?;
        if (self.count >> self.shift) as usize == self.blocks.len() {
            self.blocks.try_reserve(1).map_err(out)?;
            let mut block = Vec::new();
            block
                .try_reserve_exact(self.stride() << self.shift)
                .map_err(out)?;
            self.blocks.push(block);
        }
        Ok(())
    }

    /// A new slot at the end, free. It must have been reserved.
    pub fn append(&mut self) -> u32 {
        let (slot, stride) = (self.count, self.stride());
        let block = &mut self.blocks[(slot >> self.shift) as usize];
        block.resize(block.len() + stride, 0);
        self.count += 1;
        let tower = self.towers.len() / list(self.links);
        let height = self.height(slot) as usize;
        if height > 0 {
            let at = self.codes + TOWER;
            self.record_mut(slot)[at..at + 3].copy_from_slice(&tower.to_le_bytes()[..3]);
            let length = self.towers.len() + height * list(self.links);
            self.towers.resize(length, 0);
        }
        slot
    }

    pub fn record(&self, slot: u32) -> &[u8] {
        let (stride, within) = (self.stride(), slot & ((1 << self.shift) - 1));
        &self.blocks[(slot >> self.shift) as usize][within as usize * stride..][..stride]
    }

    pub fn record_mut(&mut self, slot: u32) -> &mut [u8] {
        let (stride, within) = (self.stride(), slot & ((1 << self.shift) - 1));
        &mut self.blocks[(slot >> self.shift) as usize][within as usize * stride..][..stride]
    }

    /// All records, and behind them the lists of the upper layers.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.blocks.iter().chain([&self.towers]).map(Vec::as_slice)
    }

    pub fn towers_mut(&mut self) -> &mut [u8] {
        &mut self.towers
    }

    pub fn stored(&self, slot: u32) -> Stored<'_> {
        let (codes, rest) = self.record(slot).split_at(self.codes);
        Stored {
            codes,
            scale: f32::from_le_bytes(read(rest, SCALE)),
            offset: f32::from_le_bytes(read(rest, OFFSET)),
        }
    }

    pub fn id(&self, slot: u32) -> u64 {
        u64::from_le_bytes(read(&self.record(slot)[self.codes..], ID))
    }

    pub fn state(&self, slot: u32) -> u8 {
        self.record(slot)[self.codes + STATE]
    }

    pub fn set_state(&mut self, slot: u32, state: u8) {
        let at = self.codes + STATE;
        self.record_mut(slot)[at] = state;
    }

    pub fn codes_mut(&mut self, slot: u32) -> &mut [u8] {
        let length = self.codes;
        &mut self.record_mut(slot)[..length]
    }

    /// Completes a vector whose codes have been written.
    pub fn fill(&mut self, slot: u32, id: u64, scale: f32, offset: f32) {
        let at = self.codes;
        let rest = &mut self.record_mut(slot)[at..];
        rest[SCALE..][..4].copy_from_slice(&scale.to_le_bytes());
        rest[OFFSET..][..4].copy_from_slice(&offset.to_le_bytes());
        rest[ID..][..8].copy_from_slice(&id.to_le_bytes());
        rest[STATE] = LIVE;
    }

    /// Takes a vector out of its slot, with its links.
    pub fn vacate(&mut self, slot: u32) {
        for layer in 0..=self.height(slot) {
            self.list_mut(slot, layer).fill(0);
        }
        self.codes_mut(slot).fill(0);
        self.fill(slot, 0, 0.0, 0.0);
        self.set_state(slot, FREE);
    }

    /// The number of a slot's first list among those of the upper layers.
    pub fn tower(&self, slot: u32) -> u32 {
        link(&self.record(slot)[self.codes + TOWER..])
    }

    /// Where the list of an upper layer starts.
    fn place(&self, slot: u32, layer: u32) -> usize {
        (self.tower(slot) + layer - 1) as usize * list(self.links)
    }

    /// Bytes of the lists of upper layers of so many slots.
    pub fn towers_of(&self, count: u32) -> usize {
        let heights = (0..count).map(|slot| self.height(slot) as usize);
        heights.sum::<usize>() * list(self.links)
    }

    fn list(&self, slot: u32, layer: u32) -> &[u8] {
        if layer == 0 {
            &self.record(slot)[self.codes + LINKS..]
        } else {
            &self.towers[self.place(slot, layer)..][..list(self.links)]
        }
    }

    fn list_mut(&mut self, slot: u32, layer: u32) -> &mut [u8] {
        if layer == 0 {
            let at = self.codes + LINKS;
            &mut self.record_mut(slot)[at..]
        } else {
            let at = self.place(slot, layer);
            &mut self.towers[at..][..list(self.links)]
        }
    }

    /// The slots that one has links to.
    pub fn links(&self, slot: u32, layer: u32) -> impl ExactSizeIterator<Item = u32> + '_ {
        let list = self.list(slot, layer);
        list[1..][..3 * usize::from(list[0])]
            .chunks_exact(3)
            .map(link)
    }

    pub fn set_links(&mut self, slot: u32, layer: u32, links: impl Iterator<Item = u32>) {
        let list = self.list_mut(slot, layer);
        list.fill(0);
        for (index, link) in links.enumerate() {
            list[0] += 1;
            list[1 + 3 * index..][..3].copy_from_slice(&link.to_le_bytes()[..3]);
        }
    }

    /// Adds a link, or says that there is no room.
    pub fn push_link(&mut self, slot: u32, layer: u32, link: u32) -> bool {
        let most = self.most(layer);
        let list = self.list_mut(slot, layer);
        let count = usize::from(list[0]);
        if count == most {
            return false;
        }
        list[0] += 1;
        list[1 + 3 * count..][..3].copy_from_slice(&link.to_le_bytes()[..3]);
        true
    }

    /// Whether all that a record read from a file says may be relied on; if not, where it does not
    /// hold, from the record's start, and what is wrong.
    pub fn check(
        &self,
        slot: u32,
        dimensions: usize,
        tower: u32,
    ) -> Result<(), (usize, &'static str)> {
        let (record, codes) = (self.record(slot), self.codes);
        if record[..dimensions].contains(&0x80) {
            return Err((0, "a code of -128"));
        }
        if record[dimensions..codes].iter().any(|&byte| byte != 0) {
            return Err((dimensions, "padding that is not zero"));
        }
        let stored = self.stored(slot);
        if !(stored.scale.is_finite() && stored.scale >= 0.0) {
            return Err((codes + SCALE, "a scale that is none"));
        }
        if !stored.offset.is_finite() {
            return Err((codes + OFFSET, "an offset that is not finite"));
        }
        if self.tower(slot) != tower {
            return Err((codes + TOWER, "lists of links in another order"));
        }
        if self.state(slot) > DEAD {
            return Err((codes + STATE, "an unknown state"));
        }
        Ok(())
    }

    /// Whether a slot's links lead to vectors of their layer.
    pub fn check_links(&self, slot: u32, layer: u32) -> Result<(), &'static str> {
        let list = self.list(slot, layer);
        let count = usize::from(list[0]);
        if count > self.most(layer) {
            return Err("more links than there is room for");
        }
        let leads =
            |link| link < self.count && self.state(link) != FREE && self.height(link) >= layer;
        if !self.links(slot, layer).all(leads) {
            return Err("a link to no vector");
        }
        if list[1 + 3 * count..].iter().any(|&byte| byte != 0) {
            return Err("more behind the last link");
        }
        if count > 0 && self.state(slot) == FREE {
            return Err("links of no vector");
        }
        Ok(())
    }
}
