//! `exec.approval.grants.*`: the standing grants of cron jobs, each minted by an allowance of one prompt. Current
//! gateways have them.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Call, Effect, Method};

/// `exec.approval.grants.list`.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ListGrants {
    limit: u16,
}

impl ListGrants {
    /// The largest number of grants that a gateway lists.
    pub const MOST: u16 = 500;

    /// As many grants as a gateway lists.
    pub fn all() -> Self {
        Self { limit: Self::MOST }
    }
}

impl Call for ListGrants {
    /// Read with [`crate::queue::grants::Grants::read`].
    type Answer = Box<RawValue>;

    fn method(&self) -> Method {
        Method::ExecApprovalGrantsList
    }
}

/// `exec.approval.grants.revoke`, by the exact id. Revoking twice is no error.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevokeGrant<'a> {
    /// The grant.
    pub grant_id: &'a str,
}

/// The answer of `exec.approval.grants.revoke`: `revoked`, `already-revoked` or `not-found`.
#[derive(Debug, Deserialize)]
pub struct Revoked {
    /// The outcome.
    pub outcome: String,
}

impl Call for RevokeGrant<'_> {
    type Answer = Revoked;

    fn method(&self) -> Method {
        Method::ExecApprovalGrantsRevoke
    }

    const EFFECT: Effect = Effect::Write;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_parameters_are_those_of_the_contract() {
        assert_eq!(serde_json::to_value(ListGrants::all()).unwrap(), json!({"limit": 500}));
        let revoke = RevokeGrant { grant_id: "g" };
        assert_eq!(serde_json::to_value(&revoke).unwrap(), json!({"grantId": "g"}));
        assert_eq!(
            (revoke.method(), ListGrants::all().method()),
            (Method::ExecApprovalGrantsRevoke, Method::ExecApprovalGrantsList)
        );
        let revoked: Revoked = serde_json::from_value(json!({"outcome": "already-revoked"})).unwrap();
        assert_eq!(revoked.outcome, "already-revoked");
    }
}
