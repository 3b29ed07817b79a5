//! `approvals allowlist`: one entry in or out, under compare-and-swap, again until nobody else was faster.

mod local;
mod remote;

use std::path::PathBuf;
use std::time::Duration;

use super::Error;
use super::remote::Remote;
use super::set::local::entered;
use crate::approvals::Budget;
use crate::approvals::Syntax;
pub use crate::approvals::edit::allowlist::Verb as Change;
use crate::approvals::edit::allowlist::{Applied, Edit};
use crate::approvals::findings::diagnostic::Diagnostic;
use crate::approvals::lint::{self, Facts};
use crate::approvals::model::scalar::Source;
use crate::approvals::modernised;
use crate::approvals::parse;
use crate::approvals::report::EditReport;
use crate::deadline::{Deadline, Gate};

/// The longest wait before the first try again, and the longest of all.
const FIRST_WAIT: Duration = Duration::from_millis(20);
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// Which entry, and where.
#[derive(Debug)]
pub struct Request {
    /// Whether it comes or goes.
    pub verb: Change,
    /// Whose allowlist.
    pub agent: String,
    /// The pattern, as it was typed.
    pub pattern: String,
    /// The expression for the arguments.
    pub arg_pattern: Option<String>,
    /// Whether a prompt's answer wrote the entry.
    pub generated: bool,
    /// Where.
    pub place: Place,
    /// Whether to stop before anything is written.
    pub dry_run: bool,
    /// Whether legacy forms of the stored document are rewritten.
    pub allow_legacy: bool,
}

/// Whose document is edited.
#[derive(Debug)]
pub enum Place {
    /// A document in a file that is no store.
    File(PathBuf),
    /// A local store; `None` for this host's own.
    Store(Option<PathBuf>),
    /// A gateway's, or a node's.
    Remote(Remote),
}

/// What is dangerous about an entry that is to be added, whatever stands beside it. Nothing is read or written.
pub fn warnings(request: &Request) -> anyhow::Result<Vec<Diagnostic>> {
    let edit = edit(request)?;
    Ok(match request.verb {
        Change::Add => lint::of_entry(None, edit.agent(), &edit.entry(), &Facts::default()),
        Change::Remove => Vec::new(),
    })
}

/// What is to be said of a new entry in the document that it comes into.
fn lints(
    edit: &Edit,
    text: Option<&[u8]>,
    release: Option<&str>,
    early: bool,
    deadline: Deadline,
) -> Vec<Diagnostic> {
    let spent = || deadline.left().is_none();
    let facts = Facts { release, early, budget: Budget::until(&spent), ..Facts::default() };
    match (edit.verb(), text) {
        (Change::Add, Some(text)) => lint::of_entry(Some(text), edit.agent(), &edit.entry(), &facts),
        _ => Vec::new(),
    }
}

fn edit(request: &Request) -> Result<Edit, Error> {
    let Request { verb, agent, pattern, arg_pattern, generated, .. } = request;
    let source = generated.then_some(Source::AllowAlways);
    Ok(Edit::new(*verb, agent, pattern, arg_pattern.as_deref(), source)?)
}

/// Makes the edit.
pub fn run(request: &Request, gate: &Gate, deadline: Deadline) -> anyhow::Result<EditReport> {
    let edit = edit(request)?;
    match &request.place {
        Place::File(path) => local::in_file(request, path, edit, gate, deadline),
        Place::Store(path) => local::in_store(request, path.as_deref(), edit, gate, deadline),
        Place::Remote(remote) => {
            if !request.dry_run {
                // Every wait has the deadline, and a call that was sent ends with what became of it.
                entered(gate, deadline)?;
            }
            Ok(super::gateway::run(remote::run(request, remote, edit, deadline))?)
        }
    }
}

/// A stored text with the edit made: a valid document as JSON text, and what the edit did.
fn edited(
    request: &Request,
    edit: &Edit,
    name: &str,
    text: &[u8],
    now_ms: Option<u64>,
) -> Result<(String, Applied), Error> {
    let invalid = |verdict| Error::Invalid { name: name.to_owned(), verdict };
    let modern;
    let text = if request.allow_legacy {
        modern = modernised(text, Syntax::Json).map_err(invalid)?;
        modern.as_bytes()
    } else {
        text
    };
    let mut document = parse(text, Syntax::Json).map_err(invalid)?;
    let applied = edit.apply(&mut document, now_ms);
    let text = serde_json::to_string(&document)
        .map_err(|error| Error::Replacement { path: name.to_owned(), error: error.into() })?;
    Ok((text, applied))
}

/// A host without a document.
const ABSENT: &[u8] = br#"{"version": 1}"#;

/// Now, in Unix milliseconds: what the official command writes as a new entry's last use.
fn now_ms() -> Option<u64> {
    u64::try_from(jiff::Timestamp::now().as_millisecond()).ok()
}

/// How long to wait before the next try: longer after each, and never the same for two who collided.
fn wait(attempts: u32) -> Duration {
    let most = FIRST_WAIT.saturating_mul(1 << attempts.min(10)).min(LONGEST_WAIT);
    most.mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_a_bound() {
        for attempts in [1, 4, 40, u32::MAX] {
            assert!(wait(attempts) <= LONGEST_WAIT);
        }
        assert!((0..100).map(|_| wait(30)).max() > Some(FIRST_WAIT));
    }
}
