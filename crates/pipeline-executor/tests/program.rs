//! The program within this process, with nodes of a test's own.

use std::fs;
use std::path::Path;

use pipeline::{Context, ErrorKind, Node, NodeError, NodeFactory, Value, manifest};
use pipeline_executor::{FAILED, INVALID, LIMIT, SUCCESS, USAGE};
use serde_json::json;

/// Makes nodes that fail at first: `Faulty` fails `times` times.
struct Faults;

struct Faulty {
    left: u64,
}

impl NodeFactory for Faults {
    fn create(
        &self,
        node: &manifest::Node,
        _context: &Context,
    ) -> Option<Result<Box<dyn Node>, NodeError>> {
        let left = node.params.get("times")?.as_u64()?;
        Some(Ok(Box::new(Faulty { left })))
    }

    fn node_types(&self) -> Vec<String> {
        vec!["Faulty".to_owned()]
    }
}

impl Node for Faulty {
    fn process(&mut self, item: Value) -> Result<Vec<Value>, NodeError> {
        if self.left == 0 {
            return Ok(vec![item]);
        }
        self.left -= 1;
        let error = NodeError::new(ErrorKind::Io, "not now");
        Err(error.with_traceback("Traceback:\n  not now\n"))
    }
}

/// Exit code, standard output and standard error.
fn run(arguments: &[&str], input: &Value) -> (u8, String, String) {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let code = pipeline_executor::run(
        arguments.iter().map(Into::into),
        &mut input.to_string().as_bytes(),
        &mut stdout,
        &mut stderr,
        vec![Box::new(Faults)],
    );
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    (code, text(stdout), text(stderr))
}

fn manifest(node_type: &str, params: &Value) -> Value {
    json!({
        "version": "v1",
        "metadata": {"name": "test"},
        "nodes": [{"id": "n", "node_type": node_type, "params": params}],
        "connections": [],
    })
}

#[test]
fn an_item_is_tried_as_often_as_the_option_says() {
    let faulty = manifest("Faulty", &json!({"times": 2}));
    for policy in ["fixed:2:0", "exponential:2:0:0"] {
        let (code, stdout, stderr) = run(&["--retry", policy], &faulty);
        assert_eq!((code, stderr.as_str()), (SUCCESS, ""));
        assert!(stdout.starts_with("{\"status\":\"success\",\"outputs\":null,"));
    }
    for (policy, told) in [
        (
            "fixed:1:0",
            "Execution error: Retry exhausted after 2 attempts: I/O error: not now",
        ),
        ("none", "I/O error: not now"),
    ] {
        let (code, stdout, stderr) = run(&["--retry", policy], &faulty);
        assert_eq!(code, FAILED);
        let told = format!("pipeline-executor: {told} (node n, item 0)\nTraceback:\n  not now\n");
        assert_eq!(stderr, told);
        let result: Value = serde_json::from_str(&stdout).expect("JSON");
        assert_eq!(result["error_info"]["traceback"], "Traceback:\n  not now\n");
    }
}

#[test]
fn a_type_that_nobody_has_is_told_with_those_that_there_are() {
    let (code, _, stderr) = run(&[], &manifest("Other", &json!({})));
    assert_eq!(code, INVALID);
    assert!(stderr.contains("AddNode, Faulty (node n)"), "{stderr}");
}

#[test]
fn a_run_is_over_when_its_time_is() {
    let faulty = manifest("Faulty", &json!({"times": 9}));
    // The first pause is longer than the test may take.
    let arguments = ["--timeout", "0.001", "--retry", "fixed:9:3600000"];
    let (code, _, stderr) = run(&arguments, &faulty);
    assert_eq!(code, LIMIT);
    assert!(
        stderr.contains("Timeout: the run has not ended within 0.001 s"),
        "{stderr}"
    );
}

#[test]
fn metrics_stand_beside_the_result() {
    let (code, stdout, _) = run(&["--metrics"], &manifest("Echo", &json!({})));
    assert_eq!(code, SUCCESS);
    let result: Value = serde_json::from_str(&stdout).expect("JSON");
    let node = &result["metrics"]["node_metrics"][0];
    assert_eq!(node["node_id"], "n");
    assert_eq!(node["execution_count"], 1);
}

#[test]
fn input_comes_from_one_place() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("input");
    fs::create_dir_all(&folder).expect("the test folder is writable");
    let (manifest_file, items_file) = (folder.join("manifest.json"), folder.join("items.json"));
    let echo = manifest("PassThrough", &json!({}));
    fs::write(&manifest_file, echo.to_string()).expect("the test folder is writable");
    fs::write(&items_file, "[1, 2]").expect("the test folder is writable");
    let manifest_file = manifest_file.to_str().expect("a path of UTF-8");
    let items_file = items_file.to_str().expect("a path of UTF-8");

    let expected = "{\"status\":\"success\",\"outputs\":[1,2],";
    let items = json!([1, 2]);
    for (arguments, input) in [
        (
            vec!["--manifest", manifest_file, "--input", items_file],
            json!(null),
        ),
        (
            vec!["--manifest", manifest_file, "--input", "-"],
            items.clone(),
        ),
        (vec!["--input", items_file], echo.clone()),
        (vec![], json!({"manifest": echo, "input_data": items})),
    ] {
        let (code, stdout, stderr) = run(&arguments, &input);
        assert_eq!((code, stderr.as_str()), (SUCCESS, ""), "{arguments:?}");
        assert!(stdout.starts_with(expected), "{arguments:?}: {stdout}");
    }
    let both = json!({"manifest": echo, "input_data": items});
    let (code, _, stderr) = run(&["--input", items_file], &both);
    let told = "pipeline-executor: Manifest error: the request has input_data, and --input is \
                given: take out one\n";
    assert_eq!((code, stderr.as_str()), (INVALID, told));
    // What is wrong with a file is told of it.
    fs::write(items_file, "{").expect("the test folder is writable");
    let (code, _, stderr) = run(&["--manifest", items_file], &json!(null));
    let told = format!(
        "pipeline-executor: Manifest error: {items_file}: the request is not JSON: EOF while parsing \
         an object at line 1 column 1\n"
    );
    assert_eq!((code, stderr), (INVALID, told));
    let (code, _, stderr) = run(&["--manifest", "absent.json"], &json!(null));
    let told = "pipeline-executor: I/O error: cannot read absent.json: no such file\n";
    assert_eq!((code, stderr.as_str()), (USAGE, told));
    let (code, _, stderr) = run(
        &["--manifest", manifest_file, "--input", "-"],
        &json!({"a": 1}),
    );
    let told = "pipeline-executor: Manifest error: standard input must be an array of items: put \
                one item into [ ]\n";
    assert_eq!((code, stderr.as_str()), (INVALID, told));
}

#[test]
fn arguments_that_make_no_sense_are_told() {
    let cases: [(&[&str], &str); 9] = [
        (&["--wrong"], "invalid option '--wrong'"),
        (&["manifest.json"], "unexpected argument \"manifest.json\""),
        (&["--manifest"], "missing argument for option '--manifest'"),
        (
            &["--timeout", "0"],
            "--timeout 0: it must be seconds, such as 5 or 0.5",
        ),
        (
            &["--timeout", "-1"],
            "--timeout -1: it must be seconds, such as 5 or 0.5",
        ),
        (
            &["--memory", "1.5"],
            "--memory 1.5: it must be MiB, such as 64",
        ),
        (
            &["--memory", "99999999999999999999"],
            "--memory 99999999999999999999: it must be MiB, such as 64",
        ),
        (
            &["--retry", "fixed:1"],
            "--retry fixed:1: it must be none, fixed:TIMES:MS or exponential:TIMES:MS:LONGEST_MS",
        ),
        (
            &["--input", "-"],
            "--input - and no --manifest: standard input cannot be both, so give --manifest FILE, \
             or the input inside the request",
        ),
    ];
    for (arguments, told) in cases {
        let (code, stdout, stderr) = run(arguments, &json!(null));
        assert_eq!((code, stdout.as_str()), (USAGE, ""), "{arguments:?}");
        assert_eq!(stderr, format!("pipeline-executor: {told}; see --help\n"));
    }
}

#[test]
fn help_and_version_are_told() {
    let (code, stdout, _) = run(&["--help"], &json!(null));
    assert_eq!(code, SUCCESS);
    for option in ["--manifest", "--retry", "Exit codes:", "Examples:"] {
        assert!(stdout.contains(option), "{option}");
    }
    let version = format!("pipeline-executor {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(
        run(&["--version"], &json!(null)),
        (SUCCESS, version, String::new())
    );
}
