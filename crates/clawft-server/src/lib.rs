//! A server for tests, on loopback, that speaks the APIs of `OpenAI` (chat completions) and Anthropic
//! (messages), and whatever else a scenario says, well or badly.
//!
//! - A [`scenario::Scenario`] is a JSON file: what the agent's home holds, what it is told, which requests
//!   it must make and what they are answered, which events it must report and which files it must leave.
//! - The [`server::Server`] plays the answers of one. It holds a request to what its [`api`] demands, so
//!   a message that the real service would turn down is turned down here.
//! - The [`suite`] runs a program on a scenario and says what was not as it must be. The program is any
//!   command line, so that the native command and the WASM artifacts are held to the same.
//!
//! It is written on sockets alone: what it must do (stop in the middle of a head, never end a body, send
//! bytes that are no text) is what a library keeps a server from doing.

pub mod api;
pub mod pattern;
pub mod scenario;
pub mod server;
pub mod suite;
