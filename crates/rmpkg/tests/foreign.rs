//! Packages that others wrote: `tests/foreign/make.py` (Python's zipfile, and Info-ZIP's fields) and
//! `make.mjs` (archiver, with which the format's own packer writes, and `JSZip`, with which its loader
//! reads).

#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

use std::fs;
use std::path::Path;

use rmpkg::{Layout, Limits, Package};

fn read(name: &str) -> Package {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/foreign")
        .join(name);
    Package::open(&path, &Limits::DEFAULT).unwrap()
}

#[test]
fn all_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign");
    let mut packages = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "rmpkg")
        {
            let package = Package::open(&path, &Limits::DEFAULT).unwrap();
            let source = package.file("manifest.json").unwrap();
            assert_eq!(
                rmpkg::listing::hash(source),
                // sha256sum tests/foreign/manifest.json
                "f3a71b3de6bd7379a5494736d13c9c6c5c6ae92f25340de70bd0fa056a11618b",
                "{}",
                path.display()
            );
            assert_eq!(package.info().node_types, ["MultiplyNode", "AddNode"]);
            packages += 1;
        }
    }
    assert_eq!(packages, 5);
}

#[test]
fn the_draft_layout_is_read() {
    let package = read("draft.rmpkg");
    assert_eq!(package.layout(), Layout::Draft);
    assert_eq!(package.file("models/tiny.bin"), Some(&b"weights"[..]));
    assert_eq!(
        package.file("wasi-deps/usr/lib/python3.13/os.py"),
        Some(&b"# os\n"[..])
    );
}

#[test]
fn what_has_no_listing_is_warned_of() {
    for name in [
        "archiver.rmpkg",
        "jszip.rmpkg",
        "zipfile.rmpkg",
        "draft.rmpkg",
    ] {
        let package = read(name);
        assert_eq!(package.warnings().len(), 1, "{:?}", package.warnings());
        assert!(package.warnings()[0].contains("meta/SHA256SUMS"));
    }
}
