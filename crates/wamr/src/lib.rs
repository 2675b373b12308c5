//! WAMR, embedded: core modules, interpreted or compiled ahead of time.
//!
//! A [`Module`] is loaded from bytes, an [`Instance`] runs it. Both stay on the thread that made
//! them, which the compiler enforces; different threads may have their own at the same time.
//!
//! ```no_run
//! # fn main() -> Result<(), wamr::Error> {
//! let module = wamr::Module::new(b"\0asm\x01\0\0\0")?;
//! let mut instance = module.instantiate(&wamr::Limits::default())?;
//! let sum = instance.call("add", &[1, 2])?;
//! # Ok(())
//! # }
//! ```

use std::cell::Cell;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::{self, NonNull};
use std::rc::Rc;
use std::sync::{LazyLock, PoisonError, RwLock};

use thiserror::Error;

mod ffi;

/// The compiler `wamrc` that belongs to this library: it runs files of no other.
///
/// Files for this library need `--bounds-checks=1`.
pub const COMPILER: &str = concat!(env!("WAMR_DIR"), "/bin/wamrc");

/// Size of a page of linear memory, in bytes.
pub const PAGE: u64 = 65536;

/// Why a module could not be run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Error {
    /// WAMR itself does not start.
    #[error("WAMR does not start")]
    Runtime,
    /// The bytes are not what they should be; with WAMR's reason.
    #[error("{0}")]
    Load(String),
    /// The module imports what neither WASI preview 1 nor anything else here provides.
    #[error("import `{module}.{name}` is provided by nothing here")]
    MissingImport {
        /// First part of the import's name.
        module: String,
        /// Second part.
        name: String,
    },
    /// No instance can be made of the module; with WAMR's reason.
    #[error("{0}")]
    Instantiate(String),
    /// The module starts with more memory than it may have.
    #[error("memory starts with {pages} pages, and {limit} are allowed")]
    MemoryLimit {
        /// Pages at the start.
        pages: u64,
        /// [`Limits::memory_pages`].
        limit: u32,
    },
    /// There is no such exported function.
    #[error("no function `{0}` is exported")]
    MissingExport(String),
    /// The function takes or returns something else.
    #[error(
        "`{function}` takes {parameters} values and returns {results}, and not {arguments} 32-bit integers and at most one"
    )]
    Signature {
        /// The export.
        function: String,
        /// How many values it takes, of any type.
        parameters: u32,
        /// How many values it returns, of any type.
        results: u32,
        /// How many arguments were passed.
        arguments: usize,
    },
    /// The module trapped.
    #[error("{message}{}", if *refused { " (it was refused more memory before)" } else { "" })]
    Trap {
        /// WAMR's reason, without its prefix.
        message: String,
        /// Whether memory was to grow beyond [`Limits::memory_pages`] or its own maximum, in
        /// this call or an earlier one.
        refused: bool,
    },
    /// There is no memory at this address.
    #[error("{length} bytes at {address:#x} are not inside memory, which has {size:#x}")]
    OutOfBounds {
        /// First byte.
        address: u32,
        /// Number of bytes.
        length: usize,
        /// Size of memory in bytes.
        size: u64,
    },
}

/// Version of WAMR, such as `2.4.3`.
#[must_use]
pub fn version() -> String {
    let (mut major, mut minor, mut patch) = (0, 0, 0);
    // SAFETY: three places that can be written.
    unsafe { ffi::wasm_runtime_get_version(&raw mut major, &raw mut minor, &raw mut patch) };
    format!("{major}.{minor}.{patch}")
}

/// What an instance may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Stack of the interpreter, in bytes. Code that was compiled ahead of time runs on the
    /// thread's own stack, and traps before its end.
    pub stack_bytes: u32,
    /// Heap that WAMR keeps in linear memory for modules that bring no allocator, in bytes.
    pub heap_bytes: u32,
    /// Pages of 64 KiB that linear memory may have at most; 0 for what the module says.
    pub memory_pages: u32,
}

impl Default for Limits {
    /// 1 MiB of stack, no heap, memory as the module says.
    fn default() -> Self {
        Self {
            stack_bytes: 1 << 20,
            heap_bytes: 0,
            memory_pages: 0,
        }
    }
}

/// What a program of WASI preview 1 is given; nothing by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wasi {
    /// Its arguments, its own name first.
    pub arguments: Vec<CString>,
    /// Its variables, as `NAME=VALUE`.
    pub variables: Vec<CString>,
    /// Folders that it may use, under the same names.
    pub folders: Vec<CString>,
}

/// A function that modules import from the host.
pub struct HostFunction {
    /// The second part of its name.
    pub name: &'static CStr,
    /// What it takes and returns: `i` for 32 bits and `I` for 64, such as `(iI)i`.
    pub signature: &'static CStr,
    /// What it does with its arguments. A result of 32 bits is the lower half of what it gives.
    ///
    /// The module traps with an error.
    pub run: fn(&mut Caller, &[u64]) -> Result<u64, Error>,
}

/// The instance that calls a function of the host.
pub struct Caller(Memory);

impl Caller {
    /// Copies bytes out of its memory.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`].
    pub fn read(&self, address: u32, length: u32) -> Result<Vec<u8>, Error> {
        // NB: before memory is taken, whose size the module says
        self.0.range(address, length as usize)?;
        let mut bytes = vec![0; length as usize];
        self.0.read(address, &mut bytes)?;
        Ok(bytes)
    }

    /// Copies bytes into its memory.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`].
    pub fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), Error> {
        self.0.write(address, bytes)
    }
}

/// WAMR's list of functions, which loading a module reads.
static OFFERED: RwLock<()> = RwLock::new(());

/// Offers functions to all modules that are loaded from now on, under the first part of their names.
///
/// # Errors
/// [`Error::Runtime`].
pub fn offer(module: &'static CStr, functions: &'static [HostFunction]) -> Result<(), Error> {
    start()?;
    let symbols = functions.iter().map(|function| ffi::NativeSymbol {
        name: function.name.as_ptr(),
        run: called,
        signature: function.signature.as_ptr(),
        attachment: ptr::from_ref(function).cast(),
    });
    // WAMR keeps them, and sorts them.
    let symbols = Vec::leak(symbols.collect());
    let count = u32::try_from(symbols.len()).map_err(|_| Error::Runtime)?;
    let _alone = OFFERED.write().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: all of it lives as long as the process; WAMR has started, and nothing reads its list.
    let done = unsafe {
        ffi::wasm_runtime_register_natives_raw(module.as_ptr(), symbols.as_mut_ptr(), count)
    };
    if done { Ok(()) } else { Err(Error::Runtime) }
}

/// Calls the function of the host that a module calls.
extern "C" fn called(env: *mut ffi::ExecEnv, cells: *mut u64) {
    // SAFETY: the attachment is the one of `offer`, and the instance is the one that calls.
    let (function, instance) = unsafe {
        let function = ffi::wasm_runtime_get_function_attachment(env).cast::<HostFunction>();
        (&*function, ffi::wasm_runtime_get_module_inst(env))
    };
    let Some(handle) = NonNull::new(instance) else {
        return;
    };
    let signature = function.signature.to_bytes();
    let kinds = signature.iter().skip(1).take_while(|kind| **kind != b')');
    let mut arguments = Vec::new();
    for (place, kind) in kinds.enumerate() {
        // SAFETY: there is a cell for each argument, of whose first half alone is written for 32 bits.
        let cell = unsafe { cells.add(place).read() };
        let half = u64::from(u32::MAX);
        arguments.push(if *kind == b'i' { cell & half } else { cell });
    }
    match (function.run)(&mut Caller(Memory(handle)), &arguments) {
        // SAFETY: the first cell is there for the result.
        Ok(result) if !signature.ends_with(b")") => unsafe { cells.write(result) },
        Ok(_) => {}
        Err(error) => {
            let why = CString::new(error.to_string()).unwrap_or_default();
            // SAFETY: the instance exists, and WAMR copies the text.
            unsafe { ffi::wasm_runtime_set_exception(instance, why.as_ptr()) };
        }
    }
}

/// What is imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportKind {
    /// A function.
    Function,
    /// A table.
    Table,
    /// A linear memory.
    Memory,
    /// A global.
    Global,
}

/// Something that a module wants from its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// First part of its name.
    pub module: String,
    /// Second part.
    pub name: String,
    /// What it is.
    pub kind: ImportKind,
    /// Whether WAMR provides it, as it does WASI preview 1.
    pub provided: bool,
}

/// WAMR's state of one thread; `false` if it could not be made.
struct ThreadState(bool);

impl Drop for ThreadState {
    fn drop(&mut self) {
        if self.0 {
            // SAFETY: made on this thread, and instances of it are gone: they are not `Send`.
            unsafe { ffi::wasm_runtime_destroy_thread_env() };
        }
    }
}

/// Starts WAMR, once in a process, and its state in this thread.
fn start() -> Result<(), Error> {
    static STARTED: LazyLock<bool> = LazyLock::new(|| {
        // SAFETY: nothing has to be done before; the lock lets one thread do it, once.
        unsafe {
            let started = ffi::wasm_runtime_init();
            if started {
                // Its log goes to stdout, which is the host's.
                ffi::wasm_runtime_set_log_level(ffi::LOG_FATAL);
                ffi::wasm_runtime_set_enlarge_mem_error_callback(not_grown, ptr::null_mut());
            }
            started
        }
    });
    thread_local! {
        // SAFETY: WAMR has started: the value is only read below, after that.
        static STATE: ThreadState = ThreadState(unsafe { ffi::wasm_runtime_init_thread_env() });
    }
    if *STARTED && STATE.with(|state| state.0) {
        Ok(())
    } else {
        Err(Error::Runtime)
    }
}

/// WAMR's text, until its NUL.
///
/// # Safety
/// `text` is null or leads to a NUL-terminated string.
unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: as the caller promises.
    unsafe { CStr::from_ptr(text) }
        .to_string_lossy()
        .into_owned()
}

/// Room for the reason of a failure.
struct Reason([u8; 256]);

impl Reason {
    fn new() -> Self {
        Self([0; 256])
    }

    fn pointer(&mut self) -> *mut c_char {
        self.0.as_mut_ptr().cast()
    }

    const SIZE: u32 = 256;
}

impl From<Reason> for String {
    fn from(reason: Reason) -> Self {
        let text = reason.0.split(|byte| *byte == 0).next().unwrap_or_default();
        Self::from_utf8_lossy(text).into_owned()
    }
}

/// A loaded module. Clones share it.
#[derive(Clone)]
pub struct Module {
    loaded: Rc<Loaded>,
}

struct Loaded {
    handle: NonNull<ffi::ModuleHandle>,
    /// WAMR has rewritten them, and its names lead here.
    _bytes: Vec<u8>,
}

impl Drop for Loaded {
    fn drop(&mut self) {
        // SAFETY: it is loaded, and no instance is left: each holds this.
        unsafe { ffi::wasm_runtime_unload(self.handle.as_ptr()) };
    }
}

impl Module {
    /// Loads the binary form of a core module, for the interpreter.
    ///
    /// # Errors
    /// [`Error::Load`] if it is not valid, or uses what WAMR lacks.
    pub fn new(wasm: &[u8]) -> Result<Self, Error> {
        if package_type(wasm) == ffi::AHEAD_OF_TIME {
            let reason = "compiled ahead of time, where a module is needed";
            return Err(Error::Load(reason.to_owned()));
        }
        Self::load(wasm)
    }

    /// Loads what [`COMPILER`] made of a module.
    ///
    /// # Safety
    /// It is machine code, and is run as it is: it has to come from [`COMPILER`], with
    /// `--bounds-checks=1`, for a CPU that this one is compatible with.
    ///
    /// # Errors
    /// [`Error::Load`] if it is damaged or of another version.
    pub unsafe fn from_aot(file: &[u8]) -> Result<Self, Error> {
        if package_type(file) != ffi::AHEAD_OF_TIME {
            return Err(Error::Load("not compiled ahead of time".to_owned()));
        }
        Self::load(file)
    }

    fn load(bytes: &[u8]) -> Result<Self, Error> {
        start()?;
        let mut bytes = bytes.to_vec();
        let size =
            u32::try_from(bytes.len()).map_err(|_| Error::Load("larger than 4 GiB".to_owned()))?;
        let mut reason = Reason::new();
        let _offered = OFFERED.read().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the bytes can be written, live as long as the module, and are not touched
        // again; the reason has the size that is passed.
        let handle = unsafe {
            ffi::wasm_runtime_load(bytes.as_mut_ptr(), size, reason.pointer(), Reason::SIZE)
        };
        let handle = NonNull::new(handle).ok_or_else(|| Error::Load(reason.into()))?;
        Ok(Self {
            loaded: Rc::new(Loaded {
                handle,
                _bytes: bytes,
            }),
        })
    }

    /// What the module imports, in its order.
    #[must_use]
    pub fn imports(&self) -> Vec<Import> {
        let module = self.loaded.handle.as_ptr();
        // SAFETY: the module is loaded.
        let count = unsafe { ffi::wasm_runtime_get_import_count(module) };
        (0..count)
            .map(|index| {
                let mut import = ffi::Import {
                    module: ptr::null(),
                    name: ptr::null(),
                    kind: 0,
                    linked: false,
                    ty: ptr::null(),
                };
                // SAFETY: there is an import of this index, and its strings are the module's.
                let (module, name) = unsafe {
                    ffi::wasm_runtime_get_import_type(module, index, &raw mut import);
                    (text(import.module), text(import.name))
                };
                Import {
                    module,
                    name,
                    kind: match import.kind {
                        0 => ImportKind::Function,
                        1 => ImportKind::Table,
                        2 => ImportKind::Memory,
                        _ => ImportKind::Global,
                    },
                    provided: import.linked,
                }
            })
            .collect()
    }

    /// A fresh instance, which shares nothing with others.
    ///
    /// # Errors
    /// [`Error::MissingImport`], which WAMR by itself would only notice when it is called;
    /// [`Error::MemoryLimit`]; [`Error::Instantiate`], also if a start function traps.
    pub fn instantiate(&self, limits: &Limits) -> Result<Instance, Error> {
        self.instantiate_program(limits, &Wasi::default())
    }

    /// The same for a program that is given something.
    ///
    /// # Errors
    /// Those of [`Self::instantiate`].
    pub fn instantiate_program(&self, limits: &Limits, wasi: &Wasi) -> Result<Instance, Error> {
        let pointers = |texts: &[CString]| -> Vec<*const c_char> {
            texts.iter().map(|text| text.as_ptr()).collect()
        };
        let wasi = wasi.clone();
        let mut variables = pointers(&wasi.variables);
        let mut folders = pointers(&wasi.folders);
        let mut arguments: Vec<*mut c_char> = pointers(&wasi.arguments)
            .into_iter()
            .map(<*const c_char>::cast_mut)
            .collect();
        let too_many =
            |_| Error::Instantiate("too many arguments, variables or folders".to_owned());
        let argument_count = c_int::try_from(arguments.len()).map_err(too_many)?;
        let variable_count = u32::try_from(variables.len()).map_err(too_many)?;
        let folder_count = u32::try_from(folders.len()).map_err(too_many)?;
        if let Some(import) = self.imports().into_iter().find(|import| !import.provided) {
            return Err(Error::MissingImport {
                module: import.module,
                name: import.name,
            });
        }
        let refused = Rc::new(Cell::new(false));
        let mut reason = Reason::new();
        let mut args = ptr::null_mut();
        // SAFETY: the arguments are made before they are used, and freed after the last use;
        // the cell and the program's texts live as long as the instance, which holds them; WAMR copies the
        // lists; the reason has the size that is passed.
        let handle = unsafe {
            if !ffi::wasm_runtime_instantiation_args_create(&raw mut args) {
                return Err(Error::Runtime);
            }
            ffi::wasm_runtime_instantiation_args_set_default_stack_size(args, limits.stack_bytes);
            ffi::wasm_runtime_instantiation_args_set_host_managed_heap_size(
                args,
                limits.heap_bytes,
            );
            ffi::wasm_runtime_instantiation_args_set_max_memory_pages(args, limits.memory_pages);
            ffi::wasm_runtime_instantiation_args_set_custom_data(
                args,
                Rc::as_ptr(&refused).cast_mut().cast(),
            );
            ffi::wasm_runtime_instantiation_args_set_wasi_arg(
                args,
                arguments.as_mut_ptr(),
                argument_count,
            );
            ffi::wasm_runtime_instantiation_args_set_wasi_env(
                args,
                variables.as_mut_ptr(),
                variable_count,
            );
            ffi::wasm_runtime_instantiation_args_set_wasi_dir(
                args,
                folders.as_mut_ptr(),
                folder_count,
                ptr::null_mut(),
                0,
            );
            let handle = ffi::wasm_runtime_instantiate_ex2(
                self.loaded.handle.as_ptr(),
                args,
                reason.pointer(),
                Reason::SIZE,
            );
            ffi::wasm_runtime_instantiation_args_destroy(args);
            handle
        };
        let handle = NonNull::new(handle).ok_or_else(|| Error::Instantiate(reason.into()))?;
        let instance = Instance {
            handle,
            refused,
            _wasi: wasi,
            _module: self.clone(),
        };
        // WAMR takes no limit that is below what a module starts with.
        let pages = instance.memory_size() / PAGE;
        if limits.memory_pages > 0 && pages > u64::from(limits.memory_pages) {
            return Err(Error::MemoryLimit {
                pages,
                limit: limits.memory_pages,
            });
        }
        Ok(instance)
    }
}

fn package_type(bytes: &[u8]) -> c_int {
    // SAFETY: that many bytes can be read; WAMR looks at the first ones only.
    unsafe {
        ffi::wasm_runtime_get_file_package_type(
            bytes.as_ptr(),
            u32::try_from(bytes.len()).unwrap_or(u32::MAX),
        )
    }
}

/// Notes that memory could not grow.
extern "C" fn not_grown(
    _more: u32,
    _size: u64,
    _memory: u32,
    _reason: c_int,
    instance: *mut ffi::InstanceHandle,
    _env: *mut ffi::ExecEnv,
    _data: *mut c_void,
) {
    // SAFETY: WAMR calls this with the instance whose memory it is, on the thread that runs it;
    // its data is the cell of `instantiate`, or null while WAMR makes the instance.
    unsafe {
        let refused = ffi::wasm_runtime_get_custom_data(instance).cast::<Cell<bool>>();
        if let Some(refused) = refused.as_ref() {
            refused.set(true);
        }
    }
}

/// A module with its own memory, tables and globals. After a trap it is not to be used again.
pub struct Instance {
    handle: NonNull<ffi::InstanceHandle>,
    refused: Rc<Cell<bool>>,
    _wasi: Wasi,
    _module: Module,
}

impl Drop for Instance {
    fn drop(&mut self) {
        // SAFETY: it exists, and on this thread: it is not `Send`.
        unsafe { ffi::wasm_runtime_deinstantiate(self.handle.as_ptr()) };
    }
}

impl Instance {
    /// Calls an exported function that takes 32-bit integers, and returns one or nothing.
    ///
    /// # Errors
    /// [`Error::MissingExport`], [`Error::Signature`] or [`Error::Trap`].
    pub fn call(&mut self, name: &str, arguments: &[u32]) -> Result<Option<u32>, Error> {
        let missing = || Error::MissingExport(name.to_owned());
        let instance = self.handle.as_ptr();
        let c_name = CString::new(name).map_err(|_| missing())?;
        // SAFETY: the instance exists, and the name ends in NUL.
        let function = unsafe { ffi::wasm_runtime_lookup_function(instance, c_name.as_ptr()) };
        if function.is_null() {
            return Err(missing());
        }
        let (parameters, results) = self.signature(function);
        if parameters.len() != arguments.len()
            || results.len() > 1
            || parameters
                .iter()
                .chain(&results)
                .any(|kind| *kind != ffi::I32)
        {
            return Err(Error::Signature {
                function: name.to_owned(),
                parameters: length(&parameters),
                results: length(&results),
                arguments: arguments.len(),
            });
        }
        // The result takes the place of the first argument.
        let mut cells = arguments.to_vec();
        cells.resize(cells.len().max(1), 0);
        // SAFETY: the function is of this instance, and there is a cell for each value that it
        // takes or returns, all of 32 bits. The instance's stack is not in use: nothing of the
        // host can be called from inside a call.
        let done = unsafe {
            let env = ffi::wasm_runtime_get_exec_env_singleton(instance);
            !env.is_null()
                && ffi::wasm_runtime_call_wasm(
                    env,
                    function,
                    length(&parameters),
                    cells.as_mut_ptr(),
                )
        };
        if done {
            Ok((!results.is_empty()).then(|| cells[0]))
        } else {
            // SAFETY: the instance exists, and its exception is a string or null.
            let message = unsafe { text(ffi::wasm_runtime_get_exception(instance)) };
            Err(self.trap(&message))
        }
    }

    /// Runs a program from its start to its end: its exit code.
    ///
    /// # Errors
    /// [`Error::MissingExport`] if it is none, or [`Error::Trap`].
    pub fn run(&mut self) -> Result<u32, Error> {
        let instance = self.handle.as_ptr();
        let start = c"_start";
        // SAFETY: the instance exists, its stack is not in use, and its exception is a string or null.
        let exception = unsafe {
            if ffi::wasm_runtime_lookup_function(instance, start.as_ptr()).is_null() {
                return Err(Error::MissingExport(start.to_string_lossy().into_owned()));
            }
            ffi::wasm_application_execute_main(instance, 0, ptr::null_mut());
            text(ffi::wasm_runtime_get_exception(instance))
        };
        // It ends by an exception when it says its exit code.
        if exception.is_empty() || exception.contains("wasi proc exit") {
            // SAFETY: the instance exists.
            return Ok(unsafe { ffi::wasm_runtime_get_wasi_exit_code(instance) });
        }
        Err(self.trap(&exception))
    }

    fn trap(&self, exception: &str) -> Error {
        Error::Trap {
            message: exception.trim_start_matches("Exception: ").to_owned(),
            refused: self.refused.get(),
        }
    }

    /// Kinds of what a function takes and returns.
    fn signature(&self, function: *mut ffi::Function) -> (Vec<u8>, Vec<u8>) {
        let instance = self.handle.as_ptr();
        // SAFETY: the function is of this instance, and each list has as many places as it says.
        unsafe {
            let mut parameters =
                vec![0; ffi::wasm_func_get_param_count(function, instance) as usize];
            ffi::wasm_func_get_param_types(function, instance, parameters.as_mut_ptr());
            let mut results = vec![0; ffi::wasm_func_get_result_count(function, instance) as usize];
            ffi::wasm_func_get_result_types(function, instance, results.as_mut_ptr());
            (parameters, results)
        }
    }

    /// Size of linear memory, in bytes; 0 if there is none.
    #[must_use]
    pub fn memory_size(&self) -> u64 {
        Memory(self.handle).place().1
    }

    /// Copies bytes out of linear memory.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`].
    pub fn read(&self, address: u32, bytes: &mut [u8]) -> Result<(), Error> {
        Memory(self.handle).read(address, bytes)
    }

    /// Copies bytes into linear memory.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`].
    pub fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), Error> {
        Memory(self.handle).write(address, bytes)
    }
}

/// The linear memory of an instance that exists, and does not run meanwhile.
struct Memory(NonNull<ffi::InstanceHandle>);

impl Memory {
    /// Where it is, and its size; it may move when the module grows it. Without a memory the size is 0.
    fn place(&self) -> (*mut u8, u64) {
        // SAFETY: the instance exists, and so does its memory, if it has one.
        unsafe {
            let memory = ffi::wasm_runtime_get_default_memory(self.0.as_ptr());
            if memory.is_null() {
                return (ptr::null_mut(), 0);
            }
            let pages = ffi::wasm_memory_get_cur_page_count(memory);
            (
                ffi::wasm_memory_get_base_address(memory).cast(),
                pages * ffi::wasm_memory_get_bytes_per_page(memory),
            )
        }
    }

    /// The first of `length` bytes, which are all inside memory.
    fn range(&self, address: u32, length: usize) -> Result<*mut u8, Error> {
        let (base, size) = self.place();
        if u64::from(address).saturating_add(length as u64) > size {
            return Err(Error::OutOfBounds {
                address,
                length,
                size,
            });
        }
        Ok(base.wrapping_add(address as usize))
    }

    fn read(&self, address: u32, bytes: &mut [u8]) -> Result<(), Error> {
        let source = self.range(address, bytes.len())?;
        if !bytes.is_empty() {
            // SAFETY: all of it is inside memory, which nothing writes to meanwhile, because the
            // module does not run, and which no Rust slice can be a part of.
            unsafe { ptr::copy_nonoverlapping(source, bytes.as_mut_ptr(), bytes.len()) };
        }
        Ok(())
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), Error> {
        let target = self.range(address, bytes.len())?;
        if !bytes.is_empty() {
            // SAFETY: as in `read`, and this has the only reference to the instance.
            unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), target, bytes.len()) };
        }
        Ok(())
    }
}

fn length(kinds: &[u8]) -> u32 {
    u32::try_from(kinds.len()).unwrap_or(u32::MAX)
}
