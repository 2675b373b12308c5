//! Texts by their meaning: named collections of vectors in `<workspace>/vectors/`.
//!
//! A collection is either of texts, whose vectors [`embed`] makes, or of vectors that someone else made.
//! It has two files:
//!
//! - `NAME.jsonl`, the truth: a header `{"_type":"vectors","dimensions","metric","embedding","indexed"}`,
//!   then as many records as `indexed` says, `{"id","text","metadata"?}`, then the changes since, as records
//!   (with `"vector"`, the bits of its numbers in hexadecimal, where it was given) or `{"deleted":id}`.
//! - `NAME.index`, what makes searching fast: the graph and the vectors of at least those `indexed` records.
//!
//! A change is appended to the first file in one write. Now and then all changes are taken in: the index is
//! written whole, and then the first file without vectors. A crash between the two repeats changes that
//! the index already has, which alters nothing; one amid an append leaves a line without an end, which is
//! dropped. An index of texts that is lost or damaged is made anew.
//!
//! Several processes may use a collection: each looks whether the file has changed before it uses what it
//! has in memory. What one adds in the very moment in which another takes all changes in may be lost.

use alloc::rc::Rc;
use core::cell::RefCell;
use core::fmt;

use clawft_vectors::Index;
pub use clawft_vectors::Metric;
use clawft_vectors::float;
use serde_json::Value;

use crate::json;
use crate::memory::small;
use crate::platform::{Directory, FileError, FileErrorKind};
use crate::prelude::*;
use crate::text;
use crate::tool::object;

/// Numbers in a vector that [`embed`] makes.
pub const EMBEDDING_DIMENSIONS: usize = 256;

/// What [`embed`] is called in files; a collection of another is embedded anew.
const EMBEDDING: &str = "words-1";

/// The most bytes that an index takes while it is read or written, when it is there twice, with the file of
/// records: a component has 16 MiB in all. 10,000 vectors of 512 numbers have 6.4 MB.
const MAX_MEMORY: usize = 14 << 20;

/// The longest file of records, in bytes.
const MAX_RECORDS: usize = 4 << 20;

/// The longest name of a collection.
const MAX_NAME: usize = 64;

/// Why a collection did not do it. It is as it was before.
#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    /// No name of a collection: it is 1 to 64 letters, digits, `-` or `_`
    Name(String),
    /// There is no such collection
    Unknown(String),
    /// There is one already, of another kind, dimensions or metric
    Exists(String),
    /// Its vectors are made from texts, and one was given; or the reverse
    Kind(String, &'static str),
    /// A text without words has no vector
    NoWords,
    /// A file is not as it was written: which, where (a line, or an id), and what is wrong
    Damaged(String, u64, &'static str),
    /// It has as much as one may
    Full(String),
    /// Metadata is no JSON object
    Metadata,
    /// The vector cannot be added or searched for
    Vector(clawft_vectors::Error),
    /// A file cannot be read or written
    File(FileError),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(
                formatter,
                "{} names no collection: 1 to {MAX_NAME} letters, digits, - or _ do",
                json::quoted(name)
            ),
            Self::Unknown(name) => write!(formatter, "there is no collection {name}"),
            Self::Exists(name) => {
                write!(formatter, "there is a collection {name}, of another kind")
            }
            Self::Kind(name, what) => write!(formatter, "collection {name} {what}"),
            Self::NoWords => formatter.write_str("the text has no words"),
            Self::Damaged(path, place, what) => {
                write!(formatter, "{path} is damaged: {what} {place}")
            }
            Self::Full(name) => write!(formatter, "collection {name} is full"),
            Self::Metadata => formatter.write_str("metadata must be a JSON object"),
            Self::Vector(error) => error.fmt(formatter),
            Self::File(error) => error.fmt(formatter),
        }
    }
}

impl core::error::Error for Error {}

impl From<FileError> for Error {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl From<clawft_vectors::Error> for Error {
    fn from(error: clawft_vectors::Error) -> Self {
        Self::Vector(error)
    }
}

/// What is added to a collection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Entry<'a> {
    /// Its id; without one it gets the next. What has the id already is replaced.
    pub id: Option<u64>,
    /// Its text; may be empty where the vector is given
    pub text: &'a str,
    /// What else is known of it: a JSON object
    pub metadata: Option<&'a Value>,
    /// Its vector; without one it is made from the text
    pub vector: Option<&'a [f32]>,
}

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub enum Query<'a> {
    /// What is like a text
    Text(&'a str),
    /// What is near a vector
    Vector(&'a [f32]),
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// Its id
    pub id: u64,
    /// Its distance; see [`clawft_vectors`]
    pub distance: f32,
    /// Its text
    pub text: String,
    /// What else is known of it; null if nothing is
    pub metadata: Value,
}

/// The collections of a workspace. It holds in memory the one that was used last.
pub struct Store {
    workspace: Rc<dyn Directory>,
    open: RefCell<Option<Box<Collection>>>,
}

struct Collection {
    name: String,
    index: Index,
    /// Whether [`embed`] makes its vectors
    embedded: bool,
    /// By id
    records: Vec<Record>,
    /// The length of the file of records, by which a change by others shows
    length: usize,
    /// Changes since the index was written; more than any number if the file's last line has no end
    changes: usize,
}

struct Record {
    id: u64,
    text: String,
    /// A JSON object's text, or empty
    metadata: String,
}

/// A line of the file after the indexed records.
enum Change {
    Put(Record, Option<Vec<f32>>),
    Delete(u64),
}

impl Store {
    /// The collections of a workspace; nothing is read yet.
    #[must_use]
    pub fn new(workspace: Rc<dyn Directory>) -> Self {
        Self {
            workspace,
            open: RefCell::new(None),
        }
    }

    /// Makes a collection for vectors that are given with their texts. One that is there already stays as it
    /// is.
    ///
    /// # Errors
    /// [`Error::Exists`] if that is of another kind; else see [`Error`].
    pub fn create(&self, name: &str, dimensions: usize, metric: Metric) -> Result<(), Error> {
        let collection = match self.take(name) {
            Err(Error::Unknown(_)) => self.make(name, Index::new(dimensions, metric)?, false)?,
            other => other?,
        };
        let index = &collection.index;
        let same =
            !collection.embedded && index.dimensions() == dimensions && index.metric() == metric;
        self.keep(collection);
        if same {
            return Ok(());
        }
        Err(Error::Exists(name.to_owned()))
    }

    /// Adds entries, all or none: their ids. A collection that is not there is made, with cosine for its
    /// metric: of texts, or of vectors as long as the first.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn add(&self, name: &str, entries: &[Entry<'_>]) -> Result<Vec<u64>, Error> {
        let Some(first) = entries.first() else {
            return Ok(Vec::new());
        };
        let mut collection = match self.take(name) {
            Err(Error::Unknown(_)) => {
                let dimensions = first.vector.map_or(EMBEDDING_DIMENSIONS, <[f32]>::len);
                let index = Index::new(dimensions, Metric::Cosine)?;
                self.make(name, index, first.vector.is_none())?
            }
            other => other?,
        };
        let ids = collection.add(self.workspace.as_ref(), entries)?;
        self.keep(collection);
        Ok(ids)
    }

    /// Deletes an entry, and says whether there was one.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn delete(&self, name: &str, id: u64) -> Result<bool, Error> {
        let mut collection = self.take(name)?;
        let there = collection.place(id).is_ok();
        if there {
            let folder = self.workspace.as_ref();
            let line = json::text(&object(vec![("deleted", id.into())])) + "\n";
            collection.append(folder, &line, 1)?;
            collection.apply(Change::Delete(id))?;
            collection.settle(folder)?;
        }
        self.keep(collection);
        Ok(there)
    }

    /// The entries nearest to what is looked for, at most `count`, nearest first.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn search(&self, name: &str, query: Query<'_>, count: usize) -> Result<Vec<Match>, Error> {
        let collection = self.take(name)?;
        let found = collection.search(query, count);
        self.keep(collection);
        found
    }

    /// How many entries a collection has; one that is not there has none.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn count(&self, name: &str) -> Result<usize, Error> {
        let collection = match self.take(name) {
            Err(Error::Unknown(_)) => return Ok(0),
            other => other?,
        };
        let count = collection.records.len();
        self.keep(collection);
        Ok(count)
    }

    /// A collection as it is now. Whoever fails to change it does not put it back, and it is read again.
    fn take(&self, name: &str) -> Result<Box<Collection>, Error> {
        check_name(name)?;
        let folder = self.workspace.as_ref();
        let length = folder.metadata(&records_path(name))?.map(|file| file.size);
        if let Some(collection) = self.open.take()
            && collection.name == name
            && length == Some(collection.length as u64)
        {
            return Ok(collection);
        }
        Collection::read(folder, name)
    }

    fn keep(&self, collection: Box<Collection>) {
        self.open.replace(Some(collection));
    }

    fn make(&self, name: &str, index: Index, embedded: bool) -> Result<Box<Collection>, Error> {
        let mut collection = Box::new(Collection {
            name: name.to_owned(),
            index,
            embedded,
            records: Vec::new(),
            length: 0,
            changes: 0,
        });
        let header = collection.records_text();
        collection.write_records(self.workspace.as_ref(), &header)?;
        Ok(collection)
    }
}

fn check_name(name: &str) -> Result<(), Error> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(allowed) {
        Ok(())
    } else {
        Err(Error::Name(name.to_owned()))
    }
}

fn records_path(name: &str) -> String {
    format!("vectors/{name}.jsonl")
}

fn index_path(name: &str) -> String {
    format!("vectors/{name}.index")
}

const METRICS: [(&str, Metric); 3] = [
    ("l2", Metric::L2),
    ("cosine", Metric::Cosine),
    ("dot", Metric::Dot),
];

fn read_if_there(
    folder: &dyn Directory,
    path: &str,
    limit: usize,
) -> Result<Option<Vec<u8>>, FileError> {
    match folder.read(path, limit as u64) {
        Err(error) if error.kind == FileErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

impl Collection {
    fn read(folder: &dyn Directory, name: &str) -> Result<Box<Self>, Error> {
        let path = records_path(name);
        let Some(bytes) = read_if_there(folder, &path, MAX_RECORDS)? else {
            return Err(Error::Unknown(name.to_owned()));
        };
        let damaged = |line: usize, what| Error::Damaged(path.clone(), line as u64, what);
        let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
        let header = json::or_null(lines.next().unwrap_or_default());
        let number = |key: &str| usize::try_from(header[key].as_u64()?).ok();
        let metric = METRICS
            .into_iter()
            .find(|(known, _)| header["metric"] == *known);
        let (true, Some(dimensions), Some((_, metric)), Some(indexed)) = (
            header["_type"] == "vectors",
            number("dimensions"),
            metric,
            number("indexed"),
        ) else {
            return Err(damaged(1, "no header in line"));
        };
        let embedding = header["embedding"].as_str();
        let mut collection = Box::new(Self {
            name: name.to_owned(),
            index: Index::new(dimensions, metric)?,
            embedded: embedding.is_some(),
            records: Vec::new(),
            length: bytes.len(),
            changes: 0,
        });
        let mut changes = Vec::new();
        let mut read = 0;
        for line in lines {
            if !line.ends_with(b"\n") {
                // The write of this line was cut off, and nobody was told that it was done.
                collection.changes = usize::MAX;
                break;
            }
            match Change::parse(&json::or_null(line)) {
                None => return Err(damaged(read + 2, "no record in line")),
                Some(Change::Put(record, _)) if read < indexed => collection.put(record),
                Some(change) => changes.push(change),
            }
            read += 1;
        }
        if read < indexed {
            return Err(damaged(read + 2, "the end, before all records, in line"));
        }
        // The index is as large again while it is read.
        drop(bytes);
        if indexed > 0
            && embedding.is_none_or(|embedding| embedding == EMBEDDING)
            && let Some(bytes) = read_if_there(folder, &index_path(name), MAX_MEMORY)?
            && let Ok(index) = Index::load(&bytes)
            && index.dimensions() == dimensions
            && index.metric() == metric
        {
            collection.index = index;
        }
        collection.changes = collection.changes.saturating_add(changes.len());
        for change in changes {
            collection.apply(change)?;
        }
        collection.complete()?;
        Ok(collection)
    }

    /// Makes the vectors that the index lacks.
    fn complete(&mut self) -> Result<(), Error> {
        for record in &self.records {
            if self.index.contains(record.id) {
                continue;
            }
            let made = embed(&record.text).filter(|_| self.embedded);
            let Some(vector) = made else {
                let path = index_path(&self.name);
                return Err(Error::Damaged(path, record.id, "it lacks the vector of"));
            };
            self.index.add(record.id, &vector)?;
            self.changes = self.changes.saturating_add(1);
        }
        Ok(())
    }

    fn search(&self, query: Query<'_>, count: usize) -> Result<Vec<Match>, Error> {
        let made;
        let vector = match query {
            Query::Vector(vector) => {
                self.expect(false)?;
                vector
            }
            Query::Text(text) => {
                self.expect(true)?;
                made = embed(text).ok_or(Error::NoWords)?;
                &made
            }
        };
        let mut matches = Vec::new();
        for neighbour in self.index.search(vector, count)? {
            if let Ok(place) = self.place(neighbour.id) {
                let record = &self.records[place];
                matches.push(Match {
                    id: record.id,
                    distance: neighbour.distance,
                    text: record.text.clone(),
                    metadata: record.metadata(),
                });
            }
        }
        Ok(matches)
    }

    fn place(&self, id: u64) -> Result<usize, usize> {
        self.records.binary_search_by_key(&id, |record| record.id)
    }

    fn put(&mut self, record: Record) {
        match self.place(record.id) {
            Ok(place) => self.records[place] = record,
            Err(place) => self.records.insert(place, record),
        }
    }

    fn apply(&mut self, change: Change) -> Result<(), Error> {
        match change {
            Change::Put(record, vector) => {
                let vector = vector
                    .or_else(|| embed(&record.text))
                    .ok_or(Error::NoWords)?;
                self.index.add(record.id, &vector)?;
                self.put(record);
            }
            Change::Delete(id) => {
                self.index.delete(id);
                if let Ok(place) = self.place(id) {
                    self.records.remove(place);
                }
            }
        }
        Ok(())
    }

    /// That its vectors come from where the caller takes them.
    fn expect(&self, embedded: bool) -> Result<(), Error> {
        if self.embedded == embedded {
            return Ok(());
        }
        Err(Error::Kind(
            self.name.clone(),
            if self.embedded {
                "makes its vectors from texts: give a text, and no vector"
            } else {
                "holds vectors that were given: give a vector"
            },
        ))
    }

    fn add(&mut self, folder: &dyn Directory, entries: &[Entry<'_>]) -> Result<Vec<u64>, Error> {
        let mut next = self
            .records
            .last()
            .map_or(1, |last| last.id.saturating_add(1));
        let (mut ids, mut lines) = (Vec::new(), String::new());
        for entry in entries {
            self.expect(entry.vector.is_none())?;
            if 2 * self.index.memory() + self.length > MAX_MEMORY {
                return Err(Error::Full(self.name.clone()));
            }
            if entry.metadata.is_some_and(|metadata| !metadata.is_object()) {
                return Err(Error::Metadata);
            }
            let id = entry.id.unwrap_or(next);
            next = next.max(id.saturating_add(1));
            let record = Record {
                id,
                text: entry.text.to_owned(),
                metadata: entry.metadata.map(json::text).unwrap_or_default(),
            };
            record.write(entry.vector, &mut lines);
            ids.push(id);
            // In memory first: what the index refuses never comes to the file.
            self.apply(Change::Put(record, entry.vector.map(<[f32]>::to_vec)))?;
        }
        self.append(folder, &lines, entries.len())?;
        self.settle(folder)?;
        Ok(ids)
    }

    /// Adds lines to the file of records.
    fn append(&mut self, folder: &dyn Directory, lines: &str, count: usize) -> Result<(), Error> {
        self.changes = self.changes.saturating_add(count);
        if self.changes == usize::MAX {
            // A line without an end would swallow these: `settle` writes the file anew, with them.
            return Ok(());
        }
        if self.length + lines.len() > MAX_RECORDS {
            // Vectors are left out of the file when it is written anew: that may make the room.
            self.changes = usize::MAX;
            return Ok(());
        }
        folder.append(&records_path(&self.name), lines.as_bytes())?;
        self.length += lines.len();
        Ok(())
    }

    /// Takes all changes in, if they are many.
    fn settle(&mut self, folder: &dyn Directory) -> Result<(), Error> {
        const FEW: usize = 64;
        let vectors = self.changes.saturating_mul(self.index.dimensions());
        if self.changes <= FEW + self.records.len() / 32 && vectors < MAX_RECORDS / 32 {
            return Ok(());
        }
        let appended = self.changes < usize::MAX;
        let taken_in = self.take_in(folder);
        // What was appended is safe without it.
        if appended { Ok(()) } else { taken_in }
    }

    fn take_in(&mut self, folder: &dyn Directory) -> Result<(), Error> {
        let records = self.records_text();
        if records.len() > MAX_RECORDS {
            return Err(Error::Full(self.name.clone()));
        }
        #[cfg(feature = "wasi-platform")]
        if !crate::platform::memory::room(self.index.memory()) {
            return Err(Error::Full(self.name.clone()));
        }
        folder.write(&index_path(&self.name), &self.index.save())?;
        self.write_records(folder, &records)
    }

    fn write_records(&mut self, folder: &dyn Directory, text: &str) -> Result<(), Error> {
        folder.write(&records_path(&self.name), text.as_bytes())?;
        self.length = text.len();
        self.changes = 0;
        Ok(())
    }

    fn records_text(&self) -> String {
        let metric = METRICS
            .into_iter()
            .find(|(_, metric)| *metric == self.index.metric());
        let header = object(vec![
            ("_type", "vectors".into()),
            ("dimensions", self.index.dimensions().into()),
            ("metric", metric.map(|(name, _)| name).into()),
            ("embedding", self.embedded.then_some(EMBEDDING).into()),
            ("indexed", self.records.len().into()),
        ]);
        let mut text = json::text(&header);
        text.push('\n');
        for record in &self.records {
            record.write(None, &mut text);
        }
        text
    }
}

impl Record {
    fn metadata(&self) -> Value {
        json::or_null(self.metadata.as_bytes())
    }

    /// Adds its line to a text.
    fn write(&self, vector: Option<&[f32]>, text: &mut String) {
        let mut line = vec![
            ("id", Value::from(self.id)),
            ("text", self.text.as_str().into()),
        ];
        if !self.metadata.is_empty() {
            line.push(("metadata", self.metadata()));
        }
        if let Some(vector) = vector {
            line.push(("vector", hexadecimal(vector).into()));
        }
        text.push_str(&json::text(&object(line)));
        text.push('\n');
    }
}

impl Change {
    fn parse(line: &Value) -> Option<Self> {
        if let Some(id) = line["deleted"].as_u64() {
            return Some(Self::Delete(id));
        }
        let metadata = &line["metadata"];
        let record = Record {
            id: line["id"].as_u64()?,
            text: line["text"].as_str()?.to_owned(),
            metadata: if metadata.is_object() {
                json::text(metadata)
            } else {
                String::new()
            },
        };
        let vector = match &line["vector"] {
            Value::Null => None,
            digits => Some(numbers(digits.as_str()?)?),
        };
        Some(Self::Put(record, vector))
    }
}

fn hexadecimal(vector: &[f32]) -> String {
    let mut text = String::with_capacity(8 * vector.len());
    for number in vector {
        for digit in (0..8).rev() {
            let digit = number.to_bits() >> (4 * digit) & 15;
            text.extend(char::from_digit(digit, 16));
        }
    }
    text
}

fn numbers(digits: &str) -> Option<Vec<f32>> {
    let number = |chunk: &[u8]| {
        let bits = u32::try_from(text::digits(chunk, 16)?).ok()?;
        Some(f32::from_bits(bits))
    };
    digits.as_bytes().chunks(8).map(number).collect()
}

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
    let mut add = |feature: &[char], weight: f32| {
        let hash = hash(feature);
        let place = usize::from((hash >> 56) as u8);
        vector[place] += if hash >> 55 & 1 == 0 { weight } else { -weight };
    };
    let mut word = vec!['<'];
    for character in text.chars().map(small).chain([' ']) {
        if is_of_word(character) {
            word.push(character);
            continue;
        }
        if word.len() > 1 {
            let weight = if word.len() <= 4 && word.iter().all(char::is_ascii) {
                0.25
            } else {
                1.0
            };
            word.push('>');
            add(&word, weight);
            let parts = word.windows(3);
            #[allow(clippy::cast_precision_loss, reason = "a word is shorter than 2^23")]
            let part = weight / root(parts.len() as f32);
            for feature in parts {
                add(feature, part);
            }
        }
        word.truncate(1);
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

/// FNV-1a of 64 bits (Fowler, Noll and Vo) of the characters' UTF-8, with `MurmurHash3`'s last steps: by
/// itself its high bits hardly depend on the last characters.
fn hash(characters: &[char]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for character in characters {
        for byte in character.encode_utf8(&mut [0; 4]).bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53] {
        hash = (hash ^ hash >> 33).wrapping_mul(factor);
    }
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
