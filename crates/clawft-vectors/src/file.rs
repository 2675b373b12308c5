//! The index as a file, and back.

use crate::graph::NONE;
use crate::ids::Ids;
use crate::slots::{FREE, LIVE, MOST, Slots};
use crate::{Error, Index, Metric, Options};
use alloc::vec;
use alloc::vec::Vec;

/// The last byte is the format's version.
const MAGIC: [u8; 8] = *b"clawftV\x01";
const HEADER: usize = 40;
const METRICS: [Metric; 3] = [Metric::L2, Metric::Cosine, Metric::Dot];

/// FNV-1a (Fowler, Noll and Vo; RFC 9923) of 64 bits.
const FNV: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a of what came before and some more.
fn checksum(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// An index as a file, in pieces: it is not there twice while it is written.
pub struct Saved<'a> {
    header: Vec<u8>,
    slots: &'a Slots,
    sum: [u8; 8],
}

impl Saved<'_> {
    /// The file's bytes, one piece after the other.
    #[must_use]
    pub fn pieces(&self) -> Vec<&[u8]> {
        let mut pieces = vec![self.header.as_slice()];
        pieces.extend(self.slots.pieces());
        pieces.push(&self.sum);
        pieces
    }

    /// The checksum of all before it, with which the file ends.
    #[must_use]
    pub fn checksum(&self) -> u64 {
        u64::from_le_bytes(self.sum)
    }
}

/// The next bytes of a file.
fn take<const SIZE: usize>(bytes: &[u8], at: &mut usize) -> Result<[u8; SIZE], Error> {
    let found = bytes.get(*at..).and_then(<[u8]>::first_chunk);
    let found = *found.ok_or(Error::Corrupt {
        offset: bytes.len(),
        what: "the end, within the header",
    })?;
    *at += SIZE;
    Ok(found)
}

impl Index {
    /// The index as a file: the same bytes for the same calls, wherever they are made. An index that was
    /// loaded from it behaves like this one.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        self.saved().pieces().concat()
    }

    /// What [`Index::save`] gives, without a second copy.
    #[must_use]
    pub fn saved(&self) -> Saved<'_> {
        let Options {
            links,
            construction,
            breadth,
            seed,
            capacity_limit,
        } = self.options;
        let mut header = Vec::with_capacity(HEADER);
        header.extend_from_slice(&MAGIC);
        // NB: `Index::with_options` has seen to it that these fit
        header.extend_from_slice(&(self.dimensions as u32).to_le_bytes());
        header.extend_from_slice(&[self.metric as u8, links as u8]);
        header.extend_from_slice(&(construction as u16).to_le_bytes());
        header.extend_from_slice(&(breadth as u32).to_le_bytes());
        header.extend_from_slice(&(capacity_limit as u32).to_le_bytes());
        header.extend_from_slice(&seed.to_le_bytes());
        header.extend_from_slice(&self.slots.count().to_le_bytes());
        header.extend_from_slice(&self.entry.to_le_bytes());
        let sum = self.slots.pieces().fold(checksum(FNV, &header), checksum);
        Saved {
            header,
            slots: &self.slots,
            sum: sum.to_le_bytes(),
        }
    }

    /// Reads what [`Index::save`] wrote.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where the file is not such a one, to the last bit; [`Error::OutOfMemory`].
    pub fn load(file: &[u8]) -> Result<Index, Error> {
        let corrupt = |offset, what| Error::Corrupt { offset, what };
        let mut at = 0;
        if take(file, &mut at)? != MAGIC {
            return Err(corrupt(0, "no index, or one of another version"));
        }
        let dimensions = u32::from_le_bytes(take(file, &mut at)?) as usize;
        let [metric, links] = take(file, &mut at)?;
        let metric = *METRICS
            .get(usize::from(metric))
            .ok_or(corrupt(12, "an unknown metric"))?;
        let options = Options {
            links: links.into(),
            construction: u16::from_le_bytes(take(file, &mut at)?).into(),
            breadth: u32::from_le_bytes(take(file, &mut at)?) as usize,
            capacity_limit: u32::from_le_bytes(take(file, &mut at)?) as usize,
            seed: u64::from_le_bytes(take(file, &mut at)?),
        };
        let mut index = Index::with_options(dimensions, metric, options)
            .map_err(|_| corrupt(8, "dimensions or options out of range"))?;
        let count = u32::from_le_bytes(take(file, &mut at)?);
        let entry = u32::from_le_bytes(take(file, &mut at)?);

        // Nothing is taken for what is not there, and nothing is read but what was written
        let stride = index.slots.stride();
        let records = (count as usize).checked_mul(stride);
        let towers = records
            .and_then(|records| records.checked_add(HEADER + 8))
            .and_then(|least| file.len().checked_sub(least))
            .ok_or(corrupt(file.len(), "the end, before that of the vectors"))?;
        if count > MOST || towers != index.slots.towers_of(count) {
            return Err(corrupt(
                32,
                "a number of vectors other than that of the file's length",
            ));
        }
        let (body, sum) = file.split_at(file.len() - 8);
        if sum != checksum(FNV, body).to_le_bytes() {
            return Err(corrupt(body.len(), "a checksum of something else"));
        }
        let (records, tail) = body[HEADER..].split_at(body.len() - HEADER - towers);

        let slots = &mut index.slots;
        for (slot, record) in (0..count).zip(records.chunks_exact(stride)) {
            slots.reserve()?;
            slots.append();
            let tower = slots.tower(slot);
            slots.record_mut(slot).copy_from_slice(record);
            slots
                .check(slot, dimensions, tower)
                .map_err(|(within, what)| {
                    corrupt(HEADER + slot as usize * stride + within, what)
                })?;
        }
        slots.towers_mut().copy_from_slice(tail);
        for slot in 0..count {
            for layer in 0..=slots.height(slot) {
                slots
                    .check_links(slot, layer)
                    .map_err(|what| corrupt(HEADER + slot as usize * stride, what))?;
            }
        }
        index.settle();
        let held = count as usize - index.free.len();
        let is_entry = if held == 0 {
            entry == NONE
        } else {
            entry < count && index.slots.state(entry) != FREE
        };
        if !is_entry {
            return Err(corrupt(36, "a start that is no vector"));
        }
        index.entry = entry;
        let mut ids = Ids::default();
        for slot in (0..count).filter(|&slot| index.slots.state(slot) == LIVE) {
            ids.reserve(&index.slots)?;
            if ids.put(slot, &index.slots).is_some() {
                return Err(corrupt(
                    HEADER + slot as usize * stride,
                    "an id that was there before",
                ));
            }
        }
        if ids.count() > index.options.capacity_limit {
            return Err(corrupt(20, "more vectors than its own limit"));
        }
        index.ids = ids;
        Ok(index)
    }
}
