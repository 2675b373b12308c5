//! What a run gives.

use std::time::Duration;

use serde_json::{Value, json};

use crate::graph::Graph;
use crate::manifest::Manifest;

/// What a run gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The one item that came out, or an array of none or several.
    pub outputs: Value,
    /// What was run.
    pub graph: GraphInfo,
    /// The pipeline's name.
    pub pipeline: String,
    /// How long the run took, the making of its nodes included.
    pub duration: Duration,
    /// What each node did, in the order of execution.
    pub nodes: Vec<NodeMetrics>,
}

/// The shape of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphInfo {
    /// How many nodes there are.
    pub node_count: usize,
    /// How many of them no other feeds.
    pub source_count: usize,
    /// How many of them feed no other.
    pub sink_count: usize,
    /// The ids of the nodes in the order in which they run.
    pub execution_order: Vec<String>,
}

impl GraphInfo {
    /// The shape of a manifest's graph.
    #[must_use]
    pub fn new(manifest: &Manifest, graph: &Graph) -> Self {
        let ids = graph.order.iter();
        Self {
            node_count: manifest.nodes.len(),
            source_count: graph.sources().len(),
            sink_count: graph.sinks().len(),
            execution_order: ids.map(|&index| manifest.nodes[index].id.clone()).collect(),
        }
    }

    /// It as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "node_count": self.node_count,
            "source_count": self.source_count,
            "sink_count": self.sink_count,
            "execution_order": self.execution_order,
        })
    }
}

/// What a node did in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeMetrics {
    /// The node's id.
    pub id: String,
    /// How often it was given an item, tries after an error included.
    pub executions: u64,
    /// How many of these failed, and were tried again.
    pub errors: u64,
    /// How many items it gave.
    pub outputs: u64,
    /// How long it worked. Zero if the executor was not told to measure.
    pub total: Duration,
    /// The shortest time for an item.
    pub shortest: Duration,
    /// The longest.
    pub longest: Duration,
}

impl NodeMetrics {
    pub(crate) fn record(&mut self, duration: Duration) {
        self.shortest = if self.executions == 0 {
            duration
        } else {
            self.shortest.min(duration)
        };
        self.longest = self.longest.max(duration);
        self.total += duration;
        self.executions += 1;
    }

    fn to_json(&self) -> Value {
        let executions = u32::try_from(self.executions).unwrap_or(u32::MAX);
        json!({
            "node_id": self.id,
            "execution_count": self.executions,
            "success_count": self.executions - self.errors,
            "error_count": self.errors,
            "output_count": self.outputs,
            "total_duration_us": microseconds(self.total),
            "avg_duration_us": microseconds(self.total.checked_div(executions).unwrap_or_default()),
            "min_duration_us": microseconds(self.shortest),
            "max_duration_us": microseconds(self.longest),
        })
    }
}

fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

impl Outcome {
    pub(crate) fn new(
        manifest: &Manifest,
        graph: &Graph,
        mut outputs: Vec<Value>,
        nodes: Vec<NodeMetrics>,
        duration: Duration,
    ) -> Self {
        let outputs = match outputs.pop() {
            Some(only) if outputs.is_empty() => only,
            last => {
                outputs.extend(last);
                Value::Array(outputs)
            }
        };
        Self {
            outputs,
            graph: GraphInfo::new(manifest, graph),
            pipeline: manifest.metadata.name.clone(),
            duration,
            nodes,
        }
    }

    /// The result as JSON: `status`, `outputs` and `graph_info`. Outputs are moved, for they may be large.
    #[must_use]
    pub fn into_json(self) -> Value {
        let graph = self.graph.to_json();
        let mut result = json!({ "status": "success", "outputs": null, "graph_info": graph });
        result["outputs"] = self.outputs;
        result
    }

    /// The metrics as JSON; times are in microseconds.
    #[must_use]
    pub fn metrics_to_json(&self) -> Value {
        let nodes: Vec<_> = self.nodes.iter().map(NodeMetrics::to_json).collect();
        json!({
            "pipeline_id": self.pipeline,
            "total_duration_us": microseconds(self.duration),
            "node_metrics": nodes,
        })
    }
}
