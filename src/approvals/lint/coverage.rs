//! Redundant entries: exact duplicates, and those that a broader entry covers.
//!
//! The entries of an agent are its own, after those of `*`. Broader entries are found by the literal prefixes of their
//! patterns, so that one pass over a list is enough; of the candidates, a bounded number is compared with each entry.

use std::collections::HashMap;

use super::arguments::Arguments;
use super::facts::Facts;
use super::listed::{Listed, listed};
use super::policy::ALL;
use super::release::Release;
use super::sink::Sink;
use super::{pattern, programs};
use crate::approvals::compare::identity::Identity;
use crate::approvals::decide::inclusion::{self, Piece, covers, pieces};
use crate::approvals::findings::codes::Code;
use crate::approvals::model::document::Document;
use crate::approvals::redact::credentials::quotable;

/// Maximum number of broader patterns that are compared with an entry, and that are examined for it.
const COMPARED: usize = 16;
const MAX_CANDIDATES: usize = 64;

/// Maximum number of prefixes that are stored separately: a bound on memory. Their map has a capacity of 458,752 before
/// it doubles.
const NODES: usize = 450_000;

/// Number of pieces of a literal prefix that are used to distinguish patterns.
const BEGINNING: usize = 256;

/// Reports duplicates and covered entries.
pub(super) fn judge<'d>(document: &'d Document<'d>, facts: &Facts<'_>, sink: &mut Sink<'_>) {
    let release = Release::of(facts);
    let mut lists: Vec<(&str, Vec<Listed<'d>>)> = Vec::new();
    for entry in listed(document).filter(|entry| entry.dead(release).is_none_or(|dead| !dead.is_total)) {
        match lists.last_mut() {
            Some((agent, list)) if *agent == entry.agent => list.push(entry),
            _ => lists.push((entry.agent, vec![entry])),
        }
    }
    for (_, list) in &mut lists {
        duplicates(list, sink);
    }
    if sink.must_end() {
        return;
    }
    let of_all: &[Listed<'d>] = lists.iter().find(|(agent, _)| *agent == ALL).map_or(&[], |(_, list)| list);
    let common = Broad::of(of_all, sink);
    for (agent, list) in &lists {
        if *agent == ALL {
            covered(list, &[&common], sink);
        } else {
            let own = Broad::of(list, sink);
            covered(list, &[&common, &own], sink);
        }
    }
}

/// Reports duplicate entries, and keeps the first of each.
fn duplicates(list: &mut Vec<Listed<'_>>, sink: &mut Sink<'_>) {
    let mut first = HashMap::with_capacity(list.len());
    list.retain(|entry| {
        if sink.is_over() {
            return true;
        }
        let index = *first.entry(Identity::of(entry.entry)).or_insert(entry.index);
        if index != entry.index {
            let message = format!("`{}` is a duplicate of entry {index}", quotable(entry.pattern()));
            sink.push(entry.raw(Code::DuplicateEntry, "pattern", message));
        }
        index == entry.index
    });
}

fn covered(list: &[Listed<'_>], by: &[&Broad<'_>], sink: &mut Sink<'_>) {
    // What was meant by a command line cannot be read from what covers it.
    let is_judged = |entry: &&Listed<'_>| {
        !entry.is_command_text()
            && entry.entry.command_text.is_none()
            && !pattern::is_command_line(entry.pattern())
    };
    for entry in list.iter().filter(is_judged) {
        // Only the comparison of globs takes long.
        let is_over =
            if by.iter().any(|broad| !broad.globs.is_empty()) { sink.must_end() } else { sink.is_over() };
        if is_over {
            return;
        }
        if let Some(broader) = by.iter().find_map(|broad| broad.covering(entry)) {
            let owner = if broader.agent == entry.agent { "" } else { " of agent `*`" };
            let message = format!(
                "`{}` is covered by `{}`, entry {}{owner}",
                quotable(entry.pattern()),
                quotable(broader.pattern()),
                broader.index
            );
            sink.push(entry.raw(Code::CoveredEntry, "pattern", message));
        }
    }
}

/// The entries of one list that allow a program with any arguments, in the order of their discovery.
struct Broad<'d> {
    /// `*`: everything.
    everything: Option<Listed<'d>>,
    exact: HashMap<&'d str, Listed<'d>>,
    globs: Vec<Listed<'d>>,
    /// From a node and a piece to the next node.
    steps: HashMap<(usize, Piece), usize>,
    /// The globs whose literal prefix ends at a node.
    ends: Vec<Vec<usize>>,
}

impl<'d> Broad<'d> {
    fn of(list: &[Listed<'d>], sink: &mut Sink<'_>) -> Self {
        let mut broad = Self {
            everything: None,
            exact: HashMap::new(),
            globs: Vec::new(),
            steps: HashMap::new(),
            ends: vec![Vec::new()],
        };
        for entry in list.iter().filter(|entry| entry.arguments() == Arguments::Any && !entry.is_generated())
        {
            if sink.is_over() {
                break;
            }
            let pattern = entry.pattern();
            if pattern == "*" {
                broad.everything.get_or_insert(*entry);
                continue;
            }
            broad.exact.entry(pattern).or_insert(*entry);
            if pattern.contains(['*', '?']) && !pattern.contains('\\') {
                broad.add(*entry, &pieces(pattern));
            }
        }
        broad
    }

    fn add(&mut self, entry: Listed<'d>, glob: &[Piece]) {
        let mut node = 0;
        for piece in beginning(glob) {
            let fresh = self.ends.len();
            // A shorter prefix distinguishes patterns too, only more slowly.
            if fresh == NODES && !self.steps.contains_key(&(node, piece)) {
                break;
            }
            node = *self.steps.entry((node, piece)).or_insert(fresh);
            if node == fresh {
                self.ends.push(Vec::new());
            }
        }
        self.ends[node].push(self.globs.len());
        self.globs.push(entry);
    }

    /// An entry that makes another one redundant: a broader one, or an equal one before it.
    fn covering(&self, entry: &Listed<'d>) -> Option<Listed<'d>> {
        let same = |other: &Listed<'d>| other.agent == entry.agent && other.index == entry.index;
        if let Some(everything) = self.everything.filter(|everything| !same(everything)) {
            return Some(everything);
        }
        let pattern = entry.pattern();
        let any = entry.arguments() == Arguments::Any;
        // For a shell, only an entry with its own `argPattern` allows scripts and commands, so it allows more than the
        // other.
        if !any && programs::may_be_shell(pattern) {
            return None;
        }
        let exact = self.exact.get(pattern).filter(|other| !same(other));
        exact.copied().or_else(|| self.globbed(entry, any))
    }

    fn globbed(&self, entry: &Listed<'d>, any: bool) -> Option<Listed<'d>> {
        let pattern = entry.pattern();
        if self.globs.is_empty() || pattern.contains('\\') || pattern == "*" {
            return None;
        }
        let narrow = pieces(pattern);
        let by_path = inclusion::is_path(pattern);
        let mut nodes = vec![0];
        for piece in beginning(&narrow) {
            let Some(&node) = nodes.last().and_then(|&node| self.steps.get(&(node, piece))) else { break };
            nodes.push(node);
        }
        let fitting = nodes.iter().flat_map(|&node| &self.ends[node]).map(|&index| self.globs[index]);
        let may_end = |other: &Listed<'d>| match other.pattern().chars().next_back() {
            None | Some('*' | '?') => true,
            last => last == pattern.chars().next_back(),
        };
        fitting
            .take(MAX_CANDIDATES)
            .filter(|other| inclusion::is_path(other.pattern()) == by_path && may_end(other))
            .filter(|other| (other.agent, other.index) != (entry.agent, entry.index))
            .take(COMPARED)
            .find(|other| {
                let glob = pieces(other.pattern());
                let earlier = other.agent != entry.agent || other.index < entry.index;
                covers(&glob, &narrow) && (!any || earlier || !covers(&narrow, &glob))
            })
    }
}

/// The literal prefix of a glob.
fn beginning(glob: &[Piece]) -> impl Iterator<Item = Piece> {
    glob.iter().copied().take_while(|piece| matches!(piece, Piece::Unit(_) | Piece::Home)).take(BEGINNING)
}
