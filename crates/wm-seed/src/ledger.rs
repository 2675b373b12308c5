//! The karma ledger: a line for each call that begins, and one for how it ends.
//!
//! A line is `{"tool":…,"status":…,"ts":…,"prev":…}`: seconds since 1970, and the SHA-256 of the line before,
//! so that a line that was changed or taken out is noticed. Lines without `prev`, such as another
//! program's, are only taken into the next one's.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};

/// Most bytes of a line: a tool's name has at most 128.
const LINE_LIMIT: u64 = 4 << 10;

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It begins.
    Invoked,
    /// It did what it should.
    Success,
    /// It did not.
    Error,
    /// A rule forbade it.
    Blocked,
    /// It came too soon after others.
    Throttled,
}

#[derive(Serialize)]
struct Entry<'a> {
    tool: &'a str,
    status: Status,
    ts: u64,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    tags: &'a [String],
    prev: &'a str,
}

/// What is read of a line, whoever wrote it.
#[derive(Deserialize)]
struct Read {
    status: Option<Status>,
    prev: Option<String>,
}

/// What a ledger says in all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Calls that began
    pub total_actions: u64,
    /// Of them, those that did what they should
    pub success: u64,
    /// Those that did not
    pub error: u64,
    /// Those that a rule forbade
    pub blocked: u64,
    /// Those that came too soon
    pub throttled: u64,
    /// Lines that are no entries, such as one that was cut off
    pub unreadable: u64,
    /// The first line whose predecessor is not the one that it was written after
    pub broken_at: Option<u64>,
}

impl Report {
    /// Calls of which it is not known how they ended: they run now, or were cut off.
    #[must_use]
    pub fn unfinished(&self) -> u64 {
        let ended = self.success + self.error + self.blocked + self.throttled;
        self.total_actions.saturating_sub(ended)
    }
}

/// The ledger in a file.
#[derive(Clone, Debug)]
pub struct Ledger {
    path: PathBuf,
}

impl Ledger {
    /// The ledger in this file, which is made by the first entry.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds an entry. With `lasting`, the disk has it when this returns.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]
    pub fn append(&self, tool: &str, status: Status, tags: &[String], lasting: bool) -> Result<()> {
        self.try_append(tool, status, tags, lasting)
            .map_err(Error::io(&self.path))
    }

    fn try_append(
        &self,
        tool: &str,
        status: Status,
        tags: &[String],
        lasting: bool,
    ) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let mut file = options
            .create(true)
            .read(true)
            .append(true)
            .open(&self.path)?;
        // NB: until the file is closed; of two processes, the second one's entry follows the first one's
        file.lock()?;
        let last = last_line(&mut file)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let mut entry = Entry {
            tool,
            status,
            ts: now.map_or(0, |time| time.as_secs()),
            tags,
            prev: &last.as_ref().map_or(String::new(), |last| hash(&last.text)),
        };
        let mut text = serde_json::to_vec(&entry)?;
        // NB: a line that is longer would be taken for two, and the chain for broken
        while text.len() as u64 >= LINE_LIMIT
            && let Some((_, others)) = entry.tags.split_last()
        {
            entry.tags = others;
            text = serde_json::to_vec(&entry)?;
        }
        let mut line = Vec::new();
        if last.is_some_and(|last| !last.ended) {
            line.push(b'\n');
        }
        line.append(&mut text);
        line.push(b'\n');
        file.write_all(&line)?;
        if lasting { file.sync_data() } else { Ok(()) }
    }

    /// Reads all of it.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]
    pub fn report(&self) -> Result<Report> {
        self.try_report().map_err(Error::io(&self.path))
    }

    fn try_report(&self) -> io::Result<Report> {
        let mut report = Report::default();
        let file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(report),
            file => file?,
        };
        let (mut input, mut line) = (BufReader::new(file), Vec::new());
        let mut before = String::new();
        for number in 1.. {
            line.clear();
            if input
                .by_ref()
                .take(LINE_LIMIT)
                .read_until(b'\n', &mut line)?
                == 0
            {
                break;
            }
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            let entry = serde_json::from_slice(text).unwrap_or(Read {
                status: None,
                prev: None,
            });
            match entry.status {
                None => report.unreadable += 1,
                Some(Status::Invoked) => report.total_actions += 1,
                Some(Status::Success) => report.success += 1,
                Some(Status::Error) => report.error += 1,
                Some(Status::Blocked) => report.blocked += 1,
                Some(Status::Throttled) => report.throttled += 1,
            }
            if entry.prev.is_some_and(|prev| prev != before) {
                report.broken_at.get_or_insert(number);
            }
            before = hash(text);
        }
        Ok(report)
    }
}

struct Last {
    text: Vec<u8>,
    ended: bool,
}

/// The last line of a file, of which no more is read than a line may have.
fn last_line(file: &mut File) -> io::Result<Option<Last>> {
    let length = file.metadata()?.len();
    if length == 0 {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(length.saturating_sub(LINE_LIMIT)))?;
    let mut text = Vec::new();
    file.take(LINE_LIMIT).read_to_end(&mut text)?;
    let ended = text.last() == Some(&b'\n');
    if ended {
        text.pop();
    }
    let start = text.iter().rposition(|&byte| byte == b'\n');
    text.drain(..start.map_or(0, |at| at + 1));
    Ok(Some(Last { text, ended }))
}

fn hash(line: &[u8]) -> String {
    format!("{:x}", Sha256::digest(line))
}
