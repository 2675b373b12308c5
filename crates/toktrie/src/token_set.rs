use std::fmt;
use std::ops::{Index, RangeInclusive};

use crate::TokenId;
use crate::bytes::write_u32s_as_le_bytes;

/// Bits in a word.
const BITS: usize = u32::BITS as usize;

/// A set of tokens: bit `id % 32` of word `id / 32` is 1 if the token `id` is in it.
///
/// Its length is a number of tokens; the words may have room for more.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct SimpleVob {
    pub(crate) words: Vec<u32>,
    length: usize,
}

#[allow(clippy::missing_fields_in_debug, reason = "the rest is long")]
impl fmt::Debug for SimpleVob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimpleVob")
            .field("len", &self.length)
            .finish()
    }
}

impl From<SimpleVob> for Vec<u32> {
    fn from(set: SimpleVob) -> Self {
        set.words
    }
}

impl Index<usize> for SimpleVob {
    type Output = bool;

    fn index(&self, index: usize) -> &bool {
        if self.get(index) { &true } else { &false }
    }
}

impl SimpleVob {
    /// A set of length 0.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The places of `true`.
    #[must_use]
    pub fn from_slice(bits: &[bool]) -> Self {
        let mut set = Self::alloc(bits.len());
        for (index, _) in bits.iter().enumerate().filter(|(_, bit)| **bit) {
            set.set(index, true);
        }
        set
    }

    /// An empty set of a length.
    #[must_use]
    pub fn alloc(size: usize) -> Self {
        Self::alloc_with_capacity(size, size)
    }

    /// The set of all below `size`.
    #[must_use]
    pub fn alloc_ones(size: usize) -> Self {
        let mut set = Self::alloc(size);
        set.set_all(true);
        set
    }

    /// An empty set of length `size` with room for `capacity`.
    ///
    /// # Panics
    /// If the room is less than the length.
    #[must_use]
    pub fn alloc_with_capacity(size: usize, capacity: usize) -> Self {
        assert!(size <= capacity, "{size} tokens do not fit in {capacity}");
        Self {
            words: vec![0; capacity.div_ceil(BITS)],
            length: size,
        }
    }

    /// Changes the length, and makes room for it.
    ///
    /// # Panics
    /// If there is room for a word more than that.
    pub fn resize(&mut self, size: usize) {
        let words = size.div_ceil(BITS);
        assert!(words >= self.words.len(), "a set does not lose words");
        self.words.resize(words, 0);
        self.length = size;
    }

    /// The length.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether the length is 0; see [`Self::is_zero`] for whether it has no token.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The number of tokens in it.
    #[must_use]
    pub fn num_set(&self) -> usize {
        self.words
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum()
    }

    /// Whether it has no token.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    /// The words.
    #[must_use]
    pub fn as_slice(&self) -> &[u32] {
        &self.words
    }

    /// Where the words lie.
    #[must_use]
    pub fn as_ptr(&self) -> *const u32 {
        self.words.as_ptr()
    }

    /// Writes the words in little-endian order, as many bytes as `buf` has.
    ///
    /// # Panics
    /// If there are fewer.
    pub fn write_to(&self, buf: &mut [u8]) {
        assert!(
            buf.len() <= size_of_val(self.words.as_slice()),
            "the set has fewer bytes than the buffer"
        );
        write_u32s_as_le_bytes(&self.words, buf);
    }

    /// `1` for each token in it, `0` for the others.
    #[must_use]
    pub fn to_bin_string(&self) -> String {
        (0..self.length)
            .map(|index| if self.get(index) { '1' } else { '0' })
            .collect()
    }

    /// Whether it has the token `idx`.
    ///
    /// # Panics
    /// If there is no room for that token.
    #[inline]
    #[must_use]
    pub fn get(&self, idx: usize) -> bool {
        self.words[idx / BITS] & bit(idx) != 0
    }

    /// Whether it has the token; see [`Self::get`].
    #[inline]
    #[must_use]
    pub fn is_allowed(&self, tok: TokenId) -> bool {
        self.get(tok as usize)
    }

    /// Puts the token `idx` in, or takes it out.
    ///
    /// # Panics
    /// If there is no room for that token.
    #[inline]
    pub fn set(&mut self, idx: usize, val: bool) {
        let word = &mut self.words[idx / BITS];
        if val {
            *word |= bit(idx);
        } else {
            *word &= !bit(idx);
        }
    }

    /// Puts the token in; see [`Self::set`].
    #[inline]
    pub fn allow_token(&mut self, tok: TokenId) {
        self.set(tok as usize, true);
    }

    /// [`Self::allow_token`] for who knows that there is room.
    ///
    /// # Safety
    /// There is room for the token.
    #[inline]
    pub unsafe fn allow_token_unchecked(&mut self, tok: TokenId) {
        // NB: the walk itself does without this, and is as fast
        self.allow_token(tok);
    }

    /// Takes the token out; see [`Self::set`].
    #[inline]
    pub fn disallow_token(&mut self, tok: TokenId) {
        self.set(tok as usize, false);
    }

    /// Puts the tokens of a range in.
    ///
    /// # Panics
    /// If the range ends beyond the set's length.
    pub fn allow_range(&mut self, range: RangeInclusive<TokenId>) {
        let (start, end) = (*range.start() as usize, *range.end() as usize);
        assert!(
            end < self.length,
            "the range ends at {end}, the set at {}",
            self.length
        );
        if start > end {
            return;
        }
        let (first, last) = (start / BITS, end / BITS);
        self.words[first..=last]
            .iter_mut()
            .enumerate()
            .for_each(|(at, word)| {
                let from = if at == 0 {
                    u32::MAX << (start % BITS)
                } else {
                    u32::MAX
                };
                let to = if first + at == last {
                    u32::MAX >> (BITS - 1 - end % BITS)
                } else {
                    u32::MAX
                };
                *word |= from & to;
            });
    }

    /// Puts all tokens in, or takes all out.
    pub fn set_all(&mut self, val: bool) {
        self.words.fill(if val { u32::MAX } else { 0 });
        self.clear_beyond();
    }

    /// The tokens that are not in it.
    #[must_use]
    pub fn negated(&self) -> Self {
        let mut set = self.clone();
        set.words.iter_mut().for_each(|word| *word = !*word);
        set.clear_beyond();
        set
    }

    /// Takes out what is beyond the length.
    fn clear_beyond(&mut self) {
        let whole = self.length / BITS;
        if let Some([partial, rest @ ..]) = self.words.get_mut(whole..) {
            *partial &= bit(self.length) - 1;
            rest.fill(0);
        }
    }

    /// Takes the words at the end that are 0 away, and what they stood for from the length.
    pub fn trim_trailing_zeros(&mut self) {
        let used = self
            .words
            .iter()
            .rposition(|&word| word != 0)
            .map_or(0, |last| last + 1);
        if used < self.words.len() {
            self.words.truncate(used);
            self.length = used * BITS;
        }
    }

    /// Sets `logits` to 0 where a token is in it.
    ///
    /// # Panics
    /// If there is no logit for a token in it.
    pub fn apply_to(&self, logits: &mut [f32]) {
        for token in self {
            logits[token as usize] = 0.0;
        }
    }

    /// Becomes equal to `other`.
    ///
    /// # Panics
    /// If the two differ in length or room.
    pub fn set_from(&mut self, other: &SimpleVob) {
        self.expect_length_of(other);
        self.words.copy_from_slice(&other.words);
    }

    /// Puts in what `other` has.
    ///
    /// # Panics
    /// If `other` is longer.
    pub fn or(&mut self, other: &SimpleVob) {
        assert!(self.length >= other.length, "the other set is longer");
        self.zip(other, |word, other| *word |= other);
    }

    /// Puts in what `other` has and `minus` has not.
    ///
    /// # Panics
    /// If they differ in length.
    pub fn or_minus(&mut self, other: &SimpleVob, minus: &SimpleVob) {
        self.expect_length_of(other);
        self.expect_length_of(minus);
        for ((word, other), minus) in self.words.iter_mut().zip(&other.words).zip(&minus.words) {
            *word |= other & !minus;
        }
    }

    /// Keeps what `other` has too.
    ///
    /// # Panics
    /// If the two differ in length.
    pub fn and(&mut self, other: &SimpleVob) {
        self.expect_length_of(other);
        self.zip(other, |word, other| *word &= other);
    }

    /// Takes out what `other` has.
    ///
    /// # Panics
    /// If the two differ in length.
    pub fn sub(&mut self, other: &SimpleVob) {
        self.expect_length_of(other);
        self.zip(other, |word, other| *word &= !other);
    }

    /// Whether no token is in both.
    ///
    /// # Panics
    /// If the two differ in length.
    #[must_use]
    pub fn and_is_zero(&self, other: &SimpleVob) -> bool {
        self.first_bit_set_here_and_in(other).is_none()
    }

    /// The first token that is in both.
    ///
    /// # Panics
    /// If the two differ in length.
    #[must_use]
    pub fn first_bit_set_here_and_in(&self, other: &SimpleVob) -> Option<usize> {
        self.expect_length_of(other);
        first_of(
            self.words
                .iter()
                .zip(&other.words)
                .map(|(word, other)| word & other),
        )
    }

    /// The first token in it.
    #[must_use]
    pub fn first_bit_set(&self) -> Option<usize> {
        first_of(self.words.iter().copied())
    }

    /// The tokens in it, in order.
    #[must_use]
    pub fn iter(&self) -> SimpleVobIter<'_> {
        SimpleVobIter {
            words: &self.words,
            base: 0,
            left: 0,
        }
    }

    /// The tokens in it below its length, in order.
    #[must_use]
    pub fn to_list(&self) -> Vec<TokenId> {
        let length = self.length;
        self.iter()
            .take_while(|&token| (token as usize) < length)
            .collect()
    }

    /// Calls `f` with each token in it below its length, in order.
    pub fn iter_set_entries(&self, mut f: impl FnMut(usize)) {
        let length = self.length;
        self.iter()
            .map(|token| token as usize)
            .take_while(|&token| token < length)
            .for_each(&mut f);
    }

    /// Calls `f` with each token below its length that is not in it, in order.
    pub fn iter_unset_entries(&self, f: impl FnMut(usize)) {
        self.negated().iter_set_entries(f);
    }

    /// Calls `f` with each token below its length and whether it is in it, in order.
    pub fn iter_entries(&self, mut f: impl FnMut(bool, usize)) {
        for index in 0..self.length {
            f(self.get(index), index);
        }
    }

    fn zip(&mut self, other: &SimpleVob, change: impl Fn(&mut u32, u32)) {
        for (word, &other) in self.words.iter_mut().zip(&other.words) {
            change(word, other);
        }
    }

    fn expect_length_of(&self, other: &SimpleVob) {
        assert_eq!(self.length, other.length, "the sets differ in length");
    }
}

impl<'a> IntoIterator for &'a SimpleVob {
    type Item = TokenId;
    type IntoIter = SimpleVobIter<'a>;

    fn into_iter(self) -> SimpleVobIter<'a> {
        self.iter()
    }
}

/// The tokens of a set, in order.
pub struct SimpleVobIter<'a> {
    /// Words that were not looked at.
    words: &'a [u32],
    /// The token after those of the words that were.
    base: TokenId,
    /// What is left of the last of these.
    left: u32,
}

impl Iterator for SimpleVobIter<'_> {
    type Item = TokenId;

    #[inline]
    fn next(&mut self) -> Option<TokenId> {
        while self.left == 0 {
            (self.left, self.words) = self.words.split_first().map(|(word, rest)| (*word, rest))?;
            self.base += u32::BITS;
        }
        let at = self.left.trailing_zeros();
        self.left &= self.left - 1;
        Some(self.base - u32::BITS + at)
    }
}

#[inline]
fn bit(index: usize) -> u32 {
    1 << (index % BITS)
}

fn first_of(words: impl Iterator<Item = u32>) -> Option<usize> {
    words
        .enumerate()
        .find(|&(_, word)| word != 0)
        .map(|(index, word)| index * BITS + word.trailing_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::tests::Chance;

    /// A set with room for some more, and the same as the standard library has it.
    fn some(chance: &mut Chance, length: usize) -> (SimpleVob, BTreeSet<usize>) {
        let mut set = SimpleVob::alloc_with_capacity(length, length + 1);
        let mut plain = BTreeSet::new();
        for index in 0..length {
            if chance.below(3) == 0 {
                set.set(index, true);
                plain.insert(index);
            }
        }
        (set, plain)
    }

    fn listed(set: &SimpleVob) -> BTreeSet<usize> {
        set.iter().map(|token| token as usize).collect()
    }

    #[test]
    fn operations_are_those_of_sets() {
        let mut chance = Chance::new(1);
        for length in [0, 1, 31, 32, 33, 63, 64, 65, 500] {
            let (a, plain_a) = some(&mut chance, length);
            let (b, plain_b) = some(&mut chance, length);
            let (c, plain_c) = some(&mut chance, length);
            let all: BTreeSet<usize> = (0..length).collect();
            assert_eq!(listed(&a), plain_a);
            assert_eq!(a.num_set(), plain_a.len());
            assert_eq!(listed(&a.negated()), &all - &plain_a);
            assert_eq!(listed(&SimpleVob::alloc_ones(length)), all);
            let with = |change: &dyn Fn(&mut SimpleVob)| {
                let mut set = a.clone();
                change(&mut set);
                listed(&set)
            };
            assert_eq!(with(&|set| set.or(&b)), &plain_a | &plain_b);
            assert_eq!(with(&|set| set.and(&b)), &plain_a & &plain_b);
            assert_eq!(with(&|set| set.sub(&b)), &plain_a - &plain_b);
            assert_eq!(
                with(&|set| set.or_minus(&b, &c)),
                &plain_a | &(&plain_b - &plain_c)
            );
            assert_eq!(with(&|set| set.set_from(&b)), plain_b);
            assert_eq!(with(&|set| set.set_all(false)), BTreeSet::new());
            assert_eq!(with(&|set| set.set_all(true)), all);
            let both = &plain_a & &plain_b;
            assert_eq!(a.first_bit_set_here_and_in(&b), both.first().copied());
            assert_eq!(a.and_is_zero(&b), both.is_empty());
            assert_eq!(a.first_bit_set(), plain_a.first().copied());
            assert_eq!(a.is_zero(), plain_a.is_empty());
            let bools: Vec<bool> = (0..length).map(|index| plain_a.contains(&index)).collect();
            assert_eq!(listed(&SimpleVob::from_slice(&bools)), plain_a);
            let text: String = bools.iter().map(|&b| if b { '1' } else { '0' }).collect();
            assert_eq!(a.to_bin_string(), text);
            let mut logits = vec![1.0; length];
            a.apply_to(&mut logits);
            assert!(
                logits
                    .iter()
                    .zip(&bools)
                    .all(|(logit, &b)| (*logit == 0.0) == b)
            );
        }
    }

    #[test]
    fn entries_end_at_the_length() {
        let mut set = SimpleVob::alloc_with_capacity(33, 34);
        for token in [0, 32, 33] {
            set.allow_token(token);
        }
        assert_eq!(set.to_list(), [0, 32]);
        let mut seen = Vec::new();
        set.iter_set_entries(|index| seen.push(index));
        assert_eq!(seen, [0, 32]);
        seen.clear();
        set.iter_unset_entries(|index| seen.push(index));
        assert_eq!(seen, (1..32).collect::<Vec<_>>());
        let mut entries = Vec::new();
        set.iter_entries(|is_in, index| entries.push((is_in, index)));
        let expected: Vec<_> = (0..33).map(|index| (index % 32 == 0, index)).collect();
        assert_eq!(entries, expected);
        assert!(set[32] && !set[31]);
    }

    #[test]
    fn ranges_are_as_one_token_after_another() {
        for start in [0, 1, 31, 32, 40, 64] {
            for end in [0, 1, 31, 32, 63, 64, 99] {
                let mut set = SimpleVob::alloc(100);
                set.allow_range(start..=end);
                assert_eq!(set.to_list(), (start..=end).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn lengths_and_words() {
        let mut set = SimpleVob::alloc(100);
        set.allow_token(33);
        let mut bytes = [0xff; 6];
        set.write_to(&mut bytes);
        assert_eq!(bytes, [0, 0, 0, 0, 2, 0]);
        let whole = set.clone();
        set.trim_trailing_zeros();
        assert_eq!((set.len(), set.as_slice()), (64, &[0, 2][..]));
        assert_ne!(set, whole);
        let mut longer = SimpleVob::alloc(100);
        longer.or(&set);
        assert_eq!(longer, whole);
        set.resize(200);
        assert_eq!(
            (set.len(), set.as_slice().len(), set.to_list()),
            (200, 7, vec![33])
        );
        assert_eq!(Vec::from(set.clone()).len(), 7);
        assert_eq!(format!("{set:?}"), "SimpleVob { len: 200 }");
        set.disallow_token(33);
        set.trim_trailing_zeros();
        assert!(set.is_empty() && set == SimpleVob::new());
    }

    #[test]
    #[should_panic(expected = "the sets differ in length")]
    fn sets_of_two_lengths_are_not_mixed() {
        SimpleVob::alloc(3).and(&SimpleVob::alloc(4));
    }
}
