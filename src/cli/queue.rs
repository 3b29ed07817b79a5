//! `clearance queue …`

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::lazy::Lazy;
use clap::{Args, Subcommand, ValueEnum};

use super::duration::duration;
use super::gateway::{Access, Gateway, name};
use super::hooks::{Notify, On, notify, on};
use super::quiet::Quiet;
use super::since::since;
use crate::queue::filter::Sort;
use crate::queue::history::Since;
use crate::queue::{Decision, Keep, Kind, Scope};

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
    #[command(after_help = GUARD_HELP)]
    Guard(Box<Lazy<Guard>>),
    /// Decide one prompt, or several
    #[command(after_help = RESOLVE_HELP)]
    Resolve(Lazy<Resolve>),
    /// List what was decided, by whom and why, newest first
    #[command(after_help = HISTORY_HELP)]
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

const GUARD_HELP: &str =
    "A guard applies the rules of queue dedupe to each prompt as it arrives, and never denies a prompt \
     that is alone in its group. It denies nothing before it has listed everything on a connection, and \
     nothing while it may have missed an event. It denies a duplicate that has just arrived at once, \
     other younger duplicates within two seconds, and the oldest prompt of a group within eight. So \
     several guards and purges of one gateway never deny the last prompt of a group, whatever their rules.

A current gateway sends prompts only to clients that declare that they can answer them. A guard \
     declares it. So the gateway counts it as an approver, and keeps prompts pending that it would \
     otherwise deny because no approver is connected.

Past --max-rate a circuit breaker opens: nothing is denied for --cooling, then the guard looks at \
     everything again. Where a denial only returns to the tool call that waits for it, the default of \
     1200/min clears a flood of a thousand prompts at once. On a gateway up to early 2026.5 each denial \
     starts an agent turn, and the agent may ask again: there the default is 60/min, and a group that \
     keeps coming back is held after --repeats denials. Nothing of it is denied for --cooling, then one \
     denial is tried; if the group comes back again, it is held for twice as long, up to an hour. Other \
     groups go on. To end a hold, decide the kept prompt. The line `connected` has the limits that apply.

/healthz answers 200 while every gateway is connected and was listed in the last three minutes. Its \
     text reports an open breaker.

--on starts a program without a shell at an event: a new prompt pending for longer than a limit \
     (older=5m), more prompts than a limit (queue=20), an open breaker (breaker), a group that is denied \
     repeatedly (offender). Each cause is one event. The program gets the line of the log as JSON on \
     standard input, only harmless variables, and 30 s; four run at once. --notify posts the same JSON, \
     with retries. A hook that fails is a line, and delays no denial.

SIGTERM ends a guard with exit code 0 when pending requests are answered. SIGHUP makes it read the \
     configuration and secrets again, as each connection does; with --all-gateways it watches gateways \
     that were added. It reports to systemd that it is ready and alive (Type=notify-reload, WatchdogSec).

Examples:
  clearance queue guard
  clearance queue guard --observe --ndjson --gateway=prod
  clearance queue guard --all-gateways --metrics 9464
  clearance queue guard --token-file /run/credentials/token --max-rate 20/min --cooling 10m
  clearance queue guard --on older=5m:'/usr/local/bin/page --urgent' --on queue=20 --notify terminal
  clearance queue guard --on breaker --notify https://hooks.example/guard";

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

const HISTORY_HELP: &str =
    "A gateway from 2026.8.1 on keeps 30 days of decisions. It records the command, host, node, agent and session, \
     and neither directory, arguments, environment nor run. Neighbours that ended alike are one row; --all shows \
     each. Reading ends at --limit, at --since, or when the time is over; the report says where it was cut.

Examples:
  clearance queue history
  clearance queue history --since 2h --agent main
  clearance queue history --status denied --who me --since 2026-11-26
  clearance queue history --decision allow-always --ndjson --limit 100000";

const TRIAGE_HELP: &str =
    "One row for each group of prompts that would do the same; beside it the whole command, who asks, and \
     what is known about it. ? shows the keys. A decision is sent three seconds after its key; u undoes it \
     until then. Only the prompts that a row shows are decided: new prompts are counted at the top, and \
     taken into the list with r, or when no key was pressed for three seconds. Quitting decides nothing. \
     The decisions are printed at the end; the exit code is 3 if one of them failed.

A current gateway sends prompts only to clients that declare that they can answer them. Triage declares \
     it, so the gateway counts it as an approver; with --read-only it does not.

Examples:
  clearance queue triage
  clearance queue triage --read-only --gateway=prod
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
    #[arg(long, conflicts_with_all = ["gateway", "watch"])]
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
    #[arg(long, value_enum, default_value_t = Scope::Session, hide_possible_values = true)]
    pub by: Scope,
    /// Sort order of the rows
    #[arg(long, value_enum, default_value_t = Sort::Age, hide_possible_values = true)]
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

/// `queue guard`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Guard {
    /// Gateway to use, by name or address; may be repeated; `embedded` to rehearse [default: OPENCLAW_GATEWAY_URL, else
    /// config.toml, else openclaw.json]
    #[arg(long, value_name = "NAME|URL|HOST:PORT", value_parser = name)]
    pub gateway: Vec<String>,
    /// Guard every gateway of config.toml
    #[arg(long, conflicts_with = "gateway")]
    pub all_gateways: bool,
    /// Log what would be denied; deny nothing
    #[arg(long)]
    pub observe: bool,
    /// Only prompts of this agent
    #[arg(long, value_name = "ID", help_heading = "Filters")]
    pub agent: Option<String>,
    /// Only prompts of the session with this key
    #[arg(long, value_name = "KEY", help_heading = "Filters")]
    pub session: Option<String>,
    /// Only prompts of this kind
    #[arg(long, value_enum, help_heading = "Filters")]
    pub kind: Option<Kind>,
    /// Scope in which prompts count as duplicates
    #[arg(long, value_enum, default_value_t = Scope::Session)]
    pub by: Scope,
    /// Keep a prompt only if it has at least this long to live; a bare number is seconds
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    pub margin: Duration,
    /// Most denials per second, minute or hour [default: 1200/min; 60/min where a denial starts an agent turn]
    #[arg(long, value_name = "N/min", value_parser = rate)]
    pub max_rate: Option<(u32, u64)>,
    /// Pause after that limit is hit, at least its period; the first pause of a held group; a bare number is seconds
    /// [default: 1m; 5m where a denial starts an agent turn]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub cooling: Option<Duration>,
    /// Report a group after this many denials in --within; hold it then, where a denial starts an agent turn
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub repeats: u32,
    /// Time window for --repeats; a bare number is seconds
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = duration)]
    pub within: Duration,
    /// Cancel the run of a repeat offender, and with it all its prompts, on gateways whose prompts name their run
    #[arg(long, conflicts_with = "observe")]
    pub cancel_runs: bool,
    /// Serve Prometheus metrics at /metrics, and /healthz, without authentication; a port alone is one of 127.0.0.1
    #[arg(long, value_name = "PORT|ADDR:PORT", value_parser = address)]
    pub metrics: Option<SocketAddr>,
    /// Start a program at an event, which it gets as a JSON object on standard input; without COMMAND only --notify; may
    /// be repeated
    #[arg(long, value_name = "EVENT[:COMMAND]", value_parser = on, help_heading = "Hooks")]
    pub on: Vec<On>,
    /// Post the events of --on to this URL, or show them as desktop notices of the terminal; may be repeated; without
    /// --on: breaker and offender
    #[arg(long, value_name = "URL|terminal", value_parser = notify, help_heading = "Hooks")]
    pub notify: Vec<Notify>,
    /// As --notify, with the URL in a file that no other user can read: a URL may be a secret
    #[arg(long, value_name = "PATH", help_heading = "Hooks")]
    pub notify_file: Vec<PathBuf>,
    /// Print one JSON object per line, also on a terminal
    #[arg(long)]
    pub ndjson: bool,
    /// Read the gateway's token from this file before each connection [default: OPENCLAW_GATEWAY_TOKEN, else as
    /// configured]
    #[arg(long, value_name = "PATH", conflicts_with = "password_file", help_heading = "Gateway options")]
    pub token_file: Option<PathBuf>,
    /// Read the gateway's password from this file before each connection [default: OPENCLAW_GATEWAY_PASSWORD, else as
    /// configured]
    #[arg(long, value_name = "PATH", help_heading = "Gateway options")]
    pub password_file: Option<PathBuf>,
    /// Trust the certificate with this SHA-256, and no other
    #[arg(long, value_name = "SHA256", conflicts_with = "ca_file", help_heading = "Gateway options")]
    pub tls_fingerprint: Option<String>,
    /// Trust the authorities in this PEM file, and no others
    #[arg(long, value_name = "PATH", help_heading = "Gateway options")]
    pub ca_file: Option<PathBuf>,
    /// Print the steps of each connection to standard error
    #[arg(short, long, help_heading = "Gateway options")]
    pub verbose: bool,
}

/// A rate: the count, and its period in milliseconds.
fn rate(text: &str) -> Result<(u32, u64), String> {
    let invalid =
        || format!("`{}` is not a rate; write for example 60/min, 5/s or 600/h", text.escape_debug());
    let (count, unit) = text.split_once('/').unwrap_or((text, "min"));
    let per_ms = match unit {
        "s" => 1_000,
        "min" | "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(invalid()),
    };
    let count = count.parse().ok().filter(|count| *count > 0).ok_or_else(invalid)?;
    Ok((count, per_ms))
}

/// Where metrics are served: a port alone is one of 127.0.0.1.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(port) = text.parse::<u16>() {
        return Ok(SocketAddr::from(([127, 0, 0, 1], port)));
    }
    let invalid = || format!("`{}` is not an address; write 9464 or 127.0.0.1:9464", text.escape_debug());
    text.parse().map_err(|_| invalid())
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
    #[arg(long, conflicts_with = "dry_run")]
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
    #[arg(long, value_enum, default_value_t = Scope::Session, hide_possible_values = true)]
    pub by: Scope,
    /// First sort order of the rows
    #[arg(long, value_enum, default_value_t = Sort::Age, hide_possible_values = true)]
    pub sort: Sort,
    #[command(flatten)]
    pub access: Access,
}
