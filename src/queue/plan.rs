//! The plan: which prompts are duplicates, which one of each group is kept, which are denied, and why.
//!
//! It depends on the prompts, the states of runs and the time, and never on the order of a listing.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt::Write;
use std::hash::{BuildHasher, RandomState};

use super::intent::Intent;
use super::prompt::{Key, Prompt};
use super::runs::{RunState, Runs};
use super::scope::{Place, Scope};

/// The default margin: how long a survivor should still live, in milliseconds.
pub const MARGIN_MS: u64 = 30_000;

/// Which prompt of a group is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Keep {
    /// The oldest prompt: the one that people have seen.
    #[default]
    Oldest,
    /// The newest prompt.
    Newest,
}

/// The rules of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The scope in which prompts are duplicates.
    pub scope: Scope,
    /// Which prompt of a group is kept.
    pub keep: Keep,
    /// How long a survivor should still live, in milliseconds.
    pub margin_ms: u64,
    /// The time of the gateway's clock, in Unix milliseconds: by another clock prompts could seem expired.
    pub now_ms: u64,
}

impl Rules {
    /// The rules of `queue dedupe` without flags.
    pub fn at(now_ms: u64) -> Self {
        Self { scope: Scope::default(), keep: Keep::default(), margin_ms: MARGIN_MS, now_ms }
    }

    /// Whether a prompt lives longer than the margin.
    pub(super) fn lasts(&self, prompt: &Prompt) -> bool {
        prompt.expires_at_ms > self.now_ms.saturating_add(self.margin_ms)
    }
}

/// A plan for the pending prompts.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan<'p> {
    /// The rules that it follows.
    pub rules: Rules,
    /// Every prompt that counts, grouped by intent and place; the group with the oldest prompt first.
    pub groups: Vec<Group<'p>>,
    /// Prompts that do not count, by id.
    pub skipped: Vec<Skipped<'p>>,
}

/// Prompts with one intent in one place. Most groups have one member.
#[derive(Debug, Clone, PartialEq)]
pub struct Group<'p> {
    /// The scope in which they are duplicates.
    pub scope: Scope,
    /// The prompts, oldest first; prompts of one age by id.
    pub members: Vec<&'p Prompt>,
    /// The prompt that is kept.
    pub survivor: &'p Prompt,
    /// Why it is kept.
    pub kept: Kept,
}

/// Why a prompt is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kept {
    /// It is the only prompt of its group.
    Only,
    /// It is the oldest prompt with a run that is not known to be over, and lives longer than the margin.
    Oldest,
    /// It is the newest of those prompts.
    Newest,
    /// No such prompt exists, and this one lives longest.
    LongestLived,
}

/// A prompt that the plan denies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Denial<'p> {
    /// The prompt.
    pub prompt: &'p Prompt,
    /// The prompt of its group that is kept.
    pub survivor: &'p Prompt,
    /// Why this prompt is not the one that is kept.
    pub why: Why,
}

/// Why a duplicate is not the one that is kept. The first reason that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// Its run is over.
    RunEnded,
    /// Its run is over, and another run replaced it.
    RunSuperseded,
    /// It expires within the margin.
    ExpiresSoon,
    /// It was created later.
    Younger,
    /// It was created earlier, and the newest is kept.
    Older,
    /// It was created at the same time; the ids decide.
    SameAge,
}

impl Why {
    /// Every reason.
    pub const ALL: [Self; 6] =
        [Self::RunEnded, Self::RunSuperseded, Self::ExpiresSoon, Self::Younger, Self::Older, Self::SameAge];

    /// The word of machine output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RunEnded => "run-ended",
            Self::RunSuperseded => "run-superseded",
            Self::ExpiresSoon => "expires-soon",
            Self::Younger => "younger",
            Self::Older => "older",
            Self::SameAge => "same-age",
        }
    }
}

/// A prompt that is neither kept nor denied.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Skipped<'p> {
    /// The prompt.
    pub prompt: &'p Prompt,
    /// The reason.
    pub why: Skip,
}

/// Why a prompt does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Skip {
    /// It has expired.
    Lapsed,
    /// It was listed twice, identically; the other row counts.
    Repeated,
    /// It was listed twice, differently: it is unknown which row is right.
    Contradictory,
}

impl<'p> Plan<'p> {
    /// The groups that have duplicates.
    pub fn duplicated(&self) -> impl Iterator<Item = &Group<'p>> {
        self.groups.iter().filter(|group| group.members.len() > 1)
    }

    /// The survivors of groups that a later plan of the same prompts treats differently: it keeps another prompt, or a
    /// planned duplicate is no longer a duplicate. Prompts that are gone by then make no difference.
    pub fn outdated_by(&self, later: &Plan<'_>) -> impl Iterator<Item = &'p Key> {
        let groups = later.groups.iter();
        let groups: HashMap<&Key, &Group<'_>> =
            groups.flat_map(|group| group.members.iter().map(move |member| (&member.key, group))).collect();
        self.duplicated().filter_map(move |group| {
            let survivor = &group.survivor.key;
            let now = groups.get(survivor)?;
            let elsewhere =
                |member: &&Prompt| groups.get(&member.key).is_some_and(|other| !std::ptr::eq(*other, *now));
            (now.survivor.key != *survivor || group.members.iter().any(elsewhere)).then_some(survivor)
        })
    }

    /// The number of prompts to deny.
    pub fn duplicates(&self) -> usize {
        self.groups.iter().map(|group| group.members.len() - 1).sum()
    }

    /// Every denial, group after group, oldest first.
    pub fn denials(&self, runs: &Runs) -> impl Iterator<Item = Denial<'p>> {
        self.groups.iter().flat_map(move |group| group.denials(&self.rules, runs))
    }
}

impl<'p> Group<'p> {
    /// The denials of this group, oldest first.
    pub fn denials(&self, rules: &Rules, runs: &Runs) -> impl Iterator<Item = Denial<'p>> {
        let survivor = self.survivor;
        let others = self.members.iter().copied().filter(move |member| member.key != survivor.key);
        others.map(move |prompt| Denial { prompt, survivor, why: why(prompt, survivor, rules, runs) })
    }

    /// Whether a prompt belongs to the group.
    fn takes(&self, prompt: &Prompt) -> bool {
        self.survivor.intent == prompt.intent && self.place() == Place::of(prompt, self.scope)
    }

    /// The common intent.
    pub fn intent(&self) -> Intent {
        self.survivor.intent
    }

    /// The common place.
    pub fn place(&self) -> Place<'p> {
        Place::of(self.survivor, self.scope)
    }

    /// The name of the group, the same on every listing.
    pub fn digest(&self) -> [u8; 32] {
        self.place().digest(&self.survivor.intent)
    }
}

/// Short ids of groups, in their order: hexadecimal, 8 digits or more if needed to distinguish them.
pub fn short_ids(groups: &[&Group<'_>]) -> Vec<String> {
    let hex = groups.iter().map(|group| {
        group.digest().iter().fold(String::with_capacity(64), |mut hex, byte| {
            let _: std::fmt::Result = write!(hex, "{byte:02x}");
            hex
        })
    });
    shortened(hex.collect())
}

/// The shortest prefixes, of 8 bytes or more, by which the names differ.
pub fn short_names(names: &[&str]) -> Vec<String> {
    shortened(names.iter().map(|name| (*name).to_owned()).collect())
}

pub(super) fn shortened(whole: Vec<String>) -> Vec<String> {
    const SHORTEST: usize = 8;
    let common = |a: &str, b: &str| a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let mut order: Vec<usize> = (0..whole.len()).collect();
    order.sort_unstable_by_key(|at| &whole[*at]);
    let mut lengths = vec![SHORTEST; whole.len()];
    for pair in order.windows(2) {
        let needed = common(&whole[pair[0]], &whole[pair[1]]) + 1;
        for at in pair {
            lengths[*at] = lengths[*at].max(needed);
        }
    }
    let ids = whole.into_iter().zip(lengths);
    ids.map(|(mut id, length)| {
        id.truncate(id.ceil_char_boundary(length));
        id
    })
    .collect()
}

/// A prompt with the fields that planning reads often: a million prompts do not fit in a cache.
struct Row<'p> {
    created_at_ms: u64,
    group: u64,
    key: u64,
    prompt: &'p Prompt,
}

/// Makes a plan. The prompts may be in any order, and need not be all that are pending.
pub fn plan<'p>(prompts: impl IntoIterator<Item = &'p Prompt>, runs: &Runs, rules: Rules) -> Plan<'p> {
    // A new random key each time, so that nobody can choose names with colliding hashes.
    let state = RandomState::new();
    let mut rows: Vec<Row<'p>> = prompts
        .into_iter()
        .map(|prompt| Row {
            created_at_ms: prompt.created_at_ms,
            group: state.hash_one((prompt.intent, Place::of(prompt, rules.scope))),
            key: state.hash_one(&prompt.key),
            prompt,
        })
        .collect();
    rows.sort_unstable_by(|a, b| {
        a.created_at_ms.cmp(&b.created_at_ms).then_with(|| order(a.prompt).cmp(&order(b.prompt)))
    });
    let skipped = skipping(&mut rows, rules.now_ms);
    let mut groups: Vec<Group<'p>> = Vec::new();
    let mut known: HashMap<u64, usize> = HashMap::with_capacity(rows.len());
    for Row { mut group, prompt, .. } in rows {
        let at = loop {
            let at = *known.entry(group).or_insert(groups.len());
            match groups.get(at) {
                // Two groups with one hash: the second is stored under the next key.
                Some(other) if !other.takes(prompt) => group = group.wrapping_add(1),
                _ => break at,
            }
        };
        match groups.get_mut(at) {
            Some(group) => group.members.push(prompt),
            None => groups.push(Group {
                scope: rules.scope,
                members: vec![prompt],
                survivor: prompt,
                kept: Kept::Only,
            }),
        }
    }
    for group in groups.iter_mut().filter(|group| group.members.len() > 1) {
        (group.survivor, group.kept) = survivor(group, runs, &rules);
    }
    Plan { rules, groups, skipped }
}

/// Why a prompt is denied, and not the survivor.
pub(super) fn why(prompt: &Prompt, survivor: &Prompt, rules: &Rules, runs: &Runs) -> Why {
    match runs.of(prompt) {
        RunState::Ended => Why::RunEnded,
        RunState::Superseded => Why::RunSuperseded,
        RunState::Active | RunState::Unknown if !rules.lasts(prompt) => Why::ExpiresSoon,
        RunState::Active | RunState::Unknown => match prompt.created_at_ms.cmp(&survivor.created_at_ms) {
            std::cmp::Ordering::Less => Why::Older,
            std::cmp::Ordering::Equal => Why::SameAge,
            std::cmp::Ordering::Greater => Why::Younger,
        },
    }
}

/// The order of members: by age, then by id.
fn order(prompt: &Prompt) -> (u64, &Key) {
    (prompt.created_at_ms, &prompt.key)
}

/// Removes the rows that do not count; the rest has each id once.
fn skipping<'p>(rows: &mut Vec<Row<'p>>, now_ms: u64) -> Vec<Skipped<'p>> {
    let mut keys: Vec<(u64, usize)> = rows.iter().enumerate().map(|(at, row)| (row.key, at)).collect();
    let prompt = |at: usize| rows[at].prompt;
    keys.sort_unstable_by(|a, b| {
        let same_hash = || prompt(a.1).key.cmp(&prompt(b.1).key).then(a.1.cmp(&b.1));
        a.0.cmp(&b.0).then_with(same_hash)
    });
    let mut out: HashMap<usize, Skip> = HashMap::new();
    let one_key = |a: &(u64, usize), b: &(u64, usize)| a.0 == b.0 && prompt(a.1).key == prompt(b.1).key;
    for rows in keys.chunk_by(one_key).filter(|rows| rows.len() > 1) {
        let contradictory = rows.iter().any(|row| !same(prompt(rows[0].1), prompt(row.1)));
        let (why, from) = if contradictory { (Skip::Contradictory, 0) } else { (Skip::Repeated, 1) };
        out.extend(rows[from..].iter().map(|row| (row.1, why)));
    }
    let mut skipped = Vec::new();
    let mut at = 0;
    rows.retain(|row| {
        let lapsed = row.prompt.expired(now_ms).then_some(Skip::Lapsed);
        let why = out.get(&at).copied().or(lapsed);
        at += 1;
        skipped.extend(why.map(|why| Skipped { prompt: row.prompt, why }));
        why.is_none()
    });
    let rank =
        |one: &Skipped<'p>| (order(one.prompt).0, one.prompt.expires_at_ms, one.prompt.intent, one.why);
    skipped.sort_unstable_by(|a, b| a.prompt.key.cmp(&b.prompt.key).then_with(|| rank(a).cmp(&rank(b))));
    skipped
}

/// Whether two rows with one id are the same for a plan.
pub(super) fn same(a: &Prompt, b: &Prompt) -> bool {
    (a.created_at_ms, a.expires_at_ms, a.intent, a.doubt)
        == (b.created_at_ms, b.expires_at_ms, b.intent, b.doubt)
        && (&a.agent, &a.session_key, &a.run_id) == (&b.agent, &b.session_key, &b.run_id)
}

/// The member to keep, of members that are sorted oldest first.
fn survivor<'p>(group: &Group<'p>, runs: &Runs, rules: &Rules) -> (&'p Prompt, Kept) {
    let lasting = group.members.iter().copied().filter(|one| rules.lasts(one) && !runs.of(one).over());
    let best = match rules.keep {
        Keep::Oldest => lasting.min_by_key(|one| order(one)).map(|one| (one, Kept::Oldest)),
        Keep::Newest => {
            let newest = lasting.min_by_key(|one| (Reverse(one.created_at_ms), &one.key));
            newest.map(|one| (one, Kept::Newest))
        }
    };
    best.unwrap_or_else(|| {
        // A prompt with a live run is preferred over one that lives longer.
        let longest = group
            .members
            .iter()
            .copied()
            .min_by_key(|one| (runs.of(one).over(), Reverse(one.expires_at_ms), &one.key));
        (longest.unwrap_or(group.survivor), Kept::LongestLived)
    })
}
