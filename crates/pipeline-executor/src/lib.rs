//! The program `pipeline-executor`, natively and on `wasm32-wasip1`. A program with more kinds of
//! nodes calls [`main`] with their factories.

pub mod memory;
mod options;
mod output;
mod print;
#[cfg(feature = "python")]
pub mod python;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use pipeline::{Error, ErrorKind, Executor, NodeFactory, Request, Settings};
use serde_json::{Value, json};

use options::{Asked, Options};

/// The most bytes of a manifest, a request or an input that are read.
pub const LARGEST: u64 = 256 << 20;

/// Everything went well.
pub const SUCCESS: u8 = 0;
/// A node failed.
pub const FAILED: u8 = 1;
/// Wrong arguments, or a file or stream that cannot be read or written.
pub const USAGE: u8 = 2;
/// The manifest is not as it must be.
pub const INVALID: u8 = 3;
/// The run is over its time or memory.
pub const LIMIT: u8 = 4;

/// Runs the program with its own arguments and streams. What it returns is the exit code.
#[must_use]
pub fn main(factories: Vec<Box<dyn NodeFactory>>) -> u8 {
    #[cfg(not(target_family = "wasm"))]
    if let Err(error) = output::keep() {
        eprintln!("pipeline-executor: I/O error: standard output: {error}");
        return USAGE;
    }
    #[cfg(not(target_family = "wasm"))]
    let watch = output::watch;
    #[cfg(target_family = "wasm")]
    let watch = |_| ();
    run_watched(
        std::env::args_os().skip(1),
        &mut io::stdin().lock(),
        &mut output::Stdout,
        &mut io::stderr(),
        factories,
        &watch,
    )
}

/// Runs the program: `arguments` are those after its name. What it returns is the exit code.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    stdin: &mut dyn Read,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
    factories: Vec<Box<dyn NodeFactory>>,
) -> u8 {
    run_watched(arguments, stdin, stdout, stderr, factories, &|_| ())
}

/// Runs the program; `watch` is called with the time that the run may take, when it begins.
fn run_watched(
    arguments: impl IntoIterator<Item = OsString>,
    stdin: &mut dyn Read,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
    factories: Vec<Box<dyn NodeFactory>>,
    watch: &dyn Fn(Duration),
) -> u8 {
    // What cannot be said on stderr cannot be said anywhere.
    let options = match options::parse(arguments) {
        Ok(Asked::Run(options)) => options,
        Ok(Asked::Text(text)) => {
            return match print(stdout, text.as_bytes()) {
                Ok(()) => SUCCESS,
                Err(_) => USAGE,
            };
        }
        Err(error) => {
            let _ = writeln!(stderr, "pipeline-executor: {error}; see --help");
            return USAGE;
        }
    };
    if let Some(bytes) = options.memory {
        memory::limit(bytes);
    }
    let answer = answer(&options, stdin, stderr, factories, watch);
    output::claim();
    let (result, code) = match answer {
        Ok(result) => (result, SUCCESS),
        Err(error) => {
            let _ = writeln!(stderr, "pipeline-executor: {error}");
            if let Some(traceback) = &error.traceback {
                let _ = writeln!(stderr, "{}", traceback.trim_end());
            }
            (error.to_json(), exit_code(&error, options.validate))
        }
    };
    memory::lift();
    let written = if options.pretty {
        print(stdout, format!("{result:#}\n").as_bytes())
    } else {
        print::line(&result, stdout)
    };
    if written.is_err() {
        // Why differs between systems.
        let message = "I/O error: standard output takes no more";
        let _ = writeln!(stderr, "pipeline-executor: {message}");
        return USAGE;
    }
    code
}

fn exit_code(error: &Error, validate: bool) -> u8 {
    match (error.kind, &error.place) {
        (ErrorKind::Manifest, _) => INVALID,
        (ErrorKind::Timeout | ErrorKind::Memory, _) => LIMIT,
        (ErrorKind::Io, None) => USAGE,
        // A node that cannot be made is what is wrong with the manifest.
        _ if validate => INVALID,
        _ => FAILED,
    }
}

/// What standard output is given if all goes well.
fn answer(
    options: &Options,
    stdin: &mut dyn Read,
    stderr: &mut dyn Write,
    factories: Vec<Box<dyn NodeFactory>>,
    watch: &dyn Fn(Duration),
) -> Result<Value, Error> {
    let request = request(options, stdin)?;
    for warning in &request.manifest.warnings {
        let _ = writeln!(stderr, "pipeline-executor: warning: {warning}");
    }
    let mut executor = Executor::new(Settings {
        retry: options.retry,
        timeout: options.timeout,
        metrics: options.metrics,
        ..Settings::default()
    });
    for factory in factories {
        executor.add(factory);
    }
    if let Some(timeout) = options.timeout {
        watch(timeout);
    }
    if options.validate {
        let graph = executor.check(&request.manifest)?;
        return Ok(json!({"status": "valid", "graph_info": graph.to_json()}));
    }
    let outcome = executor.execute_sync(&request.manifest, request.input)?;
    let metrics = options.metrics.then(|| outcome.metrics_to_json());
    let mut result = outcome.into_json();
    if let Some(metrics) = metrics {
        result["metrics"] = metrics;
    }
    Ok(result)
}

/// The manifest and the items, from wherever they are to be read.
fn request(options: &Options, stdin: &mut dyn Read) -> Result<Request, Error> {
    let path = options.manifest.as_deref().unwrap_or(Path::new("-"));
    let mut request = Request::parse(&read(path, stdin)?).map_err(|error| {
        if is_stdin(path) {
            return error;
        }
        let message = format!("{}: {}", name(path), error.message);
        Error { message, ..error }
    })?;
    if let Some(path) = &options.input {
        if !request.input.is_empty() {
            return Err(Error::new(
                ErrorKind::Manifest,
                "the request has input_data, and --input is given: take out one",
            ));
        }
        let name = name(path);
        let value = serde_json::from_slice(&read(path, stdin)?).map_err(|error| {
            Error::new(ErrorKind::Manifest, format!("{name} is not JSON: {error}"))
        })?;
        request.input = Request::items(value, &name)?;
    }
    Ok(request)
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// What a message calls a file.
fn name(path: &Path) -> String {
    if is_stdin(path) {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}

/// A file's contents, or those of standard input for `-`.
fn read(path: &Path, stdin: &mut dyn Read) -> Result<Vec<u8>, Error> {
    let name = name(path);
    // Numbers of errors differ between systems, kinds do not.
    let refused = |error: io::Error| {
        let message = match error.kind() {
            io::ErrorKind::NotFound => format!("cannot read {name}: no such file"),
            kind => format!("cannot read {name}: {kind}"),
        };
        Error::new(ErrorKind::Io, message)
    };
    let mut contents = Vec::new();
    if is_stdin(path) {
        stdin.take(LARGEST + 1).read_to_end(&mut contents)
    } else {
        File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut contents))
    }
    .map_err(refused)?;
    if contents.len() as u64 > LARGEST {
        let message = format!("{name} has more than {LARGEST} bytes, which are not read");
        return Err(Error::new(ErrorKind::Io, message));
    }
    Ok(contents)
}

fn print(stdout: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    stdout.write_all(bytes)?;
    stdout.flush()
}
