//! From a document of JSON or TOML to what its values mean.

use serde_json::Value;

use super::keys::{Fault, normalise};
use super::rules;
use super::{AgentConfig, Config, ProviderConfig, Secret, ToolsConfig};
use crate::prelude::*;

/// The configuration that a document of JSON or TOML is.
pub(super) fn typed(document: Value) -> Result<Config, Fault> {
    let document = normalise(document, false, &mut Vec::new())?;
    rules::check(&document)?;
    let mut config = Config::default();
    agent(at(&document, "agents.defaults"), &mut config.agent);
    for (name, said) in at(&document, "providers").as_object().into_iter().flatten() {
        config.providers.push((name.clone(), provider(said)));
    }
    tools(at(&document, "tools"), &mut config.tools);
    config.document = document;
    Ok(config)
}

fn agent(said: &Value, agent: &mut AgentConfig) {
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
    } = agent;
    for (key, default) in [("workspace", workspace), ("model", model)] {
        if let Some(text) = text(said, key) {
            *default = text;
        }
    }
    for (key, default) in [
        ("max_tokens", max_tokens),
        ("max_tool_iterations", max_tool_iterations),
        ("memory_window", memory_window),
        ("attempts", attempts),
    ] {
        whole(said, key, default);
    }
    seconds(said, "timeout", timeout);
    seconds(said, "turn_timeout", turn_timeout);
    *stream = at(said, "stream") != &Value::Bool(false);
    if let Some(number) = at(said, "temperature").as_f64() {
        // What a model is told has few digits.
        #[allow(clippy::cast_possible_truncation)]
        let short = number as f32;
        *temperature = short;
    }
}

fn provider(said: &Value) -> ProviderConfig {
    let mut extra_headers = Vec::new();
    for (name, value) in at(said, "extra_headers").as_object().into_iter().flatten() {
        extra_headers.extend(value.as_str().map(|value| (name.clone(), value.to_owned())));
    }
    ProviderConfig {
        api_key: secret(said, "api_key"),
        api_base: text(said, "api_base").or_else(|| text(said, "base_url")),
        extra_headers,
    }
}

fn tools(said: &Value, tools: &mut ToolsConfig) {
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
