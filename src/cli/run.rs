//! `clearance run …`

use super::lazy::Lazy;
use clap::{ArgGroup, Args, Subcommand};

use super::gateway::{Access, Gateway, name};
use super::quiet::Quiet;

/// A command on runs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List active runs, and runs that hold prompts (alias: list)
    #[command(after_help = LS_EXAMPLES, alias = "list")]
    Ls(Lazy<Ls>),
    /// Abort a run and deny the prompts that it queued
    #[command(after_help = CANCEL_HELP, group(ArgGroup::new("which").required(true)))]
    Cancel(Lazy<Cancel>),
}

const LS_EXAMPLES: &str = "Examples:
  clearance run ls
  clearance run ls --json --gateway prod
  clearance run ls --all-gateways
  clearance run ls --watch --gateway=prod";

const CANCEL_HELP: &str =
    "The run is aborted, then the prompts that it still holds are denied. Both are verified. \
     RUN is a run's id or the start of it. If no run or session matches, the exit code is 1. Where \
     prompts do not name their run (gateways before 2026.8), the prompts of the run's session are denied \
     if nothing else runs in it. If something else runs in it, nothing is done: give --session instead.

Examples:
  clearance run cancel 0f6f1f1d-2c11-4c7b-9a53-6f1c2a9e41d5
  clearance run cancel --session agent:main:main --yes
  clearance run cancel --superseded --yes";

/// `run ls`
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
    /// List each prompt that a run holds
    #[arg(long)]
    pub all: bool,
    /// Keep running and show each change, also after the gateway restarted: redraw on a terminal, else print one line
    /// per change; ends with Ctrl-C; --timeout limits each connection and listing
    #[arg(long, conflicts_with = "json")]
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

/// `run cancel`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Cancel {
    /// Run to cancel: its id, or the start of it
    #[arg(group = "which", value_name = "RUN")]
    pub run: Option<String>,
    /// Cancel whatever runs in the session with this key, and deny everything it queued
    #[arg(long, value_name = "KEY", group = "which")]
    pub session: Option<String>,
    /// Cancel every run that ended or was replaced while its prompts are still pending
    #[arg(long, group = "which")]
    pub superseded: bool,
    #[command(flatten)]
    pub gateway: Gateway,
    /// Skip the confirmation
    #[arg(long)]
    pub yes: bool,
    /// Show what would be done; change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// List each prompt that would be denied
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
