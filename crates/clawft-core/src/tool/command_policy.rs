//! Which commands a model may run.
//!
//! `tools.command_policy` of the configuration has `mode`, `allowlist` or `denylist`, and a list of each
//! name. By default only programs that read may run.
//!
//! This keeps a model from mishaps. It is no sandbox: a program that is allowed has the user's rights, many
//! programs run others or write files when told to (`sort -o`), a denied pattern can be written in a
//! hundred other ways, and with `denylist` anything else goes. Where a model may be led astray by what it
//! reads, confine the whole agent, by a container or by running it as a component, which has no such tool.

use serde_json::Value;

use super::{Context, ToolError};
use crate::prelude::*;

/// Programs that read and print. Not `env` and `find`, which also run others.
const ALLOWED: [&str; 20] = [
    "basename", "cat", "cut", "date", "diff", "dirname", "echo", "false", "grep", "head", "ls",
    "printf", "pwd", "sort", "tail", "test", "tr", "true", "uniq", "wc",
];

/// Parts of commands that are refused in either mode; white space counts as one space, case not at all.
const DANGEROUS: [&str; 16] = [
    "rm -rf /",
    "rm -fr /",
    "rm -r /",
    "--no-preserve-root",
    "sudo ",
    "doas ",
    "mkfs",
    "dd if=",
    "of=/dev/",
    "> /dev/sd",
    ">/dev/sd",
    "> /dev/nvme",
    ":(){",
    "shutdown",
    "reboot",
    "poweroff",
];

/// The rules.
pub(super) struct Policy<'a> {
    workspace: &'a str,
    /// Programs that may run; `None` for all
    allowed: Option<Vec<&'a str>>,
    denied: Vec<&'a str>,
    /// `tools.restrict_to_workspace`
    restricted: bool,
}

impl<'a> Policy<'a> {
    /// The rules of the user's configuration.
    pub(super) fn new(context: &Context<'a>) -> Self {
        let tools = &context.config.document["tools"];
        let policy = &tools["command_policy"];
        let list = |name: &str, default: &[&'a str]| match policy[name].as_array() {
            Some(list) => list.iter().filter_map(Value::as_str).collect(),
            None => default.to_vec(),
        };
        let any = policy["mode"] == "denylist";
        Self {
            workspace: context.workspace_path,
            allowed: (!any).then(|| list("allowlist", &ALLOWED)),
            denied: list("denylist", &[]),
            restricted: tools["restrict_to_workspace"] == true,
        }
    }

    /// Checks a command of the shell.
    ///
    /// # Errors
    /// What may not run.
    pub(super) fn check_shell(&self, command: &str) -> Result<(), ToolError> {
        if command.contains('\0') {
            return Err(ToolError::new("the command has a NUL"));
        }
        self.check_text(command)?;
        if self.allowed.is_some() {
            for program in programs(command)? {
                self.check_name(program)?;
            }
        }
        let words = command.split(|character: char| {
            character.is_whitespace() || "\"'`;&|()<>={}$,:".contains(character)
        });
        self.check_places(words)
    }

    /// Checks a program with its arguments.
    ///
    /// # Errors
    /// What may not run.
    pub(super) fn check_program(&self, program: &str, words: &[&str]) -> Result<(), ToolError> {
        self.check_text(&format!("{program} {}", words.join(" ")))?;
        self.check_name(program)?;
        self.check_places(words.iter().flat_map(|word| word.split(['=', ':', ','])))
    }

    fn check_name(&self, program: &str) -> Result<(), ToolError> {
        // By its name alone: a path may lead to a program of the model's own making.
        match &self.allowed {
            Some(allowed) if !allowed.contains(&program) => Err(ToolError::new(format!(
                "command not allowed: {program}; the user allows {}",
                allowed.join(", ")
            ))),
            _ => Ok(()),
        }
    }

    fn check_text(&self, command: &str) -> Result<(), ToolError> {
        let lower = command.to_lowercase();
        let plain = lower.split_whitespace().collect::<Vec<_>>().join(" ");
        let found = DANGEROUS
            .iter()
            .chain(&self.denied)
            .find(|pattern| plain.contains(&pattern.to_lowercase()));
        match found {
            Some(pattern) => Err(ToolError::new(format!(
                "command blocked: it contains {pattern:?}"
            ))),
            None => Ok(()),
        }
    }

    /// Refuses words that name places outside of the workspace, as far as that shows.
    fn check_places<'w>(&self, words: impl Iterator<Item = &'w str>) -> Result<(), ToolError> {
        if !self.restricted {
            return Ok(());
        }
        for word in words {
            let outside = match word.strip_prefix(self.workspace) {
                Some(rest) => !(rest.is_empty() || rest.starts_with('/')),
                None => word.starts_with(['/', '~']) && word != "/dev/null",
            };
            if outside || word.split('/').any(|part| part == "..") {
                return Err(ToolError::new(format!(
                    "command blocked: {word} leads out of the workspace"
                )));
            }
        }
        Ok(())
    }
}

/// The programs that a command of the shell runs, where that shows at once.
///
/// # Errors
/// It has what could hide a program, or write a file.
fn programs(command: &str) -> Result<Vec<&str>, ToolError> {
    let refuse = |what: &str| {
        Err(ToolError::new(format!(
            "command not allowed: {what} cannot be checked against the user's list"
        )))
    };
    let mut programs = Vec::new();
    let mut quote = None;
    // Where the name of the program starts that is being read, or is to come
    let mut name: Option<usize> = None;
    let mut expected = true;
    let mut characters = command.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        if character == '`' && quote != Some('\'') {
            return refuse("`…`");
        }
        if character == '$' && quote != Some('\'') && command[at + 1..].starts_with('(') {
            return refuse("$(…)");
        }
        if let Some(open) = quote {
            if character == '\\' && open == '"' {
                characters.next();
            } else if character == open {
                quote = None;
            }
            continue;
        }
        let separator = ";&|()\n".contains(character);
        if separator || character.is_whitespace() || "<>".contains(character) {
            if let Some(start) = name.take() {
                programs.push(&command[start..at]);
                expected = false;
            }
            expected |= separator;
            if "<>".contains(character) {
                if expected {
                    return refuse("a redirection before the program");
                }
                if character == '>' {
                    let target = command[at + 1..].trim_start();
                    let null = target.strip_prefix("/dev/null");
                    if let Some(rest) = target.strip_prefix('&') {
                        if !rest.starts_with(|digit: char| digit.is_ascii_digit()) {
                            return refuse("a redirection to a file");
                        }
                        // The & is of the redirection.
                        while characters.next_if(|(_, next)| *next != '&').is_some() {}
                        characters.next();
                    } else if null.is_none_or(|rest| {
                        rest.starts_with(|next: char| {
                            !next.is_whitespace() && !";&|)".contains(next)
                        })
                    }) {
                        return refuse("a redirection to a file");
                    }
                }
            }
            continue;
        }
        if expected && name.is_none() {
            name = Some(at);
        }
        let plain = character.is_ascii_alphanumeric() || "_-+.".contains(character);
        if name.is_some() && !plain {
            return refuse("a program's name that is not plain");
        }
        match character {
            '\'' | '"' => quote = Some(character),
            '\\' => {
                characters.next();
            }
            _ => {}
        }
    }
    if quote.is_some() {
        return refuse("a quote that does not end");
    }
    if let Some(start) = name {
        programs.push(&command[start..]);
    }
    Ok(programs)
}
