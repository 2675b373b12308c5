//! Galaxies: databases beside each other, of which one is in use.
//!
//! They are listed in `galaxies.json`, in the form of the full WhiteMagic, which is kept as it is where
//! this program does not know it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::root::StateRoot;

/// The galaxy that is always there.
pub const DEFAULT: &str = "default";
/// Most bytes of a galaxy's name.
pub const NAME_LIMIT: usize = 64;

/// A galaxy in the list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Galaxy {
    /// What it is called
    pub name: String,
    /// Its database
    pub db_path: PathBuf,
    /// What it is for
    #[serde(default)]
    pub description: String,
    /// When it was made, in seconds since 1970
    #[serde(default)]
    pub created_at: f64,
    /// What else the full WhiteMagic knows of it
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl Galaxy {
    fn new(name: &str, db_path: PathBuf, description: &str) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            name: name.to_owned(),
            db_path,
            description: description.to_owned(),
            created_at: now.map_or(0.0, |time| time.as_secs_f64()),
            rest: Map::new(),
        }
    }
}

/// The list of galaxies.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Galaxies {
    #[serde(default = "default_name")]
    active: String,
    #[serde(default)]
    galaxies: BTreeMap<String, Galaxy>,
}

fn default_name() -> String {
    DEFAULT.to_owned()
}

impl Galaxies {
    /// Reads the list. Without one there is the default galaxy.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; [`Error::Foreign`] if it is malformed.
    pub fn read(root: &StateRoot) -> Result<Self> {
        let path = root.galaxies();
        let mut list: Self = match fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self {
                active: default_name(),
                galaxies: BTreeMap::new(),
            },
            text => serde_json::from_slice(&text.map_err(Error::io(&path))?).map_err(|error| {
                Error::Foreign {
                    path: path.clone(),
                    what: format!(
                        "{error}; mend it, or move it away: databases stay where they are"
                    ),
                }
            })?,
        };
        let about = "Memories of every project that has no galaxy of its own";
        let default = || Galaxy::new(DEFAULT, root.database(), about);
        list.galaxies.entry(default_name()).or_insert_with(default);
        Ok(list)
    }

    /// The galaxy in use.
    #[must_use]
    pub fn active(&self) -> &str {
        let known = self.galaxies.contains_key(&self.active);
        if known { &self.active } else { DEFAULT }
    }

    /// All galaxies, by name.
    pub fn all(&self) -> impl Iterator<Item = &Galaxy> {
        self.galaxies.values()
    }

    /// A galaxy by name.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`], with the names that there are.
    pub fn get(&self, name: &str) -> Result<&Galaxy> {
        self.galaxies.get(name).ok_or_else(|| {
            let names: Vec<_> = self.galaxies.keys().map(String::as_str).collect();
            Error::argument(
                "name",
                format!("no such galaxy; there are {}", names.join(", ")),
            )
        })
    }
}

/// Adds a galaxy to the list.
///
/// # Errors
///
/// [`Error::Argument`] if its name is taken, or none; [`Error::Io`]
pub fn create(root: &StateRoot, name: &str, description: &str) -> Result<Galaxy> {
    let folder = folder_name(name)?;
    change(root, |list| {
        let db_path = root
            .memory()
            .join("galaxies")
            .join(&folder)
            .join("whitemagic.db");
        let taken = |known: &Galaxy| known.name == name || known.db_path == db_path;
        if let Some(known) = list.all().find(|known| taken(known)) {
            let what = format!("there is the galaxy {}; choose another name", known.name);
            return Err(Error::argument("name", what));
        }
        let galaxy = Galaxy::new(name, db_path, description);
        list.galaxies.insert(name.to_owned(), galaxy.clone());
        Ok(galaxy)
    })
}

/// Uses another galaxy from now on.
///
/// # Errors
///
/// [`Error::Argument`] if there is none of this name; [`Error::Io`]
pub fn switch(root: &StateRoot, name: &str) -> Result<Galaxy> {
    change(root, |list| {
        let galaxy = list.get(name)?.clone();
        name.clone_into(&mut list.active);
        Ok(galaxy)
    })
}

/// The folder of a galaxy, as the full WhiteMagic names it, on every system.
fn folder_name(name: &str) -> Result<String> {
    let fits = name.len() <= NAME_LIMIT
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter));
    if fits {
        // NB: on some systems `A` and `a` are one folder
        Ok(name.to_ascii_lowercase())
    } else {
        let what =
            format!("must have letters of ASCII, digits, - and _ only, at most {NAME_LIMIT}");
        Err(Error::argument("name", what))
    }
}

/// Changes the list; another process that does so waits meanwhile.
fn change<T>(root: &StateRoot, change: impl FnOnce(&mut Galaxies) -> Result<T>) -> Result<T> {
    let guard = root.path().join("galaxies.lock");
    let lock = File::create(&guard).map_err(Error::io(&guard))?;
    lock.lock().map_err(Error::io(&guard))?;
    let mut list = Galaxies::read(root)?;
    let value = change(&mut list)?;
    let path = root.galaxies();
    let text = serde_json::to_vec_pretty(&list).map_err(|error| Error::io(&path)(error.into()))?;
    write(&path, &text)?;
    Ok(value)
}

/// Writes a file whole, or leaves what was there.
fn write(path: &Path, contents: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(Error::io(folder))?;
    file.write_all(contents).map_err(Error::io(path))?;
    file.as_file().sync_all().map_err(Error::io(path))?;
    file.persist(path)
        .map_err(|error| Error::io(path)(error.error))?;
    Ok(())
}
