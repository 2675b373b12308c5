//! Wheels, which a package carries as they are, and which are unpacked where it runs.

use crate::archive::{self, Entry, Limits};
use crate::error::{Error, Kind, Result, ensure};

/// A wheel that has been checked.
pub struct Wheel<'a> {
    archive: &'a [u8],
    entries: Vec<Entry>,
}

impl<'a> Wheel<'a> {
    /// Checks a wheel of this name: an archive within the limits, with the files that make it one.
    ///
    /// # Errors
    ///
    /// [`Kind::Wheel`], or what is wrong with the archive.
    pub fn read(name: &str, archive: &'a [u8], limits: &Limits) -> Result<Self> {
        let within = |error: Error| error.within(name);
        let wheel = Self {
            archive,
            entries: archive::entries(archive, limits).map_err(within)?,
        };
        for entry in &wheel.entries {
            archive::contents(archive, entry).map_err(within)?;
        }
        let base = name.rsplit('/').next().unwrap_or(name);
        ensure(tags(base).is_some(), Kind::Wheel, || {
            format!("{name}: its name is not NAME-VERSION-PYTHON-ABI-PLATFORM.whl")
        })?;
        for needed in ["METADATA", "RECORD", "WHEEL"] {
            let found = wheel.entries.iter().any(|entry| {
                entry
                    .name
                    .split_once('/')
                    .is_some_and(|(folder, file)| folder.ends_with(".dist-info") && file == needed)
            });
            ensure(found, Kind::Wheel, || {
                format!("{name}: no {needed} in a folder NAME-VERSION.dist-info")
            })?;
        }
        Ok(wheel)
    }

    /// Bytes of all its files.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.entries.iter().map(|entry| entry.size).sum()
    }

    /// Its files as they lie in a folder of Python's path.
    ///
    /// Scripts, headers and data, for which there is no place there, are left out.
    ///
    /// # Errors
    ///
    /// Those of [`archive::contents`].
    pub fn installed(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let mut files = Vec::new();
        for entry in &self.entries {
            if entry.name.ends_with('/') {
                continue;
            }
            if let Some(name) = installed_name(&entry.name) {
                files.push((name.to_owned(), archive::contents(self.archive, entry)?));
            }
        }
        Ok(files)
    }
}

/// Where a wheel's file lies below `site-packages`, if it does.
fn installed_name(name: &str) -> Option<&str> {
    let (folder, rest) = name.split_once('/').unwrap_or(("", name));
    if folder.strip_suffix(".data").is_none() {
        return Some(name);
    }
    rest.strip_prefix("purelib/")
        .or_else(|| rest.strip_prefix("platlib/"))
}

/// Whether a file is called like a wheel.
#[must_use]
pub fn is_named(name: &str) -> bool {
    name.strip_suffix(".whl").is_some()
}

/// Whether a Python inside WASM can import a wheel of this name: one without machine code, or with
/// that of WASI.
#[must_use]
pub fn is_importable(name: &str) -> bool {
    tags(name.rsplit('/').next().unwrap_or(name)).is_some_and(|[_, abi, platform]| {
        (abi == "none" && platform == "any") || platform.starts_with("wasi")
    })
}

/// Python, ABI and platform of a wheel's file name.
fn tags(name: &str) -> Option<[&str; 3]> {
    let parts: Vec<_> = name.strip_suffix(".whl")?.split('-').collect();
    match parts[..] {
        [_, _, python, abi, platform] | [_, _, _, python, abi, platform]
            if parts.iter().all(|part| !part.is_empty()) =>
        {
            Some([python, abi, platform])
        }
        _ => None,
    }
}
