//! The first difference between what was given and what was expected, in a sentence.

use std::collections::BTreeMap;
use std::fmt::Debug;

/// Between two values.
#[must_use]
pub fn of_values<T: PartialEq + Debug>(
    what: &str,
    given: T,
    expected: T,
    whence: &str,
) -> Option<String> {
    (given != expected).then(|| format!("{what} is {given:?}, and {expected:?} {whence}"))
}

/// Between two texts, by lines.
#[must_use]
pub fn of_text(what: &str, given: &[u8], expected: &[u8], whence: &str) -> Option<String> {
    if given == expected {
        return None;
    }
    let lines = |text: &[u8]| -> Vec<String> {
        text.split_inclusive(|byte| *byte == b'\n')
            .map(|line| format!("\"{}\"", line.escape_ascii()))
            .collect()
    };
    let (given, expected) = (lines(given), lines(expected));
    let number = given
        .iter()
        .zip(&expected)
        .take_while(|(given, expected)| given == expected)
        .count();
    let line = |lines: &[String]| lines.get(number).map_or("the end".to_owned(), Clone::clone);
    Some(format!(
        "line {} of {what} is {}, and {} {whence}",
        number + 1,
        line(&given),
        line(&expected)
    ))
}

/// Between two sets of files, by path; a folder has no contents.
#[must_use]
pub fn of_files(
    given: &BTreeMap<String, Option<Vec<u8>>>,
    expected: &BTreeMap<String, Option<Vec<u8>>>,
    whence: &str,
) -> Option<String> {
    for (name, contents) in expected {
        match (given.get(name), contents) {
            (None, _) => return Some(format!("there is no {name}, as there is {whence}")),
            (Some(Some(given)), Some(expected)) => {
                let found = of_text(name, given, expected, whence);
                if found.is_some() {
                    return found;
                }
            }
            _ => {}
        }
    }
    let extra = given.keys().find(|name| !expected.contains_key(*name))?;
    Some(format!("there is a {extra}, as there is not {whence}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_shown() {
        let of = |given: &[u8], expected: &[u8]| of_text("stdout", given, expected, "natively");
        assert_eq!(of(b"a\nb\n", b"a\nb\n"), None);
        assert_eq!(
            of(b"a\nb\n", b"a\n\xff\n").as_deref(),
            Some(r#"line 2 of stdout is "b\n", and "\xff\n" natively"#)
        );
        assert_eq!(
            of(b"a\n", b"a\nb").as_deref(),
            Some(r#"line 2 of stdout is the end, and "b" natively"#)
        );
        assert_eq!(
            of(b"a", b"").as_deref(),
            Some(r#"line 1 of stdout is "a", and the end natively"#)
        );
    }

    #[test]
    fn files_too_many_too_few_and_changed_are_told_apart() {
        let set = |files: &[(&str, Option<&str>)]| {
            files
                .iter()
                .map(|(name, contents)| {
                    let contents = contents.map(|contents| contents.as_bytes().to_vec());
                    ((*name).to_owned(), contents)
                })
                .collect()
        };
        let expected = set(&[("out/a", Some("1")), ("out/b/", None)]);
        let of = |given: &[(&str, Option<&str>)]| of_files(&set(given), &expected, "natively");
        assert_eq!(of(&[("out/a", Some("1")), ("out/b/", None)]), None);
        assert_eq!(
            of(&[("out/a", Some("2")), ("out/b/", None)]).as_deref(),
            Some(r#"line 1 of out/a is "2", and "1" natively"#)
        );
        assert_eq!(
            of(&[("out/a", Some("1"))]).as_deref(),
            Some("there is no out/b/, as there is natively")
        );
        assert_eq!(
            of(&[("out/a", Some("1")), ("out/b/", None), ("out/c", Some(""))]).as_deref(),
            Some("there is a out/c, as there is not natively")
        );
    }
}
