//! Text that looks like a credential. It is never shown, and it is reported if other people can read the file.

use std::borrow::Cow;

use serde_json::Value;

use crate::approvals::findings::finding::shortened;
use crate::approvals::model::scalar::Secret;
use crate::approvals::redact::secrets::NAMES;

/// The prefixes of tokens of well-known issuers, and the minimum number of characters after each.
const TOKEN_PREFIXES: [(&str, usize); 18] = [
    ("ghp_", 20),
    ("gho_", 20),
    ("ghu_", 20),
    ("ghs_", 20),
    ("ghr_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("xoxb-", 12),
    ("xoxp-", 12),
    ("xoxa-", 12),
    ("xoxs-", 12),
    ("sk-", 20),
    ("sk_live_", 12),
    ("AKIA", 16),
    ("AIza", 30),
    ("npm_", 30),
    ("hf_", 30),
    ("eyJ", 60),
];

/// Suffixes of names for the location of a secret, not the secret itself.
const LOCATION_SUFFIXES: [&str; 8] = ["file", "path", "env", "name", "id", "type", "url", "stdin"];

/// Whether a text seems to contain a credential. This is a cautious guess: placeholders and expressions do not count.
pub fn looks_secret(text: &str) -> bool {
    if text.contains("-----BEGIN ") {
        return true;
    }
    let has_known_prefix = TOKEN_PREFIXES.iter().any(|(start, least)| {
        text.match_indices(start).any(|(at, _)| {
            let whole = !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
            let tail = text[at + start.len()..]
                .bytes()
                .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
            whole && tail.take(*least).count() >= *least
        })
    });
    has_known_prefix || assigns(text)
}

/// Whether the name of a secret is followed by a value.
fn assigns(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    NAMES.iter().any(|name| {
        lower.match_indices(name).any(|(at, _)| {
            let rest = &text[at + name.len()..];
            let word = rest
                .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_')))
                .unwrap_or(rest.len());
            let (more, value) =
                (lower[at + name.len()..][..word].trim_end_matches(['-', '_']), &rest[word..]);
            let assigned = value.trim_start_matches(['=', ':', ' ', '"', '\'']);
            let flagged = lower[..at].ends_with(['-', '_', ' ']) || at == 0;
            let follows =
                value.starts_with(['=', ':']) || (value.starts_with(' ') && (flagged || *name == "bearer"));
            follows && !LOCATION_SUFFIXES.iter().any(|place| more.ends_with(place)) && is_value(assigned)
        })
    })
}

/// Whether a word can be the value of a secret. Expressions, variables, paths, options and placeholders cannot.
fn is_value(text: &str) -> bool {
    const LEAST: usize = 6;
    let end = text
        .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '$' | '&' | ')'))
        .unwrap_or(text.len());
    let word = &text[..end];
    word.len() >= LEAST
        && word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !word.contains(['*', '[', '(', '{', '\\', '<', '|', '/'])
        && word.bytes().any(|byte| byte.is_ascii_digit())
}

/// A text as a message may quote it.
pub fn quotable(text: &str) -> Cow<'_, str> {
    if looks_secret(text) { Secret::REDACTED.into() } else { shortened(text) }
}

/// Masks every text in a value that seems to contain a credential.
pub(in crate::approvals) fn mask(value: &mut Value) {
    match value {
        Value::String(text) if looks_secret(text) => *value = Value::from(Secret::REDACTED),
        Value::Array(elements) => elements.iter_mut().for_each(mask),
        Value::Object(fields) => fields.values_mut().for_each(mask),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_recognised() {
        for text in [
            "^push https://x:ghp_0123456789abcdefghijABCD@github.com$",
            "curl -H 'Authorization: Bearer abc123def456'",
            "login --password=hunter2hunter2",
            "login --token abc123def",
            "API_TOKEN=s3cr3tvalue run",
            "AKIAABCDEFGHIJKLMNOP",
            "sk-proj-0123456789abcdef01234567",
            "-----BEGIN OPENSSH PRIVATE KEY-----",
        ] {
            assert!(looks_secret(text), "{text}");
        }
    }

    #[test]
    fn what_only_names_one_is_none() {
        for text in [
            "/usr/bin/token-helper",
            "^--token=[a-z0-9]+$",
            r"^--password \S+$",
            "--token-file /run/secrets/token1",
            "--password-stdin",
            "login --token $TOKEN1",
            "--secret-name=prod-db-1",
            "sha256:cwd-argv:v1:0123456789abcdef0123456789abcdef",
            "^secret add foo$",
            "task-sk-1",
            "/opt/tokenizer/bin/tokenize 12345678",
        ] {
            assert!(!looks_secret(text), "{text}");
        }
    }
}
