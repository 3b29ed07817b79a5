//! Compatibility with the named release: the fields that it rejects or interprets differently. Without a named release
//! nothing is reported.

use super::facts::Facts;
use super::listed::{Listed, listed};
use super::policy::{agent_path, agents};
use super::raw::Raw;
use super::release::Release;
use super::sink::Sink;
use crate::approvals::decide::inclusion;
use crate::approvals::edit::downgrade::Newer;
use crate::approvals::findings::codes::Code;
use crate::approvals::model::document::Document;
use crate::approvals::model::path::Step;
use crate::approvals::redact::credentials::quotable;

/// Reports the fields that the named release rejects or interprets differently.
pub(super) fn judge<'d>(document: &'d Document<'d>, facts: &Facts<'_>, sink: &mut Sink<'_>) {
    let (Some(version), release) = (facts.release, Release::of(facts)) else { return };
    for (agent, _) in agents(document).filter(|(_, rules)| rules.mcp_tools.is_some()) {
        if release.refuses(Newer::McpTools) {
            let path = agent_path(agent).join(Step::Key(Newer::McpTools.name().to_owned()));
            let agent = Some(agent.to_owned());
            let message = refused(Newer::McpTools, version);
            sink.push(Raw {
                code: Code::UnknownToRelease,
                path,
                message,
                agent,
                pattern: None,
                removes: None,
            });
        }
    }
    for entry in listed(document) {
        if sink.must_end() {
            return;
        }
        let fraction = entry.entry.last_used_at.as_ref().is_some_and(|at| at.as_f64().fract() != 0.0);
        for (newer, there) in [
            (Newer::Source, entry.entry.source.is_some()),
            (Newer::CommandText, entry.entry.command_text.is_some()),
            (Newer::FractionalTime, fraction),
        ] {
            if there && release.refuses(newer) {
                sink.push(entry.raw(Code::UnknownToRelease, newer.name(), refused(newer, version)));
            }
        }
        if release.is_simple() {
            simple(&entry, version, sink);
        }
    }
}

fn refused(newer: Newer, version: &str) -> String {
    let what = if newer == Newer::FractionalTime { " with a fraction" } else { "" };
    format!("a gateway {version} refuses `{}`{what}, known from {} on", newer.name(), newer.introduced())
}

fn simple(entry: &Listed<'_>, version: &str, sink: &mut Sink<'_>) {
    let pattern = entry.pattern();
    if !inclusion::is_path(pattern) {
        if pattern != "*" && !entry.is_command_text() {
            let message = format!(
                "a gateway {version} never matches a name without a directory: `{}`",
                quotable(pattern)
            );
            sink.push(entry.raw(Code::IgnoredByRelease, "pattern", message));
        }
    } else if entry.arg_pattern().is_some_and(|arguments| !arguments.is_empty()) {
        let message = format!(
            "a gateway {version} ignores `argPattern`, except on Windows: `{}` with any arguments",
            quotable(pattern)
        );
        sink.push(entry.raw(Code::IgnoredByRelease, "argPattern", message));
    }
}
