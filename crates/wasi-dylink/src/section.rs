//! What a side module says of itself: its section `dylink.0`, and whether it can be one at all.
//!
//! The section is that of the [tool conventions], version 0: `mem-info`, `needed`, `export-info`,
//! `import-info` and `runtime-path`. Subsections of other kinds are skipped, as the conventions
//! let them be.
//!
//! [tool conventions]: https://github.com/WebAssembly/tool-conventions/blob/main/DynamicLinking.md

use std::collections::HashSet;

use thiserror::Error;
use wasmparser::{
    CustomSectionReader, Dylink0Subsection, Encoding, KnownCustom, MemInfo, Parser, Payload,
    SymbolFlags, TypeRef,
};

/// The greatest alignment of memory, as a power of two: a page of WebAssembly.
const MEMORY_ALIGNMENT: u32 = 16;

/// The greatest alignment of the table, as a power of two.
const TABLE_ALIGNMENT: u32 = 8;

/// Why a file is no side module for a 32-bit program with one thread.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SectionError {
    /// Another object file format.
    #[error(
        "it is an ELF file, for this machine and not for WebAssembly: take the wheel or build for WASI"
    )]
    Elf,
    /// It does not begin as WebAssembly.
    #[error("it is no WebAssembly module")]
    NotWasm,
    /// A component, which is linked in another way.
    #[error("it is a component; a side module is a core module")]
    Component,
    /// A program, or a module that was linked at fixed addresses.
    #[error(
        "it has no section `dylink.0`: link it with `-shared`, from code compiled with `-fPIC` (`relocation-model=pic`)"
    )]
    NotSideModule,
    /// The section of LLVM 12 and before.
    #[error("it has the section `dylink` of old tools: link it with LLVM 13 or newer")]
    Legacy,
    /// The section is not where it has to be.
    #[error("its section `dylink.0` is not the first")]
    NotFirst,
    /// There can be one of it.
    #[error("it has `{0}` twice")]
    Twice(&'static str),
    /// There has to be one of it.
    #[error("its section `dylink.0` has no `mem-info`")]
    NoMemInfo,
    /// An alignment is beyond what is supported, or no alignment.
    #[error("its {what} is to be aligned to 2^{power}, and 2^{limit} is the most")]
    Alignment {
        /// `memory` or `table`.
        what: &'static str,
        /// As the section has it.
        power: u32,
        /// The greatest.
        limit: u32,
    },
    /// More slots than the file can fill.
    #[error("it wants {slots} slots of the table, more than a file of {bytes} bytes can fill")]
    TableSize {
        /// Slots.
        slots: u32,
        /// Size of the file.
        bytes: usize,
    },
    /// It is built for another kind of program.
    #[error("it uses {feature}: {cure}")]
    Feature {
        /// What it uses.
        feature: &'static str,
        /// How to build it without.
        cure: &'static str,
    },
    /// It is damaged; with wasmparser's reason.
    #[error("it is damaged: {0}")]
    Damaged(String),
}

impl From<wasmparser::Error> for SectionError {
    fn from(error: wasmparser::Error) -> Self {
        Self::Damaged(error.to_string())
    }
}

/// What a side module says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SideModule {
    /// Bytes of memory for its data, zeroed ones included.
    pub memory_size: u32,
    /// Alignment of that memory in bytes, a power of two.
    pub memory_alignment: u32,
    /// Slots of the table for its functions.
    pub table_size: u32,
    /// Alignment of these in slots, a power of two.
    pub table_alignment: u32,
    /// Names of the modules it needs, in order.
    pub needed: Vec<String>,
    /// Folders where these may be; `$ORIGIN` is that of the module.
    pub runtime_paths: Vec<String>,
    /// Imports that may stay without a definition, by module and name.
    pub weak_imports: HashSet<(String, String)>,
}

impl SideModule {
    /// Reads the section `dylink.0` of a module, and looks for what no side module here may have.
    ///
    /// # Errors
    /// [`SectionError`]. That the module is valid otherwise, is for its compiler to say.
    pub fn parse(wasm: &[u8]) -> Result<Self, SectionError> {
        if wasm.starts_with(b"\x7fELF") {
            return Err(SectionError::Elf);
        }
        if !wasm.starts_with(b"\0asm") {
            return Err(SectionError::NotWasm);
        }
        let mut found = None;
        let mut sections = 0;
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::Version {
                    encoding: Encoding::Component,
                    ..
                } => return Err(SectionError::Component),
                Payload::Version { .. } => continue,
                Payload::CustomSection(custom) if custom.name() == "dylink.0" => {
                    if found.is_some() {
                        return Err(SectionError::Twice("dylink.0"));
                    }
                    if sections > 0 {
                        return Err(SectionError::NotFirst);
                    }
                    found = Some(Self::read(&custom, wasm.len())?);
                }
                Payload::CustomSection(custom) if custom.name() == "dylink" => {
                    return Err(SectionError::Legacy);
                }
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        refuse_feature(&import?.ty)?;
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        if export?.name == "__wasm_init_tls" {
                            return Err(THREADS);
                        }
                    }
                }
                _ => {}
            }
            sections += 1;
        }
        found.ok_or(SectionError::NotSideModule)
    }

    fn read(custom: &CustomSectionReader<'_>, bytes: usize) -> Result<Self, SectionError> {
        let KnownCustom::Dylink0(subsections) = custom.as_known() else {
            return Err(SectionError::NotSideModule);
        };
        let mut module = Self::default();
        let mut memory = None;
        for subsection in subsections {
            match subsection? {
                Dylink0Subsection::MemInfo(info) if memory.replace(info).is_some() => {
                    return Err(SectionError::Twice("mem-info"));
                }
                Dylink0Subsection::MemInfo(_) | Dylink0Subsection::Unknown { .. } => {}
                Dylink0Subsection::Needed(names) => {
                    module.needed.extend(names.into_iter().map(str::to_owned));
                }
                Dylink0Subsection::ExportInfo(exports) => {
                    if exports
                        .iter()
                        .any(|export| export.flags.contains(SymbolFlags::TLS))
                    {
                        return Err(THREADS);
                    }
                }
                Dylink0Subsection::ImportInfo(imports) => {
                    for import in imports {
                        if import.flags.contains(SymbolFlags::TLS) {
                            return Err(THREADS);
                        }
                        if import.flags.contains(SymbolFlags::BINDING_WEAK) {
                            module
                                .weak_imports
                                .insert((import.module.to_owned(), import.field.to_owned()));
                        }
                    }
                }
                Dylink0Subsection::RuntimePath(paths) => {
                    module
                        .runtime_paths
                        .extend(paths.into_iter().map(str::to_owned));
                }
            }
        }
        module.place(&memory.ok_or(SectionError::NoMemInfo)?, bytes)?;
        Ok(module)
    }

    fn place(&mut self, info: &MemInfo, bytes: usize) -> Result<(), SectionError> {
        let aligned = |what, power, limit| {
            if power > limit {
                return Err(SectionError::Alignment { what, power, limit });
            }
            Ok(1 << power)
        };
        self.memory_alignment = aligned("memory", info.memory_alignment, MEMORY_ALIGNMENT)?;
        self.table_alignment = aligned("table", info.table_alignment, TABLE_ALIGNMENT)?;
        self.memory_size = info.memory_size;
        self.table_size = info.table_size;
        // NB: the guest pays for its memory itself, but the table is the host's. An element of a
        // segment takes a byte at least.
        if usize::try_from(info.table_size).is_ok_and(|slots| slots <= bytes) {
            Ok(())
        } else {
            Err(SectionError::TableSize {
                slots: info.table_size,
                bytes,
            })
        }
    }
}

const THREADS: SectionError = SectionError::Feature {
    feature: "threads",
    cure: "WASI preview 1 has none, so build it without `-pthread` and `+atomics`",
};

fn refuse_feature(import: &TypeRef) -> Result<(), SectionError> {
    match import {
        TypeRef::Memory(memory) if memory.shared => Err(THREADS),
        TypeRef::Memory(memory) if memory.memory64 => Err(SectionError::Feature {
            feature: "a 64-bit memory",
            cure: "build it for wasm32",
        }),
        TypeRef::Tag(_) => Err(SectionError::Feature {
            feature: "WebAssembly's exceptions",
            cure: "build it without `-fwasm-exceptions`, and Rust with `panic=abort`",
        }),
        _ => Ok(()),
    }
}
