//! Several runs in one process: nothing of one is seen in the next.

use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pipeline::{Error, ErrorKind, Executor, Request, Settings, Value};
use pipeline_python::{Account, Python};
use serde_json::json;

/// A run is what goes on at one time, so the tests take turns.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn executor(folders: Vec<PathBuf>) -> Executor {
    executor_with(Settings::default(), folders)
}

fn executor_with(settings: Settings, folders: Vec<PathBuf>) -> Executor {
    fn exceeded() -> ! {
        unreachable!("there is no limit")
    }
    let account = Account {
        take: |_| true,
        give_back: |_| (),
        exceeded,
    };
    let mut executor = Executor::new(settings);
    let python = Python::new(folders, account).expect("Python starts");
    executor.add(Box::new(python));
    executor
}

fn run(executor: &Executor, node: &Value) -> Result<Value, Error> {
    let manifest = json!({
        "version": "v1",
        "metadata": {"name": "test"},
        "nodes": [node],
        "connections": [],
    });
    let request = Request::parse(manifest.to_string().as_bytes())?;
    let outcome = executor.execute_sync(&request.manifest, request.input)?;
    Ok(outcome.outputs)
}

/// A node that says what it finds, and then leaves everything in another state.
const MESS: &str = r"
import builtins, json, math, os, sys
import remotemedia.nodes

def process(item):
    found = [
        json.dumps(1),
        math.pi > 3,
        hasattr(builtins, 'left'),
        os.environ.get('LEFT'),
        '/left' in sys.path,
        hasattr(remotemedia.nodes, 'LeftNode'),
        'seed' in globals(),
        len([name for name in sys.modules if name.startswith('node_')]),
    ]
    json.dumps = lambda value: 'patched'
    math.pi = 0
    builtins.left = True
    os.environ['LEFT'] = '1'
    sys.path.append('/left')
    remotemedia.nodes.LeftNode = object
    globals()['seed'] = 1
    sys.modules['left'] = math
    return found
";

#[test]
fn what_a_run_leaves_behind_is_taken_back() {
    let _turn = turn();
    let executor = executor(Vec::new());
    let node = json!({"id": "p", "node_type": "Python", "params": {"code": MESS}});
    let clean = json!(["1", true, false, null, false, false, false, 1]);
    for _ in 0..3 {
        assert_eq!(run(&executor, &node), Ok(clean.clone()));
    }
    let imports =
        json!({"id": "p", "node_type": "Python", "params": {"expression": "__import__('left')"}});
    let error = run(&executor, &imports).expect_err("the module is gone");
    assert!(error.message.contains("No module named 'left'"), "{error}");
}

#[test]
fn a_run_that_failed_leaves_nothing_either() {
    let _turn = turn();
    let executor = executor(Vec::new());
    let fails = json!({"id": "p", "node_type": "Python", "params": {
        "code": "import builtins\nbuiltins.left = 1\nraise KeyError('at once')\n"
    }});
    run(&executor, &fails).expect_err("it raises");
    let looks = json!({"id": "p", "node_type": "Python", "params": {"expression": "hasattr(__builtins__, 'left')"}});
    assert_eq!(run(&executor, &looks), Ok(json!(false)));
}

#[test]
fn a_users_module_is_read_anew_in_each_run() {
    let _turn = turn();
    let folder = tempfile::tempdir().expect("a folder");
    let module = folder.path().join("changing.py");
    let executor = executor(vec![folder.path().into()]);
    for version in ["first", "second, of another length"] {
        let code = format!(
            "class ChangingNode:\n    def process(self, item):\n        return {version:?}\n"
        );
        fs::write(&module, code).expect("the module is written");
        for node in [
            json!({"id": "c", "node_type": "ChangingNode", "params": {}}),
            json!({"id": "c", "node_type": "changing.ChangingNode", "params": {}}),
            json!({"id": "c", "node_type": "Python", "params": {"module": "changing", "class": "ChangingNode"}}),
        ] {
            assert_eq!(run(&executor, &node), Ok(json!(version)), "{node}");
        }
    }
    let files = fs::read_dir(folder.path()).expect("the folder").count();
    assert_eq!(files, 1, "nothing is written beside the module");
}

#[test]
fn no_handler_keeps_a_deadline_from_ending_a_node() {
    let _turn = turn();
    let settings = Settings {
        timeout: Some(Duration::from_millis(100)),
        ..Settings::default()
    };
    let executor = executor_with(settings, Vec::new());
    let code = "
def process(item):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
";
    let node = json!({"id": "p", "node_type": "Python", "params": {"code": code}});
    let error = run(&executor, &node).expect_err("it has no end");
    assert_eq!(error.kind, ErrorKind::Timeout);
    // The next run has its own time.
    let node = json!({"id": "p", "node_type": "Python", "params": {"expression": "sum(range(9))"}});
    assert_eq!(run(&executor, &node), Ok(json!(36)));
}

#[test]
fn nodes_are_cleaned_up() {
    let _turn = turn();
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let executor = executor(Vec::new());
    let code = "
class Node:
    def __init__(self, log, fails):
        self.log, self.fails = log, fails
    def say(self, word):
        with open(self.log, 'a') as file:
            print(word, file=file)
    def initialize(self):
        self.say('initialize')
    def process(self, item):
        self.say('process')
        if self.fails:
            raise ValueError
        return item
    def cleanup(self):
        self.say('cleanup')
";
    for fails in [false, true] {
        let node = json!({"id": "p", "node_type": "Python", "params": {"code": code, "log": log, "fails": fails}});
        assert_eq!(run(&executor, &node).is_err(), fails);
    }
    let said = fs::read_to_string(&log).expect("the log");
    let each = "initialize\nprocess\ncleanup\n";
    assert_eq!(said, each.repeat(2));
}
