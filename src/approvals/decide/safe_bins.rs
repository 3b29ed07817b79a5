//! Safe bins: programs that may run without an entry if their arguments name no file. And the builtins of the
//! shell.
//!
//! Source: `exec-safe-bin-policy-validator`, `exec-safe-bin-semantics`, `exec-safe-bin-trust` of the three
//! releases and, since 2026.6.11, `exec-safe-builtins`. On a file system that ignores case the later releases
//! compare directories in lower case; that is left out, as a gateway on Linux seldom has one.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::host::Found;
use super::profile::Profile;
use super::resolve::{Hypothesis, Lookup, Program};
use super::safe_bin_profiles::{self, Flags};
use super::words;

/// The directories that are always trusted.
const DIRECTORIES: [&str; 2] = ["/bin", "/usr/bin"];

/// Builtins that need no entry.
const BUILTINS: [&str; 6] = [":", "cd", "false", "pwd", "test", "true"];

/// Safe bins that are refused whatever their arguments.
const REFUSED: [&str; 6] = ["awk", "gawk", "mawk", "nawk", "sed", "gsed"];

/// Whether a safe bin is used safely (`isSafeBinUsage`). `argv` has the program in front.
pub(super) fn is_safe(lookup: &Lookup, program: &Program, argv: &[String]) -> bool {
    let name = words::lower_case(words::trim(program.name()));
    if name.is_empty() || !lookup.setup.is_safe_bin(&name) || !is_trusted(lookup, program) {
        return false;
    }
    let Some(flags) = safe_bin_profiles::flags(lookup, &name) else { return false };
    let Some(positional) = positional(lookup.profile, argv.get(1..).unwrap_or_default(), &flags) else {
        return false;
    };
    positional.len() >= flags.min_positional
        && flags.max_positional.is_none_or(|most| positional.len() <= most)
        && accepts_meaning(lookup.profile, &name, &positional)
}

/// Whether a program is in a trusted directory.
fn is_trusted(lookup: &Lookup, program: &Program) -> bool {
    if program.guessed {
        return lookup.world.hypothesis == Hypothesis::Wanted;
    }
    let path = if lookup.profile == Profile::V2026_4_14 {
        program.resolved.as_deref().map(Cow::Borrowed)
    } else {
        lookup.trust_path(program)
    };
    let Some(path) = path else { return false };
    let path = words::absolute(lookup.directory, &path);
    let directory = words::directory_name(&path);
    let trusted = trusted_directories(lookup);
    trusted.contains(directory)
        || (lookup.profile > Profile::V2026_4_14
            && trusted.iter().any(|trusted| has_target_in(lookup, trusted, directory)))
}

/// The trusted directories as configured.
fn trusted_directories(lookup: &Lookup) -> BTreeSet<String> {
    let configured = lookup.setup.trusted_directories.iter().map(|directory| words::trim(directory));
    DIRECTORIES
        .into_iter()
        .chain(configured.filter(|directory| !directory.is_empty()))
        .map(|directory| words::absolute("/", directory))
        .collect()
}

/// Whether a safe bin in a trusted directory is a link into another directory, which is trusted then too.
fn has_target_in(lookup: &Lookup, trusted: &str, directory: &str) -> bool {
    lookup.setup.safe_bins.iter().filter(|name| !words::has_separator(name)).any(|name| {
        match lookup.world.host.look(&words::absolute(trusted, name)) {
            Found::Program(real) => words::directory_name(&real) == directory,
            _ => false,
        }
    })
}

/// The arguments that are not options (`collectPositionalTokens`). `None`: an argument is refused.
fn positional<'a>(profile: Profile, arguments: &'a [String], flags: &Flags) -> Option<Vec<&'a str>> {
    let mut positional = Vec::new();
    let mut rest = arguments.iter().map(String::as_str);
    while let Some(token) = rest.next() {
        match token {
            "" | "-" => {}
            "--" => {
                for token in rest.by_ref().filter(|token| !matches!(*token, "" | "-")) {
                    positional.push(Some(token).filter(|token| is_literal(profile, token))?);
                }
            }
            token if token.starts_with("--") => long_option(profile, token, flags, &mut rest)?,
            token if token.starts_with('-') => cluster(profile, token, flags, &mut rest)?,
            token => positional.push(Some(token).filter(|token| is_literal(profile, token))?),
        }
    }
    Some(positional)
}

/// Reads a long option, which may be shortened as long as it is unique. `None`: it is refused.
fn long_option<'a>(
    profile: Profile,
    token: &str,
    flags: &Flags,
    rest: &mut impl Iterator<Item = &'a str>,
) -> Option<()> {
    let (name, value) = token.split_once('=').map_or((token, None), |(name, value)| (name, Some(value)));
    let name = flags.long(name)?;
    if flags.denies(name) {
        return None;
    }
    match value {
        Some(value) => (flags.takes_value(name) && is_literal(profile, value)).then_some(()),
        None if flags.takes_value(name) => next_value(profile, rest),
        None => Some(()),
    }
}

/// Reads a cluster of short options from left to right. `None`: it is refused.
fn cluster<'a>(
    profile: Profile,
    token: &str,
    flags: &Flags,
    rest: &mut impl Iterator<Item = &'a str>,
) -> Option<()> {
    for (at, letter) in token.char_indices().skip(1) {
        let flag = format!("-{letter}");
        if flags.denies(&flag) {
            return None;
        }
        if flags.takes_value(&flag) {
            let value = token.get(at + letter.len_utf8()..).unwrap_or_default();
            return if value.is_empty() {
                next_value(profile, rest)
            } else {
                is_literal(profile, value).then_some(())
            };
        }
        // The older releases look on for an option with a value, and refuse the cluster if there is none.
        if profile >= Profile::V2026_9_6 && !flags.is_boolean(&flag) {
            return None;
        }
    }
    (profile >= Profile::V2026_9_6).then_some(())
}

/// Takes the next argument as a value, which must not be empty.
fn next_value<'a>(profile: Profile, rest: &mut impl Iterator<Item = &'a str>) -> Option<()> {
    let value = rest.next()?;
    (!value.is_empty() && is_literal(profile, value)).then_some(())
}

/// Whether an argument names no file: no wildcards, no path, and since 2026.6.11 nothing that a shell expands
/// (`isSafeLiteralToken`).
fn is_literal(profile: Profile, token: &str) -> bool {
    if matches!(token, "" | "-") {
        return true;
    }
    !token.contains(['*', '?', '[', ']'])
        && !is_path(words::trim(token))
        && (profile == Profile::V2026_4_14 || !has_expansion(token))
}

fn is_path(token: &str) -> bool {
    let mut bytes = token.bytes();
    let is_drive = bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.next() == Some(b':')
        && matches!(bytes.next(), Some(b'/' | b'\\'));
    is_drive || ["/", "./", "../", "~"].iter().any(|beginning| token.starts_with(beginning))
}

/// Whether a text has a dollar sign before something that a shell expands.
fn has_expansion(token: &str) -> bool {
    token.as_bytes().windows(2).any(|pair| match pair {
        [b'$', next] => next.is_ascii_alphanumeric() || b"_@*?!$#-{([".contains(next),
        _ => false,
    })
}

/// Whether the meaning of the arguments is harmless (`validateSafeBinSemantics`).
fn accepts_meaning(profile: Profile, name: &str, positional: &[&str]) -> bool {
    let base = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let base = [".exe", ".cmd", ".bat", ".com"].iter().find_map(|end| base.strip_suffix(end)).unwrap_or(base);
    match base {
        "jq" => profile < Profile::V2026_9_6 && !positional.iter().any(|token| reads_environment(token)),
        base => !REFUSED.contains(&base),
    }
}

/// Whether a filter of jq reads the environment: `env` as a word, not after a dot or dollar sign; or `$ENV`.
fn reads_environment(filter: &str) -> bool {
    let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let has = |name: &str, may_follow: fn(char) -> bool, is_end: &dyn Fn(char) -> bool| {
        filter.match_indices(name).any(|(at, _)| {
            let before = filter.get(..at).and_then(|before| before.chars().next_back());
            let behind = filter.get(at + name.len()..).and_then(|behind| behind.chars().next());
            before.is_none_or(may_follow) && behind.is_none_or(is_end)
        })
    };
    let may_precede = |before: char| !(before.is_ascii_alphanumeric() || matches!(before, '.' | '$' | '_'));
    has("env", may_precede, &|behind| !is_word(behind)) || has("$ENV", |_| true, &|behind| !is_word(behind))
}

/// Whether a part is a builtin of the shell that needs no entry (`isSafeBuiltinSegment`). Never on 2026.4.14.
pub(super) fn is_builtin(profile: Profile, argv: &[String], raw: &str) -> bool {
    if profile == Profile::V2026_4_14 {
        return false;
    }
    let name = argv.first().map(|word| words::lower_case(words::trim(word))).unwrap_or_default();
    if name == "[" {
        return argv.last().is_some_and(|word| word == "]") || words::trim(raw).ends_with(']');
    }
    BUILTINS.contains(&&*name)
}

#[cfg(test)]
mod tests {
    use Profile::{V2026_4_14 as A, V2026_6_11 as B, V2026_9_6 as C};

    use super::*;

    fn accepts(profile: Profile, text: &str) -> bool {
        let argv: Vec<String> = text.split(' ').map(|word| word.replace('_', " ")).collect();
        let flags = safe_bin_profiles::built_in(profile, &argv[0]).unwrap();
        positional(profile, &argv[1..], &flags).is_some_and(|positional| {
            positional.len() >= flags.min_positional
                && flags.max_positional.is_none_or(|most| positional.len() <= most)
                && accepts_meaning(profile, &argv[0], &positional)
        })
    }

    #[test]
    fn arguments_follow_the_profiles() {
        for (text, old, new) in [
            ("head", true, true),
            ("head -n 5", true, true),
            ("head -n5", true, true),
            ("head -5", false, false),
            ("head -q", false, true),
            ("head -qn 5", true, true),
            ("head --lines=5", true, true),
            ("head --li 5", true, true),
            ("head --lines", false, false),
            ("head --quiet", false, true),
            ("head a.txt", false, false),
            ("head -", true, true),
            ("head -- -", true, true),
            ("head -n *", false, false),
            ("wc -l", false, true),
            ("wc --files0-from=x", false, false),
            ("tail -f", false, false),
            ("tr a b", true, true),
            ("tr -d a", false, true),
            ("tr a b c", false, false),
            ("cut -d , -f1", true, true),
            ("cut -f /etc/passwd", false, false),
            ("grep -e x", true, true),
            ("grep -r -e x", false, false),
            ("sort -o x", false, false),
            ("jq .a", true, false),
            ("jq .env", true, false),
            ("jq env", false, false),
            ("jq $ENV.x", false, false),
        ] {
            assert_eq!((accepts(B, text), accepts(C, text)), (old, new), "{text}");
            assert_eq!(accepts(A, text), old, "{text}");
        }
        assert!(accepts(A, "tr $x y") && !accepts(B, "tr $x y"));
        assert!(safe_bin_profiles::built_in(C, "sed").is_none());
    }

    #[test]
    fn builtins_are_known_by_the_first_word() {
        for (text, is_known) in [
            ("true", true),
            ("CD /x", true),
            ("/bin/true", false),
            ("[ -f x ]", true),
            ("[ -f x", false),
            ("[[ x ]]", false),
            ("echo x", false),
        ] {
            let argv: Vec<String> = text.split(' ').map(str::to_owned).collect();
            assert_eq!(is_builtin(C, &argv, text), is_known, "{text}");
            assert!(!is_builtin(A, &argv, text));
        }
    }
}
