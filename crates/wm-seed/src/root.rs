//! The state root: the folder in which everything is kept.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::{Error, Result};

/// The name of a state root in a project's folder or in the home folder.
pub const FOLDER: &str = ".whitemagic";
/// The variable that names the state root.
pub const VARIABLE: &str = "WM_STATE_ROOT";
/// Folders of a state root, as the full WhiteMagic has them.
const FOLDERS: [&str; 3] = ["memory", "sessions", "logs"];

/// Why this folder is the state root. The first that applies wins, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The command line names it.
    Option,
    /// `WM_STATE_ROOT` names it.
    Environment,
    /// The current folder or one above it has a `.whitemagic`.
    Folder,
    /// It is `~/.whitemagic`.
    Home,
}

/// What decides on the state root.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The folder that the command line names
    pub option: Option<PathBuf>,
    /// The value of `WM_STATE_ROOT`
    pub variable: Option<OsString>,
    /// The current folder
    pub current: Option<PathBuf>,
    /// The user's home folder
    pub home: Option<PathBuf>,
}

impl Surroundings {
    /// Those of this process.
    #[must_use]
    pub fn of_process(option: Option<PathBuf>) -> Self {
        Self {
            option,
            variable: std::env::var_os(VARIABLE),
            current: std::env::current_dir().ok(),
            home: std::env::home_dir(),
        }
    }
}

/// The folder in which everything is kept. It need not exist yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateRoot {
    path: PathBuf,
    origin: Origin,
}

impl StateRoot {
    /// Finds the state root.
    ///
    /// # Errors
    ///
    /// [`Error::NoHome`] if nothing names one.
    pub fn find(around: &Surroundings) -> Result<Self> {
        let given = around.variable.as_ref().filter(|value| !value.is_empty());
        let (path, origin) = if let Some(path) = &around.option {
            (path.clone(), Origin::Option)
        } else if let Some(value) = given {
            (expanded(value, around.home.as_deref()), Origin::Environment)
        } else if let Some(path) = above(around.current.as_deref()) {
            (path, Origin::Folder)
        } else {
            let home = around.home.as_deref().ok_or(Error::NoHome)?;
            (home.join(FOLDER), Origin::Home)
        };
        // The current folder may change while a server runs.
        let path = std::path::absolute(&path).map_err(Error::io(&path))?;
        Ok(Self { path, origin })
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Why it is this folder.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// The folder of the databases.
    #[must_use]
    pub fn memory(&self) -> PathBuf {
        self.path.join("memory")
    }

    /// The database of the galaxy `default`.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.memory().join("whitemagic.db")
    }

    /// The ledger of calls.
    #[must_use]
    pub fn ledger(&self) -> PathBuf {
        self.path.join("karma.jsonl")
    }

    /// The registry of galaxies.
    #[must_use]
    pub fn galaxies(&self) -> PathBuf {
        self.path.join("galaxies.json")
    }

    /// The folder of backups.
    #[must_use]
    pub fn backups(&self) -> PathBuf {
        self.path.join("backups")
    }

    /// The file of rules.
    #[must_use]
    pub fn rules(&self) -> PathBuf {
        self.path.join("dharma_rules.yaml")
    }

    /// The folder of more files of rules.
    #[must_use]
    pub fn rules_folder(&self) -> PathBuf {
        self.path.join("dharma").join("rules.d")
    }

    /// The folder of modules that judge, watch and report.
    #[must_use]
    pub fn governance(&self) -> PathBuf {
        self.path.join("governance")
    }

    /// Makes the folder and those in it, where they are not there yet.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn scaffold(&self) -> Result<()> {
        let new = !self.path.exists();
        for name in FOLDERS {
            let folder = self.path.join(name);
            fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
        }
        if new {
            private(&self.path)?;
        }
        Ok(())
    }
}

/// A leading `~` in a variable is not replaced by a shell where a client sets it.
fn expanded(value: &OsString, home: Option<&Path>) -> PathBuf {
    let path = Path::new(value);
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}

/// The state root in this folder or the nearest above it.
fn above(current: Option<&Path>) -> Option<PathBuf> {
    let folders = current?.ancestors();
    folders
        .map(|folder| folder.join(FOLDER))
        .find(|path| path.is_dir())
}

/// Memories are for their owner.
fn private(path: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(Error::io(path))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

    use super::*;

    /// Each case leaves out what won before.
    #[test]
    fn the_most_explicit_wins() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("project/.whitemagic")).unwrap();
        fs::create_dir_all(at("project/src/deep")).unwrap();
        let mut around = Surroundings {
            option: Some(at("option")),
            variable: Some(at("variable").into()),
            current: Some(at("project/src/deep")),
            home: Some(at("home")),
        };
        let found = |around: &Surroundings| {
            let root = StateRoot::find(around).unwrap();
            (root.path().to_owned(), root.origin())
        };
        assert_eq!(found(&around), (at("option"), Origin::Option));
        around.option = None;
        assert_eq!(found(&around), (at("variable"), Origin::Environment));
        around.variable = Some("~/state".into());
        assert_eq!(found(&around), (at("home/state"), Origin::Environment));
        around.variable = Some(OsString::new());
        assert_eq!(found(&around), (at("project/.whitemagic"), Origin::Folder));
        around.current = Some(at("home"));
        assert_eq!(found(&around), (at("home/.whitemagic"), Origin::Home));
        around.home = None;
        assert!(matches!(StateRoot::find(&around), Err(Error::NoHome)));
    }
}
