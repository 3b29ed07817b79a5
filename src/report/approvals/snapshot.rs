//! `approvals get`: a document, or a Windows node's policy, as it is stored.

use serde::Serialize;
use serde_json::Value;

use super::{VERSION, messages};
use crate::approvals::contents::Contents;
use crate::approvals::findings::remark::Remark;

/// What `get` read.
#[derive(Debug)]
pub struct Snapshot {
    /// Whose it is, if not this host's: a gateway's address, and a node.
    pub place: Option<String>,
    /// Where the document is, on the host that has it.
    pub path: String,
    /// Whether there is one.
    pub exists: bool,
    /// Lower-case hex SHA-256 of the stored text.
    pub hash: String,
    /// The document as it stands there.
    pub file: Contents,
    /// How many problems a validation of it would report.
    pub problems: usize,
    /// What applies where the document says nothing, if a gateway told.
    pub resolved_defaults: Option<Value>,
    /// What is wrong around it.
    pub remarks: Vec<Remark>,
}

/// What `get` read of a Windows node.
#[derive(Debug)]
pub struct NativeSnapshot {
    /// Whose it is.
    pub path: String,
    /// The hash that the node gave to it.
    pub hash: String,
    /// The policy: `{defaultAction, rules}`.
    pub policy: Value,
    /// How many problems a validation of it would report.
    pub problems: usize,
}

/// What `get` read.
#[derive(Debug)]
pub enum Got {
    /// A document.
    Document(Snapshot),
    /// A Windows node's policy.
    Native(NativeSnapshot),
}

impl Got {
    /// How many problems a validation of it would report.
    pub fn problems(&self) -> usize {
        match self {
            Self::Document(snapshot) => snapshot.problems,
            Self::Native(snapshot) => snapshot.problems,
        }
    }
}

impl Snapshot {
    /// What `--json` prints: the object of OpenClaw's own command, and the version of clearance's output.
    pub fn json(&self) -> impl Serialize + use<'_> {
        #[derive(Serialize)]
        struct Printed<'s> {
            version: u8,
            #[serde(skip_serializing_if = "Option::is_none")]
            gateway: Option<&'s str>,
            path: &'s str,
            exists: bool,
            hash: &'s str,
            file: &'s Contents,
            #[serde(rename = "resolvedDefaults", skip_serializing_if = "Option::is_none")]
            resolved_defaults: Option<&'s Value>,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            remarks: Vec<&'s str>,
        }
        Printed {
            version: VERSION,
            gateway: self.place.as_deref(),
            path: &self.path,
            exists: self.exists,
            hash: &self.hash,
            file: &self.file,
            resolved_defaults: self.resolved_defaults.as_ref(),
            remarks: messages(&self.remarks),
        }
    }
}

impl NativeSnapshot {
    /// What `--json` prints: the object of OpenClaw's own command, and the version of clearance's output.
    pub fn json(&self) -> impl Serialize + use<'_> {
        #[derive(Serialize)]
        struct Printed<'s> {
            exists: bool,
            gateway: &'s str,
            hash: &'s str,
            native: &'s Value,
            version: u8,
        }
        let Self { path, hash, policy, .. } = self;
        Printed { exists: true, gateway: path, hash, native: policy, version: VERSION }
    }
}
