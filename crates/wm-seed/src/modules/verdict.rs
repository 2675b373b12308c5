//! What a module's texts may say.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::rules;

/// Most tags of an answer, and most letters of one.
// NB: with those of all modules, a line of the ledger has room for some of rules
const TAGS: (usize, usize) = (4, 32);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Action {
    #[default]
    Allow,
    Log,
    Tag,
    Warn,
    Throttle,
    Block,
}

impl From<Action> for rules::Action {
    fn from(action: Action) -> Self {
        match action {
            // Every call is noted.
            Action::Allow | Action::Log => Self::Log,
            Action::Tag => Self::Tag,
            Action::Warn => Self::Warn,
            Action::Throttle => Self::Throttle,
            Action::Block => Self::Block,
        }
    }
}

/// What a module says of a call.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Verdict {
    pub(super) action: Action,
    score: Option<f64>,
    pub(super) reason: Option<String>,
    #[serde(default)]
    pub(super) tags: Vec<String>,
}

impl Verdict {
    pub(super) fn read(text: &[u8]) -> Result<Self, String> {
        let verdict: Self =
            serde_json::from_slice(text).map_err(|error| format!("its answer is none: {error}"))?;
        if !(0.0..=1.0).contains(&verdict.score()) {
            return Err("its answer is none: score is not from 0 to 1".to_owned());
        }
        let (most, letters) = TAGS;
        let plain = |tag: &String| {
            (1..=letters).contains(&tag.len())
                && tag
                    .bytes()
                    .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
        };
        if verdict.tags.len() > most || !verdict.tags.iter().all(plain) {
            return Err(format!(
                "its answer is none: tags are at most {most} of 1 to {letters} of a-z, 0-9, _ and -"
            ));
        }
        Ok(verdict)
    }

    /// That of a rule, where the module gives none.
    pub(super) fn score(&self) -> f64 {
        let usual = if self.action == Action::Allow {
            1.0
        } else {
            0.5
        };
        self.score.unwrap_or(usual)
    }
}

/// What a module reports.
pub(super) fn object(text: &[u8]) -> Result<Value, String> {
    let object: Map<String, Value> = serde_json::from_slice(text)
        .map_err(|error| format!("its report is no JSON object: {error}"))?;
    Ok(object.into())
}
