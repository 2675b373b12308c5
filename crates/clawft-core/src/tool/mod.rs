//! What a model may do: tools, each a row of [`TOOLS`].

pub mod arguments;
#[cfg(feature = "exec-tool")]
mod command_policy;
pub mod edit_file;
#[cfg(feature = "exec-tool")]
pub mod exec_shell;
pub mod html;
pub mod list_directory;
pub mod memory_read;
pub mod memory_write;
#[cfg(feature = "channels")]
pub mod message;
pub mod paths;
#[cfg(feature = "exec-tool")]
pub mod process;
pub mod read_file;
#[cfg(feature = "exec-tool")]
pub mod spawn;
pub mod vector_add;
pub mod vector_search;
pub mod web_fetch;
pub mod web_search;
pub mod write_file;

use serde_json::Value;

use arguments::Arguments;

use crate::config::Config;
use crate::platform::{Directory, FileError, HttpError, Platform};
use crate::prelude::*;
use crate::vectors;

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
    /// Where that folder is: an absolute path. Programs run there, and a path below it that a model writes
    /// out in full is taken for what it means.
    pub workspace_path: &'a str,
    /// The vectors of the workspace
    pub vectors: &'a vectors::Store,
    /// When the turn ends, as the monotonic clock has it; `u64::MAX` for never
    pub deadline: u64,
    /// Where messages to others go; `None` where no channel is open
    #[cfg(feature = "channels")]
    pub channels: Option<&'a dyn message::Channels>,
}

impl Context<'_> {
    /// The milliseconds that are left of the turn.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.deadline
            .saturating_sub(self.platform.clock.monotonic())
    }

    /// How long to wait for the network: as the user says, but not beyond the turn's end.
    #[must_use]
    pub fn timeout(&self) -> u64 {
        let left = self.left().max(1);
        match self.config.agent.timeout {
            0 => left,
            timeout => timeout.min(left),
        }
    }
}

/// Why a tool did not do it. The model is told, and goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolError {
    /// In words that help a model to do better
    pub message: String,
}

impl ToolError {
    /// An error of these words.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

impl core::fmt::Display for ToolError {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl core::error::Error for ToolError {}

impl From<FileError> for ToolError {
    fn from(error: FileError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<HttpError> for ToolError {
    fn from(error: HttpError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<vectors::Error> for ToolError {
    fn from(error: vectors::Error) -> Self {
        Self::new(error.to_string())
    }
}

/// What a tool that was started is at.
pub enum Running {
    /// The result
    Done(Value),
    /// It waits for the network, and others may be started meanwhile; the function waits for the result.
    Waiting(Wait),
}

/// Waits for the result of a tool.
pub type Wait = Box<dyn FnOnce(&Context<'_>) -> Result<Value, ToolError>>;

/// One tool.
pub struct Tool {
    /// What a model is told of it
    pub spec: Spec,
    start: fn(&Context<'_>, &Arguments<'_>) -> Result<Running, ToolError>,
}

impl Tool {
    /// Starts it with a JSON object of arguments, which its schema checks.
    ///
    /// # Errors
    /// The arguments are not as the schema says, or the tool refuses them or fails.
    pub fn start(&self, context: &Context<'_>, arguments: &Value) -> Result<Running, ToolError> {
        (self.start)(context, &Arguments::check(&self.spec, arguments)?)
    }
}

/// All tools, by name.
pub const TOOLS: &[Tool] = &[
    edit_file::TOOL,
    #[cfg(feature = "exec-tool")]
    exec_shell::TOOL,
    list_directory::TOOL,
    memory_read::TOOL,
    memory_write::TOOL,
    #[cfg(feature = "channels")]
    message::TOOL,
    read_file::TOOL,
    #[cfg(feature = "exec-tool")]
    spawn::TOOL,
    vector_add::TOOL,
    vector_search::TOOL,
    web_fetch::TOOL,
    web_search::TOOL,
    write_file::TOOL,
];

/// The tool of a name.
///
/// # Errors
/// There is none; the message lists those that there are.
pub fn find(name: &str) -> Result<&'static Tool, ToolError> {
    if let Some(tool) = TOOLS.iter().find(|tool| tool.spec.name == name) {
        return Ok(tool);
    }
    let mut message = format!("no tool {name}; there are");
    for (at, tool) in TOOLS.iter().enumerate() {
        message.push_str(if at == 0 { " " } else { ", " });
        message.push_str(tool.spec.name);
    }
    Err(ToolError { message })
}

/// A JSON object. Unlike `json!` this is one function, whatever the members.
pub(crate) fn object(members: Vec<(&str, Value)>) -> Value {
    let mut map = serde_json::Map::new();
    for (name, value) in members {
        map.insert(name.to_owned(), value);
    }
    Value::Object(map)
}

/// The longest text of a result, in bytes: what a model is given ends at 65,536, JSON around it and its
/// escapes included.
pub(crate) const MAX_TEXT: usize = 48 << 10;
