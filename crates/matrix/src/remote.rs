//! A runtime in another process, so that it can be killed, and its memory and its time measured.
//!
//! It is asked by lines of JSON on its standard input and answers on its standard output; the
//! bytes of `write` follow their request, those of `read` the answer. `runtime/node.mjs` speaks
//! the same protocol.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read as _, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Command};
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::process::{Child, Ended, Limits, Output};
use crate::runtime::{Fault, Instance, Module, Runtime};

/// What is asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case")]
enum Request {
    /// Is the module compiled ahead of time, and where to? Answered by 0 or 1.
    Compile { module: PathBuf, code: PathBuf },
    /// Load a file; it is the module of all that follows.
    Load { file: PathBuf },
    /// Answered by the number of a fresh instance.
    Instantiate,
    /// Answered by what the function returns, or nothing.
    Call {
        instance: u32,
        function: String,
        arguments: Vec<u32>,
    },
    /// Answered by the length, and the bytes.
    Read {
        instance: u32,
        address: u32,
        length: usize,
    },
    /// The bytes follow.
    Write {
        instance: u32,
        address: u32,
        length: usize,
    },
    /// Answered by the size of memory, in bytes.
    MemorySize { instance: u32 },
    /// The instance is not used any more.
    Drop { instance: u32 },
    /// Answered by the time spent on requests so far, in nanoseconds.
    Spent,
}

/// What is answered.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Answer {
    Ok(Option<u64>),
    Fault(Fault),
}

/// A runtime in a child process.
pub struct Remote {
    child: Child,
    connection: Rc<Connection>,
}

/// The pipes to the process; none after its end.
type Connection = RefCell<Option<(ChildStdin, BufReader<ChildStdout>)>>;

impl Remote {
    /// Starts a program that speaks the protocol.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(command: Command, limits: Limits) -> io::Result<Self> {
        let mut child = Child::start(command, Output::Given, limits)?;
        let input = child.input.take();
        let output = child.output.take();
        Ok(Self {
            child,
            connection: Rc::new(RefCell::new(input.zip(output.map(BufReader::new)))),
        })
    }

    /// Compiles `module` to the file `code`, if the mode has that step.
    ///
    /// # Errors
    /// [`Fault::BadModule`] or [`Fault::Lost`].
    pub fn compile(&self, module: &Path, code: &Path) -> Result<bool, Fault> {
        let request = Request::Compile {
            module: module.to_owned(),
            code: code.to_owned(),
        };
        Ok(number(&self.connection, &request)? == 1)
    }

    /// Loads a file.
    ///
    /// # Errors
    /// [`Fault::BadModule`] or [`Fault::Lost`].
    pub fn load(&self, file: &Path) -> Result<Box<dyn Module>, Fault> {
        let file = file.to_owned();
        ask(&self.connection, &Request::Load { file })?;
        Ok(Box::new(RemoteModule(Rc::clone(&self.connection))))
    }

    /// The time that the runtime spent on all that it was asked.
    ///
    /// # Errors
    /// [`Fault::Lost`].
    pub fn spent(&self) -> Result<Duration, Fault> {
        number(&self.connection, &Request::Spent).map(Duration::from_nanos)
    }

    /// Ends the process. Its modules and instances are lost.
    ///
    /// # Errors
    /// If the process cannot be waited for.
    pub fn finish(mut self) -> io::Result<Ended> {
        self.child.input = self.connection.take().map(|(input, _)| input);
        self.child.finish()
    }
}

fn ask(connection: &Connection, request: &Request) -> Result<Option<u64>, Fault> {
    exchange(connection, request, &[], &mut [])
}

fn number(connection: &Connection, request: &Request) -> Result<u64, Fault> {
    ask(connection, request)?.ok_or_else(|| lost("an answer without a number"))
}

fn lost(reason: impl ToString) -> Fault {
    Fault::Lost {
        reason: reason.to_string(),
    }
}

/// Sends a request and the bytes that follow it; receives the answer and the bytes that
/// follow that.
fn exchange(
    connection: &Connection,
    request: &Request,
    sent: &[u8],
    received: &mut [u8],
) -> Result<Option<u64>, Fault> {
    let mut connection = connection.borrow_mut();
    let (input, output) = connection
        .as_mut()
        .ok_or_else(|| lost("its process was ended"))?;
    let mut message = serde_json::to_vec(request).map_err(lost)?;
    message.push(b'\n');
    message.extend_from_slice(sent);
    input.write_all(&message).map_err(lost)?;
    let mut line = String::new();
    if output.read_line(&mut line).map_err(lost)? == 0 {
        return Err(lost("its process ended"));
    }
    let answer = serde_json::from_str(&line)
        .map_err(|error| lost(format!("its answer is {line:?}: {error}")))?;
    match answer {
        Answer::Ok(value) => {
            output.read_exact(received).map_err(lost)?;
            Ok(value)
        }
        Answer::Fault(fault) => Err(fault),
    }
}

struct RemoteModule(Rc<Connection>);

impl Module for RemoteModule {
    fn instantiate(&self) -> Result<Box<dyn Instance>, Fault> {
        let instance = number(&self.0, &Request::Instantiate)?;
        Ok(Box::new(RemoteInstance {
            connection: Rc::clone(&self.0),
            instance: u32::try_from(instance).map_err(lost)?,
        }))
    }
}

struct RemoteInstance {
    connection: Rc<Connection>,
    instance: u32,
}

impl Instance for RemoteInstance {
    fn call(&mut self, function: &str, arguments: &[u32]) -> Result<Option<u32>, Fault> {
        let request = Request::Call {
            instance: self.instance,
            function: function.to_owned(),
            arguments: arguments.to_owned(),
        };
        let value = ask(&self.connection, &request)?;
        value.map(u32::try_from).transpose().map_err(lost)
    }

    fn read(&mut self, address: u32, bytes: &mut [u8]) -> Result<(), Fault> {
        let request = Request::Read {
            instance: self.instance,
            address,
            length: bytes.len(),
        };
        exchange(&self.connection, &request, &[], bytes).map(|_| ())
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), Fault> {
        let request = Request::Write {
            instance: self.instance,
            address,
            length: bytes.len(),
        };
        exchange(&self.connection, &request, bytes, &mut []).map(|_| ())
    }

    fn memory_size(&mut self) -> Result<u64, Fault> {
        let instance = self.instance;
        number(&self.connection, &Request::MemorySize { instance })
    }
}

impl Drop for RemoteInstance {
    fn drop(&mut self) {
        let instance = self.instance;
        // What is lost needs no dropping.
        let _ = ask(&self.connection, &Request::Drop { instance });
    }
}

/// Answers requests until the input ends.
///
/// # Errors
/// If the input is not of the protocol, or the output closed.
pub fn serve(
    runtime: &dyn Runtime,
    mut input: impl BufRead,
    mut output: impl Write,
) -> io::Result<()> {
    let mut server = Server {
        runtime,
        module: None,
        instances: HashMap::new(),
        count: 0,
        spent: Duration::ZERO,
    };
    let mut line = String::new();
    while input.read_line(&mut line)? > 0 {
        let request = serde_json::from_str(&line)?;
        line.clear();
        let mut bytes = Vec::new();
        if let Request::Write { length, .. } = request {
            bytes.resize(length, 0);
            input.read_exact(&mut bytes)?;
        }
        let start = Instant::now();
        let result = server.answer(&request, &mut bytes);
        server.spent += start.elapsed();
        let answer = match result {
            Ok(value) => Answer::Ok(value),
            Err(fault) => Answer::Fault(fault),
        };
        let mut message = serde_json::to_vec(&answer)?;
        message.push(b'\n');
        if let (Answer::Ok(_), Request::Read { .. }) = (&answer, &request) {
            message.append(&mut bytes);
        }
        output.write_all(&message)?;
        output.flush()?;
    }
    Ok(())
}

struct Server<'a> {
    runtime: &'a dyn Runtime,
    module: Option<Box<dyn Module>>,
    instances: HashMap<u32, Box<dyn Instance>>,
    count: u32,
    spent: Duration,
}

impl Server<'_> {
    /// `bytes` are those to write, or become those that were read.
    fn answer(&mut self, request: &Request, bytes: &mut Vec<u8>) -> Result<Option<u64>, Fault> {
        match request {
            Request::Compile { module, code } => {
                let compiled = self.runtime.compile(module, code)?;
                return Ok(Some(compiled.into()));
            }
            Request::Load { file } => self.module = Some(self.runtime.load(file)?),
            Request::Instantiate => {
                let module = self
                    .module
                    .as_ref()
                    .ok_or_else(|| lost("nothing is loaded"))?;
                self.count += 1;
                self.instances.insert(self.count, module.instantiate()?);
                return Ok(Some(self.count.into()));
            }
            Request::Call {
                instance,
                function,
                arguments,
            } => {
                let value = self.instance(*instance)?.call(function, arguments)?;
                return Ok(value.map(u64::from));
            }
            Request::Read {
                instance,
                address,
                length,
            } => {
                bytes.resize(*length, 0);
                self.instance(*instance)?.read(*address, bytes)?;
            }
            Request::Write {
                instance, address, ..
            } => self.instance(*instance)?.write(*address, bytes)?,
            Request::MemorySize { instance } => {
                return self.instance(*instance)?.memory_size().map(Some);
            }
            Request::Drop { instance } => {
                self.instances.remove(instance);
            }
            Request::Spent => {
                let spent = u64::try_from(self.spent.as_nanos()).unwrap_or(u64::MAX);
                return Ok(Some(spent));
            }
        }
        Ok(None)
    }

    fn instance(&mut self, instance: u32) -> Result<&mut dyn Instance, Fault> {
        match self.instances.get_mut(&instance) {
            Some(instance) => Ok(&mut **instance),
            None => Err(lost(format!("there is no instance {instance}"))),
        }
    }
}
