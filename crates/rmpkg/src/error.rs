//! Why a package is refused.

use std::fmt;
use std::io;
use std::path::Path;

use serde::Serialize;

/// What is wrong, as one word that tests and other programs can rely on.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The file, one of its entries or all of them together are larger than the limit, or there
    /// are too many.
    TooLarge,
    /// An entry would grow by more than the limit when it is decompressed.
    Ratio,
    /// No ZIP archive: it has no end record at its end, because it is something else, was cut off,
    /// or something follows.
    NotZip,
    /// A record is cut off, or none stands where one should.
    Truncated,
    /// Bytes of the archive belong to no entry, or to two.
    Gap,
    /// Two records of the archive disagree.
    Disagreement,
    /// An entry is encrypted.
    Encrypted,
    /// A feature of ZIP that packages do not use: other compression methods, ZIP64, several disks.
    Unsupported,
    /// A link, a device or another entry that is neither file nor folder.
    SpecialFile,
    /// An entry's data are not what its headers say: they cannot be decompressed, are longer or
    /// shorter, or have another checksum.
    Corrupt,
    /// A name that leads out of the package.
    PathEscape,
    /// A name that some system cannot have, or shows as another.
    Name,
    /// Two entries that are the same file on some system.
    Duplicate,
    /// A file that every package has is not there.
    Missing,
    /// Files of both layouts.
    Ambiguous,
    /// JSON that does not parse, or names a key twice.
    Json,
    /// The manifest breaks a rule.
    Manifest,
    /// The metadata break a rule.
    Metadata,
    /// The runtime is no WASM module.
    Runtime,
    /// A wheel is no wheel.
    Wheel,
    /// The listing of hashes is not in its form.
    Listing,
    /// A file is not what the listing says.
    Hash,
    /// A file that the listing does not have.
    Unlisted,
    /// The listing has a file that is not there.
    ListedMissing,
    /// The package is not signed, but should be.
    Unsigned,
    /// The signature was not made of this listing by this key.
    Signature,
    /// Not an ed25519 key in PEM.
    Key,
    /// The package's file does not end in `.rmpkg`.
    Extension,
    /// A file or folder cannot be read or written.
    Io,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 29] = [
        Self::TooLarge,
        Self::Ratio,
        Self::NotZip,
        Self::Truncated,
        Self::Gap,
        Self::Disagreement,
        Self::Encrypted,
        Self::Unsupported,
        Self::SpecialFile,
        Self::Corrupt,
        Self::PathEscape,
        Self::Name,
        Self::Duplicate,
        Self::Missing,
        Self::Ambiguous,
        Self::Json,
        Self::Manifest,
        Self::Metadata,
        Self::Runtime,
        Self::Wheel,
        Self::Listing,
        Self::Hash,
        Self::Unlisted,
        Self::ListedMissing,
        Self::Unsigned,
        Self::Signature,
        Self::Key,
        Self::Extension,
        Self::Io,
    ];
}

impl fmt::Display for Kind {
    /// The word that stands for it in JSON.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(out)
    }
}

/// Why a package is refused, or could not be made.
#[derive(Debug, thiserror::Error)]
#[error("{kind}: {detail}")]
pub struct Error {
    /// What is wrong.
    pub kind: Kind,
    /// Where it is, and what would be right.
    pub detail: String,
}

impl Error {
    /// An error of a kind.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
        }
    }

    /// The system refused to read or write a file.
    #[must_use]
    pub fn io(path: &Path, error: &io::Error) -> Self {
        Self::new(Kind::Io, format!("{}: {error}", path.display()))
    }

    /// Says it of the file that was given, rather than of what it is to become.
    #[must_use]
    pub fn of(mut self, role: &str, given: &str) -> Self {
        let rest = self.detail.strip_prefix(role);
        if let Some(rest) = rest.filter(|rest| rest.starts_with(": ")) {
            self.detail = format!("{given}{rest}");
        }
        self
    }

    /// Says where it happened.
    #[must_use]
    pub fn within(mut self, place: &str) -> Self {
        self.detail = format!("{place}: {}", self.detail);
        self
    }
}

/// A result whose error says why a package is refused.
pub type Result<T> = std::result::Result<T, Error>;

/// Refuses, unless a condition holds.
pub(crate) fn ensure(holds: bool, kind: Kind, detail: impl FnOnce() -> String) -> Result<()> {
    if holds {
        Ok(())
    } else {
        Err(Error::new(kind, detail()))
    }
}
