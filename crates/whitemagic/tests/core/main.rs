//! The modules beside models that are slow and plain, and beside values that another program computed.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "counts are small"
)]

mod encoder;
mod event_ring;
mod minhash;
mod random;
mod rate_limit;
mod search;
mod spatial;
mod state_board;
