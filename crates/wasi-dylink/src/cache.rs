//! Machine code of modules, kept in a folder from one run to the next.

use std::fmt::Write as _;
use std::fs::{self, DirBuilder, Permissions};
use std::hash::{Hash as _, Hasher};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;
use thiserror::Error;
use wasmtime::{Engine, Module};

/// Why a folder cannot keep machine code.
#[derive(Debug, Error)]
pub enum CacheError {
    /// It is not there, and cannot be made or written to.
    #[error("{}: {reason}", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        reason: io::Error,
    },
    /// Another user can put files there, which would then be run.
    #[error("{}: others may write to it: make it yours alone (chmod 700)", .path.display())]
    Others {
        /// The folder.
        path: PathBuf,
    },
}

/// A folder of machine code, one file for each module and way to compile it.
///
/// Files are named after what they are made of: the SHA-256 of the module, and of what the engine
/// says of its version and settings. What is there is run as it is, so nobody else may write to
/// the folder; above all not the guest, whose folders must not lead there.
#[derive(Clone, Debug)]
pub struct CodeCache {
    folder: PathBuf,
}

impl CodeCache {
    /// Uses a folder, which is made if it is not there.
    ///
    /// # Errors
    /// [`CacheError`].
    pub fn open(folder: &Path) -> Result<Self, CacheError> {
        let failed = |reason| CacheError::Folder {
            path: folder.to_owned(),
            reason,
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(failed)?;
        let metadata = fs::metadata(folder).map_err(failed)?;
        // NB: a file that is made here has this user as its owner
        let own = NamedTempFile::new_in(folder)
            .and_then(|file| file.as_file().metadata())
            .map_err(failed)?;
        if metadata.uid() != own.uid() || metadata.mode() & 0o022 != 0 {
            return Err(CacheError::Others {
                path: folder.to_owned(),
            });
        }
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A module, from its machine code if that is there, and compiled otherwise.
    ///
    /// # Errors
    /// What Wasmtime says of a module that it does not accept. That code cannot be kept, because
    /// the disk is full, is no error: the module is compiled again the next time.
    pub fn module(&self, engine: &Engine, wasm: &[u8]) -> wasmtime::Result<Module> {
        let file = self.folder.join(name(engine, wasm));
        if file.exists() {
            // SAFETY: it is in a folder that this user alone can write to, and was put there whole
            // by `keep`, from what this engine's version and settings made of the module.
            let module = unsafe { Module::deserialize_file(engine, &file) };
            if module.is_ok() {
                return module;
            }
        }
        let module = Module::new(engine, wasm)?;
        // NB: a cache that cannot be written to costs time, and nothing else
        let _ = self.keep(&file, &module.serialize()?);
        Ok(module)
    }

    fn keep(&self, file: &Path, code: &[u8]) -> io::Result<()> {
        let mut unfinished = NamedTempFile::new_in(&self.folder)?;
        unfinished.write_all(code)?;
        unfinished
            .as_file()
            .set_permissions(Permissions::from_mode(0o600))?;
        unfinished.as_file().sync_all()?;
        unfinished.persist(file)?;
        Ok(())
    }
}

/// A file's name: what is compiled, and how.
fn name(engine: &Engine, wasm: &[u8]) -> String {
    let mut how = Digested(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut how);
    let mut name = String::new();
    for byte in Sha256::digest(wasm).iter().chain(&how.0.finalize()[..8]) {
        // Writing to a string does not fail.
        let _ = write!(name, "{byte:02x}");
    }
    name + ".cwasm"
}

/// SHA-256 of what is hashed: the same in every process.
struct Digested(Sha256);

impl Hasher for Digested {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        digest
            .iter()
            .take(8)
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
mod tests {
    use super::*;

    const EMPTY: &[u8] = b"\0asm\x01\0\0\0";

    fn kept(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    #[test]
    fn code_is_kept_once_for_each_module() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CodeCache::open(&folder.path().join("a/b")).unwrap();
        let engine = Engine::default();
        cache.module(&engine, EMPTY).unwrap();
        cache.module(&engine, EMPTY).unwrap();
        assert_eq!(kept(cache.folder()).len(), 1);
        // An empty custom section with an empty name
        cache
            .module(&engine, &[EMPTY, &[0, 1, 0]].concat())
            .unwrap();
        assert_eq!(kept(cache.folder()).len(), 2);
    }

    #[test]
    fn code_of_another_engine_is_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CodeCache::open(folder.path()).unwrap();
        cache.module(&Engine::default(), EMPTY).unwrap();
        let mut config = wasmtime::Config::new();
        config.consume_fuel(true);
        cache.module(&Engine::new(&config).unwrap(), EMPTY).unwrap();
        assert_eq!(kept(folder.path()).len(), 2);
    }

    #[test]
    fn a_file_that_is_no_code_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CodeCache::open(folder.path()).unwrap();
        let engine = Engine::default();
        cache.module(&engine, EMPTY).unwrap();
        let file = kept(folder.path()).remove(0);
        fs::write(&file, "no code").unwrap();
        cache.module(&engine, EMPTY).unwrap();
        assert_ne!(fs::read(&file).unwrap(), b"no code");
    }

    #[test]
    fn nothing_is_kept_of_a_module_that_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CodeCache::open(folder.path()).unwrap();
        assert!(cache.module(&Engine::default(), b"\0asm").is_err());
        assert!(kept(folder.path()).is_empty());
    }

    #[test]
    fn a_folder_that_others_can_write_to_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for mode in [0o720, 0o702] {
            fs::set_permissions(folder.path(), Permissions::from_mode(mode)).unwrap();
            assert!(matches!(
                CodeCache::open(folder.path()),
                Err(CacheError::Others { .. })
            ));
        }
    }

    #[test]
    fn a_new_folder_is_closed_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CodeCache::open(&folder.path().join("new")).unwrap();
        assert_eq!(fs::metadata(cache.folder()).unwrap().mode() & 0o777, 0o700);
    }
}
