//! `clearance approvals watch`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, ValueEnum};

use super::diff::{Operand, operand};
use super::duration::duration;
use super::gateway::Unattended;
use super::hooks::event_and_words;
use super::queue::address;

/// Below the flags of `watch --help`.
pub(super) const HELP: &str =
    "TARGET is named as in approvals diff: PATH, local, store:PATH, gateway, gateway:NAME|URL, node:ID, node:ID@NAME|URL.
Files and databases of this host are watched by events of the file system, or, where it has none (NFS, FUSE), by looking \
     at them every second. Gateways and nodes are asked every --interval, and after each connection.

Each change is a line: what changed, what the document allows and the one before did not (as approvals diff --no-wider \
     decides it, with a command), and who wrote it: a verb of clearance on this host, an answer \"Allow always\", or unknown. \
     Each change is kept as a version (approvals versions). When entries were used is not a change.

--on starts a program without a shell at an event: any change (changed), a document that allows more (wider), a document \
     that disappeared or is empty (vanished). The program gets the line as JSON on standard input, only \
     harmless variables, and 30 s; four run at once. --notify posts the same JSON, with retries.

--restore-if vanished stores the last document that said something again, as approvals restore does it: at most three times \
     in ten minutes, never after any other change, and not where clearance itself stored the empty document.

Entries whose time is over (approvals allowlist add --for) are removed. SIGTERM ends a watch with exit code 0, a reader \
     of its lines that is gone with 7. SIGHUP makes \
     it read the configuration and secrets again. It reports to systemd that it is ready and alive (Type=notify-reload, \
     WatchdogSec).

Examples:
  clearance approvals watch
  clearance approvals watch local gateway:prod node:build-server@prod --ndjson
  clearance approvals watch --all-gateways --interval 1m --metrics 9465
  clearance approvals watch --restore-if vanished --on wider:'/usr/local/bin/page --urgent'";

/// `approvals watch`
#[derive(Debug, Args)]
pub struct Watch {
    /// Documents to watch [default: this host's own store; with --all-gateways none]
    #[arg(value_name = "TARGET", value_parser = OsStringValueParser::new().try_map(operand))]
    pub targets: Vec<Operand>,
    /// Watch every gateway of config.toml
    #[arg(long)]
    pub all_gateways: bool,
    /// How often a gateway or node is asked
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "30s")]
    pub interval: Duration,
    /// Store the version before again if a document vanished
    #[arg(long, value_name = "EVENT", value_enum)]
    pub restore_if: Option<RestoreIf>,
    /// Serve Prometheus metrics at /metrics, and /healthz, without authentication; a port alone is one of 127.0.0.1
    #[arg(long, value_name = "PORT|ADDR:PORT", value_parser = address)]
    pub metrics: Option<SocketAddr>,
    /// Start a program at an event (changed, wider, vanished), which it gets as a JSON object on standard input; without
    /// COMMAND only --notify; may be repeated
    #[arg(long, value_name = "EVENT[:COMMAND]", value_parser = on, help_heading = "Hooks")]
    pub on: Vec<On>,
    /// Post the events of --on to this URL; may be repeated; without --on: wider and vanished
    #[arg(long, value_name = "URL", help_heading = "Hooks")]
    pub notify: Vec<String>,
    /// As --notify, with the URL in a file that no other user can read: a URL may be a secret
    #[arg(long, value_name = "PATH", help_heading = "Hooks")]
    pub notify_file: Vec<PathBuf>,
    /// Print one JSON object per line, also on a terminal
    #[arg(long)]
    pub ndjson: bool,
    #[command(flatten)]
    pub access: Unattended,
}

/// When a document is restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RestoreIf {
    /// It disappeared, or is empty
    Vanished,
}

/// An event of `--on`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// Any change.
    Changed,
    /// A document that allows more.
    Wider,
    /// A document that disappeared, or is empty.
    Vanished,
}

/// An event, and the program to start with its arguments, if any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct On {
    /// The event.
    pub trigger: Trigger,
    /// The program and its arguments; empty for a notice only.
    pub words: Vec<String>,
}

fn on(text: &str) -> Result<On, String> {
    let (event, words) = event_and_words(text)?;
    let trigger = match event {
        "changed" => Trigger::Changed,
        "wider" => Trigger::Wider,
        "vanished" => Trigger::Vanished,
        other if other.contains('=') => {
            return Err("a command follows a colon: wider:COMMAND".to_owned());
        }
        other => {
            return Err(format!(
                "unknown event `{}`; the events are changed, wider and vanished",
                other.escape_debug()
            ));
        }
    };
    Ok(On { trigger, words })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_may_have_a_command() {
        assert_eq!(on("wider"), Ok(On { trigger: Trigger::Wider, words: Vec::new() }));
        let page = on("vanished:/bin/page 'a b'").unwrap();
        assert_eq!((page.trigger, page.words), (Trigger::Vanished, vec!["/bin/page".into(), "a b".into()]));
        for text in ["", "gone", "wider=cmd", "wider:", "changed:a | b"] {
            assert!(on(text).is_err(), "{text}");
        }
    }
}
