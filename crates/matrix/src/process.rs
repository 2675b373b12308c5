//! A child process with limits: whatever it does, it ends, and so does all that it started.

use std::fs;
use std::io::{self, Read};
use std::mem;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How often the memory of a child is looked at.
const WATCH_INTERVAL: Duration = Duration::from_millis(10);

/// What a fork takes along at most of this process's memory that is not anonymous.
const FORKED_BESIDES: u64 = 1 << 20;

/// How long the output of an ended child may still come, from a process that escaped it.
const GRACE: Duration = Duration::from_secs(1);

/// What a child may use. At the first excess it is killed with its process group.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From its start to its end.
    pub time: Duration,
    /// Resident memory, in bytes.
    pub memory: u64,
    /// Captured bytes of each output stream.
    pub output: usize,
}

/// The limit that ended a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// It ran too long.
    Time,
    /// It used too much memory.
    Memory,
    /// It wrote too much.
    Output,
}

/// What becomes of a child's standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Captured.
    Captured,
    /// A pipe that nobody reads from any more: writing to it fails.
    Closed,
    /// Given to the caller, in [`Child::output`].
    Given,
}

/// A child that has ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code or signal.
    pub status: ExitStatus,
    /// The limit that it was killed for.
    pub excess: Option<Excess>,
    /// Its standard output, if captured.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
    /// The most memory that it had resident at once, in bytes.
    pub peak_memory: u64,
    /// From its start to its end.
    pub elapsed: Duration,
    /// From its start to the first byte of captured output; `None` if there was none.
    pub first_output: Option<Duration>,
}

/// A running child.
pub struct Child {
    leash: Arc<Leash>,
    limits: Limits,
    start: Instant,
    floor: u64,
    stdout: Option<Capture>,
    stderr: Capture,
    watch_over: Sender<()>,
    watch: Option<thread::JoinHandle<u64>>,
    /// Its standard input.
    pub input: Option<ChildStdin>,
    /// Its standard output, with [`Output::Given`].
    pub output: Option<ChildStdout>,
}

impl Child {
    /// Starts a program in a process group of its own. Its standard input is a pipe.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(mut command: Command, output: Output, limits: Limits) -> io::Result<Self> {
        command
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        match output {
            Output::Captured | Output::Given => command.stdout(Stdio::piped()),
            Output::Closed => command.stdout(io::pipe()?.1),
        };
        // SAFETY: `restrain` makes system calls only, which is allowed between fork and exec.
        unsafe { command.pre_exec(restrain) };
        let floor = resident_memory("self", "RssAnon").map_or(0, |own| own + FORKED_BESIDES);
        let start = Instant::now();
        // The child is reaped in `reap`, which `finish` and `drop` call.
        #[expect(clippy::zombie_processes)]
        let mut child = command.spawn()?;
        let leash = Arc::new(Leash {
            pid: child.id().cast_signed(),
            state: Mutex::default(),
        });
        let captured = match output {
            Output::Captured => child.stdout.take(),
            Output::Closed | Output::Given => None,
        };
        let stdout = captured.map(|stream| Capture::start(stream, start, limits.output, &leash));
        let stderr = child
            .stderr
            .take()
            .map_or_else(Capture::nothing, |stream: ChildStderr| {
                Capture::start(stream, start, limits.output, &leash)
            });
        let (watch_over, over) = mpsc::channel();
        let watch = thread::spawn({
            let leash = Arc::clone(&leash);
            move || watch(&leash, limits, start, &over)
        });
        Ok(Self {
            leash,
            limits,
            start,
            floor,
            stdout,
            stderr,
            watch_over,
            watch: Some(watch),
            input: child.stdin.take(),
            output: child.stdout.take(),
        })
    }

    /// Waits for the end. Input that was not taken out ends now.
    ///
    /// # Errors
    /// If the system does not let it be waited for.
    pub fn finish(mut self) -> io::Result<Ended> {
        let before = resident_memory(&self.leash.pid.to_string(), "VmHWM").unwrap_or(0);
        drop(self.input.take());
        self.leash.wait()?;
        let elapsed = self.start.elapsed();
        let seen = self.stop_watching().max(before);
        let (status, reported) = self.leash.reap()?;
        // The system counts what the child had of this process before it became a program of
        // its own. Above that its figure is exact, below it the last one seen is nearer.
        let peak_memory = if reported > self.floor || seen == 0 {
            reported
        } else {
            seen
        };
        let stdout = self.stdout.take().map(Capture::end).unwrap_or_default();
        let stderr = mem::replace(&mut self.stderr, Capture::nothing()).end();
        let mut excess = self.leash.state().excess;
        if excess.is_none() && peak_memory > self.limits.memory {
            excess = Some(Excess::Memory);
        }
        Ok(Ended {
            status,
            excess,
            stdout: stdout.bytes,
            stderr: stderr.bytes,
            peak_memory,
            elapsed,
            first_output: stdout.first,
        })
    }

    fn stop_watching(&mut self) -> u64 {
        let _ = self.watch_over.send(());
        self.watch
            .take()
            .and_then(|watch| watch.join().ok())
            .unwrap_or(0)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.watch.is_some() {
            self.leash.kill(None);
            self.stop_watching();
            // Nobody is left to tell that it cannot be reaped.
            let _ = self.leash.reap();
        }
    }
}

/// Settings of a child, made between fork and exec.
fn restrain() -> io::Result<()> {
    let no_core = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `no_core` lives through the call. A crash is told by its signal.
    unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const no_core) };
    // SAFETY: ignoring a signal runs no code of ours. Services are started like this, and
    // a program in C then gets an error from a closed pipe, as one in Rust does.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
    #[cfg(target_os = "linux")]
    {
        const CAP_DAC_OVERRIDE: libc::c_ulong = 1;
        // SAFETY: takes no pointer. Without the capability root obeys the modes of files;
        // for others the call fails, and they do anyway.
        unsafe { libc::prctl(libc::PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0) };
    }
    Ok(())
}

/// The process group of a child.
struct Leash {
    pid: libc::pid_t,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    reaped: bool,
    excess: Option<Excess>,
}

impl Leash {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Kills the group, unless the child is reaped and its number may be another's.
    fn kill(&self, excess: Option<Excess>) {
        let mut state = self.state();
        if !state.reaped {
            state.excess = state.excess.or(excess);
            // SAFETY: takes no pointer; the group is that of a child which is not reaped yet.
            unsafe { libc::kill(-self.pid, libc::SIGKILL) };
        }
    }

    /// Waits until the child has ended, and leaves it to be reaped.
    fn wait(&self) -> io::Result<()> {
        loop {
            // SAFETY: a siginfo_t is plain data, for which zero is a value.
            let mut info: libc::siginfo_t = unsafe { mem::zeroed() };
            // SAFETY: `info` lives through the call.
            let result = unsafe {
                libc::waitid(
                    libc::P_PID,
                    self.pid.cast_unsigned(),
                    &raw mut info,
                    libc::WEXITED | libc::WNOWAIT,
                )
            };
            if result == 0 {
                return Ok(());
            }
            retry_if_interrupted()?;
        }
    }

    /// Kills what is left of the group; returns how the child ended and its peak memory.
    fn reap(&self) -> io::Result<(ExitStatus, u64)> {
        self.kill(None);
        let mut state = self.state();
        let mut status = 0;
        // SAFETY: an rusage is plain data, for which zero is a value.
        let mut usage: libc::rusage = unsafe { mem::zeroed() };
        // SAFETY: both out-pointers live through the call.
        while unsafe { libc::wait4(self.pid, &raw mut status, 0, &raw mut usage) } < 0 {
            retry_if_interrupted()?;
        }
        state.reaped = true;
        let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
        Ok((
            ExitStatus::from_raw(status),
            usage.ru_maxrss.cast_unsigned() * unit,
        ))
    }
}

fn retry_if_interrupted() -> io::Result<()> {
    match io::Error::last_os_error() {
        error if error.kind() == io::ErrorKind::Interrupted => Ok(()),
        error => Err(error),
    }
}

/// Kills the child when its time is over or its memory too much; returns the most that was seen.
fn watch(leash: &Leash, limits: Limits, start: Instant, over: &Receiver<()>) -> u64 {
    let pid = leash.pid.to_string();
    let mut peak = 0;
    loop {
        let left = limits.time.saturating_sub(start.elapsed());
        if left.is_zero() {
            leash.kill(Some(Excess::Time));
        }
        peak = peak.max(resident_memory(&pid, "VmHWM").unwrap_or(0));
        if peak > limits.memory {
            leash.kill(Some(Excess::Memory));
        }
        // Once the time is over there is nothing to be in time for.
        let pause = if left.is_zero() {
            WATCH_INTERVAL
        } else {
            left.min(WATCH_INTERVAL)
        };
        if over.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
            return peak;
        }
    }
}

/// A process's resident memory in bytes, now (`VmRSS`) or at its most (`VmHWM`); `None` where
/// there is no `/proc`.
fn resident_memory(pid: &str, field: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kibibytes = line.strip_prefix(':')?.trim().strip_suffix(" kB")?;
    kibibytes.parse().ok().map(|number: u64| number * 1024)
}

/// A stream that is read in the background.
struct Capture {
    captured: Arc<Mutex<Captured>>,
    done: Receiver<()>,
}

#[derive(Default)]
struct Captured {
    bytes: Vec<u8>,
    first: Option<Duration>,
}

impl Capture {
    fn nothing() -> Self {
        Self {
            captured: Arc::default(),
            done: mpsc::channel().1,
        }
    }

    fn start(
        mut stream: impl Read + Send + 'static,
        start: Instant,
        limit: usize,
        leash: &Arc<Leash>,
    ) -> Self {
        let captured = Arc::new(Mutex::new(Captured::default()));
        let (end, done) = mpsc::channel();
        thread::spawn({
            let captured = Arc::clone(&captured);
            let leash = Arc::clone(leash);
            move || {
                let mut buffer = [0; 1 << 16];
                while let Ok(length @ 1..) = stream.read(&mut buffer) {
                    let now = start.elapsed();
                    let mut captured = captured.lock().unwrap_or_else(PoisonError::into_inner);
                    captured.first.get_or_insert(now);
                    let room = limit.saturating_sub(captured.bytes.len());
                    captured
                        .bytes
                        .extend_from_slice(&buffer[..length.min(room)]);
                    if length > room {
                        leash.kill(Some(Excess::Output));
                    }
                }
                drop(end);
            }
        });
        Self { captured, done }
    }

    /// What came until the stream's end, or until the grace is over.
    fn end(self) -> Captured {
        let _ = self.done.recv_timeout(GRACE);
        mem::take(&mut *self.captured.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
