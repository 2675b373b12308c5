//! Where messages come from and answers go.

use crate::prelude::*;
use std::io;
#[cfg(feature = "cli")]
use std::io::Write;

/// A message that came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InboundMessage {
    /// The kind of place, such as `cli` or `telegram`
    pub channel: String,
    /// Who sent it, as that place names them
    pub sender_id: String,
    /// The conversation, as that place names it
    pub chat_id: String,
    /// The text
    pub content: String,
    /// When, in milliseconds since 1970
    pub timestamp: u64,
    /// URLs of what came with it
    pub media: Vec<String>,
    /// What else the place says of it, names and values
    pub metadata: Vec<(String, String)>,
}

impl InboundMessage {
    /// The key of its session, `channel:chat_id`.
    #[must_use]
    pub fn session_key(&self) -> String {
        format!("{}:{}", self.channel, self.chat_id)
    }
}

/// A message that goes out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutboundMessage {
    /// The kind of place
    pub channel: String,
    /// The conversation
    pub chat_id: String,
    /// The text
    pub content: String,
    /// The message that it answers, as the place names it
    pub reply_to: Option<String>,
    /// URLs of what goes with it
    pub media: Vec<String>,
    /// What else the place is to know, names and values
    pub metadata: Vec<(String, String)>,
}

/// A kind of place where people write.
pub trait Channel {
    /// Its name, the first part of session keys.
    fn name(&self) -> &'static str;

    /// Waits for the next message; `None` when no more will come.
    ///
    /// # Errors
    /// The place is out of reach.
    fn receive(&mut self) -> io::Result<Option<InboundMessage>>;

    /// Delivers a message.
    ///
    /// # Errors
    /// The place is out of reach, or does not take it.
    fn send(&mut self, message: &OutboundMessage) -> io::Result<()>;
}

/// A terminal: each line is a message.
#[cfg(feature = "cli")]
pub struct Terminal<R, W> {
    /// The conversation that lines belong to
    pub chat_id: String,
    read: R,
    write: W,
    now: fn() -> u64,
}

#[cfg(feature = "cli")]
impl<R, W> Terminal<R, W> {
    /// A terminal whose lines `read` gives, until `None`, and which shows what is written to `write`. `now`
    /// tells the milliseconds since 1970.
    pub const fn new(chat_id: String, read: R, write: W, now: fn() -> u64) -> Self {
        Self {
            chat_id,
            read,
            write,
            now,
        }
    }
}

#[cfg(feature = "cli")]
impl<R: FnMut() -> io::Result<Option<String>>, W: Write> Channel for Terminal<R, W> {
    fn name(&self) -> &'static str {
        "cli"
    }

    fn receive(&mut self) -> io::Result<Option<InboundMessage>> {
        loop {
            let Some(line) = (self.read)()? else {
                return Ok(None);
            };
            let content = line.trim();
            if !content.is_empty() {
                return Ok(Some(InboundMessage {
                    channel: self.name().to_owned(),
                    sender_id: "user".to_owned(),
                    chat_id: self.chat_id.clone(),
                    content: content.to_owned(),
                    timestamp: (self.now)(),
                    ..InboundMessage::default()
                }));
            }
        }
    }

    fn send(&mut self, message: &OutboundMessage) -> io::Result<()> {
        self.write.write_all(visible(&message.content).as_bytes())?;
        self.write.write_all(b"\n")?;
        self.write.flush()
    }
}

/// A text without what a terminal would obey: control characters, but for line breaks and tabs, and those
/// that turn the direction of writing around become `�`. What a model or a web page says is not to move the
/// cursor, rename the window or stand in another order than it has.
#[cfg(feature = "cli")]
#[must_use]
pub fn visible(text: &str) -> String {
    let harmless = |character: char| match character {
        '\n' | '\t' => true,
        // Embeddings, overrides and isolates: the Unicode Bidirectional Algorithm, section 2
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => false,
        _ => !character.is_control(),
    };
    let shown = text.chars().map(|character| {
        if harmless(character) {
            character
        } else {
            char::REPLACEMENT_CHARACTER
        }
    });
    shown.collect()
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;

    #[test]
    fn lines_are_messages() {
        let mut lines = ["", "  hello ", "/exit"].into_iter();
        let read = || Ok(lines.next().map(str::to_owned));
        let mut shown = Vec::new();
        let mut terminal = Terminal::new("a".to_owned(), read, &mut shown, || 7);
        let message = terminal.receive().expect("no line").expect("the end");
        assert_eq!(message.session_key(), "cli:a");
        assert_eq!((&*message.content, message.timestamp), ("hello", 7));
        terminal
            .send(&OutboundMessage {
                content: "a\u{1b}[2Jb\tc\u{9b}\u{202e}d\u{2069}\u{200f}".to_owned(),
                ..OutboundMessage::default()
            })
            .expect("cannot write");
        assert!(terminal.receive().expect("no line").is_some());
        assert!(terminal.receive().expect("no line").is_none());
        drop(terminal);
        assert_eq!(
            String::from_utf8(shown).expect("no text"),
            "a\u{fffd}[2Jb\tc\u{fffd}\u{fffd}d\u{fffd}\u{200f}\n"
        );
    }
}
