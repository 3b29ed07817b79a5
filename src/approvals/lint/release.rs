//! The release that is to take a document: which fields it refuses, and what it reads in another way.

use super::entries::{Listed, listed};
use super::policy::{agent_path, agents};
use super::{Facts, Raw, Sink, pattern};
use crate::approvals::edit::downgrade::{self, Newer};
use crate::approvals::findings::codes::Code;
use crate::approvals::model::document::Document;
use crate::approvals::model::path::Step;
use crate::approvals::redact::credentials::quotable;

/// A release; without one, the latest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Release {
    named: Option<downgrade::Release>,
    /// Whether the host is known to be of before 2026.8.
    early: bool,
}

/// Whether a text names a release: `2026.4.14`, `2026.9.1-beta.1`.
pub fn is_release(version: &str) -> bool {
    downgrade::Release::read(version).is_some()
}

/// Whether a gateway of a release denies a prompt that nobody answers where the document sets no `askFallback`. Measured:
/// 2026.4.14 runs the command, 2026.6.11 and 2026.9.6 deny it; `None` in between.
pub fn denies_unanswered(version: &str) -> Option<bool> {
    let release = downgrade::Release::read(version)?;
    match (release.is_from(2026, 5, 0), release.is_from(2026, 6, 0)) {
        (false, _) => Some(false),
        (true, true) => Some(true),
        (true, false) => None,
    }
}

impl Release {
    pub(super) fn of(facts: &Facts<'_>) -> Self {
        Self { named: facts.release.and_then(downgrade::Release::read), early: facts.early }
    }

    /// Whether generated entries match in the directory of their approval alone.
    pub(super) fn binds_directories(self) -> bool {
        self.named.map_or(!self.early, |release| release.is_from(2026, 8, 1))
    }

    fn refuses(self, newer: Newer) -> bool {
        self.named.is_some_and(|release| !newer.accepted_by(release))
    }

    /// Whether it is known to match paths alone, and to look at no arguments. Measured on 2026.4.14; 2026.6.11 does
    /// both, and of those between nothing is claimed.
    fn is_simple(self) -> bool {
        self.named.is_some_and(|release| !release.is_from(2026, 4, 15))
    }
}

/// Tells of what the named release refuses or reads in another way.
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
    if !pattern::is_path(pattern) {
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
