//! What an asynchronous run waits by. It needs no particular executor of futures.

use std::future::{self, Future};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use serde_json::Value;

use crate::deadline::{Clock, Deadline};
use crate::node::{Node, NodeError};
use crate::run::Pace;

/// A run gives way to others on its thread.
pub struct Cooperative;

impl Pace for Cooperative {
    async fn process(
        node: &mut dyn Node,
        item: Value,
        clock: &dyn Clock,
        deadline: &Deadline,
    ) -> Result<Vec<Value>, NodeError> {
        let mut processing = node.process_async(item);
        let mut alarm = None;
        future::poll_fn(|context| {
            if let Poll::Ready(result) = processing.as_mut().poll(context) {
                return Poll::Ready(result);
            }
            // Most nodes are never pending, and need no alarm.
            let Some(left) = deadline.remaining() else {
                return Poll::Pending;
            };
            let alarm = alarm.get_or_insert_with(|| clock.sleep_async(left));
            alarm
                .as_mut()
                .poll(context)
                .map(|()| Err(NodeError::out_of_time(deadline)))
        })
        .await
    }

    async fn pause(clock: &dyn Clock, duration: Duration) {
        clock.sleep_async(duration).await;
    }

    async fn give_way() {
        let mut gave_way = false;
        future::poll_fn(|context| {
            if gave_way {
                return Poll::Ready(());
            }
            gave_way = true;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

/// Waits by a thread that sleeps. Pauses are few: they come before another try, and a node that
/// waits for something under a deadline.
pub fn sleep(duration: Duration) -> impl Future<Output = ()> + Send {
    let mut sleeper = None;
    future::poll_fn(move |context| {
        let sleeper = sleeper.get_or_insert_with(|| Sleeper::start(duration));
        Pin::new(sleeper).poll(context)
    })
}

#[derive(Default)]
struct Rest {
    over: bool,
    waker: Option<Waker>,
}

struct Sleeper(Arc<Mutex<Rest>>);

impl Sleeper {
    fn start(duration: Duration) -> Self {
        let rest = Arc::new(Mutex::new(Rest::default()));
        let shared = Arc::clone(&rest);
        thread::spawn(move || {
            thread::sleep(duration);
            let mut rest = shared.lock().unwrap_or_else(PoisonError::into_inner);
            rest.over = true;
            if let Some(waker) = rest.waker.take() {
                waker.wake();
            }
        });
        Self(rest)
    }
}

impl Future for Sleeper {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut rest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if rest.over {
            return Poll::Ready(());
        }
        rest.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

/// Runs a future to its end on this thread, for programs that have no executor of futures.
pub fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
