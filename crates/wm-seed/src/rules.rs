//! Dharma: rules in YAML on what tools may do.
//!
//! The form of a rule, and what makes it match, are those of the full WhiteMagic: the same file decides
//! the same in both. A rule matches if any of its conditions does; keywords are parts of the text without
//! regard to case, so `all` matches `small`, and a `regex_patterns` entry with `\b` does not.

mod rule;

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use serde::Serialize;

use crate::error::{Error, Result};
use crate::root::StateRoot;
pub use rule::{Action, Rule};
use rule::{Compiled, parse};

/// The profile whose rules always apply.
pub const DEFAULT_PROFILE: &str = "default";
/// Most bytes of a file of rules.
const FILE_LIMIT: u64 = 256 << 10;

const BUILT_IN: &str = include_str!("rules/built_in.yaml");

/// A principle that rules serve.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Principle {
    /// Its name
    pub name: &'static str,
    /// Where it comes from
    pub level: &'static str,
    /// How much it weighs, from 0 to 1
    pub weight: f64,
}

const fn principle(name: &'static str, level: &'static str, weight: f64) -> Principle {
    Principle {
        name,
        level,
        weight,
    }
}

/// The principles, whose weights tell which to heed first.
pub const PRINCIPLES: [Principle; 6] = [
    principle("Do No Harm", "universal", 1.0),
    principle("Respect Autonomy", "universal", 0.9),
    principle("Maintain Transparency", "integrity", 0.85),
    principle("Protect Privacy", "compassion", 0.9),
    principle("Ensure Fairness", "universal", 0.85),
    principle("Minimize Resource Waste", "sustainability", 0.7),
];

/// What is judged.
#[derive(Clone, Copy, Debug, Default)]
pub struct Deed<'a> {
    /// The tool's name
    pub tool: &'a str,
    /// What is to be done, in words
    pub description: &'a str,
    /// `READ`, `WRITE`, `DELETE` or nothing
    pub safety: &'a str,
}

/// What the rules say of a deed.
#[derive(Clone, Debug)]
pub struct Decision<'a> {
    /// What follows
    pub action: Action,
    /// From 0 to 1: one less the severity of the worst rule
    pub score: f64,
    /// The rules that match
    pub rules: Vec<&'a Rule>,
}

impl Decision<'_> {
    /// The reasons that the caller is to be told.
    #[must_use]
    pub fn reasons(&self, from: Action) -> Vec<&str> {
        let rules = self.rules.iter().filter(|rule| rule.action >= from);
        rules.map(|rule| rule.explain.as_str()).collect()
    }

    /// The names of rules that are to be noted.
    #[must_use]
    pub fn tags(&self) -> Vec<String> {
        let rules = self.rules.iter().filter(|rule| rule.action >= Action::Tag);
        rules.map(|rule| rule.name.clone()).collect()
    }

    /// One word for it.
    #[must_use]
    pub fn verdict(&self) -> &'static str {
        match self.action {
            Action::Block => "blocked",
            _ if self.score >= 0.8 => "aligned",
            _ if self.score >= 0.5 => "caution",
            _ => "misaligned",
        }
    }
}

/// A file of rules as it was read: the rules are read anew when one changes.
type Stamp = Vec<(PathBuf, Option<SystemTime>, u64)>;

/// The rules that apply.
#[derive(Debug)]
pub struct Rules {
    file: PathBuf,
    folder: PathBuf,
    profile: String,
    stamp: Option<Stamp>,
    compiled: Vec<Compiled>,
}

impl Rules {
    /// Those of a state root. Nothing is read yet.
    #[must_use]
    pub fn new(root: &StateRoot, profile: &str) -> Self {
        Self {
            file: root.rules(),
            folder: root.rules_folder(),
            profile: profile.to_owned(),
            stamp: None,
            compiled: Vec::new(),
        }
    }

    /// The profile whose rules apply beside [`DEFAULT_PROFILE`]'s.
    #[must_use]
    pub fn profile(&self) -> &str {
        &self.profile
    }

    /// Reads the files if they have changed.
    ///
    /// # Errors
    ///
    /// [`Error::Rules`] or [`Error::Io`], and again until the file is mended: rules that are not
    /// understood forbid nothing, and whoever wrote them meant them to.
    pub fn refresh(&mut self) -> Result<()> {
        let stamp = self.current_stamp()?;
        if self.stamp.as_ref() == Some(&stamp) {
            return Ok(());
        }
        self.stamp = None;
        let mut rules: Vec<Compiled> = Vec::new();
        let mut add = |place: &str, text: &str| -> Result<()> {
            for rule in parse(place, text)? {
                match rules
                    .iter_mut()
                    .find(|known| known.rule.name == rule.rule.name)
                {
                    Some(known) => *known = rule,
                    None => rules.push(rule),
                }
            }
            Ok(())
        };
        add("built-in rules", BUILT_IN)?;
        for (path, _, length) in &stamp {
            let place = path.display().to_string();
            if *length > FILE_LIMIT {
                let what = format!("{length} bytes, of at most {FILE_LIMIT}");
                return Err(Error::Rules { place, what });
            }
            add(&place, &fs::read_to_string(path).map_err(Error::io(path))?)?;
        }
        self.compiled = rules;
        self.stamp = Some(stamp);
        Ok(())
    }

    /// The rules that apply, in order.
    pub fn applying(&self) -> impl Iterator<Item = &Rule> {
        self.in_force().map(|compiled| &compiled.rule)
    }

    /// Judges a deed.
    #[must_use]
    pub fn evaluate(&self, deed: &Deed<'_>) -> Decision<'_> {
        let text = format!("{} {} {}", deed.tool, deed.description, deed.safety).to_lowercase();
        let matching = self.in_force().filter(|rule| rule.matches(deed, &text));
        let rules: Vec<_> = matching.map(|compiled| &compiled.rule).collect();
        let severity = rules.iter().map(|rule| rule.severity).fold(0.0, f64::max);
        Decision {
            action: rules
                .iter()
                .map(|rule| rule.action)
                .max()
                .unwrap_or(Action::Log),
            score: 1.0 - severity,
            rules,
        }
    }

    fn in_force(&self) -> impl Iterator<Item = &Compiled> {
        let applies = |rule: &&Compiled| {
            rule.rule.profile == DEFAULT_PROFILE || rule.rule.profile == self.profile
        };
        self.compiled.iter().filter(applies)
    }

    /// The files that there are: one, and a folder of more in the order of their names.
    fn current_stamp(&self) -> Result<Stamp> {
        let mut files = Vec::new();
        if self.file.exists() {
            files.push(self.file.clone());
        }
        if self.folder.is_dir() {
            let from = files.len();
            for entry in fs::read_dir(&self.folder).map_err(Error::io(&self.folder))? {
                let path = entry.map_err(Error::io(&self.folder))?.path();
                if path
                    .extension()
                    .is_some_and(|end| end == "yaml" || end == "yml")
                {
                    files.push(path);
                }
            }
            files[from..].sort();
        }
        let stamped = files.into_iter().map(|path| {
            let facts = fs::metadata(&path).map_err(Error::io(&path))?;
            Ok((path, facts.modified().ok(), facts.len()))
        });
        stamped.collect()
    }
}
