//! What `llguidance.wasm` exports, and what it must not.

use crate::interface::{Export, Interface};

/// The functions of llguidance's C ABI, as its header declares them.
pub const C_ABI: [&str; 51] = [
    "llg_cancel",
    "llg_clone_cancellation_handle",
    "llg_clone_constraint",
    "llg_clone_matcher",
    "llg_clone_stop_controller",
    "llg_clone_tokenizer",
    "llg_commit_token",
    "llg_compute_mask",
    "llg_constraint_init_set_defaults",
    "llg_decode_tokens",
    "llg_flush_logs",
    "llg_free_cancellation_handle",
    "llg_free_constraint",
    "llg_free_matcher",
    "llg_free_stop_controller",
    "llg_free_tokenizer",
    "llg_get_error",
    "llg_get_temperature",
    "llg_get_version",
    "llg_is_stopped",
    "llg_matcher_compute_ff_tokens",
    "llg_matcher_compute_mask",
    "llg_matcher_compute_mask_into",
    "llg_matcher_consume_token",
    "llg_matcher_consume_tokens",
    "llg_matcher_get_cancellation_handle",
    "llg_matcher_get_error",
    "llg_matcher_get_mask",
    "llg_matcher_get_mask_byte_size",
    "llg_matcher_is_accepting",
    "llg_matcher_is_cancelled",
    "llg_matcher_is_error",
    "llg_matcher_is_stopped",
    "llg_matcher_reset",
    "llg_matcher_rollback",
    "llg_matcher_validate_tokens",
    "llg_new_constraint",
    "llg_new_constraint_any",
    "llg_new_constraint_json",
    "llg_new_constraint_lark",
    "llg_new_constraint_regex",
    "llg_new_matcher",
    "llg_new_stop_controller",
    "llg_new_tokenizer",
    "llg_new_tokenizer_v2",
    "llg_par_compute_mask",
    "llg_stop_commit_token",
    "llg_stringify_tokens",
    "llg_tokenize_bytes",
    "llg_tokenize_bytes_marker",
    "llg_validate_grammar",
];

/// What the wrapper adds so that a host can pass memory in, bound it, and learn why an instance ended.
const WRAPPER: [&str; 5] = [
    "llg_wasm_alloc",
    "llg_wasm_allocated",
    "llg_wasm_free",
    "llg_wasm_panic_message",
    "llg_wasm_set_memory_limit",
];

/// The function table, in which a host puts its callbacks.
const TABLE: &str = "__indirect_function_table";

/// Globals that the Rust linker driver exports from every module.
const LINKER_GLOBALS: [&str; 2] = ["__data_end", "__heap_base"];

/// Every way in which the interface breaks the contract, as one sentence each.
#[must_use]
pub fn breaches(interface: &Interface) -> Vec<String> {
    let mut breaches: Vec<String> = interface
        .imports
        .iter()
        .map(|import| format!("imports `{import}`, but must import nothing"))
        .collect();
    let exports = &interface.exports;
    for name in C_ABI.iter().chain(&WRAPPER) {
        match exports.get(*name) {
            Some(Export::Function) => {}
            Some(_) => breaches.push(format!("export `{name}` is not a function")),
            None => breaches.push(format!("exports no function `{name}`")),
        }
    }
    match exports.get("memory") {
        Some(Export::Memory { maximum: None, .. }) => {}
        Some(Export::Memory { .. }) => {
            breaches.push("export `memory` has a maximum, but must be able to grow".to_owned());
        }
        _ => breaches.push("exports no memory `memory`".to_owned()),
    }
    match exports.get(TABLE) {
        Some(Export::Table { maximum: None, .. }) => {}
        Some(Export::Table { .. }) => {
            breaches.push(format!(
                "export `{TABLE}` has a maximum, but a host must be able to add callbacks"
            ));
        }
        _ => breaches.push(format!("exports no table `{TABLE}`")),
    }
    for (name, export) in exports {
        let known = C_ABI.contains(&name.as_str())
            || WRAPPER.contains(&name.as_str())
            || matches!(name.as_str(), "memory" | TABLE)
            || (LINKER_GLOBALS.contains(&name.as_str()) && *export == Export::Global);
        if !known {
            breaches.push(format!(
                "exports `{name}`, which is not part of the interface"
            ));
        }
    }
    breaches
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn complete() -> Interface {
        let mut exports: BTreeMap<String, Export> = C_ABI
            .iter()
            .chain(&WRAPPER)
            .map(|name| ((*name).to_owned(), Export::Function))
            .collect();
        let limits = (1, None);
        exports.insert(
            "memory".to_owned(),
            Export::Memory {
                initial: limits.0,
                maximum: limits.1,
            },
        );
        exports.insert(
            TABLE.to_owned(),
            Export::Table {
                initial: limits.0,
                maximum: limits.1,
            },
        );
        for name in LINKER_GLOBALS {
            exports.insert(name.to_owned(), Export::Global);
        }
        Interface {
            imports: Vec::new(),
            exports,
        }
    }

    #[track_caller]
    fn assert_breach(change: impl FnOnce(&mut Interface), breach: &str) {
        let mut interface = complete();
        change(&mut interface);
        assert_eq!(breaches(&interface), [breach]);
    }

    #[test]
    fn a_complete_interface_has_no_breach() {
        assert_eq!(breaches(&complete()), [] as [&str; 0]);
    }

    #[test]
    fn each_breach_is_named() {
        assert_breach(
            |interface| interface.imports.push("env.now".to_owned()),
            "imports `env.now`, but must import nothing",
        );
        assert_breach(
            |interface| {
                interface.exports.remove("llg_new_matcher");
            },
            "exports no function `llg_new_matcher`",
        );
        assert_breach(
            |interface| {
                interface.exports.remove("llg_wasm_free");
            },
            "exports no function `llg_wasm_free`",
        );
        assert_breach(
            |interface| {
                interface
                    .exports
                    .insert("llg_cancel".to_owned(), Export::Global);
            },
            "export `llg_cancel` is not a function",
        );
        assert_breach(
            |interface| {
                interface.exports.remove("memory");
            },
            "exports no memory `memory`",
        );
        assert_breach(
            |interface| {
                interface.exports.remove(TABLE);
            },
            "exports no table `__indirect_function_table`",
        );
        assert_breach(
            |interface| {
                let fixed = Export::Table {
                    initial: 479,
                    maximum: Some(479),
                };
                interface.exports.insert(TABLE.to_owned(), fixed);
            },
            "export `__indirect_function_table` has a maximum, \
             but a host must be able to add callbacks",
        );
        assert_breach(
            |interface| {
                interface.exports.insert("now".to_owned(), Export::Function);
            },
            "exports `now`, which is not part of the interface",
        );
    }
}
