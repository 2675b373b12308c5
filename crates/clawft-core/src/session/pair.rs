//! Calls of tools and their results, which models refuse without each other.

use crate::message::{Message, Role, ToolCall};
use crate::prelude::*;

/// Messages without calls that have not all their results, and without results that have no call.
pub fn paired(messages: Vec<Message>) -> Vec<Message> {
    let mut kept: Vec<Message> = Vec::new();
    // Where the message is that the next results belong to
    let mut head = 0;
    for message in messages {
        if message.role == Role::Tool {
            let caller = kept.get(head);
            if caller
                .is_some_and(|caller| caller.tool_calls.iter().any(|call| answers(&message, call)))
            {
                kept.push(message);
            }
        } else {
            settle(&mut kept, head);
            head = kept.len();
            kept.push(message);
        }
    }
    settle(&mut kept, head);
    kept
}

fn answers(result: &Message, call: &ToolCall) -> bool {
    result.tool_call_id.as_ref() == Some(&call.id)
}

/// Takes the calls from a message if what follows it does not answer all of them.
fn settle(kept: &mut Vec<Message>, head: usize) {
    let Some((caller, results)) = kept.get(head..).and_then(<[Message]>::split_first) else {
        return;
    };
    let mut calls = caller.tool_calls.iter();
    if calls.all(|call| results.iter().any(|result| answers(result, call))) {
        return;
    }
    kept.truncate(head + 1);
    kept[head].tool_calls.clear();
    if kept[head].content.is_empty() {
        kept.pop();
    }
}
