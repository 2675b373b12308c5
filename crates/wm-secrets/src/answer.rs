//! The text of an answer, in a place of its own.

/// Most bytes of an answer.
const LENGTH: usize = 1 << 10;
/// Bytes at the end that only [`Answer::end`] takes.
const END: usize = 128;

/// The text of an answer. What is too long for it is left out.
pub struct Answer {
    bytes: [u8; LENGTH],
    length: usize,
}

impl Answer {
    /// An empty one.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            bytes: [0; LENGTH],
            length: 0,
        }
    }

    /// What was written.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    pub(crate) fn clear(&mut self) {
        self.length = 0;
    }

    /// Adds a text, if there is room for it beside an end.
    pub(crate) fn push(&mut self, text: &str) {
        self.add(text, LENGTH - END);
    }

    /// Adds the end.
    pub(crate) fn end(&mut self, text: &str) {
        self.add(text, LENGTH);
    }

    fn add(&mut self, text: &str, most: usize) {
        let to = self.length + text.len();
        if to <= most
            && let Some(place) = self.bytes.get_mut(self.length..to)
        {
            place.copy_from_slice(text.as_bytes());
            self.length = to;
        }
    }
}

impl Default for Answer {
    fn default() -> Self {
        Self::new()
    }
}
