//! Sizes of artifacts, the budgets they have to keep, and what their bytes are spent on.
//!
//! A [`Recording`] says what each byte of a module belongs to: a section, or a function of a
//! crate. Two of them give a [`Growth`].

pub mod account;
pub mod budget;
pub mod growth;
pub mod module;
pub mod recording;
pub mod size;
pub mod symbol;

pub use account::Account;
pub use budget::{Budgets, Entry};
pub use growth::Growth;
pub use recording::Recording;
pub use size::Size;
