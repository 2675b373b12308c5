//! The program as a user runs it.

use std::fs;
use std::io::{self, PipeWriter};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

/// A folder of a test, which has the name of the test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("the test folder is writable");
        Self(path)
    }

    /// A folder with the module of [`functions`], its baseline, and the budget of `thing`.
    fn with_budget(test: &str, budget: &str) -> Self {
        let folder = Self::new(test);
        folder.file("thing.wasm", functions(&[("alpha", 900), ("beta", 600)]));
        folder.file("budgets.toml", format!("[thing]\n{budget}\n"));
        let recorded = folder.ledger(["record", "--artifact", "thing", "thing.wasm"]);
        assert_eq!(
            recorded.status.code(),
            Some(0),
            "{}",
            text(&recorded.stderr)
        );
        folder
    }

    fn file(&self, name: &str, contents: impl AsRef<[u8]>) {
        fs::write(self.0.join(name), contents).expect("the test folder is writable");
    }

    fn ledger<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Output {
        let arguments: Vec<_> = arguments.into_iter().collect();
        self.command(&arguments)
            .output()
            .expect("the program starts")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ledger"));
        command.args(arguments).current_dir(&self.0);
        command
    }

    /// `ledger check` of `thing`, with the exit code that it must have.
    fn check<const N: usize>(&self, arguments: [&str; N], code: i32) -> (String, String) {
        let output = self.ledger(
            ["check", "--artifact", "thing"]
                .into_iter()
                .chain(arguments),
        );
        let (said, errors) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{said}{errors}");
        (said.to_owned(), errors.to_owned())
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("output is UTF-8")
}

/// A module with a function `work` in each crate, which has that many `nop`s.
fn functions(crates: &[(&str, usize)]) -> Vec<u8> {
    let functions: Vec<_> = crates
        .iter()
        .map(|(name, nops)| {
            let length = name.len();
            format!(
                "(func $_RNvCs1_{length}{name}4work {})",
                "nop ".repeat(*nops)
            )
        })
        .collect();
    wat::parse_str(format!("(module {})", functions.concat())).expect("the text of a module")
}

#[test]
fn a_breach_shows_what_grew_and_what_mends_it() {
    let folder = Folder::with_budget("breach", "raw = 1700\ngzip = 100000");
    folder.file(
        "thing.wasm",
        functions(&[("alpha", 900), ("beta", 500), ("gamma", 800)]),
    );
    folder.file("top.txt", " 1234 ┊ 41.13% ┊ a_big_function\n");
    let (said, errors) = folder.check(["--profile", "top.txt", "thing.wasm"], 1);
    assert!(said.starts_with("thing: over budget\n"), "{said}");
    assert!(errors.contains("ledger: thing: raw: "), "{errors}");
    assert!(errors.contains(" of 1700 bytes, "), "{errors}");
    assert!(!errors.contains("thing: gzip -9:"), "{errors}");
    // A body has three bytes, or four if its length takes two, besides its `nop`s.
    let lines: Vec<_> = errors
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    for line in [
        "change before after by crate",
        "+804 - 804 gamma",
        "-100 604 504 beta",
        "+804 < 512 804 gamma::work",
        "-604 604 < 512 beta::work",
    ] {
        assert!(lines.iter().any(|found| found == line), "{line}: {errors}");
    }
    assert!(!errors.contains("alpha"), "{errors}");
    assert!(errors.contains("a_big_function"), "{errors}");
    assert!(
        errors.contains("./nixw run .#ledger -- record --artifact thing thing.wasm\n"),
        "{errors}"
    );
}

#[test]
fn the_compressed_size_is_held_to_its_own_budget() {
    let folder = Folder::with_budget("compressed", "raw = 3000\ngzip = 50");
    let (_, errors) = folder.check(["thing.wasm"], 1);
    assert!(errors.contains("thing: gzip -9: "), "{errors}");
    assert!(!errors.contains("thing: raw:"), "{errors}");
}

#[test]
fn a_kept_budget_passes_without_the_profile() {
    let folder = Folder::with_budget("kept", "raw = 3000\ngzip = 4000");
    folder.file("top.txt", "a_big_function\n");
    let (said, errors) = folder.check(["--json", "--profile", "top.txt", "thing.wasm"], 0);
    assert_eq!(errors, "");
    let account: Value = serde_json::from_str(&said).expect("JSON");
    let bytes = functions(&[("alpha", 900), ("beta", 600)]).len();
    assert_eq!(account["artifact"], json!("thing"));
    assert_eq!(account["within_budget"], json!(true));
    assert_eq!(account["recording"]["raw"], json!(bytes));
    assert_eq!(account["baseline"]["raw"], json!(bytes));
    assert_eq!(
        account["recording"]["crates"],
        json!({"alpha": 904, "beta": 604})
    );
    assert_eq!(account["budget"], json!({"raw": 3000, "gzip": 4000}));
}

#[test]
fn what_record_writes_is_the_same_every_time_and_whole() {
    let folder = Folder::with_budget("recorded", "raw = 3000\ngzip = 4000");
    let path = folder.0.join("checks/budgets/baseline/thing.toml");
    let first = fs::read_to_string(&path).expect("a baseline");
    assert!(first.contains("\"alpha::work\" = 904\n"), "{first}");
    folder.ledger(["record", "--artifact", "thing", "thing.wasm"]);
    assert_eq!(fs::read_to_string(&path).expect("a baseline"), first);
    let folders = fs::read_dir(path.parent().expect("a folder")).expect("a folder");
    assert_eq!(folders.count(), 1, "nothing unfinished is left");

    let printed = folder.ledger(["record", "--json", "--artifact", "thing", "thing.wasm"]);
    let printed: Value = serde_json::from_slice(&printed.stdout).expect("JSON");
    assert_eq!(printed["functions"]["beta"], json!({"beta::work": 604}));
}

#[test]
fn modules_and_baselines_are_compared() {
    let folder = Folder::with_budget("compared", "raw = 3000\ngzip = 4000");
    folder.file("other.wasm", functions(&[("alpha", 901), ("beta", 600)]));
    let baseline = "checks/budgets/baseline/thing.toml";
    for before in ["thing.wasm", baseline] {
        let output = folder.ledger(["diff", "--json", before, "other.wasm"]);
        let growth: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let change = json!([{"name": "alpha::work", "before": 904, "after": 905}]);
        assert_eq!(growth["functions"], change, "{}", text(&output.stderr));
    }
    let output = folder.ledger(["diff", "thing.wasm", "other.wasm"]);
    assert!(text(&output.stdout).contains(" bytes (+1)\n"), "{output:?}");
}

#[test]
fn usage_errors_are_told_apart_from_breaches() {
    let folder = Folder::with_budget("usage", "raw = 1\ngzip = 1");
    folder.file("text.wasm", "x");
    folder.file("bytes", [0xff]);
    let whole = functions(&[("alpha", 900)]);
    folder.file("cut.wasm", &whole[..whole.len() / 2]);
    // A hole, which takes no room.
    folder.file("huge.wasm", "");
    fs::File::options()
        .write(true)
        .open(folder.0.join("huge.wasm"))
        .and_then(|file| file.set_len((1 << 30) + 1))
        .expect("the file system has holes");
    folder.file(
        "nameless.wasm",
        wat::parse_str("(module (func))").expect("a module"),
    );
    folder.file(
        "faulty.toml",
        "raw = 8\ngzip = 5\nlisted_from = 1\n[sections]\n[crates]\n",
    );
    for (arguments, message) in [
        (
            "check --artifact other thing.wasm",
            "budgets.toml: no budget for `other`; there are budgets for: thing",
        ),
        (
            "check --artifact thing --baselines none thing.wasm",
            "thing has no baseline, none/thing.toml; record it:\n  ./nixw run .#ledger -- record",
        ),
        (
            "check --artifact thing --profile absent.txt thing.wasm",
            "cannot read absent.txt",
        ),
        (
            "check --artifact thing text.wasm",
            "text.wasm: not a WebAssembly module",
        ),
        (
            "record --artifact thing nameless.wasm",
            "nameless.wasm: no function has a name",
        ),
        (
            "diff thing.wasm faulty.toml",
            "faulty.toml: sections and crates are 0 bytes, and not 8: record it anew",
        ),
        (
            "check --artifact thing --names text.wasm thing.wasm",
            "text.wasm: not a WebAssembly module",
        ),
        (
            "record --artifact thing cut.wasm",
            "cut.wasm: a faulty WebAssembly module: unexpected end-of-file",
        ),
        (
            "check --artifact thing --budgets text.wasm thing.wasm",
            "text.wasm: TOML parse error",
        ),
        (
            "diff text.wasm thing.wasm",
            "text.wasm: neither a WebAssembly module nor a baseline: TOML parse error",
        ),
        (
            "diff thing.wasm bytes",
            "neither a WebAssembly module nor a baseline: bytes: not UTF-8",
        ),
        ("size absent.wasm", "cannot read absent.wasm"),
        (
            "size huge.wasm",
            "huge.wasm: more than 1073741824 bytes are not read",
        ),
    ] {
        let output = folder.ledger(arguments.split_whitespace());
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        assert!(errors.contains(message), "{arguments:?}: {errors}");
        // A cause is told once.
        let last = message.rsplit(": ").next().expect("there is one");
        assert_eq!(errors.matches(last).count(), 1, "{arguments:?}: {errors}");
    }
}

/// A pipe that nobody reads any more.
fn closed() -> PipeWriter {
    let (_, closed) = io::pipe().expect("a pipe");
    closed
}

#[test]
fn a_standard_output_that_takes_nothing_is_no_panic() {
    let folder = Folder::with_budget("streams", "raw = 3000\ngzip = 4000");
    let baseline = "checks/budgets/baseline/thing.toml";
    for arguments in [
        vec!["check", "--artifact", "thing", "thing.wasm"],
        vec!["check", "--json", "--artifact", "thing", "thing.wasm"],
        vec!["record", "--artifact", "thing", "thing.wasm"],
        vec!["record", "--json", "--artifact", "thing", "thing.wasm"],
        vec!["diff", baseline, "thing.wasm"],
        vec!["size", "thing.wasm"],
    ] {
        let end = |stdout: Stdio| {
            let output = folder.command(&arguments).stdout(stdout).output();
            let output = output.expect("the program starts");
            (output.status.code(), text(&output.stderr).to_owned())
        };
        // Who closes a pipe has read enough.
        assert_eq!(end(closed().into()), (Some(0), String::new()));
        if cfg!(target_os = "linux") {
            let full = fs::File::options().write(true).open("/dev/full");
            let (code, said) = end(full.expect("every Linux has it").into());
            assert_eq!(code, Some(2), "{said}");
            assert!(
                said.starts_with("ledger: cannot write to standard output: "),
                "{said}"
            );
        }
    }
}

#[test]
fn the_size_is_that_of_gzip_9() {
    let folder = Folder::new("gzip");
    let source = include_str!("program.rs");
    folder.file("source.rs", source);
    let output = folder.ledger(["size", "--json", "source.rs"]);
    assert_eq!(output.status.code(), Some(0));
    let size: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(size["raw"], json!(source.len()));
    let ours = size["gzip"].as_u64().expect("a number");

    let gzip = Command::new("gzip")
        .arg("-9nc")
        .arg(folder.0.join("source.rs"))
        .output()
        .expect("gzip is installed: it is what the size is compared with");
    let theirs = gzip.stdout.len() as u64;
    assert!(
        ours.abs_diff(theirs) * 100 <= theirs,
        "{ours} here, {theirs} by gzip -9"
    );
}

#[test]
fn the_budgets_of_this_repository_are_readable() {
    let budgets = concat!(env!("CARGO_MANIFEST_DIR"), "/../../budgets.toml");
    let text = fs::read_to_string(budgets).expect("the budgets");
    ledger::Budgets::parse(&text).expect("well formed");
}
