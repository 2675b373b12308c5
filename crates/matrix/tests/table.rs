//! The table of this repository, and its scenarios.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use matrix::outcome::Outcome;
use matrix::scenario::{Kind, Scenario, read_folder};

type Table = BTreeMap<String, toml::Table>;

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../checks/matrix"))
}

fn table() -> Table {
    let text = fs::read_to_string(folder().join("matrix.toml")).expect("the table is there");
    toml::from_str(&text).expect("the table is TOML")
}

fn scenarios(row: &toml::Table) -> Vec<Scenario> {
    let text = |key: &str| {
        row[key]
            .as_str()
            .unwrap_or_else(|| panic!("{key} is a text"))
    };
    let kind = match text("kind") {
        "core" => Kind::Core,
        "command" | "component" => Kind::Command,
        kind => panic!("there is no kind {kind}"),
    };
    read_folder(&folder().join(text("scenarios")), kind).expect("good scenarios")
}

#[test]
fn every_scenario_is_readable_and_has_its_module() {
    for (artifact, row) in table() {
        for scenario in scenarios(&row) {
            if let Some(module) = &scenario.module {
                let path = scenario.folder.join(module);
                assert!(path.is_file(), "{artifact}: {}", path.display());
                wat::parse_file(&path).expect("a module, though no runtime may take it");
            }
        }
    }
}

#[test]
fn every_row_has_known_fields() {
    const FIELDS: [&str; 9] = [
        "package",
        "module",
        "kind",
        "scenarios",
        "native",
        "startup",
        "limits",
        "compile",
        "absent",
    ];
    for (artifact, row) in table() {
        for field in row.keys() {
            assert!(FIELDS.contains(&field.as_str()), "{artifact}: {field}");
        }
        assert!(
            row.contains_key("package") != row.contains_key("module"),
            "{artifact}: either a package or a module"
        );
    }
}

#[test]
fn the_fault_cells_end_in_every_outcome() {
    let table = table();
    for artifact in ["command-faults", "core-faults"] {
        let scenarios = scenarios(&table[artifact]);
        for outcome in [
            Outcome::Trap,
            Outcome::Timeout,
            Outcome::MissingImport,
            Outcome::BadModule,
            Outcome::MemoryLimit,
            Outcome::Fault,
        ] {
            assert!(
                scenarios.iter().any(|scenario| scenario.outcome == outcome),
                "{artifact} has no {outcome}"
            );
        }
    }
}
