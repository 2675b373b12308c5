//! A module in the interpreter, and how it is called.

use serde_json::Value;
use wasmi::core::{Trap, TrapCode, ValueType};
use wasmi::{
    Config, Engine, ExternType, FuncType, Instance, Linker, Memory, Module, StackLimits, Store,
    StoreLimits, StoreLimitsBuilder, TypedFunc, WasmParams, WasmResults,
};

use super::CONTRACT;
use super::verdict::{self, Verdict};

/// Most bytes of a module's memory.
const MEMORY_LIMIT: usize = 16 << 20;
/// Most tables of a module, and most places of each.
const TABLES: (usize, u32) = (4, 16 << 10);
/// Most bytes of an answer.
const ANSWER_LIMIT: usize = 64 << 10;
/// What a call may take, and how much more for each byte that it is given. An instruction takes about one; of a
/// loop all are counted, whichever of them are run.
// NB: 100 ms, and half a second for each million bytes
const FUEL: (u64, u64) = (40_000_000, 200);
/// Most calls in each other, and most of their values, of which each has 8 bytes.
const STACK: (usize, usize) = (1_000, 128 << 10);

const MEMORY: &str = "memory";
const ALLOCATE: &str = "wm_alloc";
const VERSION: &str = "wm_governance";
const JUDGE: &str = "wm_judge";
const OBSERVE: &str = "wm_observe";
const REPORT: &str = "wm_report";

/// A function of the contract.
struct Function {
    name: &'static str,
    takes: &'static [ValueType],
    gives: &'static [ValueType],
    /// Of the others, a module must have one.
    required: bool,
}

const fn function(
    name: &'static str,
    takes: &'static [ValueType],
    gives: &'static [ValueType],
    required: bool,
) -> Function {
    Function {
        name,
        takes,
        gives,
        required,
    }
}

const FUNCTIONS: [Function; 5] = [
    function(ALLOCATE, &[ValueType::I32], &[ValueType::I32], true),
    function(VERSION, &[], &[ValueType::I32], true),
    function(
        JUDGE,
        &[ValueType::I32, ValueType::I32],
        &[ValueType::I64],
        false,
    ),
    function(OBSERVE, &[ValueType::I32, ValueType::I32], &[], false),
    function(REPORT, &[], &[ValueType::I64], false),
];

/// What went wrong, for a sentence that begins with the module's name.
type Result<T> = std::result::Result<T, String>;

/// A module that keeps the contract, and its instance.
#[derive(Debug)]
pub(super) struct Loaded {
    module: Module,
    functions: Vec<&'static str>,
    /// Nothing once it has failed: the next call begins anew.
    running: Option<Running>,
}

impl Loaded {
    /// A module of these bytes.
    pub(super) fn new(bytes: &[u8]) -> Result<Self> {
        // NB: one for each module, since an engine keeps the code of all that it ever had
        let engine = Engine::new(&config()?);
        let module = Module::new(&engine, bytes).map_err(|error| format!("no module: {error}"))?;
        let functions = check(&module)?;
        let mut running = Running::start(&module)?;
        running.refuel(0)?;
        let version = running
            .version
            .call(&mut running.store, ())
            .map_err(|error| told(VERSION, &error))?;
        if version != CONTRACT {
            return Err(format!(
                "it is of version {version} of the contract, and this program knows {CONTRACT}"
            ));
        }
        Ok(Self {
            module,
            functions,
            running: Some(running),
        })
    }

    /// Those that the contract leaves open and the module has.
    pub(super) fn functions(&self) -> Vec<&'static str> {
        self.functions.clone()
    }

    pub(super) fn judges(&self) -> bool {
        self.functions.contains(&JUDGE)
    }

    /// What it says of a call.
    pub(super) fn judge(&mut self, input: &str) -> Result<Verdict> {
        self.with_running(|running| {
            let Some(judge) = running.judge else {
                return Ok(Err(format!("it exports no {JUDGE}")));
            };
            let Some(place) = running.give(input)? else {
                return Ok(Err(no_room(input)));
            };
            let answer = judge
                .call(&mut running.store, place)
                .map_err(|error| told(JUDGE, &error))?;
            let verdict = running.answer(answer)?.map(Verdict::read);
            Ok(Ok(verdict.transpose()?.unwrap_or_default()))
        })
    }

    pub(super) fn observe(&mut self, input: &str) -> Result<()> {
        if !self.functions.contains(&OBSERVE) {
            return Ok(());
        }
        self.with_running(|running| {
            let Some(observe) = running.observe else {
                return Ok(Ok(()));
            };
            let Some(place) = running.give(input)? else {
                return Ok(Err(no_room(input)));
            };
            observe
                .call(&mut running.store, place)
                .map_err(|error| told(OBSERVE, &error))?;
            Ok(Ok(()))
        })
    }

    /// What it reports, if anything.
    pub(super) fn report(&mut self) -> Result<Option<Value>> {
        if !self.functions.contains(&REPORT) {
            return Ok(None);
        }
        self.with_running(|running| {
            let Some(report) = running.report else {
                return Ok(Ok(None));
            };
            running.refuel(0)?;
            let answer = report
                .call(&mut running.store, ())
                .map_err(|error| told(REPORT, &error))?;
            Ok(Ok(running
                .answer(answer)?
                .map(verdict::object)
                .transpose()?))
        })
    }

    /// Calls the instance. What fails within the contract leaves it as it is; after anything else nobody knows
    /// what its memory has, and the next call gets another one.
    fn with_running<T>(
        &mut self,
        action: impl FnOnce(&mut Running) -> Result<Result<T>>,
    ) -> Result<T> {
        let mut running = match self.running.take() {
            Some(running) => running,
            None => Running::start(&self.module)?,
        };
        let result = action(&mut running)?;
        self.running = Some(running);
        result
    }
}

#[derive(Debug)]
struct Running {
    store: Store<StoreLimits>,
    memory: Memory,
    allocate: TypedFunc<i32, i32>,
    version: TypedFunc<(), i32>,
    judge: Option<TypedFunc<(i32, i32), i64>>,
    observe: Option<TypedFunc<(i32, i32), ()>>,
    report: Option<TypedFunc<(), i64>>,
}

impl Running {
    fn start(module: &Module) -> Result<Self> {
        let (tables, places) = TABLES;
        let limits = StoreLimitsBuilder::new()
            .memories(1)
            .memory_size(MEMORY_LIMIT)
            .instances(1)
            .tables(tables)
            .table_elements(places)
            .build();
        let mut store = Store::new(module.engine(), limits);
        store.limiter(|limits| limits);
        refuel(&mut store, 0)?;
        let failed = |error: wasmi::Error| match error {
            wasmi::Error::Trap(trap) => told("its start", &trap),
            error => format!("its start failed: {error}"),
        };
        let instance = Linker::new(module.engine())
            .instantiate(&mut store, module)
            .and_then(|ready| ready.start(&mut store))
            .map_err(failed)?;
        let missing = |name| format!("it exports no {name}");
        Ok(Self {
            memory: instance
                .get_memory(&store, MEMORY)
                .ok_or_else(|| missing(MEMORY))?,
            allocate: instance.get_typed_func(&store, ALLOCATE).map_err(failed)?,
            version: instance.get_typed_func(&store, VERSION).map_err(failed)?,
            judge: optional(instance, &store, JUDGE).map_err(failed)?,
            observe: optional(instance, &store, OBSERVE).map_err(failed)?,
            report: optional(instance, &store, REPORT).map_err(failed)?,
            store,
        })
    }

    fn refuel(&mut self, bytes: usize) -> Result<()> {
        refuel(&mut self.store, bytes)
    }

    /// Puts a text into its memory, and says where it lies, if there is room.
    fn give(&mut self, text: &str) -> Result<Option<(i32, i32)>> {
        self.refuel(text.len())?;
        let length = i32::try_from(text.len()).map_err(|_| "the call is too long".to_owned())?;
        let start = self
            .allocate
            .call(&mut self.store, length)
            .map_err(|error| told(ALLOCATE, &error))?;
        if start == 0 {
            return Ok(None);
        }
        let from = unsigned(start);
        let memory = self.memory.data_mut(&mut self.store);
        memory
            .get_mut(from..)
            .and_then(|rest| rest.get_mut(..text.len()))
            .ok_or_else(|| format!("{ALLOCATE} gives room that lies outside its memory"))?
            .copy_from_slice(text.as_bytes());
        Ok(Some((start, length)))
    }

    /// The text at the address in the upper half, of the length in the lower one. 0 is none.
    fn answer(&self, packed: i64) -> Result<Option<&[u8]>> {
        if packed == 0 {
            return Ok(None);
        }
        let packed = packed.cast_unsigned();
        let (from, length) = (half(packed >> 32), half(packed));
        if length > ANSWER_LIMIT {
            return Err(format!(
                "its answer has {length} bytes, of at most {ANSWER_LIMIT}"
            ));
        }
        let memory = self.memory.data(&self.store);
        let text = memory.get(from..).and_then(|rest| rest.get(..length));
        let text = text.ok_or("its answer lies outside its memory")?;
        Ok(Some(text))
    }
}

/// A function that a module need not have.
fn optional<Takes: WasmParams, Gives: WasmResults>(
    instance: Instance,
    store: &Store<StoreLimits>,
    name: &str,
) -> std::result::Result<Option<TypedFunc<Takes, Gives>>, wasmi::Error> {
    let there = instance.get_func(store, name).is_some();
    there
        .then(|| instance.get_typed_func(store, name))
        .transpose()
}

/// Gives what a call of so many bytes may take, in the place of what the last one left.
fn refuel(store: &mut Store<StoreLimits>, bytes: usize) -> Result<()> {
    let (once, each) = FUEL;
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    let fuel = once.saturating_add(each.saturating_mul(bytes));
    let left = store.consume_fuel(0);
    left.and_then(|left| store.consume_fuel(left))
        .and_then(|_| store.add_fuel(fuel))
        .map_err(|error| error.to_string())
}

fn no_room(text: &str) -> String {
    format!(
        "{ALLOCATE} has no room for the {} bytes of this call",
        text.len()
    )
}

fn unsigned(address: i32) -> usize {
    usize::try_from(address.cast_unsigned()).unwrap_or(usize::MAX)
}

/// The lower half.
fn half(packed: u64) -> usize {
    usize::try_from(packed & u64::from(u32::MAX)).unwrap_or(usize::MAX)
}

fn config() -> Result<Config> {
    let (depth, values) = STACK;
    let limits = StackLimits::new(1 << 10, values, depth).map_err(|error| error.to_string())?;
    let mut config = Config::default();
    config.consume_fuel(true).set_stack_limits(limits);
    Ok(config)
}

/// Whether it keeps the contract, as far as its imports and exports show it.
fn check(module: &Module) -> Result<Vec<&'static str>> {
    if let Some(import) = module.imports().next() {
        return Err(format!(
            "it imports {} of {}; a module imports nothing",
            import.name(),
            import.module()
        ));
    }
    match module.get_export(MEMORY) {
        Some(ExternType::Memory(_)) => {}
        Some(_) => return Err(format!("its export {MEMORY} is no memory")),
        None => return Err(format!("it exports no {MEMORY}")),
    }
    let mut found = Vec::new();
    for function in &FUNCTIONS {
        match module.get_export(function.name) {
            None if function.required => return Err(format!("it exports no {}", function.name)),
            None => {}
            Some(ExternType::Func(kind)) if function.fits(&kind) => {
                if !function.required {
                    found.push(function.name);
                }
            }
            Some(_) => {
                return Err(format!(
                    "its export {} is no function of the type {}",
                    function.name,
                    function.kind()
                ));
            }
        }
    }
    if found.is_empty() {
        return Err(format!(
            "it exports none of {JUDGE}, {OBSERVE} and {REPORT}"
        ));
    }
    Ok(found)
}

impl Function {
    fn fits(&self, kind: &FuncType) -> bool {
        kind.params() == self.takes && kind.results() == self.gives
    }

    /// As in the text format.
    fn kind(&self) -> String {
        let part = |(word, types): (&str, &[ValueType])| {
            let types = types.iter().map(|kind| match kind {
                ValueType::I64 => " i64",
                _ => " i32",
            });
            let types: String = types.collect();
            (!types.is_empty()).then(|| format!("({word}{types})"))
        };
        let parts = [("param", self.takes), ("result", self.gives)];
        parts.into_iter().filter_map(part).collect()
    }
}

/// What went wrong in a function.
fn told(name: &str, trap: &Trap) -> String {
    match trap.trap_code() {
        Some(TrapCode::OutOfFuel) => format!("{name} took longer than it may"),
        Some(code) => format!("{name} trapped: {code}"),
        None => format!("{name} failed: {trap}"),
    }
}
