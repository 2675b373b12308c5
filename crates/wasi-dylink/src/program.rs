//! The program that loads: the exports that the loader works with, its memory and its table.

use std::collections::HashMap;

use wasmtime::{
    AsContext, AsContextMut, Extern, Func, Global, Instance, Memory, Mutability, Ref, Table,
    TypedFunc, ValType,
};

use crate::error::{Error, Result};

/// What malloc of every C library for WASI aligns to.
const MALLOC_ALIGNMENT: u32 = 16;

/// How many slots the table grows by when functions get an address one by one.
const SLOTS: u32 = 64;

/// A program that is linked for dynamic linking, as far as the loader works with it.
#[derive(Clone)]
pub(crate) struct Program {
    pub instance: Instance,
    pub memory: Memory,
    pub table: Table,
    pub stack_pointer: Global,
    malloc: TypedFunc<u32, u32>,
    free: TypedFunc<u32, ()>,
    /// Gives the working folder: `char *getcwd(char *, size_t)`. A program that never changes it
    /// need not have it.
    getcwd: Option<TypedFunc<(u32, u32), u32>>,
}

/// Memory and slots of a module, not yet anyone else's.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place {
    /// What malloc returned; 0 if nothing was needed.
    allocation: u32,
    /// Where the module's data begin.
    pub memory_base: u32,
    /// Where its functions begin in the table.
    pub table_base: u32,
    slots: u32,
}

impl Program {
    pub fn of(mut store: impl AsContextMut, instance: Instance) -> Result<Self> {
        let missing = |kind, name| Error::Program { kind, name };
        let stack_pointer = instance
            .get_global(&mut store, "__stack_pointer")
            .filter(|global| {
                let ty = global.ty(&store);
                ty.mutability() == Mutability::Var && ValType::eq(ty.content(), &ValType::I32)
            })
            .ok_or(missing("mutable global", "__stack_pointer"))?;
        Ok(Self {
            instance,
            memory: instance
                .get_memory(&mut store, "memory")
                .ok_or(missing("memory", "memory"))?,
            table: instance
                .get_table(&mut store, "__indirect_function_table")
                .ok_or(missing("table", "__indirect_function_table"))?,
            stack_pointer,
            malloc: instance
                .get_typed_func(&mut store, "malloc")
                .map_err(|_| missing("function", "malloc"))?,
            free: instance
                .get_typed_func(&mut store, "free")
                .map_err(|_| missing("function", "free"))?,
            getcwd: instance.get_typed_func(&mut store, "getcwd").ok(),
        })
    }

    /// The string at an address, without its NUL, if it is UTF-8 and no longer than `limit`.
    pub fn string(&self, store: impl AsContext, address: u32, limit: usize) -> Result<String> {
        let data = self.memory.data(&store);
        let start = usize::try_from(address).unwrap_or(usize::MAX);
        data.get(start..)
            .map(|rest| &rest[..rest.len().min(limit + 1)])
            .and_then(|rest| rest.split_at_checked(rest.iter().position(|byte| *byte == 0)?))
            .and_then(|(name, _)| str::from_utf8(name).ok())
            .map(str::to_owned)
            .ok_or(Error::Name { address, limit })
    }

    /// Puts a string into memory that the program allocates; `None` if it has none left.
    pub fn put_string(&self, mut store: impl AsContextMut, text: &str) -> Result<Option<u32>> {
        let size = u32::try_from(text.len() + 1).unwrap_or(u32::MAX);
        let address = self.malloc.call(&mut store, size)?;
        if address == 0 {
            return Ok(None);
        }
        let bytes = [text.as_bytes(), b"\0"].concat();
        self.write(&mut store, address, &bytes)?;
        Ok(Some(address))
    }

    pub fn free(&self, store: impl AsContextMut, address: u32) -> Result<()> {
        Ok(self.free.call(store, address)?)
    }

    /// The program's working folder, `/` where it does not know.
    pub fn working_folder(&self, mut store: impl AsContextMut, limit: usize) -> Result<String> {
        let Some(getcwd) = &self.getcwd else {
            return Ok("/".to_owned());
        };
        let address = getcwd.call(&mut store, (0, 0))?;
        if address == 0 {
            return Ok("/".to_owned());
        }
        let folder = self.string(&store, address, limit);
        self.free(&mut store, address)?;
        folder
    }

    fn write(&self, store: impl AsContextMut, address: u32, bytes: &[u8]) -> Result<()> {
        // NB: an allocator may return anything
        Ok(self
            .memory
            .write(store, address as usize, bytes)
            .map_err(|error| {
                wasmtime::Error::msg(format!("malloc returned {address:#x}: {error}"))
            })?)
    }

    /// Finds room for a module's data, zeroed, and for its functions.
    pub fn place(
        &self,
        mut store: impl AsContextMut,
        path: &str,
        module: &crate::SideModule,
    ) -> Result<Place> {
        let (allocation, memory_base) = self.allocate(&mut store, path, module)?;
        let place = Place {
            allocation,
            memory_base,
            table_base: 0,
            slots: module.table_size,
        };
        match self.grow(&mut store, module.table_size, module.table_alignment) {
            Ok(table_base) => Ok(Place {
                table_base,
                ..place
            }),
            Err(error) => {
                self.release(store, &Place { slots: 0, ..place }, &mut Slots::default())?;
                Err(error)
            }
        }
    }

    fn allocate(
        &self,
        mut store: impl AsContextMut,
        path: &str,
        module: &crate::SideModule,
    ) -> Result<(u32, u32)> {
        let size = module.memory_size;
        if size == 0 {
            return Ok((0, 0));
        }
        let slack = module.memory_alignment.saturating_sub(MALLOC_ALIGNMENT);
        let full = || Error::Memory {
            path: path.to_owned(),
            bytes: u64::from(size) + u64::from(slack),
        };
        let allocation = match size.checked_add(slack) {
            Some(bytes) => self.malloc.call(&mut store, bytes)?,
            None => 0,
        };
        if allocation == 0 {
            return Err(full());
        }
        let base = allocation
            .checked_next_multiple_of(module.memory_alignment)
            .ok_or_else(full)?;
        let region = self
            .memory
            .data_mut(&mut store)
            .get_mut(base as usize..)
            .and_then(|rest| rest.get_mut(..size as usize))
            .ok_or_else(full)?;
        region.fill(0);
        Ok((allocation, base))
    }

    /// New slots of the table, empty; returns the first.
    fn grow(&self, mut store: impl AsContextMut, slots: u32, alignment: u32) -> Result<u32> {
        let size = self.table.size(&store);
        if slots == 0 {
            return Ok(u32::try_from(size).unwrap_or(u32::MAX));
        }
        let base = size.next_multiple_of(u64::from(alignment));
        let grown = base - size + u64::from(slots);
        let cure = match self.table.ty(&store).maximum() {
            Some(_) => ": link it with `--growable-table`",
            None => "",
        };
        self.table
            .grow(&mut store, grown, Ref::Func(None))
            .ok()
            .and_then(|_| u32::try_from(base).ok())
            .ok_or(Error::Table { slots: grown, cure })
    }

    /// Takes a place back.
    pub fn release(
        &self,
        mut store: impl AsContextMut,
        place: &Place,
        slots: &mut Slots,
    ) -> Result<()> {
        for slot in place.table_base..place.table_base + place.slots {
            self.table
                .set(&mut store, u64::from(slot), Ref::Func(None))?;
            slots.free.push(slot);
        }
        if place.allocation != 0 {
            self.free(store, place.allocation)?;
        }
        Ok(())
    }
}

/// The addresses of functions, which are slots of the program's table.
///
/// A function has one address, whoever asks for it: the one it had before, if any.
#[derive(Default)]
pub(crate) struct Slots {
    /// By Wasmtime's identity of the function.
    known: HashMap<usize, u32>,
    /// The part of the table that was looked through.
    seen: u64,
    free: Vec<u32>,
}

impl Slots {
    /// The address of a function.
    pub fn address(
        &mut self,
        mut store: impl AsContextMut,
        program: &Program,
        function: Func,
    ) -> Result<u32> {
        self.look(&mut store, program);
        let identity = function.to_raw(&mut store) as usize;
        if let Some(slot) = self.known.get(&identity) {
            return Ok(*slot);
        }
        if self.free.is_empty() {
            let first = program.grow(&mut store, SLOTS, 1)?;
            self.free.extend((first..first + SLOTS).rev());
            self.seen = u64::from(first + SLOTS);
        }
        // NB: never empty here
        let slot = self.free.pop().unwrap_or_default();
        program
            .table
            .set(&mut store, u64::from(slot), Ref::Func(Some(function)))?;
        self.known.insert(identity, slot);
        Ok(slot)
    }

    /// Notes the functions in a part of the table that is new.
    fn look(&mut self, mut store: impl AsContextMut, program: &Program) {
        for slot in self.seen..program.table.size(&store) {
            if let Some(Ref::Func(Some(function))) = program.table.get(&mut store, slot) {
                let identity = function.to_raw(&mut store) as usize;
                if let Ok(slot) = u32::try_from(slot) {
                    self.known.entry(identity).or_insert(slot);
                }
            }
        }
        self.seen = program.table.size(&store);
    }
}

/// What an export is, in words.
pub(crate) fn kind_of(store: impl AsContext, export: &Extern) -> String {
    match export {
        Extern::Func(function) => format!("a function {}", signature(&function.ty(&store))),
        Extern::Global(global) => {
            let ty = global.ty(&store);
            match (ty.mutability(), ty.content()) {
                (Mutability::Var, _) => "a mutable global".to_owned(),
                (Mutability::Const, ValType::I32) => "a data symbol".to_owned(),
                (Mutability::Const, ty) => format!("a constant of type {ty}"),
            }
        }
        Extern::Table(_) => "a table".to_owned(),
        Extern::Memory(_) | Extern::SharedMemory(_) => "a memory".to_owned(),
        Extern::Tag(_) => "a tag".to_owned(),
    }
}

/// A function's type, as `(i32, i64) -> f64`.
pub(crate) fn signature(ty: &wasmtime::FuncType) -> String {
    let list = |types: Vec<String>| types.join(", ");
    let parameters = list(ty.params().map(|ty| ty.to_string()).collect());
    let results = list(ty.results().map(|ty| ty.to_string()).collect());
    format!("({parameters}) -> ({results})")
}
