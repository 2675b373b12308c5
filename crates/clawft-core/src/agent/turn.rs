//! A turn, from the message to what is kept of it.

mod answer;
mod calls;

use alloc::vec::IntoIter;

use super::{Agent, Error, Event};
use crate::message::{Message, Role, StopReason, Usage};
use crate::prelude::*;
use crate::provider::Completion;
use crate::provider::select::Selected;
use crate::{prompt, session, text};
use answer::Answer;
use calls::Tools;

pub use calls::MAX_RESULT;

/// An answer in the making. Dropping it gives it up, and the requests that are under way.
pub struct Turn {
    session: String,
    message: String,
    messages: Vec<Message>,
    selected: Selected,
    deadline: u64,
    /// Of the request that comes next or is under way
    attempt: u32,
    iterations: u32,
    usage: Usage,
    notices: Vec<String>,
    /// Events that are to be given before anything else happens
    pending: IntoIter<Event>,
    stage: Stage,
}

enum Stage {
    /// The model is to be asked
    Ask,
    /// It answers
    Answer(Answer),
    /// It waits for the results of its calls
    Tools(Tools),
    Over,
}

impl Agent {
    /// Begins to answer a message of the session of that key, `channel:chat_id`.
    ///
    /// # Errors
    /// The message is empty or too long to be kept, there is no provider or key for the model, or the
    /// session cannot be read.
    pub fn turn(&self, session: &str, message: &str) -> Result<Turn, Error> {
        if message.trim().is_empty() {
            return Err(Error::NoMessage);
        }
        // What cannot be kept is not asked.
        if session::fitting(message).len() < message.len() {
            return Err(session::Error::TooLong.into());
        }
        let selected = self.selected()?;
        let window = self.config.agent.memory_window as usize;
        let history = self.sessions.load(session, window)?;
        let mut notices = history.notices();
        let (platform, workspace) = (&self.platform, &*self.workspace);
        let system = prompt::system(platform, workspace, &self.specs, &mut notices)?;
        let mut messages = vec![Message::text(Role::System, system)];
        messages.extend(history.messages);
        messages.push(Message::text(Role::User, message));
        let limit = self.config.agent.turn_timeout;
        Ok(Turn {
            session: session.to_owned(),
            message: message.to_owned(),
            messages,
            selected,
            deadline: self.platform.clock.monotonic().saturating_add(limit),
            attempt: 1,
            iterations: 0,
            usage: Usage::default(),
            notices,
            pending: Vec::new().into_iter(),
            stage: Stage::Ask,
        })
    }
}

impl Turn {
    /// Bytes of what the next request will have of messages; what one takes in memory is several times
    /// that.
    #[must_use]
    pub fn size(&self) -> usize {
        let calls = |message: &Message| -> usize {
            let calls = message.tool_calls.iter();
            calls.map(|call| call.arguments.len()).sum()
        };
        let sizes = self.messages.iter();
        sizes
            .map(|message| message.content.len() + calls(message))
            .sum()
    }

    /// What the user should know and no event says, each once: what of the past, of the workspace's files or
    /// of the answer is left out.
    pub fn notices(&mut self) -> Vec<String> {
        core::mem::take(&mut self.notices)
    }

    /// Waits for what happens next; `None` after the end.
    ///
    /// # Errors
    /// The turn is over then, and nothing of it is in the session.
    pub fn next(&mut self, agent: &Agent) -> Result<Option<Event>, Error> {
        if let Some(event) = self.pending.next() {
            return Ok(Some(event));
        }
        loop {
            // An error leaves no stage to go on from.
            let event = match core::mem::replace(&mut self.stage, Stage::Over) {
                Stage::Over => return Ok(None),
                Stage::Ask => self.ask(agent)?,
                Stage::Answer(answer) => self.read(agent, answer)?,
                Stage::Tools(tools) => self.tools(agent, tools),
            };
            if event.is_some() {
                return Ok(event);
            }
        }
    }

    /// The milliseconds that are left of the turn.
    fn left(&self, agent: &Agent) -> Result<u64, Error> {
        match self.deadline.checked_sub(agent.platform.clock.monotonic()) {
            None | Some(0) => Err(Error::Time(agent.config.agent.turn_timeout)),
            Some(left) => Ok(left),
        }
    }

    /// Goes on from a whole answer.
    fn completed(
        &mut self,
        agent: &Agent,
        completion: Completion,
        shown: usize,
    ) -> Result<Option<Event>, Error> {
        self.attempt = 1;
        self.usage.input += completion.usage.input;
        self.usage.output += completion.usage.output;
        let Completion {
            text,
            tool_calls,
            stop,
            ..
        } = completion;
        let mut events = Vec::new();
        let rest = text.get(shown..).filter(|rest| !rest.is_empty());
        events.extend(rest.map(|rest| Event::Text(rest.to_owned())));
        if tool_calls.is_empty() {
            events.push(self.end(agent, text, stop)?);
        } else if self.iterations >= agent.config.agent.max_tool_iterations {
            return Err(Error::Iterations(agent.config.agent.max_tool_iterations));
        } else {
            self.iterations += 1;
            self.stage = Stage::Tools(Tools::new(tool_calls.clone()));
            self.messages.push(Message {
                tool_calls,
                ..Message::text(Role::Assistant, text)
            });
        }
        self.pending = events.into_iter();
        Ok(self.pending.next())
    }

    fn end(&mut self, agent: &Agent, text: String, stop: StopReason) -> Result<Event, Error> {
        // A refusal in the history tends to beget others.
        if stop != StopReason::Refused {
            if text.trim().is_empty() {
                return Err(Error::Empty(stop));
            }
            self.keep(agent, &text)?;
        }
        Ok(Event::Done {
            text,
            stop,
            usage: self.usage,
            iterations: self.iterations,
        })
    }

    /// Writes the message and its answer to the session, and gives notice if the answer is too long for it.
    fn keep(&mut self, agent: &Agent, answer: &str) -> Result<(), Error> {
        let mut kept = session::fitting(answer);
        let cut;
        if kept.len() < answer.len() {
            let (first, all) = (kept.len().to_string(), answer.len().to_string());
            let notice = [
                "only the first ",
                &first,
                " of the answer's ",
                &all,
                " bytes are kept",
            ];
            self.notices.push(text::join(&notice, ""));
            cut = text::join(&[kept, "\n[cut off: the answer has ", &all, " bytes]"], "");
            kept = &cut;
        }
        let said = [(Role::User, &*self.message), (Role::Assistant, kept)];
        agent.sessions.append(&self.session, &said)?;
        Ok(())
    }
}
