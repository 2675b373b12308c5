//! The listing of a package: the SHA-256 of every file, as `sha256sum` writes and checks it.
//!
//! A line is 64 hexadecimal digits, two spaces and the file's name. Lines are in the order of the
//! names, each ends in a newline. Listing and signature are not in it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::error::{Error, Kind, Result, ensure};

/// The listing's own name.
pub const NAME: &str = "meta/SHA256SUMS";

/// The listing of these files.
#[must_use]
pub fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> String {
    let hashes: BTreeMap<_, _> = files
        .into_iter()
        .map(|(name, contents)| (name, hash(contents)))
        .collect();
    let mut listing = String::new();
    for (name, hash) in hashes {
        listing.push_str(&hash);
        listing.push_str("  ");
        listing.push_str(name);
        listing.push('\n');
    }
    listing
}

/// The SHA-256 of a file, in hexadecimal digits.
#[must_use]
pub fn hash(contents: &[u8]) -> String {
    Sha256::digest(contents)
        .iter()
        .fold(String::new(), |mut digits, byte| {
            // NB: writing to a string does not fail
            let _ = write!(digits, "{byte:02x}");
            digits
        })
}

/// Refuses files that are not exactly those of a listing.
///
/// # Errors
///
/// [`Kind::Listing`] if it is not in its form, [`Kind::Hash`], [`Kind::Unlisted`] or
/// [`Kind::ListedMissing`].
pub fn check<'a>(
    listing: &[u8],
    files: impl IntoIterator<Item = (&'a str, &'a [u8])>,
) -> Result<()> {
    let mut listed = parse(listing)?;
    for (name, contents) in files {
        let said = listed
            .remove(name)
            .ok_or_else(|| Error::new(Kind::Unlisted, format!("`{name}` is not in {NAME}")))?;
        let found = hash(contents);
        ensure(said == found, Kind::Hash, || {
            format!("`{name}` has the hash {found}, but {NAME} says {said}")
        })?;
    }
    match listed.first_key_value() {
        None => Ok(()),
        Some((name, _)) => Err(Error::new(
            Kind::ListedMissing,
            format!("`{name}` is in {NAME}, but not in the package"),
        )),
    }
}

/// The hashes of a listing by name.
fn parse(listing: &[u8]) -> Result<BTreeMap<&str, &str>> {
    let wrong =
        |line: usize, what: &str| Error::new(Kind::Listing, format!("{NAME}: line {line}: {what}"));
    let text = std::str::from_utf8(listing).map_err(|_| wrong(1, "not UTF-8"))?;
    let mut hashes = BTreeMap::new();
    let mut previous = "";
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let wrong = |what: &str| wrong(number + 1, what);
        let line = line
            .strip_suffix('\n')
            .ok_or_else(|| wrong("no newline at its end"))?;
        let (hash, name) = line
            .split_once("  ")
            .ok_or_else(|| wrong("no two spaces between hash and name"))?;
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if hash.len() != 64 || !hash.bytes().all(digit) {
            return Err(wrong("no SHA-256 in 64 small hexadecimal digits"));
        }
        if name <= previous {
            return Err(wrong("not behind the one before in the order of names"));
        }
        hashes.insert(name, hash);
        previous = name;
    }
    Ok(hashes)
}
