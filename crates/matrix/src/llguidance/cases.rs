//! Case files: a grammar, strings, and the verdict on each from an independent engine.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::folder;

/// One case file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The file's name without `.json`.
    pub name: String,
    /// The language of the grammar.
    #[serde(rename = "type")]
    pub language: Language,
    /// The grammar.
    pub grammar: Grammar,
    /// Who says so: the engine that gave the verdicts, or the reason by hand.
    pub oracle: String,
    /// Strings that belong to the language.
    #[serde(default)]
    pub accept: Vec<String>,
    /// Strings that do not.
    #[serde(default)]
    pub refuse: Vec<Refusal>,
    /// Whether the grammar itself must be refused. It then has no strings.
    #[serde(default)]
    pub invalid: bool,
}

/// The language of a grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// JSON Schema.
    JsonSchema,
    /// A regular expression in Rust's syntax.
    Regex,
    /// llguidance's variant of Lark.
    Lark,
}

impl Language {
    /// The name that llguidance's C ABI has for it.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::JsonSchema => "json_schema",
            Self::Regex => "regex",
            Self::Lark => "lark",
        }
    }
}

/// A grammar, in the form that is easiest to read.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Grammar {
    /// The text itself.
    Text(String),
    /// The lines of the text.
    Lines(Vec<String>),
    /// A JSON schema.
    Schema(Map<String, Value>),
}

impl Grammar {
    /// The text that llguidance is given.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Lines(lines) => lines.join("\n"),
            Self::Schema(schema) => Value::from(schema.clone()).to_string(),
        }
    }
}

/// A string that does not belong to the language.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// The string.
    pub text: String,
    /// How many of its bytes can begin a string of the language: all of them if the
    /// string is only incomplete. `None` where the engine gives no more than a verdict.
    pub at: Option<usize>,
}

/// A case file cannot be used. The message names the file and the cure.
#[derive(Debug, Error)]
pub enum CaseError {
    /// The folder or a file cannot be read.
    #[error("cannot read {path}: {reason}")]
    Unreadable {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        reason: std::io::Error,
    },
    /// The folder has no case file, so that a check would pass without checking.
    #[error("{0} has no case file: give --cases a folder with at least one *.json")]
    Empty(PathBuf),
    /// Not the JSON of a case.
    #[error(
        "{path}: {reason}; a case has \"name\", \"type\", \"grammar\", \"oracle\", \
         and \"accept\" and \"refuse\", or \"invalid\": true"
    )]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        reason: serde_json::Error,
    },
    /// The JSON of a case that makes no sense.
    #[error("{path}: {problem}")]
    Senseless {
        /// The file.
        path: PathBuf,
        /// What is wrong, and the cure.
        problem: String,
    },
}

impl Case {
    /// Reads and checks the text of a case file; `path` is for messages and the name.
    ///
    /// # Errors
    /// [`CaseError::Malformed`] or [`CaseError::Senseless`].
    pub fn parse(path: &Path, text: &str) -> Result<Self, CaseError> {
        let case: Self = serde_json::from_str(text).map_err(|reason| CaseError::Malformed {
            path: path.to_owned(),
            reason,
        })?;
        match case.problem(path) {
            None => Ok(case),
            Some(problem) => Err(CaseError::Senseless {
                path: path.to_owned(),
                problem,
            }),
        }
    }

    fn problem(&self, path: &Path) -> Option<String> {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        if stem != self.name.as_str() {
            return Some(format!(
                "\"name\" is {:?}: make it the file's name, {stem:?}",
                self.name
            ));
        }
        if self.oracle.trim().is_empty() {
            return Some("\"oracle\" is empty: say which engine gave the verdicts".to_owned());
        }
        if matches!(self.grammar, Grammar::Schema(_)) && self.language != Language::JsonSchema {
            return Some(
                "\"grammar\" is an object: give a string, or an array of lines, \
                 for any type but json_schema"
                    .to_owned(),
            );
        }
        let grammar = self.grammar.text();
        if grammar.contains('\0') {
            return Some("\"grammar\" has a NUL, which ends a C string: leave it out".to_owned());
        }
        let strings = self.accept.len() + self.refuse.len();
        if self.invalid && strings > 0 {
            return Some(
                "\"invalid\" is true, so no string can be tried: \
                 take out \"accept\" and \"refuse\""
                    .to_owned(),
            );
        }
        if !self.invalid && (self.accept.is_empty() || self.refuse.is_empty()) {
            return Some(
                "give at least one string in \"accept\" and one in \"refuse\"; \
                 a matcher that always says the same would pass"
                    .to_owned(),
            );
        }
        self.refuse.iter().find_map(|refusal| {
            let length = refusal.text.len();
            let at = refusal.at?;
            (at > length).then(|| {
                format!(
                    "\"refuse\" has \"at\": {at} for {:?}: that string has {length} bytes",
                    refusal.text
                )
            })
        })
    }
}

/// Reads every `*.json` of a folder, in the order of their names, each with its path.
///
/// # Errors
/// [`CaseError`], for the first file that cannot be used.
pub fn read_folder(folder: &Path) -> Result<Vec<(PathBuf, Case)>, CaseError> {
    let texts = folder::texts(folder, "json")
        .map_err(|(path, reason)| CaseError::Unreadable { path, reason })?;
    if texts.is_empty() {
        return Err(CaseError::Empty(folder.to_owned()));
    }
    texts
        .into_iter()
        .map(|(path, text)| {
            let case = Case::parse(&path, &text)?;
            Ok((path, case))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str) -> String {
        Case::parse(Path::new("folder/digits.json"), text)
            .expect_err("the case is faulty")
            .to_string()
    }

    #[test]
    fn reads_each_form_of_grammar() {
        let parse = |text| Case::parse(Path::new("a.json"), text).expect("a good case");
        let lines = parse(
            r#"{"name": "a", "type": "lark", "grammar": ["start: A", "A: \"a\""],
                "oracle": "by hand", "accept": ["a"], "refuse": [{"text": "b", "at": 0}]}"#,
        );
        assert_eq!(lines.grammar.text(), "start: A\nA: \"a\"");
        let schema = parse(
            r#"{"name": "a", "type": "json_schema", "grammar": {"type": "object", "properties": {"z": {}, "a": {}}},
                "oracle": "by hand", "accept": ["{}"], "refuse": [{"text": "b"}]}"#,
        );
        assert_eq!(
            schema.grammar.text(),
            r#"{"type":"object","properties":{"z":{},"a":{}}}"#
        );
        let text = parse(
            r#"{"name": "a", "type": "regex", "grammar": "(", "oracle": "by hand", "invalid": true}"#,
        );
        assert_eq!(text.grammar.text(), "(");
    }

    #[test]
    fn a_faulty_case_is_refused_with_file_and_cure() {
        let message = refused(r#"{"name": "digits", "typ": "regex"}"#);
        assert!(
            message.starts_with("folder/digits.json: unknown field `typ`"),
            "{message}"
        );
        for (text, cure) in [
            (
                r#"{"name": "other", "type": "regex", "grammar": "a", "oracle": "o", "accept": ["a"], "refuse": [{"text": "b"}]}"#,
                "make it the file's name",
            ),
            (
                r#"{"name": "digits", "type": "regex", "grammar": "a", "oracle": " ", "accept": ["a"], "refuse": [{"text": "b"}]}"#,
                "say which engine",
            ),
            (
                r#"{"name": "digits", "type": "regex", "grammar": {}, "oracle": "o", "accept": ["a"], "refuse": [{"text": "b"}]}"#,
                "give a string",
            ),
            (
                r#"{"name": "digits", "type": "regex", "grammar": "a", "oracle": "o", "accept": ["a"]}"#,
                "at least one string",
            ),
            (
                r#"{"name": "digits", "type": "regex", "grammar": "(", "oracle": "o", "accept": ["a"], "invalid": true}"#,
                "take out",
            ),
            (
                r#"{"name": "digits", "type": "regex", "grammar": "a", "oracle": "o", "accept": ["a"], "refuse": [{"text": "é", "at": 3}]}"#,
                "that string has 2 bytes",
            ),
            (
                r#"{"name": "digits", "type": "regex", "grammar": "a", "oracle": "o", "accept": ["a"], "refuse": [{"text": "b", "byte": 0}]}"#,
                "unknown field `byte`",
            ),
        ] {
            let message = refused(text);
            assert!(
                message.starts_with("folder/digits.json: ") && message.contains(cure),
                "{message}"
            );
        }
    }

    #[test]
    fn a_folder_without_cases_is_an_error() {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"));
        assert!(matches!(read_folder(folder), Err(CaseError::Empty(_))));
        assert!(matches!(
            read_folder(&folder.join("absent")),
            Err(CaseError::Unreadable { .. })
        ));
    }
}
