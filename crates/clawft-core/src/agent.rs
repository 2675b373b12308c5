//! The agent: from a message to its answer.
//!
//! A [`Turn`] asks the model, shows what it says as it comes, runs the tools that it calls, all of an answer
//! at once, tells it their results, and so on until it calls none. What is kept of a turn are the user's
//! message and the last answer; they are written in one piece when the turn is over, so a turn that fails,
//! is given up or dies with its process leaves the session as it was. An answer that is too long for a
//! session is kept in part.
//!
//! A request that a provider turns down for now (429, 408, 5xx), or that gets no answer or half of one, is
//! made again, but only while nothing of its answer was shown.

mod error;
mod event;
mod turn;

use alloc::rc::Rc;

use serde_json::Value;

use crate::config::{self, Config};
use crate::platform::{Directory, Platform};
use crate::prelude::*;
use crate::provider::select::{SelectError, Selected, select};
use crate::tool::{self, Context, Spec, object};
use crate::{session, vectors};

pub use error::{Error, error_json};
pub use event::Event;
pub use turn::{MAX_RESULT, Turn};

/// An agent.
pub struct Agent {
    platform: Platform,
    config: Config,
    workspace: Rc<dyn Directory>,
    workspace_path: String,
    sessions: session::Store,
    vectors: vectors::Store,
    specs: Vec<Spec>,
}

impl Agent {
    /// An agent of a configuration file; `None` for the one that [`Config::load`] finds.
    ///
    /// # Errors
    /// The configuration cannot be read, or names no usable workspace. That a key is missing is said by
    /// [`turn`](Self::turn).
    pub fn open(platform: Platform, config_path: Option<&str>) -> Result<Self, Error> {
        let config = Config::load(&platform, config_path)?;
        Self::new(platform, config)
    }

    /// An agent of a configuration.
    ///
    /// # Errors
    /// It names no usable workspace.
    pub fn new(platform: Platform, config: Config) -> Result<Self, Error> {
        let workspace_path = config::expand(&platform, &config.agent.workspace)?;
        let workspace = platform.files.open(&workspace_path, true)?;
        let sessions = session::Store::open(&platform)?;
        Ok(Self {
            vectors: vectors::Store::new(Rc::clone(&workspace)),
            // Without a channel, what writes to one can only fail.
            specs: tool::TOOLS
                .iter()
                .map(|tool| tool.spec)
                .filter(|spec| !cfg!(feature = "channels") || spec.name != "message")
                .collect(),
            platform,
            config,
            workspace,
            workspace_path,
            sessions,
        })
    }

    /// What this build has, and whether it is ready to answer.
    #[must_use]
    pub fn capabilities(&self) -> Value {
        let (provider, status) = match self.selected() {
            Ok(selected) => (Value::from(selected.name), "ready".to_owned()),
            Err(error) => (Value::Null, error.to_string()),
        };
        let names: Vec<&str> = self.specs.iter().map(|spec| spec.name).collect();
        let absent = |name: &&str| !names.contains(name);
        let excluded: Vec<&str> = NATIVE_TOOLS.into_iter().filter(absent).collect();
        object(vec![
            ("version", env!("CARGO_PKG_VERSION").into()),
            ("platform", PLATFORM.into()),
            ("tools", names.into()),
            ("excluded_tools", excluded.into()),
            ("channels", CHANNELS.into()),
            ("model", self.config.agent.model.as_str().into()),
            ("provider", provider),
            ("status", status.into()),
        ])
    }

    /// The vectors of the workspace.
    #[must_use]
    pub const fn vectors(&self) -> &vectors::Store {
        &self.vectors
    }

    /// The sessions.
    #[must_use]
    pub const fn sessions(&self) -> &session::Store {
        &self.sessions
    }

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Changes the configuration of the turns to come; the workspace stays.
    pub const fn config_mut(&mut self) -> &mut Config {
        &mut self.config
    }

    /// Whether the model has a provider and a key.
    ///
    /// # Errors
    /// What it lacks.
    pub fn check_model(&self) -> Result<(), SelectError> {
        self.selected().map(drop)
    }

    fn selected(&self) -> Result<Selected, SelectError> {
        let environment = &*self.platform.environment;
        select(&self.config, environment, &self.config.agent.model)
    }

    fn context(&self, deadline: u64) -> Context<'_> {
        Context {
            platform: &self.platform,
            config: &self.config,
            workspace: &*self.workspace,
            workspace_path: &self.workspace_path,
            vectors: &self.vectors,
            deadline,
            #[cfg(feature = "channels")]
            channels: None,
        }
    }
}

/// Tools that a build may lack.
const NATIVE_TOOLS: [&str; 3] = ["exec_shell", "message", "spawn"];

const CHANNELS: &[&str] = if cfg!(feature = "cli") { &["cli"] } else { &[] };

const PLATFORM: &str = if cfg!(feature = "native-platform") {
    "native"
} else if cfg!(all(target_os = "wasi", target_env = "p1")) {
    "wasm32-wasip1"
} else {
    "wasm32-wasip2"
};
