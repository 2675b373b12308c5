use serde::{Deserialize, Serialize};

use crate::{SimpleVob, TokenId};

/// What a host can do besides sampling one token after another.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "each stands for itself")]
pub struct InferenceCapabilities {
    /// Tokens can be appended without sampling.
    #[serde(default)]
    pub ff_tokens: bool,
    /// Which tokens are appended may depend on the one that was sampled.
    #[serde(default)]
    pub conditional_ff_tokens: bool,
    /// Tokens can be taken back.
    #[serde(default)]
    pub backtrack: bool,
    /// A sequence can go on in several ways at once.
    #[serde(default)]
    pub fork: bool,
}

/// What a host did with a [`Splice`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StepArg {
    /// How many of the last tokens were taken back; 0 where one was only sampled.
    pub backtrack: u32,
    /// What was appended after that.
    pub tokens: Vec<TokenId>,
    /// The token that the mask was applied to, whatever became of it.
    pub sampled: Option<TokenId>,
}

impl StepArg {
    /// Nothing was done.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            backtrack: 0,
            tokens: Vec::new(),
            sampled: None,
        }
    }

    /// A token was sampled and kept.
    #[must_use]
    pub fn from_sampled_token(token: TokenId) -> Self {
        Self {
            tokens: vec![token],
            sampled: Some(token),
            ..Self::empty()
        }
    }

    /// A splice was followed.
    #[must_use]
    pub fn from_splice(splice: &Splice, sampled: Option<TokenId>) -> Self {
        Self {
            backtrack: splice.backtrack,
            tokens: splice.ff_tokens.clone(),
            sampled,
        }
    }

    /// Does to `tokens` what was done.
    ///
    /// # Panics
    /// If more tokens are taken back than there are.
    pub fn save_tokens(&self, tokens: &mut Vec<TokenId>) {
        let kept = tokens
            .len()
            .checked_sub(self.backtrack as usize)
            .expect("no more tokens can be taken back than there are");
        tokens.truncate(kept);
        tokens.extend(&self.tokens);
    }
}

/// Tokens to take back and to append, after one was sampled.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Splice {
    /// The sampled tokens after which this is done; after any when there are none.
    pub when_sampled: Vec<TokenId>,
    /// How many tokens to take back, the sampled one among them.
    pub backtrack: u32,
    /// What to append then.
    pub ff_tokens: Vec<TokenId>,
}

impl Splice {
    /// Does nothing.
    #[must_use]
    pub fn noop() -> Self {
        Self::tokens(Vec::new())
    }

    /// Appends tokens after any.
    #[must_use]
    pub fn tokens(ff_tokens: Vec<TokenId>) -> Self {
        Self {
            when_sampled: Vec::new(),
            backtrack: 0,
            ff_tokens,
        }
    }
}

/// What a host is to do next; `S` is the type of the mask.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Branch<S> {
    /// The tokens to sample from; without it none is sampled.
    pub sample_mask: Option<S>,
    /// The temperature to sample with, if not the usual one.
    pub temperature: Option<f32>,
    /// What follows; a single one that is unconditional where none is sampled.
    pub splices: Vec<Splice>,
}

impl<S> Branch<S> {
    /// Sampling, and nothing after it.
    pub fn sample(set: S, temperature: Option<f32>) -> Self {
        Self {
            sample_mask: Some(set),
            temperature,
            splices: Vec::new(),
        }
    }

    /// No sampling, and a splice in its place.
    #[must_use]
    pub fn splice(backtrack: u32, ff_tokens: Vec<TokenId>) -> Self {
        let splice = Splice {
            backtrack,
            ..Splice::tokens(ff_tokens)
        };
        Self {
            splices: vec![splice],
            ..Self::stop()
        }
    }

    /// No sampling, and nothing in its place.
    #[must_use]
    pub fn noop() -> Self {
        Self::splice(0, Vec::new())
    }

    /// The end.
    #[must_use]
    pub fn stop() -> Self {
        Self {
            sample_mask: None,
            temperature: None,
            splices: Vec::new(),
        }
    }

    /// Whether this is the end.
    pub fn is_stop(&self) -> bool {
        self.sample_mask.is_none() && self.splices.is_empty()
    }

    /// The same with another mask.
    pub fn map_mask<F, T>(&self, change: F) -> Branch<T>
    where
        F: FnOnce(&S) -> T,
    {
        Branch {
            sample_mask: self.sample_mask.as_ref().map(change),
            temperature: self.temperature,
            splices: self.splices.clone(),
        }
    }

    /// The splice to follow after `sampled`.
    pub fn find_splice(&self, sampled: TokenId) -> Option<&Splice> {
        let follows = |splice: &&Splice| {
            splice.when_sampled.is_empty() || splice.when_sampled.contains(&sampled)
        };
        self.splices.iter().find(follows)
    }

    /// The splice to follow after `sampled`, which otherwise is appended itself.
    pub fn spliced(&self, sampled: TokenId) -> Splice {
        match self.find_splice(sampled) {
            Some(splice) => splice.clone(),
            None => Splice::tokens(vec![sampled]),
        }
    }

    /// The splice, where it is the only one and depends on nothing.
    pub fn unconditional_splice(&self) -> Option<&Splice> {
        match self.splices.as_slice() {
            [only] if only.when_sampled.is_empty() => Some(only),
            _ => None,
        }
    }

    /// Whether more is taken back than the token that is sampled.
    pub fn has_backtrack(&self) -> bool {
        let sampled = u32::from(self.sample_mask.is_some());
        self.splices.iter().any(|splice| splice.backtrack > sampled)
    }

    /// Whether there are splices.
    pub fn has_ff_tokens(&self) -> bool {
        !self.splices.is_empty()
    }
}

/// What a host is to do next, by a set of tokens.
pub type StepResult = Branch<SimpleVob>;
