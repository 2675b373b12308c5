//! Which addresses tools may reach.
//!
//! A URL is taken apart here, judged, and put together again from its parts, so what is requested is
//! what was judged: the forms on which parsers disagree are refused (a user name, `\`, control characters,
//! a host in percent-encoding or outside of ASCII) or written in their one canonical way (IPv4 addresses
//! in hexadecimal, octal or with fewer parts, as the WHATWG's URL standard reads them).
//!
//! A name says nothing about the address that it stands for. A [`Request`](crate::platform::Request)
//! carries its [`Zone`], and a client that resolves names itself connects to no address beyond it. A WASI
//! host resolves names out of the component's sight: there, only the host can keep a public name from
//! leading to a private address.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::config::ToolsConfig;
use crate::prelude::*;
use crate::text::{self, digits, find, split_last};

/// How near to the machine an address is. Each zone includes those before it, where it is a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Zone {
    /// Of the public Internet
    Public,
    /// Of the machine itself, its networks, or reserved
    Private,
    /// Of a cloud's metadata service, which hands out keys
    #[default]
    Metadata,
}

/// Why a URL is not requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UrlError {
    /// It is none, or of a form that is not accepted
    Invalid(&'static str),
    /// Its host, which is out of bounds
    Refused(String, &'static str),
}

impl fmt::Display for UrlError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(why) => write!(formatter, "the URL is not accepted: {why}"),
            Self::Refused(host, why) => write!(formatter, "{host} may not be fetched: {why}"),
        }
    }
}

impl core::error::Error for UrlError {}

/// A URL of HTTP, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Scheme, host and port, such as `https://example.org:8443`; a default port is left out
    pub origin: String,
    /// The host in lower case, without the dot at its end; an IPv6 address in brackets
    pub host: String,
    /// The host as an address, if it is one
    pub address: Option<IpAddr>,
    /// The port
    pub port: u16,
    /// Path and query, in ASCII, with `.` and `..` resolved
    pub target: String,
}

impl fmt::Display for Url {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.origin)?;
        formatter.write_str(&self.target)
    }
}

/// The longest URL, in bytes.
const MAX_URL: usize = 8 << 10;

impl Url {
    /// Takes a URL apart. Its fragment is dropped.
    ///
    /// # Errors
    /// [`UrlError::Invalid`].
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let text = text.trim_matches(|character: char| character <= ' ');
        if text.len() > MAX_URL {
            return Err(UrlError::Invalid("it is too long"));
        }
        for character in text.bytes() {
            if character < b' ' || character == 0x7f {
                return Err(UrlError::Invalid("it has a control character"));
            }
            if character == b'\\' {
                return Err(UrlError::Invalid("it has a backslash"));
            }
        }
        let (text, _) = text.split_once('#').unwrap_or((text, ""));
        let (scheme, rest) = text.split_once(':').unwrap_or(("", text));
        let scheme = scheme.to_ascii_lowercase();
        let default_port = match scheme.as_str() {
            "http" => 80,
            "https" => 443,
            _ => return Err(UrlError::Invalid("it must begin with http:// or https://")),
        };
        let rest = rest
            .strip_prefix("//")
            .ok_or(UrlError::Invalid("// must follow its scheme"))?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        if authority.contains('@') {
            return Err(UrlError::Invalid("it has a user name"));
        }
        let (host, port) = split_port(authority)?;
        let port = match port {
            None | Some("") => default_port,
            Some(text) => digits(text.as_bytes(), 10)
                .and_then(|port| u16::try_from(port).ok())
                .filter(|port| *port > 0)
                .ok_or(UrlError::Invalid("its port is none"))?,
        };
        let (host, address) = parse_host(host)?;
        let mut origin = format!("{scheme}://{host}");
        if port != default_port {
            origin.push(':');
            origin.push_str(&port.to_string());
        }
        Ok(Self {
            origin,
            host,
            address,
            port,
            target: normalize(target),
        })
    }

    /// The URL that a reference means in a document of this URL, as in a `Location` header.
    ///
    /// # Errors
    /// [`UrlError::Invalid`].
    pub fn join(&self, reference: &str) -> Result<Self, UrlError> {
        let reference = reference.trim_matches(|character: char| character <= ' ');
        let (reference, _) = reference.split_once('#').unwrap_or((reference, ""));
        let scheme_end = reference.find([':', '/', '?']).unwrap_or(reference.len());
        if reference[scheme_end..].starts_with(':') {
            return Self::parse(reference);
        }
        if reference.starts_with("//") {
            let (scheme, _) = self.origin.split_once(':').unwrap_or_default();
            return Self::parse(&format!("{scheme}:{reference}"));
        }
        let path_end = self.target.find('?').unwrap_or(self.target.len());
        let path = &self.target[..path_end];
        let kept = match reference.bytes().next() {
            None => &self.target,
            Some(b'/') => "",
            Some(b'?') => path,
            Some(_) => &path[..=split_last(path, b'/').map_or(0, |(folder, _)| folder.len())],
        };
        Self::parse(&format!("{}{kept}{reference}", self.origin))
    }

    /// How near its host is, as far as its name tells.
    #[must_use]
    pub fn zone(&self) -> Zone {
        if let Some(address) = self.address {
            return zone(address);
        }
        if text::lists(METADATA_NAMES, &self.host) {
            return Zone::Metadata;
        }
        let local = LOCAL_NAMES
            .split(' ')
            .any(|name| is_below(&self.host, name));
        // A name of one part is looked up in the network's own domain.
        if local || !self.host.contains('.') {
            Zone::Private
        } else {
            Zone::Public
        }
    }
}

/// Judges a URL by what the user allows: the URL to request, and how far its host's addresses may reach.
///
/// A blocked host is refused, and so are the names below it. An address is what it stands for, in IPv6 too. A host that is allowed by its name may have any
/// address. All others must be public, or at least no metadata service where private ones are allowed.
/// An entry of either list is a host, a host with a port, or `*.` and the name that hosts are below.
///
/// # Errors
/// See [`UrlError`].
pub fn judge(text: &str, config: &ToolsConfig) -> Result<(Url, Zone), UrlError> {
    let url = Url::parse(text)?;
    let reach = judge_parsed(&url, config)?;
    Ok((url, reach))
}

/// [`judge`], of a URL that is taken apart.
///
/// # Errors
/// [`UrlError::Refused`].
pub fn judge_parsed(url: &Url, config: &ToolsConfig) -> Result<Zone, UrlError> {
    let refuse = |why| Err(UrlError::Refused(url.host.clone(), why));
    if config
        .blocked_hosts
        .iter()
        .any(|host| matches(host, url, true))
    {
        return refuse("the user blocks it");
    }
    if config
        .allowed_hosts
        .iter()
        .any(|host| matches(host, url, false))
    {
        return Ok(Zone::Metadata);
    }
    let reach = if config.allow_private {
        Zone::Private
    } else {
        Zone::Public
    };
    if url.zone() <= reach {
        return Ok(reach);
    }
    refuse(match url.zone() {
        Zone::Metadata => {
            "it is a metadata service; tools.url_policy.allowed_hosts in the user's configuration \
             would have to name it"
        }
        _ => {
            "it is on this machine, in a private network or reserved; \
             tools.url_policy in the user's configuration does not allow it"
        }
    })
}

/// The addresses that the user blocks for the port of a URL. A name that stands for one leads nowhere.
#[cfg(feature = "native-platform")]
#[must_use]
pub fn blocked(url: &Url, config: &ToolsConfig) -> Vec<IpAddr> {
    let entries = config.blocked_hosts.iter();
    let entries = entries.filter_map(|text| Entry::read(text));
    entries
        .filter(|entry| entry.port.is_none_or(|port| port == url.port))
        .filter_map(|entry| entry.address)
        .collect()
}

/// Whether an address is one of those, or stands for one.
#[cfg(feature = "native-platform")]
#[must_use]
pub fn is_blocked(address: IpAddr, blocked: &[IpAddr]) -> bool {
    blocked
        .iter()
        .any(|blocked| real(*blocked) == real(address))
}

/// How near an address is, by IANA's registries of special-purpose addresses. An IPv6 address that stands
/// for an IPv4 address is as near as that.
#[must_use]
pub fn zone(address: IpAddr) -> Zone {
    match real(address) {
        IpAddr::V4(address) => zone_v4(address),
        IpAddr::V6(address) => zone_v6(address),
    }
}

/// Whose metadata: Amazon's for machines and containers, Alibaba's, Azure's, Oracle's. Google, Azure and
/// others share the first.
const METADATA_V4: [[u8; 4]; 6] = [
    [169, 254, 169, 254],
    [169, 254, 170, 2],
    [169, 254, 170, 23],
    [100, 100, 100, 200],
    [168, 63, 129, 16],
    [192, 0, 0, 192],
];

/// Amazon's two, and Google's.
const METADATA_V6: [[u16; 8]; 3] = [
    [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254],
    [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23],
    [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254],
];

const METADATA_NAMES: &str = "metadata.google.internal metadata.goog instance-data.ec2.internal";

/// Names that are never public (RFC 6761, 6762, 8375, 7686, and `internal` by ICANN), and those that
/// networks use as if they were.
const LOCAL_NAMES: &str = "localhost localdomain local internal intranet private corp home lan home.arpa test invalid \
    onion alt";

/// What is no public host: IANA's IPv4 Special-Purpose Address Registry, less what it calls globally
/// reachable beyond 192.0.0.0/24; and multicast.
const PRIVATE_V4: [([u8; 4], u32); 15] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

fn zone_v4(address: Ipv4Addr) -> Zone {
    if METADATA_V4.contains(&address.octets()) {
        return Zone::Metadata;
    }
    let address = address.to_bits();
    let private = PRIVATE_V4
        .iter()
        .any(|(network, length)| (address ^ u32::from_be_bytes(*network)) >> (32 - length) == 0);
    if private { Zone::Private } else { Zone::Public }
}

/// The address that another stands for: mapped, or translated by NAT64 and 6to4. Else itself.
fn real(address: IpAddr) -> IpAddr {
    let IpAddr::V6(long) = address else {
        return address;
    };
    match long.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => {
            Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)).into()
        }
        _ => address,
    }
}

fn zone_v6(address: Ipv6Addr) -> Zone {
    let parts = address.segments();
    match parts {
        _ if METADATA_V6.contains(&parts) => Zone::Metadata,
        // Protocols of the IETF, such as Teredo; and documentation
        [0x2001, 0..0x200 | 0xdb8, ..] | [0x3fff, 0..0x1000, ..] => Zone::Private,
        // All that was ever given to public hosts is in 2000::/3.
        [0x2000..0x4000, ..] => Zone::Public,
        _ => Zone::Private,
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<&str>), UrlError> {
    if authority.starts_with('[') {
        let end = authority
            .find(']')
            .ok_or(UrlError::Invalid("a bracket is not closed"))?;
        let (host, rest) = authority.split_at(end + 1);
        return match rest.strip_prefix(':') {
            None if rest.is_empty() => Ok((host, None)),
            Some(port) => Ok((host, Some(port))),
            None => Err(UrlError::Invalid("something stands after its address")),
        };
    }
    Ok(match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    })
}

fn parse_host(text: &str) -> Result<(String, Option<IpAddr>), UrlError> {
    if let Some(inside) = text.strip_prefix('[') {
        let address = inside
            .strip_suffix(']')
            .and_then(parse_v6)
            .ok_or(UrlError::Invalid(
                "its host is no IPv6 address without a zone",
            ))?;
        return Ok((text_v6(address), Some(address.into())));
    }
    let mut host = text.to_ascii_lowercase();
    if host.ends_with('.') {
        host.pop();
    }
    if !host.is_ascii() {
        return Err(UrlError::Invalid(
            "its host is not in ASCII; write it as xn--…",
        ));
    }
    let character = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(character);
    if host.len() > 253 || !host.split('.').all(label) {
        return Err(UrlError::Invalid("its host is no name of a host"));
    }
    let last = split_last(&host, b'.').map_or(&*host, |(_, last)| last);
    let hexadecimal = last
        .strip_prefix("0x")
        .is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    if hexadecimal || last.bytes().all(|digit| digit.is_ascii_digit()) {
        let address = parse_v4(&host).ok_or(UrlError::Invalid("its host is no IPv4 address"))?;
        return Ok((text_v4(address), Some(address.into())));
    }
    Ok((host, None))
}

/// An IPv6 address: up to eight groups, `::` for those of zero that are left out, and maybe an IPv4 address
/// in the place of the last two (RFC 4291, 2.2).
fn parse_v6(text: &str) -> Option<Ipv6Addr> {
    let (head, tail) = match find(text.as_bytes(), b"::") {
        Some(at) => (&text[..at], Some(&text[at + 2..])),
        None => (text, None),
    };
    let mut groups = [0; 8];
    let front = groups_of(head, &mut groups, tail.is_none())?;
    match tail {
        None if front < 8 => return None,
        None => {}
        Some(tail) => {
            let mut back = [0; 8];
            let count = groups_of(tail, &mut back, true)?;
            // `::` stands for at least one group.
            if front + count > 7 {
                return None;
            }
            groups[8 - count..].copy_from_slice(&back[..count]);
        }
    }
    Some(Ipv6Addr::from(groups))
}

/// How many groups a part of an IPv6 address has. `last` says that an IPv4 address may end it.
fn groups_of(text: &str, groups: &mut [u16; 8], last: bool) -> Option<usize> {
    let mut count = 0;
    let mut parts = text.split(':').peekable();
    if text.is_empty() {
        return Some(0);
    }
    while let Some(part) = parts.next() {
        if last && parts.peek().is_none() && part.contains('.') {
            let mut octets = part.split('.');
            for _ in 0..2 {
                let mut octet = || {
                    let octet = octets
                        .next()
                        .filter(|octet| *octet == "0" || !octet.starts_with('0'))?;
                    u8::try_from(digits(octet.as_bytes(), 10)?).ok()
                };
                *groups.get_mut(count)? = u16::from_be_bytes([octet()?, octet()?]);
                count += 1;
            }
            return octets.next().is_none().then_some(count);
        }
        let group = digits(part.as_bytes(), 16).filter(|_| part.len() <= 4)?;
        *groups.get_mut(count)? = u16::try_from(group).ok()?;
        count += 1;
    }
    Some(count)
}

/// An IPv6 address in brackets, every group written out: one way for each address.
fn text_v6(address: Ipv6Addr) -> String {
    let mut text = String::from("[");
    for (at, group) in address.segments().into_iter().enumerate() {
        if at > 0 {
            text.push(':');
        }
        // Leading zeros are left out.
        let zeros = group.leading_zeros() / 4;
        for digit in zeros.min(3)..4 {
            text.push(hexadecimal(group >> (12 - 4 * digit)));
        }
    }
    text.push(']');
    text
}

fn text_v4(address: Ipv4Addr) -> String {
    let mut text = String::new();
    for octet in address.octets() {
        if !text.is_empty() {
            text.push('.');
        }
        text.push_str(&octet.to_string());
    }
    text
}

/// The last four bits as a digit.
fn hexadecimal(number: u16) -> char {
    char::from(b"0123456789abcdef"[usize::from(number & 15)])
}

/// An IPv4 address in any of the forms that the WHATWG's URL standard reads: the last of one to four
/// numbers fills what the others leave.
fn parse_v4(host: &str) -> Option<Ipv4Addr> {
    let (mut bits, mut left) = (0, 4);
    let mut parts = host.split('.').peekable();
    while let Some(part) = parts.next() {
        let number = number(part)?;
        if parts.peek().is_some() {
            left -= 1;
            if number > 255 || left == 0 {
                return None;
            }
            bits |= number << (8 * left);
        } else if number >> (8 * left) == 0 {
            bits |= number;
        } else {
            return None;
        }
    }
    u32::try_from(bits).ok().map(Ipv4Addr::from_bits)
}

/// A number in decimal, in octal after `0`, or in hexadecimal after `0x`, after which nothing is zero.
fn number(text: &str) -> Option<u64> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x', ..] => (&text[2..], 16),
        [b'0', _, ..] => (&text[1..], 8),
        _ => (text, 10),
    };
    if digits.is_empty() {
        return (radix == 16).then_some(0);
    }
    text::digits(digits.as_bytes(), radix)
}

/// A path and query with `.` and `..` resolved, in ASCII.
fn normalize(target: &str) -> String {
    let (path, query) = target.split_at(target.find('?').unwrap_or(target.len()));
    let mut parts: Vec<&str> = Vec::new();
    let mut rest = path.strip_prefix('/').unwrap_or(path).split('/').peekable();
    while let Some(part) = rest.next() {
        match dots(part) {
            Some(2) => {
                parts.pop();
            }
            Some(1) => {}
            _ => {
                parts.push(part);
                continue;
            }
        }
        if rest.peek().is_none() {
            parts.push("");
        }
    }
    let mut text = String::new();
    for part in parts {
        text.push('/');
        encode(part, b"\"<>`{}^|", &mut text);
    }
    encode(query, b"\"<>'", &mut text);
    text
}

/// How many dots a part of a path is made of, and of nothing else; `%2e` is one too.
fn dots(part: &str) -> Option<usize> {
    let (mut rest, mut count) = (part.as_bytes(), 0);
    while !rest.is_empty() {
        rest = match rest {
            [b'.', rest @ ..] | [b'%', b'2', b'e' | b'E', rest @ ..] => rest,
            _ => return None,
        };
        count += 1;
    }
    Some(count)
}

/// Adds a text in percent-encoding: what is outside of ASCII, spaces, and `special`.
pub(crate) fn encode(text: &str, special: &[u8], encoded: &mut String) {
    for byte in text.bytes() {
        if byte > b' ' && byte < 0x7f && !special.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            for digit in [byte >> 4, byte] {
                encoded.push(hexadecimal(digit.into()).to_ascii_uppercase());
            }
        }
    }
}

/// Whether a name is another or below it.
fn is_below(name: &str, parent: &str) -> bool {
    name.strip_suffix(parent)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// An entry of the user's lists.
struct Entry {
    host: String,
    address: Option<IpAddr>,
    port: Option<u16>,
    /// Whether the names below it are meant by the entry itself
    below: bool,
}

impl Entry {
    /// `None` if it can be no host.
    fn read(text: &str) -> Option<Self> {
        let (text, below) = match text.strip_prefix("*.") {
            Some(parent) => (parent, true),
            None => (text, false),
        };
        if let Some(address) = parse_v6(text) {
            return (!below).then(|| Self {
                host: text_v6(address),
                address: Some(address.into()),
                port: None,
                below,
            });
        }
        let (host, port) = split_port(text).ok()?;
        let port = match port {
            Some(port) => Some(u16::try_from(digits(port.as_bytes(), 10)?).ok()?),
            None => None,
        };
        let (host, address) = parse_host(host).ok()?;
        (!below || address.is_none()).then_some(Self {
            host,
            address,
            port,
            below,
        })
    }
}

/// Whether the user's lists may have such an entry.
pub(crate) fn is_entry(text: &str) -> bool {
    Entry::read(text).is_some()
}

/// Whether an entry of the user's lists means a URL's host.
fn matches(entry: &str, url: &Url, below: bool) -> bool {
    let Some(entry) = Entry::read(entry) else {
        return false;
    };
    let same = match (entry.address, url.address) {
        (Some(one), Some(other)) => real(one) == real(other),
        _ => entry.host == url.host,
    };
    let below = (below || entry.below) && entry.address.is_none();
    entry.port.is_none_or(|port| port == url.port)
        && (same || below && is_below(&url.host, &entry.host))
}
