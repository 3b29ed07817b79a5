//! Carrying out orders: each names the prompts that were shown, and only those are decided.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::super::resolve::{self, Confirmed, Ended, Ruling};
use super::super::{Pending, Queue, deny_all};
use super::gateway::Gateway;
use super::outcomes;
use super::purging::{Shown, purge_shown};
use crate::commands::Error;
use crate::commands::queue::QueueError;
use crate::commands::run::cancel::{self, By};
use crate::deadline::Deadline;
use crate::gateway::Access;
use crate::gateway::api::prompts::Settled;
use crate::queue::triage::{Act, Effect, Input, Order, Outcome};
use crate::queue::{Decision, Key, Prompt, Reader};

/// How much longer an order may take for each of its prompts, and a purge for its slots.
const EACH: Duration = Duration::from_millis(20);
const SLOTS: Duration = Duration::from_secs(30);

/// Carries out orders one by one, on a connection that is made for the first one.
pub(super) async fn run(gateway: &Gateway, mut effects: mpsc::UnboundedReceiver<Effect>) {
    let mut lane = Lane { gateway, queue: None, plans: HashMap::new() };
    while let Some(effect) = effects.recv().await {
        match effect {
            Effect::Send(order) => {
                let ended = lane.carry_out(&order).await;
                if ended.is_err() {
                    // The next order starts with a new connection.
                    lane.queue = None;
                }
                let ended = ended.map_err(|error| error.chain());
                gateway.report(Input::Over(order.id, ended));
            }
            Effect::Plan(_, ticket, which) => {
                let planned = cancel::plan(which, By::Person, &gateway.flags, gateway.deadline()).await;
                let plan = planned.map_err(|error| error.chain()).map(|ready| {
                    let plan = Box::new(ready.plan.clone());
                    lane.plans.insert(ticket, ready);
                    plan
                });
                gateway.report(Input::Planned(ticket, plan));
            }
            Effect::Drop(_, ticket) => {
                if let Some(ready) = lane.plans.remove(&ticket) {
                    // Only its connection is closed.
                    drop(cancel::leave(ready).await);
                }
            }
            Effect::Propose(..) | Effect::Look(..) | Effect::Quit => {}
        }
    }
}

struct Lane<'g> {
    gateway: &'g Gateway,
    queue: Option<Queue>,
    /// The plans of cancellations, each with its connection.
    plans: HashMap<u64, cancel::Ready>,
}

impl Lane<'_> {
    /// Carries out an order. The words report what else was done.
    async fn carry_out(&mut self, order: &Order) -> Result<Option<String>, Error> {
        let prompts: Vec<&Arc<Prompt>> = order.prompts().collect();
        let slots = if order.act == Act::DenyDuplicates { SLOTS } else { Duration::ZERO };
        let extra = EACH.saturating_mul(u32::try_from(prompts.len()).unwrap_or(u32::MAX)) + slots;
        let deadline = Deadline::after(self.gateway.request.step.saturating_add(extra));
        if let Act::Cancel(ticket) = order.act {
            return self.cancel(order, ticket).await;
        }
        let mut queue = match self.queue.take() {
            Some(queue) => queue,
            None => {
                Queue::open(&self.gateway.flags, Access::OPERATOR, Reader::keeping_raw(), deadline).await?
            }
        };
        queue.connection.extend(deadline);
        let report = |outcomes| self.gateway.report(Input::Ended(order.id, outcomes));
        match (order.act, &prompts[..]) {
            (Act::Decide(Decision::Deny), [_, _, ..]) => {
                let Still { now, going: keys, others } = still_shown(&mut queue, &prompts).await?;
                report(others);
                let (denied, ended) = deny_all(&mut queue, now, keys, None, deadline).await;
                report(outcomes::of_denials(denied));
                ended?;
            }
            (Act::Decide(decision), prompts) => {
                for prompt in prompts {
                    let outcome = decide(&mut queue, prompt, decision, deadline).await?;
                    report(vec![(prompt.key.clone(), outcome)]);
                }
            }
            (Act::DenyDuplicates, _) => {
                let shown = order.targets.iter().filter_map(|target| {
                    let kept = target.kept.as_deref()?;
                    Some(Shown { kept, duplicates: target.prompts.iter().map(|prompt| &**prompt).collect() })
                });
                let shown: Vec<Shown<'_>> = shown.collect();
                let scope = self.gateway.request.scope;
                let entries = purge_shown(&mut queue, &shown, scope, deadline).await?;
                report(outcomes::of_entries(entries));
            }
            // Carried out before, and by the thread's part for proposals.
            (Act::Cancel(_) | Act::AddEntries { .. }, _) => {}
        }
        self.queue = Some(queue);
        Ok(None)
    }

    async fn cancel(&mut self, order: &Order, ticket: u64) -> Result<Option<String>, Error> {
        let Some(ready) = self.plans.remove(&ticket) else {
            return Ok(Some("The plan is gone; nothing was cancelled.".to_owned()));
        };
        let report = cancel::carry_out(ready).await?;
        let (ended, words) = outcomes::of_cancelled(&report);
        self.gateway.report(Input::Ended(order.id, ended));
        Ok(Some(words))
    }
}

/// Decides one prompt, if it is still the one that was shown.
async fn decide(
    queue: &mut Queue,
    prompt: &Arc<Prompt>,
    decision: Decision,
    deadline: Deadline,
) -> Result<Outcome, Error> {
    let Still { now, mut others, .. } = still_shown(queue, &[prompt]).await?;
    if let Some((_, outcome)) = others.pop() {
        return Ok(outcome);
    }
    // It was compared just now.
    let ruling = Ruling { decision, expires_in_days: None };
    match resolve::decide_shown(queue, &now, prompt, ruling, (Confirmed::Unasked, deadline)).await {
        Ok(Ended::Decided { before: false }) => Ok(Outcome::Decided(decision)),
        Ok(Ended::Decided { before: true }) => Ok(Outcome::Gone(Some(decision.as_str().to_owned()))),
        Ok(Ended::Gone(how)) => Ok(Outcome::Gone(how.map(Settled::words))),
        Err(Error::Queue(QueueError::DecidedOtherwise { before, .. })) => Ok(Outcome::Gone(Some(before))),
        // The next prompt may be decided.
        Err(Error::Queue(error)) => Ok(Outcome::Failed(error.to_string())),
        Err(error) => Err(error),
    }
}

/// Prompts beside a new listing.
struct Still {
    /// The listing.
    now: Pending,
    /// Those that are still the ones that were shown.
    going: Vec<Key>,
    /// The outcomes of the others.
    others: Vec<(Key, Outcome)>,
}

/// Lists again, and compares each prompt with the one that was shown.
async fn still_shown(queue: &mut Queue, prompts: &[&Arc<Prompt>]) -> Result<Still, Error> {
    let now = queue.list_prompts().await?;
    let mut listed: HashMap<&Key, Vec<&Prompt>> = HashMap::new();
    for prompt in &now.listing.prompts {
        listed.entry(&prompt.key).or_default().push(prompt);
    }
    let (mut going, mut others) = (Vec::new(), Vec::new());
    for prompt in prompts {
        let key = prompt.key.clone();
        match listed.get(&key) {
            Some(rows) if rows.iter().all(|row| **row == ***prompt) => going.push(key),
            None if !now.unread.contains(&key) => others.push((key, Outcome::Gone(None))),
            Some(_) | None => {
                others.push((key, Outcome::Failed("it changed since it was shown".to_owned())));
            }
        }
    }
    Ok(Still { now, going, others })
}
