//! What a word of a text is.

use alloc::string::String;

/// The words of a text in lower case: runs of letters and digits, as Unicode has them, and `_`.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|character: char| !character.is_alphanumeric() && character != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn words_of_any_script() {
        for (text, expected) in [
            ("", &[][..]),
            ("  --  ", &[]),
            ("Don't panic", &["don", "t", "panic"]),
            ("snake_case, kebab-case", &["snake_case", "kebab", "case"]),
            ("ÉTÉ 2024 Straße", &["été", "2024", "straße"]),
            ("память память", &["память", "память"]),
            ("記憶 と 検索", &["記憶", "と", "検索"]),
        ] {
            assert_eq!(words(text).collect::<Vec<_>>(), expected, "{text}");
        }
    }
}
