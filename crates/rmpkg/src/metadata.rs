//! What a package says of itself in `metadata.json`, for those who list and choose packages.

use pipeline::NodeFactory as _;
use pipeline::builtin::Builtin;
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::{Error, Kind, Result};

/// Facts about the runtime and the pipeline, which can be counted.
#[derive(Debug, PartialEq, Serialize)]
pub struct RuntimeInfo {
    /// Bytes of the runtime.
    pub wasm_size_bytes: usize,
    /// Whether a node is not built into the executor: then Python executes it.
    pub has_python_nodes: bool,
    /// Whether a node is built into the executor, in Rust.
    pub has_rust_nodes: bool,
    /// The nodes' types, each once, in the order of the manifest.
    pub node_types: Vec<String>,
    /// How many nodes.
    pub node_count: usize,
    /// How many connections.
    pub connection_count: usize,
}

impl RuntimeInfo {
    /// Counts them in a manifest that has been checked.
    #[must_use]
    pub fn of(manifest: &Value, runtime: &[u8]) -> Self {
        let count = |key: &str| manifest[key].as_array().map_or(0, Vec::len);
        let mut node_types: Vec<String> = Vec::new();
        let built_in = Builtin.node_types();
        let (mut has_python_nodes, mut has_rust_nodes) = (false, false);
        for node in manifest["nodes"].as_array().into_iter().flatten() {
            let Some(node_type) = node["node_type"].as_str() else {
                continue;
            };
            if built_in.iter().any(|known| known == node_type) {
                has_rust_nodes = true;
            } else {
                has_python_nodes = true;
            }
            if !node_types.iter().any(|known| known == node_type) {
                node_types.push(node_type.to_owned());
            }
        }
        Self {
            wasm_size_bytes: runtime.len(),
            has_python_nodes,
            has_rust_nodes,
            node_types,
            node_count: count("nodes"),
            connection_count: count("connections"),
        }
    }
}

/// Metadata from a manifest that has been checked.
///
/// What nobody has measured or said is left out: times, memory, a licence.
#[must_use]
pub fn generate(manifest: &Value, runtime: &[u8]) -> Value {
    let about = &manifest["metadata"];
    let text = |key: &str| about[key].as_str();
    let mut metadata = json!({
        "package_name": text("name"),
        "package_version": text("version").unwrap_or("1.0.0"),
    });
    for key in ["author", "license", "created_at"] {
        if let Some(value) = text(key) {
            metadata[key] = value.into();
        }
    }
    metadata["runtime_info"] = json!(RuntimeInfo::of(manifest, runtime));
    metadata
}

/// Refuses metadata without name or version, or with facts that are not so.
///
/// # Errors
///
/// [`Kind::Metadata`].
pub fn check(metadata: &Value, facts: &RuntimeInfo) -> Result<()> {
    let wrong = |detail: String| Error::new(Kind::Metadata, format!("metadata.json: {detail}"));
    for key in ["package_name", "package_version"] {
        if metadata[key].as_str().is_none_or(str::is_empty) {
            return Err(wrong(format!("missing {key}")));
        }
    }
    let facts = json!(facts);
    let said = metadata["runtime_info"].as_object().into_iter().flatten();
    for (key, said) in said {
        // NB: which types are Rust's is the executor's to know, not the format's
        if ["has_python_nodes", "has_rust_nodes"].contains(&key.as_str()) {
            continue;
        }
        if let Some(fact) = facts.get(key)
            && fact != said
        {
            return Err(wrong(format!(
                "runtime_info.{key} is {said}, but it is {fact}"
            )));
        }
    }
    Ok(())
}
