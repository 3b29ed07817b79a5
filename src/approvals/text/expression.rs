//! `argPattern` as an expression: a regular expression of JavaScript without flags, compiled as a gateway does it, by
//! `new RegExp(argPattern)`.
//!
//! `regress` compiles and runs it over UTF-16 units, with the lenient grammar of ECMAScript's Annex B. Where it differs from
//! Node 24 (measured on 56,000 pairs of an expression and a text), the expression is translated first:
//!
//! | expression | Node, without flags | `regress` |
//! | --- | --- | --- |
//! | `\u{61}` | 61 times `u`, except in the name of a group | the letter `a` |
//! | `\uD83D\uDE00` | two units | one character |
//! | `\b*`, `\B{2}` | a syntax error | accepted |

/// The longest expression that is compiled, in bytes. The compiler's time grows with the square of the length, and a
/// document may hold thousands of expressions.
pub(in crate::approvals) const LONGEST: usize = 4096;

/// The most alternatives. The compiler recurses once for each, on a stack that may be as small as 2 MiB.
pub(in crate::approvals) const MOST_ALTERNATIVES: usize = 500;

/// Why an expression cannot be used.
#[derive(Debug, thiserror::Error)]
pub(in crate::approvals) enum ExpressionError {
    /// It has more bytes than are compiled. A gateway may accept it.
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
    /// It has more alternatives than are compiled. A gateway may accept it.
    #[error("it has more than {MOST_ALTERNATIVES} alternatives")]
    TooManyAlternatives,
    /// A gateway cannot compile it either.
    #[error("{0}")]
    Syntax(String),
}

/// Whether the time of running an expression matters: optimizing it takes longer than compiling it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::approvals) enum Purpose {
    /// Only to see whether it compiles.
    Check,
    /// To run it.
    Match,
}

/// Compiles an expression.
pub(in crate::approvals) fn compile(
    pattern: &str,
    purpose: Purpose,
) -> Result<regress::Regex, ExpressionError> {
    if pattern.len() > LONGEST {
        return Err(ExpressionError::TooLong);
    }
    if pattern.bytes().filter(|&byte| byte == b'|').count() > MOST_ALTERNATIVES {
        return Err(ExpressionError::TooManyAlternatives);
    }
    let flags = regress::Flags { no_opt: purpose == Purpose::Check, ..regress::Flags::default() };
    regress::Regex::from_unicode(translated(pattern)?.into_iter(), flags)
        .map_err(|error| ExpressionError::Syntax(error.to_string()))
}

/// An expression in UTF-16 units, as `regress` has to read it.
fn translated(pattern: &str) -> Result<Vec<u32>, ExpressionError> {
    let mut units = Vec::with_capacity(pattern.len());
    let (mut is_name, mut is_class) = (false, false);
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        rest = rest.get(first.len_utf8()..).unwrap_or_default();
        if first != '\\' {
            is_class = (is_class || first == '[') && first != ']';
            is_name = (is_name || !is_class && first == '(' && starts_named_group(rest)) && first != '>';
            push(&mut units, first);
        } else if let Some((unit, after)) = surrogate(rest).filter(|_| !is_name) {
            units.push(unit);
            rest = after;
        } else if is_name || !rest.starts_with("u{") {
            push(&mut units, first);
            is_name |= rest.starts_with("k<");
            if let Some(escaped) = rest.chars().next() {
                rest = rest.get(escaped.len_utf8()..).unwrap_or_default();
                push(&mut units, escaped);
                if !is_class && matches!(escaped, 'b' | 'B') && starts_with_quantifier(rest) {
                    return Err(ExpressionError::Syntax("Nothing to repeat".to_owned()));
                }
            }
        }
    }
    Ok(units)
}

fn push(units: &mut Vec<u32>, character: char) {
    units.extend(character.encode_utf16(&mut [0; 2]).iter().map(|&unit| u32::from(unit)));
}

/// Whether the text after a parenthesis begins the name of a group.
fn starts_named_group(rest: &str) -> bool {
    rest.starts_with("?<") && !rest.starts_with("?<=") && !rest.starts_with("?<!")
}

/// The unit that the text after a backslash escapes, if it is a surrogate, and the text after it.
fn surrogate(rest: &str) -> Option<(u32, &str)> {
    let digits =
        rest.strip_prefix('u')?.get(..4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let unit = u32::from_str_radix(digits, 16).ok().filter(|unit| (0xd800..0xe000).contains(unit))?;
    Some((unit, rest.get(5..)?))
}

/// Whether a text begins with `*`, `+`, `?`, or with a count such as `{2}`, `{2,}` and `{2,3}`.
fn starts_with_quantifier(rest: &str) -> bool {
    if rest.starts_with(['*', '+', '?']) {
        return true;
    }
    let Some((count, _)) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) else { return false };
    let (least, most) = count.split_once(',').unwrap_or((count, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    !least.is_empty() && is_number(least) && is_number(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(pattern: &str, text: &str) -> Option<bool> {
        let expression = compile(pattern, Purpose::Match).ok()?;
        let units: Vec<u16> = text.encode_utf16().collect();
        Some(expression.find_from_ucs2(&units, 0).next().is_some())
    }

    /// Each result is that of `new RegExp(pattern).test(text)` in Node 24; `None` is a syntax error there.
    #[test]
    fn expressions_are_those_of_node() {
        for (pattern, text, result) in [
            (r"^\u{3}$", "uuu", Some(true)),
            (r"\u{61}", "a", Some(false)),
            (r"^\\u{2}$", r"\uu", Some(true)),
            (r"[\u{61}]", "6", Some(true)),
            (r"(?<\u{61}>x)\k<\u{61}>", "xx", Some(true)),
            (r"[(?<]\u{2}", "<uu", Some(true)),
            (r"^\uD83D\uDE00$", "😀", Some(true)),
            (r"^(?!\uD83D\uDE00).*$", "😀", Some(false)),
            (r"^[^\uD83D\uDE00]+$", "😁", Some(false)),
            (r"^[\uD83D\uDE00]{2}$", "😀", Some(true)),
            (r"\uD83D\uDE00*$", "push", Some(false)),
            (r"\u0041\u00zz", "Au00zz", Some(true)),
            (r"\\uD83D", r"\uD83D", Some(true)),
            ("^..$", "😀", Some(true)),
            (r"^status\b*$", "status", None),
            (r"\b?", "a", None),
            (r"\B+", "a", None),
            (r"\b{0}", "a", None),
            (r"\b{1,}?", "a", None),
            (r"\B{2,3}", "a", None),
            (r"a\b{,3}", "a{,3}", Some(true)),
            (r"a\b{x}", "a{x}", Some(true)),
            (r"[\b]*", "a", Some(true)),
            (r"^\\b*$", r"\bbb", Some(true)),
            (r"^a\b$", "a", Some(true)),
            (r"[\]\b*]", "*", Some(true)),
        ] {
            assert_eq!(finds(pattern, text), result, "{pattern}");
        }
    }

    #[test]
    fn long_expressions_are_not_compiled() {
        assert!(matches!(compile(&"a".repeat(LONGEST + 1), Purpose::Check), Err(ExpressionError::TooLong)));
        let many = "|".repeat(MOST_ALTERNATIVES + 1);
        assert!(matches!(compile(&many, Purpose::Check), Err(ExpressionError::TooManyAlternatives)));
    }
}
