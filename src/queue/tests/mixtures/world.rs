//! The gateway and the processes of the simulation.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use serde_json::json;

use super::super::{NOW, prompt};
use crate::queue::clock::{GatewayTime, Now, SteadyTime};
use crate::queue::denials::{Answer, Found};
use crate::queue::filter::Filter;
use crate::queue::guard::{self, Rate, Throttle};
use crate::queue::purge;
use crate::queue::scope::Place;
use crate::queue::{Guard, Keep, Key, Prompt, Purge, Rules, Runs, Scope, Slots, plan};

/// The settings of a process.
#[derive(Debug, Clone)]
pub(super) struct Habit {
    pub(super) is_guard: bool,
    pub(super) scope: Scope,
    pub(super) keep: Keep,
    pub(super) margin_ms: u64,
    pub(super) filter: Filter,
    /// Whether it receives events of runs.
    pub(super) deaf: bool,
    /// Whether a purge receives events.
    pub(super) hears: bool,
    /// How far its clock is behind the gateway's, and the known bound of that.
    pub(super) behind_ms: u64,
    pub(super) unsure_ms: u64,
    pub(super) slots: Option<Slots>,
}

/// A message to a process.
#[derive(Debug, Clone)]
enum Message {
    Requested(Prompt),
    Resolved(Key),
    RunEnded(u8),
    Gap,
    Listed(GatewayTime, Vec<Prompt>),
    Answered(Key, Answer),
    Checked(Key, Found),
}

/// A message to the gateway.
#[derive(Debug, Clone)]
enum Asked {
    Deny(Key),
    Check(Key),
    List(GatewayTime),
}

enum Machine {
    Guard(Box<Guard>),
    /// `None` between two purges.
    Purge(Option<Box<Purge>>),
}

pub(super) struct Process {
    pub(super) habit: Habit,
    machine: Machine,
    up: bool,
    /// Messages in the order of the gateway, and their times of arrival.
    inbox: VecDeque<(u64, Message)>,
    /// The time of arrival, and the connection of the request.
    outbox: Vec<(u64, u64, Asked)>,
    runs: Runs,
    listing: bool,
    /// The number of the connection: requests of an earlier one are not answered.
    connection: u64,
}

pub(super) struct World {
    pub(super) ms: u64,
    pub(super) latency_ms: u64,
    pub(super) legacy: bool,
    pub(super) pending: BTreeMap<Key, Prompt>,
    pub(super) processes: Vec<Process>,
    pub(super) asked: u64,
    pub(super) ended: BTreeSet<u8>,
    /// Groups that were emptied.
    pub(super) emptied: Vec<String>,
    pub(super) widest: Scope,
    pub(super) seed: u64,
}

fn width(scope: Scope) -> u8 {
    match scope {
        Scope::Run => 0,
        Scope::Session => 1,
        Scope::Agent => 2,
    }
}

/// The name of a group in a scope.
fn group(prompt: &Prompt, scope: Scope) -> [u8; 32] {
    Place::of(prompt, scope).digest(&prompt.intent)
}

impl World {
    pub(super) fn new(legacy: bool, latency_ms: u64, seed: u64, habits: Vec<Habit>) -> Self {
        let widest = habits.iter().map(|habit| habit.scope).max_by_key(|scope| width(*scope)).unwrap();
        let processes = habits.into_iter().map(|habit| Process {
            machine: if habit.is_guard {
                let tuning = guard::Tuning {
                    scope: habit.scope,
                    margin_ms: habit.margin_ms,
                    filter: habit.filter.clone(),
                    free: Throttle { max_rate: Rate { count: 1_000_000, per_ms: 60_000 }, cooling_ms: 1 },
                    slots: habit.slots,
                    ..guard::Tuning::default()
                };
                Machine::Guard(Box::new(Guard::new(tuning)))
            } else {
                Machine::Purge(None)
            },
            habit,
            up: false,
            inbox: VecDeque::new(),
            outbox: Vec::new(),
            runs: Runs::new(),
            listing: false,
            connection: 0,
        });
        Self {
            ms: 0,
            latency_ms,
            legacy,
            pending: BTreeMap::new(),
            processes: processes.collect(),
            asked: 0,
            ended: BTreeSet::new(),
            emptied: Vec::new(),
            widest,
            seed,
        }
    }

    fn chance(&mut self) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.seed >> 33
    }

    fn late(&mut self) -> u64 {
        self.ms + 1 + self.chance() % self.latency_ms
    }

    fn now(&self, n: usize) -> Now {
        let behind_ms = self.processes[n].habit.behind_ms;
        Now { gateway: GatewayTime::of_ms(NOW + self.ms - behind_ms), steady: SteadyTime::of_ms(self.ms) }
    }

    fn post(&mut self, n: usize, message: Message) {
        let at = self.late();
        let inbox = &mut self.processes[n].inbox;
        let last = inbox.back().map_or(0, |(at, _)| *at);
        inbox.push_back((at.max(last), message));
    }

    fn broadcast(&mut self, message: &Message) {
        for n in 0..self.processes.len() {
            let Process { habit, up, machine, .. } = &self.processes[n];
            let hears = match (message, machine) {
                (Message::RunEnded(_), _) => !habit.deaf,
                (_, Machine::Guard(_)) => true,
                (_, Machine::Purge(_)) => habit.hears && self.legacy,
            };
            if *up && hears {
                let lost = self.chance().is_multiple_of(40) && !matches!(message, Message::RunEnded(_));
                self.post(n, if lost { Message::Gap } else { message.clone() });
            }
        }
    }

    pub(super) fn ask(&mut self, command: u8, session: u8, run: Option<u8>, lives_ms: u64) {
        self.asked += 1;
        let (ms, id) = (self.ms, format!("p{:05}", self.asked));
        let asked = prompt(&id, &format!("ls {command}"), |row| {
            row["createdAtMs"] = json!(NOW + ms);
            row["expiresAtMs"] = json!(NOW + ms + lives_ms);
            row["request"]["sessionKey"] = json!(format!("agent:main:{session}"));
            row["request"]["runId"] = json!(run.map(|run| format!("r{run}")));
        });
        self.pending.insert(asked.key.clone(), asked.clone());
        self.broadcast(&Message::Requested(asked));
    }

    fn run_ends(&mut self, run: u8) {
        self.ended.insert(run);
        self.broadcast(&Message::RunEnded(run));
    }

    fn ended(run: u8, ms: u64) -> serde_json::Value {
        json!({
            "runId": format!("r{run}"), "sessionKey": "agent:main:0", "stream": "lifecycle",
            "ts": NOW + ms, "data": {"phase": "end"},
        })
    }

    pub(super) fn pass(&mut self, ms: u64, stride: u64) {
        let end = self.ms + ms;
        while self.ms < end {
            self.ms += stride;
            for n in 0..self.processes.len() {
                self.arrive(n);
                self.hear(n);
                self.drive(n);
            }
        }
    }

    /// Delivers the messages of a process to the gateway.
    fn arrive(&mut self, n: usize) {
        let ms = self.ms;
        let outbox = std::mem::take(&mut self.processes[n].outbox);
        let (mut here, still): (Vec<_>, Vec<_>) = outbox.into_iter().partition(|(at, ..)| *at <= ms);
        self.processes[n].outbox = still;
        here.sort_by_key(|(at, ..)| *at);
        for (_, connection, asked) in here {
            let message = match asked {
                Asked::Check(key) => {
                    let found = if self.pending.contains_key(&key) { Found::Pending } else { Found::Gone };
                    Message::Checked(key, found)
                }
                Asked::List(at) => Message::Listed(at, self.pending.values().cloned().collect()),
                Asked::Deny(key) if self.chance().is_multiple_of(15) => {
                    Message::Answered(key, Answer::Unavailable(None))
                }
                Asked::Deny(key) => {
                    let answer = match self.pending.remove(&key) {
                        None => Answer::AlreadyGone,
                        Some(denied) => {
                            let denied_group = group(&denied, self.widest);
                            let left =
                                self.pending.values().any(|other| group(other, self.widest) == denied_group);
                            if !left {
                                let rule = &self.processes[n].habit;
                                self.emptied.push(format!("{} ms: {key:?} by {n}: {rule:?}", self.ms));
                            }
                            self.broadcast(&Message::Resolved(key.clone()));
                            Answer::Denied
                        }
                    };
                    Message::Answered(key, answer)
                }
            };
            if self.processes[n].up && self.processes[n].connection == connection {
                self.post(n, message);
            }
        }
    }

    fn hear(&mut self, n: usize) {
        let (now, ms) = (self.now(n), self.ms);
        let process = &mut self.processes[n];
        while process.inbox.front().is_some_and(|(at, _)| *at <= ms) {
            let (_, message) = process.inbox.pop_front().unwrap();
            match &mut process.machine {
                Machine::Guard(guard) => match message {
                    Message::Requested(prompt) => {
                        guard.handle(guard::Input::Requested(Box::new(prompt)), now);
                    }
                    Message::Resolved(key) => guard.handle(guard::Input::Resolved(key), now),
                    Message::RunEnded(run) => guard.handle(guard::Input::Run(&Self::ended(run, ms)), now),
                    Message::Gap => guard.handle(guard::Input::Gap, now),
                    Message::Listed(_, prompts) => {
                        guard.handle(guard::Input::Listed(prompts, Runs::new()), now);
                    }
                    Message::Answered(key, answer) => guard.handle(guard::Input::Answered(key, answer), now),
                    Message::Checked(key, found) => guard.handle(guard::Input::Checked(key, found), now),
                },
                Machine::Purge(running) => match (message, running) {
                    (Message::Listed(at, prompts), running) => {
                        process.listing = false;
                        if let Some(purge) = running {
                            let pending = prompts.iter().map(|prompt| prompt.key.clone()).collect();
                            purge.handle(purge::Input::Restored, now);
                            purge.handle(purge::Input::Listed(pending, at), now);
                            if process.habit.hears && self.legacy {
                                purge.handle(purge::Input::Subscribed(at), now);
                            }
                            continue;
                        }
                        *running = process.habit.purge(&prompts, &process.runs, at, now, self.legacy);
                    }
                    (Message::RunEnded(run), _) => {
                        process.runs.event(&Self::ended(run, ms), now.gateway.as_ms());
                    }
                    (Message::Resolved(key), Some(purge)) => {
                        purge.handle(purge::Input::Resolved(key), now);
                    }
                    (Message::Gap, Some(purge)) => purge.handle(purge::Input::Unsubscribed, now),
                    (Message::Answered(key, answer), Some(purge)) => {
                        purge.handle(purge::Input::Answered(key, answer), now);
                    }
                    (Message::Checked(key, found), Some(purge)) => {
                        purge.handle(purge::Input::Checked(key, found, now.gateway), now);
                    }
                    (_, _) => {}
                },
            }
        }
    }

    fn drive(&mut self, n: usize) {
        let now = self.now(n);
        if !self.processes[n].up {
            return;
        }
        loop {
            let at = self.late();
            let process = &mut self.processes[n];
            let asked = match &mut process.machine {
                Machine::Guard(guard) => {
                    let next = guard.next(now);
                    guard.take_notes();
                    match next {
                        guard::Next::Deny(key) => Asked::Deny(key),
                        guard::Next::Check(key) => Asked::Check(key),
                        guard::Next::List => Asked::List(now.gateway),
                        guard::Next::Wait(_) | guard::Next::Done => return,
                    }
                }
                Machine::Purge(None) if !process.listing => {
                    process.listing = true;
                    Asked::List(now.gateway)
                }
                Machine::Purge(None) => return,
                Machine::Purge(running) => match running.as_mut().unwrap().next(now) {
                    purge::Next::Deny(key) => Asked::Deny(key),
                    purge::Next::Check(key) => Asked::Check(key),
                    purge::Next::Wait(_) => return,
                    purge::Next::Done => {
                        *running = None;
                        return;
                    }
                },
            };
            process.outbox.push((at, process.connection, asked));
        }
    }

    /// Makes or drops a connection. Messages that were sent on it may still arrive.
    pub(super) fn connection(&mut self, n: usize) {
        let now = self.now(n);
        let (runs, ms): (Vec<u8>, u64) = (self.ended.iter().copied().collect(), self.ms);
        let at = self.late();
        let process = &mut self.processes[n];
        process.up = !process.up;
        process.connection += 1;
        process.inbox.clear();
        process.listing = false;
        let unsure_ms = process.habit.unsure_ms;
        match (&mut process.machine, process.up) {
            (Machine::Guard(guard), true) => {
                guard.handle(guard::Input::Clock(unsure_ms), now);
                guard.handle(guard::Input::Connected, now);
            }
            (Machine::Guard(guard), false) => guard.handle(guard::Input::Lost, now),
            (Machine::Purge(running), true) => {
                if !process.habit.deaf {
                    process.runs = Runs::new();
                    for run in runs {
                        process.runs.event(&Self::ended(run, ms), now.gateway.as_ms());
                    }
                }
                if running.is_some() {
                    process.listing = true;
                    process.outbox.push((at, process.connection, Asked::List(now.gateway)));
                }
            }
            (Machine::Purge(running), false) => {
                if let Some(purge) = running {
                    purge.handle(purge::Input::Lost, now);
                }
            }
        }
    }

    pub(super) fn step(&mut self, step: &Step) {
        let Step { what, command, session, run, noise } = *step;
        match what {
            0..9 => {
                let lives_ms = if noise.is_multiple_of(5) { 250_000 } else { 1_800_000 };
                self.ask(command % 2, session, (run < 3).then_some(run), lives_ms);
            }
            9 => self.run_ends(run % 3),
            10 => self.connection(noise % self.processes.len()),
            11..14 => self.pass(200 + noise as u64 % 2_000, 7),
            _ => self.pass(1 + noise as u64 % 200, 3),
        }
    }

    /// From here on connections last, for long enough.
    pub(super) fn settle(&mut self) {
        for n in 0..self.processes.len() {
            if !self.processes[n].up {
                self.connection(n);
            }
        }
        self.pass(100_000, 19);
    }

    /// The number of prompts of each group in a scope.
    pub(super) fn sizes(&self, scope: Scope) -> HashMap<[u8; 32], usize> {
        let mut sizes = HashMap::new();
        self.pending.values().for_each(|prompt| *sizes.entry(group(prompt, scope)).or_default() += 1);
        sizes
    }
}

impl Habit {
    fn purge(
        &self,
        prompts: &[Prompt],
        runs: &Runs,
        at: GatewayTime,
        now: Now,
        legacy: bool,
    ) -> Option<Box<Purge>> {
        let admitted = prompts.iter().filter(|prompt| self.filter.admits(prompt, at.as_ms()));
        let rules =
            Rules { scope: self.scope, keep: self.keep, margin_ms: self.margin_ms, now_ms: at.as_ms() };
        let plan = plan(admitted, runs, rules);
        let mut purge = Purge::new(purge::Tuning { slots: self.slots, ..purge::Tuning::default() });
        plan.duplicated().for_each(|group| purge.add(group, at));
        purge.handle(purge::Input::Clock(self.unsure_ms), now);
        if self.hears && legacy {
            purge.handle(purge::Input::Subscribed(at), now);
        }
        (purge.open() > 0).then(|| Box::new(purge))
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) what: u8,
    pub(super) command: u8,
    pub(super) session: u8,
    pub(super) run: u8,
    pub(super) noise: usize,
}
