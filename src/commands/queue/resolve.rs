//! `queue resolve`: one decision on one prompt, which allows it and was shown unchanged.

use std::time::Duration;

use super::hold::Hold;
use super::{Lacking, Pending, Queue, QueueError, Sending, Way, decide_until};
use crate::backoff::Backoff;
use crate::commands::Error;
use crate::deadline::Deadline;
use crate::gateway::Access;
use crate::gateway::api::prompts::{self, GetCommand, GetPrompt, Reply, Settled};
use crate::gateway::error::GatewayError;
use crate::queue::filter::{Named, named};
use crate::queue::{Decision, Kind, Prompt, Reader};
use crate::report::queue::Resolved;
use crate::settings::Flags;

/// The first pause while the gateway is too busy.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What is decided.
#[derive(Debug, Clone, Copy)]
pub struct Ruling {
    /// The decision.
    pub decision: Decision,
    /// The limit for the standing grant that an allowance of a cron job's prompt mints, in days.
    pub expires_in_days: Option<u16>,
}

/// A planned decision on one prompt.
#[derive(Debug)]
pub enum Planning {
    /// The prompt was already decided in this way.
    Finished(Box<Resolved>),
    /// The prompt is pending and allows the decision.
    Ready(Box<Ready>),
}

/// A decision that can be sent, and the connection on which the prompt was found.
#[derive(Debug)]
pub struct Ready {
    /// The prompt.
    pub prompt: Prompt,
    /// The gateway's clock when it was listed, in Unix milliseconds.
    pub now_ms: u64,
    ruling: Ruling,
    before: Pending,
    hold: Hold,
}

/// Whether a person has seen the prompt and agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    /// Yes: the prompt must still be the one that was shown.
    ByPerson,
    /// No confirmation was requested.
    Unasked,
}

/// A prompt that an id names.
pub(super) enum Found {
    /// It is pending and allows the decision.
    Pending(Prompt),
    /// It was decided in this way before.
    Decided,
}

/// Finds the prompt.
pub async fn plan(id: &str, ruling: Ruling, flags: &Flags, deadline: Deadline) -> Result<Planning, Error> {
    let mut queue = Queue::open(flags, Access::OPERATOR, Reader::keeping_raw(), deadline).await?;
    let pending = queue.list_prompts().await?;
    match find(&queue, &pending, id, ruling, deadline).await? {
        Found::Decided => {
            let gateway = queue.connection.address().to_owned();
            queue.connection.close().await;
            let Ruling { decision, .. } = ruling;
            let id = id.to_owned();
            let resolved = Resolved { gateway, id, prompt: None, decision, before: true, entry: None };
            Ok(Planning::Finished(Box::new(resolved)))
        }
        Found::Pending(prompt) => {
            let (now_ms, hold) = (pending.at_ms, Hold::new(queue, deadline));
            Ok(Planning::Ready(Box::new(Ready { prompt, now_ms, ruling, before: pending, hold })))
        }
    }
}

/// The prompt that an id, or the start of one, names.
///
/// # Errors
/// No prompt, or several; or the prompt does not allow the decision, or was decided otherwise.
pub(super) async fn find(
    queue: &Queue,
    pending: &Pending,
    id: &str,
    ruling: Ruling,
    deadline: Deadline,
) -> Result<Found, Error> {
    let Ruling { decision, .. } = ruling;
    let prompt = match named(&pending.listing.prompts, id) {
        Named::One(prompt) => prompt,
        Named::Several(several) => {
            let matches = several.iter().map(|prompt| prompt.id().to_owned()).collect();
            return Err(QueueError::Ambiguous { id: id.to_owned(), matches }.into());
        }
        Named::Nothing => {
            let how = settled(queue, id, deadline).await?;
            return Ok(decided(id, how, decision)?);
        }
    };
    // A text that is only the start of an id may be the whole id of a prompt that is gone.
    if prompt.id() != id
        && let Some(how) = whole(queue, prompt, id, deadline).await?
    {
        return Ok(decided(id, how, decision)?);
    }
    if !prompt.allows(decision) {
        let allowed = prompt.details.allowed.iter().map(|decision| decision.as_str()).collect();
        let id = prompt.id().to_owned();
        return Err(QueueError::NotAllowed { id, decision: decision.as_str(), allowed }.into());
    }
    mints(queue, prompt, ruling)?;
    Ok(Found::Pending(prompt.clone()))
}

/// Fails where a limit for a standing grant is given, and the decision would mint none.
fn mints(queue: &Queue, prompt: &Prompt, ruling: Ruling) -> Result<(), QueueError> {
    if ruling.expires_in_days.is_none() {
        return Ok(());
    }
    if queue.way() != Way::Exact || !queue.capabilities().grants {
        let version = queue.connection.version().map(str::to_owned);
        return Err(QueueError::TooOld { lacks: Lacking::Grants, version });
    }
    if ruling.decision != Decision::AllowAlways {
        return Err(QueueError::NoGrant { id: None });
    }
    if !prompt.is_of_cron_job() {
        return Err(QueueError::NoGrant { id: Some(prompt.id().to_owned()) });
    }
    Ok(())
}

/// Decides the prompt. If a person confirmed, it is listed again first: it must still be the one that was shown.
pub async fn carry_out(ready: Ready, confirmed: Confirmed) -> Result<Resolved, Error> {
    let Ready { prompt, ruling, before: pending, hold, .. } = ready;
    let (mut queue, deadline) = hold.resume();
    let ended = decide_shown(&mut queue, &pending, &prompt, ruling, (confirmed, deadline)).await?;
    let before = ended.before(&prompt, ruling.decision)?;
    let gateway = queue.connection.address().to_owned();
    queue.connection.close().await;
    let (id, decision) = (prompt.id().to_owned(), ruling.decision);
    Ok(Resolved { gateway, id, prompt: Some(prompt), decision, before, entry: None })
}

/// How a decision on a prompt that was shown ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// The prompt is decided in this way.
    Decided {
        /// Whether it was before.
        before: bool,
    },
    /// It was not pending any more. Contains its decision, if it is known.
    Gone(Option<Settled>),
}

impl Ended {
    /// Whether the prompt was decided in this way before. A prompt that is gone otherwise is an error.
    pub(super) fn before(self, prompt: &Prompt, decision: Decision) -> Result<bool, QueueError> {
        match self {
            Self::Decided { before } => Ok(before),
            Self::Gone(how) => gone_meanwhile(prompt, how, decision),
        }
    }
}

/// Decides a prompt of a listing. If a person confirmed, it is listed again first: it must still be the one that was
/// shown.
///
/// # Errors
/// The prompt changed, was decided otherwise, or the gateway did not take the decision.
pub(super) async fn decide_shown(
    queue: &mut Queue,
    pending: &Pending,
    prompt: &Prompt,
    ruling: Ruling,
    (confirmed, deadline): (Confirmed, Deadline),
) -> Result<Ended, Error> {
    let Ruling { decision, .. } = ruling;
    if confirmed == Confirmed::ByPerson
        && let Some(how) = gone(queue, pending, prompt, deadline).await?
    {
        return Ok(Ended::Gone(how));
    }
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    loop {
        match send(queue, prompt, ruling, deadline).await? {
            Reply::Taken { confirmed } => {
                taken(queue, pending, prompt, confirmed).await?;
                return Ok(Ended::Decided { before: false });
            }
            Reply::Before(Some(how)) if how.is(decision) => return Ok(Ended::Decided { before: true }),
            Reply::Before(Some(how)) => {
                return Err(otherwise(prompt.id(), how).into());
            }
            Reply::Before(None) => return Ok(Ended::Gone(None)),
            Reply::NotTaken(words) => {
                return Err(QueueError::NotTaken { id: prompt.id().to_owned(), words }.into());
            }
            Reply::Busy(asked) if deadline.left().is_some_and(|left| asked < left) => {
                tokio::time::sleep(backoff.wait_at_least(asked)).await;
                // Somebody may have decided it meanwhile, and a prompt may have come with an id that starts with its
                // id.
                if let Some(how) = gone(queue, pending, prompt, deadline).await? {
                    return Ok(Ended::Gone(how));
                }
            }
            Reply::Busy(_) => {
                let words = "the gateway is too busy, and no time is left".to_owned();
                return Err(QueueError::NotTaken { id: prompt.id().to_owned(), words }.into());
            }
            Reply::Failed(error) => return Err(queue.connection.fault(error)),
        }
    }
}

/// Sends the decision, if it cannot decide another prompt.
async fn send(
    queue: &Queue,
    prompt: &Prompt,
    ruling: Ruling,
    deadline: Deadline,
) -> Result<Reply, QueueError> {
    let id = || prompt.id().to_owned();
    match queue.sending(&prompt.key) {
        Sending::Now => {}
        Sending::Never(_) => return Err(QueueError::AmbiguousId { id: id() }),
        Sending::Gone | Sending::Stale => return Err(QueueError::NotPending { id: id(), how: None }),
    }
    let Some(session) = queue.connection.session() else { return Err(QueueError::Unknown(id())) };
    let Ruling { decision, expires_in_days } = ruling;
    let (_, reply) =
        decide_until(session, queue.way(), &prompt.key, decision, expires_in_days, deadline).await;
    Ok(reply)
}

/// Lists again, and compares the whole prompt with the one that was shown. `Some`: it is gone, with its decision if
/// known.
async fn gone(
    queue: &mut Queue,
    before: &Pending,
    shown: &Prompt,
    deadline: Deadline,
) -> Result<Option<Option<Settled>>, Error> {
    let now = queue.list_prompts_again(before).await?;
    let mut rows = now.listing.prompts.iter().filter(|prompt| prompt.key == shown.key).peekable();
    if rows.peek().is_none() {
        // A prompt that cannot be read any more is pending, but is not the one that was shown.
        if now.unread.contains(&shown.key) {
            return Err(QueueError::Changed { id: shown.id().to_owned() }.into());
        }
        return settled(queue, shown.id(), deadline).await.map(Some);
    }
    if rows.all(|row| row == shown) {
        return Ok(None);
    }
    Err(QueueError::Changed { id: shown.id().to_owned() }.into())
}

/// Checks by a listing that a decided prompt is not pending any more. `said`: whether the gateway's answer confirmed
/// the decision.
async fn taken(queue: &mut Queue, before: &Pending, prompt: &Prompt, confirmed: bool) -> Result<(), Error> {
    let after = match queue.list_prompts_again(before).await {
        Ok(after) => after,
        Err(_) if confirmed => return Ok(()),
        Err(error) => return Err(error),
    };
    let same = |row: &Prompt| row.key == prompt.key && row.created_at_ms == prompt.created_at_ms;
    if after.listing.prompts.iter().any(same) || after.unread.contains(&prompt.key) {
        let words = "the gateway answered that it was, but still lists it".to_owned();
        return Err(QueueError::NotTaken { id: prompt.id().to_owned(), words }.into());
    }
    Ok(())
}

/// Whether a prompt that is gone since it was shown was decided in this way: nothing was sent.
fn gone_meanwhile(prompt: &Prompt, how: Option<Settled>, decision: Decision) -> Result<bool, QueueError> {
    match how {
        Some(how) if how.is(decision) => Ok(true),
        how => Err(QueueError::NotPending { id: prompt.id().to_owned(), how: how.map(Settled::words) }),
    }
}

/// The result for a prompt that was not pending at the start.
fn decided(id: &str, how: Option<Settled>, decision: Decision) -> Result<Found, QueueError> {
    match how {
        Some(how) if how.is(decision) => Ok(Found::Decided),
        Some(how) => Err(otherwise(id, how)),
        None => Err(QueueError::Unknown(id.to_owned())),
    }
}

fn otherwise(id: &str, how: Settled) -> QueueError {
    QueueError::DecidedOtherwise { id: id.to_owned(), before: how.words() }
}

/// Whether the start of a prompt's id is the whole id of another prompt that is gone; the decision on that one, if
/// known. Current gateways remember each id for a month, others a decided id for about 15 s, in which it matches
/// nothing.
async fn whole(
    queue: &Queue,
    prompt: &Prompt,
    id: &str,
    deadline: Deadline,
) -> Result<Option<Option<Settled>>, Error> {
    if queue.capabilities().finds_decided {
        return Ok(settled(queue, id, deadline).await?.map(Some));
    }
    let Some(session) = queue.connection.session() else { return Ok(None) };
    if queue.way() == Way::Exact || prompt.kind() != Kind::Exec {
        return Ok(None);
    }
    match session.call(&GetCommand { id }, deadline).await {
        Err(error) if prompts::is_gone(&error) => Ok(Some(None)),
        Ok(_) | Err(GatewayError::Failed { .. }) => Ok(None),
        Err(error) => Err(queue.connection.fault(error)),
    }
}

/// The decision on a prompt that is not listed, if the gateway knows it. Nothing is sent that could decide it.
pub(super) async fn settled(queue: &Queue, id: &str, deadline: Deadline) -> Result<Option<Settled>, Error> {
    let session = queue.connection.session().filter(|_| !id.is_empty() && queue.capabilities().finds_decided);
    let Some(session) = session else { return Ok(None) };
    let get = GetPrompt { id };
    match session.call(&get, deadline).await {
        // A prompt that is pending but not listed for this client is not known to be decided.
        Ok(answer) => Ok(answer.and_then(|answer| get.settled(&answer))),
        Err(GatewayError::Failed { .. }) => Ok(None),
        Err(error) => Err(queue.connection.fault(error)),
    }
}
