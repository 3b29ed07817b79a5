//! `approvals lint`: what is valid but dangerous or dead, in every document that was named; and the mends.

mod request;
mod target;
mod versioned;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;

use super::validate::{Missed, Room};
use super::{Error, raced, validate};
use crate::approvals::Budget;
use crate::approvals::Syntax;
use crate::approvals::findings::codes::Code;
use crate::approvals::findings::remark::Remark;
use crate::approvals::findings::severity::Severity;
use crate::approvals::lint::{self, Counts, Facts, Linted, Stale};
use crate::approvals::model::stored::Stored;
use crate::deadline::Deadline;
use crate::report::approvals::{FileReport, LintReport, Mend};
use crate::report::exit::Tally;
use crate::settings::Project;
use crate::store::{Store, StoreError};
pub use request::{Request, Source};
use target::{Kept, Target};

/// What was found, and what a mend needs to know.
#[derive(Debug)]
pub struct Checked {
    /// For the renderers.
    pub report: LintReport,
    /// The documents that can be mended.
    mendable: Vec<Mendable>,
}

/// A document as it was looked at.
#[derive(Debug)]
struct Mendable {
    store: Store,
    syntax: Syntax,
    hash: String,
    mend: Mend,
}

/// Looks at every document, one after the other: one is in memory at a time.
pub fn run(request: &Request, deadline: Deadline) -> anyhow::Result<Checked> {
    if let Some(version) = request.release.as_deref().filter(|version| !lint::is_release(version)) {
        return Err(Error::Release { version: version.to_owned() }.into());
    }
    let here = std::env::current_dir().unwrap_or_default();
    let project = Project::load(request.config.as_deref(), &here, deadline).map_err(Error::from)?;
    let documents =
        target::all(&request.source, &request.exclude, deadline).context("looking for this host's store")?;
    let project = Arc::new(project);
    let look = {
        let (request, project) = (request.clone(), Arc::clone(&project));
        move |place| {
            target::read(&request, place, deadline).map(|target| look(&request, &project, target?, deadline))
        }
    };
    let mut checked = Checked { report: LintReport::default(), mendable: Vec::new() };
    checked.report.config = project.file.as_ref().map(|file| file.display().to_string());
    let mut room = Room::default();
    let mut used = vec![Use::Unasked; project.rules.silences.len()];
    for looked in validate::each(documents, deadline, look) {
        match looked {
            Ok(looked) => match looked? {
                Ok(looked) => checked.take(looked, &mut used, &mut room),
                Err(Missed::Failed(report)) => checked.report.files.push(report),
                Err(Missed::NoDocument(remark) | Missed::Skipped(remark)) => {
                    checked.report.remarks.push(remark);
                }
            },
            Err(report) => checked.report.files.push(report),
        }
    }
    if let Source::Paths(paths) = &request.source
        && checked.report.files.is_empty()
        && !paths.is_empty()
    {
        checked.report.files.push(validate::nothing(paths));
    }
    unused(&project, &used, &mut checked.report);
    Ok(checked)
}

/// What became of a silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    /// No document was looked at that it is about.
    Unasked,
    Unused,
    Used,
}

/// What was found in one document.
struct Looked {
    file: FileReport,
    counts: Counts,
    silenced: usize,
    invalid: bool,
    remarks: Vec<Remark>,
    /// What became of each silence.
    used: Vec<Use>,
    mendable: Option<Mendable>,
}

fn look(request: &Request, project: &Project, target: Target, deadline: Deadline) -> Result<Looked, Missed> {
    let path = target.kept.as_ref().map(Kept::path);
    let name = path.and_then(|path| project.name_of(path)).unwrap_or_else(|| target.name.clone());
    let judging = deadline.earlier(placing(target.text.len(), deadline));
    let spent = || judging.left().is_none();
    let facts = Facts {
        name: &name,
        versioned: path.is_some_and(versioned::is_versioned),
        stale: request.stale_days.map(|days| Stale { now_ms: request.now_ms, days }),
        release: request.release.as_deref().or(target.release.as_deref()),
        // From 2026.8 on the store is a database.
        early: matches!(target.kept, Some(Kept::Store(Store::JsonFile(_)))),
        budget: Budget::until(&spent),
    };
    let mut found = lint::lint(&target.text, target.syntax, &facts, &project.rules);
    if let Some(what) = other(&found).filter(|_| target.in_directory) {
        return Err(validate::skipped(&target.name, what));
    }
    if matches!(request.source, Source::Remote(_)) {
        let flags = &request.remote_flags;
        found
            .verdict
            .diagnostics
            .iter_mut()
            .for_each(|diagnostic| diagnostic.remote = Some(Arc::clone(flags)));
    }
    let of_silence = |(index, silence): (usize, &lint::Silence)| {
        let asked = !found.invalid && silence.is_about(&name) && is_looked_for(silence.code, &facts);
        match (found.used.contains(&index), asked) {
            (true, _) => Use::Used,
            (false, true) => Use::Unused,
            (false, false) => Use::Unasked,
        }
    };
    let used = project.rules.silences.iter().enumerate().map(of_silence).collect();
    let Linted { removals, unknown, unknown_count, .. } = found;
    let mend = Mend { name: target.name.clone(), removals, unknown, unknown_count };
    let mendable = target.kept.filter(|_| !mend.is_empty()).map(|kept| {
        let hash = Stored::holding(target.text).hash();
        Mendable { store: kept.store(), syntax: target.syntax, hash, mend }
    });
    Ok(Looked {
        file: FileReport { name: target.name, result: Ok(found.verdict) },
        counts: found.counts,
        silenced: found.silenced,
        invalid: found.invalid,
        remarks: target.remarks,
        used,
        mendable,
    })
}

/// The time that is kept for the places of what was found until then, of a document of that many bytes.
fn placing(length: usize, deadline: Deadline) -> Duration {
    /// Bytes in a second, on a slow machine.
    const SPEED: f64 = 5e7;
    #[expect(clippy::cast_precision_loss, reason = "a time is not exact either")]
    let wanted = Duration::from_secs_f64(length as f64 / SPEED);
    wanted.min(deadline.timeout() / 4)
}

/// What a file is that is of another kind.
fn other(found: &lint::Linted) -> Option<&'static str> {
    let kinds = [
        (Code::OpenclawConfig, "OpenClaw's configuration"),
        (Code::NodePolicy, "the exec policy of a Windows node"),
    ];
    kinds.into_iter().find(|(kind, _)| validate::is(&found.verdict, *kind)).map(|(_, what)| what)
}

/// Whether findings of a code can be found at all with these flags.
fn is_looked_for(code: Code, facts: &Facts<'_>) -> bool {
    match code {
        Code::StaleEntry | Code::NeverUsed => facts.stale.is_some(),
        Code::UnknownToRelease | Code::IgnoredByRelease => facts.release.is_some(),
        Code::SecretInVersionControl => facts.versioned,
        _ => true,
    }
}

/// Tells of silences that silence nothing.
fn unused(project: &Project, used: &[Use], report: &mut LintReport) {
    let Some(file) = &project.file else { return };
    let spans: Vec<_> = (used.iter().zip(&project.spans))
        .filter(|(used, _)| **used == Use::Unused)
        .map(|(_, span)| span.clone())
        .collect();
    if spans.is_empty() {
        return;
    }
    let severity = project.rules.severity(Code::UnusedSilence);
    for _ in &spans {
        report.counts.add(severity);
    }
    let verdict = lint::unused_silences(&project.text, &spans, severity);
    report.files.push(FileReport { name: file.display().to_string(), result: Ok(verdict) });
}

impl Checked {
    fn take(&mut self, looked: Looked, used: &mut [Use], room: &mut Room) {
        let report = &mut self.report;
        report.remarks.extend(looked.remarks);
        report.counts = report.counts.and(looked.counts);
        report.silenced += looked.silenced;
        report.invalid += usize::from(looked.invalid);
        report.files.push(room.take(looked.file));
        report.mendable += looked.mendable.as_ref().map_or(0, |mendable| mendable.mend.removals.len());
        report.unknown += looked.mendable.as_ref().map_or(0, |mendable| mendable.mend.unknown_count);
        self.mendable.extend(looked.mendable);
        for (use_, more) in used.iter_mut().zip(looked.used) {
            *use_ = more.max(*use_);
        }
    }

    /// What a mend would remove, document by document.
    pub fn mends(&self) -> impl Iterator<Item = &Mend> {
        self.mendable.iter().map(|mendable| &mendable.mend)
    }

    /// Mends every document that can be, and returns what was removed.
    ///
    /// Each is replaced whole or not at all, and only if it still is what was looked at.
    pub fn fix(self, deadline: Deadline) -> anyhow::Result<Vec<Mend>> {
        let mut done = Vec::new();
        for mendable in self.mendable {
            let name = mendable.mend.name.clone();
            mend(&mendable, deadline).with_context(|| match done.len() {
                0 => format!("mending {name}"),
                1 => format!("mending {name}, after one other document was"),
                more => format!("mending {name}, after {more} other documents were"),
            })?;
            done.push(mendable.mend);
        }
        Ok(done)
    }
}

fn mend(mendable: &Mendable, deadline: Deadline) -> Result<(), Error> {
    let locked = mendable.store.lock(deadline)?;
    let stored = locked.read()?;
    let found = stored.hash();
    if found != mendable.hash {
        let (path, expected) = (mendable.store.path().to_owned(), mendable.hash.clone());
        return Err(raced(StoreError::Conflict { path, expected, found }));
    }
    let text = stored.text().unwrap_or_default();
    let name = || mendable.mend.name.clone();
    let mended = lint::without(text, mendable.syntax, &mendable.mend.removals)
        .map_err(|error| Error::Fix { name: name(), error })?;
    locked.replace(&stored, &mended).map_err(raced)?;
    Ok(())
}

/// What the exit code is chosen by. `failing`: the lowest severity that counts as an invalid document does; `None`
/// for none.
pub fn tally(report: &LintReport, failing: Option<Severity>) -> Tally {
    let failing = failing.is_some_and(|severity| report.counts.reach(severity));
    let mut tally = Tally { invalid: report.invalid + usize::from(failing), ..Tally::default() };
    for file in &report.files {
        match &file.result {
            Ok(verdict) => tally.timed_out += usize::from(verdict.unfinished),
            Err(failed) => validate::count(&mut tally, failed.why),
        }
    }
    tally
}
