//! Paths out of the workspace, tried by each tool of files on a real disk, with links made there.
//!
//! Whether a tool was kept in is judged by what happened: nothing outside was changed, and nothing of it is
//! in an answer.

#![cfg(all(feature = "native-platform", unix))]
#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

mod workbench;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use clawft_core::platform::FileSystem as _;
use clawft_core::platform::native::NativeFiles;
use serde_json::json;
use workbench::Machine;

const SECRET: &str = "SECRET-of-others";

struct Disk {
    root: tempfile::TempDir,
    machine: Machine,
}

fn disk() -> Disk {
    let root = tempfile::tempdir().unwrap();
    let at = |path: &str| root.path().join(path);
    for folder in ["work/sub/deep", "outside/folder", "work-beside"] {
        fs::create_dir_all(at(folder)).unwrap();
    }
    for file in [
        "outside/secret",
        "outside/folder/secret",
        "work-beside/secret",
        "secret",
    ] {
        fs::write(at(file), SECRET).unwrap();
    }
    for file in ["work/file", "work/sub/file", "work/sub/deep/file"] {
        fs::write(at(file), "inside").unwrap();
    }
    let outside = at("outside");
    let links: [(&str, PathBuf); 22] = [
        ("to-file", "../outside/secret".into()),
        ("to-folder", "../outside".into()),
        ("to-absolute-file", outside.join("secret")),
        ("to-absolute-folder", outside.clone()),
        ("to-parent", "..".into()),
        ("to-root", "/".into()),
        ("to-etc", "/etc".into()),
        ("to-proc", "/proc/self/root".into()),
        ("to-cwd", "/proc/self/cwd".into()),
        ("to-nothing", "../outside/new".into()),
        ("to-absolute-nothing", outside.join("new")),
        ("to-beside", "../work-beside".into()),
        ("chain", "chain-2".into()),
        ("chain-2", "to-folder".into()),
        ("loop", "loop-2".into()),
        ("loop-2", "loop".into()),
        ("self", "self".into()),
        ("sub/up", "../../outside".into()),
        ("sub/deep/up", "../../..".into()),
        ("sub/deep/via", "../../to-folder".into()),
        ("sub/down-and-out", "deep/../../../outside".into()),
        ("dots", "sub/deep/../../../outside/folder".into()),
    ];
    for (link, target) in links {
        symlink(target, at("work").join(link)).unwrap();
    }
    // Links that stay inside
    symlink("sub/file", at("work/inside-file")).unwrap();
    symlink("sub/deep", at("work/inside-folder")).unwrap();
    symlink("../file", at("work/sub/inside-up")).unwrap();

    let work = fs::canonicalize(at("work")).unwrap();
    let work = work.to_str().unwrap();
    let folder = NativeFiles.open(work, false).unwrap();
    Disk {
        machine: Machine::with(folder, work),
        root,
    }
}

/// All files below a folder, links not followed.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        if metadata.is_dir() {
            files.insert(path.clone(), b"folder".to_vec());
            files.extend(contents(&path));
        } else if metadata.is_file() {
            files.insert(path.clone(), fs::read(&path).unwrap());
        } else {
            let target = fs::read_link(&path).unwrap();
            files.insert(path, target.into_os_string().into_encoded_bytes());
        }
    }
    files
}

/// Paths that lead out. `{root}` is the folder around the workspace.
const ESCAPES: &[&str] = &[
    "../outside/secret",
    "..",
    "../",
    "../..",
    "../../../../../../../../etc/passwd",
    "./../outside/secret",
    ".//..//outside/secret",
    "sub/../../outside/secret",
    "sub/deep/../../../outside/secret",
    "none/../../outside/secret",
    "file/../../outside/secret",
    "sub/..",
    "sub/deep/../file",
    "../work/file",
    "../work-beside/secret",
    "/etc/passwd",
    "//etc/passwd",
    "/",
    "//",
    "/.",
    "/..",
    "{root}/outside/secret",
    "{root}/secret",
    "{root}",
    "{root}/work-beside/secret",
    "{root}/work/../outside/secret",
    "{root}/work/sub/../../outside/secret",
    "{root}/work/to-file",
    "{root}/work/to-folder/secret",
    "{root}/./work/file",
    "{root}//work/file",
    "/proc/self/environ",
    "/proc/self/cwd/file",
    "/dev/null",
    "~",
    "~/",
    "~/.ssh/id_rsa",
    "",
    "file\0",
    "\0",
    "../outside/secret\0",
    "file\0/../../outside/secret",
    "..\\outside\\secret",
    "..\\..\\outside",
    "sub\\..\\..\\outside\\secret",
    "C:\\Windows\\win.ini",
    "\\\\host\\share",
    "to-file",
    "to-file/",
    "./to-file",
    "to-folder",
    "to-folder/",
    "to-folder/.",
    "to-folder/secret",
    "to-folder/folder/secret",
    "to-folder/new",
    "to-absolute-file",
    "to-absolute-folder",
    "to-absolute-folder/secret",
    "to-parent",
    "to-parent/outside/secret",
    "to-parent/work/file",
    "to-root",
    "to-root/etc/passwd",
    "to-etc/passwd",
    "to-etc/hostname",
    "to-proc/etc/passwd",
    "to-cwd/Cargo.toml",
    "to-nothing",
    "to-absolute-nothing",
    "to-beside/secret",
    "chain",
    "chain/secret",
    "chain-2/secret",
    "loop",
    "loop/file",
    "self",
    "self/self/self",
    "sub/up/secret",
    "sub/up",
    "sub/deep/up/outside/secret",
    "sub/deep/up/work/file",
    "sub/deep/via/secret",
    "sub/down-and-out/secret",
    "dots/secret",
    "inside-folder/up/outside/secret",
    "inside-folder/via/secret",
];

/// Paths that look as if they led out, but do not, and the path that they mean.
const INSIDE: &[(&str, &str)] = &[
    ("file", "file"),
    ("./file", "file"),
    (".//./file", "file"),
    ("sub//deep/./file", "sub/deep/file"),
    ("inside-file", "sub/file"),
    ("inside-folder/file", "sub/deep/file"),
    ("sub/inside-up", "file"),
    ("{root}/work/file", "file"),
    ("{root}/work//sub/file", "sub/file"),
    ("...", "..."),
    ("..a", "..a"),
    ("a..", "a.."),
    ("sub/..b/c", "sub/..b/c"),
    ("~a", "~a"),
    ("a~/b", "a~/b"),
    ("%2e%2e/x", "%2e%2e/x"),
    ("..%2foutside", "..%2foutside"),
    ("‥/x", "‥/x"),
    ("․․/x", "․․/x"),
    ("a b/c\td", "a b/c\td"),
];

#[test]
fn no_path_leads_out() {
    let disk = disk();
    let root = fs::canonicalize(disk.root.path()).unwrap();
    let before = contents(&root);
    assert!(ESCAPES.len() >= 60);
    for path in ESCAPES {
        let path = path.replace("{root}", root.to_str().unwrap());
        for (tool, arguments) in [
            ("read_file", json!({ "path": path })),
            ("list_directory", json!({ "path": path })),
            ("write_file", json!({ "path": path, "content": "written" })),
            (
                "write_file",
                json!({ "path": format!("{path}/new"), "content": "written" }),
            ),
            (
                "edit_file",
                json!({ "path": path, "old_text": "SECRET", "new_text": "edited" }),
            ),
        ] {
            let result = disk.machine.call(tool, &arguments);
            assert!(result.is_err(), "{tool} {arguments}: {result:?}");
            let error = result.unwrap_err();
            assert!(
                !error.contains(SECRET) && !error.contains("root:x:"),
                "{error}"
            );
            assert_eq!(contents(&root), before, "{tool} {arguments}");
        }
    }
}

#[test]
fn what_is_inside_is_reached() {
    let disk = disk();
    let root = fs::canonicalize(disk.root.path()).unwrap();
    let outside = contents(&root.join("outside"));
    for (path, meant) in INSIDE {
        let path = path.replace("{root}", root.to_str().unwrap());
        let content = format!("by {path}");
        let arguments = json!({ "path": path, "content": content });
        disk.machine.call("write_file", &arguments).unwrap();
        let read = disk
            .machine
            .call("read_file", &json!({ "path": path }))
            .unwrap();
        assert_eq!(read["content"], content);
        // A link may have been replaced by the file: then it is the link's own path that has it.
        let meant = fs::read(root.join("work").join(meant)).unwrap();
        let direct = fs::read(root.join("work").join(&path)).unwrap();
        assert!(
            meant == content.as_bytes() || direct == content.as_bytes(),
            "{path}"
        );
    }
    assert_eq!(contents(&root.join("outside")), outside);
}

#[test]
fn a_list_tells_nothing_of_what_links_lead_to_outside() {
    let disk = disk();
    let result = disk
        .machine
        .call("list_directory", &json!({"path": "."}))
        .unwrap();
    let entries = result["entries"].as_array().unwrap();
    let entry = |name: &str| entries.iter().find(|entry| entry["name"] == name).unwrap();
    for name in [
        "to-file",
        "to-folder",
        "to-absolute-file",
        "to-root",
        "loop",
        "to-nothing",
    ] {
        assert_eq!(
            *entry(name),
            json!({"name": name, "is_dir": false, "size": 0})
        );
    }
    assert_eq!(entry("inside-folder")["is_dir"], true);
    assert_eq!(entry("inside-file")["size"], 6);
    assert_eq!(entry("sub")["is_dir"], true);
}

#[test]
fn collections_and_notes_stay_inside_too() {
    let disk = disk();
    let root = fs::canonicalize(disk.root.path()).unwrap();
    let outside = contents(&root.join("outside"));
    symlink("../outside", root.join("work/vectors")).unwrap();
    symlink("../outside", root.join("work/memory")).unwrap();
    for (tool, arguments) in [
        ("vector_add", json!({"text": "words"})),
        ("memory_write", json!({"content": "words"})),
        (
            "memory_write",
            json!({"content": "words", "mode": "overwrite"}),
        ),
    ] {
        assert!(disk.machine.call(tool, &arguments).is_err(), "{tool}");
    }
    assert_eq!(contents(&root.join("outside")), outside);
}

#[test]
fn errors_tell_a_model_what_is_allowed() {
    let disk = disk();
    let read = |path: &str| {
        disk.machine
            .call("read_file", &json!({ "path": path }))
            .unwrap_err()
    };
    let relative = "paths are relative to the workspace, such as notes/today.md";
    assert_eq!(
        read("/etc/passwd"),
        format!("\"/etc/passwd\" is outside of the workspace; {relative}")
    );
    for path in ["../x", "~/x", "a\\b", "a\0b"] {
        assert!(read(path).ends_with(relative), "{path}");
    }
    assert_eq!(read("to-file"), "to-file: leads out of its folder");
    assert_eq!(read("none"), "none: no such file or folder");
    assert!(read("sub").contains("a folder where a file is needed"));
}
