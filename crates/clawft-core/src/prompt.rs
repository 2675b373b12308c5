//! What a model is told before the conversation.
