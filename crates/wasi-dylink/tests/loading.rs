//! Side modules in a program: what `dlopen` and the others do, case by case.
//!
//! `modules/program.wat` is the program, the other files of `modules` are side modules, under
//! `/lib/NAME.so`. Those in `refused` are not loaded, and their first line is what `dlerror` says.
//! What is expected is worked out by hand from these sources and the conventions of ELF.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use wasi_dylink::{Dylink, DylinkView, Error, FileError, add_to_linker, attach};
use wasmparser::Parser;
use wasmtime::{Engine, Instance, Linker, Module, Store, Val, WasmParams};

const LAZY: u32 = 1;
const NOW: u32 = 2;
const NOLOAD: u32 = 4;
const GLOBAL: u32 = 256;
const DEFAULT: u32 = 0;
const NEXT: u32 = u32::MAX;

/// Where names are put that are passed to the program.
const NAME: u32 = 2048;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

fn wat(folder_name: &str, name: &str) -> Vec<u8> {
    let file = folder(folder_name).join(name).with_extension("wat");
    wat::parse_file(&file).unwrap_or_else(|error| panic!("{error}"))
}

/// The names of the modules in a folder, without `.wat`.
fn names(folder_name: &str) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder(folder_name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// The modules of both folders, by their path in the guest.
static FILES: LazyLock<BTreeMap<String, Vec<u8>>> = LazyLock::new(|| {
    ["modules", "refused"]
        .into_iter()
        .flat_map(|folder| names(folder).into_iter().map(move |name| (folder, name)))
        .map(|(folder, name)| (format!("/lib/{name}.so"), wat(folder, &name)))
        .collect()
});

#[derive(Default)]
struct Host {
    files: BTreeMap<String, Vec<u8>>,
    dylink: Dylink,
}

impl DylinkView for Host {
    fn dylink(&mut self) -> &mut Dylink {
        &mut self.dylink
    }

    fn read(&mut self, path: &str) -> Result<Vec<u8>, FileError> {
        self.files.get(path).cloned().ok_or(FileError::NotFound)
    }
}

/// A program that is ready to load what is in `/lib`.
struct Guest {
    store: Store<Host>,
    instance: Instance,
}

impl Guest {
    fn new() -> Self {
        let mut guest = Self::of(&wat("modules", "program")).unwrap();
        guest.store.data_mut().files.clone_from(&FILES);
        guest
    }

    /// A program, without files.
    fn of(program: &[u8]) -> Result<Self, Error> {
        let engine = Engine::default();
        let module = Module::new(&engine, program).unwrap();
        let mut linker = Linker::new(&engine);
        add_to_linker::<Host>(&mut linker).unwrap();
        let mut store = Store::new(&engine, Host::default());
        let instance = linker.instantiate(&mut store, &module).unwrap();
        attach(&mut store, instance)?;
        Ok(Self { store, instance })
    }

    fn put(&mut self, path: &str, contents: Vec<u8>) {
        self.store
            .data_mut()
            .files
            .insert(path.to_owned(), contents);
    }

    fn call<P: WasmParams>(&mut self, function: &str, parameters: P) -> wasmtime::Result<u32> {
        let function = self
            .instance
            .get_typed_func::<P, u32>(&mut self.store, function)
            .unwrap();
        function.call(&mut self.store, parameters)
    }

    fn write(&mut self, address: u32, bytes: &[u8]) {
        let memory = self.instance.get_memory(&mut self.store, "memory").unwrap();
        memory
            .write(&mut self.store, address as usize, bytes)
            .unwrap();
    }

    fn name(&mut self, name: &str) -> u32 {
        self.write(NAME, format!("{name}\0").as_bytes());
        NAME
    }

    /// `dlopen(path, mode)`
    fn dlopen(&mut self, path: &str, mode: u32) -> u32 {
        let name = self.name(path);
        self.call("open", (name, mode)).unwrap()
    }

    /// The handle of a module that can be loaded.
    fn open(&mut self, name: &str) -> u32 {
        let handle = self.dlopen(&format!("/lib/{name}.so"), NOW);
        assert_ne!(handle, 0, "{}", self.error());
        handle
    }

    /// `dlsym(handle, symbol)`
    fn dlsym(&mut self, handle: u32, symbol: &str) -> u32 {
        let name = self.name(symbol);
        self.call("sym", (handle, name)).unwrap()
    }

    /// The address of a symbol that is there.
    fn symbol(&mut self, handle: u32, symbol: &str) -> u32 {
        let address = self.dlsym(handle, symbol);
        assert_ne!(address, 0, "{}", self.error());
        address
    }

    fn close(&mut self, handle: u32) -> u32 {
        self.call("close", handle).unwrap()
    }

    /// `dlerror()`, the empty string for a null pointer.
    fn error(&mut self) -> String {
        let address = self.call("error", ()).unwrap() as usize;
        if address == 0 {
            return String::new();
        }
        let memory = self.instance.get_memory(&mut self.store, "memory").unwrap();
        let text = memory.data(&self.store)[address..]
            .split(|byte| *byte == 0)
            .next();
        String::from_utf8(text.unwrap().to_vec()).unwrap()
    }

    /// What a function without parameters returns, called by its address.
    fn result(&mut self, handle: u32, function: &str) -> u32 {
        let address = self.symbol(handle, function);
        self.call("call0", address).unwrap()
    }

    fn load(&mut self, address: u32) -> u32 {
        self.call("load", address).unwrap()
    }

    fn global(&mut self, name: &str) -> u32 {
        let global = self.instance.get_global(&mut self.store, name).unwrap();
        global.get(&mut self.store).unwrap_i32().cast_unsigned()
    }

    fn slots(&mut self) -> u64 {
        let table = "__indirect_function_table";
        let table = self.instance.get_table(&mut self.store, table).unwrap();
        table.size(&self.store)
    }
}

#[test]
fn a_function_is_found_and_called() {
    let mut guest = Guest::new();
    let handle = guest.open("answer");
    assert_eq!(guest.result(handle, "answer"), 42);
}

#[test]
fn lazy_binding_is_accepted() {
    let mut guest = Guest::new();
    let handle = guest.dlopen("/lib/answer.so", LAZY);
    assert_eq!(guest.result(handle, "answer"), 42);
}

#[test]
fn data_are_shared_by_their_address() {
    let mut guest = Guest::new();
    let handle = guest.open("counter");
    let counter = guest.symbol(handle, "counter");
    assert_eq!(guest.load(counter), 5);
    assert_eq!(guest.result(handle, "increment"), 6);
    assert_eq!(guest.load(counter), 6);
    guest.write(counter, &[70, 0, 0, 0]);
    assert_eq!(guest.result(handle, "increment"), 71);
}

#[test]
fn memory_is_zeroed_where_there_are_no_data() {
    let mut guest = Guest::new();
    let handle = guest.open("zeroed");
    assert_eq!(guest.result(handle, "initial"), 9);
    assert_eq!(guest.result(handle, "sum"), 0);
}

#[test]
fn data_and_functions_are_aligned() {
    let mut guest = Guest::new();
    let handle = guest.open("aligned");
    assert_eq!(guest.result(handle, "memory_base") % 4096, 0);
    let base = guest.result(handle, "table_base");
    assert_eq!((base, base % 8), (8, 0), "the program has 4 slots");
    assert_eq!(guest.call("call0", base).unwrap(), 1);
}

#[test]
fn a_pointer_to_a_static_function_is_called_by_the_program() {
    let mut guest = Guest::new();
    let handle = guest.open("pointers");
    let thrice = guest.result(handle, "thrice_pointer");
    assert_eq!(guest.call("call1", (thrice, 14)).unwrap(), 42);
}

#[test]
fn a_pointer_to_a_function_of_the_program_is_called_by_the_module() {
    let mut guest = Guest::new();
    let handle = guest.open("pointers");
    let call_add = guest.symbol(handle, "call_add");
    assert_eq!(guest.call("call1", (call_add, 11)).unwrap(), 111);
}

#[test]
fn a_function_has_one_address() {
    let mut guest = Guest::new();
    let handle = guest.open("pointers");
    // The program's own: element 3 of its table
    assert_eq!(guest.result(handle, "add_pointer"), 3);
    assert_eq!(guest.dlsym(DEFAULT, "add"), 3);
    let twice = guest.symbol(handle, "twice");
    assert_eq!(guest.result(handle, "twice_pointer"), twice);
    assert_eq!(guest.symbol(handle, "twice"), twice);
}

#[test]
fn data_are_relocated() {
    let mut guest = Guest::new();
    let handle = guest.open("relocated");
    let pointer = guest.symbol(handle, "pointer");
    let target = guest.load(pointer);
    assert_eq!(guest.load(target), 11);
    let function = guest.symbol(handle, "function");
    let twice = guest.load(function);
    assert_eq!(guest.call("call1", (twice, 8)).unwrap(), 16);
    let theirs = guest.symbol(handle, "theirs");
    assert_eq!(guest.load(theirs), 1024, "where the program has `number`");
}

#[test]
fn constructors_run_after_relocations() {
    let mut guest = Guest::new();
    guest.open("relocated");
    assert_eq!(
        guest.global("log"),
        7,
        "the program's `number`, through a relocated pointer"
    );
}

#[test]
fn weak_symbols_without_a_definition_are_null() {
    let mut guest = Guest::new();
    let handle = guest.open("weak");
    assert_eq!(guest.result(handle, "pointer"), 0);
    assert_eq!(guest.result(handle, "data"), 0);
}

#[test]
fn weak_symbols_with_a_definition_are_bound() {
    let mut guest = Guest::new();
    let handle = guest.open("weak");
    assert_eq!(guest.result(handle, "number_pointer"), 1024);
}

#[test]
fn a_weak_function_without_a_definition_traps_when_it_is_called() {
    let mut guest = Guest::new();
    let handle = guest.open("weak");
    let call = guest.symbol(handle, "call");
    let error = guest.call("call0", call).unwrap_err();
    assert!(
        format!("{error:?}").contains("/lib/weak.so calls `absent`, which is defined nowhere"),
        "{error:?}"
    );
}

#[test]
fn needed_modules_are_loaded_and_linked() {
    let mut guest = Guest::new();
    let handle = guest.open("first");
    assert_eq!(guest.result(handle, "first"), 123);
}

#[test]
fn constructors_run_in_the_order_of_need() {
    let mut guest = Guest::new();
    guest.open("first");
    assert_eq!(guest.global("log"), 321);
}

#[test]
fn a_module_that_two_need_is_loaded_once() {
    let mut guest = Guest::new();
    let handle = guest.open("diamond");
    assert_eq!(guest.global("log"), 3456);
    assert_eq!(guest.result(handle, "diamond"), 9);
}

#[test]
fn a_needed_module_that_is_loaded_stays_as_it_is() {
    let mut guest = Guest::new();
    guest.open("second");
    guest.open("first");
    assert_eq!(guest.global("log"), 321);
}

#[test]
fn symbols_of_needed_modules_are_found_through_the_handle() {
    let mut guest = Guest::new();
    let handle = guest.open("first");
    assert_eq!(guest.result(handle, "third"), 3);
}

#[test]
fn modules_may_need_each_other() {
    let mut guest = Guest::new();
    let handle = guest.open("even");
    let even = guest.symbol(handle, "even");
    assert_eq!(guest.call("call1", (even, 10)).unwrap(), 1);
    assert_eq!(guest.call("call1", (even, 7)).unwrap(), 0);
    let odd = guest.symbol(handle, "odd");
    assert_eq!(guest.call("call1", (odd, 7)).unwrap(), 1);
    assert_eq!(guest.result(handle, "odd_pointer"), odd);
    assert_eq!(guest.result(handle, "even_pointer"), even);
}

#[test]
fn runtime_paths_are_searched() {
    let mut guest = Guest::new();
    guest.put("/lib/deps/hidden.so", wat("modules", "answer"));
    let handle = guest.open("runtime-path");
    assert_eq!(guest.result(handle, "found"), 42);
}

#[test]
fn an_address_is_the_programs_where_both_define_the_symbol() {
    let mut guest = Guest::new();
    let handle = guest.open("shadow");
    assert_eq!(guest.result(handle, "shadowed_pointer"), 1028);
    let whose = guest.result(handle, "whose_pointer");
    assert_eq!(guest.call("call0", whose).unwrap(), 1);
    // and through its handle it is the module's own
    assert_eq!(guest.result(handle, "whose"), 2);
    let shadowed = guest.symbol(handle, "shadowed");
    assert_eq!(guest.load(shadowed), 2);
}

#[test]
fn a_module_sees_what_is_open_to_all() {
    let mut guest = Guest::new();
    guest.dlopen("/lib/answer.so", NOW | GLOBAL);
    let handle = guest.open("guest-of-answer");
    assert_eq!(guest.result(handle, "more"), 43);
    assert_eq!(guest.result(DEFAULT, "answer"), 42);
}

#[test]
fn a_module_does_not_see_what_is_not_open_to_all() {
    let mut guest = Guest::new();
    guest.open("answer");
    assert_eq!(guest.dlopen("/lib/guest-of-answer.so", NOW), 0);
    assert_eq!(
        guest.error(),
        "/lib/guest-of-answer.so: the function `answer` is defined neither by the program nor by a module that this one needs"
    );
    assert_eq!(guest.dlsym(DEFAULT, "answer"), 0);
}

#[test]
fn a_module_can_be_opened_to_all_later_with_what_it_needs() {
    let mut guest = Guest::new();
    let handle = guest.open("first");
    assert_eq!(guest.dlopen("/lib/first.so", NOLOAD | GLOBAL), handle);
    assert_eq!(guest.result(DEFAULT, "third"), 3);
}

#[test]
fn a_module_is_known_by_its_path() {
    let mut guest = Guest::new();
    let handle = guest.open("third");
    assert_eq!(guest.dlopen("//lib/./third.so", NOW), handle);
    assert_eq!(guest.global("log"), 3, "its constructor has run once");
    guest.put("/copy.so", wat("modules", "third"));
    assert_ne!(guest.dlopen("/copy.so", NOW), handle);
    assert_eq!(guest.global("log"), 33);
}

#[test]
fn a_relative_path_begins_at_the_root_where_there_is_no_working_folder() {
    let mut guest = Guest::new();
    let handle = guest.open("answer");
    assert_eq!(guest.dlopen("lib/answer.so", NOW), handle);
}

#[test]
fn a_relative_path_begins_in_the_working_folder() {
    let program = fs::read_to_string(folder("modules").join("program.wat")).unwrap();
    let with_getcwd = program.replace(
        "(func (export \"free\")",
        "(data (i32.const 1100) \"/somewhere\\00\")
         (func (export \"getcwd\") (param i32 i32) (result i32) i32.const 1100)
         (func (export \"free\")",
    );
    let mut guest = Guest::of(&wat::parse_str(with_getcwd).unwrap()).unwrap();
    guest.put("/somewhere/else/answer.so", wat("modules", "answer"));
    assert_ne!(guest.dlopen("else/answer.so", NOW), 0);
}

#[test]
fn openings_are_counted_and_nothing_is_unloaded() {
    let mut guest = Guest::new();
    let handle = guest.open("counter");
    assert_eq!(guest.open("counter"), handle);
    assert_eq!(guest.result(handle, "increment"), 6);
    assert_eq!(guest.close(handle), 0);
    assert_eq!(guest.result(handle, "increment"), 7);
    assert_eq!(guest.close(handle), 0);
    // The second was the last.
    assert_ne!(guest.close(handle), 0);
    assert_eq!(
        guest.error(),
        format!("{handle:#x} is not the handle of an open module")
    );
    assert_eq!(guest.dlsym(handle, "increment"), 0);
    // Opened again it is as it was left.
    assert_eq!(guest.open("counter"), handle);
    assert_eq!(guest.result(handle, "increment"), 8);
}

#[test]
fn noload_opens_what_is_loaded() {
    let mut guest = Guest::new();
    assert_eq!(guest.dlopen("/lib/answer.so", NOW | NOLOAD), 0);
    assert_eq!(guest.error(), "/lib/answer.so is not loaded");
    let handle = guest.open("answer");
    assert_eq!(guest.dlopen("/lib/answer.so", NOW | NOLOAD), handle);
    assert_eq!((guest.close(handle), guest.close(handle)), (0, 0));
}

#[test]
fn the_program_has_a_handle() {
    let mut guest = Guest::new();
    let handle = guest.call("open", (0_u32, NOW)).unwrap();
    assert_ne!(handle, 0);
    assert_eq!(guest.symbol(handle, "number"), 1024);
    assert_eq!(guest.close(handle), 0);
    assert_eq!(guest.symbol(handle, "add"), 3);
}

#[test]
fn a_side_module_loads_another() {
    let mut guest = Guest::new();
    let handle = guest.open("loader");
    let counter = guest.result(handle, "handle");
    assert_eq!(guest.result(counter, "increment"), 6);
    assert_eq!(guest.open("counter"), counter);
}

#[test]
fn the_stack_is_the_programs() {
    let mut guest = Guest::new();
    let handle = guest.open("stack");
    assert_eq!(guest.result(handle, "frame"), 65536 - 16);
}

#[test]
fn an_initialiser_runs_in_place_of_the_constructors_that_it_calls() {
    let mut guest = Guest::new();
    guest.open("unusual");
    assert_eq!(guest.global("log"), 8);
}

#[test]
fn what_has_no_address_is_told_apart_from_what_is_not_there() {
    let mut guest = Guest::new();
    let handle = guest.open("unusual");
    for (symbol, message) in [
        (
            "mutable",
            "`mutable` in /lib/unusual.so is a mutable global, and has no address",
        ),
        (
            "wide",
            "`wide` in /lib/unusual.so is a constant of type i64, and has no address",
        ),
        (
            "private",
            "`private` in /lib/unusual.so is a memory, and has no address",
        ),
        (
            "absent",
            "the symbol `absent` is not defined in /lib/unusual.so and what it needs",
        ),
        // Where the program has them they are no symbols.
        (
            "_initialize",
            "the symbol `_initialize` is not defined in /lib/unusual.so and what it needs",
        ),
    ] {
        assert_eq!(guest.dlsym(handle, symbol), 0);
        assert_eq!(guest.error(), message);
    }
    assert_eq!(guest.dlsym(DEFAULT, "plain"), 0);
    assert_eq!(
        guest.error(),
        "the symbol `plain` is not defined in the program and the modules open to all"
    );
}

#[test]
fn the_next_symbol_is_not_supported() {
    let mut guest = Guest::new();
    assert_eq!(guest.dlsym(NEXT, "add"), 0);
    assert_eq!(guest.error(), "RTLD_NEXT is not supported");
}

#[test]
fn an_error_is_told_once() {
    let mut guest = Guest::new();
    assert_eq!(guest.error(), "");
    guest.dlopen("/none.so", NOW);
    guest.dlopen("/lib/none.so", NOW);
    assert_eq!(guest.error(), "/lib/none.so: no such file");
    assert_eq!(guest.error(), "");
    guest.dlopen("/none.so", NOW);
    assert_eq!(guest.error(), "/none.so: no such file");
    assert_eq!(guest.global("allocated"), 1, "the first is freed");
}

#[test]
fn wasi_is_called_through_the_program() {
    let mut guest = Guest::new();
    let handle = guest.open("random");
    assert_eq!(guest.result(handle, "answer"), 0x2a2a_2a2a);
}

#[test]
fn what_cannot_be_loaded_says_why() {
    for name in names("refused") {
        let source =
            fs::read_to_string(folder("refused").join(&name).with_extension("wat")).unwrap();
        let expected = source.lines().next().unwrap().strip_prefix(";; ").unwrap();
        let mut guest = Guest::new();
        let handle = guest.dlopen(&format!("/lib/{name}.so"), NOW);
        assert_eq!((handle, guest.error().as_str()), (0, expected), "{name}");
    }
}

#[test]
fn other_files_are_told_apart() {
    let elf = b"\x7fELF\x02\x01\x01\0".to_vec();
    let old_version = b"\0asm\x02\0\0\0".to_vec();
    for (contents, message) in [
        (Vec::new(), "it is no WebAssembly module"),
        (b"a text".to_vec(), "it is no WebAssembly module"),
        (
            elf,
            "it is an ELF file, for this machine and not for WebAssembly",
        ),
        (old_version, "it is damaged: unknown binary version"),
    ] {
        let mut guest = Guest::new();
        guest.put("/lib/file.so", contents);
        assert_eq!(guest.dlopen("/lib/file.so", NOW), 0);
        let prefix = format!("/lib/file.so is not a side module for this program: {message}");
        let error = guest.error();
        assert!(error.starts_with(&prefix), "{error}");
    }
}

#[test]
fn a_module_that_ends_within_a_section_is_refused() {
    let whole = wat("modules", "relocated");
    // What comes last is the section of names, without which the module is whole.
    let names = whole.windows(5).position(|window| window == b"\x04name");
    let whole = &whole[..names.unwrap() - 2];
    let sections = Parser::new(0)
        .parse_all(whole)
        .filter_map(|payload| payload.unwrap().as_section());
    let ends: Vec<usize> = sections.map(|(_, range)| range.end).collect();
    let mut guest = Guest::new();
    for length in 0..whole.len() {
        let path = format!("/lib/truncated-{length}.so");
        guest.put(&path, whole[..length].to_vec());
        // Up to a section's end it may be a module.
        if guest.dlopen(&path, NOW) == 0 {
            assert_ne!(guest.error(), "", "{length}");
        } else {
            assert!(ends.contains(&length), "{length}");
        }
    }
}

#[test]
fn a_damaged_section_is_refused_and_never_panics() {
    let whole = wat("modules", "second");
    // Behind the header: id, size, the length of the name and the name itself
    let section = 8..8 + 2 + usize::from(whole[9]);
    for place in section {
        for byte in 0..=255 {
            let mut damaged = whole.clone();
            damaged[place] = byte;
            let _ = wasi_dylink::SideModule::parse(&damaged);
        }
    }
    // A subsection that is longer than its section
    let mut damaged = whole.clone();
    damaged[8 + 2 + 9 + 1] = 0x7f;
    let error = wasi_dylink::SideModule::parse(&damaged).unwrap_err();
    assert!(error.to_string().starts_with("it is damaged: "), "{error}");
}

#[test]
fn data_outside_the_modules_place_do_not_reach_past_memory() {
    let mut guest = Guest::new();
    let module = r#"(module
      (@dylink.0 (mem-info (memory 4 2)))
      (import "env" "memory" (memory 1))
      (data (i32.const 0x7fffffff) "x"))"#;
    guest.put("/lib/outside.so", wat::parse_str(module).unwrap());
    assert_eq!(guest.dlopen("/lib/outside.so", NOW), 0);
    let error = guest.error();
    assert!(
        error.starts_with("/lib/outside.so cannot be instantiated: ")
            && error.contains("out of bounds memory access"),
        "{error}"
    );
}

#[test]
fn an_invalid_module_is_not_compiled() {
    let mut guest = Guest::new();
    let module = "(module (@dylink.0 (mem-info)) (func (result i32)))";
    guest.put("/lib/invalid.so", wat::parse_str(module).unwrap());
    assert_eq!(guest.dlopen("/lib/invalid.so", NOW), 0);
    let error = guest.error();
    assert!(
        error.starts_with("/lib/invalid.so cannot be compiled: "),
        "{error}"
    );
}

#[test]
fn a_failure_gives_back_memory_and_slots() {
    let mut guest = Guest::new();
    let failing = "/lib/undefined-in-needed.so";
    guest.dlopen(failing, NOW);
    guest.error();
    // What `dlerror` told is the only thing that is left.
    assert_eq!(guest.global("allocated"), 1);
    let slots = guest.slots();
    // The slots are used again: by functions that get an address.
    let handle = guest.open("answer");
    let answer = guest.symbol(handle, "answer");
    assert!((4..slots).contains(&u64::from(answer)), "{answer}");
    assert_eq!(guest.slots(), slots);
}

#[test]
fn what_failed_can_be_tried_again() {
    let mut guest = Guest::new();
    let answer = wat("modules", "answer");
    guest.put("/lib/late.so", b"not yet".to_vec());
    assert_eq!(guest.dlopen("/lib/late.so", NOW), 0);
    guest.put("/lib/late.so", answer);
    let handle = guest.open("late");
    assert_eq!(guest.result(handle, "answer"), 42);
}

#[test]
fn a_needed_module_of_a_failure_is_not_loaded() {
    let mut guest = Guest::new();
    let module = r#"(module
      (@dylink.0 (mem-info) (needed "third.so"))
      (import "env" "nowhere" (func)))"#;
    guest.put("/lib/failing.so", wat::parse_str(module).unwrap());
    assert_eq!(guest.dlopen("/lib/failing.so", NOW), 0);
    assert_eq!(guest.global("log"), 0, "no constructor has run");
    assert_eq!(guest.dlopen("/lib/third.so", NOW | NOLOAD), 0);
}

#[test]
fn modules_are_limited_in_number() {
    let mut guest = Guest::new();
    let module = r#"(module (@dylink.0 (mem-info)) (import "env" "nowhere" (func)))"#;
    guest.put("/lib/failing.so", wat::parse_str(module).unwrap());
    for _ in 0..1024 {
        guest.dlopen("/lib/failing.so", NOW);
    }
    assert_eq!(guest.dlopen("/lib/answer.so", NOW), 0);
    assert_eq!(
        guest.error(),
        "no more than 1024 side modules can be loaded, those that failed included"
    );
}

#[test]
fn a_table_that_cannot_grow_is_told_with_the_cure() {
    let program = fs::read_to_string(folder("modules").join("program.wat")).unwrap();
    let fixed = program.replace("4 funcref", "4 5 funcref");
    let mut guest = Guest::of(&wat::parse_str(fixed).unwrap()).unwrap();
    guest.put("/lib/pointers.so", wat("modules", "pointers"));
    assert_eq!(guest.dlopen("/lib/pointers.so", NOW), 0);
    assert_eq!(
        guest.error(),
        "the program's table has no room for 2 more functions: link it with `--growable-table`"
    );
}

#[test]
fn a_trap_in_a_constructor_is_the_programs() {
    let mut guest = Guest::new();
    let name = guest.name("/lib/traps.so");
    let trap = guest.call("open", (name, NOW)).unwrap_err();
    let trap = trap.downcast_ref::<wasmtime::Trap>();
    assert_eq!(trap, Some(&wasmtime::Trap::UnreachableCodeReached));
}

#[test]
fn a_name_that_is_no_string_is_refused() {
    let mut guest = Guest::new();
    let message = |address: u32, limit| {
        format!(
            "the name at {address:#x} is no NUL-terminated UTF-8 string of at most {limit} bytes"
        )
    };
    for address in [u32::MAX, 2 * 65536 - 1, 2 * 65536] {
        guest.write(2 * 65536 - 1, b"x");
        assert_eq!(guest.call("open", (address, NOW)).unwrap(), 0);
        assert_eq!(guest.error(), message(address, 4096));
    }
    guest.write(NAME, b"\xff\0");
    assert_eq!(guest.call("open", (NAME, NOW)).unwrap(), 0);
    assert_eq!(guest.error(), message(NAME, 4096));
    let long = "x".repeat(4097);
    assert_eq!(guest.dlopen(&long, NOW), 0);
    assert_eq!(guest.error(), message(NAME, 4096));
    assert_eq!(guest.dlopen(&long[1..], NOW), 0);
    assert_eq!(guest.error(), format!("/{}: no such file", &long[1..]));
}

#[test]
fn a_program_says_what_it_lacks() {
    let source = fs::read_to_string(folder("modules").join("program.wat")).unwrap();
    for (kind, name) in [
        ("memory", "memory"),
        ("table", "__indirect_function_table"),
        ("mutable global", "__stack_pointer"),
        ("function", "malloc"),
        ("function", "free"),
    ] {
        let export = format!("(export \"{name}\")");
        assert!(source.contains(&export));
        let program = wat::parse_str(source.replace(&export, "")).unwrap();
        let error = Guest::of(&program).err().unwrap().to_string();
        let expected = format!("the program exports no {kind} `{name}`: ");
        assert!(error.starts_with(&expected), "{error}");
    }
}

#[test]
fn nothing_is_loaded_before_the_program_is_attached() {
    let engine = Engine::default();
    let module = Module::new(&engine, wat("modules", "program")).unwrap();
    let mut linker = Linker::new(&engine);
    add_to_linker::<Host>(&mut linker).unwrap();
    let mut store = Store::new(&engine, Host::default());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let open = instance.get_func(&mut store, "open").unwrap();
    let mut handle = [Val::I32(7)];
    let arguments = [Val::I32(1024), Val::I32(0)];
    open.call(&mut store, &arguments, &mut handle).unwrap();
    assert_eq!(handle[0].unwrap_i32(), 0);
}
