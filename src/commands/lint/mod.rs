//! `approvals lint`: finds what is valid but dangerous or dead in every named document, and plans the fixes that remove
//! entries.

mod request;
mod versioned;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use serde_json::Value;

use super::documents::batch::{self, Found, Missed, Named, Room};
use super::documents::{Content, Local, Origin, Place, Snapshot, search};
use super::past::database::now_ms;
use super::past::entries;
use super::past::recorder::Recorder;
use super::{Error, raced};
use crate::approvals::findings::codes::Code;
use crate::approvals::findings::remark::Remark;
use crate::approvals::findings::severity::Severity;
use crate::approvals::lint::{self, Counts, Facts, Files, Keeper, Linted, Stale, Timed};
use crate::approvals::model::path::Step;
use crate::approvals::model::stored::hash_of;
use crate::approvals::{Budget, Syntax, looks_secret};
use crate::deadline::Deadline;
use crate::report::approvals::{FileReport, Fix, LintReport};
use crate::report::exit::Tally;
use crate::report::instant;
use crate::settings::{Environment, Project};
use crate::store::files::ThisMachine;
use crate::store::versions::{EntryRecord, Writer};
use crate::store::{Store, StoreError, quoted_unless};
pub use request::{Request, Target};

/// The findings, and the fixes that [`carry_out`] would make.
#[derive(Debug)]
pub struct Plan {
    /// The report for the renderers.
    pub report: LintReport,
    /// The documents that can be fixed.
    fixable: Vec<Fixable>,
}

/// A checked document, and the entries to remove from it.
#[derive(Debug)]
struct Fixable {
    local: Local,
    syntax: Syntax,
    hash: String,
    fix: Fix,
}

/// Checks the documents one after another: only one is in memory at a time.
pub fn plan(request: &Request, deadline: Deadline) -> anyhow::Result<Plan> {
    if let Some(version) = request.release.as_deref().filter(|version| !lint::is_release(version)) {
        return Err(Error::Release { version: version.to_owned() }.into());
    }
    let here = std::env::current_dir().unwrap_or_default();
    let project = Project::load(request.config.as_deref(), &here, deadline).map_err(Error::from)?;
    let documents = all(request, deadline).context("looking for this host's store")?;
    let project = Arc::new(project);
    let check = {
        let (request, project) = (request.clone(), Arc::clone(&project));
        move |found: Found| {
            let snapshot = batch::read(&found, request.max_size, deadline)?;
            check(&request, &project, &found, snapshot, deadline)
        }
    };
    let mut plan = Plan { report: LintReport::default(), fixable: Vec::new() };
    plan.report.config = project.file.as_ref().map(|file| file.display().to_string());
    let mut room = Room::default();
    let mut used = vec![Use::NotApplicable; project.overrides.silences.len()];
    for result in batch::each(documents, deadline, check) {
        match result.unwrap_or_else(|report| Err(Missed::Failed(report))) {
            Ok(checked) => plan.take(checked, &mut used, &mut room),
            Err(Missed::Failed(report)) => plan.report.files.push(report),
            Err(Missed::NoDocument(remark) | Missed::Skipped(remark)) => plan.report.remarks.push(remark),
            Err(Missed::Gateway(error)) => return Err(error.into()),
        }
    }
    if let Target::Paths(paths) = &request.target
        && plan.report.files.is_empty()
        && !paths.is_empty()
    {
        plan.report.files.push(search::nothing(paths));
    }
    unused(&project, &used, &mut plan.report);
    Ok(plan)
}

/// Every document to check.
fn all(request: &Request, deadline: Deadline) -> Result<Vec<Named<Found>>, Error> {
    match &request.target {
        Target::Paths(paths) if paths.is_empty() => Ok(vec![Named::of_store(&Store::of(None, deadline)?)]),
        Target::Paths(paths) => search::found(paths, &request.exclude, deadline),
        Target::Place(Place::Store(path)) => Ok(vec![Named::of_store(&Store::at(path.clone()))]),
        Target::Place(place) => Ok(vec![Named::of(place.clone(), false)]),
    }
}

/// Whether a silence of the configuration was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    /// No document that it applies to was checked.
    NotApplicable,
    Unused,
    Used,
}

/// The findings of one document.
struct Checked {
    file: FileReport,
    counts: Counts,
    silenced: usize,
    invalid: bool,
    remarks: Vec<Remark>,
    /// For each silence, whether it was used.
    used: Vec<Use>,
    fixable: Option<Fixable>,
}

fn check(
    request: &Request,
    project: &Project,
    place: &Found,
    snapshot: Snapshot,
    deadline: Deadline,
) -> Result<Checked, Missed> {
    let Snapshot { name, origin, content, target, syntax, remarks, .. } = snapshot;
    let (local, remote, release) = match origin {
        Origin::Local(local) => (Some(local), false, None),
        Origin::Remote { release, .. } => (None, true, release),
        Origin::Stdin | Origin::Version => (None, false, None),
    };
    let text = match content {
        Content::Text(text) => text,
        Content::Absent => Vec::new(),
        Content::Native(_) => return Err(Missed::Gateway(Error::NoLints { place: name })),
    };
    let path = local.as_ref().map(|local| local.store.path());
    let project_name = path.and_then(|path| project.name_of(path)).unwrap_or_else(|| name.clone());
    let judging = deadline.earlier(placing(text.len(), deadline));
    let spent = || judging.left().is_none();
    let is_of_host = matches!(local, Some(Local { is_store: true, .. }));
    let home = Environment::of_process().home().map(|home| home.display().to_string()).unwrap_or_default();
    let timed: Vec<Timed> = entries::records(target.as_ref(), deadline).iter().map(timed).collect();
    let facts = Facts {
        timed: &timed,
        name: &project_name,
        versioned: path.is_some_and(versioned::is_versioned),
        stale: request.stale_days.map(|days| Stale { now_ms: request.now_ms, days }),
        release: request.release.as_deref().or(release.as_deref()),
        // From 2026.8 on, the store is a database.
        keeper: match &local {
            Some(Local { store: Store::JsonFile(_), is_store: true }) => Keeper::File,
            Some(Local { store: Store::Sqlite(_), is_store: true }) => Keeper::Database,
            _ => Keeper::Unknown,
        },
        host: is_of_host.then_some(Files { host: &ThisMachine, home: &home }),
        budget: Budget::until(&spent),
    };
    let mut found = lint::lint(&text, syntax, &facts, &project.overrides);
    if let Some(what) = other(&found).filter(|_| place.in_directory) {
        return Err(batch::skipped(&name, what));
    }
    if remote {
        let flags = &request.remote_flags;
        let document: Value = serde_json::from_slice(&text).unwrap_or_default();
        for diagnostic in &mut found.verdict.diagnostics {
            diagnostic.remote = Some(Arc::clone(flags));
            diagnostic.entry = named(diagnostic.path.steps(), &document);
        }
    }
    let of_silence = |(index, silence): (usize, &lint::Silence)| {
        let asked = !found.invalid && silence.is_about(&project_name) && is_looked_for(silence.code, &facts);
        match (found.used.contains(&index), asked) {
            (true, _) => Use::Used,
            (false, true) => Use::Unused,
            (false, false) => Use::NotApplicable,
        }
    };
    let used = project.overrides.silences.iter().enumerate().map(of_silence).collect();
    let Linted { removals, unknown, unknown_count, .. } = found;
    let fix = Fix { name: name.clone(), removals, unknown, unknown_count };
    let fixable =
        local.filter(|_| !fix.is_empty()).map(|local| Fixable { local, syntax, hash: hash_of(&text), fix });
    Ok(Checked {
        file: FileReport { name, result: Ok(found.verdict) },
        counts: found.counts,
        silenced: found.silenced,
        invalid: found.invalid,
        remarks,
        used,
        fixable,
    })
}

/// The words that name the entry at a path for `allowlist remove`. `None`: it is not an entry, or not to be shown.
fn named(path: &[Step], document: &Value) -> Option<String> {
    let [Step::Key(agents), Step::Key(agent), Step::Key(list), Step::Index(index), ..] = path else {
        return None;
    };
    let entry = document.get(agents)?.get(agent)?.get(list)?.get(index)?;
    let pattern = entry.get("pattern").unwrap_or(entry).as_str()?;
    let arguments = entry.get("argPattern").and_then(Value::as_str);
    let is_plain = |word: &str| {
        !(word.is_empty()
            || word.starts_with('-')
            || looks_secret(word)
            || word.chars().any(char::is_control))
    };
    if ![Some(pattern), arguments, Some(agent)].into_iter().flatten().all(is_plain) {
        return None;
    }
    let quoted = |word: &str| quoted_unless(Path::new(word), "/._-+=:@%,");
    let arguments = arguments.map(|arguments| format!(" --arg-pattern {}", quoted(arguments)));
    Some(format!("{}{} --agent {}", quoted(pattern), arguments.unwrap_or_default(), quoted(agent)))
}

/// The note and the time limit of an entry, for the lints.
fn timed(record: &EntryRecord) -> Timed {
    let shown = entries::shown(record, now_ms());
    Timed {
        agent: shown.agent,
        pattern: shown.pattern,
        arg_pattern: shown.arg_pattern,
        note: shown.note,
        until: shown.until_ms.map(instant),
        is_over: shown.is_over,
    }
}

/// The time reserved to locate the findings in a document of this many bytes.
fn placing(length: usize, deadline: Deadline) -> Duration {
    /// Bytes per second on a slow machine.
    const SPEED: f64 = 5e7;
    #[expect(clippy::cast_precision_loss, reason = "the result is an estimate")]
    let wanted = Duration::from_secs_f64(length as f64 / SPEED);
    wanted.min(deadline.timeout() / 4)
}

/// The kind of a file that is not an approvals document.
fn other(found: &lint::Linted) -> Option<&'static str> {
    let kinds = [
        (Code::OpenclawConfig, "OpenClaw's configuration"),
        (Code::NodePolicy, "the exec policy of a Windows node"),
    ];
    kinds.into_iter().find(|(kind, _)| batch::is(&found.verdict, *kind)).map(|(_, what)| what)
}

/// Whether these flags enable the lint of a code.
fn is_looked_for(code: Code, facts: &Facts<'_>) -> bool {
    match code {
        Code::StaleEntry | Code::NeverUsed => facts.stale.is_some(),
        Code::UnknownToRelease | Code::IgnoredByRelease => facts.release.is_some(),
        Code::SecretInVersionControl => facts.versioned,
        _ => true,
    }
}

/// Reports silences that silence nothing.
fn unused(project: &Project, used: &[Use], report: &mut LintReport) {
    let Some(file) = &project.file else { return };
    let spans: Vec<_> = (used.iter().zip(&project.spans))
        .filter(|(used, _)| **used == Use::Unused)
        .map(|(_, span)| span.clone())
        .collect();
    if spans.is_empty() {
        return;
    }
    let severity = project.overrides.severity(Code::UnusedSilence);
    for _ in &spans {
        report.counts.add(severity);
    }
    let verdict = lint::unused_silences(&project.text, &spans, severity);
    report.files.push(FileReport { name: file.display().to_string(), result: Ok(verdict) });
}

impl Plan {
    fn take(&mut self, checked: Checked, used: &mut [Use], room: &mut Room) {
        let report = &mut self.report;
        report.remarks.extend(checked.remarks);
        report.counts = report.counts.and(checked.counts);
        report.silenced += checked.silenced;
        report.invalid += usize::from(checked.invalid);
        report.files.push(room.take(checked.file));
        report.fixable += checked.fixable.as_ref().map_or(0, |fixable| fixable.fix.removals.len());
        report.unknown += checked.fixable.as_ref().map_or(0, |fixable| fixable.fix.unknown_count);
        self.fixable.extend(checked.fixable);
        for (use_, more) in used.iter_mut().zip(checked.used) {
            *use_ = more.max(*use_);
        }
    }

    /// The removals of `--fix`, document by document.
    pub fn fixes(&self) -> impl Iterator<Item = &Fix> {
        self.fixable.iter().map(|fixable| &fixable.fix)
    }
}

/// Fixes every document that can be fixed, and returns what was removed, and warnings.
///
/// Each is replaced whole or not at all, and only if it has not changed since it was checked.
pub fn carry_out(plan: Plan, deadline: Deadline) -> anyhow::Result<(Vec<Fix>, Vec<Remark>)> {
    let (mut done, mut remarks) = (Vec::new(), Vec::new());
    for fixable in plan.fixable {
        let name = fixable.fix.name.clone();
        let warning = fix(&fixable, deadline).with_context(|| match done.len() {
            0 => format!("fixing {name}"),
            1 => format!("fixing {name}, after one other document was"),
            more => format!("fixing {name}, after {more} other documents were"),
        })?;
        remarks.extend(warning.filter(|warning| !remarks.contains(warning)));
        done.push(fixable.fix);
    }
    Ok((done, remarks))
}

fn fix(fixable: &Fixable, deadline: Deadline) -> Result<Option<Remark>, Error> {
    let store = &fixable.local.store;
    let locked = store.lock(deadline)?;
    let stored = locked.read()?;
    let found = stored.hash();
    if found != fixable.hash {
        let (path, expected) = (store.path().to_owned(), fixable.hash.clone());
        return Err(raced(StoreError::Conflict { path, expected, found }));
    }
    let text = stored.text().unwrap_or_default();
    let name = || fixable.fix.name.clone();
    let fixed = lint::without(text, fixable.syntax, &fixable.fix.removals)
        .map_err(|error| Error::Fix { name: name(), error })?;
    let mut recorder = Recorder::of_store(store, fixable.local.is_store, Writer::Fix);
    recorder.before_stored(&stored, deadline);
    let after = locked.replace(&stored, &fixed).map_err(raced)?;
    recorder.after_stored(&after);
    Ok(recorder.warning())
}

/// The counts that decide the exit code. `failing`: the lowest severity that makes the exit code 1; `None` for no
/// severity.
pub fn tally(report: &LintReport, failing: Option<Severity>) -> Tally {
    let failing = failing.is_some_and(|severity| report.counts.reach(severity));
    let mut tally = Tally { invalid: report.invalid + usize::from(failing), ..Tally::default() };
    for file in &report.files {
        match &file.result {
            Ok(verdict) => tally.timed_out += usize::from(verdict.unfinished),
            Err(failed) => batch::count(&mut tally, failed.why),
        }
    }
    tally
}
