//! `.rmpkg`: a pipeline's manifest, the WASM runtime that executes it, and what it depends on, in one
//! file.
//!
//! A package is a ZIP archive ([`archive`]) with a listing of the hashes of its files ([`listing`]),
//! which a key may have signed ([`signature`]). [`Package::read`] checks all of it before it returns,
//! and [`Limits`] before it takes memory; [`Contents`] makes one, always the same bytes of the same
//! files.

pub mod archive;
pub mod error;
pub mod extract;
pub mod file;
pub mod json;
pub mod listing;
pub mod manifest;
pub mod metadata;
pub mod pack;
pub mod package;
pub mod paths;
pub mod run;
pub mod signature;
pub mod wheel;
pub mod write;

pub use archive::Limits;
pub use error::{Error, Kind, Result};
pub use pack::Contents;
pub use package::{Layout, Package};
