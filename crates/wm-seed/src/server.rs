//! What a server keeps between calls, and what happens around each of them.

use std::time::Instant;

use serde_json::{Map, Value, json};

use crate::arguments::Arguments;
use crate::breaker::Breakers;
use crate::error::{Error, Result};
use crate::galaxy::Galaxies;
use crate::harmony::{Call, Calls};
use crate::ledger::{Ledger, Status};
use crate::limits::Limits;
use crate::modules::{self, Modules};
use crate::quickstart;
use crate::root::StateRoot;
use crate::rules::{Action, Decision, Deed, Rules};
use crate::spatial::Space;
use crate::store::Store;
use crate::tools::{Access, Tool};

/// What becomes of a call.
#[derive(Debug)]
pub struct Outcome {
    /// What the caller is told
    pub value: Value,
    /// Whether it is an error
    pub is_error: bool,
}

impl Outcome {
    /// As MCP has it.
    #[must_use]
    pub fn into_json(self) -> Value {
        let text = self.value.to_string();
        json!({"content": [{"type": "text", "text": text}], "isError": self.is_error})
    }
}

/// A galaxy that is in use.
#[derive(Debug)]
pub struct Open {
    /// Its name
    pub galaxy: String,
    /// Its memories
    pub store: Store,
    /// Where they lie
    pub space: Space,
}

/// What a server keeps between calls. No file is touched before the first one.
#[derive(Debug)]
pub struct Server {
    pub(crate) root: StateRoot,
    pub(crate) rules: Rules,
    pub(crate) modules: Modules,
    pub(crate) limits: Limits,
    pub(crate) breakers: Breakers,
    pub(crate) calls: Calls,
    pub(crate) ledger: Ledger,
    open: Option<Open>,
}

impl Server {
    /// A server of a state root.
    #[must_use]
    pub fn new(root: StateRoot, profile: &str, limits: Limits) -> Self {
        Self {
            rules: Rules::new(&root, profile),
            modules: Modules::new(&root),
            ledger: Ledger::new(root.ledger()),
            limits,
            breakers: Breakers::default(),
            calls: Calls::default(),
            open: None,
            root,
        }
    }

    /// The galaxy in use, which is opened by the first call that needs it. A new one of the name `default`
    /// gets the quickstart memories.
    ///
    /// # Errors
    ///
    /// Those of opening it; the next call tries again.
    pub fn open(&mut self) -> Result<&mut Open> {
        let open = match self.open.take() {
            Some(open) => open,
            None => open(&self.root)?,
        };
        Ok(self.open.insert(open))
    }

    /// Leaves the galaxy in use; the next call opens the one that the list says.
    pub fn close(&mut self) {
        self.open = None;
    }

    /// Runs a tool, if rules, rate and breaker let it.
    pub fn call(&mut self, tool: &'static Tool, given: Map<String, Value>) -> Outcome {
        let began = Instant::now();
        let (judged, result) = self.guarded(tool, given, began);
        let status = match &result {
            Ok(_) => Status::Success,
            Err(Denied::Blocked(_)) => Status::Blocked,
            Err(Denied::Throttled(_)) => Status::Throttled,
            Err(Denied::Failed(_)) => Status::Error,
        };
        self.calls.record(Call {
            at: Instant::now(),
            took: began.elapsed(),
            status,
            writes: tool.access != Access::Read,
            score: judged.unwrap_or(1.0),
        });
        let is_error = result.is_err();
        let mut value = match result {
            Ok(value) | Err(Denied::Blocked(value) | Denied::Throttled(value)) => value,
            Err(Denied::Failed(error)) => described(&error),
        };
        if judged.is_some() {
            let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            let failed = self.modules.observe(told(tool), status, milliseconds);
            warn(&mut value, failed);
        }
        Outcome { value, is_error }
    }

    /// The score of a call that was judged, and what came of it.
    fn guarded(
        &mut self,
        tool: &'static Tool,
        given: Map<String, Value>,
        now: Instant,
    ) -> (Option<f64>, std::result::Result<Value, Denied>) {
        let prepared = Arguments::check(given, tool.parameters).and_then(|arguments| {
            self.root.scaffold()?;
            self.rules.refresh()?;
            self.modules.refresh()?;
            Ok(arguments)
        });
        let arguments = match prepared {
            Ok(arguments) => arguments,
            Err(error) => return (None, Err(error.into())),
        };
        let profile = self.rules.profile();
        let judgement = match self.modules.judge(told(tool), profile, arguments.all()) {
            Ok(judgement) => judgement,
            Err(error) => return (Some(1.0), Err(self.refused(tool, error))),
        };
        // What is only looked for is no deed.
        let text = if tool.access == Access::Read {
            String::new()
        } else {
            arguments.all_text()
        };
        let decision = self.rules.evaluate(&Deed {
            tool: tool.name,
            description: &text,
            safety: tool.access.level(),
        });
        let joined = Joined::of(&decision, judgement);
        let result = self.run(tool, &arguments, &joined, now);
        (Some(joined.score), result)
    }

    /// Notes a call that a module could not judge, and why it was not made.
    fn refused(&self, tool: &Tool, error: Error) -> Denied {
        let noted = self
            .ledger
            .append(tool.name, Status::Invoked, &[], false)
            .and_then(|()| self.ledger.append(tool.name, Status::Error, &[], false));
        Denied::Failed(noted.err().unwrap_or(error))
    }

    fn run(
        &mut self,
        tool: &'static Tool,
        arguments: &Arguments,
        judged: &Joined,
        now: Instant,
    ) -> std::result::Result<Value, Denied> {
        let Joined {
            action,
            reasons,
            tags,
            ..
        } = judged;
        let lasting = tool.access != Access::Read;
        self.ledger
            .append(tool.name, Status::Invoked, tags, false)?;
        let end = |status| self.ledger.append(tool.name, status, &[], lasting);
        if *action == Action::Block {
            end(Status::Blocked)?;
            return Err(Denied::Blocked(json!({
                "status": "error",
                "error": judged.forbids(),
                "reasons": reasons,
            })));
        }
        let wait = self
            .breakers
            .retry_after(tool.name, now)
            .map(|wait| {
                (
                    wait,
                    "this tool has failed again and again; it is left alone for a while",
                )
            })
            .or_else(|| {
                let wait = self.limits.check(tool.name, *action == Action::Throttle)?;
                Some((wait, "too many calls; wait, or ask for more at once"))
            });
        if let Some((wait, error)) = wait {
            end(Status::Throttled)?;
            let milliseconds = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            return Err(Denied::Throttled(json!({
                "status": "error",
                "error": error,
                "retry_after_ms": milliseconds,
            })));
        }
        let mut result = (tool.run)(self, arguments);
        let failed = result.as_ref().is_err_and(Error::is_failure);
        self.breakers.record(tool.name, failed, now);
        let status = if result.is_ok() {
            Status::Success
        } else {
            Status::Error
        };
        self.ledger.append(tool.name, status, &[], lasting)?;
        if let Ok(value) = &mut result {
            warn(value, reasons.clone());
        }
        Ok(result?)
    }
}

fn open(root: &StateRoot) -> Result<Open> {
    root.scaffold()?;
    let galaxies = Galaxies::read(root)?;
    let galaxy = galaxies.active().to_owned();
    let path = &galaxies.get(&galaxy)?.db_path;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(Error::io(folder))?;
    }
    let mut store = Store::open(path)?;
    if store.is_new() && galaxy == crate::galaxy::DEFAULT {
        quickstart::plant(&mut store)?;
    }
    Ok(Open {
        galaxy,
        store,
        space: Space::default(),
    })
}

/// What rules and modules say of a call.
struct Joined {
    action: Action,
    score: f64,
    reasons: Vec<String>,
    tags: Vec<String>,
    by_rule: bool,
}

impl Joined {
    fn of(decision: &Decision<'_>, judgement: modules::Judgement) -> Self {
        let reasons = decision.reasons(Action::Warn).into_iter();
        let mut tags = decision.tags();
        tags.extend(judgement.tags);
        Self {
            action: decision.action.max(judgement.action),
            score: decision.score.min(judgement.score),
            reasons: reasons
                .map(str::to_owned)
                .chain(judgement.reasons)
                .collect(),
            tags,
            by_rule: decision.action == Action::Block,
        }
    }

    fn forbids(&self) -> &'static str {
        if self.by_rule {
            "a rule forbids this"
        } else {
            "a module forbids this"
        }
    }
}

/// A call, as modules are told of it.
fn told(tool: &Tool) -> modules::Call<'static> {
    modules::Call {
        tool: tool.name,
        access: tool.access.level(),
    }
}

/// Adds to what the caller is told beside the result.
fn warn(value: &mut Value, warnings: Vec<String>) {
    if warnings.is_empty() {
        return;
    }
    if !value["warnings"].is_array() {
        value["warnings"] = json!([]);
    }
    if let Value::Array(known) = &mut value["warnings"] {
        known.extend(warnings.into_iter().map(Value::from));
    }
}

/// Why a call has no result.
enum Denied {
    Blocked(Value),
    Throttled(Value),
    Failed(Error),
}

impl From<Error> for Denied {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// An error as the caller is told it.
fn described(error: &Error) -> Value {
    let mut value = json!({"status": "error", "error": error.to_string()});
    if let Error::Argument { name, .. } = error {
        value["argument"] = name.as_str().into();
    }
    value
}
