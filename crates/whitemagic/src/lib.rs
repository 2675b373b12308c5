//! The core of `WhiteMagic`: what finds, places and compares memories, bounds how often a tool is called, and
//! carries events and state between a system's parts.
//!
//! | module | what it is |
//! |---|---|
//! | [`encoder`] | a memory's place in five dimensions |
//! | [`spatial`] | the memories nearest to a place |
//! | [`minhash`] | memories that are nearly the same |
//! | [`search`] | memories by their words |
//! | [`rate_limit`] | how often a tool may be called |
//! | [`event_ring`] | events for several consumers |
//! | [`state_board`] | a system's vital signs in 4,096 bytes |
//!
//! No module knows of a clock, a file or a platform: times are arguments, results are values. The same
//! calls give the same results in the same order, bit for bit on every machine: logarithms and powers are `libm`'s.

#![no_std]

extern crate alloc;

pub mod encoder;
pub mod event_ring;
pub mod minhash;
pub mod rate_limit;
pub mod search;
pub mod spatial;
pub mod state_board;
mod words;
