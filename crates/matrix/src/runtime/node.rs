//! Node, for core modules: a script in it speaks the protocol of [`crate::remote`].

use super::{Driver, Invocation};

/// The `node` on PATH.
pub struct Node;

impl Driver for Node {
    fn start(&self) -> Invocation {
        Invocation::new("node")
            .arg("--input-type=module")
            .arg("--eval")
            .arg(include_str!("node.mjs"))
    }

    fn version(&self) -> (&'static str, Invocation) {
        ("node", Invocation::new("node").arg("--version"))
    }
}
