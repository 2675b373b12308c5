//! What the bodies of requests to both APIs are made of.

use crate::message::ToolCall;
use crate::prelude::*;
use crate::text::digits;
use crate::{json, json_repair};

/// JSON as it is written: a request has a few members of known names, so nothing needs to be kept of it.
#[derive(Default)]
pub(super) struct Body(String);

impl Body {
    /// Adds text that is JSON, or the part of one that names and brackets make.
    pub(super) fn raw(&mut self, json: &str) -> &mut Self {
        self.0.push_str(json);
        self
    }

    /// Adds a string, quoted.
    pub(super) fn string(&mut self, text: &str) -> &mut Self {
        json::quote(text, &mut self.0);
        self
    }

    /// Adds a comma unless a list starts here.
    pub(super) fn next(&mut self) -> &mut Self {
        if !self.0.ends_with(['[', '{']) {
            self.0.push(',');
        }
        self
    }

    /// Adds a temperature of at most `highest`, to a thousandth: more digits would be those of its binary
    /// form.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small number, not below zero; what is no number becomes zero"
    )]
    pub(super) fn temperature(&mut self, temperature: f32, highest: f32) -> &mut Self {
        // NB: `clamp` shows its bounds when it panics, which takes kilobytes.
        let thousandths = (temperature.max(0.0).min(highest) * 1000.0 + 0.5) as u32;
        self.raw(&(thousandths / 1000).to_string()).raw(".");
        for place in [100, 10] {
            if thousandths % 1000 < place {
                self.raw("0");
            }
        }
        self.raw(&(thousandths % 1000).to_string())
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }
}

/// The arguments of a call as the text of an object: as the model wrote them where they are one, repaired
/// where they can be, and else within one, since APIs refuse what is none.
pub(super) fn arguments(call: &ToolCall) -> String {
    match json_repair::repair(&call.arguments) {
        Ok((value, repaired)) if value.is_object() => {
            if repaired {
                json::text(&value)
            } else {
                call.arguments.clone()
            }
        }
        _ => {
            let mut body = Body::default();
            body.raw(r#"{"invalid_arguments":"#).string(&call.arguments);
            body.raw("}");
            body.0
        }
    }
}

/// Whether a model lets its temperature be set. OpenAI's models that reason (o1, o3-mini, gpt-5, …) and
/// Anthropic's from Claude Opus 4.7 on turn down a request that does (OpenAI, "Reasoning models";
/// Anthropic, "Migration guide"). A model is told by its name, whoever runs it.
pub(super) fn takes_temperature(model: &str) -> bool {
    let path = model.as_bytes();
    let start = path.iter().rposition(|&byte| byte == b'/');
    let name = path.get(start.map_or(0, |slash| slash + 1)..);
    let name = name.unwrap_or_default();
    if name.starts_with(b"claude") {
        // Longer numbers are dates.
        let parts = name.split(|byte| matches!(byte, b'-' | b'.'));
        let mut versions = parts
            .filter(|part| part.len() <= 2)
            .filter_map(|part| digits(part, 10));
        let version = (versions.next(), versions.next());
        return version.0.is_some() && version <= (Some(4), Some(6));
    }
    !reasons(name)
}

/// Whether a name is that of one of OpenAI's models that reason.
pub(super) const fn reasons(name: &[u8]) -> bool {
    matches!(
        name,
        [b'o', b'1'..=b'9', ..] | [b'g', b'p', b't', b'-', b'5'..=b'9', ..]
    )
}
