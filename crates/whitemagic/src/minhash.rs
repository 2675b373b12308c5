//! Near-duplicates among sets of keywords, by `MinHash` (Broder 1997): the share of equal hashes in two signatures
//! estimates the sets' Jaccard index |A ∩ B| / |A ∪ B|.
//!
//! ```
//! use whitemagic::minhash::{Signature, duplicates};
//!
//! let sets = [&["memory", "search"][..], &["search", "memory"], &[], &[]];
//! let signatures: Vec<Signature> = sets.iter().map(|set| Signature::of(*set)).collect();
//! let pairs = duplicates(&signatures, 0.8, 10)?;
//! assert_eq!(pairs.len(), 1, "two empty sets are no duplicates");
//! assert_eq!((pairs[0].first, pairs[0].second), (0, 1));
//! # Ok::<(), whitemagic::minhash::ThresholdError>(())
//! ```
//!
//! # Hashes
//! x is the FNV-1a hash of 64 bits of a keyword's UTF-8. Hash i of a set is the least (aᵢ x + bᵢ mod 2⁶⁴) mod
//! 4294967311 over its keywords. aᵢ and bᵢ are two successive states s of a linear congruential generator, of
//! which s/2¹⁶ is taken, with the lowest bit of aᵢ set: s ← 6364136223846793005 s + 1442695040888963407 mod 2⁶⁴,
//! from 0xDEADBEEFCAFEBABE. These are `WhiteMagic` 15's, so that signatures can be compared with stored ones.
//!
//! # How far to trust an estimate
//! Its standard error is √(J (1 − J) / 128), at most 0.044. Because the product wraps at 2⁶⁴ before the modulus,
//! the hashes are no universal family, and no bound is proven for keywords that were chosen to collide. Hashes
//! take 33 bits, so they are exact as numbers of JavaScript too.

use alloc::boxed::Box;
use alloc::collections::BinaryHeap;
use alloc::vec::Vec;

/// Hashes in a signature.
pub const HASHES: usize = 128;

/// The least prime above 2³².
const PRIME: u64 = 4_294_967_311;

/// As many signatures are compared pair by pair.
const FEW: usize = 64;

/// The least hashes of a set of keywords.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature(Box<[u64; HASHES]>);

impl Signature {
    /// The signature of a set; a keyword that is given twice counts once.
    #[must_use]
    pub fn of<T: AsRef<str>>(keywords: impl IntoIterator<Item = T>) -> Self {
        let mut least = Box::new([u64::MAX; HASHES]);
        for keyword in keywords {
            let x = fnv_1a(keyword.as_ref().as_bytes());
            for (least, [a, b]) in least.iter_mut().zip(&COEFFICIENTS) {
                *least = (*least).min(a.wrapping_mul(x).wrapping_add(*b) % PRIME);
            }
        }
        Self(least)
    }

    /// The hashes, each below 4294967311; of the empty set each is 2⁶⁴ − 1.
    #[must_use]
    pub fn values(&self) -> &[u64; HASHES] {
        &self.0
    }

    /// Whether the set has no keyword.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0[0] == u64::MAX
    }

    /// The estimate of the Jaccard index, a multiple of 1/128; 0 if a set is empty.
    #[must_use]
    pub fn similarity(&self, other: &Self) -> f64 {
        f64::from(self.equal(other)) / 128.0
    }

    fn equal(&self, other: &Self) -> u8 {
        let both = self.0.iter().zip(other.0.iter());
        both.map(|(a, b)| u8::from(a == b && *a != u64::MAX)).sum()
    }
}

/// The threshold is not from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the threshold is not a number from 0 to 1")]
pub struct ThresholdError;

/// Two sets that are alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// The position of the one.
    pub first: usize,
    /// The position of the other, which is greater.
    pub second: usize,
    /// The estimate of the Jaccard index.
    pub similarity: f64,
}

/// The pairs of sets whose estimated similarity is at least `threshold`, at most `count`: the most similar
/// first, and where they are equally so in the order of positions. Empty sets are in no pair.
///
/// No such pair is missed. Of two signatures with m equal hashes of 128, at most 128 − m of any 129 − m bands
/// differ, so that one band at least is equal. With m = ⌈128 · threshold⌉ only pairs that share a band are
/// compared. At 0.8 a band has five or four hashes; the lower the threshold, the fewer, and the more pairs are
/// compared.
///
/// # Errors
/// If `threshold` is not from 0 to 1.
pub fn duplicates(
    signatures: &[Signature],
    threshold: f64,
    count: usize,
) -> Result<Vec<Pair>, ThresholdError> {
    if !(0.0..=1.0).contains(&threshold) {
        return Err(ThresholdError);
    }
    let mut filled: Vec<usize> = (0..signatures.len())
        .filter(|&position| !signatures[position].is_empty())
        .collect();
    let mut best = Best {
        signatures,
        threshold,
        count,
        pairs: BinaryHeap::new(),
    };
    let bands = bands(threshold);
    if filled.len() <= FEW || bands > HASHES {
        for (at, &first) in filled.iter().enumerate() {
            for &second in &filled[at + 1..] {
                best.compare(first, second);
            }
        }
        return Ok(best.into_pairs());
    }
    for band in 0..bands {
        let of = |position: usize| &signatures[position].0[range(band, bands)];
        filled.sort_unstable_by(|&a, &b| of(a).cmp(of(b)).then(a.cmp(&b)));
        for alike in filled.chunk_by(|&a, &b| of(a) == of(b)) {
            for (at, &first) in alike.iter().enumerate() {
                for &second in &alike[at + 1..] {
                    // NB: those that share an earlier band were compared there
                    let met = (0..band).map(|band| range(band, bands)).any(|range| {
                        signatures[first].0[range.clone()] == signatures[second].0[range]
                    });
                    if !met {
                        best.compare(first, second);
                    }
                }
            }
        }
    }
    Ok(best.into_pairs())
}

/// How many bands leave none out that reaches the threshold. Above [`HASHES`] no number of bands does.
fn bands(threshold: f64) -> usize {
    // NB: 128 is a power of two, so nothing is rounded but by `position`
    let equal = (0..=128_u8).position(|equal| f64::from(equal) >= threshold * 128.0);
    HASHES + 1 - equal.unwrap_or(HASHES)
}

/// The hashes of a band.
fn range(band: usize, bands: usize) -> core::ops::Range<usize> {
    band * HASHES / bands..(band + 1) * HASHES / bands
}

/// The most similar pairs so far, the least of which is on top.
struct Best<'a> {
    signatures: &'a [Signature],
    threshold: f64,
    count: usize,
    /// How many hashes differ, and the positions
    pairs: BinaryHeap<(u8, usize, usize)>,
}

impl Best<'_> {
    fn compare(&mut self, first: usize, second: usize) {
        let equal = self.signatures[first].equal(&self.signatures[second]);
        if f64::from(equal) < self.threshold * 128.0 {
            return;
        }
        self.pairs.push((128 - equal, first, second));
        if self.pairs.len() > self.count {
            self.pairs.pop();
        }
    }

    fn into_pairs(self) -> Vec<Pair> {
        let pairs = self.pairs.into_sorted_vec().into_iter();
        pairs
            .map(|(differ, first, second)| Pair {
                first,
                second,
                similarity: f64::from(128 - differ) / 128.0,
            })
            .collect()
    }
}

/// The hash of RFC 9923.
pub(crate) fn fnv_1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

static COEFFICIENTS: [[u64; 2]; HASHES] = {
    let mut pairs = [[0; 2]; HASHES];
    let mut state = 0xDEAD_BEEF_CAFE_BABE_u64;
    let mut at = 0;
    while at < 2 * HASHES {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        pairs[at / 2][at % 2] = if at.is_multiple_of(2) {
            (state >> 16) | 1
        } else {
            state >> 16
        };
        at += 1;
    }
    pairs
};
