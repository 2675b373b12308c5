//! What each key may be, and whether a value is that.

use serde_json::Value;

use super::keys::Fault;
use super::secret::has_user;
use crate::prelude::*;
use crate::text;
use crate::url_policy::{Url, is_entry};

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
    /// A list of hosts
    Hosts,
    /// `allowlist` or `denylist`
    Mode,
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
    ("tools.url_policy.allowed_hosts", Kind::Hosts),
    ("tools.url_policy.allowed_domains", Kind::Hosts),
    ("tools.url_policy.blocked_hosts", Kind::Hosts),
    ("tools.url_policy.blocked_domains", Kind::Hosts),
    ("tools.restrict_to_workspace", Kind::Truth),
    ("tools.command_policy", Kind::Table),
    ("tools.command_policy.mode", Kind::Mode),
    ("tools.command_policy.allowlist", Kind::Texts),
    ("tools.command_policy.denylist", Kind::Texts),
];

/// Whether a key that is read ends in this.
pub(super) fn is_known(part: &str) -> bool {
    let mut rules = RULES.iter();
    rules.any(|(rule, _)| text::split_last(rule, b'.').map_or(*rule, |(_, last)| last) == part)
}

/// Whether one letter more, less or other, or two that change places, make one of the other.
fn is_near(mut one: &[u8], mut other: &[u8]) -> bool {
    while let ([first, one_rest @ ..], [second, other_rest @ ..]) = (one, other)
        && first == second
    {
        (one, other) = (one_rest, other_rest);
    }
    while let ([one_rest @ .., last], [other_rest @ .., second]) = (one, other)
        && last == second
    {
        (one, other) = (one_rest, other_rest);
    }
    match (one, other) {
        ([a, b], [c, d]) => a == d && b == c,
        _ => one.len() <= 1 && other.len() <= 1,
    }
}

/// Checks a document whose keys are normalised against all rules.
pub(super) fn check(document: &Value) -> Result<(), Fault> {
    let path = &mut Vec::new();
    if let Some(what) = Kind::Table.objection("", document) {
        return Err(Fault::at(path, what));
    }
    for (rule, kind) in RULES {
        obey(document, rule, kind, path)?;
    }
    Ok(())
}

/// Checks all values that a rule is about, in the table at a path, and that no key there is nearly its own.
fn obey(table: &Value, rule: &str, kind: &Kind, path: &mut Vec<String>) -> Result<(), Fault> {
    let (part, rest) = match rule.split_once('.') {
        Some((part, rest)) => (part, Some(rest)),
        None => (rule, None),
    };
    for (key, value) in table.as_object().into_iter().flatten() {
        if part != "*" && part != key {
            // What it should change would stay as it is. No two keys that are read are so near.
            if rest.is_none() && is_near(part.as_bytes(), key.as_bytes()) {
                path.push(key.clone());
                let what = text::join(&["unknown; is ", part, " meant?"], "");
                return Err(Fault::at(path, what));
            }
            continue;
        }
        if value.is_null() {
            continue;
        }
        path.push(key.clone());
        match rest {
            Some(rest) => obey(value, rest, kind, path)?,
            None => {
                if let Some(what) = kind.objection(key, value) {
                    return Err(Fault::at(path, what));
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
            Self::Text | Self::Name | Self::Header | Self::Url | Self::Mode => text.is_some(),
            Self::Texts | Self::Hosts => value
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
            Self::Mode if !text.is_some_and(|text| text::lists("allowlist denylist", text)) => {
                "neither allowlist nor denylist"
            }
            Self::Hosts => {
                let mut hosts = value.as_array()?.iter().filter_map(Value::as_str);
                hosts.find(|host| !is_entry(host))?;
                "not all are hosts, such as example.org, *.example.org, example.org:8443 or an address"
            }
            Self::Header if !is_token(key) => "no name of a header",
            _ => return None,
        };
        Some(what.to_owned())
    }

    /// The kind in words.
    fn name(&self) -> String {
        let name = match self {
            Self::Table => "a table",
            Self::Text | Self::Name | Self::Header | Self::Url | Self::Mode => "a text",
            Self::Texts | Self::Hosts => "a list of texts",
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
            (Value::String(_), Self::Texts | Self::Hosts) => "; put it in brackets",
            (Value::String(_), Self::Truth | Self::Whole(..) | Self::Number(_)) => {
                "; write it without quotation marks"
            }
            (
                Value::Bool(_) | Value::Number(_),
                Self::Text | Self::Name | Self::Header | Self::Url | Self::Mode,
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
    text.is_empty() || Url::parse(text).is_ok() || has_user(text)
}

/// Whether it can name a header: <https://www.rfc-editor.org/rfc/rfc9110#name-tokens>.
fn is_token(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(fits)
}
