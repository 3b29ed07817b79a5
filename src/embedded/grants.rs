//! The standing grants of cron jobs. PURE.

use serde_json::{Value, json};

/// A standing grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) id: String,
    pub(super) minted_by: String,
    pub(super) agent: String,
    pub(super) job: String,
    pub(super) job_name: String,
    pub(super) command: String,
    pub(super) cwd: Option<String>,
    pub(super) created_at: u64,
    pub(super) expires_at: Option<u64>,
    /// When it was revoked, and by which client.
    pub(super) revoked: Option<(u64, String)>,
}

impl Grant {
    /// The row of a list.
    pub(super) fn listed(&self) -> Value {
        json!({
            "grantId": self.id, "mintedByApprovalId": self.minted_by, "agentId": self.agent, "cronJobId": self.job,
            "cronJobName": self.job_name, "command": self.command, "cwd": self.cwd, "createdAtMs": self.created_at,
            "expiresAtMs": self.expires_at, "revokedAtMs": self.revoked.as_ref().map(|(at, _)| at),
            "revokedBy": self.revoked.as_ref().map(|(_, by)| by), "lastUsedAtMs": null, "useCount": 0,
        })
    }
}

/// The grants of a gateway.
#[derive(Debug, Default)]
pub(super) struct Grants(Vec<Grant>);

impl Grants {
    pub(super) fn add(&mut self, grant: Grant) {
        self.0.push(grant);
    }

    /// The grants, newest first.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Grant> {
        self.0.iter().rev()
    }

    /// Revokes a grant by its exact id. Returns the outcome.
    pub(super) fn revoke(&mut self, id: &str, by: &str, now: u64) -> &'static str {
        match self.0.iter_mut().find(|grant| grant.id == id) {
            None => "not-found",
            Some(Grant { revoked: Some(_), .. }) => "already-revoked",
            Some(grant) => {
                grant.revoked = Some((now, by.to_owned()));
                "revoked"
            }
        }
    }
}
