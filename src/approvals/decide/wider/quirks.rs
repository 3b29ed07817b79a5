//! Commands that both documents allow, and which the old one asks about all the same, because one more of its entries
//! matches. They are noted, and make no document wider.

use super::findings::Findings;
use super::model::{Agent, Quirk};
use super::pair::{Own, Pair};
use crate::approvals::decide::inclusion::{self, is_path};
use crate::approvals::decide::profile::Profile;
use crate::approvals::decide::question::Entry;
use crate::approvals::decide::words::trim;

/// The builtins that releases run without an entry.
const BUILTINS: [&str; 7] = [":", "[", "cd", "false", "pwd", "test", "true"];

/// Adds the quirks of an agent.
pub(super) fn find(pair: &Pair<'_>, agent: &Agent, own: &Own, findings: &mut Findings) {
    let profile = pair.comparison.profile;
    if profile >= Profile::V2026_9_6 && pair.loses(own, |entry| may_be_one_of(entry, &BUILTINS)) {
        findings.note(Quirk::Builtins, agent);
    }
    if pair.has_exact(own) && pair.loses(own, |_| true) {
        findings.note(Quirk::HereDocuments, agent);
    }
    if profile == Profile::V2026_4_14
        && !pair.old_cover.has_everything()
        && (pair.has_wrapper || own.new.iter().any(may_be_wrapper))
        && pair.loses(own, |entry| may_be_one_of(entry, &["cat", "printf"]))
    {
        findings.note(Quirk::Preludes, agent);
    }
}

/// The last part of a pattern.
fn name(entry: &Entry) -> String {
    let pattern = trim(&entry.pattern).replace("\\\\", "/");
    pattern.rsplit(['/', '\\']).next().unwrap_or_default().to_owned()
}

/// Whether an entry may match a program of one of these names.
fn may_be_one_of(entry: &Entry, names: &[&str]) -> bool {
    let glob = inclusion::pieces(&name(entry));
    names.iter().any(|name| inclusion::matches(&glob, name))
}

/// Whether an entry may match the wrapper of a skill.
pub(super) fn may_be_wrapper(entry: &Entry) -> bool {
    let name = name(entry);
    is_path(&entry.pattern) && (name.contains(['*', '?']) || name.to_lowercase().contains("-wrapper"))
}
