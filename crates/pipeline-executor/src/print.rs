//! JSON as a program prints it, on one line.

use std::io::{self, BufWriter, Write};

use serde_json::Value;

/// Writes a value and the end of its line.
///
/// The bytes are those of `serde_json`. A text without escapes, such as an array's base64, is written from
/// where it lies: neither copied nor looked at byte by byte.
pub(crate) fn line(value: &Value, out: &mut dyn Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    write(value, &mut out)?;
    out.write_all(b"\n")?;
    out.flush()
}

fn write(value: &Value, out: &mut dyn Write) -> io::Result<()> {
    match value {
        Value::String(text) if is_plain(text) => {
            out.write_all(b"\"")?;
            out.write_all(text.as_bytes())?;
            out.write_all(b"\"")
        }
        Value::Array(items) => {
            out.write_all(b"[")?;
            for (number, item) in items.iter().enumerate() {
                separate(number, out)?;
                write(item, out)?;
            }
            out.write_all(b"]")
        }
        Value::Object(entries) => {
            out.write_all(b"{")?;
            for (number, (key, value)) in entries.iter().enumerate() {
                separate(number, out)?;
                serde_json::to_writer(&mut *out, key)?;
                out.write_all(b":")?;
                write(value, out)?;
            }
            out.write_all(b"}")
        }
        leaf => serde_json::to_writer(out, leaf).map_err(io::Error::from),
    }
}

fn separate(number: usize, out: &mut dyn Write) -> io::Result<()> {
    if number > 0 {
        out.write_all(b",")
    } else {
        Ok(())
    }
}

/// Whether JSON has the text as it is: no control character, no quotation mark, no backslash.
fn is_plain(text: &str) -> bool {
    let (words, rest) = text.as_bytes().as_chunks();
    let words = words.iter().map(|&word| u64::from_ne_bytes(word));
    !words.into_iter().any(has_special) && !rest.iter().any(|&byte| special(byte))
}

fn special(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

/// Whether one of eight bytes is special.
fn has_special(word: u64) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    // The highest bit of each byte that is below a bound, itself without that bit; for the lowest such
    // byte this is exact, so for the whole word too
    let below = |word: u64, bound: u8| word.wrapping_sub(ONES * u64::from(bound)) & !word;
    let equal = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    (below(word, b' ') | equal(b'"') | equal(b'\\')) & (ONES << 7) != 0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn printed(value: &Value) -> String {
        let mut bytes = Vec::new();
        line(value, &mut bytes).expect("a vector takes everything");
        String::from_utf8(bytes).expect("JSON is UTF-8")
    }

    #[test]
    fn every_character_at_every_place_of_a_word_is_as_serde_json_has_it() {
        for character in ('\0'..='\u{ff}').chain(['\u{2028}', '\u{ffff}', '🦀']) {
            for before in 0..9 {
                let text = format!("{}{character}{}", "a".repeat(before), "z".repeat(8));
                let value = Value::String(text);
                assert_eq!(printed(&value), format!("{value}\n"));
            }
        }
    }

    #[test]
    fn every_kind_of_value_is_as_serde_json_has_it() {
        let value = json!({
            "": null, "a\"b": [true, false, -1, 1.5e300, []], "text": ["", "plain", "two\nlines"],
            "nested": { "deep": [{}, { "x": [[[0]]] }] },
        });
        assert_eq!(printed(&value), format!("{value}\n"));
    }
}
