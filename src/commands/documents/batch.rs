//! Commands on several documents: each document has its own result, and only one is in memory at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;

use bytesize::ByteSize;

use super::{Local, Origin, Place, Snapshot, read_within};
use crate::approvals::findings::codes::Code;
use crate::approvals::findings::diagnostic::Verdict;
use crate::approvals::findings::remark::Remark;
use crate::approvals::lint;
use crate::commands::Error;
use crate::deadline::{Deadline, GRACE, STACK};
use crate::report::approvals::{Failed, FileReport, Unchecked};
use crate::report::exit::{Exit, Tally};
use crate::store::Store;
use crate::store::input::{Bounds, InputError};

/// A document to check, or the report why it cannot be checked.
pub(in crate::commands) struct Named<W> {
    /// The name in reports.
    pub(in crate::commands) name: String,
    pub(in crate::commands) work: Result<W, FileReport>,
}

/// A document to check.
#[derive(Debug)]
pub(in crate::commands) struct Found {
    pub(in crate::commands) place: Place,
    /// Whether it was found in a directory, and not named on the command line.
    pub(in crate::commands) in_directory: bool,
}

impl Named<Found> {
    /// `name`: the name of a file, of standard input, or of a gateway before it is connected.
    pub(in crate::commands) fn of(place: Place, in_directory: bool) -> Self {
        let name = match &place {
            Place::File(path) | Place::Store(path) => path.display().to_string(),
            Place::Stdin => "<stdin>".to_owned(),
            Place::Host => "this host's store".to_owned(),
            Place::Gateway(_) | Place::Node { .. } => "the gateway".to_owned(),
            Place::Version(id) => format!("version:{id}"),
        };
        Self { name, work: Ok(Found { place, in_directory }) }
    }

    /// A store of this host.
    pub(in crate::commands) fn of_store(store: &Store) -> Self {
        let work = Ok(Found { place: Place::Store(store.path().to_owned()), in_directory: false });
        Self { name: store.name(), work }
    }
}

/// Why a document was not checked.
#[derive(Debug)]
pub(in crate::commands) enum Missed {
    /// It could not be read.
    Failed(FileReport),
    /// The host has no document.
    NoDocument(Remark),
    /// It was found in a directory, and is a file of another kind.
    Skipped(Remark),
    /// The only gateway of the command returned no document: the command fails.
    Gateway(Error),
}

/// Reads the text of a document or a policy, and its metadata.
pub(in crate::commands) fn read(
    found: &Found,
    max_size: ByteSize,
    deadline: Deadline,
) -> Result<Snapshot, Missed> {
    let name = || match found.place.local(deadline) {
        Ok(Some(local)) => local.store.name(),
        _ => Named::of(found.place.clone(), found.in_directory).name,
    };
    let is_input = matches!(found.place, Place::File(_) | Place::Stdin);
    let snapshot = match deadline.left() {
        None if is_input => Err(InputError::TimedOut { name: name(), timeout: deadline.timeout() }.into()),
        _ => read_within(&found.place, Bounds { max_size, deadline }),
    };
    match snapshot {
        Ok(snapshot) if snapshot.exists() => Ok(snapshot),
        Ok(snapshot) => match found.place {
            Place::Version(id) => {
                let failed = failed(&Error::AbsentVersion { id });
                Err(Missed::Failed(FileReport { name: snapshot.name, result: Err(failed) }))
            }
            _ => Err(Missed::NoDocument(no_document(&snapshot))),
        },
        Err(error) if found.place.is_remote() => Err(Missed::Gateway(error)),
        Err(error) => Err(Missed::Failed(FileReport { name: name(), result: Err(failed(&error)) })),
    }
}

fn failed(error: &Error) -> Failed {
    let remedy = match error {
        // The commands that check several documents have a flag for the size limit.
        Error::Input(error) => error.remedy(),
        error => error.remedy(),
    };
    let timed_out = error.exit() == Exit::TimedOut;
    let why = if timed_out { Unchecked::TimedOut } else { Unchecked::Unreadable };
    Failed { message: error.to_string(), remedy, why }
}

/// The policy that applies on a host without a document, by its release where that is known: measured on 2026.4.14,
/// 2026.6.11 and 2026.9.6, whose defaults differ in `askFallback` alone.
fn no_document(snapshot: &Snapshot) -> Remark {
    let release = match &snapshot.origin {
        // The first release that stores its document in a database.
        Origin::Local(Local { store: Store::Sqlite(_), .. }) => Some("2026.8.1"),
        Origin::Remote { release, .. } => release.as_deref(),
        Origin::Local(_) | Origin::Stdin | Origin::Version => None,
    };
    let unanswered = match release.and_then(lint::denies_unanswered) {
        Some(true) => "a prompt that nobody answers is denied",
        Some(false) => "a prompt that nobody answers runs its command",
        None => "a prompt that nobody answers is denied from 2026.6 on; before 2026.6 its command runs",
    };
    Remark {
        message: format!(
            "{} holds no approvals document, so the host uses its defaults: every command runs and nobody is asked \
             (security full, ask off), unless tools.exec in openclaw.json is stricter; {unanswered}",
            snapshot.name
        ),
        remedy: Some(
            "name the files to check, or store a document: clearance approvals set --file new.json"
                .to_owned(),
        ),
    }
}

/// The remark on a file in a directory that is not a document. `what`: its kind.
pub(in crate::commands) fn skipped(name: &str, what: &str) -> Missed {
    Missed::Skipped(Remark {
        message: format!("skipped {name}: it is {what}, not an approvals document"),
        remedy: Some("to skip it without this warning, add it to .gitignore or use --exclude".to_owned()),
    })
}

/// Whether a verdict says that a file is of this other kind.
pub(in crate::commands) fn is(verdict: &Verdict, kind: Code) -> bool {
    matches!(&verdict.diagnostics[..], [only] if only.code == kind)
}

/// The number of problems that can still be kept, over all documents: a bound on memory and output.
pub(in crate::commands) struct Room(usize);

impl Default for Room {
    fn default() -> Self {
        Self(10 * Verdict::MOST)
    }
}

impl Room {
    /// The first few problems of each document are always kept.
    const LEAST: usize = 10;

    pub(in crate::commands) fn take(&mut self, mut report: FileReport) -> FileReport {
        if let Ok(verdict) = &mut report.result {
            verdict.keep(self.0.max(Self::LEAST));
            self.0 = self.0.saturating_sub(verdict.diagnostics.len());
        }
        report
    }
}

/// Checks the documents one after another on a separate thread. Every document gets a result: after a panic the next
/// documents are still checked, and a document that is not checked before the deadline is reported as timed out.
pub(in crate::commands) fn each<W: Send + 'static, R: Send + 'static>(
    documents: Vec<Named<W>>,
    deadline: Deadline,
    mut check: impl FnMut(W) -> R + Send + 'static,
) -> Vec<Result<R, FileReport>> {
    let names: Vec<String> = documents.iter().map(|document| document.name.clone()).collect();
    let (sender, receiver) = mpsc::channel();
    let work = move || {
        for Named { name, work } in documents {
            let checked = work.and_then(|work| {
                catch_unwind(AssertUnwindSafe(|| check(work)))
                    .map_err(|_| FileReport { result: Err(crashed(&name)), name })
            });
            if sender.send(checked).is_err() {
                return;
            }
        }
    };
    let started = std::thread::Builder::new().stack_size(STACK).spawn(work);
    let mut results = Vec::with_capacity(names.len());
    if started.is_ok() {
        while results.len() < names.len()
            && let Ok(result) = receiver.recv_timeout(deadline.left().unwrap_or_default() + GRACE)
        {
            results.push(result);
        }
    }
    let left = names.into_iter().skip(results.len());
    results.extend(left.map(|name| Err(FileReport { result: Err(late(&name, deadline)), name })));
    results
}

fn crashed(name: &str) -> Failed {
    Failed {
        message: format!("clearance failed while checking {name}: this is a bug in clearance"),
        remedy: Some("report it with the file and the message on standard error".to_owned()),
        why: Unchecked::Crashed,
    }
}

pub(super) fn late(name: &str, deadline: Deadline) -> Failed {
    Failed {
        message: format!("{name} was not checked within {:?}", deadline.timeout()),
        remedy: Some("raise --timeout, or check fewer files at once".to_owned()),
        why: Unchecked::TimedOut,
    }
}

/// Counts a file without a verdict.
pub(in crate::commands) fn count(tally: &mut Tally, why: Unchecked) {
    match why {
        Unchecked::Unreadable => tally.unreadable += 1,
        Unchecked::TimedOut => tally.timed_out += 1,
        Unchecked::Crashed => tally.crashed += 1,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn ended(
        timeout: Duration,
        check: impl FnMut(&'static str) -> FileReport + Send + 'static,
    ) -> Vec<String> {
        let named = |name: &'static str| Named { name: name.to_owned(), work: Ok(name) };
        let documents = ["a.json", "b.json", "c.json"].map(named).into();
        let results = each(documents, Deadline::after(timeout), check).into_iter();
        let reports = results.map(|report| report.unwrap_or_else(|report| report));
        let word =
            |result: Result<Verdict, Failed>| result.map_or_else(|failed| failed.why.as_str(), |_| "checked");
        reports.map(|report| format!("{} {}", report.name, word(report.result))).collect()
    }

    fn checked(name: &str) -> FileReport {
        FileReport { name: name.to_owned(), result: Ok(Verdict::default()) }
    }

    #[test]
    fn a_panic_costs_no_other_document_its_verdict() {
        let check = |name| if name == "b.json" { panic!("lost") } else { checked(name) };
        let results = ended(Duration::from_mins(1), check);
        assert_eq!(results, ["a.json checked", "b.json crashed", "c.json checked"]);
    }

    #[test]
    fn what_was_checked_before_the_deadline_is_kept() {
        let check = |name| {
            if name == "b.json" {
                loop {
                    std::thread::park();
                }
            }
            checked(name)
        };
        let results = ended(Duration::from_millis(50), check);
        assert_eq!(results, ["a.json checked", "b.json timed-out", "c.json timed-out"]);
    }
}
