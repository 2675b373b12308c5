//! A memory: a text with a title and tags.

use serde::Serialize;

use crate::error::{Error, Result};

/// Most bytes of a memory's text.
pub const CONTENT_LIMIT: usize = 1 << 20;
/// Most bytes of a title.
pub const TITLE_LIMIT: usize = 1 << 10;
/// Most bytes of a tag.
pub const TAG_LIMIT: usize = 128;
/// Most tags of a memory.
pub const TAGS_LIMIT: usize = 64;
/// The title of a memory that was given none.
pub const UNTITLED: &str = "Untitled";

/// A memory as it is kept. Moments are UTC in ISO 8601, without an offset.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Memory {
    /// What names it: a UUID, unless another program chose something else
    pub id: String,
    /// Its title
    pub title: String,
    /// Its text
    pub content: String,
    /// Its tags, in the order that they were given
    pub tags: Vec<String>,
    /// When it was created
    pub created_at: String,
    /// When it was last changed
    pub updated_at: String,
    /// How often it was read
    pub access_count: i64,
    /// How much it weighs, from 0 to 1
    pub importance: f64,
}

/// What a new memory has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewMemory<'a> {
    /// Its title
    pub title: &'a str,
    /// Its text
    pub content: &'a str,
    /// Its tags, see [`tags`]
    pub tags: &'a [String],
    /// How much it weighs, from 0 to 1
    pub importance: f64,
}

/// What changes of a memory; the rest stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change<'a> {
    /// The new title
    pub title: Option<&'a str>,
    /// The new text
    pub content: Option<&'a str>,
    /// The new tags, in place of all former ones; see [`tags`]
    pub tags: Option<&'a [String]>,
    /// The new weight
    pub importance: Option<f64>,
}

/// Tags as they are kept: trimmed, each once, none empty.
///
/// # Errors
///
/// [`Error::Argument`] if there are too many, or one is too long.
pub fn tags<'a>(given: impl IntoIterator<Item = &'a str>) -> Result<Vec<String>> {
    let mut tags: Vec<String> = Vec::new();
    for tag in given.into_iter().map(str::trim) {
        if tag.len() > TAG_LIMIT {
            let what =
                format!("a tag may have {TAG_LIMIT} bytes; shorten it, or put it in the text");
            return Err(Error::argument("tags", what));
        }
        if !tag.is_empty() && !tags.iter().any(|known| known == tag) {
            tags.push(tag.to_owned());
        }
        if tags.len() > TAGS_LIMIT {
            let what = format!("a memory may have {TAGS_LIMIT} tags; keep the most telling ones");
            return Err(Error::argument("tags", what));
        }
    }
    Ok(tags)
}
