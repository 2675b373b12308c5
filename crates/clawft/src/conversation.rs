//! A conversation at a terminal.

use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use clawft_core::agent::Agent;
use clawft_core::channel::{Channel as _, OutboundMessage, Terminal};
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;

use crate::machine::Machine;
use crate::show::Show;

const HELP: &str = "\
/new            begin a new conversation
/sessions       list the conversations that are kept
/session [KEY]  show which one this is, or go on with another
/model [MODEL]  show or change the model
/help           show this
/exit           leave, as Ctrl-D does
Ctrl-C gives up an answer; nothing of it is kept.";

/// Holds a conversation until the user leaves.
pub fn hold(agent: &mut Agent, machine: &Machine, session: &str) -> Result<()> {
    let mut editor = DefaultEditor::new().context("the terminal")?;
    let read = || loop {
        match editor.readline("> ") {
            Ok(line) => {
                // A line that cannot be recalled is no loss.
                let _ = editor.add_history_entry(&line);
                return Ok(Some(line));
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => return Ok(None),
            Err(error) => return Err(io::Error::other(error)),
        }
    };
    let chat = session.strip_prefix("cli:").unwrap_or(session);
    let mut terminal = Terminal::new(chat.to_owned(), read, io::stdout(), now);
    let mut key = session.to_owned();
    let mut known = Vec::new();
    while let Some(message) = terminal.receive()? {
        let words: Vec<&str> = message.content.split_whitespace().collect();
        let said = match *words.as_slice() {
            ["/exit" | "/quit"] => return Ok(()),
            ["/help"] => HELP.to_owned(),
            ["/new"] => {
                key = format!("cli:{}", now());
                format!("this is {key}")
            }
            ["/session"] => format!("this is {key}"),
            // A message would find no other fault than its first reading.
            ["/session", other] => match agent.sessions().load(other, 1) {
                Ok(_) => {
                    other.clone_into(&mut key);
                    format!("this is {key}")
                }
                Err(error) => error.to_string(),
            },
            ["/sessions"] => match agent.sessions().keys() {
                Ok(sessions) => sessions.join("\n"),
                Err(error) => error.to_string(),
            },
            ["/model"] => agent.config().agent.model.clone(),
            ["/model", model] => {
                let current = &mut agent.config_mut().agent.model;
                let before = std::mem::replace(current, (*model).to_owned());
                match agent.check_model() {
                    Ok(()) => format!("the model is {model}"),
                    Err(error) => {
                        agent.config_mut().agent.model = before;
                        error.to_string()
                    }
                }
            }
            [command, ..] if command.starts_with('/') && !command[1..].contains('/') => {
                format!("there is no {command}\n{HELP}")
            }
            _ => {
                answer(agent, machine, &key, &message.content, &mut known)?;
                continue;
            }
        };
        terminal.send(&OutboundMessage {
            content: said,
            ..OutboundMessage::default()
        })?;
    }
    Ok(())
}

/// Answers a message. Of its first notices, those that are known are not shown again.
fn answer(
    agent: &Agent,
    machine: &Machine,
    key: &str,
    message: &str,
    known: &mut Vec<String>,
) -> Result<()> {
    machine.resume();
    let mut show = Show::text();
    let mut turn = match agent.turn(key, message) {
        Ok(turn) => turn,
        Err(error) => {
            eprintln!("clawft: {error}");
            return Ok(());
        }
    };
    let mut notices = turn.notices();
    notices.retain(|notice| !known.contains(notice));
    show.notices(&notices)?;
    known.append(&mut notices);
    loop {
        let event = turn.next(agent);
        // Whatever the turn says of it: it is given up by being dropped.
        if machine.interrupted() {
            show.end_line()?;
            eprintln!("clawft: given up");
            machine.resume();
            return Ok(());
        }
        match event {
            Ok(Some(event)) => show.event(&event)?,
            Ok(None) => return Ok(show.notices(&turn.notices())?),
            Err(error) => {
                show.end_line()?;
                eprintln!("clawft: {error}");
                return Ok(());
            }
        }
    }
}

fn now() -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
