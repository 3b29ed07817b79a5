//! `clearance grants …`

use clap::{Args, Subcommand};

use super::gateway::{Access, Gateway};
use super::lazy::Lazy;
use super::quiet::Quiet;

/// A command on standing grants.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List the standing grants of cron jobs (alias: list)
    #[command(after_help = LS_HELP, alias = "list")]
    Ls(Lazy<Ls>),
    /// Revoke standing grants, so that their jobs ask again
    #[command(after_help = REVOKE_HELP)]
    Revoke(Lazy<Revoke>),
}

const LS_HELP: &str =
    "A grant is minted when a prompt of a cron job is answered with allow-always. It allows exactly that command of \
     that job, until it expires or is revoked. Gateways from 2026.8.1 on have grants.

Examples:
  clearance grants ls
  clearance grants ls --agent main --all
  clearance grants ls --json --gateway prod";

const REVOKE_HELP: &str =
    "The grants are shown and confirmed, unless --yes is given. A grant that is already revoked is a success. If no \
     grant has an id, nothing is revoked and the exit code is 1.

Examples:
  clearance grants revoke 0f6f1f1d
  clearance grants revoke 0f6f1f1d 8d20c3a1 --yes
  clearance grants revoke --job 5b0c7a52-7f0e-4a0e-9d3e-0a5a5f2f6f11 --dry-run";

/// `grants ls`
#[derive(Debug, Args)]
pub struct Ls {
    #[command(flatten)]
    pub gateway: Gateway,
    /// Only grants of this agent
    #[arg(long, value_name = "ID", help_heading = "Filters")]
    pub agent: Option<String>,
    /// Only grants of the cron job with this id or name
    #[arg(long, value_name = "ID|NAME", help_heading = "Filters")]
    pub job: Option<String>,
    /// List expired and revoked grants, too
    #[arg(long, help_heading = "Filters")]
    pub all: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub quiet: Quiet,
    #[command(flatten)]
    pub access: Access,
}

/// `grants revoke`
#[derive(Debug, Args)]
pub struct Revoke {
    /// Grants to revoke, each by its id or the start of it
    #[arg(value_name = "GRANT", required_unless_present_any = ["job", "agent"])]
    pub grant: Vec<String>,
    /// Revoke every active grant of the cron job with this id or name
    #[arg(long, value_name = "ID|NAME", conflicts_with = "grant")]
    pub job: Option<String>,
    /// Revoke every active grant of this agent
    #[arg(long, value_name = "ID", conflicts_with = "grant")]
    pub agent: Option<String>,
    #[command(flatten)]
    pub gateway: Gateway,
    /// Skip the confirmation
    #[arg(long)]
    pub yes: bool,
    /// Show what would be revoked; change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub quiet: Quiet,
    #[command(flatten)]
    pub access: Access,
}
