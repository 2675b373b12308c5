use alloc::vec::Vec;

/// The Levenshtein distance of two words in characters, if it is at most `most`: the least number of insertions,
/// deletions and replacements that make one of the other.
///
/// Only cells of the table within `most` of its diagonal are computed (Ukkonen 1985), so it takes
/// O(length · most).
pub fn edit_distance(word: &[char], other: &str, most: usize) -> Option<usize> {
    let most = most.min(word.len().max(other.len()));
    // NB: a character is at least a byte
    if word.len() > other.len() + most {
        return None;
    }
    let above = most + 1;
    // row[j]: the distance of what was read of `other` and the first j characters of the word
    let mut row: Vec<usize> = (0..=word.len()).map(|j| j.min(above)).collect();
    let mut read = 0;
    for character in other.chars() {
        read += 1;
        if read > word.len() + most {
            return None;
        }
        let first = read.saturating_sub(most).max(1);
        let last = (read + most).min(word.len());
        let mut diagonal = row[first - 1];
        row[first - 1] = if first == 1 { read.min(above) } else { above };
        let mut least = row[first - 1];
        for j in first..=last {
            let replaced = diagonal + usize::from(word[j - 1] != character);
            diagonal = row[j];
            row[j] = replaced.min(row[j] + 1).min(row[j - 1] + 1).min(above);
            least = least.min(row[j]);
        }
        if least > most {
            return None;
        }
    }
    let distance = row[word.len()];
    (distance <= most).then_some(distance)
}
