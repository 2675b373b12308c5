//! What the user says in `config.toml` or `config.json`.
//!
//! The file is the first of: the one that [`Config::load`] is given, `$CLAWFT_CONFIG`,
//! `~/.clawft/config.toml`, `~/.clawft/config.json`, `~/.nanobot/config.json`. Where there is none, all
//! is as by default. A file that is there and cannot be read is an error: an agent that went on without
//! its keys and limits would do what nobody asked for.
//!
//! Keys may be in camel case or snake case; names that the user chooses, such as those of providers and
//! headers, stay as they are. What nothing here reads is kept in [`Config::document`].

mod json;
pub mod toml;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::platform::{FileError, FileErrorKind, Platform};

/// The longest file that is read, in bytes.
pub const LIMIT: u64 = 1 << 20;

/// Where files are looked for, below the home folder, in this order.
const PLACES: &[(&str, &str)] = &[
    (".clawft", "config.toml"),
    (".clawft", "config.json"),
    (".nanobot", "config.json"),
];

/// The workspace where none is said, and the one that is taken if only that is there.
const WORKSPACES: [&str; 2] = ["~/.clawft/workspace", "~/.nanobot/workspace"];

/// Keys of tables whose own keys are names.
const NAMED: &[&str] = &[
    "channels",
    "env",
    "extra_headers",
    "headers",
    "mcp_servers",
    "providers",
];

/// Those of them whose values may all be secrets.
const SECRET_TABLES: &[&str] = &["env", "extra_headers", "headers"];

/// Last words of keys whose values are secrets.
const SECRET_WORDS: &[&str] = &[
    "authorization",
    "credential",
    "key",
    "password",
    "secret",
    "token",
];

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
#[derive(Clone, PartialEq)]
pub struct Config {
    /// `agents.defaults`
    pub agent: AgentConfig,
    /// `providers`, by name
    pub providers: BTreeMap<String, ProviderConfig>,
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
            providers: BTreeMap::new(),
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
        let names: Vec<&String> = self.extra_headers.keys().collect();
        formatter
            .debug_struct("ProviderConfig")
            .field("api_key", &self.api_key)
            .field("api_base", &self.api_base)
            .field("extra_headers", &names)
            .finish()
    }
}

/// Why there is no configuration. No text of it quotes a value that may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The file cannot be read
    File(FileError),
    /// A path begins with `~`, and no home folder is known
    Home {
        /// The path
        path: String,
    },
    /// The file is no TOML or JSON, or a value is none that the key can have
    Content {
        /// The file's path
        file: String,
        /// The line, from 1
        line: usize,
        /// The character of the line, from 1
        column: usize,
        /// The key's whole path in snake case, or empty if the file cannot be read so far
        key: String,
        /// What is wrong, and what would be right
        what: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => write!(formatter, "configuration: {error}"),
            Self::Home { path } => write!(
                formatter,
                "{path}: no home folder is known; set HOME, or give the path from / on"
            ),
            Self::Content {
                file,
                line,
                column,
                key,
                what,
            } => {
                write!(formatter, "{file}:{line}:{column}: ")?;
                if !key.is_empty() {
                    write!(formatter, "{key}: ")?;
                }
                formatter.write_str(what)
            }
        }
    }
}

impl std::error::Error for Error {}

/// A path with the home folder in place of a leading `~`.
///
/// # Errors
/// [`Error::Home`] if there is none.
pub fn expand(platform: &Platform, path: &str) -> Result<String, Error> {
    let below = match path.strip_prefix('~') {
        Some(below) if below.is_empty() || below.starts_with('/') => below,
        _ => return Ok(path.to_owned()),
    };
    let home = platform.environment.home().ok_or_else(|| Error::Home {
        path: path.to_owned(),
    })?;
    Ok(format!("{}{below}", home.trim_end_matches('/')))
}

impl Config {
    /// Finds and reads the configuration of a machine; see the module.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn load(platform: &Platform, path: Option<&str>) -> Result<Self, Error> {
        let variable = platform.environment.variable("CLAWFT_CONFIG");
        let chosen = path.or(variable.as_deref()).filter(|path| !path.is_empty());
        let found = match chosen {
            Some(path) => {
                let path = expand(platform, path)?;
                let content = read_file(platform, &path).map_err(Error::File)?;
                Some((path, content))
            }
            None => discover(platform)?,
        };
        let (folder, mut config) = match &found {
            Some((path, content)) => (split(path).0, Self::read(path, content)?),
            None => ("", Self::default()),
        };
        let workspace = &mut config.agent.workspace;
        if *workspace == WORKSPACES[0] {
            for place in WORKSPACES {
                let place = expand(platform, place)?;
                if platform.files.open(&place, false).is_ok() {
                    *workspace = place;
                    break;
                }
            }
        }
        *workspace = expand(platform, workspace)?;
        if !workspace.starts_with('/') {
            *workspace = format!("{folder}/{workspace}");
        }
        Ok(config)
    }

    /// Reads the content of a file: TOML if its name ends in `.toml`, JSON if it ends in `.json`, and else
    /// what it looks like. Paths in it stay as they are written.
    ///
    /// # Errors
    /// [`Error::Content`].
    pub fn read(file: &str, content: &[u8]) -> Result<Self, Error> {
        let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
        let text = match std::str::from_utf8(content) {
            Ok(text) => text,
            Err(error) => {
                let good = &content[..error.valid_up_to()];
                let good = std::str::from_utf8(good).unwrap_or_default();
                let (line, column) = place(good, good.len());
                return Err(Error::content(file, line, column, "no UTF-8".to_owned()));
            }
        };
        let is_json = file.ends_with(".json")
            || !file.ends_with(".toml") && text.trim_start().starts_with('{');
        let document = if is_json {
            // Its messages name places and what is missing there, never what stands there.
            serde_json::from_str(text).map_err(|error| {
                let what = error.to_string();
                let what = what.split(" at line ").next().unwrap_or_default();
                Error::content(file, error.line(), error.column(), what.to_owned())
            })?
        } else {
            let table = toml::parse(text).map_err(|fault| {
                let (line, column) = place(text, fault.at);
                Error::content(file, line, column, fault.what.to_owned())
            })?;
            Value::Object(table.into_object())
        };
        typed(document).map_err(|fault| {
            let path: Vec<&str> = fault.path.iter().map(String::as_str).collect();
            let at = if is_json {
                json::find(text, &path, same)
            } else {
                let table = toml::parse(text).ok();
                table.and_then(|table| table.find(&path, same)).unwrap_or(0)
            };
            let (line, column) = place(text, at);
            Error::Content {
                file: file.to_owned(),
                line,
                column,
                key: path.join("."),
                what: fault.what,
            }
        })
    }

    /// What the file says, with keys in snake case and every secret as an empty text.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut document = self.document.clone();
        hide(&mut document);
        document
    }
}

impl Error {
    fn content(file: &str, line: usize, column: usize, what: String) -> Self {
        Self::Content {
            file: file.to_owned(),
            line,
            column,
            key: String::new(),
            what,
        }
    }
}

/// The folder and the name of a file.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

fn read_file(platform: &Platform, path: &str) -> Result<Vec<u8>, FileError> {
    let (folder, name) = split(path);
    let folder = if folder.is_empty() && path.starts_with('/') {
        "/"
    } else {
        folder
    };
    let read = || platform.files.open(folder, false)?.read(name, LIMIT);
    read().map_err(|error| FileError {
        path: path.to_owned(),
        ..error
    })
}

fn discover(platform: &Platform) -> Result<Option<(String, Vec<u8>)>, Error> {
    let Some(home) = platform.environment.home() else {
        return Ok(None);
    };
    for (folder, name) in PLACES {
        let path = format!("{}/{folder}/{name}", home.trim_end_matches('/'));
        match read_file(platform, &path) {
            Ok(content) => return Ok(Some((path, content))),
            Err(error) if error.kind == FileErrorKind::NotFound => {}
            Err(error) => return Err(Error::File(error)),
        }
    }
    Ok(None)
}

/// The line and character, from 1, of a byte.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n');
    // Bytes that go on with a character count with its first.
    let column = column.filter(|byte| **byte & 0xc0 != 0x80).count() + 1;
    (line, column)
}

/// A key in snake case: `apiKey`, `APIKey` and `api_key` are `api_key`.
fn snake(key: &str) -> String {
    let bytes = key.as_bytes();
    let mut snake = String::with_capacity(key.len() + 4);
    for (index, letter) in key.char_indices() {
        if letter.is_ascii_uppercase() {
            let before = index.checked_sub(1).map(|before| bytes[before]);
            let after_lower =
                before.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
            let after_upper = before.is_some_and(|byte| byte.is_ascii_uppercase());
            let before_lower = bytes.get(index + 1).is_some_and(u8::is_ascii_lowercase);
            if after_lower || after_upper && before_lower {
                snake.push('_');
            }
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// Whether a key of a file is that part of a normalised path.
fn same(key: &str, part: &str) -> bool {
    key == part || snake(key) == part
}

fn is_secret(key: &str) -> bool {
    let key = snake(key);
    let last = key.rsplit(['_', '-']).next().unwrap_or_default();
    SECRET_WORDS.iter().any(|word| last.ends_with(word))
}

/// Whether a text is a URL that begins with a name and password.
fn has_user(text: &str) -> bool {
    text.split_once("://").is_some_and(|(_, rest)| {
        rest.split('/')
            .next()
            .is_some_and(|host| host.contains('@'))
    })
}

/// Empties every secret.
fn hide(value: &mut Value) {
    match value {
        Value::Object(table) => {
            for (key, value) in table.iter_mut() {
                if SECRET_TABLES.contains(&key.as_str()) && value.is_object() {
                    for value in value.as_object_mut().into_iter().flat_map(Map::values_mut) {
                        *value = Value::String(String::new());
                    }
                } else if is_secret(key) && !value.is_null() {
                    *value = Value::String(String::new());
                } else {
                    hide(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::String(text) if has_user(text) => text.clear(),
        _ => {}
    }
}

/// What is wrong with the value at a path of keys.
struct Fault {
    path: Vec<String>,
    what: String,
}

impl Fault {
    fn new(path: &[String], key: &str, what: String) -> Self {
        let mut path = path.to_vec();
        path.push(key.to_owned());
        Self { path, what }
    }
}

/// The value with all keys in snake case but those that are names.
fn normalise(value: Value, named: bool, path: &mut Vec<String>) -> Result<Value, Fault> {
    match value {
        Value::Object(table) => {
            let mut normal = Map::new();
            for (key, value) in table {
                let key = if named { key } else { snake(&key) };
                if normal.contains_key(&key) {
                    let what = "said twice, in camel case and in snake case; keep one".to_owned();
                    return Err(Fault::new(path, &key, what));
                }
                path.push(key.clone());
                let names = !named && NAMED.contains(&key.as_str());
                let value = normalise(value, names, path)?;
                path.pop();
                normal.insert(key, value);
            }
            Ok(Value::Object(normal))
        }
        Value::Array(items) => {
            let mut normal = Vec::with_capacity(items.len());
            for (index, item) in items.into_iter().enumerate() {
                path.push(index.to_string());
                normal.push(normalise(item, false, path)?);
                path.pop();
            }
            Ok(Value::Array(normal))
        }
        other => Ok(other),
    }
}

/// A kind of values, in words.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}

const TABLE: &str = "a table";
const TEXT: &str = "a text";

/// A table of the file, or one that it leaves out.
struct Section<'a> {
    table: Option<&'a Map<String, Value>>,
    path: Vec<String>,
}

impl<'a> Section<'a> {
    fn get(&self, key: &str) -> Option<&'a Value> {
        self.table?.get(key).filter(|value| !value.is_null())
    }

    fn fault(&self, key: &str, what: String) -> Fault {
        Fault::new(&self.path, key, what)
    }

    fn wrong_kind(&self, key: &str, found: &Value, needed: &str) -> Fault {
        let cure = match found {
            Value::String(_) if needed == TABLE => "",
            Value::String(_) if needed.starts_with("a list") => "; put it in brackets",
            Value::String(_) => "; write it without quotation marks",
            Value::Bool(_) | Value::Number(_) if needed == TEXT => "; put it in quotation marks",
            _ => "",
        };
        self.fault(
            key,
            format!("{} where {needed} is needed{cure}", kind(found)),
        )
    }

    fn section(&self, key: &str) -> Result<Self, Fault> {
        let table = match self.get(key) {
            None => None,
            Some(Value::Object(table)) => Some(table),
            Some(other) => return Err(self.wrong_kind(key, other, TABLE)),
        };
        let mut path = self.path.clone();
        path.push(key.to_owned());
        Ok(Section { table, path })
    }

    fn keys(&self) -> impl Iterator<Item = &'a String> {
        self.table.into_iter().flat_map(Map::keys)
    }

    /// A text without control characters: none of those here has a use for them, and a header that
    /// holds one cannot be sent.
    fn text(&self, key: &str) -> Result<Option<&'a str>, Fault> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::String(text)) if text.chars().any(char::is_control) => {
                let what = "a line break or another control character in it; take it out";
                Err(self.fault(key, what.to_owned()))
            }
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong_kind(key, other, TEXT)),
        }
    }

    fn secret(&self, key: &str) -> Result<Secret, Fault> {
        let text = self.text(key)?.unwrap_or_default();
        Ok(Secret::new(text.trim().to_owned()))
    }

    /// The first URL that one of the keys has.
    fn url(&self, keys: &[&str]) -> Result<Option<String>, Fault> {
        for key in keys {
            if let Some(url) = self.text(key)?.filter(|url| !url.is_empty()) {
                if !["http://", "https://"]
                    .iter()
                    .any(|scheme| url.starts_with(scheme))
                {
                    let what = "no URL; it begins with http:// or https://";
                    return Err(self.fault(key, what.to_owned()));
                }
                return Ok(Some(url.to_owned()));
            }
        }
        Ok(None)
    }

    fn integer(&self, key: &str, value: &mut u32, range: RangeInclusive<u32>) -> Result<(), Fault> {
        let Some(found) = self.get(key) else {
            return Ok(());
        };
        let needed = format!("a whole number from {} to {}", range.start(), range.end());
        if !found.is_number() {
            return Err(self.wrong_kind(key, found, &needed));
        }
        let number = found.as_u64().and_then(|number| u32::try_from(number).ok());
        *value = number
            .filter(|number| range.contains(number))
            .ok_or_else(|| self.fault(key, format!("{found} is not {needed}")))?;
        Ok(())
    }

    /// A time in whole seconds, in milliseconds.
    fn seconds(&self, key: &str, value: &mut u64) -> Result<(), Fault> {
        let mut seconds = 0;
        self.integer(key, &mut seconds, 1..=86_400)?;
        if seconds > 0 {
            *value = u64::from(seconds) * 1000;
        }
        Ok(())
    }

    fn boolean(&self, key: &str, value: &mut bool) -> Result<(), Fault> {
        match self.get(key) {
            None => {}
            Some(Value::Bool(truth)) => *value = *truth,
            Some(other) => return Err(self.wrong_kind(key, other, "true or false")),
        }
        Ok(())
    }

    /// A list of texts under one of the keys.
    fn texts(&self, keys: &[&str]) -> Result<Vec<String>, Fault> {
        let mut texts = Vec::new();
        for key in keys {
            match self.get(key) {
                None => {}
                Some(Value::Array(items)) => {
                    for item in items {
                        let Value::String(text) = item else {
                            return Err(self.wrong_kind(key, item, "a list of texts"));
                        };
                        texts.push(text.clone());
                    }
                }
                Some(other) => return Err(self.wrong_kind(key, other, "a list of texts")),
            }
        }
        Ok(texts)
    }

    fn agent(&self) -> Result<AgentConfig, Fault> {
        let mut agent = AgentConfig::default();
        for (key, value) in [
            ("workspace", &mut agent.workspace),
            ("model", &mut agent.model),
        ] {
            if let Some(text) = self.text(key)? {
                if text.is_empty() {
                    return Err(self.fault(key, "empty; say one, or leave the key out".to_owned()));
                }
                text.clone_into(value);
            }
        }
        self.integer("max_tokens", &mut agent.max_tokens, 1..=10_000_000)?;
        let iterations = &mut agent.max_tool_iterations;
        self.integer("max_tool_iterations", iterations, 1..=10_000)?;
        self.integer("memory_window", &mut agent.memory_window, 0..=100_000)?;
        self.integer("attempts", &mut agent.attempts, 1..=100)?;
        self.seconds("timeout", &mut agent.timeout)?;
        self.seconds("turn_timeout", &mut agent.turn_timeout)?;
        self.boolean("stream", &mut agent.stream)?;
        if let Some(found) = self.get("temperature") {
            let needed = "a number from 0 to 2";
            let Some(number) = found.as_f64() else {
                return Err(self.wrong_kind("temperature", found, needed));
            };
            if !(0.0..=2.0).contains(&number) {
                return Err(self.fault("temperature", format!("{found} is not {needed}")));
            }
            // What a model is told has few digits.
            #[allow(clippy::cast_possible_truncation)]
            let short = number as f32;
            agent.temperature = short;
        }
        Ok(agent)
    }

    fn provider(&self) -> Result<ProviderConfig, Fault> {
        let headers = self.section("extra_headers")?;
        let mut extra_headers = BTreeMap::new();
        for name in headers.keys() {
            // https://www.rfc-editor.org/rfc/rfc9110#name-tokens
            let token =
                |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            if name.is_empty() || !name.bytes().all(token) {
                return Err(headers.fault(name, "no name of a header".to_owned()));
            }
            if let Some(value) = headers.text(name)? {
                extra_headers.insert(name.clone(), value.to_owned());
            }
        }
        Ok(ProviderConfig {
            api_key: self.secret("api_key")?,
            api_base: self.url(&["api_base", "base_url"])?,
            extra_headers,
        })
    }

    fn tools(&self) -> Result<ToolsConfig, Fault> {
        let mut tools = ToolsConfig::default();
        let search = self.section("web")?.section("search")?;
        tools.search_api_key = search.secret("api_key")?;
        tools.search_endpoint = search.url(&["endpoint"])?;
        search.integer("max_results", &mut tools.search_max_results, 1..=100)?;
        let exec = self.section("exec")?;
        exec.seconds("timeout", &mut tools.exec_timeout)?;
        let policy = self.section("url_policy")?;
        policy.boolean("allow_private", &mut tools.allow_private)?;
        tools.allowed_hosts = policy.texts(&["allowed_hosts", "allowed_domains"])?;
        tools.blocked_hosts = policy.texts(&["blocked_hosts", "blocked_domains"])?;
        Ok(tools)
    }
}

fn typed(document: Value) -> Result<Config, Fault> {
    let document = normalise(document, false, &mut Vec::new())?;
    let Value::Object(table) = &document else {
        return Err(Fault {
            path: Vec::new(),
            what: format!("{} where {TABLE} is needed", kind(&document)),
        });
    };
    let root = Section {
        table: Some(table),
        path: Vec::new(),
    };
    let agent = root.section("agents")?.section("defaults")?.agent()?;
    let section = root.section("providers")?;
    let mut providers = BTreeMap::new();
    for name in section.keys() {
        providers.insert(name.clone(), section.section(name)?.provider()?);
    }
    let tools = root.section("tools")?.tools()?;
    Ok(Config {
        agent,
        providers,
        tools,
        document,
    })
}
