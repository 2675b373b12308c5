//! Which addresses tools may reach.
