//! Finds the bytes of a text that no report may show.

use std::ops::Range;

use jsonc_parser::ast::Value;
use jsonc_parser::common::Ranged;
use serde_json::Value as Json;

use crate::approvals::model::scalar::Secret;
use crate::approvals::text::tree::key;

/// Names that mark a key as that of a secret, even if the rest of the key is misspelt.
pub(in crate::approvals) const NAMES: [&str; 8] =
    ["token", "secret", "password", "passwd", "passphrase", "apikey", "bearer", "credential"];

/// Spans of secret values in a tree: every scalar under the root's `socket` except its `path`, under an unknown field
/// of the root (which may be a misspelt `socket`), and under a key that names a secret. The spans are sorted and
/// disjoint.
pub(in crate::approvals) fn in_tree(root: &Value<'_>) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    if let Value::Object(object) = root {
        for property in &object.properties {
            match (key(property), &property.value) {
                ("socket", socket) => in_socket(socket, &mut spans),
                // An agent may have any name.
                ("agents", Value::Object(agents)) => {
                    agents.properties.iter().for_each(|agent| below(&agent.value, false, &mut spans));
                }
                (name, value) => below(value, is_strange(name), &mut spans),
            }
        }
    }
    spans
}

fn in_socket(socket: &Value<'_>, spans: &mut Vec<Range<usize>>) {
    match socket {
        Value::Object(object) => {
            for property in &object.properties {
                let shown = key(property) == "path" && property.value.as_string_lit().is_some();
                below(&property.value, !shown, spans);
            }
        }
        other => below(other, true, spans),
    }
}

fn below(value: &Value<'_>, secret: bool, spans: &mut Vec<Range<usize>>) {
    match value {
        Value::Object(object) => {
            for property in &object.properties {
                below(&property.value, secret || names_a_secret(key(property)), spans);
            }
        }
        Value::Array(array) => array.elements.iter().for_each(|element| below(element, secret, spans)),
        scalar if secret => {
            let range = scalar.range();
            spans.push(range.start..range.end);
        }
        _ => {}
    }
}

/// Whether a key names a secret, even if it is misspelt.
pub(super) fn names_a_secret(key: &str) -> bool {
    // The most frequent keys of a large document are known not to name a secret.
    let known = matches!(
        key,
        "id" | "pattern"
            | "source"
            | "commandText"
            | "argPattern"
            | "lastUsedAt"
            | "lastUsedCommand"
            | "lastResolvedPath"
            | "server"
            | "tool"
            | "addedAt"
            | "allowlist"
            | "mcpTools"
            | "security"
            | "ask"
            | "askFallback"
            | "autoAllowSkills"
            | "path"
    );
    let lower = key.to_ascii_lowercase();
    !known && NAMES.iter().any(|name| lower.contains(name) || resembles(&lower, name))
}

/// Whether a word is a misspelling of another one.
fn resembles(word: &str, meant: &str) -> bool {
    const ALIKE: f64 = 0.85;
    word.len().abs_diff(meant.len()) <= 2 && strsim::jaro_winkler(word, meant) >= ALIKE
}

/// Whether a field of the root may contain anything, including secrets. Only the fields of a document and of a native
/// policy are known not to.
pub(super) fn is_strange(field: &str) -> bool {
    !matches!(field, "version" | "socket" | "defaults" | "agents" | "defaultAction" | "rules")
}

/// Masks the secrets of a document that is a JSON value: the same that excerpts mask.
pub fn mask(document: &mut Json) {
    for (name, value) in document.as_object_mut().into_iter().flatten() {
        match (name.as_str(), value) {
            ("socket", Json::Object(socket)) => {
                for (name, value) in socket {
                    mask_below(value, name != "path" || !value.is_string());
                }
            }
            ("socket", socket) => mask_below(socket, true),
            ("agents", Json::Object(agents)) => {
                for agent in agents.values_mut() {
                    mask_below(agent, false);
                }
            }
            (name, value) => mask_below(value, is_strange(name)),
        }
    }
}

fn mask_below(value: &mut Json, secret: bool) {
    match value {
        Json::Object(object) => {
            for (name, value) in object {
                mask_below(value, secret || names_a_secret(name));
            }
        }
        Json::Array(array) => {
            for element in array {
                mask_below(element, secret);
            }
        }
        scalar if secret => *scalar = Json::from(Secret::REDACTED),
        _ => {}
    }
}

/// Spans to hide in a text that has no tree because its syntax is broken: the value after a name of a secret, and all
/// words of a `socket` block except its keys. It hides too much rather than too little. The spans are sorted and
/// disjoint.
///
/// Only spans are returned that an excerpt around one of the places `near` could show.
pub(in crate::approvals) fn in_broken_text(text: &str, near: &[Range<usize>]) -> Vec<Range<usize>> {
    let seen = |span: &Range<usize>| {
        let shown = |place: &Range<usize>| {
            span.end + EXCERPT >= place.start && span.start <= place.start.saturating_add(EXCERPT)
        };
        near.iter().any(shown)
    };
    let lower = text.to_ascii_lowercase();
    let mut spans = Vec::new();
    // Hidden spans are not examined again, so a text is read only a few times, however repetitive it is.
    for name in NAMES {
        let mut hidden = 0;
        for (at, _) in lower.match_indices(name) {
            if at < hidden {
                continue;
            }
            let from = at + name.len();
            let from = from + text[from..].find(is_edge).unwrap_or_default();
            let span = value_after(text, from);
            hidden = span.as_ref().map_or(from, |span| span.end);
            spans.extend(span.filter(seen));
        }
    }
    let mut hidden = 0;
    for (at, name) in lower.match_indices("socket") {
        if at >= hidden {
            hidden = block_after(text, at + name.len(), seen, &mut spans);
        }
    }
    let mut hidden = 0;
    for (colon, _) in lower.match_indices(':') {
        // The first of two colons in a row was already handled.
        if colon.checked_sub(1).is_some_and(|before| lower.as_bytes()[before] == b':') {
            continue;
        }
        let near = lower.floor_char_boundary(colon.saturating_sub(KEY));
        let before = lower[near..colon].trim_end_matches(is_between);
        let word = before.rsplit(is_edge).next().unwrap_or_default();
        // A name with escapes may be any name.
        let disguised = word.contains('\\');
        if colon >= hidden && (disguised || resembles(word, "socket")) {
            hidden = block_after(text, colon, seen, &mut spans);
        }
        if disguised || names_a_secret(word) {
            spans.extend(value_after(text, colon).filter(seen));
        }
    }
    apart(spans)
}

/// Sorts spans and joins those that touch.
pub(in crate::approvals) fn apart(mut spans: Vec<Range<usize>>) -> Vec<Range<usize>> {
    spans.sort_by_key(|span| (span.start, span.end));
    let mut apart: Vec<Range<usize>> = Vec::with_capacity(spans.len());
    for span in spans {
        match apart.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => apart.push(span),
        }
    }
    apart
}

/// The spans of secrets in a text with comments. If there is a secret, a comment may quote it, so comments are hidden
/// too.
pub(in crate::approvals) fn with_comments(
    spans: Vec<Range<usize>>,
    comments: Vec<Range<usize>>,
) -> Vec<Range<usize>> {
    if spans.is_empty() { spans } else { apart(spans.into_iter().chain(comments).collect()) }
}

/// The first word after an offset, including quotes and their content.
fn value_after(text: &str, from: usize) -> Option<Range<usize>> {
    let start = from + text[from..].find(|c: char| !is_between(c))?;
    let quote = text[..start].ends_with(['"', '\'']);
    let ends = |c: char| c == '\n' || if quote { c == '"' || c == '\'' } else { is_edge(c) };
    Some(start..text[start..].find(ends).map_or(text.len(), |at| start + at))
}

/// Hides every word up to the next closing brace, except the names of a socket's fields. Returns the offset of the
/// brace.
fn block_after(
    text: &str,
    from: usize,
    seen: impl Fn(&Range<usize>) -> bool,
    spans: &mut Vec<Range<usize>>,
) -> usize {
    let to = text[from..].find('}').map_or(text.len(), |end| from + end);
    let mut at = from;
    while let Some(start) = text[at..to].find(|c: char| !is_edge(c)).map(|start| at + start) {
        let end = text[start..to].find(is_edge).map_or(to, |end| start + end);
        if !["path", "token"].contains(&&text[start..end]) && seen(&(start..end)) {
            spans.push(start..end);
        }
        at = end;
    }
    to
}

/// Number of bytes around a place that an excerpt may show.
const EXCERPT: usize = 256;

/// Number of bytes before a colon in which its key is searched.
const KEY: usize = 64;

/// Whether a character ends a word of a broken text.
fn is_edge(c: char) -> bool {
    c.is_whitespace() || "\"'{}[],:".contains(c)
}

/// Whether a character may be between a key and its value.
fn is_between(c: char) -> bool {
    c.is_whitespace() || "\"':=".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        let mut shown = text.to_owned();
        for span in in_broken_text(text, &[Range { start: 0, end: text.len() }]).into_iter().rev() {
            shown.replace_range(span, "*");
        }
        shown
    }

    #[test]
    fn broken_texts_hide_what_may_be_a_secret() {
        for text in [
            r#"{"socket":{"path":"/x","token":"hunter2""#,
            r#"{"socket":{"token" "hunter2"}}"#,
            r#"{"socket":{"token":"hunter2"#,
            "{\"socket\":{\"token\":\n  hunter2\n",
            r#"{"socket":{hunter2"#,
            r#"{"socket": "hunter2"#,
            r#"{"sokcet":{"socketToken":'hunter2'"#,
            r#"{"api_token": hunter2"#,
            r#"{"TOKEN"="hunter2 "}"#,
            r#"{"sokcet": {"tokn": "hunter2"#,
            r#"{"sokcet": {"security": "hunter2"#,
            r#"{"tokn"  :  "hunter2" "x"}"#,
            r#"{"s\u006fcket": {"t\u006fken": "hunter2""#,
        ] {
            let shown = masked(text);
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn a_text_that_repeats_itself_is_read_in_time() {
        for piece in ["socket:", "token", "token:", ":", "\"socket\" {", "s\\:"] {
            in_broken_text(&piece.repeat(100_000), &[Range { start: 50_000, end: 50_001 }]);
        }
    }

    #[test]
    fn broken_texts_keep_the_rest() {
        assert_eq!(masked(r#"{"version": 1 "agents": {}}"#), r#"{"version": 1 "agents": {}}"#);
    }

    #[test]
    fn spans_are_sorted_and_apart() {
        let spans = in_broken_text(
            r#"{"socket":{"token":"a b","secret":"c"},"password":"d"}"#,
            &[Range { start: 0, end: 1 }],
        );
        assert!(spans.windows(2).all(|pair| pair[0].end < pair[1].start), "{spans:?}");
    }
}
