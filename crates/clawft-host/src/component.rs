//! The component, by the names and types of its WIT world.

use std::path::Path;

use serde_json::Value;
use wasmtime::component::{Component, Instance, Linker, ResourceAny, Val};
use wasmtime::error::Context as _;
use wasmtime::{Engine, Store, bail, format_err};

use crate::machine::Machine;
use crate::value;

/// The interface that the agent exports.
const INTERFACE: &str = "clawft:agent/agent@0.1.0";

/// What a call gives: a value, or the component's own error in words.
pub type Called<T> = wasmtime::Result<Result<T, String>>;

/// Compiles a component to a file that this program loads.
///
/// # Errors
/// A file that cannot be read, compiled or written.
#[cfg(feature = "compiler")]
pub fn compile(engine: &Engine, component: &Path, file: &Path) -> wasmtime::Result<()> {
    let bytes =
        std::fs::read(component).with_context(|| format!("cannot read {}", component.display()))?;
    let code = engine
        .precompile_component(&bytes)
        .with_context(|| format!("cannot compile {}", component.display()))?;
    std::fs::write(file, code).with_context(|| format!("cannot write {}", file.display()))
}

/// An instance of the component.
pub struct Agent {
    store: Store<Machine>,
    instance: Instance,
}

impl Agent {
    /// Loads a component, or what [`compile`] made of one.
    ///
    /// # Errors
    /// A file that is none, or needs more than a host of WASI 0.2 has.
    pub fn load(engine: &Engine, file: &Path, machine: Machine) -> wasmtime::Result<Self> {
        // NB: what is no file of machine code at all may be an error here
        let component = if matches!(Engine::detect_precompiled_file(file), Ok(Some(_))) {
            // SAFETY: who names a compiled file on the command line says that it is one, as with any
            // program; its header is checked against this engine.
            unsafe { Component::deserialize_file(engine, file) }
        } else {
            from_file(engine, file)
        }
        .with_context(|| format!("cannot load {}", file.display()))?;
        let mut linker = Linker::new(engine);
        wasmtime_wasi::p2::add_to_linker_sync(&mut linker)?;
        wasmtime_wasi_http::p2::add_only_http_to_linker_sync(&mut linker)?;
        let mut store = Store::new(engine, machine);
        let instance = linker.instantiate(&mut store, &component)?;
        Ok(Self { store, instance })
    }

    /// Reads the configuration.
    ///
    /// # Errors
    /// A trap.
    pub fn init(&mut self, config: Option<&str>) -> Called<()> {
        let path = config.map(|path| Box::new(Val::String(path.to_owned())));
        Ok(self.call("init", &[Val::Option(path)])?.map(|_| ()))
    }

    /// What the agent is.
    ///
    /// # Errors
    /// A trap, or what is no JSON.
    pub fn capabilities(&mut self) -> Called<Value> {
        match self.call("capabilities", &[])? {
            Ok(Some(Val::String(text))) => Ok(Ok(serde_json::from_str(&text)?)),
            Err(error) => Ok(Err(error)),
            Ok(other) => bail!("capabilities gives {other:?}"),
        }
    }

    /// Starts the answer to a message.
    ///
    /// # Errors
    /// A trap.
    pub fn start(&mut self, session: &str, message: &str) -> Called<ResourceAny> {
        let arguments = [
            Val::String(session.to_owned()),
            Val::String(message.to_owned()),
        ];
        match self.call("start", &arguments)? {
            Ok(Some(Val::Resource(turn))) => Ok(Ok(turn)),
            Err(error) => Ok(Err(error)),
            Ok(other) => bail!("start gives {other:?}"),
        }
    }

    /// The next event of an answer.
    ///
    /// # Errors
    /// A trap.
    pub fn next(&mut self, turn: ResourceAny) -> Called<Option<Value>> {
        match self.call("[method]turn.next", &[Val::Resource(turn)])? {
            Ok(Some(Val::Option(event))) => Ok(Ok(event.map(|event| value::tagged(&event)))),
            Err(error) => Ok(Err(error)),
            Ok(other) => bail!("next gives {other:?}"),
        }
    }

    /// Calls a function of the interface that gives a result.
    fn call(&mut self, name: &str, arguments: &[Val]) -> Called<Option<Val>> {
        let function = self
            .instance
            .get_export_index(&mut self.store, None, INTERFACE)
            .and_then(|interface| {
                self.instance
                    .get_export_index(&mut self.store, Some(&interface), name)
            })
            .and_then(|function| self.instance.get_func(&mut self.store, function))
            .with_context(|| format!("the component has no {INTERFACE} with {name}"))?;
        let mut results = [Val::Bool(false)];
        function
            .call(&mut self.store, arguments, &mut results)
            .with_context(|| format!("{name} trapped"))?;
        let [result] = results;
        match result {
            Val::Result(Ok(value)) => Ok(Ok(value.map(|value| *value))),
            Val::Result(Err(Some(error))) => Ok(Err(value::message(&error))),
            other => Err(format_err!("{name} gives {other:?}")),
        }
    }
}

#[cfg(feature = "compiler")]
fn from_file(engine: &Engine, file: &Path) -> wasmtime::Result<Component> {
    Component::from_file(engine, file)
}

#[cfg(not(feature = "compiler"))]
fn from_file(_engine: &Engine, _file: &Path) -> wasmtime::Result<Component> {
    wasmtime::bail!("it is not compiled, and this program has no compiler: clawft-host --compile")
}
