//! What is packed, and what keys sign.

#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

mod forged;

use std::fs;
use std::path::Path;

use forged::{MANIFEST, RUNTIME, Zip, wheel};
use rmpkg::signature::{PublicKey, SecretKey};
use rmpkg::{Contents, Error, Kind, Layout, Limits, Package, extract};
use serde_json::{Value, json};

// The keys of RFC 8410, section 10
const SECRET: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
";
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
";

fn contents() -> Contents {
    Contents::new(MANIFEST.into(), RUNTIME.into(), Limits::DEFAULT).unwrap()
}

fn kind<T>(result: Result<T, Error>) -> Kind {
    result.err().expect("it is refused").kind
}

/// A folder with a Python package, a module, a wheel and a model.
fn sources() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("nodes/inner/__pycache__")).unwrap();
    fs::write(at("nodes/__init__.py"), "").unwrap();
    fs::write(at("nodes/inner/deep.py"), "deep = True\n").unwrap();
    fs::write(at("nodes/inner/__pycache__/deep.cpython-313.pyc"), "x").unwrap();
    fs::write(at("nodes/old.pyc"), "x").unwrap();
    fs::write(at("single.py"), "single = True\n").unwrap();
    fs::write(at("greeting-1.0-py3-none-any.whl"), wheel().bytes()).unwrap();
    fs::write(at("tiny.bin"), [7; 10_000]).unwrap();
    folder
}

fn pack(folder: &Path) -> Vec<u8> {
    let mut contents = contents();
    contents.add_module(&folder.join("nodes")).unwrap();
    contents.add_module(&folder.join("single.py")).unwrap();
    contents
        .add_wheel(&folder.join("greeting-1.0-py3-none-any.whl"))
        .unwrap();
    contents.add_model(&folder.join("tiny.bin")).unwrap();
    let key = SecretKey::parse(SECRET).unwrap();
    contents.pack(Some(&key)).unwrap().0
}

#[test]
fn everything_is_in_its_place() {
    let package = Package::read(&pack(sources().path()), &Limits::DEFAULT).unwrap();
    let names: Vec<_> = package.files().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "deps/python/nodes/__init__.py",
            "deps/python/nodes/inner/deep.py",
            "deps/python/single.py",
            "deps/wheels/greeting-1.0-py3-none-any.whl",
            "manifest.json",
            "meta/SHA256SUMS",
            "meta/signature.sig",
            "metadata.json",
            "models/tiny.bin",
            "runtime.wasm",
        ]
    );
    assert_eq!(package.layout(), Layout::Flat);
    assert_eq!(package.file("manifest.json"), Some(MANIFEST.as_bytes()));
    assert_eq!(package.file("models/tiny.bin"), Some(&[7; 10_000][..]));
    assert_eq!(package.warnings(), [""; 0]);
    package
        .verify_signature(&PublicKey::parse(PUBLIC).unwrap())
        .unwrap();
}

#[test]
fn the_same_files_are_the_same_bytes() {
    let (one, two) = (sources(), sources());
    // Another order in the folder, and another time
    for name in ["nodes/__init__.py", "nodes/inner/deep.py"] {
        let path = two.path().join(name);
        let text = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, text).unwrap();
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
        fs::File::open(&path).unwrap().set_modified(time).unwrap();
    }
    assert!(pack(one.path()) == pack(two.path()));
}

#[test]
fn metadata_are_counted() {
    let (_, package) = contents().pack(None).unwrap();
    assert_eq!(
        package.metadata().unwrap(),
        json!({
            "package_name": "calculator",
            "package_version": "1.2.0",
            "runtime_info": {
                "wasm_size_bytes": 8,
                "has_python_nodes": false,
                "has_rust_nodes": true,
                "node_types": ["MultiplyNode", "AddNode"],
                "node_count": 2,
                "connection_count": 1,
            },
        })
    );
}

#[test]
fn metadata_that_are_not_so_are_refused_or_warned_of() {
    let refused = |metadata: Value| {
        let mut contents = contents();
        kind(contents.set_metadata(metadata.to_string().into_bytes()))
    };
    let named =
        |info: Value| json!({"package_name": "p", "package_version": "1", "runtime_info": info});
    for metadata in [
        json!([]),
        json!({"package_name": "p"}),
        json!({"package_name": "", "package_version": "1"}),
        named(json!({"wasm_size_bytes": 9})),
        named(json!({"node_types": ["Echo"]})),
        named(json!({"node_count": 3})),
    ] {
        assert_eq!(refused(metadata.clone()), Kind::Metadata, "{metadata}");
    }
    let mut given = contents();
    given
        .set_metadata(named(json!({"node_count": 2})).to_string().into_bytes())
        .unwrap();
    given.pack(None).unwrap();

    let mut zip = Zip::package();
    zip.add("metadata.json", named(json!({"node_count": 3})).to_string());
    let package = Package::read(&zip.bytes(), &Limits::DEFAULT).unwrap();
    assert_eq!(package.warnings().len(), 1, "{:?}", package.warnings());
    assert!(package.warnings()[0].contains("runtime_info.node_count"));
}

#[test]
fn a_target_is_added_and_all_else_stays_as_written() {
    // Beyond what a 64-bit number or a double can hold
    let exact = "\"params\": { \"factor\": 123456789012345678901234567890.10 }";
    let text = MANIFEST
        .replace("  \"runtime\": { \"target\": \"wasm32-wasi\" },\n", "")
        .replace("\"params\": { \"factor\": 3 }", exact);
    let contents = Contents::new(text.clone().into(), RUNTIME.into(), Limits::DEFAULT).unwrap();
    let (_, package) = contents.pack(None).unwrap();
    let packed = std::str::from_utf8(package.file("manifest.json").unwrap()).unwrap();
    let (before, after) = packed
        .split_once("\n  \"runtime\": { \"target\": \"wasm32-wasi\" },")
        .unwrap();
    assert_eq!(format!("{before}{after}"), text);
    assert_eq!(package.warnings(), [""; 0]);
}

#[test]
fn what_cannot_be_packed_is_refused() {
    let folder = sources();
    let at = |name: &str| folder.path().join(name);
    let new = |manifest: &str, runtime: &[u8]| {
        kind(Contents::new(
            manifest.into(),
            runtime.into(),
            Limits::DEFAULT,
        ))
    };
    assert_eq!(new("{", RUNTIME), Kind::Json);
    assert_eq!(new("{}", RUNTIME), Kind::Manifest);
    assert_eq!(new(MANIFEST, b"\x7fELF"), Kind::Runtime);
    // The executor refuses a cycle, which a loader takes
    let back = r#"{ "from": "add", "to": "multiply" }, { "from": "multiply""#;
    let cycle = MANIFEST.replace(r#"{ "from": "multiply""#, back);
    assert_eq!(new(&cycle, RUNTIME), Kind::Manifest);
    let mut zip = Zip::package();
    zip.set("manifest.json", &cycle);
    let package = Package::read(&zip.bytes(), &Limits::DEFAULT).unwrap();
    assert_eq!(package.warnings().len(), 1, "{:?}", package.warnings());
    assert!(package.warnings()[0].contains("cycle"));

    std::os::unix::fs::symlink("/etc/passwd", at("nodes/link.py")).unwrap();
    assert_eq!(kind(contents().add_module(&at("nodes"))), Kind::SpecialFile);
    assert_eq!(kind(contents().add_model(&at("nodes"))), Kind::SpecialFile);
    assert_eq!(kind(contents().add_model(&at("absent"))), Kind::Io);
    assert_eq!(kind(contents().add_wheel(&at("tiny.bin"))), Kind::Wheel);

    let mut twice = contents();
    twice.add_model(&at("tiny.bin")).unwrap();
    assert_eq!(kind(twice.add_model(&at("tiny.bin"))), Kind::Duplicate);

    fs::write(at("aux.py"), "").unwrap();
    let mut reserved = contents();
    reserved.add_module(&at("aux.py")).unwrap();
    assert_eq!(kind(reserved.pack(None)), Kind::Name);

    let limits = Limits {
        bytes: 9_000,
        ..Limits::DEFAULT
    };
    let mut small = Contents::new(MANIFEST.into(), RUNTIME.into(), limits).unwrap();
    assert_eq!(kind(small.add_model(&at("tiny.bin"))), Kind::TooLarge);
}

#[test]
fn zeros_are_packed_so_that_a_reader_takes_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zeros.bin");
    fs::write(&path, vec![0; 4 << 20]).unwrap();
    let mut contents = contents();
    contents.add_model(&path).unwrap();
    contents.pack(None).unwrap();
}

#[test]
fn keys_are_those_of_openssl() {
    let key = SecretKey::parse(SECRET).unwrap();
    assert_eq!(key.to_pem(), SECRET);
    assert_eq!(key.public().to_pem(), PUBLIC);
    assert_eq!(kind(SecretKey::parse(PUBLIC)), Kind::Key);
    assert_eq!(kind(PublicKey::parse(SECRET)), Kind::Key);
    assert_eq!(kind(PublicKey::parse("")), Kind::Key);
    // The neutral element of the curve, for which anybody can sign: DER of RFC 8410 with the key
    // 01 00 … 00
    let weak = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
-----END PUBLIC KEY-----
";
    assert_eq!(kind(PublicKey::parse(weak)), Kind::Key);
}

#[test]
fn signatures_are_those_of_rfc_8032() {
    // Section 7.1, test 2: the key as PKCS#8, the message 72
    let key = SecretKey::parse(
        "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7
-----END PRIVATE KEY-----
",
    )
    .unwrap();
    let signature = key
        .sign(&[0x72])
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .concat();
    assert_eq!(
        signature,
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    );
}

#[test]
fn it_is_extracted_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let package = Package::read(&Zip::package().bytes(), &Limits::DEFAULT).unwrap();
    let target = folder.path().join("out");
    extract::extract(&package, &target).unwrap();
    for (name, contents) in package.files() {
        assert_eq!(fs::read(target.join(name)).unwrap(), contents, "{name}");
    }

    assert_eq!(kind(extract::extract(&package, &target)), Kind::Io);
    std::os::unix::fs::symlink("elsewhere", folder.path().join("link")).unwrap();
    assert_eq!(
        kind(extract::extract(&package, &folder.path().join("link"))),
        Kind::Io
    );
    assert_eq!(
        kind(extract::extract(&package, &folder.path().join("no/out"))),
        Kind::Io
    );
    let mut left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["link", "out"]);
}
