//! Whether a command calls Python or Node on a script in a way that is too involved to find the script. Source:
//! `shouldFailClosedInterpreterPreflight`, alike in all three releases.

use super::script::{self, is_code_option, without_assignments, without_env};
use super::text::{has_unescaped, is_python, names_script, parts, unquoted};
use crate::approvals::decide::splitter;
use crate::approvals::decide::words::trim;

/// What a text without its quotes looks like.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a finding of its own")]
struct Look {
    calls_interpreter: bool,
    is_complex: bool,
    has_process_substitution: bool,
    names_script: bool,
}

/// What a text has to have to be involved, in quotes or not.
const OPERATORS: [char; 9] = ['|', '&', ';', '$', '`', '<', '>', '\n', '\r'];

/// Whether a trimmed text is refused. `words`: those of the whole text, if it is a call.
pub(super) fn is_refused(text: &str, words: Option<&[String]>) -> bool {
    let argv = words.map(without_env).map(without_assignments).unwrap_or_default();
    let program = argv.first().map(|word| trim(word).to_lowercase());
    let is_direct = program.as_deref().is_some_and(is_interpreter);
    let arguments = argv.get(1..).unwrap_or_default();
    let payload = program.as_deref().and_then(|program| payload(program, arguments));
    if payload.is_none() && !text.contains(OPERATORS) {
        return false;
    }
    let top = Look::at(&unquoted(text).unwrap_or_else(|| text.to_owned()));
    let nested = payload.map_or_else(Look::default, |payload| {
        Look::at(&unquoted(payload).unwrap_or_else(|| payload.to_owned()))
    });
    let in_part = payload.is_some_and(calls_with_script);
    let nested_calls = nested.calls_interpreter
        && (in_part || nested.names_script || nested.is_complex || nested.has_process_substitution);
    let calls = || {
        parts(text, true)
            .into_iter()
            .any(|part| leading_program(part).is_some_and(|name| is_interpreter(&name)))
    };
    if !(is_direct || nested_calls || calls()) || !(top.is_complex || nested_calls) {
        return false;
    }
    in_part
        || calls_with_script(text)
        || pipes_into_interpreter(text)
        || payload.is_some_and(pipes_into_interpreter)
        || is_direct && (top.has_process_substitution || nested.has_process_substitution)
}

impl Look {
    fn at(text: &str) -> Self {
        let has_process_substitution = has_unescaped(text, "<(") || has_unescaped(text, ">(");
        let operators = ["|", "&&", "||", ";", "$(", "`"];
        Self {
            calls_interpreter: parts(text, true)
                .into_iter()
                .any(|part| leading_program(part).is_some_and(|name| is_interpreter(&name))),
            is_complex: has_process_substitution
                || text.contains(['\n', '\r'])
                || operators.iter().any(|operator| has_unescaped(text, operator)),
            has_process_substitution,
            names_script: names_script(text),
        }
    }
}

fn is_interpreter(name: &str) -> bool {
    is_python(name) || name == "node"
}

/// The words of a part after a keyword of the shell, `env` and assignments.
fn called(words: &[String]) -> &[String] {
    const KEYWORDS: [&str; 8] = ["if", "then", "do", "elif", "else", "while", "until", "time"];
    let is_keyword =
        words.first().is_some_and(|word| KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word)));
    let words = if is_keyword { words.get(1..).unwrap_or_default() } else { words };
    without_env(words)
}

/// The program of a part, read without its quotes.
fn leading_program(part: &str) -> Option<String> {
    let text = unquoted(part).unwrap_or_else(|| part.to_owned());
    let words = splitter::words(trim(&text))?;
    let program = without_assignments(called(&words)).first()?;
    Some(trim(program).to_lowercase()).filter(|program| !program.is_empty())
}

/// Whether a part of the text calls an interpreter on what looks like a script.
fn calls_with_script(text: &str) -> bool {
    parts(text, true).into_iter().any(|part| runs_script(part) && mentions_script(part))
}

/// Whether an interpreter follows a pipe, in a pipeline that mentions a script.
fn pipes_into_interpreter(text: &str) -> bool {
    parts(text, false)
        .into_iter()
        .any(|part| parts(part, true).into_iter().skip(1).any(runs_script) && mentions_script(part))
}

fn mentions_script(part: &str) -> bool {
    let words = splitter::words(trim(part)).unwrap_or_default();
    script::of_argv(called(&words)).is_some() || names_script(part)
}

/// Whether a part calls an interpreter that would run a script: without code in its arguments, and not for its version.
fn runs_script(part: &str) -> bool {
    let Some(words) = splitter::words(trim(part)) else { return false };
    let Some((program, arguments)) = without_assignments(called(&words)).split_first() else { return false };
    let program = trim(program).to_lowercase();
    let has = |is_excluded: fn(&str) -> bool| arguments.iter().any(|word| is_excluded(word));
    if is_python(&program) {
        return !has(|word| {
            matches!(word, "-V" | "--version" | "-h" | "--help" | "--check-hash-based-pycs")
                || word.starts_with("-c")
                || word.starts_with("-m")
        });
    }
    program == "node"
        && !has(|word| {
            matches!(word, "-v" | "--version" | "-h" | "--help" | "-c" | "--check") || is_code_option(word)
        })
}

/// The command of `sh -c`, in this reading of its options.
fn payload<'a>(program: &str, arguments: &'a [String]) -> Option<&'a str> {
    let name = trim(program.rsplit(['/', '\\']).next().unwrap_or_default());
    let name = name.strip_suffix(".exe").unwrap_or(name);
    if !matches!(name, "bash" | "dash" | "fish" | "ksh" | "sh" | "zsh") {
        return None;
    }
    let mut words = arguments.iter().map(String::as_str).peekable();
    while let Some(word) = words.next() {
        let letters = word.strip_prefix('-').filter(|rest| !rest.is_empty());
        if letters.is_some_and(|letters| letters.bytes().all(|letter| letter.is_ascii_alphabetic())) {
            if word.contains('c') {
                return words.next();
            }
            if matches!(word, "-O" | "-o") {
                words.next();
            }
        } else if is_long_option(word) {
            if !word.contains('=') {
                words.next_if(|next| !next.is_empty() && !next.starts_with('-'));
            }
        } else {
            return None;
        }
    }
    None
}

/// `--name` or `--name=value`.
fn is_long_option(word: &str) -> bool {
    let Some(rest) = word.strip_prefix("--") else { return false };
    let (name, value) = rest.split_once('=').unwrap_or((rest, ""));
    name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !value.contains(['\n', '\r', '\u{2028}', '\u{2029}'])
}
