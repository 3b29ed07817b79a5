//! Options and variables that a binding to one file cannot cover: other directories, startup files, code loaded from
//! elsewhere. Source: `system-run-runtime-file-options` and `system-run-mutable-file-options` of 2026.9.6.

use crate::approvals::decide::words::{option_name, program_name, trim};

/// The refusal of a shell whose environment names a startup file.
pub(super) const STARTUP_ENVIRONMENT: &str =
    "SYSTEM_RUN_DENIED: approval cannot safely bind shell startup environment";

/// Shells with the options of POSIX.
pub(super) const POSIX_SHELLS: [&str; 15] = [
    "ash", "bash", "csh", "dash", "elvish", "fish", "ksh", "mksh", "nu", "osh", "sh", "tcsh", "xonsh",
    "yash", "zsh",
];

const BUN: [&str; 8] =
    ["--bunfig", "--config", "--cwd", "--env-file", "--loader", "--preload", "--tsconfig-override", "-r"];
const DENO: [&str; 6] =
    ["--config", "--env-file", "--import-map", "--lock", "--node-modules-dir", "--preload"];

/// The options of Node that name a file to load.
pub(super) const NODE_FILES: [&str; 7] = [
    "--env-file",
    "--env-file-if-exists",
    "-r",
    "--experimental-loader",
    "--import",
    "--loader",
    "--require",
];

const SHELL_FILES: [&str; 3] = ["--init-file", "--rcfile", "--startup-script"];

/// Whether a word sets a variable that names a startup file of a shell.
pub(super) fn sets_startup_variable(argv: &[String]) -> bool {
    argv.iter().any(|word| ["BASH_ENV=", "ENV="].iter().any(|name| trim(word).starts_with(name)))
}

/// Whether `env` changes the directory first.
pub(super) fn changes_directory(argv: &[String]) -> bool {
    if program_name(argv.first().map(String::as_str).unwrap_or_default()) != "env" {
        return false;
    }
    for word in argv.iter().skip(1) {
        let word = trim(word).to_lowercase();
        if matches!(option_name(&word), "-c" | "--chdir") {
            return true;
        }
        if !word.starts_with('-') && !word.contains('=') {
            return false;
        }
    }
    false
}

/// Whether a shell loads code from elsewhere: startup files, its input, or a person.
pub(super) fn shell_loads_code(argv: &[String], shell: &str) -> bool {
    POSIX_SHELLS.contains(&shell)
        && argv.iter().skip(1).take_while(|word| *word != "--").any(|word| {
            let letters = word.strip_prefix('-').filter(|rest| !rest.starts_with('-') && !rest.contains('='));
            let before_dash = letters.map(|letters| letters.split('-').next().unwrap_or_default());
            SHELL_FILES.contains(&option_flag(word).as_str())
                || matches!(word.as_str(), "-s" | "--stdin" | "--interactive")
                || before_dash.is_some_and(|letters| letters.contains('i'))
        })
}

/// Whether a runtime loads code or changes the directory by an option: bun, deno, php.
pub(super) fn runtime_loads_code(argv: &[String], runtime: &str) -> bool {
    let lists = |list: &[&str]| argv.iter().skip(1).any(|word| list.contains(&option_flag(word).as_str()));
    match runtime {
        "bun" => lists(&BUN),
        "deno" => lists(&DENO),
        "php" => argv.iter().skip(1).any(|word| {
            let word = trim(word).to_lowercase();
            matches!(option_name(&word), "-c" | "--php-ini") || word.starts_with("-d")
        }),
        _ => false,
    }
}

/// Whether Node is given a file to load.
pub(super) fn node_loads_file(argv: &[String]) -> bool {
    argv.iter().skip(1).any(|word| {
        let word = trim(word).to_lowercase();
        word.starts_with("-r") || NODE_FILES.contains(&option_name(&word))
    })
}

/// Whether Ruby loads code or changes the directory by an option.
pub(super) fn ruby_loads_code(argv: &[String]) -> bool {
    before_double_dash(argv).any(|word| {
        ["-C", "-I", "-r", "--chdir=", "--require="].iter().any(|start| word.starts_with(start))
            || matches!(word, "-S" | "--chdir")
            || ["-r", "--require"].contains(&word.to_lowercase().as_str())
    })
}

/// Whether Perl loads code by an option.
pub(super) fn perl_loads_code(argv: &[String]) -> bool {
    before_double_dash(argv)
        .any(|word| word == "-S" || ["-I", "-M", "-m"].iter().any(|start| word.starts_with(start)))
}

/// The arguments before `--`, trimmed.
fn before_double_dash(argv: &[String]) -> impl Iterator<Item = &str> {
    argv.iter().skip(1).map(|word| trim(word)).take_while(|word| *word != "--")
}

/// The name of an option in lower case.
pub(super) fn option_flag(word: &str) -> String {
    trim(option_name(word)).to_lowercase()
}
