//! The host's random numbers.

use clawft_core::platform::Random;

use crate::bindings::wasi::random::random::get_random_u64;

/// The random numbers of the host.
pub struct Entropy;

impl Random for Entropy {
    fn next(&self) -> u64 {
        get_random_u64()
    }
}
