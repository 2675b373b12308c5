//! The executor: how it is set up, and its two ways of running a pipeline.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{self, Poll, Waker};
use std::time::Duration;

use serde_json::Value;

use crate::deadline::{Clock, SystemClock};
use crate::error::Error;
use crate::graph::Graph;
use crate::manifest::Manifest;
use crate::node::{NodeFactory, Registry};
use crate::outcome::{GraphInfo, Outcome};
use crate::retry::Retry;
use crate::run;

/// How pipelines are run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What is done about errors that are retryable.
    pub retry: Retry,
    /// How long a run may take.
    pub timeout: Option<Duration>,
    /// Whether the time that each node takes is measured.
    pub metrics: bool,
    /// What all times go by.
    pub clock: Arc<dyn Clock>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            retry: Retry::None,
            timeout: None,
            metrics: false,
            clock: Arc::new(SystemClock::new()),
        }
    }
}

/// Runs pipelines. Each run has nodes of its own, so nothing of one is seen in the next.
#[derive(Default)]
pub struct Executor {
    registry: Registry,
    settings: Settings,
}

impl Executor {
    /// An executor with the built-in nodes.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            registry: Registry::new(),
            settings,
        }
    }

    /// Adds a kind of nodes, after those that there are.
    pub fn add(&mut self, factory: Box<dyn NodeFactory>) {
        self.registry.add(factory);
    }

    /// Makes the nodes of a pipeline and sends nothing through them.
    ///
    /// # Errors
    /// What a run would find before its first item.
    pub fn check(&self, manifest: &Manifest) -> Result<GraphInfo, Error> {
        let graph = Graph::new(manifest)?;
        let context = run::context(&self.settings);
        run::stages(&self.registry, manifest, &graph, &context)?;
        Ok(GraphInfo::new(manifest, &graph))
    }

    /// Runs a pipeline on this thread, which waits wherever the pipeline does. No input means that
    /// each source is given null, once.
    ///
    /// # Errors
    /// The first thing that goes wrong.
    pub fn execute_sync(&self, manifest: &Manifest, input: Vec<Value>) -> Result<Outcome, Error> {
        let run = run::run::<run::Blocking>(&self.registry, &self.settings, manifest, input);
        match pin!(run).poll(&mut task::Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => result,
            Poll::Pending => unreachable!("a blocking run has nothing that is pending"),
        }
    }

    /// Runs a pipeline as a future, for an executor of futures of any kind. It gives way after each
    /// item, and holds no thread while a node waits or before another try.
    ///
    /// Its result is that of [`execute_sync`](Self::execute_sync): both are the same code.
    ///
    /// # Errors
    /// As `execute_sync`.
    #[cfg(not(target_family = "wasm"))]
    pub fn execute(
        &self,
        manifest: &Manifest,
        input: Vec<Value>,
    ) -> impl Future<Output = Result<Outcome, Error>> + Send {
        run::run::<crate::asynchronous::Cooperative>(
            &self.registry,
            &self.settings,
            manifest,
            input,
        )
    }
}
