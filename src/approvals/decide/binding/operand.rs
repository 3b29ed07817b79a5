//! Finds the word of a command that names the script it runs. Source: `resolveMutableFileOperandIndex`.

use super::files::{Files, is_like_path, is_path};
use super::options::{self, NODE_FILES, POSIX_SHELLS};
use super::{shell, unwrapped};
use crate::approvals::decide::words::{option_name, program_name, trim};

const GENERIC_RUNNERS: [&str; 6] = ["esno", "jiti", "ts-node", "ts-node-esm", "tsx", "vite-node"];
const OPAQUE_RUNNERS: [&str; 2] = ["busybox", "toybox"];

/// Programs that interpret scripts.
const INTERPRETERS: [&str; 32] = [
    "ash",
    "awk",
    "bash",
    "busybox",
    "bun",
    "cmd",
    "cscript",
    "dash",
    "deno",
    "fish",
    "gawk",
    "gsed",
    "ksh",
    "lua",
    "mawk",
    "nawk",
    "node",
    "nodejs",
    "perl",
    "php",
    "powershell",
    "pypy",
    "pwsh",
    "python",
    "python2",
    "python3",
    "ruby",
    "sed",
    "sh",
    "toybox",
    "wscript",
    "zsh",
];

const PACKAGE_MANAGERS: [&str; 5] = ["corepack", "npm", "npx", "pnpm", "yarn"];

const BUN_SUBCOMMANDS: [&str; 21] = [
    "add",
    "audit",
    "completions",
    "create",
    "exec",
    "help",
    "init",
    "install",
    "link",
    "outdated",
    "patch",
    "pm",
    "publish",
    "remove",
    "repl",
    "run",
    "test",
    "unlink",
    "update",
    "upgrade",
    "x",
];

const BUN_VALUES: [&str; 29] = [
    "--backend",
    "--bunfig",
    "--conditions",
    "--config",
    "--console-depth",
    "--cwd",
    "--define",
    "--elide-lines",
    "--env-file",
    "--extension-order",
    "--filter",
    "--hot",
    "--inspect",
    "--inspect-brk",
    "--inspect-wait",
    "--install",
    "--jsx-factory",
    "--jsx-fragment",
    "--jsx-import-source",
    "--loader",
    "--origin",
    "--port",
    "--preload",
    "--smol",
    "--tsconfig-override",
    "-c",
    "-e",
    "-p",
    "-r",
];

const DENO_VALUES: [&str; 24] = [
    "--cached-only",
    "--cert",
    "--config",
    "--env-file",
    "--ext",
    "--harmony-import-attributes",
    "--import-map",
    "--inspect",
    "--inspect-brk",
    "--inspect-wait",
    "--location",
    "--log-level",
    "--lock",
    "--node-modules-dir",
    "--no-check",
    "--preload",
    "--reload",
    "--seed",
    "--strace-ops",
    "--unstable-bare-node-builtins",
    "--v8-flags",
    "--watch",
    "--watch-exclude",
    "-L",
];

/// The index of the script in the words of a command. `None`: there is none, or more than one could be it.
pub(super) fn index(argv: &[String], files: &Files<'_>) -> Option<isize> {
    let inner = unwrapped::unwrap(argv);
    let program = program_name(inner.argv.first().map(String::as_str).unwrap_or_default());
    if program.is_empty() || inner.is_opaque || OPAQUE_RUNNERS.contains(&&*program) {
        return None;
    }
    let found = if POSIX_SHELLS.contains(&&*program) {
        shell::script_index(&inner.argv, &program)
    } else {
        of_runner(&inner.argv, &program, files)
    };
    found.map(|index| inner.offset + index.cast_signed())
}

/// The script of anything but a shell.
fn of_runner(argv: &[String], program: &str, files: &Files<'_>) -> Option<usize> {
    let first = argv.get(1).map(|word| trim(word)).unwrap_or_default();
    if takes_script_first(program) && !first.is_empty() && !first.starts_with('-') {
        return Some(1);
    }
    let special = match program {
        "bun" => of_bun(argv, files),
        "deno" if first == "run" => {
            first_operand(argv, 2, &DENO_VALUES).filter(|index| names_file(argv, *index, files))
        }
        _ => None,
    };
    if special.is_some() {
        return special;
    }
    if program == "ruby" && options::ruby_loads_code(argv)
        || program == "perl" && options::perl_loads_code(argv)
    {
        return None;
    }
    if is_script_runner(program) {
        let with_files: &[&str] = if matches!(program, "node" | "nodejs") { &NODE_FILES } else { &[] };
        return only_file(argv, files, with_files);
    }
    let word = argv.first().map(|word| trim(word)).unwrap_or_default();
    let is_script = !PACKAGE_MANAGERS.contains(&program)
        && is_path(word)
        && files.is_file(word)
        && files.is_mutable(word);
    is_script.then_some(0)
}

/// Whether a program runs scripts.
pub(super) fn is_script_runner(program: &str) -> bool {
    GENERIC_RUNNERS.contains(&program) || INTERPRETERS.contains(&program) || has_version(program, 1)
}

/// Whether the first argument of an interpreter is its script.
fn takes_script_first(program: &str) -> bool {
    matches!(program, "node" | "nodejs" | "perl" | "php" | "python" | "ruby")
        || program.strip_prefix("python").is_some_and(|version| is_version(version, usize::MAX))
}

/// Whether a name is that of an interpreter with a version: `python3.11`.
fn has_version(program: &str, max_dots: usize) -> bool {
    ["python", "ruby", "perl", "php", "node"]
        .iter()
        .any(|name| program.strip_prefix(name).is_some_and(|version| is_version(version, max_dots)))
}

fn is_version(text: &str, max_dots: usize) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
    text.split('.').all(is_number) && text.matches('.').count() <= max_dots
}

fn of_bun(argv: &[String], files: &Files<'_>) -> Option<usize> {
    let direct = first_operand(argv, 1, &BUN_VALUES)?;
    let word = argv.get(direct).map(|word| trim(word)).unwrap_or_default();
    if word == "run" {
        return first_operand(argv, direct + 1, &BUN_VALUES).filter(|index| names_file(argv, *index, files));
    }
    (!BUN_SUBCOMMANDS.contains(&word) && is_like_path(word)).then_some(direct)
}

fn names_file(argv: &[String], index: usize, files: &Files<'_>) -> bool {
    argv.get(index).is_some_and(|word| files.is_file(trim(word)))
}

/// The first word after the options.
fn first_operand(argv: &[String], start: usize, with_value: &[&str]) -> Option<usize> {
    let mut index = start;
    let mut has_ended = false;
    while let Some(word) = argv.get(index).map(|word| trim(word)) {
        match word {
            "" => {}
            _ if has_ended => return Some(index),
            "--" => has_ended = true,
            "-" => return None,
            option if option.starts_with('-') => index += usize::from(with_value.contains(&option)),
            _ => return Some(index),
        }
        index += 1;
    }
    None
}

/// The only argument that is a file. `None`: there is none, there are more, or an option names one.
fn only_file(argv: &[String], files: &Files<'_>, with_files: &[&str]) -> Option<usize> {
    let mut found = None;
    let mut has_ended = false;
    for (index, word) in argv.iter().enumerate().skip(1) {
        let word = trim(word);
        match word {
            "" => continue,
            "--" if !has_ended => {
                has_ended = true;
                continue;
            }
            "-" if !has_ended => return None,
            option if !has_ended && option.starts_with('-') => {
                if with_files.contains(&options::option_flag(option).as_str())
                    && option_names_file(argv, index, files)
                {
                    return None;
                }
                continue;
            }
            _ => {}
        }
        if files.is_file(word) {
            if found.is_some() {
                return None;
            }
            found = Some(index);
        }
    }
    found
}

/// Whether the value of an option, in the same word or the next one, is a file.
fn option_names_file(argv: &[String], index: usize, files: &Files<'_>) -> bool {
    let word = argv.get(index).map(|word| trim(word)).unwrap_or_default();
    let value = word.get(option_name(word).len() + 1..).filter(|value| !value.is_empty());
    match value {
        Some(value) => files.is_file(value),
        None => names_file(argv, index + 1, files),
    }
}
