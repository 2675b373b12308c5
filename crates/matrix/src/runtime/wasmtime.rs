//! Wasmtime, embedded.

use std::fs;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use wasmtime::{Config, Engine, Memory, Store, Val};

use super::{Fault, Instance, Module, Runtime};

/// How Wasmtime gets at machine code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Compiled in the process that runs it, for the CPU it runs on.
    Jit,
    /// Compiled to a file for a fixed CPU, then loaded from that file.
    Aot,
}

/// Target of ahead-of-time compilation: fixed, so that the file does not depend
/// on the machine that compiles it.
///
/// The flags on x86-64 are those of the psABI's level x86-64-v2, as far as
/// Cranelift knows them.
#[cfg(target_arch = "x86_64")]
const AOT_TARGET: (&str, &[&str]) = (
    "x86_64",
    &[
        "has_cmpxchg16b",
        "has_popcnt",
        "has_sse3",
        "has_ssse3",
        "has_sse41",
        "has_sse42",
    ],
);
#[cfg(target_arch = "aarch64")]
const AOT_TARGET: (&str, &[&str]) = ("aarch64", &[]);
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
compile_error!("no ahead-of-time target is defined for this architecture");

/// Wasmtime in one mode.
#[derive(Debug)]
pub struct Wasmtime {
    mode: Mode,
}

impl Wasmtime {
    /// Wasmtime in this mode.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        Self { mode }
    }
}

impl Runtime for Wasmtime {
    fn load(&self, wasm: &[u8]) -> Result<Box<dyn Module>, Fault> {
        let engine = Engine::new(&Config::new()).map_err(bad_module)?;
        let module = match self.mode {
            Mode::Jit => wasmtime::Module::new(&engine, wasm).map_err(bad_module)?,
            Mode::Aot => {
                let file = CompiledFile::create(&compile_ahead(wasm)?)?;
                // SAFETY: the file was written by `precompile_module` of this same Wasmtime,
                // under a fresh name, and nothing else writes to it.
                unsafe { wasmtime::Module::deserialize_file(&engine, &file.path) }
                    .map_err(bad_module)?
            }
        };
        Ok(Box::new(WasmtimeModule { engine, module }))
    }
}

fn bad_module(error: wasmtime::Error) -> Fault {
    Fault::BadModule(format!("{error:#}"))
}

fn compile_ahead(wasm: &[u8]) -> Result<Vec<u8>, Fault> {
    let (target, flags) = AOT_TARGET;
    let mut config = Config::new();
    config
        .target(&format!("{target}-{}", env_triple()))
        .map_err(bad_module)?;
    for flag in flags {
        // SAFETY: the loading engine refuses a file with a flag that its CPU lacks.
        unsafe { config.cranelift_flag_enable(flag) };
    }
    Engine::new(&config)
        .and_then(|engine| engine.precompile_module(wasm))
        .map_err(bad_module)
}

/// The part of the target triple after the CPU: Wasmtime loads files of its own system only.
fn env_triple() -> &'static str {
    if cfg!(target_os = "macos") {
        "apple-darwin"
    } else {
        "unknown-linux-gnu"
    }
}

/// A file of machine code, deleted when it goes out of scope. The mapping of a
/// loaded module outlives its name.
struct CompiledFile {
    path: PathBuf,
}

impl CompiledFile {
    fn create(code: &[u8]) -> Result<Self, Fault> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let path = std::env::temp_dir().join(format!(
            "matrix-{}-{}.cwasm",
            process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        ));
        let file = Self { path };
        fs::File::create_new(&file.path)
            .and_then(|mut output| std::io::Write::write_all(&mut output, code))
            .map_err(|error| {
                Fault::BadModule(format!("cannot write {}: {error}", file.path.display()))
            })?;
        Ok(file)
    }
}

impl Drop for CompiledFile {
    fn drop(&mut self) {
        // A file that is left behind in the temporary folder is no reason to fail.
        let _ = fs::remove_file(&self.path);
    }
}

struct WasmtimeModule {
    engine: Engine,
    module: wasmtime::Module,
}

impl Module for WasmtimeModule {
    fn instantiate(&self) -> Result<Box<dyn Instance>, Fault> {
        if let Some(import) = self.module.imports().next() {
            return Err(Fault::MissingImport(format!(
                "{}.{}",
                import.module(),
                import.name()
            )));
        }
        let mut store = Store::new(&self.engine, ());
        let instance = wasmtime::Instance::new(&mut store, &self.module, &[]).map_err(|error| {
            Fault::Trap {
                function: "start".to_owned(),
                reason: format!("{error:#}"),
            }
        })?;
        let memory =
            instance
                .get_memory(&mut store, "memory")
                .ok_or_else(|| Fault::MissingExport {
                    kind: "memory",
                    name: "memory".to_owned(),
                })?;
        Ok(Box::new(WasmtimeInstance {
            store,
            instance,
            memory,
        }))
    }
}

struct WasmtimeInstance {
    store: Store<()>,
    instance: wasmtime::Instance,
    memory: Memory,
}

impl WasmtimeInstance {
    fn out_of_bounds(&self, address: u32, length: usize) -> Fault {
        Fault::OutOfBounds {
            address,
            length,
            size: self.memory.data_size(&self.store) as u64,
        }
    }
}

impl Instance for WasmtimeInstance {
    fn call(&mut self, name: &str, arguments: &[u32]) -> Result<Option<u32>, Fault> {
        let function = self
            .instance
            .get_func(&mut self.store, name)
            .ok_or_else(|| Fault::MissingExport {
                kind: "function",
                name: name.to_owned(),
            })?;
        let signature = |reason: &str| Fault::Signature {
            function: name.to_owned(),
            arguments: arguments.len(),
            reason: reason.to_owned(),
        };
        let ty = function.ty(&self.store);
        if ty.params().len() != arguments.len() || ty.params().any(|p| !p.is_i32()) {
            return Err(signature(&format!("its type is {ty}")));
        }
        let arguments: Vec<Val> = arguments
            .iter()
            .map(|argument| Val::I32(argument.cast_signed()))
            .collect();
        let mut results = vec![Val::I32(0); ty.results().len()];
        function
            .call(&mut self.store, &arguments, &mut results)
            .map_err(|error| Fault::Trap {
                function: name.to_owned(),
                reason: format!("{error:#}"),
            })?;
        match results[..] {
            [] => Ok(None),
            [Val::I32(value)] => Ok(Some(value.cast_unsigned())),
            _ => Err(signature(&format!("its type is {ty}"))),
        }
    }

    fn read(&mut self, address: u32, bytes: &mut [u8]) -> Result<(), Fault> {
        self.memory
            .read(&self.store, address as usize, bytes)
            .map_err(|_| self.out_of_bounds(address, bytes.len()))
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), Fault> {
        self.memory
            .write(&mut self.store, address as usize, bytes)
            .map_err(|_| self.out_of_bounds(address, bytes.len()))
    }

    fn memory_size(&mut self) -> u64 {
        self.memory.data_size(&self.store) as u64
    }
}
