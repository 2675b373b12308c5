//! Requests of HTTP, whole, in pieces and damaged, against a grammar of their own.

#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

use std::io::{BufRead, BufReader, Cursor};
use std::sync::LazyLock;

use regex::bytes::Regex;
use wm_seed::http::request::{self, Failure, Head};

/// The most that a body may have here.
const LIMIT: usize = 40;

/// What becomes of some bytes.
#[derive(Clone, Debug, PartialEq)]
enum Read {
    /// A request: its method, its path, its body, and how many bytes it was
    Request(String, String, Vec<u8>, usize),
    /// None, and none that more bytes would make one
    Refused,
    /// None as yet
    Unfinished,
}

/// What the program reads, with a buffer of so many bytes, and so with a piece that ends at each of them.
fn read(bytes: &[u8], size: usize) -> Read {
    let mut input = BufReader::with_capacity(size, Cursor::new(bytes));
    let read = read_from(&mut input);
    let left = input.buffer().len();
    let used = usize::try_from(input.get_ref().position()).unwrap() - left;
    match read {
        Ok(Some((head, body))) => Read::Request(head.method, head.path, body, used),
        Ok(None) | Err(Failure::Gone(_)) => Read::Unfinished,
        Err(Failure::Refused(response)) => {
            assert!((400..600).contains(&response.status), "{response:?}");
            Read::Refused
        }
    }
}

fn read_from(input: &mut impl BufRead) -> Result<Option<(Head, Vec<u8>)>, Failure> {
    let Some(head) = Head::read(input)? else {
        return Ok(None);
    };
    let framing = head.framing(LIMIT)?;
    let body = request::body(input, framing, LIMIT)?;
    Ok(Some((head, body)))
}

static HEAD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x-u)^(?:\r\n)?
        ([!\#$%&'*+.^_`|~0-9A-Za-z-]+)\ ([!-~]+)\ HTTP/1\.([01])\r\n
        ((?:[!\#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\ -~\x80-\xff]*\r\n)*)\r\n$",
    )
    .unwrap()
});

/// What RFC 9112 makes of the bytes, where a server may choose the stricter way, and this one does. It has all bytes
/// at once, and so is another program than the one that it judges.
fn by_grammar(bytes: &[u8]) -> Read {
    // One empty line before it is passed by.
    let begin = match bytes {
        [b'\r', b'\n', ..] => 2,
        [b'\r', _, ..] => return Read::Refused,
        _ => 0,
    };
    let Some(end) = bytes[begin..]
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
    else {
        return Read::Unfinished;
    };
    let end = begin + end + 4;
    let Some(parts) = HEAD.captures(&bytes[..end]) else {
        return Read::Refused;
    };
    let text = |number| String::from_utf8_lossy(parts.get(number).unwrap().as_bytes()).into_owned();
    let (method, path, minor, lines) = (text(1), text(2), text(3), text(4));
    let fields: Vec<(String, String)> = lines
        .split_terminator("\r\n")
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            let value = value.trim_matches([' ', '\t']);
            (name.to_ascii_lowercase(), value.to_owned())
        })
        .collect();
    let all = |wanted: &str| -> Vec<&str> {
        fields
            .iter()
            .filter(|(name, _)| name == wanted)
            .map(|(_, value)| value.as_str())
            .collect()
    };
    for name in ["authorization", "content-type", "origin", "mcp-session-id"] {
        if all(name).len() > 1 {
            return Read::Refused;
        }
    }
    let hosts = all("host");
    if hosts.len() > 1 || (minor == "1" && hosts.is_empty()) {
        return Read::Refused;
    }
    // A whole URL names the host that the field does.
    let path = match path
        .strip_prefix("http://")
        .map(|rest| rest.split_once('/'))
    {
        None => path,
        Some(Some((host, rest))) if hosts.iter().all(|of| *of == host) => format!("/{rest}"),
        Some(None) if hosts.iter().all(|of| path[7..] == **of) => String::new(),
        _ => return Read::Refused,
    };
    let (encodings, lengths) = (all("transfer-encoding"), all("content-length"));
    let rest = &bytes[end..];
    let (body, used) = match (&encodings[..], &lengths[..]) {
        ([], []) => (Vec::new(), 0),
        ([], [length]) => {
            if length.is_empty() || !length.chars().all(|digit| digit.is_ascii_digit()) {
                return Read::Refused;
            }
            let length = length.trim_start_matches('0');
            let length: u128 = format!("0{}", &length[..length.len().min(30)])
                .parse()
                .unwrap();
            if length > LIMIT as u128 {
                return Read::Refused;
            }
            let length = usize::try_from(length).unwrap();
            match rest.get(..length) {
                Some(body) => (body.to_vec(), length),
                None => return Read::Unfinished,
            }
        }
        ([encoding], []) if minor == "1" && encoding.eq_ignore_ascii_case("chunked") => {
            match chunks(rest) {
                Ok(chunks) => chunks,
                Err(read) => return read,
            }
        }
        _ => return Read::Refused,
    };
    Read::Request(method, path, body, end + used)
}

/// A body in chunks, and how many bytes it was.
fn chunks(bytes: &[u8]) -> Result<(Vec<u8>, usize), Read> {
    let (mut body, mut at) = (Vec::new(), 0);
    let line = |at: usize| -> Result<&[u8], Read> {
        let rest = &bytes[at..];
        let end = rest.iter().position(|&byte| byte == b'\n');
        let line = &rest[..end.ok_or(Read::Unfinished)?];
        match line.split_last() {
            Some((b'\r', text)) if !text.contains(&b'\r') => Ok(text),
            _ => Err(Read::Refused),
        }
    };
    loop {
        let header = line(at)?;
        at += header.len() + 2;
        let digits = header.split(|&byte| byte == b';').next().unwrap();
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(Read::Refused);
        }
        let digits = std::str::from_utf8(digits).unwrap().trim_start_matches('0');
        if digits.len() > 8 {
            return Err(Read::Refused);
        }
        let length = usize::from_str_radix(&format!("0{digits}"), 16).unwrap();
        if length == 0 {
            loop {
                let trailer = line(at)?;
                at += trailer.len() + 2;
                if trailer.is_empty() {
                    return Ok((body, at));
                }
            }
        }
        if body.len() + length > LIMIT {
            return Err(Read::Refused);
        }
        body.extend_from_slice(bytes.get(at..at + length).ok_or(Read::Unfinished)?);
        at += length;
        match &bytes[at..bytes.len().min(at + 2)] {
            b"\r\n" => at += 2,
            b"" | b"\r" => return Err(Read::Unfinished),
            _ => return Err(Read::Refused),
        }
    }
}

/// Requests that are right, each with its body.
const RIGHT: [(&str, &str, &str); 8] = [
    (
        "POST http://a:80/mcp HTTP/1.1\r\nHost: a:80\r\nContent-Length: 1\r\n\r\n7",
        "POST",
        "7",
    ),
    (
        "POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde",
        "POST",
        "abcde",
    ),
    ("GET /mcp HTTP/1.1\r\nHost: localhost:80\r\n\r\n", "GET", ""),
    (
        "\r\nDELETE /mcp HTTP/1.0\r\nMcp-Session-Id: x\r\n\r\n",
        "DELETE",
        "",
    ),
    (
        "POST /mcp HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n00c;x=y\r\n\r\n\r\nabcdefgh\r\n0\r\n\r\n",
        "POST",
        "abc\r\n\r\nabcdefgh",
    ),
    (
        "POST /mcp HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\nA: b\r\nC: d\r\n\r\n",
        "POST",
        "{",
    ),
    (
        "POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nAccept: \r\n\r\n",
        "POST",
        "",
    ),
    (
        "POST /mcp HTTP/1.1\r\nhost:a\r\nContent-Type:\tapplication/json \r\nX: \u{fc}\r\nContent-Length: 040\r\n\r\n0123456789012345678901234567890123456789",
        "POST",
        "0123456789012345678901234567890123456789",
    ),
];

#[test]
fn what_is_right_is_read_wherever_a_piece_ends() {
    for (text, method, body) in RIGHT {
        let next = format!("{text}POST /mcp HTTP/1.1\r\n");
        for size in 1..=next.len() {
            let expected = Read::Request(
                method.to_owned(),
                "/mcp".to_owned(),
                body.as_bytes().to_vec(),
                text.len(),
            );
            assert_eq!(read(next.as_bytes(), size), expected, "{text:?}, {size}");
        }
        // Cut off anywhere, it is none as yet.
        for end in 0..text.len() {
            let cut = &text.as_bytes()[..end];
            assert_eq!(read(cut, 7), Read::Unfinished, "{text:?}, {end}");
        }
        assert_eq!(read(text.as_bytes(), 7), by_grammar(text.as_bytes()));
    }
}

/// A generator of numbers, xorshift64 (Marsaglia, 2003).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }
}

/// What is put into requests.
const PIECES: [&[u8]; 26] = [
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\n\r\n",
    b" ",
    b"\t",
    b":",
    b";",
    b",",
    b"\0",
    b"\x7f",
    b"\xff",
    b"0",
    b"1",
    b"9",
    b"f",
    b"-",
    b"+",
    b"x",
    b"HTTP/1.1",
    b"Host: b\r\n",
    b"Content-Length: 3\r\n",
    b"Content-Length: 99999999999999999999\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n",
    b"ffffffffffffffff\r\n",
];

fn damage(bytes: &mut Vec<u8>, chance: &mut Chance) {
    let at = chance.below(bytes.len() + 1);
    match chance.below(5) {
        0 => drop(bytes.splice(at..at, PIECES[chance.below(PIECES.len())].iter().copied())),
        1 if at < bytes.len() => drop(bytes.remove(at)),
        2 if at < bytes.len() => bytes[at] = u8::try_from(chance.below(256)).unwrap(),
        3 => {
            // A piece of it once more, elsewhere
            let end = (at + 1 + chance.below(30)).min(bytes.len());
            let piece = bytes[at.min(end)..end].to_vec();
            let to = chance.below(bytes.len() + 1);
            drop(bytes.splice(to..to, piece));
        }
        _ => {
            let end = (at + 1 + chance.below(8)).min(bytes.len());
            drop(bytes.drain(at.min(end)..end));
        }
    }
}

/// 30,000 damaged requests are read as the grammar has them, in one piece and in several.
#[test]
fn what_is_damaged_is_read_as_the_grammar_has_it() {
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let mut counts = [0; 3];
    for _ in 0..30_000 {
        let mut bytes = RIGHT[chance.below(RIGHT.len())].0.as_bytes().to_vec();
        for _ in 0..=chance.below(3) {
            damage(&mut bytes, &mut chance);
        }
        let expected = by_grammar(&bytes);
        counts[match expected {
            Read::Request(..) => 0,
            Read::Refused => 1,
            Read::Unfinished => 2,
        }] += 1;
        for size in [1, 1 + chance.below(20), 4096] {
            let shown = String::from_utf8_lossy(&bytes);
            assert_eq!(read(&bytes, size), expected, "{shown:?}, {size}");
        }
    }
    assert!(counts.iter().all(|&count| count > 2000), "{counts:?}");
}
