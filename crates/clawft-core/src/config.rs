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

use core::fmt;

use serde_json::{Map, Value};

use crate::platform::{FileError, FileErrorKind, Platform};
use crate::prelude::*;
use crate::text;

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
const NAMED: &str = "channels env extra_headers headers mcp_servers providers";

/// Those of them whose values may all be secrets.
const SECRET_TABLES: &str = "env extra_headers headers";

/// Last words of keys whose values are secrets.
const SECRET_WORDS: &str = "authorization credential key password secret token";

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

impl core::error::Error for Error {}

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
    Ok(format!("{}{below}", text::trim_end(&home, '/')))
}

impl Config {
    /// Finds and reads the configuration of a machine; see the module. A path that is given begins with
    /// `/` or `~`.
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
        let text = match core::str::from_utf8(content) {
            Ok(text) => text,
            Err(error) => {
                let good = &content[..error.valid_up_to()];
                let good = core::str::from_utf8(good).unwrap_or_default();
                let (line, column) = place(good, good.len());
                return Err(Error::content(file, line, column, "no UTF-8".to_owned()));
            }
        };
        let ending = text::split_last(file, b'.').map(|(_, ending)| ending.to_ascii_lowercase());
        let is_json = match ending.as_deref() {
            Some("json") => true,
            Some("toml") => false,
            _ => text.trim_start().starts_with('{'),
        };
        let document = if is_json {
            // Its messages name places and what is wrong there, never what stands there.
            crate::json::parse(text.as_bytes(), usize::MAX)
                .map_err(|error| Error::content(file, error.line, error.column, error.reason))?
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
                key: text::join(&path, "."),
                what: fault.what,
            }
        })
    }

    /// A provider by its name.
    #[must_use]
    pub fn provider(&self, name: &str) -> Option<&ProviderConfig> {
        let found = self.providers.iter().find(|(known, _)| known == name);
        found.map(|(_, provider)| provider)
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
    text::split_last(path, b'/').unwrap_or(("", path))
}

fn read_file(platform: &Platform, path: &str) -> Result<Vec<u8>, FileError> {
    let failed = |kind| FileError {
        path: path.to_owned(),
        kind,
    };
    let (folder, name) = split(path);
    if !path.starts_with('/') {
        // A component has no current folder.
        let what = "write it as a path from / or ~ on".to_owned();
        return Err(failed(FileErrorKind::Other(what)));
    }
    let folder = if folder.is_empty() { "/" } else { folder };
    let read = || platform.files.open(folder, false)?.read(name, LIMIT);
    read().map_err(|error| failed(error.kind))
}

fn discover(platform: &Platform) -> Result<Option<(String, Vec<u8>)>, Error> {
    let Some(home) = platform.environment.home() else {
        return Ok(None);
    };
    for (folder, name) in PLACES {
        let path = format!("{}/{folder}/{name}", text::trim_end(&home, '/'));
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
    let mut lines = before.rsplit(|byte| *byte == b'\n');
    // Bytes that go on with a character count with its first.
    let last = lines.next().unwrap_or_default().iter();
    let column = last.filter(|byte| **byte & 0xc0 != 0x80).count() + 1;
    (lines.count() + 1, column)
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
    SECRET_WORDS.split(' ').any(|word| key.ends_with(word))
}

/// Whether a text is a URL that begins with a name and password.
fn has_user(text: &str) -> bool {
    text::split_once(text, "://").is_some_and(|(_, rest)| {
        let mut host = rest.bytes().take_while(|byte| !b"/?#".contains(byte));
        host.any(|byte| byte == b'@')
    })
}

/// Empties every secret.
fn hide(value: &mut Value) {
    match value {
        Value::Object(table) => {
            for (key, value) in table.iter_mut() {
                if text::lists(SECRET_TABLES, key) && value.is_object() {
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

/// The value with all keys in snake case but those that are names. `path` leads to it.
fn normalise(value: Value, named: bool, path: &mut Vec<String>) -> Result<Value, Fault> {
    match value {
        Value::Object(table) => {
            let mut normal = Map::new();
            for (key, value) in table {
                let key = if named { key } else { snake(&key) };
                path.push(key.clone());
                if normal.contains_key(&key) {
                    return Err(Fault {
                        path: core::mem::take(path),
                        what: "said twice, in camel case and in snake case; keep one".to_owned(),
                    });
                }
                let names = !named && text::lists(NAMED, &key);
                let value = normalise(value, names, path)?;
                path.pop();
                normal.insert(key, value);
            }
            Ok(Value::Object(normal))
        }
        Value::Array(mut items) => {
            for (index, item) in items.iter_mut().enumerate() {
                path.push(index.to_string());
                *item = normalise(item.take(), false, path)?;
                path.pop();
            }
            Ok(Value::Array(items))
        }
        other => Ok(other),
    }
}

/// What the value of a key may be.
enum Kind {
    /// A table
    Table,
    /// A text without control characters: none of those here has a use for them, and a header that holds
    /// one cannot be sent
    Text,
    /// Such a text that is not empty
    Name,
    /// The value of a header, whose name is the key
    Header,
    /// A URL of HTTP without a name and password, or an empty text
    Url,
    /// A list of texts
    Texts,
    /// True or false
    Truth,
    /// A whole number from the first to the second
    Whole(u32, u32),
    /// A number from 0 to the limit
    Number(u32),
}

/// Seconds that something may take: up to a day.
const SECONDS: Kind = Kind::Whole(1, 86_400);

/// Every key that is read. `*` stands for any name; what a table may hold comes after the table.
const RULES: &[(&str, Kind)] = &[
    ("agents", Kind::Table),
    ("agents.defaults", Kind::Table),
    ("agents.defaults.workspace", Kind::Name),
    ("agents.defaults.model", Kind::Name),
    ("agents.defaults.max_tokens", Kind::Whole(1, 10_000_000)),
    ("agents.defaults.temperature", Kind::Number(2)),
    (
        "agents.defaults.max_tool_iterations",
        Kind::Whole(1, 10_000),
    ),
    ("agents.defaults.memory_window", Kind::Whole(0, 100_000)),
    ("agents.defaults.timeout", SECONDS),
    ("agents.defaults.turn_timeout", SECONDS),
    ("agents.defaults.attempts", Kind::Whole(1, 100)),
    ("agents.defaults.stream", Kind::Truth),
    ("providers", Kind::Table),
    ("providers.*", Kind::Table),
    ("providers.*.api_key", Kind::Text),
    ("providers.*.api_base", Kind::Url),
    ("providers.*.base_url", Kind::Url),
    ("providers.*.extra_headers", Kind::Table),
    ("providers.*.extra_headers.*", Kind::Header),
    ("tools", Kind::Table),
    ("tools.web", Kind::Table),
    ("tools.web.search", Kind::Table),
    ("tools.web.search.api_key", Kind::Text),
    ("tools.web.search.endpoint", Kind::Url),
    ("tools.web.search.max_results", Kind::Whole(1, 100)),
    ("tools.exec", Kind::Table),
    ("tools.exec.timeout", SECONDS),
    ("tools.url_policy", Kind::Table),
    ("tools.url_policy.allow_private", Kind::Truth),
    ("tools.url_policy.allowed_hosts", Kind::Texts),
    ("tools.url_policy.allowed_domains", Kind::Texts),
    ("tools.url_policy.blocked_hosts", Kind::Texts),
    ("tools.url_policy.blocked_domains", Kind::Texts),
];

/// Checks all values that a rule is about, in the table at a path.
fn check(table: &Value, rule: &str, kind: &Kind, path: &mut Vec<String>) -> Result<(), Fault> {
    let (part, rest) = match rule.split_once('.') {
        Some((part, rest)) => (part, Some(rest)),
        None => (rule, None),
    };
    for (key, value) in table.as_object().into_iter().flatten() {
        if part != "*" && part != key || value.is_null() {
            continue;
        }
        path.push(key.clone());
        match rest {
            Some(rest) => check(value, rest, kind, path)?,
            None => {
                if let Some(what) = kind.objection(key, value) {
                    return Err(Fault {
                        path: core::mem::take(path),
                        what,
                    });
                }
            }
        }
        path.pop();
    }
    Ok(())
}

impl Kind {
    /// Why the value of a key is not of this kind.
    fn objection(&self, key: &str, value: &Value) -> Option<String> {
        let text = value.as_str();
        let fits = match self {
            Self::Table => value.is_object(),
            Self::Text | Self::Name | Self::Header | Self::Url => text.is_some(),
            Self::Texts => value
                .as_array()
                .is_some_and(|items| items.iter().all(Value::is_string)),
            Self::Truth => value.is_boolean(),
            Self::Whole(..) | Self::Number(_) => value.is_number(),
        };
        let needed = self.name();
        if !fits {
            return Some(format!(
                "{} where {needed} is needed{}",
                said(value),
                self.cure(value)
            ));
        }
        let what = match self {
            Self::Whole(least, most) => {
                let number = value.as_u64();
                let range = u64::from(*least)..=u64::from(*most);
                return (!number.is_some_and(|number| range.contains(&number)))
                    .then(|| format!("that is not {needed}"));
            }
            Self::Number(most) => {
                let number = value.as_f64();
                let range = 0.0..=f64::from(*most);
                return (!number.is_some_and(|number| range.contains(&number)))
                    .then(|| format!("that is not {needed}"));
            }
            _ if text.is_some_and(|text| text.chars().any(char::is_control)) => {
                "a line break or another control character in it; take it out"
            }
            Self::Name if text == Some("") => "empty; say one, or leave the key out",
            // Not every host sends them, and a URL is shown where a key is not.
            Self::Url if text.is_some_and(has_user) => {
                "a name or password in it; extra_headers can have those"
            }
            Self::Url if !text.is_some_and(is_url) => "no URL; it begins with http:// or https://",
            Self::Header if !is_token(key) => "no name of a header",
            _ => return None,
        };
        Some(what.to_owned())
    }

    /// The kind in words.
    fn name(&self) -> String {
        let name = match self {
            Self::Table => "a table",
            Self::Text | Self::Name | Self::Header | Self::Url => "a text",
            Self::Texts => "a list of texts",
            Self::Truth => "true or false",
            Self::Whole(least, most) => {
                return format!("a whole number from {least} to {most}");
            }
            Self::Number(most) => return format!("a number from 0 to {most}"),
        };
        name.to_owned()
    }

    /// What would make such a value fit.
    fn cure(&self, value: &Value) -> &'static str {
        match (value, self) {
            (Value::String(_), Self::Texts) => "; put it in brackets",
            (Value::String(_), Self::Truth | Self::Whole(..) | Self::Number(_)) => {
                "; write it without quotation marks"
            }
            (
                Value::Bool(_) | Value::Number(_),
                Self::Text | Self::Name | Self::Header | Self::Url,
            ) => "; put it in quotation marks",
            _ => "",
        }
    }
}

/// What a file says, in words.
fn said(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}

fn is_url(text: &str) -> bool {
    text.is_empty() || text.starts_with("http://") || text.starts_with("https://")
}

/// Whether it can name a header: <https://www.rfc-editor.org/rfc/rfc9110#name-tokens>.
fn is_token(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(fits)
}

/// The value at a path; null if nothing is there.
fn at<'a>(mut value: &'a Value, path: &str) -> &'a Value {
    for key in path.split('.') {
        value = value.get(key).unwrap_or(&Value::Null);
    }
    value
}

/// The text at a path, if it is not empty.
fn text(value: &Value, path: &str) -> Option<String> {
    let text = at(value, path).as_str().filter(|text| !text.is_empty());
    text.map(str::to_owned)
}

fn secret(value: &Value, path: &str) -> Secret {
    Secret::new(
        at(value, path)
            .as_str()
            .unwrap_or_default()
            .trim()
            .to_owned(),
    )
}

/// Puts the number at a path in place of a default.
fn whole(value: &Value, path: &str, default: &mut u32) {
    if let Some(number) = at(value, path).as_u64() {
        *default = u32::try_from(number).unwrap_or(u32::MAX);
    }
}

/// The same for seconds, which become milliseconds.
fn seconds(value: &Value, path: &str, default: &mut u64) {
    if let Some(number) = at(value, path).as_u64() {
        *default = number * 1000;
    }
}

/// The texts of lists at two paths.
fn texts(value: &Value, paths: [&str; 2]) -> Vec<String> {
    let mut texts = Vec::new();
    for path in paths {
        for item in at(value, path).as_array().into_iter().flatten() {
            texts.extend(item.as_str().map(str::to_owned));
        }
    }
    texts
}

/// The configuration that a document of JSON or TOML is.
fn typed(document: Value) -> Result<Config, Fault> {
    let path = &mut Vec::new();
    let document = normalise(document, false, path)?;
    if let Some(what) = Kind::Table.objection("", &document) {
        let path = Vec::new();
        return Err(Fault { path, what });
    }
    for (rule, kind) in RULES {
        check(&document, rule, kind, path)?;
    }
    let mut config = Config::default();
    let AgentConfig {
        workspace,
        model,
        max_tokens,
        temperature,
        max_tool_iterations,
        memory_window,
        timeout,
        turn_timeout,
        attempts,
        stream,
    } = &mut config.agent;
    let agent = at(&document, "agents.defaults");
    for (key, default) in [("workspace", workspace), ("model", model)] {
        if let Some(text) = text(agent, key) {
            *default = text;
        }
    }
    for (key, default) in [
        ("max_tokens", max_tokens),
        ("max_tool_iterations", max_tool_iterations),
        ("memory_window", memory_window),
        ("attempts", attempts),
    ] {
        whole(agent, key, default);
    }
    seconds(agent, "timeout", timeout);
    seconds(agent, "turn_timeout", turn_timeout);
    *stream = at(agent, "stream") != &Value::Bool(false);
    if let Some(number) = at(agent, "temperature").as_f64() {
        // What a model is told has few digits.
        #[allow(clippy::cast_possible_truncation)]
        let short = number as f32;
        *temperature = short;
    }
    for (name, provider) in at(&document, "providers").as_object().into_iter().flatten() {
        let mut extra_headers = Vec::new();
        for (name, value) in at(provider, "extra_headers")
            .as_object()
            .into_iter()
            .flatten()
        {
            extra_headers.extend(value.as_str().map(|value| (name.clone(), value.to_owned())));
        }
        let provider = ProviderConfig {
            api_key: secret(provider, "api_key"),
            api_base: text(provider, "api_base").or_else(|| text(provider, "base_url")),
            extra_headers,
        };
        config.providers.push((name.clone(), provider));
    }
    let said = at(&document, "tools");
    let tools = &mut config.tools;
    tools.search_api_key = secret(said, "web.search.api_key");
    tools.search_endpoint = text(said, "web.search.endpoint");
    whole(
        said,
        "web.search.max_results",
        &mut tools.search_max_results,
    );
    seconds(said, "exec.timeout", &mut tools.exec_timeout);
    let policy = at(said, "url_policy");
    tools.allow_private = at(policy, "allow_private") == &Value::Bool(true);
    tools.allowed_hosts = texts(policy, ["allowed_hosts", "allowed_domains"]);
    tools.blocked_hosts = texts(policy, ["blocked_hosts", "blocked_domains"]);
    config.document = document;
    Ok(config)
}
