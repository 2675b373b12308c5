//! JSON that models mangle.
