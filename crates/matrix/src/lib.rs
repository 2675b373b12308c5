//! Runs WebAssembly artifacts on the runtimes their users have, compares what they do with the
//! native program, and measures it.
//!
//! A [`cell`] is an artifact in one mode of a [`runtime`], put through the [`scenario`]s of a
//! folder. Programs with WASI run by the runtimes' command lines ([`command`]), core modules in
//! a process of the runtime that is driven from here ([`core`], [`remote`]): either way in a
//! child [`process`] with limits. What comes out is a [`report`].

pub mod cell;
pub mod command;
pub mod core;
pub mod difference;
mod folder;
pub mod interface;
pub mod llguidance;
pub mod outcome;
pub mod process;
pub mod remote;
pub mod report;
pub mod runtime;
pub mod scenario;
pub mod whitemagic;
