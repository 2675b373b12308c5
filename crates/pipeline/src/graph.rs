//! The nodes of a manifest, their connections, and the order in which they run.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::fmt::Write as _;

use crate::error::Error;
use crate::manifest::Manifest;

/// The graph of a manifest. Nodes are known by their index in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// For each node, the nodes that it gets its items from, in the order of the connections.
    pub inputs: Vec<Vec<usize>>,
    /// For each node, how many connections leave it.
    pub fan_out: Vec<usize>,
    /// All nodes, each after those that feed it. Where that leaves a choice, in the manifest's order.
    pub order: Vec<usize>,
}

impl Graph {
    /// Connects the nodes.
    ///
    /// # Errors
    /// An id that two nodes have, a connection of a node that is not there, a cycle.
    pub fn new(manifest: &Manifest) -> Result<Self, Error> {
        let nodes = &manifest.nodes;
        let mut indices = HashMap::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            if let Some(first) = indices.insert(node.id.as_str(), index) {
                return Err(Error::manifest(format!(
                    "Duplicate node ID: {}; nodes[{first}] and nodes[{index}] have it: rename one",
                    node.id
                )));
            }
        }

        let mut inputs = vec![Vec::new(); nodes.len()];
        let mut outputs = vec![Vec::new(); nodes.len()];
        for (number, connection) in manifest.connections.iter().enumerate() {
            let find = |end, id: &str| {
                indices.get(id).copied().ok_or_else(|| {
                    Error::manifest(format!(
                        "Connection references unknown {end} node: {id}; connections[{number}] can \
                         have one of {}",
                        listed(nodes.iter().map(|node| node.id.as_str()), ", ")
                    ))
                })
            };
            let from = find("source", &connection.from)?;
            let to = find("target", &connection.to)?;
            inputs[to].push(from);
            outputs[from].push(to);
        }

        let order = order(&inputs, &outputs);
        if order.len() < nodes.len() {
            let cycle = cycle(&inputs, &order);
            let ids = cycle.iter().map(|&index| nodes[index].id.as_str());
            return Err(Error::manifest(format!(
                "Pipeline contains a cycle - cannot execute; take out one connection of {}",
                listed(ids, " -> ")
            )));
        }
        Ok(Self {
            inputs,
            fan_out: outputs.iter().map(Vec::len).collect(),
            order,
        })
    }

    /// Nodes that no other feeds, in the manifest's order.
    #[must_use]
    pub fn sources(&self) -> Vec<usize> {
        let nodes = 0..self.inputs.len();
        nodes.filter(|&node| self.inputs[node].is_empty()).collect()
    }

    /// Nodes that feed no other, in the manifest's order.
    #[must_use]
    pub fn sinks(&self) -> Vec<usize> {
        let nodes = 0..self.fan_out.len();
        nodes.filter(|&node| self.fan_out[node] == 0).collect()
    }

    /// Whether all nodes are one chain.
    #[must_use]
    pub fn is_line(&self) -> bool {
        self.sources().len() == 1
            && self.inputs.iter().all(|inputs| inputs.len() <= 1)
            && self.fan_out.iter().all(|&connections| connections <= 1)
    }
}

/// The first of some ids, so that a message stays readable.
fn listed<'a>(ids: impl ExactSizeIterator<Item = &'a str>, between: &str) -> String {
    const SHOWN: usize = 20;
    let more = ids.len().saturating_sub(SHOWN);
    let mut text = ids.take(SHOWN).collect::<Vec<_>>().join(between);
    if more > 0 {
        let _ = write!(text, "{between}... and {more} more");
    }
    text
}

/// Kahn's algorithm, which always takes the first node of the manifest that is ready. Nodes of a
/// cycle, and after one, are left out.
fn order(inputs: &[Vec<usize>], outputs: &[Vec<usize>]) -> Vec<usize> {
    let mut missing: Vec<_> = inputs.iter().map(Vec::len).collect();
    let mut ready: BinaryHeap<_> = (0..inputs.len())
        .filter(|&node| missing[node] == 0)
        .map(Reverse)
        .collect();
    let mut order = Vec::with_capacity(inputs.len());
    while let Some(Reverse(node)) = ready.pop() {
        order.push(node);
        for &next in &outputs[node] {
            missing[next] -= 1;
            if missing[next] == 0 {
                ready.push(Reverse(next));
            }
        }
    }
    order
}

/// The nodes of a cycle in the direction of its connections, the first one again at the end.
fn cycle(inputs: &[Vec<usize>], ordered: &[usize]) -> Vec<usize> {
    let mut left: Vec<_> = vec![true; inputs.len()];
    for &node in ordered {
        left[node] = false;
    }
    // A node that is left has an input that is left too, so going backwards ends in a cycle.
    let mut path = Vec::new();
    let mut seen_at = vec![None; inputs.len()];
    let mut next = left.iter().position(|&left| left);
    while let Some(node) = next {
        if let Some(start) = seen_at[node] {
            path.drain(..start);
            path.push(node);
            break;
        }
        seen_at[node] = Some(path.len());
        path.push(node);
        next = inputs[node].iter().copied().find(|&input| left[input]);
    }
    path.reverse();
    path
}
