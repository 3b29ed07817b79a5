//! What this program is.

use crate::approvals::decide::Proof;

/// The version, and what matters for a report of a bug.
#[derive(Debug)]
pub struct Version {
    /// The release of clearance.
    pub release: &'static str,
    /// The target that it was compiled for.
    pub target: &'static str,
    /// The releases of OpenClaw whose own code agrees with its decisions.
    pub proven: Vec<String>,
    /// The comparisons with releases whose own code disagrees.
    pub disagreeing: Vec<Proof>,
}

impl Version {
    /// The version of this program.
    pub fn of_this_program() -> Self {
        let (agreeing, disagreeing): (Vec<Proof>, Vec<Proof>) =
            Proof::all().into_iter().partition(|proof| proof.disagreements == 0);
        Self {
            release: env!("CARGO_PKG_VERSION"),
            target: env!("CLEARANCE_TARGET"),
            proven: agreeing.into_iter().map(|proof| proof.release).collect(),
            disagreeing,
        }
    }
}
