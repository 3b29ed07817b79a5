//! The commands of prompts, with what became of them. A prompt that is in several sources counts once.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::approvals::quotable;
use crate::queue::history::Decided;
use crate::queue::intent::is_elided;
use crate::queue::{Decision, Doubt, Kind, Prompt};

/// What became of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::commands) enum Outcome {
    /// Somebody allowed it.
    Allowed,
    /// It was denied.
    Denied,
    /// It is pending, expired or was cancelled, or only a duplicate of another prompt was denied.
    Undecided,
}

impl Outcome {
    /// What became of a prompt with this decision and status. What is unknown, or contradicts itself, may have been a denial.
    pub(in crate::commands) fn of(decision: Option<Decision>, is_unknown: bool, status: &str) -> Self {
        match (decision, status) {
            _ if is_unknown => Self::Denied,
            (Some(Decision::AllowOnce | Decision::AllowAlways) | None, "allowed") => Self::Allowed,
            (None, "expired" | "cancelled" | "pending") => Self::Undecided,
            _ => Self::Denied,
        }
    }
}

/// A prompt of a source.
#[derive(Debug, Clone)]
pub(in crate::commands) struct Row {
    pub(in crate::commands) id: String,
    pub(in crate::commands) agent: Option<String>,
    pub(in crate::commands) command: String,
    pub(in crate::commands) directory: Option<String>,
    pub(in crate::commands) outcome: Outcome,
    /// Whether it would have run on the gateway's host, with nothing else than the command known to matter.
    pub(in crate::commands) is_example: bool,
    /// Whether the gateway hides or shortens a part of the command.
    pub(in crate::commands) is_elided: bool,
}

impl Row {
    /// A decided prompt. `None`: it is not for a shell command.
    pub(in crate::commands) fn of_decided(decided: &Decided) -> Option<Self> {
        let outcome = Outcome::of(decided.decision, decided.is_unknown, &decided.status);
        let asked = &decided.asked;
        (decided.key.kind == Kind::Exec).then(|| Self {
            id: decided.id().to_owned(),
            agent: decided.agent.as_deref().map(str::to_owned),
            command: asked.subject.to_string(),
            directory: None,
            outcome,
            is_example: is_of_gateway(asked.host.as_deref(), asked.node.as_deref()),
            is_elided: is_elided(&asked.subject),
        })
    }

    /// A pending prompt. `None`: it is not for a shell command.
    pub(in crate::commands) fn of_prompt(prompt: &Prompt) -> Option<Self> {
        let details = &prompt.details;
        let command = details.command.as_deref().filter(|_| prompt.kind() == Kind::Exec)?;
        let is_elided = prompt.doubt == Some(Doubt::Elided);
        Some(Self {
            id: prompt.id().to_owned(),
            agent: prompt.agent.as_deref().map(str::to_owned),
            command: command.to_owned(),
            directory: details.cwd.as_deref().map(str::to_owned),
            outcome: Outcome::Undecided,
            is_example: is_of_gateway(details.host.as_deref(), details.node.as_deref())
                && details.env.keys.is_empty(),
            is_elided,
        })
    }
}

/// Whether a command is for the gateway's own host.
pub(in crate::commands) fn is_of_gateway(host: Option<&str>, node: Option<&str>) -> bool {
    node.is_none() && host.is_none_or(|host| host == "gateway")
}

/// A command that an agent sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::commands) struct Call {
    pub(in crate::commands) agent: String,
    pub(in crate::commands) command: String,
    /// `None`: it is unknown.
    pub(in crate::commands) directory: Option<String>,
}

/// The numbers of prompts of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::commands) struct Tally {
    pub(in crate::commands) allowed: u64,
    pub(in crate::commands) undecided: u64,
    pub(in crate::commands) denied: u64,
}

impl Tally {
    /// The number of prompts.
    pub(in crate::commands) fn all(self) -> u64 {
        self.allowed + self.undecided + self.denied
    }
}

/// A command that was denied, whoever sent it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::commands) struct Denied {
    pub(in crate::commands) command: String,
    pub(in crate::commands) directory: Option<String>,
    pub(in crate::commands) is_elided: bool,
}

/// The prompts of all sources.
#[derive(Debug, Default)]
pub(in crate::commands) struct Gathered {
    rows: Vec<Row>,
    by_id: HashMap<String, usize>,
    /// The ids of prompts that a guard denied as duplicates: that says nothing about their command.
    pub(in crate::commands) duplicates: HashSet<String>,
    /// The ids that several prompts have.
    ambiguous: BTreeSet<String>,
}

impl Gathered {
    /// Adds a prompt. Of the same prompt a denial counts before any other decision, and a known directory.
    pub(in crate::commands) fn add(&mut self, row: Row) {
        let Some(known) = self.by_id.get(&row.id).and_then(|index| self.rows.get_mut(*index)) else {
            self.by_id.insert(row.id.clone(), self.rows.len());
            self.rows.push(row);
            return;
        };
        let is_elided = known.is_elided || row.is_elided;
        // Not every source has the agent.
        let is_one = known.agent.is_none() || row.agent.is_none() || known.agent == row.agent;
        if !is_one || !is_elided && known.command != row.command {
            // Which of the two was decided is unknown, so that both are.
            self.ambiguous.insert(row.id.clone());
            self.rows.push(row);
            return;
        }
        known.outcome = match (known.outcome, row.outcome) {
            (Outcome::Denied, _) | (_, Outcome::Denied) => Outcome::Denied,
            (Outcome::Allowed, _) | (_, Outcome::Allowed) => Outcome::Allowed,
            (Outcome::Undecided, Outcome::Undecided) => Outcome::Undecided,
        };
        if known.directory.is_none() && known.command == row.command {
            known.directory = row.directory;
        }
        known.agent = known.agent.take().or(row.agent);
        known.is_example &= row.is_example;
        known.is_elided = is_elided;
    }

    /// What is wrong with the prompts of all sources together.
    pub(in crate::commands) fn problem(&self) -> Option<String> {
        let first = self.ambiguous.first()?;
        let count = self.ambiguous.len();
        let ids = if count == 1 { "1 id belongs".to_owned() } else { format!("{count} ids belong") };
        Some(format!("{ids} to different commands, so that their decisions are unknown: {}", quotable(first)))
    }

    /// The number of prompts.
    pub(in crate::commands) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The commands of the prompts.
    pub(in crate::commands) fn observed(self) -> Observed {
        let mut observed = Observed::default();
        let mut denied: BTreeMap<(String, Option<String>), bool> = BTreeMap::new();
        for row in self.rows {
            let Row { id, agent, command, directory, outcome, is_example, is_elided } = row;
            observed.prompts += 1;
            let is_duplicate = self.duplicates.contains(&id) && !self.ambiguous.contains(&id);
            let is_denied = outcome == Outcome::Denied && !is_duplicate;
            if is_denied {
                denied.insert((command.clone(), directory.clone()), is_elided);
            }
            let (Some(agent), true, false) = (agent, is_example, is_elided) else {
                observed.unusable += 1;
                continue;
            };
            let tally = observed.calls.entry(Call { agent, command, directory }).or_default();
            match outcome {
                Outcome::Allowed => tally.allowed += 1,
                Outcome::Denied if is_denied => tally.denied += 1,
                Outcome::Denied | Outcome::Undecided => tally.undecided += 1,
            }
        }
        let of = |((command, directory), is_elided)| Denied { command, directory, is_elided };
        observed.denied = denied.into_iter().map(of).collect();
        observed
    }
}

/// The commands of all prompts.
#[derive(Debug, Default)]
pub(in crate::commands) struct Observed {
    pub(in crate::commands) calls: BTreeMap<Call, Tally>,
    /// Every command that was ever denied, without denials of duplicates.
    pub(in crate::commands) denied: Vec<Denied>,
    /// The number of prompts.
    pub(in crate::commands) prompts: u64,
    /// The number of prompts that are no examples: of nodes, with variables, without an agent, or not shown whole.
    pub(in crate::commands) unusable: u64,
}

impl Observed {
    /// The number of prompts whose command was asked about before.
    pub(in crate::commands) fn repeats(&self) -> u64 {
        self.calls.values().map(|tally| tally.all().saturating_sub(1)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, command: &str, outcome: Outcome) -> Row {
        Row {
            id: id.to_owned(),
            agent: Some("main".to_owned()),
            command: command.to_owned(),
            directory: None,
            outcome,
            is_example: true,
            is_elided: false,
        }
    }

    #[test]
    fn a_prompt_counts_once_and_its_decision_counts() {
        let mut gathered = Gathered::default();
        gathered.add(row("1", "ls", Outcome::Undecided));
        gathered.add(row("1", "ls", Outcome::Allowed));
        gathered.add(row("1", "ls", Outcome::Undecided));
        gathered.add(row("2", "rm x", Outcome::Denied));
        gathered.add(row("3", "ls", Outcome::Denied));
        // A guard denied it as a duplicate.
        gathered.duplicates.insert("3".to_owned());
        let observed = gathered.observed();
        let tallies: Vec<_> =
            observed.calls.iter().map(|(call, tally)| (call.command.as_str(), *tally)).collect();
        assert_eq!(
            tallies,
            [
                ("ls", Tally { allowed: 1, undecided: 1, denied: 0 }),
                ("rm x", Tally { allowed: 0, undecided: 0, denied: 1 }),
            ]
        );
        let denied: Vec<_> = observed.denied.iter().map(|denied| denied.command.as_str()).collect();
        assert_eq!((denied, observed.prompts, observed.repeats()), (vec!["rm x"], 3, 1));
    }

    #[test]
    fn a_denial_counts_whatever_else_is_known_of_the_prompt() {
        for order in [[Outcome::Allowed, Outcome::Denied], [Outcome::Denied, Outcome::Allowed]] {
            let mut gathered = Gathered::default();
            for outcome in order {
                gathered.add(row("1", "ls", outcome));
            }
            assert_eq!(gathered.problem(), None);
            let observed = gathered.observed();
            assert_eq!((observed.prompts, observed.denied.len()), (1, 1), "{order:?}");
        }
        for (decision, is_unknown, status, expected) in [
            (Some(Decision::AllowOnce), false, "allowed", Outcome::Allowed),
            (None, false, "allowed", Outcome::Allowed),
            (None, false, "expired", Outcome::Undecided),
            (None, false, "cancelled", Outcome::Undecided),
            (Some(Decision::Deny), false, "denied", Outcome::Denied),
            (Some(Decision::Deny), false, "allowed", Outcome::Denied),
            (Some(Decision::AllowOnce), false, "denied", Outcome::Denied),
            (Some(Decision::AllowOnce), false, "expired", Outcome::Denied),
            (None, false, "rejected", Outcome::Denied),
            (None, true, "allowed", Outcome::Denied),
        ] {
            assert_eq!(Outcome::of(decision, is_unknown, status), expected, "{decision:?} {status}");
        }
    }

    #[test]
    fn an_id_of_different_commands_is_a_problem() {
        let mut gathered = Gathered::default();
        gathered.add(row("1", "ls", Outcome::Allowed));
        gathered.add(row("1", "rm x", Outcome::Denied));
        // Even if a guard names the id.
        gathered.duplicates.insert("1".to_owned());
        assert!(gathered.problem().unwrap().starts_with("1 id belongs to different commands"));
        let observed = gathered.observed();
        let denied: Vec<_> = observed.denied.iter().map(|denied| denied.command.as_str()).collect();
        assert_eq!((denied, observed.prompts), (vec!["rm x"], 2));
        // A text that is cut may be the same.
        let mut gathered = Gathered::default();
        gathered.add(row("1", "ls a b", Outcome::Allowed));
        gathered.add(Row { is_elided: true, ..row("1", "ls a…", Outcome::Denied) });
        assert_eq!(gathered.problem(), None);
        assert!(gathered.observed().denied[0].is_elided);
    }

    #[test]
    fn a_denied_command_counts_even_where_it_is_no_example() {
        let mut gathered = Gathered::default();
        gathered.add(Row { agent: None, is_example: false, ..row("1", "rm x", Outcome::Denied) });
        gathered.add(Row { is_elided: true, ..row("2", "curl ***", Outcome::Denied) });
        let observed = gathered.observed();
        assert_eq!((observed.calls.len(), observed.denied.len(), observed.unusable), (0, 2, 2));
        assert!(observed.denied.iter().any(|denied| denied.is_elided));
    }
}
