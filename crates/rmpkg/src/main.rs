//! The program `rmpkg`: packs, checks, shows, unpacks and runs packages of pipelines.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Parser, Subcommand};
use rmpkg::archive::MIB;
use rmpkg::package::Layout;
use rmpkg::run::{self, Unpacked};
use rmpkg::signature::{PublicKey, SecretKey};
use rmpkg::{Contents, Error, Kind, Limits, Package, extract, file, listing, package};
use serde_json::{Value, json};

const HELP: &str = "\
Exit codes:
  0  done; the package is good
  1  the package is refused
  2  usage: wrong arguments, an unreadable file, a key that is none
`run` ends as the pipeline does, or with 125 if the package is refused or cannot be run.

Examples:
  rmpkg pack -m manifest.json -w runtime.wasm -o pipeline.rmpkg
  rmpkg pack -m manifest.json -w runtime.wasm --module nodes --wheel six-1.17.0-py2.py3-none-any.whl \\
    --model tiny.bin --sign key.pem -o pipeline.rmpkg
  rmpkg keygen --output key.pem > key.pub.pem
  rmpkg verify --key key.pub.pem pipeline.rmpkg
  rmpkg inspect --json pipeline.rmpkg
  rmpkg extract pipeline.rmpkg --output folder
  echo '[1, 2, 3]' | rmpkg run --input - pipeline.rmpkg";

/// Pack, check, show, unpack and run packages of pipelines.
#[derive(Parser)]
#[command(version, after_help = HELP, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a package, always the same bytes of the same files.
    #[command(after_help = HELP)]
    Pack(Pack),
    /// Check all that can be wrong with a package, and its signature if there is a key.
    #[command(after_help = HELP)]
    Verify(Verify),
    /// Show what is in a package.
    #[command(after_help = HELP)]
    Inspect(Inspect),
    /// Unpack a package to a new folder, whole or not at all.
    #[command(after_help = HELP)]
    Extract(Extract),
    /// Run a package's pipeline by the runtime in it, and print what that prints.
    #[command(after_help = HELP)]
    Run(Run),
    /// Write a new key that signs, and print the public key that verifies.
    #[command(after_help = HELP)]
    Keygen(Keygen),
}

#[derive(Args)]
struct Pack {
    /// The pipeline; without a section `runtime` it gets the target wasm32-wasi.
    #[arg(short, long, value_name = "FILE")]
    manifest: PathBuf,
    /// The program for WASI that executes it.
    #[arg(short, long, value_name = "FILE")]
    wasm: PathBuf,
    /// The package; its name ends in .rmpkg.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// The package's metadata, in place of those that the manifest gives.
    #[arg(long, value_name = "FILE")]
    metadata: Option<PathBuf>,
    /// A Python module, or a folder that is a package of them.
    #[arg(long = "module", value_name = "DIR|FILE")]
    modules: Vec<PathBuf>,
    /// A wheel.
    #[arg(long = "wheel", value_name = "FILE")]
    wheels: Vec<PathBuf>,
    /// A model.
    #[arg(long = "model", value_name = "FILE")]
    models: Vec<PathBuf>,
    /// Sign with this ed25519 key (PEM, PKCS#8).
    #[arg(long, value_name = "KEY")]
    sign: Option<PathBuf>,
    #[command(flatten)]
    limit: Limit,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct Verify {
    #[command(flatten)]
    subject: Subject,
    /// Refuse what is only warned of, too.
    #[arg(long)]
    strict: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct Inspect {
    #[command(flatten)]
    subject: Subject,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct Extract {
    #[command(flatten)]
    subject: Subject,
    /// The folder, which is not there yet.
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

#[derive(Args)]
struct Run {
    #[command(flatten)]
    subject: Subject,
    /// What goes through the pipeline: a list, in JSON; `-` is the standard input.
    #[arg(short, long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Wasmtime, or a program with the same command line.
    #[arg(long, value_name = "PROGRAM", default_value = "wasmtime")]
    runtime: PathBuf,
    /// More arguments of `wasmtime run`.
    #[arg(last = true, value_name = "ARGUMENT")]
    arguments: Vec<OsString>,
}

#[derive(Args)]
struct Keygen {
    /// The key that signs, which nobody else may read (PEM, PKCS#8).
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// A package, and how it is read.
#[derive(Args)]
struct Subject {
    /// Refuse a package that this ed25519 key (PEM) has not signed.
    #[arg(long, value_name = "PUBLIC KEY")]
    key: Option<PathBuf>,
    #[command(flatten)]
    limit: Limit,
    /// The package.
    file: PathBuf,
}

#[derive(Args)]
struct Limit {
    /// The most that a package may have, packed and unpacked.
    #[arg(long, value_name = "MIB", default_value_t = Limits::DEFAULT.bytes / MIB)]
    max_size: u64,
}

fn main() -> ExitCode {
    let command = Cli::parse().command;
    let failed = if let Command::Run(_) = command {
        125
    } else {
        2
    };
    let result = match command {
        Command::Pack(pack) => told(pack.json, json!({"file": pack.output}), pack.run()),
        Command::Verify(verify) => told(verify.json, verify.subject.refused(), verify.run()),
        Command::Inspect(inspect) => told(inspect.json, inspect.subject.refused(), inspect.run()),
        Command::Extract(extract) => extract.run(),
        Command::Run(run) => run.run(),
        Command::Keygen(keygen) => keygen.run(),
    };
    result.unwrap_or_else(|error| {
        eprintln!("rmpkg: {error:#}");
        let refused = error
            .downcast_ref()
            .is_some_and(|error: &Error| !matches!(error.kind, Kind::Io | Kind::Key));
        ExitCode::from(if refused && failed == 2 { 1 } else { failed })
    })
}

/// A result, whose error is printed too if JSON is: these fields and what is wrong.
fn told(
    as_json: bool,
    mut report: Value,
    result: anyhow::Result<ExitCode>,
) -> anyhow::Result<ExitCode> {
    if as_json
        && let Err(error) = &result
        && let Some(found) = error.downcast_ref::<Error>()
    {
        report["error"] = json!({"kind": found.kind, "detail": found.detail});
        print(true, &report, String::new)?;
    }
    result
}

impl Pack {
    fn run(&self) -> anyhow::Result<ExitCode> {
        let limits = self.limit.limits();
        package::check_extension(&self.output)?;
        let key = self.sign.as_deref().map(secret_key).transpose()?;
        let read = |path: &Path| file::read(path, limits.bytes);
        let mut contents = Contents::new(read(&self.manifest)?, read(&self.wasm)?, limits)
            .map_err(|error| match error.kind {
                Kind::Runtime => error.of(Layout::Flat.runtime(), &name(&self.wasm)),
                _ => error.of(package::MANIFEST, &name(&self.manifest)),
            })?;
        if let Some(metadata) = &self.metadata {
            contents
                .set_metadata(read(metadata)?)
                .map_err(|error| error.of(package::METADATA, &name(metadata)))?;
        }
        for module in &self.modules {
            contents.add_module(module)?;
        }
        for wheel in &self.wheels {
            contents.add_wheel(wheel)?;
        }
        for model in &self.models {
            contents.add_model(model)?;
        }
        let (archive, package) = contents.pack(key.as_ref())?;
        warn(&package);
        file::write(&self.output, &archive)?;
        print(
            self.json,
            &json!({
                "file": self.output,
                "bytes": archive.len(),
                "sha256": listing::hash(&archive),
                "signed": package.is_signed(),
                "warnings": package.warnings(),
            }),
            || {
                format!(
                    "{}: {} bytes, {} files",
                    self.output.display(),
                    archive.len(),
                    package.files().count()
                )
            },
        )
    }
}

impl Verify {
    fn run(&self) -> anyhow::Result<ExitCode> {
        let file = &self.subject.file;
        let package = self.subject.open()?;
        let valid = !self.strict || package.warnings().is_empty();
        print(
            self.json,
            &json!({
                "file": file,
                "valid": valid,
                "signature": self.subject.signature(&package),
                "warnings": package.warnings(),
            }),
            || {
                format!(
                    "{}: {}; signature: {}",
                    file.display(),
                    if valid { "good" } else { "refused" },
                    self.subject.signature(&package)
                )
            },
        )?;
        warn(&package);
        Ok(ExitCode::from(u8::from(!valid)))
    }
}

impl Inspect {
    fn run(&self) -> anyhow::Result<ExitCode> {
        let package = self.subject.open()?;
        warn(&package);
        let files: Vec<_> = package
            .files()
            .map(|(name, contents)| {
                json!({"name": name, "bytes": contents.len(), "sha256": listing::hash(contents)})
            })
            .collect();
        print(
            self.json,
            &json!({
                "file": self.subject.file,
                "layout": package.layout(),
                "signature": self.subject.signature(&package),
                "metadata": package.metadata(),
                "runtime_info": package.info(),
                "manifest": package.manifest(),
                "files": files,
                "warnings": package.warnings(),
            }),
            || self.shown(&package),
        )
    }

    fn shown(&self, package: &Package) -> String {
        let metadata = package.metadata().unwrap_or_default();
        let about = &package.manifest()["metadata"];
        let said = |value: &Value, otherwise: &Value| {
            let text = value.as_str().or(otherwise.as_str()).unwrap_or("not said");
            text.escape_debug().to_string()
        };
        let info = package.info();
        let mut lines = vec![
            format!(
                "package:   {}",
                said(&metadata["package_name"], &about["name"])
            ),
            format!(
                "version:   {}",
                said(&metadata["package_version"], &about["version"])
            ),
            format!("signature: {}", self.subject.signature(package)),
            format!("runtime:   {} bytes", info.wasm_size_bytes),
            format!(
                "pipeline:  {} nodes ({}), {} connections",
                info.node_count,
                info.node_types.join(", ").escape_debug(),
                info.connection_count
            ),
            "files:".to_owned(),
        ];
        for (name, contents) in package.files() {
            lines.push(format!("{:>12}  {name}", contents.len()));
        }
        lines.join("\n")
    }
}

impl Extract {
    fn run(&self) -> anyhow::Result<ExitCode> {
        let package = self.subject.open()?;
        warn(&package);
        extract::extract(&package, &self.output)?;
        write_stdout(&format!("{}\n", self.output.display()))?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Run {
    fn run(&self) -> anyhow::Result<ExitCode> {
        let limits = self.subject.limit.limits();
        let package = self.subject.open()?;
        warn(&package);
        let input = match self.input.as_deref() {
            None => None,
            Some(path) if path == Path::new("-") => Some(read_stdin(limits.bytes)?),
            Some(path) => Some(file::read(path, limits.bytes)?),
        };
        let request = run::request(&package, input.as_deref()).map_err(|error| {
            let given = self.input.as_deref().filter(|path| *path != Path::new("-"));
            error.of("input", &given.map_or("standard input".to_owned(), name))
        })?;
        let unpacked = Unpacked::new(&package, &limits)?;
        let command = unpacked.command(&self.runtime, &self.arguments);
        let status = run::wait(command, &request).with_context(|| {
            format!(
                "cannot run {}; --runtime names Wasmtime where it is not on PATH",
                self.runtime.display()
            )
        })?;
        // NB: a process that a signal ended has no exit code; shells count from 128
        let code = status
            .code()
            .or(status.signal().map(|signal| 128 + signal))
            .and_then(|code| u8::try_from(code).ok());
        Ok(ExitCode::from(code.unwrap_or(125)))
    }
}

impl Keygen {
    fn run(&self) -> anyhow::Result<ExitCode> {
        let key = SecretKey::generate()?;
        let io = |error| Error::io(&self.output, &error);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.output)
            .map_err(io)?;
        let written = file
            .write_all(key.to_pem().as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(io);
        // What it signs, only its public key verifies: where that cannot be printed, neither is kept.
        let kept = written.map_err(Into::into).and_then(|()| {
            let mut output = io::stdout().lock();
            write!(output, "{}", key.public().to_pem())
                .and_then(|()| output.flush())
                .context(NO_OUTPUT)
        });
        if kept.is_err() {
            fs::remove_file(&self.output).map_err(io)?;
        }
        kept.map(|()| ExitCode::SUCCESS)
    }
}

impl Subject {
    fn open(&self) -> anyhow::Result<Package> {
        let key = self.key.as_deref().map(public_key).transpose()?;
        let package = Package::open(&self.file, &self.limit.limits())?;
        if let Some(key) = key {
            package
                .verify_signature(&key)
                .map_err(|error| error.within(&self.file.display().to_string()))?;
        }
        Ok(package)
    }

    /// What JSON has of a package that is refused, besides why.
    fn refused(&self) -> Value {
        json!({"file": self.file, "valid": false})
    }

    /// What is known of the signature of a package that has been opened.
    fn signature(&self, package: &Package) -> &'static str {
        match (package.is_signed(), &self.key) {
            (_, Some(_)) => "good",
            (true, None) => "not checked",
            (false, None) => "none",
        }
    }
}

impl Limit {
    fn limits(&self) -> Limits {
        Limits {
            bytes: self.max_size.saturating_mul(MIB),
            ..Limits::DEFAULT
        }
    }
}

fn warn(package: &Package) {
    for warning in package.warnings() {
        eprintln!("rmpkg: warning: {warning}");
    }
}

fn print(as_json: bool, value: &Value, text: impl FnOnce() -> String) -> anyhow::Result<ExitCode> {
    write_stdout(&if as_json {
        format!("{value:#}\n")
    } else {
        format!("{}\n", text())
    })?;
    Ok(ExitCode::SUCCESS)
}

const NO_OUTPUT: &str = "cannot write to standard output";

/// Writes to standard output, which may be closed by who has read enough.
fn write_stdout(text: &str) -> anyhow::Result<()> {
    let mut output = io::stdout().lock();
    match output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
    {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error).context(NO_OUTPUT),
        _ => Ok(()),
    }
}

/// What a message calls a file.
fn name(path: &Path) -> String {
    path.display().to_string()
}

fn secret_key(path: &Path) -> anyhow::Result<SecretKey> {
    Ok(SecretKey::parse(&key_text(path)?)
        .map_err(|error| error.within(&path.display().to_string()))?)
}

fn public_key(path: &Path) -> anyhow::Result<PublicKey> {
    Ok(PublicKey::parse(&key_text(path)?)
        .map_err(|error| error.within(&path.display().to_string()))?)
}

/// A key's file, which is small.
fn key_text(path: &Path) -> anyhow::Result<String> {
    let text = file::read(path, 64 << 10)?;
    String::from_utf8(text)
        .map_err(|_| Error::new(Kind::Key, format!("{}: not PEM", path.display())).into())
}

fn read_stdin(limit: u64) -> anyhow::Result<Vec<u8>> {
    let mut input = Vec::new();
    io::stdin()
        .lock()
        .take(limit.saturating_add(1))
        .read_to_end(&mut input)
        .context("standard input")?;
    if input.len() as u64 > limit {
        bail!("standard input: more than {limit} bytes");
    }
    Ok(input)
}
