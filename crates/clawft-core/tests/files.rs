//! Files of the machine itself: nothing leads out of a folder, and nothing is half written.

mod machine;

use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::SystemTime;

use clawft_core::platform::native::{self, NativeFiles};
use clawft_core::platform::{Directory, FileErrorKind, FileKind, FileSystem as _};
use machine::Machine;

/// A home folder with a secret, and a workspace in it with links that lead to the secret.
fn trap() -> Machine {
    let machine = Machine::new();
    machine.put("secret.txt", "secret");
    machine.put("w/inside.txt", "inside");
    machine.put("w/sub/deep.txt", "deep");
    for (target, link) in [
        ("../secret.txt", "w/up"),
        ("..", "w/parent"),
        ("/", "w/root"),
        ("../../w/../secret.txt", "w/sub/far"),
        ("parent", "w/chain"),
        ("loop", "w/loop"),
        ("nothing", "w/dangling"),
        ("sub/deep.txt", "w/fine"),
    ] {
        symlink(target, machine.path(link)).expect("a link");
    }
    let absolute = machine.path("secret.txt");
    symlink(absolute, machine.path("w/absolute")).expect("a link");
    machine
}

const OUTSIDE: &[&str] = &[
    "..",
    "../",
    "../secret.txt",
    "../w/../secret.txt",
    "./../secret.txt",
    "sub/../../secret.txt",
    "sub/./.././../secret.txt",
    "../../../../../../../../etc/passwd",
    "/etc/passwd",
    "//etc/passwd",
    "/",
    "up",
    "absolute",
    "sub/far",
    "parent/secret.txt",
    "chain/secret.txt",
    "root/etc/passwd",
    "sub/../up",
];

#[test]
fn no_path_leads_out() {
    let machine = trap();
    let folder = machine.open("w");
    for path in OUTSIDE {
        let outcomes = [
            folder.read(path, 100).map(drop),
            folder.read_tail(path, 100).map(drop),
            folder.write(path, b"x"),
            folder.append(path, b"x"),
            folder.metadata(path).map(drop),
            folder.list(path).map(drop),
            folder.open(path, false).map(drop),
            folder.open(path, true).map(drop),
        ];
        for (index, outcome) in outcomes.into_iter().enumerate() {
            let error = outcome.expect_err(path);
            assert_eq!(error.kind, FileErrorKind::Outside, "{index}: {path}");
            assert_eq!(error.path, *path);
        }
    }
    // Removing a link removes the link.
    for path in ["../secret.txt", "parent/secret.txt", "/etc/passwd"] {
        let error = folder.remove(path).expect_err(path);
        assert_eq!(error.kind, FileErrorKind::Outside, "{path}");
    }
    assert_eq!(machine.get("secret.txt"), "secret");
}

#[test]
fn what_names_nothing_is_refused() {
    let machine = trap();
    let folder = machine.open("w");
    for path in ["", "\0", "inside.txt\0", "inside\0.txt", "sub/\0/deep.txt"] {
        let outcomes = [
            folder.read(path, 100).map(drop),
            folder.read_tail(path, 100).map(drop),
            folder.write(path, b"x"),
            folder.append(path, b"x"),
            folder.metadata(path).map(drop),
            folder.list(path).map(drop),
            folder.remove(path),
            folder.open(path, true).map(drop),
            NativeFiles.open(path, false).map(drop),
        ];
        for outcome in outcomes {
            assert_eq!(outcome.expect_err(path).kind, FileErrorKind::InvalidPath);
        }
    }
    let error = NativeFiles.open("relative", false).map(drop);
    assert_eq!(
        error.expect_err("relative").kind,
        FileErrorKind::InvalidPath
    );
    assert_eq!(machine.get("w/inside.txt"), "inside");
}

#[test]
fn what_stays_below_is_reached() {
    let machine = trap();
    let folder = machine.open("w");
    for (path, content) in [
        ("inside.txt", "inside"),
        ("./inside.txt", "inside"),
        ("sub/../inside.txt", "inside"),
        ("sub//deep.txt", "deep"),
        ("fine", "deep"),
    ] {
        let bytes = folder.read(path, 100).expect(path);
        assert_eq!(bytes, content.as_bytes(), "{path}");
    }
    // Through a link the file that it names is written, and the link stays.
    folder.write("fine", b"new").expect("below");
    assert_eq!(machine.get("w/sub/deep.txt"), "new");
    assert!(machine.path("w/fine").is_symlink());
    folder.append("fine", b"er").expect("below");
    assert_eq!(machine.get("w/sub/deep.txt"), "newer");
    let sub = folder.open("sub", false).expect("a folder");
    assert_eq!(sub.read("deep.txt", 100).expect("a file"), b"newer");
    assert_eq!(
        sub.read("../inside.txt", 100).expect_err("outside").kind,
        FileErrorKind::Outside
    );
}

#[test]
fn kinds_of_failures_are_told_apart() {
    let machine = trap();
    let folder = machine.open("w");
    let kind =
        |outcome: Result<(), clawft_core::platform::FileError>| outcome.expect_err("wrong").kind;
    assert_eq!(
        kind(folder.read("none", 9).map(drop)),
        FileErrorKind::NotFound
    );
    assert_eq!(
        kind(folder.read("dangling", 9).map(drop)),
        FileErrorKind::NotFound
    );
    assert_eq!(kind(folder.list("none").map(drop)), FileErrorKind::NotFound);
    assert_eq!(kind(folder.remove("none")), FileErrorKind::NotFound);
    assert_eq!(
        kind(folder.open("none", false).map(drop)),
        FileErrorKind::NotFound
    );
    assert_eq!(
        kind(folder.read("sub", 9).map(drop)),
        FileErrorKind::WrongKind
    );
    assert_eq!(kind(folder.write("sub", b"")), FileErrorKind::WrongKind);
    assert_eq!(kind(folder.write(".", b"")), FileErrorKind::WrongKind);
    assert_eq!(kind(folder.append("sub", b"")), FileErrorKind::WrongKind);
    assert_eq!(kind(folder.remove("sub")), FileErrorKind::WrongKind);
    assert_eq!(
        kind(folder.list("inside.txt").map(drop)),
        FileErrorKind::WrongKind
    );
    assert_eq!(
        kind(folder.write("inside.txt/x", b"")),
        FileErrorKind::WrongKind
    );
    assert!(matches!(
        kind(folder.read("loop", 9).map(drop)),
        FileErrorKind::Other(_)
    ));
    let long = "n".repeat(256);
    assert!(matches!(
        kind(folder.write(&long, b"")),
        FileErrorKind::Other(_)
    ));
    assert_eq!(folder.metadata("none"), Ok(None));
    assert_eq!(folder.metadata("inside.txt/x"), Ok(None));
}

#[test]
fn the_limit_holds_whatever_a_file_says_of_itself() {
    let machine = trap();
    let folder = machine.open("w");
    assert_eq!(
        folder.read("inside.txt", 6).expect("as long as it may be"),
        b"inside"
    );
    let error = folder.read("inside.txt", 5).expect_err("too long");
    assert_eq!(error.kind, FileErrorKind::TooLarge(5));
    // 1 TiB of holes: taking memory for it would fail.
    let huge = std::fs::File::create(machine.path("w/huge")).expect("a file");
    huge.set_len(1 << 40).expect("holes");
    let error = folder.read("huge", 1 << 20).expect_err("too long");
    assert_eq!(error.kind, FileErrorKind::TooLarge(1 << 20));
    let (tail, before) = folder.read_tail("huge", 10).expect("its end");
    assert_eq!((tail.len(), before), (10, (1 << 40) - 10));
    // It says that it is empty.
    let process = NativeFiles.open("/proc/self", false).expect("Linux");
    assert!(!process.read("status", 1 << 20).expect("a file").is_empty());
    let error = process.read("status", 10).expect_err("too long");
    assert_eq!(error.kind, FileErrorKind::TooLarge(10));
}

#[test]
fn pipes_and_devices_are_no_files() {
    let machine = trap();
    let pipe = machine.path("w/pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo").success());
    let folder = machine.open("w");
    assert_eq!(
        folder.read("pipe", 9).expect_err("a pipe").kind,
        FileErrorKind::WrongKind
    );
    assert_eq!(
        folder.read_tail("pipe", 9).expect_err("a pipe").kind,
        FileErrorKind::WrongKind
    );
    assert_eq!(
        folder.write("pipe", b"x").expect_err("a pipe").kind,
        FileErrorKind::WrongKind
    );
    // Without a reader the system refuses it itself.
    folder.append("pipe", b"x").expect_err("a pipe");
    let devices = NativeFiles.open("/dev", false).expect("Linux");
    assert_eq!(
        devices.read("zero", 9).expect_err("a device").kind,
        FileErrorKind::WrongKind
    );
}

#[test]
fn a_file_is_written_whole_and_keeps_its_mode() {
    let machine = trap();
    let folder = machine.open("w");
    folder
        .write("a/b/new.txt", b"one")
        .expect("folders are made");
    folder.write("a/b/new.txt", b"two").expect("again");
    assert_eq!(machine.get("w/a/b/new.txt"), "two");
    let path = machine.path("w/a/b/new.txt");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).expect("a mode");
    folder.write("a/b/new.txt", b"three").expect("again");
    let mode = std::fs::metadata(&path)
        .expect("a file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o640);
    // Whoever had it open has the old content, whole.
    let mut old = std::fs::File::open(&path).expect("a file");
    folder.write("a/b/new.txt", b"four").expect("again");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut old, &mut text).expect("text");
    assert_eq!(text, "three");
    let names: Vec<_> = folder
        .list("a/b")
        .expect("a folder")
        .into_iter()
        .map(|entry| entry.name)
        .collect();
    assert_eq!(names, ["new.txt"], "nothing temporary is left");
}

/// A name has the minute in which its writer began, so that it says itself how old it is.
#[test]
fn a_new_file_takes_the_place_of_none() {
    let machine = Machine::new();
    machine.put("w/there.txt", "old");
    symlink("nothing", machine.path("w/dangling")).expect("a link");
    std::fs::create_dir(machine.path("w/folder")).expect("a folder");
    let folder = machine.open("w");
    let write = |path, text: &[u8]| {
        let pieces: Vec<&[u8]> = text.chunks(2).collect();
        folder.write_pieces(path, &pieces, true)
    };
    assert_eq!(write("a/new.txt", b"new"), Ok(true));
    assert_eq!(write("a/new.txt", b"other"), Ok(false));
    assert_eq!(folder.read("a/new.txt", 10).expect("a file"), b"new");
    assert_eq!(write("there.txt", b"other"), Ok(false));
    assert_eq!(folder.read("there.txt", 10).expect("a file"), b"old");
    assert_eq!(write("folder", b"other"), Ok(false));
    // Nothing else is left.
    assert_eq!(folder.list("a").expect("a folder").len(), 1);
    assert_eq!(folder.list(".").expect("a folder").len(), 4);
    let pieces: Vec<&[u8]> = b"whole".chunks(2).collect();
    assert_eq!(folder.write_pieces("there.txt", &pieces, false), Ok(true));
    assert_eq!(folder.read("there.txt", 10).expect("a file"), b"whole");
}

/// As the system does it, and hosts of WASI.
#[test]
fn a_link_to_nothing_names_what_is_written() {
    let machine = Machine::new();
    machine.put("w/sub/there.txt", "old");
    let links = [
        ("w/one", "sub/two"),
        ("w/sub/two", "../sub/new.txt"),
        ("w/loop", "loop"),
        ("w/out", "../new.txt"),
        ("w/root", "/new.txt"),
    ];
    for (link, target) in links {
        symlink(target, machine.path(link)).expect("a link");
    }
    let folder = machine.open("w");
    folder.write("one", b"new").expect("a new file");
    assert_eq!(machine.get("w/sub/new.txt"), "new");
    assert!(machine.path("w/sub/two").is_symlink());
    folder.write("loop", b"new").expect_err("no end of links");
    for outside in ["out", "root"] {
        let error = folder.write(outside, b"new").expect_err("outside");
        assert_eq!(error.kind, FileErrorKind::Outside, "{outside}");
    }
    assert!(!machine.path("new.txt").exists());
}

#[test]
fn what_a_killed_writer_left_is_removed() {
    let machine = trap();
    let folder = machine.open("w");
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let minute = now.expect("a clock").as_secs() / 60;
    for (name, stays) in [
        (format!(".clawft-{:08x}89abcdef.tmp", minute - 62), false),
        (format!(".clawft-{:08x}89abcdef.tmp", minute - 59), true),
        (format!(".clawft-{:08x}89abcdef.tmp", minute + 9), true),
        (".clawft-notes.tmp".to_owned(), true),
        (".clawft-00000000.tmp".to_owned(), true),
        (".0123456789abcdef.tmp".to_owned(), true),
    ] {
        let name = format!("w/n/{name}");
        machine.put(&name, "x");
        folder.write("n/other", b"y").expect("a file");
        assert_eq!(machine.path(&name).exists(), stays, "{name}");
    }
}

#[test]
fn a_folder_is_listed_by_name() {
    let machine = trap();
    let folder = machine.open("w");
    folder.append("log", b"12").expect("a file");
    folder.append("log", b"345").expect("a file");
    let entries = folder.list(".").expect("a folder");
    let found = |name: &str| {
        let entry = entries.iter().find(|entry| entry.name == name);
        entry.map(|entry| (entry.kind, entry.size))
    };
    assert!(entries.is_sorted_by(|one, other| one.name < other.name));
    assert_eq!(found("log"), Some((FileKind::File, 5)));
    assert_eq!(found("sub"), Some((FileKind::Directory, 0)));
    assert_eq!(found("up"), Some((FileKind::Link, 0)));
    let at = folder.metadata("fine").expect("below").expect("there");
    assert_eq!((at.kind, at.size), (FileKind::File, 4));
    assert_eq!(
        folder.metadata(".").expect("below").expect("there").kind,
        FileKind::Directory
    );
    folder.remove("up").expect("a link");
    assert_eq!(machine.get("secret.txt"), "secret");
}

#[test]
fn the_end_of_a_file_is_read_without_the_rest() {
    let machine = trap();
    let folder: std::rc::Rc<dyn Directory> = machine.open("w");
    assert_eq!(
        folder.read_tail("inside.txt", 4).expect("a file"),
        (b"side".to_vec(), 2)
    );
    assert_eq!(
        folder.read_tail("inside.txt", 6).expect("a file"),
        (b"inside".to_vec(), 0)
    );
    assert_eq!(
        folder.read_tail("inside.txt", 99).expect("a file"),
        (b"inside".to_vec(), 0)
    );
    assert_eq!(
        folder.read_tail("inside.txt", 0).expect("a file"),
        (Vec::new(), 6)
    );
}

#[test]
fn clocks_and_random_numbers() {
    let platform = native::platform(Machine::new().platform().http);
    // 2025-01-01
    assert!(platform.clock.now() > 1_735_689_600_000);
    let before = platform.clock.monotonic();
    platform.clock.sleep(2);
    assert!(platform.clock.monotonic() >= before + 2);
    assert_ne!(platform.random.next(), platform.random.next());
    assert_eq!(
        platform.environment.variable("PATH"),
        std::env::var("PATH").ok()
    );
    assert_eq!(platform.environment.variable("NO_SUCH_VARIABLE"), None);
}
