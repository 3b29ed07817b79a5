//! Binds an approval to the files that it would start, as 2026.9.6 does before it asks and before it uses an approval that
//! the list does not cover. What cannot be bound is refused. Source: `prepareSystemRunMutableFileBinding`.

use std::collections::BTreeSet;

use super::evaluation::{Evaluation, Plan, Segment};
use super::profile::Profile;
use super::resolve::{Lookup, World};
use super::words::trim;
use super::{shells, wrappers};

mod files;
mod operand;
mod options;
mod shell;
mod subject;
mod target;
mod unwrapped;

use files::Files;
pub(super) use subject::Subject;

/// The most parts that the model of mode `auto` sees.
const MAX_REVIEWED: usize = 64;

const CHANGES_DIRECTORY: [&str; 4] = ["cd", "chdir", "popd", "pushd"];

/// The files that an approval is bound to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Binding {
    /// Scripts, which count as files that the gateway's user may change.
    scripts: usize,
    /// The paths of programs.
    programs: Vec<String>,
}

/// Binds the command, or says why it cannot be bound.
pub(super) fn bind(subject: &Subject<'_>) -> Result<Binding, &'static str> {
    let segments = &subject.evaluation.segments;
    if subject.evaluation.not_analysable.is_some() && trim(subject.question.command).is_empty() {
        return Err("SYSTEM_RUN_DENIED: approval requires a command binding");
    }
    if subject.evaluation.not_analysable.is_some() || segments.is_empty() {
        return Err("SYSTEM_RUN_DENIED: approval cannot safely bind this command");
    }
    let last = segments.len() - 1;
    for (index, segment) in segments.iter().enumerate() {
        check_part(segment, index == last)?;
    }
    let files = Files::of(subject);
    let mut seen = BTreeSet::new();
    let mut binding = Binding::default();
    for segment in segments {
        if seen.insert(&segment.argv) {
            binding.scripts += usize::from(target::script(&segment.argv, &files)?);
        }
    }
    let lookup = Lookup::new(subject.question, Profile::V2026_9_6, subject.setup, subject.world);
    for segment in segments {
        bind_programs(segment, &lookup, &mut binding)?;
    }
    Ok(binding)
}

/// What is refused about one part before its files are looked at.
fn check_part(segment: &Segment, is_last: bool) -> Result<(), &'static str> {
    let effective = unwrapped::unwrap(&segment.argv).argv;
    let word = |index: usize| effective.get(index).map(|word| trim(word)).unwrap_or_default();
    let program = word(usize::from(matches!(word(0), "builtin" | "command")));
    if options::POSIX_SHELLS.contains(&program) && options::sets_startup_variable(&segment.argv) {
        return Err(options::STARTUP_ENVIRONMENT);
    }
    if matches!(program, "." | "source") {
        return Err("SYSTEM_RUN_DENIED: approval cannot safely bind shell source operands");
    }
    if CHANGES_DIRECTORY.contains(&program) && !is_last {
        return Err("SYSTEM_RUN_DENIED: approval cannot safely bind commands after cwd changes");
    }
    let is_found = segment.real.is_some() || segment.resolved.is_some();
    let has_resolution = || {
        let started = wrappers::unwrap(Profile::V2026_9_6, &segment.argv).argv;
        started.first().is_some_and(|word| !trim(word).is_empty())
    };
    if !is_found && !program.is_empty() && !files::is_path(program) && has_resolution() {
        return Err("SYSTEM_RUN_DENIED: approval requires a resolved executable");
    }
    Ok(())
}

/// Binds the programs of one part: its wrappers, then what they start.
fn bind_programs(segment: &Segment, lookup: &Lookup<'_>, binding: &mut Binding) -> Result<(), &'static str> {
    let plan = wrappers::unwrap(Profile::V2026_9_6, &segment.argv);
    let mut in_shell = true;
    for (name, word) in plan.wrappers.iter().zip(&plan.words) {
        if in_shell && matches!(name.as_str(), "builtin" | "command" | "exec") {
            in_shell = name != "exec";
            continue;
        }
        in_shell = false;
        let program = lookup.program(word);
        let path = program.real.or(program.resolved);
        binding.programs.push(path.ok_or("SYSTEM_RUN_DENIED: approval requires a resolved executable")?);
    }
    binding.programs.extend(segment.real.clone().or_else(|| segment.resolved.clone()));
    Ok(())
}

impl Binding {
    /// Whether the gateway's user may change one of the files. Scripts always count as such.
    pub(super) fn is_mutable(&self, world: &World<'_>) -> bool {
        self.scripts > 0 || self.programs.iter().any(|program| files::is_mutable(program, world))
    }
}

/// Whether the model of mode `auto` may see the command: every part is known to be what it seems.
pub(super) fn is_reviewable(evaluation: &Evaluation) -> bool {
    let newest = Profile::V2026_9_6;
    let parts = &evaluation.segments;
    let has_startup = |segment: &Segment| {
        let behind = unwrapped::behind_dispatch(&segment.argv);
        let name = behind.first().map(|word| super::words::program_name(trim(word))).unwrap_or_default();
        options::POSIX_SHELLS.contains(&&*name)
            && (shells::is_login(newest, &behind) || shells::is_interactive(newest, &behind))
    };
    let is_pinned = match evaluation.plan {
        Plan::Renders(_) => true,
        Plan::Unavailable(reason) => reason == Plan::SHELL_EXPANSION && parts.iter().all(has_direct_program),
    };
    parts.len() <= MAX_REVIEWED && !parts.iter().any(has_startup) && is_pinned
}

/// Whether the program of a part can be put in its place by its path.
fn has_direct_program(segment: &Segment) -> bool {
    let plan = wrappers::unwrap(Profile::V2026_9_6, &segment.argv);
    let hides =
        |name: &String| matches!(name.as_str(), "builtin" | "command" | "exec" | "busybox" | "toybox");
    let is_shell_command = plan.is_shell && shells::payload(Profile::V2026_9_6, &plan.argv).is_some();
    let is_found = segment.real.is_some() || segment.resolved.is_some();
    plan.blocked.is_none() && !plan.wrappers.iter().any(hides) && !is_shell_command && is_found
}

#[cfg(test)]
mod tests;
