//! Commands and policies as two releases decide.

use super::witnesses::Witness;
use crate::approvals::decide::{AgentPolicy, Decision, Prepared, Profile, effective};
use crate::commands::Error;
use crate::commands::explain::ExplainError;
use crate::commands::suggest::judge::{Asked, Judge};
use crate::report::approvals::upgrade::{Ending, PolicyChange};

/// A command with what happens as both releases decide.
pub(super) struct Compared {
    pub(super) witness: Witness,
    pub(super) before: Ending,
    pub(super) after: Ending,
}

/// Whether something else happens. The reasons of releases differ in their words.
pub(super) fn is_other(before: &Ending, after: &Ending) -> bool {
    (before.verdict, before.unanswered) != (after.verdict, after.unanswered)
}

/// A host that is decided for as two releases do.
pub(super) struct Both<'b> {
    pub(super) judge: &'b Judge<'b>,
    pub(super) to: Profile,
}

impl Both<'_> {
    pub(super) fn compared(&self, witnesses: Vec<Witness>) -> Vec<Compared> {
        let text = self.judge.target.text.as_deref();
        let mut loaded: Option<(String, Prepared, Prepared)> = None;
        let mut compared = Vec::with_capacity(witnesses.len());
        for witness in witnesses {
            let of = |profile| Prepared::of(text, &witness.agent, profile);
            let known = loaded.take().filter(|(agent, ..)| *agent == witness.agent);
            let (_, from, to) = loaded.insert(
                known.unwrap_or_else(|| (witness.agent.clone(), of(self.judge.profile), of(self.to))),
            );
            let before = self.ending(self.judge.profile, from, &witness);
            let after = self.ending(self.to, to, &witness);
            compared.push(Compared { witness, before, after });
        }
        compared
    }

    pub(super) fn decide(&self, profile: Profile, loaded: &Prepared, witness: &Witness) -> Decision {
        let asked = Asked {
            agent: &witness.agent,
            command: &witness.command,
            directory: witness.directory.as_deref(),
            program: witness.program.as_deref(),
        };
        self.judge.decide_as(profile, loaded, asked)
    }

    pub(super) fn ending(&self, profile: Profile, loaded: &Prepared, witness: &Witness) -> Ending {
        let decision = self.decide(profile, loaded, witness);
        Ending {
            verdict: decision.verdict,
            unanswered: decision.unanswered.map(|unanswered| unanswered.verdict),
            reason: decision.reason,
        }
    }

    /// The fields of policies that differ.
    pub(super) fn policies(&self) -> Result<Vec<PolicyChange>, Error> {
        let text = self.judge.target.text.as_deref();
        let configuration = &self.judge.target.surroundings.configuration;
        let of = |profile| {
            effective(text, configuration, profile)
                .map_err(|why| Error::from(ExplainError::NotOnGateway(why)))
        };
        Ok(differing(&of(self.judge.profile)?, &of(self.to)?))
    }
}

/// The fields of policies that differ.
pub(super) fn differing(before: &[AgentPolicy], after: &[AgentPolicy]) -> Vec<PolicyChange> {
    let mut changes = Vec::new();
    for old in before {
        let Some(new) = after.iter().find(|new| new.agent == old.agent) else { continue };
        let (old_policy, new_policy) = (&old.policy, &new.policy);
        for (field, before, after) in [
            ("security", old_policy.security.0, new_policy.security.0),
            ("ask", old_policy.ask.0, new_policy.ask.0),
            ("askFallback", old_policy.ask_fallback.0, new_policy.ask_fallback.0),
        ] {
            if before != after {
                changes.push(PolicyChange { agent: old.agent.clone(), field, before, after, is_kept: false });
            }
        }
    }
    changes
}
