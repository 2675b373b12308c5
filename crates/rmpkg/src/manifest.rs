//! What a package's manifest must have so that a loader takes it, and whether an executor does.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::{Map, Value};

/// The only platform whose runtimes packages carry.
pub const TARGET: &str = "wasm32-wasi";
/// The only version of manifests.
pub const VERSION: &str = "v1";

/// What is wrong with a manifest: each names the field, and what would be right.
#[derive(Debug, Default, Serialize)]
pub struct Findings {
    /// For which it is refused.
    pub errors: Vec<String>,
    /// For which it is not.
    pub warnings: Vec<String>,
}

impl Findings {
    fn error(&mut self, text: impl Into<String>) {
        self.errors.push(text.into());
    }

    fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }

    /// A string that must be there and not empty.
    fn text<'a>(
        &mut self,
        object: &'a Map<String, Value>,
        key: &str,
        path: &str,
    ) -> Option<&'a str> {
        match object.get(key) {
            Some(Value::String(text)) if !text.is_empty() => return Some(text),
            None | Some(Value::Null) => self.error(format!("missing {path}")),
            Some(_) => self.error(format!("{path} is not a string with something in it")),
        }
        None
    }

    fn list<'a>(&mut self, object: &'a Map<String, Value>, key: &str) -> Option<&'a [Value]> {
        match object.get(key) {
            Some(Value::Array(items)) => return Some(items),
            None | Some(Value::Null) => match (key, object.contains_key("edges")) {
                ("connections", true) => {
                    self.error("missing connections; `edges` was its name in a draft");
                }
                _ => self.error(format!("missing {key}")),
            },
            Some(_) => self.error(format!("{key} is not a list")),
        }
        None
    }

    fn object<'a>(&mut self, value: &'a Value, path: &str) -> Option<&'a Map<String, Value>> {
        let object = value.as_object();
        if object.is_none() {
            self.error(format!("{path} is not an object"));
        }
        object
    }
}

/// Holds a manifest against the rules.
#[must_use]
pub fn check(manifest: &Value) -> Findings {
    let mut found = Findings::default();
    let Some(manifest) = found.object(manifest, "the manifest") else {
        return found;
    };
    if let Some(version) = found.text(manifest, "version", "version")
        && version != VERSION
    {
        found.warn(format!(
            "version is `{version}`; this is known: `{VERSION}`"
        ));
    }
    match manifest.get("metadata") {
        None | Some(Value::Null) => found.error("missing metadata, with a name"),
        Some(metadata) => {
            if let Some(metadata) = found.object(metadata, "metadata") {
                found.text(metadata, "name", "metadata.name");
            }
        }
    }
    check_runtime(manifest, &mut found);
    let nodes = found.list(manifest, "nodes");
    let connections = found.list(manifest, "connections");
    let ids = check_nodes(nodes.unwrap_or_default(), &mut found);
    if nodes.is_some_and(<[Value]>::is_empty) {
        found.warn("nodes is empty: the pipeline does nothing");
    }
    // NB: without nodes every end of a connection would be unknown
    if nodes.is_some() {
        check_connections(connections.unwrap_or_default(), &ids, &mut found);
    }
    found
}

/// What the executor of this workspace has against a manifest. It is stricter than a loader, which
/// can meet a package of another executor.
#[must_use]
pub fn refusal(manifest: &Value) -> Option<String> {
    pipeline::Manifest::from_value(manifest)
        .and_then(|manifest| pipeline::Graph::new(&manifest))
        .err()
        .map(|error| error.to_string())
}

fn check_runtime(manifest: &Map<String, Value>, found: &mut Findings) {
    match manifest.get("runtime") {
        None | Some(Value::Null) => {
            let draft = if manifest.contains_key("runtime_target") {
                "; `runtime_target` was its name in a draft"
            } else {
                ""
            };
            found.warn(format!(
                "missing runtime: its target is taken to be `{TARGET}`{draft}"
            ));
        }
        Some(runtime) => {
            if let Some(runtime) = found.object(runtime, "runtime")
                && let Some(target) = found.text(runtime, "target", "runtime.target")
                && target != TARGET
            {
                found.error(format!(
                    "unsupported runtime.target `{target}`; packages have `{TARGET}`"
                ));
            }
        }
    }
}

fn check_nodes<'a>(nodes: &'a [Value], found: &mut Findings) -> HashSet<&'a str> {
    let mut ids = HashSet::new();
    for (number, node) in nodes.iter().enumerate() {
        let path = format!("nodes[{number}]");
        let Some(node) = found.object(node, &path) else {
            continue;
        };
        let mut name = path.clone();
        if let Some(id) = found.text(node, "id", &format!("{path}.id")) {
            name = format!("{path} `{id}`");
            let allowed = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
            if !id.chars().all(allowed) {
                found.error(format!(
                    "{path}.id `{id}` has other letters than a to z, digits, `_` and `-`"
                ));
            }
            if !ids.insert(id) {
                found.error(format!("{path}.id `{id}` is an earlier node's"));
            }
        }
        found.text(node, "node_type", &format!("{name}: node_type"));
        match node.get("params") {
            None | Some(Value::Null) => found.warn(format!(
                "{name}: missing params, taken to be an empty object"
            )),
            Some(Value::Object(_)) => {}
            Some(_) => found.error(format!("{name}: params is not an object")),
        }
    }
    ids
}

fn check_connections(connections: &[Value], ids: &HashSet<&str>, found: &mut Findings) {
    for (number, connection) in connections.iter().enumerate() {
        let path = format!("connections[{number}]");
        let Some(connection) = found.object(connection, &path) else {
            continue;
        };
        for end in ["from", "to"] {
            let path = format!("{path}.{end}");
            if let Some(id) = found.text(connection, end, &path)
                && !ids.contains(id)
            {
                found.error(format!("{path} `{id}` is no node's id"));
            }
        }
    }
}
