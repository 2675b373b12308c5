//! However a stream is cut into pieces, its events are the same, and so is what any provider reads of it.
#![no_main]

use clawft_core::config::Secret;
use clawft_core::provider::anthropic::Anthropic;
use clawft_core::provider::openai::OpenAi;
use clawft_core::provider::{Completion, ModelError, Provider};
use clawft_core::sse::{Decoder, Event, TooLarge};
use libfuzzer_sys::fuzz_target;

const LIMIT: usize = 64;

fn events(pieces: &[&[u8]]) -> (Vec<Event>, Option<TooLarge>, Option<u64>) {
    let mut decoder = Decoder::new(LIMIT);
    let mut events = Vec::new();
    for mut piece in pieces.iter().copied() {
        loop {
            match decoder.next(&mut piece) {
                Ok(Some(event)) => {
                    // A byte that is no UTF-8 becomes three.
                    assert!(event.data.len() <= 3 * LIMIT);
                    events.push(event);
                }
                Ok(None) => break,
                Err(error) => return (events, Some(error), decoder.retry()),
            }
        }
    }
    (events, None, decoder.retry())
}

fn answer(provider: &dyn Provider, pieces: &[&[u8]]) -> Result<Completion, ModelError> {
    let mut decoder = provider.decoder(true);
    let mut text = String::new();
    for piece in pieces {
        text += &decoder.push(piece)?;
    }
    let completion = decoder.finish()?;
    assert!(completion.text.starts_with(&text));
    Ok(completion)
}

fuzz_target!(|input: (u8, &[u8])| {
    let (at, stream) = input;
    let (start, end) = stream.split_at(usize::from(at).min(stream.len()));
    let single: Vec<&[u8]> = stream.chunks(1).collect();
    let whole = events(&[stream]);
    assert_eq!(events(&[start, end]), whole);
    assert_eq!(events(&single), whole);

    let base = String::new;
    let providers: [&dyn Provider; 2] = [
        &OpenAi {
            base: base(),
            key: Secret::default(),
            headers: Vec::new(),
        },
        &Anthropic {
            base: base(),
            key: Secret::default(),
            headers: Vec::new(),
        },
    ];
    for provider in providers {
        let whole = answer(provider, &[stream]);
        assert_eq!(answer(provider, &[start, end]), whole);
        assert_eq!(answer(provider, &single), whole);
        let _ = provider.failure(500, stream).to_string();
    }
});
