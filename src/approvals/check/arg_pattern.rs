//! `argPattern`: an ECMAScript regular expression, compiled as a gateway does it, by `new RegExp(argPattern)`.

use crate::approvals::text::expression::{self, Purpose};

/// Why an expression does not compile, or `None` if it does. The generated bindings (`sha256:…`) are treated like any other
/// expression.
pub(in crate::approvals) fn problem(pattern: &str) -> Option<String> {
    if is_plain(pattern) {
        return None;
    }
    expression::compile(pattern, Purpose::Check).err().map(|error| error.to_string())
}

/// Whether an expression contains only parts that always compile: characters without a special meaning, anchors, dots,
/// and escaped ASCII punctuation. This saves compiling nearly every entry of a real document.
fn is_plain(pattern: &str) -> bool {
    let mut bytes = pattern.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if bytes.next().is_some_and(|escaped| escaped.is_ascii_punctuation()) => {}
            b'\\' | b'*' | b'+' | b'?' | b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'|' => return false,
            _ => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_gateway_compiles_passes() {
        for pattern in [
            "",
            r"^safe\.py$",
            "sha256:argv:...",
            "sha256:cwd-argv:v1:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            r"^(?:status|log)(?: --oneline)?$",
            r"^[\w.-]+$",
            // Annex B: lone brackets, braces and needless escapes are literal characters.
            "a{",
            "]",
            r"\-\_\a",
            r"\1(a)",
            "(?<name>a)|(?<other>b)",
            "(?=a)*",
            "^a\0b\0$",
            "\\u{12}",
        ] {
            assert_eq!(problem(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn what_a_gateway_cannot_compile_is_a_problem() {
        for pattern in [
            "(",
            ")",
            "[",
            "*",
            "a**",
            "a{2,1}",
            r"\",
            "(?<a",
            "[z-a]",
            "(?:",
            "[😀-😁]",
            "(?i:a",
            "+",
            r"^a\b*$",
        ] {
            assert!(problem(pattern).is_some(), "{pattern}");
        }
    }

    #[test]
    fn an_endless_expression_ends() {
        for pattern in [
            "(".repeat(200_000),
            "[".repeat(200_000),
            format!("{}a", "(?:".repeat(80_000)),
            "a|".repeat(2_000),
            "(a)".repeat(20_000),
        ] {
            assert!(problem(&pattern).is_some());
        }
        assert_eq!(problem(&"((a{1000}){1000}){1000}".repeat(20)), None);
        assert_eq!(problem(&"a|".repeat(expression::MOST_ALTERNATIVES)), None);
        assert_eq!(problem(&format!("^{}$", r"a\.".repeat(100_000))), None);
    }

    proptest! {
        #[test]
        fn plain_expressions_compile(pattern in r"[a-z ^$.\\/:!-]{0,12}") {
            if is_plain(&pattern) {
                let units: Vec<u32> = pattern.encode_utf16().map(u32::from).collect();
                prop_assert!(regress::Regex::from_unicode(units.into_iter(), regress::Flags::default()).is_ok());
            }
        }
    }
}
