//! The case files and the contract, without a module.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use matrix::llguidance::cases::{Case, Language, read_folder};
use matrix::llguidance::{Native, contract, native_verdict};

fn cases() -> Vec<(PathBuf, Case)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../checks/matrix/llguidance");
    read_folder(&folder).expect("the case files are good")
}

#[test]
fn every_language_has_cases_of_every_kind() {
    let cases = cases();
    for language in [Language::JsonSchema, Language::Regex, Language::Lark] {
        let of = |invalid| {
            cases
                .iter()
                .filter(|(_, case)| case.language == language && case.invalid == invalid)
                .count()
        };
        assert!(of(false) >= 5, "{language:?} has {} grammars", of(false));
        assert!(
            of(true) >= 2,
            "{language:?} has {} invalid grammars",
            of(true)
        );
    }
}

#[test]
fn native_llguidance_agrees_with_the_oracles() {
    let native = Native::new().expect("native llguidance starts");
    let mut disagreements = Vec::new();
    for (_, case) in cases().iter().filter(|(_, case)| !case.invalid) {
        for (step, text, expected) in case.strings() {
            let verdict = native_verdict(&native, case, text);
            if !expected.allows(verdict) {
                disagreements.push(format!("{}: {step}: {verdict}, not {expected}", case.name));
            }
        }
    }
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
}

/// The header that llguidance ships is the authority on its C ABI.
#[test]
fn the_contract_lists_what_the_header_declares() {
    // llguidance's build script copies its header beside the `deps` folder that this test is in.
    let test = std::env::current_exe().expect("a test has a path");
    let header = test
        .ancestors()
        .nth(2)
        .expect("a test is in target/PROFILE/deps")
        .join("llguidance.h");
    let header = std::fs::read_to_string(&header)
        .unwrap_or_else(|error| panic!("{}: {error}", header.display()));
    assert_eq!(
        declared(&header),
        contract::C_ABI.into_iter().collect::<BTreeSet<_>>()
    );
}

/// Names of the functions that a C header declares: `llg_…(` outside comments.
fn declared(header: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    let mut rest = header;
    while !rest.is_empty() {
        let (code, after) = rest.split_once("/*").unwrap_or((rest, ""));
        for (open, _) in code.match_indices('(') {
            let start = code[..open]
                .rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .map_or(0, |before| before + 1);
            if code[start..open].starts_with("llg_") {
                names.insert(&code[start..open]);
            }
        }
        rest = after.split_once("*/").map_or("", |(_, rest)| rest);
    }
    names
}

#[test]
fn a_name_in_a_comment_is_no_declaration() {
    let header = "/* llg_old(x) */\nint llg_a(void); /* see\nllg_b() */ void *llg_c(\n int x);\n";
    assert_eq!(declared(header), BTreeSet::from(["llg_a", "llg_c"]));
}
