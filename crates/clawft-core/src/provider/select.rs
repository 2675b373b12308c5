//! Which provider a model belongs to.

use core::fmt;

use super::Provider;
use super::anthropic::Anthropic;
use super::openai::OpenAi;
use crate::config::{Config, Secret};
use crate::platform::Environment;
use crate::prelude::*;

/// Which API a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Api {
    OpenAi,
    Anthropic,
}

/// A provider that is known.
struct Known {
    /// The prefix of its models, and its name in the configuration
    name: &'static str,
    base: &'static str,
    /// The environment variable of its key
    variable: &'static str,
    api: Api,
    /// Whether it answers without a key
    keyless: bool,
}

const fn known(name: &'static str, base: &'static str, variable: &'static str) -> Known {
    Known {
        name,
        base,
        variable,
        api: Api::OpenAi,
        keyless: false,
    }
}

/// The providers that are known. A model without a prefix belongs to the first of them that has a key.
const KNOWN: &[Known] = &[
    known(
        "openrouter",
        "https://openrouter.ai/api/v1",
        "OPENROUTER_API_KEY",
    ),
    known("openai", "https://api.openai.com/v1", "OPENAI_API_KEY"),
    Known {
        api: Api::Anthropic,
        ..known(
            "anthropic",
            "https://api.anthropic.com/v1",
            "ANTHROPIC_API_KEY",
        )
    },
    known("groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    known(
        "deepseek",
        "https://api.deepseek.com/v1",
        "DEEPSEEK_API_KEY",
    ),
    known(
        "gemini",
        "https://generativelanguage.googleapis.com/v1beta/openai",
        "GOOGLE_GEMINI_API_KEY",
    ),
    known("xai", "https://api.x.ai/v1", "XAI_API_KEY"),
    known("mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
    known(
        "together",
        "https://api.together.xyz/v1",
        "TOGETHER_API_KEY",
    ),
    Known {
        keyless: true,
        ..known("local", "http://localhost:11434/v1", "LOCAL_LLM_API_KEY")
    },
    Known {
        keyless: true,
        ..known("ollama", "http://localhost:11434/v1", "LOCAL_LLM_API_KEY")
    },
];

/// A model, and who runs it.
pub struct Selected {
    /// The API that it is asked by
    pub provider: Box<dyn Provider>,
    /// The model's name there
    pub model: String,
    /// The provider's name, as prefixes and the configuration have it
    pub name: String,
}

/// Why no provider can be asked for a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SelectError {
    /// The model has no name, or only a prefix
    NoModel(String),
    /// The prefix is no provider's
    Unknown(String),
    /// A provider of the configuration has no base URL, and is not one that is known
    NoBase(String),
    /// The base URL of a provider, which may have a password in it and is not told, is not one of HTTP
    Base(String),
    /// The provider needs a key
    NoKey {
        /// The provider
        name: String,
        /// The environment variable that may hold it
        variable: String,
    },
    /// The key, which is not told, has characters that no header can have
    Key(String),
    /// The model has no prefix, and no provider has a key
    NoProvider(String),
}

impl fmt::Display for SelectError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoModel(model) => write!(
                formatter,
                "\"{model}\" names no model: agents.defaults.model should be such as \
                 anthropic/claude-sonnet-4-5"
            ),
            Self::Unknown(name) => write!(
                formatter,
                "no provider {name}: set providers.{name}.api_base, or choose one of {}",
                names()
            ),
            Self::NoBase(name) => write!(
                formatter,
                "the address of {name} is not known: set providers.{name}.api_base"
            ),
            Self::Base(name) => write!(
                formatter,
                "providers.{name}.api_base should start with http:// or https://"
            ),
            Self::NoKey { name, variable } => write!(
                formatter,
                "no key for {name}: set {variable} or providers.{name}.api_key"
            ),
            Self::Key(name) => write!(
                formatter,
                "the key for {name} has characters that no key has"
            ),
            Self::NoProvider(model) => write!(
                formatter,
                "no key for {model}: set OPENROUTER_API_KEY or providers.openrouter.api_key, or \
                 start the model with a provider, one of {}",
                names()
            ),
        }
    }
}

impl core::error::Error for SelectError {}

fn names() -> String {
    let mut names = String::new();
    for known in KNOWN {
        names.push_str(if names.is_empty() { "" } else { ", " });
        names.push_str(known.name);
    }
    names
}

/// Chooses the provider of a model by its prefix. Keys and addresses come from the configuration first;
/// keys then from the environment. A provider at an address of the user's needs no key.
///
/// # Errors
/// See [`SelectError`].
pub fn select(
    config: &Config,
    environment: &dyn Environment,
    model: &str,
) -> Result<Selected, SelectError> {
    let model = model.trim_ascii();
    let (known, name, rest) = if let Some((name, rest)) = model.split_once('/') {
        (KNOWN.iter().find(|known| known.name == name), name, rest)
    } else {
        let keyed = |known: &&Known| {
            !known.keyless && !key(config, environment, known.name, Some(known)).is_empty()
        };
        match KNOWN.iter().find(keyed) {
            Some(known) => (Some(known), known.name, model),
            None if model.is_empty() => return Err(SelectError::NoModel(String::new())),
            None => return Err(SelectError::NoProvider(model.into())),
        }
    };
    if rest.is_empty() {
        return Err(SelectError::NoModel(model.into()));
    }
    let own = config.provider(name);
    let own_base = own.and_then(|own| own.api_base.as_deref());
    let own_base = own_base
        .map(str::trim_ascii)
        .filter(|base| !base.is_empty());
    let base = match (own_base, known) {
        (Some(base), _) => base,
        (None, Some(known)) => known.base,
        (None, None) if own.is_some() => return Err(SelectError::NoBase(name.into())),
        (None, None) => return Err(SelectError::Unknown(name.into())),
    };
    if !["http://", "https://"]
        .iter()
        .any(|scheme| base.starts_with(scheme))
    {
        return Err(SelectError::Base(name.into()));
    }
    let key = key(config, environment, name, known);
    if let Some(known) = known
        && key.is_empty()
        && !known.keyless
        && own_base.is_none()
    {
        return Err(SelectError::NoKey {
            name: name.into(),
            variable: known.variable.into(),
        });
    }
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(SelectError::Key(name.into()));
    }
    let (base, key) = (base.to_string(), Secret::new(key));
    let headers = own.map(|own| own.extra_headers.clone()).unwrap_or_default();
    let provider: Box<dyn Provider> = match known.map_or(Api::OpenAi, |known| known.api) {
        Api::OpenAi => Box::new(OpenAi { base, key, headers }),
        Api::Anthropic => Box::new(Anthropic { base, key, headers }),
    };
    Ok(Selected {
        provider,
        model: rest.into(),
        name: name.into(),
    })
}

/// The key of a provider, or empty. White space around it, such as the line break at a file's end, is no
/// part of it.
fn key(
    config: &Config,
    environment: &dyn Environment,
    name: &str,
    known: Option<&Known>,
) -> String {
    let configured = config.provider(name);
    let configured = configured.map_or("", |own| own.api_key.reveal());
    let configured = configured.trim_ascii();
    if !configured.is_empty() {
        return configured.into();
    }
    known
        .and_then(|known| environment.variable(known.variable))
        .map_or_else(String::new, |key| key.trim_ascii().into())
}
