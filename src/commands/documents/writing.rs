//! Steps that every command that writes a document on this host shares: it passes the gate, and compares the stored
//! document with the one it wrote.

use crate::approvals::compare::changes::Change;
use crate::approvals::compare::comparison;
use crate::approvals::compare::depth::Depth;
use crate::approvals::model::stored::Stored;
use crate::approvals::{Syntax, parse};
use crate::commands::Error;
use crate::deadline::{Deadline, Gate, OutOfTime};

/// Passes the gate, unless the deadline has passed.
pub(in crate::commands) fn entered(gate: &Gate, deadline: Deadline) -> Result<(), Error> {
    gate.enter(deadline).map_err(|OutOfTime| Error::Unfinished { timeout: deadline.timeout() })
}

/// The differences between the stored document and the written text: a database keeps it in the gateway's form.
pub(in crate::commands) fn departures(text: &str, after: &Stored) -> Vec<Change> {
    let stored = after.text().unwrap_or_default();
    if stored == text.as_bytes() {
        return Vec::new();
    }
    if let (Ok(sent), Ok(stored)) = (parse(text.as_bytes(), Syntax::Json), parse(stored, Syntax::Json)) {
        comparison::documents(&sent, &stored, Depth::Stored).policy
    } else {
        let value = |text: &[u8]| serde_json::from_slice(text).unwrap_or_default();
        comparison::values(&value(text.as_bytes()), &value(stored), Depth::Stored).policy
    }
}
