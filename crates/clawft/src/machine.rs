//! This machine, whose waiting a user may interrupt.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clawft_core::platform::native;
use clawft_core::platform::native_http::NativeHttp;
use clawft_core::platform::{Clock, Platform};
use clawft_core::tool::process::end_all;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::low_level::{emulate_default_handler, register};

/// How soon an interruption is noticed, in milliseconds.
const INTERRUPTION: u64 = 50;

/// The machine.
pub struct Machine {
    interruption: Arc<AtomicBool>,
}

impl Machine {
    /// A machine on which nothing is interrupted yet.
    pub fn new() -> Self {
        Self {
            interruption: Arc::default(),
        }
    }

    /// From now on what ends this program ends those too that tools have started.
    ///
    /// Ctrl-C is left to [`catch_interruptions`](Self::catch_interruptions) in a conversation.
    pub fn end_with_programs(conversation: bool) -> io::Result<()> {
        let signals: &[i32] = if conversation {
            &[SIGHUP, SIGTERM]
        } else {
            &[SIGHUP, SIGTERM, SIGINT]
        };
        for &signal in signals {
            if native::is_ignored(signal) {
                continue;
            }
            let end = move || {
                end_all();
                // It ends the process, or there is nothing that could be done.
                let _ = emulate_default_handler(signal);
            };
            // SAFETY: both may be called in a handler.
            unsafe { register(signal, end) }?;
        }
        Ok(())
    }

    /// From now on Ctrl-C interrupts what waits, rather than ending the program.
    pub fn catch_interruptions(&self) -> io::Result<()> {
        signal_hook::flag::register(SIGINT, Arc::clone(&self.interruption))?;
        Ok(())
    }

    /// Whether there was an interruption.
    pub fn interrupted(&self) -> bool {
        self.interruption.load(Ordering::Relaxed)
    }

    /// Forgets the interruption.
    pub fn resume(&self) {
        self.interruption.store(false, Ordering::Relaxed);
    }

    /// What an agent needs of it.
    pub fn platform(&self) -> Platform {
        let interruption = Arc::clone(&self.interruption);
        let http = Rc::new(NativeHttp::new(Arc::clone(&interruption)));
        let mut platform = native::platform(http);
        platform.clock = Rc::new(Interruptible {
            clock: platform.clock,
            interruption,
        });
        platform
    }
}

struct Interruptible {
    clock: Rc<dyn Clock>,
    interruption: Arc<AtomicBool>,
}

impl Clock for Interruptible {
    fn now(&self) -> u64 {
        self.clock.now()
    }

    fn monotonic(&self) -> u64 {
        self.clock.monotonic()
    }

    fn interrupted(&self) -> bool {
        self.interruption.load(Ordering::Relaxed)
    }

    fn sleep(&self, milliseconds: u64) {
        let end = self.monotonic().saturating_add(milliseconds);
        while !self.interruption.load(Ordering::Relaxed) {
            match end.saturating_sub(self.monotonic()) {
                0 => return,
                left => self.clock.sleep(left.min(INTERRUPTION)),
            }
        }
    }
}
