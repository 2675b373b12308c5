//! Tells the program where `libpython` is, in case it lies where the system does not look.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    #[cfg(feature = "python")]
    if std::env::var("CARGO_CFG_TARGET_FAMILY").as_deref() == Ok("unix") {
        pyo3_build_config::add_libpython_rpath_link_args();
    }
}
