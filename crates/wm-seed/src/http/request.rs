//! Requests of HTTP/1.1, read strictly: what two programs could understand in two ways is refused.
//!
//! Heads are taken apart by [`httparse`]; RFC 9112 says what is around them.

use std::io::{self, BufRead};

use super::response::Response;

/// Most bytes of a head, and of what follows the last chunk.
pub const HEAD_LIMIT: usize = 16 << 10;
/// Most fields of a head.
pub const FIELD_LIMIT: usize = 64;
/// Most bytes of the line before a chunk.
const CHUNK_LINE_LIMIT: usize = 256;
/// Fields of which a second one would be another opinion.
const ONCE: [&str; 10] = [
    "authorization",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "mcp-protocol-version",
    "mcp-session-id",
    "origin",
    "transfer-encoding",
];

/// Why there is no request.
#[derive(Debug)]
pub enum Failure {
    /// It is none, or not to be served. Where the next one begins is not known.
    Refused(Response),
    /// The client is gone, or silent.
    Gone(io::Error),
}

impl From<Response> for Failure {
    fn from(response: Response) -> Self {
        Self::Refused(response)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Gone(error)
    }
}

/// What comes before a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// GET, POST and so on
    pub method: String,
    /// The path, with a query if there is one
    pub path: String,
    /// The host that is asked, with a port if there is one
    pub host: Option<String>,
    /// Whether it is of HTTP/1.1, rather than 1.0
    pub modern: bool,
    fields: Vec<(String, String)>,
}

/// How the end of a body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// So many bytes
    Length(usize),
    /// Chunks, each with its length
    Chunked,
}

impl Head {
    /// Reads a head, or nothing at the end of the input.
    ///
    /// # Errors
    ///
    /// It is malformed or too long, or the input fails.
    pub fn read(input: &mut impl BufRead) -> Result<Option<Self>, Failure> {
        // NB: an empty line before a request is of old clients, and RFC 9112, 2.2, wants it passed by
        if fill(input)?.first() == Some(&b'\r') {
            line_end(input)?;
        }
        let mut text = Vec::new();
        loop {
            let piece = match fill(input) {
                // Who has sent no more than that waits for no answer.
                Err(error) if text.is_empty() && super::is_timeout(&error) => return Ok(None),
                piece => piece?,
            };
            if piece.is_empty() {
                return if text.is_empty() {
                    Ok(None)
                } else {
                    Err(io::Error::from(io::ErrorKind::UnexpectedEof).into())
                };
            }
            let known = text.len();
            text.extend_from_slice(&piece[..piece.len().min(HEAD_LIMIT - known)]);
            let from = known.saturating_sub(3);
            let end = text[from..].windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                text.truncate(from + end + 4);
                input.consume(text.len() - known);
                return Ok(Some(Self::of(&text)?));
            }
            let taken = text.len() - known;
            input.consume(taken);
            if text.len() == HEAD_LIMIT {
                let message = format!("a head may have {HEAD_LIMIT} bytes");
                return Err(Response::refusal(431, message).into());
            }
        }
    }

    fn of(text: &[u8]) -> Result<Self, Response> {
        // NB: httparse takes a bare LF for the end of a line, and passes empty ones by
        let odd = |(at, byte): (usize, &u8)| match byte {
            b'\n' => at == 0 || text[at - 1] != b'\r',
            b'\r' => at == 0 || text.get(at + 1) != Some(&b'\n'),
            _ => false,
        };
        if text.iter().enumerate().any(odd) {
            return Err(malformed("a line ends in CR LF"));
        }
        let mut fields = [httparse::EMPTY_HEADER; FIELD_LIMIT];
        let mut request = httparse::Request::new(&mut fields);
        match request.parse(text) {
            Ok(httparse::Status::Complete(length)) if length == text.len() => {}
            Ok(_) => return Err(malformed("a head ends in an empty line")),
            Err(httparse::Error::TooManyHeaders) => {
                let message = format!("a head may have {FIELD_LIMIT} fields");
                return Err(Response::refusal(431, message));
            }
            Err(httparse::Error::Version) => {
                return Err(Response::refusal(505, "this is a server of HTTP/1.1"));
            }
            Err(error) => return Err(malformed(&error.to_string())),
        }
        let fields: Vec<_> = request
            .headers
            .iter()
            .map(|field| {
                // NB: other white space, such as U+00A0, is a part of the value
                let value = String::from_utf8_lossy(field.value);
                let value = value.trim_matches([' ', '\t']).to_owned();
                (field.name.to_ascii_lowercase(), value)
            })
            .collect();
        for name in ONCE {
            if fields.iter().filter(|(of, _)| of == name).count() > 1 {
                return Err(malformed(&format!("there are two fields `{name}`")));
            }
        }
        let mut head = Self {
            method: request.method.unwrap_or_default().to_owned(),
            path: request.path.unwrap_or_default().to_owned(),
            host: None,
            modern: request.version == Some(1),
            fields,
        };
        if !head.path.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(malformed("a path is of ASCII"));
        }
        head.host = head.field("host").map(str::to_owned);
        if head.host.is_none() && head.modern {
            return Err(malformed("there is no field `host`"));
        }
        // NB: a proxy's form of the target, which RFC 9112, 3.2.2, wants to be understood
        if let Some(rest) = head.path.strip_prefix("http://") {
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            if head.host.as_ref().is_some_and(|of| of != host) {
                return Err(malformed("the target and `host` are two hosts"));
            }
            head.host = Some(host.to_owned());
            head.path = path.to_owned();
        }
        Ok(head)
    }

    /// The value of a field, the first if there are several; the name is in small letters.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.fields
            .iter()
            .filter(move |(of, _)| of == name)
            .map(|(_, value)| value.as_str())
    }

    /// The parts of all fields of a name, which commas part.
    pub fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        self.values(name)
            .flat_map(|value| value.split(','))
            .map(|part| part.trim_matches([' ', '\t']))
            .filter(|part| !part.is_empty())
    }

    /// Whether the client wants to ask more on this connection.
    #[must_use]
    pub fn keeps_alive(&self) -> bool {
        self.modern
            && !self
                .list("connection")
                .any(|one| one.eq_ignore_ascii_case("close"))
    }

    /// How the body ends.
    ///
    /// # Errors
    ///
    /// It is said twice or in a way that is not known, or the body is longer than the limit.
    pub fn framing(&self, limit: usize) -> Result<Framing, Response> {
        match (
            self.field("transfer-encoding"),
            self.field("content-length"),
        ) {
            (Some(_), Some(_)) => Err(malformed("a body has a length or chunks, not both")),
            (Some(_), None) if !self.modern => Err(malformed("chunks are of HTTP/1.1")),
            (Some(encoding), None) if encoding.eq_ignore_ascii_case("chunked") => {
                Ok(Framing::Chunked)
            }
            (Some(_), None) => Err(Response::refusal(
                501,
                "a body comes as it is, or in chunks",
            )),
            (None, Some(length)) => {
                if length.is_empty() || !length.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(malformed("`content-length` is a number"));
                }
                // NB: what does not fit into a number is too long as well
                match length.parse() {
                    Ok(length) if length <= limit => Ok(Framing::Length(length)),
                    _ => Err(too_long(limit)),
                }
            }
            (None, None) => Ok(Framing::Length(0)),
        }
    }
}

/// Reads a body. No more memory is taken than has come.
///
/// # Errors
///
/// It is malformed or too long, or the input fails or ends.
pub fn body(input: &mut impl BufRead, framing: Framing, limit: usize) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    match framing {
        Framing::Length(length) => take(input, length, &mut body)?,
        Framing::Chunked => loop {
            let length = chunk_length(&line(input, CHUNK_LINE_LIMIT)?)?;
            if length == 0 {
                // What follows the last chunk is of no use here.
                let mut left = HEAD_LIMIT;
                loop {
                    let field = line(input, left)?;
                    if field.is_empty() {
                        return Ok(body);
                    }
                    left -= field.len();
                }
            }
            if length > limit - body.len() {
                return Err(too_long(limit).into());
            }
            take(input, length, &mut body)?;
            line_end(input)?;
        },
    }
    Ok(body)
}

fn chunk_length(line: &[u8]) -> Result<usize, Response> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit());
    let (digits, rest) = line.split_at(digits.count());
    // NB: white space before an extension is allowed to be there, and nobody's
    if digits.is_empty() || !(rest.is_empty() || rest.starts_with(b";")) {
        return Err(malformed("a chunk begins with its length"));
    }
    let mut length = 0usize;
    for &digit in digits {
        let digit = char::from(digit).to_digit(16).unwrap_or_default() as usize;
        // What does not fit into a number is too long in any case.
        length = length.saturating_mul(16).saturating_add(digit);
    }
    Ok(length)
}

fn take(input: &mut impl BufRead, mut length: usize, body: &mut Vec<u8>) -> Result<(), Failure> {
    while length > 0 {
        let piece = fill(input)?;
        if piece.is_empty() {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        let taken = piece.len().min(length);
        body.extend_from_slice(&piece[..taken]);
        input.consume(taken);
        length -= taken;
    }
    Ok(())
}

/// A line without its end, which is of at most so many bytes with it.
fn line(input: &mut impl BufRead, most: usize) -> Result<Vec<u8>, Failure> {
    let mut line = Vec::new();
    loop {
        let piece = fill(input)?;
        if piece.is_empty() {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        let end = piece.iter().position(|&byte| byte == b'\n');
        let taken = end.map_or(piece.len(), |end| end + 1);
        if line.len() + taken > most {
            return Err(malformed("a line between chunks is too long").into());
        }
        line.extend_from_slice(&piece[..taken]);
        input.consume(taken);
        if end.is_some() {
            let Some(text) = line.strip_suffix(b"\r\n") else {
                return Err(malformed("a line ends in CR LF").into());
            };
            if text.contains(&b'\r') {
                return Err(malformed("a line ends in CR LF").into());
            }
            return Ok(text.to_vec());
        }
    }
}

/// An empty line, which is refused as soon as it is none.
fn line_end(input: &mut impl BufRead) -> Result<(), Failure> {
    for expected in *b"\r\n" {
        match fill(input)?.first() {
            Some(&byte) if byte == expected => input.consume(1),
            Some(_) => return Err(malformed("an empty line is not where it must be").into()),
            None => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
        }
    }
    Ok(())
}

fn fill(input: &mut impl BufRead) -> io::Result<&[u8]> {
    // NB: what an interrupted call returned cannot be returned from within the loop
    loop {
        match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
            Ok(_) => break,
        }
    }
    input.fill_buf()
}

fn malformed(what: &str) -> Response {
    Response::refusal(400, format!("no request of HTTP: {what}"))
}

fn too_long(limit: usize) -> Response {
    Response::refusal(413, format!("a message may have {limit} bytes"))
}
