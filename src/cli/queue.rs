//! `clearance queue …`

mod guard;
mod history;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

pub use self::guard::Guard;
pub(super) use self::guard::address;
pub use self::history::{History, Status};
use super::duration::duration;
use super::gateway::{Access, Gateway, name};
use super::lazy::Lazy;
use super::quiet::Quiet;
use crate::queue::filter::Sort;
use crate::queue::{Keep, Kind, Scope};

/// A command on the pending prompts of a gateway.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List the pending prompts, duplicates under the one that is kept (alias: list)
    #[command(after_help = LS_EXAMPLES, alias = "list")]
    Ls(Lazy<Ls>),
    /// Keep one prompt of each group of duplicates and deny the rest (alias: purge)
    #[command(after_help = DEDUPE_HELP, alias = "purge")]
    Dedupe(Lazy<Dedupe>),
    /// Stay connected and deny duplicates as they arrive
    #[command(after_help = guard::HELP)]
    Guard(Box<Lazy<Guard>>),
    /// Decide one prompt, or several
    #[command(after_help = RESOLVE_HELP)]
    Resolve(Lazy<Resolve>),
    /// List what was decided, by whom and why, newest first
    #[command(after_help = history::HELP)]
    History(Lazy<History>),
    /// Show the queue on a screen and decide it with keys
    #[command(after_help = TRIAGE_HELP)]
    Triage(Lazy<Triage>),
}

const LS_EXAMPLES: &str = "Examples:
  clearance queue ls
  clearance queue ls --duplicates --agent main
  clearance queue ls --json > queue.json
  clearance queue ls --all-gateways
  clearance queue ls --watch --gateway=prod";

const DEDUPE_HELP: &str =
    "Prompts are duplicates if they would do the same, byte for byte, and are in one scope. The plan is \
     shown first. A prompt is denied only while the kept prompt of its group is known to be pending. With \
     --keep newest, or if the run of the oldest prompt has ended, the oldest prompt of a group is denied \
     last, up to eight seconds later. On a gateway up to early 2026.5 each denial starts one agent turn, \
     and the agent may ask again: --settle keeps cleaning.

Examples:
  clearance queue dedupe --dry-run
  clearance queue dedupe --yes --timeout 50s
  clearance queue dedupe --yes --settle 20s --rounds 5
  clearance queue dedupe --check --gateway=prod
  clearance queue dedupe --yes --all-gateways
  clearance queue dedupe --file queue.json";

const RESOLVE_HELP: &str =
    "A single ID is decided at once; an allowance is confirmed first. Several ids, or the prompts that match \
     filters, are shown as a plan and confirmed, unless --yes is given. Filters only deny: an allowance names each \
     id. Exactly the prompts of the plan are decided: what arrives later, or has changed, is not. If some were not \
     decided, the exit code is 3 and the report names them.

--add-entry takes one ID, and finds the entry before anything is decided: the real path of the program, and its \
     arguments in an anchored argPattern. It is refused for programs that run other programs, for commands of \
     several parts, and wherever the rules of the gateway's release do not prove that the entry allows this \
     command alone. The prompt is decided first, then the entry is stored if nobody else changed the document.

Examples:
  clearance queue resolve 6f1c deny
  clearance queue resolve 6f1c2a9e-41d5-4c7b-9a53-0f6f1f1d2c11 allow-once --yes
  clearance queue resolve 6f1c allow-once --add-entry
  clearance queue resolve 6f1c 8d20 c3a1 allow-once
  clearance queue resolve --agent main --older-than 10m deny
  clearance queue resolve 6f1c allow-always --expires-in-days 30";

const TRIAGE_HELP: &str =
    "One row for each group of prompts that would do the same; beside it the whole command, who asks, and \
     what is known about it. ? shows the keys. A decision is sent three seconds after its key; u undoes it \
     until then. Only the prompts that a row shows are decided: new prompts are counted at the top, and \
     taken into the list with r, or when no key was pressed for three seconds. p shows the allowlist entries \
     that approvals suggest proposes, and adds them after a question. Quitting decides nothing. \
     The decisions are printed at the end; the exit code is 3 if one of them failed.

A current gateway sends prompts only to clients that declare that they can answer them. Triage declares \
     it, so the gateway counts it as an approver; with --read-only it does not.

Examples:
  clearance queue triage
  clearance queue triage --read-only --gateway=prod
  clearance queue triage --programs prod.toml --gateway=prod
  clearance queue triage --all-gateways --sort expiry";

/// Filters of prompts.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Filters {
    /// Only prompts of this agent
    #[arg(long, value_name = "ID", help_heading = "Filters")]
    pub agent: Option<String>,
    /// Only prompts of the session with this key
    #[arg(long, value_name = "KEY", help_heading = "Filters")]
    pub session: Option<String>,
    /// Only prompts of this run
    #[arg(long, value_name = "ID", help_heading = "Filters")]
    pub run: Option<String>,
    /// Only prompts of this kind
    #[arg(long, value_enum, help_heading = "Filters")]
    pub kind: Option<Kind>,
    /// Only prompts that have been pending for longer; a bare number is seconds
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "Filters")]
    pub older_than: Option<Duration>,
    /// Only prompts that have been pending for less; a bare number is seconds
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "Filters")]
    pub newer_than: Option<Duration>,
}

/// `queue ls`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Ls {
    /// Gateway to use, by name or address; may be repeated; `embedded` to rehearse [default: OPENCLAW_GATEWAY_URL, else
    /// config.toml, else openclaw.json]
    #[arg(long, value_name = "NAME|URL|HOST:PORT", value_parser = name)]
    pub gateway: Vec<String>,
    /// Use every gateway of config.toml
    #[arg(long, conflicts_with = "gateway")]
    pub all_gateways: bool,
    /// Read a saved listing instead: what --json or --ndjson printed, or a gateway's own answer; - for standard input
    #[arg(long, value_name = "PATH", conflicts_with_all = ["gateway", "all_gateways", "watch"])]
    pub file: Option<PathBuf>,
    #[command(flatten)]
    pub filters: Filters,
    /// Only prompts that have duplicates
    #[arg(long, help_heading = "Filters")]
    pub duplicates: bool,
    /// Scope in which prompts count as duplicates
    #[arg(long, value_enum, default_value_t = Scope::Session)]
    pub by: Scope,
    /// Sort order of the rows
    #[arg(long, value_enum, default_value_t = Sort::Age)]
    pub sort: Sort,
    /// Print the whole text of every command
    #[arg(long)]
    pub full: bool,
    /// Show each prompt of a group on a row of its own
    #[arg(long)]
    pub all: bool,
    /// Keep running and show each change, also after the gateway restarted: redraw on a terminal, else print one line
    /// per change; ends with Ctrl-C; --timeout limits each connection and listing
    #[arg(long, conflicts_with_all = ["json"])]
    pub watch: bool,
    /// Print one JSON object
    #[arg(long, conflicts_with = "ndjson")]
    pub json: bool,
    /// Print one JSON object per line
    #[arg(long)]
    pub ndjson: bool,
    #[command(flatten)]
    pub quiet: Quiet,
    #[command(flatten)]
    pub access: Access,
}

/// `queue dedupe`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Dedupe {
    /// Gateway to use, by name or address; may be repeated; `embedded` to rehearse [default: OPENCLAW_GATEWAY_URL, else
    /// config.toml, else openclaw.json]
    #[arg(long, value_name = "NAME|URL|HOST:PORT", value_parser = name)]
    pub gateway: Vec<String>,
    /// Use every gateway of config.toml
    #[arg(long, conflicts_with = "gateway")]
    pub all_gateways: bool,
    /// Plan for a saved listing of queue ls --json or --ndjson, or of a gateway, and change nothing; - for standard
    /// input
    #[arg(long, value_name = "PATH", conflicts_with_all = ["gateway", "all_gateways"])]
    pub file: Option<PathBuf>,
    #[command(flatten)]
    pub filters: Filters,
    /// Scope in which prompts count as duplicates
    #[arg(long, value_enum, default_value_t = Scope::Session)]
    pub by: Scope,
    /// Prompt of a group to keep
    #[arg(long, value_enum, default_value_t = Keep::Oldest)]
    pub keep: Keep,
    /// Keep a prompt only if it has at least this long to live; a bare number is seconds
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    pub margin: Duration,
    /// Skip the confirmation
    #[arg(long)]
    pub yes: bool,
    /// Show the plan; change nothing
    #[arg(long, conflicts_with = "check")]
    pub dry_run: bool,
    /// List each prompt that the plan denies
    #[arg(long)]
    pub all: bool,
    /// Exit with 1 if there are duplicates; change nothing
    #[arg(long)]
    pub check: bool,
    /// Keep watching and cleaning for this long after the purge; a bare number is seconds
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub settle: Option<Duration>,
    /// How many times to clean while settling, at most
    #[arg(long, value_name = "COUNT", default_value_t = 3, requires = "settle", value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub quiet: Quiet,
    #[command(flatten)]
    pub access: Access,
}

/// `queue resolve`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[command(override_usage = "clearance queue resolve [OPTIONS] [ID]... <DECISION>")]
pub struct Resolve {
    /// Prompts to decide, each by its id or the start of it, then the decision: allow-once, allow-always or deny
    #[arg(value_name = "ID|DECISION", required = true, num_args = 1..)]
    pub id: Vec<String>,
    #[command(flatten)]
    pub filters: Filters,
    #[command(flatten)]
    pub gateway: Gateway,
    /// With allow-once and one ID: also add the allowlist entry that allows exactly this command from now on; it is
    /// shown before the question
    #[arg(long)]
    pub add_entry: bool,
    /// For --add-entry, where the gateway is on another host: a table of its programs (JSON or TOML)
    #[arg(long, value_name = "FILE", requires = "add_entry")]
    pub programs: Option<PathBuf>,
    /// With allow-always of a cron job's prompt: let the standing grant expire after this many days [default:
    /// tools.exec.grantExpiryDays of openclaw.json, else never]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=3650))]
    pub expires_in_days: Option<u16>,
    /// Skip the confirmation
    #[arg(long)]
    pub yes: bool,
    /// Show what would be decided; change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// List each prompt of the plan
    #[arg(long)]
    pub all: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub quiet: Quiet,
    #[command(flatten)]
    pub access: Access,
}

/// `queue triage`
#[derive(Debug, Args)]
pub struct Triage {
    /// Gateway to use, by name or address; may be repeated; `embedded` to rehearse [default: OPENCLAW_GATEWAY_URL, else
    /// config.toml, else openclaw.json]
    #[arg(long, value_name = "NAME|URL|HOST:PORT", value_parser = name)]
    pub gateway: Vec<String>,
    /// Use every gateway of config.toml
    #[arg(long, conflicts_with = "gateway")]
    pub all_gateways: bool,
    /// Show the queue; decide nothing
    #[arg(long)]
    pub read_only: bool,
    /// Scope in which prompts count as duplicates
    #[arg(long, value_enum, default_value_t = Scope::Session)]
    pub by: Scope,
    /// First sort order of the rows
    #[arg(long, value_enum, default_value_t = Sort::Age)]
    pub sort: Sort,
    /// For explanations and new entries, where the gateway is on another host: a table of its programs (JSON or TOML)
    #[arg(long, value_name = "FILE")]
    pub programs: Option<PathBuf>,
    #[command(flatten)]
    pub access: Access,
}
