//! Pipelines: a [`Manifest`] names nodes and connects them to a [`Graph`], and an [`Executor`] sends
//! items through it.
//!
//! The same code runs natively and on `wasm32-wasip1`, and gives the same results. The nodes that
//! there always are, are those of [`builtin`]; others come from a [`NodeFactory`].

pub mod array;
#[cfg(not(target_family = "wasm"))]
mod asynchronous;
pub mod builtin;
mod deadline;
mod error;
mod executor;
mod fallible;
mod graph;
pub mod manifest;
mod node;
mod outcome;
mod request;
mod retry;
mod run;

pub use array::Array;
#[cfg(not(target_family = "wasm"))]
pub use asynchronous::block_on;
pub use deadline::{Clock, Deadline, Sleep, SystemClock};
pub use error::{Error, ErrorKind, Place};
pub use executor::{Executor, Settings};
pub use fallible::{fallible, is_fallible};
pub use graph::Graph;
pub use manifest::Manifest;
pub use node::{Context, Node, NodeError, NodeFactory, Processing, Registry};
pub use outcome::{GraphInfo, NodeMetrics, Outcome};
pub use request::Request;
pub use retry::Retry;
/// What flows between nodes. Objects keep the order of their keys.
pub use serde_json::Value;
