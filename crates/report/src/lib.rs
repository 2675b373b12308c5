//! What the checks measured, for people: a page of sizes, a page of the runtime matrix, and a
//! summary of what changed.

pub mod cell;
pub mod figures;
pub mod matrix;
pub mod page;
pub mod size;
pub mod summary;

pub use cell::Cell;
