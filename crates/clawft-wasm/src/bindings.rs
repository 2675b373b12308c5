//! The world of `wit/clawft.wit`, as Rust.

#![allow(
    missing_docs,
    unsafe_op_in_unsafe_fn,
    clippy::pedantic,
    clippy::undocumented_unsafe_blocks
)]

wit_bindgen::generate!({
    path: "wit",
    world: "clawft",
    generate_all,
});
