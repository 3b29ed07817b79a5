//! Numbers in prompts, as they are written. Two amounts that differ beyond the precision of a double are two amounts,
//! so a number counts by its text: `1`, `1.0` and `1e0` are three numbers, as `ls -l` and `ls  -l` are two commands.
//!
//! The JSON parser keeps numbers as machine words. Where that would lose a digit, every number of the text is replaced
//! by its place in a table of the texts before it is parsed.

use std::borrow::Cow;

use serde_json_borrow::{Number, Value};

/// The representation of numbers in a parsed value.
#[derive(Debug)]
pub(super) enum Numbers<'t> {
    /// Each number prints as it was written.
    Parsed,
    /// Each number is an index into these texts.
    Indexed(Vec<&'t str>),
}

impl<'t> Numbers<'t> {
    /// Prepares JSON for parsing: returns the text to parse, and the representation of its numbers.
    pub(super) fn prepare(json: &'t str) -> (Cow<'t, str>, Self) {
        if tokens(json).all(|(_, token)| is_kept(token)) {
            return (Cow::Borrowed(json), Self::Parsed);
        }
        let mut texts = Vec::new();
        let prepared = replace(json, |token| {
            texts.push(token);
            Cow::Owned((texts.len() - 1).to_string())
        });
        (Cow::Owned(prepared), Self::Indexed(texts))
    }

    /// A number as it was written.
    pub(super) fn text(&self, number: Number) -> Cow<'t, str> {
        let parsed = serde_json::Number::from(number);
        match self {
            Self::Parsed => Cow::Owned(parsed.to_string()),
            Self::Indexed(texts) => {
                let index = parsed.as_u64().and_then(|index| usize::try_from(index).ok());
                // `prepare` wrote each number.
                index.and_then(|index| texts.get(index)).map_or(Cow::Borrowed(""), |text| Cow::Borrowed(text))
            }
        }
    }

    /// Puts the numbers back into JSON that was printed from the parsed value.
    pub(super) fn restore(&self, json: &str) -> Option<String> {
        let Self::Indexed(texts) = self else { return None };
        Some(replace(json, |token| {
            let index = token.parse().ok().and_then(|index: usize| texts.get(index));
            Cow::Borrowed(index.map_or(token, |text| *text))
        }))
    }

    /// A time in Unix milliseconds, written as a whole number (`1.0` and `1e3` are whole as well) that a gateway's
    /// clock can show.
    pub(super) fn millis(&self, value: Option<&Value<'_>>) -> Option<u64> {
        /// The last time of an ECMAScript date, in the year 275760.
        const LAST: u64 = 8_640_000_000_000_000;
        let Some(Value::Number(number)) = value else { return None };
        whole(&self.text(*number)).filter(|millis| *millis <= LAST)
    }
}

/// The value of a number that is whole and not negative, without rounding.
fn whole(token: &str) -> Option<u64> {
    if token.bytes().all(|byte| byte.is_ascii_digit()) {
        return token.parse().ok();
    }
    if token.starts_with('-') {
        return None;
    }
    let (mantissa, exponent) = token.split_once(['e', 'E']).unwrap_or((token, "0"));
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent: i64 = exponent.parse().ok()?;
    let digits = [before, after].concat();
    let first = digits.bytes().position(|byte| byte != b'0');
    let Some(first) = first else { return Some(0) };
    let significant = digits[first..].trim_end_matches('0');
    // The number of digits before the point: more than twenty exceed every time.
    let length = i64::try_from(before.len()).ok()?.checked_add(exponent)? - i64::try_from(first).ok()?;
    let length = usize::try_from(length).ok().filter(|length| (significant.len()..=20).contains(length))?;
    format!("{significant:0<length$}").parse().ok()
}

/// Whether the parser keeps a number so that it prints as it was written.
fn is_kept(token: &str) -> bool {
    // Most numbers are short and whole.
    let digits = token.bytes().all(|byte| byte.is_ascii_digit());
    digits && token.len() < 20
        || serde_json::from_str::<serde_json::Number>(token).is_ok_and(|number| number.to_string() == token)
}

/// The numbers of a JSON text, and the offset of each. Digits inside strings are not numbers. The text may be invalid
/// JSON, which the parser will report.
fn tokens(json: &str) -> impl Iterator<Item = (usize, &str)> {
    let bytes = json.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => at = string_end(bytes, at),
                b'-' | b'0'..=b'9' => {
                    let is_part = |byte: &u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
                    let start = at;
                    at += bytes[at..].iter().take_while(|byte| is_part(byte)).count();
                    return json.get(start..at).map(|token| (start, token));
                }
                _ => at += 1,
            }
        }
        None
    })
}

/// The offset after the string that begins at `start`.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

/// The same JSON with other numbers.
fn replace<'t>(json: &'t str, mut other: impl FnMut(&'t str) -> Cow<'t, str>) -> String {
    let mut out = String::with_capacity(json.len());
    let mut done = 0;
    for (start, token) in tokens(json) {
        out.push_str(&json[done..start]);
        out.push_str(&other(token));
        done = start + token.len();
    }
    out.push_str(&json[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_exact() {
        for (token, value) in [
            ("0", Some(0)),
            ("-0", None),
            ("-1", None),
            ("0.0", Some(0)),
            ("0e999999999999", Some(0)),
            ("1.0", Some(1)),
            ("1e3", Some(1000)),
            ("1.5e1", Some(15)),
            ("1500e-2", Some(15)),
            ("0.0015e4", Some(15)),
            ("15e-1", None),
            ("1.5", None),
            ("1795644000000.00000000000000001", None),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("1e400", None),
            ("1e99999999999999999999", None),
            ("1e-9223372036854775808", None),
        ] {
            assert_eq!(whole(token), value, "{token}");
        }
    }

    #[test]
    fn numbers_in_strings_stay() {
        let json = r#"{"1e400":"2e400 \" 3e400","a":[4e400,-5,"6\\"],"b":7.50}"#;
        let (prepared, numbers) = Numbers::prepare(json);
        assert_eq!(prepared, r#"{"1e400":"2e400 \" 3e400","a":[0,1,"6\\"],"b":2}"#);
        assert_eq!(numbers.restore(&prepared).as_deref(), Some(json));
    }

    #[test]
    fn what_is_no_json_ends() {
        for text in ["\"", "\"\\", "-", "1\u{e9}", "\"\u{e9}\\", "--..ee"] {
            Numbers::prepare(text);
        }
    }
}
