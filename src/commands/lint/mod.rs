//! `approvals lint`: what is valid but dangerous or dead, in every document that was named; and the mends.

mod target;
mod versioned;

use std::path::PathBuf;

use anyhow::Context;
use bytesize::ByteSize;

use super::remote::Remote;
use super::{Error, raced};
use crate::approvals::Syntax;
use crate::approvals::codes::Code;
use crate::approvals::diagnostic::Severity;
use crate::approvals::lint::{self, Facts, Stale};
use crate::approvals::report::{FileReport, LintReport, Mend};
use crate::approvals::stored::Stored;
use crate::deadline::Deadline;
use crate::outcome::Tally;
use crate::settings::Project;
use crate::store::{Store, StoreError};
use target::{Kept, Target};

/// What to look at, and how.
#[derive(Debug)]
pub struct Request {
    /// Which documents.
    pub source: Source,
    /// The project's configuration, if it is named.
    pub config: Option<PathBuf>,
    /// Days after which what was not used is stale.
    pub stale_days: Option<u32>,
    /// The release that is to take the documents.
    pub release: Option<String>,
    /// The largest file that is read.
    pub max_size: ByteSize,
    /// Now, in Unix milliseconds.
    pub now_ms: f64,
}

/// Which documents.
#[derive(Debug, Clone)]
pub enum Source {
    /// Files, directories, `-`; none for this host's own store.
    Paths(Vec<PathBuf>),
    /// A local store.
    Store(PathBuf),
    /// That of a gateway or node.
    Remote(Remote),
}

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
    let mut checked = Checked { report: LintReport::default(), mendable: Vec::new() };
    checked.report.config = project.file.as_ref().map(|file| file.display().to_string());
    let mut used = vec![Use::Unasked; project.rules.silences.len()];
    target::each(request, deadline, |target| look(request, &project, target, &mut used, &mut checked))?;
    unused(&project, &used, &mut checked.report);
    Ok(checked)
}

/// What became of a silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// No document was looked at that it is about.
    Unasked,
    Unused,
    Used,
}

fn look(
    request: &Request,
    project: &Project,
    target: Result<Target, FileReport>,
    used: &mut [Use],
    checked: &mut Checked,
) {
    let target = match target {
        Ok(target) => target,
        Err(report) => return checked.report.files.push(report),
    };
    let path = target.kept.as_ref().map(Kept::path);
    let name = path.and_then(|path| project.name_of(path)).unwrap_or_else(|| target.name.clone());
    let facts = Facts {
        name: &name,
        versioned: path.is_some_and(versioned::is_versioned),
        stale: request.stale_days.map(|days| Stale { now_ms: request.now_ms, days }),
        release: request.release.as_deref().or(target.release.as_deref()),
        // From 2026.8 on the store is a database.
        early: matches!(target.kept, Some(Kept::Store(Store::JsonFile(_)))),
    };
    let found = lint::lint(&target.text, target.syntax, &facts, &project.rules);
    for (index, silence) in project.rules.silences.iter().enumerate() {
        let asked = !found.invalid && silence.is_about(&name) && is_looked_for(silence.code, &facts);
        if found.used.contains(&index) {
            used[index] = Use::Used;
        } else if asked && used[index] == Use::Unasked {
            used[index] = Use::Unused;
        }
    }
    let report = &mut checked.report;
    report.remarks.extend(target.remarks);
    report.counts = report.counts.and(found.counts);
    report.silenced += found.silenced;
    report.invalid += usize::from(found.invalid);
    let mend = Mend { name: target.name.clone(), removals: found.removals };
    report.files.push(FileReport { name: target.name, result: Ok(found.verdict) });
    if let Some(kept) = target.kept.filter(|_| !mend.removals.is_empty()) {
        report.mendable += mend.removals.len();
        let hash = Stored::holding(target.text).hash();
        checked.mendable.push(Mendable { store: kept.store(), syntax: target.syntax, hash, mend });
    }
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
    let failed: Vec<_> = report.files.iter().filter_map(|file| file.result.as_ref().err()).collect();
    let timed_out = failed.iter().filter(|failed| failed.timed_out).count();
    let failing = failing.is_some_and(|severity| report.counts.reach(severity));
    Tally {
        valid: 0,
        invalid: report.invalid + usize::from(failing),
        unreadable: failed.len() - timed_out,
        timed_out,
    }
}
