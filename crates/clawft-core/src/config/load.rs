//! Where the configuration is looked for, and what its paths mean on a machine.

use super::{Config, Error, LIMIT};
use crate::platform::{FileError, FileErrorKind, Platform};
use crate::prelude::*;
use crate::text;

/// Where files are looked for, in this order.
const PLACES: [&str; 3] = [
    "~/.clawft/config.toml",
    "~/.clawft/config.json",
    "~/.nanobot/config.json",
];

/// The workspace where none is said, and the one that is taken if only that is there.
pub(super) const WORKSPACES: [&str; 2] = ["~/.clawft/workspace", "~/.nanobot/workspace"];

/// A path with the home folder in place of a leading `~`.
///
/// # Errors
/// [`Error::Home`] if there is none, or if it is another user's.
pub fn expand(platform: &Platform, path: &str) -> Result<String, Error> {
    let Some(below) = path.strip_prefix('~') else {
        return Ok(path.to_owned());
    };
    // What `~name` is, only the system knows.
    let own = below.is_empty() || below.starts_with('/');
    let home = platform.environment.home().filter(|_| own);
    let home = home.ok_or_else(|| Error::Home {
        path: path.to_owned(),
    })?;
    Ok(format!("{}{below}", text::trim_end(&home, '/')))
}

impl Config {
    /// Finds and reads the configuration of a machine; see the module. A path that is given begins with
    /// `/` or `~`.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn load(platform: &Platform, path: Option<&str>) -> Result<Self, Error> {
        let variable = platform.environment.variable("CLAWFT_CONFIG");
        let mut given = [path, variable.as_deref()].into_iter().flatten();
        let chosen = given.find(|path| !path.is_empty());
        let found = match chosen {
            Some(path) => {
                let path = expand(platform, path)?;
                let content = read_file(platform, &path).map_err(Error::File)?;
                Some((path, content))
            }
            None => discover(platform)?,
        };
        let (folder, mut config) = match &found {
            Some((path, content)) => (split(path).0, Self::read(path, content)?),
            None => ("", Self::default()),
        };
        let said = &config.document["agents"]["defaults"]["workspace"];
        let workspace = match said.as_str() {
            Some(said) => expand(platform, said)?,
            None => default_workspace(platform)?,
        };
        config.agent.workspace = if workspace.starts_with('/') {
            workspace
        } else {
            format!("{folder}/{workspace}")
        };
        Ok(config)
    }
}

/// The workspace where none is said: that of clawft, unless only nanobot's is there.
fn default_workspace(platform: &Platform) -> Result<String, Error> {
    for place in WORKSPACES {
        let place = expand(platform, place)?;
        if platform.files.open(&place, false).is_ok() {
            return Ok(place);
        }
    }
    expand(platform, WORKSPACES[0])
}

/// The folder and the name of a file.
fn split(path: &str) -> (&str, &str) {
    text::split_last(path, b'/').unwrap_or(("", path))
}

fn read_file(platform: &Platform, path: &str) -> Result<Vec<u8>, FileError> {
    let failed = |kind| FileError {
        path: path.to_owned(),
        kind,
    };
    let (folder, name) = split(path);
    if !path.starts_with('/') {
        // A component has no current folder.
        let what = "write it as a path from / or ~ on".to_owned();
        return Err(failed(FileErrorKind::Other(what)));
    }
    let folder = if folder.is_empty() { "/" } else { folder };
    let read = || platform.files.open(folder, false)?.read(name, LIMIT);
    read().map_err(|error| failed(error.kind))
}

fn discover(platform: &Platform) -> Result<Option<(String, Vec<u8>)>, Error> {
    for place in PLACES {
        // Without a home folder there is none of them.
        let Ok(path) = expand(platform, place) else {
            return Ok(None);
        };
        match read_file(platform, &path) {
            Ok(content) => return Ok(Some((path, content))),
            Err(error) if error.kind == FileErrorKind::NotFound => {}
            Err(error) => return Err(Error::File(error)),
        }
    }
    Ok(None)
}
