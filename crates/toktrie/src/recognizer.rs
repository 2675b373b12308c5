//! A [`Recognizer`] out of a function from a state and a byte to a state.

use std::fmt;

use crate::Recognizer;

/// A constraint on bytes as a function; states are of the type `S`.
pub trait FunctionalRecognizer<S: Copy> {
    /// The state before the first byte.
    fn initial(&self) -> S;

    /// The state after `byte`, if it may come next in `state`.
    fn try_append(&self, state: S, byte: u8) -> Option<S>;

    /// What there is to tell the user about `state`, such as what may come next.
    fn get_error(&self, _state: S) -> Option<String> {
        None
    }
}

/// The bytes below which a [`StackRecognizer`] need not allocate.
pub const STACK_CAPACITY: usize = 300;

/// A [`FunctionalRecognizer`] with the states it went through.
#[derive(Clone)]
pub struct StackRecognizer<S: Copy, R: FunctionalRecognizer<S>> {
    recognizer: R,
    /// The present state.
    top: S,
    /// The states before, one for each byte.
    below: Vec<S>,
}

impl<S: Copy, R: FunctionalRecognizer<S>> StackRecognizer<S, R> {
    /// Before the first byte.
    pub fn from(recognizer: R) -> Self {
        Self {
            top: recognizer.initial(),
            below: Vec::with_capacity(STACK_CAPACITY),
            recognizer,
        }
    }

    /// Goes back before the first byte.
    pub fn reset(&mut self) {
        self.below.clear();
        self.top = self.recognizer.initial();
    }

    /// The function.
    pub fn recognizer(&self) -> &R {
        &self.recognizer
    }

    /// The function, to be changed.
    pub fn recognizer_mut(&mut self) -> &mut R {
        &mut self.recognizer
    }
}

#[allow(clippy::missing_fields_in_debug, reason = "the rest is long")]
impl<S: Copy + fmt::Debug, R: FunctionalRecognizer<S>> fmt::Debug for StackRecognizer<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StackRecognizer")
            .field("top", &self.top)
            .finish()
    }
}

impl<S: Copy + fmt::Debug, R: FunctionalRecognizer<S>> Recognizer for StackRecognizer<S, R> {
    #[inline]
    fn pop_bytes(&mut self, num: usize) {
        if num > 0 {
            let kept = self.below.len() - num;
            self.top = self.below[kept];
            self.below.truncate(kept);
        }
    }

    fn collapse(&mut self) {
        self.below.clear();
    }

    #[inline]
    fn try_push_byte(&mut self, byte: u8) -> bool {
        let next = self.recognizer.try_append(self.top, byte);
        if let Some(state) = next {
            self.below.push(self.top);
            self.top = state;
        }
        next.is_some()
    }

    fn trie_finished(&mut self) {
        if let Some(&first) = self.below.first() {
            self.top = first;
            self.below.clear();
        }
    }

    fn get_error(&mut self) -> Option<String> {
        self.recognizer.get_error(self.top)
    }
}

/// Allows every byte; its only state is `()`.
#[derive(Clone)]
pub struct AnythingGoes {}

impl FunctionalRecognizer<()> for AnythingGoes {
    fn initial(&self) {}

    fn try_append(&self, (): (), _byte: u8) -> Option<()> {
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Letters in an order that never falls.
    struct Rising;

    impl FunctionalRecognizer<u8> for Rising {
        fn initial(&self) -> u8 {
            0
        }

        fn try_append(&self, last: u8, byte: u8) -> Option<u8> {
            (byte >= last).then_some(byte)
        }

        fn get_error(&self, last: u8) -> Option<String> {
            Some(format!("{last} or more"))
        }
    }

    #[test]
    fn states_are_pushed_popped_and_collapsed() {
        let mut rising = StackRecognizer::from(Rising);
        assert!(rising.try_push_byte(3) && rising.try_push_byte(5));
        assert!(!rising.try_push_byte(4));
        assert!(rising.byte_allowed(6));
        assert_eq!(rising.get_error().as_deref(), Some("5 or more"));
        rising.pop_bytes(1);
        assert!(rising.try_push_byte(4));
        rising.collapse();
        assert!(rising.try_push_byte(9));
        rising.trie_finished();
        assert_eq!(rising.get_error().as_deref(), Some("4 or more"));
        assert_eq!(format!("{rising:?}"), "StackRecognizer { top: 4 }");
        rising.reset();
        assert!(rising.byte_allowed(0));
    }

    #[test]
    fn the_stack_has_no_end() {
        let mut any = StackRecognizer::from(AnythingGoes {});
        assert!((0..4 * STACK_CAPACITY).all(|_| any.try_push_byte(b' ')));
        any.pop_bytes(4 * STACK_CAPACITY);
    }
}
