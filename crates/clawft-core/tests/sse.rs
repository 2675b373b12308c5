//! Streams of the HTML Standard and of the web platform tests, in pieces of every size.

use clawft_core::sse::{Decoder, Event, TooLarge};
use serde_json::Value;

const LIMIT: usize = 1000;

/// The events of a stream in pieces, the error that ended it, and the time to wait.
fn decode(pieces: &[&[u8]], limit: usize) -> (Vec<Event>, Option<TooLarge>, Option<u64>) {
    let mut decoder = Decoder::new(limit);
    let mut events = Vec::new();
    for mut piece in pieces.iter().copied() {
        loop {
            match decoder.next(&mut piece) {
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(error) => return (events, Some(error), decoder.retry()),
            }
        }
        assert!(piece.is_empty(), "bytes were left");
    }
    (events, None, decoder.retry())
}

fn bytes(case: &Value) -> Vec<u8> {
    if let Some(text) = case["stream"].as_str() {
        return text.as_bytes().to_vec();
    }
    let digits: Vec<char> = case["hex"].as_str().expect("hex").chars().collect();
    let digits: Vec<char> = digits.into_iter().filter(|digit| *digit != ' ').collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(&String::from_iter(pair), 16).expect("hex"))
        .collect()
}

#[test]
fn streams() {
    let cases: Value = serde_json::from_str(include_str!("sse.json")).expect("JSON");
    for case in cases.as_array().expect("a list") {
        let name = case["name"].as_str().expect("a name");
        let stream = bytes(case);
        let events: Vec<Event> = case["events"]
            .as_array()
            .expect("events")
            .iter()
            .map(|event| Event {
                name: event[0].as_str().expect("a type").into(),
                data: event[1].as_str().expect("data").into(),
                id: event[2].as_str().expect("an id").into(),
            })
            .collect();
        let expected = (events, None, case["retry"].as_u64());

        assert_eq!(decode(&[&stream], LIMIT), expected, "{name}");
        let single: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(decode(&single, LIMIT), expected, "{name}, byte by byte");
        for at in 0..=stream.len() {
            let (start, end) = stream.split_at(at);
            assert_eq!(decode(&[start, end], LIMIT), expected, "{name}, at {at}");
            assert_eq!(decode(&[start, &[], end], LIMIT), expected, "{name}, {at}");
        }
    }
}

#[test]
fn an_event_has_a_limit_however_it_comes() {
    let event = |name: &str, data: &str| Event {
        name: name.into(),
        data: data.into(),
        id: String::new(),
    };
    let first = event("message", "a");
    for (stream, events, too_large) in [
        // 16 bytes of a line, and one more
        ("data:a\n\ndata:12345678901\n\n", 2, false),
        ("data:a\n\ndata:123456789012\n\n", 1, true),
        // Without an end
        ("data:a\n\n:12345678901234567890", 1, true),
        // Of many lines: 2 bytes of data each, and 6 of the line
        (
            "data:a\n\ndata:1\ndata:1\ndata:1\ndata:1\ndata:1\ndata:1\n\n",
            2,
            false,
        ),
        (
            "data:a\n\ndata:1\ndata:1\ndata:1\ndata:1\ndata:1\ndata:1\ndata:1\n\n",
            1,
            true,
        ),
        // Empty lines of data take a byte each.
        (
            "data:a\n\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\n",
            1,
            false,
        ),
        (
            "data:a\n\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\n",
            1,
            true,
        ),
        // A type is kept beside it.
        ("data:a\n\nevent:1234567890\ndata:1\n\n", 2, false),
        ("data:a\n\nevent:1234567890\ndata:12\n\n", 1, true),
    ] {
        let stream = stream.as_bytes();
        let whole = decode(&[stream], 16);
        assert_eq!(whole.0.len(), events, "{}", String::from_utf8_lossy(stream));
        assert_eq!(whole.0[0], first);
        assert_eq!(
            whole.1,
            too_large.then_some(TooLarge(16)),
            "{}",
            String::from_utf8_lossy(stream)
        );
        for at in 0..=stream.len() {
            let (start, end) = stream.split_at(at);
            assert_eq!(decode(&[start, end], 16), whole);
        }
        assert_eq!(decode(&stream.chunks(1).collect::<Vec<_>>(), 16), whole);
    }
}

#[test]
fn errors_are_shown() {
    assert_eq!(TooLarge(5).to_string(), "an event is longer than 5 bytes");
}
