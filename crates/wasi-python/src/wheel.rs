//! Wheels: whether one fits, and unpacking it.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use thiserror::Error;
use wasi_dylink::CodeCache;
use zip::ZipArchive;

/// The biggest wheel, in bytes.
const LARGEST: u64 = 256 << 20;

/// The most bytes that a wheel may unpack to.
const LARGEST_UNPACKED: u64 = 1 << 30;

/// The most files that a wheel may have.
const MOST_FILES: usize = 20_000;

/// The platform of the guest, as its `sysconfig.get_platform()` says it.
const PLATFORM: &str = "wasi_0_0_0_wasm32";

/// Why a wheel is not used.
#[derive(Debug, Error)]
pub enum WheelError {
    /// Its file's name is not that of a wheel.
    #[error("its name is not NAME-VERSION-PYTHON-ABI-PLATFORM.whl")]
    Name,
    /// It is for another Python or machine.
    #[error(
        "it is for {tags}; Python 3.{minor} here takes `py3-none-any`, and `{own}` with `cp3{minor}` or an `abi3` not newer",
        own = PLATFORM
    )]
    Tags {
        /// Its tags.
        tags: String,
        /// N of Python 3.N.
        minor: u32,
    },
    /// It is bigger than [`LARGEST`].
    #[error("{0} bytes, and no more than {most} are read", most = LARGEST)]
    TooLarge(u64),
    /// It has more than [`MOST_FILES`].
    #[error("{0} files, and no more than {most} are unpacked", most = MOST_FILES)]
    TooMany(usize),
    /// It would be bigger than [`LARGEST_UNPACKED`].
    #[error("it unpacks to more than {most} bytes", most = LARGEST_UNPACKED)]
    Bomb,
    /// An entry would lie outside the folder, or has a name that no file here has.
    #[error("the entry `{0}` has a name that leads elsewhere")]
    Path(String),
    /// An entry is a link or a device.
    #[error("the entry `{0}` is neither a file nor a folder")]
    Special(String),
    /// Two entries are one file.
    #[error("the entry `{0}` is there twice")]
    Twice(String),
    /// It is damaged, or no archive.
    #[error("it is no readable archive")]
    Archive(#[from] zip::result::ZipError),
    /// It cannot be read or unpacked; with the system's reason.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// An unpacked wheel.
pub enum Unpacked {
    /// In the cache, for the next time too.
    Kept(PathBuf),
    /// For this time.
    Temporary(TempDir),
}

impl Unpacked {
    /// The folder with its modules.
    pub fn folder(&self) -> &Path {
        match self {
            Self::Kept(folder) => folder,
            Self::Temporary(folder) => folder.path(),
        }
    }
}

/// Unpacks a wheel for Python 3.`minor`, or takes it from where it was unpacked before.
pub fn unpack(file: &Path, minor: u32, cache: Option<&CodeCache>) -> anyhow::Result<Unpacked> {
    let named = || file.display().to_string();
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    check_tags(&name, minor).with_context(named)?;
    let contents = read(file).with_context(named)?;
    let Some(cache) = cache else {
        let folder = tempfile::tempdir()?;
        unpack_into(&contents, folder.path(), LARGEST_UNPACKED).with_context(named)?;
        return Ok(Unpacked::Temporary(folder));
    };
    // NB: nobody else may write there either
    let wheels = CodeCache::open(&cache.folder().join("wheels"))?;
    let folder = wheels
        .folder()
        .join(format!("{:x}", Sha256::digest(&contents)));
    if !folder.exists() {
        let unfinished = tempfile::tempdir_in(wheels.folder())?;
        unpack_into(&contents, unfinished.path(), LARGEST_UNPACKED).with_context(named)?;
        // NB: another process may have been faster, with the same result
        if let Err(error) = fs::rename(unfinished.path(), &folder)
            && !folder.exists()
        {
            return Err(error).with_context(|| folder.display().to_string());
        }
    }
    Ok(Unpacked::Kept(folder))
}

fn read(file: &Path) -> Result<Vec<u8>, WheelError> {
    let file = File::open(file)?;
    let size = file.metadata()?.len();
    if size > LARGEST {
        return Err(WheelError::TooLarge(size));
    }
    let mut contents = Vec::new();
    // NB: it may grow meanwhile
    file.take(LARGEST + 1).read_to_end(&mut contents)?;
    match contents.len() as u64 {
        ..=LARGEST => Ok(contents),
        size => Err(WheelError::TooLarge(size)),
    }
}

/// Whether the tags in a wheel's name fit, each of which may be several with dots between.
fn check_tags(name: &str, minor: u32) -> Result<(), WheelError> {
    let stem = name.strip_suffix(".whl").ok_or(WheelError::Name)?;
    let parts: Vec<&str> = stem.split('-').collect();
    let [_, _, .., python, abi, platform] = parts[..] else {
        return Err(WheelError::Name);
    };
    if parts.len() > 6 {
        return Err(WheelError::Name);
    }
    let not_newer = |tag: &str| {
        let version = tag.strip_prefix("cp3").or_else(|| tag.strip_prefix("py3"));
        version.is_some_and(|version| {
            version.is_empty() || version.parse().is_ok_and(|version: u32| version <= minor)
        })
    };
    let fits = |python: &str, abi: &str, platform: &str| {
        let own = format!("cp3{minor}");
        (platform == "any" || platform == PLATFORM)
            && match abi {
                "none" => python == own || python.starts_with("py3") && not_newer(python),
                "abi3" => python.starts_with("cp3") && not_newer(python),
                _ => abi == own && python == own,
            }
    };
    let fit = python.split('.').any(|python| {
        abi.split('.').any(|abi| {
            platform
                .split('.')
                .any(|platform| fits(python, abi, platform))
        })
    });
    fit.then_some(()).ok_or_else(|| WheelError::Tags {
        tags: format!("{python}-{abi}-{platform}"),
        minor,
    })
}

/// Unpacks no more than `left` bytes.
fn unpack_into(contents: &[u8], folder: &Path, mut left: u64) -> Result<(), WheelError> {
    let mut archive = ZipArchive::new(io::Cursor::new(contents))?;
    if archive.len() > MOST_FILES {
        return Err(WheelError::TooMany(archive.len()));
    }
    let mut seen = HashSet::new();
    for number in 0..archive.len() {
        let mut entry = archive.by_index(number)?;
        let name = entry.name().to_owned();
        let place = folder.join(place_of(&name)?);
        // NB: the kind of file in a Unix mode: none, a folder or a regular file
        if !matches!(
            entry.unix_mode().map(|mode| mode & 0o170_000),
            None | Some(0 | 0o040_000 | 0o100_000)
        ) {
            return Err(WheelError::Special(name));
        }
        if entry.is_dir() {
            fs::create_dir_all(place)?;
            continue;
        }
        if !seen.insert(place.clone()) {
            return Err(WheelError::Twice(name));
        }
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut file = File::create_new(place)?;
        // NB: what the archive says of sizes may be wrong, so what comes is counted
        let written = io::copy(&mut entry.by_ref().take(left + 1), &mut file)?;
        left = left.checked_sub(written).ok_or(WheelError::Bomb)?;
        file.flush()?;
    }
    Ok(())
}

/// Where an entry goes: its name, or below `NAME.data/purelib` and `platlib` that without these.
fn place_of(name: &str) -> Result<PathBuf, WheelError> {
    let parts: Vec<&str> = name.trim_end_matches('/').split('/').collect();
    let elsewhere = |part: &&str| {
        matches!(*part, "" | "." | "..") || part.contains(['\\', ':', '\0']) || part.len() > 255
    };
    if parts.iter().any(elsewhere) {
        return Err(WheelError::Path(name.to_owned()));
    }
    Ok(match &parts[..] {
        [data, "purelib" | "platlib", rest @ ..] if data.strip_suffix(".data").is_some() => {
            rest.iter().collect()
        }
        _ => parts.iter().collect(),
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
mod tests {
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    #[test]
    fn tags_are_those_of_the_guest() {
        for (name, fits) in [
            ("a-1-py3-none-any.whl", true),
            ("a-1-py2.py3-none-any.whl", true),
            ("a-1-2build-py3-none-any.whl", true),
            ("a-1-py2-none-any.whl", false),
            ("a-1-py313-none-any.whl", true),
            ("a-1-py314-none-any.whl", false),
            ("a-1-cp312-abi3-wasi_0_0_0_wasm32.whl", true),
            ("a-1-cp313-abi3-wasi_0_0_0_wasm32.whl", true),
            ("a-1-cp314-abi3-wasi_0_0_0_wasm32.whl", false),
            ("a-1-cp313-cp313-wasi_0_0_0_wasm32.whl", true),
            ("a-1-cp312-cp312-wasi_0_0_0_wasm32.whl", false),
            ("a-1-cp313-cp313t-wasi_0_0_0_wasm32.whl", false),
            ("a-1-cp312-abi3-manylinux_2_17_x86_64.whl", false),
            ("a-1-cp312-abi3-pyemscripten_2026_0_wasm32.whl", false),
            (
                "a-1-py3-none-manylinux_2_17_x86_64.wasi_0_0_0_wasm32.whl",
                true,
            ),
        ] {
            assert_eq!(check_tags(name, 13).is_ok(), fits, "{name}");
        }
        for name in [
            "a.whl",
            "a-1-py3-none.whl",
            "a-1-py3-none-any.zip",
            "a-b-c-d-e-f-g.whl",
        ] {
            assert!(
                matches!(check_tags(name, 13), Err(WheelError::Name)),
                "{name}"
            );
        }
    }

    /// An archive of entries with these names and modes.
    fn archive(entries: &[(&str, u32)]) -> Vec<u8> {
        let mut writer = ZipWriter::new(io::Cursor::new(Vec::new()));
        for (name, mode) in entries {
            let options = SimpleFileOptions::default().unix_permissions(*mode);
            writer.start_file(*name, options).unwrap();
            writer.write_all(name.as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn unpacked(contents: &[u8]) -> (TempDir, Result<(), WheelError>) {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        fs::create_dir(&inner).unwrap();
        let result = unpack_into(contents, &inner, LARGEST_UNPACKED);
        (folder, result)
    }

    #[test]
    fn files_are_unpacked_to_their_places() {
        let contents = archive(&[
            ("a/__init__.py", 0o644),
            ("a-1.data/purelib/b.py", 0o644),
            ("a-1.data/platlib/c/d.so", 0o755),
            ("a-1.data/scripts/e", 0o755),
        ]);
        let (folder, result) = unpacked(&contents);
        result.unwrap();
        for (place, written) in [
            ("a/__init__.py", "a/__init__.py"),
            ("b.py", "a-1.data/purelib/b.py"),
            ("c/d.so", "a-1.data/platlib/c/d.so"),
            ("a-1.data/scripts/e", "a-1.data/scripts/e"),
        ] {
            let file = folder.path().join("inner").join(place);
            assert_eq!(fs::read_to_string(file).unwrap(), written);
        }
    }

    #[test]
    fn a_cause_is_told_once() {
        let (_folder, result) = unpacked(&archive(&[("a", 0o644)])[..20]);
        let message = format!("{:#}", anyhow::Error::from(result.unwrap_err()));
        let clauses: Vec<&str> = message.split(": ").collect();
        let different: HashSet<&str> = clauses.iter().copied().collect();
        assert_eq!(clauses[0], "it is no readable archive");
        assert!(clauses.len() > 1, "{message}");
        assert_eq!(clauses.len(), different.len(), "{message}");
    }

    #[test]
    fn no_entry_leads_out_of_the_folder() {
        for name in [
            "../out",
            "a/../../out",
            "/etc/out",
            "a//b",
            "./a",
            "..\\out",
            "C:\\out",
            "C:out",
            "a-1.data/purelib/../../out",
        ] {
            let (folder, result) = unpacked(&archive(&[(name, 0o644)]));
            assert!(
                matches!(result, Err(WheelError::Path(_))),
                "{name}: {result:?}"
            );
            assert!(!folder.path().join("out").exists());
        }
    }

    #[test]
    fn links_are_refused() {
        let mut writer = ZipWriter::new(io::Cursor::new(Vec::new()));
        writer
            .add_symlink("link", "/etc/passwd", SimpleFileOptions::default())
            .unwrap();
        let (_folder, result) = unpacked(&writer.finish().unwrap().into_inner());
        assert!(matches!(result, Err(WheelError::Special(name)) if name == "link"));
    }

    #[test]
    fn two_entries_for_one_file_are_refused() {
        let (_folder, result) =
            unpacked(&archive(&[("a.py", 0o644), ("x.data/purelib/a.py", 0o644)]));
        assert!(matches!(result, Err(WheelError::Twice(_))));
    }

    #[test]
    fn a_damaged_archive_is_refused() {
        let whole = archive(&[("a.py", 0o644), ("b.py", 0o644)]);
        for length in 0..whole.len() {
            let (_folder, result) = unpacked(&whole[..length]);
            assert!(result.is_err(), "{length}");
        }
        // The first byte after the first name is compressed contents, which CRC-32 guards.
        let mut damaged = whole.clone();
        let name = whole.windows(4).position(|window| window == b"a.py");
        damaged[name.unwrap() + 4] ^= 1;
        let (_folder, result) = unpacked(&damaged);
        assert!(result.is_err());
    }

    #[test]
    fn more_than_may_be_is_not_unpacked() {
        let mut writer = ZipWriter::new(io::Cursor::new(Vec::new()));
        for number in 0..=MOST_FILES {
            writer
                .start_file(number.to_string(), SimpleFileOptions::default())
                .unwrap();
        }
        let (_folder, result) = unpacked(&writer.finish().unwrap().into_inner());
        assert!(matches!(result, Err(WheelError::TooMany(_))));
    }

    #[test]
    fn bytes_are_counted_over_all_files() {
        let wheel = archive(&[("a.py", 0o644), ("b.py", 0o644)]);
        let folder = tempfile::tempdir().unwrap();
        unpack_into(&wheel, &folder.path().join("fits"), 8).unwrap();
        let result = unpack_into(&wheel, &folder.path().join("not"), 7);
        assert!(matches!(result, Err(WheelError::Bomb)), "{result:?}");
    }

    #[test]
    fn a_wheel_is_measured_before_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a-1-py3-none-any.whl");
        File::create(&file).unwrap().set_len(LARGEST + 1).unwrap();
        let result = read(&file);
        assert!(
            matches!(result, Err(WheelError::TooLarge(size)) if size == LARGEST + 1),
            "{:?}",
            result.map(|contents| contents.len())
        );
    }

    #[test]
    fn a_wheel_is_unpacked_once() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CodeCache::open(folder.path()).unwrap();
        let file = folder.path().join("a-1-py3-none-any.whl");
        fs::write(&file, archive(&[("a.py", 0o644)])).unwrap();
        let first = unpack(&file, 13, Some(&cache)).unwrap();
        fs::write(first.folder().join("b.py"), "").unwrap();
        let second = unpack(&file, 13, Some(&cache)).unwrap();
        assert!(second.folder().join("b.py").exists());
        fs::write(&file, archive(&[("c.py", 0o644)])).unwrap();
        let third = unpack(&file, 13, Some(&cache)).unwrap();
        assert!(!third.folder().join("b.py").exists());
    }
}
