//! How the command is linked.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_CFG_TARGET_FAMILY").is_some_and(|family| family == "wasm") {
        // As much as the component has
        println!("cargo::rustc-link-arg-bins=--max-memory=16777216");
        println!("cargo::rustc-link-arg-bins=-zstack-size=262144");
    }
}
