//! The lines of `--stdin`, and the case in each.

use std::io::{self, BufRead, BufReader, Read};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::error::Category;
use serde_json::{Map, Value};

use crate::approvals::decide::Case;

/// The longest line, in bytes.
pub(super) const LONGEST: usize = 16 << 20;

/// A line of the input.
#[derive(Debug)]
pub(super) struct Line {
    /// Its number, from 1.
    pub(super) number: u64,
    /// The line without its end. `None`: it is longer than [`LONGEST`].
    pub(super) text: Option<Vec<u8>>,
}

impl Line {
    /// The case of the line; else its id, where that can be read, and what is wrong.
    pub(super) fn case(&self) -> Result<Case, (Value, String)> {
        match &self.text {
            Some(text) => case(text).map_err(|problem| (id(text), problem)),
            None => Err((Value::Null, format!("it is longer than {} MiB", LONGEST >> 20))),
        }
    }

    pub(super) fn is_blank(&self) -> bool {
        self.text.as_ref().is_some_and(|text| text.iter().all(u8::is_ascii_whitespace))
    }
}

/// Reads lines and counts them.
pub(super) struct Lines<R> {
    input: BufReader<R>,
    number: u64,
}

impl<R: Read> Lines<R> {
    pub(super) fn of(input: BufReader<R>) -> Self {
        Self { input, number: 0 }
    }

    /// Whether the next line is at hand, so that reading it does not wait.
    pub(super) fn has_next(&self) -> bool {
        self.input.buffer().contains(&b'\n')
    }

    /// The next line. `None`: there is none.
    pub(super) fn next(&mut self) -> io::Result<Option<Line>> {
        let mut text = Some(Vec::new());
        let mut begun = false;
        self.number += 1;
        loop {
            let buffer = match self.input.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let line = |text| Line { number: self.number, text };
            if buffer.is_empty() {
                return Ok(begun.then(|| line(text)));
            }
            begun = true;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let taken = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
            text = text.filter(|text| text.len() + taken.len() <= LONGEST);
            if let Some(text) = &mut text {
                text.extend_from_slice(taken);
            }
            let consumed = taken.len() + usize::from(end.is_some());
            self.input.consume(consumed);
            if end.is_some() {
                return Ok(Some(line(text)));
            }
        }
    }
}

fn case(line: &[u8]) -> Result<Case, String> {
    // Serde also reads a struct from a list.
    if line.trim_ascii_start().first() != Some(&b'{') && serde_json::from_slice::<IgnoredAny>(line).is_ok() {
        return Err("it is not a JSON object".to_owned());
    }
    serde_json::from_slice(line).or_else(|error| without_unknown_fields(line).ok_or(error)).map_err(|error| {
        let message = error.to_string();
        let message = message.split(" at line 1 ").next().unwrap_or_default();
        let message = match error.classify() {
            Category::Eof => "it is not JSON: it ends too early".to_owned(),
            Category::Syntax => match message {
                "expected ident" => "it is not JSON".to_owned(),
                "expected value" => "it is not JSON: a value is missing".to_owned(),
                message => format!("it is not JSON: {message}"),
            },
            Category::Io | Category::Data => message.to_owned(),
        };
        format!("{message} (column {})", error.column())
    })
}

/// The case of a line, without its unknown fields. `None`: the line is not a case, or the name of an unknown field is close
/// to a known one, and ignoring it could change the answer.
fn without_unknown_fields(line: &[u8]) -> Option<Case> {
    let mut fields: Map<String, Value> = serde_json::from_slice(line).ok()?;
    let mut misspelt = false;
    fields.retain(|name, _| {
        let is_known = Case::FIELDS.contains(&name.as_str());
        misspelt |= !is_known && Case::is_misspelt(name);
        is_known
    });
    if misspelt { None } else { serde_json::from_value(Value::Object(fields)).ok() }
}

/// The id of a line that is not a case.
fn id(line: &[u8]) -> Value {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Named {
        id: Value,
    }

    serde_json::from_slice(line).map(|named: Named| named.id).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line {
        Line { number: 1, text: Some(text.as_bytes().to_vec()) }
    }

    #[test]
    fn unknown_fields_are_ignored_and_a_misspelt_one_is_not() {
        let case =
            line(r#"{"id": 1, "command": "ls", "aimed": true, "family": "x", "note": {"a": []}}"#).case();
        assert_eq!(case.unwrap().command, "ls");
        for misspelt in ["contxt", "Command", "permission_mode", "directory", "statedirectory", "documents"] {
            let text = format!(r#"{{"id": [7], "command": "ls", "{misspelt}": "cron"}}"#);
            let (id, problem) = line(&text).case().unwrap_err();
            assert_eq!(id, serde_json::json!([7]));
            assert!(problem.contains(&format!("unknown field `{misspelt}`")), "{problem}");
        }
    }

    #[test]
    fn a_line_that_is_not_a_case_says_why() {
        for (text, id, expected) in [
            (
                r#"{"id": "a", "context": "corn"}"#,
                "a",
                "unknown variant `corn`, expected `interactive` or `cron` (column 29)",
            ),
            (
                r#"{"id": "a", "via": "x"}"#,
                "a",
                "unknown variant `x`, expected `stored` or `set` (column 22)",
            ),
            (r#"{"id": "a", "command": 7}"#, "a", "invalid type: integer `7`, expected a string (column 24)"),
            (
                r#"{"id": "a", "command": "ls \ud800"}"#,
                "a",
                "it is not JSON: unexpected end of hex escape (column 34)",
            ),
            (r#"{"id": }"#, "", "it is not JSON: a value is missing (column 8)"),
            ("nonsense", "", "it is not JSON (column 2)"),
            (r#"{"id": "a", "command": "ls"#, "", "it is not JSON: it ends too early (column 26)"),
            (r#"{"id": "a" "command": "ls"}"#, "", "it is not JSON: expected `,` or `}` (column 12)"),
            ("[1, \"ls\"]", "", "it is not a JSON object"),
        ] {
            let (found, problem) = line(text).case().unwrap_err();
            assert_eq!((found.as_str().unwrap_or_default(), problem.as_str()), (id, expected));
        }
        assert!(Line { number: 1, text: Some(vec![0xff]) }.case().is_err());
        let long = Line { number: 1, text: None }.case().unwrap_err();
        assert_eq!(long, (Value::Null, "it is longer than 16 MiB".to_owned()));
    }

    #[test]
    fn a_line_has_a_limit_and_the_next_one_is_read() {
        let mut text = vec![b' '; LONGEST + 1];
        text.extend(b"\nx\n\ny");
        let mut lines = Lines::of(BufReader::new(&*text));
        let mut read = || lines.next().unwrap().map(|line| (line.number, line.text));
        assert_eq!(read(), Some((1, None)));
        assert_eq!(read(), Some((2, Some(b"x".to_vec()))));
        assert_eq!(read(), Some((3, Some(vec![]))));
        assert_eq!(read(), Some((4, Some(b"y".to_vec()))));
        assert_eq!(read(), None);
    }
}
