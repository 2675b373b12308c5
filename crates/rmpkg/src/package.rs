//! A package that has been read and found good.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use crate::archive::{self, Limits};
use crate::error::{Error, Kind, Result, ensure};
use crate::metadata::RuntimeInfo;
use crate::signature::PublicKey;
use crate::wheel::Wheel;
use crate::{file, json, listing, manifest, metadata, signature, wheel};

/// The manifest's name.
pub const MANIFEST: &str = "manifest.json";
/// The metadata's name.
pub const METADATA: &str = "metadata.json";
/// The folder with a module or package of Python each.
pub const MODULES: &str = "deps/python/";
/// The folder of wheels.
pub const WHEELS: &str = "deps/wheels/";
/// The folder of models.
pub const MODELS: &str = "models/";

/// How the files of a package are called.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// `runtime.wasm` and `deps/`: what the format's loader takes, and what is written here.
    Flat,
    /// `modules/remotemedia_runtime.wasm` and `wasi-deps/`: the draft from which it came.
    Draft,
}

impl Layout {
    /// The runtime's name.
    #[must_use]
    pub const fn runtime(self) -> &'static str {
        match self {
            Self::Flat => "runtime.wasm",
            Self::Draft => "modules/remotemedia_runtime.wasm",
        }
    }

    /// Where its dependencies are.
    #[must_use]
    pub const fn dependencies(self) -> &'static str {
        match self {
            Self::Flat => "deps/",
            Self::Draft => "wasi-deps/",
        }
    }

    /// Whether the layout has a place for such a file.
    fn has(self, name: &str) -> bool {
        [MANIFEST, METADATA, self.runtime()].contains(&name)
            || [self.dependencies(), MODELS, "meta/"]
                .iter()
                .any(|folder| name.starts_with(folder))
    }
}

/// A package whose archive, listing, manifest, runtime and wheels are as they should be.
///
/// Only its signature is not checked yet: that needs a key, by [`Package::verify_signature`].
#[derive(Debug)]
pub struct Package {
    files: BTreeMap<String, Vec<u8>>,
    layout: Layout,
    manifest: Value,
    info: RuntimeInfo,
    warnings: Vec<String>,
}

impl Package {
    /// Reads and checks a package's file.
    ///
    /// # Errors
    ///
    /// [`Kind::Extension`], [`Kind::Io`] and those of [`Package::read`].
    pub fn open(path: &Path, limits: &Limits) -> Result<Self> {
        check_extension(path)?;
        let archive = file::read(path, limits.bytes)?;
        Self::read(&archive, limits).map_err(|error| error.within(&path.display().to_string()))
    }

    /// Checks a package.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with it.
    pub fn read(archive: &[u8], limits: &Limits) -> Result<Self> {
        let mut files = BTreeMap::new();
        for entry in archive::entries(archive, limits)? {
            if !entry.name.ends_with('/') {
                let contents = archive::contents(archive, &entry)?;
                files.insert(entry.name, contents);
            }
        }
        let mut warnings = Vec::new();
        check_listing(&files, &mut warnings)?;
        let layout = layout(&files)?;
        for name in files.keys().filter(|name| !layout.has(name)) {
            warnings.push(format!("`{name}` is nothing that a package has"));
        }

        let manifest = json::parse(MANIFEST, &files[MANIFEST])?;
        let findings = manifest::check(&manifest);
        warnings.extend(
            findings
                .warnings
                .into_iter()
                .map(|warning| format!("{MANIFEST}: {warning}")),
        );
        ensure(findings.errors.is_empty(), Kind::Manifest, || {
            format!("{MANIFEST}: {}", findings.errors.join("; "))
        })?;
        if let Some(refusal) = manifest::refusal(&manifest) {
            warnings.push(format!(
                "{MANIFEST}: the executor will refuse it: {refusal}"
            ));
        }

        let runtime = &files[layout.runtime()];
        check_runtime(layout.runtime(), runtime)?;
        let info = RuntimeInfo::of(&manifest, runtime);
        if let Some(text) = files.get(METADATA)
            && let Err(error) =
                json::parse(METADATA, text).and_then(|metadata| metadata::check(&metadata, &info))
        {
            // NB: the format's loader goes on without them, too
            warnings.push(error.detail);
        }

        let package = Self {
            files,
            layout,
            manifest,
            info,
            warnings,
        };
        package.check_wheels(limits)
    }

    /// Checks its wheels, which count for the limit with what they unpack to.
    fn check_wheels(mut self, limits: &Limits) -> Result<Self> {
        let mut left = self.files.values().fold(limits.bytes, |left, file| {
            left.saturating_sub(file.len() as u64)
        });
        let mut warnings = Vec::new();
        for (name, archive) in self.wheels() {
            // NB: its own bytes are counted already, as a file of the package
            let limits = Limits {
                bytes: left.max(archive.len() as u64),
                ..*limits
            };
            let size = Wheel::read(name, archive, &limits)?.size();
            ensure(size <= left, Kind::TooLarge, || {
                format!(
                    "{name}: unpacks to {size} bytes, where the limit leaves {left} beside the \
                     package's own"
                )
            })?;
            left -= size;
            if !wheel::is_importable(name) {
                warnings.push(format!(
                    "{name}: has machine code of another platform, which WASM cannot import"
                ));
            }
        }
        self.warnings.extend(warnings);
        Ok(self)
    }

    /// Refuses a package that this key has not signed.
    ///
    /// # Errors
    ///
    /// [`Kind::Unsigned`] or [`Kind::Signature`].
    pub fn verify_signature(&self, key: &PublicKey) -> Result<()> {
        match (self.file(listing::NAME), self.file(signature::NAME)) {
            (Some(listing), Some(signature)) => key.verify(listing, signature),
            _ => Err(Error::new(
                Kind::Unsigned,
                "the package is not signed; `rmpkg pack --sign KEY` signs",
            )),
        }
    }

    /// Its files by name, in the order of the names.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files
            .iter()
            .map(|(name, contents)| (name.as_str(), contents.as_slice()))
    }

    /// What is in a file.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(Vec::as_slice)
    }

    /// How its files are called.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The manifest.
    #[must_use]
    pub fn manifest(&self) -> &Value {
        &self.manifest
    }

    /// Counted facts about runtime and pipeline.
    #[must_use]
    pub fn info(&self) -> &RuntimeInfo {
        &self.info
    }

    /// Its metadata, if it has some and they parse.
    #[must_use]
    pub fn metadata(&self) -> Option<Value> {
        json::parse(METADATA, self.file(METADATA)?).ok()
    }

    /// Its wheels by name.
    pub fn wheels(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files()
            .filter(|(name, _)| name.starts_with(WHEELS) && wheel::is_named(name))
    }

    /// Whether it has a signature, of whatever key.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.file(signature::NAME).is_some()
    }

    /// What is not as it should be, but no reason to refuse it.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// Refuses names that loaders refuse.
///
/// # Errors
///
/// [`Kind::Extension`].
pub fn check_extension(path: &Path) -> Result<()> {
    ensure(
        path.extension()
            .is_some_and(|extension| extension == "rmpkg"),
        Kind::Extension,
        || format!("{}: a package's name ends in .rmpkg", path.display()),
    )
}

/// Refuses what is no module for the target.
///
/// # Errors
///
/// [`Kind::Runtime`].
pub fn check_runtime(name: &str, runtime: &[u8]) -> Result<()> {
    let refused = |why: &str| Err(Error::new(Kind::Runtime, format!("{name}: {why}")));
    match runtime.get(..8) {
        Some(b"\0asm\x01\0\0\0") => Ok(()),
        Some([0, b'a', b's', b'm', .., 1, 0]) => {
            refused("a component; the target wasm32-wasi means a core module")
        }
        _ => refused("no WASM module: these begin with `\\0asm` and version 1"),
    }
}

fn layout(files: &BTreeMap<String, Vec<u8>>) -> Result<Layout> {
    let missing = |name: &str| Error::new(Kind::Missing, format!("no {name} in the package"));
    let of = |layout: Layout| {
        files.contains_key(layout.runtime())
            || files
                .keys()
                .any(|name| name.starts_with(layout.dependencies()))
    };
    let layout = match (of(Layout::Flat), of(Layout::Draft)) {
        (true, true) => {
            return Err(Error::new(
                Kind::Ambiguous,
                format!(
                    "files of both layouts: {} or {} is one, {} or {} the other",
                    Layout::Flat.runtime(),
                    Layout::Flat.dependencies(),
                    Layout::Draft.runtime(),
                    Layout::Draft.dependencies()
                ),
            ));
        }
        (false, true) => Layout::Draft,
        (_, false) => Layout::Flat,
    };
    for name in [MANIFEST, layout.runtime()] {
        if !files.contains_key(name) {
            return Err(missing(name));
        }
    }
    Ok(layout)
}

fn check_listing(files: &BTreeMap<String, Vec<u8>>, warnings: &mut Vec<String>) -> Result<()> {
    let signed = files.contains_key(signature::NAME);
    let Some(said) = files.get(listing::NAME) else {
        warnings.push(format!(
            "no {}: nothing says that the files are what was packed",
            listing::NAME
        ));
        return ensure(!signed, Kind::Signature, || {
            format!(
                "{} without {}, which it signs",
                signature::NAME,
                listing::NAME
            )
        });
    };
    listing::check(said, listed(files))
}

/// The files that a listing has.
pub(crate) fn listed(files: &BTreeMap<String, Vec<u8>>) -> impl Iterator<Item = (&str, &[u8])> {
    files
        .iter()
        .filter(|(name, _)| ![listing::NAME, signature::NAME].contains(&name.as_str()))
        .map(|(name, contents)| (name.as_str(), contents.as_slice()))
}
