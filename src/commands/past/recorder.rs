//! Keeps the versions of one edit: the document that it replaces, before, and the document that it stored, after. A
//! version that cannot be kept is a warning, and the edit goes on.

use std::time::Duration;

use serde_json::Value;

use super::database::{now_ms, versions};
use super::target;
use crate::approvals::findings::remark::Remark;
use crate::approvals::model::stored::Stored;
use crate::approvals::{Syntax, contents_of};
use crate::commands::Error;
use crate::deadline::Deadline;
use crate::store::Store;
use crate::store::versions::{Editing, LIMITS, New, State, Target, Versions, Writer};

/// How long an edit waits for its versions, each time.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a place holds.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) enum Holding<'h> {
    /// The text of a document.
    Text(&'h [u8]),
    /// A Windows node's own policy.
    Native(&'h Value),
    /// Nothing.
    Absent,
}

/// Keeps the versions of one edit.
#[derive(Debug)]
pub(in crate::commands) struct Recorder {
    /// Where to keep them, or why that is not possible.
    versions: Result<Versions, Error>,
    /// `None`: a place whose versions are not kept.
    target: Option<Target>,
    syntax: Syntax,
    writer: Writer,
    failure: Option<Remark>,
    /// From before the edit until its version is kept.
    editing: Option<Editing>,
}

impl Recorder {
    /// The versions of a place. `None` as the place: a gateway to rehearse with, which has no past.
    pub(in crate::commands) fn of(target: Option<Target>, writer: Writer) -> Self {
        Self { versions: versions(), target, syntax: Syntax::Json, writer, failure: None, editing: None }
    }

    /// The versions of a store or file of this host.
    pub(in crate::commands) fn of_store(store: &Store, is_store: bool, writer: Writer) -> Self {
        let syntax = match store {
            Store::JsonFile(_) if !is_store => Syntax::Json5,
            Store::JsonFile(_) | Store::Sqlite(_) => Syntax::Json,
        };
        Self { syntax, ..Self::of(Some(target::of_store(store, is_store)), writer) }
    }

    /// Keeps the document that is about to be replaced. Its writer is unknown, unless a verb has kept it already.
    pub(in crate::commands) fn before(&mut self, hash: &str, held: Holding<'_>, deadline: Deadline) {
        self.take(hash, held, None, deadline.at_most(PATIENCE));
        self.editing = self.versions.as_ref().ok().and_then(Versions::editing);
    }

    /// Keeps the document that the edit stored. The edit is done, so the deadline of the command does not count.
    pub(in crate::commands) fn after(&mut self, hash: &str, held: Holding<'_>) {
        self.take(hash, held, Some(self.writer), Deadline::after(PATIENCE));
        self.editing = None;
    }

    /// As [`Self::before`], of a store of this host.
    pub(in crate::commands) fn before_stored(&mut self, stored: &Stored, deadline: Deadline) {
        self.before(&stored.hash(), held(stored), deadline);
    }

    /// As [`Self::after`], of a store of this host.
    pub(in crate::commands) fn after_stored(&mut self, stored: &Stored) {
        self.after(&stored.hash(), held(stored));
    }

    /// The warning that a version was not kept, at most one.
    pub(in crate::commands) fn warning(self) -> Option<Remark> {
        self.failure
    }

    fn take(&mut self, hash: &str, held: Holding<'_>, writer: Option<Writer>, deadline: Deadline) {
        let Some(target) = &self.target else { return };
        if self.failure.is_some() {
            // What failed once is not waited for again.
            return;
        }
        let (message, remedy) = match &self.versions {
            Ok(versions) => {
                let new = new(target.clone(), hash, held, self.syntax, (writer, self.writer));
                match versions.keep(&new, deadline) {
                    Ok(_) => return,
                    Err(error) => (error.to_string(), error.remedy()),
                }
            }
            Err(error) => (error.to_string(), error.remedy()),
        };
        self.failure = Some(not_kept(&message, remedy));
    }
}

/// The warning that a version is not kept.
pub(in crate::commands) fn not_kept(cause: &str, remedy: Option<String>) -> Remark {
    Remark { message: format!("no version of this document is kept: {cause}"), remedy }
}

/// A version to keep. `written`: who wrote it, if known, and who saw it.
pub(in crate::commands) fn new(
    target: Target,
    hash: &str,
    held: Holding<'_>,
    syntax: Syntax,
    (writer, seen_by): (Option<Writer>, Writer),
) -> New {
    let (state, text) = match held {
        Holding::Absent => (State::Absent, None),
        Holding::Native(policy) => match serde_json::to_string_pretty(policy).ok().map(ended) {
            Some(text) if text.len() > LIMITS.text_bytes => (State::TooLarge, None),
            text => (State::Native, text),
        },
        Holding::Text(bytes) if bytes.len() > LIMITS.text_bytes => (State::TooLarge, None),
        Holding::Text(bytes) => match shown(bytes, syntax) {
            // Printed, a document is longer.
            Some(text) if text.len() > LIMITS.text_bytes => (State::TooLarge, None),
            Some(text) => (State::Kept, Some(text)),
            None => (State::Unreadable, None),
        },
    };
    New { target, hash: hash.to_owned(), state, text, writer, seen_by, at_ms: now_ms() }
}

/// The text of a document without its secrets, as `get` prints it. `None`: it is not JSON.
pub(in crate::commands) fn shown(bytes: &[u8], syntax: Syntax) -> Option<String> {
    let contents = contents_of(bytes.to_vec(), syntax)?;
    serde_json::to_string_pretty(&contents).ok().map(ended)
}

fn ended(mut text: String) -> String {
    text.push('\n');
    text
}

fn held(stored: &Stored) -> Holding<'_> {
    stored.text().map_or(Holding::Absent, Holding::Text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn version(held: Holding<'_>) -> New {
        let target = Target { key: "/a".to_owned(), operand: "store:/a".to_owned() };
        new(target, "hash", held, Syntax::Json, (None, Writer::Set))
    }

    #[test]
    fn a_version_has_no_token_of_the_socket() {
        let text =
            br#"{"version": 1, "socket": {"path": "/run/s", "token": "hunter2"}, "agents": {"main": {}}}"#;
        let New { state, text, .. } = version(Holding::Text(text));
        let text = text.unwrap();
        assert_eq!(state, State::Kept);
        assert!(!text.contains("hunter2") && text.contains("/run/s") && text.contains("main"), "{text}");
    }

    #[test]
    fn what_cannot_be_kept_has_a_version_all_the_same() {
        let broken = version(Holding::Text(br#"{"version": 1, "socket": {"token": "hunter2""#));
        assert_eq!((broken.state, broken.text), (State::Unreadable, None));
        let large = vec![b' '; LIMITS.text_bytes + 1];
        assert_eq!(version(Holding::Text(&large)).state, State::TooLarge);
        assert_eq!(version(Holding::Absent).state, State::Absent);
        let native = version(Holding::Native(&json!({"defaultAction": "deny"})));
        assert_eq!((native.state, native.text.is_some()), (State::Native, true));
    }
}
