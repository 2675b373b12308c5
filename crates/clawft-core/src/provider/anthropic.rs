//! Messages, as Anthropic defined them.
