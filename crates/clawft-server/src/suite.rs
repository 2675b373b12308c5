//! A program, held to a scenario.
//!
//! The program is a command line: words in which `{home}` stands for the home folder, to which
//! `--json --session KEY MESSAGE` are added (without the message where it comes on standard input). Its
//! environment has `HOME`, `PATH` and what the scenario sets, and nothing else. It writes its events on
//! standard output, a JSON object on a line for each, and ends with 0, or after an `error` with 1.
//!
//! Of every scenario: keys are in no output and in no file but the configuration.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Map, Value, json};

use crate::api::Api;
use crate::pattern::mismatch;
use crate::scenario::{Scenario, Turn, Variant};
use crate::server::Listener;

/// How long a program may take for one message before it is taken to hang.
const PATIENCE: Duration = Duration::from_mins(5);

/// Where the configuration is, in the home folder.
pub const CONFIG: &str = ".clawft/config.json";

/// The scenarios of a folder, by name.
///
/// # Errors
/// The folder cannot be read.
pub fn scenarios(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// A variant of a scenario.
#[derive(Clone, Debug)]
pub struct Case {
    /// The scenario's file
    pub path: PathBuf,
    /// The variant
    pub variant: Variant,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.path.file_stem().unwrap_or_default();
        write!(f, "{} {}", name.display(), self.variant.name)
    }
}

/// Runs a program on several cases at once, since most of them wait. `report` is given how long each one
/// took, and its problems, when it has ended.
///
/// # Errors
/// Those of [`run`] and of `report`, which end it.
pub fn run_all(
    program: &[String],
    cases: &[Case],
    jobs: usize,
    mut report: impl FnMut(&Case, Duration, &[String]) -> Result<()>,
) -> Result<()> {
    let next = AtomicUsize::new(0);
    let (sender, results) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..jobs {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let start = Instant::now();
                    let problems = run(program, &case.path, case.variant);
                    if sender.send((case, start.elapsed(), problems)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        results
            .into_iter()
            .try_for_each(|(case, time, problems)| report(case, time, &problems?))
    })
}

/// Runs a program on a variant of a scenario: what was not as it must be, nothing if all was.
///
/// # Errors
/// The scenario is none, or the program cannot be started.
pub fn run(program: &[String], path: &Path, variant: Variant) -> Result<Vec<String>> {
    let listener = Listener::bind(0)?;
    let url = listener.url();
    let folder = tempfile::tempdir()?;
    let home = folder.path().join("home");
    let home_text = home.to_str().context("the home folder is no Unicode")?;
    let scenario = Scenario::read(path, &url, home_text)?;
    let config = configuration(&scenario, variant, &url);
    for (path, content) in &scenario.home {
        write(&home.join(path), content)?;
    }
    for (path, target) in &scenario.links {
        link(target, &home.join(path))?;
    }
    if !scenario
        .home
        .iter()
        .any(|(path, _)| path.starts_with(".clawft/config."))
    {
        write(&home.join(CONFIG), config.to_string().as_bytes())?;
    }
    let log = folder.path().join("requests.jsonl");
    let log = Box::new(File::create(log)?);
    let server = listener.serve(scenario.exchanges.clone(), variant.api, Some(log));
    let mut problems = Vec::new();
    for (index, turn) in scenario.turns.iter().enumerate() {
        let found = run_turn(program, &home, &scenario, turn)?;
        let found = found.into_iter();
        problems.extend(found.map(|problem| format!("turn {index}: {problem}")));
    }
    problems.extend(server.problems());
    problems.extend(check_after(&home, &scenario)?);
    Ok(problems)
}

/// The usual configuration, and over it the scenario's.
#[must_use]
pub fn configuration(scenario: &Scenario, variant: Variant, url: &str) -> Value {
    let provider = |api: Api| json!({"api_key": api.key(), "api_base": format!("{url}/v1")});
    let model = match variant.api {
        Api::OpenAi => "openai/test-model",
        Api::Anthropic => "anthropic/test-model",
    };
    let mut config = json!({
        "agents": {"defaults": {
            "workspace": "~/.clawft/workspace",
            "model": model,
            "stream": variant.stream
        }},
        "providers": {"openai": provider(Api::OpenAi), "anthropic": provider(Api::Anthropic)},
        "tools": {"url_policy": {"allow_private": true}}
    });
    lay_over(&mut config, &scenario.config);
    config
}

/// Objects are joined, anything else is replaced, and `null` takes away.
fn lay_over(value: &mut Value, over: &Value) {
    match (value, over) {
        (Value::Object(members), Value::Object(over)) => {
            for (key, over) in over {
                if over.is_null() {
                    members.remove(key);
                } else {
                    lay_over(members.entry(key).or_insert(Value::Null), over);
                }
            }
        }
        (value, over) => *value = over.clone(),
    }
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    make_parent(path)?;
    fs::write(path, content).with_context(|| path.display().to_string())
}

fn link(target: &str, path: &Path) -> Result<()> {
    make_parent(path)?;
    symlink(target, path).with_context(|| path.display().to_string())
}

fn make_parent(path: &Path) -> Result<()> {
    let folder = path.parent().context("a file without a folder")?;
    Ok(fs::create_dir_all(folder)?)
}

/// The command of a turn.
#[must_use]
pub fn command(program: &[String], home: &Path, scenario: &Scenario, turn: &Turn) -> Command {
    let home_text = home.to_string_lossy();
    let mut words = program
        .iter()
        .map(|word| word.replace("{home}", &home_text));
    let mut command = Command::new(words.next().unwrap_or_default());
    command
        .args(words)
        .args(["--json", "--session", &turn.session])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .envs(scenario.environment.iter().cloned())
        .current_dir(home)
        .stdin(if turn.stdin {
            Stdio::piped()
        } else {
            Stdio::null()
        });
    if !turn.stdin {
        command.arg(&turn.message);
    }
    command
}

fn run_turn(
    program: &[String],
    home: &Path,
    scenario: &Scenario,
    turn: &Turn,
) -> Result<Vec<String>> {
    let folder = tempfile::tempdir()?;
    let (out, err) = (folder.path().join("out"), folder.path().join("err"));
    let mut child = command(program, home, scenario, turn)
        .stdout(File::create(&out)?)
        .stderr(File::create(&err)?)
        .spawn()
        .with_context(|| format!("{program:?} cannot be started"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ends without reading says why on its own.
        let _ = stdin.write_all(turn.message.as_bytes());
    }
    let code = wait(&mut child)?;
    let out = String::from_utf8_lossy(&fs::read(out)?).into_owned();
    let err = String::from_utf8_lossy(&fs::read(err)?).into_owned();
    let mut problems = Vec::new();
    if code != Some(turn.exit) {
        problems.push(format!("it ended with {code:?}, not {}", turn.exit));
    }
    for (name, text) in [("output", &out), ("errors", &err)] {
        if has_key(text.as_bytes()) {
            problems.push(format!("its {name} show a key"));
        }
    }
    let expected = Value::from(turn.events.clone());
    match events(&out) {
        Ok(events) => problems.extend(mismatch(&expected, &events, "events")),
        Err(error) => problems.push(format!("{error:#}")),
    }
    if !turn.stderr.is_null() {
        problems.extend(mismatch(&turn.stderr, &json!(err), "stderr"));
    }
    if !problems.is_empty() && !err.is_empty() {
        problems.push(format!("it wrote on stderr: {}", err.trim_end()));
    }
    Ok(problems)
}

/// The exit code; `None` after a signal, or if it hung.
fn wait(child: &mut Child) -> Result<Option<i32>> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.code());
        }
        if start.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(2));
    }
}

fn has_key(bytes: &[u8]) -> bool {
    [Api::OpenAi, Api::Anthropic].into_iter().any(|api| {
        let key = api.key().as_bytes();
        bytes.windows(key.len()).any(|window| window == key)
    })
}

/// Reads events; texts that follow one another become one.
///
/// # Errors
/// A line is no JSON object.
pub fn events(out: &str) -> Result<Value> {
    let mut events: Vec<Map<String, Value>> = Vec::new();
    for line in out.lines() {
        let event = serde_json::from_str(line).with_context(|| format!("no event: {line:?}"))?;
        let Value::Object(event) = event else {
            anyhow::bail!("no event: {line:?}");
        };
        let text_of = |event: &Map<String, Value>| {
            let is_text = event.get("type") == Some(&json!("text"));
            event
                .get("text")?
                .as_str()
                .filter(|_| is_text)
                .map(str::to_owned)
        };
        let more = text_of(&event);
        let joined = events.last().and_then(text_of).zip(more);
        match (joined, events.last_mut()) {
            (Some((text, more)), Some(last)) => {
                last.insert("text".to_owned(), json!(text + &more));
            }
            _ => events.push(event),
        }
    }
    Ok(events.into_iter().map(Value::Object).collect())
}

fn check_after(home: &Path, scenario: &Scenario) -> Result<Vec<String>> {
    let mut files = BTreeMap::new();
    read_folder(home, home, &mut files)?;
    let mut problems = Vec::new();
    for (path, content) in &files {
        if has_key(content) && !path.starts_with(".clawft/config.") {
            problems.push(format!("{path} has a key"));
        }
        if path.contains(".tmp") {
            problems.push(format!("{path} was left behind"));
        }
    }
    for (path, pattern) in &scenario.files {
        let text = files.get(path).map_or(Value::Null, |content| {
            json!(String::from_utf8_lossy(content))
        });
        problems.extend(mismatch(pattern, &text, path));
    }
    for (key, pattern) in &scenario.sessions {
        let messages = match session(&files, key) {
            Ok(messages) => messages,
            Err(error) => {
                problems.push(format!("session {key}: {error:#}"));
                continue;
            }
        };
        problems.extend(mismatch(pattern, &messages, &format!("session {key}")));
    }
    Ok(problems)
}

/// Roles and texts of a session's file; `null` if there is none.
fn session(files: &BTreeMap<String, Vec<u8>>, key: &str) -> Result<Value> {
    let name = format!("/sessions/{}.jsonl", key.replace(':', "%3A"));
    let Some((_, content)) = files.iter().find(|(path, _)| path.ends_with(&name)) else {
        return Ok(Value::Null);
    };
    let mut messages = Vec::new();
    for line in std::str::from_utf8(content)?.lines() {
        let line: Value = serde_json::from_str(line).with_context(|| format!("{line:?}"))?;
        // Metadata, and what else is no message
        if line["_type"].is_string() {
            continue;
        }
        ensure!(line["timestamp"].is_string(), "a message without its time");
        messages.push(json!([line["role"], line["content"]]));
    }
    Ok(Value::from(messages))
}

fn read_folder(folder: &Path, root: &Path, files: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let kind = entry.file_type()?;
        if kind.is_dir() {
            read_folder(&path, root, files)?;
        } else if kind.is_file() {
            let name = path.strip_prefix(root)?.to_string_lossy().into_owned();
            files.insert(name, fs::read(&path)?);
        }
    }
    Ok(())
}
