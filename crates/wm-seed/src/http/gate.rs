//! Who may ask, and how it must be asked.
//!
//! A page in a browser can send requests to this machine, and can have a name of its own resolved to it
//! ("DNS rebinding"). So the host that is asked must be this machine by a name that others cannot choose, and a
//! page must be of this machine, or one that the command line names.

use std::fmt;
use std::net::IpAddr;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::request::Head;
use super::response::Response;
use crate::session::VERSIONS;

/// The path of the endpoint.
pub const PATH: &str = "/mcp";
/// What a proxy adds for the client that it asks for.
const OF_PROXIES: [&str; 3] = ["forwarded", "via", "x-forwarded-for"];
/// Fewest characters of a token: nobody guesses so many.
const TOKEN_LEAST: usize = 16;

/// Who may ask.
#[derive(Debug, Default)]
pub struct Gate {
    /// What a client must know, if it must know anything
    pub token: Option<Token>,
    /// Names of this machine besides its addresses
    pub hosts: Vec<Host>,
    /// Pages of elsewhere that may ask
    pub origins: Vec<Origin>,
}

/// A secret, of which only the hash is kept.
pub struct Token([u8; 32]);

impl Token {
    /// A token.
    ///
    /// # Errors
    ///
    /// It is short, or cannot be in a field of HTTP; the text says so.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.len() < TOKEN_LEAST || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(format!(
                "a token has at least {TOKEN_LEAST} characters, letters of ASCII, digits and signs"
            ));
        }
        Ok(Self::hash(text))
    }

    fn hash(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }

    fn is(&self, given: &str) -> bool {
        self.0.ct_eq(&Self::hash(given).0).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token")
    }
}

/// The name or the address of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host(String);

impl Host {
    /// A host without a port.
    ///
    /// # Errors
    ///
    /// It is something else; the text says so.
    pub fn new(text: &str) -> Result<Self, String> {
        match host_of(text) {
            Some(host) if text.trim_matches(['[', ']']).eq_ignore_ascii_case(&host) => {
                Ok(Self(host))
            }
            _ => Err("a host is a name or an address, without a port".to_owned()),
        }
    }
}

/// Where a page is from: a scheme, a host, and a port if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// An origin, as browsers send it.
    ///
    /// # Errors
    ///
    /// It is something else; the text says so.
    pub fn new(text: &str) -> Result<Self, String> {
        let parts = text.split_once("://");
        let right = parts.is_some_and(|(scheme, rest)| {
            !scheme.is_empty()
                && scheme
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
                && host_of(rest).is_some()
        });
        if right {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err("an origin is such as https://example.com, without a path".to_owned())
        }
    }
}

impl Gate {
    /// Lets a request in, which came to this address. What a browser is to be told goes into `fields`, whatever
    /// becomes of the request.
    ///
    /// # Errors
    ///
    /// What is answered instead.
    pub fn check(
        &self,
        head: &Head,
        local: IpAddr,
        fields: &mut Vec<(&'static str, String)>,
    ) -> Result<(), Response> {
        if let Some(host) = &head.host
            && !host_of(host).is_some_and(|host| self.is_here(&host, local))
        {
            return Err(Response::refusal(
                403,
                "this server has another name; --allow-host lets a name in",
            ));
        }
        if let Some(origin) = head.field("origin") {
            let origin = origin.to_ascii_lowercase();
            if self.origins.iter().any(|allowed| allowed.0 == origin) {
                fields.push(("Access-Control-Allow-Origin", origin));
                fields.push(("Access-Control-Expose-Headers", "Mcp-Session-Id".to_owned()));
                fields.push(("Vary", "Origin".to_owned()));
                if head.method == "OPTIONS" {
                    // NB: a browser asks this before it sends anything, and so without the token
                    return Err(Response::empty(204)
                        .with("Access-Control-Allow-Methods", "POST, DELETE")
                        .with(
                            "Access-Control-Allow-Headers",
                            "Accept, Authorization, Content-Type, Mcp-Session-Id, MCP-Protocol-Version",
                        ));
                }
            } else if !is_of_this_machine(&origin, local) {
                return Err(Response::refusal(
                    403,
                    "a page of another machine may not ask; --allow-origin lets it",
                ));
            }
        }
        let Some(token) = &self.token else {
            // NB: a proxy on this machine may ask for others
            if OF_PROXIES.iter().any(|name| head.field(name).is_some()) {
                return Err(Response::refusal(
                    403,
                    "whom a proxy asks for needs a token: give the server one",
                ));
            }
            return Ok(());
        };
        let given = head.field("authorization").and_then(bearer);
        match given {
            Some(given) if token.is(given) => Ok(()),
            Some(_) => Err(Response::refusal(401, "this is not the token").with(
                "WWW-Authenticate",
                "Bearer realm=\"wm-seed\", error=\"invalid_token\"",
            )),
            None => Err(
                Response::refusal(401, "a token is needed: `Authorization: Bearer TOKEN`")
                    .with("WWW-Authenticate", "Bearer realm=\"wm-seed\""),
            ),
        }
    }

    fn is_here(&self, host: &str, local: IpAddr) -> bool {
        is_local(host, local) || self.hosts.iter().any(|allowed| allowed.0 == host)
    }
}

/// What a request must be like, as MCP has it.
///
/// # Errors
///
/// What is answered instead.
pub fn form(head: &Head) -> Result<(), Response> {
    if head.path.split('?').next() != Some(PATH) {
        return Err(Response::refusal(404, format!("the endpoint is {PATH}")));
    }
    if !["POST", "DELETE"].contains(&head.method.as_str()) {
        let message = "messages are sent by POST; the server sends none of its own";
        return Err(Response::refusal(405, message).with("Allow", "POST, DELETE"));
    }
    if let Some(version) = head.field("mcp-protocol-version")
        && !VERSIONS.contains(&version)
    {
        let known = VERSIONS.join(", ");
        let message = format!("`MCP-Protocol-Version` must be one of {known}");
        return Err(Response::refusal(400, message));
    }
    if head.method != "POST" {
        return Ok(());
    }
    let readable = head.field("content-type").is_some_and(is_json)
        && head
            .field("content-encoding")
            .is_none_or(|encoding| encoding.eq_ignore_ascii_case("identity"));
    if !readable {
        let message = "a message comes as `Content-Type: application/json`, in UTF-8";
        return Err(Response::refusal(415, message));
    }
    // NB: a client that says nothing takes everything
    if head.field("accept").is_some() && !head.list("accept").any(takes_json) {
        let message = "the answer is `application/json`, which `Accept` must have";
        return Err(Response::refusal(406, message));
    }
    Ok(())
}

/// The name or address without the port, in small letters.
fn host_of(authority: &str) -> Option<String> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        host.parse::<std::net::Ipv6Addr>().ok()?;
        (host, port)
    } else {
        let (host, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
        let right = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        if host.is_empty() || !host.bytes().all(right) {
            return None;
        }
        (host, port)
    };
    let port = match port.strip_prefix(':') {
        Some(port) => port,
        None if port.is_empty() => "",
        None => return None,
    };
    port.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| host.to_ascii_lowercase())
}

/// Whether a host is this machine: nobody else can give these names to theirs.
fn is_local(host: &str, local: IpAddr) -> bool {
    host == "localhost"
        || host.parse::<IpAddr>().is_ok_and(|address| {
            let address = address.to_canonical();
            address.is_loopback() || address == local.to_canonical()
        })
}

fn is_of_this_machine(origin: &str, local: IpAddr) -> bool {
    ["http://", "https://"]
        .iter()
        .find_map(|scheme| origin.strip_prefix(scheme))
        .and_then(host_of)
        .is_some_and(|host| is_local(&host, local))
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim_start())
}

fn is_json(kind: &str) -> bool {
    let mut parts = kind.split(';').map(str::trim);
    let json = |kind: &str| kind.eq_ignore_ascii_case("application/json");
    let readable = |parameter: &str| match parameter.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    };
    parts.next().is_some_and(json) && parts.all(readable)
}

fn takes_json(range: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let fits = |kind: &str| {
        ["application/json", "application/*", "*/*"]
            .iter()
            .any(|fits| kind.eq_ignore_ascii_case(fits))
    };
    // NB: a weight of 0, which may be 0.000, says that it does not
    let weight = |parameter: &str| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("q") => {
            value.bytes().any(|digit| (b'1'..=b'9').contains(&digit))
        }
        _ => true,
    };
    parts.next().is_some_and(fits) && parts.all(weight)
}
