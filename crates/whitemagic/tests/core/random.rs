/// Steele and Vigna's `SplitMix64`: the same cases each time.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A number from −1 to 1, one of `2 * steps + 1`: with few of them there are equal distances.
    pub fn coordinate(&mut self, steps: u64) -> f64 {
        self.below(2 * steps + 1) as f64 / steps as f64 - 1.0
    }
}
