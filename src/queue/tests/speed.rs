//! The cost of slots for a purge, in a simulation of a gateway that answers one request after the other.

use std::collections::VecDeque;

use serde_json::json;

use super::super::denials::{Answer, Found};
use super::super::purge::{self, Next, Tuning};
use super::super::{Keep, Prompt, Purge, Rules, Runs, Scope, Slots, plan};
use super::{NOW, clocks, gateway, gateway_ms, prompt};

/// The time that a current gateway takes for one denial by the exact id, in microseconds (measured on 2026.9.6).
const SERVICE_US: u64 = 6_200;

/// `groups` commands with `each` prompts.
fn prompts(groups: usize, each: usize, at_ms: u64) -> Vec<Prompt> {
    let names = (0..groups).flat_map(|group| (0..each).map(move |number| (group, number)));
    let made = names.map(|(group, number)| {
        prompt(&format!("p{group:03}{number:04}"), &format!("echo lab {group}"), |row| {
            row["createdAtMs"] = json!(at_ms - 60_000 + number as u64);
            row["expiresAtMs"] = json!(at_ms + 1_800_000);
        })
    });
    made.collect()
}

/// The duration of the purge, in milliseconds.
fn takes_ms(slots: Option<Slots>, keep: Keep, groups: usize, each: usize, begin_ms: u64) -> u64 {
    let prompts = prompts(groups, each, begin_ms);
    let runs = Runs::new();
    let rules = Rules { scope: Scope::Session, keep, ..Rules::at(begin_ms) };
    let plan = plan(&prompts, &runs, rules);
    let mut purge = Purge::new(Tuning { slots, ..Tuning::default() });
    purge.handle(purge::Input::Clock(5), clocks(begin_ms));
    plan.duplicated().for_each(|group| purge.add(group, gateway(begin_ms)));
    let mut queue: VecDeque<(u64, Next)> = VecDeque::new();
    let (mut clock_us, mut free_us) = (begin_ms * 1_000, begin_ms * 1_000);
    loop {
        while queue.front().is_some_and(|(at_us, _)| *at_us <= clock_us) {
            let Some((_, done)) = queue.pop_front() else { break };
            let now_ms = clock_us / 1_000;
            purge.handle(
                match done {
                    Next::Check(key) => purge::Input::Checked(key, Found::Pending, gateway(now_ms)),
                    Next::Deny(key) => purge::Input::Answered(key, Answer::Denied),
                    other => panic!("{other:?}"),
                },
                clocks(now_ms),
            );
        }
        let now_ms = clock_us / 1_000;
        match purge.next(clocks(now_ms)) {
            Next::Done => return now_ms - begin_ms,
            Next::Wait(until) => {
                let answer = queue.front().map(|(at_us, _)| *at_us);
                let woken_us = until.map(|at| (gateway_ms(at) * 1_000).max(clock_us + 1_000));
                clock_us = answer.into_iter().chain(woken_us).min().expect("it waits for something");
            }
            asked => {
                free_us = free_us.max(clock_us + 500) + SERVICE_US;
                queue.push_back((free_us + 500, asked));
            }
        }
    }
}

/// The median over start times.
fn median_ms(groups: usize, each: usize) -> u64 {
    let begins = (0..11).map(|step| NOW + step * 733);
    let mut times: Vec<u64> =
        begins.map(|at| takes_ms(Some(Slots::CURRENT), Keep::Oldest, groups, each, at)).collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// The bars: 0.9 of the best rate (`product.md`), and for a single group the share of the time that its slots leave.
#[test]
fn slots_cost_a_purge_little() {
    for (groups, each, percent) in [(1, 991, 135), (10, 100, 111), (40, 26, 111)] {
        let best_ms = SERVICE_US * (groups * (each - 1)) as u64 / 1_000;
        let alone_ms = takes_ms(None, Keep::Oldest, groups, each, NOW).max(best_ms);
        let took_ms = median_ms(groups, each);
        assert!(
            took_ms * 100 <= alone_ms * percent,
            "{groups} groups of {each}: {took_ms} ms with slots, {alone_ms} ms without"
        );
    }
}
