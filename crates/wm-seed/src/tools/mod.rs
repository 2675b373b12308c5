//! The tools: one table says what they are called, what they take and what they do.

mod galaxies;
mod governance;
mod insight;
mod memories;
mod places;

use serde_json::{Map, Value, json};

use crate::arguments::{Absent, Arguments, Kind, Parameter};
use crate::error::Result;
use crate::server::Server;

/// What a tool may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It changes nothing but counts.
    Read,
    /// It adds or changes.
    Write,
    /// It deletes or replaces.
    Delete,
}

impl Access {
    /// As rules have it.
    #[must_use]
    pub fn level(self) -> &'static str {
        match self {
            Self::Read => "READ",
            Self::Write => "WRITE",
            Self::Delete => "DELETE",
        }
    }
}

/// A tool.
#[derive(Debug)]
pub struct Tool {
    /// Its name
    pub name: &'static str,
    /// What people see
    pub title: &'static str,
    /// What a model is told
    pub description: &'static str,
    /// What it is about
    pub category: &'static str,
    /// What it may do
    pub access: Access,
    /// Whether calling it again changes nothing more
    pub idempotent: bool,
    /// What it takes
    pub parameters: &'static [Parameter],
    /// What it does
    pub run: fn(&mut Server, &Arguments) -> Result<Value>,
}

impl Tool {
    /// As MCP lists it.
    fn listed(&self) -> Value {
        let properties: Map<_, _> = self
            .parameters
            .iter()
            .map(|parameter| (parameter.name.to_owned(), parameter.schema()))
            .collect();
        let mut schema = json!({
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        });
        let required = self
            .parameters
            .iter()
            .filter(|parameter| parameter.is_required());
        let required: Vec<_> = required.map(|parameter| parameter.name).collect();
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        json!({
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "inputSchema": schema,
            "annotations": {
                "title": self.title,
                "readOnlyHint": self.access == Access::Read,
                "destructiveHint": self.access == Access::Delete,
                "idempotentHint": self.idempotent,
                "openWorldHint": false,
            },
        })
    }
}

const TABLES: [&[Tool]; 5] = [
    memories::TOOLS,
    places::TOOLS,
    insight::TOOLS,
    governance::TOOLS,
    galaxies::TOOLS,
];

/// All tools.
pub fn all() -> impl Iterator<Item = &'static Tool> {
    TABLES.into_iter().flatten()
}

/// A tool by name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Tool> {
    all().find(|tool| tool.name == name)
}

/// All tools, as MCP lists them.
#[must_use]
pub fn listing() -> Vec<Value> {
    all().map(Tool::listed).collect()
}

const fn parameter(
    name: &'static str,
    kind: Kind,
    absent: Absent,
    about: &'static str,
) -> Parameter {
    Parameter {
        name,
        kind,
        absent,
        about,
    }
}

/// A result of the form that most tools have.
fn details(details: Value) -> Value {
    json!({"status": "success", "details": details})
}
