//! `clearance approvals suggest` and `clearance approvals upgrade`

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::gateway::Approvals;
use super::since::since;
use crate::queue::history::Since;

/// The examples of the page of `suggest`.
pub const SUGGEST_HELP: &str = "Proposes entries from prompts that were decided: the real path of a program and an expression for its arguments, which \
generalises only what varied. An entry is proposed only if the evaluator of the target's release decides that it allows \
all of its commands and none that was ever denied. Nothing is proposed for interpreters, for programs that run other \
programs, and for openclaw. Nothing is changed without --apply.

With --gateway, the prompts are the gateway's history and what is pending. The programs of another host are listed with \
--programs; those of a gateway whose process runs on this host are this host's. --prompts adds files: the output of queue \
history (--json or --ndjson), queue ls --json, queue guard, and openclaw approvals pending --json. A prompt that a guard \
denied as a duplicate does not count as a denial if the guard's log is among the files.

Exit codes: 0 if all prompts were read, 3 if some could not be: a denial may be missing then.

Examples:
  clearance approvals suggest --gateway=prod --programs prod.toml
  clearance approvals suggest --gateway=prod --programs prod.toml --prompts guard.ndjson
  clearance approvals suggest --prompts history.ndjson --patch > new.json
  clearance approvals suggest --prompts history.ndjson --apply
  clearance approvals suggest --narrow --stale 90d --prompts history.ndjson";

/// The examples of the page of `upgrade`.
pub const UPGRADE_HELP: &str = "Decides commands as the release that the host runs now and as the one that it is about to run, and lists each that gets \
another verdict, or another end if nobody answers its prompt. The commands are those of --prompts and --tests, the last \
command that each entry allowed, with --gateway its history and its queue, and commands made from the entries.

The edits keep the meaning where the evaluator proves it: no command of the list gets a wider verdict by them, and none \
that was the same before gets another one.

Exit codes: 0 if every command and every field keeps its meaning, 1 if one does not, 3 if some prompts could not be read.

Examples:
  clearance approvals upgrade --for 2026.9.6
  clearance approvals upgrade --for 2026.9.6 --from 2026.4.14 --file exec-approvals.json --prompts history.ndjson
  clearance approvals upgrade --for 2026.9.6 --tests approvals-test.toml --patch > new.json";

/// The document, and how its host decides.
#[derive(Debug, Args)]
#[group(skip)]
pub struct Target {
    /// Read this document instead of this host's own
    #[arg(long, value_name = "PATH", conflicts_with_all = ["store", "remote"])]
    pub file: Option<PathBuf>,
    /// Read this local store instead of this host's own
    #[arg(long, value_name = "PATH", conflicts_with = "remote")]
    pub store: Option<PathBuf>,
    #[command(flatten)]
    pub remote: Approvals,
    /// Read prompts from this file, too; may be repeated; - for standard input
    #[arg(long, value_name = "FILE")]
    pub prompts: Vec<PathBuf>,
    /// Directory of the calls whose directory is unknown, as those of a history [default: unknown]
    #[arg(long, value_name = "DIRECTORY")]
    pub cwd: Option<String>,
    /// Search path of the gateway's process [default: the table's, else PATH of this process]
    #[arg(long, value_name = "DIRECTORIES")]
    pub path: Option<String>,
    /// OpenClaw's configuration [default: the gateway's own; of this host: openclaw.json]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Use the programs and files of this table instead of this host's (explain --help describes it)
    #[arg(long, value_name = "FILE")]
    pub programs: Option<PathBuf>,
}

/// `approvals suggest`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Suggest {
    #[command(flatten)]
    pub target: Target,
    /// Decide as this release of OpenClaw [default: the target's own]
    #[arg(long, value_name = "RELEASE")]
    pub release: Option<String>,
    /// Propose entries for this agent alone; may be repeated
    #[arg(long, value_name = "ID")]
    pub agent: Vec<String>,
    /// Number of prompts that an entry needs, and of different texts that a generalised part needs
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    pub at_least: u64,
    /// Count prompts that nobody decided, too: pending, expired and cancelled ones
    #[arg(long)]
    pub undecided: bool,
    /// List the entries that can be removed or narrowed, instead of new ones
    #[arg(long, conflicts_with_all = ["agent", "at_least", "undecided"])]
    pub narrow: bool,
    /// Remove entries that were not used for this long (30d, 12w), or never
    #[arg(long, value_name = "DURATION", value_parser = stale, requires = "narrow")]
    pub stale: Option<Duration>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// Print the document with the proposals, for approvals set
    #[arg(long, conflicts_with_all = ["json", "apply"])]
    pub patch: bool,
    /// Replace the document with that one, after showing the proposals and asking
    #[arg(long, conflicts_with = "file")]
    pub apply: bool,
    /// Skip the confirmation of --apply
    #[arg(long, requires = "apply")]
    pub yes: bool,
}

/// `approvals upgrade`
#[derive(Debug, Args)]
pub struct Upgrade {
    #[command(flatten)]
    pub target: Target,
    /// Release of OpenClaw that the host is about to run
    #[arg(long = "for", value_name = "RELEASE")]
    pub to: String,
    /// Release that the host runs now [default: the target's own]
    #[arg(long, value_name = "RELEASE")]
    pub from: Option<String>,
    /// Read commands from this file of policy tests, too; may be repeated
    #[arg(long, value_name = "FILE")]
    pub tests: Vec<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// Print the document with the edits, for approvals set
    #[arg(long, conflicts_with = "json")]
    pub patch: bool,
}

/// Parses how long: `90d`, `12w`, `36h`.
fn stale(text: &str) -> Result<Duration, String> {
    match since(text) {
        Ok(Since::Ago(ms)) => Ok(Duration::from_millis(ms)),
        Ok(Since::At(_)) | Err(_) => {
            Err(format!("`{}` is not a duration; write for example 90d, 12w or 36h", text.escape_debug()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_time_is_a_duration() {
        assert_eq!(stale("90d"), Ok(Duration::from_hours(90 * 24)));
        assert_eq!(stale("36h"), Ok(Duration::from_hours(36)));
        for text in ["", "2026-01-01", "soon", "0d"] {
            assert!(stale(text).is_err(), "{text}");
        }
    }
}
