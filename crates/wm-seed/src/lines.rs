//! Messages, one on a line, of which none may take more memory than it should.

use std::io::{self, BufRead};

/// Most bytes of a message. The longest memory fits, however its letters are escaped.
pub const LIMIT: usize = 8 << 20;

/// What was on a line.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// A message
    Message(Vec<u8>),
    /// More than fits; it was passed by
    TooLong,
}

/// The next line that is not blank, without its end, or nothing at the end of the input.
///
/// # Errors
///
/// Those of the input.
pub fn next(input: &mut impl BufRead, limit: usize) -> io::Result<Option<Line>> {
    loop {
        let mut line = Vec::new();
        let (mut any, mut fits) = (false, true);
        loop {
            let piece = match input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                piece => piece?,
            };
            if piece.is_empty() {
                break;
            }
            any = true;
            let end = piece.iter().position(|&byte| byte == b'\n');
            let text = &piece[..end.unwrap_or(piece.len())];
            fits &= line.len() + text.len() <= limit;
            if fits {
                line.extend_from_slice(text);
            } else {
                line = Vec::new();
            }
            let taken = text.len() + usize::from(end.is_some());
            input.consume(taken);
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(None);
        }
        if !fits {
            return Ok(Some(Line::TooLong));
        }
        if !line.trim_ascii().is_empty() {
            return Ok(Some(Line::Message(line)));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

    use std::io::{BufReader, Cursor};

    use super::*;

    /// With every size of the buffer, and so with every place where a piece may end.
    #[test]
    fn lines_end_where_they_do() {
        let text = b"\n  \nabc\r\nabcdef\nabcdefg\n\nxyz";
        for size in 1..=text.len() {
            let mut input = BufReader::with_capacity(size, Cursor::new(text));
            let mut lines = Vec::new();
            while let Some(line) = next(&mut input, 6).unwrap() {
                lines.push(line);
            }
            let message = |text: &[u8]| Line::Message(text.to_vec());
            assert_eq!(
                lines,
                [
                    message(b"abc\r"),
                    message(b"abcdef"),
                    Line::TooLong,
                    message(b"xyz")
                ]
            );
        }
    }
}
