//! `spawn`: a program with its arguments, without a shell.

use std::process::Command;

use serde_json::Value;

use super::arguments::Arguments;
use super::command_policy::Policy;
use super::{Context, Running, Spec, Tool, ToolError, process};
use crate::prelude::*;

pub(super) const TOOL: Tool = Tool {
    spec: Spec {
        name: "spawn",
        description: "Run a program in the workspace with exactly these arguments, which no shell reads, and \
                      return its output.",
        parameters: r#"{
"type": "object",
"properties": {
"command": {"type": "string", "minLength": 1, "description": "The program"},
"args": {"type": "array", "items": {"type": "string"}, "description": "Its arguments"},
"timeout": {"type": "integer", "minimum": 1, "maximum": 300, "description": "Seconds after which it is killed"}
},
"required": ["command"],
"additionalProperties": false
}"#,
    },
    start,
};

fn start(context: &Context<'_>, arguments: &Arguments<'_>) -> Result<Running, ToolError> {
    let program = arguments.text("command");
    let list = arguments.get("args").and_then(Value::as_array);
    let words: Vec<&str> = list
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if words
        .iter()
        .chain(&[program])
        .any(|word| word.contains('\0'))
    {
        return Err(ToolError::new("spawn: an argument has a NUL"));
    }
    Policy::new(context).check_program(program, &words)?;
    let mut command = Command::new(program);
    command.args(&words);
    process::start(context, arguments, command)
}
