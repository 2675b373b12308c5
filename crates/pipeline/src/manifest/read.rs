//! How the fields of a manifest are read.

use serde_json::Value;

use super::fields::{Findings, Object, kind};
use super::{
    Capabilities, Connection, Cpu, Execution, Gpu, MOST_NODES, Manifest, Metadata, Node, Placement,
    Runtime, RuntimeHint,
};
use crate::error::Error;

const RUNTIME_HINTS: [(&str, RuntimeHint); 4] = [
    ("rust_python", RuntimeHint::RustPython),
    ("cpython", RuntimeHint::Cpython),
    ("cpython_wasm", RuntimeHint::CpythonWasm),
    ("auto", RuntimeHint::Auto),
];

const PLACEMENTS: [(&str, Placement); 10] = [
    ("local", Placement::Local),
    ("remote", Placement::Remote),
    ("prefer_local", Placement::PreferLocal),
    ("prefer_remote", Placement::PreferRemote),
    ("auto", Placement::Auto),
    ("browser", Placement::Browser),
    ("wasi", Placement::Wasi),
    ("host", Placement::Host),
    ("prefer_browser", Placement::PreferBrowser),
    ("prefer_host", Placement::PreferHost),
];

const GPUS: [(&str, ()); 5] = [
    ("cuda", ()),
    ("rocm", ()),
    ("metal", ()),
    ("vulkan", ()),
    ("any", ()),
];

const ARCHITECTURES: [(&str, ()); 4] = [("x86_64", ()), ("aarch64", ()), ("arm", ()), ("any", ())];

const TARGETS: [(&str, ()); 2] = [("wasm32-wasi", ()), ("wasm32-wasip1", ())];

const FEATURES: [(&str, ()); 2] = [("python", ()), ("rust-only", ())];

pub fn manifest(value: &Value) -> Result<Manifest, Error> {
    let findings = Findings::default();
    let manifest = Object::new(&findings, "a manifest", value).map(|root| read(&root, &findings));
    let problems = findings.problems.take();
    match manifest {
        Some(mut manifest) if problems.is_empty() => {
            manifest.warnings = findings.warnings.take();
            Ok(manifest)
        }
        _ => Err(Error::manifest(problems.join("; "))),
    }
}

/// What is missing or wrong is replaced by anything: a problem has been noted.
fn read<'v>(root: &Object<'v>, findings: &'v Findings) -> Manifest {
    root.others(&[
        "version",
        "metadata",
        "nodes",
        "connections",
        "runtime",
        // Names of a draft.
        "edges",
        "runtime_target",
    ]);
    version(root);
    let metadata = root
        .required("metadata", "{\"name\": \"...\"}")
        .and_then(|value| root.object("metadata", value))
        .map(|object| metadata(&object));
    let nodes = root
        .required("nodes", "[...]")
        .and_then(|value| root.array("nodes", value))
        .map(|values| nodes(root, values, findings));
    Manifest {
        metadata: metadata.unwrap_or_else(|| Metadata {
            name: String::new(),
            description: None,
            created_at: None,
            author: None,
            version: None,
            license: None,
        }),
        nodes: nodes.unwrap_or_default(),
        connections: connections(root, findings),
        runtime: runtime(root),
        warnings: Vec::new(),
    }
}

fn version(root: &Object<'_>) {
    let Some(value) = root.required("version", "\"v1\"") else {
        return;
    };
    if let Some(version) = root.string("version", value)
        && version != "v1"
    {
        root.complaint(format!(
            "Unsupported manifest version: {version}; version must be \"v1\""
        ));
    }
}

fn metadata(object: &Object<'_>) -> Metadata {
    object.others(&[
        "name",
        "description",
        "created_at",
        "author",
        "version",
        "license",
        "wasm_binary",
    ]);
    if object.has("wasm_binary") {
        object.problem(
            "wasm_binary",
            "is of a draft and says nothing here: take it out, and give the module to the packer",
        );
    }
    let name = object
        .required("name", "\"...\"")
        .and_then(|value| object.string("name", value))
        .unwrap_or("?");
    if !(1..=255).contains(&name.chars().count()) {
        object.problem("name", "must have 1 to 255 characters");
    }
    Metadata {
        name: name.to_owned(),
        description: object.text("description"),
        created_at: object.text("created_at"),
        author: object.text("author"),
        version: object.text("version"),
        license: object.text("license"),
    }
}

fn nodes<'v>(root: &Object<'v>, values: &'v [Value], findings: &'v Findings) -> Vec<Node> {
    if values.is_empty() {
        root.complaint("Manifest must contain at least one node: add one to nodes");
    }
    if values.len() > MOST_NODES {
        root.problem(
            "nodes",
            format!(
                "may be {MOST_NODES}, not {}: make two pipelines",
                values.len()
            ),
        );
        return Vec::new();
    }
    let mut nodes = Vec::with_capacity(values.len());
    for (index, value) in values.iter().enumerate() {
        if let Some(object) = Object::new(findings, &format!("nodes[{index}]"), value) {
            nodes.push(node(index, object));
        }
    }
    nodes
}

fn node(index: usize, object: Object<'_>) -> Node {
    // Where there is an id, it is what the user knows the node by.
    let object = match object.value("id").and_then(Value::as_str) {
        Some(id) => object.called(format!("node {id}: ")),
        None => object.called(format!("nodes[{index}]: ")),
    };
    object.others(&[
        "id",
        "node_type",
        "params",
        "is_streaming",
        "capabilities",
        "host",
        "runtime_hint",
        "execution",
    ]);
    let id = object
        .required("id", "\"...\"")
        .and_then(|value| identifier(&object, "id", value));
    let node_type = object
        .required("node_type", "\"...\"")
        .and_then(|value| object.string("node_type", value));
    if node_type == Some("") {
        object.problem("node_type", "is empty: name the class or built-in node");
    }
    let params = object
        .value("params")
        .and_then(|value| object.object("params", value))
        .map(|params| params.map().clone());
    let host = object.text("host");
    if host.as_deref().is_some_and(|host| !is_host(host)) {
        object.problem("host", "must be HOST:PORT, such as \"localhost:50051\"");
    }
    Node {
        id: id.unwrap_or_default(),
        node_type: node_type.unwrap_or_default().to_owned(),
        params: params.unwrap_or_default(),
        is_streaming: object.boolean("is_streaming", false),
        capabilities: object
            .optional("capabilities")
            .and_then(|value| object.object("capabilities", value))
            .map(|object| capabilities(&object)),
        host,
        runtime_hint: object
            .optional("runtime_hint")
            .and_then(|value| object.choice("runtime_hint", value, &RUNTIME_HINTS))
            .unwrap_or_default(),
        execution: object
            .optional("execution")
            .and_then(|value| object.object("execution", value))
            .map(|object| execution(&object)),
    }
}

/// A node's id.
fn identifier(object: &Object<'_>, field: &str, value: &Value) -> Option<String> {
    let Some(id) = value.as_str() else {
        object.problem(field, format!("must be a string, not {}", kind(value)));
        return None;
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if id.is_empty() || !id.bytes().all(plain) {
        object.problem(
            field,
            format!("must have letters of ASCII, digits, _ and - only, not {value}"),
        );
        return None;
    }
    Some(id.to_owned())
}

fn is_host(host: &str) -> bool {
    host.split_once(':').is_some_and(|(name, port)| {
        !name.is_empty() && !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn capabilities(object: &Object<'_>) -> Capabilities {
    object.others(&["gpu", "cpu", "memory_gb"]);
    Capabilities {
        gpu: object
            .optional("gpu")
            .and_then(|value| object.object("gpu", value))
            .map(|object| gpu(&object)),
        cpu: object
            .optional("cpu")
            .and_then(|value| object.object("cpu", value))
            .map(|object| cpu(&object)),
        memory_gb: object.number("memory_gb", 0.0),
    }
}

fn gpu(object: &Object<'_>) -> Gpu {
    object.others(&["type", "min_memory_gb", "required"]);
    Gpu {
        kind: object
            .required("type", "\"any\"")
            .and_then(|value| word(object, "type", value, &GPUS))
            .unwrap_or_default(),
        min_memory_gb: object.number("min_memory_gb", 0.0),
        required: object.boolean("required", true),
    }
}

fn cpu(object: &Object<'_>) -> Cpu {
    object.others(&["cores", "arch"]);
    let cores = object.number("cores", 1.0);
    if let Some(cores) = cores
        && cores.fract() != 0.0
    {
        object.problem("cores", format!("must be whole, not {cores}"));
    }
    Cpu {
        cores,
        arch: object
            .optional("arch")
            .and_then(|value| word(object, "arch", value, &ARCHITECTURES)),
    }
}

fn execution(object: &Object<'_>) -> Execution {
    object.others(&["placement", "reason", "fallback"]);
    Execution {
        placement: object
            .optional("placement")
            .and_then(|value| object.choice("placement", value, &PLACEMENTS))
            .unwrap_or_default(),
        reason: object.text("reason"),
        fallback: object.text("fallback"),
    }
}

fn connections<'v>(root: &Object<'v>, findings: &'v Findings) -> Vec<Connection> {
    let field = match (root.has("connections"), root.has("edges")) {
        (true, true) => {
            root.complaint("connections and edges are two names of one thing: take out edges");
            return Vec::new();
        }
        (false, true) => "edges",
        _ => "connections",
    };
    let values = root
        .required(field, "[], or [{\"from\": \"...\", \"to\": \"...\"}]")
        .and_then(|value| root.array(field, value));
    let mut connections = Vec::new();
    for (index, value) in values.into_iter().flatten().enumerate() {
        let what = format!("{field}[{index}]");
        let Some(object) = Object::new(findings, &what, value) else {
            continue;
        };
        let object = object.called(format!("{what}: "));
        object.others(&["from", "to"]);
        let end = |field| {
            object
                .required(field, "\"ID\"")
                .and_then(|value| identifier(&object, field, value))
                .unwrap_or_default()
        };
        connections.push(Connection {
            from: end("from"),
            to: end("to"),
        });
    }
    connections
}

fn runtime(root: &Object<'_>) -> Option<Runtime> {
    if root.has("runtime") && root.has("runtime_target") {
        root.complaint("runtime_target is a draft's name of runtime.target: take it out");
        return None;
    }
    if let Some(value) = root.optional("runtime_target") {
        return Some(Runtime {
            target: word(root, "runtime_target", value, &TARGETS)?,
            min_version: None,
            features: Vec::new(),
        });
    }
    let object = root.object("runtime", root.optional("runtime")?)?;
    object.others(&["target", "min_version", "features"]);
    let features = object
        .optional("features")
        .and_then(|value| object.array("features", value))
        .into_iter()
        .flatten()
        .filter_map(|value| word(&object, "features", value, &FEATURES))
        .collect();
    Some(Runtime {
        target: object
            .required("target", "\"wasm32-wasi\"")
            .and_then(|value| word(&object, "target", value, &TARGETS))
            .unwrap_or_default(),
        min_version: object.text("min_version"),
        features,
    })
}

/// One of these words, as it is written.
fn word(object: &Object<'_>, field: &str, value: &Value, words: &[(&str, ())]) -> Option<String> {
    object.choice(field, value, words)?;
    value.as_str().map(str::to_owned)
}
