//! The methods, and the scope that each needs. PURE.

use serde_json::json;

use super::Generation;
use super::wire::{ErrorCode, Refusal};

/// A permission of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Admin,
    Read,
    Write,
    Approvals,
}

impl Scope {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "operator.admin",
            Self::Read => "operator.read",
            Self::Write => "operator.write",
            Self::Approvals => "operator.approvals",
        }
    }

    /// Whether granted scopes cover this one: `operator.admin` covers all, writing covers reading.
    pub(super) fn within(self, granted: &[String]) -> bool {
        let has = |scope: Self| granted.iter().any(|name| name == scope.as_str());
        has(Self::Admin) || has(self) || (self == Self::Read && has(Self::Write))
    }
}

/// Every method of both generations, its scope, and whether only the current generation has it.
const METHODS: [(&str, Scope, bool); 24] = [
    ("health", Scope::Read, false),
    ("status", Scope::Read, false),
    ("config.get", Scope::Read, false),
    ("exec.approvals.get", Scope::Admin, false),
    ("exec.approvals.set", Scope::Admin, false),
    ("exec.approvals.node.get", Scope::Admin, false),
    ("exec.approvals.node.set", Scope::Admin, false),
    ("exec.approval.get", Scope::Approvals, false),
    ("exec.approval.list", Scope::Approvals, false),
    ("exec.approval.request", Scope::Approvals, false),
    ("exec.approval.resolve", Scope::Approvals, false),
    ("plugin.approval.list", Scope::Approvals, false),
    ("plugin.approval.resolve", Scope::Approvals, false),
    ("openclaw.approval.list", Scope::Approvals, true),
    ("approval.get", Scope::Approvals, true),
    ("approval.resolve", Scope::Approvals, true),
    ("approval.history", Scope::Approvals, true),
    ("exec.approval.grants.list", Scope::Admin, true),
    ("exec.approval.grants.revoke", Scope::Admin, true),
    ("node.list", Scope::Read, false),
    ("sessions.list", Scope::Read, false),
    ("sessions.abort", Scope::Write, false),
    ("chat.abort", Scope::Write, false),
    ("chat.history", Scope::Read, false),
];

/// The names of a generation's methods.
pub(super) fn methods(generation: Generation) -> impl Iterator<Item = &'static str> {
    METHODS
        .iter()
        .filter(move |(.., current)| !current || generation == Generation::Current)
        .map(|(name, ..)| *name)
}

/// The name of a method, if it exists and may be called with these scopes.
pub(super) fn allow(
    generation: Generation,
    method: &str,
    granted: &[String],
) -> Result<&'static str, Refusal> {
    let known = METHODS
        .iter()
        .find(|(name, _, current)| *name == method && (!current || generation == Generation::Current));
    let Some(&(name, scope, _)) = known else {
        return Err(Refusal::invalid(format!("unknown method: {method}")));
    };
    if scope.within(granted) {
        return Ok(name);
    }
    let missing = scope.as_str();
    let message = format!("missing scope: {missing}");
    Err(match generation {
        Generation::Legacy => Refusal::invalid(message),
        Generation::Current => Refusal::new(ErrorCode::Forbidden, message).with(json!({
            "code": "MISSING_SCOPE", "missingScope": missing, "requiredScopes": [missing],
        })),
    })
}

/// The methods that `POST /api/v1/admin/rpc` offers.
pub(super) const OVER_HTTP: [&str; 8] = [
    "health",
    "status",
    "commands.list",
    "exec.approvals.get",
    "exec.approvals.set",
    "exec.approvals.node.get",
    "exec.approvals.node.set",
    "node.list",
];
