//! Proposals: entries that would have saved prompts. An entry is proposed only if the evaluator decides that it allows every
//! command that it is made of, no command that was denied, and no other form of its commands.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::candidate::{Asked, Candidate, name};
use super::checker::Checker;
use super::judge::Judge;
use super::observed::{Call, Denied, Observed, Tally};
use super::refusals::{CREDENTIAL, Refusals};
use crate::approvals::decide::{Decision, Segment, Verdict};
use crate::approvals::suggest::{Freedom, freedom, has_credential, is_many, is_same, templates};
use crate::approvals::{lint, quotable};
use crate::commands::explain::exact_entry;
use crate::deadline::Deadline;
use crate::report::approvals::suggest::{Proposals, Refused};

/// The most commands of an agent that entries are made of: those with the most prompts.
const MOST_COMMANDS: usize = 5_000;

/// Programs that change what is allowed.
const MANAGERS: [&str; 2] = ["openclaw", "clearance"];

/// What proposals are made by.
#[derive(Debug, Clone)]
pub(super) struct Terms {
    /// The number of prompts that an entry needs, and of different texts that a field needs.
    pub(super) least: u64,
    /// Whether prompts count that nobody decided.
    pub(super) counts_undecided: bool,
    /// The agents; empty for all.
    pub(super) agents: Vec<String>,
    /// When to stop. What was found by then is not complete.
    pub(super) deadline: Deadline,
}

/// The proposals for every agent.
#[derive(Debug, Default)]
pub(super) struct Proposed {
    pub(super) agents: Vec<Proposals>,
    pub(super) refused: Vec<Refused>,
    /// The number of prompts whose command already runs.
    pub(super) running: u64,
    /// The number of prompts that the proposals would save.
    pub(super) saved: u64,
}

/// Makes the proposals of every agent.
pub(super) fn propose(judge: &Judge<'_>, observed: &Observed, terms: &Terms) -> Proposed {
    let mut proposed = Proposed::default();
    let mut by_agent: BTreeMap<&str, Vec<(&Call, Tally)>> = BTreeMap::new();
    let is_wanted =
        |agent: &str| terms.agents.is_empty() || terms.agents.iter().any(|wanted| wanted == agent);
    for (call, tally) in observed.calls.iter().filter(|(call, _)| is_wanted(&call.agent)) {
        by_agent.entry(&call.agent).or_default().push((call, *tally));
    }
    for (agent, calls) in by_agent {
        let maker = Maker { judge, terms, agent, denied: &observed.denied, refusals: Refusals::default() };
        maker.make(calls, &mut proposed);
    }
    proposed
}

/// The programs of an agent by their real path.
type Programs<'o> = BTreeMap<String, Commands<'o>>;

/// The commands of a program.
struct Commands<'o> {
    /// What of their arguments may vary, by each name that the program was called by.
    freedom: Freedom,
    /// The commands by the words after the program.
    asked: BTreeMap<Vec<String>, Asked<'o>>,
}

/// Makes the proposals of an agent.
struct Maker<'m> {
    judge: &'m Judge<'m>,
    terms: &'m Terms,
    agent: &'m str,
    denied: &'m [Denied],
    refusals: Refusals,
}

impl Maker<'_> {
    fn make(mut self, mut calls: Vec<(&Call, Tally)>, proposed: &mut Proposed) {
        calls.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.all()));
        let loaded = self.judge.prepared(&self.judge.document, self.agent);
        let mut open: Vec<(&Call, Tally)> = Vec::new();
        let mut programs: Programs<'_> = BTreeMap::new();
        for (index, (call, tally)) in calls.into_iter().enumerate() {
            if self.terms.deadline.left().is_none() {
                return;
            }
            let decision = self.judge.decide_call(&loaded, call);
            if decision.verdict == Verdict::Runs {
                proposed.running += tally.all();
                continue;
            }
            open.push((call, tally));
            if let Some(why) = self.never(call) {
                self.refusals.add(call, tally, why);
                continue;
            }
            if index >= MOST_COMMANDS {
                self.refusals.add(call, tally, "it is not among the commands with the most prompts");
                continue;
            }
            match self.program(&decision) {
                Ok((real, free, words)) => {
                    let none = || Commands { freedom: free, asked: BTreeMap::new() };
                    let commands = programs.entry(real).or_insert_with(none);
                    commands.freedom = commands.freedom.min(free);
                    let asked = commands.asked.entry(words).or_default();
                    asked.calls.push((call, tally));
                    asked.tally.allowed += tally.allowed;
                    asked.tally.undecided += tally.undecided;
                    asked.tally.denied += tally.denied;
                }
                Err(why) => self.refusals.add(call, tally, &why),
            }
        }
        let checker = Checker::new(self.judge, self.agent, self.denied, &loaded);
        let mut found: Vec<Candidate<'_>> = Vec::new();
        for (real, commands) in &programs {
            if self.terms.deadline.left().is_none() {
                return;
            }
            self.of_program(real, commands, &checker, &mut found);
        }
        found.sort_by_key(|candidate| std::cmp::Reverse(candidate.prompts()));
        self.without_denied(&checker, &mut found);
        if let Some(after) = self.document(&self.judge.document, &found) {
            let after = self.judge.prepared(&after, self.agent);
            let runs =
                |call: &&(&Call, Tally)| self.judge.decide_call(&after, call.0).verdict == Verdict::Runs;
            let saved: Vec<_> = open.iter().filter(runs).collect();
            proposed.saved += saved.iter().map(|(_, tally)| tally.all()).sum::<u64>();
            let saved: BTreeSet<&Call> = saved.into_iter().map(|(call, _)| *call).collect();
            self.refusals.forget(|call| saved.contains(call));
        }
        proposed.refused.extend(self.refusals.reported(self.agent));
        if !found.is_empty() {
            let proposals = found.iter().map(Candidate::proposal).collect();
            proposed.agents.push(Proposals { agent: self.agent.to_owned(), proposals });
        }
    }

    /// Why there is no entry for a call, whatever its host does with it.
    fn never(&self, call: &Call) -> Option<&'static str> {
        if self.agent.trim().is_empty() || ["*", "default"].contains(&self.agent) {
            // `*` is every agent, and `default` the early name of `main`.
            return Some("its agent has no list of its own");
        }
        if !is_agent_id(self.agent) {
            return Some("no agent has this id: letters, digits, `-` and `_` make one");
        }
        has_credential(&call.command).then_some(CREDENTIAL)
    }

    /// The program of a command, what of its arguments may vary, and the words after it, if one entry can allow the command.
    fn program(&self, decision: &Decision) -> Result<(String, Freedom, Vec<String>), String> {
        if decision.verdict == Verdict::Unknown {
            return Err(format!("what the host does with it is unknown: {}", decision.missing.join("; ")));
        }
        if !self.judge.profile.reads_arguments() {
            return Err(format!(
                "{} does not read the arguments of an entry, so every entry allows a program with any arguments",
                self.judge.profile.release()
            ));
        }
        let Some(evaluation) = &decision.evaluation else {
            return Err(format!("no entry makes it run ({})", decision.reason));
        };
        if let Some(why) = &evaluation.not_analysable {
            return Err(format!("the release cannot analyse it: {why}"));
        }
        let security = decision.policy.security.0;
        if security != "allowlist" {
            return Err(format!("the policy in force does not read entries: security is {security}"));
        }
        let [segment] = &evaluation.segments[..] else {
            return Err(
                "it has several parts, and an entry for one of them allows that one alone, too".to_owned()
            );
        };
        let Segment { argv, effective, real, resolved, never, .. } = segment;
        if effective.is_some() {
            return Err(
                "it starts a program through another one, and an entry allows the program alone, too"
                    .to_owned(),
            );
        }
        if let Some(never) = never {
            return Err(never.clone());
        }
        let real = real.as_deref().filter(|path| path.starts_with('/') && !path.contains(['*', '?', '\\']));
        let (Some(real), Some((word, words))) = (real, argv.split_first()) else {
            return Err("its program is not found".to_owned());
        };
        if [real, word].into_iter().any(|path| MANAGERS.contains(&name(path))) {
            return Err(format!("{real} changes what is allowed"));
        }
        if lint::is_launcher(real) || lint::is_launcher(word) {
            return Err(format!("{real} runs other programs"));
        }
        let names = [Some(real), Some(word.as_str()), resolved.as_deref()];
        if names.into_iter().flatten().any(is_many) {
            return Err(format!(
                "{real} is many programs in one file, and an entry for it allows all of them"
            ));
        }
        if !is_same(word, real) {
            return Err(format!(
                "{} is a link to {real}, which may be another program by each of its names",
                quotable(word)
            ));
        }
        let free = names.into_iter().flatten().map(freedom).min().unwrap_or(Freedom::Nothing);
        Ok((real.to_owned(), free, words.to_vec()))
    }

    /// Finds the proposals for one program.
    fn of_program<'o>(
        &mut self,
        real: &str,
        commands: &'o Commands<'o>,
        checker: &Checker<'_>,
        found: &mut Vec<Candidate<'o>>,
    ) {
        let Commands { freedom, asked: commands } = commands;
        let with_evidence: Vec<(&Vec<String>, &Asked<'o>)> =
            commands.iter().filter(|(_, asked)| self.evidence(asked) > 0).collect();
        let arguments: Vec<&[String]> = with_evidence.iter().map(|(words, _)| words.as_slice()).collect();
        let least = usize::try_from(self.terms.least).unwrap_or(usize::MAX);
        let all = templates(&arguments, least, *freedom);
        let mut taken: BTreeSet<&Vec<String>> = BTreeSet::new();
        for template in all {
            let members: Vec<(&Vec<String>, &Asked<'o>)> =
                template.members.iter().filter_map(|index| with_evidence.get(*index).copied()).collect();
            let candidate = Candidate {
                entry: (real.to_owned(), Some(template.arg_pattern)),
                fields: template.fields,
                members: members.iter().map(|(_, asked)| *asked).collect(),
            };
            if checker.check(&candidate).is_ok() {
                taken.extend(members.iter().map(|(words, _)| *words));
                found.push(candidate);
            }
        }
        for (_, asked) in commands.iter().filter(|(words, _)| !taken.contains(words)) {
            match self.exact(asked, checker) {
                Ok(candidate) => found.push(candidate),
                Err(why) => {
                    for (call, tally) in &asked.calls {
                        self.refusals.add(call, *tally, &why);
                    }
                }
            }
        }
    }

    /// The entry for exactly one command.
    fn exact<'o>(&self, asked: &'o Asked<'o>, checker: &Checker<'_>) -> Result<Candidate<'o>, String> {
        if asked.tally.denied > 0 {
            return Err("it was denied".to_owned());
        }
        if self.evidence(asked) < self.terms.least {
            let is_undecided = asked.tally.all() >= self.terms.least;
            return Err(if is_undecided {
                "too few of its prompts were allowed (--undecided counts the others, too)".to_owned()
            } else {
                format!("fewer than {} prompts asked for it", self.terms.least)
            });
        }
        let (call, _) = asked.calls.first().ok_or("it has no prompt")?;
        let (judge, text) = (self.judge, self.judge.policy.to_string());
        let directory = call.directory.as_deref();
        let question = judge.question(self.agent, &call.command, directory, Some(&text));
        let loaded = judge.prepared(&judge.policy, self.agent);
        let decision = judge.decide_call(&loaded, call);
        let allow =
            judge.on_host(directory, None, |host| exact_entry(&question, judge.profile, host, &decision))?;
        let candidate =
            Candidate { entry: (allow.pattern, allow.arg_pattern), fields: Vec::new(), members: vec![asked] };
        checker.check(&candidate)?;
        Ok(candidate)
    }

    /// The number of prompts that speak for an entry.
    fn evidence(&self, asked: &Asked<'_>) -> u64 {
        let undecided = if self.terms.counts_undecided { asked.tally.undecided } else { 0 };
        asked.tally.allowed + undecided
    }

    /// A document with all proposals of the agent.
    fn document(&self, document: &Value, found: &[Candidate<'_>]) -> Option<Value> {
        let entries = found.iter().map(|candidate| &candidate.entry);
        Judge::with(document, self.agent, entries).filter(|_| !found.is_empty())
    }

    /// Removes proposals that allow a denied command only together: each allows a part of it.
    fn without_denied(&mut self, checker: &Checker<'_>, found: &mut Vec<Candidate<'_>>) {
        let before = own_entries(&self.judge.document, self.agent);
        while let Some(document) = self.document(&self.judge.document, found)
            && let Some(alone) = self.document(&self.judge.policy, found)
        {
            let (together, alone) =
                (self.judge.prepared(&document, self.agent), self.judge.prepared(&alone, self.agent));
            let mut guilty: BTreeSet<usize> = BTreeSet::new();
            for decision in checker.running(&together, &alone, found) {
                let entries = decision.evaluation.iter().flat_map(|evaluation| &evaluation.segments);
                let of_agent =
                    entries.filter_map(|segment| segment.entry.as_ref()?.stored.1.checked_sub(before));
                let last = of_agent.filter(|index| *index < found.len()).max();
                // Whichever entry it is: without any, nothing more runs than before.
                guilty.insert(last.unwrap_or(found.len() - 1));
            }
            if guilty.is_empty() {
                return;
            }
            for index in guilty.into_iter().rev() {
                for asked in found.remove(index).members {
                    for (call, tally) in &asked.calls {
                        self.refusals.add(
                            call,
                            *tally,
                            "with the other proposals, its entry allows a denied command",
                        );
                    }
                }
            }
        }
    }
}

/// Whether an agent can have this id. An entry for another one would stay without an effect, or be that of another agent.
fn is_agent_id(id: &str) -> bool {
    const LONGEST: usize = 64;
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    id.len() <= LONGEST && id.starts_with(|c: char| c.is_ascii_alphanumeric()) && id.bytes().all(is_part)
}

/// The number of entries in an agent's list.
fn own_entries(document: &Value, agent: &str) -> usize {
    document["agents"][agent]["allowlist"].as_array().map_or(0, Vec::len)
}
