//! A Python object as a node of a pipeline.

use pipeline::{Context, Deadline, ErrorKind, Node, NodeError, NodeFactory, manifest};
use pyo3::prelude::*;
use pyo3::types::PyList;
use serde_json::Value;

use crate::{Python as Interpreter, convert, failure, interpreter, limits, run};

/// A node that Python runs.
struct PythonNode {
    /// A `Runner` of `running.py`; `None` once it was cleaned up.
    runner: Option<Py<PyAny>>,
    deadline: Deadline,
    _run: run::Member,
}

impl NodeFactory for Interpreter {
    fn create(
        &self,
        node: &manifest::Node,
        context: &Context,
    ) -> Option<Result<Box<dyn Node>, NodeError>> {
        let run = run::Member::join(&self.folders);
        let deadline = &context.deadline;
        let loaded = Python::attach(|py| {
            let load = || {
                let params = convert::to_python(py, &Value::Object(node.params.clone()))?;
                let arguments = (&node.id, &node.node_type, params, node.is_streaming);
                let load = interpreter::running(py)?.getattr("load")?;
                limits::within(py, deadline, || load.call1(arguments))
            };
            match load() {
                Ok(runner) if runner.is_none() => None,
                Ok(runner) => Some(Ok(runner.unbind())),
                Err(error) => Some(Err(failure::node_error(py, &error, deadline))),
            }
        });
        loaded.map(|loaded| {
            loaded.map(|runner| {
                Box::new(PythonNode {
                    runner: Some(runner),
                    deadline: deadline.clone(),
                    _run: run,
                }) as Box<dyn Node>
            })
        })
    }

    fn node_types(&self) -> Vec<String> {
        Python::attach(|py| {
            py.import("remotemedia.nodes")?
                .getattr("__all__")?
                .extract::<Vec<String>>()
        })
        .unwrap_or_default()
        .into_iter()
        .chain(["Python".to_owned()])
        .collect()
    }
}

impl PythonNode {
    /// Calls a method of the runner that gives a list of outputs.
    fn call(&self, method: &str, item: Option<Value>) -> Result<Vec<Value>, NodeError> {
        let Some(runner) = &self.runner else {
            return Ok(Vec::new());
        };
        Python::attach(|py| {
            let call = || {
                // The item's own memory is free before the node runs.
                let item = item.map(|item| convert::to_python(py, &item));
                let item = item.transpose()?;
                let method = runner.bind(py).getattr(method)?;
                limits::within(py, &self.deadline, || match item {
                    Some(item) => method.call1((item,)),
                    None => method.call0(),
                })
            };
            let outputs =
                call().map_err(|error| failure::node_error(py, &error, &self.deadline))?;
            let outputs = outputs
                .cast::<PyList>()
                .map_err(|error| NodeError::execution(format!("a runner gives a list: {error}")))?;
            outputs
                .iter()
                .map(|output| convert::to_json(&output))
                .collect()
        })
    }
}

impl Node for PythonNode {
    fn process(&mut self, item: Value) -> Result<Vec<Value>, NodeError> {
        self.call("process", Some(item))
    }

    fn finish(&mut self) -> Result<Vec<Value>, NodeError> {
        self.call("finish", None)
    }

    fn cleanup(&mut self) {
        // A run that is out of time has none for this either, and says so by itself.
        if let Err(error) = self.call("cleanup", None)
            && error.kind != ErrorKind::Timeout
        {
            eprintln!("cleanup of a Python node failed: {error}");
        }
        self.runner = None;
    }
}
