//! What each byte of a module or component belongs to.

use std::collections::{BTreeMap, HashMap};

use thiserror::Error;
use wasmparser::{Encoding, KnownCustom, Name, Parser, Payload, TypeRef};

use crate::symbol::{Origin, shortened};

/// The biggest file that is read, in bytes; what is kept of it is a small multiple.
pub const LARGEST: u64 = 1 << 30;

/// What functions and segments without a name are called.
pub const NO_NAME: &str = "(no name)";

/// The parts of a file. Every byte is in exactly one, so they sum up to its size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Bytes of what is neither a function nor a data segment, by section. Sections of the
    /// same kind are one row, also those of the modules inside a component.
    pub sections: BTreeMap<String, u64>,
    /// Bytes of functions: their locals and instructions, and the length before them.
    pub functions: BTreeMap<Origin, u64>,
    /// Bytes of data segments, with their place and length.
    pub segments: BTreeMap<String, u64>,
}

/// A file's parts cannot be told.
#[derive(Debug, Error)]
pub enum ModuleError {
    /// It does not begin as WebAssembly.
    #[error("not a WebAssembly module")]
    NotWasm,
    /// It begins as WebAssembly.
    #[error("a faulty WebAssembly module: {0}")]
    Faulty(wasmparser::Error),
    /// No function has a name.
    #[error(
        "no function has a name: give the module before it was stripped, `.named` of its package"
    )]
    NoNames,
    /// The file with the names is another program.
    #[error("the names are of another module: its {0} differ")]
    OtherNames(&'static str),
}

// The message has it already, so it is no cause besides.
impl From<wasmparser::Error> for ModuleError {
    fn from(error: wasmparser::Error) -> Self {
        Self::Faulty(error)
    }
}

impl Parts {
    /// Takes a module or component apart, with the names that it has itself.
    ///
    /// # Errors
    /// [`ModuleError`], except for `OtherNames`.
    pub fn of(wasm: &[u8]) -> Result<Self, ModuleError> {
        Self::with_names(wasm, wasm)
    }

    /// Takes a module or component apart, with the names of the same one before it was
    /// stripped.
    ///
    /// # Errors
    /// [`ModuleError`].
    pub fn with_names(wasm: &[u8], named: &[u8]) -> Result<Self, ModuleError> {
        let names = Outline::all(named)?;
        if !std::ptr::eq(wasm, named) {
            Outline::all(wasm)?.same_program(&names)?;
        }
        if names.0.iter().all(|module| module.functions.is_empty())
            && names.0.iter().any(|module| module.defined > 0)
        {
            return Err(ModuleError::NoNames);
        }
        take_apart(wasm, &names)
    }

    /// The sum of all parts, in bytes.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.sections.values().sum::<u64>()
            + self.functions.values().sum::<u64>()
            + self.segments.values().sum::<u64>()
    }
}

/// The names in a core module, and by what it is known to be the same program.
#[derive(Default)]
struct Outline<'a> {
    functions: HashMap<u32, &'a str>,
    segments: HashMap<u32, &'a str>,
    imported: u32,
    defined: u32,
    types_of_functions: &'a [u8],
    exports: &'a [u8],
}

/// The core modules of a file, in order.
struct Outlines<'a>(Vec<Outline<'a>>);

impl<'a> Outline<'a> {
    fn all(wasm: &'a [u8]) -> Result<Outlines<'a>, ModuleError> {
        let mut modules: Vec<Self> = Vec::new();
        for payload in payloads(wasm)? {
            let payload = payload?;
            if let Payload::Version {
                encoding: Encoding::Module,
                ..
            } = payload
            {
                modules.push(Self::default());
            }
            // Before the first module a component has sections of its own only.
            if let Some(module) = modules.last_mut() {
                module.add(wasm, payload)?;
            }
        }
        Ok(Outlines(modules))
    }

    fn add(&mut self, wasm: &'a [u8], payload: Payload<'a>) -> wasmparser::Result<()> {
        match payload {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    if let TypeRef::Func(_) | TypeRef::FuncExact(_) = import?.ty {
                        self.imported += 1;
                    }
                }
            }
            Payload::FunctionSection(functions) => {
                self.defined = functions.count();
                self.types_of_functions = &wasm[functions.range()];
            }
            Payload::ExportSection(exports) => self.exports = &wasm[exports.range()],
            Payload::CustomSection(custom) => {
                if let KnownCustom::Name(names) = custom.as_known() {
                    for name in names {
                        self.name(&name?)?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn name(&mut self, name: &Name<'a>) -> wasmparser::Result<()> {
        let (names, known) = match name {
            Name::Function(functions) => (functions, &mut self.functions),
            Name::Data(segments) => (segments, &mut self.segments),
            _ => return Ok(()),
        };
        // NB: the table grows with the names that are there, not with the count that is said.
        for name in names.clone() {
            let name = name?;
            known.insert(name.index, name.name);
        }
        Ok(())
    }
}

impl Outlines<'_> {
    fn same_program(&self, other: &Self) -> Result<(), ModuleError> {
        let differ = |what| Err(ModuleError::OtherNames(what));
        if self.0.len() != other.0.len() {
            return differ("core modules");
        }
        for (module, other) in self.0.iter().zip(&other.0) {
            if module.imported != other.imported {
                return differ("imported functions");
            }
            if module.types_of_functions != other.types_of_functions {
                return differ("functions");
            }
            if module.exports != other.exports {
                return differ("exports");
            }
        }
        Ok(())
    }
}

/// What wasmparser reads, of a file that begins as WebAssembly.
fn payloads(
    wasm: &[u8],
) -> Result<impl Iterator<Item = wasmparser::Result<Payload<'_>>>, ModuleError> {
    if !wasm.starts_with(b"\0asm") {
        return Err(ModuleError::NotWasm);
    }
    Ok(Parser::new(0).parse_all(wasm))
}

/// How far the bytes of a file have been given to a part.
struct Cursor(usize);

impl Cursor {
    /// The bytes up to a place, which are then given away.
    fn up_to(&mut self, end: usize) -> u64 {
        let bytes = end - self.0;
        self.0 = end;
        bytes as u64
    }
}

fn take_apart(wasm: &[u8], names: &Outlines<'_>) -> Result<Parts, ModuleError> {
    let mut parts = Parts::default();
    let mut cursor = Cursor(0);
    let mut modules = names.0.iter();
    let mut outline = None;
    let mut function = 0;
    let mut section = |name: &str, bytes| match parts.sections.get_mut(name) {
        Some(sum) => *sum += bytes,
        None => {
            parts.sections.insert(name.to_owned(), bytes);
        }
    };
    for payload in payloads(wasm)? {
        let payload = payload?;
        match &payload {
            Payload::Version {
                encoding, range, ..
            } => {
                if *encoding == Encoding::Module {
                    outline = modules.next();
                    function = outline.map_or(0, |outline| outline.imported);
                }
                section("preamble", cursor.up_to(range.end));
            }
            // What a module inside a component costs besides its own parts: id and length.
            Payload::ModuleSection {
                unchecked_range: range,
                ..
            }
            | Payload::ComponentSection {
                unchecked_range: range,
                ..
            } => section("nested", cursor.up_to(range.start)),
            Payload::CodeSectionStart { range, .. } => {
                let count = wasm[range.start..]
                    .iter()
                    .take_while(|byte| **byte >= 0x80)
                    .count();
                section("code", cursor.up_to(range.start + count + 1));
            }
            Payload::CodeSectionEntry(body) => {
                let origin = match outline.and_then(|outline| outline.functions.get(&function)) {
                    Some(symbol) => Origin::of(symbol),
                    None => Origin {
                        krate: crate::symbol::NO_CRATE.to_owned(),
                        name: NO_NAME.to_owned(),
                    },
                };
                *parts.functions.entry(origin).or_default() += cursor.up_to(body.range().end);
                function += 1;
            }
            Payload::DataSection(segments) => {
                let range = segments.range();
                for (index, segment) in (0..).zip(segments.clone()) {
                    let segment = segment?;
                    section("data", cursor.up_to(segment.range.start));
                    let name = outline
                        .and_then(|outline| outline.segments.get(&index))
                        .map_or_else(
                            || NO_NAME.to_owned(),
                            |name| shortened(format_args!("{name}")),
                        );
                    *parts.segments.entry(name).or_default() += cursor.up_to(segment.range.end);
                }
                section("data", cursor.up_to(range.end));
            }
            Payload::CustomSection(custom) => section(
                &shortened(format_args!("custom {}", custom.name())),
                cursor.up_to(custom.range().end),
            ),
            other => {
                if let Some((id, range)) = other.as_section() {
                    section(&section_name(other, id), cursor.up_to(range.end));
                }
            }
        }
    }
    Ok(parts)
}

/// What the specifications call a section.
fn section_name(payload: &Payload<'_>, id: u8) -> String {
    match payload {
        Payload::TypeSection(_) => "type",
        Payload::ImportSection(_) => "import",
        Payload::FunctionSection(_) => "function",
        Payload::TableSection(_) => "table",
        Payload::MemorySection(_) => "memory",
        Payload::TagSection(_) => "tag",
        Payload::GlobalSection(_) => "global",
        Payload::ExportSection(_) => "export",
        Payload::StartSection { .. } => "start",
        Payload::ElementSection(_) => "element",
        Payload::DataCountSection { .. } => "data count",
        Payload::InstanceSection(_) => "core instance",
        Payload::CoreTypeSection(_) => "core type",
        Payload::ComponentInstanceSection(_) => "component instance",
        Payload::ComponentAliasSection(_) => "component alias",
        Payload::ComponentTypeSection(_) => "component type",
        Payload::ComponentCanonicalSection(_) => "component canon",
        Payload::ComponentStartSection { .. } => "component start",
        Payload::ComponentImportSection(_) => "component import",
        Payload::ComponentExportSection(_) => "component export",
        _ => return format!("section {id}"),
    }
    .to_owned()
}
