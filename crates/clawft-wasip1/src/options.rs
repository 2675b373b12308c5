//! What the command is told: the options of the native `clawft`, as far as they apply.

/// What `--help` says.
pub const HELP: &str = "\
Ask an agent that has tools for files, the web and memory.

Usage: clawft.wasm [OPTIONS] [MESSAGE]

Without MESSAGE, standard input has it: a JSON object {\"message\", \"session\"}, the latter if it
is not that of --session, or a text. Standard output gets events, a JSON object on a line for each:
  {\"type\":\"text\",\"text\"}, {\"type\":\"tool_call\",\"id\",\"name\",\"arguments\"},
  {\"type\":\"tool_result\",\"id\",\"name\",\"content\",\"failed\"},
  {\"type\":\"done\",\"text\",\"stop\",\"usage\":{\"input\",\"output\"},\"iterations\"}, {\"type\":\"error\",\"message\"}

Options:
  --session KEY     The conversation that the message belongs to [default: cli:default]
  --model MODEL     The model, with its provider, such as anthropic/claude-sonnet-4-5
  --config FILE     The configuration
  --workspace DIR   The folder that tools work in
  --no-stream       Ask the model for its answer in one piece
  --capabilities    Say what this build has and whether it is ready, as JSON
  --json            As it does anyway
  --help, --version

Exit codes: 0 answered, 1 no answer and the reason is in an event, 2 usage
";

/// The options.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The message, if it is an argument
    pub message: Option<String>,
    /// `--session`
    pub session: Option<String>,
    /// `--model`
    pub model: Option<String>,
    /// `--config`
    pub config: Option<String>,
    /// `--workspace`
    pub workspace: Option<String>,
    /// `--no-stream`
    pub no_stream: bool,
    /// `--capabilities`
    pub capabilities: bool,
    /// `--help`
    pub help: bool,
    /// `--version`
    pub version: bool,
}

impl Options {
    /// Reads arguments, without the program's own name.
    ///
    /// # Errors
    /// Which argument is none, or lacks its value.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        let mut arguments = arguments.into_iter();
        let mut only_message = false;
        while let Some(argument) = arguments.next() {
            let (name, mut given) = match argument.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
                _ => (argument.as_str(), None),
            };
            let flag = match name {
                _ if only_message || !name.starts_with('-') || name == "-" => {
                    if options.message.replace(argument.clone()).is_some() {
                        return Err(format!("a second message: {argument}"));
                    }
                    continue;
                }
                "--" => {
                    only_message = true;
                    continue;
                }
                "--json" => None,
                "--no-stream" => Some(&mut options.no_stream),
                "--capabilities" => Some(&mut options.capabilities),
                "--help" | "-h" => Some(&mut options.help),
                "--version" | "-V" => Some(&mut options.version),
                _ => {
                    let value = match name {
                        "--session" => &mut options.session,
                        "--model" => &mut options.model,
                        "--config" => &mut options.config,
                        "--workspace" => &mut options.workspace,
                        _ => return Err(format!("there is no option {name}")),
                    };
                    let given = given.take().or_else(|| arguments.next());
                    *value = Some(given.ok_or_else(|| format!("{name} lacks its value"))?);
                    continue;
                }
            };
            if given.is_some() {
                return Err(format!("{name} has no value"));
            }
            if let Some(flag) = flag {
                *flag = true;
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::Options;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_stand_anywhere() {
        let options = parse("--model=a/b hello --session x:y --no-stream").expect("options");
        assert_eq!(options.message.as_deref(), Some("hello"));
        assert_eq!(options.model.as_deref(), Some("a/b"));
        assert_eq!(options.session.as_deref(), Some("x:y"));
        assert!(options.no_stream);
    }

    #[test]
    fn after_two_dashes_comes_the_message() {
        let options = parse("--capabilities -- --help").expect("options");
        assert_eq!(options.message.as_deref(), Some("--help"));
        assert!(options.capabilities && !options.help);
    }

    #[test]
    fn what_is_no_option_is_refused() {
        for line in ["--nothing", "-x", "a b", "--model", "--json=yes"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
