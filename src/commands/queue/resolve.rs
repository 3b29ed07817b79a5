//! `queue resolve`: one decision, for one prompt, that the prompt allows.

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::{Queue, QueueError, decide, is_gone};
use crate::commands::Error;
use crate::deadline::Deadline;
use crate::gateway::Access;
use crate::gateway::error::GatewayError;
use crate::queue::filter::{Named, named};
use crate::queue::{Decision, Prompt, Reader};
use crate::settings::Flags;

/// What was decided.
#[derive(Debug)]
pub struct Resolved {
    /// The gateway.
    pub gateway: String,
    /// The prompt's id.
    pub id: String,
    /// The prompt, where it was pending: of one that was decided before no more is told.
    pub prompt: Option<Prompt>,
    /// The decision.
    pub decision: Decision,
    /// Whether it had been decided so before.
    pub before: bool,
}

/// What current gateways still know of a prompt.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Settled {
    status: String,
    decision: Option<String>,
}

/// Finds the prompt, has it confirmed, and decides it.
pub async fn run(
    id: &str,
    decision: Decision,
    flags: &Flags,
    deadline: Deadline,
    confirm: impl FnOnce(&Prompt, u64) -> Result<(), QueueError>,
) -> Result<Resolved, Error> {
    let mut queue = Queue::open(flags, Access::OPERATOR, Reader::keeping_raw(), deadline).await?;
    let pending = queue.list_prompts().await?;
    let prompt = match named(&pending.listing.prompts, id) {
        Named::One(prompt) => prompt.clone(),
        Named::Several(several) => {
            let matches = several.iter().map(|prompt| prompt.id().to_owned()).collect();
            return Err(QueueError::Ambiguous { id: id.to_owned(), matches }.into());
        }
        Named::Nothing => return settled(queue, id, decision, deadline).await,
    };
    if !prompt.allows(decision) {
        let allowed = prompt.details.allowed.iter().map(|decision| decision.as_str()).collect();
        let id = prompt.id().to_owned();
        return Err(QueueError::NotAllowed { id, decision: decision.as_str(), allowed }.into());
    }
    confirm(&prompt, pending.at_ms)?;
    let Some(session) = queue.connection.session() else {
        return Err(QueueError::Unknown(id.to_owned()).into());
    };
    let answer = decide(session, &prompt.key, decision.as_str(), deadline).await;
    let before = match answer {
        Ok(answer) => match too_late(answer.as_deref()) {
            None => false,
            Some(told) if told == decision.as_str() => true,
            Some(before) => {
                let id = prompt.id().to_owned();
                return Err(QueueError::DecidedOtherwise { id, before }.into());
            }
        },
        Err(error) if is_gone(&error) => decided_before(&error, decision, &prompt)?,
        Err(error) => return Err(queue.connection.fault(error)),
    };
    let gateway = queue.connection.address().to_owned();
    queue.connection.close().await;
    Ok(Resolved { gateway, id: prompt.id().to_owned(), prompt: Some(prompt), decision, before })
}

/// A prompt that is not pending. Current gateways still know how it was decided; nothing is sent that could decide it.
async fn settled(queue: Queue, id: &str, decision: Decision, deadline: Deadline) -> Result<Resolved, Error> {
    const GET: &str = "approval.get";
    #[derive(Deserialize)]
    struct Answer {
        approval: Settled,
    }
    let unknown = || Error::from(QueueError::Unknown(id.to_owned()));
    let session = queue.connection.session().filter(|_| !id.is_empty() && queue.connection.has(GET));
    let answer = session.ok_or_else(unknown)?.call(GET, &json!({ "id": id }), deadline).await;
    let answer = match answer {
        Ok(answer) => answer.ok_or_else(unknown)?,
        Err(GatewayError::Failed { .. }) => return Err(unknown()),
        Err(error) => return Err(queue.connection.fault(error)),
    };
    let Answer { approval } = serde_json::from_str(answer.get()).map_err(|_| unknown())?;
    match approval.decision {
        Some(told) if told == decision.as_str() => {}
        // It is pending, and not listed to us.
        None if approval.status == "pending" => return Err(unknown()),
        told => {
            let before = told.unwrap_or(approval.status);
            return Err(QueueError::DecidedOtherwise { id: id.to_owned(), before }.into());
        }
    }
    let gateway = queue.connection.address().to_owned();
    queue.connection.close().await;
    Ok(Resolved { gateway, id: id.to_owned(), prompt: None, decision, before: true })
}

/// How it had been decided, where `approval.resolve` came too late: that is no error there.
fn too_late(answer: Option<&RawValue>) -> Option<String> {
    #[derive(Deserialize)]
    struct Answer {
        applied: bool,
        approval: Settled,
    }
    let answer: Answer = serde_json::from_str(answer?.get()).ok()?;
    (!answer.applied).then(|| answer.approval.decision.unwrap_or(answer.approval.status))
}

/// Whether it was decided alike before; somebody else's decision is a conflict. Not every gateway says which it was.
fn decided_before(error: &GatewayError, decision: Decision, prompt: &Prompt) -> Result<bool, QueueError> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Details {
        decision: Option<String>,
    }
    let told = match error {
        GatewayError::Failed { failure, .. } => {
            serde_json::from_value::<Details>(failure.details.clone()).unwrap_or_default().decision
        }
        _ => None,
    };
    match told {
        Some(told) if told == decision.as_str() => Ok(true),
        told => Err(QueueError::DecidedOtherwise {
            id: prompt.id().to_owned(),
            before: told.unwrap_or_else(|| "the gateway does not say how, or it expired".to_owned()),
        }),
    }
}
