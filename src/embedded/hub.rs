//! The state of the gateway, behind one lock that is never held across an `await`, and the events that follow from
//! changes of the registry.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};
use tokio::sync::Notify;

use super::access::Scope;
use super::auth::Authenticator;
use super::caller::{Caller, PeerId};
use super::clock::Clock;
use super::connect::Connect;
use super::documents::Store;
use super::effects::{Effect, Ending, Phase, RequestError, Rules, Settled};
use super::generation::Generation;
use super::grants::Grants;
use super::hello;
use super::live::Schedule;
use super::nodes::Nodes;
use super::options::Options;
use super::outgoing::Outgoing;
use super::prompt::Waiter;
use super::registry::Registry;
use super::rejection::HandshakeRejection;
use super::scenario::Scenario;
use super::seed;
use super::wire::{self, CallFrame, Closing};
use crate::queue::Decision;

#[derive(Debug)]
struct Peer {
    outgoing: Outgoing,
    connection: String,
    /// `None` before `hello-ok`.
    client: Option<Client>,
    seq: u64,
}

#[derive(Debug)]
struct Client {
    scopes: Vec<String>,
    name: String,
    device: Option<String>,
    answers_prompts: bool,
}

/// The gateway's state.
pub(super) struct Hub {
    pub(super) generation: Generation,
    pub(super) clock: Clock,
    pub(super) lists_run_ids: bool,
    pub(super) registry: Registry,
    pub(super) document: Store,
    /// The part of `openclaw.json` that matters.
    pub(super) config: Map<String, Value>,
    pub(super) nodes: Nodes,
    pub(super) grants: Grants,
    pub(super) authenticator: Authenticator,
    pub(super) schedule: Schedule,
    peers: BTreeMap<PeerId, Peer>,
    next_peer: PeerId,
    waiters: HashMap<Waiter, (PeerId, String)>,
    next_waiter: u64,
    /// Legacy numbers events over all clients.
    seq: u64,
}

/// The state, shared by all tasks of the gateway.
#[derive(Clone)]
pub(super) struct Shared {
    hub: Arc<Mutex<Hub>>,
    /// Notified when scheduled work may be due earlier.
    pub(super) changed: Arc<Notify>,
}

impl Shared {
    pub(super) fn new(hub: Hub) -> Self {
        Self { hub: Arc::new(Mutex::new(hub)), changed: Arc::new(Notify::new()) }
    }

    /// Locks the state. A panic in another task does not block it; the process reports the panic itself.
    pub(super) fn lock(&self) -> MutexGuard<'_, Hub> {
        self.hub.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Generates an id in the format of real gateways.
pub(super) fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

impl Hub {
    /// Creates a gateway with the scenario of the options. The error is a contradiction in the scenario.
    pub(super) fn new(options: &Options) -> Result<Self, String> {
        let Options { generation, coalesce, cancel_on_failover, .. } = *options;
        let scenario: &Scenario = &options.scenario;
        let clock = Clock::started();
        let now = clock.now();
        let rules = Rules { generation, coalesce, cancel_on_failover };
        let mut registry = Registry::new(rules, Box::new(new_id));
        seed::fill(&mut registry, scenario, now).map_err(|error| {
            let problem = match error {
                RequestError::Taken => "two runs or two prompts have the same id",
                _ => "one of its prompts cannot be requested",
            };
            problem.to_owned()
        })?;
        let fresh = json!({
            "version": 1, "defaults": {}, "agents": {},
            "socket": {"path": "(embedded)/exec-approvals.sock", "token": "rehearsal-only"},
        });
        let path = match generation {
            Generation::Legacy => "(embedded)/exec-approvals.json",
            Generation::Current => "(embedded)/state/openclaw.sqlite#exec_approvals_config",
        };
        let document = Store::holding(path, scenario.document.as_ref().unwrap_or(&fresh), new_id)?;
        Ok(Self {
            generation,
            clock,
            lists_run_ids: options.lists_run_ids,
            registry,
            document,
            config: scenario.config.clone(),
            nodes: Nodes::new(now, new_id)?,
            grants: Grants::default(),
            authenticator: Authenticator::new(generation, options.token.clone()),
            schedule: Schedule::new(&scenario.live, now),
            peers: BTreeMap::new(),
            next_peer: 0,
            waiters: HashMap::new(),
            next_waiter: 0,
            seq: 0,
        })
    }

    /// Adds a connection that is not authenticated yet.
    pub(super) fn join(&mut self, outgoing: Outgoing) -> PeerId {
        self.next_peer += 1;
        let peer = Peer { outgoing, connection: new_id(), client: None, seq: 0 };
        self.peers.insert(self.next_peer, peer);
        self.next_peer
    }

    /// Removes a connection. Its prompts stay pending; decisions that it waits for are not sent.
    pub(super) fn leave(&mut self, peer: PeerId) {
        self.peers.remove(&peer);
        self.waiters.retain(|_, (waiting, _)| *waiting != peer);
    }

    /// Answers `connect`.
    pub(super) fn connect(
        &mut self,
        peer: PeerId,
        request: &CallFrame,
        nonce: &str,
    ) -> Result<(), HandshakeRejection> {
        let connect = Connect::read(self.generation, &request.params)?;
        let now = self.clock.now();
        let auth = self.authenticator.authenticate(&connect, nonce, now, new_id)?;
        let Some(peer) = self.peers.get_mut(&peer) else { return Ok(()) };
        let payload = hello::payload(self.generation, &peer.connection, &auth);
        peer.client = Some(Client {
            name: connect.name(),
            device: connect.device.as_ref().map(|device| device.id.clone()),
            answers_prompts: connect.answers_prompts(),
            scopes: connect.scopes,
        });
        peer.outgoing.send(wire::response(&request.id, &Ok(payload)));
        Ok(())
    }

    /// The client that makes a call on a connection. `None` before it is authenticated.
    pub(super) fn caller(&self, peer: PeerId, request: &str) -> Option<Caller> {
        let client = self.peers.get(&peer)?.client.as_ref()?;
        Some(Caller {
            peer: Some((peer, request.to_owned())),
            scopes: client.scopes.clone(),
            name: client.name.clone(),
            device: client.device.clone(),
        })
    }

    /// Sends a frame to one client.
    pub(super) fn send(&self, peer: PeerId, frame: String) {
        if let Some(peer) = self.peers.get(&peer) {
            peer.outgoing.send(frame);
        }
    }

    /// Adds a waiter, which is answered later under the id of its request.
    pub(super) fn waiter(&mut self, peer: PeerId, frame: &str) -> Waiter {
        self.next_waiter += 1;
        let waiter = Waiter(self.next_waiter);
        self.waiters.insert(waiter, (peer, frame.to_owned()));
        waiter
    }

    /// Whether another client could answer a prompt of this one.
    pub(super) fn can_be_answered(&self, requester: Option<PeerId>) -> bool {
        self.peers.iter().filter(|(id, _)| Some(**id) != requester).any(|(_, peer)| {
            peer.client.as_ref().is_some_and(|client| match self.generation {
                Generation::Legacy => Scope::Approvals.within(&client.scopes),
                Generation::Current => client.answers_prompts,
            })
        })
    }

    /// The time of the next scheduled work.
    pub(super) fn due(&self) -> u64 {
        self.schedule.due().min(self.registry.next_expiry().unwrap_or(u64::MAX))
    }

    /// Runs the scheduled work that is due.
    pub(super) fn tick(&mut self) {
        let now = self.clock.now();
        self.registry.expire(now);
        while let Some(happening) = self.schedule.take(now) {
            happening.apply(&mut self.registry, now);
        }
        if self.schedule.ticked(now) {
            self.broadcast("tick", &json!({"ts": now}), |_| true);
        }
        self.publish();
    }

    /// Sends the event `shutdown` to every client, and closes every connection.
    pub(super) fn shut_down(&mut self) {
        let mut payload = json!({"reason": "gateway stopping"});
        if self.generation == Generation::Legacy {
            payload["restartExpectedMs"] = Value::Null;
        }
        self.broadcast("shutdown", &payload, |_| true);
        self.close_all();
    }

    /// Closes every connection.
    pub(super) fn close_all(&self) {
        for peer in self.peers.values() {
            peer.outgoing.close(Closing::new(1012, "service restart"));
        }
    }

    /// Sends the events and answers that follow from changes of the registry.
    pub(super) fn publish(&mut self) {
        loop {
            let effects = self.registry.effects();
            if effects.is_empty() {
                return;
            }
            for effect in effects {
                self.publish_effect(effect);
            }
        }
    }

    fn publish_effect(&mut self, effect: Effect) {
        match effect {
            Effect::Requested(prompt) => {
                let name = format!("{}.requested", prompt.ask.kind().prefix());
                let payload = prompt.listed(self.generation);
                self.broadcast_to_approvers(&name, &payload);
            }
            Effect::Settled(settled) => self.publish_settled(&settled),
            Effect::Answer { waiter, id, decision, created_at, expires_at } => {
                let Some((peer, frame)) = self.waiters.remove(&waiter) else { return };
                let payload = json!({
                    "id": id, "decision": decision.map(Decision::as_str),
                    "createdAtMs": created_at, "expiresAtMs": expires_at,
                });
                self.send(peer, wire::response(&frame, &Ok(payload)));
            }
            Effect::Lifecycle { run, session, phase } => self.publish_lifecycle(&run, &session, phase),
        }
    }

    fn publish_settled(&mut self, settled: &Settled) {
        let prompt = &settled.prompt;
        let decision = match settled.ending {
            // A current gateway sends an expiry as a denial, except to the waiters of the prompt.
            Ending::Expired if self.generation == Generation::Current => Some(Decision::Deny),
            Ending::Expired | Ending::Unreachable => return,
            Ending::Decided(..) | Ending::Mistaken(_) | Ending::Cancelled => settled.ending.decision(),
        };
        let name = format!("{}.resolved", prompt.ask.kind().prefix());
        let payload = json!({
            "id": prompt.id, "decision": decision.map(Decision::as_str),
            "resolvedBy": settled.ending.by(), "ts": settled.at,
            "request": prompt.ask.listed(self.generation),
        });
        self.broadcast_to_approvers(&name, &payload);
    }

    fn publish_lifecycle(&mut self, run: &str, session: &str, phase: Phase) {
        let data = match phase {
            Phase::Start => json!({"phase": "start", "startedAt": self.clock.now()}),
            // Legacy gateways do not know the runs of prompts.
            Phase::WaitingApproval | Phase::ApprovalResolved if self.generation == Generation::Legacy => {
                return;
            }
            Phase::WaitingApproval => json!({"phase": "waiting-approval"}),
            Phase::ApprovalResolved => json!({"phase": "approval-resolved"}),
            Phase::End => json!({"phase": "end", "endedAt": self.clock.now()}),
            Phase::Aborted => json!({"phase": "end", "aborted": true, "endedAt": self.clock.now()}),
            Phase::Error => json!({"phase": "error", "error": "LLM request timed out."}),
        };
        let payload = json!({
            "runId": run, "sessionKey": session, "stream": "lifecycle", "ts": self.clock.now(), "data": data,
        });
        self.broadcast("agent", &payload, |client| Scope::Read.within(&client.scopes));
    }

    fn broadcast_to_approvers(&mut self, name: &str, payload: &Value) {
        let current = self.generation == Generation::Current;
        self.broadcast(name, payload, |client| {
            Scope::Approvals.within(&client.scopes) && (!current || client.answers_prompts)
        });
    }

    fn broadcast(&mut self, name: &str, payload: &Value, to: impl Fn(&Client) -> bool) {
        self.seq += 1;
        for peer in self.peers.values_mut() {
            if !peer.client.as_ref().is_some_and(&to) {
                continue;
            }
            peer.seq += 1;
            let seq = match self.generation {
                Generation::Legacy => self.seq,
                Generation::Current => peer.seq,
            };
            peer.outgoing.send(wire::event(name, payload, Some(seq)));
        }
    }
}
