//! `.env` files as OpenClaw reads them: with the expressions of the npm package dotenv (17), without expanding
//! variables.

use std::collections::BTreeMap;

use regress::{Flags, Regex};

/// One assignment: `LINE` in dotenv's `lib/main.js`.
const LINE: &str = r#"(?:^|^)\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?(?:$|$)"#;

/// The quotes around a value.
const QUOTES: &str = r#"^(['"`])([\s\S]*)\1$"#;

/// The variables in a file. The last assignment of a name wins. Names that a shell cannot have are ignored.
pub(super) fn parse(text: &str) -> BTreeMap<String, String> {
    let multiline = Flags { multiline: true, ..Flags::default() };
    let (Ok(line), Ok(quotes)) = (Regex::with_flags(LINE, multiline), Regex::with_flags(QUOTES, multiline))
    else {
        unreachable!("both expressions are constants that the tests compile");
    };
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    line.find_iter(&text)
        .filter_map(|found| {
            let name = &text[found.group(1)?];
            let value = found.group(2).map(|range| text[range].trim()).unwrap_or_default();
            let mut bare = quotes.replace_all(value, "$2");
            if value.starts_with('"') {
                bare = bare.replace(r"\n", "\n").replace(r"\r", "\r");
            }
            is_portable(name).then(|| (name.to_owned(), bare))
        })
        .collect()
}

/// `PORTABLE_ENV_VAR_KEY` in OpenClaw's `host-env-security`.
pub(super) fn is_portable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_as_dotenv_reads_them() {
        let read = parse(concat!(
            "# comment\n",
            "A=1\r\n",
            "export B = two words # comment\n",
            "C='single # kept'\n",
            "D=\"double\\nline\"\n",
            "E=`back`\n",
            "F=\n",
            "G: yaml\n",
            "H=${A}\n",
            "A=2\n",
            "I='two\nlines'\n",
            "not an assignment\n",
            "dotted.name=x\n",
            "J=un'quoted\n",
        ));
        let expected = [
            ("A", "2"),
            ("B", "two words"),
            ("C", "single # kept"),
            ("D", "double\nline"),
            ("E", "back"),
            ("F", ""),
            ("G", "yaml"),
            ("H", "${A}"),
            ("I", "two\nlines"),
            ("J", "un'quoted"),
        ];
        let read: Vec<(&str, &str)> = read.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(read, expected);
    }
}
