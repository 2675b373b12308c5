//! Runs the tests that are written in Python, on the module as an extension of the Python that it was
//! built for: the program in `PYO3_PYTHON`, or `python3`.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::process::Command;
use std::{env, fs};

#[test]
fn the_tests_in_python_pass() {
    let program = env::current_exe().expect("the test has a path");
    let profile = program
        .ancestors()
        .nth(2)
        .expect("it lies in target/PROFILE/deps");
    let library = profile.join(format!("examples/{DLL_PREFIX}pipeline_array{DLL_SUFFIX}"));
    let folder = tempfile::tempdir().expect("there is room for a module");
    fs::copy(&library, folder.path().join("pipeline_array.so"))
        .unwrap_or_else(|error| panic!("{}: {error}", library.display()));
    let python = env::var("PYO3_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let status = Command::new(&python)
        .args(["-B", "-W", "error", "-m", "unittest", "discover", "-s"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests"))
        .env("PYTHONPATH", folder.path())
        .status()
        .unwrap_or_else(|error| panic!("{python}: {error}"));
    assert!(status.success(), "{python} ended with {status}");
}
