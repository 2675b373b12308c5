//! WAMR: its CLI.

use std::path::Path;

use super::{Cli, Guest, Invocation};
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
            // The default is less than what Rust's programs and CPython put on a stack.
            .arg("--stack-size=1048576")
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
            ("module load failed: ", Outcome::BadModule),
            ("Exception: ", Outcome::Trap),
            ("iwasm: ", Outcome::BadModule),
        ]
        .into_iter()
        .find_map(|(sign, outcome)| {
            let line = [&stderr, &stdout]
                .into_iter()
                .flat_map(|said| said.lines())
                .find(|line| line.contains(sign))?;
            Some(Failure::new(outcome, line))
        })
    }
}
