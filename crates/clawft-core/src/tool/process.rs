//! Programs of the machine: run in the workspace, for a limited time, with limited output.

use std::collections::VecDeque;
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::arguments::Arguments;
use super::{Context, MAX_TEXT, Running, ToolError};
use crate::platform::Clock;
use crate::prelude::*;

/// The longest time that a model may ask for, in seconds
const MAX_TIMEOUT: u64 = 300;
/// Output that is kept of the beginning, and of the end, of each stream
const MAX_PART: usize = MAX_TEXT / 4;

/// Variables that a program gets. The agent's own are not among them, nor any other that may hold a key.
const VARIABLES: [&str; 15] = [
    "HOME",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "LC_MESSAGES",
    "LOGNAME",
    "PATH",
    "SHELL",
    "TERM",
    "TMPDIR",
    "TZ",
    "USER",
    "XDG_CACHE_HOME",
    "XDG_RUNTIME_DIR",
];

/// Starts a program; the result waits for it.
///
/// It has a process group of its own, and what is left of that is killed when the program ends, its time or
/// the turn's is over, or the turn is given up. A process that leaves the group lives on. On Linux the program
/// is killed as well when the thread ends that has started it.
///
/// # Errors
/// It cannot be started.
pub(super) fn start(
    context: &Context<'_>,
    arguments: &Arguments<'_>,
    mut command: Command,
) -> Result<Running, ToolError> {
    let tools = &context.config.tools;
    let timeout = arguments
        .integer("timeout")
        .map_or(tools.exec_timeout, |seconds| {
            seconds.min(MAX_TIMEOUT) * 1000
        })
        .min(context.left());
    command
        .current_dir(context.workspace_path)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for name in VARIABLES {
        if let Some(value) = context.platform.environment.variable(name) {
            command.env(name, value);
        }
    }
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    #[cfg(target_os = "linux")]
    end_with_this(&mut command);

    let started = Instant::now();
    let mut group = Group::start(&mut command).map_err(|error| {
        let program = command.get_program().to_string_lossy();
        ToolError::new(format!("{program} cannot be started: {error}"))
    })?;
    let streams = [
        capture(group.0.stdout.take()),
        capture(group.0.stderr.take()),
    ];
    Ok(Running::Waiting(Box::new(move |context| {
        let clock = &*context.platform.clock;
        let status = group.wait(clock, started, Duration::from_millis(timeout))?;
        let duration = started.elapsed().as_millis();
        drop(group);
        let [stdout, stderr] = streams.map(|stream| stream.text());
        let Some(status) = status else {
            return Err(ToolError::new(format!(
                "timed out after {timeout} ms and was killed; stdout: {stdout:?}, stderr: {stderr:?}"
            )));
        };
        Ok(report(status, &stdout, &stderr, duration))
    })))
}

/// Has the system kill the program when this one is killed. One that ends in order has ended it itself.
#[cfg(target_os = "linux")]
fn end_with_this(command: &mut Command) {
    let parent = std::process::id();
    let ask = move || {
        // SAFETY: these take and give numbers only, and may be called between fork and exec.
        let (asked, above) = unsafe {
            let asked = libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            (asked, libc::getppid())
        };
        if asked != 0 {
            return Err(std::io::Error::last_os_error());
        }
        // It may have been killed before that was asked.
        if u32::try_from(above) != Ok(parent) {
            return Err(std::io::ErrorKind::BrokenPipe.into());
        }
        Ok(())
    };
    // SAFETY: `ask` takes no memory and no lock.
    unsafe {
        std::os::unix::process::CommandExt::pre_exec(command, ask);
    }
}

fn report(status: ExitStatus, stdout: &str, stderr: &str, duration: u128) -> Value {
    let mut result = json!({
        "exit_code": status.code().unwrap_or(-1),
        "stdout": stdout,
        "stderr": stderr,
        "duration_ms": u64::try_from(duration).unwrap_or(u64::MAX),
    });
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        result["signal"] = signal.into();
    }
    result
}

/// The groups that are there, each by its id; 0 is nobody's.
static GROUPS: [AtomicI32; 64] = [const { AtomicI32::new(0) }; 64];

/// How many programs are being started that have no place among them yet.
static STARTING: AtomicI32 = AtomicI32::new(0);

/// Ends all programs that tools have started. A handler of signals may call it, before it ends this one.
pub fn end_all() {
    // None is being started by this very thread, which takes no signals then.
    for _ in 0..1000 {
        if STARTING.load(Ordering::SeqCst) == 0 {
            break;
        }
        thread::sleep(Duration::from_millis(1));
    }
    for group in &GROUPS {
        end(group.load(Ordering::Relaxed));
    }
}

/// Kills all processes of a group.
fn end(group: i32) {
    #[cfg(unix)]
    if group > 0 {
        // SAFETY: kill takes no memory. If none is left of the group, it fails, which is as well.
        unsafe {
            libc::kill(-group, libc::SIGKILL);
        }
    }
}

/// A program and the processes that it started.
struct Group(Child);

impl Group {
    /// Starts a program, and takes no signal until its group can be found.
    fn start(command: &mut Command) -> std::io::Result<Self> {
        let _uninterrupted = Uninterrupted::new();
        let group = Self(command.spawn()?);
        // The 65th at once is not ended by a signal that ends this program, but by all else.
        let _ = GROUPS.iter().find(|place| place_is(place, 0, group.id()));
        Ok(group)
    }

    /// The group's id, which is the program's; 0 where there are none.
    fn id(&self) -> i32 {
        i32::try_from(self.0.id()).unwrap_or(0)
    }

    /// Waits for the program, `None` if its time passes.
    ///
    /// # Errors
    /// The user interrupts it, or it cannot be waited for.
    fn wait(
        &mut self,
        clock: &dyn Clock,
        started: Instant,
        timeout: Duration,
    ) -> Result<Option<ExitStatus>, ToolError> {
        let mut pause = Duration::from_millis(1);
        loop {
            let status = self.0.try_wait();
            if let Some(status) = status.map_err(|error| ToolError::new(error.to_string()))? {
                return Ok(Some(status));
            }
            if clock.interrupted() {
                return Err(ToolError::new("interrupted by the user, and was killed"));
            }
            let left = timeout.saturating_sub(started.elapsed());
            if left.is_zero() {
                return Ok(None);
            }
            thread::sleep(pause.min(left));
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }
}

/// While it is there, this thread takes no signals, and others wait in [`end_all`]. A program that is started
/// takes them: the library sees to that.
struct Uninterrupted {
    #[cfg(unix)]
    before: libc::sigset_t,
}

impl Uninterrupted {
    fn new() -> Self {
        #[cfg(unix)]
        let before = {
            let mut sets = [const { core::mem::MaybeUninit::<libc::sigset_t>::zeroed() }; 2];
            // SAFETY: both sets are there; all zero is a set, should one not be filled.
            unsafe {
                libc::sigfillset(sets[0].as_mut_ptr());
                libc::pthread_sigmask(libc::SIG_SETMASK, sets[0].as_ptr(), sets[1].as_mut_ptr());
                sets[1].assume_init()
            }
        };
        STARTING.fetch_add(1, Ordering::SeqCst);
        Self {
            #[cfg(unix)]
            before,
        }
    }
}

impl Drop for Uninterrupted {
    fn drop(&mut self) {
        STARTING.fetch_sub(1, Ordering::SeqCst);
        #[cfg(unix)]
        // SAFETY: the set is that which was there before.
        unsafe {
            libc::pthread_sigmask(
                libc::SIG_SETMASK,
                &raw const self.before,
                core::ptr::null_mut(),
            );
        }
    }
}

/// Puts a number in the place of another, if that is there.
fn place_is(place: &AtomicI32, old: i32, new: i32) -> bool {
    place
        .compare_exchange(old, new, Ordering::Relaxed, Ordering::Relaxed)
        .is_ok()
}

impl Drop for Group {
    fn drop(&mut self) {
        // The group was made for this program, so its id is the program's, and the system gives it to no
        // other while a process of the group, or the program itself, has not been waited for.
        let id = self.id();
        end(id);
        let _ = GROUPS.iter().find(|place| place_is(place, id, 0));
        // It has ended, or is killed where there are no groups; either way it is waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a stream brings, read as it comes, since a full pipe would stop the program.
struct Stream(Receiver<Vec<u8>>);

fn capture(pipe: Option<impl Read + Send + 'static>) -> Stream {
    let (sender, receiver) = mpsc::sync_channel(1);
    thread::spawn(move || {
        let mut kept = Kept::default();
        if let Some(mut pipe) = pipe {
            let mut buffer = [0; 8192];
            while let Ok(count @ 1..) = pipe.read(&mut buffer) {
                kept.push(&buffer[..count]);
            }
        }
        // If nobody waits for it, it is not needed.
        let _ = sender.send(kept.bytes());
    });
    Stream(receiver)
}

impl Stream {
    /// All of it that is kept. A process that left the group may hold the pipe: then nothing.
    fn text(&self) -> String {
        match self.0.recv_timeout(Duration::from_secs(2)) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                String::from("[a process that is still running holds this]")
            }
        }
    }
}

#[derive(Default)]
struct Kept {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    left_out: usize,
}

impl Kept {
    fn push(&mut self, bytes: &[u8]) {
        let head = bytes.len().min(MAX_PART - self.head.len());
        self.head.extend_from_slice(&bytes[..head]);
        self.tail.extend(&bytes[head..]);
        let over = self.tail.len().saturating_sub(MAX_PART);
        self.tail.drain(..over);
        self.left_out += over;
    }

    fn bytes(mut self) -> Vec<u8> {
        if self.left_out > 0 {
            let note = format!("\n[… {} bytes are left out …]\n", self.left_out);
            self.head.extend_from_slice(note.as_bytes());
        }
        self.head.extend(self.tail);
        self.head
    }
}
