//! `clearance queue history`

use clap::{Args, ValueEnum};

use super::super::gateway::{Access, Gateway};
use super::super::quiet::Quiet;
use super::super::since::since;
use crate::queue::history::Since;
use crate::queue::{Decision, Kind};

pub(super) const HELP: &str =
    "A gateway from 2026.8.1 on keeps 30 days of decisions. It records the command, host, node, agent and session, \
     and neither directory, arguments, environment nor run. Neighbours that ended alike are one row; --all shows \
     each. Reading ends at --limit, at --since, or when the time is over; the report says where it was cut.

Examples:
  clearance queue history
  clearance queue history --since 2h --agent main
  clearance queue history --status denied --who me --since 2026-11-26
  clearance queue history --decision allow-always --ndjson --limit 100000";

/// `queue history`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct History {
    #[command(flatten)]
    pub gateway: Gateway,
    /// Only prompts of this agent
    #[arg(long, value_name = "ID", help_heading = "Filters")]
    pub agent: Option<String>,
    /// Only prompts of the session with this key
    #[arg(long, value_name = "KEY", help_heading = "Filters")]
    pub session: Option<String>,
    /// Only prompts of this kind
    #[arg(long, value_enum, help_heading = "Filters")]
    pub kind: Option<Kind>,
    /// Only prompts that ended in this way; may be repeated
    #[arg(long, value_enum, help_heading = "Filters")]
    pub status: Vec<Status>,
    /// Only prompts with this decision; may be repeated
    #[arg(long, value_enum, help_heading = "Filters")]
    pub decision: Vec<Decision>,
    /// Only what was decided by this: an id, or device, channel, runtime or system; me: this device
    #[arg(long, value_name = "NAME", help_heading = "Filters")]
    pub who: Vec<String>,
    /// Only what ended since then: how long ago (2h, 7d), a date (UTC), or a time
    #[arg(long, value_name = "TIME", value_parser = since, help_heading = "Filters")]
    pub since: Option<Since>,
    /// Show at most this many decisions
    #[arg(long, value_name = "COUNT", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub limit: u32,
    /// Print the whole text of every command
    #[arg(long)]
    pub full: bool,
    /// Show each decision on a row of its own
    #[arg(long)]
    pub all: bool,
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

/// How a prompt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Status {
    /// Allowed
    Allowed,
    /// Denied
    Denied,
    /// Nobody decided in time
    Expired,
    /// Its run was aborted, or the gateway restarted
    Cancelled,
}

impl Status {
    /// The value on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }
}
