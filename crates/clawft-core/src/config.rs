//! What the user says in `config.toml` or `config.json`.
//!
//! The file is the first of: the one that [`Config::load`] is given, `$CLAWFT_CONFIG`,
//! `~/.clawft/config.toml`, `~/.clawft/config.json`, `~/.nanobot/config.json`. Where there is none, all
//! is as by default. A file that is there and cannot be read is an error: an agent that went on without
//! its keys and limits would do what nobody asked for.
//!
//! Keys may be in camel case or snake case; names that the user chooses, such as those of providers and
//! headers, stay as they are. What nothing here reads is kept in [`Config::document`].

mod error;
mod json;
mod keys;
mod load;
mod read;
mod rules;
mod secret;
pub mod toml;
mod typed;

use core::fmt;

use serde_json::{Map, Value};

use crate::prelude::*;
use load::WORKSPACES;

pub use error::Error;
pub use load::expand;
pub use secret::Secret;
pub(crate) use secret::is_secret;

/// The longest file that is read, in bytes.
pub const LIMIT: u64 = 1 << 20;

/// The whole configuration. What a file leaves out has its default.
#[derive(Clone, PartialEq)]
pub struct Config {
    /// `agents.defaults`
    pub agent: AgentConfig,
    /// `providers`, by name
    pub providers: Vec<(String, ProviderConfig)>,
    /// `tools`
    pub tools: ToolsConfig,
    /// The whole file, with keys in snake case, also those that nothing here reads. It holds keys and
    /// passwords: [`Config::to_json`] is what may be shown
    pub document: Value,
}

/// `agents.defaults`.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentConfig {
    /// The folder that tools work in, as an absolute path once it is loaded
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
    /// How long one message may take, with all its rounds of tools, in milliseconds (`turn_timeout`, in
    /// seconds in the file)
    pub turn_timeout: u64,
    /// Most attempts of one request that a provider turns down for now
    pub attempts: u32,
    /// Whether answers come piece by piece
    pub stream: bool,
}

/// One of `providers`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ProviderConfig {
    /// The key of its API
    pub api_key: Secret,
    /// Its base URL, where it is not the known one
    pub api_base: Option<String>,
    /// Headers beside the API's own
    pub extra_headers: Vec<(String, String)>,
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

impl Default for AgentConfig {
    fn default() -> Self {
        Self {
            workspace: WORKSPACES[0].to_owned(),
            model: "deepseek/deepseek-chat".to_owned(),
            max_tokens: 8192,
            temperature: 0.7,
            max_tool_iterations: 20,
            memory_window: 50,
            timeout: 60_000,
            turn_timeout: 1_800_000,
            attempts: 3,
            stream: true,
        }
    }
}

impl Default for ToolsConfig {
    fn default() -> Self {
        Self {
            search_api_key: Secret::default(),
            search_endpoint: None,
            search_max_results: 5,
            exec_timeout: 60_000,
            allow_private: false,
            allowed_hosts: Vec::new(),
            blocked_hosts: Vec::new(),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            agent: AgentConfig::default(),
            providers: Vec::new(),
            tools: ToolsConfig::default(),
            document: Value::Object(Map::new()),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Config")
            .field("agent", &self.agent)
            .field("providers", &self.providers)
            .field("tools", &self.tools)
            .field("document", &self.to_json())
            .finish()
    }
}

impl fmt::Debug for ProviderConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.extra_headers.iter().map(|(name, _)| name).collect();
        formatter
            .debug_struct("ProviderConfig")
            .field("api_key", &self.api_key)
            .field("api_base", &self.api_base)
            .field("extra_headers", &names)
            .finish()
    }
}

impl Config {
    /// A provider by its name.
    #[must_use]
    pub fn provider(&self, name: &str) -> Option<&ProviderConfig> {
        let found = self.providers.iter().find(|(known, _)| known == name);
        found.map(|(_, provider)| provider)
    }
}
