//! What a model may do: tools, each a row of [`TOOLS`].

use serde_json::Value;

use crate::config::Config;
use crate::platform::{Directory, Platform};

/// How a tool is described to a model.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Its name
    pub name: &'static str,
    /// What it does
    pub description: &'static str,
    /// Its arguments, as a JSON Schema's text
    pub parameters: &'static str,
}

/// What a tool works with.
pub struct Context<'a> {
    /// The machine
    pub platform: &'a Platform,
    /// What the user allows
    pub config: &'a Config,
    /// The folder that files are read from and written to
    pub workspace: &'a dyn Directory,
}

/// Why a tool did not do it. The model is told, and goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolError {
    /// In words that help a model to do better
    pub message: String,
}

/// What a tool that was started is at.
pub enum Running {
    /// The result
    Done(Value),
    /// It waits for the network, and others may be started meanwhile; the function waits for the result.
    Waiting(Box<dyn FnOnce(&Context<'_>) -> Result<Value, ToolError>>),
}

/// One tool.
pub struct Tool {
    /// What a model is told of it
    pub spec: Spec,
    /// Starts it with a JSON object of arguments.
    pub start: fn(&Context<'_>, &Value) -> Result<Running, ToolError>,
}

/// All tools, by name.
pub const TOOLS: &[Tool] = &[];
