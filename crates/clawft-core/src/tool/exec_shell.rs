//! `exec_shell`: a command of the shell.

use std::process::Command;

use super::arguments::Arguments;
use super::command_policy::Policy;
use super::{Context, Running, Spec, Tool, ToolError, process};

pub(super) const TOOL: Tool = Tool {
    spec: Spec {
        name: "exec_shell",
        description: "Run a command of sh in the workspace and return its output. What it leaves in the \
                      background is ended with it.",
        parameters: r#"{
"type": "object",
"properties": {
"command": {"type": "string", "minLength": 1, "description": "The command"},
"timeout": {"type": "integer", "minimum": 1, "maximum": 300, "description": "Seconds after which it is killed"}
},
"required": ["command"],
"additionalProperties": false
}"#,
    },
    start,
};

fn start(context: &Context<'_>, arguments: &Arguments<'_>) -> Result<Running, ToolError> {
    let text = arguments.text("command");
    Policy::new(context).check_shell(text)?;
    let mut command = Command::new("sh");
    command.arg("-c").arg(text);
    process::start(context, arguments, command)
}
