//! Makes packages.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::archive::Limits;
use crate::error::{Error, Kind, Result, ensure};
use crate::metadata::RuntimeInfo;
use crate::package::{
    self, Layout, MANIFEST, METADATA, MODELS, MODULES, Package, WHEELS, check_runtime,
};
use crate::signature::SecretKey;
use crate::{file, json, listing, manifest, metadata, signature, wheel, write};

/// What a package shall contain.
pub struct Contents {
    files: BTreeMap<String, Vec<u8>>,
    limits: Limits,
    manifest: Value,
}

impl Contents {
    /// A package of a manifest and a runtime, with generated metadata.
    ///
    /// If the manifest lacks the section `runtime`, it is added; all else stays as it is written.
    ///
    /// # Errors
    ///
    /// [`Kind::Json`], [`Kind::Manifest`] or [`Kind::Runtime`].
    pub fn new(manifest: Vec<u8>, runtime: Vec<u8>, limits: Limits) -> Result<Self> {
        let text = with_target(manifest)?;
        let manifest = json::parse(MANIFEST, &text)?;
        let findings = manifest::check(&manifest);
        ensure(findings.errors.is_empty(), Kind::Manifest, || {
            format!("{MANIFEST}: {}", findings.errors.join("; "))
        })?;
        if let Some(refusal) = manifest::refusal(&manifest) {
            return Err(Error::new(Kind::Manifest, format!("{MANIFEST}: {refusal}")));
        }
        check_runtime(Layout::Flat.runtime(), &runtime)?;
        let mut contents = Self {
            files: BTreeMap::new(),
            limits,
            manifest,
        };
        let generated = metadata::generate(&contents.manifest, &runtime);
        let generated = format!("{generated:#}\n").into_bytes();
        contents.add(MANIFEST.to_owned(), text)?;
        contents.add(Layout::Flat.runtime().to_owned(), runtime)?;
        contents.add(METADATA.to_owned(), generated)?;
        Ok(contents)
    }

    /// Takes these metadata in place of the generated ones.
    ///
    /// # Errors
    ///
    /// [`Kind::Json`] or [`Kind::Metadata`].
    pub fn set_metadata(&mut self, text: Vec<u8>) -> Result<()> {
        let facts = RuntimeInfo::of(&self.manifest, &self.files[Layout::Flat.runtime()]);
        metadata::check(&json::parse(METADATA, &text)?, &facts)?;
        self.files.remove(METADATA);
        self.add(METADATA.to_owned(), text)
    }

    /// Adds a Python module, which is a file, or a package of them, which is a folder.
    ///
    /// What Python has compiled is left out: it depends on Python's version and on the time.
    ///
    /// # Errors
    ///
    /// [`Kind::Io`]; [`Kind::SpecialFile`] for links and devices; [`Kind::Name`] and the like for
    /// names that a package cannot have.
    pub fn add_module(&mut self, path: &Path) -> Result<()> {
        let name = format!("{MODULES}{}", file_name(path)?);
        self.add_tree(path, name)
    }

    /// Adds a wheel.
    ///
    /// # Errors
    ///
    /// [`Kind::Io`], [`Kind::Name`]; [`Kind::Wheel`] if it is not called like one.
    pub fn add_wheel(&mut self, path: &Path) -> Result<()> {
        let name = file_name(path)?;
        ensure(wheel::is_named(&name), Kind::Wheel, || {
            format!("{}: the name of a wheel ends in .whl", path.display())
        })?;
        self.add_file(path, format!("{WHEELS}{name}"))
    }

    /// Adds a model: any file.
    ///
    /// # Errors
    ///
    /// [`Kind::Io`], [`Kind::Name`].
    pub fn add_model(&mut self, path: &Path) -> Result<()> {
        self.add_file(path, format!("{MODELS}{}", file_name(path)?))
    }

    /// The package as a file, signed if there is a key, and as it reads.
    ///
    /// # Errors
    ///
    /// Whatever a reader would find wrong with it.
    pub fn pack(mut self, key: Option<&SecretKey>) -> Result<(Vec<u8>, Package)> {
        let listing = listing::of(package::listed(&self.files)).into_bytes();
        if let Some(key) = key {
            let signature = key.sign(&listing).to_vec();
            self.add(signature::NAME.to_owned(), signature)?;
        }
        self.add(listing::NAME.to_owned(), listing)?;
        let files = self
            .files
            .iter()
            .map(|(name, contents)| (name.as_str(), contents.as_slice()));
        let archive = write::archive(files, &self.limits)?;
        let package = Package::read(&archive, &self.limits)?;
        Ok((archive, package))
    }

    fn add_tree(&mut self, path: &Path, name: String) -> Result<()> {
        let io = |error| Error::io(path, &error);
        let kind = fs::symlink_metadata(path).map_err(io)?.file_type();
        if !kind.is_dir() {
            return self.add_file(path, name);
        }
        for entry in fs::read_dir(path).map_err(io)? {
            let path = entry.map_err(io)?.path();
            let part = file_name(&path)?;
            let compiled = Path::new(&part)
                .extension()
                .is_some_and(|extension| extension == "pyc");
            if part != "__pycache__" && !compiled {
                self.add_tree(&path, format!("{name}/{part}"))?;
            }
        }
        Ok(())
    }

    fn add_file(&mut self, path: &Path, name: String) -> Result<()> {
        let kind = fs::symlink_metadata(path)
            .map_err(|error| Error::io(path, &error))?
            .file_type();
        ensure(kind.is_file(), Kind::SpecialFile, || {
            format!(
                "{}: a link, a device or a folder, and no file",
                path.display()
            )
        })?;
        let contents = file::read(path, self.limits.bytes)?;
        self.add(name, contents)
    }

    fn add(&mut self, name: String, contents: Vec<u8>) -> Result<()> {
        let used: u64 = self.files.values().map(|file| file.len() as u64).sum();
        let total = used.saturating_add(contents.len() as u64);
        ensure(total <= self.limits.bytes, Kind::TooLarge, || {
            format!(
                "with `{name}` the files have {total} bytes, where {} are the limit",
                self.limits.bytes
            )
        })?;
        ensure(!self.files.contains_key(&name), Kind::Duplicate, || {
            format!("`{name}` is there twice")
        })?;
        self.files.insert(name, contents);
        Ok(())
    }
}

/// The last part of a path, also of `.` or `folder/..`.
fn file_name(path: &Path) -> Result<String> {
    let absolute;
    let name = if let Some(name) = path.file_name() {
        name
    } else {
        absolute = path
            .canonicalize()
            .map_err(|error| Error::io(path, &error))?;
        absolute.file_name().unwrap_or_default()
    };
    name.to_str().map(str::to_owned).ok_or_else(|| {
        Error::new(
            Kind::Name,
            format!("{}: its name is not Unicode", path.display()),
        )
    })
}

/// The manifest with a runtime's target, which is added to the text if it is not there.
fn with_target(text: Vec<u8>) -> Result<Vec<u8>> {
    let manifest = json::parse(MANIFEST, &text)?;
    match manifest.as_object() {
        Some(object) if !object.is_empty() && !object.contains_key("runtime") => {}
        _ => return Ok(text),
    }
    // NB: as text, because numbers could change on the way through a value
    let open = text.iter().position(|&byte| byte == b'{').unwrap_or(0);
    let (before, after) = text.split_at(open + 1);
    let target = format!(
        "\n  \"runtime\": {{ \"target\": \"{}\" }},",
        manifest::TARGET
    );
    Ok([before, target.as_bytes(), after].concat())
}
