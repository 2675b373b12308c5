//! The manifest, version 1: what a pipeline is made of.
//!
//! `schema/manifest.v1.json` says the same as a JSON Schema, of which a test sees to it that it
//! accepts what this module accepts. What a schema cannot say, such as that no two nodes have one
//! id, is in [`Graph`](crate::Graph).

mod fields;
mod read;

use serde_json::{Map, Value};

use crate::error::Error;

/// The JSON Schema of the manifest.
pub const SCHEMA: &str = include_str!("../schema/manifest.v1.json");

/// The most nodes of a pipeline. Each may wrap its item once more, and a value that is nested too
/// deeply exhausts the stack.
pub const MOST_NODES: usize = 1000;

/// A pipeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Name and origin.
    pub metadata: Metadata,
    /// At least one, and at most [`MOST_NODES`].
    pub nodes: Vec<Node>,
    /// What feeds what. A node that several feed gets their items in this order.
    pub connections: Vec<Connection>,
    /// What a package's module has to offer.
    pub runtime: Option<Runtime>,
    /// What is not wrong, but is not heeded either, such as a field that is not known.
    pub warnings: Vec<String>,
}

/// Name and origin of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// 1 to 255 characters.
    pub name: String,
    /// What it does.
    pub description: Option<String>,
    /// A time in ISO 8601; not looked into.
    pub created_at: Option<String>,
    /// Who made it.
    pub author: Option<String>,
    /// Its own version.
    pub version: Option<String>,
    /// Its licence.
    pub license: Option<String>,
}

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Letters, digits, `_` and `-`.
    pub id: String,
    /// What a [`NodeFactory`](crate::NodeFactory) goes by.
    pub node_type: String,
    /// What the node is made with.
    pub params: Map<String, Value>,
    /// Whether a Python node's `process` takes the stream of all items, in place of each.
    pub is_streaming: bool,
    /// What it needs.
    pub capabilities: Option<Capabilities>,
    /// Where it runs, `HOST:PORT`.
    pub host: Option<String>,
    /// What it is run by.
    pub runtime_hint: RuntimeHint,
    /// On which side it runs.
    pub execution: Option<Execution>,
}

/// What a node is run by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RuntimeHint {
    /// An interpreter written in Rust. Here it means Python, whatever its interpreter.
    RustPython,
    /// `CPython`.
    Cpython,
    /// `CPython` in WASM.
    CpythonWasm,
    /// The first factory that has the type.
    #[default]
    Auto,
}

impl RuntimeHint {
    /// Whether only a Python node will do, also where a built-in node has the same name.
    #[must_use]
    pub fn is_python(self) -> bool {
        self != Self::Auto
    }
}

/// What a node needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Capabilities {
    /// A GPU.
    pub gpu: Option<Gpu>,
    /// A CPU.
    pub cpu: Option<Cpu>,
    /// Memory in GB.
    pub memory_gb: Option<f64>,
}

/// A GPU that a node needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Gpu {
    /// `cuda`, `rocm`, `metal`, `vulkan` or `any`.
    pub kind: String,
    /// Its memory in GB.
    pub min_memory_gb: Option<f64>,
    /// Whether the node cannot do without; true if not given.
    pub required: bool,
}

/// A CPU that a node needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cpu {
    /// At least so many cores.
    pub cores: Option<f64>,
    /// `x86_64`, `aarch64`, `arm` or `any`.
    pub arch: Option<String>,
}

/// On which side a node runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Execution {
    /// Where.
    pub placement: Placement,
    /// Why.
    pub reason: Option<String>,
    /// The node that takes over where it cannot run.
    pub fallback: Option<String>,
}

/// Where a node runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Placement {
    /// Here.
    Local,
    /// On another host.
    Remote,
    /// Here, if that is possible.
    PreferLocal,
    /// On another host, if that is possible.
    PreferRemote,
    /// In a browser.
    Browser,
    /// In WASI.
    Wasi,
    /// Outside of WASM.
    Host,
    /// In a browser, if that is possible.
    PreferBrowser,
    /// Outside of WASM, if that is possible.
    PreferHost,
    /// Wherever it can.
    #[default]
    Auto,
}

/// A connection between two nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The node that gives the items.
    pub from: String,
    /// The node that takes them.
    pub to: String,
}

/// What a package's module has to offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runtime {
    /// `wasm32-wasi` or `wasm32-wasip1`, which are two names of one thing.
    pub target: String,
    /// The lowest version of the module that will do.
    pub min_version: Option<String>,
    /// `python`, `rust-only`.
    pub features: Vec<String>,
}

impl Manifest {
    /// Reads the text of a manifest.
    ///
    /// # Errors
    /// Not JSON, or not a manifest. The message has every mistake with the node, the field and the
    /// cure.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        let value = serde_json::from_slice(text)
            .map_err(|error| Error::manifest(format!("the manifest is not JSON: {error}")))?;
        Self::from_value(&value)
    }

    /// Reads a manifest that has been JSON already.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn from_value(value: &Value) -> Result<Self, Error> {
        read::manifest(value)
    }
}
