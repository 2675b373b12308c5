//! Packages that must be refused, and for what.
//!
//! Each case is a good package with one change, and the kind of error that it must give: another
//! kind would mean that the reader got further than it may, or not as far as the case goes.

#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]
#![allow(
    clippy::semicolon_if_nothing_returned,
    reason = "a row of the table is one expression"
)]

mod archives;
mod contents;
#[path = "../forged/mod.rs"]
mod forged;
mod names;

use forged::Zip;
use rmpkg::signature::SecretKey;
use rmpkg::{Kind, Limits, Package};

/// Small, so that the bombs are.
const LIMITS: Limits = Limits {
    bytes: 8 << 20,
    entries: 100,
    ratio: 200,
};

type Case = (&'static str, Kind, fn(&mut Zip));

/// The entry that cases change: not the first, not the last, and compressed.
const HELPER: &str = "deps/python/helper.py";

#[test]
fn the_package_that_the_cases_change_is_good() {
    let package = Package::read(&Zip::package().bytes(), &LIMITS).unwrap();
    assert_eq!(package.warnings(), [""; 0]);
    assert_eq!(package.file(HELPER), Some(&b"answer = 42\n"[..]));
}

#[test]
fn archives_are_refused() {
    refused(archives::CASES);
}

#[test]
fn names_are_refused() {
    refused(names::CASES);
}

#[test]
fn contents_are_refused() {
    refused(contents::CASES);
}

fn refused(cases: &[Case]) {
    let mut wrong = Vec::new();
    for (name, expected, change) in cases {
        let mut zip = Zip::package();
        change(&mut zip);
        match Package::read(&zip.bytes(), &LIMITS) {
            Err(error) if error.kind == *expected => println!("{name}: {error}"),
            Err(error) => wrong.push(format!("{name}: expected {expected}, found {error}")),
            Ok(_) => wrong.push(format!("{name}: expected {expected}, but it was taken")),
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_beginning_of_a_package_is_refused() {
    let archive = Zip::package().bytes();
    for length in 0..archive.len() {
        assert!(
            Package::read(&archive[..length], &LIMITS).is_err(),
            "{length} of {} bytes",
            archive.len()
        );
    }
}

#[test]
fn signatures_of_others_are_refused() {
    let key = SecretKey::generate().unwrap();
    let other = SecretKey::generate().unwrap();
    let mut zip = Zip::package();
    let listing = zip.listing();
    let mut altered = key.sign(listing.as_bytes());
    altered[40] ^= 1;
    // a signature whose numbers are all zero fits keys of small order only
    let signatures: [(&str, &[u8]); 5] = [
        ("another key's", &other.sign(listing.as_bytes())),
        ("of another listing", &key.sign(b"")),
        ("altered", &altered),
        ("zeros", &[0; 64]),
        ("short", &[0; 63]),
    ];
    let unsigned = Package::read(&zip.bytes(), &LIMITS).unwrap();
    let error = unsigned.verify_signature(&key.public()).unwrap_err();
    assert_eq!(error.kind, Kind::Unsigned);

    zip.add("meta/signature.sig", key.sign(listing.as_bytes()));
    zip.listed = false;
    zip.add("meta/SHA256SUMS", &listing);
    let signed = Package::read(&zip.bytes(), &LIMITS).unwrap();
    signed.verify_signature(&key.public()).unwrap();
    for (name, signature) in signatures {
        zip.set("meta/signature.sig", signature);
        let package = Package::read(&zip.bytes(), &LIMITS).unwrap();
        let error = package.verify_signature(&key.public()).unwrap_err();
        assert_eq!(error.kind, Kind::Signature, "{name}");
    }
}
