//! Conversations, as files.
