//! Nodes that do what a test tells them, and a clock that the test turns.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{self, Poll, Wake, Waker};
use std::time::Duration;

use pipeline::manifest;
use pipeline::{
    Clock, Context, ErrorKind, Executor, Manifest, Node, NodeError, NodeFactory, Processing,
    Settings, Sleep, Value,
};
use serde_json::json;

/// A clock that stands still until somebody waits.
#[derive(Clone, Debug, Default)]
pub struct TestClock(Arc<Mutex<Time>>);

#[derive(Debug, Default)]
struct Time {
    now: Duration,
    /// When those who wait want to be woken.
    waiting: Vec<Duration>,
}

impl TestClock {
    fn time(&self) -> MutexGuard<'_, Time> {
        self.0.lock().expect("nobody panicked")
    }

    /// Goes on to the next moment that somebody waits for.
    fn advance(&self) {
        let mut time = self.time();
        let now = time.now;
        time.waiting.retain(|moment| *moment > now);
        time.now = *time.waiting.iter().min().expect("somebody waits");
    }
}

impl Clock for TestClock {
    fn now(&self) -> Duration {
        self.time().now
    }

    fn sleep(&self, duration: Duration) {
        self.time().now += duration;
    }

    fn sleep_async(&self, duration: Duration) -> Sleep {
        let clock = self.clone();
        let moment = self.now() + duration;
        self.time().waiting.push(moment);
        Box::pin(std::future::poll_fn(move |_| {
            if clock.now() >= moment {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        }))
    }
}

/// Runs futures together on this thread. Time goes on when all of them wait.
pub fn together<F: Future>(
    clock: &TestClock,
    futures: impl IntoIterator<Item = F>,
) -> Vec<F::Output> {
    struct Flag(AtomicBool);

    impl Wake for Flag {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    let flag = Arc::new(Flag(AtomicBool::new(false)));
    let waker = Waker::from(Arc::clone(&flag));
    let mut context = task::Context::from_waker(&waker);
    let mut futures: Vec<Pin<Box<F>>> = futures.into_iter().map(Box::pin).collect();
    let mut outputs: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    while outputs.iter().any(Option::is_none) {
        flag.0.store(false, Ordering::Relaxed);
        let mut ended = false;
        for (future, output) in futures.iter_mut().zip(&mut outputs) {
            if output.is_none()
                && let Poll::Ready(result) = future.as_mut().poll(&mut context)
            {
                *output = Some(result);
                ended = true;
            }
        }
        if !ended && !flag.0.load(Ordering::Relaxed) {
            clock.advance();
        }
    }
    outputs.into_iter().flatten().collect()
}

/// What the nodes of a run did, in order.
pub type Log = Arc<Mutex<Vec<String>>>;

/// Makes the nodes of this module.
#[derive(Clone, Default)]
pub struct Factory {
    pub clock: TestClock,
    pub log: Log,
}

impl Factory {
    /// An executor with these nodes, on this clock.
    pub fn executor(&self, settings: Settings) -> Executor {
        let mut executor = Executor::new(Settings {
            clock: Arc::new(self.clock.clone()),
            ..settings
        });
        executor.add(Box::new(self.clone()));
        executor
    }

    pub fn log(&self) -> Vec<String> {
        self.log.lock().expect("nobody panicked").clone()
    }
}

impl NodeFactory for Factory {
    fn create(
        &self,
        node: &manifest::Node,
        _context: &Context,
    ) -> Option<Result<Box<dyn Node>, NodeError>> {
        let number = |name: &str, default| {
            node.params.get(name).map_or(default, |value| {
                value.as_u64().expect("a parameter is a number")
            })
        };
        let work = match node.node_type.as_str() {
            "Repeat" => Work::Repeat(number("times", 1)),
            "Batch" => Work::Batch(Vec::new()),
            "Slow" => Work::Slow(Duration::from_millis(number("ms", 0))),
            "Fail" => Work::Fail {
                at: number("at", 0),
                times: number("times", 1),
                retryable: number("retryable", 1) == 1,
            },
            "FailToFinish" => Work::FailToFinish,
            _ => return None,
        };
        Some(Ok(Box::new(Acting {
            id: node.id.clone(),
            factory: self.clone(),
            work,
            given: 0,
        })))
    }
}

enum Work {
    /// Gives each item so many times.
    Repeat(u64),
    /// Holds all items back, and gives them at the end in reverse.
    Batch(Vec<Value>),
    /// Takes its time.
    Slow(Duration),
    /// Fails so often at an item.
    Fail {
        at: u64,
        times: u64,
        retryable: bool,
    },
    FailToFinish,
}

struct Acting {
    id: String,
    factory: Factory,
    work: Work,
    given: u64,
}

impl Acting {
    fn say(&self, what: &str) {
        let line = format!("{} {what}", self.id);
        let mut log = self.factory.log.lock().expect("nobody panicked");
        log.push(line);
    }
}

impl Node for Acting {
    fn process(&mut self, item: Value) -> Result<Vec<Value>, NodeError> {
        self.say(&item.to_string());
        match &mut self.work {
            Work::Repeat(times) => return Ok((0..*times).map(|_| item.clone()).collect()),
            Work::Batch(items) => {
                items.push(item);
                return Ok(Vec::new());
            }
            Work::Slow(duration) => self.factory.clock.sleep(*duration),
            Work::Fail {
                at,
                times,
                retryable,
            } => {
                if *at == self.given && *times > 0 {
                    *times -= 1;
                    let error = NodeError::new(ErrorKind::Io, "not now");
                    return Err(error.retryable(*retryable));
                }
                self.given += 1;
            }
            Work::FailToFinish => {}
        }
        Ok(vec![item])
    }

    fn process_async(&mut self, item: Value) -> Processing<'_> {
        let Work::Slow(duration) = self.work else {
            return Box::pin(std::future::ready(self.process(item)));
        };
        self.say(&item.to_string());
        let sleep = self.factory.clock.sleep_async(duration);
        Box::pin(async move {
            sleep.await;
            Ok(vec![item])
        })
    }

    fn finish(&mut self) -> Result<Vec<Value>, NodeError> {
        match &mut self.work {
            Work::Batch(items) => {
                let mut items = std::mem::take(items);
                items.reverse();
                Ok(items)
            }
            Work::FailToFinish => Err(NodeError::execution("no end")),
            _ => Ok(Vec::new()),
        }
    }

    fn cleanup(&mut self) {
        self.say("cleaned up");
    }
}

/// A manifest of nodes `ID:TYPE` with their parameters, and of connections `FROM>TO`.
pub fn manifest(nodes: &[(&str, Value)], connections: &[&str]) -> Manifest {
    let nodes: Vec<_> = nodes
        .iter()
        .map(|(name, params)| {
            let (id, node_type) = name.split_once(':').expect("ID:TYPE");
            json!({"id": id, "node_type": node_type, "params": params})
        })
        .collect();
    let connections: Vec<_> = connections
        .iter()
        .map(|connection| {
            let (from, to) = connection.split_once('>').expect("FROM>TO");
            json!({"from": from, "to": to})
        })
        .collect();
    Manifest::from_value(&json!({
        "version": "v1",
        "metadata": {"name": "test"},
        "nodes": nodes,
        "connections": connections,
    }))
    .expect("a manifest")
}
