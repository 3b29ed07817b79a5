//! Package runners of 2026.9.6: `npx tsc` is judged as `tsc`. The older releases take a package manager for
//! any other program.
//!
//! Source: `package-manager-exec-wrapper` and `resolvePackageManagerTrustTargetArgv` of 2026.9.6.

use std::borrow::Cow;

use super::package_options::{BUN_OR_NPX, NPM, Options, PNPM, PNPM_DLX, YARN, YARN_BEFORE, YARN_DLX};
use super::package_options::{PNPM_ORDINARY, YARN_ORDINARY};
use super::profile::Profile;
use super::remaining::Remaining;
use super::words;
use super::wrappers;

/// The most package managers in a row. What needs more is blocked.
const DEPTH: usize = 6;

/// What a package manager starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Package<'a> {
    /// Not a package manager, or one that starts no program by name: matched as itself.
    No,
    /// The text does not show what it starts, so no entry matches.
    Blocked,
    /// It starts this.
    Starts(Cow<'a, [String]>),
}

/// What a command starts through package managers and the wrappers between them.
pub(super) fn target(profile: Profile, argv: &[String]) -> Package<'_> {
    if profile < Profile::V2026_9_6 {
        return Package::No;
    }
    let mut remaining = Remaining::of(argv);
    for depth in 0..DEPTH {
        let Some(unwrapped) = wrappers::unwrap_dispatch(profile, remaining.words()) else {
            return Package::Blocked;
        };
        let unwrapped = unwrapped.into();
        remaining.go_on(unwrapped);
        let current = remaining.words();
        match one(current) {
            Package::No if depth == 0 => return Package::No,
            Package::No => return Package::Starts(remaining.into_words()),
            Package::Starts(argv) if !has_context(current) => {
                let started = argv.into();
                remaining.go_on(started);
            }
            _ => return Package::Blocked,
        }
    }
    Package::Blocked
}

/// A package manager by its name (`normalizePackageManagerExecToken`).
pub(super) fn manager(argv: &[String]) -> Cow<'_, str> {
    let bare = |name: &str| {
        let end = [".cjs", ".mjs", ".js"].iter().find(|end| name.ends_with(*end));
        name.len() - end.map_or(0, |end| end.len())
    };
    match words::program_name(argv.first().map_or("", String::as_str)) {
        Cow::Borrowed(name) => Cow::Borrowed(name.get(..bare(name)).unwrap_or_default()),
        Cow::Owned(mut name) => {
            name.truncate(bare(&name));
            Cow::Owned(name)
        }
    }
}

/// What one package manager starts (`resolveKnownPackageManagerExecInvocation`).
pub(super) fn one(argv: &[String]) -> Package<'_> {
    match &*manager(argv) {
        "npx" | "bunx" => starts(behind_options(argv, 1, &BUN_OR_NPX, Terminator::Rejects), || true),
        "npm" => {
            let is_exec = |word: &str| matches!(word, "exec" | "x");
            starts(npm_exec(argv), || match subcommand(argv, &NPM) {
                Some(word) => is_exec(&word),
                None => has_word(argv, is_exec),
            })
        }
        "pnpm" => starts(pnpm_exec(argv), || match subcommand(argv, &PNPM) {
            Some(word) => !PNPM_ORDINARY.contains(&word.as_str()),
            None => has_word(argv, |word| matches!(word, "exec" | "dlx" | "node")),
        }),
        "yarn" => starts(yarn_exec(argv), || match subcommand(argv, &YARN) {
            Some(word) => !YARN_ORDINARY.contains(&word.as_str()),
            None => has_word(argv, |word| matches!(word, "exec" | "dlx")),
        }),
        _ => Package::No,
    }
}

/// A program that is started; else whether the call may start one all the same.
fn starts(argv: Option<Cow<'_, [String]>>, may_start: impl FnOnce() -> bool) -> Package<'_> {
    match argv {
        Some(argv) => Package::Starts(argv),
        None if may_start() => Package::Blocked,
        None => Package::No,
    }
}

/// Whether any argument is one of these words, in lower case.
fn has_word(argv: &[String], is_wanted: impl Fn(&str) -> bool) -> bool {
    argv.iter().skip(1).any(|word| is_wanted(&words::trim(word).to_lowercase()))
}

/// The first word that is not an option, in lower case.
fn subcommand(argv: &[String], options: &Options) -> Option<String> {
    let index = operand(argv, 1, options, Terminator::Skips)?;
    argv.get(index).map(|word| words::trim(word).to_lowercase())
}

fn npm_exec(argv: &[String]) -> Option<Cow<'_, [String]>> {
    let at = operand(argv, 1, &NPM, Terminator::Rejects)?;
    if !matches!(words::trim(argv.get(at)?), "exec" | "x") {
        return None;
    }
    match argv.get(at + 1..)? {
        [first, rest @ ..] if first == "--" => (!rest.is_empty()).then_some(Cow::Borrowed(rest)),
        _ => behind_options(argv, at + 1, &BUN_OR_NPX, Terminator::Rejects),
    }
}

fn pnpm_exec(argv: &[String]) -> Option<Cow<'_, [String]>> {
    let at = operand(argv, 1, &PNPM, Terminator::Skips)?;
    let rest = argv.get(at + 1..)?;
    match words::trim(argv.get(at)?) {
        "exec" => {
            let rest = without_terminator(rest);
            let first = rest.first().map(|word| words::trim(words::option_name(word)).to_lowercase())?;
            (!matches!(first.as_str(), "-c" | "--shell-mode")).then_some(Cow::Borrowed(rest))
        }
        "dlx" => behind_options(argv, at + 1, &PNPM_DLX, Terminator::Ends),
        "node" => {
            let mut node = vec!["node".to_owned()];
            node.extend_from_slice(without_terminator(rest));
            Some(Cow::Owned(node))
        }
        _ => None,
    }
}

fn yarn_exec(argv: &[String]) -> Option<Cow<'_, [String]>> {
    let at = operand(argv, 1, &YARN_BEFORE, Terminator::Skips)?;
    match words::trim(argv.get(at)?) {
        "exec" => {
            let rest = without_terminator(argv.get(at + 1..)?);
            (!rest.is_empty()).then_some(Cow::Borrowed(rest))
        }
        "dlx" => behind_options(argv, at + 1, &YARN_DLX, Terminator::Ends),
        _ => None,
    }
}

/// The words without a `--` in front.
fn without_terminator(argv: &[String]) -> &[String] {
    match argv {
        [first, rest @ ..] if first == "--" => rest,
        argv => argv,
    }
}

/// What `--` means before the first operand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Terminator {
    /// Nothing.
    Skips,
    /// What follows is the operand.
    Ends,
    /// The call cannot be read.
    Rejects,
}

/// The words from the first operand on.
fn behind_options<'a>(
    argv: &'a [String],
    from: usize,
    options: &Options,
    terminator: Terminator,
) -> Option<Cow<'a, [String]>> {
    argv.get(operand(argv, from, options, terminator)?..).map(Cow::Borrowed)
}

/// The index of the first operand (`findFirstNonOptionIndex`). `None`: there is none, or an option is not
/// known.
fn operand(argv: &[String], from: usize, options: &Options, terminator: Terminator) -> Option<usize> {
    let mut at = from;
    loop {
        let token = words::trim(argv.get(at)?);
        at += match token {
            "" => 1,
            "--" => match terminator {
                Terminator::Skips => 1,
                Terminator::Ends => return (at + 1 < argv.len()).then_some(at + 1),
                Terminator::Rejects => return None,
            },
            token if !token.starts_with('-') => return Some(at),
            token => options.length(token)?,
        };
    }
}

/// How far options are searched for those that change which program is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// Up to the first operand or unknown option.
    Leading,
    /// Everywhere before `--`.
    BeforeTerminator,
}

/// Whether a call has an option that changes which program is meant
/// (`hasKnownPackageManagerExecContextOptions`).
fn has_context(argv: &[String]) -> bool {
    // The word is compared as written here, without trimming.
    let word_at = |options: &Options, names: &[&str]| {
        let index = operand(argv, 1, options, Terminator::Skips)?;
        argv.get(index).filter(|word| names.contains(&word.as_str())).map(|_| index + 1)
    };
    match &*manager(argv) {
        "npx" | "bunx" => has_context_from(argv, 1, &NPM, Scope::Leading),
        "npm" => {
            has_context_from(argv, 1, &NPM, Scope::Leading)
                || word_at(&NPM, &["exec", "x"])
                    .is_some_and(|from| has_context_from(argv, from, &NPM, Scope::BeforeTerminator))
        }
        "pnpm" => {
            has_context_from(argv, 1, &PNPM, Scope::Leading)
                || word_at(&PNPM, &["dlx"])
                    .is_some_and(|from| has_context_from(argv, from, &PNPM, Scope::Leading))
        }
        "yarn" => {
            has_context_from(argv, 1, &YARN, Scope::Leading)
                || word_at(&YARN, &["dlx"])
                    .is_some_and(|from| has_context_from(argv, from, &YARN_DLX, Scope::Leading))
        }
        _ => false,
    }
}

fn has_context_from(argv: &[String], from: usize, options: &Options, scope: Scope) -> bool {
    let mut at = from;
    while let Some(token) = argv.get(at).map(|token| words::trim(token)) {
        at += match token {
            "--" if scope == Scope::BeforeTerminator => return false,
            "" | "--" => 1,
            token if token.starts_with('-') => {
                if options.is_context(token) {
                    return true;
                }
                match options.length(token) {
                    Some(length) => length,
                    None if scope == Scope::Leading => return false,
                    None => 1,
                }
            }
            _ if scope == Scope::Leading => return false,
            _ => 1,
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runners_start_what_follows_their_options() {
        for (text, started) in [
            ("npx tsc -p x", Some("tsc -p x")),
            ("npx -y tsc", Some("tsc")),
            ("npx --loglevel silent tsc", Some("tsc")),
            ("bunx tsc", Some("tsc")),
            ("npx.js tsc", Some("tsc")),
            ("npm exec tsc", Some("tsc")),
            ("npm x -- tsc --all", Some("tsc --all")),
            ("pnpm exec tsc", Some("tsc")),
            ("pnpm exec -- tsc", Some("tsc")),
            ("pnpm dlx tsc", Some("tsc")),
            ("pnpm -s node x.js", Some("node x.js")),
            ("yarn exec tsc", Some("tsc")),
            ("yarn dlx -q tsc", Some("tsc")),
            ("npx timeout 5 npx tsc", Some("tsc")),
        ] {
            let argv: Vec<String> = text.split(' ').map(str::to_owned).collect();
            let started = started.map(|text| text.split(' ').map(str::to_owned).collect());
            assert_eq!(
                target(Profile::V2026_9_6, &argv),
                started.map_or(Package::No, |words: Vec<String>| Package::Starts(words.into())),
                "{text}"
            );
            assert_eq!(target(Profile::V2026_6_11, &argv), Package::No);
        }
    }

    #[test]
    fn what_cannot_be_told_is_blocked_and_the_rest_is_ordinary() {
        for (text, is_blocked) in [
            ("npx", true),
            ("npx -- tsc", true),
            ("npx -p x tsc", true),
            ("npx --unknown tsc", true),
            ("npx --ws tsc", true),
            ("npm -C x exec tsc", true),
            ("npm EXEC tsc", true),
            ("npm --odd exec tsc", true),
            ("npm -- exec tsc", true),
            ("npm test", false),
            ("npm", false),
            ("npm run exec", false),
            ("pnpm tsc", true),
            ("pnpm -r exec tsc", true),
            ("pnpm exec -c tsc", true),
            ("pnpm dlx --package x tsc", true),
            ("pnpm run x", false),
            ("pnpm install", false),
            ("yarn run x", true),
            ("yarn x", true),
            ("yarn --cwd x exec tsc", true),
            ("yarn dlx -p x tsc", true),
            ("yarn add x", false),
            ("yarn", false),
            ("npx npx npx npx npx npx tsc", true),
            ("sudo npx tsc", true),
            ("bun x tsc", false),
        ] {
            let argv: Vec<String> = text.split(' ').map(str::to_owned).collect();
            let expected = if is_blocked { Package::Blocked } else { Package::No };
            assert_eq!(target(Profile::V2026_9_6, &argv), expected, "{text}");
        }
    }
}
