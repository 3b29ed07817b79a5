//! `queue resolve`: one prompt and its decision.

use serde::Serialize;

use super::VERSION;
use super::prompt::PromptJson;
use crate::queue::{Decision, Prompt};

/// The report of `queue resolve`.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The gateway.
    pub gateway: String,
    /// The prompt's id.
    pub id: String,
    /// The prompt, if it was pending: of one that was decided before, only the id is known.
    pub prompt: Option<Prompt>,
    /// The decision.
    pub decision: Decision,
    /// Whether the prompt was decided in this way before.
    pub before: bool,
}

impl Resolved {
    /// The output of `--json`.
    pub fn json(&self) -> impl Serialize + use<'_> {
        #[derive(Serialize)]
        #[serde(untagged)]
        enum Approval<'r> {
            Pending(Box<PromptJson<'r>>),
            Gone { id: &'r str },
        }
        #[derive(Serialize)]
        struct Printed<'r> {
            approval: Approval<'r>,
            before: bool,
            decision: &'static str,
            gateway: &'r str,
            version: u8,
        }
        let Self { gateway, id, prompt, decision, before } = self;
        let approval = prompt
            .as_ref()
            .map_or(Approval::Gone { id }, |prompt| Approval::Pending(Box::new(PromptJson::of(prompt))));
        Printed { approval, before: *before, decision: decision.as_str(), gateway, version: VERSION }
    }
}
