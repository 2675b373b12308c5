//! JSON as it is, read and written as `serde_json` does both.

use clawft_core::json::{parse, text};
use serde_json::Value;

/// Texts that are JSON.
const JSON: &[&str] = &[
    " null\t\r\n",
    "[true,false , {} ,[]]",
    r#"{"b":1,"a":{"c":[{"d":null}]},"b":2,"":""}"#,
    r#""\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00 é😀""#,
    r#""\u0000\u001f\u007f""#,
    "[0,-0,1,-1,18446744073709551615,18446744073709551616,-9223372036854775808,-9223372036854775809]",
    "[0.5,-0.25,1e3,1E+3,1.5e-3,0e0,0.0,10.0,3.0e02,123456789012345678901234567890]",
    "[1e22,1e-22,12345.678e-10,0.1,0.2,0.7,3.141592653589793,2.5e-7,1e-400,-1e-400]",
    "[99999999999999999999.9,0.00000000000000000000001]",
];

/// And texts that are none, though some of them are repaired.
const NONE: &[&str] = &[
    "",
    " ",
    "nul",
    "nulls",
    "True",
    "'a'",
    "{a:1}",
    "[1,]",
    "{\"a\":1,}",
    "[1 2]",
    "[,]",
    "{,}",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\" 1}",
    "[1}",
    "[",
    "{",
    "]",
    "1 2",
    "01",
    "-",
    "-a",
    "+1",
    ".5",
    "5.",
    "1e",
    "1e+",
    "0x1",
    "1_0",
    "1.e3",
    "NaN",
    "Infinity",
    "1e400",
    "-1e309",
    "\"",
    "\"a",
    "\"\\",
    "\"\\u12\"",
    "\"\\u12",
    "\"\\ud800\"",
    "\"\\ud800",
    "\"\\ud800\\u0041\"",
    "\"\\udc00\"",
    "\"\\x41\"",
    "\"\\'\"",
    "\"\n\"",
    "\"\u{1f}\"",
    "// c\n1",
    "# c\n1",
    "/* c */ 1",
    "\u{a0}1",
    "\u{feff}1",
    "[1]]",
    "```json\n{}\n```",
    "{\"a\":1 \"b\":2}",
    "truefalse",
];

fn read(json: &[u8]) -> Option<Value> {
    parse(json, usize::MAX).ok()
}

#[test]
fn what_is_json_is_read_and_written_as_by_serde_json() {
    for json in JSON {
        let expected: Value = serde_json::from_str(json).expect("JSON");
        assert_eq!(read(json.as_bytes()).as_ref(), Some(&expected), "{json}");
        assert_eq!(text(&expected), expected.to_string());
    }
}

#[test]
fn what_is_no_json_is_refused() {
    for text in NONE {
        let known: Result<Value, _> = serde_json::from_str(text);
        let known = known.expect_err("is it?");
        let error = parse(text.as_bytes(), usize::MAX).expect_err(text);
        assert!(
            error.cut_off || !known.is_eof(),
            "{text:?}: {error}, {known}"
        );
    }
    for text in ["[1 2]", "{a:1}", "[1,]", "1 2", "[01]", "\"\\x41\""] {
        let error = parse(text.as_bytes(), usize::MAX).expect_err(text);
        assert!(!error.cut_off, "{text}: {error}");
    }
    for bytes in [&b"\"\xff\""[..], b"\"\xc3", b"\xff"] {
        assert_eq!(read(bytes), None);
    }
}

#[test]
fn powers_of_ten_are_near() {
    for exponent in -340..=308 {
        let json = format!("17e{exponent}");
        let exact: f64 = format!("17e{exponent}").parse().expect("a float");
        let near = read(json.as_bytes()).and_then(|value| value.as_f64());
        if exact.is_infinite() {
            assert_eq!(near, None, "{json}");
            continue;
        }
        let near = near.expect("a number");
        let error = (near - exact).abs();
        let exact_here = (-22..=22).contains(&exponent);
        let allowed = if exact_here {
            0.0
        } else {
            exact * 8.0 * f64::EPSILON
        };
        assert!(
            error <= allowed.max(f64::from_bits(u64::from(!exact_here))),
            "{json}: {near:e}"
        );
    }
}
