//! Machine output: versioned structures of their own, never the internal types.

use std::io::{self, Write};

use serde::{Serialize, Serializer};
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};
use serde_json::{Value, json};

use super::diagnostics::UNFINISHED;
use super::escape::is_harmless;
use crate::approvals::compare::changes::{Change, Changes};
use crate::approvals::contents::Contents;
use crate::approvals::edit::downgrade::Field;
use crate::approvals::findings::diagnostic::{Diagnostic, Verdict};
use crate::approvals::findings::remark::Remark;
use crate::report::approvals::{FileReport, NativeSnapshot, SetOutcome, SetReport, Snapshot, Unchecked};

/// Version of every JSON structure that clearance prints. Fields are added within a version, never changed.
pub(super) const VERSION: u8 = 1;

/// Prints a value as JSON, ASCII where a character could harm a terminal.
pub fn json(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, Ascii(PrettyFormatter::new()));
    value.serialize(&mut serializer)?;
    writeln!(out)
}

/// Prints a value as JSON on one line, escaped likewise.
pub(super) fn line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, Ascii(CompactFormatter));
    value.serialize(&mut serializer)?;
    writeln!(out)
}

/// Escapes harmful characters, which plain JSON leaves as they are, and leaves the layout to another formatter.
struct Ascii<F>(F);

impl<F: Formatter> Formatter for Ascii<F> {
    /// JSON already, in which such characters stand in strings alone.
    fn write_raw_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        self.write_string_fragment(writer, fragment)
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if fragment.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return writer.write_all(fragment.as_bytes());
        }
        let mut written = 0;
        for (at, c) in fragment.char_indices().filter(|&(_, c)| !is_harmless(c)) {
            writer.write_all(&fragment.as_bytes()[written..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            written = at + c.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[written..])
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Problem<'d> {
    code: &'static str,
    severity: &'static str,
    message: &'d str,
    /// JSON Pointer.
    path: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestion: Option<&'d str>,
    /// Of a lint: why it matters, how to mend it, and whether `--fix` does.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fixable: Option<bool>,
}

impl<'d> Problem<'d> {
    fn of(diagnostic: &'d Diagnostic) -> Self {
        let page = diagnostic.code.is_lint().then(|| diagnostic.code.explanation());
        Self {
            code: diagnostic.code.as_str(),
            severity: diagnostic.severity.as_str(),
            message: &diagnostic.message,
            path: diagnostic.path.to_string(),
            line: diagnostic.start.line,
            column: diagnostic.start.column,
            end_line: diagnostic.end.line,
            end_column: diagnostic.end.column,
            found: diagnostic.found.as_deref(),
            expected: diagnostic.expected.as_deref(),
            suggestion: diagnostic.suggestion.as_deref(),
            why: page.map(|page| page.why),
            mend: page.map(|_| diagnostic.fix()),
            fixable: page.map(|_| diagnostic.code.is_fixable() && !diagnostic.remote),
        }
    }
}

/// The problems of a verdict, for machine output.
pub(super) fn problems(verdict: &Verdict) -> impl Serialize {
    Problems(&verdict.diagnostics)
}

/// Problems as they are printed: each is made when its turn comes.
struct Problems<'d>(&'d [Diagnostic]);

impl Serialize for Problems<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Problem::of))
    }
}

#[derive(Serialize)]
struct File<'r> {
    path: &'r str,
    status: &'static str,
    problems: Problems<'r>,
    /// Problems that are counted and not listed.
    omitted: usize,
    /// There may be more problems than are counted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    uncounted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
}

impl<'r> File<'r> {
    fn of(report: &'r FileReport) -> Self {
        match &report.result {
            Ok(verdict) => Self {
                path: &report.name,
                status: match verdict {
                    verdict if verdict.unfinished => Unchecked::TimedOut.as_str(),
                    verdict if verdict.is_valid() => "valid",
                    _ => "invalid",
                },
                problems: Problems(&verdict.diagnostics),
                omitted: verdict.omitted,
                uncounted: verdict.uncounted,
                error: verdict.unfinished.then(unfinished),
            },
            Err(failed) => Self {
                path: &report.name,
                status: failed.why.as_str(),
                problems: Problems(&[]),
                omitted: 0,
                uncounted: false,
                error: Some(json!({ "message": failed.message, "remedy": failed.remedy })),
            },
        }
    }
}

/// The error of a file for which the time was too short.
pub(super) fn unfinished() -> Value {
    json!({ "message": UNFINISHED, "remedy": "raise --timeout" })
}

/// A validation: every file with its problems.
pub fn validation_json(out: &mut dyn Write, reports: &[FileReport], remarks: &[Remark]) -> io::Result<()> {
    #[derive(Serialize)]
    struct Validation<'r> {
        version: u8,
        valid: bool,
        files: Vec<File<'r>>,
        /// What is worth saying beside the files.
        remarks: Vec<&'r str>,
    }
    let remarks = remarks.iter().map(|remark| remark.message.as_str()).collect();
    let files: Vec<File<'_>> = reports.iter().map(File::of).collect();
    let valid = files.iter().all(|file| file.status == "valid");
    json(out, &Validation { version: VERSION, valid, files, remarks })
}

/// What `get` read: the object that OpenClaw's own command prints, and the version of our output.
pub fn snapshot_json(out: &mut dyn Write, snapshot: &Snapshot) -> io::Result<()> {
    #[derive(Serialize)]
    struct Printed<'s> {
        version: u8,
        #[serde(skip_serializing_if = "Option::is_none")]
        gateway: Option<&'s str>,
        path: &'s str,
        exists: bool,
        hash: &'s str,
        file: &'s Contents,
        #[serde(rename = "resolvedDefaults", skip_serializing_if = "Option::is_none")]
        resolved_defaults: Option<&'s Value>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        remarks: Vec<&'s str>,
    }
    let Snapshot { path, exists, hash, file, .. } = snapshot;
    let resolved_defaults = snapshot.resolved_defaults.as_ref();
    let gateway = snapshot.place.as_deref();
    let remarks = snapshot.remarks.iter().map(|remark| remark.message.as_str()).collect();
    json(
        out,
        &Printed { version: VERSION, gateway, path, exists: *exists, hash, file, resolved_defaults, remarks },
    )
}

/// What `get` read of a Windows node: what its own command prints, and the version of our output.
pub fn native_json(out: &mut dyn Write, snapshot: &NativeSnapshot) -> io::Result<()> {
    let NativeSnapshot { path, hash, policy, .. } = snapshot;
    json(out, &json!({ "version": VERSION, "gateway": path, "exists": true, "hash": hash, "native": policy }))
}

/// Changes, for machine output.
pub(super) fn listed(changes: &[Change]) -> Vec<Value> {
    let object = |Change { path, before, after }: &Change| json!({ "path": path.to_string(), "before": before, "after": after });
    changes.iter().map(object).collect()
}

/// The word for how a document ended up.
pub(super) const fn outcome(outcome: SetOutcome) -> &'static str {
    match outcome {
        SetOutcome::Stored => "stored",
        SetOutcome::Unchanged => "unchanged",
        SetOutcome::Planned => "planned",
    }
}

/// A field that an older gateway does not know, for machine output.
pub(super) fn field(Field { place, newer, .. }: &Field) -> Value {
    json!({ "path": place.to_string(), "since": newer.introduced(), "without": newer.without() })
}

/// What `set` did.
pub fn set_json(out: &mut dyn Write, report: &SetReport) -> io::Result<()> {
    let Changes { policy, omitted, bookkeeping } = &report.changes;
    json(
        out,
        &json!({
            "version": VERSION,
            "path": report.path,
            "outcome": outcome(report.outcome),
            "existed": report.existed,
            "baseHash": report.before,
            "hash": report.after,
            "changes": listed(policy),
            "omittedChanges": omitted,
            "bookkeepingChanges": bookkeeping,
            "removed": report.removed.iter().map(|removed| field(&removed.field)).collect::<Vec<_>>(),
            "foreseen": report.foreseen.iter().map(field).collect::<Vec<_>>(),
            "departures": listed(&report.departures),
            "droppedUnknown": listed(&report.dropped),
            "remarks": report.remarks.iter().map(|remark| &remark.message).collect::<Vec<_>>(),
        }),
    )
}
