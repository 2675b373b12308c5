//! `message`.

#![cfg(feature = "channels")]
#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

mod workbench;

use std::cell::RefCell;

use clawft_core::tool::message::{Channels, Outbound};
use clawft_core::tool::{self, Context, Running};
use serde_json::{Value, json};
use workbench::Machine;

/// A channel that keeps what it is given, and knows one conversation.
#[derive(Default)]
struct Sent(RefCell<Vec<[String; 3]>>);

impl Channels for Sent {
    fn send(&self, message: &Outbound<'_>) -> Result<(), String> {
        if message.chat_id != "42" {
            return Err(format!("no conversation {}", message.chat_id));
        }
        let parts = [message.channel, message.chat_id, message.content];
        self.0.borrow_mut().push(parts.map(str::to_owned));
        Ok(())
    }
}

fn call(channels: Option<&dyn Channels>, arguments: &Value) -> Result<Value, String> {
    let machine = Machine::new();
    let context = Context {
        channels,
        ..machine.context()
    };
    let tool = tool::find("message").unwrap();
    match tool.start(&context, arguments) {
        Ok(Running::Done(value)) => Ok(value),
        Ok(Running::Waiting(_)) => panic!("it waits"),
        Err(error) => Err(error.message),
    }
}

#[test]
fn a_message_is_handed_to_its_channel() {
    let sent = Sent::default();
    let message = json!({"channel": "telegram", "chat_id": "42", "content": "Grüße"});
    let result =
        json!({"status": "sent", "channel": "telegram", "chat_id": "42", "content_length": 7});
    assert_eq!(call(Some(&sent), &message), Ok(result));
    assert_eq!(*sent.0.borrow(), [["telegram", "42", "Grüße"]]);
}

#[test]
fn what_cannot_be_sent_is_an_error() {
    let sent = Sent::default();
    let message = |chat: &str| json!({"channel": "telegram", "chat_id": chat, "content": "x"});
    let error = call(Some(&sent), &message("43")).unwrap_err();
    assert_eq!(error, "no conversation 43");
    let error = call(None, &message("42")).unwrap_err();
    assert!(error.contains("no channel is open"), "{error}");
    let error = call(Some(&sent), &json!({"channel": "telegram"})).unwrap_err();
    assert!(error.contains("chat_id"), "{error}");
    assert!(sent.0.borrow().is_empty());
}
