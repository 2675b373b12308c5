//! Events that are published once and read by several consumers, each at its own pace.
//!
//! ```
//! use whitemagic::event_ring::{EventRing, hash};
//!
//! let mut ring = EventRing::default();
//! let consumer = ring.register().expect("there is room for 32");
//! assert_eq!(ring.publish(7, "dharma", 0.9, b"{}", 1_000)?, 1);
//! let batch = ring.poll(consumer, 10)?;
//! assert_eq!((batch.lost, batch.events.len()), (0, 1));
//! assert!(batch.events.clone().all(|event| event.source == hash("dharma")));
//! assert_eq!(ring.poll(consumer, 10)?.events.len(), 0);
//! # Ok::<(), whitemagic::event_ring::RingError>(())
//! ```
//!
//! # What is kept
//! The latest events: at most [`CAPACITY`] of them, and [`BYTES`] bytes, of which each takes [`HEADER`] and its
//! data. That is the memory that as many slots of 128 bytes have in `WhiteMagic` 15, so nothing is lost sooner than
//! there; but data may be longer than a slot's 80 bytes, and is never cut off: more than [`DATA`] bytes are
//! refused. The oldest events give way to new ones, and [`Batch::lost`] tells a consumer how many it missed.
//! Memory is taken as events come, and none before the first.

use alloc::boxed::Box;
use alloc::collections::{VecDeque, vec_deque};
use core::ops::Range;

use crate::minhash::fnv_1a;

/// The most events that are kept.
pub const CAPACITY: usize = 65_536;

/// The most consumers at once.
pub const CONSUMERS: usize = 32;

/// The most bytes of all events that are kept.
pub const BYTES: usize = 128 * CAPACITY;

/// Bytes that an event counts beside its data.
pub const HEADER: usize = 48;

/// The most bytes of an event's data: with them there is still room for 127 such events.
pub const DATA: usize = 65_536;

/// What was published.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Which event it is: the first is 1, and each next one is one more.
    pub sequence: u64,
    /// A number by which consumers tell kinds of events apart.
    pub kind: u64,
    /// The [`hash`] of the source's name.
    pub source: u64,
    /// The time that was given.
    pub timestamp_ns: u64,
    /// How sure the source is.
    pub confidence: f64,
    /// What the source says.
    pub data: Box<[u8]>,
}

/// What a consumer is given.
#[derive(Clone, Debug)]
pub struct Batch<'a> {
    /// How many events gave way to others before the consumer came to them. They preceded those of the batch.
    pub lost: u64,
    /// The next events, in the order of their publication.
    pub events: vec_deque::Iter<'a, Event>,
}

/// What a ring has had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Events that were published, which is the last one's sequence.
    pub published: u64,
    /// Events that consumers were given, once for each consumer.
    pub consumed: u64,
    /// Events that gave way to others, read or not.
    pub overwritten: u64,
    /// Events of which consumers were told that they are lost, once for each consumer.
    pub lost: u64,
    /// Consumers that there are.
    pub consumers: usize,
    /// Events that are kept.
    pub events: usize,
    /// Bytes that these count.
    pub bytes: usize,
}

/// Why a ring refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RingError {
    /// The data's bytes are too many.
    #[error("data has {0} bytes, more than 65536")]
    Data(usize),
    /// The confidence is not finite.
    #[error("confidence is not a finite number")]
    Confidence,
    /// Nobody registered under this number, or no longer.
    #[error("there is no consumer {0}")]
    Consumer(usize),
}

/// The latest events, and who reads them.
#[derive(Clone, Debug, Default)]
pub struct EventRing {
    events: VecDeque<Event>,
    /// What the events count.
    bytes: usize,
    /// The next sequence of each consumer that there is.
    consumers: [Option<u64>; CONSUMERS],
    published: u64,
    consumed: u64,
    lost: u64,
}

impl EventRing {
    /// Publishes an event, and gives its sequence.
    ///
    /// # Errors
    /// If the data has more than [`DATA`] bytes or `confidence` is not finite; then nothing is published.
    pub fn publish(
        &mut self,
        kind: u64,
        source: &str,
        confidence: f64,
        data: &[u8],
        now_ns: u64,
    ) -> Result<u64, RingError> {
        if data.len() > DATA {
            return Err(RingError::Data(data.len()));
        }
        if !confidence.is_finite() {
            return Err(RingError::Confidence);
        }
        self.bytes += HEADER + data.len();
        while self.bytes > BYTES || self.events.len() == CAPACITY {
            let oldest = self.events.pop_front();
            self.bytes -= oldest.map_or(0, |event| HEADER + event.data.len());
        }
        self.published += 1;
        self.events.push_back(Event {
            sequence: self.published,
            kind,
            source: hash(source),
            timestamp_ns: now_ns,
            confidence,
            data: data.into(),
        });
        Ok(self.published)
    }

    /// Registers a consumer of what is published from now on, and gives the least number that is free; or None,
    /// if there are [`CONSUMERS`].
    pub fn register(&mut self) -> Option<usize> {
        let free = self.consumers.iter().position(Option::is_none)?;
        self.consumers[free] = Some(self.published + 1);
        Some(free)
    }

    /// Ends a consumer, so that its number is free, and says whether there was one.
    pub fn unregister(&mut self, consumer: usize) -> bool {
        let place = self.consumers.get_mut(consumer);
        place.and_then(Option::take).is_some()
    }

    /// The next events of a consumer, at most `count`, which it has read thereby.
    ///
    /// # Errors
    /// If there is no such consumer.
    pub fn poll(&mut self, consumer: usize, count: usize) -> Result<Batch<'_>, RingError> {
        let (lost, places) = self.next(consumer, count)?;
        let given = places.len() as u64;
        self.lost += lost;
        self.consumed += given;
        if let Some(next) = &mut self.consumers[consumer] {
            *next += lost + given;
        }
        let events = self.events.range(places);
        Ok(Batch { lost, events })
    }

    /// What [`EventRing::poll`] would give.
    ///
    /// # Errors
    /// If there is no such consumer.
    pub fn peek(&self, consumer: usize, count: usize) -> Result<Batch<'_>, RingError> {
        let (lost, places) = self.next(consumer, count)?;
        let events = self.events.range(places);
        Ok(Batch { lost, events })
    }

    /// What the ring has had.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats {
            published: self.published,
            consumed: self.consumed,
            overwritten: self.published - self.events.len() as u64,
            lost: self.lost,
            consumers: self.consumers.iter().flatten().count(),
            events: self.events.len(),
            bytes: self.bytes,
        }
    }

    /// Makes the ring as if new: without events and consumers, and the next sequence is 1.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// How many events a consumer has lost, and where its next ones are.
    fn next(&self, consumer: usize, count: usize) -> Result<(u64, Range<usize>), RingError> {
        let next = self.consumers.get(consumer).copied().flatten();
        let behind = self.published + 1 - next.ok_or(RingError::Consumer(consumer))?;
        let kept = self.events.len();
        let unread = usize::try_from(behind).map_or(kept, |behind| behind.min(kept));
        let start = kept - unread;
        Ok((behind - unread as u64, start..start + unread.min(count)))
    }
}

/// The hash of a source's name: FNV-1a of 64 bits of its UTF-8.
#[must_use]
pub fn hash(source: &str) -> u64 {
    fnv_1a(source.as_bytes())
}
