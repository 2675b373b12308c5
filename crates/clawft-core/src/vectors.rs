//! Texts by their meaning: named collections of vectors in `<workspace>/vectors/`.
//!
//! A collection is either of texts, whose vectors [`embed`] makes, or of vectors that someone else made.
//! Its files are numbered from 0000000001 on, and each is written whole, once:
//!
//! - `NAME.N.jsonl` is either the state at N, a header
//!   `{"_type":"vectors","dimensions","metric","embedding","indexed","index"}` and then as many records as
//!   `indexed` says, `{"id","text","metadata"?}`; or what was changed after N − 1, as records (with
//!   `"vector"`, the bits of its numbers in hexadecimal, where it was given) or `{"deleted":id}`.
//! - `NAME.N.INDEX.index` makes searching fast: the graph and the vectors of the state N, whose header says
//!   INDEX, its checksum.
//!
//! What a collection has is its last state, and the changes after it. Now and then a new state takes all
//! changes in. An index of texts that is lost or damaged is made anew.
//!
//! Several processes may use a collection. A file gets its name when it is whole, unless another has that
//! name: so each change is the next after all that its writer knew, or its writer first reads what another
//! has changed, and tries again. Nothing waits for a process that was killed. What was there before the last
//! state but one is removed. A writer that was held up for so long that its own files were among these is
//! told that it may have failed ([`Error::Busy`]).
//!
//! `NAME.jsonl` and `NAME.index`, which earlier versions wrote, are number 0; such a version sees none of the
//! others.

use alloc::rc::Rc;
use core::cell::RefCell;
use core::fmt;

use clawft_vectors::Index;
pub use clawft_vectors::Metric;
use clawft_vectors::float;
use serde_json::Value;

use crate::json;
use crate::memory::small;
use crate::platform::{Directory, FileError, FileErrorKind, memory};
use crate::prelude::*;
use crate::text;
use crate::tool::object;

/// Numbers in a vector that [`embed`] makes.
pub const EMBEDDING_DIMENSIONS: usize = 256;

/// What [`embed`] is called in files; a collection of another is embedded anew.
const EMBEDDING: &str = "words-1";

/// The most bytes that an index takes while it is read, when it is there twice, with the records: a
/// component has 16 MiB in all. 10,000 vectors of 512 numbers have 6.4 MB.
const MAX_MEMORY: usize = 14 << 20;

/// The most bytes of a state's records and the changes since.
const MAX_RECORDS: usize = 4 << 20;

/// The longest name of a collection.
const MAX_NAME: usize = 64;

/// Why a collection did not do it. It is as it was before, but for [`Error::Busy`].
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
    /// Others change it so often that it is not known whether this change was made
    Busy(String),
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
            Self::Busy(name) => write!(
                formatter,
                "collection {name}: others change it, and this may not be done"
            ),
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
    /// The numbers of its last state, and of its last file
    state: u64,
    last: u64,
    /// Bytes of the state's records and the changes since
    length: usize,
    /// Changes since the state was written
    changes: usize,
}

struct Record {
    id: u64,
    text: String,
    /// A JSON object's text, or empty
    metadata: String,
}

/// A line after the indexed records.
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
        let collection = self.take_or_make(name, dimensions, metric, false)?;
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
        let dimensions = first.vector.map_or(EMBEDDING_DIMENSIONS, <[f32]>::len);
        loop {
            let embedded = first.vector.is_none();
            let mut collection = self.take_or_make(name, dimensions, Metric::Cosine, embedded)?;
            if let Some(ids) = collection.add(self.workspace.as_ref(), entries)? {
                self.keep(collection);
                return Ok(ids);
            }
        }
    }

    /// Deletes an entry, and says whether there was one.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn delete(&self, name: &str, id: u64) -> Result<bool, Error> {
        loop {
            let mut collection = self.take(name)?;
            let there = collection.place(id).is_ok();
            if there {
                let line = json::text(&object(vec![("deleted", id.into())])) + "\n";
                collection.apply(Change::Delete(id))?;
                if !collection.commit(self.workspace.as_ref(), &line, 1)? {
                    continue;
                }
            }
            self.keep(collection);
            return Ok(there);
        }
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
        if let Some(mut collection) = self.open.take()
            && collection.name == name
            && collection.follow(folder)?
        {
            return Ok(collection);
        }
        Collection::read(folder, name)
    }

    /// The same, of a collection that is made if it is not there.
    fn take_or_make(
        &self,
        name: &str,
        dimensions: usize,
        metric: Metric,
        embedded: bool,
    ) -> Result<Box<Collection>, Error> {
        match self.take(name) {
            Err(Error::Unknown(_)) => {}
            other => return other,
        }
        let folder = self.workspace.as_ref();
        let new = Collection::new(name, Index::new(dimensions, metric)?, embedded);
        // Another may have been quicker, so what is there is read.
        new.write(folder, &new.records_text(0))?;
        Collection::read(folder, name)
    }

    fn keep(&self, collection: Box<Collection>) {
        self.open.replace(Some(collection));
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

/// Digits of a number in a name: names have the order of numbers.
const DIGITS: usize = 10;

/// The path of the file with a number.
fn path_of(name: &str, number: u64) -> String {
    if number == 0 {
        return format!("vectors/{name}.jsonl");
    }
    format!("vectors/{name}.{number:0DIGITS$}.jsonl")
}

/// The path of the index of a state, whose header has its checksum.
fn index_path(name: &str, number: u64, checksum: u64) -> String {
    if number == 0 {
        return format!("vectors/{name}.index");
    }
    format!("vectors/{name}.{number:0DIGITS$}.{checksum}.index")
}

/// The collection's files with a number, in its order.
fn files_of(folder: &dyn Directory, name: &str) -> Result<Vec<(u64, String)>, FileError> {
    let entries = match folder.list("vectors") {
        Err(error) if error.kind == FileErrorKind::NotFound => Vec::new(),
        other => other?,
    };
    let mut files = Vec::new();
    for entry in entries {
        if let Some(rest) = entry.name.strip_prefix(name)
            && let Some(rest) = rest.strip_prefix('.')
            && let Some(number) = rest.as_bytes().get(..DIGITS)
            && let Some(number) = text::digits(number, 10)
        {
            files.push((number, entry.name));
        }
    }
    Ok(files)
}

/// The number of the collection's last file.
fn newest(folder: &dyn Directory, name: &str) -> Result<Option<u64>, FileError> {
    let mut last = folder.metadata(&path_of(name, 0))?.map(|_| 0);
    for (number, file) in files_of(folder, name)? {
        // Not that of an index, or of what a killed writer left
        if file.strip_suffix(".jsonl").is_some() {
            last = Some(number);
        }
    }
    Ok(last)
}

/// A state's header, or null where a file has changes.
fn header_of(file: &[u8]) -> Value {
    let line = file.split_inclusive(|byte| *byte == b'\n').next();
    let header = json::or_null(line.unwrap_or_default());
    if header["_type"] == "vectors" {
        return header;
    }
    Value::Null
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
    fn new(name: &str, index: Index, embedded: bool) -> Box<Self> {
        Box::new(Self {
            name: name.to_owned(),
            index,
            embedded,
            records: Vec::new(),
            state: 0,
            last: 0,
            length: 0,
            changes: 0,
        })
    }

    fn read(folder: &dyn Directory, name: &str) -> Result<Box<Self>, Error> {
        loop {
            let last = newest(folder, name)?.ok_or_else(|| Error::Unknown(name.to_owned()))?;
            let read = Self::read_at(folder, name, last);
            // Meanwhile another may have removed what was looked for.
            if read.is_ok() || newest(folder, name)? == Some(last) {
                return read;
            }
        }
    }

    /// The collection as it was when that file was its last.
    fn read_at(folder: &dyn Directory, name: &str, last: u64) -> Result<Box<Self>, Error> {
        let (mut state, mut length, mut later) = (last, 0, Vec::new());
        let (bytes, header) = loop {
            let bytes = folder.read(&path_of(name, state), MAX_RECORDS as u64)?;
            length += bytes.len();
            let header = header_of(&bytes);
            if !header.is_null() {
                break (bytes, header);
            }
            if state <= 1 && folder.metadata(&path_of(name, 0))?.is_none() || state == 0 {
                let path = path_of(name, state);
                return Err(Error::Damaged(path, 1, "no header in line"));
            }
            later.push(bytes);
            state -= 1;
        };
        let path = path_of(name, state);
        let damaged = |line: usize, what| Error::Damaged(path.clone(), line as u64, what);
        let number = |key: &str| usize::try_from(header[key].as_u64()?).ok();
        let metric = METRICS
            .into_iter()
            .find(|(known, _)| header["metric"] == *known);
        let (Some(dimensions), Some((_, metric)), Some(indexed)) =
            (number("dimensions"), metric, number("indexed"))
        else {
            return Err(damaged(1, "no header in line"));
        };
        let embedding = header["embedding"].as_str();
        let index = Index::new(dimensions, metric)?;
        let mut collection = Self::new(name, index, embedding.is_some());
        (collection.state, collection.last, collection.length) = (state, last, length);
        let mut changes = Vec::new();
        parse(&path, &bytes, 1, &mut changes)?;
        drop(bytes);
        if changes.len() < indexed {
            let line = changes.len() + 2;
            return Err(damaged(line, "the end, before all records, in line"));
        }
        for change in changes.drain(..indexed) {
            if let Change::Put(record, _) = change {
                collection.put(record);
            }
        }
        changes.shrink_to_fit();
        while let Some(bytes) = later.pop() {
            state += 1;
            parse(&path_of(name, state), &bytes, 0, &mut changes)?;
        }
        // The index is there twice while it is read.
        let checksum = header["index"].as_u64().unwrap_or_default();
        if indexed > 0
            && embedding.is_none_or(|embedding| embedding == EMBEDDING)
            && let path = index_path(name, collection.state, checksum)
            && let Some(bytes) = read_if_there(folder, &path, MAX_MEMORY)?
            && let Ok(index) = Index::load(&bytes)
            && index.dimensions() == dimensions
            && index.metric() == metric
        {
            collection.index = index;
        }
        collection.changes = changes.len();
        for change in changes {
            collection.apply(change)?;
        }
        collection.complete()?;
        Ok(collection)
    }

    /// Makes the changes of others, and says whether that was all it takes: if not, the collection is read
    /// anew.
    fn follow(&mut self, folder: &dyn Directory) -> Result<bool, Error> {
        loop {
            let path = path_of(&self.name, self.last + 1);
            let next = read_if_there(folder, &path, MAX_RECORDS)?;
            if !self.is_last_there(folder)? {
                return Ok(false);
            }
            let Some(bytes) = next else {
                return Ok(true);
            };
            if !header_of(&bytes).is_null() {
                return Ok(false);
            }
            let mut changes = Vec::new();
            parse(&path, &bytes, 0, &mut changes)?;
            self.changes += changes.len();
            for change in changes {
                self.apply(change)?;
            }
            self.length += bytes.len();
            self.last += 1;
        }
    }

    /// Whether the next number is that of the next file: files are removed from the first on, so it was
    /// not given and removed before, if the one before it is there.
    fn is_last_there(&self, folder: &dyn Directory) -> Result<bool, FileError> {
        let path = path_of(&self.name, self.last);
        Ok(folder.metadata(&path)?.is_some())
    }

    /// Makes the vectors that the index lacks.
    fn complete(&mut self) -> Result<(), Error> {
        for record in &self.records {
            if self.index.contains(record.id) {
                continue;
            }
            let made = embed(&record.text).filter(|_| self.embedded);
            let Some(vector) = made else {
                let path = path_of(&self.name, self.state);
                return Err(Error::Damaged(path, record.id, "its index lacks"));
            };
            self.index.add(record.id, &vector)?;
            self.changes += 1;
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

    /// Adds entries: their ids, or nothing if another has changed the collection meanwhile.
    fn add(
        &mut self,
        folder: &dyn Directory,
        entries: &[Entry<'_>],
    ) -> Result<Option<Vec<u64>>, Error> {
        let full = |name: &str| Error::Full(name.to_owned());
        let mut next = match self.records.last() {
            Some(last) => last.id.checked_add(1),
            None => Some(1),
        };
        let taken_in = self.are_many(entries.len());
        let (mut ids, mut lines) = (Vec::new(), String::new());
        for entry in entries {
            self.expect(entry.vector.is_none())?;
            if 2 * self.index.memory() > MAX_MEMORY {
                return Err(full(&self.name));
            }
            if entry.metadata.is_some_and(|metadata| !metadata.is_object()) {
                return Err(Error::Metadata);
            }
            let id = entry.id.or(next).ok_or_else(|| full(&self.name))?;
            if next.is_some_and(|next| next <= id) {
                next = id.checked_add(1);
            }
            let record = Record {
                id,
                text: entry.text.to_owned(),
                metadata: entry.metadata.map(json::text).unwrap_or_default(),
            };
            if !taken_in {
                record.write(entry.vector, &mut lines);
            }
            ids.push(id);
            // In memory first: what the index refuses never comes to a file.
            self.apply(Change::Put(record, entry.vector.map(<[f32]>::to_vec)))?;
        }
        if 2 * self.index.memory() + self.length + lines.len() > MAX_MEMORY {
            if 2 * self.index.memory() + self.size() > MAX_MEMORY {
                return Err(full(&self.name));
            }
            lines.clear();
        }
        let committed = self.commit(folder, &lines, entries.len())?;
        Ok(committed.then_some(ids))
    }

    /// Whether so many changes more are to be taken in.
    fn are_many(&self, more: usize) -> bool {
        const FEW: usize = 64;
        let changes = self.changes + more;
        changes > FEW + self.records.len() / 32
            || changes.saturating_mul(self.index.dimensions()) >= MAX_RECORDS / 32
    }

    /// Writes changes that were applied: as these lines or, without any or if that is better, with all others
    /// as a new state. Whether nobody was quicker.
    fn commit(&mut self, folder: &dyn Directory, lines: &str, count: usize) -> Result<bool, Error> {
        let length = self.length + lines.len();
        if lines.is_empty() || self.are_many(count) || length > MAX_RECORDS {
            return self.take_in(folder);
        }
        let written = self.write(folder, lines)?;
        if written {
            self.last += 1;
            self.length = length;
            self.changes += count;
        }
        Ok(written)
    }

    /// Writes a new state: whether nobody was quicker with another change.
    fn take_in(&mut self, folder: &dyn Directory) -> Result<bool, Error> {
        if !memory::room(self.size()) {
            return Err(Error::Full(self.name.clone()));
        }
        let saved = self.index.saved();
        let text = self.records_text(saved.checksum());
        if text.len() > MAX_RECORDS {
            return Err(Error::Full(self.name.clone()));
        }
        let path = index_path(&self.name, self.last + 1, saved.checksum());
        folder.write_pieces(&path, &saved.pieces(), false)?;
        if !self.write(folder, &text)? {
            return Ok(false);
        }
        self.last += 1;
        // Whoever reads the state before this one finds it; those before go, the first one first. What cannot
        // be removed now goes with the next.
        if self.state > 0 {
            let _ = folder.remove(&path_of(&self.name, 0));
            let _ = folder.remove(&index_path(&self.name, 0, 0));
        }
        for (number, file) in files_of(folder, &self.name)? {
            if number < self.state {
                let _ = folder.remove(&(String::from("vectors/") + &file));
            }
        }
        self.state = self.last;
        self.length = text.len();
        self.changes = 0;
        Ok(true)
    }

    /// Writes the next file: whether there was none.
    fn write(&self, folder: &dyn Directory, text: &str) -> Result<bool, Error> {
        let path = path_of(&self.name, self.last + 1);
        if !folder.write_pieces(&path, &[text.as_bytes()], true)? {
            return Ok(false);
        }
        if self.last > 0 && !self.is_last_there(folder)? {
            return Err(Error::Busy(self.name.clone()));
        }
        Ok(true)
    }

    /// Not less than the bytes of a state's text.
    fn size(&self) -> usize {
        // What is around the texts, with an id of 20 digits; and the header, which is longer.
        const LINE: usize = 48;
        let size =
            |record: &Record| json::quoted(&record.text).len() + record.metadata.len() + LINE;
        4 * LINE + self.records.iter().map(size).sum::<usize>()
    }

    /// A state's text, with the checksum of its index.
    fn records_text(&self, index: u64) -> String {
        let metric = METRICS
            .into_iter()
            .find(|(_, metric)| *metric == self.index.metric());
        let header = object(vec![
            ("_type", "vectors".into()),
            ("dimensions", self.index.dimensions().into()),
            ("metric", metric.map(|(name, _)| name).into()),
            ("embedding", self.embedded.then_some(EMBEDDING).into()),
            ("indexed", self.records.len().into()),
            ("index", index.into()),
        ]);
        let mut text = String::with_capacity(self.size());
        text.push_str(&json::text(&header));
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

/// Adds what a file's lines say, without some at its start. A last line without an end is none: an earlier
/// version was cut off in writing it, and told nobody that it was done.
fn parse(path: &str, file: &[u8], skip: usize, changes: &mut Vec<Change>) -> Result<(), Error> {
    let lines = file.split_inclusive(|byte| *byte == b'\n');
    for (at, line) in lines.enumerate().skip(skip) {
        if !line.ends_with(b"\n") {
            break;
        }
        let change = Change::parse(&json::or_null(line))
            .ok_or_else(|| Error::Damaged(path.to_owned(), at as u64 + 1, "no record in line"))?;
        changes.push(change);
    }
    Ok(())
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
