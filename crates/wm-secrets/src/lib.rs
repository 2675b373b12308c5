//! A governance module for `wm-seed`: it blocks calls that would write a key or a token into a memory.
//!
//! As WebAssembly it imports nothing, allocates nothing and keeps contract 1 of `docs/wm-seed.md`. Natively it is
//! [`judge`] alone. [`forms::FORMS`] has the forms that it knows, and where they are published.

#![cfg_attr(target_family = "wasm", no_std)]

mod answer;
mod call;
pub mod forms;
#[cfg(target_family = "wasm")]
mod module;

pub use answer::Answer;
use forms::FORMS;

/// What a call is answered with if it is no JSON of the contract.
const NO_CALL: &str =
    r#"{"action":"block","score":0,"reason":"the call is not in the form of contract 1"}"#;
const BEFORE: &str = r#"{"action":"block","score":0,"reason":""#;
const AFTER: &str = r#"; note where it is kept instead","tags":["secret"]}"#;

/// What is to be answered to a call, as JSON; nothing if it may be made. What is secret is not in it.
///
/// The JSON's texts are unescaped where they are, so `call` is of no use afterwards.
pub fn judge(call: &mut [u8], answer: &mut Answer) {
    answer.clear();
    let (mut last, mut known) = (0..0, 0_u64);
    let mut found = false;
    let read = call::read(call, |text, name, value| {
        if name != last {
            (last, known) = (name.clone(), 0);
        }
        for form in forms::find(text.get(value).unwrap_or_default()) {
            let bit = 1 << form;
            if known & bit == 0 {
                known |= bit;
                answer.push(if found { ", " } else { BEFORE });
                found = true;
                answer.push(named(text.get(name.clone()).unwrap_or_default()));
                answer.push(" has ");
                answer.push(FORMS[form].what);
            }
        }
    });
    match read {
        // What is only looked for is no deed, and what is deleted is gone.
        Some(access) if access != call::Access::Write => answer.clear(),
        Some(_) if found => answer.end(AFTER),
        Some(_) => {}
        None => {
            answer.clear();
            answer.end(NO_CALL);
        }
    }
}

/// An argument's name, unless it is one that needs to be escaped in JSON, which no tool has.
fn named(name: &[u8]) -> &str {
    let plain =
        |byte: &u8| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.');
    let fits = (1..=32).contains(&name.len()) && name.iter().all(plain);
    let name = fits.then(|| core::str::from_utf8(name).ok()).flatten();
    name.unwrap_or("an argument")
}
