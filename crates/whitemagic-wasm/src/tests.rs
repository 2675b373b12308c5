//! The functions, called as a host does.

use crate::call::{wm_result, wm_version};
use crate::memory::{require, wm_alloc, wm_free};
use crate::{encoder, event_ring, minhash, rate_limit, search, spatial, state_board};

type Function = unsafe extern "C" fn(*const u8, usize) -> i32;

/// By the names of the documentation.
const FUNCTIONS: [(&str, Function); 27] = [
    ("spatial_add", spatial::spatial_add),
    ("spatial_update", spatial::spatial_update),
    ("spatial_delete", spatial::spatial_delete),
    ("spatial_nearest", spatial::spatial_nearest),
    ("spatial_within", spatial::spatial_within),
    ("spatial_density", spatial::spatial_density),
    ("minhash_signatures", minhash::minhash_signatures),
    ("minhash_find_duplicates", minhash::minhash_find_duplicates),
    ("holographic_encode", encoder::holographic_encode),
    ("search_add", search::search_add),
    ("search_remove", search::search_remove),
    ("search_query", search::search_query),
    ("search_all", search::search_all),
    ("search_phrase", search::search_phrase),
    ("search_fuzzy", search::search_fuzzy),
    ("rate_check", rate_limit::rate_check),
    ("rate_limits", rate_limit::rate_limits),
    ("rate_override", rate_limit::rate_override),
    ("rate_stats", rate_limit::rate_stats),
    ("ring_publish", event_ring::ring_publish),
    ("ring_unregister", event_ring::ring_unregister),
    ("ring_poll", event_ring::ring_poll),
    ("board_write_harmony", state_board::board_write_harmony),
    ("board_write_resonance", state_board::board_write_resonance),
    ("board_write_breaker", state_board::board_write_breaker),
    (
        "board_increment_counter",
        state_board::board_increment_counter,
    ),
    ("board_set_engines", state_board::board_set_engines),
];

const WITHOUT_ARGUMENT: [(&str, extern "C" fn() -> i32); 9] = [
    ("spatial_clear", spatial::spatial_clear),
    ("search_clear", search::search_clear),
    ("search_stats", search::search_stats),
    ("ring_register", event_ring::ring_register),
    ("ring_stats", event_ring::ring_stats),
    ("ring_reset", event_ring::ring_reset),
    ("board_read", state_board::board_read),
    ("board_reset", state_board::board_reset),
    ("wm_version", wm_version),
];

/// The answer, or the message.
fn text(length: i32) -> Result<String, String> {
    let size = length.unsigned_abs() as usize;
    // SAFETY: the answer has its length and lies there until the next call.
    let bytes = unsafe { std::slice::from_raw_parts(wm_result(), size) };
    let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
    if length < 0 { Err(text) } else { Ok(text) }
}

fn call(name: &str, argument: &[u8]) -> Result<String, String> {
    let function = FUNCTIONS.iter().find(|(other, _)| *other == name);
    let (_, function) = function.expect("a function");
    let address = wm_alloc(argument.len());
    assert!(argument.is_empty() || !address.is_null());
    // SAFETY: the argument's bytes are copied into a block of its length, which is freed once.
    unsafe {
        address.copy_from_nonoverlapping(argument.as_ptr(), argument.len());
        let length = function(address, argument.len());
        wm_free(address, argument.len());
        text(length)
    }
}

/// Each line is a function, its argument if it takes one, and the answer; or `!` and the message. The matrix
/// leads the same dialogues with the module.
fn follow(lines: &str) {
    for line in lines.lines().filter(|line| !line.is_empty()) {
        let mut fields = line.splitn(3, " | ").map(str::trim);
        let mut next = || fields.next().expect("three fields");
        let (name, argument, expected) = (next(), next(), next());
        let answer = match WITHOUT_ARGUMENT.iter().find(|(other, _)| *other == name) {
            Some((_, function)) => text(function()),
            None => call(name, argument.as_bytes()),
        };
        match expected.strip_prefix("! ") {
            Some(message) => assert_eq!(answer, Err(message.to_owned()), "{line}"),
            None => assert_eq!(answer, Ok(expected.to_owned()), "{line}"),
        }
    }
}

#[test]
fn dialogues_by_hand() {
    follow(include_str!("../dialogues/spatial.txt"));
    follow(include_str!("../dialogues/minhash.txt"));
    follow(include_str!("../dialogues/encoder.txt"));
    follow(include_str!("../dialogues/search.txt"));
    follow(include_str!("../dialogues/rate_limit.txt"));
    follow(include_str!("../dialogues/ring.txt"));
    follow(include_str!("../dialogues/board.txt"));
}

/// What `crates/whitemagic/tests/core/data/make.py` makes of the formulas, in Python.
#[test]
fn dialogues_by_formula() {
    follow(include_str!("../dialogues/documents.txt"));
    follow(include_str!("../dialogues/points.txt"));
    follow(include_str!("../dialogues/signatures.txt"));
}

#[test]
fn the_query_of_five_numbers() {
    assert_eq!(
        text(spatial::spatial_query_5d(0.0, 0.0, 0.0, 0.0, 0.0, 3)),
        Ok("[]".to_owned())
    );
    let points = br#"[{"id":"a","x":1,"y":0,"z":0,"w":0,"v":0},{"id":"b\"","x":0,"y":0.5,"z":0,"w":0,"v":0}]"#;
    assert_eq!(call("spatial_add", points), Ok("2".to_owned()));
    let found = r#"[{"id":"b\"","distance_squared":0.25},{"id":"a","distance_squared":1.0}]"#;
    assert_eq!(
        text(spatial::spatial_query_5d(0.0, 0.0, 0.0, 0.0, 0.0, 9)),
        Ok(found.to_owned())
    );
    let message = "coordinate z is not a finite number".to_owned();
    assert_eq!(
        text(spatial::spatial_query_5d(0.0, 0.0, f64::NAN, 0.0, 0.0, 1)),
        Err(message)
    );
    let message = "k is not a whole number from 0 on".to_owned();
    assert_eq!(
        text(spatial::spatial_query_5d(0.0, 0.0, 0.0, 0.0, 0.0, -1)),
        Err(message)
    );
    assert_eq!(text(spatial::spatial_clear()), Ok("null".to_owned()));
    assert_eq!(
        text(spatial::spatial_query_5d(0.0, 0.0, 0.0, 0.0, 0.0, 9)),
        Ok("[]".to_owned())
    );
}

/// What a host does that shares the board with other processes.
#[test]
fn the_boards_bytes_are_the_hosts_too() {
    let address = state_board::board_address();
    assert_eq!(address.addr() % 8, 0);
    let first = text(state_board::board_read());
    // the tick is at 16, and a quiet NaN at 64
    // SAFETY: 4,096 bytes lie there as long as the thread lives.
    unsafe {
        address.add(16).write(5);
        address.add(64).cast::<[u8; 8]>().write([0xFF; 8]);
    }
    let read = text(state_board::board_read()).expect("a board");
    assert!(read.starts_with(r#"{"tick":5,"last_update_ns":"0","balance":null,"#));
    // SAFETY: as above.
    unsafe { address.write(1) };
    let message = "the bytes are no state board: the magic number is missing";
    assert_eq!(text(state_board::board_read()), Err(message.to_owned()));
    assert_eq!(
        call("board_increment_counter", br#"{"slot":1}"#),
        Err(message.to_owned())
    );
    // SAFETY: as above.
    assert_eq!(unsafe { address.read() }, 1);
    // SAFETY: as above.
    unsafe { address.add(8).write(2) };
    assert_eq!(text(state_board::board_reset()), Ok("null".to_owned()));
    assert_eq!(text(state_board::board_read()), first);
    assert_eq!(state_board::board_address(), address);
}

#[test]
fn a_slow_consumer_is_told_what_it_lost() {
    assert_eq!(text(event_ring::ring_register()), Ok("0".to_owned()));
    let event = |data: &str| {
        format!(r#"{{"event_type":1,"source":"","confidence":1,"data":"{data}","now_ns":0}}"#)
    };
    // 8 MiB have room for 127 of 65,584 bytes
    let event_of_64_kib = event(&"x".repeat(65_536));
    for sequence in 1..=130 {
        let answer = call("ring_publish", event_of_64_kib.as_bytes());
        assert_eq!(answer, Ok(sequence.to_string()));
    }
    let message = "data has 65537 bytes, more than 65536".to_owned();
    let longer = event(&"x".repeat(65_537));
    assert_eq!(call("ring_publish", longer.as_bytes()), Err(message));
    let batch = call("ring_poll", br#"{"id":0,"max":1}"#).expect("a consumer");
    assert!(batch.starts_with(r#"{"lost":3,"events":[{"seq":4,"#));
    let stats = concat!(
        r#"{"total_published":130,"total_consumed":1,"total_overwritten":3,"total_lost":3,"#,
        r#""active_consumers":1,"held_events":127,"held_bytes":8329168}"#
    );
    assert_eq!(text(event_ring::ring_stats()), Ok(stats.to_owned()));
}

#[test]
fn no_text_is_too_bad_for_a_message() {
    let deep = "[".repeat(100_000);
    for (name, _) in FUNCTIONS {
        for argument in [
            "", "{", "nul", "\u{0}", "1e999", &deep, "7", "null", "\"x\"", "[[[]]]", "[7]", "{}x",
        ] {
            let answer = call(name, argument.as_bytes());
            assert!(
                answer.is_err_and(|message| !message.is_empty()),
                "{name} {argument:.9}"
            );
        }
        assert!(call(name, b"\"\xFF\"").is_err());
    }
    // SAFETY: nothing is read where the address is null.
    let refused = unsafe { spatial::spatial_add(std::ptr::null(), 5) };
    assert_eq!(
        text(refused),
        Err("the argument is not in memory".to_owned())
    );
}

/// More than there are addresses.
#[cfg(target_pointer_width = "64")]
#[test]
fn memory_that_there_is_not_is_refused_beforehand() {
    for bytes in [1 << 48, usize::MAX / 2, usize::MAX] {
        assert!(require(bytes).is_err());
        assert!(wm_alloc(bytes).is_null());
    }
    assert!(require(1 << 16).is_ok());
    assert!(wm_alloc(0).is_null());
    // SAFETY: null is freed without effect.
    unsafe { wm_free(std::ptr::null_mut(), 8) };
}

#[test]
fn the_version() {
    assert_eq!(
        text(wm_version()),
        Ok(format!("\"{}\"", env!("CARGO_PKG_VERSION")))
    );
}
