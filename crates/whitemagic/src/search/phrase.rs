//! Words in a row.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Bound;

use super::{Postings, STOP_WORDS, find as find_turn, is_indexed};
use crate::words::words;

/// Where the documents have the query's words in a row, the last of which may be the begin of a longer one: the
/// places of the first indexed word.
pub fn find(vocabulary: &BTreeMap<Arc<str>, Postings>, query: &str) -> Postings {
    let words: Vec<String> = words(query).collect();
    let Some((last, whole)) = words.split_last() else {
        return Postings::new();
    };
    let mut found: Option<(u32, Postings)> = None;
    for (word, offset) in whole.iter().zip(0..) {
        if is_indexed(word) {
            let next = vocabulary.get(word.as_str()).cloned().unwrap_or_default();
            found = Some(follow(found, next, offset));
        }
    }
    if STOP_WORDS.binary_search(&last.as_str()).is_err() {
        let next = beginning_with(vocabulary, last);
        let offset = u32::try_from(whole.len()).unwrap_or(u32::MAX);
        found = Some(follow(found, next, offset));
    }
    found.map(|(_, postings)| postings).unwrap_or_default()
}

/// Keeps of the places found so far, which are those of the word at an offset, the ones that `next` follows.
fn follow(found: Option<(u32, Postings)>, next: Postings, offset: u32) -> (u32, Postings) {
    let Some((first, mut found)) = found else {
        return (offset, next);
    };
    found.retain_mut(|(turn, places)| {
        let Some(next) = find_turn(&next, *turn) else {
            return false;
        };
        places.retain(|place| {
            let expected = place.checked_add(offset - first);
            expected.is_some_and(|place| next.binary_search(&place).is_ok())
        });
        !places.is_empty()
    });
    (first, found)
}

/// The places of all words that begin so.
fn beginning_with(vocabulary: &BTreeMap<Arc<str>, Postings>, prefix: &str) -> Postings {
    let from = vocabulary.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
    let mut all: Vec<(u64, u32)> = Vec::new();
    for (_, postings) in from.take_while(|(word, _)| word.starts_with(prefix)) {
        for (turn, places) in postings {
            all.extend(places.iter().map(|place| (*turn, *place)));
        }
    }
    // NB: a place has one word
    all.sort_unstable();
    let documents = all.chunk_by(|(a, _), (b, _)| a == b);
    documents
        .map(|places| {
            let turn = places[0].0;
            (turn, places.iter().map(|(_, place)| *place).collect())
        })
        .collect()
}
