//! What is used of `wasm_export.h`. The layouts are asserted where the library is compiled, in
//! nix/wamr/libiwasm/layout.c.

use std::ffi::{c_char, c_int, c_void};

/// Declares types that C only hands out pointers to.
macro_rules! opaque {
    ($($name:ident)*) => { $(
        #[repr(C)]
        pub struct $name {
            _private: [u8; 0],
        }
    )* };
}

opaque! { ExecEnv Function InstanceHandle InstantiationArgs Memory ModuleHandle }

/// `package_type_t`: compiled ahead of time.
pub const AHEAD_OF_TIME: c_int = 1;

/// `wasm_valkind_t` of a 32-bit integer.
pub const I32: u8 = 0;

/// `log_level_t`: nothing but what ends the process.
pub const LOG_FATAL: c_int = 0;

/// `wasm_import_t`.
#[repr(C)]
pub struct Import {
    pub module: *const c_char,
    pub name: *const c_char,
    pub kind: c_int,
    pub linked: bool,
    pub ty: *const c_void,
}

/// `NativeSymbol`; `run` gets the arguments, a cell of 64 bits for each, and leaves the result in the first.
#[repr(C)]
pub struct NativeSymbol {
    pub name: *const c_char,
    pub run: extern "C" fn(env: *mut ExecEnv, cells: *mut u64),
    pub signature: *const c_char,
    pub attachment: *const c_void,
}

/// `enlarge_memory_error_callback_t`.
pub type NotGrown = extern "C" fn(
    more: u32,
    size: u64,
    memory: u32,
    reason: c_int,
    instance: *mut InstanceHandle,
    env: *mut ExecEnv,
    data: *mut c_void,
);

unsafe extern "C" {
    pub fn wasm_runtime_init() -> bool;
    pub fn wasm_runtime_get_version(major: *mut u32, minor: *mut u32, patch: *mut u32);
    pub fn wasm_runtime_set_log_level(level: c_int);
    pub fn wasm_runtime_set_enlarge_mem_error_callback(callback: NotGrown, data: *mut c_void);
    pub fn wasm_runtime_init_thread_env() -> bool;
    pub fn wasm_runtime_destroy_thread_env();

    pub fn wasm_runtime_register_natives_raw(
        module: *const c_char,
        symbols: *mut NativeSymbol,
        count: u32,
    ) -> bool;
    pub fn wasm_runtime_get_function_attachment(env: *mut ExecEnv) -> *mut c_void;
    pub fn wasm_runtime_get_module_inst(env: *mut ExecEnv) -> *mut InstanceHandle;
    pub fn wasm_runtime_set_exception(instance: *mut InstanceHandle, exception: *const c_char);

    pub fn wasm_runtime_get_file_package_type(bytes: *const u8, size: u32) -> c_int;
    pub fn wasm_runtime_load(
        bytes: *mut u8,
        size: u32,
        error: *mut c_char,
        error_size: u32,
    ) -> *mut ModuleHandle;
    pub fn wasm_runtime_unload(module: *mut ModuleHandle);
    pub fn wasm_runtime_get_import_count(module: *mut ModuleHandle) -> i32;
    pub fn wasm_runtime_get_import_type(module: *mut ModuleHandle, index: i32, import: *mut Import);

    pub fn wasm_runtime_instantiation_args_create(args: *mut *mut InstantiationArgs) -> bool;
    pub fn wasm_runtime_instantiation_args_destroy(args: *mut InstantiationArgs);
    pub fn wasm_runtime_instantiation_args_set_default_stack_size(
        args: *mut InstantiationArgs,
        bytes: u32,
    );
    pub fn wasm_runtime_instantiation_args_set_host_managed_heap_size(
        args: *mut InstantiationArgs,
        bytes: u32,
    );
    pub fn wasm_runtime_instantiation_args_set_max_memory_pages(
        args: *mut InstantiationArgs,
        pages: u32,
    );
    pub fn wasm_runtime_instantiation_args_set_custom_data(
        args: *mut InstantiationArgs,
        data: *mut c_void,
    );
    pub fn wasm_runtime_instantiation_args_set_wasi_arg(
        args: *mut InstantiationArgs,
        arguments: *mut *mut c_char,
        count: c_int,
    );
    pub fn wasm_runtime_instantiation_args_set_wasi_env(
        args: *mut InstantiationArgs,
        variables: *mut *const c_char,
        count: u32,
    );
    pub fn wasm_runtime_instantiation_args_set_wasi_dir(
        args: *mut InstantiationArgs,
        folders: *mut *const c_char,
        count: u32,
        mapped: *mut *const c_char,
        mapped_count: u32,
    );
    pub fn wasm_runtime_instantiate_ex2(
        module: *mut ModuleHandle,
        args: *const InstantiationArgs,
        error: *mut c_char,
        error_size: u32,
    ) -> *mut InstanceHandle;
    pub fn wasm_runtime_deinstantiate(instance: *mut InstanceHandle);
    pub fn wasm_runtime_get_custom_data(instance: *mut InstanceHandle) -> *mut c_void;

    pub fn wasm_runtime_lookup_function(
        instance: *mut InstanceHandle,
        name: *const c_char,
    ) -> *mut Function;
    pub fn wasm_func_get_param_count(function: *mut Function, instance: *mut InstanceHandle)
    -> u32;
    pub fn wasm_func_get_result_count(
        function: *mut Function,
        instance: *mut InstanceHandle,
    ) -> u32;
    pub fn wasm_func_get_param_types(
        function: *mut Function,
        instance: *mut InstanceHandle,
        kinds: *mut u8,
    );
    pub fn wasm_func_get_result_types(
        function: *mut Function,
        instance: *mut InstanceHandle,
        kinds: *mut u8,
    );
    pub fn wasm_runtime_get_exec_env_singleton(instance: *mut InstanceHandle) -> *mut ExecEnv;
    pub fn wasm_runtime_call_wasm(
        env: *mut ExecEnv,
        function: *mut Function,
        count: u32,
        cells: *mut u32,
    ) -> bool;
    pub fn wasm_application_execute_main(
        instance: *mut InstanceHandle,
        count: i32,
        arguments: *mut *mut c_char,
    ) -> bool;
    pub fn wasm_runtime_get_wasi_exit_code(instance: *mut InstanceHandle) -> u32;
    pub fn wasm_runtime_get_exception(instance: *mut InstanceHandle) -> *const c_char;

    pub fn wasm_runtime_get_default_memory(instance: *mut InstanceHandle) -> *mut Memory;
    pub fn wasm_memory_get_cur_page_count(memory: *mut Memory) -> u64;
    pub fn wasm_memory_get_bytes_per_page(memory: *mut Memory) -> u64;
    pub fn wasm_memory_get_base_address(memory: *mut Memory) -> *mut c_void;
}
