//! A collection's files: how they are read, and how changes come to be in them.

use clawft_vectors::{Index, Metric};
use serde_json::Value;

use super::collection::Collection;
use super::embedding::EMBEDDING;
use super::names::{files_of, index_path, newest, path_of};
use super::record::{Change, Record, parse};
use super::{Error, MAX_MEMORY, MAX_RECORDS};
use crate::json;
use crate::platform::{Directory, FileError, FileErrorKind, memory};
use crate::prelude::*;
use crate::tool::object;

const METRICS: [(&str, Metric); 3] = [
    ("l2", Metric::L2),
    ("cosine", Metric::Cosine),
    ("dot", Metric::Dot),
];

impl Collection {
    pub fn read(folder: &dyn Directory, name: &str) -> Result<Box<Self>, Error> {
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
        if indexed > 0 && embedding.is_none_or(|embedding| embedding == EMBEDDING) {
            collection.load_index(folder, header["index"].as_u64().unwrap_or_default())?;
        }
        collection.apply_all(changes)?;
        collection.complete()?;
        Ok(collection)
    }

    /// Takes the index of the state, if that is there and fits.
    fn load_index(&mut self, folder: &dyn Directory, checksum: u64) -> Result<(), Error> {
        let path = index_path(&self.name, self.state, checksum);
        // It is there twice while it is read.
        if let Some(bytes) = read_if_there(folder, &path, MAX_MEMORY)?
            && let Ok(index) = Index::load(&bytes)
            && index.dimensions() == self.index.dimensions()
            && index.metric() == self.index.metric()
        {
            self.index = index;
        }
        Ok(())
    }

    /// Makes the changes of others, and says whether that was all it takes: if not, the collection is read
    /// anew.
    pub fn follow(&mut self, folder: &dyn Directory) -> Result<bool, Error> {
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
            self.apply_all(changes)?;
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

    /// Writes changes that were applied: as these lines or, without any or if that is better, with all others
    /// as a new state. Whether nobody was quicker.
    pub fn commit(
        &mut self,
        folder: &dyn Directory,
        lines: &str,
        count: usize,
    ) -> Result<bool, Error> {
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
    pub fn write(&self, folder: &dyn Directory, text: &str) -> Result<bool, Error> {
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
    pub fn size(&self) -> usize {
        // What is around the texts, with an id of 20 digits; and the header, which is longer.
        const LINE: usize = 48;
        let size =
            |record: &Record| json::quoted(&record.text).len() + record.metadata.len() + LINE;
        4 * LINE + self.records.iter().map(size).sum::<usize>()
    }

    /// A state's text, with the checksum of its index.
    pub fn records_text(&self, index: u64) -> String {
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

/// A state's header, or null where a file has changes.
fn header_of(file: &[u8]) -> Value {
    let line = file.split_inclusive(|byte| *byte == b'\n').next();
    let header = json::or_null(line.unwrap_or_default());
    if header["_type"] == "vectors" {
        return header;
    }
    Value::Null
}
