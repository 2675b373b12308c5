//! Backups: what comes back is what was there, and nothing changes for an archive that is not whole.

#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

mod program;

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use program::{Server, UNLIMITED, state};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tar::{Archive, Builder, EntryType, Header};

/// Files by name.
type Files = Vec<(String, Vec<u8>)>;
/// A change of a file's name or contents.
type Edit = dyn Fn(&mut (String, Vec<u8>));

/// The files of an archive, by an independent reading of it.
fn files(archive: &Path) -> Files {
    let mut archive = Archive::new(GzDecoder::new(File::open(archive).unwrap()));
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut contents = Vec::new();
        entry.read_to_end(&mut contents).unwrap();
        (name, contents)
    });
    entries.collect()
}

fn pack(path: &Path, files: &[(String, Vec<u8>)], kind: EntryType) {
    let mut archive = Builder::new(GzEncoder::new(
        File::create(path).unwrap(),
        Compression::fast(),
    ));
    for (name, contents) in files {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(contents.len() as u64);
        // NB: not by `set_path`, which refuses what a hostile archive has
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        archive.append(&header, contents.as_slice()).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap();
}

struct Place {
    _folder: tempfile::TempDir,
    root: PathBuf,
    server: Server,
}

/// A server with one memory of its own beside the sixteen, and a backup of them.
fn backed_up() -> (Place, String) {
    let (folder, root) = state();
    let mut server = Server::start(&root, &UNLIMITED);
    server.call(
        "remember",
        json!({"title": "Old", "content": "plum", "tags": ["fruit"]}),
    );
    let made = server.call("galaxy.backup", json!({}));
    assert_eq!(made["details"]["memory_count"], 17);
    let name = made["details"]["archive"].as_str().unwrap().to_owned();
    let place = Place {
        _folder: folder,
        root,
        server,
    };
    (place, name)
}

fn memories(server: &mut Server) -> Value {
    server.call("list_memories", json!({"limit": 100}))
}

#[test]
fn what_was_backed_up_comes_back() {
    let (mut place, archive) = backed_up();
    let server = &mut place.server;
    let before = memories(server);
    let old = server.call("recall", json!({"query": "plum"}))["results"][0]["id"].clone();
    server.call("delete_memory", json!({"id": old}));
    server.call("remember", json!({"title": "New", "content": "quince"}));

    // Not without being told to, and not without keeping what is replaced.
    let (refused, is_error) = server.try_call("galaxy.restore", &json!({"archive": archive}));
    assert!(
        is_error && refused["error"].as_str().unwrap().contains("force"),
        "{refused}"
    );
    assert_eq!(
        server.call("recall", json!({"query": "quince"}))["count"],
        1
    );
    let restored = server.call("galaxy.restore", json!({"archive": archive, "force": true}));
    assert_eq!(memories(server), before);
    assert_eq!(
        server.call("recall", json!({"query": "plum fruit"}))["results"][0]["match"],
        "all_words"
    );
    assert_eq!(
        server.call("recall", json!({"query": "quince"}))["count"],
        0
    );

    let kept = restored["details"]["replaced_is_in"].clone();
    server.call("galaxy.restore", json!({"archive": kept, "force": true}));
    assert_eq!(
        server.call("recall", json!({"query": "quince"}))["count"],
        1
    );
    assert_eq!(
        server.call("health_report", json!({}))["details"]["healthy"],
        true
    );
}

/// Another process that has the database open sees the new contents, and may go on.
#[test]
fn a_server_that_runs_sees_what_another_restored() {
    let (mut place, archive) = backed_up();
    let mut other = Server::start(&place.root, &UNLIMITED);
    other.call("remember", json!({"title": "New", "content": "quince"}));
    place
        .server
        .call("galaxy.restore", json!({"archive": archive, "force": true}));
    assert_eq!(other.call("recall", json!({"query": "quince"}))["count"], 0);
    other.call("remember", json!({"title": "Newer", "content": "medlar"}));
    assert_eq!(
        place.server.call("recall", json!({"query": "medlar"}))["count"],
        1
    );
    assert_eq!(
        other.call("health_report", json!({}))["details"]["healthy"],
        true
    );
}

/// The listing is one that other programs check.
#[test]
fn an_archive_has_what_it_says() {
    let (place, archive) = backed_up();
    let files = files(&place.root.join("backups").join(archive));
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["backup.json", "SHA256SUMS", "whitemagic.db"]);
    let listing = format!("{:x}  whitemagic.db\n", Sha256::digest(&files[2].1));
    assert_eq!(String::from_utf8(files[1].1.clone()).unwrap(), listing);
    assert!(files[2].1.starts_with(b"SQLite format 3\0"));
}

/// Each is made of a good one, and says what is wrong with it.
#[test]
fn what_is_not_whole_is_refused_and_changes_nothing() {
    let (mut place, archive) = backed_up();
    let backups = place.root.join("backups");
    let good = files(&backups.join(&archive));
    let bytes = fs::read(backups.join(&archive)).unwrap();
    let before = memories(&mut place.server);
    let bad = backups.join("bad.tar.gz");
    let resummed = |mut files: Files| {
        files[1].1 = format!("{:x}  whitemagic.db\n", Sha256::digest(&files[2].1)).into_bytes();
        files
    };
    let changed = |at: usize, change: &Edit| {
        let mut files = good.clone();
        change(&mut files[at]);
        files
    };
    let packed: [(&str, Files); 9] = [
        (
            "is not what SHA256SUMS says",
            changed(2, &|file| file.1[5000] ^= 1),
        ),
        (
            "is not what SHA256SUMS says",
            changed(1, &|file| file.1[0] ^= 1),
        ),
        ("is missing", good[..2].to_vec()),
        ("stands where backup.json belongs", good[1..].to_vec()),
        (
            "more in it",
            [good.clone(), vec![("extra".to_owned(), vec![1])]].concat(),
        ),
        (
            "stands where whitemagic.db belongs",
            changed(2, &|file| file.0 = "../whitemagic.db".to_owned()),
        ),
        ("backup.json: ", changed(0, &|file| file.1 = b"{}".to_vec())),
        (
            "SHA256SUMS has 65537 bytes",
            changed(1, &|file| file.1 = vec![b'0'; (64 << 10) + 1]),
        ),
        (
            "whitemagic.db: ",
            resummed(changed(2, &|file| file.1 = b"no database".repeat(99))),
        ),
    ];
    let mut refused = |name: &str, expected: &str| {
        let arguments = json!({"archive": name, "force": true});
        let (value, is_error) = place.server.try_call("galaxy.restore", &arguments);
        let error = value["error"].as_str().unwrap_or_default();
        assert!(is_error && error.contains(expected), "{expected}: {value}");
        assert_eq!(memories(&mut place.server), before, "{expected}");
    };
    for (expected, files) in &packed {
        pack(&bad, files, EntryType::Regular);
        refused("bad.tar.gz", expected);
    }
    pack(&bad, &good, EntryType::Symlink);
    refused("bad.tar.gz", "stands where backup.json belongs");
    for (expected, contents) in [
        ("cannot be read", &bytes[..bytes.len() / 2]),
        ("cannot be read", b"no archive".as_slice()),
        ("cannot be read", b""),
    ] {
        fs::write(&bad, contents).unwrap();
        refused("bad.tar.gz", expected);
    }
    for name in [
        "none.tar.gz",
        "../memory/whitemagic.db",
        "/etc/hostname",
        "..",
    ] {
        refused(name, "no such archive");
    }
    let left: Vec<_> = fs::read_dir(&backups)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 2, "nothing but the archives is left: {left:?}");
}

#[test]
fn galaxies_keep_to_themselves() {
    let (mut place, _) = backed_up();
    let server = &mut place.server;
    server.call(
        "galaxy.create",
        json!({"name": "Work", "description": "the office"}),
    );
    let switched = server.call("galaxy.switch", json!({"name": "Work"}));
    assert_eq!(switched["details"]["memory_count"], 0);
    server.call("remember", json!({"content": "stapler"}));
    assert_eq!(server.call("recall", json!({"query": "plum"}))["count"], 0);
    let (taken, is_error) = server.try_call("galaxy.create", &json!({"name": "work"}));
    assert!(is_error && taken["argument"] == "name", "{taken}");
    let (bad, is_error) = server.try_call("galaxy.create", &json!({"name": "../x"}));
    assert!(is_error && bad["argument"] == "name", "{bad}");

    // Also for a server that starts now.
    let mut other = Server::start(&place.root, &UNLIMITED);
    assert_eq!(
        other.call("galaxy.status", json!({}))["details"]["name"],
        "Work"
    );
    assert_eq!(
        other.call("recall", json!({"query": "stapler"}))["count"],
        1
    );
    other.call("galaxy.switch", json!({"name": "default"}));
    assert_eq!(other.call("recall", json!({"query": "plum"}))["count"], 1);
}
