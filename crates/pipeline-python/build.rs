//! Where the interpreter finds its standard library: natively on disk, in a WASM module in itself.

use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=PIPELINE_PYTHON_FROZEN");
    let folder = env::var("PIPELINE_PYTHON_FROZEN").unwrap_or_else(|_| {
        assert!(
            env::var("CARGO_CFG_TARGET_FAMILY").as_deref() != Ok("wasm"),
            "PIPELINE_PYTHON_FROZEN must name a folder that freeze.py wrote: on WASM the standard \
             library is part of the module"
        );
        // Natively nothing is frozen but what libpython has frozen itself.
        let folder = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
        for file in ["modules.txt", "modules.bin"] {
            fs::write(Path::new(&folder).join(file), "").expect("OUT_DIR can be written");
        }
        folder
    });
    println!("cargo:rerun-if-changed={folder}");
    println!("cargo:rustc-env=FROZEN={folder}");

    pyo3_build_config::use_pyo3_cfgs();
    let python = pyo3_build_config::get();
    if python.shared()
        && let Some(library) = python.lib_dir()
    {
        println!("cargo:library={library}");
        println!("cargo:rustc-link-arg=-Wl,-rpath,{library}");
    }
    // From where a library that was moved finds its modules.
    println!(
        "cargo:rustc-env=PYTHON_PROGRAM={}",
        python.executable().unwrap_or_default()
    );
}
