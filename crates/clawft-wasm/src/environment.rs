//! The variables that the host sets.

use alloc::string::String;

use clawft_core::platform::Environment;

use crate::bindings::wasi::cli::environment::get_environment;

/// The variables of the host.
pub struct Variables;

impl Environment for Variables {
    fn variable(&self, name: &str) -> Option<String> {
        get_environment()
            .into_iter()
            .find_map(|(known, value)| (known == name).then_some(value))
    }
}
