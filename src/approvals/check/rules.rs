//! The rules that a schema cannot express. They are implemented once for the types, as a verdict, and once for a tree,
//! with places.

use jsonc_parser::ast::Value;
use jsonc_parser::common::Ranged;

use crate::approvals::bounds::Budget;
use crate::approvals::check::arg_pattern;
use crate::approvals::findings::codes::Code;
use crate::approvals::findings::finding::{Finding, Findings};
use crate::approvals::model::document::{Agents, Document, Entry};
use crate::approvals::model::path::{Path, Step};
use crate::approvals::text::tree::{get, key};

/// The rule that an agent's id breaks, if any.
pub(in crate::approvals) fn of_agent_id(id: &str) -> Option<(Code, &'static str)> {
    match id {
        "default" => Some((Code::LegacyDefaultAgent, "`default` is the early name of agent `main`")),
        "__proto__" => Some((Code::ReservedAgentId, "no agent can be called `__proto__`")),
        _ => None,
    }
}

/// Whether a document breaks none of the rules. Parts that are not reached before the time limit are not judged.
pub(in crate::approvals) fn accept(document: &Document<'_>, budget: Budget<'_>) -> bool {
    let entry =
        |entry: &Entry<'_>| entry.arg_pattern.is_none() || (!budget.is_spent() && accept_entry(entry));
    document
        .agents
        .iter()
        .flat_map(Agents::iter)
        .all(|(id, agent)| of_agent_id(id).is_none() && agent.allowlist.iter().flatten().all(entry))
}

/// Whether an entry breaks none of the rules.
pub(in crate::approvals) fn accept_entry(entry: &Entry<'_>) -> bool {
    entry.arg_pattern.as_ref().is_none_or(|pattern| arg_pattern::problem(pattern.as_str()).is_none())
}

/// Reports where a tree breaks the rules.
pub(in crate::approvals) fn findings(root: &Value<'_>, findings: &mut Findings<'_>) {
    let agents =
        root.as_object().and_then(|root| get(root, "agents")).and_then(|agents| agents.value.as_object());
    for property in agents.iter().flat_map(|agents| &agents.properties) {
        let id = key(property);
        let path = |steps: &[Step]| -> Path {
            let agent = [Step::Key("agents".to_owned()), Step::Key(id.to_owned())];
            agent.into_iter().chain(steps.iter().cloned()).collect()
        };
        if let Some((code, message)) = of_agent_id(id) {
            let range = property.name.range();
            let finding = Finding::new(code, range.start..range.end, message);
            let expected = if code == Code::LegacyDefaultAgent { "`main`" } else { "another id" };
            findings.push(finding.at(path(&[])).found(format!("`{id}`")).expected(expected));
        }
        let allowlist = property.value.as_object().and_then(|agent| get(agent, "allowlist"));
        let entries = allowlist.and_then(|allowlist| allowlist.value.as_array());
        for (index, entry) in entries.iter().flat_map(|entries| &entries.elements).enumerate() {
            if findings.is_over() {
                return;
            }
            let Some(pattern) = entry
                .as_object()
                .and_then(|entry| get(entry, "argPattern"))
                .and_then(|field| field.value.as_string_lit())
            else {
                continue;
            };
            if findings.must_end() {
                return;
            }
            if let Some(problem) = arg_pattern::problem(&pattern.value) {
                let steps = [
                    Step::Key("allowlist".to_owned()),
                    Step::Index(index),
                    Step::Key("argPattern".to_owned()),
                ];
                let finding = Finding::new(
                    Code::InvalidArgPattern,
                    pattern.range.start..pattern.range.end,
                    format!("`argPattern` does not compile: {problem}"),
                );
                findings.push(finding.at(path(&steps)).expected("an ECMAScript regular expression"));
            }
        }
    }
}
