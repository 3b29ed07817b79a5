//! Selecting prompts: filters, lookup by id or by the start of an id, and orders for display.

use std::cmp::Ordering;

use super::kind::Kind;
use super::prompt::Prompt;
use super::scope::session_of;

/// A filter of prompts. An empty or `None` field does not restrict; values of one list are alternatives.
///
/// A plan of filtered prompts keeps one of them in each group, even where an older prompt was filtered out: a filter
/// can only make a plan deny less.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Ids of agents.
    pub agents: Vec<String>,
    /// Keys of sessions. The key of a cron job includes all of its runs.
    pub sessions: Vec<String>,
    /// Ids of runs.
    pub runs: Vec<String>,
    /// Kinds.
    pub kinds: Vec<Kind>,
    /// The minimum age, in milliseconds.
    pub older_than_ms: Option<u64>,
    /// The maximum age (exclusive), in milliseconds.
    pub younger_than_ms: Option<u64>,
}

impl Filter {
    /// Whether a prompt matches. Names are compared byte for byte.
    pub fn admits(&self, prompt: &Prompt, now_ms: u64) -> bool {
        let among = |wanted: &[String], named: Option<&str>| {
            wanted.is_empty() || named.is_some_and(|named| wanted.iter().any(|wanted| wanted == named))
        };
        let age = prompt.age_ms(now_ms);
        among(&self.agents, prompt.agent.as_deref())
            && (among(&self.sessions, prompt.session_key.as_deref())
                || among(&self.sessions, prompt.session_key.as_deref().map(session_of)))
            && among(&self.runs, prompt.run_id.as_deref())
            && (self.kinds.is_empty() || self.kinds.contains(&prompt.kind()))
            && self.older_than_ms.is_none_or(|least| age >= least)
            && self.younger_than_ms.is_none_or(|limit| age < limit)
    }
}

/// The prompts that an id, or the start of one, names.
#[derive(Debug, Clone, PartialEq)]
pub enum Named<'p> {
    /// One prompt.
    One(&'p Prompt),
    /// Several, in the order of their ids: the id must be given in full, or the kind.
    Several(Vec<&'p Prompt>),
    /// None.
    Nothing,
}

/// The prompt with an id, or else the only prompt with an id that starts with it. A whole id wins over longer ids. An
/// empty text names nothing.
pub fn named<'p>(prompts: impl IntoIterator<Item = &'p Prompt>, name: &str) -> Named<'p> {
    let mut found: Vec<&Prompt> =
        prompts.into_iter().filter(|prompt| !name.is_empty() && prompt.id().starts_with(name)).collect();
    if found.iter().any(|prompt| prompt.id() == name) {
        found.retain(|prompt| prompt.id() == name);
    }
    found.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    // Two different prompts with one id: it is unknown which one would be decided.
    found.dedup_by(|a, b| a == b);
    match found[..] {
        [] => Named::Nothing,
        [one] => Named::One(one),
        _ => Named::Several(found),
    }
}

/// An order for display.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Sort {
    /// Oldest first.
    #[default]
    Age,
    /// By expiry, soonest first.
    Expiry,
    /// By agent; prompts without an agent last.
    Agent,
    /// By the command, or the title.
    Command,
}

impl Sort {
    /// The order of two prompts. Ties are broken by age, then by id, so that every order is total.
    pub fn compare(self, a: &Prompt, b: &Prompt) -> Ordering {
        let first = match self {
            Self::Age => Ordering::Equal,
            Self::Expiry => a.expires_at_ms.cmp(&b.expires_at_ms),
            Self::Agent => (a.agent.is_none(), &a.agent).cmp(&(b.agent.is_none(), &b.agent)),
            Self::Command => subject(a).cmp(subject(b)),
        };
        first.then_with(|| (a.created_at_ms, &a.key).cmp(&(b.created_at_ms, &b.key)))
    }
}

/// The subject of a prompt: its command, else its title, else its first argument.
pub fn subject(prompt: &Prompt) -> &str {
    let details = &prompt.details;
    let exec = prompt.kind() == Kind::Exec;
    let command = details.command.as_deref();
    let argument = details.argv.as_deref().and_then(|argv| argv.first()).map(|first| &**first);
    let subject = if exec { command.or(argument) } else { details.title.as_deref().or(command) };
    subject.unwrap_or_default()
}
