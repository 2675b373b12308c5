//! Which arguments are whose: wasi-python's own, Python's, and those of what is run.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::Command;

/// What Python is to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// A file.
    Script(PathBuf),
    /// What [`Split::arguments`] begins with: `-c CODE`, `-m MODULE`, `-`, or nothing, which is
    /// standard input too.
    Inline,
}

/// The option that names a program to run in place of Python.
const PROGRAM: &str = "--program";

/// A command line, taken apart as Python does it: at the script options end, and as well at a program
/// that is run in Python's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// wasi-python's own, with the name of the program.
    pub own: Vec<OsString>,
    /// Python's options.
    pub options: Vec<OsString>,
    /// What Python is to run, if it is Python that runs.
    pub program: Program,
    /// What follows, and before it what [`Program::Inline`] needs.
    pub arguments: Vec<OsString>,
}

impl Split {
    /// Takes arguments apart, the first of which is the name of the program.
    pub fn of(command: &Command, arguments: impl IntoIterator<Item = OsString>) -> Self {
        let mut arguments = arguments.into_iter();
        let mut split = Self {
            own: arguments.next().into_iter().collect(),
            options: Vec::new(),
            program: Program::Inline,
            arguments: Vec::new(),
        };
        while let Some(argument) = arguments.next() {
            let text = argument.to_string_lossy();
            if text.starts_with("--") {
                let takes_value = takes_value(command, &text);
                let is_last = text.split('=').next() == Some(PROGRAM);
                split.own.push(argument);
                if takes_value {
                    split.own.extend(arguments.next());
                }
                if is_last {
                    break;
                }
                continue;
            }
            if text == "-h" {
                split.own.push(argument);
                continue;
            }
            let Some(flags) = text.strip_prefix('-') else {
                split.program = Program::Script(argument.into());
                break;
            };
            // NB: flags can be joined, and what follows these in one argument is theirs
            let last = flags
                .find(['c', 'm', 'W', 'X'])
                .map(|at| flags.split_at(at).1);
            if flags.is_empty() || last.is_some_and(|last| last.starts_with(['c', 'm'])) {
                split.arguments.push(argument);
                break;
            }
            let takes_value = matches!(last, Some("W" | "X"));
            split.options.push(argument);
            if takes_value {
                split.options.extend(arguments.next());
            }
        }
        split.arguments.extend(arguments);
        split
    }
}

/// Whether the next argument belongs to an option of wasi-python.
fn takes_value(command: &Command, option: &str) -> bool {
    command.get_arguments().any(|argument| {
        argument.get_action().takes_values()
            && argument
                .get_long()
                .is_some_and(|long| OsStr::new(option) == OsStr::new(&format!("--{long}")))
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
mod tests {
    use clap::Arg;

    use super::*;

    fn split(line: &str) -> (Vec<String>, Vec<String>, Option<String>, Vec<String>) {
        let command = Command::new("python")
            .arg(Arg::new("wheel").long("wheel"))
            .arg(Arg::new("program").long("program"));
        let arguments = ["python"].into_iter().chain(line.split_whitespace());
        let split = Split::of(&command, arguments.map(OsString::from));
        let text = |list: Vec<OsString>| list.into_iter().map(|text| text.into_string().unwrap());
        (
            text(split.own).skip(1).collect(),
            text(split.options).collect(),
            match split.program {
                Program::Script(path) => Some(path.to_str().unwrap().to_owned()),
                Program::Inline => None,
            },
            text(split.arguments).collect(),
        )
    }

    #[test]
    fn options_end_at_the_script() {
        for (line, own, options, script, arguments) in [
            ("a.py --wheel x -c", "", "", Some("a.py"), "--wheel x -c"),
            ("--wheel x a.py", "--wheel x", "", Some("a.py"), ""),
            ("--wheel=x a.py", "--wheel=x", "", Some("a.py"), ""),
            ("--wheel -c a.py", "--wheel -c", "", Some("a.py"), ""),
            ("-O -X dev a.py -O", "", "-O -X dev", Some("a.py"), "-O"),
            ("-OW x -Wc a.py", "", "-OW x -Wc", Some("a.py"), ""),
            ("-c code --wheel", "", "", None, "-c code --wheel"),
            ("-O -Bc code -O", "", "-O", None, "-Bc code -O"),
            (
                "--wheel x -m module -h",
                "--wheel x",
                "",
                None,
                "-m module -h",
            ),
            ("-mmodule x", "", "", None, "-mmodule x"),
            ("- x", "", "", None, "- x"),
            ("-h", "-h", "", None, ""),
            ("--unknown x", "--unknown", "", Some("x"), ""),
            ("--wheel", "--wheel", "", None, ""),
            (
                "--wheel x --program y --wheel -c z",
                "--wheel x --program y",
                "",
                None,
                "--wheel -c z",
            ),
            ("--program=y - z", "--program=y", "", None, "- z"),
            ("-O --program y", "--program y", "-O", None, ""),
            ("a.py --program y", "", "", Some("a.py"), "--program y"),
            ("", "", "", None, ""),
        ] {
            let list = |text: &str| text.split_whitespace().map(str::to_owned).collect();
            let expected = (
                list(own),
                list(options),
                script.map(str::to_owned),
                list(arguments),
            );
            assert_eq!(split(line), expected, "{line}");
        }
    }
}
