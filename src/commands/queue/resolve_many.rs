//! `queue resolve` of several prompts: those that ids name, or those that match filters, decided as the plan shows them.
//!
//! The rules are those of one prompt: what was not shown is never decided, the prompts are listed again after the
//! question, and an id that could decide another prompt is not sent.

use std::collections::{HashMap, HashSet};

use super::hold::Hold;
use super::resolve::{Confirmed, Found, Ruling, decide_shown, find, settled};
use super::{Pending, Queue, QueueError, deny_all};
use crate::commands::Error;
use crate::deadline::Deadline;
use crate::gateway::Access;
use crate::queue::filter::Filter;
use crate::queue::report::{Failure, Outcome};
use crate::queue::{Decision, Key, Prompt, Reader};
use crate::report::queue::{DecisionPlan, Decisions, Ended};
use crate::settings::Flags;

/// The maximum number of prompts of a plan that are gone when it is carried out, and whose end is looked up.
const LOOKED_UP: usize = 32;

/// The request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The ids, or their starts. Without any, the filter selects.
    pub ids: Vec<String>,
    /// The filter.
    pub filter: Filter,
    /// What is decided.
    pub ruling: Ruling,
    /// Whether the entry that allows exactly the command is added.
    pub adds_entry: bool,
    /// Whether to stop after the plan.
    pub dry_run: bool,
}

impl Request {
    /// Fails where the prompts are not named in a way that the decision permits. Nothing is sent before.
    pub fn check(&self) -> Result<(), QueueError> {
        let filtered = self.filter != Filter::default();
        match (self.ids.is_empty(), filtered) {
            (true, false) => Err(QueueError::NothingNamed),
            (false, true) => Err(QueueError::IdsAndFilters),
            (true, true) if self.ruling.decision != Decision::Deny => Err(QueueError::AllowsByFilter),
            _ if self.adds_entry && self.ruling.decision != Decision::AllowOnce => {
                Err(QueueError::EntryOfDecision {
                    decision: self.ruling.decision,
                    id: <&[String; 1]>::try_from(&self.ids[..]).ok().map(|[id]| id.clone()),
                })
            }
            _ if self.adds_entry && self.ids.len() > 1 => {
                Err(QueueError::EntryOfSeveral { first: self.ids.first().cloned().unwrap_or_default() })
            }
            _ if self.ruling.expires_in_days.is_some() && self.ruling.decision != Decision::AllowAlways => {
                Err(QueueError::NoGrant { id: None })
            }
            _ => Ok(()),
        }
    }
}

/// A plan.
#[derive(Debug)]
pub enum Planning {
    /// The report, if there is nothing to carry out.
    Finished(Box<Decisions>),
    /// A plan that can be carried out.
    Ready(Box<Ready>),
}

/// A plan that can be carried out, and the connection that it was made on.
#[derive(Debug)]
pub struct Ready {
    /// The plan.
    pub plan: DecisionPlan,
    ruling: Ruling,
    before: Pending,
    hold: Hold,
}

/// Lists what is pending, and makes a plan.
pub async fn plan(request: &Request, flags: &Flags, deadline: Deadline) -> Result<Planning, Error> {
    request.check()?;
    let ruling = request.ruling;
    let mut queue = Queue::open(flags, Access::OPERATOR, Reader::keeping_raw(), deadline).await?;
    let pending = queue.list_prompts().await?;
    let (mut prompts, decided_before) = if request.ids.is_empty() {
        let admits = |prompt: &&Prompt| request.filter.admits(prompt, pending.at_ms);
        (pending.listing.prompts.iter().filter(admits).cloned().collect(), Vec::new())
    } else {
        named(&queue, &pending, request, deadline).await?
    };
    prompts.sort_by(|a, b| (a.created_at_ms, &a.key).cmp(&(b.created_at_ms, &b.key)));
    let plan = DecisionPlan {
        gateway: queue.connection.address().to_owned(),
        decision: ruling.decision,
        others: pending.listing.prompts.len().saturating_sub(prompts.len()),
        by_filter: request.ids.is_empty(),
        now_ms: pending.at_ms,
        legacy: queue.capabilities().denial_starts_turn,
        problems: pending.listing.problems.iter().map(ToString::to_string).collect(),
        partial: pending.partial.clone(),
        prompts,
        decided_before,
    };
    if request.dry_run || plan.prompts.is_empty() {
        queue.connection.close().await;
        return Ok(Planning::Finished(Box::new(Decisions::planned(plan))));
    }
    let hold = Hold::new(queue, deadline);
    Ok(Planning::Ready(Box::new(Ready { plan, ruling, before: pending, hold })))
}

/// The prompts that the ids name, each once, and the ids of those that were decided in this way before.
async fn named(
    queue: &Queue,
    pending: &Pending,
    request: &Request,
    deadline: Deadline,
) -> Result<(Vec<Prompt>, Vec<String>), Error> {
    let (mut prompts, mut decided, mut known) = (Vec::new(), Vec::new(), HashSet::new());
    for id in &request.ids {
        match find(queue, pending, id, request.ruling, deadline).await? {
            Found::Decided => decided.push(id.clone()),
            Found::Pending(prompt) if known.insert(prompt.key.clone()) => prompts.push(prompt),
            Found::Pending(_) => {}
        }
    }
    Ok((prompts, decided))
}

/// Carries out a plan.
pub async fn carry_out(ready: Ready) -> Result<Decisions, Error> {
    let Ready { plan, ruling, before, hold } = ready;
    let (mut queue, deadline) = hold.resume();
    let mut report = Decisions { carried_out: true, ..Decisions::planned(plan) };
    let prompts = report.plan.prompts.clone();
    if ruling.decision == Decision::Deny {
        deny(&mut queue, &before, &prompts, &mut report, deadline).await?;
    } else {
        for prompt in &prompts {
            let how = (Confirmed::ByPerson, deadline);
            let decided = decide_shown(&mut queue, &before, prompt, ruling, how).await;
            let decided = decided.and_then(|ended| Ok(ended.before(prompt, ruling.decision)?));
            report.outcomes.push((prompt.key.clone(), ended(decided)));
        }
    }
    verify(&mut queue, &before, &mut report).await;
    queue.connection.close().await;
    Ok(report)
}

/// The outcome of one decision.
fn ended(decided: Result<bool, Error>) -> Ended {
    match decided {
        Ok(false) => Ended::Decided,
        Ok(true) => Ended::Before,
        Err(Error::Queue(QueueError::NotPending { .. })) => Ended::Gone,
        Err(Error::Queue(QueueError::DecidedOtherwise { before, .. })) => Ended::Otherwise(before),
        Err(Error::Queue(QueueError::Changed { .. })) => Ended::Changed,
        Err(error) => Ended::Failed(error.to_string()),
    }
}

/// Denies the prompts of the plan that are pending as they were shown.
async fn deny(
    queue: &mut Queue,
    before: &Pending,
    prompts: &[Prompt],
    report: &mut Decisions,
    deadline: Deadline,
) -> Result<(), Error> {
    let now = queue.list_prompts_again(before).await?;
    let mut rows: HashMap<&Key, Vec<&Prompt>> = HashMap::new();
    for prompt in &now.listing.prompts {
        rows.entry(&prompt.key).or_default().push(prompt);
    }
    let unread: HashSet<&Key> = now.unread.iter().collect();
    let (mut targets, mut looked_up) = (Vec::new(), 0);
    for shown in prompts {
        let ended = match rows.get(&shown.key) {
            Some(rows) if rows.iter().all(|row| *row == shown) => {
                targets.push(shown.key.clone());
                continue;
            }
            Some(_) => Ended::Changed,
            None if unread.contains(&shown.key) => Ended::Changed,
            None => {
                looked_up += 1;
                if looked_up > LOOKED_UP { Ended::Gone } else { gone(queue, shown, deadline).await }
            }
        };
        report.outcomes.push((shown.key.clone(), ended));
    }
    let (outcomes, stopped) = deny_all(queue, now, targets.clone(), None, deadline).await;
    let mut outcomes: HashMap<Key, Outcome> = outcomes.into_iter().collect();
    for key in targets {
        let outcome = outcomes.remove(&key).unwrap_or(Outcome::Failed(Failure::NoAnswer));
        report.outcomes.push((key, of_denial(outcome)));
    }
    report.unseen = stopped.err().map(|error| error.to_string());
    Ok(())
}

/// How a prompt ended that is gone since it was shown, if the gateway knows.
async fn gone(queue: &Queue, shown: &Prompt, deadline: Deadline) -> Ended {
    match settled(queue, shown.id(), deadline).await {
        Ok(Some(how)) if how.is(Decision::Deny) => Ended::Before,
        Ok(Some(how)) if how.allowed().is_some() => Ended::Otherwise(how.words()),
        Ok(_) | Err(_) => Ended::Gone,
    }
}

/// The outcome of a denial.
fn of_denial(outcome: Outcome) -> Ended {
    match outcome {
        Outcome::Denied => Ended::Decided,
        Outcome::AlreadyGone => Ended::Gone,
        Outcome::Allowed(decision) => Ended::Otherwise(decision.as_str().to_owned()),
        Outcome::Failed(Failure::Refused(words)) => Ended::Failed(words.into()),
        Outcome::Failed(Failure::NoAnswer) => Ended::Failed("no answer".to_owned()),
        Outcome::Failed(Failure::StillListed) => Ended::StillListed,
        Outcome::Skipped(why) => Ended::Skipped(why),
    }
}

/// Lists once more: a prompt that is still listed was not decided, whatever the gateway answered.
async fn verify(queue: &mut Queue, before: &Pending, report: &mut Decisions) {
    let after = match queue.list_prompts_again(before).await {
        Ok(after) => after,
        Err(error) => {
            report.unseen.get_or_insert(error.to_string());
            return;
        }
    };
    report.pending = Some(after.listing.prompts.len() + after.unread.len());
    let created: HashMap<&Key, u64> =
        report.plan.prompts.iter().map(|prompt| (&prompt.key, prompt.created_at_ms)).collect();
    let same = |prompt: &&Prompt| created.get(&prompt.key) == Some(&prompt.created_at_ms);
    let left = after.listing.prompts.iter().filter(same).map(|prompt| &prompt.key);
    let left: HashSet<&Key> = left.chain(&after.unread).collect();
    for (key, ended) in &mut report.outcomes {
        if ended.is_over() && left.contains(key) {
            *ended = Ended::StillListed;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prompts_are_named_or_filtered_and_a_filter_only_denies() {
        let check = |ids: &[&str], agent: Option<&str>, decision, expires_in_days| {
            let request = Request {
                ids: ids.iter().map(|&id| id.to_owned()).collect(),
                filter: Filter {
                    agents: agent.map(str::to_owned).into_iter().collect(),
                    ..Filter::default()
                },
                ruling: Ruling { decision, expires_in_days },
                adds_entry: false,
                dry_run: false,
            };
            request.check().map_err(|error| error.code().to_owned() + ": " + &error.to_string())
        };
        assert_eq!(check(&["a", "b"], None, Decision::AllowOnce, None), Ok(()));
        assert_eq!(check(&["a", "b"], None, Decision::AllowAlways, Some(3)), Ok(()));
        assert_eq!(check(&[], Some("main"), Decision::Deny, None), Ok(()));
        for (error, refused) in [
            (check(&[], None, Decision::Deny, None), "usage: no prompt is named, and no filter is given"),
            (check(&["a"], Some("main"), Decision::Deny, None), "usage: ids and filters are given together"),
            (
                check(&[], Some("main"), Decision::AllowOnce, None),
                "usage: a filter can only deny: an allowance names each prompt by its id",
            ),
            (
                check(&["a"], None, Decision::AllowOnce, Some(3)),
                "no-grant: --expires-in-days does not apply: only allow-always mints a standing grant",
            ),
        ] {
            assert_eq!(error, Err(refused.to_owned()));
        }
    }
}
