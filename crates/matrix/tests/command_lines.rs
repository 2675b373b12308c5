//! Programs with WASI, by a runtime's command line, which a script plays here.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A folder of this test run, made anew.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the test folder is writable");
    folder
}

fn script(path: &Path, text: &str) {
    fs::write(path, format!("#!/bin/sh\n{text}\n")).expect("the test folder is writable");
    fs::set_permissions(path, Permissions::from_mode(0o755)).expect("it is ours");
}

const ANY: &str = "about = \"a run\"\n[command]\n[expect]\nstdout = \"right\\n\"\n";

struct Trial {
    folder: PathBuf,
    mode: &'static str,
    more: Vec<String>,
}

impl Trial {
    /// A module, a scenario, and a `wasmtime` that answers `run` by this script.
    fn new(name: &str, run: &str, scenario: &str) -> Self {
        let trial = Self {
            folder: folder(name),
            mode: "wasmtime-jit",
            more: Vec::new(),
        };
        fs::create_dir(trial.folder.join("scenarios")).expect("the folder is new");
        trial.write("scenarios/only.toml", scenario);
        trial.write("thing.wasm", "\0asm");
        let fake = format!(
            "PATH={}\ncase $1 in --version) echo 'wasmtime 1.2.3 (0123456 2026-01-01)' ;;\n\
             compile) {} ;;\nrun) {run}\n;; esac",
            std::env::var("PATH").expect("there is a PATH"),
            "while [ \"$1\" != -o ]; do shift; done; echo machine code $4 > \"$2\"",
        );
        script(&trial.folder.join("wasmtime"), &fake);
        trial
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.join(name), text).expect("the test folder is writable");
    }

    fn matrix(&self) -> Output {
        Command::new(env!("CARGO_BIN_EXE_matrix"))
            .args(["run", "--json", "--kind=command", "--mode", self.mode])
            .arg("--scenarios")
            .arg(self.folder.join("scenarios"))
            .args(&self.more)
            .arg(self.folder.join("thing.wasm"))
            .env("PATH", &self.folder)
            .output()
            .expect("the program starts")
    }

    fn report(&self) -> (Option<i32>, Value) {
        let output = self.matrix();
        let report = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {output:?}"));
        (output.status.code(), report)
    }

    /// Exit code, outcome and detail.
    fn end(&self) -> (Option<i32>, String, String) {
        let (code, report) = self.report();
        let scenario = &report["scenarios"][0];
        assert_eq!(report["outcome"], scenario["outcome"]);
        let field = |key: &str| scenario[key].as_str().unwrap_or_default().to_owned();
        (code, field("outcome"), field("detail"))
    }
}

#[track_caller]
fn ends(name: &str, run: &str, scenario: &str, code: i32, outcome: &str, detail: &str) {
    let end = Trial::new(name, run, scenario).end();
    assert_eq!(end, (Some(code), outcome.to_owned(), detail.to_owned()));
}

#[test]
fn a_right_answer_is_ok() {
    ends("right", "echo right", ANY, 0, "ok", "");
}

#[test]
fn a_wrong_answer_is_wrong_at_its_first_difference() {
    ends(
        "wrong",
        "echo left",
        ANY,
        1,
        "wrong",
        r#"line 1 of stdout is "left\n", and "right\n" by the scenario"#,
    );
    ends(
        "wrong-code",
        "echo right; echo the reason >&2; exit 4",
        ANY,
        1,
        "wrong",
        "the exit code is 4, and 0 by the scenario: the reason",
    );
}

#[test]
fn each_other_end_has_its_word() {
    let trap = "echo 'Error: failed to run main module `thing.wasm`\n\nCaused by:\n    \
                wasm trap: wasm `unreachable` instruction executed' >&2; exit 134";
    ends(
        "trap",
        trap,
        ANY,
        3,
        "trap",
        "failed to run main module `thing.wasm` Caused by: \
         wasm trap: wasm `unreachable` instruction executed",
    );
    let import = "echo 'Error: failed to run main module\n\nCaused by: \
                  unknown import: `env::now` has not been defined' >&2; exit 1";
    let end = Trial::new("import", import, ANY).end();
    assert_eq!(end.1, "missing-import");
    assert!(end.2.contains("`env::now`"), "{end:?}");
    ends(
        "crash",
        "kill -SEGV $$",
        ANY,
        3,
        "fault",
        "killed by signal 11",
    );
    let short = ANY.replace("[command]", "limits = { seconds = 0.3 }\n[command]");
    ends(
        "hang",
        "trap '' TERM INT; sleep 100000",
        &short,
        3,
        "timeout",
        "killed after 0.3 s",
    );
    ends(
        "flood",
        "yes",
        ANY,
        3,
        "fault",
        "killed for writing more than 1024 KiB",
    );
}

#[test]
fn memory_that_iwasm_refuses_is_no_end_of_its_own() {
    let refused = "echo 'iwasm: x: memory limit: 9 pages more than the 1 there are were refused'";
    for (name, says, outcome) in [
        ("refused", format!("{refused} >&2; echo right"), "ok"),
        ("refused-exit", format!("{refused} >&2; exit 3"), "wrong"),
        (
            "refused-trap",
            format!("{{ {refused}; echo 'Exception: unreachable'; }} >&2; exit 134"),
            "trap",
        ),
        (
            "too-big",
            "echo 'iwasm: x: memory limit: it starts with 9 pages, and 1 are allowed' >&2; exit 126"
                .to_owned(),
            "memory-limit",
        ),
        (
            "no-module",
            "echo 'iwasm: x: magic header not detected' >&2; exit 126".to_owned(),
            "bad-module",
        ),
    ] {
        let mut trial = Trial::new(&format!("iwasm-{name}"), "", ANY);
        trial.mode = "wamr-interp";
        let text = format!("case $1 in --version) echo iwasm 2.4.3 ;; *) {says} ;; esac");
        script(&trial.folder.join("iwasm"), &text);
        assert_eq!(trial.end().1, outcome, "{name}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn memory_has_a_limit() {
    let small = ANY.replace("[command]", "limits = { memory = 32 }\n[command]");
    ends(
        "memory",
        "exec dd if=/dev/zero of=/dev/null bs=268435456",
        &small,
        3,
        "memory-limit",
        "killed for using more than 32 MiB of memory",
    );
}

#[test]
fn an_expected_end_is_ok_and_no_other() {
    let trap = "about = \"a trap\"\noutcome = \"trap\"\n[command]\n";
    let trapping = "echo 'Error: x: wasm trap: y' >&2; exit 134";
    ends("expected-trap", trapping, trap, 0, "ok", "");
    ends(
        "expected-trap-ok",
        "exit 134",
        trap,
        1,
        "wrong",
        "it ended well, and should end in trap",
    );
    ends(
        "expected-trap-crash",
        "kill -ABRT $$",
        trap,
        3,
        "fault",
        "it should end in trap: killed by signal 6",
    );
}

#[test]
fn what_the_command_line_is_given() {
    let scenario = r#"
about = "what is passed"
[command]
arguments = ["one", "two words"]
environment = { NAME = "a value" }
stdin = "typed"
folder.data.files = { "in/file.txt" = "text" }
folder.more = {}
[expect]
stdout = '''
<run>
<--dir=data>
<--dir=more>
<--env=NAME=a value>
<one>
<two words>
typed text
'''
files = { "data/in/" = "", "data/in/file.txt" = "text", "more/new" = "" }
"#;
    let run = "for a in \"$@\"; do case $a in */thing.wasm) ;; *) echo \"<$a>\" ;; esac; done\n\
               echo $(cat) $(cat data/in/file.txt); : > more/new; env | grep -c SECRET >&2; exit 0";
    let trial = Trial::new("given", run, scenario);
    assert_eq!(trial.end(), (Some(0), "ok".to_owned(), String::new()));
}

#[test]
fn the_native_program_is_run_in_the_same_way() {
    let scenario = "about = \"as native\"\n[command]\nfolder.data = {}\n[expect]\nnative = true\n";
    let trial = |name: &str, run: &str, native: &str| {
        let mut trial = Trial::new(name, run, scenario);
        let program = trial.folder.join("native");
        script(&program, native);
        trial.more = vec![format!("--native={}", program.display())];
        trial.end()
    };
    let both = "echo out; echo err >&2; echo text > data/file; exit 3";
    assert_eq!(trial("native", both, both).1, "ok");
    for (name, native, detail) in [
        (
            "native-out",
            "echo other; echo err >&2; echo text > data/file; exit 3",
            r#"line 1 of stdout is "out\n", and "other\n" natively"#,
        ),
        (
            "native-err",
            "echo out; echo text > data/file; exit 3",
            r#"line 1 of stderr is "err\n", and the end natively"#,
        ),
        (
            "native-code",
            "echo out; echo err >&2; echo text > data/file",
            "the exit code is 3, and 0 natively: err",
        ),
        (
            "native-files",
            "echo out; echo err >&2; echo text > data/name; exit 3",
            "there is no data/name, as there is natively",
        ),
    ] {
        let end = trial(name, both, native);
        assert_eq!((&*end.1, &*end.2), ("wrong", detail), "{name}");
    }

    let without = Trial::new("native-none", both, scenario).matrix();
    assert_eq!(without.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&without.stderr);
    assert!(errors.contains("name it by --native"), "{errors}");
}

#[test]
fn what_must_differ_each_time_differs() {
    let scenario = "about = \"chance\"\n[command]\n[expect]\nanother-each-time = true\n";
    assert_eq!(Trial::new("chance", "echo $$", scenario).end().1, "ok");
    ends(
        "no-chance",
        "echo 4",
        scenario,
        1,
        "wrong",
        "a second run has the same stdout, and must have another",
    );
}

#[test]
fn a_read_only_folder_stays_as_it_is() {
    let scenario = "about = \"a folder\"\n[command]\nfolder.data.read-only = true\n\
                    [expect]\nexit-code = 5\nstdout = \"\"\n";
    ends(
        "read-only",
        "echo > data/new || exit 5",
        scenario,
        0,
        "ok",
        "",
    );
}

#[test]
fn machine_code_is_what_runs_after_it_was_compiled() {
    let run =
        "shift; [ \"$1\" = --allow-precompiled ] && read -r first < \"$2\" && echo \"$first\"";
    let scenario = ANY.replace("right", "machine code");
    let mut trial = Trial::new("ahead", run, &scenario);
    trial.mode = "wasmtime-aot";
    let (code, report) = trial.report();
    assert_eq!((code, &report["outcome"]), (Some(0), &Value::from("ok")));
    assert_eq!(report["module_bytes"], 4);
    assert_eq!(report["compiled_bytes"], 13);
    assert_eq!(report["cell"], "thing-wasmtime-aot");
    assert_eq!(report["runtime"], "wasmtime 1.2.3");
}

#[test]
fn a_compiler_is_given_one_more_argument() {
    let run = "read -r first < \"$3\" && echo \"$first\"";
    let scenario = ANY.replace("right", "machine code --less");
    let mut trial = Trial::new("compile", run, &scenario);
    trial.mode = "wasmtime-aot";
    trial.more = vec!["--compile=--less".to_owned()];
    assert_eq!(trial.end(), (Some(0), "ok".to_owned(), String::new()));
}

#[test]
fn start_up_is_measured_beside_an_empty_module() {
    let mut trial = Trial::new("startup", "echo right", ANY);
    trial.more = ["--startup=only", "--runs=5"].map(str::to_owned).to_vec();
    let (code, report) = trial.report();
    assert_eq!(code, Some(0));
    let startup = &report["startup_ms"];
    assert_eq!(startup["runs"], 5);
    for key in ["module", "empty"] {
        assert!(startup[key].as_f64().expect("a time") > 0.0, "{startup}");
    }
    assert!(report["peak_memory_bytes"].as_u64().expect("bytes") > 0);
    assert!(report["scenario_ms"].as_f64().expect("a time") > 0.0);
}

#[test]
fn a_faulty_scenario_is_refused_with_file_and_cure() {
    for (text, cure) in [
        (
            "about = \"x\"\n[command]\nargument = []\n",
            "unknown field `argument`",
        ),
        (
            "about = \"x\"\n[command]\n",
            "give an [expect], or an `outcome`",
        ),
        (
            "about = \"x\"\n[command]\n[expect]\nexit-code = 0\n",
            "a program that does nothing",
        ),
        (
            "about = \" \"\noutcome = \"trap\"\n[command]\n",
            "say what the scenario shows",
        ),
        (
            "about = \"x\"\noutcome = \"wrong\"\n[command]\n",
            "say what is right",
        ),
        ("about = \"x\"\noutcome = \"trap\"\n", "give a [command]"),
        (
            "about = \"x\"\n[[call]]\nfunction = \"f\"\n",
            "give a [command]",
        ),
        (
            "about = \"x\"\noutcome = \"trap\"\nlimits = { seconds = 0 }\n[command]\n",
            "must be above 0",
        ),
        (
            "about = \"x\"\noutcome = \"trap\"\n[command]\nfolder.\"../up\" = {}\n",
            "letters, digits and hyphens only",
        ),
        ("about = \"x\"\n[command\n", "line 2"),
    ] {
        let output = Trial::new("faulty", "echo right", text).matrix();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}: {errors}");
        assert!(
            errors.contains("scenarios/only.toml") && errors.matches(cure).count() == 1,
            "{text}: {errors}"
        );
    }
}

#[test]
fn a_runtime_that_is_not_there_is_named() {
    let trial = Trial::new("no-runtime", "echo right", ANY);
    fs::remove_file(trial.folder.join("wasmtime")).expect("it was written");
    let output = trial.matrix();
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("`wasmtime` is not on PATH"), "{errors}");
}

#[test]
fn a_verdict_is_that_of_the_run() {
    let trial = Trial::new("verdict", "echo left", ANY);
    let run = trial.matrix();
    let path = trial.folder.join("report.json");
    fs::write(&path, &run.stdout).expect("the test folder is writable");
    let verdict = |path: &Path| {
        Command::new(env!("CARGO_BIN_EXE_matrix"))
            .arg("verdict")
            .arg(path)
            .output()
            .expect("the program starts")
    };
    let told = verdict(&path);
    assert_eq!(told.status.code(), Some(1));
    assert_eq!(told.stderr, run.stderr);
    assert_eq!(
        String::from_utf8_lossy(&told.stderr),
        "matrix: thing-wasmtime-jit: only: wrong: \
         line 1 of stdout is \"left\\n\", and \"right\\n\" by the scenario\n"
    );
    assert_eq!(
        verdict(&trial.folder.join("absent.json")).status.code(),
        Some(2)
    );
}
