//! Signals that end the program.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use wm_seed::http::Stop;

/// The first signal stops the server, after the request that it serves; a second one ends the program at once.
pub fn stop(stop: Stop) -> io::Result<()> {
    let signalled = Arc::new(AtomicBool::new(false));
    // NB: before the flags, or a signal in between would set them and wake nobody
    let wait = waiting(Arc::clone(&signalled))?;
    for signal in [SIGINT, SIGTERM] {
        // NB: handlers run in this order, so the first signal finds the flag unset
        flag::register_conditional_default(signal, Arc::clone(&signalled))?;
        flag::register(signal, Arc::clone(&signalled))?;
    }
    thread::spawn(move || {
        wait();
        stop.stop();
    });
    Ok(())
}

/// What returns when there was a signal.
#[cfg(unix)]
fn waiting(_signalled: Arc<AtomicBool>) -> io::Result<impl FnOnce() + Send + 'static> {
    use std::io::Read as _;
    use std::os::unix::net::UnixStream;

    use signal_hook::low_level::pipe;

    let (mut read, write) = UnixStream::pair()?;
    pipe::register(SIGINT, write.try_clone()?)?;
    pipe::register(SIGTERM, write)?;
    Ok(move || {
        let mut byte = [0];
        while read
            .read(&mut byte)
            .is_err_and(|error| error.kind() == io::ErrorKind::Interrupted)
        {}
    })
}

/// What returns when there was a signal.
#[cfg(not(unix))]
fn waiting(signalled: Arc<AtomicBool>) -> io::Result<impl FnOnce() + Send + 'static> {
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    Ok(move || {
        while !signalled.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(100));
        }
    })
}
