//! Connections, of which there are only so many at once.

use std::collections::BTreeMap;
use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// All connections of a server.
#[derive(Debug)]
pub struct Connections {
    most: usize,
    state: Mutex<State>,
    change: Condvar,
}

#[derive(Debug, Default)]
struct State {
    open: BTreeMap<u64, Open>,
    next: u64,
    ending: bool,
}

#[derive(Debug)]
struct Open {
    stream: TcpStream,
    /// Since when it is nobody's: it waits for a request, or for who it is that asks
    idle: Option<Instant>,
}

/// The place of a connection, which is free again when this is dropped.
#[derive(Debug)]
pub struct Seat {
    of: Arc<Connections>,
    number: u64,
}

impl Connections {
    /// At most so many.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            most,
            state: Mutex::default(),
            change: Condvar::new(),
        }
    }

    /// Gives a connection a place, as soon as there is one: the connection that has waited for another request
    /// the longest gives way. There is none once the server ends.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn admit(self: &Arc<Self>, stream: &TcpStream) -> io::Result<Option<Seat>> {
        let stream = stream.try_clone()?;
        let mut state = self.state();
        while !state.ending && state.open.len() >= self.most {
            let idle = state.open.iter().filter(|(_, open)| open.idle.is_some());
            let oldest = idle.min_by_key(|(_, open)| open.idle);
            if let Some(number) = oldest.map(|(&number, _)| number) {
                if let Some(open) = state.open.remove(&number) {
                    // Its thread reads the end, and goes.
                    let _ = open.stream.shutdown(Shutdown::Both);
                }
            } else {
                state = self
                    .change
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            }
        }
        if state.ending {
            return Ok(None);
        }
        let number = state.next;
        state.next += 1;
        // NB: whoever sends nothing that is let in holds no place that another needs
        let idle = Some(Instant::now());
        state.open.insert(number, Open { stream, idle });
        Ok(Some(Seat {
            of: Arc::clone(self),
            number,
        }))
    }

    /// Lets no more requests come, and waits until those that are there have been answered, but not for longer
    /// than this.
    pub fn end(&self, most: Duration) {
        let mut state = self.state();
        state.ending = true;
        for open in state.open.values() {
            let _ = open.stream.shutdown(Shutdown::Read);
        }
        self.change.notify_all();
        drop(
            self.change
                .wait_timeout_while(state, most, |state| !state.open.is_empty()),
        );
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// From now on it may give way to another one.
    pub fn idle(&self) {
        if let Some(open) = self.of.state().open.get_mut(&self.number) {
            open.idle = Some(Instant::now());
        }
        self.of.change.notify_all();
    }

    /// From now on it may not; false if it has already.
    #[must_use]
    pub fn busy(&self) -> bool {
        match self.of.state().open.get_mut(&self.number) {
            Some(open) => {
                open.idle = None;
                true
            }
            None => false,
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.of.state().open.remove(&self.number);
        self.of.change.notify_all();
    }
}
