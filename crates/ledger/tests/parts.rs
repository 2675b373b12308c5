//! Every byte of a module is in one row, whatever the module is.

use std::collections::BTreeMap;

use ledger::module::{ModuleError, NO_NAME, Parts};
use ledger::recording::Part;
use ledger::symbol::NO_CRATE;
use ledger::{Recording, Size};

fn module(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the text of a module")
}

/// Functions with mangled names, imports before them, data, and a custom section.
fn named() -> Vec<u8> {
    module(
        r#"(module $test
            (import "host" "log" (func $log (param i32)))
            (memory (export "memory") 1)
            (table 2 funcref)
            (elem (i32.const 0) func $memcpy)
            (func $_RNvCs1_5alpha3one (result i32) i32.const 1)
            (func $_ZN4beta3two17h0123456789abcdefE (param i32) local.get 0 call $log)
            (func $_ZN4beta3two17hfedcba9876543210E (param i32) local.get 0 call $log)
            (func $memcpy (export "memcpy"))
            (data $.rodata (i32.const 0) "some bytes of data")
            (data "more")
            (@custom "about" "nothing"))"#,
    )
}

/// The same without its custom sections, which is what stripping leaves.
fn stripped() -> Vec<u8> {
    let wasm = named();
    let mut kept = wasm[..8].to_vec();
    for payload in wasmparser::Parser::new(0).parse_all(&wasm) {
        let payload = payload.expect("a good module");
        if let Some((id @ 1.., range)) = payload.as_section() {
            // All lengths here take one byte.
            kept.extend([id, u8::try_from(range.len()).expect("a small section")]);
            kept.extend(&wasm[range]);
        }
    }
    kept
}

fn recording(wasm: &[u8], names: Option<&[u8]>) -> Recording {
    let size = Size::measure(wasm).expect("memory can be written");
    Recording::of(wasm, size, names).expect("a good module")
}

fn rows(rows: &[(&str, u64)]) -> BTreeMap<String, u64> {
    rows.iter()
        .map(|(name, bytes)| ((*name).to_owned(), *bytes))
        .collect()
}

#[test]
fn the_rows_are_those_of_the_binary_format() {
    let recording = recording(&named(), None);
    // A function's body is its length, no locals, its instructions and `end`; the
    // specification, 5.5.13, gives the encoding that these are counted by.
    assert_eq!(
        recording.functions,
        [
            // length, locals, i32.const 1, end
            ("alpha".to_owned(), rows(&[("alpha::one", 1 + 1 + 2 + 1)])),
            // length, locals, local.get 0, call 0, end; twice
            (
                "beta".to_owned(),
                rows(&[("beta::two", 2 * (1 + 1 + 2 + 2 + 1))])
            ),
            (NO_CRATE.to_owned(), rows(&[("memcpy", 1 + 1 + 1)])),
        ]
        .into()
    );
    assert_eq!(
        recording.segments,
        rows(&[
            // active: flag, i32.const 0, end, length, bytes
            (".rodata", 1 + 2 + 1 + 1 + 18),
            // passive: flag, length, bytes
            (NO_NAME, 1 + 1 + 4),
        ])
    );
    let sections = &recording.sections;
    assert_eq!(sections["preamble"], 8);
    // id, length, count
    assert_eq!(sections["code"], 3);
    assert_eq!(sections["data"], 3 + 23 + 6);
    // id, length, count, and four indices
    assert_eq!(sections["function"], 3 + 4);
    // id, length, length of the name, name, contents
    assert_eq!(sections["custom about"], 3 + 5 + 7);
    assert!(sections.contains_key("custom name"));
}

#[test]
fn the_rows_sum_up_to_the_file() {
    let component = module(&format!(
        r#"(component
            (core module $a (func $_RNvCs1_5alpha3one) (data "abc"))
            (component $inner (core module (func $_RNvCs1_5gamma3two (result i32) i32.const 7)))
            (core instance $i (instantiate $a))
            (type (func))
            (@custom "{}" "x"))"#,
        "long".repeat(1000)
    ));
    let crates = recording(&component, None).crates;
    assert_eq!(crates, rows(&[("alpha", 3), ("gamma", 5)]));
    for wasm in [
        named(),
        component,
        module("(module)"),
        module("(component)"),
    ] {
        let recording = recording(&wasm, None);
        let sum: u64 = recording.parts().map(|(_, bytes)| bytes).sum();
        assert_eq!(sum, wasm.len() as u64);
        let short = recording.clone().listed_from(6);
        assert_eq!(short.parts().map(|(_, bytes)| bytes).sum::<u64>(), sum);
        let text = short.to_toml().expect("numbers are small");
        assert_eq!(Recording::parse(&text).expect("it adds up"), short);
    }
}

#[test]
fn a_stripped_module_takes_the_names_of_the_one_before() {
    let (named, stripped) = (named(), stripped());
    let with_names = recording(&stripped, Some(&named));
    assert_eq!(with_names.functions, recording(&named, None).functions);
    assert_eq!(with_names.raw, stripped.len() as u64);
    let sections: Vec<_> = with_names.parts().map(|(part, _)| part).collect();
    assert!(!sections.contains(&Part::Section("custom name")));

    let error = Parts::of(&stripped).expect_err("no names");
    assert!(matches!(error, ModuleError::NoNames), "{error}");
}

#[test]
fn names_of_another_program_are_refused() {
    let wasm = stripped();
    for (other, what) in [
        (module("(module (func $f))"), "imported functions"),
        (
            module(r#"(module (import "host" "log" (func (param i32))) (func $f))"#),
            "functions",
        ),
        (
            module(
                r#"(module (type (func (param i32))) (import "host" "log" (func (type 0)))
                    (type (func (result i32))) (type (func))
                    (func $a (type 1) i32.const 1) (func $b (type 0)) (func $c (type 0)) (func $d (type 2)))"#,
            ),
            "exports",
        ),
        (
            module("(component (core module (func $f)) (core module (func $g)))"),
            "core modules",
        ),
    ] {
        match Parts::with_names(&wasm, &other) {
            Err(ModuleError::OtherNames(difference)) => assert_eq!(difference, what),
            result => panic!("{what}: {result:?}"),
        }
    }
}

#[test]
fn a_text_is_no_module() {
    for bytes in [&b""[..], b"\0as", b"(module)"] {
        let error = Parts::of(bytes).expect_err("no module");
        assert!(matches!(error, ModuleError::NotWasm), "{error}");
    }
}

/// A custom section `name` with one subsection.
fn with_name_section(subsection: &[u8]) -> Vec<u8> {
    let mut wasm = module("(module (func) (func))");
    let mut contents = b"\x04name".to_vec();
    contents.extend(subsection);
    wasm.extend([0, u8::try_from(contents.len()).expect("a small section")]);
    wasm.extend(contents);
    wasm
}

#[test]
fn names_of_functions_that_are_not_there_are_passed_over() {
    // Function names: 3 of them, of functions 0, 7 and 4,294,967,295.
    let wasm = with_name_section(b"\x01\x10\x03\x00\x01a\x07\x01b\xff\xff\xff\xff\x0f\x03end");
    let parts = Parts::of(&wasm).expect("a good module");
    assert_eq!(parts.total(), wasm.len() as u64);
    let names: Vec<_> = parts.functions.keys().map(|origin| &origin.name).collect();
    assert_eq!(names, [NO_NAME, "a"]);
}

#[test]
fn a_count_takes_no_memory() {
    // Function names: 4,294,967,295 of them, and then nothing.
    let wasm = with_name_section(b"\x01\x05\xff\xff\xff\xff\x0f");
    let error = Parts::of(&wasm).expect_err("the names end");
    assert!(matches!(error, ModuleError::Faulty(_)), "{error}");
    // The same of functions, of bodies and of segments.
    for section in [b'\x03', b'\x0a', b'\x0b', b'\x02'] {
        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        wasm.extend([section, 5, 0xff, 0xff, 0xff, 0xff, 0x0f]);
        Parts::of(&wasm).expect_err("the section ends");
    }
}

#[test]
fn a_truncated_module_is_refused_wherever_it_ends() {
    let wasm = named();
    let whole: Vec<_> = wasmparser::Parser::new(0)
        .parse_all(&wasm)
        .filter_map(|payload| payload.expect("a good module").as_section())
        .map(|(_, range)| range.end)
        .chain([8])
        .collect();
    for end in 4..wasm.len() {
        match Parts::of(&wasm[..end]) {
            // Between two sections a module may end.
            Ok(parts) => {
                assert!(whole.contains(&end), "{end}");
                assert_eq!(parts.total(), end as u64);
            }
            Err(ModuleError::NoNames) => assert!(whole.contains(&end), "{end}"),
            Err(error) => assert!(matches!(error, ModuleError::Faulty(_)), "{end}: {error}"),
        }
    }
}

/// Bytes changed by chance, but the same in every run.
#[test]
fn what_is_not_refused_adds_up() {
    let component = module(
        r#"(component
            (core module $a (func $_RNvCs1_5alpha3one) (data $d "abc"))
            (core module (import "a" "b" (func)) (func $_RNvCs1_5gamma3two))
            (core instance $i (instantiate $a)))"#,
    );
    let mut state = 1_u64;
    let mut random = |below: usize| {
        // Knuth's MMIX generator; its high bits are the good ones.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("31 bits") % below
    };
    let (mut accepted, mut refused) = (0, 0);
    for seed in [named(), component] {
        for _ in 0..20_000 {
            let mut wasm = seed.clone();
            for _ in 0..=random(3) {
                let at = 8 + random(wasm.len() - 8);
                match random(4) {
                    0 => wasm[at] = u8::try_from(random(256)).expect("a byte"),
                    1 => wasm[at] ^= 1 << random(8),
                    2 => drop(wasm.remove(at)),
                    _ => wasm.insert(at, [0, 1, 0x7f, 0x80, 0xff][random(5)]),
                }
            }
            match Parts::of(&wasm) {
                Ok(parts) => {
                    accepted += 1;
                    assert_eq!(parts.total(), wasm.len() as u64, "{wasm:x?}");
                }
                Err(_) => refused += 1,
            }
            // Names of a module for another: refused or taken, never a fault.
            if let Ok(parts) = Parts::with_names(&seed, &wasm) {
                assert_eq!(parts.total(), seed.len() as u64, "{wasm:x?}");
            }
        }
    }
    assert!(accepted > 1000 && refused > 1000, "{accepted}, {refused}");
}
