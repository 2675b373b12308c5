use serde_json::Value;

use crate::call::{State, answer, export};
use crate::json::{Answer, Error, Members};
use crate::memory::require;

/// The most bytes of an event in an answer beside its data.
const PER_EVENT: usize = 256;

export! {
    /// Publishes an event.
    ring_publish = publish;
    /// Ends a consumer.
    ring_unregister = |argument, state, answer| {
        let consumer = Members::of(argument)?.limit("id")?;
        answer.truth(state.ring.unregister(consumer));
        Ok(())
    };
    /// The next events of a consumer.
    ring_poll = poll;
}

/// Registers a consumer.
#[unsafe(no_mangle)]
pub extern "C" fn ring_register() -> i32 {
    answer(|state, answer| {
        match state.ring.register() {
            None => answer.null(),
            Some(consumer) => answer.count(consumer as u64),
        }
        Ok(())
    })
}

/// What the ring has had.
#[unsafe(no_mangle)]
pub extern "C" fn ring_stats() -> i32 {
    answer(|state, answer| {
        let stats = state.ring.stats();
        let named = [
            ("total_published", stats.published),
            ("total_consumed", stats.consumed),
            ("total_overwritten", stats.overwritten),
            ("total_lost", stats.lost),
            ("active_consumers", stats.consumers as u64),
            ("held_events", stats.events as u64),
            ("held_bytes", stats.bytes as u64),
        ];
        for (position, (name, count)) in named.into_iter().enumerate() {
            answer.member(name, position == 0).count(count);
        }
        answer.end();
        Ok(())
    })
}

/// Makes the ring as if new.
#[unsafe(no_mangle)]
pub extern "C" fn ring_reset() -> i32 {
    answer(|state, answer| {
        state.ring.reset();
        answer.null();
        Ok(())
    })
}

fn publish(argument: &Value, state: &mut State, answer: &mut Answer) -> Result<(), Error> {
    let members = Members::of(argument)?;
    let published = state.ring.publish(
        members.safe("event_type")?,
        members.text("source")?,
        members.number("confidence")?,
        members.text("data")?.as_bytes(),
        members.nanoseconds("now_ns")?,
    );
    answer.count(published.map_err(Error::refused)?);
    Ok(())
}

fn poll(argument: &Value, state: &mut State, answer: &mut Answer) -> Result<(), Error> {
    let members = Members::of(argument)?;
    let (consumer, count) = (members.limit("id")?, members.limit("max")?);
    // NB: what does not fit in memory is not read, and so not lost
    let batch = state.ring.peek(consumer, count).map_err(Error::refused)?;
    // NB: a character takes six bytes where it is escaped, and the text is moved as it grows
    let events = batch.events.map(|event| 6 * event.data.len() + PER_EVENT);
    require(3 * events.sum::<usize>())?;
    let batch = state.ring.poll(consumer, count).map_err(Error::refused)?;
    answer.member("lost", true).count(batch.lost);
    answer
        .member("events", false)
        .array(batch.events, |answer, event| {
            answer.member("seq", true).count(event.sequence);
            answer.member("event_type", false).count(event.kind);
            answer.member("source_id", false).digits(event.source);
            answer
                .member("timestamp_ns", false)
                .digits(event.timestamp_ns);
            answer.member("confidence", false).number(event.confidence);
            // NB: it was text when it was published
            let data = str::from_utf8(&event.data).unwrap_or_default();
            answer.member("data", false).text(data);
            answer.end();
        });
    answer.end();
    Ok(())
}
