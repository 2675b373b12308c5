//! WAMR: its CLI, and embedded.

use std::fs;
use std::path::Path;
use std::process::Command;

use wamr::{COMPILER, Error, Limits};

use super::{Cli, Fault, Guest, Instance, Invocation, Module, Runtime};
use crate::outcome::{Failure, Outcome};
use crate::process::Ended;

/// The module is interpreted.
pub static INTERPRETER: Wamr = Wamr { ahead: false };

/// The module is compiled to a file for a fixed CPU, then loaded from that file.
pub static AOT: Wamr = Wamr { ahead: true };

/// Target of ahead-of-time compilation: fixed, so that the file does not depend on the machine
/// that compiles it.
const AOT_TARGET: [&str; 2] = if cfg!(target_arch = "aarch64") {
    ["--target=aarch64v8", "--cpu=generic"]
} else {
    ["--target=x86_64", "--cpu=x86-64-v2"]
};

/// WAMR in one of its modes.
pub struct Wamr {
    ahead: bool,
}

impl Cli for Wamr {
    fn version(&self) -> Invocation {
        Invocation::new("iwasm").arg("--version")
    }

    fn compile(&self, module: &Path, code: &Path) -> Option<Invocation> {
        self.ahead.then(|| {
            Invocation::new("wamrc")
                .args(AOT_TARGET)
                .arg("-o")
                .args([code, module])
        })
    }

    fn run(&self, file: &Path, guest: &Guest) -> Invocation {
        let Guest {
            arguments,
            environment,
            folders,
        } = guest;
        Invocation::new("iwasm")
            // The default is less than what Rust's programs and CPython put on a stack; and a
            // heap would lie in linear memory, where the module has its own.
            .args(["--stack-size=1048576", "--heap-size=0"])
            .args(folders.iter().map(|folder| format!("--dir={folder}")))
            .args(
                environment
                    .iter()
                    .map(|(name, value)| format!("--env={name}={value}")),
            )
            .arg(file)
            .args(arguments)
    }

    fn fault(&self, ended: &Ended) -> Option<Failure> {
        // WAMR's own iwasm says what went wrong on standard output, others on standard error.
        let [stdout, stderr] =
            [&ended.stdout, &ended.stderr].map(|stream| String::from_utf8_lossy(stream));
        [
            ("missing import: ", Outcome::MissingImport),
            ("failed to link import function", Outcome::MissingImport),
            (
                "failed to call unlinked import function",
                Outcome::MissingImport,
            ),
            ("memory limit: it starts with ", Outcome::MemoryLimit),
            ("module load failed: ", Outcome::BadModule),
            ("Exception: ", Outcome::Trap),
            ("iwasm: ", Outcome::BadModule),
        ]
        .into_iter()
        .find_map(|(sign, outcome)| {
            let line = [&stderr, &stdout]
                .into_iter()
                .flat_map(|said| said.lines())
                // Refused memory is no fault of its own: a program may go on without it.
                .filter(|line| !line.contains(": memory limit: ") || sign.starts_with("memory"))
                .find(|line| line.contains(sign))?;
            Some(Failure::new(outcome, line))
        })
    }
}

impl Runtime for Wamr {
    fn version(&self) -> String {
        format!("wamr {}", wamr::version())
    }

    fn compile(&self, module: &Path, code: &Path) -> Result<bool, Fault> {
        if !self.ahead {
            return Ok(false);
        }
        let output = Command::new(COMPILER)
            .args(AOT_TARGET)
            // What `wamr` asks of the files that it loads.
            .arg("--bounds-checks=1")
            .arg("-o")
            .args([code, module])
            .output()
            .map_err(|error| Fault::Lost {
                reason: format!("{COMPILER}: {error}"),
            })?;
        if output.status.success() {
            return Ok(true);
        }
        Err(Fault::bad_module(String::from_utf8_lossy(&output.stderr)))
    }

    fn load(&self, file: &Path) -> Result<Box<dyn Module>, Fault> {
        let bytes = fs::read(file).map_err(Fault::bad_module)?;
        let module = if self.ahead {
            // SAFETY: the file was written by `compile`, for the oldest CPU of this kind, in a
            // folder of this run, and nothing else writes to it.
            unsafe { wamr::Module::from_aot(&bytes) }
        } else {
            wamr::Module::new(&bytes)
        }?;
        Ok(Box::new(module))
    }
}

impl Module for wamr::Module {
    fn instantiate(&self) -> Result<Box<dyn Instance>, Fault> {
        let instance = self.instantiate(&Limits::default())?;
        if instance.memory_size() == 0 {
            return Err(Fault::missing_export("memory", "memory"));
        }
        Ok(Box::new(instance))
    }
}

impl Instance for wamr::Instance {
    fn call(&mut self, function: &str, arguments: &[u32]) -> Result<Option<u32>, Fault> {
        self.call(function, arguments).map_err(|error| match error {
            Error::Trap { .. } => Fault::Trap {
                function: function.to_owned(),
                reason: error.to_string(),
            },
            error => error.into(),
        })
    }

    fn read(&mut self, address: u32, bytes: &mut [u8]) -> Result<(), Fault> {
        Ok(wamr::Instance::read(self, address, bytes)?)
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), Fault> {
        Ok(self.write(address, bytes)?)
    }

    fn memory_size(&mut self) -> Result<u64, Fault> {
        Ok(wamr::Instance::memory_size(self))
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::Load(reason) => Self::BadModule { reason },
            Error::MissingImport { module, name } => Self::MissingImport {
                name: format!("{module}.{name}"),
            },
            // The only code that runs then is a start function's.
            Error::Instantiate(reason) => Self::Trap {
                function: "start".to_owned(),
                reason,
            },
            Error::MissingExport(name) => Self::missing_export("function", &name),
            Error::Signature {
                ref function,
                arguments,
                ..
            } => Self::Signature {
                function: function.clone(),
                arguments,
                reason: error.to_string(),
            },
            Error::OutOfBounds {
                address,
                length,
                size,
            } => Self::OutOfBounds {
                address,
                length,
                size,
            },
            Error::Runtime | Error::MemoryLimit { .. } | Error::Trap { .. } => Self::Lost {
                reason: error.to_string(),
            },
        }
    }
}
