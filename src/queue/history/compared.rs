//! Decided prompts beside pending ones: what was decided about what a prompt asks for.

use std::collections::HashMap;

use super::{Asked, Decided, Page, Resolver};
use crate::queue::intent::Doubt;
use crate::queue::kind::Kind;
use crate::queue::prompt::{Decision, Prompt};

/// The time in which a denial counts as recent, in milliseconds.
pub const MOMENT_MS: u64 = 600_000;

/// The parts of a prompt that a history and a listing both have: its kind, its agent, and what it asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Compared {
    kind: Kind,
    agent: Option<Box<str>>,
    asked: Asked,
}

impl Compared {
    fn of(decided: &Decided) -> Self {
        Self { kind: decided.key.kind, agent: decided.agent.clone(), asked: decided.asked.clone() }
    }

    /// The parts of a pending prompt. `None` where the listing hides or shortens a part: equal texts may then be
    /// different commands.
    fn of_prompt(prompt: &Prompt) -> Option<Self> {
        if matches!(prompt.doubt, Some(Doubt::Elided | Doubt::Summary)) {
            return None;
        }
        let details = &prompt.details;
        let exec = prompt.kind() == Kind::Exec;
        let subject = if exec { details.command.clone() } else { details.title.clone() };
        Some(Self {
            kind: prompt.kind(),
            agent: prompt.agent.as_deref().map(Into::into),
            asked: Asked {
                host: details.host.clone(),
                node: details.node.clone(),
                subject: subject?,
                description: details.description.clone(),
                plugin: details.plugin.clone(),
                tool: details.tool.clone(),
            },
        })
    }
}

/// Recent denials of one thing that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeniedBefore {
    /// The number of denials that are known.
    pub count: usize,
    /// Whether there may be more in that time.
    pub at_least: bool,
    /// The last denial, in Unix milliseconds.
    pub last_ms: u64,
    /// Who or what denied last.
    pub resolver: Option<Resolver>,
}

/// The recent denials of a history.
///
/// A pending prompt is compared by what history presents: kind, agent, host, node and the text of the command, or the
/// words of another prompt. Its directory, arguments, environment and run are not compared: the denied prompt may have
/// been another intent.
#[derive(Debug, Clone, Default)]
pub struct Recent(HashMap<Compared, DeniedBefore>);

impl Recent {
    /// The denials of the newest page of a history in the last [`MOMENT_MS`] before `now_ms`.
    pub fn of(page: &Page, now_ms: u64) -> Self {
        let ended_lately = |decided: &Decided| now_ms.saturating_sub(decided.resolved_at_ms) <= MOMENT_MS;
        let at_least = page.next.is_some() && page.items.last().is_none_or(ended_lately);
        let mut recent: HashMap<Compared, DeniedBefore> = HashMap::new();
        let is_recent =
            |decided: &&Decided| decided.decision == Some(Decision::Deny) && ended_lately(decided);
        for decided in page.items.iter().filter(is_recent) {
            let known = recent.entry(Compared::of(decided)).or_insert_with(|| DeniedBefore {
                count: 0,
                at_least,
                last_ms: decided.resolved_at_ms,
                resolver: decided.resolver.clone(),
            });
            known.count += 1;
            if decided.resolved_at_ms > known.last_ms {
                known.last_ms = decided.resolved_at_ms;
                known.resolver.clone_from(&decided.resolver);
            }
        }
        Self(recent)
    }

    /// The recent denials of what a pending prompt asks for. `None` also if it cannot be compared.
    pub fn of_prompt(&self, prompt: &Prompt) -> Option<&DeniedBefore> {
        if self.0.is_empty() {
            return None;
        }
        self.0.get(&Compared::of_prompt(prompt)?)
    }
}

/// Earlier decisions about one thing, which ended alike one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// The decision, or the status where there is none: `expired`, `cancelled`.
    pub outcome: Box<str>,
    /// Who or what decided.
    pub resolver: Option<Resolver>,
    /// How many ended so, one after the other.
    pub count: usize,
    /// When the last one ended, in Unix milliseconds.
    pub last_ms: u64,
}

/// The decisions of a history, by what they were about.
///
/// Pending prompts are compared as in [`Recent`].
#[derive(Debug, Clone, Default)]
pub struct Earlier(HashMap<Compared, Vec<Past>>);

impl Earlier {
    /// The decisions of these prompts, which are sorted: the newest first.
    pub fn of(decided: &[Decided]) -> Self {
        let mut earlier: HashMap<Compared, Vec<Past>> = HashMap::new();
        for decided in decided {
            let known = earlier.entry(Compared::of(decided)).or_default();
            match known.last_mut() {
                Some(past) if *past.outcome == *decided.outcome() && past.resolver == decided.resolver => {
                    past.count += 1;
                }
                _ => known.push(Past {
                    outcome: decided.outcome().into(),
                    resolver: decided.resolver.clone(),
                    count: 1,
                    last_ms: decided.resolved_at_ms,
                }),
            }
        }
        Self(earlier)
    }

    /// The decisions about what a pending prompt asks for, newest first. `None`: it cannot be compared.
    pub fn of_prompt(&self, prompt: &Prompt) -> Option<&[Past]> {
        Some(self.0.get(&Compared::of_prompt(prompt)?).map_or(&[], Vec::as_slice))
    }
}
