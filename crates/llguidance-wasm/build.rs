//! Linker options of the module, here so that every way of running cargo has them.

use std::{env, fs};

/// Stack of the module in bytes.
///
/// llguidance recurses along chains of rules and of `$ref`; everything else has limits of
/// its own. At 1,000 links the usual 1 MiB overflows, while with 4 MiB the host's call
/// stack is what ends first, so this one is never the limit. It lies below the data: an
/// overflow traps.
const STACK_SIZE: usize = 4 << 20;

/// The functions that take the place of llguidance's.
const REPLACING: &str = "src/constraint.rs";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm") {
        // A host passes callbacks (`LlgTokenizeFn`, `LlgCallback`) as indices into the
        // function table: it has to see the table, and to add to it.
        for option in ["--export-table", "--growable-table"] {
            println!("cargo::rustc-link-arg-cdylib={option}");
        }
        println!("cargo::rustc-link-arg-cdylib=-zstack-size={STACK_SIZE}");
        // What the crate has in place of llguidance's own; nix/wasm.nix takes the prefix from the exports.
        println!("cargo::rerun-if-changed={REPLACING}");
        let source = fs::read_to_string(REPLACING).expect("a source of this crate");
        for rest in source.split(r#"export_name = "__wrap_"#).skip(1) {
            let name = rest.split('"').next().expect("a name");
            println!("cargo::rustc-link-arg-cdylib=--wrap={name}");
        }
    }
}
