//! `clearance approvals allowlist …`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::gateway::Approvals;
use super::quiet::Quiet;
use super::since::{long, until};

/// What to do with one entry.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List the entries and the MCP tools of each agent (alias: list)
    #[command(after_help = LS_EXAMPLES, alias = "list")]
    Ls(Ls),
    /// Add an entry; an entry that exists already is not written again
    #[command(after_help = ADD_EXAMPLES)]
    Add(Add),
    /// Remove an entry; if there is none, nothing is written (alias: rm)
    #[command(after_help = REMOVE_EXAMPLES, alias = "rm")]
    Remove(Remove),
    /// Remove the grant of an MCP tool, so that its calls ask again
    #[command(after_help = REMOVE_TOOL_EXAMPLES)]
    RemoveTool(RemoveTool),
}

const LS_EXAMPLES: &str = "Examples:
  clearance approvals allowlist ls
  clearance approvals allowlist ls --agent main --gateway=prod
  clearance approvals allowlist ls --file hosts/build.json --json";

const REMOVE_TOOL_EXAMPLES: &str =
    "A prompt of an MCP tool that is answered \"Allow always\" adds such a grant. The edit is applied to the current \
     document. Concurrent edits are all preserved.

Examples:
  clearance approvals allowlist remove-tool github create_issue --agent main
  clearance approvals allowlist remove-tool github create_issue --agent main --gateway=prod --dry-run";

const ADD_EXAMPLES: &str = "The edit is applied to the current document. Concurrent edits are all preserved.

A document has no field for a time limit or a note: clearance keeps them on this host, beside the versions. \
     OpenClaw does not know of the limit. After it, the entry is valid until something removes it: approvals watch at \
     once, or the next approvals set, allowlist or lint --fix of this user on this host.

Examples:
  clearance approvals allowlist add /usr/bin/uptime
  clearance approvals allowlist add /usr/bin/git --arg-pattern '^(status|log)$' --agent main
  clearance approvals allowlist add '~/Projects/**/bin/rg' --gateway=prod --dry-run
  clearance approvals allowlist add /usr/bin/make --file hosts/build.json
  clearance approvals allowlist add /usr/bin/terraform --agent ops --for 2h --note 'migration, ticket 4711'
  clearance approvals allowlist add /usr/bin/uptime --node build-server";

const REMOVE_EXAMPLES: &str =
    "An entry is the same only if its pattern, its argPattern and its source are the same. Other entries \
     with this pattern are listed and kept.

Examples:
  clearance approvals allowlist remove /usr/bin/uptime
  clearance approvals allowlist remove /usr/bin/git --arg-pattern '^(status|log)$' --agent main
  clearance approvals allowlist remove /usr/bin/curl --source allow-always --gateway=prod";

/// `approvals allowlist add`
#[derive(Debug, Args)]
pub struct Add {
    #[command(flatten)]
    pub edit: Edit,
    /// Remove the entry after this time: 30m, 2h, 7d
    #[arg(long = "for", value_name = "DURATION", value_parser = long, conflicts_with = "until_ms")]
    pub for_ms: Option<u64>,
    /// Remove the entry at this time: a date (midnight UTC), or 2026-11-26T09:30:00Z
    #[arg(long = "until", value_name = "TIME", value_parser = until)]
    pub until_ms: Option<u64>,
    /// Note for people, such as the reason
    #[arg(long, value_name = "TEXT", value_parser = note)]
    pub note: Option<String>,
}

/// A note for people.
fn note(text: &str) -> Result<String, String> {
    const LONGEST: usize = 500;
    match text.trim() {
        "" => Err("it is blank".to_owned()),
        note if note.chars().count() > LONGEST => Err(format!("it is longer than {LONGEST} characters")),
        note => Ok(note.to_owned()),
    }
}

/// The arguments that `allowlist add` and `remove` share. `--gateway` takes its value after `=`: after a
/// space, it could be the pattern.
#[derive(Debug, Args)]
#[command(mut_arg("gateway", |gateway| gateway.require_equals(true)))]
pub struct Edit {
    /// Glob for the path of the executable, or a command name
    #[arg(value_name = "PATTERN")]
    pub pattern: String,
    /// Agent to edit; * applies to every agent
    #[arg(long, value_name = "ID", default_value = "*")]
    pub agent: String,
    /// ECMAScript regular expression that the arguments, joined by single spaces, must match
    #[arg(long, value_name = "RE", allow_hyphen_values = true)]
    pub arg_pattern: Option<String>,
    #[command(flatten)]
    pub place: Place,
}

/// Where the document is, and how to edit it.
#[derive(Debug, Args)]
#[group(skip)]
pub struct Place {
    /// Edit this file, which is not a store; JSON5 unless its name ends with .json
    #[arg(long, value_name = "PATH", conflicts_with_all = ["store", "remote"])]
    pub file: Option<PathBuf>,
    /// Edit this local store instead of this host's own
    #[arg(long, value_name = "PATH", conflicts_with = "remote")]
    pub store: Option<PathBuf>,
    #[command(flatten)]
    pub remote: Approvals,
    /// Show what would change; change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Rewrite the forms that early releases wrote, as a gateway reads them
    #[arg(long)]
    pub allow_legacy: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub quiet: Quiet,
}

/// `approvals allowlist remove`
#[derive(Debug, Args)]
pub struct Remove {
    #[command(flatten)]
    pub edit: Edit,
    /// Remove the entry that an answered prompt wrote, rather than the one without a source
    #[arg(long, value_enum, value_name = "SOURCE")]
    pub source: Option<Source>,
}

/// Who wrote an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Source {
    /// A prompt that was answered "Allow always"
    AllowAlways,
}

/// `approvals allowlist remove-tool`
#[derive(Debug, Args)]
#[command(mut_arg("gateway", |gateway| gateway.require_equals(true)))]
pub struct RemoveTool {
    /// MCP server
    pub server: String,
    /// Tool of that server
    pub tool: String,
    /// Agent to edit; * is the entry for every agent
    #[arg(long, value_name = "ID", default_value = "*")]
    pub agent: String,
    #[command(flatten)]
    pub place: Place,
}

/// `approvals allowlist ls`
#[derive(Debug, Args)]
pub struct Ls {
    /// Only this agent
    #[arg(long, value_name = "ID")]
    pub agent: Option<String>,
    /// Read this file; JSON5 unless its name ends with .json
    #[arg(long, value_name = "PATH", conflicts_with_all = ["store", "remote"])]
    pub file: Option<PathBuf>,
    /// Read this local store instead of this host's own
    #[arg(long, value_name = "PATH", conflicts_with = "remote")]
    pub store: Option<PathBuf>,
    #[command(flatten)]
    pub remote: Approvals,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}
