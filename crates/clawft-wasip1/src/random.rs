//! The host's random numbers.

use clawft_core::platform::Random;

/// The random numbers of the host.
pub struct Entropy;

impl Random for Entropy {
    fn next(&self) -> u64 {
        let mut bytes = [0; 8];
        // SAFETY: the buffer has as many bytes as are said. A host that has no random numbers leaves zeros,
        // and what they name is then refused because it is there.
        let _ = unsafe { wasip1::random_get(bytes.as_mut_ptr(), bytes.len()) };
        u64::from_le_bytes(bytes)
    }
}
