//! One run of a pipeline.
//!
//! It is written once, as an `async fn` over a [`Pace`]: what a node, a pause and a breath between
//! two items are. With [`Blocking`] none of them is ever pending.

use std::future::Future;
use std::time::Duration;
use std::vec;

use serde_json::Value;

use crate::deadline::{Clock, Deadline};
use crate::error::{Error, ErrorKind, Place};
use crate::executor::Settings;
use crate::graph::Graph;
use crate::manifest::{Manifest, Placement};
use crate::node::{Context, Node, NodeError, Registry};
use crate::outcome::{NodeMetrics, Outcome};

/// How a run waits.
pub trait Pace: Send {
    /// Gives a node an item.
    fn process(
        node: &mut dyn Node,
        item: Value,
        clock: &dyn Clock,
        deadline: &Deadline,
    ) -> impl Future<Output = Result<Vec<Value>, NodeError>> + Send;
    /// Lets some time go by.
    fn pause(clock: &dyn Clock, duration: Duration) -> impl Future<Output = ()> + Send;
    /// Lets others work.
    fn give_way() -> impl Future<Output = ()> + Send;
}

/// The thread waits.
pub struct Blocking;

impl Pace for Blocking {
    async fn process(
        node: &mut dyn Node,
        item: Value,
        _clock: &dyn Clock,
        _deadline: &Deadline,
    ) -> Result<Vec<Value>, NodeError> {
        node.process(item)
    }

    async fn pause(clock: &dyn Clock, duration: Duration) {
        clock.sleep(duration);
    }

    async fn give_way() {}
}

/// A node at its place in the order of execution.
pub struct Stage {
    node: Box<dyn Node>,
    /// How many items it has been given.
    given: usize,
    metrics: NodeMetrics,
}

impl Drop for Stage {
    // Also when an error or the drop of a future ends the run.
    fn drop(&mut self) {
        self.node.cleanup();
    }
}

impl Stage {
    /// Gives the node an item, again after an error that is retryable.
    async fn process<P: Pace>(
        &mut self,
        mut item: Value,
        settings: &Settings,
        deadline: &Deadline,
    ) -> Result<Vec<Value>, Error> {
        let clock = settings.clock.as_ref();
        let mut failures = 0;
        loop {
            if deadline.passed() {
                return Err(NodeError::out_of_time(deadline).into());
            }
            // A copy for the next try, if there may be one.
            let again = settings
                .retry
                .delay(failures + 1)
                .map(|pause| (pause, item.clone()));
            let start = settings.metrics.then(|| clock.now());
            let result = P::process(self.node.as_mut(), item, clock, deadline).await;
            let taken = start.map(|start| clock.now().saturating_sub(start));
            self.metrics.record(taken.unwrap_or_default());
            let error = match result {
                Ok(_) if deadline.passed() => NodeError::out_of_time(deadline),
                Ok(results) => return Ok(results),
                Err(error) => error,
            };
            self.metrics.errors += 1;
            failures += 1;
            match again {
                Some((pause, copy)) if error.retryable => {
                    let left = deadline.remaining().unwrap_or(Duration::MAX);
                    P::pause(clock, pause.min(left)).await;
                    item = copy;
                }
                _ => return Err(last_error(error, failures)),
            }
        }
    }
}

/// Makes the nodes, in the order of execution.
pub fn stages(
    registry: &Registry,
    manifest: &Manifest,
    graph: &Graph,
    context: &Context,
) -> Result<Vec<Stage>, Error> {
    let mut stages = Vec::with_capacity(graph.order.len());
    for &index in &graph.order {
        let node = &manifest.nodes[index];
        let placement = node.execution.as_ref().map(|execution| execution.placement);
        if placement == Some(Placement::Remote) {
            let message = "it is to run on another host, to which there is no way from here: set \
                           execution.placement to \"local\" or \"prefer_remote\"";
            return Err(Error::new(ErrorKind::Transport, message).at(Place::node(&node.id)));
        }
        stages.push(Stage {
            node: registry.create(node, context)?,
            given: 0,
            metrics: NodeMetrics {
                id: node.id.clone(),
                ..NodeMetrics::default()
            },
        });
    }
    Ok(stages)
}

/// What nodes are made with: the time begins now.
pub fn context(settings: &Settings) -> Context {
    let deadline = settings.timeout.map_or_else(Deadline::default, |timeout| {
        Deadline::after(settings.clock.clone(), timeout)
    });
    Context { deadline }
}

/// Runs a pipeline.
pub async fn run<P: Pace>(
    registry: &Registry,
    settings: &Settings,
    manifest: &Manifest,
    mut input: Vec<Value>,
) -> Result<Outcome, Error> {
    let start = settings.clock.now();
    let context = context(settings);
    let graph = Graph::new(manifest)?;
    let mut run = Run {
        stages: stages(registry, manifest, &graph, &context)?,
        settings,
        deadline: context.deadline,
    };
    if input.is_empty() {
        input.push(Value::Null);
    }
    let outputs = if graph.is_line() {
        run.line::<P>(input).await?
    } else {
        run.network::<P>(&graph, input).await?
    };
    let metrics = run
        .stages
        .iter_mut()
        .map(|stage| std::mem::take(&mut stage.metrics))
        .collect();
    let duration = settings.clock.now().saturating_sub(start);
    Ok(Outcome::new(manifest, &graph, outputs, metrics, duration))
}

struct Run<'a> {
    stages: Vec<Stage>,
    settings: &'a Settings,
    deadline: Deadline,
}

impl Run<'_> {
    /// Each item goes all the way before the next one is taken, so that a long input never lies
    /// between two nodes.
    async fn line<P: Pace>(&mut self, input: Vec<Value>) -> Result<Vec<Value>, Error> {
        let mut outputs = Vec::new();
        self.flow::<P>(0, input, &mut outputs).await?;
        for stage in 0..self.stages.len() {
            let held_back = self.finish(stage)?;
            self.flow::<P>(stage + 1, held_back, &mut outputs).await?;
        }
        Ok(outputs)
    }

    /// Sends items through a stage and all after it.
    async fn flow<P: Pace>(
        &mut self,
        first: usize,
        items: Vec<Value>,
        outputs: &mut Vec<Value>,
    ) -> Result<(), Error> {
        if first == self.stages.len() {
            outputs.extend(items);
            return Ok(());
        }
        // For each stage from the first on, the items that it has yet to be given.
        let mut waiting: Vec<vec::IntoIter<Value>> = vec![items.into_iter()];
        while let Some(items) = waiting.last_mut() {
            let Some(item) = items.next() else {
                waiting.pop();
                continue;
            };
            let stage = first + waiting.len() - 1;
            let results = self.process::<P>(stage, item).await?;
            if stage + 1 == self.stages.len() {
                outputs.extend(results);
            } else {
                waiting.push(results.into_iter());
            }
        }
        Ok(())
    }

    /// Each node is given everything before the next one is given anything.
    async fn network<P: Pace>(
        &mut self,
        graph: &Graph,
        input: Vec<Value>,
    ) -> Result<Vec<Value>, Error> {
        let mut sources_left = graph.sources().len();
        let mut input = input;
        let mut results: Vec<Vec<Value>> = vec![Vec::new(); graph.order.len()];
        // How many connections have yet to take them.
        let mut takers = graph.fan_out.clone();
        for (stage, &index) in graph.order.iter().enumerate() {
            let items = if graph.inputs[index].is_empty() {
                sources_left -= 1;
                take_or_clone(&mut input, sources_left)
            } else {
                let mut items = Vec::new();
                for &from in &graph.inputs[index] {
                    takers[from] -= 1;
                    items.extend(take_or_clone(&mut results[from], takers[from]));
                }
                items
            };
            let mut given = Vec::with_capacity(items.len());
            for item in items {
                given.extend(self.process::<P>(stage, item).await?);
            }
            given.extend(self.finish(stage)?);
            results[index] = given;
        }
        let sinks = graph.sinks();
        Ok(sinks
            .into_iter()
            .flat_map(|sink| std::mem::take(&mut results[sink]))
            .collect())
    }

    async fn process<P: Pace>(&mut self, stage: usize, item: Value) -> Result<Vec<Value>, Error> {
        let stage = &mut self.stages[stage];
        let number = stage.given;
        stage.given += 1;
        let results = stage
            .process::<P>(item, self.settings, &self.deadline)
            .await
            .map_err(|error| error.at(Place::item(&stage.metrics.id, number)))?;
        stage.metrics.outputs += results.len() as u64;
        P::give_way().await;
        Ok(results)
    }

    fn finish(&mut self, stage: usize) -> Result<Vec<Value>, Error> {
        let stage = &mut self.stages[stage];
        let place = Place::node(&stage.metrics.id);
        let result = stage.node.finish();
        let result = match result {
            Ok(_) if self.deadline.passed() => Err(NodeError::out_of_time(&self.deadline)),
            result => result,
        };
        let results = result.map_err(|error| Error::from(error).at(place))?;
        stage.metrics.outputs += results.len() as u64;
        Ok(results)
    }
}

/// The items themselves for the last one who needs them.
fn take_or_clone(items: &mut Vec<Value>, needed_by: usize) -> Vec<Value> {
    if needed_by == 0 {
        std::mem::take(items)
    } else {
        items.clone()
    }
}

/// What is told of the error of the last try.
fn last_error(error: NodeError, failures: u32) -> Error {
    if failures < 2 {
        return error.into();
    }
    let message = format!("Retry exhausted after {failures} attempts: {error}");
    Error {
        kind: ErrorKind::Execution,
        message,
        place: None,
        traceback: error.traceback,
    }
}
