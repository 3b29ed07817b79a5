//! The script that a command would run, to which an approval is bound; a command that needs one and has none is refused.
//! Source: `resolveSystemRunMutableFileOperandTarget` and `prepareMutableFileBindingsForArgv`.

use super::files::{At, Files, is_path};
use super::options::{self, POSIX_SHELLS};
use super::{operand, unwrapped};
use crate::approvals::decide::inline_code;
use crate::approvals::decide::package_options::{Options, PNPM};
use crate::approvals::decide::packages;
use crate::approvals::decide::profile::Profile;
use crate::approvals::decide::shells;
use crate::approvals::decide::splitter;
use crate::approvals::decide::words::{program_name, trim};

/// Whether an approval is bound to a script; else why the command is refused.
pub(super) fn script(argv: &[String], files: &Files<'_>) -> Result<bool, &'static str> {
    if options::changes_directory(argv) {
        return Err("SYSTEM_RUN_DENIED: approval cannot safely bind dispatch cwd options");
    }
    let inner = unwrapped::unwrap(argv).argv;
    let program = program_name(inner.first().map(String::as_str).unwrap_or_default());
    if options::shell_loads_code(&inner, &program) {
        return Err("SYSTEM_RUN_DENIED: approval cannot safely bind shell startup files");
    }
    if POSIX_SHELLS.contains(&&*program) && options::sets_startup_variable(argv) {
        return Err(options::STARTUP_ENVIRONMENT);
    }
    if options::runtime_loads_code(&inner, &program) {
        return Err("SYSTEM_RUN_DENIED: approval cannot safely bind runtime code-loading or cwd options");
    }
    let Some(index) = operand::index(argv, files) else {
        let command = shells::bindable_payload(Profile::V2026_9_6, argv);
        let needs_script = match &command {
            Some(command) => unwrapped::unwrap(argv).is_opaque || payload_needs_script(command, files),
            None => needs_script(argv, files),
        };
        return if !needs_script || is_bound_by_text(argv) {
            Ok(false)
        } else {
            Err("SYSTEM_RUN_DENIED: approval cannot safely bind this interpreter/runtime command")
        };
    };
    // A negative index names no word.
    let operand = usize::try_from(index).ok().and_then(|index| argv.get(index));
    let operand = operand.map(|word| trim(word)).unwrap_or_default();
    if operand.is_empty() {
        return Err("SYSTEM_RUN_DENIED: approval requires a stable script operand");
    }
    match files.at(operand) {
        At::File => Ok(true),
        At::Other => Err("SYSTEM_RUN_DENIED: approval requires a file script operand"),
        At::Nothing => Err("SYSTEM_RUN_DENIED: approval requires an existing script operand"),
    }
}

/// Whether a command without a script, and without a command of a shell, needs one all the same.
pub(super) fn needs_script(argv: &[String], files: &Files<'_>) -> bool {
    let inner = unwrapped::unwrap(argv);
    if inner.is_opaque || pnpm_hides_program(argv, files) {
        return true;
    }
    let word = inner.argv.first().map(|word| trim(word)).unwrap_or_default();
    if is_path(word) && !files.is_file(word) {
        return true;
    }
    let program = program_name(word);
    !program.is_empty() && !POSIX_SHELLS.contains(&&*program) && operand::is_script_runner(&program)
}

/// Whether the command of `sh -c` starts a file that an approval would have to be bound to
/// (`shellPayloadNeedsStableBinding`).
fn payload_needs_script(command: &str, files: &Files<'_>) -> bool {
    if command.contains([';', '&', '|', '<', '>']) {
        return true;
    }
    let argv = splitter::words(command).unwrap_or_default();
    let Some(first) = argv.first().map(|word| trim(word)) else { return false };
    if operand::index(&argv, files).is_some() || needs_script(&argv, files) || matches!(first, "." | "source")
    {
        return true;
    }
    if !files.is_file(first) {
        return false;
    }
    !first.starts_with('/') || files.is_mutable(first) || files.is_like_script(first)
}

/// Whether the text of the command has all the code that it runs: code in its arguments, or a lone `--version`.
fn is_bound_by_text(argv: &[String]) -> bool {
    let inner = unwrapped::unwrap(argv).argv;
    let program = program_name(inner.first().map(String::as_str).unwrap_or_default());
    let loads_code = match &*program {
        "node" | "nodejs" => options::node_loads_file(&inner),
        "ruby" => options::ruby_loads_code(&inner),
        "perl" => options::perl_loads_code(&inner),
        shell => POSIX_SHELLS.contains(&shell),
    };
    if loads_code {
        return false;
    }
    if inline_code::in_command(Profile::V2026_9_6, &inner) {
        return true;
    }
    match &*inner {
        [_, only] => matches!(trim(only).to_lowercase().as_str(), "--help" | "--version" | "-h" | "-v"),
        _ => false,
    }
}

/// Whether `pnpm dlx` starts a script in a way that is not looked through.
fn pnpm_hides_program(argv: &[String], files: &Files<'_>) -> bool {
    if packages::manager(argv) != "pnpm" {
        return false;
    }
    let rest = argv.get(1..).unwrap_or_default();
    match behind_options(rest, true) {
        Behind::Unknown => true,
        Behind::Word(index) if rest.get(index).is_some_and(|word| trim(word) == "dlx") => {
            let tail = rest.get(index + 1..).unwrap_or_default();
            match behind_options(tail, false) {
                Behind::Unknown => true,
                Behind::Nothing => !tail.iter().any(|word| is_shell_mode(word)),
                Behind::Word(start) => {
                    let started = tail.get(start..).unwrap_or_default();
                    operand::index(started, files).is_some()
                }
            }
        }
        Behind::Nothing | Behind::Word(_) => false,
    }
}

/// What is after the options of `pnpm`.
enum Behind {
    /// The word at this index.
    Word(usize),
    /// Nothing, or the option that makes it a command of a shell.
    Nothing,
    /// An option that is not known.
    Unknown,
}

fn behind_options(words: &[String], skips_double_dash: bool) -> Behind {
    const KNOWN: Options = PNPM;
    let mut index = 0;
    while let Some(word) = words.get(index).map(|word| trim(word)) {
        if word == "--" && !skips_double_dash {
            return Behind::Word(index + 1);
        }
        if !skips_double_dash && is_shell_mode(word) {
            return Behind::Nothing;
        }
        index += match word {
            "" | "--" => 1,
            word if !word.starts_with('-') => return Behind::Word(index),
            word => match KNOWN.length(word) {
                Some(length) => length,
                None => return Behind::Unknown,
            },
        };
    }
    Behind::Nothing
}

fn is_shell_mode(word: &str) -> bool {
    matches!(options::option_flag(word).as_str(), "-c" | "--shell-mode")
}
