//! Full-text search: an inverted index that ranks by BM25 (Robertson and Zaragoza 2009).
//!
//! ```
//! use whitemagic::search::SearchIndex;
//!
//! let mut index = SearchIndex::new();
//! index.add("a", "Tides", "The moon pulls the sea.");
//! index.add("b", "Harbours", "Ships wait for the tide in wasm32-wasip1.");
//! let best = |hits: Vec<whitemagic::search::Hit<'_, _>>| hits.first().map(|hit| *hit.key);
//! assert_eq!(best(index.search("moon", 5)), Some("a"));
//! assert_eq!(best(index.search_fuzzy("harbors", 5, 1)), Some("b"));
//! assert_eq!(best(index.search_all("ships tide", 5)), Some("b"));
//! assert_eq!(best(index.search_phrase("wasm32-wasi", 5)), Some("b"));
//! ```
//!
//! # Score
//! A document D scores for each distinct word q of the query that it has
//!
//! ```text
//! ln((N − n + ½) / (n + ½) + 1) · f · (k₁ + 1) / (f + k₁ · (1 − b + b · |D| / mean |D|))
//! ```
//!
//! of N documents, n of which have q; k₁ = 1.2, b = 0.75. f is how often q is in D and |D| how many words D has,
//! where those of the title count twice. Of equal scores the document that was added first is first; one that
//! was replaced keeps its turn.
//!
//! # Words
//! Runs of letters, digits and `_` in any script, in lower case, of at least two bytes in UTF-8, and none of the
//! [`STOP_WORDS`]. A script without spaces gives words as long as its runs.

mod edit_distance;
mod phrase;
mod stop_words;

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use edit_distance::edit_distance;
pub use stop_words::STOP_WORDS;

use crate::words::words;

const K1: f64 = 1.2;
const B: f64 = 0.75;

/// Where the places of a content's words begin; those of a title's are below.
const CONTENT: u32 = 1 << 31;

/// A document that a search found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit<'a, K> {
    /// What the document was added as.
    pub key: &'a K,
    /// Its score, above 0.
    pub score: f64,
}

#[derive(Clone, Debug)]
struct Document<K> {
    key: K,
    /// Words, those of the title twice.
    length: u32,
    words: Vec<Arc<str>>,
}

/// Where a document has a word, in order.
type Places = Vec<u32>;

/// The documents that have a word: their turns, in order, and where they have it.
type Postings = Vec<(u64, Places)>;

/// Turns of documents, in order, and what these score.
type Scores = Vec<(u64, f64)>;

/// Documents that are found by their words.
#[derive(Clone, Debug)]
pub struct SearchIndex<K> {
    /// By the turn in which they were added, in order.
    documents: Vec<(u64, Document<K>)>,
    of_key: BTreeMap<K, u64>,
    vocabulary: BTreeMap<Arc<str>, Postings>,
    /// The sum of all documents' lengths.
    length: u64,
    turn: u64,
}

impl<K> Default for SearchIndex<K> {
    fn default() -> Self {
        Self {
            documents: Vec::new(),
            of_key: BTreeMap::new(),
            vocabulary: BTreeMap::new(),
            length: 0,
            turn: 0,
        }
    }
}

impl<K: Clone + Ord> SearchIndex<K> {
    /// An index without documents.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of documents.
    #[must_use]
    pub fn len(&self) -> usize {
        self.documents.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// The number of distinct words.
    #[must_use]
    pub fn vocabulary(&self) -> usize {
        self.vocabulary.len()
    }

    /// The mean length of a document in words, those of its title counted twice; 0 without documents.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "counts are below 2^53")]
    pub fn mean_length(&self) -> f64 {
        self.length as f64 / self.documents.len().max(1) as f64
    }

    /// Adds a document, or replaces the one with this key, and says whether there was one.
    pub fn add(&mut self, key: K, title: &str, content: &str) -> bool {
        let before = self.of_key.get(&key).copied();
        let turn = before.unwrap_or(self.turn);
        if before.is_some() {
            self.take(turn);
        } else {
            self.turn += 1;
        }
        let mut found: Vec<(String, u32)> = Vec::new();
        let mut length = 0_u32;
        for (text, first, weight) in [(title, 0, 2), (content, CONTENT, 1)] {
            // NB: words that are not indexed take a place too, so that a phrase may have them
            for (word, place) in words(text).zip(first..) {
                if is_indexed(&word) {
                    length = length.saturating_add(weight);
                    found.push((word, place));
                }
            }
        }
        found.sort_unstable();
        let mut document_words = Vec::new();
        for found in found.chunk_by(|(a, _), (b, _)| a == b) {
            let word = found[0].0.as_str();
            let word = match self.vocabulary.get_key_value(word) {
                Some((word, _)) => Arc::clone(word),
                None => Arc::from(word),
            };
            document_words.push(Arc::clone(&word));
            let places = found.iter().map(|(_, place)| *place).collect();
            put(self.vocabulary.entry(word).or_default(), turn, places);
        }
        self.length += u64::from(length);
        self.of_key.insert(key.clone(), turn);
        let document = Document {
            key,
            length,
            words: document_words,
        };
        put(&mut self.documents, turn, document);
        before.is_some()
    }

    /// Removes a document, and says whether there was one with this key.
    pub fn remove(&mut self, key: &K) -> bool {
        let turn = self.of_key.remove(key);
        if let Some(turn) = turn {
            self.take(turn);
        }
        turn.is_some()
    }

    /// Removes all documents.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The documents that have any of the query's words, at most `limit`, the best first.
    #[must_use]
    pub fn search(&self, query: &str, limit: usize) -> Vec<Hit<'_, K>> {
        let mut scores = Scores::new();
        for word in query_words(query) {
            if let Some(postings) = self.vocabulary.get(word.as_str()) {
                scores = merge(scores, self.scores(postings), |sum, score| sum + score);
            }
        }
        self.best(scores, limit)
    }

    /// The documents that have all of the query's words, at most `limit`, the best first.
    #[must_use]
    pub fn search_all(&self, query: &str, limit: usize) -> Vec<Hit<'_, K>> {
        let mut scores: Option<Scores> = None;
        for word in query_words(query) {
            let Some(postings) = self.vocabulary.get(word.as_str()) else {
                return Vec::new();
            };
            let mut found = self.scores(postings);
            if let Some(sums) = scores {
                found.retain_mut(|(turn, score)| {
                    let sum = find(&sums, *turn);
                    *score += sum.unwrap_or(&0.0);
                    sum.is_some()
                });
            }
            scores = Some(found);
        }
        self.best(scores.unwrap_or_default(), limit)
    }

    /// The documents that have a word within `max_edits` of any of the query's: insertions, deletions and
    /// replacements of a character. At most `limit`, the best first.
    ///
    /// For each word of the query a document has the score of its best word, divided by 1 and the edits. Fewer
    /// edits count than the query's word has characters: nothing is left of a word that all are edited of.
    #[must_use]
    pub fn search_fuzzy(&self, query: &str, limit: usize, max_edits: usize) -> Vec<Hit<'_, K>> {
        let mut scores = Scores::new();
        for word in query_words(query) {
            let word: Vec<char> = word.chars().collect();
            let max_edits = max_edits.min(word.len() - 1);
            let mut best = Scores::new();
            for (other, postings) in &self.vocabulary {
                let Some(edits) = edit_distance(&word, other, max_edits) else {
                    continue;
                };
                let divisor = f64::from(u32::try_from(edits).unwrap_or(u32::MAX)) + 1.0;
                let mut found = self.scores(postings);
                for (_, score) in &mut found {
                    *score /= divisor;
                }
                best = merge(best, found, f64::max);
            }
            scores = merge(scores, best, |sum, score| sum + score);
        }
        self.best(scores, limit)
    }

    /// The documents that have the query's words in a row, in the title or in the content, where the last may be
    /// the begin of a longer one: what `wasm32-wasi` or `it was the be` is completed to. At most `limit`, the best
    /// first.
    ///
    /// A phrase is scored as if it were one word. Words that are not indexed fill their place with any word;
    /// without others nothing is found.
    #[must_use]
    pub fn search_phrase(&self, query: &str, limit: usize) -> Vec<Hit<'_, K>> {
        let postings = phrase::find(&self.vocabulary, query);
        self.best(self.scores(&postings), limit)
    }

    fn take(&mut self, turn: u64) {
        let Some(document) = take(&mut self.documents, turn) else {
            return;
        };
        self.length -= u64::from(document.length);
        for word in document.words {
            if let Some(postings) = self.vocabulary.get_mut(&word) {
                take(postings, turn);
                if postings.is_empty() {
                    self.vocabulary.remove(&word);
                }
            }
        }
    }

    /// What each document scores for a word.
    #[allow(clippy::cast_precision_loss, reason = "counts are below 2^53")]
    fn scores(&self, postings: &Postings) -> Scores {
        let (all, having) = (self.documents.len() as f64, postings.len() as f64);
        let rarity = libm::log((all - having + 0.5) / (having + 0.5) + 1.0);
        let mean = self.mean_length();
        let scores = postings.iter().filter_map(|(turn, places)| {
            let in_title = places.partition_point(|place| *place < CONTENT);
            let often = (places.len() + in_title) as f64;
            let length = f64::from(find(&self.documents, *turn)?.length);
            let score = rarity * often * (K1 + 1.0) / (often + K1 * (1.0 - B + B * length / mean));
            Some((*turn, score))
        });
        scores.collect()
    }

    fn best(&self, mut scores: Scores, limit: usize) -> Vec<Hit<'_, K>> {
        scores.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let best = scores.into_iter().take(limit);
        best.filter_map(|(turn, score)| {
            Some(Hit {
                key: &find(&self.documents, turn)?.key,
                score,
            })
        })
        .collect()
    }
}

/// What a turn has in a list in the order of turns.
fn find<T>(list: &[(u64, T)], turn: u64) -> Option<&T> {
    let place = list.binary_search_by_key(&turn, |(turn, _)| *turn);
    place.ok().map(|place| &list[place].1)
}

/// Puts what a turn has in its place in a list that has nothing of that turn.
fn put<T>(list: &mut Vec<(u64, T)>, turn: u64, item: T) {
    let place = list.partition_point(|(other, _)| *other < turn);
    list.insert(place, (turn, item));
}

/// Takes out what a turn has in a list.
fn take<T>(list: &mut Vec<(u64, T)>, turn: u64) -> Option<T> {
    let place = list.binary_search_by_key(&turn, |(turn, _)| *turn);
    place.ok().map(|place| list.remove(place).1)
}

/// The turns of both lists, where `join` makes one score of two.
fn merge(one: Scores, other: Scores, join: impl Fn(f64, f64) -> f64) -> Scores {
    let mut merged = Scores::with_capacity(one.len() + other.len());
    let mut other = other.into_iter().peekable();
    for (turn, score) in one {
        while let Some(before) = other.next_if(|(next, _)| *next < turn) {
            merged.push(before);
        }
        let same = other.next_if(|(next, _)| *next == turn);
        merged.push((turn, same.map_or(score, |(_, next)| join(score, next))));
    }
    merged.extend(other);
    merged
}

/// The distinct words of a query that documents may be found by, in order.
fn query_words(query: &str) -> Vec<String> {
    let mut found: Vec<String> = words(query).filter(|word| is_indexed(word)).collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn is_indexed(word: &str) -> bool {
    word.len() >= 2 && STOP_WORDS.binary_search(&word).is_err()
}
