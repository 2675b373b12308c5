//! `web_fetch`: what an address of the web says.

use serde_json::Value;

use super::arguments::Arguments;
use super::{Context, MAX_TEXT, Running, Spec, Tool, ToolError, html, object};
use crate::json;
use crate::platform::{Exchange, Head, HttpError, Request};
use crate::prelude::*;
use crate::text::lists;
#[cfg(feature = "native-platform")]
use crate::url_policy::blocked;
use crate::url_policy::{Url, UrlError, judge, judge_parsed};

/// The most of a body that is read, in bytes
const MAX_BODY: usize = 256 << 10;
/// The longest body that is sent, in bytes
const MAX_SENT: usize = 1 << 20;
/// The most redirections
const MAX_REDIRECTIONS: usize = 5;

pub(super) const TOOL: Tool = Tool {
    spec: Spec {
        name: "web_fetch",
        description: "Fetch a URL of the public web and return its text. HTML comes as plain text with links \
                      as [text](url).",
        parameters: r#"{
"type":"object",
"properties":{
"url":{"type":"string","minLength":1,"description":"An address that begins with http:// or https://"},
"method":{"type":"string","enum":["GET","HEAD","POST","PUT","PATCH","DELETE"],"description":"GET if left out"},
"headers":{"type":"object","additionalProperties":{"type":"string"},"description":"Headers to send, by name"},
"body":{"type":"string","description":"The body to send; set a content-type header with it"},
"raw":{"type":"boolean","description":"Return HTML as it is"}
},
"required":["url"],
"additionalProperties":false
}"#,
    },
    start,
};

/// Headers that are the client's to write, or that are for the next hop alone.
const RESERVED_HEADERS: &str = "accept-encoding connection content-length expect host http2-settings keep-alive \
    proxy-connection te trailer transfer-encoding upgrade";

impl From<UrlError> for ToolError {
    fn from(error: UrlError) -> Self {
        Self::new(error.to_string())
    }
}

fn start(context: &Context<'_>, arguments: &Arguments<'_>) -> Result<Running, ToolError> {
    let (url, reach) = judge(arguments.text("url"), &context.config.tools)?;
    let request = Request {
        method: arguments.optional("method").unwrap_or("GET").to_owned(),
        url: url.to_string(),
        headers: headers(arguments)?,
        body: arguments.text("body").as_bytes().to_vec(),
        timeout: context.timeout(),
        reach,
        #[cfg(feature = "native-platform")]
        blocked: blocked(&url, &context.config.tools),
    };
    if request.body.len() > MAX_SENT {
        return Err(ToolError::new(format!(
            "the body is longer than {MAX_SENT} bytes"
        )));
    }
    if !request.body.is_empty() && matches!(request.method.as_str(), "GET" | "HEAD") {
        return Err(ToolError::new(format!(
            "a {} has no body; set method to POST, PUT or PATCH",
            request.method
        )));
    }
    let raw = arguments.flag("raw");
    let exchange = context.platform.http.send(&request)?;
    Ok(Running::Waiting(Box::new(move |context| {
        finish(context, request, url, exchange, raw)
    })))
}

fn headers(arguments: &Arguments<'_>) -> Result<Vec<(String, String)>, ToolError> {
    let mut headers = vec![(String::from("accept-encoding"), String::from("identity"))];
    let given = arguments.get("headers").and_then(Value::as_object);
    for (name, value) in given.into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        // RFC 9110: a token, and a value without controls but tab.
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(token) {
            return Err(ToolError::new(format!(
                "{} is no name of a header",
                json::quoted(name)
            )));
        }
        if value
            .bytes()
            .any(|byte| byte != b'\t' && byte.is_ascii_control())
        {
            return Err(ToolError::new(format!(
                "the header {name} has a control character"
            )));
        }
        let lower = name.to_ascii_lowercase();
        if lists(RESERVED_HEADERS, &lower) || lower.starts_with("proxy-") {
            return Err(ToolError::new(format!("the header {name} may not be set")));
        }
        headers.push((lower, value.to_owned()));
    }
    Ok(headers)
}

/// Waits for the answer, where it leads elsewhere for the one there, and so on.
fn finish(
    context: &Context<'_>,
    mut request: Request,
    mut url: Url,
    mut exchange: Box<dyn Exchange>,
    raw: bool,
) -> Result<Value, ToolError> {
    for _ in 0..=MAX_REDIRECTIONS {
        let head = exchange.head()?.clone();
        let location = head.header("location");
        let (301 | 302 | 303 | 307 | 308, Some(location)) = (head.status, location) else {
            return result(context, &head, exchange.as_mut(), &request, &url, raw);
        };
        let next = url.join(location)?;
        request.reach = judge_parsed(&next, &context.config.tools)?;
        #[cfg(feature = "native-platform")]
        {
            request.blocked = blocked(&next, &context.config.tools);
        }
        request.timeout = context.timeout();
        // As browsers do: what is asked for after a form was sent is a page.
        if head.status == 303 && request.method != "HEAD"
            || head.status < 303 && request.method == "POST"
        {
            request.method = String::from("GET");
            request.body = Vec::new();
            request
                .headers
                .retain(|(name, _)| !name.starts_with("content-"));
        }
        // What a header proves to one host is no other's to know.
        if next.origin != url.origin {
            request
                .headers
                .retain(|(name, _)| lists(PUBLIC_HEADERS, name));
        }
        url = next;
        request.url = url.to_string();
        exchange = context.platform.http.send(&request)?;
    }
    Err(ToolError::new(format!(
        "more than {MAX_REDIRECTIONS} redirections, the last to {url}"
    )))
}

/// Headers that go along to another host.
const PUBLIC_HEADERS: &str = "accept accept-encoding accept-language content-type user-agent";

fn result(
    context: &Context<'_>,
    head: &Head,
    exchange: &mut dyn Exchange,
    request: &Request,
    url: &Url,
    raw: bool,
) -> Result<Value, ToolError> {
    let content_type = head.header("content-type").unwrap_or_default();
    let (kind, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    let kind = kind.trim().to_ascii_lowercase();
    let mut result = vec![
        ("url", Value::from(request.url.as_str())),
        ("status", head.status.into()),
        ("content_type", content_type.into()),
    ];
    if request.method == "HEAD" {
        return Ok(object(result));
    }
    if !is_text(&kind) {
        return Err(ToolError::new(format!(
            "{} is {kind}, which is no text (status {})",
            request.url, head.status
        )));
    }
    let encoding = head.header("content-encoding").unwrap_or("identity");
    if !encoding.eq_ignore_ascii_case("identity") {
        return Err(ToolError::new(format!(
            "{} came compressed ({encoding}), although that was not asked for",
            request.url
        )));
    }
    let (body, mut truncated) = read_body(context, exchange, MAX_BODY)?;
    let read = body.len();
    let charset = charset(parameters);
    let (mut text, exact) = decode(body, &charset);
    if kind.is_empty() && text.contains('\0') {
        return Err(ToolError::new(format!("{} is no text", request.url)));
    }
    if !raw && (kind == "text/html" || kind == "application/xhtml+xml") {
        let page = html::reduce(&text, url);
        if !page.title.is_empty() {
            result.push(("title", page.title.into()));
        }
        text = page.text;
    }
    if text.len() > MAX_TEXT {
        text.truncate(text.floor_char_boundary(MAX_TEXT));
        truncated = true;
    }
    if !exact {
        let note = format!(
            "The text is not {charset} throughout, or that is not known here: some characters are lost."
        );
        result.push(("note", note.into()));
    }
    result.push(("body", text.into()));
    result.push(("bytes", read.into()));
    if truncated {
        result.push(("truncated", true.into()));
    }
    Ok(object(result))
}

/// Reads a body up to a limit: what came, and whether there is more. All of it may take as long as the
/// network is waited for elsewhere for a piece, lest a server keep the agent by a byte now and then.
///
/// # Errors
/// See [`HttpError`].
pub(super) fn read_body(
    context: &Context<'_>,
    exchange: &mut dyn Exchange,
    limit: usize,
) -> Result<(Vec<u8>, bool), HttpError> {
    let mut body = Vec::new();
    let mut buffer = [0; 8192];
    let clock = &*context.platform.clock;
    let end = clock.monotonic().saturating_add(context.timeout());
    loop {
        if clock.monotonic() > end {
            return Err(HttpError::Timeout);
        }
        let count = exchange.read(&mut buffer)?;
        if count == 0 {
            return Ok((body, false));
        }
        let taken = count.min(limit - body.len());
        body.extend_from_slice(&buffer[..taken]);
        if taken < count {
            return Ok((body, true));
        }
    }
}

/// Whether a type of media is text; one that is not given may be.
fn is_text(kind: &str) -> bool {
    const APPLICATIONS: &str = "ecmascript graphql javascript json jsonl ndjson sql toml x-ndjson x-www-form-urlencoded \
        xml yaml";
    if kind.is_empty() || kind.starts_with("text/") {
        return true;
    }
    let application = kind.strip_prefix("application/").unwrap_or_default();
    lists(APPLICATIONS, application)
        || lists(
            APPLICATIONS,
            application.strip_prefix("x-").unwrap_or_default(),
        )
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
}

/// The charset that a header's parameters name, in lower case; else UTF-8.
fn charset(parameters: &str) -> String {
    for parameter in parameters.split(';') {
        if let Some((name, value)) = parameter.split_once('=')
            && name.trim().eq_ignore_ascii_case("charset")
        {
            return value.trim().trim_matches('"').to_ascii_lowercase();
        }
    }
    String::from("utf-8")
}

/// What the bytes 0x80 to 0x9f are in windows-1252, which is what the web means by Latin-1 and ASCII.
const WINDOWS_1252: [u16; 32] = [
    0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039,
    0x152, 0x8d, 0x17d, 0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc,
    0x2122, 0x161, 0x203a, 0x153, 0x9d, 0x17e, 0x178,
];

/// A body's text, and whether no character of it was lost. A last one that the limit cut is dropped.
fn decode(mut body: Vec<u8>, charset: &str) -> (String, bool) {
    match charset {
        "iso-8859-1" | "latin1" | "us-ascii" | "windows-1252" => {
            let character = |byte: u8| match byte {
                0x80..0xa0 => char::from_u32(WINDOWS_1252[usize::from(byte - 0x80)].into())
                    .unwrap_or_default(),
                _ => char::from(byte),
            };
            return (body.into_iter().map(character).collect(), true);
        }
        _ => {}
    }
    if body.starts_with(b"\xef\xbb\xbf") {
        body.drain(..3);
    }
    let known = matches!(charset, "utf-8" | "utf8");
    match String::from_utf8(body) {
        Ok(text) => (text, known),
        Err(error) => {
            let fault = error.utf8_error();
            let cut = fault.error_len().is_none();
            let whole = fault.valid_up_to();
            let mut body = error.into_bytes();
            if cut {
                body.truncate(whole);
            }
            (String::from_utf8_lossy(&body).into_owned(), known && cut)
        }
    }
}
