//! Which parts of a command must be allowed one by one, and which of them can never be: the plan of 2026.6.11 and
//! 2026.9.6. For a lone `sh -c` these may be the programs of its payload in place of the shell. Source:
//! `exec-authorization-plan.ts` of both releases.

use std::borrow::Cow;
use std::ops::Range;

use super::inside::Ranges;
use crate::approvals::decide::profile::Profile;
use crate::approvals::decide::shell::{Context, Explanation, PromptOnly, Risk, RiskKind, Step};
use crate::approvals::decide::shell_names;
use crate::approvals::decide::shells;
use crate::approvals::decide::words::{has_separator, program_name, trim};
use crate::approvals::decide::wrappers::{self, Unwrapped};

/// A part of a command that must be allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate<'f> {
    /// Its words, its text, and where it is.
    pub step: Cow<'f, Step>,
    /// Whether a shell is given it in its arguments, so that it cannot be rewritten.
    pub is_payload: bool,
    /// Why only a person can answer for it.
    pub prompt_only: Option<PromptOnly>,
}

/// The parts of an explained command, or why it is not analysable, in the release's words.
pub(super) fn candidates(found: &Explanation, profile: Profile) -> Result<Vec<Candidate<'_>>, &'static str> {
    let planner = Planner::new(found, profile);
    let blocking = planner.blocking();
    if found.has_error || (blocking.is_some() && !planner.is_lone_shell()) {
        return Err(blocking.unwrap_or("unable to parse command"));
    }
    let payload = if blocking.is_none() { planner.payload() } else { None };
    let candidates = payload.unwrap_or_else(|| planner.direct());
    if candidates.is_empty() { Err("no commands to authorize") } else { Ok(candidates) }
}

/// An explained command, ready for questions about its parts.
struct Planner<'f> {
    found: &'f Explanation,
    profile: Profile,
    /// The steps of the command itself.
    top: Vec<&'f Step>,
    /// The risks that only a person may answer for.
    prompt_only: Vec<(PromptOnly, Ranges)>,
}

impl<'f> Planner<'f> {
    fn new(found: &'f Explanation, profile: Profile) -> Self {
        let prompt_only = PromptOnly::ALL.into_iter().filter_map(|why| {
            let mut risks =
                found.risks.iter().filter(|risk| risk.kind == RiskKind::PromptOnly(why)).peekable();
            risks.peek()?;
            Some((why, Ranges::new(risks.map(|risk| risk.span.clone()))))
        });
        let prompt_only = prompt_only.collect();
        let top = found.steps.iter().filter(|step| step.context == Context::Top).collect();
        Self { found, profile, top, prompt_only }
    }

    /// The first risk that makes the command unanalysable.
    fn unanalysable(&self) -> Option<(&'static str, &'f Risk)> {
        self.found.risks.iter().find_map(|risk| match risk.kind {
            RiskKind::Blocks(word) => Some((word, risk)),
            _ => None,
        })
    }

    /// What makes the command unanalysable: a risk, a shape, or an expansion in a step that may be allowed.
    fn blocking(&self) -> Option<&'static str> {
        if let Some((word, _)) = self.unanalysable() {
            return Some(word);
        }
        if let Some(shape) = self.found.shapes.first() {
            return Some(shape);
        }
        let mut expansions =
            self.found.risks.iter().filter(|risk| risk.kind == RiskKind::Expansion).peekable();
        expansions.peek()?;
        let steps = self.found.steps.iter().filter(|step| self.prompt_only(&step.span).is_some());
        let steps = Ranges::new(steps.map(|step| step.span.clone()));
        expansions.any(|risk| !steps.any_around(&risk.span)).then_some("dynamic-argument")
    }

    /// The first reason why only a person can answer for a step.
    fn prompt_only(&self, span: &Range<usize>) -> Option<PromptOnly> {
        self.prompt_only.iter().find(|(_, risks)| risks.any_in(span)).map(|(why, _)| *why)
    }

    /// Whether a step is a shell with a command in its arguments.
    fn is_shell_wrapper(&self, step: &Step) -> bool {
        self.found
            .risks
            .iter()
            .any(|risk| risk.kind == RiskKind::ShellWrapper && lies_in(&risk.span, &step.span))
    }

    /// Whether the command is one shell with a command, which is judged as a whole when its payload cannot be.
    fn is_lone_shell(&self) -> bool {
        let [step] = self.top.as_slice() else { return false };
        self.is_shell_wrapper(step)
            && self.unanalysable().is_none_or(|(_, risk)| lies_in(&risk.span, &step.span))
    }

    /// The programs of the command itself.
    fn direct(&self) -> Vec<Candidate<'f>> {
        let mut steps = self.top.clone();
        steps.sort_by_key(|step| step.span.start);
        steps.into_iter().map(|step| self.candidate(Cow::Borrowed(step), false)).collect()
    }

    /// What a shell starts, in place of the shell. `None`: the shell itself must be allowed.
    fn payload(&self) -> Option<Vec<Candidate<'f>>> {
        let shell = *self.top.first()?;
        if !self.is_shell_wrapper(shell)
            || has_assignment(shell)
            || !is_plain_shell(self.profile, &shell.argv)
        {
            return None;
        }
        if let Some(carried) = positional(self.profile, shell) {
            // The release forgets every other step here. It gets here only with an option such as `--cmdline`, whose text
            // it does not parse.
            return Some(vec![self.candidate(Cow::Owned(carried), true)]);
        }
        if self.top.len() != 1 {
            return None;
        }
        let place = self.found.steps.iter().position(|step| std::ptr::eq(step, shell));
        let in_payload = |step: &&Step| step.context == Context::Payload && step.parent == place;
        let mut steps: Vec<&Step> = self.found.steps.iter().filter(in_payload).collect();
        if steps.is_empty() || steps.iter().any(|step| !may_stand_for_shell(&step.argv)) {
            return None;
        }
        steps.sort_by_key(|step| step.span.start);
        // The release looks for the program of the first part, and takes a blank one for none.
        if steps.first().and_then(|step| step.argv.first()).is_none_or(|word| trim(word).is_empty()) {
            return None;
        }
        Some(steps.into_iter().map(|step| self.candidate(Cow::Borrowed(step), true)).collect())
    }

    fn candidate(&self, step: Cow<'f, Step>, is_payload: bool) -> Candidate<'f> {
        let prompt_only = self.prompt_only(&step.span);
        Candidate { step, is_payload, prompt_only }
    }
}

impl Candidate<'_> {
    /// Why nothing can allow it. `unwrapped`: the same without its wrappers.
    pub(super) fn never(&self, profile: Profile, unwrapped: &Unwrapped<'_>) -> Option<String> {
        if let Some(wrapper) = &unwrapped.blocked {
            return Some(format!("a gateway does not check what {wrapper} starts"));
        }
        if has_assignment(&self.step) {
            return Some("a variable is assigned before the program".to_owned());
        }
        let why = self.prompt_only?;
        if !self.is_payload && shells::bindable_payload(profile, &self.step.argv).is_some() {
            return None;
        }
        let reason = match why {
            PromptOnly::Eval => "eval runs text that is put together when it starts",
            PromptOnly::Source => "the shell reads commands from a file",
            PromptOnly::Alias => "an alias changes what later words mean",
            PromptOnly::ShellThroughCarrier => "another program starts a shell with a command",
            PromptOnly::Carrier => "it starts other programs from its arguments",
        };
        Some(reason.to_owned())
    }
}

/// Whether a range lies in another.
fn lies_in(inner: &Range<usize>, outer: &Range<usize>) -> bool {
    inner.start >= outer.start && inner.end <= outer.end
}

/// Whether a step begins with `NAME=`.
fn has_assignment(step: &Step) -> bool {
    let length = step.executable.start.saturating_sub(step.span.start).min(step.text.len());
    let before = step.text.get(..step.text.floor_char_boundary(length)).map_or("", trim);
    let Some((name, _)) = before.split_once('=') else { return false };
    let is_name = |character: char| character == '_' || character.is_ascii_alphanumeric();
    name.chars().all(is_name) && name.starts_with(|first: char| !first.is_ascii_digit())
}

/// Whether a shell is named without a path, and reads no startup files before its command.
fn is_plain_shell(profile: Profile, argv: &[String]) -> bool {
    argv.first().is_some_and(|word| !has_separator(trim(word)) && shell_names::is_parseable(profile, word))
        && !shells::is_interactive(profile, argv)
        && !shells::is_login(profile, argv)
}

/// Whether a program of a payload may be judged in place of its shell.
fn may_stand_for_shell(argv: &[String]) -> bool {
    argv.first().is_some_and(|word| !has_separator(trim(word)) && !program_name(word).ends_with("-wrapper"))
}

/// What `sh -c '$0 "$@"' program` starts.
fn positional(profile: Profile, shell: &Step) -> Option<Step> {
    let inline = shells::inline(profile, &shell.argv);
    let index = inline.index?;
    if !shells::is_positional_carrier(inline.command.as_deref()?) {
        return None;
    }
    let carried = shell.argv.get(index.saturating_add(1)..).unwrap_or_default();
    let argv: Vec<String> = carried.iter().filter(|word| !trim(word).is_empty()).cloned().collect();
    let word = argv.first()?;
    let name = program_name(word);
    let is_refused = wrappers::is_dispatch(profile, &name)
        || matches!(&*name, "find" | "xargs")
        || shell_names::is_parseable(profile, &name)
        || name.ends_with("-wrapper");
    if is_refused {
        return None;
    }
    let end = shell.span.end..shell.span.end;
    let text = argv.join(" ");
    let has_payload = shells::payload(profile, &argv).is_some();
    Some(Step {
        context: Context::Payload,
        parent: None,
        argv,
        has_payload,
        text,
        span: end.clone(),
        executable: end,
    })
}

#[cfg(test)]
mod tests {
    use super::{candidates, has_assignment};
    use crate::approvals::decide::profile::Profile;
    use crate::approvals::decide::shell::{Context, Step, explain};

    #[test]
    fn assignments_are_seen_before_the_program() {
        for (text, executable, expected) in [
            ("A=1 ls", 4, true),
            ("_a1=x ls", 6, true),
            ("ls A=1", 0, false),
            ("1A=1 ls", 5, false),
            ("export A=1", 7, false),
        ] {
            let step = Step {
                context: Context::Top,
                parent: None,
                argv: Vec::new(),
                has_payload: false,
                text: text.to_owned(),
                span: 0..text.len(),
                executable: executable..text.len(),
            };
            assert_eq!(has_assignment(&step), expected, "{text}");
        }
    }

    #[test]
    fn what_must_be_allowed_or_why_nothing_is_read() {
        for (command, expected) in [
            ("ls -l && pwd | wc", Ok(vec!["ls -l", "pwd", "wc"])),
            ("A=1; ls", Ok(vec!["ls"])),
            ("ls *.txt", Ok(vec!["ls *.txt"])),
            ("ls $HOME", Err("dynamic-argument")),
            ("eval $HOME", Ok(vec!["eval $HOME"])),
            ("ls > x", Err("redirect")),
            ("(ls)", Err("subshell")),
            ("(ls) > x", Err("redirect")),
            ("A=1", Err("no commands to authorize")),
            ("", Err("no commands to authorize")),
            ("ls 'x", Err("syntax-error")),
        ] {
            for profile in [Profile::V2026_6_11, Profile::V2026_9_6] {
                let found = explain(command, profile).unwrap();
                let parts = candidates(&found, profile)
                    .map(|parts| parts.iter().map(|part| part.step.argv.join(" ")).collect::<Vec<_>>());
                assert_eq!(
                    parts,
                    expected.clone().map(|parts| parts.into_iter().map(str::to_owned).collect()),
                    "{command}"
                );
            }
        }
    }
}
