//! `WhiteMagic`'s core as a core WebAssembly module: crate `whitemagic`, called with JSON through memory.
//!
//! The module imports nothing. It exports `memory` and the functions below. An instance has one spatial index of
//! string ids, one search index, one rate limiter, one event ring, one state board, and no clock.
//!
//! # Calling
//! A function takes the address and the length of a JSON text, which the host has put in memory of [`wm_alloc`]
//! and frees by [`wm_free`]. It returns an i32: the length of its answer in bytes, which is JSON; or, if that is
//! negative, minus the length of a message that says what was wrong. The bytes, in UTF-8, lie at the address that
//! [`wm_result`] returns, and stay there until the next call but of `wm_free`. What fails has changed nothing.
//!
//! From Python, by wasmtime-py:
//!
//! ```python
//! store = Store()
//! module = Module.from_file(store.engine, "whitemagic_core.wasm")
//! exports = Instance(store, module, []).exports(store)
//!
//! def text(length):
//!     start = exports["wm_result"](store)
//!     return exports["memory"].read(store, start, start + abs(length)).decode()
//!
//! def call(name, argument):
//!     data = json.dumps(argument).encode()
//!     address = exports["wm_alloc"](store, len(data))
//!     exports["memory"].write(store, data, address)
//!     length = exports[name](store, address, len(data))
//!     exports["wm_free"](store, address, len(data))
//!     if length < 0:
//!         raise ValueError(text(length))
//!     return json.loads(text(length))
//!
//! call("spatial_add", [{"id": "a", "x": 0, "y": 0, "z": 1, "w": 0.5, "v": 1}])
//! length = exports["spatial_query_5d"](store, 0.0, 0.0, 1.0, 0.5, 1.0, 3)
//! print(json.loads(text(length)))  # [{"id": "a", "distance_squared": 0.0}]
//! ```
//!
//! # Functions
//! | export | argument | answer |
//! |---|---|---|
//! | `spatial_add` | `[{id, x, y, z, w, v}]` | how many were added: all or none |
//! | `spatial_update` | `{id, x, y, z, w, v}` | whether there was such a point |
//! | `spatial_delete` | `{id}` | whether there was such a point |
//! | `spatial_clear` | | `null` |
//! | `spatial_query_5d` | the five coordinates as f64 and k as i32, no JSON | `[{id, distance_squared}]` |
//! | `spatial_nearest` | `{points: [{x, y, z, w, v}], k}` | `[[{id, distance_squared}]]` |
//! | `spatial_within` | `{x, y, z, w, v, radius_squared}` | `[{id, distance_squared}]` |
//! | `spatial_density` | `{radius_squared}` | `[{id, neighbours}]` |
//! | `minhash_signatures` | `[[keyword]]` | `[{values} or null]`, null of an empty set |
//! | `minhash_find_duplicates` | `{keywords: [[keyword]], threshold, max_results}` | `[{idx_a, idx_b, estimated_jaccard}]` |
//! | `holographic_encode` | `[{id, content, importance, access_count, age_days, galactic_distance, garden, tags}]`, of which but `id` and `content` all may be missing | `[{id, x, y, z, w, v}]` |
//! | `search_add` | `[{id, title, content}]` | how many are new |
//! | `search_remove` | `{id}` | whether there was such a document |
//! | `search_clear` | | `null` |
//! | `search_query`, `search_all`, `search_phrase` | `{query, limit}` | `[{id, score}]` |
//! | `search_fuzzy` | `{query, limit, max_edits}` | `[{id, score}]` |
//! | `search_stats` | | `{doc_count, vocab_size, avg_doc_len}` |
//! | `rate_check` | `{tool, now_ms}` | `{allowed, retry_after_ms, denied_by}`: the last two null, or `"tool"` or `"global"`; a wait of null is for good |
//! | `rate_limits` | `{global, per_tool, burst}` | `null`; counts begin anew |
//! | `rate_override` | `{tool, per_minute}`, which may be null | `null` |
//! | `rate_stats` | `{now_ms}` | `{global, tools: [{tool, rate}]}` |
//! | `ring_publish` | `{event_type, source, confidence, data, now_ns}`, where `data` is text | the event's `seq`, from 1 |
//! | `ring_register` | | the consumer's id, or `null` if there are 32 |
//! | `ring_unregister` | `{id}` | whether there was such a consumer |
//! | `ring_poll` | `{id, max}` | `{lost, events: [{seq, event_type, source_id, timestamp_ns, confidence, data}]}` |
//! | `ring_stats` | | `{total_published, total_consumed, total_overwritten, total_lost, active_consumers, held_events, held_bytes}` |
//! | `ring_reset` | | `null` |
//! | `board_read` | | `{tick, last_update_ns, balance, throughput, latency, error_rate, dharma, karma_debt, energy, guna, wu_xing_phase, current_gana, predecessor_gana, successor_gana, quadrant, active_engines, slots: [{slot, state, failures, counter}]}`, without the slots of which all is 0 |
//! | `board_write_harmony` | `{balance, throughput, latency, error_rate, dharma, karma_debt, energy, now_ns}` | the tick |
//! | `board_write_resonance` | `{guna, wu_xing_phase, current_gana, predecessor_gana, successor_gana, quadrant, now_ns}` | the tick |
//! | `board_write_breaker` | `{slot, state, failures}` | `null` |
//! | `board_increment_counter` | `{slot}` | the count |
//! | `board_set_engines` | `{mask}` | `null` |
//! | `board_reset` | | `null` |
//! | `board_address` | | no JSON, but the address of the board's bytes |
//! | `wm_version` | | the version as a string |
//!
//! Those without an argument take none. The crate's features `search`, `rate-limit` and `events` bring theirs.
//!
//! # Whole numbers
//! Hashes and nanoseconds are answered as strings of decimal digits, since JavaScript would lose the last of them;
//! `now_ns` may be such a string or a number. `event_type` and `failures` are at most 2^53 - 1. All other whole
//! numbers are below that too, unless another process wrote them to the board: those are answered as null.
//!
//! # The board's bytes
//! A host may copy a board that other processes have mapped to the 4,096 bytes at `board_address`, and copy them
//! out after calls. The address never changes, and is a multiple of 8; it is 0 if memory has no room. If the bytes
//! are no board of version 1, the next call says so and leaves them, and only `board_reset` makes them one.
//!
//! # Memory
//! Before a call does anything it makes sure that memory can grow by 128 times its argument and twice what is
//! allocated, more than it may need; otherwise it fails with a message. [`wm_set_memory_limit`] bounds what is
//! allocated.

#![cfg_attr(target_family = "wasm", no_std)]

extern crate alloc;

mod call;
mod encoder;
#[cfg(feature = "events")]
mod event_ring;
mod json;
mod memory;
mod minhash;
mod panic;
#[cfg(feature = "rate-limit")]
mod rate_limit;
#[cfg(feature = "search")]
mod search;
mod spatial;
#[cfg(feature = "events")]
mod state_board;
#[cfg(all(test, feature = "events", feature = "rate-limit", feature = "search"))]
mod tests;

pub use call::{wm_result, wm_version};
pub use memory::{wm_alloc, wm_allocated, wm_free, wm_set_memory_limit};
