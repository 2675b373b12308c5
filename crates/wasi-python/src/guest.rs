//! A program in its sandbox, Python or another: what it is given, how it is run, and how it ends.

use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::process;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail};
use wasi_dylink::{CodeCache, Dylink, DylinkView, FileError};
use wasmtime::{
    Config, Engine, Linker, Module, Store, StoreLimits, StoreLimitsBuilder, WasmBacktrace,
};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::{FsPerms, I32Exit, WasiCtxBuilder};

/// The exit code when the time is over, as `timeout` of coreutils has it.
const OUT_OF_TIME: i32 = 124;

/// Stack that the guest's code may use, in bytes: Python's own limit of recursion comes first.
const STACK: usize = 16 << 20;

/// Stack beside that for the host's functions, in bytes.
const HOST_STACK: usize = 2 << 20;

/// The exit code of a trap, as Wasmtime's command line has it.
const TRAP: u8 = 134;

/// Features of x86-64-v2 as far as Cranelift knows them: with them code is the same wherever it is
/// compiled, and runs wherever it is kept.
#[cfg(target_arch = "x86_64")]
const FEATURES: &[&str] = &[
    "has_cmpxchg16b",
    "has_popcnt",
    "has_sse3",
    "has_ssse3",
    "has_sse41",
    "has_sse42",
];
#[cfg(not(target_arch = "x86_64"))]
const FEATURES: &[&str] = &[];

/// Wasmtime's error, which is none of the standard library's kind, with its causes.
pub fn failed(error: wasmtime::Error) -> anyhow::Error {
    anyhow::Error::from_boxed(error.into())
}

/// The engine that compiles and runs the interpreter and its extension modules.
pub fn engine() -> anyhow::Result<Engine> {
    let mut config = Config::new();
    let system = if cfg!(target_os = "macos") {
        "apple-darwin"
    } else {
        "unknown-linux-gnu"
    };
    config
        .target(&format!("{}-{system}", std::env::consts::ARCH))
        .map_err(failed)?;
    config.max_wasm_stack(STACK);
    // NB: not used, and yet it has to be larger
    config.async_stack_size(STACK + HOST_STACK);
    for feature in FEATURES {
        // SAFETY: an engine refuses code that uses what its CPU lacks.
        unsafe { config.cranelift_flag_enable(feature) };
    }
    Engine::new(&config).map_err(failed)
}

/// A folder that the guest may open.
pub struct Folder {
    host: PathBuf,
    /// Its name in the guest.
    pub guest: String,
    permissions: FsPerms,
}

impl Folder {
    /// A folder that can be read.
    pub fn read_only(host: &Path, guest: &str) -> anyhow::Result<Self> {
        let resolved = host
            .canonicalize()
            .with_context(|| host.display().to_string())?;
        if !resolved.is_dir() {
            bail!("{} is no folder", host.display());
        }
        Ok(Self {
            host: resolved,
            guest: guest.to_owned(),
            permissions: FsPerms::ReadOnly,
        })
    }

    /// A folder that can be read, under the name that it has on this machine.
    pub fn at_its_own_path(host: &Path) -> anyhow::Result<Self> {
        let mut folder = Self::read_only(host, "")?;
        let name = folder.host.to_str();
        folder.guest = name
            .with_context(|| format!("{}: the name is not UTF-8", host.display()))?
            .to_owned();
        Ok(folder)
    }

    /// A folder that can be read and written.
    pub fn writable(host: &Path, guest: &str) -> anyhow::Result<Self> {
        Ok(Self {
            permissions: FsPerms::ReadWrite,
            ..Self::read_only(host, guest)?
        })
    }

    /// Whether one of two folders is within the other.
    pub fn overlaps(&self, other: &Path) -> anyhow::Result<bool> {
        let other = other
            .canonicalize()
            .with_context(|| other.display().to_string())?;
        Ok(self.host.starts_with(&other) || other.starts_with(&self.host))
    }
}

/// What the program is given.
pub struct Guest {
    /// With its own name, by which messages call it too.
    pub arguments: Vec<String>,
    /// Names and values.
    pub environment: Vec<(String, String)>,
    /// What it may open.
    pub folders: Vec<Folder>,
    /// The most memory, in bytes.
    pub memory: Option<u64>,
    /// How long it may run.
    pub timeout: Option<Duration>,
}

struct Host {
    wasi: WasiP1Ctx,
    dylink: Dylink,
    limits: StoreLimits,
}

impl DylinkView for Host {
    fn dylink(&mut self) -> &mut Dylink {
        &mut self.dylink
    }

    fn read(&mut self, path: &str) -> Result<Vec<u8>, FileError> {
        wasi_dylink::read(&mut self.wasi, path)
    }
}

/// Lets a program end with any exit code: Wasmtime's own function takes those up to 125, and of any
/// other it makes a trap.
fn add_exit(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    linker.func_wrap("wasi_snapshot_preview1", "proc_exit", |code: i32| {
        Err::<(), _>(wasmtime::Error::from(I32Exit(code)))
    })?;
    linker.allow_shadowing(false);
    Ok(())
}

impl Guest {
    /// Sets a variable of the environment, unless the user has.
    pub fn set(&mut self, name: &str, value: &str) {
        if !self.environment.iter().any(|(known, _)| known == name) {
            self.environment.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Runs the program; returns its exit code.
    pub fn run(
        &self,
        engine: &Engine,
        program: &Module,
        cache: Option<CodeCache>,
    ) -> anyhow::Result<u8> {
        if let Some(timeout) = self.timeout {
            // NB: the process ends, so a guest that waits for input is over in time too
            thread::spawn(move || {
                thread::sleep(timeout);
                eprintln!("wasi-python: stopped after {} s", timeout.as_secs_f64());
                process::exit(OUT_OF_TIME);
            });
        }
        // NB: the main thread has as much stack as the user's limits say
        thread::scope(|scope| {
            thread::Builder::new()
                .stack_size(STACK + HOST_STACK)
                .spawn_scoped(scope, || self.start(engine, program, cache))?
                .join()
                .unwrap_or_else(|panic| resume_unwind(panic))
        })
    }

    fn start(
        &self,
        engine: &Engine,
        program: &Module,
        cache: Option<CodeCache>,
    ) -> anyhow::Result<u8> {
        let name = self.arguments.first().map_or("", String::as_str);
        let mut linker = Linker::new(engine);
        p1::add_to_linker_sync(&mut linker, |host: &mut Host| &mut host.wasi).map_err(failed)?;
        add_exit(&mut linker).map_err(failed)?;
        wasi_dylink::add_to_linker(&mut linker).map_err(failed)?;
        let memory = self.memory.map_or(usize::MAX, |bytes| {
            usize::try_from(bytes).unwrap_or(usize::MAX)
        });
        let host = Host {
            wasi: self.wasi()?,
            dylink: cache.map_or_else(Dylink::default, Dylink::with_cache),
            limits: StoreLimitsBuilder::new()
                .memory_size(memory)
                // Python has some thousand functions with an address, a module up to as many.
                .table_elements(1 << 20)
                .build(),
        };
        let mut store = Store::new(engine, host);
        store.limiter(|host| &mut host.limits);
        let instance = linker
            .instantiate(&mut store, program)
            .map_err(failed)
            .with_context(|| format!("{name} does not start"))?;
        wasi_dylink::attach(&mut store, instance)
            .with_context(|| format!("{name} is not linked such that it can load modules"))?;
        let start = instance
            .get_typed_func::<(), ()>(&mut store, "_start")
            .map_err(failed)?;
        let Err(error) = start.call(&mut store, ()) else {
            return Ok(0);
        };
        if let Some(I32Exit(code)) = error.downcast_ref() {
            // The lowest byte, as a system has it
            return Ok(code.to_le_bytes()[0]);
        }
        eprintln!("wasi-python: {name} trapped: {}", error.root_cause());
        // The interpreter's own functions have no names, a module's may have.
        let trace = error.downcast_ref::<WasmBacktrace>();
        for frame in trace.map_or(&[][..], WasmBacktrace::frames) {
            if let Some(function) = frame.func_name() {
                let module = frame.module().name().unwrap_or("a module");
                eprintln!("  in {module}!{function}");
            }
        }
        Ok(TRAP)
    }

    fn wasi(&self) -> anyhow::Result<WasiP1Ctx> {
        let mut builder = WasiCtxBuilder::new();
        builder
            .inherit_stdio()
            // There is nothing else to do meanwhile.
            .allow_blocking_current_thread(true)
            .args(&self.arguments)
            .envs(&self.environment);
        for folder in &self.folders {
            builder
                .preopened_dir(&folder.host, &folder.guest, folder.permissions)
                .map_err(failed)
                .with_context(|| folder.host.display().to_string())?;
        }
        Ok(builder.build_p1())
    }
}
