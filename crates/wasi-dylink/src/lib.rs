//! `dlopen`, `dlsym`, `dlclose` and `dlerror` for WASI programs on Wasmtime.
//!
//! A program for `wasm32-wasip1` that imports these four from `env`, and exports its memory, its
//! table and what its side modules link to, loads *side modules*: position-independent modules
//! with a section `dylink.0`, as `wasm-ld -shared` makes them, Python's extension modules among
//! them. A side module becomes a part of the program: it works in the program's memory, on its
//! stack and through its table, and can do what the program can and no more.
//!
//! ```no_run
//! use wasmtime::{Engine, Linker, Module, Store};
//! use wasmtime_wasi::{p1, WasiCtxBuilder};
//! use wasi_dylink::{Dylink, DylinkView, FileError};
//!
//! struct Host {
//!     wasi: p1::WasiP1Ctx,
//!     dylink: Dylink,
//! }
//!
//! impl DylinkView for Host {
//!     fn dylink(&mut self) -> &mut Dylink {
//!         &mut self.dylink
//!     }
//!     fn read(&mut self, path: &str) -> Result<Vec<u8>, FileError> {
//!         wasi_dylink::read(&mut self.wasi, path)
//!     }
//! }
//!
//! # fn main() -> wasmtime::Result<()> {
//! let engine = Engine::default();
//! let module = Module::from_file(&engine, "program.wasm")?;
//! let mut linker = Linker::new(&engine);
//! p1::add_to_linker_sync(&mut linker, |host: &mut Host| &mut host.wasi)?;
//! wasi_dylink::add_to_linker(&mut linker)?;
//! let wasi = WasiCtxBuilder::new().inherit_stdio().build_p1();
//! let mut store = Store::new(&engine, Host { wasi, dylink: Dylink::default() });
//! let instance = linker.instantiate(&mut store, &module)?;
//! wasi_dylink::attach(&mut store, instance)?;
//! instance.get_typed_func::<(), ()>(&mut store, "_start")?.call(&mut store, ())?;
//! # Ok(())
//! # }
//! ```
//!
//! # What is as in ELF, and what is not
//!
//! - Symbols are looked for in the program, in what was opened with `RTLD_GLOBAL`, and in the
//!   module opened and what it needs, breadth first. A weak definition is a definition. A weak
//!   import without one is null, and a function that is called nevertheless traps.
//! - All symbols are bound when a module is loaded, also with `RTLD_LAZY`. Only in a cycle of
//!   modules a function is found when it is first called.
//! - A module is known by its path. It is loaded once and counted, and as in musl `dlclose` never
//!   unloads it.
//! - A name without a `/` is a file in the working folder: there is no search path. What a module
//!   needs is looked for in its `runtime-path`, then beside it; `libc.so`, `libm.so` and
//!   `libdl.so` are in the program.
//! - A constructor that traps or exits ends the program, because it is code of the program.
//! - What a side module imports from `wasi_snapshot_preview1`, as Rust's library does, is bound to
//!   the program's `__wasi_…` of wasi-libc. Those that take a path have other types there, and are
//!   not to be had.
//!
//! Not supported are threads and thread-local storage, WebAssembly's exceptions, 64-bit memory,
//! `RTLD_NEXT` and `dladdr`.

use wasmtime::{AsContextMut, Caller, Func, Instance, Linker, StoreContextMut};

mod cache;
mod error;
mod files;
mod load;
mod program;
mod scope;
mod section;

pub use cache::{CacheError, CodeCache};
pub use error::{Error, Result};
pub use files::{FileError, LARGEST, read};
pub use section::{SectionError, SideModule};

use load::Loaded;
use program::{Program, Slots};

/// Flags of `dlopen`, as wasi-libc's `dlfcn.h` has them.
const RTLD_NOLOAD: u32 = 4;
const RTLD_GLOBAL: u32 = 256;
/// Handles of `dlsym` that no `dlopen` returns.
const RTLD_DEFAULT: u32 = 0;
const RTLD_NEXT: u32 = u32::MAX;
/// The handle of the program, which `dlopen(NULL, …)` returns.
const PROGRAM: u32 = 1;
/// The handle of the first module.
const FIRST: u32 = 2;

/// The longest path, in bytes: wasi-libc's `PATH_MAX`.
const LONGEST_PATH: usize = 4096;
/// The longest name of a symbol, in bytes.
const LONGEST_SYMBOL: usize = 1 << 16;

/// The side modules of a program. It belongs into the data of the program's store.
#[derive(Default)]
pub struct Dylink {
    program: Option<Program>,
    modules: Vec<Loaded>,
    /// Modules that are open to all, in the order of opening.
    global: Vec<usize>,
    slots: Slots,
    cache: Option<CodeCache>,
    /// The four functions, for side modules that load others.
    functions: Vec<(&'static str, Func)>,
    /// What `dlerror` is to tell.
    message: Option<String>,
    /// Where it has told before; 0 if it has not.
    told: u32,
}

impl Dylink {
    /// Keeps the machine code of side modules in a folder, so that each is compiled once.
    #[must_use]
    pub fn with_cache(cache: CodeCache) -> Self {
        Self {
            cache: Some(cache),
            ..Self::default()
        }
    }
}

/// A store's data with which a program can load side modules.
pub trait DylinkView: 'static {
    /// Its side modules.
    fn dylink(&mut self) -> &mut Dylink;

    /// Reads a file of the guest, by its absolute path. With WASI that is [`read`] on the guest's
    /// context: a side module then comes from where the guest itself may read, and from nowhere
    /// else.
    ///
    /// # Errors
    /// [`FileError`], which the guest is told; `NotFound` and `Outside` let the search for a needed
    /// module go on in the next folder.
    fn read(&mut self, path: &str) -> std::result::Result<Vec<u8>, FileError>;
}

/// Defines `env.dlopen`, `env.dlsym`, `env.dlclose` and `env.dlerror`.
///
/// # Errors
/// If the linker has one of them already.
pub fn add_to_linker<T: DylinkView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    linker.func_wrap("env", "dlopen", dlopen::<T>)?;
    linker.func_wrap("env", "dlsym", dlsym::<T>)?;
    linker.func_wrap("env", "dlclose", dlclose::<T>)?;
    linker.func_wrap("env", "dlerror", dlerror::<T>)?;
    Ok(())
}

/// Says which instance is the program. Before, nothing can be loaded.
///
/// # Errors
/// [`Error::Program`] if it does not export `memory`, `__indirect_function_table`,
/// `__stack_pointer`, `malloc` and `free` as they should be.
pub fn attach<T: DylinkView>(
    mut store: impl AsContextMut<Data = T>,
    instance: Instance,
) -> Result<()> {
    let program = Program::of(&mut store, instance)?;
    let functions = vec![
        ("dlopen", Func::wrap(&mut store, dlopen::<T>)),
        ("dlsym", Func::wrap(&mut store, dlsym::<T>)),
        ("dlclose", Func::wrap(&mut store, dlclose::<T>)),
        ("dlerror", Func::wrap(&mut store, dlerror::<T>)),
    ];
    let mut store = store.as_context_mut();
    let dylink = store.data_mut().dylink();
    dylink.program = Some(program);
    dylink.functions = functions;
    Ok(())
}

fn program<T: DylinkView>(store: &mut StoreContextMut<'_, T>) -> Result<Program> {
    let dylink = store.data_mut().dylink();
    dylink.program.clone().ok_or(Error::NotAttached)
}

/// `void *dlopen(const char *path, int mode)`
fn dlopen<T: DylinkView>(mut caller: Caller<'_, T>, path: u32, mode: u32) -> wasmtime::Result<u32> {
    let store = &mut caller.as_context_mut();
    let opened = if path == 0 {
        Ok(PROGRAM)
    } else {
        open(store, path, mode)
    };
    told(store, opened, 0)
}

fn open<T: DylinkView>(store: &mut StoreContextMut<'_, T>, path: u32, mode: u32) -> Result<u32> {
    let program = program(store)?;
    let mut path = program.string(&*store, path, LONGEST_PATH)?;
    if !path.starts_with('/') {
        let folder = program.working_folder(&mut *store, LONGEST_PATH)?;
        path = format!("{folder}/{path}");
    }
    let load = mode & RTLD_NOLOAD == 0;
    let global = mode & RTLD_GLOBAL != 0;
    let number = load::open(store, &program, &path, load, global)?;
    // NB: there are no more than `load::MOST`
    Ok(FIRST + u32::try_from(number).unwrap_or(u32::MAX - FIRST))
}

/// `void *dlsym(void *handle, const char *name)`
fn dlsym<T: DylinkView>(
    mut caller: Caller<'_, T>,
    handle: u32,
    name: u32,
) -> wasmtime::Result<u32> {
    let store = &mut caller.as_context_mut();
    let found = find(store, handle, name);
    told(store, found, 0)
}

fn find<T: DylinkView>(store: &mut StoreContextMut<'_, T>, handle: u32, name: u32) -> Result<u32> {
    let program = program(store)?;
    let name = program.string(&*store, name, LONGEST_SYMBOL)?;
    let scope = match handle {
        RTLD_NEXT => return Err(Error::Next),
        RTLD_DEFAULT | PROGRAM => store.data_mut().dylink().global_scope(),
        _ => {
            let number = opened(store, handle)?;
            let tree = store.data_mut().dylink().tree(number);
            tree.into_iter().map(scope::Definer::Module).collect()
        }
    };
    scope::symbol(store, &program, &scope, &name)
}

/// `int dlclose(void *handle)`
fn dlclose<T: DylinkView>(mut caller: Caller<'_, T>, handle: u32) -> wasmtime::Result<u32> {
    let store = &mut caller.as_context_mut();
    let closed = match handle {
        PROGRAM => Ok(0),
        _ => opened(store, handle).map(|number| {
            store.data_mut().dylink().modules[number].opened -= 1;
            0
        }),
    };
    told(store, closed, 1)
}

/// The number of the open module that a handle stands for.
fn opened<T: DylinkView>(store: &mut StoreContextMut<'_, T>, handle: u32) -> Result<usize> {
    let modules = &store.data_mut().dylink().modules;
    let number = handle.wrapping_sub(FIRST) as usize;
    match modules.get(number) {
        Some(module) if module.opened > 0 => Ok(number),
        _ => Err(Error::Handle(handle)),
    }
}

/// `char *dlerror(void)`: the message of the last failure, once. It is there until the next call.
fn dlerror<T: DylinkView>(mut caller: Caller<'_, T>) -> wasmtime::Result<u32> {
    let store = &mut caller.as_context_mut();
    let dylink = store.data_mut().dylink();
    let (Some(message), Some(program)) = (dylink.message.take(), dylink.program.clone()) else {
        return Ok(0);
    };
    let before = std::mem::take(&mut dylink.told);
    let told = tell(store, &program, before, &message).map_err(|error| match error {
        Error::Guest(trap) => trap,
        other => wasmtime::Error::new(other),
    })?;
    store.data_mut().dylink().told = told;
    Ok(told)
}

fn tell<T: DylinkView>(
    store: &mut StoreContextMut<'_, T>,
    program: &Program,
    before: u32,
    message: &str,
) -> Result<u32> {
    if before != 0 {
        program.free(&mut *store, before)?;
    }
    // NB: a program without memory gets no message
    Ok(program
        .put_string(&mut *store, &message.replace('\0', "\u{fffd}"))?
        .unwrap_or(0))
}

/// A result as C has it: a failure is kept for `dlerror`, and what ended the guest goes on.
fn told<T: DylinkView>(
    store: &mut StoreContextMut<'_, T>,
    result: Result<u32>,
    failed: u32,
) -> wasmtime::Result<u32> {
    match result {
        Ok(value) => Ok(value),
        Err(Error::Guest(trap)) => Err(trap),
        Err(error) => {
            store.data_mut().dylink().message = Some(error.to_string());
            Ok(failed)
        }
    }
}
