//! Backups: a galaxy's database in a `.tar.gz`, with its SHA-256 beside it.
//!
//! An archive has `backup.json`, `SHA256SUMS` (which `sha256sum --check` reads) and `whitemagic.db`, in this
//! order. Restoring reads all of it to a temporary file and checks that before the database in use is
//! touched, and replaces its contents in one transaction, which other processes see whole or not at all.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tar::{Archive, Builder, EntryType, Header};
use tempfile::{NamedTempFile, TempPath};

use crate::error::{Error, Result};
use crate::schema;
use crate::store::Store;

/// The version of this form of archive.
const FORM: u32 = 1;
const FACTS: &str = "backup.json";
const LISTING: &str = "SHA256SUMS";
const DATABASE: &str = "whitemagic.db";
/// Most bytes of an archive's small files.
const TEXT_LIMIT: u64 = 64 << 10;
/// Most bytes of a database.
const DATABASE_LIMIT: u64 = 64 << 30;
/// Pages that are copied at once.
const PAGES: i32 = 1 << 10;

/// What an archive says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The version of its form
    pub form: u32,
    /// The galaxy that it is of
    pub galaxy: String,
    /// When it was made, in UTC
    pub created_at: String,
    /// How many memories it has
    pub memory_count: u64,
}

/// A backup that was made.
#[derive(Clone, Debug, Serialize)]
pub struct Made {
    /// The archive's name in its folder
    pub archive: String,
    /// Its size
    pub bytes: u64,
    /// The SHA-256 of the database in it
    pub sha256: String,
    /// What it says of itself
    #[serde(flatten)]
    pub facts: Facts,
}

/// Makes a backup in a folder, under a name that has the moment in it.
///
/// # Errors
///
/// [`Error::Io`]; [`Error::Database`]
pub fn back_up(store: &Store, galaxy: &str, folder: &Path) -> Result<Made> {
    fs::create_dir_all(folder).map_err(Error::io(folder))?;
    let copy = store.snapshot(folder)?;
    let (bytes, sha256) = digest(&copy).map_err(Error::io(folder))?;
    let facts = Facts {
        form: FORM,
        galaxy: galaxy.to_owned(),
        created_at: store.now()?,
        memory_count: store.count()?,
    };
    let name = format!("{}-{}.tar.gz", facts.galaxy, facts.created_at);
    let name = name.replace(
        |letter: char| !letter.is_ascii_alphanumeric() && !"-_.".contains(letter),
        "_",
    );
    let path = folder.join(&name);
    let archive = write(&facts, &sha256, &copy, bytes, folder).map_err(Error::io(&path))?;
    let file = archive
        .persist_noclobber(&path)
        .map_err(|error| Error::io(&path)(error.error))?;
    Ok(Made {
        archive: name,
        bytes: file.metadata().map_err(Error::io(&path))?.len(),
        sha256,
        facts,
    })
}

fn write(
    facts: &Facts,
    sha256: &str,
    copy: &Path,
    bytes: u64,
    folder: &Path,
) -> io::Result<NamedTempFile> {
    let file = NamedTempFile::new_in(folder)?;
    let mut archive = Builder::new(GzEncoder::new(file, Compression::default()));
    let listing = format!("{sha256}  {DATABASE}\n");
    let text = serde_json::to_vec_pretty(facts)?;
    for (name, text) in [(FACTS, text.as_slice()), (LISTING, listing.as_bytes())] {
        archive.append_data(&mut header(text.len() as u64), name, text)?;
    }
    archive.append_data(&mut header(bytes), DATABASE, File::open(copy)?)?;
    let file = archive.into_inner()?.finish()?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn header(bytes: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o600);
    header.set_size(bytes);
    header
}

/// The names of the archives in a folder, the latest last. A folder that is not there has none.
///
/// # Errors
///
/// [`Error::Io`]
pub fn list(folder: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(Error::io(folder))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(Error::io(folder))?.file_name();
        let name = name
            .into_string()
            .ok()
            .filter(|name| name.ends_with(".tar.gz"));
        names.extend(name);
    }
    names.sort();
    Ok(names)
}

/// An archive that was checked, with its database in a temporary file.
#[derive(Debug)]
pub struct Checked {
    /// What it says of itself
    pub facts: Facts,
    database: TempPath,
}

/// Reads and checks an archive. Its database goes to a temporary file in the folder.
///
/// # Errors
///
/// [`Error::Archive`] if anything is not as [`back_up`] makes it; [`Error::Io`]
pub fn check(path: &Path, folder: &Path) -> Result<Checked> {
    let wrong = |what: String| Error::Archive {
        path: path.to_owned(),
        what,
    };
    let file = File::open(path).map_err(Error::io(path))?;
    let mut archive = Archive::new(GzDecoder::new(file));
    let (mut facts, mut listing, mut database) = (None, None, None);
    let broken = |error: io::Error| wrong(format!("it cannot be read: {error}"));
    let mut entries = archive.entries().map_err(broken)?;
    for expected in [FACTS, LISTING, DATABASE] {
        let Some(entry) = entries.next() else {
            return Err(wrong(format!("{expected} is missing")));
        };
        let mut entry = entry.map_err(broken)?;
        let (name, bytes) = (entry.path_bytes().into_owned(), entry.size());
        let regular = entry.header().entry_type() == EntryType::Regular;
        if name != expected.as_bytes() || !regular {
            let name = String::from_utf8_lossy(&name).into_owned();
            return Err(wrong(format!("{name} stands where {expected} belongs")));
        }
        let most = if expected == DATABASE {
            DATABASE_LIMIT
        } else {
            TEXT_LIMIT
        };
        if bytes > most {
            return Err(wrong(format!(
                "{expected} has {bytes} bytes, of at most {most}"
            )));
        }
        if expected == DATABASE {
            let mut copy = NamedTempFile::new_in(folder).map_err(Error::io(folder))?;
            io::copy(&mut entry, &mut copy).map_err(broken)?;
            database = Some(copy.into_temp_path());
        } else {
            let mut text = String::new();
            entry.read_to_string(&mut text).map_err(broken)?;
            *(if expected == FACTS {
                &mut facts
            } else {
                &mut listing
            }) = Some(text);
        }
    }
    if entries.next().is_some() {
        return Err(wrong("there is more in it than a backup has".to_owned()));
    }
    let (Some(facts), Some(listing), Some(database)) = (facts, listing, database) else {
        return Err(wrong("it is not whole".to_owned()));
    };
    let facts: Facts =
        serde_json::from_str(&facts).map_err(|error| wrong(format!("{FACTS}: {error}")))?;
    if facts.form != FORM {
        let what = format!("its form is {}, and this program knows {FORM}", facts.form);
        return Err(wrong(what));
    }
    let (_, sha256) = digest(&database).map_err(Error::io(folder))?;
    if listing != format!("{sha256}  {DATABASE}\n") {
        return Err(wrong(format!("{DATABASE} is not what {LISTING} says")));
    }
    check_database(&database).map_err(|what| wrong(format!("{DATABASE}: {what}")))?;
    Ok(Checked { facts, database })
}

/// A digest tells that nothing was damaged, not that SQLite can use it.
fn check_database(path: &Path) -> std::result::Result<(), String> {
    let check = || {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        Ok((version, found))
    };
    match check() {
        Err(error) => {
            let error: rusqlite::Error = error;
            Err(error.to_string())
        }
        Ok((_, found)) if found != "ok" => Err(found),
        Ok((version, _)) if version != schema::VERSION => Err(format!(
            "its tables have version {version}, and this program knows {}",
            schema::VERSION
        )),
        Ok(_) => Ok(()),
    }
}

impl Store {
    /// Makes everything as it was when an archive was made. Until all of it is there, the database is as
    /// it was.
    ///
    /// # Errors
    ///
    /// [`Error::Database`]
    pub fn restore(&mut self, archive: &Checked) -> Result<()> {
        let path = self.path().to_owned();
        let fail = |error: rusqlite::Error| Error::database(&path)(error);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let source = Connection::open_with_flags(&archive.database, flags).map_err(fail)?;
        let backup = Backup::new(&source, self.connection()).map_err(fail)?;
        let pause = Duration::from_millis(5);
        backup.run_to_completion(PAGES, pause, None).map_err(fail)
    }

    /// A copy of the database as it is now, in a temporary file in a folder.
    fn snapshot(&self, folder: &Path) -> Result<TempPath> {
        let copy = NamedTempFile::new_in(folder).map_err(Error::io(folder))?;
        let copy = copy.into_temp_path();
        self.copy_to(&copy)?;
        Ok(copy)
    }
}

/// Size and SHA-256 of a file.
fn digest(path: &Path) -> io::Result<(u64, String)> {
    let mut hasher = Hasher(Sha256::new());
    let bytes = io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok((bytes, format!("{:x}", hasher.0.finalize())))
}

struct Hasher(Sha256);

impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
