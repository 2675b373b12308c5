//! What someone types, as a question to FTS5.
//!
//! FTS5 has a language of its own, in which a hyphen, a colon or a word such as `AND` means something.
//! None of it is passed on: each word is a quoted phrase, which FTS5's tokenizer takes apart as it did the
//! texts. So `session-recall` finds "session recall" and "session-recall", in that order of tokens.

/// Most words that are looked for; the rest is passed by.
pub const WORDS_LIMIT: usize = 32;
/// From so many letters on, a word finds what begins with it too.
const PREFIX_FROM: usize = 3;

/// The words of a search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Words with a letter or a digit in them, which the index knows
    words: Vec<String>,
    /// Words of symbols beyond ASCII, such as an emoji, which the index has not
    symbols: Vec<String>,
    /// All of them, and those of ASCII's symbols
    all: Vec<String>,
}

impl Query {
    /// Takes a text apart at its white space. NUL parts words too: SQL's texts may end there.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut query = Self::default();
        let words = text.split(|letter: char| letter.is_whitespace() || letter.is_control());
        for word in words.filter(|word| !word.is_empty()).take(WORDS_LIMIT) {
            if word.chars().any(is_token) {
                query.words.push(word.to_owned());
            } else if !word.is_ascii() {
                query.symbols.push(word.to_owned());
            }
            query.all.push(word.to_owned());
        }
        query
    }

    /// Whether there is nothing to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The question for texts that have every word, if the index knows any.
    #[must_use]
    pub fn every(&self) -> Option<String> {
        self.joined(" AND ")
    }

    /// The question for texts that have at least one word, if that asks for less.
    #[must_use]
    pub fn any(&self) -> Option<String> {
        self.joined(" OR ")
            .filter(|_| self.words.len() + self.symbols.len() > 1)
    }

    /// The symbols that a text must have beside its words.
    #[must_use]
    pub fn symbols(&self) -> &[String] {
        &self.symbols
    }

    /// The words in which there is more than letters and digits: `C++` and `C#` are one for the index.
    pub fn marked(&self) -> impl Iterator<Item = &str> {
        let words = self.words.iter().map(String::as_str);
        words.filter(|word| !word.chars().all(is_token))
    }

    /// Every word and every symbol, as it was typed.
    #[must_use]
    pub fn all(&self) -> &[String] {
        &self.all
    }

    fn joined(&self, with: &str) -> Option<String> {
        let phrases: Vec<_> = self.words.iter().map(|word| phrase(word)).collect();
        (!phrases.is_empty()).then(|| phrases.join(with))
    }
}

/// A word as FTS5 is asked for it. One that the text has in full counts twice, so it comes first.
fn phrase(word: &str) -> String {
    let quoted = format!("\"{}\"", word.replace('"', "\"\""));
    let begins = word.chars().next_back().is_some_and(is_token)
        && (word.chars().count() >= PREFIX_FROM || !word.is_ascii());
    if begins {
        format!("({quoted} OR {quoted} *)")
    } else {
        quoted
    }
}

/// Whether the index has it: letters, digits and what Unicode leaves to private use.
fn is_token(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '\u{E000}'..='\u{F8FF}')
}
