/// A constraint on bytes, kept as a stack that the walk over a trie pushes to and pops from.
pub trait Recognizer {
    /// Takes the last `num` bytes back.
    fn pop_bytes(&mut self, num: usize);

    /// Forgets how the present state was reached: it becomes the only one.
    fn collapse(&mut self);

    /// Adds a byte if it may come next; otherwise nothing changes.
    fn try_push_byte(&mut self, byte: u8) -> bool;

    /// Whether a byte may come next.
    fn byte_allowed(&mut self, byte: u8) -> bool {
        let allowed = self.try_push_byte(byte);
        if allowed {
            self.pop_bytes(1);
        }
        allowed
    }

    /// A walk begins, of the kind that the label names.
    fn trie_started(&mut self, _dbg_lbl: &str) {}

    /// A walk ended, or was cancelled; the bytes it pushed are still there.
    fn trie_finished(&mut self);

    /// How many nodes the walk saw, the one it began at among them.
    fn save_stats(&mut self, _nodes_walked: usize) {}

    /// What there is to tell the user.
    fn get_error(&mut self) -> Option<String> {
        None
    }

    /// Whether a walk asks now and then if it is cancelled; the same throughout a walk.
    fn cancellation_enabled(&self) -> bool {
        false
    }

    /// Whether the walk is to end early; what it found is then not all.
    fn cancellation_requested(&self) -> bool {
        false
    }
}

/// Allows every byte, and remembers none.
pub struct AnythingGoes;

impl Recognizer for AnythingGoes {
    fn pop_bytes(&mut self, _num: usize) {}

    fn collapse(&mut self) {}

    fn try_push_byte(&mut self, _byte: u8) -> bool {
        true
    }

    fn trie_finished(&mut self) {}
}
