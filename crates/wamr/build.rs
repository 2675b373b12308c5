//! Links libiwasm.a, which Nix builds; see nix/packages/wamr.nix.

use std::env;
use std::path::Path;
use std::process::ExitCode;

const CURE: &str = "Work inside `./nixw develop`, or run `./nixw build .#wamr` and set WAMR_DIR to \
                    the absolute path of `result`.";

fn main() -> ExitCode {
    println!("cargo::rerun-if-env-changed=WAMR_DIR");
    let Some(folder) = env::var_os("WAMR_DIR") else {
        println!("cargo::error=WAMR_DIR is not set, so libiwasm.a cannot be found. {CURE}");
        return ExitCode::FAILURE;
    };
    let libraries = Path::new(&folder).join("lib");
    let library = libraries.join("libiwasm.a");
    if !library.is_file() {
        println!(
            "cargo::error=WAMR_DIR has no such file: {}. {CURE}",
            library.display()
        );
        return ExitCode::FAILURE;
    }
    println!("cargo::rerun-if-changed={}", library.display());
    println!("cargo::rustc-link-search=native={}", libraries.display());
    println!("cargo::rustc-link-lib=static=iwasm");
    println!("cargo::rustc-link-lib=m");
    ExitCode::SUCCESS
}
