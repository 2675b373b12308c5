//! What the command is told: the options of the native `clawft`, as far as they apply.

use std::ffi::OsString;

/// What the command does.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum Action {
    /// Answers a message
    #[default]
    Answer,
    /// `--capabilities`
    Capabilities,
    /// `--help`
    Help,
    /// `--version`
    Version,
}

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
    /// What is to be done
    pub action: Action,
}

impl Options {
    /// Reads arguments, without the program's own name.
    ///
    /// # Errors
    /// Which argument is none, or lacks its value.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, String> {
        let mut options = Self::default();
        let mut arguments = arguments.into_iter().map(|argument| {
            let no_text =
                |argument: OsString| format!("{} is no UTF-8", argument.to_string_lossy());
            argument.into_string().map_err(no_text)
        });
        let mut only_message = false;
        while let Some(argument) = arguments.next().transpose()? {
            let (name, mut given) = match argument.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
                _ => (argument.as_str(), None),
            };
            match name {
                "help" if !only_message => options.action = Action::Help,
                _ if only_message || !name.starts_with('-') || name == "-" => {
                    if options.message.replace(argument.clone()).is_some() {
                        return Err(format!("a second message: {argument}"));
                    }
                    continue;
                }
                "--" => only_message = true,
                "--json" => {}
                "--no-stream" => options.no_stream = true,
                "--capabilities" => options.action = Action::Capabilities,
                "--help" | "-h" => options.action = Action::Help,
                "--version" | "-V" => options.action = Action::Version,
                _ => {
                    let value = match name {
                        "--session" => &mut options.session,
                        "--model" => &mut options.model,
                        "--config" => &mut options.config,
                        "--workspace" => &mut options.workspace,
                        _ => return Err(format!("there is no option {name}")),
                    };
                    let given = match given.take() {
                        Some(given) => Some(given),
                        None => arguments.next().transpose()?,
                    };
                    *value = Some(given.ok_or_else(|| format!("{name} lacks its value"))?);
                }
            }
            if given.is_some() {
                return Err(format!("{name} has no value"));
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::{Action, Options};

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(line.split_whitespace().map(OsString::from))
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
        assert_eq!(options.action, Action::Capabilities);
        assert_eq!(parse("-- help").expect("options").action, Action::Answer);
        assert_eq!(parse("help").expect("options").action, Action::Help);
        assert_eq!(parse("--help").expect("options").action, Action::Help);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_text_is_refused() {
        use std::os::unix::ffi::OsStringExt as _;

        for arguments in [
            &[&b"\xff"[..]][..],
            &[b"--model", b"a\xff"],
            &[b"--", b"\xff"],
        ] {
            let arguments = arguments
                .iter()
                .map(|word| OsString::from_vec(word.to_vec()));
            let error = Options::parse(arguments).expect_err("no UTF-8");
            assert!(error.ends_with("\u{fffd} is no UTF-8"), "{error}");
        }
    }

    #[test]
    fn what_is_no_option_is_refused() {
        for line in ["--nothing", "-x", "a b", "--model", "--json=yes"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
