//! Finds the script of a call of a shell, in the reading of a binding. Source: `system-run-shell-file-operand` of 2026.9.6.

use super::options::option_flag;
use crate::approvals::decide::profile::Profile;
use crate::approvals::decide::shell_names;
use crate::approvals::decide::shell_options;
use crate::approvals::decide::words::trim;

/// Options of a shell that take a value.
const VALUES: [&str; 5] = ["--init-file", "--rcfile", "--startup-script", "-o", "+o"];

/// The index of the script. `None`: there is none, or the shell has a command instead.
pub(super) fn script_index(argv: &[String], shell: &str) -> Option<usize> {
    let newest = Profile::V2026_9_6;
    if !shell_names::is_parseable(newest, shell) {
        return None;
    }
    let has_plus = shell_names::has_plus_options(shell);
    let is_option = |word: &str| word.starts_with('-') || has_plus && word.starts_with('+');
    let command = shell_options::inline(newest, argv, shell_options::flags(newest)).index;
    if command.is_some_and(|index| has_plus || !has_plus_before(argv, index)) {
        return None;
    }
    let mut index = 1;
    let mut has_ended = false;
    while let Some(word) = argv.get(index).map(|word| trim(word)) {
        match word {
            "" => index += 1,
            "-" => return None,
            "-s" if !has_ended => return None,
            "--" if !has_ended => {
                has_ended = true;
                index += 1;
            }
            option if !has_ended && is_option(option) => {
                let takes_value = VALUES.contains(&option_flag(option).as_str());
                index += match takes_value {
                    true if option.contains('=') => 1,
                    true => 2,
                    false => shell_options::advance(option),
                };
            }
            _ => return Some(index),
        }
    }
    None
}

/// Whether a word with a plus sign ends the options before the command of a shell that has no such options.
fn has_plus_before(argv: &[String], command: usize) -> bool {
    let mut index = 1;
    while let Some(word) = argv.get(index).map(|word| trim(word)).filter(|_| index < command) {
        if word.starts_with('+') {
            return true;
        }
        index += shell_options::advance(word);
    }
    false
}
