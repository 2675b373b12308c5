//! Vectors of texts, made without a model.

use clawft_vectors::float;

use crate::memory::small;
use crate::prelude::*;

/// Numbers in a vector that [`embed`] makes.
pub const EMBEDDING_DIMENSIONS: usize = 256;

/// What [`embed`] is called in files; a collection of another is embedded anew.
pub(super) const EMBEDDING: &str = "words-1";

/// The vector of a text, of length 1, made without a model: texts that share words, or parts of words, are
/// near each other. `None` if the text has no words.
///
/// Feature hashing (Weinberger et al. 2009, arXiv:0902.2206): each feature's hash picks one of
/// [`EMBEDDING_DIMENSIONS`] numbers and a sign. Features are the words, without regard to case, and the parts
/// of three characters of each word with its ends marked, which together count as much as the word. Words
/// of up to three letters of ASCII weigh a quarter: most of them say little. The same text has the same vector
/// on every machine.
#[must_use]
pub fn embed(text: &str) -> Option<Vec<f32>> {
    let mut vector = vec![0.0; EMBEDDING_DIMENSIONS];
    let mut add = |hash: u64, weight: f32| {
        let hash = mixed(hash);
        let place = usize::from((hash >> 56) as u8);
        vector[place] += if hash >> 55 & 1 == 0 { weight } else { -weight };
    };
    let mut rest = text.chars();
    let mut ended = false;
    while !ended {
        // NB: gone through twice, and not copied: a word may be as long as the text
        let word = rest.clone();
        let (mut count, mut plain, mut whole) = (0, true, hashed(BASIS, '<'));
        loop {
            let letter = rest.next().map(small);
            ended = letter.is_none();
            let Some(letter) = letter.filter(|letter| is_of_word(*letter)) else {
                break;
            };
            count += 1;
            plain &= letter.is_ascii();
            whole = hashed(whole, letter);
        }
        if count == 0 {
            continue;
        }
        let weight = if count <= 3 && plain { 0.25 } else { 1.0 };
        add(hashed(whole, '>'), weight);
        #[allow(clippy::cast_precision_loss, reason = "a word is shorter than 2^23")]
        let part = weight / root(count as f32);
        let (mut first, mut second) = ('<', None);
        for letter in word.map(small).take(count).chain(['>']) {
            if let Some(second) = second.replace(letter) {
                add(hashed(hashed(hashed(BASIS, first), second), letter), part);
                first = second;
            }
        }
    }
    let squares = vector.iter().map(|number| number * number);
    let length = root(squares.sum());
    if length == 0.0 {
        return None;
    }
    for number in &mut vector {
        *number /= length;
    }
    Some(vector)
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "the root is as near as an f32 can be"
)]
fn root(number: f32) -> f32 {
    float::root(number.into()) as f32
}

/// The hash of no characters.
const BASIS: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a of 64 bits (Fowler, Noll and Vo) of characters' UTF-8, with one more.
fn hashed(hash: u64, character: char) -> u64 {
    let mut letter = [0; 4];
    let bytes = character.encode_utf8(&mut letter).bytes();
    bytes.fold(hash, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// With the last steps of `MurmurHash3`: by itself its high bits hardly depend on the last characters.
const fn mixed(mut hash: u64) -> u64 {
    hash = (hash ^ hash >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ hash >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ hash >> 33
}

/// Whether a character is of a word: no white space, no punctuation.
fn is_of_word(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphanumeric();
    }
    !matches!(character,
        '\u{80}'..='\u{bf}' | '×' | '÷' | '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{303f}'
        | '\u{ff00}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' | '\u{fffd}')
}
