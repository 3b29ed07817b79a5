//! Reads JSON as JavaScript's `JSON.parse` does, where `serde_json` is stricter: halves of surrogate pairs in strings.
//! Nesting and numbers beyond what `serde_json` reads are reported as such, since JavaScript reads them.

use serde_json::Value;

/// Why a text cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It is not JSON.
    NotJson,
    /// It is JSON that `serde_json` does not read.
    BeyondUs,
}

/// Parses a text.
pub(super) fn parse(text: &str) -> Result<Value, Unreadable> {
    let failure = match serde_json::from_str(text) {
        Ok(value) => return Ok(value),
        Err(failure) => failure.to_string(),
    };
    if failure.starts_with("recursion limit") || failure.starts_with("number out of range") {
        return Err(Unreadable::BeyondUs);
    }
    serde_json::from_str(&without_lone_surrogates(text)).map_err(|_| Unreadable::NotJson)
}

/// Replaces the escapes of lone surrogates by that of U+FFFD. Pairs stay.
fn without_lone_surrogates(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let (length, keep) = escape_length(escape);
        let (escape, after) = escape.split_at(length);
        out.push_str(if keep { escape } else { "\\ufffd" });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The length of the escape at the start, in bytes, and whether it stays as it is.
fn escape_length(text: &str) -> (usize, bool) {
    let unit = |at: usize| {
        let escape = text.get(at..at + 6)?;
        u16::from_str_radix(escape.strip_prefix("\\u")?, 16).ok()
    };
    match unit(0) {
        Some(0xd800..=0xdbff) if matches!(unit(6), Some(0xdc00..=0xdfff)) => (12, true),
        Some(0xd800..=0xdfff) => (6, false),
        Some(_) => (6, true),
        None => (1 + text.chars().nth(1).map_or(0, char::len_utf8), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lone_surrogates_are_read_as_javascript_reads_them() {
        for (text, value) in [
            (r#""\ud800""#, "\u{fffd}"),
            (r#""\ud83d\ude00""#, "\u{1f600}"),
            (r#""\\ud800""#, "\\ud800"),
            (r#""\udc00x\n""#, "\u{fffd}x\n"),
        ] {
            assert_eq!(parse(text), Ok(Value::String(value.to_owned())), "{text}");
        }
    }

    #[test]
    fn what_javascript_alone_reads_is_told_apart() {
        assert_eq!(parse("{"), Err(Unreadable::NotJson));
        assert_eq!(parse("\u{feff}{}"), Err(Unreadable::NotJson));
        assert_eq!(parse("1e999"), Err(Unreadable::BeyondUs));
        assert_eq!(parse(&"[".repeat(500)), Err(Unreadable::BeyondUs));
    }
}
