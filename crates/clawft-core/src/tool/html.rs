//! HTML as text: what a reader would see, one block a line, with its links.

use crate::prelude::*;
use crate::text::{digits, find, lists, trim_end};
use crate::url_policy::Url;

/// A page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Its title, or empty
    pub title: String,
    /// Its text; links are `[text](url)`, entries of lists begin with `- `, headings with `# `
    pub text: String,
}

/// The text of a page. `base` is its address, by which links are told.
#[must_use]
pub fn reduce(html: &str, base: &Url) -> Page {
    let mut reader = Reader {
        base: Some(base),
        ..Reader::default()
    };
    reader.read(html);
    Page {
        title: reader.title,
        text: reader.out.text,
    }
}

/// The text of a fragment without links, on one line.
#[must_use]
pub fn text_of(fragment: &str) -> String {
    let mut reader = Reader::default();
    reader.read(fragment);
    reader.out.text.replace('\n', " ")
}

/// Elements whose content nobody reads.
const HIDDEN: &str = "iframe math noscript object script style svg template";

/// Elements that begin and end a line.
const LINES: &str =
    "address br caption dd details div dt fieldset figcaption form li ol option summary tr ul";

/// Those that an empty line parts from others too.
const PARAGRAPHS: &str = "article aside blockquote dl figure footer h1 h2 h3 h4 h5 h6 header hr main nav p pre \
    section table";

/// The entities that pages still write, each before its character; for the rest they use UTF-8.
const ENTITIES: &str = "amp& apos' bull• cent¢ copy© deg° euro€ gt> hellip… laquo« larr← ldquo“ lsquo‘ lt< mdash— \
    middot· minus− nbsp\u{a0} ndash– quot\" raquo» rarr→ rdquo” reg® rsquo’ times×";

/// Text with its white space as a reader sees it.
#[derive(Default)]
struct Output {
    text: String,
    newlines: usize,
    space: bool,
    /// How many `pre` are open: white space counts in them
    preformatted: usize,
}

impl Output {
    /// Ends the line; at 2 an empty one follows.
    fn break_line(&mut self, newlines: usize) {
        self.newlines = self.newlines.max(newlines);
    }

    /// Writes the white space that stands before the next character.
    fn settle(&mut self) {
        if self.text.is_empty() {
        } else if self.newlines > 0 {
            let there = self.text.len() - trim_end(&self.text, '\n').len();
            for _ in there..self.newlines {
                self.text.push('\n');
            }
        } else if self.space && !self.text.ends_with([' ', '\n']) {
            self.text.push(' ');
        }
        self.newlines = 0;
        self.space = false;
    }

    fn push(&mut self, character: char) {
        // A space that does not break is a space to a reader.
        let blank = character.is_ascii_whitespace() || character == '\u{a0}';
        if !blank {
            self.settle();
            self.text.push(character);
        } else if self.preformatted == 0 {
            self.space = true;
        } else if character != '\n' {
            self.settle();
            self.text.push(' ');
        } else if self.newlines == 0 {
            self.text.push('\n');
        }
    }

    fn push_str(&mut self, text: &str) {
        text.chars().for_each(|character| self.push(character));
    }
}

#[derive(Default)]
struct Reader<'a> {
    base: Option<&'a Url>,
    out: Output,
    title: String,
    /// The open link: where its text starts, and its address
    link: Option<(usize, String)>,
}

impl Reader<'_> {
    fn read(&mut self, mut rest: &str) {
        while let Some(start) = rest.find('<') {
            self.out.push_str(&decoded(&rest[..start]));
            rest = &rest[start..];
            let Some(after) = self.markup(rest) else {
                // A mark that does not end: the page was cut here.
                self.close_link();
                return;
            };
            rest = after;
        }
        self.out.push_str(&decoded(rest));
        self.close_link();
    }

    /// Takes what begins with `<`: what follows it, or `None` if it does not end.
    fn markup<'h>(&mut self, text: &'h str) -> Option<&'h str> {
        if let Some(comment) = text.strip_prefix("<!--") {
            let end = find(comment.as_bytes(), b"-->")?;
            return Some(&comment[end + 3..]);
        }
        let inside = &text[1..];
        let closing = inside.starts_with('/');
        let named = inside.strip_prefix('/').unwrap_or(inside);
        match named.bytes().next() {
            Some(b'!' | b'?') => return inside.split_once('>').map(|(_, after)| after),
            Some(first) if first.is_ascii_alphabetic() => {}
            _ => {
                self.out.push('<');
                return Some(inside);
            }
        }
        let end = tag_end(named)?;
        let (tag, after) = (&named[..end], &named[end + 1..]);
        let name_end = tag
            .find(|character: char| character.is_ascii_whitespace() || character == '/')
            .unwrap_or(tag.len());
        let name = tag[..name_end].to_ascii_lowercase();
        if name == "title" && !closing {
            let end = close_of(after, "title");
            if self.title.is_empty() {
                self.title = text_of_title(&after[..end]);
            }
            return Some(&after[end..]);
        }
        if !closing && lists(HIDDEN, &name) && !tag.ends_with('/') {
            return Some(&after[close_of(after, &name)..]);
        }
        self.element(&name, &tag[name_end..], closing);
        Some(after)
    }

    fn element(&mut self, name: &str, attributes: &str, closing: bool) {
        if lists(LINES, name) {
            self.out.break_line(1);
        } else if lists(PARAGRAPHS, name) {
            self.out.break_line(2);
        }
        match (name, closing) {
            ("a", false) => {
                self.close_link();
                let address = attribute(attributes, "href").filter(|href| !href.starts_with('#'));
                if let (Some(base), Some(address)) = (self.base, address)
                    && let Ok(url) = base.join(&decoded(address))
                {
                    self.out.settle();
                    self.link = Some((self.out.text.len(), url.to_string()));
                    self.out.text.push('[');
                }
            }
            ("a", true) => self.close_link(),
            ("li", false) => self.out.push_str("- "),
            ("h1" | "h2" | "h3" | "h4" | "h5" | "h6", false) => self.out.push_str("# "),
            ("td" | "th", true) => self.out.push_str(" | "),
            ("pre", false) => self.out.preformatted += 1,
            ("pre", true) => self.out.preformatted = self.out.preformatted.saturating_sub(1),
            _ => {}
        }
    }

    /// Ends the open link, which is gone if it has no text.
    fn close_link(&mut self) {
        if let Some((start, url)) = self.link.take() {
            if self.out.text.len() == start + 1 {
                self.out.text.truncate(start);
            } else {
                self.out.text.push_str("](");
                self.out.text.push_str(&url);
                self.out.text.push(')');
            }
        }
    }
}

fn text_of_title(text: &str) -> String {
    let mut out = Output::default();
    out.push_str(&decoded(text));
    out.text
}

/// Where a tag ends: at the first `>` that stands in no quotes.
fn tag_end(tag: &str) -> Option<usize> {
    let mut quote = None;
    let mut after_equals = false;
    for (index, byte) in tag.bytes().enumerate() {
        if let Some(open) = quote {
            quote = Some(open).filter(|_| byte != open);
        } else if after_equals && matches!(byte, b'"' | b'\'') {
            quote = Some(byte);
        } else if byte == b'>' {
            return Some(index);
        }
        after_equals = byte == b'=' || after_equals && byte.is_ascii_whitespace();
    }
    None
}

/// Where the end tag of an element begins, or the end of the text.
fn close_of(text: &str, name: &str) -> usize {
    let bytes = text.as_bytes();
    let mut start = 0;
    while let Some(found) = find(&bytes[start..], b"</") {
        let at = start + found;
        let named = bytes.get(at + 2..at + 2 + name.len());
        if named.is_some_and(|named| named.eq_ignore_ascii_case(name.as_bytes())) {
            return at;
        }
        start = at + 2;
    }
    text.len()
}

/// The value of an attribute.
fn attribute<'t>(mut rest: &'t str, name: &str) -> Option<&'t str> {
    let separator = |character: char| character.is_ascii_whitespace() || character == '/';
    loop {
        rest = rest.trim_start_matches(separator);
        if rest.is_empty() {
            return None;
        }
        let end = rest
            .find(|character: char| separator(character) || character == '=')
            .unwrap_or(rest.len());
        // An attribute may begin with `=`, and then that is of its name.
        let (key, after) = rest.split_at(end.max(1).min(rest.len()));
        rest = after.trim_start();
        let mut value = "";
        if let Some(given) = rest.strip_prefix('=') {
            let given = given.trim_start();
            let quote = given
                .chars()
                .next()
                .filter(|first| matches!(first, '"' | '\''));
            (value, rest) = match quote {
                Some(quote) => given[1..].split_once(quote).unwrap_or((&given[1..], "")),
                None => given.split_at(
                    given
                        .find(|character: char| character.is_ascii_whitespace())
                        .unwrap_or(given.len()),
                ),
            };
        }
        if key.eq_ignore_ascii_case(name) {
            return Some(value);
        }
    }
}

/// A text with its entities decoded.
fn decoded(mut text: &str) -> String {
    let mut out = String::new();
    while let Some(start) = text.find('&') {
        out.push_str(&text[..start]);
        text = &text[start..];
        let (character, length) = entity(text).unwrap_or(('&', 1));
        out.push(character);
        text = &text[length..];
    }
    out.push_str(text);
    out
}

/// The character of the entity at the start of a text, and the entity's length in bytes.
fn entity(text: &str) -> Option<(char, usize)> {
    const LONGEST: usize = 10;
    let end = text.bytes().take(LONGEST).position(|byte| byte == b';')?;
    let name = &text[1..end];
    let character = if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(number) => digits(number.as_bytes(), 16),
            None => digits(number.as_bytes(), 10),
        };
        let code = u32::try_from(code?).ok()?;
        let character = char::from_u32(code).filter(|character| *character != '\0');
        character.unwrap_or(char::REPLACEMENT_CHARACTER)
    } else {
        let characters = |entity: &'static str| Some(entity.strip_prefix(name)?.chars());
        let mut entities = ENTITIES.split(' ').filter_map(characters);
        entities
            .find(|characters| characters.clone().count() == 1)?
            .next()?
    };
    Some((character, end + 1))
}
