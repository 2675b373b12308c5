//! What a core module imports and exports, read from its bytes, so that it is
//! the same for every runtime.

use std::collections::BTreeMap;

use serde::Serialize;
use thiserror::Error;
use wasmparser::{ExternalKind, Parser, Payload, TypeRef};

/// Imports and exports of a core module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Interface {
    /// Each import as `module.name`, in the order of the module.
    pub imports: Vec<String>,
    /// Each export by name.
    pub exports: BTreeMap<String, Export>,
}

/// The kind of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Export {
    /// A function.
    Function,
    /// A table with these limits, in elements.
    Table {
        /// Size at instantiation.
        initial: u64,
        /// Size that it cannot exceed; `None` if it may grow without limit.
        maximum: Option<u64>,
    },
    /// A linear memory with these limits, in pages of 64 KiB.
    Memory {
        /// Size at instantiation.
        initial: u64,
        /// Size that it cannot exceed; `None` if it may grow to 4 GiB.
        maximum: Option<u64>,
    },
    /// A global.
    Global,
    /// An exception tag.
    Tag,
}

/// The bytes are no core module.
#[derive(Debug, Error)]
pub enum InterfaceError {
    /// Malformed or truncated.
    #[error("not a WebAssembly module: {0}")]
    Malformed(wasmparser::BinaryReaderError),
    /// A component where a core module is due.
    #[error("a WebAssembly component, where a core module is needed")]
    Component,
    /// An export names an index that does not exist.
    #[error("export `{name}` names a {kind} that does not exist")]
    Dangling {
        /// The export.
        name: String,
        /// `table` or `memory`.
        kind: &'static str,
    },
}

// The message has it already, so it is no cause besides.
impl From<wasmparser::BinaryReaderError> for InterfaceError {
    fn from(error: wasmparser::BinaryReaderError) -> Self {
        Self::Malformed(error)
    }
}

impl Interface {
    /// Reads the interface of a core module.
    ///
    /// Function bodies are not validated; that is left to the runtime.
    ///
    /// # Errors
    /// If `wasm` is not the binary form of a core module.
    pub fn read(wasm: &[u8]) -> Result<Self, InterfaceError> {
        let mut imports = Vec::new();
        let mut exports = Vec::new();
        let mut tables = Vec::new();
        let mut memories = Vec::new();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::Version {
                    encoding: wasmparser::Encoding::Component,
                    ..
                } => return Err(InterfaceError::Component),
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import?;
                        imports.push(format!("{}.{}", import.module, import.name));
                        match import.ty {
                            TypeRef::Table(table) => tables.push(table),
                            TypeRef::Memory(memory) => memories.push(memory),
                            _ => {}
                        }
                    }
                }
                Payload::TableSection(section) => {
                    for table in section {
                        tables.push(table?.ty);
                    }
                }
                Payload::MemorySection(section) => {
                    for memory in section {
                        memories.push(memory?);
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        exports.push(export?);
                    }
                }
                _ => {}
            }
        }
        let exports = exports
            .into_iter()
            .map(|export| {
                let dangling = |kind| InterfaceError::Dangling {
                    name: export.name.to_owned(),
                    kind,
                };
                let index = export.index as usize;
                let kind = match export.kind {
                    ExternalKind::Func | ExternalKind::FuncExact => Export::Function,
                    ExternalKind::Table => {
                        let table = tables.get(index).ok_or_else(|| dangling("table"))?;
                        Export::Table {
                            initial: table.initial,
                            maximum: table.maximum,
                        }
                    }
                    ExternalKind::Memory => {
                        let memory = memories.get(index).ok_or_else(|| dangling("memory"))?;
                        Export::Memory {
                            initial: memory.initial,
                            maximum: memory.maximum,
                        }
                    }
                    ExternalKind::Global => Export::Global,
                    ExternalKind::Tag => Export::Tag,
                };
                Ok((export.name.to_owned(), kind))
            })
            .collect::<Result<_, InterfaceError>>()?;
        Ok(Self { imports, exports })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Interface, InterfaceError> {
        Interface::read(&wat::parse_str(text).expect("the test's own text form is valid"))
    }

    #[test]
    fn reads_every_kind_with_its_limits() {
        let interface = read(
            r#"(module
                (import "env" "now" (func (result f64)))
                (import "env" "more" (memory 3 5))
                (table (export "fixed") 2 2 funcref)
                (table (export "open") 7 funcref)
                (global (export "g") i32 (i32.const 0))
                (func (export "f"))
                (export "m" (memory 0)))"#,
        )
        .expect("valid module");
        assert_eq!(interface.imports, ["env.now", "env.more"]);
        let table = |initial, maximum| Export::Table { initial, maximum };
        assert_eq!(
            interface.exports,
            BTreeMap::from([
                ("f".to_owned(), Export::Function),
                ("fixed".to_owned(), table(2, Some(2))),
                ("open".to_owned(), table(7, None)),
                ("g".to_owned(), Export::Global),
                (
                    "m".to_owned(),
                    Export::Memory {
                        initial: 3,
                        maximum: Some(5)
                    }
                ),
            ])
        );
    }

    #[test]
    fn what_is_no_core_module_is_refused() {
        let whole = wat::parse_str(r#"(module (func (export "f")))"#).expect("valid text");
        for cut in [0, 4, 7, whole.len() - 1] {
            let error = Interface::read(&whole[..cut]).expect_err("truncated");
            assert!(matches!(error, InterfaceError::Malformed(_)), "{error}");
        }
        assert!(matches!(
            read("(component)"),
            Err(InterfaceError::Component)
        ));
        assert!(Interface::read(b"#!/bin/sh\n").is_err());
    }
}
