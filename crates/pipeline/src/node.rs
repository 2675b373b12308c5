//! What a node is, and who makes one.
//!
//! A kind of nodes is added by a [`NodeFactory`]. The life of a node is one run of a pipeline: it is
//! created, given its items, asked for what it holds back, and cleaned up, also after an error.

use std::future::{self, Future};
use std::pin::Pin;

use serde_json::Value;
use thiserror::Error;

use crate::builtin::Builtin;
use crate::deadline::Deadline;
use crate::error::{Error, ErrorKind, Place};
use crate::manifest;

/// What [`Node::process_async`] gives.
pub type Processing<'a> = Pin<Box<dyn Future<Output = Result<Vec<Value>, NodeError>> + Send + 'a>>;

/// A node at work in one run of a pipeline.
pub trait Node: Send {
    /// Takes an item and gives any number of them, which go on in this order.
    ///
    /// After an error that is [retryable](NodeError::retryable) it may be called with the same item
    /// again, so such an error leaves the node as it was.
    ///
    /// # Errors
    /// Whatever is wrong with the item. It ends the run.
    fn process(&mut self, item: Value) -> Result<Vec<Value>, NodeError>;

    /// The same in an asynchronous run. A node that waits for something does so here without holding
    /// a thread; what it gives is what [`process`](Node::process) gives.
    fn process_async(&mut self, item: Value) -> Processing<'_> {
        Box::pin(future::ready(self.process(item)))
    }

    /// Gives what the node held back, once it has been given its last item. A node that streams
    /// gives everything here.
    ///
    /// # Errors
    /// As [`process`](Node::process), but it is never asked again.
    fn finish(&mut self) -> Result<Vec<Value>, NodeError> {
        Ok(Vec::new())
    }

    /// Ends the node's life: called once, whether or not the run went well.
    fn cleanup(&mut self) {}
}

/// What a run tells the nodes that are made for it.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// When the run is out of time. It is looked at before every item; a node that works for long
    /// looks itself, and ends with [`NodeError::out_of_time`].
    pub deadline: Deadline,
}

/// Makes nodes of certain types.
pub trait NodeFactory: Send + Sync {
    /// Makes a node for one run, or `None` if its type is not one of this factory's.
    ///
    /// # Errors
    /// (inside the option) A node of this factory's cannot be made of these parameters. The message
    /// names the parameter and the cure; whoever asked adds the node's id.
    fn create(
        &self,
        node: &manifest::Node,
        context: &Context,
    ) -> Option<Result<Box<dyn Node>, NodeError>>;

    /// The types it makes, for the message about a type that nobody makes. A factory that takes any
    /// name has none to tell.
    fn node_types(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Factories, asked in order. The built-in nodes come first.
pub struct Registry {
    factories: Vec<Box<dyn NodeFactory>>,
}

impl Registry {
    /// The built-in nodes.
    #[must_use]
    pub fn new() -> Self {
        Self {
            factories: vec![Box::new(Builtin)],
        }
    }

    /// Asks another factory, after those that there are.
    pub fn add(&mut self, factory: Box<dyn NodeFactory>) {
        self.factories.push(factory);
    }

    /// Makes a node by the first factory that has its type.
    ///
    /// # Errors
    /// Nobody has the type, or the factory refuses the parameters.
    pub fn create(&self, node: &manifest::Node, context: &Context) -> Result<Box<dyn Node>, Error> {
        let place = || Place::node(&node.id);
        self.factories
            .iter()
            .find_map(|factory| factory.create(node, context))
            .ok_or_else(|| {
                let mut known: Vec<String> = Vec::new();
                for name in self
                    .factories
                    .iter()
                    .flat_map(|factory| factory.node_types())
                {
                    if !known.contains(&name) {
                        known.push(name);
                    }
                }
                let message = format!(
                    "Unknown node type: {}; known here are {}",
                    node.node_type,
                    known.join(", ")
                );
                Error::new(ErrorKind::Manifest, message).at(place())
            })?
            .map_err(|error| Error::from(error).at(place()))
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

/// Why a node failed. The executor adds which node it was, and at which item.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}: {message}", kind.prefix())]
pub struct NodeError {
    /// What kind of failure.
    pub kind: ErrorKind,
    /// What is wrong, and the cure where there is one.
    pub message: String,
    /// The traceback, if it is an exception of Python's.
    pub traceback: Option<String>,
    /// Whether the same item may be tried again.
    pub retryable: bool,
}

impl NodeError {
    /// A failure. Those of input and output, transport and WASM may be tried again, as in the
    /// original; the others not.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            traceback: None,
            retryable: matches!(kind, ErrorKind::Io | ErrorKind::Transport | ErrorKind::Wasm),
        }
    }

    /// A failure of the node's own work.
    pub fn execution(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Execution, message)
    }

    /// A parameter that cannot be used.
    pub fn parameter(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Manifest, message)
    }

    /// The run's time is over.
    #[must_use]
    pub fn out_of_time(deadline: &Deadline) -> Self {
        Self::new(ErrorKind::Timeout, deadline.message())
    }

    /// With the traceback of an exception.
    #[must_use]
    pub fn with_traceback(mut self, traceback: impl Into<String>) -> Self {
        self.traceback = Some(traceback.into());
        self
    }

    /// Whether the same item may be tried again.
    #[must_use]
    pub fn retryable(mut self, retryable: bool) -> Self {
        self.retryable = retryable;
        self
    }
}
