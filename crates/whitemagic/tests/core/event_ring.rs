use std::collections::BTreeMap;

use whitemagic::event_ring::{
    BYTES, Batch, CAPACITY, CONSUMERS, DATA, Event, EventRing, HEADER, RingError, hash,
};

use crate::random::Random;

/// All that was ever published, and how much of it each consumer has behind it.
#[derive(Default)]
struct Model {
    events: Vec<Event>,
    consumers: BTreeMap<usize, usize>,
    consumed: usize,
    lost: usize,
}

impl Model {
    /// How many of the oldest are gone.
    fn gone(&self) -> usize {
        let mut bytes = 0;
        let kept = self.events.iter().rev().take(CAPACITY).take_while(|event| {
            bytes += 48 + event.data.len();
            bytes <= 8 * 1024 * 1024
        });
        self.events.len() - kept.count()
    }

    fn poll(&mut self, consumer: usize, count: usize) -> Option<(usize, &[Event])> {
        let gone = self.gone();
        let read = self.consumers.get_mut(&consumer)?;
        let start = gone.max(*read);
        let lost = start - *read;
        let end = self.events.len().min(start + count);
        *read = end;
        self.lost += lost;
        self.consumed += end - start;
        Some((lost, &self.events[start..end]))
    }
}

fn compare(batch: Result<Batch<'_>, RingError>, expected: Option<(usize, &[Event])>, case: &str) {
    let batch = batch.ok();
    let given = batch.map(|batch| (batch.lost, batch.events.cloned().collect::<Vec<_>>()));
    let expected = expected.map(|(lost, events)| (lost as u64, events.to_vec()));
    assert!(given == expected, "{case}");
}

#[test]
fn a_list_of_all_events_gives_the_same() {
    let mut random = Random(5);
    for case in 0..6 {
        let mut ring = EventRing::default();
        let mut model = Model::default();
        let long = if case % 2 == 0 { DATA } else { 90 };
        for (step, number) in (0..=255).cycle().zip(0..1_000) {
            let name = format!("case {case} step {number}");
            match random.below(20) {
                0 => {
                    let free = (0..CONSUMERS).find(|id| !model.consumers.contains_key(id));
                    assert_eq!(ring.register(), free, "{name}");
                    if let Some(free) = free {
                        model.consumers.insert(free, model.events.len());
                    }
                }
                1 => {
                    let consumer = random.below(34) as usize;
                    let was = model.consumers.remove(&consumer).is_some();
                    assert_eq!(ring.unregister(consumer), was, "{name}");
                }
                2..6 => {
                    let consumer = random.below(10) as usize;
                    let count = random.below(40) as usize;
                    let expected = model.poll(consumer, count);
                    compare(ring.peek(consumer, count), expected, &name);
                    compare(ring.poll(consumer, count), expected, &name);
                }
                _ => {
                    let length = random.below(long as u64 + 1) as usize;
                    let event = Event {
                        sequence: model.events.len() as u64 + 1,
                        kind: random.next(),
                        source: hash("source"),
                        timestamp_ns: random.next(),
                        confidence: random.coordinate(10),
                        data: vec![step; length].into(),
                    };
                    let sequence = ring.publish(
                        event.kind,
                        "source",
                        event.confidence,
                        &event.data,
                        event.timestamp_ns,
                    );
                    assert_eq!(sequence, Ok(event.sequence), "{name}");
                    model.events.push(event);
                }
            }
        }
        let stats = ring.stats();
        assert_eq!(stats.published, model.events.len() as u64);
        assert_eq!(stats.consumed, model.consumed as u64);
        assert_eq!(stats.overwritten, model.gone() as u64);
        assert_eq!(stats.lost, model.lost as u64);
        assert_eq!(stats.consumers, model.consumers.len());
        let kept = &model.events[model.gone()..];
        assert_eq!(stats.events, kept.len());
        let bytes = kept.iter().map(|event| HEADER + event.data.len());
        assert_eq!(stats.bytes, bytes.sum::<usize>());
        assert!(stats.bytes <= BYTES);
        // half of the cases come round, or nothing was compared
        assert_eq!(stats.lost > 0, case % 2 == 0);
    }
}

/// As many as upstream's slots are never lost, with as much data as these hold.
#[test]
fn a_lap_is_told_to_the_event() {
    for data in [&[][..], &[7; 80]] {
        let mut ring = EventRing::default();
        let slow = ring.register().expect("the first consumer");
        for now_ns in 1..=65_536 {
            assert_eq!(ring.publish(0, "", 1.0, data, now_ns), Ok(now_ns));
        }
        assert_eq!((ring.stats().overwritten, ring.stats().events), (0, 65_536));
        assert_eq!(ring.peek(slow, 1).expect("a consumer").lost, 0);
        for now_ns in 65_537..=65_539 {
            assert_eq!(ring.publish(0, "", 1.0, data, now_ns), Ok(now_ns));
        }
        let mut batch = ring.poll(slow, 2).expect("a consumer");
        assert_eq!((batch.lost, batch.events.len()), (3, 2));
        assert_eq!(batch.events.next().map(|event| event.sequence), Some(4));
        let batch = ring.poll(slow, usize::MAX).expect("a consumer");
        assert_eq!((batch.lost, batch.events.len()), (0, 65_534));
        assert_eq!(ring.poll(slow, 1).expect("a consumer").events.len(), 0);
        assert_eq!((ring.stats().consumed, ring.stats().lost), (65_536, 3));
    }
}

#[test]
fn what_is_refused_changes_nothing() {
    let mut ring = EventRing::default();
    let data = vec![0; DATA + 1];
    let refused = ring.publish(1, "a", 1.0, &data, 0);
    assert_eq!(refused, Err(RingError::Data(65_537)));
    assert_eq!(
        RingError::Data(65_537).to_string(),
        format!("data has 65537 bytes, more than {DATA}")
    );
    for confidence in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let refused = ring.publish(1, "a", confidence, &[], 0);
        assert_eq!(refused, Err(RingError::Confidence));
    }
    assert_eq!(ring.stats(), EventRing::default().stats());
    assert_eq!(ring.publish(1, "a", 1.0, &data[1..], 0), Ok(1));
    for consumer in [0, CONSUMERS, usize::MAX] {
        let refused = ring.poll(consumer, 1);
        assert_eq!(refused.err(), Some(RingError::Consumer(consumer)));
    }
}

#[test]
fn consumers_come_and_go() {
    let mut ring = EventRing::default();
    let all: Vec<_> = (0..33).map(|_| ring.register()).collect();
    assert_eq!(all[..32], (0..32).map(Some).collect::<Vec<_>>());
    assert_eq!(all[32], None);
    ring.publish(1, "a", 1.0, &[], 0).expect("no data");
    assert!(ring.unregister(5) && !ring.unregister(5));
    // who takes the number over begins at the head
    assert_eq!(ring.register(), Some(5));
    assert_eq!(ring.poll(5, 9).expect("a consumer").events.len(), 0);
    assert_eq!(ring.poll(6, 9).expect("a consumer").events.len(), 1);
    ring.reset();
    assert_eq!(ring.stats(), EventRing::default().stats());
    assert_eq!(ring.poll(6, 9).err(), Some(RingError::Consumer(6)));
    assert_eq!(ring.publish(1, "a", 1.0, &[], 0), Ok(1));
}

/// Two of RFC 9923's test vectors.
#[test]
fn the_hash_of_a_source() {
    assert_eq!(hash(""), 0xCBF2_9CE4_8422_2325);
    assert_eq!(hash("foobar"), 0x8594_4171_F739_67E8);
}
