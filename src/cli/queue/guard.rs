//! `clearance queue guard`

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::super::duration::duration;
use super::super::gateway::{Unattended, name};
use super::super::hooks::{Notify, On, notify, on};
use crate::queue::{Kind, Scope};

pub(super) const HELP: &str =
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
     repeatedly (offender). An event is reported once for each cause. The program gets the line of the log as JSON on \
     standard input, no variable that can hold a secret, and 30 s; four run at once. --notify posts the same JSON, \
     with retries. A failed hook is logged, and delays no denial.

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
    #[command(flatten)]
    pub access: Unattended,
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
pub(in crate::cli) fn address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(port) = text.parse::<u16>() {
        return Ok(SocketAddr::from(([127, 0, 0, 1], port)));
    }
    let invalid = || format!("`{}` is not an address; write 9464 or 127.0.0.1:9464", text.escape_debug());
    text.parse().map_err(|_| invalid())
}
