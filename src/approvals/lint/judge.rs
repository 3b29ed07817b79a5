//! What an entry for a program that runs other programs allows, as the evaluator decides it for each release that could read
//! the document. Entries of the same shape are asked once, and a limited number of shapes is asked: a list may have
//! hundreds of thousands of entries.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::arguments::is_quick;
use super::release::Release;
use super::trial::{self, PROGRAMS};
use super::witnesses;
use crate::approvals::decide::{Profile, inclusion};

/// Maximum number of shapes that are asked in one document. What is beyond is not reported.
const MAX_ASKED: usize = 400;

/// Maximum number of shapes with an `argPattern` among them.
const MAX_RESTRICTED: usize = 200;

/// Maximum number of command lines for which an entry is proposed.
const MAX_PROPOSED: usize = 200;

/// Harmless commands of any program. If none of them runs, the entry is dead.
const PLAIN: [&str; 3] = ["%", "% --version", "% a.txt"];

/// The properties of an entry that decide what it allows. The directory of its pattern is not one of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Shape {
    /// The name of the program.
    pub(super) name: String,
    /// Whether the entry names its path.
    pub(super) by_path: bool,
    /// The `argPattern`, if it restricts anything.
    pub(super) arguments: Option<String>,
    /// Whether an answer "allow always" created it.
    pub(super) is_generated: bool,
}

/// What an entry allows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Power {
    /// The releases on which it allows a command that runs something else, and that command.
    pub(super) runs: Vec<(Profile, String)>,
    /// The releases on which no command of the program matches it.
    pub(super) dead: Vec<Profile>,
    /// Whether a gateway matches the program that this one starts instead.
    pub(super) is_transparent: bool,
}

/// Asks the evaluator, and remembers its answers.
#[derive(Debug)]
pub(super) struct Judge<'f> {
    release: Release<'f>,
    known: HashMap<&'static str, &'static [&'static str]>,
    powers: HashMap<Shape, Power>,
    /// For the last part of a pattern with wildcards, the first program that it matches and that runs something.
    wild: HashMap<Shape, Option<String>>,
    left: usize,
    left_restricted: usize,
    left_proposed: usize,
}

impl<'f> Judge<'f> {
    pub(super) fn of(release: Release<'f>) -> Self {
        Self {
            release,
            known: witnesses::all().copied().collect(),
            powers: HashMap::new(),
            wild: HashMap::new(),
            left: MAX_ASKED,
            left_restricted: MAX_RESTRICTED,
            left_proposed: MAX_PROPOSED,
        }
    }

    /// Whether there are witnesses for a program, by its name without a version.
    pub(super) fn knows(&self, plain: &str) -> bool {
        self.known.contains_key(plain)
    }

    /// Whether an entry may be proposed for one more command line.
    pub(super) fn may_propose(&mut self) -> bool {
        taken(&mut self.left_proposed)
    }

    /// What an entry allows. `plain`: the name of its program in the table.
    pub(super) fn power(&mut self, shape: &Shape, plain: &str) -> Power {
        if let Some(power) = self.powers.get(shape) {
            return power.clone();
        }
        let is_restricted = shape.arguments.is_some();
        if shape.arguments.as_ref().is_some_and(|arguments| !is_quick(arguments))
            || !taken(if is_restricted { &mut self.left_restricted } else { &mut self.left })
        {
            return Power::default();
        }
        let known = self.known.get(plain).copied().unwrap_or_default();
        let mut power = Power::default();
        for profile in self.asked(shape) {
            let endings = shape.arguments.iter().flat_map(|arguments| {
                known.iter().filter_map(|witness| witnesses::ending(witness, arguments))
            });
            let all = known.iter().map(|witness| (*witness).to_owned()).chain(endings);
            let mut commands = all.map(|witness| witness.replace('%', &shape.name));
            if let Some(command) = commands.find(|command| allows(shape, command, profile)) {
                power.runs.push((profile, command));
            } else if !is_restricted
                && !PLAIN.iter().any(|plain| allows(shape, &plain.replace('%', &shape.name), profile))
            {
                power.dead.push(profile);
                power.is_transparent |= known.iter().any(|witness| passes(witness, &shape.name, profile));
            }
        }
        if is_restricted && power.runs.is_empty() {
            // A program that a gateway never matches is not matched with certain arguments either.
            let free = Shape { arguments: None, ..shape.clone() };
            let free = self.power(&free, plain);
            power.dead = free.dead;
            power.is_transparent = free.is_transparent;
        }
        self.powers.insert(shape.clone(), power.clone());
        power
    }

    /// The releases that are asked. A bare name has no meaning for 2026.4.14, which is reported apart, and so is an entry
    /// with an `argPattern`: that release ignores it. 2026.9.6 matches no generated entry of this kind.
    fn asked(&self, shape: &Shape) -> Vec<Profile> {
        let is_only = self.release.readers().len() == 1;
        self.release.those(|profile| match profile {
            Profile::V2026_4_14 => shape.by_path && (shape.arguments.is_none() || is_only),
            Profile::V2026_6_11 => true,
            Profile::V2026_9_6 => !shape.is_generated,
        })
    }

    /// The first program that a glob matches and that would run something else. `shape` has the glob as its name.
    pub(super) fn first_of(&mut self, shape: &Shape) -> Option<String> {
        if let Some(found) = self.wild.get(shape) {
            return found.clone();
        }
        let pieces = inclusion::pieces(&shape.name);
        let names = witnesses::all().map(|(name, _)| *name).filter(|name| inclusion::matches(&pieces, name));
        let names: Vec<&str> = names.collect();
        let found = names.into_iter().find(|name| {
            let shape = Shape { name: (*name).to_owned(), ..shape.clone() };
            !self.power(&shape, name).runs.is_empty()
        });
        let found = found.map(str::to_owned);
        if self.wild.len() < MAX_ASKED {
            self.wild.insert(shape.clone(), found.clone());
        }
        found
    }
}

/// Counts one question, if there is one left.
fn taken(left: &mut usize) -> bool {
    let rest = left.checked_sub(1);
    *left = rest.unwrap_or_default();
    rest.is_some()
}

/// Whether the evaluator lets a command run, if this entry is all that allows anything. A pipe also has an entry for its
/// first program.
fn allows(shape: &Shape, command: &str, profile: Profile) -> bool {
    let pattern = if shape.by_path { format!("{PROGRAMS}/{}", shape.name) } else { shape.name.clone() };
    let mut entry = json!({"pattern": pattern});
    if let Some(arguments) = &shape.arguments {
        entry["argPattern"] = arguments.as_str().into();
    }
    if shape.is_generated {
        entry["source"] = "allow-always".into();
    }
    let mut entries = vec![entry];
    if let Some(writer) = witnesses::writer(command) {
        entries.push(json!({"pattern": format!("{PROGRAMS}/{writer}")}));
    }
    trial::runs(&Value::from(entries), &shape.name, command, profile)
}

/// Whether a witness runs if an entry allows the program behind the one of the witness.
fn passes(witness: &str, name: &str, profile: Profile) -> bool {
    let entries = json!([{"pattern": format!("{PROGRAMS}/id")}]);
    trial::runs(&entries, name, &witness.replace('%', name), profile)
}
