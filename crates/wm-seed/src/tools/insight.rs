//! Tools that say what this server is and how it does.

use std::time::Instant;

use serde_json::{Value, json};

use super::{Access, Tool, all, details};
use crate::arguments::Arguments;
use crate::breaker;
use crate::error::Result;
use crate::modules::CONTRACT;
use crate::server::Server;
use crate::session::{NAME, VERSIONS};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const TIER: &str = "lite";
/// From so many memories on it is called growing, and established.
const STAGES: [(u64, &str); 3] = [(51, "established"), (11, "growing"), (0, "seedling")];
const UPGRADE: &str = "The full WhiteMagic opens the same state root: pip install whitemagic[mcp]";

pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "gnosis",
        title: "Gnosis",
        description: "How this memory does: its size, what is wrong, and what to do next.",
        category: "insight",
        access: Access::Read,
        idempotent: true,
        parameters: &[],
        run: gnosis,
    },
    Tool {
        name: "capabilities",
        title: "Capabilities",
        description: "All tools with what they are for.",
        category: "insight",
        access: Access::Read,
        idempotent: true,
        parameters: &[],
        run: |_, _| {
            let tools: Vec<_> = all()
                .map(|tool| {
                    json!({
                        "name": tool.name,
                        "description": tool.description,
                        "category": tool.category,
                    })
                })
                .collect();
            Ok(details(json!({
                "version": VERSION,
                "tier": TIER,
                "tool_count": tools.len(),
                "tools": tools,
                "upgrade_hint": UPGRADE,
            })))
        },
    },
    Tool {
        name: "health_report",
        title: "Health report",
        description: "Whether database, ledger and rules are as they should be.",
        category: "insight",
        access: Access::Read,
        idempotent: true,
        parameters: &[],
        run: health,
    },
    Tool {
        name: "manifest",
        title: "Manifest",
        description: "Name, version and protocol of this server.",
        category: "insight",
        access: Access::Read,
        idempotent: true,
        parameters: &[],
        run: |_, _| {
            Ok(details(json!({
                "name": NAME,
                "version": VERSION,
                "tier": TIER,
                "transports": ["stdio", "http"],
                "protocol_versions": VERSIONS,
                "tool_count": all().count(),
                "module_contract": CONTRACT,
                "license": env!("CARGO_PKG_LICENSE"),
            })))
        },
    },
    Tool {
        name: "rate_status",
        title: "Rate status",
        description: "What is used of the allowed rate, and which circuit breakers are open.",
        category: "insight",
        access: Access::Read,
        idempotent: true,
        parameters: &[],
        run: |server, _| {
            let now = Instant::now();
            let breakers: Vec<_> = server
                .breakers
                .tripped(now)
                .map(|(tool, state)| json!({"tool": tool, "state": state}))
                .collect();
            Ok(details(json!({
                "rates": server.limits.status(),
                "breakers": breakers,
                "breaker_rule": {
                    "failures": breaker::FAILURES,
                    "window_s": breaker::WINDOW.as_secs(),
                    "pause_s": breaker::PAUSE.as_secs(),
                },
            })))
        },
    },
];

fn gnosis(server: &mut Server, _: &Arguments) -> Result<Value> {
    let count = server.open()?.store.count()?;
    let stage = STAGES.iter().find(|(from, _)| count >= *from);
    let alerts = alerts(server)?;
    let mut next = Vec::new();
    if !alerts.is_empty() {
        next.push("See health_report for what the alerts are about");
    }
    if count == 0 {
        next.push("Keep a first memory with remember");
    } else {
        next.push("Find what is known with recall before keeping more");
    }
    Ok(details(json!({
        "gnosis": {
            "status": if alerts.is_empty() { "healthy" } else { "degraded" },
            "version": VERSION,
            "tier": TIER,
            "tool_count": all().count(),
            "memory_count": count,
            "maturity_stage": stage.map(|(_, name)| name),
            "alerts": alerts,
            "next_actions": next,
        },
    })))
}

fn health(server: &mut Server, _: &Arguments) -> Result<Value> {
    let mut alerts = alerts(server)?;
    if let Some(what) = server.open()?.store.damage()? {
        alerts.push(format!(
            "the database is damaged: {what}; restore a backup with galaxy.restore"
        ));
    }
    let ledger = server.ledger.report()?;
    let rules = server.rules.applying().count();
    let modules = server.modules.listed().len();
    let open = server.open()?;
    Ok(details(json!({
        "healthy": alerts.is_empty(),
        "alerts": alerts,
        "galaxy": open.galaxy,
        "database": {
            "path": open.store.path(),
            "bytes": open.store.bytes()?,
            "memories": open.store.count()?,
        },
        "ledger": ledger,
        "rules": rules,
        "modules": modules,
    })))
}

/// What is wrong, as far as it is seen without reading the whole database.
fn alerts(server: &Server) -> Result<Vec<String>> {
    let mut alerts = Vec::new();
    let ledger = server.ledger.report()?;
    if let Some(line) = ledger.broken_at {
        alerts.push(format!("the ledger was changed before line {line}"));
    }
    if ledger.unreadable > 0 {
        alerts.push(format!(
            "the ledger has {} lines that are none",
            ledger.unreadable
        ));
    }
    for (tool, _) in server.breakers.tripped(Instant::now()) {
        alerts.push(format!("{tool} has failed again and again"));
    }
    Ok(alerts)
}
