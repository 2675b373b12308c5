//! Tools about databases as a whole.

use std::path::{Component, Path, PathBuf};

use serde_json::{Value, json};

use super::{Access, Tool, details, parameter};
use crate::archive;
use crate::arguments::{Absent, Arguments, Kind, Parameter};
use crate::error::{Error, Result};
use crate::galaxy::{self, Galaxies, NAME_LIMIT};
use crate::server::Server;

const NAME: Parameter = parameter(
    "name",
    Kind::Text(NAME_LIMIT),
    Absent::Refused,
    "the galaxy's name",
);

pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "galaxy.list",
        title: "List galaxies",
        description: "All galaxies, and which one is in use.",
        category: "galaxy",
        access: Access::Read,
        idempotent: true,
        parameters: &[],
        run: |server, _| {
            let list = Galaxies::read(&server.root)?;
            let active = &server.open()?.galaxy;
            let galaxies: Vec<_> = list
                .all()
                .map(|galaxy| {
                    json!({
                        "name": galaxy.name,
                        "description": galaxy.description,
                        "db_path": galaxy.db_path,
                        "is_active": galaxy.name == *active,
                    })
                })
                .collect();
            Ok(details(
                json!({"count": galaxies.len(), "galaxies": galaxies}),
            ))
        },
    },
    Tool {
        name: "galaxy.status",
        title: "Galaxy status",
        description: "The galaxy in use: its size, its last change, and the backups that there are.",
        category: "galaxy",
        access: Access::Read,
        idempotent: true,
        parameters: &[],
        run: status,
    },
    Tool {
        name: "galaxy.create",
        title: "Create a galaxy",
        description: "A new database beside the others, which galaxy.switch makes the one in use.",
        category: "galaxy",
        access: Access::Write,
        idempotent: false,
        parameters: &[
            NAME,
            parameter(
                "description",
                Kind::Text(1 << 10),
                Absent::Nothing,
                "what it is for",
            ),
        ],
        run: |server, arguments| {
            let description = arguments.text("description").unwrap_or_default();
            let galaxy = galaxy::create(&server.root, name(arguments), description)?;
            Ok(details(
                json!({"name": galaxy.name, "db_path": galaxy.db_path}),
            ))
        },
    },
    Tool {
        name: "galaxy.switch",
        title: "Switch galaxies",
        description: "Use another galaxy from now on, here and in servers that are started later.",
        category: "galaxy",
        access: Access::Write,
        idempotent: true,
        parameters: &[NAME],
        run: |server, arguments| {
            galaxy::switch(&server.root, name(arguments))?;
            server.close();
            let open = server.open()?;
            Ok(details(
                json!({"name": open.galaxy, "memory_count": open.store.count()?}),
            ))
        },
    },
    Tool {
        name: "galaxy.backup",
        title: "Back up a galaxy",
        description: "Write the galaxy in use to an archive in the folder backups of the state root.",
        category: "galaxy",
        access: Access::Write,
        idempotent: false,
        parameters: &[],
        run: |server, _| {
            let folder = server.root.backups();
            let open = server.open()?;
            let made = archive::back_up(&open.store, &open.galaxy, &folder)?;
            Ok(details(json!(made)))
        },
    },
    Tool {
        name: "galaxy.restore",
        title: "Restore a galaxy",
        description: "Replace the memories of the galaxy in use by those of an archive in the folder \
                      backups. The archive is checked first; what is replaced is backed up before.",
        category: "galaxy",
        access: Access::Delete,
        idempotent: true,
        parameters: &[
            parameter(
                "archive",
                Kind::Text(255),
                Absent::Refused,
                "the archive's name, as galaxy.status lists it",
            ),
            parameter(
                "force",
                Kind::Flag,
                Absent::Flag(false),
                "whether memories that are there may be replaced",
            ),
        ],
        run: restore,
    },
];

fn name(arguments: &Arguments) -> &str {
    arguments.text("name").unwrap_or_default()
}

fn status(server: &mut Server, _: &Arguments) -> Result<Value> {
    let folder = server.root.backups();
    let backups = archive::list(&folder)?;
    let open = server.open()?;
    let last = open.store.list(1, 0)?;
    Ok(details(json!({
        "name": open.galaxy,
        "db_path": open.store.path(),
        "bytes": open.store.bytes()?,
        "memory_count": open.store.count()?,
        "last_change": last.first().map(|memory| &memory.updated_at),
        "backups": backups,
    })))
}

fn restore(server: &mut Server, arguments: &Arguments) -> Result<Value> {
    let folder = server.root.backups();
    let path = within(&folder, arguments.text("archive").unwrap_or_default())?;
    let checked = archive::check(&path, &folder)?;
    let open = server.open()?;
    let count = open.store.count()?;
    if count > 0 && !arguments.flag("force") {
        return Err(Error::Refused(format!(
            "the galaxy {} has {count} memories, which this would replace by the {} of the archive; \
             force: true does so, after a backup",
            open.galaxy, checked.facts.memory_count
        )));
    }
    let before = archive::back_up(&open.store, &open.galaxy, &folder)?;
    open.store.restore(&checked)?;
    // Nothing that was known of the old contents holds for the new ones.
    server.close();
    let open = server.open()?;
    Ok(details(json!({
        "name": open.galaxy,
        "memory_count": open.store.count()?,
        "restored": checked.facts,
        "replaced_is_in": before.archive,
    })))
}

/// A file in a folder, and nowhere else.
fn within(folder: &Path, name: &str) -> Result<PathBuf> {
    let mut parts = Path::new(name).components();
    let plain = matches!(
        (parts.next(), parts.next()),
        (Some(Component::Normal(_)), None)
    );
    let path = folder.join(name);
    if plain && path.is_file() {
        return Ok(path);
    }
    let known = archive::list(folder)?;
    let what = if known.is_empty() {
        format!("no such archive; put it into {} first", folder.display())
    } else {
        format!(
            "no such archive in {}; there are {}",
            folder.display(),
            known.join(", ")
        )
    };
    Err(Error::argument("archive", what))
}
