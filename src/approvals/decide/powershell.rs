//! The options of PowerShell up to its command. On Linux it is a program like any other, but its commands
//! count as inline code of a shell.
//!
//! Source: `shell-inline-command` of the three releases.

use super::profile::Profile;
use super::shell_options::Inline;
use super::words;

/// An option that may be shortened to this number of letters.
type Switch = (&'static str, usize);

/// Options before a command that takes all words after it.
const COMMAND: [Switch; 3] = [("command", 1), ("commandwithargs", 3), ("cwa", 3)];
/// Options before a script.
const FILE: [Switch; 1] = [("file", 1)];
/// Options before an encoded command.
const ENCODED: [Switch; 2] = [("encodedcommand", 1), ("ec", 1)];
/// Options with a value.
const VALUES: [Switch; 19] = [
    ("configurationfile", 4),
    ("configurationname", 6),
    ("custompipename", 3),
    ("encodedarguments", 8),
    ("executionpolicy", 2),
    ("inputformat", 3),
    ("outputformat", 1),
    ("psconsolefile", 4),
    ("settingsfile", 8),
    ("token", 2),
    ("utctimestamp", 3),
    ("version", 1),
    ("windowstyle", 1),
    ("workingdirectory", 1),
    ("ea", 2),
    ("ep", 2),
    ("if", 2),
    ("of", 2),
    ("wd", 2),
];
/// The options before a command in 2026.4.14, which cannot be shortened.
const OLD: [&str; 8] = ["-c", "-command", "--command", "-f", "-file", "-encodedcommand", "-enc", "-e"];

/// Whether a word in lower case is one of these options, shortened or not, after `-`, `--` or `/`.
fn is(token: &str, switches: &[Switch]) -> bool {
    ["--", "-", "/"]
        .iter()
        .filter_map(|mark| token.strip_prefix(mark))
        .any(|name| switches.iter().any(|(full, shortest)| name.len() >= *shortest && full.starts_with(name)))
}

/// Whether a word is an option before a script (`isPowerShellInlineFileCommandFlag`).
fn is_file_flag(token: &str) -> bool {
    is(&words::trim(token).to_lowercase(), &FILE)
}

/// Whether a word counts as an option.
fn is_option(token: &str) -> bool {
    let name = token.strip_prefix('/').unwrap_or_default();
    token.starts_with('-')
        || (name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// The command of PowerShell (`resolvePowerShellInlineCommandMatch`).
pub(super) fn inline(profile: Profile, argv: &[String]) -> Inline {
    let mut at = 1;
    while let Some(token) = argv.get(at).map(|token| words::trim(token)) {
        let lower = token.to_lowercase();
        if lower == "--" {
            break;
        }
        if token.is_empty() {
            at += 1;
        } else if profile == Profile::V2026_4_14 {
            if OLD.contains(&lower.as_str()) {
                return Inline::behind(argv, at);
            }
            at += 1;
        } else if is(&lower, &COMMAND) {
            let words: Vec<&str> = argv.iter().skip(at + 1).map(|word| words::trim(word)).collect();
            let command = words.join(" ");
            let command = Some(words::trim(&command).to_owned()).filter(|command| !command.is_empty());
            return Inline { command, ..Inline::behind(argv, at) };
        } else if is(&lower, &FILE) || is(&lower, &ENCODED) {
            return Inline::behind(argv, at);
        } else if is(&lower, &VALUES) {
            at += 2;
        } else if is_option(token) {
            at += 1;
        } else {
            break;
        }
    }
    Inline::default()
}

/// The index of the script that PowerShell is given by `-File`, since 2026.6.11
/// (`resolvePowerShellFileScriptArgv`).
pub(super) fn script_index(profile: Profile, argv: &[String]) -> Option<usize> {
    let name = words::program_name(argv.first()?);
    if profile == Profile::V2026_4_14 || argv.len() < 3 || !matches!(&*name, "powershell" | "pwsh") {
        return None;
    }
    let found = inline(profile, argv);
    found.command?;
    found.index.filter(|index| argv.get(index - 1).is_some_and(|flag| is_file_flag(flag)))
}

/// Whether a word is an option with a value as the search for a script takes it.
pub(super) fn takes_value(token: &str) -> bool {
    const NAMES: [&str; 19] = [
        "executionpolicy",
        "ep",
        "windowstyle",
        "w",
        "workingdirectory",
        "wd",
        "inputformat",
        "outputformat",
        "settingsfile",
        "configurationfile",
        "version",
        "v",
        "psconsolefile",
        "pscf",
        "encodedcommand",
        "en",
        "enc",
        "encodedarguments",
        "ea",
    ];
    let lower = token.to_lowercase();
    lower.strip_prefix('-').is_some_and(|name| NAMES.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_may_be_shortened() {
        for (text, command, script) in [
            ("pwsh -Command ls x", Some("ls x"), None),
            ("pwsh /com ls", Some("ls"), None),
            ("pwsh -cwa ls", Some("ls"), None),
            ("pwsh -NoProfile -File a.ps1 x", Some("a.ps1"), Some(3)),
            ("pwsh -ExecutionPolicy Bypass -f a.ps1", Some("a.ps1"), Some(4)),
            ("pwsh a.ps1 -c x", None, None),
            ("pwsh -enc AAAA", Some("AAAA"), None),
        ] {
            let argv: Vec<String> = text.split(' ').map(str::to_owned).collect();
            assert_eq!(inline(Profile::V2026_9_6, &argv).command.as_deref(), command, "{text}");
            assert_eq!(script_index(Profile::V2026_9_6, &argv), script, "{text}");
        }
    }
}
