//! The form of a rule, and what makes it match.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use regex::{RegexSet, RegexSetBuilder};
use serde::{Deserialize, Serialize};

use super::{DEFAULT_PROFILE, Deed};
use crate::error::{Error, Result};

/// Most bytes of the program that a rule's patterns become.
const REGEX_LIMIT: usize = 1 << 20;

/// What follows when a rule matches. Of several, the last in this order does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is noted, as every call is.
    #[serde(alias = "LOG")]
    Log,
    /// The rule's name is noted with it.
    #[serde(alias = "TAG")]
    Tag,
    /// The caller is told, too.
    #[serde(alias = "WARN")]
    Warn,
    /// It may happen less often.
    #[serde(alias = "THROTTLE")]
    Throttle,
    /// It does not happen.
    #[serde(alias = "BLOCK")]
    Block,
}

/// A rule, as it is written.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What names it; of two with one name, the later one counts
    pub name: String,
    /// What it is for
    #[serde(default)]
    pub description: String,
    /// What follows
    pub action: Action,
    /// How bad it is, from 0 to 1
    #[serde(default = "half")]
    pub severity: f64,
    /// What the caller is told
    #[serde(default)]
    pub explain: String,
    /// The profile it belongs to
    #[serde(default = "default_profile")]
    pub profile: String,
    /// The principle it serves, by name
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principle: Option<String>,
    /// Globs of tools' names
    #[serde(default, skip_serializing)]
    pub tool_patterns: Vec<String>,
    /// Parts of the text
    #[serde(default, skip_serializing)]
    pub keyword_patterns: Vec<String>,
    /// `READ`, `WRITE` or `DELETE`
    #[serde(default, skip_serializing)]
    pub safety_levels: Vec<String>,
    /// Regular expressions, without regard to case
    #[serde(default, skip_serializing)]
    pub regex_patterns: Vec<String>,
}

fn half() -> f64 {
    0.5
}

fn default_profile() -> String {
    DEFAULT_PROFILE.to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    rules: Vec<Rule>,
}

/// A rule whose patterns are ready to be looked for.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) rule: Rule,
    tools: GlobSet,
    keywords: Vec<String>,
    expressions: RegexSet,
}

impl Compiled {
    pub(super) fn matches(&self, deed: &Deed<'_>, text: &str) -> bool {
        let levels = &self.rule.safety_levels;
        self.tools.is_match(deed.tool)
            || self
                .keywords
                .iter()
                .any(|keyword| text.contains(keyword.as_str()))
            || !deed.safety.is_empty()
                && levels
                    .iter()
                    .any(|level| level.eq_ignore_ascii_case(deed.safety))
            || self.expressions.is_match(text)
    }
}

/// The rules of a file.
pub(super) fn parse(place: &str, text: &str) -> Result<Vec<Compiled>> {
    let wrong = |what: String| Error::Rules {
        place: place.to_owned(),
        what,
    };
    let file: RuleFile = serde_saphyr::from_str(text).map_err(|error| wrong(error.to_string()))?;
    file.rules
        .into_iter()
        .map(|rule| {
            let name = rule.name.clone();
            compile(rule).map_err(|what| wrong(format!("rule {name}: {what}")))
        })
        .collect()
}

fn compile(mut rule: Rule) -> std::result::Result<Compiled, String> {
    if !(0.0..=1.0).contains(&rule.severity) {
        return Err(format!("severity: {} is not from 0 to 1", rule.severity));
    }
    let conditions = [
        &rule.tool_patterns,
        &rule.keyword_patterns,
        &rule.safety_levels,
        &rule.regex_patterns,
    ];
    if conditions.iter().all(|list| list.is_empty()) {
        return Err(
            "it never matches; give it tool_patterns, keyword_patterns, safety_levels or \
                    regex_patterns"
                .to_owned(),
        );
    }
    if rule.explain.is_empty() {
        rule.explain.clone_from(&rule.description);
    }
    let mut tools = GlobSetBuilder::new();
    for pattern in &rule.tool_patterns {
        let glob = GlobBuilder::new(pattern).case_insensitive(true).build();
        tools.add(glob.map_err(|error| format!("tool_patterns: {error}"))?);
    }
    Ok(Compiled {
        tools: tools
            .build()
            .map_err(|error| format!("tool_patterns: {error}"))?,
        keywords: rule
            .keyword_patterns
            .iter()
            .map(|word| word.to_lowercase())
            .collect(),
        expressions: RegexSetBuilder::new(&rule.regex_patterns)
            .case_insensitive(true)
            .size_limit(REGEX_LIMIT)
            .build()
            .map_err(|error| format!("regex_patterns: {error}"))?,
        rule,
    })
}
