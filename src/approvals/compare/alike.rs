//! Leaves out of two documents what both have, so that two large documents with a few differences become two small
//! ones. This works on our types, which take twice the size of the text; JSON values take many times that.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use crate::approvals::compare::changes::Changes;
use crate::approvals::compare::identity::Identity;
use crate::approvals::model::document::{Agent, Agents, Document, Entry, McpTool};
use crate::approvals::model::scalar::Source;

/// What was left out of two documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::approvals) struct Common {
    /// Number of elements that are in both and differ only in bookkeeping.
    pub(in crate::approvals) bookkeeping: usize,
    /// Number of differences that were left out because there are too many.
    pub(in crate::approvals) omitted: usize,
}

/// An element of a list, and its identity: see [`crate::approvals::compare::identity`].
trait Element: PartialEq {
    type Identity<'i>: Eq + Hash
    where
        Self: 'i;

    fn identity(&self) -> Self::Identity<'_>;
}

impl Element for Entry<'_> {
    type Identity<'i>
        = Identity<'i>
    where
        Self: 'i;

    fn identity(&self) -> Self::Identity<'_> {
        Identity::of(self)
    }
}

impl Element for McpTool<'_> {
    type Identity<'i>
        = (&'i str, &'i str)
    where
        Self: 'i;

    fn identity(&self) -> Self::Identity<'_> {
        (self.server.as_str(), self.tool.as_str())
    }
}

/// Leaves out of both documents what both have. Of what only one has, as much stays as is listed.
pub(in crate::approvals) fn leave_out<'t>(before: &mut Document<'t>, after: &mut Document<'t>) -> Common {
    let mut common = Common::default();
    let mut room = Changes::MOST;
    // The agents that only one document has and that exceed the limit.
    let mut gone: HashSet<String> = HashSet::new();
    let mut alone = |id: &str, agent: &mut Agent<'t>, room: &mut usize, common: &mut Common| {
        if *room == 0 {
            common.omitted += size(agent);
            gone.insert(id.to_owned());
            return;
        }
        *room -= fields(agent).iter().flatten().count().clamp(1, *room);
        common.omitted += shorten(&mut agent.allowlist, room) + shorten(&mut agent.mcp_tools, room);
    };
    let others = after.agents.iter_mut().flat_map(Agents::iter_mut);
    let mut others: HashMap<String, &mut Agent<'t>> =
        others.map(|(id, agent)| (id.to_owned(), agent)).collect();
    for (id, agent) in before.agents.iter_mut().flat_map(Agents::iter_mut) {
        match others.remove(id) {
            Some(other) => of_agents(agent, other, &mut room, &mut common),
            None => alone(id, agent, &mut room, &mut common),
        }
    }
    for (id, agent) in others {
        alone(&id, agent, &mut room, &mut common);
    }
    if !gone.is_empty() {
        for agents in [&mut before.agents, &mut after.agents].into_iter().flatten() {
            agents.retain(|id, _| !gone.contains(id));
        }
    }
    common
}

/// The fields of an agent that are not lists, as words.
fn fields(agent: &Agent<'_>) -> [Option<&'static str>; 4] {
    [
        agent.security.map(crate::approvals::model::scalar::Security::as_str),
        agent.ask.map(crate::approvals::model::scalar::Ask::as_str),
        agent.ask_fallback.map(crate::approvals::model::scalar::AskFallback::as_str),
        agent.auto_allow_skills.map(|allow| if allow { "true" } else { "false" }),
    ]
}

/// The number of differences that an added or removed agent counts as.
fn size(agent: &Agent<'_>) -> usize {
    let lists = agent.allowlist.iter().flatten().count() + agent.mcp_tools.iter().flatten().count();
    (fields(agent).iter().flatten().count() + lists).max(1)
}

fn of_agents<'t>(one: &mut Agent<'t>, other: &mut Agent<'t>, room: &mut usize, common: &mut Common) {
    if *one != *other {
        common.bookkeeping += of_lists(&mut one.allowlist, &mut other.allowlist);
        common.bookkeeping += of_lists(&mut one.mcp_tools, &mut other.mcp_tools);
        let pairs = fields(one).into_iter().zip(fields(other));
        let differing = pairs.filter(|(one, other)| one != other).count();
        if *room > 0 {
            *room -= differing.min(*room);
            common.omitted += shorten(&mut one.allowlist, room) + shorten(&mut one.mcp_tools, room);
            common.omitted += shorten(&mut other.allowlist, room) + shorten(&mut other.mcp_tools, room);
            return;
        }
        let lists = |agent: &Agent<'_>| {
            agent.allowlist.iter().flatten().count() + agent.mcp_tools.iter().flatten().count()
        };
        common.omitted += differing + lists(one) + lists(other);
    }
    // The agent is empty on both sides.
    (*one, *other) = (Agent::default(), Agent::default());
}

/// Leaves the same elements out of both lists, matching them in order, and returns how many of them differ in
/// bookkeeping.
fn of_lists<T: Element>(before: &mut Option<Vec<T>>, after: &mut Option<Vec<T>>) -> usize {
    let (Some(before), Some(after)) = (before, after) else { return 0 };
    let same = before.iter().zip(after.iter()).take_while(|(one, other)| one.identity() == other.identity());
    let (mut first, mut bookkeeping) = (0, 0);
    for (one, other) in same {
        first += 1;
        bookkeeping += usize::from(one != other);
    }
    let (mut gone_before, mut gone_after) = (vec![false; before.len()], vec![false; after.len()]);
    gone_before[..first].fill(true);
    gone_after[..first].fill(true);
    let mut known: HashMap<T::Identity<'_>, Vec<usize>> = HashMap::new();
    for (at, element) in before.iter().enumerate().skip(first).rev() {
        known.entry(element.identity()).or_default().push(at);
    }
    for (at, element) in after.iter().enumerate().skip(first) {
        if let Some(one) = known.get_mut(&element.identity()).and_then(Vec::pop) {
            bookkeeping += usize::from(before[one] != *element);
            (gone_before[one], gone_after[at]) = (true, true);
        }
    }
    drop(known);
    keep(before, gone_before.into_iter().map(|gone| !gone));
    keep(after, gone_after.into_iter().map(|gone| !gone));
    bookkeeping
}

/// Keeps the elements whose flag is set.
fn keep<T>(list: &mut Vec<T>, mut kept: impl Iterator<Item = bool>) {
    list.retain(|_| kept.next().unwrap_or_default());
}

/// Keeps as many elements as fit, and returns the number of those removed.
fn shorten<T>(list: &mut Option<Vec<T>>, room: &mut usize) -> usize {
    let Some(list) = list else { return 0 };
    let omitted = list.len().saturating_sub(*room);
    list.truncate(*room);
    *room -= list.len();
    omitted
}

/// Leaves out repeated elements that allow the same.
pub(in crate::approvals) fn without_repeats(document: &mut Document<'_>) {
    for (_, agent) in document.agents.iter_mut().flat_map(Agents::iter_mut) {
        agent.allowlist.as_mut().map(first_of_each);
        agent.mcp_tools.as_mut().map(first_of_each);
    }
}

fn first_of_each<T: Element>(list: &mut Vec<T>) {
    let mut seen = HashSet::with_capacity(list.len());
    let first: Vec<bool> = list.iter().map(|element| seen.insert(element.identity())).collect();
    if seen.len() < list.len() {
        drop(seen);
        keep(list, first.into_iter());
    }
}

/// The agents of two documents without repeats whose entries of different sources changed places.
pub(in crate::approvals) fn reordered(before: &Document<'_>, after: &Document<'_>) -> Vec<String> {
    let others: HashMap<&str, &Agent<'_>> = after.agents.iter().flat_map(Agents::iter).collect();
    let agents = before.agents.iter().flat_map(Agents::iter);
    let is_reordered = |(id, agent): &(&str, &Agent<'_>)| {
        let Some(other) = others.get(id) else { return false };
        let one = agent.allowlist.as_deref().unwrap_or_default();
        let other = other.allowlist.as_deref().unwrap_or_default();
        one.len() == other.len()
            && one.iter().zip(other).any(|(one, other)| one.identity() != other.identity())
            && runs(one) != runs(other)
    };
    let mut reordered: Vec<String> = agents.filter(is_reordered).map(|(id, _)| id.to_owned()).collect();
    reordered.sort_unstable();
    reordered
}

/// The identity of entries of one source.
type OfSource<'d> = (&'d str, Option<&'d str>);

/// An allowlist as runs of entries of one source, each run sorted. It is equal for two lists in which only entries of
/// one source changed places among themselves.
fn runs<'d>(list: &'d [Entry<'_>]) -> Vec<(Option<Source>, Vec<OfSource<'d>>)> {
    let mut runs: Vec<(Option<Source>, Vec<OfSource<'_>>)> = Vec::new();
    for entry in list {
        let Identity { pattern, arg_pattern: arguments, source } = entry.identity();
        match runs.last_mut() {
            Some((of, run)) if *of == source => run.push((pattern, arguments)),
            _ => runs.push((source, vec![(pattern, arguments)])),
        }
    }
    for (_, run) in &mut runs {
        run.sort_unstable();
    }
    runs
}

/// Whether two documents have the same meaning: the order of agents and empty blocks at the top do not matter.
pub(in crate::approvals) fn is_same(one: &Document<'_>, other: &Document<'_>) -> bool {
    let count = |document: &Document<'_>| document.agents.iter().flat_map(Agents::iter).count();
    if one.socket.clone().unwrap_or_default() != other.socket.clone().unwrap_or_default()
        || one.defaults.unwrap_or_default() != other.defaults.unwrap_or_default()
        || count(one) != count(other)
    {
        return false;
    }
    let others: HashMap<&str, &Agent<'_>> = other.agents.iter().flat_map(Agents::iter).collect();
    let mut agents = one.agents.iter().flat_map(Agents::iter);
    agents.all(|(id, agent)| others.get(id).is_some_and(|other| *other == agent))
}

/// The ids of a document's entries, grouped by what the entries allow, in their order.
pub(in crate::approvals) struct KnownIds<'d>(HashMap<OfEntry<'d>, Ids<'d>>);

/// An agent's id, and the identity of one of its entries.
type OfEntry<'d> = (&'d str, Identity<'d>);

/// Ids, and the number of them that are taken.
type Ids<'d> = (Vec<&'d str>, Cell<usize>);

impl<'d> KnownIds<'d> {
    pub(in crate::approvals) fn of(document: &'d Document<'_>) -> Self {
        let mut known: HashMap<OfEntry<'_>, Ids<'_>> = HashMap::new();
        for (agent, rules) in document.agents.iter().flat_map(Agents::iter) {
            for entry in rules.allowlist.iter().flatten() {
                if let Some(id) = &entry.id {
                    let (ids, _) = known.entry((agent, entry.identity())).or_default();
                    ids.push(id.as_str());
                }
            }
        }
        Self(known)
    }

    /// The first id of such an entry that is not taken yet.
    pub(in crate::approvals) fn take(&self, agent: &str, entry: &Entry<'_>) -> Option<&'d str> {
        let (ids, taken) = self.0.get(&(agent, entry.identity()))?;
        let id = ids.get(taken.get())?;
        taken.set(taken.get() + 1);
        Some(id)
    }
}
