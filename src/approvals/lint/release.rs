//! The releases that could read a document: the named one, those that could use its store, or all. The lints of entries,
//! policies and compatibility use them.

use super::facts::{Facts, Keeper};
use crate::approvals::decide::Profile;
use crate::approvals::edit::downgrade::{self, Newer};

/// The releases that could read a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Release<'f> {
    named: Option<(&'f str, downgrade::Release)>,
    readers: &'static [Profile],
}

/// Whether a text is the name of a release: `2026.4.14`, `2026.9.1-beta.1`.
pub fn is_release(version: &str) -> bool {
    downgrade::Release::read(version).is_some()
}

/// Whether a gateway of a release denies a prompt without an answer if the document sets no `askFallback`. `None`: the text
/// is not a release.
pub fn denies_unanswered(version: &str) -> Option<bool> {
    Profile::of(version).map(|profile| profile >= Profile::V2026_6_11)
}

impl<'f> Release<'f> {
    pub(super) fn of(facts: &Facts<'f>) -> Self {
        let named = facts.release.and_then(|version| Some((version, downgrade::Release::read(version)?)));
        let [first, second, third] = &Profile::ALL;
        let readers = match (named.and_then(|(version, _)| Profile::of(version)), facts.keeper) {
            (Some(Profile::V2026_4_14), _) => std::slice::from_ref(first),
            (Some(Profile::V2026_6_11), _) => std::slice::from_ref(second),
            (Some(Profile::V2026_9_6), _) | (None, Keeper::Database) => std::slice::from_ref(third),
            (None, Keeper::File) => Profile::ALL.get(..2).unwrap_or_default(),
            (None, Keeper::Unknown) => &Profile::ALL,
        };
        Self { named, readers }
    }

    /// The generations of releases that could read the document, the oldest first.
    pub(super) fn readers(self) -> &'static [Profile] {
        self.readers
    }

    /// The readers of which something holds.
    pub(super) fn those(self, holds: impl Fn(Profile) -> bool) -> Vec<Profile> {
        self.readers.iter().copied().filter(|profile| holds(*profile)).collect()
    }

    /// Whether a reader matches generated entries only in the directory of their approval.
    pub(super) fn binds_directories(self) -> bool {
        self.readers.last().is_some_and(|profile| *profile >= Profile::V2026_9_6)
    }

    /// The readers that match generated entries only in the directory of their approval.
    pub(super) fn binding(self) -> Vec<Profile> {
        self.those(|profile| profile >= Profile::V2026_9_6)
    }

    /// Whether these are all readers.
    pub(super) fn is_all(self, profiles: &[Profile]) -> bool {
        profiles.len() == self.readers.len()
    }

    /// The releases to which a finding applies, with a blank before them; nothing if it applies to every release.
    pub(super) fn on(self, profiles: &[Profile]) -> String {
        if self.is_all(profiles) && self.named.is_none() {
            String::new()
        } else {
            format!(" on {}", self.names(profiles))
        }
    }

    /// The names of releases: the one that was named, or the ones that were measured.
    pub(super) fn names(self, profiles: &[Profile]) -> String {
        match self.named {
            Some((version, _)) => version.to_owned(),
            None => listed(&profiles.iter().map(|profile| profile.release()).collect::<Vec<_>>()),
        }
    }

    pub(super) fn refuses(self, newer: Newer) -> bool {
        self.named.is_some_and(|(_, release)| !newer.accepted_by(release))
    }

    /// Whether the named release matches only paths and ignores arguments.
    pub(super) fn is_simple(self) -> bool {
        self.named.is_some() && !self.readers.iter().any(|profile| profile.reads_arguments())
    }
}

/// Words joined as in a sentence.
fn listed(words: &[&str]) -> String {
    match words {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => words.concat(),
    }
}
