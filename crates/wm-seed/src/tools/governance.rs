//! Tools about rules and about the record of calls.

use std::time::Instant;

use serde_json::{Value, json};

use super::{Access, Tool, details, parameter};
use crate::arguments::{Absent, Arguments, Kind, Parameter};
use crate::rules::{Decision, Deed, PRINCIPLES, Principle};
use crate::server::Server;

/// Most bytes of what is to be judged.
const DEED_LIMIT: usize = 16 << 10;

const ACTION: Parameter = parameter(
    "action",
    Kind::Text(DEED_LIMIT),
    Absent::Refused,
    "what is to be done, in words",
);

pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "dharma_rules",
        title: "Dharma rules",
        description: "The principles, and the rules and modules that apply to calls.",
        category: "governance",
        access: Access::Read,
        idempotent: true,
        parameters: &[],
        run: |server, _| {
            let policies: Vec<_> = server.rules.applying().collect();
            Ok(json!({
                "status": "success",
                "rules": PRINCIPLES,
                "profile": server.rules.profile(),
                "policies": policies,
                "modules": server.modules.listed(),
            }))
        },
    },
    Tool {
        name: "get_dharma_guidance",
        title: "Dharma guidance",
        description: "Which principles an intention touches, the weightiest first, and what to heed.",
        category: "governance",
        access: Access::Read,
        idempotent: true,
        parameters: &[parameter(
            "situation",
            Kind::Text(DEED_LIMIT),
            Absent::Nothing,
            "what is intended, in words; without it, all principles",
        )],
        run: |server, arguments| Ok(guidance(server, arguments)),
    },
    Tool {
        name: "evaluate_ethics",
        title: "Evaluate ethics",
        description: "What the rules make of an action: a score, a verdict and the concerns. Rules go by \
                      words; what they do not mention may still be wrong.",
        category: "governance",
        access: Access::Read,
        idempotent: true,
        parameters: &[ACTION],
        run: |server, arguments| {
            let action = arguments.text("action").unwrap_or_default();
            let decision = judged(server, action);
            Ok(details(json!({
                "action": action,
                "ethical_score": (decision.score * 1e4).round() / 1e4,
                "verdict": decision.verdict(),
                "decision": decision.action,
                "concerns": concerns(&decision),
            })))
        },
    },
    Tool {
        name: "harmony_vector",
        title: "Harmony vector",
        description: "How the last calls went, measured, in numbers from 0 to 1; and what modules report.",
        category: "governance",
        access: Access::Read,
        idempotent: true,
        parameters: &[],
        run: |server, _| {
            let ledger = server.ledger.report()?;
            Ok(details(json!({
                "harmony_vector": server.calls.harmony(&ledger, server.limits.load()),
                "measured": server.calls.measured(Instant::now()),
                "modules": server.modules.report(),
            })))
        },
    },
    Tool {
        name: "karma_report",
        title: "Karma report",
        description: "How many calls the ledger has, how they ended, and whether it was changed.",
        category: "governance",
        access: Access::Read,
        idempotent: true,
        parameters: &[],
        run: |server, _| {
            let report = server.ledger.report()?;
            let mut value = json!(report);
            value["intact"] = report.broken_at.is_none().into();
            value["unfinished"] = report.unfinished().into();
            value["ledger_path"] = json!(server.ledger.path());
            Ok(details(value))
        },
    },
];

fn judged<'a>(server: &'a Server, description: &str) -> Decision<'a> {
    server.rules.evaluate(&Deed {
        description,
        ..Deed::default()
    })
}

fn concerns(decision: &Decision<'_>) -> Vec<Value> {
    let rules = decision.rules.iter();
    rules
        .map(|rule| {
            json!({
                "rule": rule.name,
                "severity": rule.severity,
                "action": rule.action,
                "principle": rule.principle,
                "explain": rule.explain,
            })
        })
        .collect()
}

fn guidance(server: &Server, arguments: &Arguments) -> Value {
    let situation = arguments.text("situation");
    let decision = situation.map(|situation| judged(server, situation));
    let touched = |principle: &&Principle| {
        decision.as_ref().is_none_or(|decision| {
            let mut rules = decision.rules.iter();
            rules.any(|rule| rule.principle.as_deref() == Some(principle.name))
        })
    };
    let mut principles: Vec<_> = PRINCIPLES.iter().filter(touched).collect();
    principles.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    let heed: Vec<_> = decision
        .iter()
        .flat_map(|decision| decision.rules.iter().map(|rule| rule.explain.as_str()))
        .collect();
    details(json!({
        "situation": situation,
        "principles": principles,
        "guidance": heed,
    }))
}
