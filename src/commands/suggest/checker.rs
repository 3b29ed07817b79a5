//! Checks of candidates with the evaluator.

use std::collections::BTreeSet;

use super::candidate::{Candidate, name};
use super::judge::{Judge, NO_DIRECTORY};
use super::observed::{Call, Denied};
use crate::approvals::decide::{Decision, Prepared, Segment, Verdict};
use crate::approvals::findings::severity::Severity;
use crate::approvals::lint::{self, Facts};
use crate::approvals::quotable;
use crate::commands::explain::other_commands;

/// The number of commands of a general entry of which other forms are tried. The others have the same form.
const FORMS: usize = 8;

/// Checks entries of an agent with the evaluator.
pub(super) struct Checker<'c> {
    judge: &'c Judge<'c>,
    agent: &'c str,
    /// The denied commands, and what happens to each under the document as it is.
    denied: Vec<(&'c Denied, Decision)>,
}

impl<'c> Checker<'c> {
    pub(super) fn new(judge: &'c Judge<'c>, agent: &'c str, denied: &'c [Denied], loaded: &Prepared) -> Self {
        let now = |denied: &'c Denied| {
            let directory = denied.directory.as_deref();
            (denied, judge.decide(loaded, agent, &denied.command, directory))
        };
        Self { judge, agent, denied: denied.iter().map(now).collect() }
    }

    /// The decisions about denied commands that may run with several entries. `together`: the document with them;
    /// `alone`: only they, for commands that may run as it is.
    pub(super) fn running(
        &self,
        together: &Prepared,
        alone: &Prepared,
        candidates: &[Candidate<'_>],
    ) -> Vec<Decision> {
        let programs: BTreeSet<&str> =
            candidates.iter().map(|candidate| candidate.entry.0.as_str()).collect();
        let decide = |(denied, now): &(&Denied, Decision)| {
            let loaded = if is_stopped(now) { together } else { alone };
            let decision = self.decide(loaded, denied);
            let runs = !is_stopped(&decision) && !self.stops_anywhere(loaded, denied, &decision, &programs);
            runs.then_some(decision)
        };
        self.denied.iter().filter_map(decide).collect()
    }

    /// Whether a command with one program of an unknown directory is stopped, whichever of the programs that leads to. If it
    /// leads to none of them, their entries do not match it.
    fn stops_anywhere(
        &self,
        loaded: &Prepared,
        denied: &Denied,
        decision: &Decision,
        programs: &BTreeSet<&str>,
    ) -> bool {
        let parts = decision.evaluation.iter().flat_map(|evaluation| &evaluation.segments);
        let is_one = parts.filter(|part| part.real.is_none()).count() == 1;
        let stops = |program: &&str| {
            is_stopped(&self.judge.decide_leading(loaded, self.agent, &denied.command, program))
        };
        is_one
            && denied.directory.is_none()
            && decision.missing.iter().all(|name| name == NO_DIRECTORY)
            && programs.iter().all(stops)
    }

    fn decide(&self, loaded: &Prepared, denied: &Denied) -> Decision {
        self.judge.decide(loaded, self.agent, &denied.command, denied.directory.as_deref())
    }

    /// Checks one entry. The error: why it is not proposed.
    pub(super) fn check(&self, candidate: &Candidate<'_>) -> Result<(), String> {
        let (pattern, arg_pattern) = &candidate.entry;
        let listed = serde_json::json!({"pattern": pattern, "argPattern": arg_pattern});
        let release = self.judge.target.surroundings.release.release.as_str();
        let facts = Facts { release: Some(release), ..Facts::default() };
        let lints = lint::of_entry(None, self.agent, &listed, &facts);
        if let Some(found) = lints.iter().find(|found| found.severity != Severity::Note) {
            return Err(format!("{} [{}]", found.message, found.code));
        }
        let Some(alone) = Judge::with(&self.judge.policy, self.agent, [&candidate.entry]) else {
            return Err("the document cannot be edited".to_owned());
        };
        let alone = self.judge.prepared(&alone, self.agent);
        let calls = candidate.members.iter().flat_map(|asked| &asked.calls);
        // The arguments, if there are no others that the entry can match.
        let mut exact = None;
        for (index, (call, _)) in calls.enumerate() {
            let decision = self.judge.decide_call(&alone, call);
            let segments = decision.evaluation.as_ref().map(|evaluation| evaluation.segments.as_slice());
            match (decision.verdict, segments) {
                (Verdict::Runs, Some([segment])) => {
                    if candidate.fields.is_empty() {
                        exact = segment.argv.get(1..).map(|arguments| arguments.join(" "));
                    } else if index < FORMS {
                        self.no_other_form(&alone, &segment.argv, call)?;
                    }
                }
                (Verdict::Runs, _) => {
                    return Err(
                        "it has several parts, and an entry for one of them allows that one alone, too"
                            .to_owned(),
                    );
                }
                _ => return Err("an entry does not make it run".to_owned()),
            }
        }
        self.no_denied(candidate, &alone, exact.as_deref())
    }

    /// Whether commands run that have another number of arguments, or an argument that is an option, has white space or leads
    /// to another directory.
    fn no_other_form(&self, alone: &Prepared, argv: &[String], call: &Call) -> Result<(), String> {
        let others = other_commands(argv).ok_or("it has too many arguments")?;
        let is_harmless = |other: &Vec<String>| {
            let depth = |text: &str| text.matches('/').count();
            other.len() == argv.len()
                && other.iter().zip(argv).filter(|(new, old)| new != old).all(|(new, old)| {
                    !new.starts_with('-') && !new.contains(char::is_whitespace) && depth(new) == depth(old)
                })
        };
        for other in others.iter().filter(|other| !is_harmless(other)) {
            let Ok(text) = shlex::try_join(other.iter().map(String::as_str)) else { continue };
            let directory = call.directory.as_deref();
            let is_stopped_by =
                |loaded: &Prepared| is_stopped(&self.judge.decide(loaded, self.agent, &text, directory));
            // What runs without any entry, such as a safe bin without files, does not run by this one.
            if !is_stopped_by(alone) && is_stopped_by(&self.judge.prepared(&self.judge.policy, self.agent)) {
                return Err("a general entry for it allows another form of it, too".to_owned());
            }
        }
        Ok(())
    }

    /// Whether a denied command runs with the entry. What is unknown counts as allowed. Denied commands of other programs, and
    /// with other arguments than the `exact` ones, are checked once, with all proposals together.
    fn no_denied(
        &self,
        candidate: &Candidate<'_>,
        alone: &Prepared,
        exact: Option<&str>,
    ) -> Result<(), String> {
        let with = Judge::with(&self.judge.document, self.agent, [&candidate.entry])
            .map(|with| self.judge.prepared(&with, self.agent));
        let pattern = &candidate.entry.0;
        for (denied, now) in self.denied.iter().filter(|(denied, now)| concerns(denied, now, pattern)) {
            if !denied.is_elided && exact.is_some_and(|exact| has_other_arguments(now, exact)) {
                continue;
            }
            let shown = quotable(&denied.command);
            let loaded = if is_stopped(now) { with.as_ref().unwrap_or(alone) } else { alone };
            let decision = self.decide(loaded, denied);
            if denied.is_elided {
                return Err(format!(
                    "a denied command for {pattern} is not shown whole, so that an entry may allow it: {shown}"
                ));
            }
            match decision.verdict {
                Verdict::Asks | Verdict::Denied => {}
                Verdict::Runs => return Err(format!("its entry allows a denied command: {shown}")),
                Verdict::Unknown
                    if self.stops_anywhere(
                        loaded,
                        denied,
                        &decision,
                        &BTreeSet::from([pattern.as_str()]),
                    ) => {}
                Verdict::Unknown => {
                    return Err(format!(
                        "its entry may allow a denied command, {shown}; unknown: {}",
                        decision.missing.join("; ")
                    ));
                }
            }
        }
        Ok(())
    }
}

/// Whether all parts of a stopped command are known, and none has these arguments. Otherwise the evaluator has to say whether an
/// entry with exactly these arguments allows it.
fn has_other_arguments(now: &Decision, exact: &str) -> bool {
    let is_other = |part: &Segment| {
        let arguments = part.argv.get(1..).map(|arguments| arguments.join(" "));
        part.real.is_some() && part.effective.is_none() && arguments.is_some_and(|own| own != exact)
    };
    let parts = now.evaluation.as_ref().map(|evaluation| evaluation.segments.as_slice()).unwrap_or_default();
    is_stopped(now) && !parts.is_empty() && parts.iter().all(is_other)
}

/// Whether a command does not run, whatever is unknown.
fn is_stopped(decision: &Decision) -> bool {
    matches!(decision.verdict, Verdict::Asks | Verdict::Denied)
}

/// Whether an entry for a program can make a difference to a denied command: it names the program, by its name or by a path
/// or link that leads to it, or something about it is unknown. Of a command that is not shown whole only the first counts.
fn concerns(denied: &Denied, now: &Decision, program: &str) -> bool {
    let parts = || now.evaluation.iter().flat_map(|evaluation| &evaluation.segments);
    let is_program = |path: &Option<String>| path.as_deref() == Some(program);
    let is_named = denied.command.contains(name(program))
        || parts().any(|part| is_program(&part.real) || is_program(&part.resolved));
    let is_unknown = || !is_stopped(now) || parts().any(|part| part.real.is_none());
    is_named || !denied.is_elided && is_unknown()
}
