//! What a user sees of a turn.

use std::io::{self, IsTerminal as _, Stderr, Stdout, Write as _};

use clawft_core::agent::Event;
use clawft_core::channel::visible;
use clawft_core::message::{StopReason, ToolCall};

/// The longest part of a call's arguments that is shown, in characters.
const ARGUMENTS: usize = 100;

/// How events are shown.
pub struct Show {
    form: Form,
    out: Stdout,
    notes: Stderr,
    /// Whether notes are written, and whether in colour
    noted: bool,
    coloured: bool,
    /// Whether text was written after which no line ends yet
    open: bool,
}

#[derive(PartialEq, Eq)]
enum Form {
    /// Each as JSON
    Json,
    /// Text as it comes
    Terminal,
    /// The last answer
    Last,
}

impl Show {
    /// As JSON lines.
    pub fn json() -> Self {
        Self::of(Form::Json)
    }

    /// As text.
    pub fn text() -> Self {
        let terminal = io::stdout().is_terminal();
        Self::of(if terminal { Form::Terminal } else { Form::Last })
    }

    fn of(form: Form) -> Self {
        let noted = form != Form::Json && io::stderr().is_terminal();
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|name| name == "dumb");
        Self {
            form,
            out: io::stdout(),
            notes: io::stderr(),
            noted,
            coloured: noted && !plain,
            open: false,
        }
    }

    /// Shows an event.
    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        if self.form == Form::Json {
            writeln!(self.out, "{}", event.to_json())?;
            return self.out.flush();
        }
        match event {
            Event::Text(text) if self.form == Form::Terminal => {
                self.open = !text.ends_with('\n');
                write!(self.out, "{}", visible(text))?;
                self.out.flush()
            }
            Event::ToolCall(ToolCall {
                name, arguments, ..
            }) => {
                let short: String = arguments.chars().take(ARGUMENTS).collect();
                let more = if short.len() < arguments.len() {
                    "…"
                } else {
                    ""
                };
                self.note(&format!("{name} {short}{more}"))
            }
            Event::ToolResult {
                name,
                content,
                failed: true,
                ..
            } => {
                let short: String = content.chars().take(ARGUMENTS).collect();
                self.note(&format!("{name} failed: {short}"))
            }
            Event::Text(_) | Event::ToolResult { .. } => Ok(()),
            Event::Done { text, stop, .. } => {
                if self.form == Form::Last {
                    write!(self.out, "{text}")?;
                    self.open = !text.ends_with('\n');
                }
                self.end_line()?;
                self.out.flush()?;
                match stop {
                    StopReason::MaxTokens => self.warn(
                        "the answer was cut off: agents.defaults.max_tokens allows it no more",
                    ),
                    StopReason::Refused => {
                        self.warn("the provider withheld the answer; it is not kept")
                    }
                    _ => Ok(()),
                }
            }
        }
    }

    /// Shows what a turn says beside its events.
    pub fn notices(&mut self, notices: &[String]) -> io::Result<()> {
        let mut each = notices.iter();
        each.try_for_each(|notice| self.warn(&visible(notice)))
    }

    /// Ends the line that text was written on.
    pub fn end_line(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.open) {
            writeln!(self.out)?;
        }
        Ok(())
    }

    /// What is of interest to someone who watches.
    pub fn note(&mut self, text: &str) -> io::Result<()> {
        self.end_line()?;
        let text = visible(text).replace('\n', " ");
        match (self.noted, self.coloured) {
            (false, _) => Ok(()),
            (true, true) => writeln!(self.notes, "\x1b[2m· {text}\x1b[0m"),
            (true, false) => writeln!(self.notes, "· {text}"),
        }
    }

    /// What a script should know too.
    fn warn(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.notes, "clawft: {text}")
    }
}
