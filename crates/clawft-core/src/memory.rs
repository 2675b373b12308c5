//! What the agent remembers across conversations.
