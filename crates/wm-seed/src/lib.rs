//! A memory server for MCP clients, in one program.
//!
//! [`session::serve`] speaks MCP for a [`Server`], which has the [`tools`]; [`http::Http`] does so over HTTP.
//! Memories are in a [`store::Store`], an SQLite database in the state root, where the full WhiteMagic has its own.

pub mod archive;
pub mod arguments;
pub mod breaker;
pub mod error;
pub mod galaxy;
pub mod harmony;
pub mod http;
pub mod ledger;
pub mod limits;
pub mod lines;
pub mod memory;
pub mod modules;
pub mod query;
pub mod quickstart;
pub mod root;
pub mod rpc;
pub mod rules;
pub mod schema;
pub mod search;
pub mod server;
pub mod session;
pub mod spatial;
pub mod store;
pub mod tools;

pub use error::{Error, Result};
pub use root::StateRoot;
pub use server::Server;
