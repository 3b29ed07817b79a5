//! `exec.approvals.get` and `exec.approvals.set`: the gateway's own approvals document.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Call, Effect, Method};

/// `exec.approvals.get`.
#[derive(Debug, Serialize)]
pub struct GetDocument {}

/// A document as it is stored on a gateway, or on a node that keeps one.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// The path on that host.
    #[serde(default)]
    pub path: String,
    /// Whether the document exists.
    #[serde(default)]
    pub exists: bool,
    /// The hash that a change must name. For a document that does not exist, gateways send a special value.
    pub hash: String,
    /// The document, not yet checked.
    pub file: Box<RawValue>,
    /// The policy that applies if the document does not set one. Only current gateways send it.
    #[serde(default)]
    pub resolved_defaults: Option<Value>,
}

impl Call for GetDocument {
    type Answer = Document;

    fn method(&self) -> Method {
        Method::ExecApprovalsGet
    }
}

/// `exec.approvals.set`. The stored document is read back with [`GetDocument`] and compared, so the answer is ignored.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetDocument<'a> {
    /// The new document.
    pub file: &'a RawValue,
    /// The hash of the document that it replaces.
    pub base_hash: &'a str,
}

impl Call for SetDocument<'_> {
    type Answer = IgnoredAny;

    fn method(&self) -> Method {
        Method::ExecApprovalsSet
    }

    const EFFECT: Effect = Effect::Write;
}
