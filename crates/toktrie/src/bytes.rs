//! Bytes as text and as numbers.

use std::fmt::{self, Display, Write};

use anyhow::{Context, Result, ensure};
use bytemuck::{NoUninit, Pod, Zeroable};

/// Two numbers that lie side by side in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Zeroable, Pod)]
#[repr(C)]
pub struct U32Pair(pub u32, pub u32);

/// The memory of `input`, as this machine lays it out.
pub fn clone_vec_as_bytes<T: NoUninit>(input: &[T]) -> Vec<u8> {
    bytemuck::cast_slice::<T, u8>(input).to_vec()
}

/// The values that `bytes` are the memory of.
///
/// # Panics
/// If the length is not a multiple of the type's.
#[must_use]
pub fn vec_from_bytes<T: Pod>(bytes: &[u8]) -> Vec<T> {
    assert!(
        bytes.len().is_multiple_of(size_of::<T>()),
        "{} bytes are no whole number of values of {}",
        bytes.len(),
        size_of::<T>(),
    );
    let values = bytes.chunks_exact(size_of::<T>().max(1));
    values.map(bytemuck::pod_read_unaligned).collect()
}

/// Writes `words` in little-endian order, as many bytes as `dst` has; bytes beyond the words stay as
/// they are.
pub fn write_u32s_as_le_bytes(words: &[u32], dst: &mut [u8]) {
    for (to, word) in dst.chunks_mut(4).zip(words) {
        let size = to.len();
        to.copy_from_slice(&word.to_le_bytes()[..size]);
    }
}

/// [`limit_bytes`] of a text; a character that `max_len` would cut is replaced.
#[must_use]
pub fn limit_str(s: &str, max_len: usize) -> String {
    limit_bytes(s.as_bytes(), max_len)
}

/// The bytes as text, with `...` in place of what comes after the first `max_len` bytes.
#[must_use]
pub fn limit_bytes(s: &[u8], max_len: usize) -> String {
    match s.get(..max_len) {
        Some(start) if start.len() < s.len() => String::from_utf8_lossy(start) + "...",
        _ => String::from_utf8_lossy(s),
    }
    .into_owned()
}

/// What `obj` displays, with `...` in place of what comes after the last whole character within
/// `max_len` bytes.
pub fn limit_display(obj: impl Display, max_len: usize) -> String {
    struct Limited {
        text: String,
        left: usize,
    }
    impl Write for Limited {
        fn write_str(&mut self, s: &str) -> fmt::Result {
            let fits = s.floor_char_boundary(self.left);
            self.text.push_str(&s[..fits]);
            self.left -= fits;
            // NB: an error spares what is displayed the rest of its work
            if fits < s.len() {
                Err(fmt::Error)
            } else {
                Ok(())
            }
        }
    }
    let mut limited = Limited {
        text: String::new(),
        left: max_len,
    };
    if write!(limited, "{obj}").is_err() {
        limited.text.push_str("...");
    }
    limited.text
}

/// Two lower-case digits for each byte.
#[must_use]
pub fn to_hex_string(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            digits.extend(char::from_digit(nibble.into(), 16));
        }
    }
    digits
}

/// The bytes of pairs of digits.
///
/// # Errors
/// If a character is left over, or a pair has one that is no digit.
pub fn from_hex_string(s: &str) -> Result<Vec<u8>> {
    let value = |digit: char| {
        let value = digit
            .to_digit(16)
            .and_then(|value| u8::try_from(value).ok());
        value.with_context(|| format!("{digit:?} is no digit"))
    };
    let digits = s.chars().map(value).collect::<Result<Vec<_>>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    ensure!(rest.is_empty(), "hexadecimal digits come in pairs");
    Ok(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_at_a_character() {
        assert_eq!(limit_display("trie", 4), "trie");
        assert_eq!(limit_display("trie", 3), "tri...");
        assert_eq!(limit_display("añb", 2), "a...");
        assert_eq!(limit_display(format_args!("{}{}", "ab", "cd"), 3), "abc...");
        assert_eq!(limit_bytes("añb".as_bytes(), 2), "a\u{fffd}...");
        assert_eq!(limit_str("trie", 9), "trie");
    }

    #[test]
    fn words_are_written_as_far_as_they_fit() {
        for (size, expected) in [
            (0, [9, 9, 9, 9, 9, 9, 9, 9, 9]),
            (6, [4, 3, 2, 1, 8, 7, 9, 9, 9]),
            (9, [4, 3, 2, 1, 8, 7, 6, 5, 9]),
        ] {
            let mut bytes = [9; 9];
            write_u32s_as_le_bytes(&[0x0102_0304, 0x0506_0708], &mut bytes[..size]);
            assert_eq!(bytes, expected, "{size} bytes");
        }
    }

    #[test]
    fn values_and_digits_come_back() {
        let pairs = [U32Pair(1, u32::MAX), U32Pair(7, 0)];
        assert_eq!(
            vec_from_bytes::<U32Pair>(&clone_vec_as_bytes(&pairs)),
            pairs
        );
        assert_eq!(to_hex_string(&[0, 0x1f, 0xff]), "001fff");
        assert_eq!(from_hex_string("001FfF").ok(), Some(vec![0, 0x1f, 0xff]));
        for wrong in ["0", "0g", "é", "+1"] {
            assert!(from_hex_string(wrong).is_err(), "{wrong}");
        }
    }
}
