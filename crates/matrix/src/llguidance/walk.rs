//! Two matchers walked over one string in step.

use std::convert::Infallible;
use std::fmt;

use thiserror::Error;

use super::EOS;

/// A matcher over the byte tokenizer.
pub trait Matcher {
    /// Why the matcher could not be asked.
    type Error;

    /// One bit per token that may come next; `None` in the error state.
    ///
    /// # Errors
    /// If the matcher could not be asked.
    fn mask(&mut self) -> Result<Option<Vec<u32>>, Self::Error>;

    /// Takes a token; false if it is refused, and the matcher is then in the error state.
    ///
    /// # Errors
    /// If the matcher could not be asked.
    fn consume(&mut self, token: u32) -> Result<bool, Self::Error>;

    /// Whether what was taken so far is a string of the language.
    ///
    /// # Errors
    /// If the matcher could not be asked.
    fn is_accepting(&mut self) -> Result<bool, Self::Error>;

    /// Whether nothing can come any more.
    ///
    /// # Errors
    /// If the matcher could not be asked.
    fn is_stopped(&mut self) -> Result<bool, Self::Error>;

    /// The message of the error state; `None` in any other.
    ///
    /// # Errors
    /// If the matcher could not be asked.
    fn error(&mut self) -> Result<Option<String>, Self::Error>;
}

/// What a matcher says about a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It belongs to the language.
    Accepted,
    /// It does not; `at` of its bytes were taken, all of them if it is only incomplete.
    Refused {
        /// Number of bytes.
        at: usize,
    },
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted => f.write_str("accepted"),
            Self::Refused { at } => write!(f, "refused at byte {at}"),
        }
    }
}

/// Two matchers do not agree, or one could not be asked.
#[derive(Debug, Error)]
pub enum WalkError<E> {
    /// The module's matcher could not be asked.
    #[error("{0}")]
    Module(E),
    /// The first difference.
    #[error("{0}")]
    Difference(String),
}

/// Walks both matchers over `text`, byte by byte, and over the end token if the
/// text is accepted, comparing everything that can be seen. Returns the verdict
/// and the number of masks compared.
///
/// # Errors
/// [`WalkError`], at the first difference.
pub fn walk<M, N>(
    module: &mut M,
    native: &mut N,
    text: &[u8],
) -> Result<(Verdict, usize), WalkError<M::Error>>
where
    M: Matcher,
    N: Matcher<Error = Infallible>,
{
    let tokens = text.iter().map(|byte| u32::from(*byte));
    let mut masks = 0;
    for (at, token) in tokens.enumerate() {
        let here = format!("at byte {at}");
        let mask = compare_masks(module, native, &here)?;
        masks += 1;
        if !consume(module, native, token, mask.as_deref(), &here)? {
            return Ok((Verdict::Refused { at }, masks));
        }
    }
    let here = "at the end";
    let mask = compare_masks(module, native, here)?;
    masks += 1;
    let accepting = agree(
        module.is_accepting(),
        native.is_accepting(),
        "is_accepting",
        here,
    )?;
    if !accepting {
        return Ok((Verdict::Refused { at: text.len() }, masks));
    }
    // A string that nothing can follow has ended by itself, and takes no end token.
    if !agree(module.is_stopped(), native.is_stopped(), "is_stopped", here)? {
        let here = "at the end token";
        if !consume(module, native, EOS, mask.as_deref(), here)? {
            return Err(WalkError::Difference(format!(
                "{here}: the text is accepted, but the end token is refused"
            )));
        }
        agree(module.is_stopped(), native.is_stopped(), "is_stopped", here)?;
    }
    Ok((Verdict::Accepted, masks))
}

fn agree<T: PartialEq + fmt::Debug, E>(
    module: Result<T, E>,
    native: Result<T, Infallible>,
    what: &str,
    here: &str,
) -> Result<T, WalkError<E>> {
    let module = module.map_err(WalkError::Module)?;
    let Ok(native) = native;
    if module == native {
        Ok(native)
    } else {
        Err(WalkError::Difference(format!(
            "{here}: {what} is {module:?} in the module, {native:?} natively"
        )))
    }
}

fn compare_masks<M, N>(
    module: &mut M,
    native: &mut N,
    here: &str,
) -> Result<Option<Vec<u32>>, WalkError<M::Error>>
where
    M: Matcher,
    N: Matcher<Error = Infallible>,
{
    let mask = module.mask().map_err(WalkError::Module)?;
    let Ok(expected) = native.mask();
    match (&mask, &expected) {
        (Some(a), Some(b)) if a.len() == b.len() => {
            let different: Vec<u32> = (0..=EOS).filter(|t| bit(a, *t) != bit(b, *t)).collect();
            // Also the bits past the last token.
            let Some(first) = different.first() else {
                return if a == b {
                    Ok(mask)
                } else {
                    Err(WalkError::Difference(format!(
                        "{here}: the masks differ past the last token"
                    )))
                };
            };
            let (module, native) = if bit(a, *first) {
                ("allowed", "refused")
            } else {
                ("refused", "allowed")
            };
            Err(WalkError::Difference(format!(
                "{here}: the masks differ for {} of {} tokens, first for {}: \
                 {module} in the module, {native} natively",
                different.len(),
                EOS + 1,
                token_name(*first)
            )))
        }
        (None, None) => Ok(None),
        _ => {
            let describe = |mask: &Option<Vec<u32>>| match mask {
                None => "no mask".to_owned(),
                Some(words) => format!("a mask of {} words", words.len()),
            };
            Err(WalkError::Difference(format!(
                "{here}: {} in the module, {} natively",
                describe(&mask),
                describe(&expected)
            )))
        }
    }
}

/// Both take the token, which they must do if and only if the mask allows it.
fn consume<M, N>(
    module: &mut M,
    native: &mut N,
    token: u32,
    mask: Option<&[u32]>,
    here: &str,
) -> Result<bool, WalkError<M::Error>>
where
    M: Matcher,
    N: Matcher<Error = Infallible>,
{
    let taken = agree(
        module.consume(token),
        native.consume(token),
        "consume",
        here,
    )?;
    agree(
        module.error().map(|message| message.map(without_time)),
        native.error().map(|message| message.map(without_time)),
        "the message",
        here,
    )?;
    if taken != mask.is_some_and(|mask| bit(mask, token)) {
        return Err(WalkError::Difference(format!(
            "{here}: {} is {}, against the mask",
            token_name(token),
            if taken { "taken" } else { "refused" }
        )));
    }
    Ok(taken)
}

/// A message without the one statistic that is never the same twice.
fn without_time(message: String) -> String {
    const FIELD: &str = "\"compute_time_us\": ";
    match message.split_once(FIELD) {
        None => message,
        Some((before, after)) => {
            let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{before}{FIELD}…{after}")
        }
    }
}

fn bit(mask: &[u32], token: u32) -> bool {
    mask[token as usize / 32] >> (token % 32) & 1 == 1
}

fn token_name(token: u32) -> String {
    match u8::try_from(token) {
        Ok(byte) => format!("byte 0x{byte:02x} '{}'", byte.escape_ascii()),
        Err(_) => "the end token".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::Language;
    use super::super::native::{Native, NativeMatcher};
    use super::*;

    /// A native matcher that lies once, about `what`, at its `after`th mask.
    struct Liar {
        honest: NativeMatcher,
        what: Lie,
        after: usize,
        masks: usize,
    }

    #[derive(Clone, Copy, PartialEq)]
    enum Lie {
        None,
        Mask(u32),
        Consume,
        Accepting,
        Stopped,
        Message,
    }

    impl Liar {
        fn lies(&self, what: Lie) -> bool {
            self.what == what && self.masks > self.after
        }
    }

    impl Matcher for Liar {
        type Error = Infallible;

        fn mask(&mut self) -> Result<Option<Vec<u32>>, Infallible> {
            let mut mask = self.honest.mask()?;
            self.masks += 1;
            if let (Lie::Mask(token), Some(mask)) = (self.what, &mut mask)
                && self.masks == self.after + 1
            {
                mask[token as usize / 32] ^= 1 << (token % 32);
            }
            Ok(mask)
        }

        fn consume(&mut self, token: u32) -> Result<bool, Infallible> {
            Ok(self.honest.consume(token)? != self.lies(Lie::Consume))
        }

        fn is_accepting(&mut self) -> Result<bool, Infallible> {
            Ok(self.honest.is_accepting()? != self.lies(Lie::Accepting))
        }

        fn is_stopped(&mut self) -> Result<bool, Infallible> {
            Ok(self.honest.is_stopped()? != self.lies(Lie::Stopped))
        }

        fn error(&mut self) -> Result<Option<String>, Infallible> {
            let error = self.honest.error()?;
            Ok(if self.lies(Lie::Message) {
                Some("lie".to_owned())
            } else {
                error
            })
        }
    }

    fn walk_with(what: Lie, after: usize, text: &str) -> Result<(Verdict, usize), String> {
        let native = Native::new().expect("native llguidance starts");
        let mut honest = native.matcher(Language::Regex, "ab{2,3}c?");
        let mut liar = Liar {
            honest: honest.deep_clone(),
            what,
            after,
            masks: 0,
        };
        walk(&mut liar, &mut honest, text.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn equal_matchers_agree_on_the_verdict() {
        for (text, verdict, masks) in [
            ("abb", Verdict::Accepted, 4),
            ("abbbc", Verdict::Accepted, 6),
            ("ab", Verdict::Refused { at: 2 }, 3),
            ("", Verdict::Refused { at: 0 }, 1),
            ("abc", Verdict::Refused { at: 2 }, 3),
            ("abbcc", Verdict::Refused { at: 4 }, 5),
        ] {
            assert_eq!(
                walk_with(Lie::None, 0, text),
                Ok((verdict, masks)),
                "{text:?}"
            );
        }
    }

    #[test]
    fn each_difference_is_found_and_placed() {
        for (what, after, text, message) in [
            (
                Lie::Mask(u32::from(b'b')),
                1,
                "abb",
                "at byte 1: the masks differ for 1 of 257 tokens, first for byte 0x62 'b': \
                 refused in the module, allowed natively",
            ),
            (
                Lie::Mask(0),
                0,
                "abb",
                "at byte 0: the masks differ for 1 of 257 tokens, first for byte 0x00 '\\x00': \
                 allowed in the module, refused natively",
            ),
            (
                Lie::Mask(EOS),
                3,
                "abb",
                "at the end: the masks differ for 1 of 257 tokens, first for the end token: \
                 refused in the module, allowed natively",
            ),
            (
                Lie::Mask(EOS + 1),
                2,
                "abb",
                "at byte 2: the masks differ past the last token",
            ),
            (
                Lie::Consume,
                2,
                "abb",
                "at byte 2: consume is false in the module, true natively",
            ),
            (
                Lie::Accepting,
                0,
                "ab",
                "at the end: is_accepting is true in the module, false natively",
            ),
            (
                Lie::Stopped,
                0,
                "abb",
                "at the end: is_stopped is true in the module, false natively",
            ),
            (
                Lie::Message,
                0,
                "abb",
                "at byte 0: the message is Some(\"lie\") in the module, None natively",
            ),
        ] {
            assert_eq!(
                walk_with(what, after, text),
                Err(message.to_owned()),
                "{text:?}"
            );
        }
    }
}
