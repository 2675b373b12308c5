//! Which commands a model may run.
//!
//! `tools.command_policy` of the configuration has `mode`, `allowlist` or `denylist`, and a list of each
//! name. By default only programs that read may run, and on places in the workspace alone.
//!
//! With an allowlist, a command is of a grammar that is read here in full: words, quotes, `|`, `&&`, `||`,
//! `;`, `<`, and what throws output away. All else of the shell's language is refused, for what is not
//! understood cannot be judged.
//!
//! This keeps a model from mishaps. It is no sandbox: a program that is allowed has the user's rights and
//! follows links, many programs run others or write files when told to (`sort -o`), a denied pattern can be
//! written in a hundred other ways, and with `denylist` anything else goes. Where a model may be led astray
//! by what it reads, confine the whole agent, by a container or by running it as a component, which has no
//! such tool.

use std::iter::Peekable;
use std::str::Chars;

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
            restricted: tools["restrict_to_workspace"] != false,
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
        if self.allowed.is_none() {
            let words = command.split(|character: char| {
                character.is_whitespace() || "\"'`;&|()<>={}$,:".contains(character)
            });
            return self.check_places(words);
        }
        for words in Reader::new(command, self.restricted)?.commands()? {
            let Some((program, words)) = words.split_first() else {
                continue;
            };
            self.check_name(&program.text)?;
            self.check_words(&program.text, words)?;
        }
        Ok(())
    }

    /// Checks a program with its arguments.
    ///
    /// # Errors
    /// What may not run.
    pub(super) fn check_program(&self, program: &str, words: &[&str]) -> Result<(), ToolError> {
        self.check_text(&format!("{program} {}", words.join(" ")))?;
        self.check_name(program)?;
        let words: Vec<Word> = words.iter().map(|word| Word::from(*word)).collect();
        self.check_words(program, &words)
    }

    /// Checks the arguments of a program.
    fn check_words(&self, program: &str, words: &[Word]) -> Result<(), ToolError> {
        if self.allowed.is_some() {
            for word in words {
                let text = &*word.text;
                // These run programs, of themselves and of bash.
                let refused = match program {
                    "sort" if text.starts_with("--co") => "an option of sort that runs a program",
                    "sort" if self.restricted && text.starts_with("--fil") => {
                        "an option of sort that takes names from a file"
                    }
                    "sort" | "diff" if word.pattern && text.starts_with(['*', '?', '[', '-']) => {
                        "a pattern that a name with - at its start may fit, where ./* does not,"
                    }
                    "printf" | "test" if text.starts_with("-v") => "-v, which bash evaluates,",
                    _ => continue,
                };
                return refuse(refused);
            }
        }
        self.check_places(words.iter().map(|word| &*word.text))
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
            if word
                .split(['=', ':', ','])
                .any(|part| self.is_outside(part))
            {
                return Err(ToolError::new(format!(
                    "command blocked: {word} leads out of the workspace, or may; \
                     tools.restrict_to_workspace in the user's configuration says so"
                )));
            }
        }
        Ok(())
    }

    fn is_outside(&self, place: &str) -> bool {
        if place == "/dev/null" {
            return false;
        }
        let absolute = |place: &str| match place.strip_prefix(self.workspace) {
            Some(rest) => !(rest.is_empty() || rest.starts_with('/')),
            None => place.starts_with(['/', '~']),
        };
        // `-f/etc/passwd`, and `-nf../x`: where the option's letters end is the program's to know. `-d/` is
        // a delimiter.
        let option = place.starts_with('-');
        let tail = place.find('/').map_or("/", |at| &place[at..]);
        if option && tail != "/" && absolute(tail) {
            return true;
        }
        absolute(place)
            || place.split('/').any(|part| {
                part == ".."
                    || option && part.ends_with("..")
                    // In most shells `.*` and `.?` fit `..` too.
                    || part.starts_with('.') && part.contains(['*', '?', '['])
            })
    }
}

fn refuse<T>(what: &str) -> Result<T, ToolError> {
    Err(ToolError::new(format!(
        "command not allowed: {what} cannot be checked against the user's list"
    )))
}

/// A word of a command, without its quotes.
#[derive(Default)]
struct Word {
    text: String,
    /// Whether it has an unquoted `*`, `?` or `[`
    pattern: bool,
    /// Whether all of it stands there as it is meant
    plain: bool,
}

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            pattern: false,
            plain: true,
        }
    }
}

/// Reads the part of the shell's language that can be judged.
struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    /// Whether a variable may stand for a part of a word
    variables: bool,
}

impl<'a> Reader<'a> {
    fn new(command: &'a str, restricted: bool) -> Result<Self, ToolError> {
        match command
            .chars()
            .find(|character| character.is_control() && *character != '\t')
        {
            Some('\n' | '\r') => refuse("a line break"),
            Some(_) => refuse("a control character"),
            None => Ok(Self {
                rest: command.chars().peekable(),
                variables: !restricted,
            }),
        }
    }

    /// The words of each command, files that it reads from included.
    fn commands(mut self) -> Result<Vec<Vec<Word>>, ToolError> {
        let mut commands = Vec::new();
        let mut words: Vec<Word> = Vec::new();
        // Whether a command must follow
        let mut owed = true;
        loop {
            self.blanks();
            let Some(&next) = self.rest.peek() else {
                break;
            };
            match next {
                '|' | '&' | ';' => {
                    self.rest.next();
                    let double = next != ';' && self.take(next);
                    if next == '&' && !double {
                        return refuse("a program in the background (&)");
                    }
                    if words.is_empty() {
                        return refuse("an empty command");
                    }
                    commands.push(std::mem::take(&mut words));
                    owed = next != ';';
                    continue;
                }
                '(' | ')' => return refuse("a parenthesis outside of quotes"),
                '<' | '>' if words.is_empty() => {
                    return refuse("a redirection before the program");
                }
                '<' => words.extend(Some(self.input()?)),
                '>' => self.output()?,
                _ => {
                    let word = self.word()?;
                    if word.plain
                        && matches!(self.rest.peek(), Some('<' | '>'))
                        && word.text.bytes().all(|byte| byte.is_ascii_digit())
                    {
                        // One digit is the number of a stream; shells differ on more.
                        match word.text.len() {
                            1 => continue,
                            _ => return refuse("a number before a redirection"),
                        }
                    }
                    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-+.".contains(&byte);
                    if words.is_empty() && !(word.plain && word.text.bytes().all(plain)) {
                        return refuse("a program's name that is not plain");
                    }
                    words.push(word);
                }
            }
            owed = false;
        }
        if owed {
            return refuse("an empty command");
        }
        commands.push(words);
        Ok(commands)
    }

    fn blanks(&mut self) {
        while self.take(' ') || self.take('\t') {}
    }

    fn take(&mut self, character: char) -> bool {
        self.rest.next_if_eq(&character).is_some()
    }

    /// `<` and the file that is read.
    fn input(&mut self) -> Result<Word, ToolError> {
        self.rest.next();
        if self.take('<') {
            return refuse("a here-document (<<)");
        }
        self.blanks();
        match self.word()? {
            word if word.text.is_empty() => refuse("a redirection without a file"),
            word => Ok(word),
        }
    }

    /// `>` or `>>` to where nothing is kept, or to another stream.
    fn output(&mut self) -> Result<(), ToolError> {
        self.rest.next();
        let stream = !self.take('>') && self.take('&');
        if !stream {
            self.blanks();
        }
        let word = self.word()?;
        let fits = if stream {
            word.plain
                && word.text.len() == 1
                && word.text.bytes().all(|byte| byte.is_ascii_digit())
        } else {
            word.text == "/dev/null"
        };
        if fits {
            Ok(())
        } else {
            refuse("a redirection to a file")
        }
    }

    /// A word; empty where something else stands.
    fn word(&mut self) -> Result<Word, ToolError> {
        let mut word = Word::from("");
        if self.rest.peek() == Some(&'#') {
            return refuse("a comment (#)");
        }
        while let Some(&next) = self.rest.peek() {
            if " \t|&;<>()".contains(next) {
                break;
            }
            self.rest.next();
            word.plain &= !"'\"\\$".contains(next);
            match next {
                '\'' => loop {
                    match self.rest.next() {
                        Some('\'') => break,
                        Some(character) => word.text.push(character),
                        None => return refuse("a quote that does not end"),
                    }
                },
                '"' => self.quoted(&mut word.text)?,
                '\\' => match self.rest.next() {
                    Some(character) => word.text.push(character),
                    None => return refuse("a backslash at the end"),
                },
                '$' => self.variable(&mut word.text, false)?,
                '`' => return refuse("`…`"),
                '{' | '}' => return refuse("a brace outside of quotes"),
                _ if next.is_whitespace() => return refuse("white space that is not ASCII"),
                _ => {
                    word.pattern |= "*?[".contains(next);
                    word.text.push(next);
                }
            }
        }
        Ok(word)
    }

    /// The rest of a text in double quotes.
    fn quoted(&mut self, text: &mut String) -> Result<(), ToolError> {
        loop {
            match self.rest.next() {
                None => return refuse("a quote that does not end"),
                Some('"') => return Ok(()),
                Some('`') => return refuse("`…`"),
                Some('$') => self.variable(text, true)?,
                Some('\\') => match self.rest.next_if(|next| "$`\"\\".contains(*next)) {
                    Some(character) => text.push(character),
                    None => text.push('\\'),
                },
                Some(character) => text.push(character),
            }
        }
    }

    /// What follows a `$`: a variable's name, or nothing that would make it one.
    fn variable(&mut self, text: &mut String, quoted: bool) -> Result<(), ToolError> {
        let letter = |next: &char| next.is_ascii_alphanumeric() || *next == '_';
        let brace = match self.rest.peek() {
            Some('(') => return refuse("$(…)"),
            Some('"' | ' ') if quoted => {
                text.push('$');
                return Ok(());
            }
            Some('{') => true,
            Some(next) if letter(next) && !next.is_ascii_digit() => false,
            _ => return refuse("a $ outside of '…'"),
        };
        if !self.variables {
            return refuse("a variable, which may lead out of the workspace,");
        }
        text.push('$');
        if brace {
            self.rest.next();
        }
        while let Some(next) = self.rest.next_if(letter) {
            text.push(next);
        }
        if brace && !self.take('}') {
            return refuse("${…} with more than a name");
        }
        Ok(())
    }
}
