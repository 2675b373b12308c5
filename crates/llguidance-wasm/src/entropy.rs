//! Where crate `getrandom` gets its bytes: `ahash`, which `$ref` needs, seeds its hash maps with them.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The odd part of 2⁶⁴ divided by the golden ratio, the step of `SplitMix64` (Steele, Lea and Flood,
/// "Fast splittable pseudorandom number generators", OOPSLA 2014).
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Fills `bytes` by `SplitMix64`, always from the same start.
///
/// The module has no source of entropy, and no secret that would need one: the maps hold the parts of
/// one schema, whose sizes llguidance limits.
fn fill(state: &AtomicU64, bytes: &mut [u8]) {
    for chunk in bytes.chunks_mut(8) {
        let mut word = state.fetch_add(STEP, Relaxed).wrapping_add(STEP);
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        chunk.copy_from_slice(&(word ^ (word >> 31)).to_le_bytes()[..chunk.len()]);
    }
}

/// The function that `getrandom` calls where it is built with `getrandom_backend="custom"`.
///
/// # Safety
/// `bytes` points to `length` bytes that may be written.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(
    bytes: *mut u8,
    length: usize,
) -> Result<(), getrandom::Error> {
    static STATE: AtomicU64 = AtomicU64::new(0);
    // SAFETY: by this function's contract, and because zeroes are bytes.
    let bytes = unsafe {
        bytes.write_bytes(0, length);
        std::slice::from_raw_parts_mut(bytes, length)
    };
    fill(&STATE, bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_splitmix64() {
        // As published with the generator for the seed 1234567 (Rosetta Code, "Pseudo-random
        // numbers/Splitmix64").
        let state = AtomicU64::new(1_234_567);
        let mut bytes = [0; 24];
        fill(&state, &mut bytes);
        let words: Vec<u64> = bytes
            .chunks(8)
            .map(|word| u64::from_le_bytes(word.try_into().expect("eight bytes")))
            .collect();
        assert_eq!(
            words,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn a_part_of_a_word_is_its_beginning() {
        let (whole, part) = (AtomicU64::new(0), AtomicU64::new(0));
        let (mut eight, mut five) = ([0; 8], [0; 5]);
        fill(&whole, &mut eight);
        fill(&part, &mut five);
        assert_eq!(five, eight[..5]);
    }
}
