//! Texts in quotation marks.

use super::{Fault, Reader, fault};
use crate::prelude::*;

impl Reader<'_> {
    /// The rest of a text in single or double quotation marks.
    pub fn line_of_text(&mut self, quote: u8) -> Result<String, Fault> {
        let mut text = Vec::new();
        loop {
            match self.peek() {
                Some(byte) if byte == quote => {
                    self.at += 1;
                    return self.unicode(text);
                }
                Some(b'\\') if quote == b'"' => self.escape(&mut text)?,
                _ => self.letter(&mut text)?,
            }
        }
    }

    /// The rest of a text in three quotation marks.
    pub fn lines_of_text(&mut self, quote: u8) -> Result<String, Fault> {
        let mut text = Vec::new();
        self.newline();
        loop {
            match self.peek() {
                Some(byte) if byte == quote => {
                    if self.take(&[quote; 3]) {
                        // Up to two more belong to the text.
                        for _ in 0..2 {
                            if self.take(&[quote]) {
                                text.push(quote);
                            }
                        }
                        return self.unicode(text);
                    }
                    self.letter(&mut text)?;
                }
                Some(b'\\') if quote == b'"' => {
                    let start = self.at;
                    self.at += 1;
                    self.space();
                    if self.newline() {
                        // A backslash at a line's end swallows all blanks after it.
                        while matches!(self.peek(), Some(b' ' | b'\t')) || self.newline() {
                            self.space();
                        }
                    } else {
                        self.at = start;
                        self.escape(&mut text)?;
                    }
                }
                _ if self.newline() => text.push(b'\n'),
                _ => self.letter(&mut text)?,
            }
        }
    }

    fn letter(&mut self, text: &mut Vec<u8>) -> Result<(), Fault> {
        let start = self.at;
        self.printable()?;
        text.push(self.text[start]);
        Ok(())
    }

    fn unicode(&self, text: Vec<u8>) -> Result<String, Fault> {
        String::from_utf8(text).or_else(|_| self.fault("no UTF-8"))
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Result<(), Fault> {
        let start = self.at;
        self.at += 1;
        let letter = self.peek();
        self.at += 1;
        let (digits, plain) = match letter {
            Some(b'b') => (0, 8),
            Some(b't') => (0, b'\t'),
            Some(b'n') => (0, b'\n'),
            Some(b'f') => (0, 12),
            Some(b'r') => (0, b'\r'),
            Some(b'e') => (0, 27),
            Some(same @ (b'"' | b'\\')) => (0, same),
            Some(b'x') => (2, 0),
            Some(b'u') => (4, 0),
            Some(b'U') => (8, 0),
            _ => {
                return fault(
                    start,
                    "an unknown escape; a backslash itself is written twice",
                );
            }
        };
        let mut code = u32::from(plain);
        for _ in 0..digits {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return fault(start, "an escape with too few digits");
            };
            code = (code << 4) | digit;
            self.at += 1;
        }
        let Some(letter) = char::from_u32(code) else {
            return fault(start, "an escape that is no character");
        };
        text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }
}
