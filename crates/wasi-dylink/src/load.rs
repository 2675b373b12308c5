//! Loading: a module and those it needs are read, placed, linked with each other and initialised.

use wasmtime::{
    Extern, ExternType, Func, FuncType, Global, GlobalType, Instance, Module, Mutability,
    StoreContextMut, Val, ValType,
};
use wasmtime_wasi::I32Exit;

use crate::error::{Error, Result};
use crate::files::{FileError, plain};
use crate::program::{Place, Program, kind_of, signature};
use crate::scope::{self, Definer};
use crate::{DylinkView, SideModule};

/// How many modules a program may load, those that failed included: a store frees nothing.
const MOST: usize = 1024;

/// Libraries that are linked into the program itself.
const IN_PROGRAM: [&str; 3] = ["libc.so", "libdl.so", "libm.so"];

/// A side module: being linked while it has no instance, and failed if that stays so.
pub(crate) struct Loaded {
    /// Absolute; empty if it failed.
    pub path: String,
    pub code: Module,
    section: SideModule,
    /// Numbers of the modules it needs.
    pub needed: Vec<usize>,
    pub place: Place,
    pub instance: Option<Instance>,
    /// How often it was opened and not closed.
    pub opened: u32,
}

/// An address that a module imports, and that is known when all are instantiated.
struct Awaited {
    module: usize,
    global: Global,
    symbol: String,
    is_function: bool,
}

/// `dlopen`: the number of the module at a path, which is loaded if it is not yet.
pub(crate) fn open<T: DylinkView>(
    store: &mut StoreContextMut<'_, T>,
    program: &Program,
    path: &str,
    load: bool,
    global: bool,
) -> Result<usize> {
    let path = format!("/{}", plain(path));
    let loaded = number_of(store, &path);
    if loaded.is_none() && !load {
        return Err(Error::NotLoaded(path));
    }
    let (root, order) = match loaded {
        Some(number) => (number, Vec::new()),
        None => link(store, program, path)?,
    };
    let dylink = store.data_mut().dylink();
    dylink.modules[root].opened += 1;
    if global {
        for number in dylink.tree(root) {
            if !dylink.global.contains(&number) {
                dylink.global.push(number);
            }
        }
    }
    // NB: a constructor may open and look up modules itself, so all has to be in order before
    initialise(store, &order)?;
    Ok(root)
}

fn number_of<T: DylinkView>(store: &mut StoreContextMut<'_, T>, path: &str) -> Option<usize> {
    let mut modules = store.data_mut().dylink().modules.iter();
    modules.position(|module| module.path == path)
}

/// Reads, places and links a module and what it needs; returns its number, and those of all that
/// are new, each after what it needs.
fn link<T: DylinkView>(
    store: &mut StoreContextMut<'_, T>,
    program: &Program,
    path: String,
) -> Result<(usize, Vec<usize>)> {
    let mut new = Vec::new();
    let linked = collect(store, path, &mut new).and_then(|()| {
        let root = new[0];
        let mut order = Vec::new();
        post_order(
            store.data_mut().dylink().modules.as_slice(),
            root,
            &new,
            &mut order,
        );
        let scope = store.data_mut().dylink().scope_of(root);
        let mut awaited = Vec::new();
        for number in &new {
            place(store, program, *number)?;
        }
        for number in &order {
            instantiate(store, program, &scope, *number, &mut awaited)?;
        }
        for awaited in awaited {
            settle(store, program, &scope, &awaited)?;
        }
        Ok((root, order))
    });
    if linked.is_err() {
        for number in new {
            discard(store, program, number)?;
        }
    }
    linked
}

/// Reads a module and all it needs that are not loaded yet.
fn collect<T: DylinkView>(
    store: &mut StoreContextMut<'_, T>,
    path: String,
    new: &mut Vec<usize>,
) -> Result<()> {
    let contents = read(store, &path)?;
    new.push(add(store, path, &contents)?);
    let mut next = 0;
    while let Some(number) = new.get(next).copied() {
        let names = store.data_mut().dylink().modules[number]
            .section
            .needed
            .clone();
        for name in names {
            if IN_PROGRAM.contains(&name.as_str()) {
                continue;
            }
            let needed = find_needed(store, number, &name, new)?;
            store.data_mut().dylink().modules[number]
                .needed
                .push(needed);
        }
        next += 1;
    }
    Ok(())
}

fn read<T: DylinkView>(store: &mut StoreContextMut<'_, T>, path: &str) -> Result<Vec<u8>> {
    store.data_mut().read(path).map_err(|reason| Error::File {
        path: path.to_owned(),
        reason,
    })
}

/// Compiles a module and gives it a number.
fn add<T: DylinkView>(
    store: &mut StoreContextMut<'_, T>,
    path: String,
    contents: &[u8],
) -> Result<usize> {
    let section = SideModule::parse(contents).map_err(|reason| Error::NotSideModule {
        path: path.clone(),
        reason,
    })?;
    let engine = store.engine().clone();
    let dylink = store.data_mut().dylink();
    if dylink.modules.len() >= MOST {
        return Err(Error::TooMany(MOST));
    }
    let code = match &dylink.cache {
        Some(cache) => cache.module(&engine, contents),
        None => Module::new(&engine, contents),
    };
    dylink.modules.push(Loaded {
        code: code.map_err(|error| Error::Compile {
            path: path.clone(),
            reason: format!("{error:#}"),
        })?,
        path,
        section,
        needed: Vec::new(),
        place: Place::default(),
        instance: None,
        opened: 0,
    });
    Ok(dylink.modules.len() - 1)
}

/// The module that another one needs: in the folders that this one names, or in its own.
fn find_needed<T: DylinkView>(
    store: &mut StoreContextMut<'_, T>,
    by: usize,
    name: &str,
    new: &mut Vec<usize>,
) -> Result<usize> {
    let module = &store.data_mut().dylink().modules[by];
    let path = module.path.clone();
    let origin = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut folders: Vec<String> = module.section.runtime_paths.clone();
    folders.push("$ORIGIN".to_owned());
    for folder in &mut folders {
        *folder = format!("/{}", plain(&folder.replace("$ORIGIN", origin)));
    }
    for folder in &folders {
        let candidate = if name.starts_with('/') {
            format!("/{}", plain(name))
        } else {
            format!("/{}", plain(&format!("{folder}/{name}")))
        };
        if let Some(number) = number_of(store, &candidate) {
            return Ok(number);
        }
        match read(store, &candidate) {
            Ok(contents) => {
                let number = add(store, candidate, &contents)?;
                new.push(number);
                return Ok(number);
            }
            Err(Error::File {
                reason: FileError::NotFound | FileError::Outside,
                ..
            }) => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::Needed {
        path,
        name: name.to_owned(),
        folders,
    })
}

/// The new modules, each after those it needs; within a cycle, in the order of need.
fn post_order(modules: &[Loaded], root: usize, new: &[usize], order: &mut Vec<usize>) {
    // A module and the first of its needs that was not visited
    let mut path = vec![(root, 0)];
    let mut seen = vec![root];
    while let Some((number, next)) = path.last_mut() {
        if let Some(needed) = modules[*number].needed.get(*next) {
            *next += 1;
            if new.contains(needed) && !seen.contains(needed) {
                seen.push(*needed);
                path.push((*needed, 0));
            }
        } else {
            order.push(*number);
            path.pop();
        }
    }
}

fn place<T: DylinkView>(
    store: &mut StoreContextMut<'_, T>,
    program: &Program,
    number: usize,
) -> Result<()> {
    let module = &store.data_mut().dylink().modules[number];
    let (path, section) = (module.path.clone(), module.section.clone());
    let place = program.place(&mut *store, &path, &section)?;
    store.data_mut().dylink().modules[number].place = place;
    Ok(())
}

/// Gives back what a module holds that could not be linked.
fn discard<T: DylinkView>(
    store: &mut StoreContextMut<'_, T>,
    program: &Program,
    number: usize,
) -> Result<()> {
    let dylink = store.data_mut().dylink();
    let module = &mut dylink.modules[number];
    module.path.clear();
    module.instance = None;
    let place = std::mem::take(&mut module.place);
    let mut slots = std::mem::take(&mut dylink.slots);
    let released = program.release(&mut *store, &place, &mut slots);
    store.data_mut().dylink().slots = slots;
    released
}

fn instantiate<T: DylinkView>(
    store: &mut StoreContextMut<'_, T>,
    program: &Program,
    scope: &[Definer],
    number: usize,
    awaited: &mut Vec<Awaited>,
) -> Result<()> {
    let code = store.data_mut().dylink().modules[number].code.clone();
    let mut imports = Vec::new();
    for import in code.imports() {
        let (module, name, ty) = (import.module(), import.name(), import.ty());
        let found: Extern = match (module, ty) {
            ("env", ExternType::Func(ty)) => {
                function(store, program, scope, number, name, &ty)?.into()
            }
            ("env", ty) => own(store, program, number, name, &ty)?,
            // NB: WASI looks for memory in the module that calls it, which is to be the program, so it
            // is called through wasi-libc's functions of the same types
            ("wasi_snapshot_preview1", ExternType::Func(ty)) => {
                let libc = format!("__wasi_{name}");
                function(store, program, scope, number, &libc, &ty)?.into()
            }
            ("GOT.mem" | "GOT.func", ExternType::Global(ty))
                if ty.mutability() == Mutability::Var
                    && ValType::eq(ty.content(), &ValType::I32) =>
            {
                let global = Global::new(&mut *store, ty, Val::I32(0))?;
                awaited.push(Awaited {
                    module: number,
                    global,
                    symbol: name.to_owned(),
                    is_function: module == "GOT.func",
                });
                global.into()
            }
            _ => {
                let cure = "nothing here is known by that name";
                return Err(unknown(store, number, module, name, cure));
            }
        };
        imports.push(found);
    }
    let instance = Instance::new(&mut *store, &code, &imports).map_err(|error| {
        if error.is::<I32Exit>() {
            return Error::Guest(error);
        }
        Error::Instantiate {
            path: store.data_mut().dylink().modules[number].path.clone(),
            reason: format!("{error:#}"),
        }
    })?;
    store.data_mut().dylink().modules[number].instance = Some(instance);
    Ok(())
}

fn unknown<T: DylinkView>(
    store: &mut StoreContextMut<'_, T>,
    number: usize,
    module: &str,
    name: &str,
    cure: &'static str,
) -> Error {
    Error::Import {
        path: store.data_mut().dylink().modules[number].path.clone(),
        module: module.to_owned(),
        name: name.to_owned(),
        cure,
    }
}

/// What a module works with rather than links to: memory, table, and its places in them.
fn own<T: DylinkView>(
    store: &mut StoreContextMut<'_, T>,
    program: &Program,
    number: usize,
    name: &str,
    ty: &ExternType,
) -> Result<Extern> {
    let place = store.data_mut().dylink().modules[number].place;
    let mut base = |address: u32| {
        let ty = GlobalType::new(ValType::I32, Mutability::Const);
        Global::new(&mut *store, ty, Val::I32(address.cast_signed()))
    };
    Ok(match (name, ty) {
        ("memory", ExternType::Memory(_)) => program.memory.into(),
        ("__indirect_function_table", ExternType::Table(_)) => program.table.into(),
        ("__stack_pointer", ExternType::Global(_)) => program.stack_pointer.into(),
        ("__memory_base", ExternType::Global(_)) => base(place.memory_base)?.into(),
        ("__table_base", ExternType::Global(_)) => base(place.table_base)?.into(),
        _ => {
            let cure = "a module links functions, and data through `GOT.mem`: compile it with `-fPIC` (`relocation-model=pic`)";
            return Err(unknown(store, number, "env", name, cure));
        }
    })
}

/// The function that an import is bound to.
fn function<T: DylinkView>(
    store: &mut StoreContextMut<'_, T>,
    program: &Program,
    scope: &[Definer],
    number: usize,
    name: &str,
    wanted: &FuncType,
) -> Result<Func> {
    for definer in scope.iter().copied() {
        let promised = scope::promised(store.data_mut().dylink(), definer, name);
        let (found, described) = match (promised, definer) {
            (Some(ExternType::Func(ty)), Definer::Module(definer)) => {
                if FuncType::eq(&ty, wanted) {
                    return Ok(bound_later(store, definer, name, ty));
                }
                (None, format!("a function {}", signature(&ty)))
            }
            (Some(_), _) => (None, "no function".to_owned()),
            (None, _) => match scope::export(store, program, definer, name) {
                Some(found) => {
                    let described = kind_of(&*store, &found);
                    (found.into_func(), described)
                }
                None => continue,
            },
        };
        return match found {
            Some(function) if FuncType::eq(&function.ty(&*store), wanted) => Ok(function),
            _ => {
                let dylink = store.data_mut().dylink();
                Err(Error::Mismatch {
                    path: dylink.modules[number].path.clone(),
                    symbol: name.to_owned(),
                    wanted: format!("a function {}", signature(wanted)),
                    definer: dylink.name_of(definer),
                    found: described,
                })
            }
        };
    }
    let module = &store.data_mut().dylink().modules[number];
    if module.may_lack("env", name) {
        let message = format!("{} calls `{name}`, which is defined nowhere", module.path);
        return Ok(Func::new(store, wanted.clone(), move |_, _, _| {
            Err(wasmtime::Error::msg(message.clone()))
        }));
    }
    Err(Error::Undefined {
        path: module.path.clone(),
        kind: "function",
        symbol: name.to_owned(),
    })
}

/// A function of a module that is not instantiated yet, in a cycle of modules: found when called.
fn bound_later<T: DylinkView>(
    store: &mut StoreContextMut<'_, T>,
    definer: usize,
    name: &str,
    ty: FuncType,
) -> Func {
    let name = name.to_owned();
    Func::new(store, ty, move |mut caller, parameters, results| {
        let instance = caller.data_mut().dylink().modules[definer].instance;
        instance
            .and_then(|instance| instance.get_func(&mut caller, &name))
            .ok_or_else(|| wasmtime::Error::msg(format!("`{name}` is called before it is there")))?
            .call(&mut caller, parameters, results)
    })
}

impl Loaded {
    /// Whether an import may stay without a definition.
    fn may_lack(&self, module: &str, name: &str) -> bool {
        self.section
            .weak_imports
            .contains(&(module.to_owned(), name.to_owned()))
    }
}

/// Writes the address of a symbol to the global that a module has for it.
fn settle<T: DylinkView>(
    store: &mut StoreContextMut<'_, T>,
    program: &Program,
    scope: &[Definer],
    awaited: &Awaited,
) -> Result<()> {
    let Awaited {
        module,
        global,
        symbol,
        is_function,
    } = awaited;
    let kind = if *is_function {
        "function"
    } else {
        "data symbol"
    };
    let Some((definer, found)) = scope::find(store, program, scope, symbol) else {
        let module = &store.data_mut().dylink().modules[*module];
        // NB: wasm-ld names weak symbols as imports of `env`, also where only an address is taken
        if ["env", "GOT.mem", "GOT.func"]
            .iter()
            .any(|part| module.may_lack(part, symbol))
        {
            return Ok(());
        }
        return Err(Error::Undefined {
            path: module.path.clone(),
            kind,
            symbol: symbol.clone(),
        });
    };
    let address = if matches!(found, Extern::Func(_)) == *is_function {
        scope::address(store, program, definer, &found)?
    } else {
        Err(kind_of(&*store, &found))
    };
    let address = address.map_err(|found| {
        let dylink = store.data_mut().dylink();
        Error::Mismatch {
            path: dylink.modules[*module].path.clone(),
            symbol: symbol.clone(),
            wanted: format!("a {kind}"),
            definer: dylink.name_of(definer),
            found,
        }
    })?;
    Ok(global.set(store, Val::I32(address.cast_signed()))?)
}

/// Applies relocations of data, then runs the constructors; what a module needs comes before it.
fn initialise<T: DylinkView>(store: &mut StoreContextMut<'_, T>, order: &[usize]) -> Result<()> {
    let constructors = ["_initialize", "__wasm_call_ctors"];
    for names in [&["__wasm_apply_data_relocs"][..], &constructors] {
        for number in order {
            let Some(instance) = store.data_mut().dylink().modules[*number].instance else {
                continue;
            };
            let function = names
                .iter()
                .find_map(|name| instance.get_func(&mut *store, name));
            if let Some(function) = function {
                function.call(&mut *store, &[], &mut [])?;
            }
        }
    }
    Ok(())
}
