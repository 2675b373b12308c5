//! The cases of the crate `pipeline`, given to the program as a user gives them.
//!
//! `PIPELINE_EXECUTOR` is another program to try, with its arguments: a build for WASM and the
//! runtime that runs it.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn program() -> Vec<String> {
    match std::env::var("PIPELINE_EXECUTOR") {
        Ok(other) => other.split_whitespace().map(str::to_owned).collect(),
        // The lints are run by way of a shell, which drops a variable with a hyphen.
        Err(_) => option_env!("CARGO_BIN_EXE_pipeline-executor")
            .into_iter()
            .map(str::to_owned)
            .collect(),
    }
}

fn run(program: &[String], arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(&program[0])
        .args(&program[1..])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child
        .stdin
        .take()
        .expect("it has an input")
        .write_all(input)
        .expect("it reads its input");
    child.wait_with_output().expect("it ends")
}

/// Standard output of a run that gives `outputs`.
fn success(case: &Value, given: &Value) -> String {
    let mut expected = given.clone();
    expected["status"] = json!("success");
    expected["outputs"] = case["outputs"].clone();
    if let Some(order) = case.get("execution_order") {
        expected["graph_info"]["execution_order"] = order.clone();
    }
    format!("{expected}\n")
}

/// Standard output and standard error of a run that fails.
fn failure(case: &Value) -> (String, String) {
    let error = case["error"].as_str().expect("a text");
    let expected = json!({
        "status": "error",
        "error": error,
        "error_info": case["error_info"],
    });
    let traceback = case["error_info"]["traceback"].as_str().unwrap_or_default();
    (
        format!("{expected}\n"),
        format!("pipeline-executor: {error}\n{traceback}"),
    )
}

#[test]
fn cases_give_one_line_of_json_and_the_code() {
    let count = try_cases("../pipeline/tests/cases");
    assert!(count >= 60, "{count} cases");
}

#[cfg(feature = "python")]
#[test]
fn cases_in_python_give_one_line_of_json_and_the_code() {
    let count = try_cases("../pipeline-python/tests/cases");
    assert!(count >= 50, "{count} cases");
}

/// How the native program ends with this code as its one node.
#[cfg(feature = "python")]
fn run_code(arguments: &[&str], code: &str) -> (Option<i32>, String, String) {
    let request = json!({
        "version": "v1",
        "metadata": {"name": "test"},
        "nodes": [{"id": "p", "node_type": "Python", "params": {"code": code}}],
        "connections": [],
    });
    let native: Vec<String> = option_env!("CARGO_BIN_EXE_pipeline-executor")
        .into_iter()
        .map(str::to_owned)
        .collect();
    let output = run(&native, arguments, request.to_string().as_bytes());
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[cfg(feature = "python")]
#[test]
fn a_call_that_nothing_interrupts_ends_with_its_time() {
    // It has no end, and no event of the interpreter's is in it.
    let endless = "import itertools\ndef process(item):\n    sum(itertools.repeat(0))\n";
    let error = "Execution error: Timeout: the run has not ended within 0.1 s";
    let stdout = json!({"status": "error", "error": error, "error_info": {"kind": "timeout"}});
    let expected = (
        Some(4),
        format!("{stdout}\n"),
        format!("pipeline-executor: {error}\n"),
    );
    assert_eq!(run_code(&["--timeout", "0.1"], endless), expected);
    // So it is where nodes are made.
    let endless = "import itertools\nclass Node:\n    process = sum(itertools.repeat(0))\n";
    let arguments = ["--validate", "--timeout", "0.1"];
    assert_eq!(run_code(&arguments, endless), expected);
}

#[cfg(feature = "python")]
#[test]
fn standard_output_has_the_answer_alone() {
    let writes = "import os\ndef process(item):\n    os.write(1, b'said\\n')\n    os.system('echo child')\n    os.close(1)\n    return 5\n";
    let (code, stdout, stderr) = run_code(&[], writes);
    assert_eq!((code, stderr.as_str()), (Some(0), "said\nchild\n"));
    let result: Value = serde_json::from_str(&stdout).expect("one document");
    assert_eq!(result["outputs"], json!(5));
}

#[cfg(feature = "python")]
#[test]
fn a_node_that_cannot_be_made_is_not_valid() {
    let wrong = "def process(item: return item";
    assert_eq!(run_code(&["--validate"], wrong).0, Some(3));
    assert_eq!(run_code(&[], wrong).0, Some(1));
}

fn try_cases(folder: &str) -> usize {
    let program = program();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut count = 0;
    for entry in fs::read_dir(&folder).expect("the cases are there") {
        let path = entry.expect("the folder can be read").path();
        let name = path.display();
        let case: Value = serde_json::from_slice(&fs::read(&path).expect("a case can be read"))
            .expect("a case is JSON");
        let unknown = case["error"]
            .as_str()
            .unwrap_or_default()
            .contains("Unknown node type");
        if unknown && cfg!(feature = "python") && !folder.ends_with("pipeline-python/tests/cases") {
            // Python knows more types, and has a case of its own.
            continue;
        }
        let input = match case.get("text") {
            Some(text) => text.as_str().expect("a text").to_owned(),
            None => case["request"].to_string(),
        };
        let arguments: Vec<&str> = case["arguments"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|argument| argument.as_str().expect("a text"))
            .collect();

        let output = run(&program, &arguments, input.as_bytes());
        let stdout = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr);
        let (code, expected, said) = if case.get("error").is_some() {
            let (stdout, stderr) = failure(&case);
            (case["exit_code"].as_i64(), stdout, stderr)
        } else {
            let given = serde_json::from_str(&stdout).unwrap_or_default();
            let stdout = match case["stdout"].as_str() {
                Some(stdout) => stdout.to_owned(),
                None => success(&case, &given),
            };
            let stderr = case["stderr"].as_str().unwrap_or_default().to_owned();
            (Some(0), stdout, stderr)
        };
        assert_eq!(stderr, said, "{name}");
        assert_eq!(stdout, expected, "{name}");
        assert_eq!(output.status.code().map(i64::from), code, "{name}");
        count += 1;
    }
    count
}
