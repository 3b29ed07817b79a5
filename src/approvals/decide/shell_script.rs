//! What a shell starts from its arguments: a script, or a program as `sh -c '$0 "$@"' program`.
//!
//! Source: `resolveShellWrapperScriptCandidatePath`, `resolveShellWrapperPositionalArgvCandidate` and the
//! functions around them in `exec-approvals-allowlist` of the three releases.

use super::positional;
use super::powershell;
use super::profile::Profile;
use super::resolve::Lookup;
use super::shell_names;
use super::shell_options;
use super::shells;
use super::words;
use super::wrappers;

/// A script with its arguments.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Script {
    /// Its path.
    pub path: String,
    /// The arguments after it.
    pub arguments: Vec<String>,
}

impl Script {
    /// The script of PowerShell's `-File`.
    pub(super) fn of_powershell(lookup: &Lookup, argv: &[String]) -> Option<Self> {
        let index = powershell::script_index(lookup.profile, argv)?;
        let path = absolute(lookup, words::trim(argv.get(index)?), true);
        Some(Self { path, arguments: argv.get(index + 1..).unwrap_or_default().to_vec() })
    }

    /// The script that a shell is given as its first operand.
    pub(super) fn of_shell(lookup: &Lookup, argv: &[String]) -> Option<Self> {
        let word = words::trim(argv.get(operand(lookup.profile, argv)?)?);
        if word.is_empty() {
            return None;
        }
        let path = absolute(lookup, word, false);
        // The release looks for the script again among all words, by path and then by name.
        let base = words::trim(words::base_name(&path)).to_lowercase();
        let directory = words::trim(lookup.directory);
        let by_path = |word: &String| {
            if word.starts_with('/') { *word == path } else { words::absolute(directory, word) == path }
        };
        let by_name = |word: &String| words::trim(words::base_name(word)).to_lowercase() == base;
        let at = argv.iter().position(by_path).or_else(|| argv.iter().position(by_name));
        let arguments = at.and_then(|at| argv.get(at + 1..)).unwrap_or_default().to_vec();
        Some(Self { path, arguments })
    }
}

/// The path of a script. An absolute one is left as written.
fn absolute(lookup: &Lookup, word: &str, expands_first: bool) -> String {
    if !expands_first && word.starts_with('/') {
        return word.to_owned();
    }
    let expanded = words::expand_home(word, lookup.home);
    if expands_first && expanded.starts_with('/') {
        expanded.into_owned()
    } else {
        words::absolute(lookup.directory, &expanded)
    }
}

/// The index of the first operand of a shell. `None`: it is given a command, or reads other files first.
fn operand(profile: Profile, argv: &[String]) -> Option<usize> {
    if argv.len() < 2 {
        return None;
    }
    let name = words::program_name(argv.first()?);
    let is_powershell = matches!(&*name, "powershell" | "pwsh");
    let is_new = profile >= Profile::V2026_9_6;
    let mut at = 1;
    while let Some(token) = argv.get(at).map(|token| words::trim(token)) {
        if token == "--" {
            return Some(at + 1);
        }
        if is_command_or_stdin(profile, token, is_powershell) {
            return None;
        }
        at += match token {
            "" => 1,
            "-c" | "--command" | "-o" | "-O" | "+O" => 2,
            "+o" if is_new => 2,
            token if is_powershell && powershell::takes_value(token) => 2,
            token if is_new && !is_powershell && token.starts_with('-') => shell_options::advance(token),
            token if is_new && token.starts_with('+') && shell_names::has_plus_options(&name) => {
                shell_options::advance(token)
            }
            token if token.starts_with(['-', '+']) => 1,
            _ => return Some(at),
        };
    }
    None
}

/// Whether an option says that a shell runs no script, or reads others before it.
fn is_command_or_stdin(profile: Profile, token: &str, is_powershell: bool) -> bool {
    let is_command = if profile >= Profile::V2026_9_6 {
        !is_powershell && shell_options::flags(profile).contains(&token)
    } else {
        matches!(token, "-c" | "--command")
    };
    let has = |letter| !is_powershell && shell_options::has_letter(token, letter);
    is_command
        || has('c')
        || token == "-s"
        || has('s')
        || matches!(words::option_name(token), "--rcfile" | "--init-file" | "--startup-file")
}

/// A program that a shell starts as `$0`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Carried {
    /// Its path as found, or as written.
    pub path: String,
    /// The words after it.
    pub arguments: Vec<String>,
    /// Whether it is started with exactly these arguments: `$0` without any, or `$0 "$@"`.
    pub is_exact: bool,
}

impl Carried {
    /// The program that `sh -c '$0 "$@"' program` starts.
    pub(super) fn of(lookup: &Lookup, argv: &[String]) -> Option<Self> {
        let shell = argv.first()?;
        if argv.len() < 4 || !shell_names::may_carry(shell) {
            return None;
        }
        let inline = shells::inline(lookup.profile, argv);
        let parameters = positional::parameters(&inline.command?)?;
        let behind = argv.get(inline.index? + 1..)?;
        let at = behind.iter().position(|word| !words::trim(word).is_empty())?;
        let word = words::trim(behind.get(at)?);
        if wrappers::is_dispatch(lookup.profile, word) || shell_names::is_shell(lookup.profile, word) {
            return None;
        }
        let path = lookup.candidate(&lookup.program(word))?.into_owned();
        let arguments = behind.get(at + 1..).unwrap_or_default().to_vec();
        let is_exact = if arguments.is_empty() { parameters == ['0'] } else { parameters == ['0', '@'] };
        Some(Self { path, arguments, is_exact })
    }
}

#[cfg(test)]
mod tests {
    use Profile::{V2026_4_14 as A, V2026_6_11 as B, V2026_9_6 as C};

    use super::*;

    #[test]
    fn the_first_operand_of_a_shell_is_its_script() {
        for (profile, text, index) in [
            (B, "bash run.sh a", Some(1)),
            (B, "bash -e run.sh", Some(2)),
            (B, "bash -- run.sh", Some(2)),
            (B, "bash -o pipefail run.sh", Some(3)),
            (B, "bash +o x run.sh", Some(2)),
            (C, "bash +o x run.sh", Some(3)),
            (C, "bash -eo pipefail run.sh", Some(3)),
            (A, "bash -eo pipefail run.sh", Some(2)),
            (B, "bash -s run.sh", None),
            (B, "bash -ex -c run.sh", None),
            (B, "bash --rcfile=f run.sh", None),
            (B, "bash", None),
            (C, "pwsh -ep Bypass a.ps1", Some(3)),
        ] {
            let argv: Vec<String> = text.split(' ').map(str::to_owned).collect();
            assert_eq!(operand(profile, &argv), index, "{text}");
        }
    }
}
