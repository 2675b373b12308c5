//! An AI agent that knows no machine.
//!
//! [`agent::Agent`] answers a message: it asks a model ([`provider`]), runs the tools that the model
//! calls ([`tool`]), and keeps what was said ([`session`]) under what [`config`] says. Everything it
//! needs of a machine it takes from a [`platform::Platform`], so the same code is the native command,
//! the WASI component and the WASI command. It is synchronous: what waits is the platform, and a turn
//! is taken event by event ([`agent::Turn`]), so whoever drives it may stop between any two.
//!
//! It needs no standard library where it is built for WASM: a component without one is smaller by what
//! that has for panics; see `docs/decisions/0027-smallest-component.md`.

#![no_std]

#[macro_use]
extern crate alloc;
#[cfg(feature = "native-platform")]
extern crate std;

pub mod agent;
#[cfg(feature = "channels")]
pub mod channel;
pub mod config;
pub mod json;
pub mod json_repair;
pub mod memory;
pub mod message;
pub mod platform;
mod prelude;
pub mod prompt;
pub mod provider;
pub mod session;
pub mod sse;
pub mod text;
pub mod time;
pub mod tool;
pub mod url_policy;
pub mod vectors;
