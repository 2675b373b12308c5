//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::prelude::*;
use pipeline::Retry;
use thiserror::Error;

const HELP: &str = "\
Run a pipeline. Standard output is JSON and nothing else; messages are on standard error.

Usage: pipeline-executor [OPTIONS]

Standard input is a manifest, or {\"manifest\": ..., \"input_data\": [...]}.

Options:
      --manifest FILE    Read the manifest, or manifest and input, from FILE
      --input FILE       Read the input, an array of items, from FILE; - is standard input
      --pretty           Print JSON over many lines
      --metrics          Add what each node did, and how long it took in microseconds
      --validate         Check the manifest, make its nodes, and send nothing through them
      --timeout SECONDS  End the run after that time
      --memory MIB       End the run when it needs more memory than that
      --retry POLICY     What is done when a node fails in a way that may pass:
                           none                             nothing, which is the default
                           fixed:TIMES:MS                   try again after the same pause
                           exponential:TIMES:MS:LONGEST_MS  after one that doubles
  -h, --help             Print this
  -V, --version          Print the version

Exit codes:
  0  done
  1  a node failed
  2  wrong arguments, or a file or stream that cannot be read or written
  3  the manifest, or the request around it, is not as it must be
  4  the run took too much time or memory

Examples:
  pipeline-executor < manifest.json
  pipeline-executor --manifest manifest.json --input items.json --pretty
  echo '[1, 2, 3]' | pipeline-executor --manifest manifest.json --input - --timeout 5
  pipeline-executor --validate --manifest manifest.json
";

/// What the command line asks for.
pub enum Asked {
    /// A run.
    Run(Options),
    /// Help or version: a text.
    Text(String),
}

/// How to run.
#[derive(Debug, Default)]
pub struct Options {
    /// The file of the manifest, in place of standard input.
    pub manifest: Option<PathBuf>,
    /// The file of the items.
    pub input: Option<PathBuf>,
    /// JSON over many lines.
    pub pretty: bool,
    /// Metrics beside the result.
    pub metrics: bool,
    /// No run.
    pub validate: bool,
    /// How long the run may take.
    pub timeout: Option<Duration>,
    /// How many bytes it may have.
    pub memory: Option<usize>,
    /// What is done about errors that may pass.
    pub retry: Retry,
}

/// Arguments that make no sense.
#[derive(Debug, Error)]
pub enum OptionsError {
    /// Not an option, or a value too many or too few.
    #[error("{0}")]
    Arguments(#[from] lexopt::Error),
    /// A value that is not one of the option's.
    #[error("--{option} {value}: it must be {expected}")]
    Value {
        /// The option.
        option: &'static str,
        /// Its value.
        value: String,
        /// What it must be.
        expected: &'static str,
    },
    /// Standard input is to be both.
    #[error(
        "--input - and no --manifest: standard input cannot be both, so give --manifest FILE, or \
         the input inside the request"
    )]
    BothFromStdin,
}

/// Reads the arguments after the program's name.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Asked, OptionsError> {
    let mut options = Options::default();
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("manifest") => options.manifest = Some(parser.value()?.into()),
            Long("input") => options.input = Some(parser.value()?.into()),
            Long("pretty") => options.pretty = true,
            Long("metrics") => options.metrics = true,
            Long("validate") => options.validate = true,
            Long("timeout") => {
                let expected = "seconds, such as 5 or 0.5";
                let parse = |text: &str| {
                    let duration = Duration::try_from_secs_f64(text.parse().ok()?).ok()?;
                    (!duration.is_zero()).then_some(duration)
                };
                options.timeout = Some(value(&mut parser, "timeout", expected, parse)?);
            }
            Long("memory") => {
                let expected = "MiB, such as 64";
                let parse = |text: &str| {
                    let mebibytes = text.parse::<usize>().ok().filter(|&number| number > 0)?;
                    mebibytes.checked_mul(1 << 20)
                };
                options.memory = Some(value(&mut parser, "memory", expected, parse)?);
            }
            Long("retry") => {
                let expected = "none, fixed:TIMES:MS or exponential:TIMES:MS:LONGEST_MS";
                options.retry = value(&mut parser, "retry", expected, retry)?;
            }
            Short('h') | Long("help") => return Ok(Asked::Text(HELP.to_owned())),
            Short('V') | Long("version") => {
                let version = env!("CARGO_PKG_VERSION");
                return Ok(Asked::Text(format!("pipeline-executor {version}\n")));
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let stdin = |path: &Option<PathBuf>| path.as_ref().is_some_and(|path| path.as_os_str() == "-");
    if stdin(&options.input) && (options.manifest.is_none() || stdin(&options.manifest)) {
        return Err(OptionsError::BothFromStdin);
    }
    Ok(Asked::Run(options))
}

fn value<T>(
    parser: &mut lexopt::Parser,
    option: &'static str,
    expected: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, OptionsError> {
    let value = parser.value()?;
    value
        .to_str()
        .and_then(parse)
        .ok_or_else(|| OptionsError::Value {
            option,
            value: value.display().to_string(),
            expected,
        })
}

fn retry(text: &str) -> Option<Retry> {
    let parts: Vec<_> = text.split(':').collect();
    let milliseconds = |text: &str| text.parse().ok().map(Duration::from_millis);
    match parts.as_slice() {
        ["none"] => Some(Retry::None),
        ["fixed", times, pause] => Some(Retry::Fixed {
            retries: times.parse().ok()?,
            delay: milliseconds(pause)?,
        }),
        ["exponential", times, pause, longest] => Some(Retry::Exponential {
            retries: times.parse().ok()?,
            base_delay: milliseconds(pause)?,
            max_delay: milliseconds(longest)?,
            multiplier: 2.0,
        }),
        _ => None,
    }
}
