//! Where symbols are looked for, and what is found there.

use std::collections::VecDeque;

use wasmtime::{AsContextMut, Extern, ExternType, Mutability, StoreContextMut, Val, ValType};

use crate::error::{Error, Result};
use crate::program::{Program, kind_of};
use crate::{Dylink, DylinkView};

/// Who may define a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Definer {
    /// The program.
    Program,
    /// A side module, by its number.
    Module(usize),
}

/// Names that belong to a module itself and link nothing.
fn is_private(name: &str) -> bool {
    name.starts_with("__wasm_")
        || matches!(
            name,
            "_start" | "_initialize" | "memory" | "__indirect_function_table" | "__stack_pointer"
        )
}

impl Dylink {
    /// What everyone sees: the program, and what was opened with `RTLD_GLOBAL`.
    pub(crate) fn global_scope(&self) -> Vec<Definer> {
        let modules = self.global.iter().copied().map(Definer::Module);
        std::iter::once(Definer::Program).chain(modules).collect()
    }

    /// A module and what it needs, breadth first, as ELF's loaders order them.
    pub(crate) fn tree(&self, root: usize) -> Vec<usize> {
        let mut tree = Vec::new();
        let mut queue = VecDeque::from([root]);
        while let Some(number) = queue.pop_front() {
            if !tree.contains(&number) {
                tree.push(number);
                queue.extend(&self.modules[number].needed);
            }
        }
        tree
    }

    /// What the modules see that are loaded for `root`.
    pub(crate) fn scope_of(&self, root: usize) -> Vec<Definer> {
        let mut scope = self.global_scope();
        for definer in self.tree(root).into_iter().map(Definer::Module) {
            if !scope.contains(&definer) {
                scope.push(definer);
            }
        }
        scope
    }

    /// The name of a definer, for people.
    pub(crate) fn name_of(&self, definer: Definer) -> String {
        match definer {
            Definer::Program => "the program".to_owned(),
            Definer::Module(number) => self.modules[number].path.clone(),
        }
    }
}

/// What a definer exports by this name, if it is instantiated.
pub(crate) fn export<T: DylinkView>(
    store: &mut StoreContextMut<'_, T>,
    program: &Program,
    definer: Definer,
    name: &str,
) -> Option<Extern> {
    if is_private(name) {
        return None;
    }
    let dylink = store.data_mut().dylink();
    let instance = match definer {
        Definer::Program => program.instance,
        Definer::Module(number) => dylink.modules[number].instance?,
    };
    // A module may load others as the program does.
    let own = dylink.functions.iter().find(|(own, _)| *own == name);
    let own = own.filter(|_| definer == Definer::Program);
    let own = own.map(|(_, function)| Extern::Func(*function));
    instance.get_export(&mut *store, name).or(own)
}

/// The type of what a module will export by this name, before it is instantiated.
pub(crate) fn promised(dylink: &Dylink, definer: Definer, name: &str) -> Option<ExternType> {
    match definer {
        Definer::Module(number) if dylink.modules[number].instance.is_none() => dylink.modules
            [number]
            .code
            .get_export(name)
            .filter(|_| !is_private(name)),
        _ => None,
    }
}

/// The first definition in a scope.
pub(crate) fn find<T: DylinkView>(
    store: &mut StoreContextMut<'_, T>,
    program: &Program,
    scope: &[Definer],
    name: &str,
) -> Option<(Definer, Extern)> {
    scope
        .iter()
        .find_map(|definer| Some((*definer, export(store, program, *definer, name)?)))
}

/// The address of what a definer exports: of a function its slot in the table, of data where they
/// are in memory; an error with what it is, if it has none.
pub(crate) fn address<T: DylinkView>(
    store: &mut StoreContextMut<'_, T>,
    program: &Program,
    definer: Definer,
    found: &Extern,
) -> Result<std::result::Result<u32, String>> {
    match found {
        Extern::Func(function) => {
            let mut slots = std::mem::take(&mut store.data_mut().dylink().slots);
            let address = slots.address(&mut *store, program, *function);
            store.data_mut().dylink().slots = slots;
            address.map(Ok)
        }
        Extern::Global(global) => {
            let ty = global.ty(&store);
            match global.get(store.as_context_mut()) {
                Val::I32(offset)
                    if ty.mutability() == Mutability::Const
                        && ValType::eq(ty.content(), &ValType::I32) =>
                {
                    // NB: a side module does not know where its data will be
                    let base = match definer {
                        Definer::Program => 0,
                        Definer::Module(number) => {
                            store.data_mut().dylink().modules[number].place.memory_base
                        }
                    };
                    Ok(Ok(base.wrapping_add(offset.cast_unsigned())))
                }
                _ => Ok(Err(kind_of(&store, found))),
            }
        }
        _ => Ok(Err(kind_of(&store, found))),
    }
}

/// `dlsym`: the address of a symbol in a scope.
pub(crate) fn symbol<T: DylinkView>(
    store: &mut StoreContextMut<'_, T>,
    program: &Program,
    scope: &[Definer],
    name: &str,
) -> Result<u32> {
    let place =
        |store: &mut StoreContextMut<'_, T>, definer| store.data_mut().dylink().name_of(definer);
    let Some((definer, found)) = find(store, program, scope, name) else {
        return Err(Error::NoSymbol {
            symbol: name.to_owned(),
            place: match scope {
                [first, ..] if !scope.contains(&Definer::Program) => {
                    format!("{} and what it needs", place(store, *first))
                }
                _ => "the program and the modules open to all".to_owned(),
            },
        });
    };
    address(store, program, definer, &found)?.map_err(|found| Error::NoAddress {
        symbol: name.to_owned(),
        place: place(store, definer),
        found,
    })
}
