//! Linker options of the module, here so that every way of running cargo has them.

use std::env;

/// Stack of the module in bytes.
///
/// wasm-ld's 1 MiB is what native programs have eight times over, and llguidance
/// recurses on nested schemas. The stack lies below the data, so an overflow traps.
const STACK_SIZE: usize = 4 << 20;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm") {
        // A host passes callbacks (`LlgTokenizeFn`, `LlgCallback`) as indices into the
        // function table: it has to see the table, and to add to it.
        for option in ["--export-table", "--growable-table"] {
            println!("cargo::rustc-link-arg-cdylib={option}");
        }
        println!("cargo::rustc-link-arg-cdylib=-zstack-size={STACK_SIZE}");
    }
}
