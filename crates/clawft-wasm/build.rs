//! How the component is linked.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_CFG_TARGET_FAMILY").is_some_and(|family| family == "wasm") {
        // 16 MiB, and of them for the stack what the deepest JSON that serde_json reads takes
        println!("cargo::rustc-link-arg-cdylib=--max-memory=16777216");
        println!("cargo::rustc-link-arg-cdylib=-zstack-size=262144");
    }
}
