//! What a call's JSON says: a reader that keeps no more than where it is.

use core::ops::Range;

/// What a call may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Write,
    /// Reading or deleting
    Other,
}

/// In the place of a character that is no ASCII: none of a key or token
const OTHER: u8 = 0x80;

/// Reads a call, and hands out all texts in its arguments: where the argument's name lies in the text, and where
/// the value does. Nothing if it is no call.
pub fn read(
    text: &mut [u8],
    mut each: impl FnMut(&[u8], Range<usize>, Range<usize>),
) -> Option<Access> {
    let mut access = None;
    let (mut member, mut argument) = (0..0, 0..0);
    let (mut depth, mut is_name, mut in_arguments, mut arguments) = (0_u32, false, false, false);
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        match byte {
            b'{' => {
                depth += 1;
                is_name = true;
                if depth == 2 {
                    in_arguments = text.get(member.clone()) == Some(b"arguments");
                    arguments |= in_arguments;
                }
            }
            b'[' => {
                depth += 1;
                is_name = false;
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                is_name = false;
                in_arguments &= depth > 1;
            }
            b',' => is_name = depth == 1 || depth == 2 && in_arguments,
            b':' => is_name = false,
            b'"' => {
                let (string, next) = unescape(text, at)?;
                at = next;
                match (depth, is_name) {
                    (1, true) => member = string,
                    (1, false) if text.get(member.clone()) == Some(b"access") => {
                        access = Some(match text.get(string) {
                            Some(b"WRITE") => Access::Write,
                            Some(b"READ" | b"DELETE") => Access::Other,
                            _ => return None,
                        });
                    }
                    (2, true) if in_arguments => argument = string,
                    _ if in_arguments => each(text, argument.clone(), string),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    access.filter(|_| depth == 0 && arguments)
}

/// Unescapes a string where it lies, from behind its quote. Where it ends then, and what comes behind its last quote.
fn unescape(text: &mut [u8], from: usize) -> Option<(Range<usize>, usize)> {
    let (mut at, mut to) = (from, from);
    loop {
        let length = plain(text.get(at..)?)?;
        // NB: never ahead of what is read
        text.copy_within(at..at + length, to);
        at += length;
        to += length;
        if text.get(at) == Some(&b'"') {
            return Some((from..to, at + 1));
        }
        let (byte, next) = escaped(text, at + 1)?;
        *text.get_mut(to)? = byte;
        to += 1;
        at = next;
    }
}

/// How many characters come before a quote or an escape.
// NB: by itself, since interpreters count fuel by blocks
#[inline(never)]
fn plain(text: &[u8]) -> Option<usize> {
    text.iter().position(|byte| matches!(byte, b'"' | b'\\'))
}

/// The character that an escape stands for, and what comes behind it.
#[inline(never)]
fn escaped(text: &[u8], at: usize) -> Option<(u8, usize)> {
    let byte = match *text.get(at)? {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'b' => 8,
        b'f' => 12,
        b'u' => {
            let mut code = 0;
            for &digit in text.get(at + 1..at + 5)? {
                code = code << 4 | char::from(digit).to_digit(16)?;
            }
            let byte = u8::try_from(code).ok().filter(u8::is_ascii);
            return Some((byte.unwrap_or(OTHER), at + 5));
        }
        other => other,
    };
    Some((byte, at + 1))
}
