//! `web_search`: pages about something, by Brave's API or one that answers like it.

use serde_json::Value;

use super::arguments::Arguments;
use super::web_fetch::read_body;
use super::{Context, Running, Spec, Tool, ToolError, object};
use crate::json;
use crate::json_repair::MAX_VALUES;
use crate::platform::Request;
use crate::prelude::*;
use crate::url_policy::encode;

const BRAVE: &str = "https://api.search.brave.com/res/v1/web/search";
/// The most results that Brave gives
const MAX_RESULTS: u64 = 20;
/// The longest response, in bytes
const MAX_RESPONSE: usize = 1 << 20;

pub(super) const TOOL: Tool = Tool {
    spec: Spec {
        name: "web_search",
        description: "Search the web. Each result has a title, a URL and a description; read a page with \
                      web_fetch.",
        parameters: r#"{
"type":"object",
"properties":{
"query":{"type":"string","minLength":1,"description":"What to search for"},
"num_results":{"type":"integer","minimum":1,"maximum":20,"description":"Most results"}
},
"required":["query"],
"additionalProperties":false
}"#,
    },
    start,
};

fn start(context: &Context<'_>, arguments: &Arguments<'_>) -> Result<Running, ToolError> {
    let tools = &context.config.tools;
    let query = arguments.text("query").to_owned();
    let endpoint = tools
        .search_endpoint
        .as_deref()
        .filter(|endpoint| !endpoint.is_empty());
    let key = &tools.search_api_key;
    if endpoint.is_none() && key.is_empty() {
        let message = "No search API key or endpoint is configured. The user can set \
                       tools.web.search.api_key (Brave Search) or tools.web.search.endpoint.";
        return Ok(Running::Done(object(vec![
            ("error", "web search not configured".into()),
            ("message", message.into()),
            ("query", query.into()),
        ])));
    }
    let count = arguments
        .integer("num_results")
        .unwrap_or_else(|| u64::from(tools.search_max_results))
        .clamp(1, MAX_RESULTS);

    let mut url = endpoint.unwrap_or(BRAVE).to_owned();
    url.push(if url.contains('?') { '&' } else { '?' });
    url.push_str("q=");
    encode(&query, b"\"#%&'+<=>", &mut url);
    url.push_str("&count=");
    url.push_str(&count.to_string());
    let mut headers = vec![(String::from("Accept"), String::from("application/json"))];
    // Brave's key is for Brave alone.
    if endpoint.is_none() {
        headers.push((
            String::from("X-Subscription-Token"),
            key.reveal().to_owned(),
        ));
    }
    // The user chose the address, so no policy of URLs applies.
    let mut exchange = context.platform.http.send(&Request {
        method: String::from("GET"),
        url,
        headers,
        timeout: context.timeout(),
        ..Request::default()
    })?;
    Ok(Running::Waiting(Box::new(move |context| {
        let status = exchange.head()?.status;
        if !(200..300).contains(&status) {
            return Err(ToolError::new(format!(
                "the search API answered with status {status}"
            )));
        }
        let (body, truncated) = read_body(context, exchange.as_mut(), MAX_RESPONSE)?;
        let document: Value = json::parse(&body, MAX_VALUES)
            .ok()
            .filter(|_| !truncated)
            .ok_or_else(|| ToolError::new("the search API's answer is no JSON, or too long"))?;
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let results = results(&document)
            .ok_or_else(|| ToolError::new("the search API's answer has no results"))?;
        let results: Vec<Value> = results.iter().take(count).map(result).collect();
        Ok(object(vec![
            ("query", query.into()),
            ("results", results.into()),
        ]))
    })))
}

/// The list of results: `web.results` by Brave, which leaves `web` out where there are none; `results`, or
/// the document itself, by others.
fn results(document: &Value) -> Option<&[Value]> {
    let brave = &document["web"]["results"];
    for list in [brave, &document["results"], document] {
        if let Some(results) = list.as_array() {
            return Some(results);
        }
    }
    document["query"].is_object().then_some(&[])
}

fn result(result: &Value) -> Value {
    let text = |names: [&str; 2]| {
        let text = names.iter().find_map(|name| result[name].as_str());
        // Brave marks the words of the query.
        super::html::text_of(text.unwrap_or_default())
    };
    let url = result["url"].as_str().or(result["link"].as_str());
    object(vec![
        ("title", text(["title", "name"]).into()),
        ("url", url.unwrap_or_default().into()),
        ("description", text(["description", "snippet"]).into()),
    ])
}
