//! The lines of `approvals watch`: what it prints, for people and machines.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::approvals::changed;
use super::approvals::notes::{Expired, ExpiredJson};
use super::approvals::wider::WiderReport;
use super::{VERSION, instant};
use crate::approvals::compare::changes::Changes;

/// A line.
#[derive(Debug)]
pub struct Line {
    /// The time, in Unix milliseconds.
    pub at_ms: u64,
    /// The document's place, as an operand of `diff`. Empty for the watch as a whole.
    pub target: String,
    /// The event.
    pub event: Event,
}

/// How a place is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// By events of the file system.
    Events,
    /// By looking at the files, where the file system has no events.
    Polling,
    /// By asking a gateway at an interval.
    Interval,
}

impl How {
    /// The word in machine output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Polling => "polling",
            Self::Interval => "interval",
        }
    }
}

/// Who wrote a document, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// A verb of clearance, on this host.
    Verb(&'static str),
    /// The gateway, for a prompt that was answered "Allow always".
    Answer,
    /// Another program, or a person.
    Unknown,
}

/// A change of a document.
#[derive(Debug)]
pub struct Change {
    /// The hash before; `None`: it was not known.
    pub before: Option<String>,
    /// The hash after.
    pub after: String,
    /// The version that was kept before.
    pub from: Option<u64>,
    /// The version that was kept of it; `None`: it could not be kept.
    pub to: Option<u64>,
    /// What changed.
    pub changes: Changes,
    /// What it allows and the document before did not; `None`: not compared.
    pub wider: Option<WiderReport>,
    /// Whether the document disappeared or lost all that it said.
    pub vanished: bool,
    /// Whether the new text cannot be read as JSON.
    pub unreadable: bool,
    /// Whether it happened before the watch began.
    pub earlier: bool,
    /// Who wrote it.
    pub writer: Writer,
}

impl Change {
    /// Whether the document allows more, or may allow more.
    pub fn is_wider(&self) -> bool {
        self.wider.as_ref().is_some_and(WiderReport::is_wider)
    }
}

/// An event.
#[derive(Debug)]
pub enum Event {
    /// The watch has started.
    Started {
        /// The number of places.
        targets: usize,
        /// The URL of the metrics, if they are served.
        metrics: Option<String>,
    },
    /// A place is watched.
    Watching {
        /// How.
        how: How,
        /// The hash of its document.
        hash: String,
        /// Whether it has a document.
        exists: bool,
    },
    /// A document changed.
    Changed(Box<Change>),
    /// The version before was stored again.
    Restored {
        /// The version; `None`: it could not be kept.
        version: Option<u64>,
        /// The hash of the document.
        hash: String,
    },
    /// The version before could not be stored again.
    NotRestored(String),
    /// The time of an entry was over.
    Expired(Expired),
    /// A place cannot be read, for now.
    Unreadable {
        /// The cause.
        cause: String,
        /// The next step for a person, if there is one.
        remedy: Option<String>,
        /// The pause before the next attempt, in milliseconds.
        retry_ms: u64,
    },
    /// A place can be read again.
    Readable,
    /// A version could not be kept.
    NotKept(String),
    /// Configuration and secrets are read again.
    Reloading,
    /// Configuration or secrets could not be read; the places stay as they are.
    NotReloaded(String),
    /// A hook or a notice failed.
    HookFailed {
        /// The program or the receiver, without possible secrets.
        hook: String,
        /// The event that it was for.
        of: &'static str,
        /// The cause.
        cause: String,
    },
    /// A bug ended the watch of a place; it will be restarted.
    Failed {
        /// The pause before the restart, in milliseconds.
        retry_ms: u64,
    },
    /// This many lines were dropped, because earlier lines were not read in time.
    Dropped(u64),
    /// The watch received the order to stop.
    Stopping,
    /// The watch has ended.
    Stopped,
}

/// An event that starts hooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// A document changed.
    Changed,
    /// A document allows more.
    Wider,
    /// A document disappeared or lost all that it said.
    Vanished,
}

impl Trigger {
    /// Whether a line reports this event.
    pub fn is(self, event: &Event) -> bool {
        let Event::Changed(change) = event else { return false };
        match self {
            Self::Changed => true,
            Self::Wider => change.is_wider(),
            Self::Vanished => change.vanished,
        }
    }
}

/// A line in machine output. Fields without a value are absent.
pub fn object(line: &Line) -> impl Serialize + use<> {
    let mut object = Map::new();
    object.insert("version".to_owned(), json!(VERSION));
    object.insert("at".to_owned(), json!(instant(line.at_ms)));
    if !line.target.is_empty() {
        object.insert("target".to_owned(), json!(line.target));
    }
    let (name, fields) = event(&line.event);
    object.insert("event".to_owned(), json!(name));
    if let Value::Object(fields) = fields {
        object.extend(fields.into_iter().filter(|(_, value)| !value.is_null()));
    }
    object
}

fn event(event: &Event) -> (&'static str, Value) {
    match event {
        Event::Started { targets, metrics } => ("started", json!({ "targets": targets, "metrics": metrics })),
        Event::Watching { how, hash, exists } => {
            ("watching", json!({ "how": how.as_str(), "hash": hash, "exists": exists }))
        }
        Event::Changed(change) => ("changed", of_change(change)),
        Event::Restored { version, hash } => ("restored", json!({ "from": version, "hash": hash })),
        Event::NotRestored(cause) => ("not-restored", json!({ "cause": cause })),
        Event::Expired(expired) => {
            ("expired", serde_json::to_value(ExpiredJson::of(expired)).unwrap_or_default())
        }
        Event::Unreadable { cause, remedy, retry_ms } => {
            ("unreadable", json!({ "cause": cause, "remedy": remedy, "retryMs": retry_ms }))
        }
        Event::Readable => ("readable", json!({})),
        Event::NotKept(cause) => ("not-kept", json!({ "cause": cause })),
        Event::Reloading => ("reloading", json!({})),
        Event::NotReloaded(cause) => ("not-reloaded", json!({ "cause": cause })),
        Event::HookFailed { hook, of, cause } => {
            ("hook-failed", json!({ "hook": hook, "of": of, "cause": cause }))
        }
        Event::Failed { retry_ms } => ("failed", json!({ "retryMs": retry_ms })),
        Event::Dropped(lines) => ("dropped", json!({ "lines": lines })),
        Event::Stopping => ("stopping", json!({})),
        Event::Stopped => ("stopped", json!({})),
    }
}

/// The name of an event in machine output.
pub fn name(of: &Event) -> &'static str {
    event(of).0
}

fn of_change(change: &Change) -> Value {
    let wider = change.wider.as_ref();
    json!({
        "baseHash": change.before,
        "hash": change.after,
        "from": change.from,
        "to": change.to,
        "changes": changed(&change.changes.policy),
        "omittedChanges": change.changes.omitted,
        "wider": wider.map(WiderReport::is_wider),
        "widenings": wider.map(WiderReport::widenings),
        "vanished": change.vanished,
        "unreadable": change.unreadable,
        "earlier": change.earlier,
        "writer": match change.writer {
            Writer::Verb(verb) => Some(verb),
            Writer::Answer => Some("allow-always"),
            Writer::Unknown => None,
        },
    })
}
