//! Report of `approvals get`: a stored document, or a Windows node's policy.

use serde::Serialize;
use serde_json::Value;

use super::effective::{Effective, Official};
use super::notes::{EntryNote, NoteJson};
use super::{VERSION, messages};
use crate::approvals::contents::Contents;
use crate::approvals::findings::remark::Remark;

/// The result of `get`.
#[derive(Debug)]
pub struct Snapshot {
    /// Owner of the document, if not this host: a gateway's address, and a node.
    pub place: Option<String>,
    /// Path of the document on its host.
    pub path: String,
    /// Whether the document exists.
    pub exists: bool,
    /// Lower-case hex SHA-256 of the stored text.
    pub hash: String,
    /// The document as it is stored.
    pub file: Contents,
    /// Number of problems that a validation of it would report.
    pub problems: usize,
    /// The defaults for fields that the document does not set, if the gateway reports them.
    pub resolved_defaults: Option<Value>,
    /// Notes and time limits of entries, some of which the document may not have any more.
    pub notes: Vec<EntryNote>,
    /// The policies in force, if they were asked for.
    pub effective: Option<Effective>,
    /// The policies in force in the form of OpenClaw's own command.
    pub official: Option<Official>,
    /// Conditions around the document that need attention.
    pub remarks: Vec<Remark>,
}

/// The result of `get` for a Windows node.
#[derive(Debug)]
pub struct NativeSnapshot {
    /// Owner of the policy.
    pub path: String,
    /// The hash that the node reports for it.
    pub hash: String,
    /// The policy: `{defaultAction, rules}`.
    pub policy: Value,
    /// Number of problems that a validation of it would report.
    pub problems: usize,
}

/// The result of `get`.
#[derive(Debug)]
pub enum Got {
    /// A document.
    Document(Box<Snapshot>),
    /// A Windows node's policy.
    Native(NativeSnapshot),
}

impl Got {
    /// Number of problems that a validation of it would report.
    pub fn problems(&self) -> usize {
        match self {
            Self::Document(snapshot) => snapshot.problems,
            Self::Native(snapshot) => snapshot.problems,
        }
    }
}

impl Snapshot {
    /// The output of `--json`: the object of OpenClaw's own command, and the version of clearance's output.
    pub fn json(&self) -> impl Serialize + use<'_> {
        #[derive(Serialize)]
        struct Printed<'s, E: Serialize, O: Serialize> {
            version: u8,
            #[serde(skip_serializing_if = "Option::is_none")]
            gateway: Option<&'s str>,
            path: &'s str,
            exists: bool,
            hash: &'s str,
            file: &'s Contents,
            #[serde(rename = "resolvedDefaults", skip_serializing_if = "Option::is_none")]
            resolved_defaults: Option<&'s Value>,
            #[serde(rename = "effectivePolicy", skip_serializing_if = "Option::is_none")]
            official: Option<O>,
            #[serde(skip_serializing_if = "Option::is_none")]
            effective: Option<E>,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            notes: Vec<NoteJson<'s>>,
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
            official: self.official.as_ref().map(Official::json),
            effective: self.effective.as_ref().map(Effective::json),
            notes: self.notes.iter().map(NoteJson::of).collect(),
            remarks: messages(&self.remarks),
        }
    }
}

impl NativeSnapshot {
    /// The output of `--json`: the object of OpenClaw's own command, and the version of clearance's output.
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
