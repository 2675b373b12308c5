//! What the user says in `config.toml` or `config.json`.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

/// A text that is never shown: not in logs, errors or dumps.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for who sends it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.is_empty() {
            "Secret()"
        } else {
            "Secret(…)"
        })
    }
}

/// The whole configuration. What a file leaves out has its default.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// `agents.defaults`
    pub agent: AgentConfig,
    /// `providers`, by name
    pub providers: BTreeMap<String, ProviderConfig>,
    /// `tools`
    pub tools: ToolsConfig,
    /// The whole file, with keys in snake case, also those that nothing here reads
    pub document: Value,
}

/// `agents.defaults`.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentConfig {
    /// The folder that tools work in; `~` is the home folder
    pub workspace: String,
    /// The model, with the prefix of its provider, such as `anthropic/…`
    pub model: String,
    /// Most tokens of an answer
    pub max_tokens: u32,
    /// Randomness, 0 to 2
    pub temperature: f32,
    /// Most rounds of tools for one message
    pub max_tool_iterations: u32,
    /// Most messages of the past that a model is told
    pub memory_window: u32,
    /// How long to wait for the network, in milliseconds (`timeout`, in seconds in the file)
    pub timeout: u64,
    /// Most attempts of one request that a provider turns down for now
    pub attempts: u32,
}

/// One of `providers`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderConfig {
    /// The key of its API
    pub api_key: Secret,
    /// Its base URL, where it is not the known one
    pub api_base: Option<String>,
    /// Headers beside the API's own
    pub extra_headers: BTreeMap<String, String>,
}

/// `tools`.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolsConfig {
    /// `web.search.api_key`
    pub search_api_key: Secret,
    /// `web.search.endpoint`, where it is not Brave's
    pub search_endpoint: Option<String>,
    /// `web.search.max_results`
    pub search_max_results: u32,
    /// `exec.timeout`, in milliseconds (seconds in the file)
    pub exec_timeout: u64,
    /// `url_policy.allow_private`: whether addresses of the machine itself and of private networks may be
    /// fetched
    pub allow_private: bool,
    /// `url_policy.allowed_hosts`: hosts that may be fetched whatever their address
    pub allowed_hosts: Vec<String>,
    /// `url_policy.blocked_hosts`: hosts that may not
    pub blocked_hosts: Vec<String>,
}
