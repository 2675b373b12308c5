//! Small modules, interpreted and compiled ahead of time: both must behave as the specification
//! of WebAssembly says.

use std::ffi::CString;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use wamr::{
    COMPILER, Caller, Error, HostFunction, ImportKind, Instance, Limits, Module, PAGE, Wasi,
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Interpreted,
    Compiled,
}

const MODES: [Mode; 2] = [Mode::Interpreted, Mode::Compiled];

fn binary(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the test's own text form is valid")
}

fn compile(wasm: &[u8]) -> Vec<u8> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let file =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{count}.wasm", std::process::id()));
    fs::write(&file, wasm).expect("the test folder is writable");
    let aot = file.with_extension("aot");
    let compiler = Command::new(COMPILER)
        .arg("--bounds-checks=1")
        .arg("-o")
        .args([&aot, &file])
        .output()
        .expect("the compiler starts");
    assert!(compiler.status.success(), "{compiler:?}");
    fs::read(aot).expect("the compiler has written it")
}

fn load(mode: Mode, text: &str) -> Module {
    let wasm = binary(text);
    match mode {
        Mode::Interpreted => Module::new(&wasm),
        // SAFETY: the library's own compiler made it, with checks, for any CPU that tests run on.
        Mode::Compiled => unsafe { Module::from_aot(&compile(&wasm)) },
    }
    .unwrap_or_else(|error| panic!("{mode:?}: {error}"))
}

fn instance(mode: Mode, text: &str) -> Instance {
    load(mode, text)
        .instantiate(&Limits::default())
        .unwrap_or_else(|error| panic!("{mode:?}: {error}"))
}

#[test]
fn exports_are_called() {
    for mode in MODES {
        let mut instance = instance(
            mode,
            r#"(module
                (func (export "difference") (param i32 i32) (result i32)
                    (i32.sub (local.get 0) (local.get 1)))
                (func (export "answer") (result i32) (i32.const 42))
                (func (export "nothing") (param i32)))"#,
        );
        assert_eq!(
            instance.call("difference", &[5, 3]),
            Ok(Some(2)),
            "{mode:?}"
        );
        assert_eq!(instance.call("difference", &[0, 1]), Ok(Some(u32::MAX)));
        assert_eq!(instance.call("answer", &[]), Ok(Some(42)));
        assert_eq!(instance.call("nothing", &[1]), Ok(None));
    }
}

#[test]
fn what_rust_and_clang_emit_is_taken() {
    for mode in MODES {
        let mut instance = instance(
            mode,
            r#"(module
                (memory (export "memory") 1)
                (table 2 funcref)
                (global (export "sum") i32 (i32.add (i32.const 40) (i32.const 2)))
                (elem (i32.const 0) $zero $even)
                (type $unary (func (param i32) (result i32)))
                (func $zero (type $unary) (i32.const 0))
                (func $even (type $unary)
                    (if (result i32) (i32.eqz (local.get 0))
                        (then (i32.const 1))
                        (else (return_call $odd (i32.sub (local.get 0) (i32.const 1))))))
                (func $odd (type $unary)
                    (if (result i32) (i32.eqz (local.get 0))
                        (then (i32.const 0))
                        (else (return_call $even (i32.sub (local.get 0) (i32.const 1))))))
                (func (export "tail-call") (param i32) (result i32) (call $even (local.get 0)))
                (func (export "indirect") (param i32 i32) (result i32)
                    (call_indirect (type $unary) (local.get 1) (local.get 0)))
                (func (export "bulk-memory") (result i32)
                    (memory.fill (i32.const 8) (i32.const 7) (i32.const 4))
                    (memory.copy (i32.const 16) (i32.const 8) (i32.const 4))
                    (i32.load (i32.const 16)))
                (func (export "reference-types") (result i32)
                    (table.set (i32.const 0) (ref.null func))
                    (ref.is_null (table.get (i32.const 0))))
                (func (export "simd") (result i32)
                    (i32x4.extract_lane 3
                        (i32x4.mul (v128.const i32x4 1 2 3 4) (v128.const i32x4 5 6 7 8))))
                (func (export "sign-extension") (result i32) (i32.extend8_s (i32.const 0xff)))
                (func (export "saturating") (result i32) (i32.trunc_sat_f32_u (f32.const -5)))
                (func (export "extended-const") (result i32) (global.get 0)))"#,
        );
        for (export, arguments, result) in [
            ("tail-call", &[1_000_001][..], 0),
            ("indirect", &[1, 6], 1),
            ("bulk-memory", &[], 0x0707_0707),
            ("reference-types", &[], 1),
            ("simd", &[], 32),
            ("sign-extension", &[], u32::MAX),
            ("saturating", &[], 0),
            ("extended-const", &[], 42),
        ] {
            let got = instance.call(export, arguments);
            assert_eq!(got, Ok(Some(result)), "{mode:?}: {export}");
        }
    }
}

#[test]
fn a_trap_has_its_reason() {
    for mode in MODES {
        let module = load(
            mode,
            r#"(module
                (memory 1 1)
                (table 1 funcref)
                (func (export "unreachable") unreachable)
                (func (export "divide") (param i32 i32) (result i32)
                    (i32.div_u (local.get 0) (local.get 1)))
                (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
                (func (export "store") (param i32) (i32.store (local.get 0) (i32.const 1)))
                (func (export "null") (call_indirect (i32.const 0)))
                (func $deep (export "deep") (param i32) (result i32)
                    (i32.add (local.get 0) (call $deep (i32.add (local.get 0) (i32.const 1))))))"#,
        );
        for (export, arguments, reason) in [
            ("unreachable", &[][..], "unreachable"),
            ("divide", &[1, 0], "integer divide by zero"),
            ("load", &[0x10000], "out of bounds memory access"),
            ("load", &[0xffff], "out of bounds memory access"),
            ("load", &[u32::MAX], "out of bounds memory access"),
            ("store", &[0xfffd], "out of bounds memory access"),
            ("null", &[], "uninitialized element"),
        ] {
            let mut instance = module.instantiate(&Limits::default()).expect("no import");
            let error = instance.call(export, arguments).expect_err("it traps");
            let Error::Trap { message, refused } = &error else {
                panic!("{mode:?}: {export}: {error}");
            };
            assert_eq!(
                (message.as_str(), *refused),
                (reason, false),
                "{mode:?}: {export}"
            );
        }
        let mut instance = module.instantiate(&Limits::default()).expect("no import");
        let error = instance.call("deep", &[0]).expect_err("a stack has an end");
        assert!(
            error.to_string().ends_with("stack overflow"),
            "{mode:?}: {error}"
        );
    }
}

#[test]
fn a_missing_import_is_named_before_anything_runs() {
    let text = r#"(module
        (import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))
        (import "env" "now" (func (result f64)))
        (memory (export "memory") 1)
        (func (export "_start")))"#;
    for mode in MODES {
        let module = load(mode, text);
        let imports: Vec<_> = module
            .imports()
            .into_iter()
            .map(|import| (import.module, import.name, import.kind, import.provided))
            .collect();
        assert_eq!(
            imports,
            [
                (
                    "wasi_snapshot_preview1".to_owned(),
                    "random_get".to_owned(),
                    ImportKind::Function,
                    true
                ),
                (
                    "env".to_owned(),
                    "now".to_owned(),
                    ImportKind::Function,
                    false
                ),
            ],
            "{mode:?}"
        );
        let error = module.instantiate(&Limits::default()).err();
        assert_eq!(
            error,
            Some(Error::MissingImport {
                module: "env".to_owned(),
                name: "now".to_owned()
            })
        );
    }
}

/// Makes the letters at an address capitals.
fn capitals(caller: &mut Caller, arguments: &[u64]) -> Result<u64, Error> {
    let [address, length] = [0, 1].map(|place| u32::try_from(arguments[place]).expect("32 bits"));
    let mut bytes = caller.read(address, length)?;
    bytes.make_ascii_uppercase();
    caller.write(address, &bytes)?;
    Ok(0)
}

static FUNCTIONS: &[HostFunction] = &[
    HostFunction {
        name: c"less",
        signature: c"(iI)i",
        run: |_, arguments| Ok(arguments[0].wrapping_sub(arguments[1])),
    },
    HostFunction {
        name: c"capitals",
        signature: c"(ii)",
        run: capitals,
    },
];

#[test]
fn functions_of_the_host() {
    static OFFERED: Once = Once::new();
    OFFERED.call_once(|| wamr::offer(c"host", FUNCTIONS).expect("they are offered"));
    for mode in MODES {
        let text = r#"(module
            (import "host" "less" (func $less (param i32 i64) (result i32)))
            (import "host" "capitals" (func $capitals (param i32 i32)))
            (memory (export "memory") 1)
            (data (i32.const 10) "a-z")
            (func (export "less") (param i32) (result i32)
                (call $less (local.get 0) (i64.const 0x200000001)))
            (func (export "capitals") (param i32 i32)
                (call $capitals (local.get 0) (local.get 1))))"#;
        let mut caller = instance(mode, text);
        // In 32 bits
        assert_eq!(caller.call("less", &[0]), Ok(Some(u32::MAX)), "{mode:?}");
        assert_eq!(caller.call("less", &[8]), Ok(Some(7)), "{mode:?}");
        assert_eq!(caller.call("capitals", &[10, 3]), Ok(None), "{mode:?}");
        let mut bytes = [0; 3];
        caller.read(10, &mut bytes).expect("it is memory");
        assert_eq!(&bytes, b"A-Z", "{mode:?}");
        // The end of memory, and what is far beyond it
        assert_eq!(
            caller.call("capitals", &[0x1_0000, 0]),
            Ok(None),
            "{mode:?}"
        );
        for (address, length) in [(0xffff, 2), (u32::MAX, u32::MAX)] {
            let mut caller = instance(mode, text);
            let error = caller.call("capitals", &[address, length]);
            let Err(Error::Trap { message, .. }) = error else {
                panic!("{mode:?}: {error:?}");
            };
            assert!(message.contains("not inside memory"), "{mode:?}: {message}");
        }
    }
}

#[test]
fn programs_are_given_arguments_and_give_a_code() {
    // It ends with the number of its arguments, plus a hundred times that of its variables.
    let text = r#"(module
        (import "wasi_snapshot_preview1" "args_sizes_get"
            (func $arguments (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "environ_sizes_get"
            (func $variables (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (func (export "_start")
            (drop (call $arguments (i32.const 0) (i32.const 8)))
            (drop (call $variables (i32.const 4) (i32.const 8)))
            (call $exit (i32.add
                (i32.load (i32.const 0))
                (i32.mul (i32.load (i32.const 4)) (i32.const 100))))))"#;
    let wasi = Wasi {
        arguments: ["program", "one", "two"]
            .map(|word| CString::new(word).expect("no NUL"))
            .into(),
        variables: vec![c"A=b".to_owned()],
        folders: Vec::new(),
    };
    for mode in MODES {
        let program = load(mode, text);
        for (wasi, code) in [(&wasi, 103), (&Wasi::default(), 0)] {
            let mut instance = program
                .instantiate_program(&Limits::default(), wasi)
                .unwrap_or_else(|error| panic!("{mode:?}: {error}"));
            assert_eq!(instance.run(), Ok(code), "{mode:?}");
        }
        let mut ends = instance(
            mode,
            r#"(module (memory (export "memory") 1) (func (export "_start")))"#,
        );
        assert_eq!(ends.run(), Ok(0), "{mode:?}");
        let mut traps = instance(
            mode,
            r#"(module (memory (export "memory") 1) (func (export "_start") unreachable))"#,
        );
        let error = traps.run();
        assert!(
            matches!(&error, Err(Error::Trap { message, .. }) if message == "unreachable"),
            "{error:?}"
        );
        let mut none = instance(mode, "(module)");
        let missing = Err(Error::MissingExport("_start".to_owned()));
        assert_eq!(none.run(), missing, "{mode:?}");
    }
}

#[test]
fn what_is_no_module_is_refused() {
    let wasm = binary(r#"(module (func (export "f") (result i32) (i32.const 1)))"#);
    let aot = compile(&wasm);
    let half = wasm.len() / 2;
    let invalid = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x05\x01\x03\0\x6a\x0b";
    for bytes in [&[][..], b"#!/bin/sh\n", &wasm[..half], invalid, &aot] {
        let error = Module::new(bytes).err();
        assert!(
            matches!(error, Some(Error::Load(_))),
            "{bytes:?}: {error:?}"
        );
    }
    for bytes in [&[][..], &wasm, &aot[..aot.len() / 2]] {
        // SAFETY: nothing of it is run.
        let error = unsafe { Module::from_aot(bytes) }.err();
        assert!(matches!(error, Some(Error::Load(_))), "{error:?}");
    }
}

#[test]
fn memory_stays_inside_its_limit() {
    let text = r#"(module
        (memory (export "memory") 2)
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "grow-or-trap") (param i32)
            (if (i32.eq (memory.grow (local.get 0)) (i32.const -1)) (then unreachable))))"#;
    for mode in MODES {
        let module = load(mode, text);
        let with = |memory_pages| {
            module.instantiate(&Limits {
                memory_pages,
                ..Limits::default()
            })
        };
        assert_eq!(
            with(1).err(),
            Some(Error::MemoryLimit { pages: 2, limit: 1 }),
            "{mode:?}"
        );

        // WAMR makes one large page of a memory that never grows.
        let fixed = load(mode, "(module (memory 3))").instantiate(&Limits {
            memory_pages: 2,
            ..Limits::default()
        });
        assert_eq!(
            fixed.err(),
            Some(Error::MemoryLimit { pages: 3, limit: 2 }),
            "{mode:?}"
        );

        let mut bounded = with(4).expect("2 pages are enough to start");
        assert_eq!(bounded.memory_size(), 2 * PAGE);
        assert_eq!(bounded.call("grow", &[2]), Ok(Some(2)));
        assert_eq!(bounded.memory_size(), 4 * PAGE);
        assert_eq!(bounded.call("grow", &[1]), Ok(Some(u32::MAX)), "{mode:?}");
        assert_eq!(bounded.memory_size(), 4 * PAGE);

        let mut trapped = with(4).expect("2 pages are enough to start");
        assert_eq!(
            trapped.call("grow-or-trap", &[3]),
            Err(Error::Trap {
                message: "unreachable".to_owned(),
                refused: true
            }),
            "{mode:?}"
        );

        let mut free = with(0).expect("no limit");
        assert_eq!(free.call("grow", &[100]), Ok(Some(2)), "{mode:?}");
        assert_eq!(free.memory_size(), 102 * PAGE);
    }
}

#[test]
fn memory_is_read_and_written_to_its_end() {
    for mode in MODES {
        let mut instance = instance(
            mode,
            r#"(module
                (memory (export "memory") 1)
                (data (i32.const 0xfffc) "last")
                (func (export "load") (param i32) (result i32) (i32.load (local.get 0))))"#,
        );
        let mut bytes = [0; 4];
        instance
            .read(0xfffc, &mut bytes)
            .expect("the last four bytes");
        assert_eq!(&bytes, b"last", "{mode:?}");
        instance.write(4, &[1, 2, 3, 4]).expect("inside");
        assert_eq!(
            instance.call("load", &[4]),
            Ok(Some(0x0403_0201)),
            "{mode:?}"
        );
        assert_eq!(instance.write(0x10000, &[]), Ok(()));
        for (address, length) in [(0xfffd, 4), (0x10000, 1), (u32::MAX, 2)] {
            let outside = Err(Error::OutOfBounds {
                address,
                length,
                size: PAGE,
            });
            assert_eq!(instance.read(address, &mut vec![0; length]), outside);
            assert_eq!(instance.write(address, &vec![0; length]), outside);
        }
    }
    let empty = instance(Mode::Interpreted, "(module)");
    assert_eq!(empty.memory_size(), 0);
    assert_eq!(empty.read(0, &mut []), Ok(()));
    assert!(empty.read(0, &mut [0]).is_err());
}

#[test]
fn a_function_of_another_type_is_not_called() {
    for mode in MODES {
        let mut instance = instance(
            mode,
            r#"(module
                (func (export "wide") (param i64))
                (func (export "two") (result i32 i32) (i32.const 1) (i32.const 2))
                (func (export "float") (result f32) (f32.const 1))
                (func (export "one") (param i32)))"#,
        );
        for (export, arguments, parameters, results) in [
            ("wide", &[1][..], 1, 0),
            ("two", &[], 0, 2),
            ("float", &[], 0, 1),
            ("one", &[], 1, 0),
            ("one", &[1, 2], 1, 0),
        ] {
            assert_eq!(
                instance.call(export, arguments),
                Err(Error::Signature {
                    function: export.to_owned(),
                    parameters,
                    results,
                    arguments: arguments.len()
                }),
                "{mode:?}"
            );
        }
        for absent in ["none", "nul\0", ""] {
            let error = instance.call(absent, &[]).expect_err("not exported");
            assert_eq!(error, Error::MissingExport(absent.to_owned()), "{mode:?}");
        }
    }
}

#[test]
fn instances_share_nothing_and_threads_have_their_own() {
    const TEXT: &str = r#"(module
        (global $count (mut i32) (i32.const 0))
        (func (export "next") (result i32)
            (global.set $count (i32.add (global.get $count) (i32.const 1)))
            (global.get $count)))"#;
    let count = |mode| {
        let module = load(mode, TEXT);
        let mut first = module.instantiate(&Limits::default()).expect("no import");
        let mut second = module.instantiate(&Limits::default()).expect("no import");
        drop(module);
        for round in 1..=1000 {
            assert_eq!(first.call("next", &[]), Ok(Some(round)));
        }
        assert_eq!(second.call("next", &[]), Ok(Some(1)), "{mode:?}");
    };
    thread::scope(|scope| {
        for mode in [MODES, MODES].concat() {
            scope.spawn(move || count(mode));
        }
    });
}

#[test]
fn the_compiler_is_of_the_librarys_version() {
    let compiler = Command::new(COMPILER)
        .arg("--version")
        .output()
        .expect("the compiler starts");
    let said = String::from_utf8_lossy(&compiler.stdout);
    assert_eq!(said.trim_end(), format!("wamrc {}", wamr::version()));
}

/// Its files are the same wherever and whenever they are made.
#[test]
fn the_compiler_repeats_itself() {
    let wasm =
        binary(r#"(module (memory 1) (func (export "f") (result i32) (i32.load (i32.const 0))))"#);
    assert_eq!(compile(&wasm), compile(&wasm));
}
