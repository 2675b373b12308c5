//! A core module, driven through its C ABI in a process of the runtime.

use std::io;
use std::path::Path;
use std::process;
use std::time::Duration;

use crate::command::{excess, killed, last_words, start, this_program};
use crate::difference;
use crate::llguidance;
use crate::outcome::{Failure, Outcome};
use crate::process::{Ended, Limits};
use crate::remote::Remote;
use crate::runtime::{Core, Invocation, Mode, Module};
use crate::scenario::{Call, Scenario};
use crate::whitemagic;

/// A scenario of a core module that has ended.
pub struct Run {
    /// How, if not well.
    pub result: Result<(), Failure>,
    /// The runtime's part of the time.
    pub spent: Duration,
    /// How the runtime's process ended.
    pub ended: Ended,
}

/// Puts a core module through a scenario. `file` is the module, or its machine code.
///
/// # Errors
/// If the runtime's process cannot be started.
pub fn run(
    mode: &Mode,
    module: &Path,
    file: &Path,
    scenario: &Scenario,
    limits: Limits,
) -> io::Result<Run> {
    in_process(mode, limits, |remote| {
        let loaded = remote.load(file)?;
        match (scenario.llguidance, &scenario.whitemagic) {
            (Some(part), _) => llguidance::run(part, &*loaded, module, &scenario.folder),
            (_, Some(dialogue)) => whitemagic::run(&*loaded, &scenario.folder.join(dialogue)),
            _ => call_all(&*loaded, &scenario.call),
        }
    })
}

/// Loads a module, instantiates it and calls one function: the runtime's part of the time.
///
/// # Errors
/// If the runtime's process cannot be started.
pub fn first_call(mode: &Mode, file: &Path, function: &str, limits: Limits) -> io::Result<Run> {
    in_process(mode, limits, |remote| {
        remote.load(file)?.instantiate()?.call(function, &[])?;
        Ok(())
    })
}

/// Compiles a module to the file `code`; false if the mode has no such step.
///
/// # Errors
/// If the runtime's process cannot be started.
pub fn compile(
    mode: &Mode,
    module: &Path,
    code: &Path,
    limits: Limits,
) -> io::Result<Result<bool, Failure>> {
    let mut compiled = false;
    let run = in_process(mode, limits, |remote| {
        compiled = remote.compile(module, code)?;
        Ok(())
    })?;
    Ok(run.result.map(|()| compiled))
}

fn in_process(
    mode: &Mode,
    limits: Limits,
    drive: impl FnOnce(&Remote) -> Result<(), Failure>,
) -> io::Result<Run> {
    let remote = Remote::start(worker(mode)?, limits)?;
    let mut result = drive(&remote);
    let spent = remote.spent();
    let ended = remote.finish()?;
    if let Some(failure) = excess(&ended, limits) {
        result = Err(failure);
    } else if spent.is_err() {
        // It was gone before it was told to end, and knows better why.
        result = Err(if ended.status.code().is_none() {
            killed(&ended)
        } else {
            let said = last_words(&ended.stderr);
            let message = format!("the runtime ended: {}{said}", ended.status);
            Failure::new(Outcome::Fault, message)
        });
    }
    Ok(Run {
        result,
        spent: spent.unwrap_or_default(),
        ended,
    })
}

fn worker(mode: &Mode) -> io::Result<process::Command> {
    match mode.core {
        Core::Embedded(_) => {
            let invocation = Invocation::new(this_program()?).args(["worker", "--mode", mode.name]);
            start(&invocation)
        }
        Core::Program(driver) => start(&driver.start()),
    }
}

fn call_all(module: &dyn Module, calls: &[Call]) -> Result<(), Failure> {
    let mut instance = module.instantiate()?;
    for Call {
        function,
        arguments,
        returns,
    } in calls
    {
        let value = instance.call(function, arguments)?;
        if let Some(expected) = returns
            && let Some(message) =
                difference::of_values(function, value, Some(*expected), "by the scenario")
        {
            return Err(Failure::new(Outcome::Wrong, message));
        }
    }
    Ok(())
}
