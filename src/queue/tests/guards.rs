//! Guards, a gateway and its other clients: invariants in every order of events.
//!
//! A simulation in time. Events and answers are delayed, connections drop, denials meet decisions of other clients.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::clock::{GatewayTime, Now, SteadyTime};
use super::super::denials::{Answer, Found};
use super::super::guard::{Input, Next, Note, Rate, Throttle, Tuning};
use super::super::{Guard, Key, Prompt, Runs};
use super::{NOW, prompt};

/// The longest delay of a message, in milliseconds.
const LATENCY: u64 = 60;

/// By how much the clock of every second guard is behind: the latency of its connection's first message.
const BEHIND: u64 = 50;

/// The number of cases. Each takes minutes of simulated time.
const CASES: u32 = 96;

/// A message to a guard.
#[derive(Debug, Clone)]
enum Message {
    Requested(Prompt),
    Resolved(Key),
    Run(Value),
    Gap,
    Listed(Vec<Prompt>),
    Unlisted,
    Answered(Key, Answer),
    Checked(Key, Found),
}

/// A guard and the messages to it.
struct Seat {
    guard: Guard,
    up: bool,
    /// Messages in the order in which they were sent, and their times of arrival.
    inbox: VecDeque<(u64, Message)>,
    /// Denials on their way to the gateway.
    outbox: Vec<(u64, Key)>,
    /// The prompts that it may know to be pending.
    view: HashMap<Key, Prompt>,
    /// The prompts that were reported to it as gone.
    gone: HashSet<Key>,
    /// The number of gaps in its events, and that number at the request of its last listing.
    gaps: usize,
    asked: usize,
    listed: Option<usize>,
    denying: HashSet<Key>,
    /// Whether it misses events of runs.
    deaf: bool,
    decided: HashSet<u64>,
    over: HashSet<u64>,
}

struct World {
    ms: u64,
    pending: BTreeMap<Key, Prompt>,
    seats: Vec<Seat>,
    next: u64,
    /// Groups of which a prompt was resolved by another client than a guard.
    touched: HashSet<u8>,
    group: HashMap<Key, u8>,
}

impl World {
    fn new(guards: usize, tuning: &Tuning) -> Self {
        let seat = |_| Seat {
            guard: Guard::new(tuning.clone()),
            up: false,
            inbox: VecDeque::new(),
            outbox: Vec::new(),
            view: HashMap::new(),
            gone: HashSet::new(),
            gaps: 0,
            asked: 0,
            listed: None,
            denying: HashSet::new(),
            deaf: false,
            decided: HashSet::new(),
            over: HashSet::new(),
        };
        Self {
            ms: 0,
            pending: BTreeMap::new(),
            seats: (0..guards).map(seat).collect(),
            next: 0,
            touched: HashSet::new(),
            group: HashMap::new(),
        }
    }

    fn now(&self, n: usize) -> Now {
        let behind = BEHIND * (n as u64 % 2);
        Now { gateway: GatewayTime::of_ms(NOW + self.ms - behind), steady: SteadyTime::of_ms(self.ms) }
    }

    fn handle(&mut self, message: &Message, noise: usize) {
        for (n, seat) in self.seats.iter_mut().enumerate().filter(|(_, seat)| seat.up) {
            if seat.deaf && matches!(message, Message::Run(_)) {
                continue;
            }
            let late = noise.rotate_left(u32::try_from(n * 7).unwrap()) as u64 % LATENCY;
            seat.post(self.ms + late, message.clone());
            match noise % 11 {
                // The event arrives twice, or is lost and that is noticed.
                0 => seat.post(self.ms + late, message.clone()),
                2 if matches!(message, Message::Resolved(_)) => {
                    let again = noise % seat.view.len().max(1);
                    let again = seat.view.values().nth(again).cloned();
                    if let Some(again) = again {
                        seat.post(self.ms + late, Message::Requested(again));
                    }
                }
                1 => {
                    seat.inbox.pop_back();
                    seat.post(self.ms + late, Message::Gap);
                }
                _ => {}
            }
        }
    }

    fn ask(&mut self, group: u8, run: Option<u8>, lives_ms: u64, noise: usize) {
        self.next += 1;
        let (ms, id) = (self.ms, format!("p{:05}", self.next));
        let asked = prompt(&id, &format!("ls {group}"), |row| {
            row["createdAtMs"] = json!(NOW + ms);
            row["expiresAtMs"] = json!(NOW + ms + lives_ms);
            row["request"]["runId"] = json!(run.map(|run| format!("r{run}")));
        });
        self.group.insert(asked.key.clone(), group);
        self.pending.insert(asked.key.clone(), asked.clone());
        self.handle(&Message::Requested(asked), noise);
    }

    fn take(&mut self, key: &Key, by_guard: bool, noise: usize) -> bool {
        if self.pending.remove(key).is_none() {
            return false;
        }
        if !by_guard {
            self.touched.insert(self.group[key]);
        }
        self.handle(&Message::Resolved(key.clone()), noise);
        true
    }

    /// Delivers messages to the gateway and to the guards, and runs the guards' next steps.
    fn pass(&mut self, ms: u64, noise: usize) -> Result<(), TestCaseError> {
        let end = self.ms + ms;
        while self.ms < end {
            // Long waits use longer steps.
            self.ms += match ms {
                ..=60 => 1,
                61..1_000 => 7,
                _ => 20,
            };
            let expired: Vec<Key> = self
                .pending
                .values()
                .filter(|one| one.expired(NOW + self.ms))
                .map(|one| one.key.clone())
                .collect();
            for key in expired {
                // No event is sent.
                self.touched.insert(self.group[&key]);
                self.pending.remove(&key);
            }
            for n in 0..self.seats.len() {
                self.arrive(n, noise)?;
                self.drive(n, noise)?;
            }
        }
        Ok(())
    }

    /// Delivers denials to the gateway.
    fn arrive(&mut self, n: usize, noise: usize) -> Result<(), TestCaseError> {
        let ms = self.ms;
        let seat = &mut self.seats[n];
        let (here, still): (Vec<_>, Vec<_>) = seat.outbox.drain(..).partition(|(at, _)| *at <= ms);
        seat.outbox = still;
        for (_, key) in here {
            let busy = noise.is_multiple_of(7);
            let answer = if busy {
                Answer::Unavailable(None)
            } else if self.take(&key, true, noise) {
                let group = self.group[&key];
                let left = self.pending.keys().any(|other| self.group[other] == group);
                prop_assert!(
                    left || self.touched.contains(&group),
                    "a guard emptied group {group} with {key:?}"
                );
                Answer::Denied
            } else {
                Answer::AlreadyGone
            };
            let late = ms + (noise as u64 % LATENCY);
            self.seats[n].post(late, Message::Answered(key, answer));
        }
        Ok(())
    }

    fn drive(&mut self, n: usize, noise: usize) -> Result<(), TestCaseError> {
        let now = self.now(n);
        while self.seats[n].inbox.front().is_some_and(|(at, _)| *at <= self.ms) {
            let (_, message) = self.seats[n].inbox.pop_front().unwrap();
            self.seats[n].hear(message, now);
        }
        loop {
            match self.seats[n].guard.next(now) {
                Next::List => {
                    let listed: Vec<Prompt> = self.pending.values().cloned().collect();
                    let at = self.ms + noise as u64 % LATENCY;
                    self.seats[n].asked = self.seats[n].gaps;
                    let message =
                        if noise.is_multiple_of(13) { Message::Unlisted } else { Message::Listed(listed) };
                    self.seats[n].post(at, message);
                }
                Next::Check(key) => {
                    let there = self.pending.contains_key(&key);
                    let found = if there { Found::Pending } else { Found::Gone };
                    let at = self.ms + 1 + noise as u64 % LATENCY;
                    self.seats[n].post(at, Message::Checked(key, found));
                }
                Next::Deny(key) => {
                    let at = self.ms + 1 + noise as u64 % LATENCY;
                    let group = self.group[&key];
                    let seat = &mut self.seats[n];
                    prop_assert!(seat.up, "nothing is sent without a connection");
                    prop_assert_eq!(seat.listed, Some(seat.gaps), "nothing is denied on what may be missing");
                    prop_assert!(seat.denying.insert(key.clone()), "one denial at a time");
                    let other = seat.view.values().any(|other| {
                        self.group[&other.key] == group
                            && !seat.denying.contains(&other.key)
                            && !other.expired(now.gateway.as_ms())
                    });
                    prop_assert!(other, "{key:?} is alone, as far as this guard knows");
                    seat.outbox.push((at, key));
                }
                Next::Wait(_) | Next::Done => break,
            }
        }
        self.seats[n].account()
    }

    fn connection(&mut self, n: usize) {
        let now = self.now(n);
        let seat = &mut self.seats[n];
        seat.up = !seat.up;
        seat.inbox.clear();
        seat.denying.clear();
        seat.view.clear();
        seat.listed = None;
        if seat.up {
            seat.guard.handle(Input::Clock(BEHIND), now);
            seat.guard.handle(Input::Connected, now);
        } else {
            // Messages in flight may still arrive.
            seat.guard.handle(Input::Lost, now);
        }
    }

    fn step(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let Step { what, group, run, noise } = *step;
        match what {
            0..10 => {
                let run = (run < 4).then_some(run);
                self.ask(group % 3, run, [1_800_000, 31_000, 800][noise % 3], noise);
            }
            10..12 => self.run_ends(run % 4, noise),
            12 => {
                let key = self.pending.keys().nth(noise % self.pending.len().max(1)).cloned();
                key.map(|key| self.take(&key, false, noise));
            }
            13 => self.connection(noise % self.seats.len()),
            14 => self.pass(61 + noise as u64 % 900, noise)?,
            _ => self.pass(1 + noise as u64 % 60, noise)?,
        }
        Ok(())
    }

    fn run_ends(&mut self, run: u8, noise: usize) {
        let ended = json!({
            "runId": format!("r{run}"), "sessionKey": "agent:main:lab", "stream": "lifecycle",
            "ts": NOW + self.ms, "data": {"phase": "end"},
        });
        self.handle(&Message::Run(ended), noise);
    }

    /// From here on nothing fails, for long enough.
    fn settle(&mut self) -> Result<(), TestCaseError> {
        for n in 0..self.seats.len() {
            if !self.seats[n].up {
                self.connection(n);
            }
        }
        // 5: not repeated, not lost, not busy.
        for _ in 0..200 {
            self.pass(1_000, 5)?;
        }
        Ok(())
    }
}

impl Seat {
    fn post(&mut self, at_ms: u64, message: Message) {
        let last = self.inbox.back().map_or(0, |(at, _)| *at);
        self.inbox.push_back((at_ms.max(last), message));
    }

    fn hear(&mut self, message: Message, now: Now) {
        match message {
            Message::Requested(prompt) => {
                if !self.gone.contains(&prompt.key) {
                    self.view.insert(prompt.key.clone(), prompt.clone());
                }
                self.guard.handle(Input::Requested(Box::new(prompt)), now);
            }
            Message::Resolved(key) => {
                self.view.remove(&key);
                self.gone.insert(key.clone());
                self.guard.handle(Input::Resolved(key), now);
            }
            Message::Run(event) => self.guard.handle(Input::Run(&event), now),
            Message::Gap => {
                self.gaps += 1;
                self.guard.handle(Input::Gap, now);
            }
            Message::Listed(prompts) => {
                self.listed = Some(self.asked);
                let there = prompts.iter().filter(|prompt| !self.gone.contains(&prompt.key));
                self.view.extend(there.map(|prompt| (prompt.key.clone(), prompt.clone())));
                self.guard.handle(Input::Listed(prompts, Runs::new()), now);
            }
            Message::Checked(key, found) => {
                if found == Found::Gone {
                    self.view.remove(&key);
                    self.gone.insert(key.clone());
                }
                self.guard.handle(Input::Checked(key, found), now);
            }
            Message::Unlisted => self.guard.handle(Input::Unlisted, now),
            Message::Answered(key, answer) => {
                self.denying.remove(&key);
                if matches!(answer, Answer::Denied | Answer::AlreadyGone) {
                    self.view.remove(&key);
                }
                self.guard.handle(Input::Answered(key, answer), now);
            }
        }
    }

    /// Every decision is reported once, and then its end once.
    fn account(&mut self) -> Result<(), TestCaseError> {
        for note in self.guard.take_notes() {
            match note {
                Note::Decided(decided) => {
                    prop_assert!(self.decided.insert(decided.number));
                    prop_assert!(decided.survivor != decided.prompt.key);
                }
                Note::Over { number, .. } => {
                    prop_assert!(self.decided.contains(&number) && self.over.insert(number));
                }
                Note::Reconciled(_)
                | Note::Opened { .. }
                | Note::Closed
                | Note::Offender(_)
                | Note::Held(_)
                | Note::Released(_)
                | Note::Older(_)
                | Note::Long(_) => {}
            }
        }
        prop_assert!(self.decided.len() - self.over.len() >= self.guard.in_flight());
        Ok(())
    }
}

#[derive(Debug, Clone, Copy)]
struct Step {
    what: u8,
    group: u8,
    run: u8,
    noise: usize,
}

fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let step = (0_u8..24, 0_u8..3, 0_u8..6, 0_usize..10_000);
    prop::collection::vec(
        step.prop_map(|(what, group, run, noise)| Step { what, group, run, noise }),
        0..most,
    )
}

fn fast() -> Tuning {
    let free = Throttle { max_rate: Rate { count: 1_000_000, per_ms: 60_000 }, cooling_ms: 300_000 };
    Tuning { free, ..Tuning::default() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    /// One guard. It denies no prompt that is alone, empties no group, and keeps one prompt of each group in the end.
    #[test]
    fn one_guard(steps in steps(120), rate in prop_oneof![Just(1_000_000_u32), 1_u32..20]) {
        let free = Throttle { max_rate: Rate { count: rate, per_ms: 60_000 }, cooling_ms: 5_000 };
        let tuning = Tuning { free, ..fast() };
        let mut world = World::new(1, &tuning);
        for step in &steps {
            world.step(step)?;
        }
        world.settle()?;
        let seat = &world.seats[0];
        prop_assert_eq!(seat.decided.len(), seat.over.len(), "every decision has an end");
        let [table, lately, offenders] = seat.guard.remembered();
        // A prompt is in the table, and its denial may still wait for the rate.
        let pending = world.pending.len();
        prop_assert!(table <= 2 * pending + 3, "{table} remembered, {pending} pending");
        prop_assert!(offenders <= 3);
        if rate > 1_000 {
            prop_assert_eq!(lately, 0, "what was resolved two listings ago is forgotten");
            let mut groups: HashMap<u8, usize> = HashMap::new();
            world.pending.keys().for_each(|key| *groups.entry(world.group[key]).or_default() += 1);
            prop_assert!(groups.values().all(|left| *left == 1), "{groups:?}");
        }
    }

    /// Two guards and a person. The guards receive events at different times, and one misses events of runs.
    #[test]
    fn two_guards_and_a_person(steps in steps(120), deaf in any::<bool>()) {
        let mut world = World::new(2, &fast());
        world.seats[1].deaf = deaf;
        for step in &steps {
            world.step(step)?;
        }
        world.settle()?;
        let mut groups: HashMap<u8, usize> = HashMap::new();
        world.pending.keys().for_each(|key| *groups.entry(world.group[key]).or_default() += 1);
        prop_assert!(groups.values().all(|left| *left == 1), "{groups:?}");
    }
}
