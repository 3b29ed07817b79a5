//! One part of a command against the entries, safe bins and builtins, for all three releases.
//!
//! Source: `resolveSegmentAllowlistMatch` and `resolveSegmentSatisfaction` of `exec-approvals-allowlist`.
//! What a part is, and whether it may be allowed at all (`eval`, `A=1 ls`), is decided by the evaluation that
//! calls this.

use std::borrow::Cow;

use super::evaluation::By;
use super::matching::{self, Target};
use super::packages::{self, Package};
use super::profile::Profile;
use super::question::Entry;
use super::resolve::{Lookup, Program};
use super::safe_bins;
use super::shell_names;
use super::shell_script::{Carried, Script};
use super::shells;
use super::words;
use super::wrappers::{self, Unwrapped};

/// One part checked against everything that can allow it. `'e` is for the entries, `'a` for the words.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Judged<'e, 'a> {
    /// The part without its wrappers. `unwrapped.blocked`: nothing can allow it.
    pub unwrapped: Unwrapped<'a>,
    /// The program that is executed.
    pub program: Program,
    /// What allows it.
    pub by: Option<By>,
    /// The entry that matches.
    pub entry: Option<&'e Entry>,
    /// The command of a shell, which 2026.4.14 judges by its parts if it is a chain.
    pub inline: Option<String>,
    /// Whether a package manager hides what it starts.
    pub is_hidden: bool,
}

impl<'e, 'a> Judged<'e, 'a> {
    /// A part that nothing allows so far, unwrapped and resolved.
    pub(super) fn unjudged(lookup: &Lookup, argv: &'a [String]) -> Self {
        let unwrapped = wrappers::unwrap(lookup.profile, argv);
        let program = lookup.program(first(&unwrapped.argv));
        Self { unwrapped, program, by: None, entry: None, inline: None, is_hidden: false }
    }

    /// The same part after the check against the entries, as [`judge`] has it.
    pub(super) fn against(
        mut self,
        lookup: &Lookup,
        entries: &'e [Entry],
        argv: &[String],
        raw: &str,
    ) -> Self {
        if self.unwrapped.blocked.is_some() {
            return self;
        }
        let package = packages::target(lookup.profile, &self.unwrapped.argv);
        self.is_hidden = package == Package::Blocked;
        let subject = Subject::of(lookup, &self.unwrapped, package, &self.program);
        self.entry = subject.as_ref().and_then(|subject| subject.entry(lookup, entries));
        self.by = if self.entry.is_some() {
            Some(By::Allowlist)
        } else if safe_bins::is_safe(lookup, &self.program, &self.unwrapped.argv) {
            Some(By::SafeBins)
        } else if safe_bins::is_builtin(lookup.profile, argv, raw) {
            Some(By::Builtin)
        } else {
            None
        };
        self.inline = subject.and_then(|subject| subject.inline);
        self
    }

    /// The same with words of its own.
    pub(super) fn into_owned(self) -> Judged<'e, 'static> {
        Judged { unwrapped: self.unwrapped.into_owned(), ..self }
    }
}

/// Checks one part against the entries, safe bins and builtins. `raw` is its text. Does not parse shell
/// commands: the caller of 2026.4.14 judges `inline` if `by` is `None`.
pub(super) fn judge<'e, 'a>(
    lookup: &Lookup,
    entries: &'e [Entry],
    argv: &'a [String],
    raw: &str,
) -> Judged<'e, 'a> {
    Judged::unjudged(lookup, argv).against(lookup, entries, argv, raw)
}

/// The program and the arguments that entries are compared with, if none of the entries matches.
pub(super) fn unmatched(
    lookup: &Lookup,
    entries: &[Entry],
    argv: &[String],
) -> Option<(Program, Vec<String>)> {
    let Judged { unwrapped, program, .. } = Judged::unjudged(lookup, argv);
    if unwrapped.blocked.is_some() {
        return None;
    }
    let package = packages::target(lookup.profile, &unwrapped.argv);
    let subject = Subject::of(lookup, &unwrapped, package, &program)?;
    let program = subject.policy().filter(|_| subject.entry(lookup, entries).is_none())?;
    Some((program.clone(), subject.arguments().to_vec()))
}

/// What entries are compared with: a command without wrappers and package runners.
struct Subject<'s> {
    argv: Cow<'s, [String]>,
    /// The program that is executed.
    execution: Cow<'s, Program>,
    /// The program that entries mean, if it is another: `busybox` in front of its shell.
    policy: Option<Program>,
    /// The command of a shell that reads no startup files.
    inline: Option<String>,
}

impl<'s> Subject<'s> {
    /// `None`: what is started is unknown, so no entry matches.
    fn of(
        lookup: &Lookup,
        unwrapped: &'s Unwrapped<'_>,
        package: Package<'_>,
        program: &'s Program,
    ) -> Option<Self> {
        let (argv, is_shell, policy, execution) = match package {
            Package::Blocked => return None,
            Package::No => {
                let another = |word: &&String| words::trim(word) != program.word;
                let policy = unwrapped.policy_word.as_ref().filter(another);
                let policy = policy.map(|word| lookup.program(word));
                (Cow::Borrowed(&*unwrapped.argv), unwrapped.is_shell, policy, Cow::Borrowed(program))
            }
            Package::Starts(started) => {
                let inner = wrappers::unwrap(lookup.profile, &started);
                let has_command =
                    inner.is_shell && shells::bindable_payload(lookup.profile, &inner.argv).is_some();
                if inner.blocked.is_some() || has_command {
                    return None;
                }
                let execution = lookup.program(first(&inner.argv));
                (Cow::Owned(inner.argv.into_owned()), inner.is_shell, None, Cow::Owned(execution))
            }
        };
        // No wrapper is left, so nothing but a shell has the command of one.
        let inline = if is_shell { shells::bindable_payload(lookup.profile, &argv) } else { None };
        Some(Self { argv, execution, policy, inline })
    }

    /// The program that entries are compared with. `None`: there is no program.
    fn policy(&self) -> Option<&Program> {
        let is_there = !self.execution.word.is_empty();
        is_there.then(|| self.policy.as_ref().unwrap_or(&self.execution))
    }

    fn arguments(&self) -> &[String] {
        self.argv.get(1..).unwrap_or_default()
    }

    /// The entry that allows it: as the program, as what a shell starts, or as the script of a shell.
    fn entry<'e>(&self, lookup: &Lookup, entries: &'e [Entry]) -> Option<&'e Entry> {
        self.as_program(lookup, entries)
            .or_else(|| self.as_carried(lookup, entries))
            .or_else(|| self.as_script(lookup, entries))
    }

    fn as_program<'e>(&self, lookup: &Lookup, entries: &'e [Entry]) -> Option<&'e Entry> {
        if self.inline.as_deref().is_some_and(shells::is_positional_carrier) {
            return None;
        }
        let target = Target::of(lookup, self.policy()?);
        let entry = matching::find(lookup, entries.iter(), &target, Some(self.arguments()))?;
        if lookup.profile == Profile::V2026_4_14 || self.policy.is_some() {
            return Some(entry);
        }
        // A shell with arguments needs an entry that says which, or one that allows everything.
        let has_arguments = self.inline.is_some() || (self.is_shell(lookup.profile) && self.argv.len() > 1);
        let is_bound = entry.arg_pattern.as_deref().is_some_and(|pattern| !words::trim(pattern).is_empty());
        let is_wildcard = words::trim(&entry.pattern) == "*" && !is_bound;
        (!has_arguments || is_bound || is_wildcard).then_some(entry)
    }

    /// `sh -c '$0 "$@"' program` as the program.
    fn as_carried<'e>(&self, lookup: &Lookup, entries: &'e [Entry]) -> Option<&'e Entry> {
        let profile = lookup.profile;
        if !self.is_shell(profile) || (profile > Profile::V2026_4_14 && self.inline.is_none()) {
            return None;
        }
        let carried = Carried::of(lookup, &self.argv)?;
        let arguments = (profile >= Profile::V2026_9_6).then_some(carried.arguments.as_slice());
        let allows_arguments = carried.is_exact || profile < Profile::V2026_9_6;
        let entries = entries.iter().filter(|entry| allows_arguments || entry.arg_pattern.is_none());
        matching::find(lookup, entries, &Target::of_path(lookup, &carried.path), arguments)
    }

    /// `sh script` as the script.
    fn as_script<'e>(&self, lookup: &Lookup, entries: &'e [Entry]) -> Option<&'e Entry> {
        let script = Script::of_powershell(lookup, &self.argv).or_else(|| {
            let is_readable = self.inline.is_none()
                && self.is_shell(lookup.profile)
                && !self.names().any(|name| shell_names::is_opaque(lookup.profile, name));
            is_readable.then(|| Script::of_shell(lookup, &self.argv)).flatten()
        })?;
        matching::find(
            lookup,
            entries.iter(),
            &Target::of_path(lookup, &script.path),
            Some(&script.arguments),
        )
    }

    /// Whether the program is a shell by one of its names.
    fn is_shell(&self, profile: Profile) -> bool {
        self.names().any(|name| shell_names::is_shell(profile, name))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let (name, word) = (self.execution.name(), self.execution.word.as_str());
        let word = (word != name).then_some(word);
        let first = Some(first(&self.argv)).filter(|first| *first != name && word != Some(*first));
        [Some(name), word, first].into_iter().flatten().filter(|name| !words::trim(name).is_empty())
    }
}

/// The program of a command.
fn first(argv: &[String]) -> &str {
    argv.first().map_or("", String::as_str)
}

#[cfg(test)]
mod tests {
    use Profile::{V2026_4_14 as A, V2026_6_11 as B, V2026_9_6 as C};

    use super::*;
    use crate::approvals::decide::testing::{entry, owned, with_lookup};

    #[test]
    fn a_part_is_allowed_by_an_entry_a_safe_bin_or_as_a_builtin() {
        use By::{Allowlist, Builtin, SafeBins};
        for (profile, command, pattern, by) in [
            (C, "git log", "git", Some(Allowlist)),
            (C, "timeout 5 git log", "git", Some(Allowlist)),
            (C, "timeout 5 git log", "/usr/bin/timeout", None),
            (C, "sudo git log", "*", None),
            (A, "sudo git log", "*", None),
            (C, "head -n 5", "git", Some(SafeBins)),
            (C, "head /etc/passwd", "git", None),
            (C, "true", "git", Some(Builtin)),
            (A, "true", "git", None),
            (A, "bash -c ls", "/usr/bin/bash", Some(Allowlist)),
            (C, "bash -c ls", "/usr/bin/bash", None),
            (C, "bash -c ls", "*", Some(Allowlist)),
            (C, "bash", "/usr/bin/bash", Some(Allowlist)),
            (C, "bash run.sh", "/work/run.sh", Some(Allowlist)),
            (C, "bash link.sh", "/work/run.sh", Some(Allowlist)),
            (A, "bash link.sh", "/work/run.sh", None),
            (C, "busybox sh -c ls", "/usr/bin/busybox", Some(Allowlist)),
            (C, "busybox ls", "/usr/bin/busybox", None),
            (C, "bash -c $0_\"$@\" git log", "/usr/bin/git", Some(Allowlist)),
            (B, "bash -c $0_$1 git log", "/usr/bin/git", Some(Allowlist)),
            (C, "bash -c $0_\"$@\" git log", "/usr/bin/bash", None),
            (C, "npx git log", "git", Some(Allowlist)),
            (B, "npx git log", "git", None),
            (C, "npx -p x git", "*", None),
            (C, "npx bash -c ls", "*", None),
            (C, "command git log", "git", Some(Allowlist)),
            (B, "command git log", "git", None),
        ] {
            let entries = [entry(pattern, None)];
            let found = with_lookup(profile, |lookup| judge(lookup, &entries, &owned(command), command).by);
            assert_eq!(found, by, "{command} {pattern}");
        }
    }

    #[test]
    fn an_argument_pattern_may_name_the_command_of_a_shell() {
        for (profile, command, arg_pattern, is_allowed) in [
            (C, "bash -c ls", "^-c ls$", true),
            (C, "bash -c ls", " ", false),
            (B, "bash run.sh x", "^run.sh x$", true),
            (B, "bash -c $0_x git", "git", true),
            (B, "bash -c $0 git x", "git", false),
        ] {
            let entries = [entry("/usr/bin/bash", Some(arg_pattern))];
            let by = with_lookup(profile, |lookup| judge(lookup, &entries, &owned(command), command).by);
            assert_eq!(by.is_some(), is_allowed, "{command} {arg_pattern}");
        }
    }
}
