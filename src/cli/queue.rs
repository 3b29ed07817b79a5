//! `clearance queue …`

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::duration;
use super::gateway::{Access, Gateway};

/// What to do with the pending prompts of a gateway.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List the pending prompts, duplicates under the one that stays
    #[command(after_help = LS_EXAMPLES)]
    Ls(Ls),
    /// Keep one prompt of each group of duplicates, and deny the rest
    #[command(after_help = DEDUPE_HELP)]
    Dedupe(Dedupe),
    /// Decide one prompt
    #[command(after_help = RESOLVE_EXAMPLES)]
    Resolve(Resolve),
}

const LS_EXAMPLES: &str = "Examples:
  clearance queue ls
  clearance queue ls --duplicates --agent main
  clearance queue ls --json > queue.json
  clearance queue ls --watch --gateway=prod";

const DEDUPE_HELP: &str = "Prompts are duplicates when they would do the same, byte for byte, inside one scope. The plan is shown first; the one
that stays is known to be pending when another of its group is denied. On a gateway up to 2026.5 each denial starts one
agent turn, and the agent may ask again: --settle keeps cleaning.

Examples:
  clearance queue dedupe --dry-run
  clearance queue dedupe --yes --timeout 50s
  clearance queue dedupe --yes --settle 20s --rounds 5
  clearance queue dedupe --check --gateway=prod
  clearance queue dedupe --yes --all-gateways
  clearance queue dedupe --file queue.json";

const RESOLVE_EXAMPLES: &str = "Examples:
  clearance queue resolve 6f1c deny
  clearance queue resolve 6f1c2a9e-41d5-4c7b-9a53-0f6f1f1d2c11 allow-once --yes";

/// Which prompts.
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
    /// Only prompts that have been pending for longer
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "Filters")]
    pub older_than: Option<Duration>,
    /// Only prompts that have been pending for less
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "Filters")]
    pub newer_than: Option<Duration>,
}

/// A kind of prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// A command
    Exec,
    /// A plugin's question
    Plugin,
    /// A system agent's question
    SystemAgent,
}

/// Inside what prompts are duplicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// One agent and one session
    Session,
    /// One agent
    Agent,
    /// One run
    Run,
}

/// Which prompt of a group stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Keep {
    /// The oldest whose run goes on and that lives long enough
    Oldest,
    /// The newest whose run goes on and that lives long enough
    Newest,
}

/// What rows are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Sort {
    /// The oldest first
    Age,
    /// What expires first
    Expiry,
    /// By agent
    Agent,
    /// By command
    Command,
}

/// `queue ls`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Ls {
    #[command(flatten)]
    pub gateway: Gateway,
    /// Read a saved listing instead: what --json printed, or a gateway's own answer; - for standard input
    #[arg(long, value_name = "PATH", conflicts_with_all = ["gateway", "watch"])]
    pub file: Option<PathBuf>,
    #[command(flatten)]
    pub filters: Filters,
    /// Only prompts that have duplicates
    #[arg(long, help_heading = "Filters")]
    pub duplicates: bool,
    /// Inside what prompts are duplicates
    #[arg(long, value_enum, default_value_t = By::Session, hide_possible_values = true)]
    pub by: By,
    /// What rows are ordered by
    #[arg(long, value_enum, default_value_t = Sort::Age, hide_possible_values = true)]
    pub sort: Sort,
    /// Print the whole text of every command
    #[arg(long)]
    pub full: bool,
    /// Stay, and show what changes, redrawn on a terminal and else one line a change; ends with Ctrl-C, or with --timeout
    #[arg(long, conflicts_with_all = ["json"])]
    pub watch: bool,
    /// Print one JSON object
    #[arg(long, conflicts_with = "ndjson")]
    pub json: bool,
    /// Print one JSON object a line
    #[arg(long)]
    pub ndjson: bool,
    #[command(flatten)]
    pub access: Access,
}

/// `queue dedupe`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Dedupe {
    /// The gateway with this name or URL; may be given several times; `embedded` to rehearse
    #[arg(long, value_name = "NAME|URL")]
    pub gateway: Vec<String>,
    /// Every gateway of config.toml, at once
    #[arg(long, conflicts_with = "gateway")]
    pub all_gateways: bool,
    /// Plan for a saved listing, and change nothing; - for standard input
    #[arg(long, value_name = "PATH", conflicts_with_all = ["gateway", "all_gateways"])]
    pub file: Option<PathBuf>,
    #[command(flatten)]
    pub filters: Filters,
    /// Inside what prompts are duplicates
    #[arg(long, value_enum, default_value_t = By::Session)]
    pub by: By,
    /// Which prompt of a group stays
    #[arg(long, value_enum, default_value_t = Keep::Oldest)]
    pub keep: Keep,
    /// The one that stays does not expire for so long
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    pub margin: Duration,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// Show the plan, and change nothing
    #[arg(long, conflicts_with = "check")]
    pub dry_run: bool,
    /// Exit 1 if there are duplicates, and change nothing
    #[arg(long)]
    pub check: bool,
    /// Keep watching and cleaning for so long after the purge
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub settle: Option<Duration>,
    /// How often to clean while settling
    #[arg(long, value_name = "COUNT", default_value_t = 3, requires = "settle", value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub access: Access,
}

/// `queue resolve`
#[derive(Debug, Args)]
pub struct Resolve {
    /// The prompt's id, or the start of it
    pub id: String,
    /// What to decide
    #[arg(value_enum)]
    pub decision: Decision,
    #[command(flatten)]
    pub gateway: Gateway,
    /// Do not ask before allowing
    #[arg(long)]
    pub yes: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub access: Access,
}

/// A decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Decision {
    /// This once
    AllowOnce,
    /// Now and for good: an entry is written into the document
    AllowAlways,
    /// Not
    Deny,
}
