//! The scenario for `whitemagic_core.wasm`: a dialogue in one instance, line by line.
//!
//! A line is `FUNCTION | ARGUMENT | ANSWER`, three texts of which the first two are what is called, and the last
//! is what must come of it, byte for byte; or `! ` and the message of a call that must fail. A function without
//! an argument has an empty one. The native library is held to the same lines by the crate's own tests.

use std::fs;
use std::path::Path;

use crate::difference;
use crate::outcome::{Failure, Outcome};
use crate::runtime::{Fault, Instance, Module};

/// Leads the dialogue of a file.
///
/// # Errors
/// The first answer that is another, and what went wrong in the module.
pub fn run(module: &dyn Module, dialogue: &Path) -> Result<(), Failure> {
    let cannot = |why: String| {
        let message = format!("{}: {why}", dialogue.display());
        Failure::new(Outcome::Fault, message)
    };
    let text = fs::read_to_string(dialogue).map_err(|error| cannot(error.to_string()))?;
    let mut instance = module.instantiate()?;
    let mut calls = 0;
    for (number, line) in (1..).zip(text.lines()) {
        if line.is_empty() {
            continue;
        }
        let mut fields = line.splitn(3, " | ").map(str::trim);
        let (Some(function), Some(argument), Some(expected)) =
            (fields.next(), fields.next(), fields.next())
        else {
            return Err(cannot(format!(
                "line {number} is not `FUNCTION | ARGUMENT | ANSWER`"
            )));
        };
        let given = call(&mut *instance, function, argument)?;
        let what = format!("what line {number} calls, {function},");
        let whence = "by the dialogue";
        if let Some(message) = difference::of_text(&what, &given, expected.as_bytes(), whence) {
            return Err(Failure::new(Outcome::Wrong, message));
        }
        calls += 1;
    }
    if calls == 0 {
        return Err(cannot("nothing is called".to_owned()));
    }
    Ok(())
}

/// The answer's bytes; or those of the message after `! `.
fn call(instance: &mut dyn Instance, function: &str, argument: &str) -> Result<Vec<u8>, Fault> {
    let returned = if argument.is_empty() {
        instance.call(function, &[])?
    } else {
        let length = u32::try_from(argument.len()).unwrap_or(u32::MAX);
        let address = instance.call("wm_alloc", &[length])?.unwrap_or(0);
        instance.write(address, argument.as_bytes())?;
        let returned = instance.call(function, &[address, length])?;
        instance.call("wm_free", &[address, length])?;
        returned
    };
    // NB: the module's numbers are signed
    let returned = returned.unwrap_or(0).cast_signed();
    let mut bytes = if returned < 0 {
        b"! ".to_vec()
    } else {
        Vec::new()
    };
    let before = bytes.len();
    bytes.resize(before + returned.unsigned_abs() as usize, 0);
    let address = instance.call("wm_result", &[])?.unwrap_or(0);
    instance.read(address, &mut bytes[before..])?;
    Ok(bytes)
}
