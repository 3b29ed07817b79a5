//! The registry of prompts, with the rules that bug report 69478 expects: a retry coalesces into the prompt that is
//! already pending, and a failed-over run's prompts are cancelled before its replacement may ask. PURE: time is passed
//! in, ids come from the caller, and changes are returned as effects.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use super::ask::{Ask, What};
use super::effects::{Accepted, By, Effect, Ending, Phase, RequestError, Rules, Settled};
use super::generation::Generation;
use super::intent::Intent;
use super::prompt::{Prompt, Waiter};
use super::runs::{Run, Runs, State};
use crate::queue::{Decision, Kind};

/// The maximum number of pending prompts.
pub(super) const MAX_PENDING: usize = 20_000;

/// The number of settled prompts that are kept.
const REMEMBERED: usize = 4_096;

/// The time in which the id of a settled prompt matches no other prompt, in milliseconds. After it a gateway matches
/// pending ids that start with this id (measured on 2026.4.14 and 2026.9.6).
pub(super) const MEMORY_MS: u64 = 15_000;

/// The identity of a retry: the agent or run that asks, and the intent.
type Key = (String, Arc<Intent>);

/// The prompts, with their runs and sessions.
pub(super) struct Registry {
    pub(super) rules: Rules,
    pub(super) runs: Runs,
    pending: BTreeMap<u64, Prompt>,
    order: u64,
    by_id: HashMap<String, u64>,
    by_agent: HashMap<Key, BTreeSet<u64>>,
    by_run: HashMap<Key, BTreeSet<u64>>,
    by_expiry: BTreeSet<(u64, u64)>,
    settled: HashMap<String, Settled>,
    settled_order: VecDeque<String>,
    effects: Vec<Effect>,
    new_id: Box<dyn FnMut() -> String + Send>,
}

impl Registry {
    pub(super) fn new(rules: Rules, new_id: Box<dyn FnMut() -> String + Send>) -> Self {
        Self {
            rules,
            runs: Runs::default(),
            pending: BTreeMap::new(),
            order: 0,
            by_id: HashMap::new(),
            by_agent: HashMap::new(),
            by_run: HashMap::new(),
            by_expiry: BTreeSet::new(),
            settled: HashMap::new(),
            settled_order: VecDeque::new(),
            effects: Vec::new(),
            new_id,
        }
    }

    /// Takes the effects since the last call.
    pub(super) fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Generates an unused id.
    pub(super) fn new_id(&mut self) -> String {
        (self.new_id)()
    }

    /// The pending prompts, oldest first.
    pub(super) fn pending(&self) -> impl Iterator<Item = &Prompt> {
        self.pending.values()
    }

    /// The settled prompts, newest first.
    pub(super) fn settled(&self) -> impl Iterator<Item = &Settled> {
        self.settled_order.iter().rev().filter_map(|id| self.settled.get(id))
    }

    /// The settled prompt with an id.
    pub(super) fn settled_as(&self, id: &str) -> Option<&Settled> {
        self.settled.get(id)
    }

    /// The time when the next prompt expires.
    pub(super) fn next_expiry(&self) -> Option<u64> {
        self.by_expiry.first().map(|&(at, _)| at)
    }

    /// The pending prompt with exactly this id.
    pub(super) fn exact(&self, id: &str) -> Option<&Prompt> {
        self.by_id.get(id).and_then(|order| self.pending.get(order))
    }

    /// The settled prompt of a kind that `*.approval.resolve` still finds: by its id, or by a prefix that is unique
    /// among the pending and recently settled prompts.
    pub(super) fn settled_lately(&self, kind: Kind, id: &str, now: u64) -> Option<&Settled> {
        let id = id.trim();
        if let Some(settled) = self.settled.get(id) {
            return Some(settled).filter(|settled| is_remembered(settled, Some(kind), now));
        }
        let start = id.to_lowercase();
        let begins =
            |prompt: &Prompt| prompt.ask.kind() == kind && prompt.id.to_lowercase().starts_with(&start);
        if id.is_empty() || self.pending.values().any(&begins) {
            return None;
        }
        let lately = self.settled().filter(|settled| is_remembered(settled, Some(kind), now));
        let mut matches = lately.filter(|settled| begins(&settled.prompt));
        matches.next().filter(|_| matches.next().is_none())
    }

    /// The pending prompt of a kind with this id, or with this unique prefix of its id, ignoring case. The id of a
    /// recently settled prompt matches nothing.
    pub(super) fn find(&self, kind: Option<Kind>, id: &str, now: u64) -> Result<&Prompt, RequestError> {
        let id = id.trim();
        let of_kind = |prompt: &&Prompt| kind.is_none_or(|kind| prompt.ask.kind() == kind);
        if let Some(prompt) = self.exact(id).filter(of_kind) {
            return Ok(prompt);
        }
        let settled = self.settled.get(id).is_some_and(|settled| is_remembered(settled, kind, now));
        if id.is_empty() || settled {
            return Err(RequestError::NotFound);
        }
        let start = id.to_lowercase();
        let begins = |prompt: &&Prompt| prompt.id.to_lowercase().starts_with(&start);
        let mut matches = self.pending.values().filter(of_kind).filter(begins);
        match (matches.next(), matches.next()) {
            (Some(prompt), None) => Ok(prompt),
            (None, _) => Err(RequestError::NotFound),
            (Some(_), Some(_)) => Err(RequestError::Ambiguous),
        }
    }

    /// Adds a prompt. With coalescing, a request joins the pending prompt with the same agent or run and the same
    /// intent.
    pub(super) fn request(
        &mut self,
        ask: Ask,
        waiter: Option<Waiter>,
        now: u64,
    ) -> Result<Accepted, RequestError> {
        let intent = Arc::new(Intent::of(&ask));
        if self.rules.coalesce
            && let Some(order) = self.pending_like(&ask, &intent)
        {
            return self.join(order, &ask, waiter);
        }
        let order = self.add(ask, intent, waiter, now, None)?;
        let prompt = &self.pending[&order];
        self.effects.push(Effect::Requested(prompt.clone()));
        if let Some(run) = prompt.ask.run().and_then(|run| self.runs.get(run)) {
            self.effects.push(lifecycle(run, Phase::WaitingApproval));
        }
        Ok(Accepted {
            id: prompt.id.clone(),
            created_at: prompt.created_at,
            expires_at: prompt.expires_at,
            coalesced: false,
        })
    }

    /// Adds a prompt of a scenario, without applying rules and without effects.
    pub(super) fn seed(&mut self, id: String, ask: Ask, created_at: u64) -> Result<(), RequestError> {
        let intent = Arc::new(Intent::of(&ask));
        self.add(ask, intent, None, created_at, Some(id)).map(|_| ())
    }

    /// The oldest pending prompt that the request repeats.
    fn pending_like(&self, ask: &Ask, intent: &Arc<Intent>) -> Option<u64> {
        let first = |index: &HashMap<Key, BTreeSet<u64>>, who: Option<&str>| {
            index.get(&(who?.to_owned(), Arc::clone(intent))).and_then(|orders| orders.first().copied())
        };
        first(&self.by_agent, ask.agent()).or_else(|| first(&self.by_run, ask.run()))
    }

    fn join(&mut self, order: u64, ask: &Ask, waiter: Option<Waiter>) -> Result<Accepted, RequestError> {
        let prompt = self.pending.get_mut(&order).ok_or(RequestError::NotFound)?;
        prompt.waiters.extend(waiter);
        if let Some(run) = ask.run().map(str::to_owned)
            && !prompt.runs.contains(&run)
        {
            self.by_run.entry((run.clone(), Arc::clone(&prompt.intent))).or_default().insert(order);
            prompt.runs.push(run);
        }
        Ok(Accepted {
            id: prompt.id.clone(),
            created_at: prompt.created_at,
            expires_at: prompt.expires_at,
            coalesced: true,
        })
    }

    fn add(
        &mut self,
        ask: Ask,
        intent: Arc<Intent>,
        waiter: Option<Waiter>,
        now: u64,
        id: Option<String>,
    ) -> Result<u64, RequestError> {
        if self.pending.len() >= MAX_PENDING {
            return Err(RequestError::Full);
        }
        let id = id.or_else(|| match &ask.what {
            What::Exec(exec) => exec.id.clone(),
            What::Plugin(_) | What::System(_) => None,
        });
        let id = match (id, ask.kind()) {
            (Some(id), _) => id,
            (None, Kind::Plugin) => format!("plugin:{}", self.new_id()),
            (None, Kind::Exec | Kind::System) => self.new_id(),
        };
        if self.by_id.contains_key(&id) || self.settled.contains_key(&id) {
            return Err(RequestError::Taken);
        }
        self.order += 1;
        let order = self.order;
        let expires_at = now.saturating_add(ask.lifetime());
        if let Some(agent) = ask.agent() {
            self.by_agent.entry((agent.to_owned(), Arc::clone(&intent))).or_default().insert(order);
        }
        let runs: Vec<String> = ask.run().map(str::to_owned).into_iter().collect();
        for run in &runs {
            self.by_run.entry((run.clone(), Arc::clone(&intent))).or_default().insert(order);
        }
        self.by_id.insert(id.clone(), order);
        self.by_expiry.insert((expires_at, order));
        let waiters = waiter.into_iter().collect();
        self.pending.insert(order, Prompt { id, ask, intent, created_at: now, expires_at, runs, waiters });
        Ok(order)
    }

    /// Decides a pending prompt.
    pub(super) fn resolve(
        &mut self,
        kind: Option<Kind>,
        id: &str,
        decision: Decision,
        by: Option<By>,
        now: u64,
    ) -> Result<(), RequestError> {
        self.expire(now);
        let prompt = self.find(kind, id, now)?;
        if !prompt.ask.allowed().contains(&decision) {
            return Err(RequestError::NotAllowed);
        }
        let order = self.by_id[&prompt.id];
        let ask = prompt.ask.clone();
        self.settle(order, Ending::Decided(decision, by), now);
        if self.rules.generation == Generation::Legacy && decision == Decision::Deny {
            self.turn_after_denial(ask, now);
        }
        Ok(())
    }

    /// Denies a prompt because it was decided as another kind, as current gateways do.
    pub(super) fn deny_mistaken(&mut self, id: &str, by: Option<By>, now: u64) {
        if let Some(&order) = self.by_id.get(id) {
            self.settle(order, Ending::Mistaken(by), now);
        }
    }

    /// A legacy gateway starts a new turn of the agent after a denial, in which the agent may ask again.
    fn turn_after_denial(&mut self, mut ask: Ask, now: u64) {
        let Some(session) = ask.session().map(str::to_owned) else { return };
        let run = self.start_run(&session, now);
        if ask.asks_again > 0 {
            ask.asks_again -= 1;
            // A full registry is an agent that cannot ask.
            let _: Result<Accepted, RequestError> = self.request(ask.by_run(&run), None, now);
        }
        self.end_run(&run, State::Ended, Phase::End);
    }

    /// Ends a prompt that no client can answer.
    pub(super) fn unreachable(&mut self, id: &str, now: u64) {
        if let Some(&order) = self.by_id.get(id) {
            self.settle(order, Ending::Unreachable, now);
        }
    }

    /// Expires the prompts that were not decided in time.
    pub(super) fn expire(&mut self, now: u64) {
        while let Some(&(at, order)) = self.by_expiry.first()
            && at <= now
        {
            self.settle(order, Ending::Expired, now);
        }
    }

    fn settle(&mut self, order: u64, ending: Ending, now: u64) {
        let Some(mut prompt) = self.pending.remove(&order) else { return };
        self.by_id.remove(&prompt.id);
        self.by_expiry.remove(&(prompt.expires_at, order));
        if let Some(agent) = prompt.ask.agent() {
            forget(&mut self.by_agent, &(agent.to_owned(), Arc::clone(&prompt.intent)), order);
        }
        for run in &prompt.runs {
            forget(&mut self.by_run, &(run.clone(), Arc::clone(&prompt.intent)), order);
        }
        for waiter in std::mem::take(&mut prompt.waiters) {
            self.effects.push(Effect::Answer {
                waiter,
                id: prompt.id.clone(),
                decision: ending.decision(),
                created_at: prompt.created_at,
                expires_at: prompt.expires_at,
            });
        }
        for run in prompt.runs.iter().filter_map(|run| self.runs.get(run)) {
            if run.state == State::Active {
                self.effects.push(lifecycle(run, Phase::ApprovalResolved));
            }
        }
        let settled = Settled { prompt, ending, at: now };
        self.effects.push(Effect::Settled(settled.clone()));
        self.settled_order.push_back(settled.prompt.id.clone());
        self.settled.insert(settled.prompt.id.clone(), settled);
        if self.settled_order.len() > REMEMBERED
            && let Some(oldest) = self.settled_order.pop_front()
        {
            self.settled.remove(&oldest);
        }
    }

    /// Starts a run in a session, which is created if it does not exist.
    pub(super) fn start_run(&mut self, session: &str, now: u64) -> String {
        let id = self.new_id();
        self.start_run_as(id.clone(), session, now);
        id
    }

    /// Starts a run with this id, which must be new.
    pub(super) fn start_run_as(&mut self, id: String, session: &str, now: u64) {
        self.runs.session(session, &mut self.new_id, now);
        let run = Run { id, session: session.to_owned(), state: State::Active, started_at: now };
        self.effects.push(lifecycle(&run, Phase::Start));
        self.runs.start(run);
    }

    /// Ends an active run. `false`: it was not active.
    pub(super) fn end_run(&mut self, run: &str, state: State, phase: Phase) -> bool {
        let Some(run) = self.runs.end(run, state) else { return false };
        self.effects.push(lifecycle(&run, phase));
        true
    }

    /// Aborts the active runs of a session, or one of them. On current gateways this also cancels their prompts.
    pub(super) fn abort(
        &mut self,
        session: &str,
        run: Option<&str>,
        now: u64,
    ) -> Result<Vec<String>, RequestError> {
        if run.and_then(|run| self.runs.get(run)).is_some_and(|run| run.session != session) {
            return Err(RequestError::OtherSession);
        }
        let active: Vec<String> = self
            .runs
            .active(session)
            .map(|run| run.id.clone())
            .filter(|id| run.is_none_or(|run| run == id))
            .collect();
        for run in &active {
            self.end_run(run, State::Ended, Phase::Aborted);
            if self.rules.generation == Generation::Current {
                self.cancel_prompts(run, now);
            }
        }
        Ok(active)
    }

    /// Fails over the active run of a session: it times out, and another run replaces it. Returns the id of the
    /// replacement, or `None` if no run is active.
    pub(super) fn fail_over(&mut self, session: &str, now: u64) -> Option<String> {
        let failed = self.runs.active(session).next()?.id.clone();
        self.end_run(&failed, State::FailedOver, Phase::Error);
        if self.rules.cancel_on_failover {
            self.cancel_prompts(&failed, now);
        }
        Some(self.start_run(session, now))
    }

    /// Cancels the prompts of a run, unless a run that coalesced into them is still active.
    fn cancel_prompts(&mut self, run: &str, now: u64) {
        let orders: Vec<u64> = self
            .pending
            .iter()
            .filter(|(_, prompt)| prompt.runs.iter().any(|waiting| waiting == run))
            .filter(|(_, prompt)| {
                let active = |id: &String| self.runs.get(id).is_some_and(|run| run.state == State::Active);
                !prompt.runs.iter().any(active)
            })
            .map(|(order, _)| *order)
            .collect();
        for order in orders {
            self.settle(order, Ending::Cancelled, now);
        }
    }
}

/// Whether the id of a settled prompt is still matched only to that prompt.
fn is_remembered(settled: &Settled, kind: Option<Kind>, now: u64) -> bool {
    kind.is_none_or(|kind| settled.prompt.ask.kind() == kind) && now.saturating_sub(settled.at) < MEMORY_MS
}

fn lifecycle(run: &Run, phase: Phase) -> Effect {
    Effect::Lifecycle { run: run.id.clone(), session: run.session.clone(), phase }
}

fn forget(index: &mut HashMap<Key, BTreeSet<u64>>, key: &Key, order: u64) {
    if let Some(orders) = index.get_mut(key) {
        orders.remove(&order);
        if orders.is_empty() {
            index.remove(key);
        }
    }
}
