//! Which slot an id is in: a table with linear probing (Knuth, The Art of Computer Programming 3,
//! 6.4, algorithms L and R) of slots alone, because the slots know their ids.

use crate::Error;
use crate::slots::Slots;
use alloc::vec::Vec;

const NONE: u32 = u32::MAX;

#[derive(Default)]
pub struct Ids {
    table: Vec<u32>,
    count: usize,
}

impl Ids {
    /// The number of ids.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Bytes that these hold.
    pub fn memory(&self) -> usize {
        self.table.capacity() * size_of::<u32>()
    }

    /// Where an id would be if nothing were in its way. The table must not be empty.
    fn home(&self, id: u64) -> usize {
        // Fibonacci hashing (Knuth, 6.4)
        let hash = id.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        hash as usize & (self.table.len() - 1)
    }

    /// Where an id is, or where it can be put. The table must not be empty.
    fn position(&self, id: u64, slots: &Slots) -> usize {
        let mut at = self.home(id);
        while self.table[at] != NONE && slots.id(self.table[at]) != id {
            at = (at + 1) & (self.table.len() - 1);
        }
        at
    }

    pub fn find(&self, id: u64, slots: &Slots) -> Option<u32> {
        if self.count == 0 {
            return None;
        }
        let slot = self.table[self.position(id, slots)];
        (slot != NONE).then_some(slot)
    }

    /// Makes sure that one more has room: a quarter of the table stays empty.
    pub fn reserve(&mut self, slots: &Slots) -> Result<(), Error> {
        if (self.count + 1) * 4 <= self.table.len() * 3 {
            return Ok(());
        }
        let length = (self.table.len() * 2).max(16);
        let mut table = Vec::new();
        table
            .try_reserve_exact(length)
            .map_err(|_| Error::OutOfMemory)?;
        table.resize(length, NONE);
        let old = core::mem::replace(&mut self.table, table);
        self.count = 0;
        for slot in old.into_iter().filter(|&slot| slot != NONE) {
            self.put(slot, slots);
        }
        Ok(())
    }

    /// Puts a slot in place of the one with the same id, which it gives. There must be room.
    pub fn put(&mut self, slot: u32, slots: &Slots) -> Option<u32> {
        let at = self.position(slots.id(slot), slots);
        let old = core::mem::replace(&mut self.table[at], slot);
        if old == NONE {
            self.count += 1;
            return None;
        }
        Some(old)
    }

    /// Takes out an id, and gives the slot that it was in.
    pub fn take(&mut self, id: u64, slots: &Slots) -> Option<u32> {
        let found = self.find(id, slots)?;
        self.count -= 1;
        let mask = self.table.len() - 1;
        let mut hole = self.position(id, slots);
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let slot = self.table[at];
            if slot == NONE {
                break;
            }
            // NB: what lies behind the hole moves into it unless that is before its home
            let home = self.home(slots.id(slot));
            if at.wrapping_sub(home) & mask >= at.wrapping_sub(hole) & mask {
                self.table[hole] = slot;
                hole = at;
            }
        }
        self.table[hole] = NONE;
        Some(found)
    }
}
