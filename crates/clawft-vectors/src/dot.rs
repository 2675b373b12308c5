//! The sum of products that nearly all of a search's time goes into.
//!
//! All forms work on integers, so they give the same number everywhere.

/// Vectors are padded with zeros to a multiple of this, so no form has a remainder to treat.
pub const LANES: usize = 16;

/// The product of 16-bit `query` and 8-bit `codes`, both of one length, a multiple of [`LANES`].
///
/// It does not overflow where `query` stays within [`bound`] and `codes` within ±127.
#[cfg(not(any(
    target_arch = "x86_64",
    all(target_arch = "wasm32", target_feature = "simd128")
)))]
pub use portable as dot;

/// The greatest magnitude that a query's numbers may have.
pub fn bound(dimensions: usize) -> i32 {
    // NB: 65,536 dimensions, the most there are, leave more than the 127 of a stored vector
    let widest = i32::MAX as usize / (127 * dimensions);
    i16::try_from(widest).unwrap_or(i16::MAX).into()
}

#[cfg_attr(
    all(target_arch = "wasm32", target_feature = "simd128"),
    allow(dead_code, reason = "the form that the other one is compared with")
)]
#[inline(always)]
#[allow(
    clippy::inline_always,
    reason = "it is compiled for what the caller's processor has"
)]
pub fn portable(query: &[i16], codes: &[u8]) -> i32 {
    let pairs = query.iter().zip(codes);
    pairs
        .map(|(&left, &right)| i32::from(left) * i32::from(right.cast_signed()))
        .sum()
}

#[cfg(target_arch = "x86_64")]
pub fn dot(query: &[i16], codes: &[u8]) -> i32 {
    #[target_feature(enable = "avx2")]
    fn wide(query: &[i16], codes: &[u8]) -> i32 {
        portable(query, codes)
    }
    if std::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has the instructions that `wide` is compiled to.
        unsafe { wide(query, codes) }
    } else {
        portable(query, codes)
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub fn dot(query: &[i16], codes: &[u8]) -> i32 {
    use core::arch::wasm32::{
        i16x8_load_extend_i8x8, i32x4_add, i32x4_dot_i16x8, i32x4_extract_lane, i32x4_splat, v128,
        v128_load,
    };
    fn product(left: &[i16; 8], right: &[u8; 8]) -> v128 {
        // SAFETY: the eight numbers of each are loaded, which need not be aligned.
        unsafe {
            i32x4_dot_i16x8(
                v128_load(left.as_ptr().cast()),
                i16x8_load_extend_i8x8(right.as_ptr().cast()),
            )
        }
    }
    let mut sum = i32x4_splat(0);
    let (query, _) = query.as_chunks::<LANES>();
    let (codes, _) = codes.as_chunks::<LANES>();
    for (left, right) in query.iter().zip(codes) {
        let ([left, more_left], _) = left.as_chunks() else {
            unreachable!()
        };
        let ([right, more_right], _) = right.as_chunks() else {
            unreachable!()
        };
        let both = i32x4_add(product(left, right), product(more_left, more_right));
        sum = i32x4_add(sum, both);
    }
    i32x4_extract_lane::<0>(sum)
        + i32x4_extract_lane::<1>(sum)
        + i32x4_extract_lane::<2>(sum)
        + i32x4_extract_lane::<3>(sum)
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::{LANES, bound, dot, portable};

    #[test]
    fn all_forms_give_the_sum() {
        let mut state = 1u32;
        let mut next = || {
            // Numerical Recipes' linear congruential generator
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            i64::from(state >> 8)
        };
        for dimensions in [16, 32, 48, 512, 1536, 65_536] {
            let most = i64::from(bound(dimensions));
            let mut query: Vec<i16> = Vec::new();
            let mut codes: Vec<u8> = Vec::new();
            for _ in 0..dimensions {
                query.push((next() % (2 * most + 1) - most) as i16);
                codes.push(((next() % 255 - 127) as i8).cast_unsigned());
            }
            let sum = |query: &[i16], codes: &[u8]| -> i64 {
                let pairs = query.iter().zip(codes);
                pairs
                    .map(|(&left, &right)| i64::from(left) * i64::from(right.cast_signed()))
                    .sum()
            };
            for (query, codes) in [
                (query, codes),
                // the greatest sum there is
                (vec![most as i16; dimensions], vec![127; dimensions]),
                (vec![-most as i16; dimensions], vec![127; dimensions]),
            ] {
                assert_eq!(i64::from(dot(&query, &codes)), sum(&query, &codes));
                assert_eq!(i64::from(portable(&query, &codes)), sum(&query, &codes));
            }
        }
        assert_eq!(dot(&[], &[]), 0);
        assert_eq!(LANES % 16, 0);
    }
}
