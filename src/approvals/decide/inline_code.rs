//! Code in the arguments of an interpreter, as `strictInlineEval` understands it: `python3 -c`, `node -e`,
//! `awk '{..}'`.
//!
//! Source: `exec-inline-eval` of 2026.4.14, and `inline-eval` and `risks` of `command-analysis` in the
//! others.

use super::carriers;
use super::inline_code_tables::{FLAGGED, Flagged, OPERANDS, Operand};
use super::positional;
use super::profile::Profile;
use super::remaining::{Remaining, Started};
use super::shell_names;
use super::shells;
use super::words;
use super::wrappers::{self, Wrapper};

/// The most times that a command is made anew: by `env -S`, or by a shell that starts its own arguments.
const MAX_REWRITES: usize = 8;

/// Whether an interpreter is given code in its arguments (`detectInterpreterInlineEvalArgv`).
pub(super) fn in_argv(profile: Profile, argv: &[String]) -> bool {
    let [program, _, ..] = argv else { return false };
    let name = words::program_name(words::trim(program));
    let bare = bare_name(profile, &name);
    let is_known = |names: &[&str]| names.contains(&&*name) || bare.is_some_and(|bare| names.contains(&bare));
    let flagged = FLAGGED.iter().filter(|spec| !spec.is_later || profile >= Profile::V2026_9_6);
    let by_flag = flagged.into_iter().find(|spec| is_known(spec.names));
    let by_operand = OPERANDS.iter().find(|spec| is_known(spec.names));
    by_flag.is_some_and(|spec| has_flag(profile, spec, argv))
        || by_operand.is_some_and(|spec| has_operand(spec, argv))
}

/// As [`in_argv`], also through sudo, env, command, timeout and shells that start `$0`
/// (`detectInlineEvalArgv`). 2026.4.14 looks through none of them.
pub(super) fn in_command(profile: Profile, argv: &[String]) -> bool {
    let mut remaining = Remaining::of(argv);
    let mut rewrites = 0;
    loop {
        let current = remaining.words();
        if in_argv(profile, current) {
            return true;
        }
        if profile == Profile::V2026_4_14 {
            return false;
        }
        let Some(started) = started(profile, current) else { return false };
        if matches!(started, Started::New(_)) {
            rewrites += 1;
        }
        if rewrites > MAX_REWRITES {
            return false;
        }
        remaining.go_on(started);
    }
}

/// What a command starts, as the search for code follows it.
fn started(profile: Profile, argv: &[String]) -> Option<Started> {
    let assigned = argv.iter().take_while(|word| carriers::is_assignment(word)).count();
    let argv = argv.get(assigned..)?;
    if shell_names::is_parseable(profile, argv.first()?) {
        return started_by_shell(profile, argv).map(Started::New);
    }
    match wrappers::dispatch(profile, argv) {
        Wrapper::Starts { argv, .. } => Some(argv.into()),
        Wrapper::No | Wrapper::Blocked(_) => carriers::carried(argv, true).map(Started::from),
    }
}

/// What `sh -c '$0 $1 "$@"' ...` starts (`resolveShellPositionalCarrierArgv`).
fn started_by_shell(profile: Profile, argv: &[String]) -> Option<Vec<String>> {
    let inline = shells::inline(profile, argv);
    let parameters = positional::parameters(&inline.command?)?;
    let behind = argv.get(inline.index? + 1..)?;
    let named = parameters.iter().take_while(|parameter| **parameter != '@');
    let started: Vec<&String> = if named.clone().any(|parameter| *parameter == '*') {
        return None;
    } else if parameters.contains(&'@') {
        behind.iter().collect()
    } else {
        let digits = named.filter_map(|parameter| parameter.to_digit(10));
        digits.filter_map(|digit| behind.get(usize::try_from(digit).ok()?)).collect()
    };
    let words = started.into_iter().map(|word| words::trim(word)).filter(|word| !word.is_empty());
    let words: Vec<String> = words.map(str::to_owned).collect();
    (!words.is_empty()).then_some(words)
}

/// The name that 2026.9.6 knows an interpreter by besides its own: without the version (`python3.11`, `perl-5.36`).
fn bare_name(profile: Profile, name: &str) -> Option<&str> {
    let bare = without_version(name);
    let is_another = profile >= Profile::V2026_9_6 && bare != name && bare.encode_utf16().nth(1).is_some();
    is_another.then_some(bare)
}

/// A name without a version at its end.
fn without_version(name: &str) -> &str {
    let mut bare = name;
    let mut rest = name;
    loop {
        let before = rest.trim_end_matches(|character: char| character.is_ascii_digit());
        if before.len() == rest.len() {
            break;
        }
        bare = before;
        match before.strip_suffix('.') {
            Some(before) => rest = before,
            None => break,
        }
    }
    if bare.len() < name.len() { bare.strip_suffix('-').unwrap_or(bare) } else { bare }
}

/// Whether one of the options before `--` is followed by code.
fn has_flag(profile: Profile, spec: &Flagged, argv: &[String]) -> bool {
    argv.iter()
        .skip(1)
        .map(|token| words::trim(token))
        .take_while(|token| *token != "--" || spec.reads_past_terminator)
        .any(|token| !matches!(token, "" | "--") && is_flag(profile, spec, token))
}

/// Whether a word is an option that is followed by code, or holds it.
fn is_flag(profile: Profile, spec: &Flagged, token: &str) -> bool {
    let lower = token.to_lowercase();
    let is_longer =
        |text: &str, beginning: &&str| text.len() > beginning.len() && text.starts_with(*beginning);
    let cased = spec.cased.for_release(profile);
    spec.exact.contains(&lower.as_str())
        || cased.contains(&token)
        || spec.cased_prefixes.iter().any(|prefix| is_longer(token, prefix))
        || spec.prefixes.iter().any(|prefix| is_longer(&lower, prefix))
        || (profile >= Profile::V2026_9_6 && is_later_flag(spec, token, &lower))
}

/// The forms that 2026.9.6 knows besides: shortened, joined with the code, and in a cluster.
fn is_later_flag(spec: &Flagged, token: &str, lower: &str) -> bool {
    let name = words::option_name(lower);
    let is_short = |flag: &str| flag.len() == 2 && !flag.starts_with("--");
    let is_joined = |flag: &&str| is_short(flag) && token.len() > 2 && token.starts_with(*flag);
    let is_denied = spec.never_joined.contains(&name);
    let joined_value = |flag: &&str| {
        flag.starts_with("--")
            && lower.strip_prefix(*flag).is_some_and(|rest| rest.len() > 1 && rest.starts_with('='))
    };
    spec.abbreviated.iter().any(|(full, shortest)| name.len() >= *shortest && full.starts_with(name))
        || spec.cased.for_release(Profile::V2026_9_6).iter().any(is_joined)
        || (!is_denied && spec.exact.iter().any(joined_value))
        || (!is_denied && spec.joined.iter().any(is_joined))
        || spec.clusters.iter().any(|cluster| cluster.is_in(token))
}

/// Whether an operand is code: the program of awk and sed, the command of xargs.
fn has_operand(spec: &Operand, argv: &[String]) -> bool {
    let is_longer = |token: &str, prefixes: &[&str]| {
        prefixes.iter().any(|prefix| token.len() > prefix.len() && token.starts_with(prefix))
    };
    let mut tokens = argv.iter().skip(1).map(|token| words::trim(token));
    while let Some(token) = tokens.next() {
        if token.is_empty() {
            continue;
        }
        if token == "--" {
            return tokens.next().is_some_and(|code| !code.is_empty());
        }
        if spec.files.contains(&token) || is_longer(token, spec.file_prefixes) {
            return false;
        }
        if spec.values.contains(&token) {
            tokens.next();
        } else if !spec.optional_values.contains(&token)
            && !is_longer(token, spec.value_prefixes)
            && !token.starts_with('-')
        {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use Profile::{V2026_4_14 as A, V2026_6_11 as B, V2026_9_6 as C};

    use super::*;
    use crate::approvals::decide::testing::owned;

    #[test]
    fn options_and_operands_with_code_are_hits() {
        for (text, old, new) in [
            ("python3 -c x", true, true),
            ("python3.11 -c x", false, true),
            ("python3 -Bc x", false, true),
            ("python3 -cx", false, true),
            ("python3 -mc x", false, false),
            ("python3 app.py", false, false),
            ("python3 -- -c x", false, false),
            ("node --EVAL x", true, true),
            ("node --eval=x", false, true),
            ("node -px", false, true),
            ("perl -E x", true, true),
            ("perl -lne x", false, true),
            ("perl -l012ne x", false, true),
            ("perl-5.36 -e x", false, true),
            ("ruby -W2e x", false, true),
            ("php -R x", true, true),
            ("php -B x", false, true),
            ("awk x", true, true),
            ("awk -f x", false, false),
            ("awk --so=x", false, true),
            ("awk -F , x", true, true),
            ("sed p", true, true),
            ("sed -ep", true, true),
            ("sed -f p", false, false),
            ("sed -n", false, false),
            ("find . -- -exec ls", true, true),
            ("find . -name x", false, false),
            ("make -fx", true, true),
            ("make --eva=x", false, true),
            ("make all", false, false),
            ("xargs ls", true, true),
            ("xargs -n 1", false, false),
            ("xargs -n1 ls", true, true),
            ("groovy -encoding x", false, false),
            ("groovy -e x", false, true),
            ("gdb -iex x", false, true),
            ("gdb --init-eva x", false, true),
            ("erl -eval x", false, true),
            ("guile -cx", false, false),
            ("rscript -e x", false, true),
            ("julia -Ex", false, true),
        ] {
            let argv = owned(text);
            assert_eq!(in_argv(A, &argv), old, "{text}");
            assert_eq!(in_argv(B, &argv), old, "{text}");
            assert_eq!(in_argv(C, &argv), new, "{text}");
        }
    }

    #[test]
    fn carriers_are_looked_through_since_2026_6_11() {
        for (text, is_hit) in [
            ("sudo -u x python3 -c x", true),
            ("env A=1 python3 -c x", true),
            ("timeout 5 nice python3 -c x", true),
            ("A=1 command python3 -c x", true),
            ("sh -c $0_\"$@\" python3 -c x", true),
            ("sh -c $0_$1_$2 python3 -c x", true),
            ("sh -c $0_$1 python3 -c x", true),
            ("sh -c $0_$* python3 -c x", false),
            ("sh -c python3_-c_x", false),
            ("ls -c x", false),
        ] {
            assert_eq!(in_command(B, &owned(text)), is_hit, "{text}");
            assert!(!in_command(A, &owned(text)), "{text}");
        }
    }

    #[test]
    fn endless_rows_end() {
        let carrier = "$0_$1_$2_$3_$4_$5_$3_$4_$5";
        let argv = owned(&format!("sh -c {carrier} sh -c {carrier} sh -c {carrier}"));
        assert!(!in_command(C, &argv));
        let argv: Vec<String> = std::iter::repeat_n("nice".to_owned(), 60_000).collect();
        assert!(!in_command(C, &argv));
    }

    #[test]
    fn versions_are_cut_off() {
        for (name, bare) in [
            ("python3.11", "python"),
            ("perl-5.36", "perl"),
            ("x1..2", "x1.."),
            ("3.11", ""),
            ("lua", "lua"),
            ("a1.", "a1."),
        ] {
            assert_eq!(without_version(name), bare);
        }
    }
}
