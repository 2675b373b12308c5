use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The first bits of the fractional part of π: numbers without a purpose of their own.
const PI: [u64; 3] = [
    0x243f_6a88_85a3_08d3,
    0x1319_8a2e_0370_7344,
    0xa409_3822_299f_31d0,
];

/// The two products across of the factors' halves, of the four that a product of 128 bits consists of: all
/// bits of both come together, by instructions that WebAssembly has.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let (low, high) = (|word: u64| word & 0xffff_ffff, |word: u64| word >> 32);
    (low(a) * high(b)) ^ (high(a) * low(b)).rotate_right(32)
}

/// A hasher for keys of tables. Its values are good for this process only.
#[derive(Clone, Debug)]
pub struct AHasher {
    state: u64,
    key: u64,
}

impl AHasher {
    #[inline]
    fn mix(&mut self, a: u64, b: u64) {
        let a = self.state ^ a;
        // NB: a product with 0 would forget the other factor
        self.state = fold(a, self.key ^ b) ^ a.rotate_left(23);
    }
}

/// A hasher with the keys that are the same throughout a process.
impl Default for AHasher {
    fn default() -> Self {
        RandomState::of_process().build_hasher()
    }
}

impl Hasher for AHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let long = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
        let short = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes));
        // NB: a sum without the factor is undone by other bytes
        self.state ^= (bytes.len() as u64).wrapping_mul(PI[2]);
        let (blocks, rest) = bytes.as_chunks::<16>();
        for block in blocks {
            let (halves, _) = block.as_chunks::<8>();
            self.mix(long(&halves[0]), long(&halves[1]));
        }
        // NB: what is shorter than two words is read as two that overlap
        if let (Some(first), Some(last)) = (rest.first_chunk::<8>(), rest.last_chunk()) {
            self.mix(long(first), long(last));
        } else if let (Some(first), Some(last)) = (rest.first_chunk::<4>(), rest.last_chunk()) {
            self.mix(short(first), short(last));
        } else if let (Some(first), Some(last)) = (rest.first(), rest.last()) {
            let middle = rest[rest.len() / 2];
            self.mix(u64::from(*first) << 8 | u64::from(middle), u64::from(*last));
        }
    }

    #[inline]
    fn write_u8(&mut self, value: u8) {
        self.write_u64(value.into());
    }

    #[inline]
    fn write_u16(&mut self, value: u16) {
        self.write_u64(value.into());
    }

    #[inline]
    fn write_u32(&mut self, value: u32) {
        self.write_u64(value.into());
    }

    #[inline]
    fn write_u64(&mut self, value: u64) {
        self.state = fold(self.state ^ value, self.key);
    }

    #[inline]
    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    /// Tables take the lowest bits for a place and the highest of a `usize` for a tag.
    #[inline]
    fn finish(&self) -> u64 {
        let product = self.state.wrapping_mul(PI[2] | 1);
        product ^ product >> 32
    }
}

/// The keys of a map's hashers.
#[derive(Clone, Debug)]
pub struct RandomState {
    state: u64,
    key: u64,
}

impl RandomState {
    /// Keys that no other map of this process has.
    ///
    /// Two maps with the same would have their entries in the same order, in which the first part of one
    /// fills one end of the other, when it is copied into it.
    #[inline]
    #[must_use]
    pub fn new() -> Self {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let mut made = Self::of_process();
        made.state ^= MADE.fetch_add(PI[0] | 1, Relaxed);
        made
    }

    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    #[inline]
    fn of_process() -> Self {
        Self::from_words(PI[0], PI[1])
    }

    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    fn of_process() -> Self {
        use std::sync::LazyLock;
        static STATE: LazyLock<RandomState> = LazyLock::new(|| {
            let random = std::hash::RandomState::new();
            RandomState::from_words(random.hash_one(0), random.hash_one(1))
        });
        STATE.clone()
    }

    /// Both halves of a key are odd, so that a product with one of them differs for each other factor.
    #[inline]
    const fn from_words(state: u64, key: u64) -> Self {
        Self {
            state,
            key: key | 0x1_0000_0001,
        }
    }
}

impl Default for RandomState {
    #[inline]
    fn default() -> Self {
        Self::new()
    }
}

impl BuildHasher for RandomState {
    type Hasher = AHasher;

    #[inline]
    fn build_hasher(&self) -> AHasher {
        AHasher {
            state: self.state,
            key: self.key,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::Hash;

    use super::*;

    /// How the places of a table of 2^`bits` are filled, by the lowest bits, and the tags of 7 bits above:
    /// χ² over its degrees of freedom, which is near 1 for random hashes.
    fn unevenness<T: Hash>(keys: &[T], bits: u32, shift: u32) -> f64 {
        let state = RandomState::from_words(PI[1], PI[0]);
        let places = 1_u32 << bits;
        let mut counts = vec![0_u32; 1 << bits];
        for key in keys {
            let place = state.hash_one(key) >> shift & u64::from(places - 1);
            counts[usize::try_from(place).expect("a place")] += 1;
        }
        let keys = u32::try_from(keys.len()).expect("not many keys");
        let expected = f64::from(keys) / f64::from(places);
        let squares = counts
            .iter()
            .map(|count| (f64::from(*count) - expected).powi(2));
        squares.sum::<f64>() / expected / f64::from(places - 1)
    }

    fn is_even<T: Hash>(what: &str, keys: &[T]) {
        // NB: tags are the highest 7 bits of 32 and of 64
        for (bits, shift) in [(12, 0), (7, 25), (7, 57)] {
            let unevenness = unevenness(keys, bits, shift);
            assert!(unevenness < 1.3, "{what}: {unevenness} at {shift}");
        }
    }

    #[test]
    fn keys_as_tables_have_them_spread() {
        let numbers = 0..1_u32 << 14;
        is_even("numbers", &numbers.clone().collect::<Vec<_>>());
        is_even(
            "every 256th",
            &numbers.clone().map(|n| n << 8).collect::<Vec<_>>(),
        );
        is_even(
            "pairs",
            &numbers
                .clone()
                .map(|n| (n >> 6, (n & 63) as u8))
                .collect::<Vec<_>>(),
        );
        is_even(
            "lists",
            &numbers
                .clone()
                .map(|n| [7, n >> 7, n & 127])
                .collect::<Vec<_>>(),
        );
        is_even(
            "sets of bytes",
            &numbers
                .clone()
                .map(|n| [1_u32 << (n % 32), 0, n >> 5, 0, 0, 0, 0, 0])
                .collect::<Vec<_>>(),
        );
        is_even(
            "names",
            &numbers.map(|n| format!("property_{n}")).collect::<Vec<_>>(),
        );
    }

    #[test]
    fn slices_count_by_bytes_order_and_length() {
        let state = RandomState::new();
        let hash = |bytes: &[u8]| {
            let mut hasher = state.build_hasher();
            hasher.write(bytes);
            hasher.finish()
        };
        let mut hashes = HashSet::new();
        for length in 0..=50 {
            let zeros = vec![0_u8; length];
            assert!(hashes.insert(hash(&zeros)), "{length} zeros");
            for at in 0..length {
                let mut one = zeros.clone();
                one[at] = 1;
                assert!(hashes.insert(hash(&one)), "a 1 at {at} of {length}");
            }
        }
    }

    #[test]
    fn maps_differ_and_copies_do_not() {
        let (one, other) = (RandomState::new(), RandomState::new());
        assert_ne!(one.hash_one("key"), other.hash_one("key"));
        assert_eq!(one.hash_one("key"), one.clone().hash_one("key"));
        let (mut one, mut other) = (AHasher::default(), AHasher::default());
        "key".hash(&mut one);
        "key".hash(&mut other);
        assert_eq!(one.finish(), other.finish());
    }
}
