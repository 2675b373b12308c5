//! Programs of the machine: run in the workspace, for a limited time, with limited output.

use std::collections::VecDeque;
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::arguments::Arguments;
use super::{Context, MAX_TEXT, Running, ToolError};
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
/// It has a process group of its own, and what is left of that is killed when the program ends, its time is
/// over, or the turn is given up. A process that leaves the group lives on.
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
        });
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

    let started = Instant::now();
    let child = command.spawn().map_err(|error| {
        let program = command.get_program().to_string_lossy();
        ToolError::new(format!("{program} cannot be started: {error}"))
    })?;
    let mut group = Group(child);
    let streams = [
        capture(group.0.stdout.take()),
        capture(group.0.stderr.take()),
    ];
    Ok(Running::Waiting(Box::new(move |_| {
        let status = group.wait(started, Duration::from_millis(timeout))?;
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

/// A program and the processes that it started.
struct Group(Child);

impl Group {
    /// Waits for the program, `None` if its time passes.
    fn wait(
        &mut self,
        started: Instant,
        timeout: Duration,
    ) -> Result<Option<ExitStatus>, ToolError> {
        let mut pause = Duration::from_millis(1);
        loop {
            let status = self.0.try_wait();
            if let Some(status) = status.map_err(|error| ToolError::new(error.to_string()))? {
                return Ok(Some(status));
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

impl Drop for Group {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Ok(id) = libc::pid_t::try_from(self.0.id()) {
            // SAFETY: kill takes no memory. The group was made for this program, so its id is the
            // program's, and the system gives it to no other while a process of the group, or the
            // program itself, has not been waited for. If none is left, it fails, which is as well.
            unsafe {
                libc::kill(-id, libc::SIGKILL);
            }
        }
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
