//! Report of `approvals allowlist ls`: the entries of each agent, and the MCP tools that it may call without a prompt.

use serde::Serialize;
use serde_json::Value;

use super::notes::{EntryNote, NoteJson};
use super::{Snapshot, VERSION, messages};
use crate::approvals::contents::AgentSummary;
use crate::approvals::findings::remark::Remark;

/// The lists of a document's agents.
#[derive(Debug)]
pub struct Allowlists {
    /// The gateway or node, if the document is behind one.
    pub place: Option<String>,
    /// The path.
    pub path: String,
    /// Whether the document exists.
    pub exists: bool,
    /// Its hash.
    pub hash: String,
    /// The agents with their whole lists. Texts that look like secrets are masked.
    pub agents: Vec<AgentSummary>,
    /// Notes and time limits of entries, some of which the document may not have any more.
    pub notes: Vec<EntryNote>,
    /// The only agent that was asked for.
    pub only: Option<String>,
    /// Conditions around the document.
    pub remarks: Vec<Remark>,
}

impl Allowlists {
    /// The lists of a document. `only`: of this agent alone.
    pub fn of(snapshot: Snapshot, only: Option<String>) -> Self {
        let Snapshot { place, path, exists, hash, file, notes, remarks, .. } = snapshot;
        let wanted = |agent: &AgentSummary| only.as_deref().is_none_or(|only| agent.id == only);
        let agents = file.agents(usize::MAX).filter(wanted).collect();
        Self { place, path, exists, hash, agents, notes, only, remarks }
    }

    /// The output of `--json`.
    pub fn json(&self) -> impl Serialize + use<'_> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct AgentJson<'r> {
            agent: &'r str,
            allowlist: &'r [Value],
            mcp_tools: &'r [Value],
        }
        #[derive(Serialize)]
        struct Printed<'r> {
            agents: Vec<AgentJson<'r>>,
            exists: bool,
            #[serde(skip_serializing_if = "Option::is_none")]
            gateway: Option<&'r str>,
            hash: &'r str,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            notes: Vec<NoteJson<'r>>,
            path: &'r str,
            remarks: Vec<&'r str>,
            version: u8,
        }
        let agents = self.agents.iter().map(|agent| AgentJson {
            agent: &agent.id,
            allowlist: &agent.allowlist.first,
            mcp_tools: &agent.mcp_tools.first,
        });
        Printed {
            agents: agents.collect(),
            exists: self.exists,
            gateway: self.place.as_deref(),
            hash: &self.hash,
            notes: self.notes.iter().map(NoteJson::of).collect(),
            path: &self.path,
            remarks: messages(&self.remarks),
            version: VERSION,
        }
    }
}
