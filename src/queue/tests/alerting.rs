//! What a guard reports of prompts that wait too long and of a queue that is too long: each cause once.

use proptest::prelude::*;
use serde_json::json;

use super::super::clock::{GatewayTime, Now, SteadyTime};
use super::super::denials::Answer;
use super::super::guard::{Input, Long, Next, Note, Older, Tuning};
use super::super::{Guard, Key, Kind, Prompt, Runs};
use super::{NOW, prompt};

const MINUTE: u64 = 60_000;

/// A guard with limits, and the prompts that its gateway has.
struct At {
    guard: Guard,
    pending: Vec<Prompt>,
}

fn asks(id: &str, command: &str, ms: u64) -> Prompt {
    prompt(id, command, |row| {
        row["createdAtMs"] = json!(NOW + ms);
        row["expiresAtMs"] = json!(NOW + ms + 60 * MINUTE);
    })
}

impl At {
    fn knowing(older_ms: &[u64], longer_than: &[usize], pending: Vec<Prompt>) -> Self {
        let tuning = Tuning {
            slots: None,
            older_ms: older_ms.to_vec(),
            longer_than: longer_than.to_vec(),
            ..Tuning::default()
        };
        let mut at = Self { guard: Guard::new(tuning), pending };
        at.handle(Input::Connected, 0);
        at
    }

    fn handle(&mut self, input: Input<'_>, ms: u64) {
        self.guard.handle(input, now(ms));
    }

    /// Lets the guard do what it does at this time. Returns when it is to be called again.
    fn acts(&mut self, ms: u64) -> Option<u64> {
        loop {
            match self.guard.next(now(ms)) {
                Next::Deny(key) => {
                    self.pending.retain(|prompt| prompt.key != key);
                    self.handle(Input::Answered(key, Answer::Denied), ms);
                }
                Next::List => self.handle(Input::Listed(self.pending.clone(), Runs::new()), ms),
                Next::Check(_) => panic!("without slots nothing is checked"),
                Next::Wait(until) => return until.map(SteadyTime::as_ms),
                Next::Done => return None,
            }
        }
    }

    /// The reports until this time. The guard is called only when it asks to be.
    fn reports(&mut self, mut ms: u64, until_ms: u64) -> Vec<(u64, String)> {
        let mut reports = Vec::new();
        while ms <= until_ms {
            let next = self.acts(ms);
            reports.extend(self.guard.take_notes().iter().filter_map(shown).map(|text| (ms, text)));
            let Some(next) = next else { break };
            assert!(next > ms, "it asks to be called again at the same time: {ms}");
            ms = next;
        }
        reports
    }

    fn comes(&mut self, prompt: Prompt, ms: u64) {
        self.pending.push(prompt.clone());
        self.handle(Input::Requested(Box::new(prompt)), ms);
    }

    fn goes(&mut self, id: &str, ms: u64) {
        self.pending.retain(|prompt| prompt.id() != id);
        self.handle(Input::Resolved(Key::new(Kind::Exec, id)), ms);
    }
}

fn now(ms: u64) -> Now {
    Now { gateway: GatewayTime::of_ms(NOW + ms), steady: SteadyTime::of_ms(ms) }
}

fn shown(note: &Note) -> Option<String> {
    match note {
        Note::Older(older) => {
            let Older { limit_ms, count, prompts } = &**older;
            let ids: Vec<&str> = prompts.iter().map(Prompt::id).collect();
            Some(format!("{}m: {count} ({})", limit_ms / MINUTE, ids.join(" ")))
        }
        Note::Long(Long { limit, pending, .. }) => Some(format!("{pending} > {limit}")),
        _ => None,
    }
}

#[test]
fn an_old_prompt_is_reported_once_when_it_passes_the_limit() {
    let mut at =
        At::knowing(&[5 * MINUTE, 10 * MINUTE], &[], vec![asks("a", "ls", 0), asks("b", "pwd", 1_000)]);
    let reports = at.reports(0, 30 * MINUTE);
    let expected = [
        (5 * MINUTE, "5m: 1 (a)".to_owned()),
        // The next one passes a second later, and is reported with the next report.
        (5 * MINUTE + 10_000, "5m: 1 (b)".to_owned()),
        (10 * MINUTE, "10m: 1 (a)".to_owned()),
        (10 * MINUTE + 10_000, "10m: 1 (b)".to_owned()),
    ];
    assert_eq!(reports, expected);
}

#[test]
fn a_backlog_is_one_report() {
    let backlog = (0..40).map(|at| asks(&format!("id-{at:02}"), &format!("make {at}"), 0)).collect();
    let mut at = At::knowing(&[5 * MINUTE], &[], backlog);
    let reports = at.reports(20 * MINUTE, 30 * MINUTE);
    let first: Vec<String> = (0..10).map(|at| format!("id-{at:02}")).collect();
    assert_eq!(reports, [(20 * MINUTE, format!("5m: 40 ({})", first.join(" ")))]);
}

#[test]
fn what_is_gone_or_denied_is_not_reported() {
    let mut at = At::knowing(&[5 * MINUTE], &[], vec![asks("a", "ls", 0), asks("b", "pwd", 0)]);
    assert!(at.reports(0, MINUTE).is_empty());
    at.goes("a", MINUTE);
    // A duplicate of the other one, which is denied.
    at.comes(asks("c", "pwd", MINUTE), MINUTE);
    assert_eq!(at.reports(MINUTE, 30 * MINUTE), [(5 * MINUTE, "5m: 1 (b)".to_owned())]);
}

#[test]
fn a_lost_connection_repeats_no_report() {
    let mut at = At::knowing(&[5 * MINUTE], &[0], vec![asks("a", "ls", 0)]);
    assert_eq!(at.reports(0, 6 * MINUTE).len(), 2);
    at.handle(Input::Lost, 6 * MINUTE);
    at.comes(asks("b", "pwd", 6 * MINUTE), 6 * MINUTE);
    at.handle(Input::Connected, 20 * MINUTE);
    assert_eq!(at.reports(20 * MINUTE, 30 * MINUTE), [(20 * MINUTE, "5m: 1 (b)".to_owned())]);
}

#[test]
fn nothing_is_reported_while_not_everything_is_known() {
    let mut at = At::knowing(&[MINUTE], &[0], vec![asks("a", "ls", 0)]);
    assert_eq!(at.guard.next(now(0)), Next::List);
    at.handle(Input::Requested(Box::new(asks("a", "ls", 0))), 0);
    at.guard.next(now(5 * MINUTE));
    assert!(at.guard.take_notes().iter().all(|note| shown(note).is_none()));
}

proptest! {
    /// However prompts come and go, each that is pending at its limit is reported exactly once, never before it, and at
    /// most ten seconds after it.
    #[test]
    fn each_prompt_is_reported_once(lives in prop::collection::vec((0_u64..20 * MINUTE, 1_u64..20 * MINUTE), 1..40)) {
        let limit = 5 * MINUTE;
        let mut at = At::knowing(&[limit], &[], Vec::new());
        let mut moments: Vec<(u64, bool, usize)> = Vec::new();
        for (index, (from, life)) in lives.iter().enumerate() {
            moments.push((*from, true, index));
            moments.push((from + life, false, index));
        }
        moments.sort_unstable();
        let (mut ms, mut reported) = (0, vec![0_usize; lives.len()]);
        let mut take = |at: &mut At, from: u64, to: u64| {
            let mut ms = from;
            loop {
                let next = at.acts(ms);
                for note in at.guard.take_notes() {
                    let Note::Older(older) = note else { continue };
                    // Ten prompts are named; in this test no more are due at once, or they are counted.
                    for prompt in &older.prompts {
                        let index: usize = prompt.id()[1..].parse().unwrap();
                        let due = lives[index].0 + limit;
                        assert!(ms >= due && ms <= due + 10_000, "{ms} {due}");
                        reported[index] += 1;
                    }
                    assert!(older.count == older.prompts.len() || older.prompts.len() == 10);
                }
                match next {
                    Some(next) if next < to => ms = next.max(ms + 1),
                    _ => break,
                }
            }
        };
        for (moment, comes, index) in moments {
            take(&mut at, ms, moment);
            ms = moment;
            let id = format!("p{index}");
            if comes {
                at.comes(asks(&id, &format!("make {index}"), moment), moment);
            } else {
                at.goes(&id, moment);
            }
        }
        take(&mut at, ms, ms + 10 * MINUTE);
        for (index, (_, life)) in lives.iter().enumerate() {
            prop_assert!(reported[index] <= 1);
            prop_assert!(*life >= limit || reported[index] == 0);
        }
    }
}
