//! Wasmtime: its CLI, and embedded.

use std::fs;
use std::path::Path;

use wasmtime::{Config, Engine, Memory, Store, Val};

use super::{Cli, Fault, Guest, Instance, Invocation, Module, Runtime};
use crate::outcome::{Failure, Outcome};
use crate::process::Ended;

/// Compiled in the process that runs it, for the CPU it runs on.
pub static JIT: Wasmtime = Wasmtime { ahead: false };

/// Compiled to a file for a fixed CPU, then loaded from that file.
pub static AOT: Wasmtime = Wasmtime { ahead: true };

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

/// The part of the target triple after the CPU: Wasmtime loads files of its own system only.
const AOT_SYSTEM: &str = if cfg!(target_os = "macos") {
    "apple-darwin"
} else {
    "unknown-linux-gnu"
};

/// Wasmtime in one of its modes.
pub struct Wasmtime {
    ahead: bool,
}

impl Cli for Wasmtime {
    fn version(&self) -> Invocation {
        Invocation::new("wasmtime").arg("--version")
    }

    fn compile(&self, module: &Path, code: &Path) -> Option<Invocation> {
        let (cpu, flags) = AOT_TARGET;
        self.ahead.then(|| {
            Invocation::new("wasmtime")
                .arg("compile")
                .arg(format!("--target={cpu}-{AOT_SYSTEM}"))
                .args(flags.iter().map(|flag| format!("-Ccranelift-{flag}")))
                .arg("-o")
                .args([code, module])
        })
    }

    fn run(&self, file: &Path, guest: &Guest) -> Invocation {
        let Guest {
            arguments,
            environment,
            folders,
        } = guest;
        Invocation::new("wasmtime")
            .arg("run")
            .args(self.ahead.then_some("--allow-precompiled"))
            .args(folders.iter().map(|folder| format!("--dir={folder}")))
            .args(
                environment
                    .iter()
                    .map(|(name, value)| format!("--env={name}={value}")),
            )
            .arg(file)
            .args(arguments)
    }

    fn fault(&self, ended: &Ended) -> Option<Failure> {
        let said = String::from_utf8_lossy(&ended.stderr);
        // What Wasmtime says itself comes last, after what the program said.
        let (_, said) = said.rsplit_once("Error: ")?;
        let outcome = match said {
            _ if said.contains("unknown import: ") => Outcome::MissingImport,
            _ if said.contains("wasm trap: ") => Outcome::Trap,
            _ if said.contains("failed to parse ")
                || said.contains("failed to compile")
                || said.contains("Invalid input WebAssembly code") =>
            {
                Outcome::BadModule
            }
            _ if said.contains("failed to run main module") => Outcome::Fault,
            _ => return None,
        };
        Some(Failure::new(outcome, said.trim_end()))
    }
}

impl Runtime for Wasmtime {
    fn version(&self) -> String {
        // The crate does not tell its version.
        let lock: toml::Table =
            toml::from_str(include_str!("../../../../Cargo.lock")).unwrap_or_default();
        let packages = lock.get("package").and_then(toml::Value::as_array);
        let version = packages
            .into_iter()
            .flatten()
            .find(|package| package.get("name").and_then(toml::Value::as_str) == Some("wasmtime"))
            .and_then(|package| package.get("version")?.as_str());
        format!("wasmtime {}", version.unwrap_or("of no known version"))
    }

    fn compile(&self, module: &Path, code: &Path) -> Result<bool, Fault> {
        if !self.ahead {
            return Ok(false);
        }
        let (cpu, flags) = AOT_TARGET;
        let mut config = Config::new();
        config
            .target(&format!("{cpu}-{AOT_SYSTEM}"))
            .map_err(bad_module)?;
        for flag in flags {
            // SAFETY: the loading engine refuses a file with a flag that its CPU lacks.
            unsafe { config.cranelift_flag_enable(flag) };
        }
        let wasm = fs::read(module).map_err(Fault::bad_module)?;
        let compiled = Engine::new(&config)
            .and_then(|engine| engine.precompile_module(&wasm))
            .map_err(bad_module)?;
        fs::write(code, compiled).map_err(Fault::bad_module)?;
        Ok(true)
    }

    fn load(&self, file: &Path) -> Result<Box<dyn Module>, Fault> {
        let engine = Engine::new(&Config::new()).map_err(bad_module)?;
        let module = if self.ahead {
            // SAFETY: the file was written by `precompile_module` of this same Wasmtime, in a
            // folder of this run, and nothing else writes to it.
            unsafe { wasmtime::Module::deserialize_file(&engine, file) }
        } else {
            let wasm = fs::read(file).map_err(Fault::bad_module)?;
            wasmtime::Module::new(&engine, wasm)
        }
        .map_err(bad_module)?;
        Ok(Box::new(WasmtimeModule { engine, module }))
    }
}

fn bad_module(error: wasmtime::Error) -> Fault {
    Fault::bad_module(format!("{error:#}"))
}

struct WasmtimeModule {
    engine: Engine,
    module: wasmtime::Module,
}

impl Module for WasmtimeModule {
    fn instantiate(&self) -> Result<Box<dyn Instance>, Fault> {
        if let Some(import) = self.module.imports().next() {
            return Err(Fault::MissingImport {
                name: format!("{}.{}", import.module(), import.name()),
            });
        }
        let mut store = Store::new(&self.engine, ());
        let instance = wasmtime::Instance::new(&mut store, &self.module, &[]).map_err(|error| {
            Fault::Trap {
                function: "start".to_owned(),
                reason: format!("{error:#}"),
            }
        })?;
        let memory = instance
            .get_memory(&mut store, "memory")
            .ok_or_else(|| Fault::missing_export("memory", "memory"))?;
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
            .ok_or_else(|| Fault::missing_export("function", name))?;
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

    fn memory_size(&mut self) -> Result<u64, Fault> {
        Ok(self.memory.data_size(&self.store) as u64)
    }
}
