//! Report of `approvals lint`: what is valid but dangerous or without effect, and what `--fix` removed.

use serde::{Serialize, Serializer};

use super::{ChangeJson, FileJson, FileReport, Unchecked, VERSION, messages};
use crate::approvals::compare::changes::Change;
use crate::approvals::findings::remark::Remark;
use crate::approvals::findings::severity::Severity;
use crate::approvals::lint::{Counts, Removal};

/// The result of `lint`.
#[derive(Debug, Default)]
pub struct LintReport {
    /// Every document, and the project's configuration if it has findings.
    pub files: Vec<FileReport>,
    /// Number of findings.
    pub counts: Counts,
    /// Number of invalid documents. Those with only unknown fields were linted anyway.
    pub invalid: usize,
    /// Number of silenced findings.
    pub silenced: usize,
    /// The project's configuration, if there is one.
    pub config: Option<String>,
    /// Number of entries that `--fix` would remove.
    pub fixable: usize,
    /// Number of unknown fields that `--fix` would remove.
    pub unknown: usize,
    /// The parts that `--fix` removed.
    pub fixed: Vec<Fix>,
    /// Conditions around the documents that need attention.
    pub remarks: Vec<Remark>,
}

/// The parts that `--fix` removes from one document.
#[derive(Debug, Clone)]
pub struct Fix {
    /// The document's name.
    pub name: String,
    /// The entries.
    pub removals: Vec<Removal>,
    /// The fields that no release knows, secrets masked, up to a limit.
    pub unknown: Vec<Change>,
    /// Number of unknown fields.
    pub unknown_count: usize,
}

impl Fix {
    /// Whether nothing is removed.
    pub fn is_empty(&self) -> bool {
        self.removals.is_empty() && self.unknown_count == 0
    }
}

impl LintReport {
    /// The output of `--format json`.
    pub fn json(&self) -> impl Serialize + use<'_> {
        LintJson {
            version: VERSION,
            files: &self.files,
            errors: self.counts.errors,
            warnings: self.counts.warnings,
            notes: self.counts.notes,
            silenced: self.silenced,
            config: self.config.as_deref(),
            fixable: self.fixable,
            fixable_fields: self.unknown,
            fixed_fields: &self.fixed,
            fixed: &self.fixed,
            remarks: messages(&self.remarks),
        }
    }
}

/// The object as it is printed. Each problem is created only when it is printed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LintJson<'r> {
    version: u8,
    #[serde(serialize_with = "files")]
    files: &'r [FileReport],
    errors: usize,
    warnings: usize,
    notes: usize,
    silenced: usize,
    config: Option<&'r str>,
    fixable: usize,
    fixable_fields: usize,
    #[serde(serialize_with = "fixed_fields")]
    fixed_fields: &'r [Fix],
    #[serde(serialize_with = "fixed")]
    fixed: &'r [Fix],
    remarks: Vec<&'r str>,
}

#[derive(Serialize)]
struct RemovalJson<'r> {
    agent: &'r str,
    code: &'static str,
    index: usize,
    path: &'r str,
    pattern: &'r str,
}

fn files<S: Serializer>(reports: &&[FileReport], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(reports.iter().map(|file| FileJson::with(file, status(file))))
}

fn fixed_fields<S: Serializer>(fixes: &&[Fix], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(fixes.iter().flat_map(|fix| fix.unknown.iter().map(ChangeJson::of)))
}

fn fixed<S: Serializer>(fixes: &&[Fix], serializer: S) -> Result<S::Ok, S::Error> {
    let all = fixes.iter().flat_map(|fix| fix.removals.iter().map(move |removal| (fix, removal)));
    serializer.collect_seq(all.map(|(fix, removal)| RemovalJson {
        agent: &removal.agent,
        code: removal.code.as_str(),
        index: removal.index,
        path: &fix.name,
        pattern: &removal.pattern,
    }))
}

fn status(file: &FileReport) -> &'static str {
    match &file.result {
        Ok(verdict) if verdict.unfinished => Unchecked::TimedOut.as_str(),
        Ok(verdict) if verdict.diagnostics.is_empty() => "clean",
        Ok(verdict)
            if verdict.diagnostics.iter().any(|d| !d.code.is_lint() && d.severity == Severity::Error) =>
        {
            "invalid"
        }
        Ok(_) => "findings",
        Err(failed) => failed.why.as_str(),
    }
}
