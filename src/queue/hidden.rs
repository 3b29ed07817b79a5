//! Masking of the credentials in use: an agent may know them and put them into a prompt. They are never printed.

use std::borrow::Cow;

use secrecy::{ExposeSecret, SecretString};

/// The replacement for a secret.
const REDACTED: &str = "[secret]";
/// The minimum length of a masked secret, in bytes. Shorter texts are part of ordinary words too, and masking them
/// there would reveal them.
const SHORTEST: usize = 6;

/// Secrets to mask in the texts of prompts.
#[derive(Debug, Default, Clone)]
pub struct Hidden(Vec<SecretString>);

impl Hidden {
    /// Masks these secrets, except those that are too short.
    pub fn of<'s>(secrets: impl IntoIterator<Item = &'s SecretString>) -> Self {
        let long = |secret: &&SecretString| secret.expose_secret().len() >= SHORTEST;
        Self(secrets.into_iter().filter(long).cloned().collect())
    }

    /// A JSON text with the secrets masked in each of its strings; `None` if it has none.
    pub(super) fn masked(&self, json: &str) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        let mut shown = String::new();
        let mut rest = json;
        let mut found = false;
        while let Some(start) = rest.find('"') {
            let Some(length) = literal(&rest[start..]) else { break };
            let (before, inner) = rest.split_at(start);
            let (literal, after) = inner.split_at(length);
            shown.push_str(before);
            match self.replaced(literal) {
                Some(literal) => {
                    shown.push_str(&literal);
                    found = true;
                }
                None => shown.push_str(literal),
            }
            rest = after;
        }
        shown.push_str(rest);
        found.then_some(shown)
    }

    /// A JSON string with the secrets masked, in any escaping; `None` if it has none.
    fn replaced(&self, literal: &str) -> Option<String> {
        let text: Cow<'_, str> = if literal.contains('\\') {
            serde_json::from_str::<String>(literal).ok()?.into()
        } else {
            literal.trim_matches('"').into()
        };
        let mut masked = Cow::Borrowed(&*text);
        for secret in self.0.iter().map(ExposeSecret::expose_secret) {
            if masked.contains(secret) {
                masked = masked.replace(secret, REDACTED).into();
            }
        }
        match masked {
            Cow::Owned(masked) => serde_json::to_string(&masked).ok(),
            Cow::Borrowed(_) => None,
        }
    }
}

/// The length of the string at the start of a JSON text, quotes included.
fn literal(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().enumerate().skip(1).find_map(|(at, byte)| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends.then_some(at + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_however_they_are_written() {
        let hidden = Hidden::of(&[SecretString::from("s3cret-token"), "a\"b\\c-long".into(), "short".into()]);
        for (given, shown) in [
            (r#"{"a":"x s3cret-token y","n":1.50}"#, Some(r#"{"a":"x [secret] y","n":1.50}"#)),
            (r#"["s3cret\u002dtoken s3cret-token"]"#, Some(r#"["[secret] [secret]"]"#)),
            (r#"{"s3cret-token":"\"a\"b"}"#, Some(r#"{"[secret]":"\"a\"b"}"#)),
            (r#"["a\"b\\c-long"]"#, Some(r#"["[secret]"]"#)),
            (r#"{"a":"nothing short"}"#, None),
            (r#"["\ud800 s3cret"]"#, None),
            (r#"[""]"#, None),
        ] {
            assert_eq!(hidden.masked(given).as_deref(), shown, "{given}");
        }
        assert_eq!(Hidden::default().masked("[\"s3cret-token\"]"), None);
    }
}
