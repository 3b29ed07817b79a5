//! Finds a variable of a shell in the code of a Python script: strings and comments do not count, the braces of formatted
//! strings do. Source: `findPythonShellVariable` of 2026.9.6.

use std::ops::Range;

/// What surrounds a place in a script.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Context {
    /// Code of the script itself.
    Script,
    /// Code in the braces of a formatted string: the brackets that are open, and whether a `lambda` waits for its colon.
    Braces { closers: Vec<u8>, lambda: bool },
    /// The format after the colon of such braces.
    Format,
    /// A string.
    String { quote: u8, is_triple: bool, is_formatted: bool },
}

/// The first variable of a shell in the code.
pub(super) fn shell_variable(content: &str) -> Option<Range<usize>> {
    let bytes = content.as_bytes();
    let mut contexts = vec![Context::Script];
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let current = contexts.last_mut()?;
        match current {
            Context::String { quote, is_triple, is_formatted } => {
                let (quote, is_triple, is_formatted) = (*quote, *is_triple, *is_formatted);
                at += in_string(bytes, at, quote, is_triple, is_formatted, &mut contexts);
            }
            Context::Format => {
                match byte {
                    b'{' => contexts.push(Context::braces()),
                    b'}' => drop(contexts.pop()),
                    _ => {}
                }
                at += 1;
            }
            Context::Script | Context::Braces { .. } if byte == b'#' => at = behind_line(bytes, at),
            Context::Script | Context::Braces { .. } if matches!(byte, b'\'' | b'"') => {
                let is_triple = is_at(bytes, at, byte, 3);
                contexts.push(Context::String {
                    quote: byte,
                    is_triple,
                    is_formatted: is_format_prefix(bytes, at),
                });
                at += if is_triple { 3 } else { 1 };
            }
            Context::Script | Context::Braces { .. } => {
                if in_braces(content, at, current) {
                    contexts.pop();
                }
                if byte == b'$'
                    && let Some(variable) = variable_at(content, at)
                {
                    return Some(variable);
                }
                at += 1;
            }
        }
    }
    None
}

/// `$NAME` at a place: a capital letter or `_`, then more of them or digits.
pub(super) fn variable_at(content: &str, at: usize) -> Option<Range<usize>> {
    let name = content.get(at..)?.strip_prefix('$')?;
    let is_inner = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let length = name.bytes().take_while(|byte| is_inner(*byte)).count();
    let starts = name.starts_with(|first: char| first.is_ascii_uppercase() || first == '_');
    starts.then_some(at..at + 1 + length)
}

impl Context {
    fn braces() -> Self {
        Self::Braces { closers: vec![b'}'], lambda: false }
    }
}

/// Goes on in a string; how many bytes were read.
fn in_string(
    bytes: &[u8],
    at: usize,
    quote: u8,
    is_triple: bool,
    is_formatted: bool,
    contexts: &mut Vec<Context>,
) -> usize {
    let next = bytes.get(at + 1).copied();
    let length = if is_triple { 3 } else { 1 };
    if is_at(bytes, at, quote, length) {
        contexts.pop();
        return length;
    }
    match bytes.get(at).copied().unwrap_or_default() {
        b'\\' if is_formatted && next == Some(b'{') => 1,
        b'\\' if next == Some(b'\r') && bytes.get(at + 2) == Some(&b'\n') => 3,
        b'\\' => 2,
        b'\n' | b'\r' if !is_triple => {
            contexts.pop();
            1
        }
        brace @ (b'{' | b'}') if is_formatted && next == Some(brace) => 2,
        b'{' if is_formatted => {
            contexts.push(Context::braces());
            1
        }
        _ => 1,
    }
}

/// Follows the brackets of braces; whether these braces end here. A colon turns them into a format.
fn in_braces(content: &str, at: usize, current: &mut Context) -> bool {
    let Context::Braces { closers, lambda } = current else { return false };
    let byte = content.as_bytes().get(at).copied().unwrap_or_default();
    if closers.len() == 1 && is_lambda(content, at) {
        *lambda = true;
    }
    match byte {
        b'(' => closers.push(b')'),
        b'[' => closers.push(b']'),
        b'{' => closers.push(b'}'),
        closer if closers.last() == Some(&closer) => {
            closers.pop();
            return closers.is_empty();
        }
        b':' if closers.len() == 1 && *lambda => *lambda = false,
        b':' if closers.len() == 1 => *current = Context::Format,
        _ => {}
    }
    false
}

/// Whether the whole word `lambda` is here.
fn is_lambda(content: &str, at: usize) -> bool {
    let Some((before, rest)) = content.split_at_checked(at) else { return false };
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    rest.strip_prefix("lambda").is_some_and(|rest| !rest.starts_with(is_part)) && !before.ends_with(is_part)
}

fn is_at(bytes: &[u8], at: usize, byte: u8, count: usize) -> bool {
    bytes.get(at..at + count).is_some_and(|found| found.iter().all(|found| *found == byte))
}

/// The place after the end of the line.
fn behind_line(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).map_or(bytes.len(), |length| at + length + 1)
}

/// Whether the letters before a quote make the string a formatted one: `f`, `fr`, `rf`, in either case.
fn is_format_prefix(bytes: &[u8], at: usize) -> bool {
    let before =
        |back: usize| at.checked_sub(back).and_then(|index| bytes.get(index)).map(u8::to_ascii_lowercase);
    let is_word = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match (before(1), before(2)) {
        (Some(b'f'), Some(b'r')) | (Some(b'r'), Some(b'f')) => !is_word(before(3)),
        (Some(b'f'), other) => !is_word(other),
        _ => false,
    }
}
