//! Whether the entries of one document match whatever an entry of another document matches. What cannot be proven counts
//! as not covered. Source: `matching.rs` and the rules for shells in `segment.rs`.
//!
//! Two assumptions: no path has a line end in it, and no name of a shell is a link to a program that is not a shell.
//! Without the second, `/usr/bin/git` with an `argPattern` would allow more than `/usr/bin/git` without one.

use std::cell::{Cell, OnceCell};
use std::collections::{HashMap, HashSet};

use super::language;
use crate::approvals::decide::arguments;
use crate::approvals::decide::inclusion::{self, Piece, is_path};
use crate::approvals::decide::matching::{arg_pattern, only_by_hash};
use crate::approvals::decide::profile::Profile;
use crate::approvals::decide::question::Entry;
use crate::approvals::decide::shell_names;
use crate::approvals::decide::words::{has_dots, trim};

/// How many entries are compared with one entry.
const MOST_COMPARED: usize = 2_000;

/// The longest text before a wildcard, in characters. Longer globs are never compared.
const LONGEST_BEGINNING: usize = 600;

/// Every path, as a glob.
const EVERY_PATH: [Piece; 2] = [Piece::Unit(b'/' as u16), Piece::Deep];

/// What one comparison of arguments costs, in comparisons of programs.
const COST_OF_ARGUMENTS: u64 = 50;

/// How much may be compared in all, in comparisons of programs.
#[derive(Debug)]
pub(super) struct Budget(Cell<u64>);

impl Default for Budget {
    fn default() -> Self {
        Self(Cell::new(2_000_000))
    }
}

impl Budget {
    /// Spends a part of the budget. `false`: too little was left.
    pub(super) fn spend(&self, cost: u64) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(cost));
        left >= cost
    }
}

/// What an entry may match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing.
    Nothing,
    /// Everything: `*`.
    Everything,
    /// A program by its path or name, with any arguments. Shells only without arguments, since 2026.6.11.
    Program,
    /// A program with some arguments.
    Arguments,
}

fn kind(profile: Profile, entry: &Entry) -> Kind {
    let pattern = trim(&entry.pattern);
    let arguments = arg_pattern(entry);
    let is_old = profile == Profile::V2026_4_14;
    match (pattern, arguments) {
        _ if entry.odd_arguments.is_some() => Kind::Nothing,
        ("", _) | ("*", Some(_)) => Kind::Nothing,
        (_, None) if only_by_hash(profile, entry) => Kind::Nothing,
        ("*", None) => Kind::Everything,
        _ if is_old && !is_path(pattern) => Kind::Nothing,
        (_, Some(text)) if !is_old && is_never(profile, entry, text) => Kind::Nothing,
        (_, Some(_)) if !is_old => Kind::Arguments,
        (_, _) => Kind::Program,
    }
}

/// Whether an `argPattern` matches no arguments at all.
fn is_never(profile: Profile, entry: &Entry, text: &str) -> bool {
    let is_newest = profile >= Profile::V2026_9_6;
    is_newest && !arguments::is_bound_hash(text) && (entry.allow_always || arguments::is_unbound_hash(text))
}

/// Whether an entry is the approval of an exact command.
pub(super) fn is_exact(entry: &Entry) -> bool {
    entry.allow_always && arguments::is_command_pattern(&entry.pattern)
}

/// Whether an `argPattern` is nothing but white space: the entry then hides those after it, but does not count as one
/// with arguments for a shell.
pub(super) fn is_blank(entry: &Entry) -> bool {
    arg_pattern(entry).is_some_and(|text| trim(text).is_empty())
}

/// Why an entry is not covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gap {
    /// No entry of the other document matches as many programs.
    Programs,
    /// Entries of the other document match the programs, but only with other arguments.
    Arguments,
    /// An entry of the other document matches the program with any arguments, which is not so if it is a shell.
    Shell,
    /// The other document does not approve this exact command.
    Command,
    /// The comparison would take too long.
    TooMany,
}

/// An entry ready for comparison.
struct Ready<'e> {
    entry: &'e Entry,
    kind: Kind,
    /// Its pattern in common form.
    pattern: String,
    glob: Vec<Piece>,
    /// Every text that its `argPattern` matches, if they are few.
    texts: OnceCell<Option<Vec<String>>>,
}

/// The entries of one part of a document, ready to be compared with entries of another document.
#[derive(Default)]
pub(super) struct Cover<'e> {
    /// The first entry `*`; one without an `argPattern` rather than with an empty one.
    everything: Option<&'e Entry>,
    /// Entries by their text, as [`Cover::key`] has it.
    same: HashSet<(&'e str, Option<&'e str>, Option<bool>, bool)>,
    /// Entries by their pattern, in common form.
    by_pattern: HashMap<String, Vec<Ready<'e>>>,
    /// Entries with a wildcard, by the text before it.
    globs: HashMap<String, Vec<Ready<'e>>>,
    /// Those that match every path.
    every_path: Vec<Ready<'e>>,
    /// Whether an entry hides others: see [`is_blank`].
    pub hides: bool,
    /// The approvals of exact commands.
    exact: HashSet<&'e str>,
}

impl<'e> Cover<'e> {
    /// Prepares entries.
    pub(super) fn of(profile: Profile, entries: &'e [Entry]) -> Self {
        let mut cover = Self::default();
        for entry in entries {
            cover.same.insert(Self::key(entry));
            cover.hides |= profile > Profile::V2026_4_14 && is_blank(entry);
            if is_exact(entry) {
                cover.exact.insert(&entry.pattern);
            }
            let kind = kind(profile, entry);
            match kind {
                Kind::Nothing => {}
                Kind::Everything => {
                    if cover.everything.is_none_or(|other| other.arg_pattern.is_some()) {
                        cover.everything = Some(entry);
                    }
                }
                Kind::Program | Kind::Arguments => {
                    let ready = Ready::of(entry, kind);
                    if !has_wildcard(&entry.pattern) {
                        cover.by_pattern.entry(ready.pattern.clone()).or_default().push(ready);
                    } else if is_path(&ready.pattern) && inclusion::covers(&ready.glob, &EVERY_PATH) {
                        cover.every_path.push(ready);
                    } else {
                        cover.globs.entry(beginning(&ready.pattern).to_owned()).or_default().push(ready);
                    }
                }
            }
        }
        cover
    }

    /// What makes two entries the same.
    pub(super) fn key(entry: &Entry) -> (&str, Option<&str>, Option<bool>, bool) {
        (&entry.pattern, entry.arg_pattern.as_deref(), entry.odd_arguments, entry.allow_always)
    }

    /// Whether there is this approval of an exact command.
    pub(super) fn approves(&self, pattern: &str) -> bool {
        self.exact.contains(pattern)
    }

    /// Whether another document approves the same exact command.
    pub(super) fn approves_one_of(&self, other: &Self) -> bool {
        self.exact.iter().any(|pattern| other.approves(pattern))
    }

    /// The entries that may match all programs of another one.
    fn candidates<'c>(&'c self, wanted: &'c Ready<'_>) -> impl Iterator<Item = &'c Ready<'e>> {
        let start = beginning(&wanted.pattern);
        let starts = start.char_indices().map(|(at, _)| at).chain([start.len()]).take(LONGEST_BEGINNING);
        let globs = starts.filter_map(|at| self.globs.get(start.get(..at)?)).flatten();
        let equal = self.by_pattern.get(&wanted.pattern).into_iter().flatten();
        equal.chain(&self.every_path).chain(globs)
    }

    /// Whether there is a live entry `*`.
    pub(super) fn has_everything(&self) -> bool {
        self.everything.is_some()
    }
}

impl<'e> Ready<'e> {
    fn of(entry: &'e Entry, kind: Kind) -> Self {
        let pattern = common(&entry.pattern);
        Self { entry, kind, glob: inclusion::pieces(&pattern), pattern, texts: OnceCell::new() }
    }
}

/// Why an entry allows what the entries of the other document do not, as far as is known. `None`: they allow it all.
///
/// `covers`: the entries of `*` and those of the agent.
pub(super) fn gap(profile: Profile, covers: &[&Cover<'_>], entry: &Entry, budget: &Budget) -> Option<Gap> {
    let is_same = |cover: &&&Cover<'_>| cover.same.contains(&Cover::key(entry));
    let may_hide = covers.iter().any(|cover| cover.hides) && arg_pattern(entry).is_some() && !is_blank(entry);
    if covers.iter().any(|cover| is_same(&cover)) && !may_hide {
        return None;
    }
    if is_exact(entry) && !covers.iter().any(|cover| cover.exact.contains(entry.pattern.as_str())) {
        return Some(Gap::Command);
    }
    let kind = kind(profile, entry);
    match kind {
        Kind::Nothing => return None,
        Kind::Everything | Kind::Program | Kind::Arguments => {}
    }
    let everything = covers.iter().filter_map(|cover| cover.everything);
    if everything.into_iter().any(|other| is_no_less_seen(profile, other, entry)) {
        return None;
    }
    if kind == Kind::Everything {
        return Some(Gap::Programs);
    }
    let wanted = Ready::of(entry, kind);
    let gap = nearest_gap(profile, covers, &wanted, may_hide, budget);
    // An expression that no release can read matches nothing.
    gap.filter(|_| kind == Kind::Program || !arg_pattern(entry).is_some_and(arguments::is_invalid))
}

/// Compares an entry with those that may match its programs.
fn nearest_gap(
    profile: Profile,
    covers: &[&Cover<'_>],
    wanted: &Ready<'_>,
    may_hide: bool,
    budget: &Budget,
) -> Option<Gap> {
    let mut gap = Gap::Programs;
    let mut compared = 0;
    for cover in covers {
        for other in cover.candidates(wanted) {
            compared += 1;
            if compared > MOST_COMPARED || !budget.spend(1) {
                return Some(Gap::TooMany);
            }
            match other.gap(profile, wanted, may_hide, budget) {
                None => return None,
                Some(Gap::Programs) => {}
                Some(nearer) => gap = nearer,
            }
        }
    }
    Some(gap)
}

/// Whether an entry counts wherever another one does: 2026.9.6 leaves entries with an empty `argPattern` out where a shell
/// starts its own arguments.
fn is_no_less_seen(profile: Profile, entry: &Entry, other: &Entry) -> bool {
    profile < Profile::V2026_9_6 || entry.arg_pattern.is_none() || other.arg_pattern.is_some()
}

impl Ready<'_> {
    /// Why this entry does not match all that another one does.
    fn gap(&self, profile: Profile, other: &Ready<'_>, may_hide: bool, budget: &Budget) -> Option<Gap> {
        if !self.has_programs_of(profile, other) {
            return Some(Gap::Programs);
        }
        if profile == Profile::V2026_4_14 {
            return None;
        }
        match (self.kind, other.kind) {
            (Kind::Program, Kind::Program) => {
                (!is_no_less_seen(profile, self.entry, other.entry)).then_some(Gap::Arguments)
            }
            (Kind::Program, _) => {
                (!is_blank(other.entry) && may_be_shell(profile, other)).then_some(Gap::Shell)
            }
            (Kind::Arguments, Kind::Arguments) => {
                let has_arguments = !may_hide || !may_be_shell(profile, other);
                (!has_arguments || !self.has_arguments_of(profile, other, budget)).then_some(Gap::Arguments)
            }
            _ => Some(Gap::Arguments),
        }
    }

    /// Whether this entry's pattern matches every program that another one's does.
    fn has_programs_of(&self, profile: Profile, other: &Ready<'_>) -> bool {
        let (own, pattern) = (&self.pattern, &other.pattern);
        match (is_path(own), is_path(pattern)) {
            _ if own == pattern => true,
            // 2026.6.11 and 2026.9.6 fold a path with dots for a pattern with a wildcard, but not for another one.
            (true, true) if profile > Profile::V2026_4_14 && !has_wildcard(pattern) && has_dots(pattern) => {
                false
            }
            (true, true) | (false, false) => inclusion::covers(&self.glob, &other.glob),
            // A name says nothing about the path, but some patterns match every path.
            (true, false) => inclusion::covers(&self.glob, &EVERY_PATH),
            (false, true) => false,
        }
    }

    /// Whether this entry's `argPattern` matches all arguments that another one's does.
    fn has_arguments_of(&self, profile: Profile, other: &Ready<'_>, budget: &Budget) -> bool {
        let (Some(own), Some(text)) = (arg_pattern(self.entry), arg_pattern(other.entry)) else {
            return false;
        };
        if own == text {
            return true;
        }
        let is_hash = |text: &str| profile >= Profile::V2026_9_6 && arguments::is_bound_hash(text);
        if is_hash(own) || is_hash(text) || own.contains('\0') || text.contains('\0') {
            return false;
        }
        // A shell's entry whose expression is blank counts less than others.
        if is_blank(self.entry) && !is_blank(other.entry) {
            return false;
        }
        let Some(texts) = other.texts.get_or_init(|| language::every(text)) else { return false };
        texts.iter().all(|subject| {
            let words: Vec<String> = subject.split(' ').map(str::to_owned).collect();
            budget.spend(COST_OF_ARGUMENTS) && arguments::matches(profile, own, &words) == Some(true)
        })
    }
}

/// A pattern as it is compared: trimmed, two backslashes as a slash.
fn common(pattern: &str) -> String {
    trim(pattern).replace("\\\\", "/")
}

/// The text before the first wildcard.
fn beginning(pattern: &str) -> &str {
    pattern.split(['*', '?']).next().unwrap_or_default()
}

fn has_wildcard(pattern: &str) -> bool {
    pattern.contains(['*', '?'])
}

/// The names of shells: those that some release knows, and those that the files of shells have on some systems.
const SHELLS: [&str; 34] = [
    "ash",
    "bash",
    "bsd-csh",
    "busybox",
    "cmd",
    "csh",
    "dash",
    "elvish",
    "fish",
    "ksh",
    "lksh",
    "mksh",
    "nu",
    "nushell",
    "oil",
    "oils",
    "osh",
    "ovm",
    "pdksh",
    "posh",
    "powershell",
    "pwsh",
    "rbash",
    "rksh",
    "rzsh",
    "sh",
    "static-sh",
    "tcsh",
    "toybox",
    "xonsh",
    "yash",
    "zsh",
    "zsh-static",
    "zsh5",
];

/// Whether a program that an entry matches may count as a shell, for which entries without arguments count less.
fn may_be_shell(profile: Profile, entry: &Ready<'_>) -> bool {
    let pattern = entry.pattern.to_lowercase();
    let name = pattern.rsplit(['/', '\\']).next().unwrap_or_default();
    if let Some(at) = name.find(['*', '?']) {
        let start = name.get(..at).unwrap_or_default();
        return SHELLS.iter().any(|shell| shell.starts_with(start) || start.starts_with(shell));
    }
    let first = name.split(|character: char| !character.is_ascii_alphabetic()).next().unwrap_or_default();
    let last = name.rsplit('-').next().unwrap_or_default();
    // Versions and the like: `bash-5.2`, `bsd-csh`, `oils-for-unix`.
    [name, first, last].iter().any(|name| shell_names::is_shell(profile, name) || SHELLS.contains(name))
}
