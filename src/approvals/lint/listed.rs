//! The entries of a document with their places, and why an entry allows nothing.

use super::arguments::Arguments;
use super::pattern;
use super::policy::{agent_path, agents};
use super::raw::Raw;
use super::release::Release;
use crate::approvals::compare::identity::is_command;
use crate::approvals::decide::Profile;
use crate::approvals::findings::codes::Code;
use crate::approvals::model::document::{Document, Entry};
use crate::approvals::model::path::{Path, Step};
use crate::approvals::model::scalar::{Text, trimmed};
use crate::approvals::redact::credentials::{looks_secret, quotable};

/// An entry, and its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed<'d> {
    pub(super) agent: &'d str,
    pub(super) index: usize,
    pub(super) entry: &'d Entry<'d>,
}

impl<'d> Listed<'d> {
    pub(super) fn pattern(&self) -> &'d str {
        trimmed(self.entry.pattern.as_str())
    }

    pub(super) fn arg_pattern(&self) -> Option<&'d str> {
        self.entry.arg_pattern.as_ref().map(Text::as_str)
    }

    pub(super) fn arguments(&self) -> Arguments<'d> {
        Arguments::of(self.arg_pattern())
    }

    /// Whether an answer "allow always" created it.
    pub(super) fn is_generated(&self) -> bool {
        self.entry.source.is_some()
    }

    /// Whether it approves one exact command text.
    pub(super) fn is_command_text(&self) -> bool {
        self.is_generated() && is_command(self.pattern())
    }

    /// The finding for an entry that allows nothing on a release that could read the document.
    pub(super) fn dead(&self, release: Release<'_>) -> Option<Dead> {
        let pattern = self.pattern();
        if self.is_command_text() || pattern::is_command_line(pattern) || self.entry.command_text.is_some() {
            return None;
        }
        let unbound = match self.arguments() {
            Arguments::Unbound => true,
            Arguments::Bound(_) => false,
            Arguments::Any | Arguments::Expression(_) => self.is_generated(),
        };
        if unbound && release.binds_directories() {
            let binding = release.binding();
            let message = format!(
                "this generated entry for `{}` is not bound to a directory, and inactive{}",
                quotable(pattern),
                release.on(&binding)
            );
            return Some(Dead::on(release, &binding, Code::InactiveGenerated, message));
        }
        if pattern == "*" && self.arguments() != Arguments::Any {
            let message = "`*` with an `argPattern` never matches".to_owned();
            return Some(Dead::on(release, release.readers(), Code::NeverMatches, message));
        }
        let (why, since) = pattern::impossible(pattern)?;
        let profiles = release.those(|profile| profile >= since);
        if profiles.is_empty() {
            return None;
        }
        let message = format!("`{}` never matches{}: {why}", quotable(pattern), release.on(&profiles));
        let dead = Dead::on(release, &profiles, Code::NeverMatches, message);
        Some(Dead { is_removable: dead.is_removable && !pattern::is_in_root(pattern), ..dead })
    }

    pub(super) fn path(&self, field: &str) -> Path {
        let list = agent_path(self.agent).join(Step::Key("allowlist".to_owned()));
        list.join(Step::Index(self.index)).join(Step::Key(field.to_owned()))
    }

    pub(super) fn raw(&self, code: Code, field: &str, message: String) -> Raw {
        Raw {
            code,
            path: self.path(field),
            message,
            agent: Some(self.agent.to_owned()),
            pattern: Some(self.entry.pattern.as_str().to_owned()),
            removes: code.is_fixable().then_some(self.index),
        }
    }

    /// The field that contains text that looks like a credential, if any.
    pub(super) fn secret_field(&self) -> Option<&'static str> {
        let entry = self.entry;
        let text = |text: &'d Option<Text<'d>>| text.as_ref().map_or("", Text::as_str);
        [
            ("pattern", entry.pattern.as_str()),
            ("argPattern", text(&entry.arg_pattern)),
            ("commandText", text(&entry.command_text)),
            ("lastUsedCommand", text(&entry.last_used_command)),
            ("lastResolvedPath", text(&entry.last_resolved_path)),
        ]
        .into_iter()
        .find(|(_, text)| looks_secret(text))
        .map(|(field, _)| field)
    }
}

/// Why an entry allows nothing on a release that could read the document.
#[derive(Debug, Clone)]
pub(super) struct Dead {
    pub(super) code: Code,
    pub(super) message: String,
    /// Whether it allows nothing on any of them.
    pub(super) is_total: bool,
    /// Whether nothing changes if it is removed.
    pub(super) is_removable: bool,
}

impl Dead {
    fn on(release: Release<'_>, profiles: &[Profile], code: Code, message: String) -> Self {
        let is_total = release.is_all(profiles);
        Self { code, message, is_total, is_removable: is_total }
    }
}

/// Every entry of every agent, in the document's order.
pub(super) fn listed<'d>(document: &'d Document<'d>) -> impl Iterator<Item = Listed<'d>> {
    agents(document).flat_map(|(agent, rules)| {
        let entries = rules.allowlist.iter().flatten().enumerate();
        entries.map(move |(index, entry)| Listed { agent, index, entry })
    })
}
