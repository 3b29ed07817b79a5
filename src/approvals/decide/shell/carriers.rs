//! What a program's words say beyond its name: that it starts other programs from its arguments, or that it is a builtin
//! which makes the shell read more commands. Source: `recordCommandRisks` of `extract.ts` and `command-analysis/risks.ts`.

use std::borrow::Cow;

use super::explanation::{PromptOnly, RiskKind};
use crate::approvals::decide::carriers::{carried, env_splits};
use crate::approvals::decide::profile::Profile;
use crate::approvals::decide::remaining::{Remaining, Started};
use crate::approvals::decide::shell_names;
use crate::approvals::decide::shells;
use crate::approvals::decide::words::{program_name, trim};
use crate::approvals::decide::wrappers::{self, Wrapper};

/// Wrappers before a shell that the releases look through.
const MAX_WRAPPERS: usize = 5;

/// Maximum number of nested carriers that are looked through. A longer chain counts as hiding its command.
const MAX_CARRIERS: usize = 32;

/// What can be said about a program from its words.
#[derive(Debug, Default)]
pub(super) struct Carried {
    /// The risks, in the order of the releases.
    pub risks: Vec<RiskKind>,
    /// Whether a shell is given a command.
    pub has_payload: bool,
    /// That command, if it is parsed as Bash.
    pub payload: Option<String>,
}

/// Reads the words of a program.
pub(super) fn read(profile: Profile, argv: &[String]) -> Carried {
    let Some(word) = argv.first() else { return Carried::default() };
    let name = program_name(word);
    let payload = shells::payload(profile, argv);
    let has_payload = payload.is_some();
    let mut risks = Vec::new();
    if has_payload {
        risks.push(if shell_names::is_shell(profile, word) {
            RiskKind::ShellWrapper
        } else {
            RiskKind::PromptOnly(PromptOnly::ShellThroughCarrier)
        });
    }
    if starts_others(profile, &name, argv) {
        risks.push(RiskKind::PromptOnly(PromptOnly::Carrier));
    }
    risks.extend(builtin(&name));
    if name == "alias" {
        risks.push(RiskKind::PromptOnly(PromptOnly::Alias));
    }
    risks.extend(behind_carriers(profile, argv, !has_payload));
    Carried { risks, has_payload, payload: payload.filter(|_| is_parsed(profile, argv)) }
}

/// Whether a program starts others from its arguments in a way that the releases do not look into. A wrapper that hides
/// what it starts counts on 2026.9.6; on 2026.6.11 nothing allows it either, but an expansion after it does.
fn starts_others(profile: Profile, name: &str, argv: &[String]) -> bool {
    let is_find = name == "find"
        && argv.iter().any(|word| matches!(word.as_str(), "-exec" | "-execdir" | "-ok" | "-okdir"));
    let is_hidden =
        profile >= Profile::V2026_9_6 && matches!(wrappers::dispatch(profile, argv), Wrapper::Blocked(_));
    is_find || name == "xargs" || is_hidden || (name == "env" && env_splits(argv))
}

/// The risk of a builtin that makes the shell read more commands.
fn builtin(name: &str) -> Option<RiskKind> {
    match name {
        "eval" => Some(RiskKind::PromptOnly(PromptOnly::Eval)),
        "." | "source" => Some(RiskKind::PromptOnly(PromptOnly::Source)),
        _ => None,
    }
}

/// The risks of what follows sudo, doas, env, command, builtin and exec.
fn behind_carriers(profile: Profile, argv: &[String], with_shells: bool) -> Vec<RiskKind> {
    let mut risks = Vec::new();
    let mut remaining = Remaining::of(argv);
    let mut has_shell = false;
    for depth in 0.. {
        let Some(started) = carried(remaining.words(), true).map(Started::from) else {
            if depth > 0 {
                risks.extend(remaining.words().first().and_then(|word| builtin(&program_name(word))));
            }
            break;
        };
        if depth == MAX_CARRIERS {
            has_shell = true;
            break;
        }
        remaining.go_on(started);
        let argv = remaining.words();
        has_shell |= argv.first().is_some_and(|word| shell_names::is_shell(profile, word))
            && command_flag(argv).is_some();
    }
    if has_shell && with_shells {
        risks.insert(0, RiskKind::PromptOnly(PromptOnly::ShellThroughCarrier));
    }
    risks
}

/// Whether the command of a shell is parsed as Bash.
fn is_parsed(profile: Profile, argv: &[String]) -> bool {
    let shell = &*shell_behind_wrappers(profile, argv);
    if !shell.first().is_some_and(|word| shell_names::is_parseable(profile, word)) {
        return false;
    }
    let flag = command_flag(shell).or_else(|| command_flag(argv)).unwrap_or_default().to_lowercase();
    let cluster = flag.strip_prefix('-').unwrap_or_default();
    flag == "--command" || (cluster.contains('c') && !cluster.contains('-'))
}

/// The words of the shell behind wrappers.
fn shell_behind_wrappers(profile: Profile, argv: &[String]) -> Cow<'_, [String]> {
    let mut remaining = Remaining::of(argv);
    for _ in 0..MAX_WRAPPERS {
        let current = remaining.words();
        match wrappers::dispatch_or_multiplexer(profile, current) {
            Wrapper::Starts { argv, .. } => {
                let started = argv.into();
                remaining.go_on(started);
            }
            Wrapper::No | Wrapper::Blocked(_) => break,
        }
    }
    remaining.into_words()
}

/// The option of a shell that a command follows, as the explainer looks for it: any case, past words that are not options.
fn command_flag(argv: &[String]) -> Option<&str> {
    let shell = argv.first().map(|word| program_name(word)).unwrap_or_default();
    let words = argv.iter().skip(1).map(|word| trim(word)).filter(|word| !word.is_empty());
    words.take_while(|word| *word != "--").find(|word| {
        let lower = word.to_lowercase();
        match &*shell {
            "cmd" => matches!(lower.as_str(), "/c" | "/k"),
            "powershell" | "pwsh" => matches!(
                lower.as_str(),
                "-c" | "-command" | "--command" | "-encodedcommand" | "-enc" | "-e" | "-f" | "-file"
            ),
            _ => {
                let cluster = lower.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
                lower == "--command" || cluster.is_some_and(|letters| letters.contains('c'))
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::command_flag;

    #[test]
    fn the_option_before_a_command_is_found() {
        for (text, expected) in [
            ("sh -c ls", Some("-c")),
            ("bash -xec ls", Some("-xec")),
            ("bash script -C", Some("-C")),
            ("bash --command ls", Some("--command")),
            ("bash --rcfile x", None),
            ("bash -- -c ls", None),
            ("cmd /K dir", Some("/K")),
            ("pwsh -enc x", Some("-enc")),
            ("pwsh -x", None),
        ] {
            let argv: Vec<String> = text.split(' ').map(str::to_owned).collect();
            assert_eq!(command_flag(&argv), expected, "{text}");
        }
    }
}
