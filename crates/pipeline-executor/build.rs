//! Tells the program where the interpreter's library is, in case it lies where the system does not look.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Said by the build script of pipeline-python.
    if let Ok(folder) = std::env::var("DEP_PIPELINE_PYTHON_LIBRARY") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{folder}");
    }
}
