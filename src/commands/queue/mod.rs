//! What commands on prompts share: what is pending on a gateway now, and what is known of the runs behind it.

pub mod dedupe;
mod error;
pub mod guard;
pub mod ls;
mod purge;
pub mod resolve;

use std::collections::HashSet;

use serde_json::value::RawValue;
use serde_json::{Value, json};

pub use self::error::QueueError;

use super::Error;
use super::gateway::Connection;
use crate::deadline::Deadline;
use crate::gateway::Access;
use crate::gateway::error::GatewayError;
use crate::queue::{Key, Kind, Listing, Prompt, Reader, Runs};
use crate::settings::Flags;
use crate::store::MAX_SIZE;
use crate::store::input::{self, Bounds, Input};

/// What tells of runs.
const SESSIONS: &str = "sessions.list";

/// What is pending, by the gateway's clock.
#[derive(Debug)]
pub(in crate::commands) struct Pending {
    /// What was read of it.
    pub(in crate::commands) listing: Listing,
    /// What is known of runs.
    pub(in crate::commands) runs: Runs,
    /// The keys of the sessions that the gateway lists.
    pub(in crate::commands) sessions: Vec<String>,
    /// When it was so, in Unix milliseconds.
    pub(in crate::commands) at_ms: u64,
    /// Why there may be more, if so.
    pub(in crate::commands) partial: Option<String>,
}

impl Pending {
    /// The names of everything that is pending.
    pub(in crate::commands) fn keys(&self) -> HashSet<Key> {
        self.listing.prompts.iter().map(|prompt| prompt.key.clone()).collect()
    }
}

/// The queue of one gateway.
#[derive(Debug)]
pub(in crate::commands) struct Queue {
    pub(in crate::commands) connection: Connection,
    reader: Reader,
}

impl Queue {
    /// Connects. What is read is kept as far as the reader keeps it: whole prompts take their time.
    pub(in crate::commands) async fn open(
        flags: &Flags,
        access: Access,
        reader: Reader,
        deadline: Deadline,
    ) -> Result<Self, Error> {
        let connection = Connection::open(flags, access, deadline).await?;
        Ok(Self { connection, reader })
    }

    /// The gateway's clock now, in Unix milliseconds.
    pub(in crate::commands) fn now_ms(&self) -> u64 {
        self.connection.now_ms()
    }

    /// Whether the gateway is of the generation whose denials start an agent turn, and whose prompts carry no run.
    pub(in crate::commands) fn is_legacy(&self) -> bool {
        self.connection.protocol() == Some(3)
    }

    /// What is pending now. The kinds are asked for at once, beside the sessions.
    pub(in crate::commands) async fn list(&mut self) -> Result<Pending, Error> {
        let kinds: Vec<Kind> =
            Kind::ALL.into_iter().filter(|kind| self.connection.has(&method(*kind, "list"))).collect();
        let mut calls: Vec<String> = kinds.iter().map(|kind| method(*kind, "list")).collect();
        calls.push(SESSIONS.to_owned());
        // Before it is asked: what is asked for later cannot be in it.
        let at_ms = self.now_ms();
        let mut answers = self.connection.read_all(&calls).await?;
        let mut runs = Runs::new();
        let mut sessions = Vec::new();
        if let Some(answer) = answers.pop() {
            let answer: Value = serde_json::from_str(answer.get()).unwrap_or_default();
            runs.listed(&answer, at_ms);
            let rows = answer.get("sessions").and_then(Value::as_array).into_iter().flatten();
            sessions.extend(rows.filter_map(|row| row.get("key")?.as_str().map(str::to_owned)));
        }
        let mut listing = Listing::default();
        for (kind, answer) in kinds.into_iter().zip(&answers) {
            self.reader.list(kind, answer.get(), &mut listing).map_err(|error| QueueError::Listing {
                address: self.connection.address().to_owned(),
                cause: error.to_string(),
            })?;
        }
        let partial = self.connection.lacks("operator.admin").then(|| {
            "operator.admin was not granted, so the gateway lists only what this client may review: there may be more".to_owned()
        });
        Ok(Pending { listing, runs, sessions, at_ms, partial })
    }
}

/// A method of the kind's own family.
pub(in crate::commands) fn method(kind: Kind, verb: &str) -> String {
    format!("{}.{verb}", kind.prefix())
}

/// A saved listing. Its clock is the moment at which the newest of its prompts was asked: it says nothing of now.
pub(in crate::commands) fn saved(input: &Input, deadline: Deadline) -> Result<Pending, Error> {
    let bytes = input::read(input, Bounds { max_size: MAX_SIZE, deadline })?;
    let wrong = |cause: String| QueueError::Saved { name: input.name(), cause };
    let text = String::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8".to_owned()))?;
    let mut listing = Listing::default();
    Reader::keeping_raw().saved(&text, &mut listing).map_err(|error| wrong(error.to_string()))?;
    let at_ms = listing.prompts.iter().map(|prompt: &Prompt| prompt.created_at_ms).max().unwrap_or_default();
    Ok(Pending { listing, runs: Runs::new(), sessions: Vec::new(), at_ms, partial: None })
}

/// Denies a prompt, or decides it otherwise.
pub(in crate::commands) async fn decide(
    session: &crate::gateway::Session,
    key: &Key,
    decision: &str,
    deadline: Deadline,
) -> Result<Option<Box<RawValue>>, GatewayError> {
    let (method, params) = decision_of(key, decision);
    session.call(&method, &params, deadline).await
}

/// The call that decides a prompt.
fn decision_of(key: &Key, decision: &str) -> (String, Value) {
    match key.kind {
        // A wrong kind denies whatever was decided (2026.9.6): it is the listing's own.
        Kind::System => {
            let params = json!({ "id": &*key.id, "kind": key.kind.as_str(), "decision": decision });
            ("approval.resolve".to_owned(), params)
        }
        Kind::Exec | Kind::Plugin => {
            (method(key.kind, "resolve"), json!({ "id": &*key.id, "decision": decision }))
        }
    }
}

/// Whether a failure says that the prompt is not pending any more.
pub(in crate::commands) fn is_gone(error: &GatewayError) -> bool {
    match error {
        GatewayError::Failed { failure, .. } => {
            matches!(failure.detail_code(), Some("APPROVAL_NOT_FOUND" | "APPROVAL_ALREADY_RESOLVED"))
        }
        _ => false,
    }
}
