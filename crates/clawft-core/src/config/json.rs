//! Where the values of a JSON text stand. Only errors need that, and only of a text that
//! was read already, so this checks nothing.

use crate::text::digits;

/// The byte where the value at a path is named, or the nearest thing above it; `same` compares a key of
/// the text with a part of the path. Parts that are no keys are the places of an array's items.
#[must_use]
pub fn find(text: &str, path: &[&str], same: fn(&str, &str) -> bool) -> usize {
    let mut walker = Walker {
        text: text.as_bytes(),
        at: 0,
        found: 0,
        same,
    };
    walker.value(path, true);
    walker.found
}

struct Walker<'a> {
    text: &'a [u8],
    at: usize,
    found: usize,
    same: fn(&str, &str) -> bool,
}

impl Walker<'_> {
    /// The next byte that is no blank or separator, passed by.
    fn next(&mut self) -> Option<u8> {
        loop {
            let byte = self.text.get(self.at).copied();
            self.at += 1;
            if !matches!(byte, Some(b' ' | b'\t' | b'\r' | b'\n' | b',' | b':')) {
                return byte;
            }
        }
    }

    /// Passes a value. `on` says whether the path leads here, and `path` what is left of it.
    fn value(&mut self, path: &[&str], on: bool) {
        let Some(first) = self.next() else { return };
        match first {
            b'"' => {
                self.text_end();
            }
            b'{' | b'[' => {
                let mut index = 0;
                while let Some(byte) = self.next() {
                    self.at -= 1;
                    if matches!(byte, b'}' | b']') {
                        self.at += 1;
                        break;
                    }
                    let start = self.at;
                    let part = path.first().filter(|_| on);
                    let here = if first == b'{' {
                        self.at += 1;
                        let same = self.same;
                        let key = self.text_end();
                        part.is_some_and(|part| same(key, part))
                    } else {
                        index += 1;
                        part.is_some_and(|part| digits(part.as_bytes(), 10) == Some(index - 1))
                    };
                    if here {
                        self.found = start;
                    }
                    self.value(path.get(1..).unwrap_or_default(), here);
                }
            }
            _ => {
                while let Some(byte) = self.text.get(self.at)
                    && !matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t')
                {
                    self.at += 1;
                }
            }
        }
    }

    /// Passes the rest of a text: what it says, as long as it has no escapes.
    fn text_end(&mut self) -> &str {
        let start = self.at;
        while let Some(byte) = self.text.get(self.at)
            && *byte != b'"'
        {
            self.at += if *byte == b'\\' { 2 } else { 1 };
        }
        let end = self.at.min(self.text.len());
        self.at += 1;
        core::str::from_utf8(&self.text[start..end]).unwrap_or_default()
    }
}
