//! Which provider a model belongs to.
