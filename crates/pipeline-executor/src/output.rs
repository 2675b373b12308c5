//! Standard output, and the one answer that it is given.

use std::io::{self, Write};
use std::process;

use pipeline::Error;

#[cfg(not(target_family = "wasm"))]
pub(crate) use native::{claim, keep, watch};

/// Standard output as the program found it.
pub(crate) struct Stdout;

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        #[cfg(not(target_family = "wasm"))]
        if let Some(mut kept) = native::kept() {
            return kept.write(bytes);
        }
        io::stdout().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}

/// Where there is one thread, nobody else answers.
#[cfg(target_family = "wasm")]
pub(crate) fn claim() {}

/// Ends the program wherever it is, with an error of which [`LIMIT`](crate::LIMIT) is the exit code.
pub(crate) fn end(error: &Error) -> ! {
    claim();
    let _ = writeln!(io::stderr(), "pipeline-executor: {error}");
    let _ = writeln!(Stdout, "{}", error.to_json());
    process::exit(crate::LIMIT.into());
}

#[cfg(not(target_family = "wasm"))]
mod native {
    use std::fs::File;
    use std::io;
    use std::os::fd::{AsFd as _, AsRawFd as _};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, OnceLock};
    use std::thread::{self, ThreadId};
    use std::time::Duration;

    use pipeline::{Deadline, NodeError, SystemClock};

    use crate::memory;

    /// What a run gets besides its time, to say by itself in which node that was over.
    const GRACE: Duration = Duration::from_secs(2);

    static KEPT: OnceLock<File> = OnceLock::new();
    static IS_WATCHED: AtomicBool = AtomicBool::new(false);
    static ANSWERS: OnceLock<ThreadId> = OnceLock::new();

    /// Keeps standard output for the answer. What nodes write there in whatever way, and the programs
    /// that they start, is on standard error from now on.
    pub(crate) fn keep() -> io::Result<()> {
        let (stdout, stderr) = (io::stdout(), io::stderr());
        let kept = stdout.as_fd().try_clone_to_owned()?;
        // SAFETY: both are open, and nobody owns standard output: it is only written to.
        if unsafe { c::dup2(stderr.as_raw_fd(), stdout.as_raw_fd()) } < 0 {
            return Err(io::Error::last_os_error());
        }
        _ = KEPT.set(kept.into());
        Ok(())
    }

    pub(super) fn kept() -> Option<&'static File> {
        KEPT.get()
    }

    /// Ends the program some time after its deadline, also within a call that nothing interrupts.
    pub(crate) fn watch(timeout: Duration) {
        let deadline = Deadline::after(Arc::new(SystemClock::new()), timeout);
        IS_WATCHED.store(true, Ordering::Relaxed);
        // Without the thread the run is as it is in WASM.
        _ = thread::Builder::new().spawn(move || {
            thread::sleep(timeout.saturating_add(GRACE));
            claim();
            memory::lift();
            super::end(&NodeError::out_of_time(&deadline).into());
        });
    }

    /// Makes this the thread that answers. It does not return on another thread than the first.
    pub(crate) fn claim() {
        let this = thread::current().id();
        if IS_WATCHED.load(Ordering::Relaxed) && *ANSWERS.get_or_init(|| this) != this {
            loop {
                thread::park();
            }
        }
    }

    mod c {
        use std::ffi::c_int;

        unsafe extern "C" {
            pub fn dup2(from: c_int, to: c_int) -> c_int;
        }
    }
}
